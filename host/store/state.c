/* SPDX-License-Identifier: Apache-2.0 */
#include "store/state.h"

#include <string.h>

static const char *const run_names[] = {
        [RUN_QUEUED] = "queued",
        [RUN_RUNNING] = "running",
        [RUN_WAITING_APPROVAL] = "waiting_approval",
        [RUN_SUCCEEDED] = "succeeded",
        [RUN_FAILED] = "failed",
        [RUN_CANCELLED] = "cancelled",
};
static const char *const step_names[] = {
        [STEP_WAITING] = "waiting", [STEP_READY] = "ready",         [STEP_RUNNING] = "running",
        [STEP_HELD] = "held",       [STEP_DONE] = "done",           [STEP_FAILED] = "failed",
        [STEP_SKIPPED] = "skipped", [STEP_CANCELLED] = "cancelled",
};
static const char *const approval_names[] = {
        [APPROVAL_OPEN] = "open",           [APPROVAL_APPROVED] = "approved",
        [APPROVAL_REJECTED] = "rejected",   [APPROVAL_EXPIRED] = "expired",
        [APPROVAL_CANCELLED] = "cancelled", [APPROVAL_STALE] = "stale",
};
static const char *const changeset_names[] = {
        [CHANGESET_PROPOSED] = "proposed", [CHANGESET_APPLIED] = "applied",
        [CHANGESET_REJECTED] = "rejected", [CHANGESET_STALE] = "stale",
        [CHANGESET_REVERTED] = "reverted",
};
_Static_assert(ARRAY_SIZE(run_names) == RUN_STATES_, "name every state");
_Static_assert(ARRAY_SIZE(step_names) == STEP_STATES_, "name every state");
_Static_assert(ARRAY_SIZE(approval_names) == APPROVAL_STATES_, "name every state");
_Static_assert(ARRAY_SIZE(changeset_names) == CHANGESET_STATES_, "name every state");

/* Row: from; bit: to. A row of 0 is final. */
#define TO(state) (1u << (state))
static const unsigned run_moves[RUN_STATES_] = {
        [RUN_QUEUED] = TO(RUN_RUNNING) | TO(RUN_FAILED) | TO(RUN_CANCELLED),
        [RUN_RUNNING] =
                TO(RUN_WAITING_APPROVAL) | TO(RUN_SUCCEEDED) | TO(RUN_FAILED) | TO(RUN_CANCELLED),
        [RUN_WAITING_APPROVAL] = TO(RUN_RUNNING) | TO(RUN_FAILED) | TO(RUN_CANCELLED),
};
static const unsigned step_moves[STEP_STATES_] = {
        [STEP_WAITING] = TO(STEP_READY) | TO(STEP_FAILED) | TO(STEP_SKIPPED) | TO(STEP_CANCELLED),
        /* Ready to done: a `for_each` over nothing. */
        [STEP_READY] = TO(STEP_RUNNING) | TO(STEP_HELD) | TO(STEP_DONE) | TO(STEP_FAILED) |
                       TO(STEP_SKIPPED) | TO(STEP_CANCELLED),
        [STEP_RUNNING] = TO(STEP_READY) | TO(STEP_HELD) | TO(STEP_DONE) | TO(STEP_FAILED) |
                         TO(STEP_CANCELLED),
        [STEP_HELD] = TO(STEP_READY) | TO(STEP_RUNNING) | TO(STEP_DONE) | TO(STEP_FAILED) |
                      TO(STEP_CANCELLED),
};
#undef TO

static int name_find(const char *const *names, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(names[i], name) == 0)
                        return (int) i;
        return -ENOENT;
}

const char *run_state_name(enum run_state s)
{
        return run_names[s];
}

const char *step_state_name(enum step_state s)
{
        return step_names[s];
}

const char *approval_state_name(enum approval_state s)
{
        return approval_names[s];
}

const char *changeset_state_name(enum changeset_state s)
{
        return changeset_names[s];
}

int run_state_from_name(enum run_state *ret, const char *name)
{
        int i = name_find(run_names, RUN_STATES_, name);

        if (i < 0)
                return i;
        *ret = (enum run_state) i;
        return 0;
}

int step_state_from_name(enum step_state *ret, const char *name)
{
        int i = name_find(step_names, STEP_STATES_, name);

        if (i < 0)
                return i;
        *ret = (enum step_state) i;
        return 0;
}

int approval_state_from_name(enum approval_state *ret, const char *name)
{
        int i = name_find(approval_names, APPROVAL_STATES_, name);

        if (i < 0)
                return i;
        *ret = (enum approval_state) i;
        return 0;
}

int changeset_state_from_name(enum changeset_state *ret, const char *name)
{
        int i = name_find(changeset_names, CHANGESET_STATES_, name);

        if (i < 0)
                return i;
        *ret = (enum changeset_state) i;
        return 0;
}

bool run_state_is_final(enum run_state s)
{
        return run_moves[s] == 0;
}

bool step_state_is_final(enum step_state s)
{
        return step_moves[s] == 0;
}

bool run_state_may(enum run_state from, enum run_state to)
{
        return run_moves[from] & (1u << to);
}

bool step_state_may(enum step_state from, enum step_state to)
{
        return step_moves[from] & (1u << to);
}
