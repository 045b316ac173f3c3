/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Engine: carries runs of a workflow from their submission to their end
 *
 * One engine owns the writing side of one store, and lives on one loop; besides the store's own
 * there are no threads. What it does is recorded first: an action starts, an event is told and a
 * request is answered only after the commit that records it. Completing a step and readying those
 * behind it is one commit.
 *
 * A step starts as soon as what it needs has ended and a slot is free; there is no barrier. What
 * decides whether it runs, by the ends of the steps that it `needs`:
 *
 *   done                                  counts as good
 *   failed, on_failure = continue         counts as good; its output is missing
 *   skipped, because its `when` is false  counts as good; its output is missing
 *   failed, cancelled, skipped because of what it needed: bad
 *
 * With something bad a step is skipped, unless it is `always`. Else its `when` is asked: false is
 * skipped. A reference to an output that is missing is a fault, and the step fails, unless the
 * reference says default(). Branches that a failure does not touch go on. The run fails if a step
 * failed without on_failure = continue.
 *
 * A `for_each` step ends when all its items have ended, each tried in its own right; its output is
 * the list of theirs in order (null for one that has none). It fails if an item failed.
 *
 * doc/engine.md has the tables, the promises and the name of the test that keeps each.
 */

#include "base/changeset.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/verdict.h"
#include "cell/cell.h"
#include "flow/flow.h"
#include "plug/catalog.h"
#include "run/attempt.h"
#include "store/control.h"
#include "store/store.h"

#include <jansson.h>

#define ENGINE_GRACE_MS    5000  /* between asking a cell to stop and killing it */
#define ENGINE_QUEUE_MAX   10000 /* runs that wait for their turn; more are refused */
#define ENGINE_LOG_WAIT_MS 50    /* how long a log line may wait for company on its way to disk */

struct engine;

/* Exit status of a run: an interface, see doc/cli.md. */
enum run_exit {
        RUN_EXIT_OK = 0,
        RUN_EXIT_FINDINGS = 1, /* at or above the workflow's fail_on */
        RUN_EXIT_WAITING = 3,  /* for an approval */
        RUN_EXIT_FAILED = 4,   /* a step failed, or the run was cancelled */
        RUN_EXIT_TROUBLE = 5,  /* of the store or the sandbox; the run can be resumed */
};

/* Who acts: recorded with runs and decisions. */
struct identity {
        int64_t uid;      /* -1 = not a local user */
        const char *name; /* "ada" */
};

/* Cells of one agent at once, whoever runs it. */
struct engine_agent_slots {
        const char *agent; /* name in its manifest */
        unsigned slots;
};

struct engine_options {
        unsigned slots;         /* cells alive at once over all runs; 0 = 2 × processors */
        unsigned project_slots; /* of these for one project; 0 = no limit */
        const struct engine_agent_slots *agent_slots; /* copied; agents not named have no limit */
        size_t n_agent_slots;
        unsigned runs_max;        /* runs at once; those that wait for a person do not count; 0 = no
                                     limit */
        unsigned project_runs;    /* of these for one project; 0 = no limit */
        uint64_t grace_ms;        /* 0 = ENGINE_GRACE_MS */
        uint64_t seed;            /* of the jitter; 0 = from the clock */
        struct identity identity; /* of this engine's user; copied */
        bool approve_all;         /* --yes: every change is approved as `identity` */
        bool four_eyes;           /* who asked for a run may not decide in it */
        bool is_shared; /* others' runs are carried too: a tree whose disk is full or broken fails
                         * its step, and is no trouble of the engine */

        /*
         * What the admin's files grant to an agent, and the least risk that they give an action;
         * NULL = no caps, no groups, and the manifest's word.
         */
        void (*policy)(void *user, const struct agent *agent, const struct manifest_action *action,
                       struct grants *ret_grants, enum risk *ret_least);

        /*
         * Told after the commit that records it; the object is borrowed. Its members are listed at
         * the end of this header. The handler may call engine_decide() and engine_cancel().
         */
        void (*on_event)(void *user, const json_t *event);

        /* Told of a change that a dead engine began in some tree and that can be neither finished
         * nor undone, with what to do, and of a run that cannot go on. Others are not held up. */
        void (*on_stuck)(void *user, const char *text);

        /* Told once when the engine cannot go on: what engine_trouble() says. May be NULL. */
        void (*on_trouble)(void *user, const char *text);

        /* Of engine_quiesce(): nothing runs any more, all is on disk. */
        void (*on_quiet)(void *user);

        /* Told before and after changes are written to a tree; nothing else happens in between. May
         * be NULL. */
        void (*on_apply)(void *user, const char *workspace, const struct changeset *changes,
                         bool is_over);

        /* Requests on the control socket that the engine itself does not know (run/remote.h); false
         * = nor does this. Answered as control_handler says. NULL: there are none. */
        bool (*on_request)(void *user, struct control_call *call, const struct control_peer *peer,
                           const json_t *request);
        void *user;
};

/*
 * First finishes or undoes what a dead engine was applying, in every run of the store, and records
 * what came of it. Then listens on the store's control socket. The store is attached to `loop`.
 * What is passed is borrowed and must outlive the engine, but the options, which are copied.
 */
int engine_new(struct engine **ret, struct loop *loop, struct store *store, struct sandbox *sandbox,
               struct catalog *catalog, const struct engine_options *options, struct err *err);

/* Kills what still runs. What is not finished stays in the record as it is and can be resumed. */
struct engine *engine_free(struct engine *e);
DEFINE_FREEP(struct engine, engine_free);

/*
 * What is read anew while the engine lives: agents that runs accepted from now on find, and limits.
 * Runs that are carried already keep the agents that they have. `catalog` is borrowed as by
 * engine_new(); the one before it is kept as long as a run needs it.
 */
struct engine_renewal {
        struct catalog *catalog;
        bool four_eyes;
        unsigned slots, project_slots, runs_max, project_runs; /* as in engine_options */
};

void engine_reload(struct engine *e, const struct engine_renewal *renewal);

/* What started a run, where it was no person. */
struct engine_trigger {
        const char *name; /* over all workflows: "review/nightly" */
        const char *kind; /* "cron", "watch", "manual" */
        uint64_t due_ms;  /* since 1970 */
        /* Recorded with the run, so that nothing is due twice: all that was due until then is dealt
         * with, or waits. 0: as it was. */
        uint64_t until_ms;
        const json_t *waiting; /* array of due times that still wait, or NULL */
};

struct engine_request {
        struct flow *flow;     /* checked; taken over on success */
        const json_t *inputs;  /* object, checked here against the flow's schema; files are
                                  "linhay-file:SHA256" (run/file-input.h), or NULL */
        const char *workspace; /* absolute path of the tree, or NULL */

        /* All below may be left out. */
        struct identity by;     /* who asks, if not the engine's own user; name NULL = that one */
        const char *project;    /* shares between projects are fair; NULL = the workspace's path */
        const int *priority;    /* NULL = the workflow's own */
        const char *key;        /* of concurrency; NULL = what the workflow's becomes */
        const char *submit_key; /* of whoever asks: the same again is the same run */
        const struct engine_trigger *trigger;
        const char *retry_of; /* the run that this one repeats … */
        const json_t *kept;   /* … and rows of its steps that it takes over: engine_retry() */
};

/*
 * Accepts a run: its id is in *ret, the event `run` follows when it is on disk, and from then on it
 * is never lost. It begins at once, or waits for its turn and stays `queued`: its first event
 * `state` says what for, and its place survives a crash. -EBADMSG where the inputs or the key do
 * not fit; -EBUSY where a change is stuck in the tree; -EAGAIN where it would have to wait and may
 * not (on_busy = "refuse", or too many wait). Of a submit key that was used before: -EEXIST and
 * *ret is that run, which is on disk or on its way there; -ENOTUNIQ where that was another request.
 */
int engine_submit(struct engine *e, const struct engine_request *request, char ret[RUN_ID_SIZE],
                  struct err *err);

struct engine_retry {
        const char *run;   /* has ended */
        const char *from;  /* a step, or NULL: those that did not end well */
        struct flow *flow; /* a new definition, checked, taken over on success; NULL = the same */
        struct identity by;
};

/*
 * Accepts a new run that repeats one that has ended, and keeps what it can: a step that ended well
 * has its output, findings and artifacts at once and is not run again, unless it is `from`, comes
 * after a step that is run, its change was rolled back, or, with a new definition, it or its agent
 * is another one. Changes that were applied stay applied and are not applied again; decisions are
 * not kept, so what runs again asks again. *ret_plan says it of each step, a new reference: [{step,
 * kept, why}]. -EBUSY it has not ended, -EALREADY there is nothing to run, -ENOENT no such run or
 * step; else as engine_submit().
 */
int engine_retry(struct engine *e, const struct engine_retry *request, char ret[RUN_ID_SIZE],
                 json_t **ret_plan, struct err *err);

/*
 * The run that this one is a part of, by the steps that run workflows; itself, where it is none.
 * -ENOENT.
 */
int engine_root(struct engine *e, const char *run, char ret[RUN_ID_SIZE], struct err *err);

/*
 * Takes up a run where its record ends, as a part of its root. Steps with a recorded result never
 * run again; attempts that were lost with their engine are tried again, or held for a person
 * (`on_crash`). -ENOENT no such run; -EALREADY it has ended (the text says how); -EBUSY as above.
 */
int engine_resume(struct engine *e, const char *run, struct err *err);

/*
 * Takes up all that has not ended: first what had begun, then what waits, each in the order of
 * submission, and never more at once than the limits allow. A run that cannot be taken up (its tree
 * or an agent is gone) is told by on_stuck, stays as it is, and holds up no other. What ends or
 * begins is told by events.
 */
int engine_resume_all(struct engine *e, struct err *err);

/* Records where a trigger stands, without a run: `name`, `until_ms` and `waiting` of it. */
void engine_trigger_stands(struct engine *e, const struct engine_trigger *trigger);

/* Is the run in this engine's hands: begun, waiting for a person, or for its turn? */
bool engine_carries(const struct engine *e, const char *run);

/* Runs that are neither ended nor taken up by this engine: as store_runs(); new reference. */
int engine_others(struct engine *e, json_t **ret, struct err *err);

enum engine_cancel {
        /* No new step starts, those that run are asked to stop and killed after the grace, open
         * approvals are cancelled; then `always` steps run. */
        CANCEL_ORDERLY,
        /* Everything is killed, `always` steps too. */
        CANCEL_NOW,
};

/* -ENOENT: this engine does not carry that run; -EALREADY: it has ended. Twice is CANCEL_NOW. */
int engine_cancel(struct engine *e, const char *run, enum engine_cancel how, const char *by,
                  struct err *err);

/*
 * Ends the engine's work and nothing else: cells are killed, no step gets a result, and the runs
 * can be resumed. `why` is engine_trouble() then, unless there was trouble before.
 */
void engine_stop(struct engine *e, const char *why);

/*
 * Begins no further step, so that an end hurts nobody; what runs goes on, and runs are accepted as
 * ever. on_quiet is told, perhaps more than once.
 */
void engine_quiesce(struct engine *e);

struct engine_decision {
        bool approve;
        const char *sha256; /* what was looked at; NULL = whatever is asked for */
        struct identity by;
        const char *how;    /* "self-approved", "approved"; NULL = found from who asked */
        const char *reason; /* or NULL */
};

/*
 * Decides about a step that is held: compare-and-set, so the first one counts. `done` (may be NULL)
 * is told from the loop what the store said: 0, -EALREADY, -ESTALE. Refused at once: -ENOENT no
 * such step, -EALREADY nothing is asked there or the run has ended, -EPERM four eyes, -ESTALE
 * another sha256.
 */
int engine_decide(struct engine *e, struct step_key key, const struct engine_decision *decision,
                  store_done done, void *user, struct err *err);

/* The change that a held step asks for, as changeset_to_json() gives it; new reference. */
int engine_changeset(struct engine *e, struct step_key key, json_t **ret, struct err *err);

/*
 * Runs the loop until nothing is left to do: every run has ended or waits for a person, and all is
 * on disk. Returns the exit status of the run that was submitted or resumed last, or a negative
 * errno when the loop itself failed.
 */
int engine_run_until_idle(struct engine *e, struct err *err);

/* Why the exit status was RUN_EXIT_TROUBLE; "" else. */
const char *engine_trouble(const struct engine *e);

/*
 * Events (one object each; `item` only for an item of a for_each, counted from 0):
 *
 *   {"event": "run", "run", "flow", "workspace", "parent"}            accepted, on disk; the first
 *   {"event": "state", "run", "state", "reason"}      the run's state changed, or what it waits for
 *   {"event": "step", "run", "step", "item", "state", "attempt", "verdict", "reason"}
 *   {"event": "findings", "run", "step", "item", "critical", "high", "medium", "low", "info"}
 *   {"event": "approval", "run", "step", "item", "sha256", "state", "by", "reason"}
 *   {"event": "changeset", "run", "step", "item", "sha256", "state", "reason"}  it went stale
 *   {"event": "log", "run", "step", "item", "attempt", "level", "text"}
 *   {"event": "progress", "run", "step", "item", "done", "total", "note"}
 *   {"event": "end", "run", "state", "exit"}                          the last
 *
 * `end` of a run that the store refused to record has `reason`, and so has its `state` before it.
 * If that was the first that there was to record, there is no event `run`, and the run does not
 * exist.
 *
 * A step that runs a workflow has a run of its own, whose events have its id; the first has
 * `parent`: {run, step, item}.
 *
 * A step that is ready and has its cell at once is told as running only. `progress` alone is not
 * recorded, and told at once. A run that stops for an approval ends with "end" too: state
 * waiting_approval, exit 3; when it goes on, another `state` follows.
 */
