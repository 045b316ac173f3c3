/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Batch: changes of the record that happen together or not at all
 *
 * A batch only collects; store_submit() makes it durable. Everything given is copied. The functions
 * return nothing: a failure (out of memory, JSON that cannot be written) sticks to the batch, and
 * store_submit() reports it. Times are milliseconds since 1970; 0 = now, as of the call.
 *
 * A batch that breaks a rule of the record is refused whole, and the others committed beside it are
 * not touched:
 *   -EEXIST    the row is there already: a second result, a second live attempt, a run's id again
 *   -EALREADY  the approval was decided before (the text says by whom), or the state is final
 *   -ESTALE    the approval is for another sha256 than the one that was looked at
 *   -ENOENT    there is no such run, step, attempt or approval
 *   -ENOTUNIQ  the submit key belongs to a run with another request (the text names it)
 */

#include "base/sha256.h"
#include "base/verdict.h"
#include "store/id.h"
#include "store/state.h"

#include <jansson.h>

struct batch;

int batch_new(struct batch **ret);
struct batch *batch_free(struct batch *b);
DEFINE_FREEP(struct batch, batch_free);

bool batch_is_empty(const struct batch *b);

/* What failed while it was collected, or 0. */
int batch_error(const struct batch *b);

/* A new run, in state `queued`. Its definition is kept once for each hash. */
struct batch_run {
        const char *id;
        const char *flow; /* its name */
        const char *flow_hash;
        const char *flow_json; /* canonical text; what the hash is of */
        const char *workspace; /* absolute path, or NULL */
        const json_t *inputs;  /* object, or NULL */
        const char *fail_on;   /* severity from which findings make the run exit 1, or NULL */
        const char *tier;      /* of the sandbox, or NULL */
        int64_t uid;           /* who asked; -1 = not a local user */
        const char *requested_by;
        uint64_t at_ms;

        /* All below may be left out. */
        const char *project;         /* shares between projects are fair */
        int priority;                /* the higher goes first */
        const char *concurrency_key; /* runs with the same key go one after the other */
        /*
         * Whoever submits the same request under the same key again is refused with -EEXIST, and
         * store_run_by_submit_key() says which run has it; -ENOTUNIQ is the same key with another
         * definition, workspace, inputs, project, priority or concurrency key.
         */
        const char *submit_key;
        struct step_key parent; /* the step whose sub-workflow this is; `run` NULL = none */
        const char *retry_of;   /* the run that this one repeats */
        const json_t *trigger;  /* {"name", "kind", "due"}: what started it, and when it was due */
};

void batch_run(struct batch *b, const struct batch_run *run);

/* A file that an input names: its bytes are in the store's blobs. `path` is where the caller had
 * it. */
void batch_run_file(struct batch *b, const char *run, const char *pointer, const char *path,
                    const char *sha256, uint64_t size);

/* `exit_status` is what `linhay run` ends with; -1 = not ended, not known. A final state sets
 * `ended`. */
void batch_run_state(struct batch *b, const char *run, enum run_state state, int exit_status,
                     uint64_t at_ms);

/* The sandbox a (resumed) engine runs with. */
void batch_run_tier(struct batch *b, const char *run, const char *tier);

/* Notes that somebody wants the run to end; the first one stays. */
void batch_run_cancel(struct batch *b, const char *run, const char *by, uint64_t at_ms);

/*
 * Ends a run whose record takes no more of it, and with it the runs of its steps: it has failed,
 * steps that had begun have failed and others are cancelled, each for this reason, and nothing is
 * asked any more. -ENOENT: no such run, or it has ended.
 */
void batch_run_break(struct batch *b, const char *run, const char *reason, uint64_t at_ms);

struct batch_step {
        const char *agent;
        const char *action;
        const json_t *needs; /* array of step ids, or NULL */
        int position;        /* in the definition: documents list steps in this order */
        enum step_state state;
        uint64_t at_ms;
};

void batch_step(struct batch *b, struct step_key key, const struct batch_step *step);

/* The items 0 to `n` - 1 of a for_each step, all alike, in one go. */
void batch_items(struct batch *b, const char *run, const char *id, size_t n,
                 const struct batch_step *item);

/*
 * Moves a step. `verdict` < 0 = none yet; `reason` (why it failed, was skipped, is held) may be
 * NULL. `ready` sets ready_at, and so does `running` where it is the first; that sets `started`, a
 * final state sets `ended`.
 */
void batch_step_state(struct batch *b, struct step_key key, enum step_state state, int verdict,
                      const char *reason, uint64_t at_ms);

/* A retry may start no earlier than `at_ms`. */
void batch_step_ready_at(struct batch *b, struct step_key key, uint64_t at_ms);

/*
 * The step has no attempt of its own: what it gave was taken from another. {"how": "retry"|"cache",
 * "run", "step", "item"|null, "changed": bool, "agent_sha256"|null}
 */
void batch_step_taken(struct batch *b, struct step_key key, const json_t *from);

/* Before the cell starts. `n` counts from 1; a step has one live attempt at most. */
void batch_attempt_begin(struct batch *b, struct step_key key, int n, const char *agent_sha256,
                         const char *tier, uint64_t at_ms);

/* How an attempt ended; members as struct cell_result has them. */
struct batch_attempt {
        uint64_t at_ms;
        int verdict;         /* enum verdict; -1 = lost with the engine that ran it */
        const char *code;    /* NULL for ok */
        const char *message; /* NULL for ok */
        int exit_status;     /* -1 when a signal ended it */
        int signal;
        const char *syscall;
        const char *syscall_remedy;
        const char *stderr_tail;
        uint64_t wall_ms;
        uint64_t cpu_ms;
        uint64_t user_us;
        uint64_t system_us;
        uint64_t memory_peak_bytes;
        const json_t *spent;      /* object, or NULL */
        const json_t *unreadable; /* array, or NULL */
        uint64_t redacted;        /* secrets that were masked in what it gave */
};

void batch_attempt_end(struct batch *b, struct step_key key, int n,
                       const struct batch_attempt *attempt);

/* What a step gives to those behind it: recorded once, in the batch that makes it done or held. */
void batch_output(struct batch *b, struct step_key key, const json_t *output);
void batch_findings(struct batch *b, struct step_key key, const json_t *findings);
void batch_artifact(struct batch *b, struct step_key key, const char *name, const char *media_type,
                    uint64_t size, const char *sha256);

/*
 * Takes output, findings and artifacts of a held step back, because its change can no longer happen
 * and it will run again. A result that counts stays: in any other state this is refused (-ENOENT).
 */
void batch_withdraw(struct batch *b, struct step_key key);

/*
 * A changeset as changeset_to_json() gives it, in state `proposed`, made by attempt `n`. Its `diff`
 * is not kept: what a tree held stays in blobs only, and changeset_render() makes the diff again.
 */
void batch_changeset(struct batch *b, struct step_key key, int n, const json_t *changeset);
void batch_changeset_state(struct batch *b, struct step_key key, const char *sha256,
                           enum changeset_state state, uint64_t at_ms);

/* A step has one open approval at most. */
void batch_approval_open(struct batch *b, struct step_key key, const char *sha256, uint64_t at_ms);

struct batch_decision {
        enum approval_state state; /* anything but open */
        int64_t uid;               /* -1 = the engine itself (expired, stale, cancelled) */
        const char *by;
        const char *how;    /* "self-approved", "by-policy" …, or NULL */
        const char *reason; /* or NULL */
        uint64_t at_ms;
};

/*
 * Decides by compare-and-set: only an open approval of exactly `sha256`. Whoever comes second has
 * the whole batch refused, so put what follows from the decision into the same batch.
 */
void batch_approval_decide(struct batch *b, struct step_key key, const char *sha256,
                           const struct batch_decision *decision);

/* `data` may be NULL. `key.step` of a log line may be NULL: the line is the run's own. */
void batch_event(struct batch *b, const char *run, const char *type, const json_t *data,
                 uint64_t at_ms);
void batch_log(struct batch *b, struct step_key key, int attempt, int level, const char *text,
               uint64_t at_ms);

/*
 * Result cache: `key` (a hash of all that the result depends on) means the recorded output of this
 * step; the newest wins. The row goes when the output goes. batch_cache_used() notes a hit; a key
 * or an output that is gone is no fault: retention may have been quicker.
 */
void batch_cache(struct batch *b, const char *key, struct step_key output, uint64_t at_ms);
void batch_cache_used(struct batch *b, const char *key, uint64_t at_ms);

/* Where a trigger stands. What is 0 or NULL stays as it was, but `waiting`. */
struct batch_trigger {
        const char *name;
        uint64_t last_due_ms;  /* all that was due until then is dealt with, or waits */
        uint64_t fired_ms;     /* when the newest run that it started was due … */
        const char *run;       /* … and that run */
        const json_t *waiting; /* array of ms: due, and not started yet; NULL = nothing */
};

void batch_trigger(struct batch *b, const struct batch_trigger *trigger);
