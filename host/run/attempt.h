/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One attempt: an action of an agent, once, in its own cell
 *
 * The one way in which agents are run, by the engine and by `linhay agent run` alike. It checks the
 * input against the action's schema (defaults filled in), hands over the caller's files, starts the
 * cell with what was both asked for by the manifest and granted by the admin, and when the cell has
 * ended checks the output, puts the findings in order and collects what the agent changed in its
 * private view of the tree. Nothing is written to the tree, and nothing to a store but blobs.
 *
 * All for the thread of the loop.
 */

#include "base/changeset.h"
#include "base/err.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/verdict.h"
#include "cell/cell.h"
#include "plug/catalog.h"

#include <jansson.h>

#define ATTEMPT_DIFF_MAX (4 * 1024 * 1024) /* bytes of text in a changeset's diff */

struct attempt;

/* What the admin's files allow, beyond which no manifest can ask. */
struct grants {
        const struct limits *max; /* caps on every limit; NULL = the manifest's are taken */
        const json_t *syscalls;   /* groups of calls: run/syscall-grant.h; NULL = none */
        const json_t *exec;       /* for exec agents: run/exec-grant.h; NULL = none */
        const json_t *secrets;    /* run/secret-grant.h; NULL = none */
};

struct attempt_result {
        int trouble; /* negative errno: sandbox or store failed, not the agent; `message` says how,
                        the rest is void */
        enum verdict verdict;
        char *code;         /* NULL for ok */
        char *message;      /* NULL for ok */
        int fail_class;     /* enum linhay_fail of an agent that failed itself, else -1 */
        json_t *output;     /* fits the action's output schema; NULL unless ok */
        json_t *findings;   /* array, in order, each with its fingerprint; never NULL */
        json_t *artifacts;  /* array of {name, media_type, size, sha256}, bytes in blobs; never NULL
                             */
        json_t *spent;      /* object, never NULL */
        json_t *unreadable; /* array of paths, never NULL */
        json_t *trace;      /* of a traced attempt, else NULL */
        struct changeset *changeset; /* NULL when nothing was changed, and unless ok */
        uint64_t redacted;           /* times that a secret stood in what the agent said */
        struct cell_usage usage;
        int exit_status; /* -1 when a signal ended it, or when it never started */
        int signal;
        char *syscall;        /* the denied system call, or NULL */
        char *syscall_remedy; /* the grant that would allow it, or NULL */
        char *stderr_tail;    /* never NULL */
};

struct attempt_spec {
        struct loop *loop;
        struct sandbox *sandbox;
        const struct agent *agent; /* must stay until on_done */
        const struct manifest_action *action;
        const json_t *input;  /* object, not checked yet; files are "linhay-file:SHA256"
                                 (run/file-input.h) */
        int blob_dirfd;       /* where input files are and contents of changes go */
        int workspace_fd;     /* the tree; -1 = none. Both must stay open until on_done */
        const char *key;      /* the agent's (store/key.h); NULL = there is no store */
        uint64_t timeout_ms;  /* wall time of this attempt; 0 = the manifest's or the standard */
        struct grants grants; /* what it points to need not outlive the call */
        bool is_traced;       /* count what it uses (cell/trace.h) */
        bool is_held;         /* all but the action itself, which waits for attempt_go() */

        /* Told as they happen; each may be NULL. */
        void (*on_log)(void *user, int level, const char *text);
        void (*on_progress)(void *user, uint64_t done, uint64_t total, const char *note);
        /* Exactly once, from the loop, for every attempt that was started; the attempt is gone when
         * it returns. The result is borrowed, but its members may be taken with TAKE(). */
        void (*on_done)(void *user, struct attempt_result *result);
        void *user;
};

/*
 * The groups of system calls that its cells get: what the manifest asks for and the admin grants.
 * NULL-terminated; the array is the caller's to free, the names are the agent's. -EACCES for an
 * exec agent whose interpreter nobody grants.
 */
int attempt_groups(const char ***ret, const struct agent *agent, const struct grants *grants,
                   struct err *err);

/*
 * Starts an attempt. An input that does not fit is no error here: it is an attempt that ends with
 * VERDICT_SCHEMA before any cell was made. Negative: the sandbox or this machine is in trouble.
 */
int attempt_start(struct attempt **ret, const struct attempt_spec *spec, struct err *err);

/* A held attempt goes on; it may have ended before. Negative: the sandbox is in trouble. */
int attempt_go(struct attempt *a, struct err *err);

/* Did the agent say that what it was given is wrong, rather than that it could not work? */
bool attempt_blames_input(const struct attempt_result *result);

/* As cell_cancel(): on_done still comes. `a` must not be done yet. */
void attempt_cancel(struct attempt *a, enum verdict why, uint64_t grace_ms);

/*
 * The result as programs read it (fixed; see `linhay agent run --json`): {agent, action, verdict,
 * error: {code, message}|null, output, findings, changeset|null, usage: {wall_ms, cpu_ms,
 * memory_peak_bytes, is_group}}. Where a denied system call ended it, `error` also has {syscall,
 * remedy}.
 */
json_t *attempt_result_to_json(const struct attempt_result *result, const char *agent,
                               const char *action);
