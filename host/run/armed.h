/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Armed: one trigger that is minded
 *
 * What run/firing.h promises of a trigger is decided here: whether it is due, what its overlap and
 * missed-run policies make of that, and the run that it starts. Firing keeps the list of them and
 * the clock that wakes them. Only run/firing.c includes this header.
 */

#include "run/due.h"
#include "run/firing.h"
#include "run/watch.h"

struct armed {
        const struct firing_options *options;
        char name[2 * TRIGGER_NAME_SIZE + 2]; /* "review/nightly" */
        struct flow *flow;
        const struct flow_trigger *trigger; /* the flow's */
        struct cron cron;
        struct zone *zone;
        struct watch *watch;
        int64_t last;    /* s: everything up to here was looked at */
        int64_t fired;   /* ms: when the newest run that it started was due; 0 = there is none */
        bool is_refused; /* there was no room: it asks for another turn soon */
        bool is_refused_told;         /* and that was told */
        int64_t waiting[DUE_ALL_MAX]; /* ms: due, and not started yet; oldest first */
        size_t n_waiting;
        char live[RUN_ID_SIZE]; /* "" = its last run has ended */

        /* Its files have changed, and that has been dealt with: is it to have another turn? */
        void (*changed)(void *owner);
        void *owner;
};

/* The flow's trigger number `i`; copies the flow, borrows the options. */
int armed_new(struct armed **ret, const struct firing_options *options, const struct flow *flow,
              size_t i, struct err *err);
struct armed *armed_free(struct armed *a);
DEFINE_FREEP(struct armed, armed_free);

/*
 * Where it was: by memory (`before`, or NULL), else by the record (rows of store_triggers() and
 * store_unended()), else it is new and begins now.
 */
void armed_go_on(struct armed *a, const struct armed *before, const json_t *rows,
                 const json_t *runs);

/* Starts what is due. */
void armed_turn(struct armed *a);

/* When it is due next, in seconds; INT64_MAX = the clock does not say. */
int64_t armed_next(const struct armed *a);

/* As firing_now(). */
int armed_now(struct armed *a, const char *by, char ret[RUN_ID_SIZE], struct err *err);

/* Its row of firing_list(). */
json_t *armed_row(const struct armed *a);

/* For all of them. */
int64_t armed_now_ms(const struct firing_options *options);
void armed_tell(const struct firing_options *options, bool is_fault, const char *format, ...)
        _printf_(3, 4);
