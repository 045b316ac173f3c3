/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * States of runs, steps, approvals and changesets
 *
 * The words that rows, JSON and people share, and one table of the moves that are legal. Names
 * never change. Terminal is final: no move leaves it, here and in the database's own triggers.
 */

#include "base/def.h"

enum run_state {
        RUN_QUEUED,
        RUN_RUNNING,
        RUN_WAITING_APPROVAL, /* nothing can go on until a person decides; no cell is held */
        RUN_SUCCEEDED,        /* every step that had to, did; findings are a matter of `exit` */
        RUN_FAILED,
        RUN_CANCELLED,
        RUN_STATES_,
};

enum step_state {
        STEP_WAITING, /* for its dependencies */
        STEP_READY,   /* may start; a retry that waits for its backoff is ready with a later time */
        STEP_RUNNING, /* an attempt is alive */
        STEP_HELD,    /* for a person: an approval, or `on_crash = hold` */
        STEP_DONE,
        STEP_FAILED,
        STEP_SKIPPED, /* `when` was false, or a dependency did not succeed */
        STEP_CANCELLED,
        STEP_STATES_,
};

enum approval_state {
        APPROVAL_OPEN,
        APPROVAL_APPROVED,
        APPROVAL_REJECTED,
        APPROVAL_EXPIRED,
        APPROVAL_CANCELLED,
        APPROVAL_STALE, /* the tree moved: what was shown can no longer happen */
        APPROVAL_STATES_,
};

enum changeset_state {
        CHANGESET_PROPOSED,
        CHANGESET_APPLIED,
        CHANGESET_REJECTED,
        CHANGESET_STALE,
        CHANGESET_REVERTED, /* applied, and rolled back later */
        CHANGESET_STATES_,
};

const char *run_state_name(enum run_state s);
const char *step_state_name(enum step_state s);
const char *approval_state_name(enum approval_state s);
const char *changeset_state_name(enum changeset_state s);

/* 0 or -ENOENT. */
int run_state_from_name(enum run_state *ret, const char *name);
int step_state_from_name(enum step_state *ret, const char *name);
int approval_state_from_name(enum approval_state *ret, const char *name);
int changeset_state_from_name(enum changeset_state *ret, const char *name);

bool run_state_is_final(enum run_state s);
bool step_state_is_final(enum step_state s);

/* Is the move legal? To stay is not a move. */
bool run_state_may(enum run_state from, enum run_state to);
bool step_state_may(enum step_state from, enum step_state to);
