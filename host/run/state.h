/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * States of steps and runs, and the moves between them
 *
 * One table of legal moves for each kind; whoever changes a state asks here first. A terminal state
 * is final: nothing leads out of it. Names are part of rows, files and JSON; they never change.
 *
 *     step                                          run
 *     waiting ─▶ ready ─▶ running ─▶ done           queued ─▶ running ─▶ succeeded | failed
 *        │         ▲  ▲      │  └──▶ failed                    │  ▲
 *        │         │  └retry─┘                                 ▼  │
 *        └▶ skipped└─ held ◀─┘ ─▶ done | failed        waiting_approval
 *     everything that is not terminal ─▶ cancelled
 */

#include "base/def.h"

enum step_state {
        STEP_WAITING, /* for the steps that it needs */
        STEP_READY,   /* may start: waits for a slot, or for the delay before its next try */
        STEP_RUNNING, /* an attempt is recorded as begun and not yet as ended */
        STEP_HELD,    /* waits for a person; keeps no cell and no slot */
        STEP_DONE,
        STEP_FAILED,
        STEP_SKIPPED,
        STEP_CANCELLED,
        STEP_STATES_,
};

enum run_state {
        RUN_QUEUED,
        RUN_RUNNING,
        RUN_WAITING_APPROVAL, /* nothing else can run until a person has decided */
        RUN_SUCCEEDED,
        RUN_FAILED,
        RUN_CANCELLED,
        RUN_STATES_,
};

const char *step_state_name(enum step_state s);
const char *run_state_name(enum run_state s);

/* 0 or -ENOENT. */
int step_state_from_name(enum step_state *ret, const char *name);
int run_state_from_name(enum run_state *ret, const char *name);

/* No move leads out of it. */
bool step_state_is_final(enum step_state s);
bool run_state_is_final(enum run_state s);

/* May a step, or a run, go from `from` to `to`? Staying is not a move. */
bool step_state_may_move(enum step_state from, enum step_state to);
bool run_state_may_move(enum run_state from, enum run_state to);
