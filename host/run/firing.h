/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Firing: triggers of registered workflows, and the runs that they start
 *
 * Waits for the clock and for files, decides what is due (run/due.h), and submits. The due time is
 * recorded in the commit that records the run, and the run's submit key is made of both: so a crash
 * at any point neither loses a firing nor doubles it. What is not to be made up for is recorded as
 * dealt with, too.
 *
 * A trigger has one run at a time. What comes due while that one has not ended:
 *
 *   skip     is let go
 *   queue    waits for its end; of several, the newest does (with missed = "all" each, up to
 *            DUE_ALL_MAX)
 *   cancel   ends it in order, and waits for its end
 *
 * What waits is recorded as waiting, whatever it waits for, in the commit that deals with its due
 * time: a crash loses none of it.
 *
 * A due time that the engine refuses for now (the store is full, too many runs wait, a change is
 * stuck in the tree) waits as well and is tried again every few seconds, as `missed` says: with
 * "all" each of them, else the newest, with "skip" no longer than it is on time (run/due.h). What
 * was asked for by hand is refused to whoever asks.
 *
 * What the engine itself applies to a tree is no change to who watches that tree: else a run that
 * mends files would start itself for ever. What a person, or a rollback, does is one.
 */

#include "run/engine.h"

struct firing;

struct firing_options {
        struct engine *engine;
        struct store *store;
        struct loop *loop;
        uint64_t (*wall_ms)(void); /* for tests; NULL = the wall clock, and its timer */
        void (*tell)(void *user, bool is_fault, const char *text);
        void *user;
};

int firing_new(struct firing **ret, const struct firing_options *options, struct err *err);
struct firing *firing_free(struct firing *f);
DEFINE_FREEP(struct firing, firing_free);

/* Is the trigger one that can be waited for (expression, time zone)? */
int firing_check(const struct flow_trigger *trigger, struct err *err);

/*
 * Minds exactly the triggers of these workflows from now on; copies what it needs. A trigger that
 * was minded before goes on where it was. One that cannot be is told and left out.
 */
int firing_set(struct firing *f, struct flow *const *flows, size_t n_flows, struct err *err);

/* Starts what is due; by itself, this happens when the clock says so. */
void firing_turn(struct firing *f);

/* Every event of the engine, and every change that it applies, before and after. */
void firing_event(struct firing *f, const json_t *event);
void firing_applies(struct firing *f, const char *workspace, const struct changeset *changes,
                    bool is_over);

/*
 * Starts a trigger now, whatever the clock says; one that is manual starts in no other way: 0, and
 * *ret will be on disk when the event `run` comes; 1: it waits for the end of its last run.
 * -ENOENT, -EBUSY (overlap = "skip"). `by` is told with it.
 */
int firing_now(struct firing *f, const char *name, const char *by, char ret[RUN_ID_SIZE],
               struct err *err);

/*
 * [{name, workflow, kind, cron|null, time_zone|null, watch|null, workspace|null, next, last, run,
 * waiting}] by name: times in ms since 1970 or null, `last` is when its newest run was due, `run`
 * is the one that has not ended or null.
 */
json_t *firing_list(const struct firing *f);
