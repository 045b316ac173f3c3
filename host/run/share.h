/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Shares: what runs have in common, and how much of it is taken
 *
 * A project, a workflow, a key: names that runs share, each with limits. What is taken of a share
 * is never kept up to date, which could go wrong in one place and leak for ever; it is counted anew
 * from the lists of what lives whenever it is needed: shares_count() begins a count, and a share
 * that nobody has added to since then has nothing.
 */

#include "base/def.h"

enum share_kind {
        SHARE_PROJECT,
        SHARE_LANE,     /* a project's runs of one priority */
        SHARE_WORKFLOW, /* by name: all its versions */
        SHARE_KEY,      /* of one workflow */
};

struct share {
        struct share *next;
        unsigned n_users;
        uint64_t counted; /* the count that the numbers are of */
        unsigned n_cells;
        unsigned n_runs;  /* that could go on by themselves */
        unsigned n_begun; /* those that wait for a person as well */
        bool is_claimed;  /* somebody waits for it, and came before */
        uint64_t cell_ms; /* of a lane: when it was last given a cell */
        uint64_t run_ms;  /* of a lane: when one of its runs last began */
        enum share_kind kind;
        char name[];
};

struct shares {
        struct share *buckets[64];
        uint64_t counted;
};

/* The share of that name, made when it is new; -ENOMEM. Who got it gives it back. */
int share_get(struct share **ret, struct shares *shares, enum share_kind kind, const char *name);
struct share *share_put(struct shares *shares, struct share *share);

/* All numbers are 0 from now on. */
void shares_count(struct shares *shares);

/* The share, for reading and adding to its numbers in the running count. */
struct share *share_now(const struct shares *shares, struct share *share);
