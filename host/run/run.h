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
 *   run/walk.c    which steps may run
 *   run/slot.c    which of them gets the next cell
 *   run/queue.c   which run begins next
 *   run/outcome.c how a run ended
 *   run/step.c    attempts of one step
 *   run/each.c    the items of a for_each step
 *   run/cache.c   results that are taken from before
 *   run/child.c   steps that run a workflow
 *   run/change.c  changes to the tree: approval and apply
 *   run/resume.c  taking up a run from its record
 *   run/again.c   a run that repeats another, and keeps what was good
 *   run/submit.c  taking a run on, a person's or a step's
 *   run/broken.c  runs whose record takes no more of them
 *   run/engine.c  everything that has no run: start, stop, the ways in
 */

#include "run/commit.h"
#include "run/engine.h"
#include "run/retry.h"
#include "run/share.h"
#include "store/key.h"

/* Where a run stands among the others: what it shares with them, and how much of that it may. */
struct standing {
        struct share *project;
        struct share *lane;
        struct share *workflow;
        struct share *key; /* NULL = none */
        int priority;
        unsigned most_runs; /* of the workflow at once; 0 = no limit */
        unsigned per_key;   /* at once; 0 counts as 1 */
};

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
        bool is_changed;    /* its changeset stands in the tree */
        bool is_bad;        /* final, and those behind it are skipped unless `always` */
        unsigned n_begun;   /* attempts in the record */
        unsigned n_tries;   /* of these, those that tell something about the agent */
        unsigned n_reruns;  /* because the tree had moved */
        unsigned n_crashes; /* attempts that were lost while they acted */
        bool is_acting; /* its attempt has been let go: from now on it may have changed things */

        size_t n_pending;         /* of what it needs: not ended yet */
        struct step **dependents; /* who needs it */
        size_t n_dependents;

        json_t *elements; /* of a for_each step, once it is running */
        struct step *items;
        size_t n_items;
        size_t n_items_fed;     /* handed to the walk so far */
        size_t n_items_ended;   /* final */
        size_t n_items_open;    /* ready or running */
        struct each_ends *ends; /* once it has ended: what is left of the items */

        json_t *input;             /* resolved, between recording an attempt and its start */
        struct attempt *attempt;   /* alive */
        struct run *child;         /* of a step that runs a workflow: alive */
        struct cache_look *look;   /* of a step that may be taken from before, once it was asked */
        json_t *found;             /* of a step in a child: its findings; NULL = none */
        bool is_prepared;          /* it has a cell that waits for the attempt to be on disk */
        struct loop_source retry;  /* its next try */
        struct changeset *changes; /* while held */
        char asked[SHA256_HEX];    /* what the open approval is for; "" = none */
        const json_t *row;         /* while it is being restored: what the record says of it */
        bool is_deciding;          /* a decision is on its way to disk, or being applied */
        bool is_fresh;             /* ready, and not recorded as that */
        struct step *fresh_next;
        bool is_queued;
        struct step *next; /* in one of the run's queues */
        unsigned lane;     /* of the ready ones: by its agent's limit */
        uint64_t turn;     /* when it became ready: the lower came first */
        struct {
                struct step *next;
                struct step **link; /* NULL = it has none */
        } lease;                    /* an attempt of it is begun and not ended */
};

struct step_queue {
        struct step *first;
        struct step *last;
};

#define STEP_CRASHED     "host-crash" /* code of an attempt whose host died with it */
#define STEP_CRASHES_MAX 3            /* after that many it is not tried again unasked */

enum run_stop { STOP_NO, STOP_ORDERLY, STOP_NOW };

struct run {
        struct engine *engine;
        struct line *line; /* of its record: its own, or that of the run it is a part of */
        bool is_broken;    /* that line is cut: nothing begins any more */
        struct run *next;
        struct run **link;
        struct standing standing;
        uint64_t order; /* of taking up */
        char id[RUN_ID_SIZE];
        struct flow *flow;
        json_t *inputs;
        char *workspace;
        int workspace_fd;
        int64_t uid;         /* who asked */
        char *by;            /* their name */
        struct step *parent; /* whose child it is; NULL = nobody's */
        bool is_busy;        /* counted in the parent's n_busy_children */
        char *submit_key;
        struct catalog *catalog; /* its agents' */

        enum run_state state;
        int exit_status;
        struct step *steps; /* as in flow->steps */
        size_t n_steps;

        struct step_queue ended_needs; /* waiting, all that they need has ended */
        struct step_queue *ready;      /* in turn for a cell: one for each lane */
        size_t n_ready;                /* in these */
        size_t n_unfinished;           /* steps, items not counted */
        size_t n_running;              /* leases */
        size_t n_busy_children;        /* children that wait for no person */
        size_t n_retries;              /* waits for a next try */
        size_t n_deciding;
        bool has_failed;

        enum run_stop stop;
        bool is_timed_out;
        struct loop_source deadline;
        uint64_t left_ms; /* of the flow's timeout, when the clock last stopped; 0 = no timeout */
        uint64_t started_ms;

        bool is_touched; /* the next turn looks at it */
        struct run *touched_next;
        bool is_contending; /* has steps that are ready */
        struct run *contending_next;
        uint64_t ready_ms; /* since when, or when it was served last */
        unsigned n_cells;  /* in the count of the running turn */
};

struct ticket;
struct cache_keep;
struct broken;

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
        unsigned char key[STORE_KEY]; /* of the store, for agents */
        char keyed_agent[64];         /* whose key was derived last, … */
        char agent_key[SHA256_HEX];   /* … and that key */
        struct run *runs;             /* that live, the newest first */
        json_t *stuck;           /* tree -> why a change that was begun there cannot be ended */
        struct loop_source turn; /* asked for */
        struct run *touched;     /* what it has to look at, in order */
        struct run **touched_end;

        struct shares shares;
        struct step *leases;    /* attempts begun and not ended, over all runs */
        struct step *fresh;     /* ready, and not recorded as that; the newest first */
        struct run *contending; /* runs with steps that are ready */
        unsigned *lane_cells;   /* of each lane, in the count of the running turn */
        size_t n_lanes;
        unsigned n_leases; /* in that count */
        uint64_t n_turns;  /* of steps that became ready */

        struct ticket *tickets; /* runs that wait for their turn, the oldest first */
        size_t n_tickets;
        unsigned n_active; /* runs, in the count of the running turn */
        uint64_t n_orders; /* of runs and tickets */
        bool is_queue_dirty;
        char newest[RUN_ID_SIZE]; /* id of a run */

        struct broken *broken; /* runs that are being ended, for they cannot be recorded */

        struct cache_keep *keeps; /* results whose tree is being looked at again */

        struct { /* the run that was submitted or resumed last */
                char id[RUN_ID_SIZE];
                int exit_status; /* once it has ended */
        } last;
        bool has_agent_slots; /* the options' table is the engine's own */
        bool is_stopping_when_idle;
        bool is_closing;
        bool is_quiescing; /* no step begins */
        int trouble;       /* negative errno */
        struct err trouble_err;
};

/* run.c */

/*
 * Takes `flow` over on success, and `standing`, whose limits it fills in, always. Looks up the
 * agents; does not write anything. `line` is that of the run it is a part of; NULL = a new one.
 */
int run_new(struct run **ret, struct engine *e, struct flow *flow, const char *id,
            struct line *line, const json_t *inputs, const char *workspace,
            struct standing *standing, struct err *err);
struct run *run_free(struct run *run);
DEFINE_FREEP(struct run, run_free);

/* Of its line: commits_batch() and commits_effect(). */
struct batch *run_batch(const struct run *run);
void run_effect(const struct run *run, commit_effect effect, void *owner, json_t *what);

/* An item only as long as its step has not ended. */
struct step *run_find(struct run *run, const char *step, int item);
void step_items_free(struct step *step);
struct step_key step_key_of(const struct step *step);

/* Moves: recorded in the open batch, told when it is on disk. `reason` may be NULL. */
void run_move(struct run *run, enum run_state state);
void step_move(struct step *step, enum step_state state, const char *reason);
/*
 * It is ready, and in turn for a cell. Recorded at the end of the turn, and only if it has none by
 * then: that it is running says as much.
 */
void step_ready(struct step *step);
void step_ready_record(struct engine *e);

/* What references in a step's definition stand for, at this moment. */
int run_resolve(struct step *step, const json_t *tree, json_t **ret, struct err *err);
int run_condition(struct step *step, struct err *err);

/* The next turn looks at the run. */
void run_touch(struct run *run);

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
void event_waits(struct run *run, const char *why); /* told as a state: it is still queued */
void event_end(struct run *run);
void event_stopped(struct run *run); /* told, not recorded: the run can go on */

/* walk.c */
void walk_start(struct run *run);   /* after run_new(): which steps need nothing */
void walk_ended(struct step *step); /* a step, or an item, has reached its final state */
void walk_turn(struct run *run);    /* does all that can be done without a cell */
bool walk_is_idle(const struct run *run);
bool walk_is_bad(const struct step *step);
void walk_cancel(struct run *run, enum run_stop stop);
bool walk_refuses(const struct step *step); /* the run is being stopped, and with it this step */

/* slot.c */
unsigned slot_lane(const struct engine *e, const struct agent *agent);
void slot_ask(struct step *step);     /* it is ready, and in turn for a cell */
void slot_take(struct step *step);    /* its attempt is about to be recorded */
void slot_release(struct step *step); /* its attempt has ended */
void slot_turn(struct engine *e);     /* hands out what is free */
void slot_forget(struct run *run);
unsigned slot_most(const struct run *run); /* steps of one run at once */
size_t slot_cells(const struct engine *e); /* alive */

/* queue.c */
enum queue_wait { QUEUE_NOTHING, QUEUE_KEY, QUEUE_WORKFLOW, QUEUE_PROJECT, QUEUE_ENGINE };

int standing_make(struct standing *ret, struct engine *e, const char *project, const char *workflow,
                  int priority, const char *key);
void standing_done(struct standing *standing, struct engine *e);

/* What a new run would have to wait for; queue_say() puts it into words. */
enum queue_wait queue_check(struct engine *e, const struct standing *standing);
void queue_say(const struct engine *e, const struct standing *s, enum queue_wait wait, char *ret,
               size_t size);

/* The run, recorded in the open batch, waits; takes `standing` over on success. */
int queue_add(struct engine *e, const struct run *run, struct standing *standing);
/* Of those that are not on disk yet, the one with that submit key. */
bool queue_find_submitted(const struct engine *e, const char *key, char ret[RUN_ID_SIZE]);
/* All that the store has and that has not ended waits for its turn to go on. */
int queue_resume(struct engine *e, struct err *err);
/* Ends as many of those that hold what `standing` waits for as are too many with one more. */
void queue_push_aside(struct engine *e, const struct standing *standing, enum queue_wait wait);
bool queue_has(const struct engine *e, const char *id);
bool queue_take(struct engine *e, const char *id); /* it waits no more: the caller takes it up */
void queue_drop(struct engine *e, const char *id); /* whether or not it is on disk */
bool queue_cancel(struct engine *e, const char *id, const char *by);
void queue_touch(struct engine *e); /* a run has ended or come */
void queue_turn(struct engine *e);  /* begins what may begin */
void queue_done(struct engine *e);

/* outcome.c: of a run whose steps have all ended */
enum run_state outcome_state(const struct run *run);
enum run_exit outcome_exit(const struct run *run);
/* Of a child: the findings that count, those of steps that a later look replaced left out. */
int outcome_findings(const struct run *run, json_t *into);

/* step.c */
void step_begin(struct step *step); /* ready: records an attempt, then starts it */
void step_finish(struct step *step, enum step_state state, int verdict, const char *reason);
/* An attempt, or a child, ended badly: the next try, or the end. */
void step_fail(struct step *step, const struct attempt_result *r);
void step_policy(const struct step *step, struct grants *ret_grants, enum risk *ret_risk);
/* Recorded in the open batch, and in memory: what an attempt gave, or one before it. */
void step_take_result(struct step *step, json_t *output, json_t *findings, json_t *artifacts);
void step_record_artifacts(const struct step *step, const json_t *artifacts);
void step_count_findings(struct step *step, const json_t *findings);
void step_retry_at(struct step *step, uint64_t at_ms);
/* Its attempt, which had begun to act, is lost: ready again (true, not in turn yet), or held. */
bool step_lost(struct step *step, bool is_crash);
void step_stop(struct step *step, enum verdict why, uint64_t grace_ms);

/* each.c */
void each_begin(struct step *step);  /* ready: makes the items */
void each_feed(struct step *step);   /* readies as many items as may run at once */
void each_ended(struct step *item);  /* the last one ends the step */
void each_finish(struct step *step); /* all items have ended */
void each_sum(struct step *step);    /* output and counts out of the items' */
/*
 * Of a for_each step that has ended the items leave memory: of each there is only what the end of
 * the run depends on. Not while a queue of the run has one of them: then this does nothing.
 */
void each_fold(struct step *step);
struct each_ends *each_ends_free(struct each_ends *ends);
bool each_is_done(const struct step *step, size_t item);
/* Has it findings at or above the workflow's threshold? */
bool each_counts(const struct step *step, size_t item);
const json_t *each_found(const struct step *step, size_t item); /* as step->found; may be NULL */
size_t step_at_threshold(const struct step *step);
int each_resolve(struct step *step, json_t **ret, struct err *err);
int each_make_items(struct step *step, json_t *elements);

/* cache.c */
/* True: the step has ended with a result from before, or it is being looked for and it comes back.
 */
bool cache_begin(struct step *step);
void cache_keep(struct step *step); /* it has ended well: in the batch that says so, or later */
struct cache_look *cache_look_free(struct cache_look *l);
void cache_done(struct engine *e);

/* child.c */
void child_begin(struct step *step);  /* ready, its input resolved: makes its run */
void child_stop(struct step *step);   /* as its own run is being stopped */
void child_moved(struct run *child);  /* to another state; runs of nobody are let be */
void child_ended(struct run *child);  /* in the batch that ends it */
void child_forget(struct step *step); /* its run is let go */
int child_restore(struct run *run, struct err *err);

/* change.c */
void change_hold(struct step *step, struct changeset *changes, enum risk risk);
void change_hold_lost(struct step *step, const char *why);
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
/* `line` as of run_new(). */
int resume_run(struct engine *e, const char *id, struct line *line, struct run **ret,
               struct err *err);
/* Of a run that is not in memory: -ENOENT there is none, -EALREADY it has ended, 0 else. */
int resume_look(struct engine *e, const char *id, struct err *err);
int resume_journals(struct engine *e, struct err *err);
/* 0, or -EBUSY where a change is stuck in the tree (NULL = none) or in a part of it. */
int resume_may_work_on(const struct engine *e, const char *tree, struct err *err);

int resume_flow(struct flow **ret, const json_t *document, struct err *err);
/* Steps and their items as the rows of a document say. */
int resume_steps(struct run *run, const json_t *rows, struct err *err);
const json_t *resume_row(const json_t *document, const char *id, int item);

/* again.c: of a request that keeps rows, between run_new() and walk_start() */
int again_restore(struct run *run, const struct engine_request *request, struct err *err);
void again_record(struct run *run, const struct engine_request *request);
bool again_is_kept(const struct step *step); /* before the run begins: it has ended already */

/* submit.c */
/* A run for a step, recorded in the open batch and walked at once; takes `flow` on success. */
int engine_child(struct run **ret, struct step *step, struct flow *flow, const json_t *inputs,
                 struct err *err);

/*
 * broken.c: what is of that line leaves memory as soon as nothing of it is alive, and its record
 * says that it failed, and why.
 */
void broken_begin(struct engine *e, struct line *line, const struct err *why);
void broken_turn(struct engine *e);
void broken_done(struct engine *e);

/* engine.c */
struct run *engine_find(const struct engine *e, const char *run); /* NULL: not in memory */
void engine_link(struct engine *e, struct run *run);
void engine_drop(struct run *run);   /* now */
void engine_forget(struct run *run); /* its end is recorded: once that is on disk, it goes */
void engine_poke(struct engine *e);  /* a turn at the end of this one of the loop */
void engine_turn(struct engine *e);
void engine_fail(struct engine *e, int code, const struct err *err);
