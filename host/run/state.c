/* SPDX-License-Identifier: Apache-2.0 */
#include "run/state.h"

#include <string.h>

#define TO(state) (1U << (state))

struct state_row {
        const char *name;
        unsigned moves; /* TO(…) of every state that may follow; 0 = terminal */
};

static const struct state_row step_table[STEP_STATES_] = {
        /* `failed` without an attempt: its `when` or its inputs could not be resolved. */
        [STEP_WAITING] = { "waiting", TO(STEP_READY) | TO(STEP_SKIPPED) | TO(STEP_FAILED) |
                                              TO(STEP_CANCELLED) },
        [STEP_READY] = { "ready", TO(STEP_RUNNING) | TO(STEP_FAILED) | TO(STEP_CANCELLED) },
        /* Back to `ready` is the next try. */
        [STEP_RUNNING] = { "running", TO(STEP_READY) | TO(STEP_HELD) | TO(STEP_DONE) |
                                              TO(STEP_FAILED) | TO(STEP_CANCELLED) },
        /* Back to `ready`: the tree moved under an approved change and the step may run again, or a
         * person let a step go on that a crash had stopped. */
        [STEP_HELD] = { "held",
                        TO(STEP_READY) | TO(STEP_DONE) | TO(STEP_FAILED) | TO(STEP_CANCELLED) },
        [STEP_DONE] = { "done", 0 },
        [STEP_FAILED] = { "failed", 0 },
        [STEP_SKIPPED] = { "skipped", 0 },
        [STEP_CANCELLED] = { "cancelled", 0 },
};

static const struct state_row run_table[RUN_STATES_] = {
        [RUN_QUEUED] = { "queued", TO(RUN_RUNNING) | TO(RUN_FAILED) | TO(RUN_CANCELLED) },
        [RUN_RUNNING] = { "running", TO(RUN_WAITING_APPROVAL) | TO(RUN_SUCCEEDED) | TO(RUN_FAILED) |
                                             TO(RUN_CANCELLED) },
        [RUN_WAITING_APPROVAL] = { "waiting_approval",
                                   TO(RUN_RUNNING) | TO(RUN_FAILED) | TO(RUN_CANCELLED) },
        [RUN_SUCCEEDED] = { "succeeded", 0 },
        [RUN_FAILED] = { "failed", 0 },
        [RUN_CANCELLED] = { "cancelled", 0 },
};

static int row_find(const struct state_row *table, unsigned n, const char *name)
{
        for (unsigned i = 0; i < n; i++)
                if (strcmp(table[i].name, name) == 0)
                        return (int) i;
        return -ENOENT;
}

static bool row_may_move(const struct state_row *table, unsigned n, unsigned from, unsigned to)
{
        return from < n && to < n && (table[from].moves & TO(to)) != 0;
}

const char *step_state_name(enum step_state s)
{
        return s < STEP_STATES_ ? step_table[s].name : "unknown";
}

const char *run_state_name(enum run_state s)
{
        return s < RUN_STATES_ ? run_table[s].name : "unknown";
}

int step_state_from_name(enum step_state *ret, const char *name)
{
        int r = row_find(step_table, STEP_STATES_, name);

        if (r < 0)
                return r;
        *ret = (enum step_state) r;
        return 0;
}

int run_state_from_name(enum run_state *ret, const char *name)
{
        int r = row_find(run_table, RUN_STATES_, name);

        if (r < 0)
                return r;
        *ret = (enum run_state) r;
        return 0;
}

bool step_state_is_final(enum step_state s)
{
        return s < STEP_STATES_ && step_table[s].moves == 0;
}

bool run_state_is_final(enum run_state s)
{
        return s < RUN_STATES_ && run_table[s].moves == 0;
}

bool step_state_may_move(enum step_state from, enum step_state to)
{
        return row_may_move(step_table, STEP_STATES_, from, to);
}

bool run_state_may_move(enum run_state from, enum run_state to)
{
        return row_may_move(run_table, RUN_STATES_, from, to);
}
