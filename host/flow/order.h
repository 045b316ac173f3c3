/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Order of a workflow's steps
 *
 * Ranks (a step's rank is one more than the highest of those that it needs), one topological order,
 * and who comes before whom.
 */

#include "flow/flow.h"

struct order {
        size_t *rank;      /* of each step, from 0 */
        size_t *sorted;    /* steps, every one after all that it needs; else as written */
        size_t rank_count; /* highest rank and one */
        size_t step_count;
        uint64_t *ancestors; /* a bit row for each step */
};

/*
 * -ELOOP when there is a circle: `err` spells it out, a -> b -> a, and *ret_circle (may be NULL) is
 * the step that it begins with, the first of them in the file. Only the `needs` must be right.
 */
int order_new(struct order **ret_order, const struct flow *f, size_t *ret_circle, struct err *err);
struct order *order_free(struct order *o);
DEFINE_FREEP(struct order, order_free);

/* Does step `a` always end before step `b` starts? */
bool order_is_before(const struct order *o, size_t a, size_t b);
