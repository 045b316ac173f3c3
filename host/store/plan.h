/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Plan: where each change waits before it counts
 *
 * A new file is written as a hidden sibling of its place; a folder that is not there yet is built
 * whole as one hidden sibling. Which folders those are (the tops) is found once, when the tree is
 * still as it was, and goes into the journal: recovery must find the same hidden names.
 */

#include "base/changeset.h"
#include "base/err.h"

#include <jansson.h>

#define PLAN_ID_MAX 128

struct plan {
        const struct changeset *c;
        const char *id;
        int tree;
        char **tops; /* paths of folders that are made whole; sorted */
        size_t n_tops;
};

/* Finds the tops by looking into the tree. -ESTALE where a file is in the way of a folder. */
int plan_find(struct plan *p, struct err *err);

/* The tops as the journal keeps them. */
json_t *plan_to_json(const struct plan *p);
int plan_from_json(struct plan *p, const json_t *tops);

void plan_done(struct plan *p);

/* The top that `path` is or lies below, else -1. */
ssize_t plan_top(const struct plan *p, const char *path);

/* Where the new file of row `i`, or a part of a top, waits. Caller frees. */
char *plan_waits(const struct plan *p, size_t i);
char *plan_waits_top(const struct plan *p, size_t top, const char *rest);
