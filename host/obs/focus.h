/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Focus: what to look at first
 *
 * Of a thousand findings a person wants to know the three that matter: the worst ones, of different
 * rules, in the program itself rather than in its tests; and the file that has most of them.
 */

#include "obs/tally.h"

#define FOCUS_FINDINGS 3
#define FOCUS_LEAST    5 /* findings of a file that is worth naming */

struct view_group;

struct focus {
        const json_t *findings[FOCUS_FINDINGS];
        size_t n;
        const char *path; /* the file with most findings outside tests and the like, or NULL */
        size_t path_n;
};

/* Groups are in the order that a report shows them. 0 or -ENOMEM. */
int focus_make(struct focus *ret, const struct tally *tally, const struct view_group *groups,
               size_t n_groups);
