/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Store: the durable record of runs
 *
 * One folder, for its owner alone: `store.db` (SQLite, WAL, synchronous=FULL), `blobs/`,
 * `journal/`, `lock`, and the socket `control` while an engine is alive. One engine at a time
 * writes (flock on `lock`); any number of readers look on beside it, from any process.
 *
 * Writes are batches. store_submit() hands one to the only thread that writes; while one group of
 * batches is in fdatasync the next collects, and a group is one transaction. `done` is called on
 * the loop's thread when the batch is on disk, and nothing that follows from it may happen before.
 * Blobs that a batch names are synced before it is committed.
 *
 * Reads are whole JSON values, taken in one snapshot. All functions are for one thread, the loop's.
 * No type of the database shows here: a second back end fits behind this header.
 */

#include "base/err.h"
#include "base/loop.h"
#include "store/batch.h"

#include <jansson.h>

struct store;

enum store_flags {
        /* Never writes a row; works beside a live engine, without one, and on a read-only disk. */
        STORE_READ_ONLY = 1 << 0,
        /* Held by another engine: -EWOULDBLOCK at once instead of waiting. */
        STORE_NO_WAIT = 1 << 1,
};

/*
 * How long things are kept. A member that is 0 sets no limit. Runs that have not ended are never
 * taken, nor runs that the journal names. By age and by bytes the oldest ends go first; by number
 * too, but a run whose change stands in the tree, to be undone, stays until its age or the bytes.
 */
struct store_limits {
        uint64_t age_ms;
        uint64_t runs;
        uint64_t bytes; /* of database and blobs: from 80 % on runs are taken, above 90 % no new run
                         * is accepted (-EDQUOT) */
        uint64_t grace_ms; /* how long a blob stays that nothing names; 0 = 10 minutes */
};

struct store_options {
        unsigned flags;
        /* Retention while the store is open, in small pieces between batches. NULL = none. */
        const struct store_limits *limits;
        /* Told once before waiting for another engine; the message names its pid. */
        void (*on_wait)(void *user, const char *message);
        void *user;
};

/*
 * Opens the store in `dir`, and makes it unless STORE_READ_ONLY (-ENOENT then). Waits for the lock
 * while another engine works, so call it before signals are blocked: -EINTR is a handler that ran.
 *   -EWOULDBLOCK  held, and STORE_NO_WAIT      -EPROTO  made by a newer linhay
 *   -EBADMSG      foreign or damaged           -EROFS, -EACCES, -ENOSPC  as the words say
 */
int store_open(struct store **ret, const char *dir, const struct store_options *options,
               struct err *err);

/* Writes what was submitted, tells nobody, lets the lock go. */
struct store *store_free(struct store *s);
DEFINE_FREEP(struct store, store_free);

/* Absolute path, and descriptors of its folders for base/blob.h and store/apply.h; all borrowed. */
const char *store_dir(const struct store *s);
int store_dirfd(const struct store *s);
int store_blobs(const struct store *s);
int store_journal(const struct store *s);

/* Delivers completions from `loop`; once, before the first store_submit(). */
int store_attach(struct store *s, struct loop *loop);
void store_detach(struct store *s);

/* `result` 0: on disk. Else the batch is not part of the record, `err` says why (store/batch.h). */
typedef void (*store_done)(void *user, int result, const struct err *err);

/*
 * Takes the batch, always, also on failure. In order: batches commit as they were submitted. After
 * a failed commit (full disk, input/output error) every batch of its group is told, the store takes
 * no more writes, and this returns that error. `done` is never called from inside, and never when
 * this fails; it may be NULL.
 */
int store_submit(struct store *s, struct batch *batch, store_done done, void *user,
                 struct err *err);

/* store_submit(), and waits until it is on disk: for verbs without a loop. Takes the batch too. */
int store_commit(struct store *s, struct batch *batch, struct err *err);

/*
 * May another run be accepted? -EDQUOT above 90 % of the limit. To be asked before a run is
 * accepted; what belongs to an accepted one is always recorded.
 */
int store_room(struct store *s, struct err *err);

/*
 * Another process has put this blob, for a run that is about to be accepted: its bytes count for
 * store_room() at once, and not only when all blobs are looked at again.
 */
void store_blob_came(struct store *s, const char *sha256);

/* Waits until retention has nothing left to do, blobs that nothing names included. */
int store_settle(struct store *s, struct err *err);

/* Batches that were submitted and have not been told yet. */
size_t store_pending(const struct store *s);

struct store_stats {
        uint64_t batches;  /* committed */
        uint64_t commits;  /* transactions */
        uint64_t refusals; /* batches that broke a rule */
};

void store_stats(const struct store *s, struct store_stats *ret);

enum store_document_flags {
        STORE_DOC_FLOW = 1 << 0,     /* with flow_json, the definition as an object */
        STORE_DOC_FINDINGS = 1 << 1, /* with findings[], else only finding_counts */
        STORE_DOC_FILES = 1 << 2,    /* with files[]: the inputs' files */
        /*
         * Of a run with more than STORE_DOC_STEPS steps and items, those items are left out that
         * went well at the first try and have no finding, change, artifact or unreadable file; each
         * for_each step has `items`, the number of all. Memory then grows with what there is to
         * say.
         */
        STORE_DOC_BRIEF = 1 << 3,
};

#define STORE_DOC_STEPS 5000

/*
 * The whole record of a run, one new object:
 *   {run, flow, flow_hash, flow_json?, workspace, inputs, state, exit|null, fail_on, created,
 *    started, ended, requested_by, uid, tier, cancel_requested|null, cancel_by|null,
 *    project|null, priority, concurrency_key|null, submit_key|null,
 *    parent: {run, step, item|null}|null, retry_of|null, trigger|null,
 *    files?: [{pointer, path, sha256, size}],
 *    steps: [{id, item|null, agent, action, needs[], state, verdict|null, reason|null, ready_at,
 *      started, ended, taken: {how, run, step, item|null, changed, agent_sha256|null}|null,
 *      child: its newest run, of a step that runs a workflow, else null,
 *      attempts: [{n, started, ended, verdict|null, error: {code, message}|null, exit|null,
 *        signal|null, syscall|null, syscall_remedy|null, stderr_tail, agent_sha256, tier,
 *        idempotency_key, redacted, spent, unreadable[],
 *        usage: {wall_ms, cpu_ms, user_us, system_us, memory_peak_bytes}|null}],
 *      output, findings?: [], finding_counts: {critical, high, medium, low, info},
 *      changeset: {sha256, files[], state, attempt, at}|null,
 *      approval: {state, sha256, requested_at, decided_at, decided_by, uid, how, reason}|null,
 *      artifacts: [{name, media_type, size, sha256}]}]}
 * Times are milliseconds since 1970 or null. `verdict` of an ended attempt is null when it was lost
 * with its engine. Steps come in the order of the definition, a `for_each` step before its items.
 * Changeset and approval are the newest of the step. -ENOENT.
 */
int store_run_document(struct store *s, const char *run, unsigned flags, json_t **ret,
                       struct err *err);

/* The same with one step in steps[], or one item, or none where there is no such step. */
int store_step_document(struct store *s, struct step_key key, unsigned flags, json_t **ret,
                        struct err *err);

/* The only run whose id begins so: -ENOENT, -ENOTUNIQ names the candidates. */
int store_run_find(struct store *s, const char *prefix, char ret[RUN_ID_SIZE], struct err *err);

/*
 * Newest first: [{run, flow, flow_hash, state, exit, workspace, created, started, ended,
 * requested_by, project, priority, concurrency_key, submit_key, parent, retry_of, trigger}], the
 * last seven as in a document. `states` is a bit mask of 1 << RUN_*, 0 = all; `limit` 0 = all.
 */
int store_runs(struct store *s, unsigned states, size_t limit, json_t **ret, struct err *err);

/* Runs that have not ended, as store_runs() has them, in the order in which they are due: the
 * higher priority first, then the older. What ended long ago costs nothing here. */
int store_unended(struct store *s, size_t limit, json_t **ret, struct err *err);

/* The sub-workflows of one step, oldest first, as store_runs() has them; `parent.step` NULL = of
 * every step of the run. */
int store_children(struct store *s, struct step_key parent, json_t **ret, struct err *err);

/* The run that has this submit key; -ENOENT. */
int store_run_by_submit_key(struct store *s, const char *key, char ret[RUN_ID_SIZE],
                            struct err *err);

/* Whose recorded output stands for a cache key: {run, step, item|null, at, last_used}; its output
 * is read by store_output(). -ENOENT. */
int store_cache(struct store *s, const char *key, json_t **ret, struct err *err);

/* What one step gave: {output, findings[], artifacts[]}; -ENOENT before its output is recorded. */
int store_output(struct store *s, struct step_key key, json_t **ret, struct err *err);

/* [{name, last_due|null, last_run|null, fired|null, waiting[]}] by name, as batch_trigger() has
 * them. */
int store_triggers(struct store *s, json_t **ret, struct err *err);

/* Oldest first: [{run, step, item|null, sha256, state, flow, workspace, requested_at, decided_at,
 * decided_by, uid, how, reason}]; only open ones unless `all`. `run` may be NULL. */
int store_approvals(struct store *s, const char *run, bool all, json_t **ret, struct err *err);

/*
 * [{seq, step|null, item|null, attempt, at, level, text}] in order, behind `after` (0 = from the
 * start). `key.step` NULL = the whole run; `key.item` -1 = every item.
 */
int store_logs(struct store *s, struct step_key key, int64_t after, size_t limit, json_t **ret,
               struct err *err);

/* [{seq, run, type, at, data}] in order, behind `after`; `run` NULL = all runs. */
int store_events(struct store *s, const char *run, int64_t after, size_t limit, json_t **ret,
                 struct err *err);
