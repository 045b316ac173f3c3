/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A run in memory
 *
 * The graph of steps that an engine walks: built from a definition when a run is submitted, and
 * from the store's document when it is resumed. What stands here is what the record will say once
 * the batches on their way are committed. Only files of this folder include this header.
 *
 *   run/run.c     the graph itself, and moving a step or a run to another state
 *   run/walk.c    which step is next
 *   run/outcome.c how a run ended
 *   run/step.c    attempts of one step
 *   run/each.c    the items of a for_each step
 *   run/change.c  changes to the tree: approval and apply
 *   run/resume.c  taking up a run from its record
 *   run/engine.c  everything that has no run: start, stop, the ways in
 */

#include "run/commit.h"
#include "run/engine.h"
#include "run/retry.h"

struct step {
        struct run *run;
        const struct flow_step *def;
        int item;              /* -1: the step itself */
        struct step *parent;   /* of an item: its step */
        const json_t *element; /* of an item: the value; borrowed from parent->elements */
        const struct agent *agent;
        const struct manifest_action *action;

        enum step_state state;
        int verdict;    /* of the last attempt; -1 = none */
        json_t *output; /* NULL = none */
        size_t findings[SEVERITIES_];
        bool is_changed;   /* its changeset stands in the tree */
        bool is_bad;       /* final, and those behind it are skipped unless `always` */
        unsigned n_begun;  /* attempts in the record */
        unsigned n_tries;  /* of these, those that tell something about the agent */
        unsigned n_reruns; /* because the tree had moved */

        size_t n_pending;         /* of what it needs: not ended yet */
        struct step **dependents; /* who needs it */
        size_t n_dependents;

        json_t *elements; /* of a for_each step, once it is running */
        struct step *items;
        size_t n_items;
        size_t n_items_fed;   /* handed to the walk so far */
        size_t n_items_ended; /* final */

        json_t *input;             /* resolved, between recording an attempt and its start */
        struct attempt *attempt;   /* alive */
        bool is_prepared;          /* it has a cell that waits for the attempt to be on disk */
        struct loop_source retry;  /* its next try */
        struct changeset *changes; /* while held */
        char asked[SHA256_HEX];    /* what the open approval is for; "" = none */
        const json_t *row;         /* while it is being restored: what the record says of it */
        bool is_deciding;          /* a decision is on its way to disk, or being applied */
        bool is_queued;
        struct step *next; /* in one of the run's queues */
};

struct step_queue {
        struct step *first;
        struct step *last;
};

enum run_stop { STOP_NO, STOP_ORDERLY, STOP_NOW };

struct run {
        struct engine *engine;
        struct run *next;
        char id[RUN_ID_SIZE];
        struct flow *flow;
        json_t *inputs;
        char *workspace;
        int workspace_fd;
        int64_t uid; /* who asked */
        char *submit_key;
        char *trigger;           /* the name of what started it; NULL = a person */
        struct catalog *catalog; /* its agents' */

        enum run_state state;
        int exit_status;
        struct step *steps; /* as in flow->steps */
        size_t n_steps;

        struct step_queue ended_needs; /* waiting, all that they need has ended */
        struct step_queue ready;       /* in turn for a slot */
        size_t n_unfinished;           /* steps, items not counted */
        size_t n_running;              /* attempts recorded as begun and not as ended */
        size_t n_retries;              /* waits for a next try */
        size_t n_deciding;
        bool has_failed;

        enum run_stop stop;
        bool is_timed_out;
        struct loop_source deadline;
        uint64_t left_ms; /* of the flow's timeout, when the clock last stopped; 0 = no timeout */
        uint64_t started_ms;
};

struct engine {
        struct loop *loop;
        struct store *store;
        struct sandbox *sandbox;
        struct catalog *catalog;
        struct engine_options options;
        char *identity_name;
        struct commits *commits;
        struct control *control;
        struct retry_random random;
        struct run *runs; /* the newest first */
        json_t *stuck;    /* tree -> why a change that was begun there cannot be ended */
        size_t n_running; /* over all runs */
        size_t n_cells;   /* alive */
        bool is_stopping_when_idle;
        bool is_closing;
        int trouble; /* negative errno */
        struct err trouble_err;
};

/* run.c */

/* Takes `flow` over on success. Looks up the agents; does not write anything. */
int run_new(struct run **ret, struct engine *e, struct flow *flow, const char *id,
            const json_t *inputs, const char *workspace, struct err *err);
struct run *run_free(struct run *run);
DEFINE_FREEP(struct run, run_free);

struct step *run_find(struct run *run, const char *step, int item);
struct step_key step_key_of(const struct step *step);

/* Moves: recorded in the open batch, told when it is on disk. `reason` may be NULL. */
void run_move(struct run *run, enum run_state state);
void step_move(struct step *step, enum step_state state, const char *reason);

/* What references in a step's definition stand for, at this moment. */
int run_resolve(struct step *step, const json_t *tree, json_t **ret, struct err *err);
int run_condition(struct step *step, struct err *err);

void step_queue_push(struct step_queue *q, struct step *step);
struct step *step_queue_pop(struct step_queue *q);

/* event.c: builds an event, records it in the open batch and tells it after. */
void event_run(struct run *run);
void event_state(struct run *run);
void event_step(struct step *step, const char *reason);
void event_findings(struct step *step);
void event_approval(struct step *step, const char *sha256, enum approval_state state,
                    const char *by, const char *reason);
void event_changeset(struct step *step, enum changeset_state state, const char *reason);
void event_log(struct step *step, int level, const char *text);
void event_progress(struct step *step, uint64_t done, uint64_t total, const char *note);
void event_end(struct run *run);
void event_stopped(struct run *run); /* told, not recorded: the run can go on */

/* walk.c */
void walk_start(struct run *run);   /* after run_new(): which steps need nothing */
void walk_ended(struct step *step); /* a step, or an item, has reached its final state */
void walk_turn(struct run *run);    /* does all that can be done now */
bool walk_is_idle(const struct run *run);
bool walk_is_bad(const struct step *step);
void walk_cancel(struct run *run, enum run_stop stop);
bool walk_refuses(const struct step *step); /* the run is being stopped, and with it this step */

/* outcome.c: of a run whose steps have all ended */
enum run_state outcome_state(const struct run *run);
enum run_exit outcome_exit(const struct run *run);

/* step.c */
void step_begin(struct step *step); /* ready: records an attempt, then starts it */
void step_finish(struct step *step, enum step_state state, int verdict, const char *reason);
void step_retry_at(struct step *step, uint64_t at_ms);
void step_stop(struct step *step, enum verdict why, uint64_t grace_ms);

/* each.c */
void each_begin(struct step *step);  /* ready: makes the items */
void each_feed(struct step *step);   /* readies as many items as may run at once */
void each_ended(struct step *item);  /* the last one ends the step */
void each_finish(struct step *step); /* all items have ended */
void each_sum(struct step *step);    /* output and counts out of the items' */
int each_resolve(struct step *step, json_t **ret, struct err *err);
int each_make_items(struct step *step, json_t *elements);

/* change.c */
void change_hold(struct step *step, struct changeset *changes, enum risk risk);
void change_hold_lost(struct step *step);
void change_apply(struct step *step);
void change_cancel(struct step *step, const char *reason);
int change_decide(struct step *step, const struct engine_decision *decision, store_done done,
                  void *user, struct err *err);

/* A held step of a resumed run: `state` is what became of its approval meanwhile. */
void change_resume(struct step *step, enum approval_state state, const char *by,
                   const char *reason);

/* Names of journals: one for each step that may have changes being applied. */
#define CHANGE_JOURNAL_SIZE (RUN_ID_SIZE + STEP_ID_SIZE + 16)
void change_journal_id(const struct step *step, char ret[CHANGE_JOURNAL_SIZE]);
int change_journal_parse(const char *id, char ret_run[RUN_ID_SIZE], char ret_step[STEP_ID_SIZE],
                         int *ret_item);

/* resume.c */
int resume_run(struct engine *e, const char *id, struct run **ret, struct err *err);
int resume_journals(struct engine *e, struct err *err);
/* 0, or -EBUSY where a change is stuck in the tree (NULL = none) or in a part of it. */
int resume_may_work_on(const struct engine *e, const char *tree, struct err *err);

/* engine.c */
bool engine_carries(const struct engine *e, const char *run);
void engine_turn(struct engine *e);
void engine_fail(struct engine *e, int code, const struct err *err);
