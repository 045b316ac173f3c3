/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cells: one confined child process for each attempt of a step
 *
 * A `sandbox` owns the connection to one linhay-cell zygote, which is exec'd before anything secret
 * is loaded; a `cell` is one child of it, confined before the agent's first byte is mapped. All
 * calls are for the thread that runs the loop; nothing here blocks on a child. Every byte from a
 * child is taken as hostile.
 */

#include "base/err.h"
#include "base/limit.h"
#include "base/loop.h"
#include "base/redact.h"
#include "base/sha256.h"
#include "base/verdict.h"

#include <jansson.h>

/* What confines, best first. Found by probing at start, never by #ifdef. */
enum tier { TIER_FULL, TIER_NO_CGROUP, TIER_NO_USERNS, TIER_REFUSED, TIERS_ };

const char *tier_name(enum tier t);

struct sandbox;
struct cell;
struct cell_result;
struct cell_spec;

struct sandbox_options {
        const char *cell_path; /* program linhay-cell; NULL = beside this program, else installed */
        enum tier require;     /* refuse to start below this; TIER_NO_CGROUP is the default */
        const char *const
                *allow_degraded; /* names of layers that may be missing; NULL-terminated or NULL */
        size_t pool; /* cells kept warm for each profile that comes back (cell/pool.h); 0 = none */
};

/*
 * Starts the zygote and probes. -EPERM below the required tier: the text says which layer is
 * missing, why, and what to do.
 */
int sandbox_new(struct sandbox **ret, struct loop *loop, const struct sandbox_options *options,
                struct err *err);
struct sandbox *sandbox_free(struct sandbox *s);
DEFINE_FREEP(struct sandbox, sandbox_free);

/*
 * Only looks: rows as of sandbox_describe(), the tier, and whether agents would run here; else
 * `ret_refusal` says why not (its code is negative), and that is no error.
 */
int sandbox_look(json_t **ret, enum tier *ret_tier, const struct sandbox_options *options,
                 struct err *ret_refusal, struct err *err);

enum tier sandbox_tier(const struct sandbox *s);

/* One row a layer: {"layer", "state": "on|off|degraded", "detail", "remedy"|null}; new reference.
 */
json_t *sandbox_describe(const struct sandbox *s);

/*
 * Keeps up to `n` cells warm for such steps, as if they had come back already: of the spec only
 * what is fixed at confinement counts. For a caller that knows what will come; they go when they
 * are not used for a while. sandbox_n_warm(): how many are prepared.
 */
int sandbox_warm(struct sandbox *s, const struct cell_spec *spec, size_t n, struct err *err);
size_t sandbox_n_warm(const struct sandbox *s);

/* Ends all that are warm and nobody's, and lets go of objects that no cell has: the configuration
 * or the agents have changed. */
void sandbox_drain(struct sandbox *s);

/*
 * Reads the manifest out of a shared object in a confined inspector: no code of the object runs.
 * `fd` is the object. *ret is NUL-terminated JSON text, the caller's to free; it is not checked
 * yet.
 */
int sandbox_inspect(struct sandbox *s, int fd, char **ret, size_t *ret_length, struct err *err);

/* A file of the caller's that the action's input names: a sealed memfd of raw bytes. */
struct cell_file {
        const char *pointer; /* of the input property: "/patch_file" */
        int fd;
};

/* A secret that the admin grants to the agent: a sealed memfd of its bytes. */
struct cell_secret {
        const char *name;
        int fd;
};

/*
 * What runs in the cell of an exec agent. The object is then the bundle of its folder
 * (base/bundle.h), which is at CELL_FOLDER in the cell. Lists are NULL-terminated; paths are
 * absolute, without links, and below what a cell sees of the host: /usr, /lib, /lib64, /bin.
 */
struct cell_program {
        const char *const *argv; /* the first is the path of the interpreter */
        const char *const *run;  /* files that may be executed and read */
        const char *const *read; /* files and folders that may be read */
};

#define CELL_FOLDER "/cell/agent"

struct cell_spec {
        const char *name;         /* for messages and process titles: "patcher/apply-patch" */
        int agent_fd;             /* the shared object or the bundle, opened by the caller */
        const char *agent_sha256; /* of those bytes; what is copied into the cell must match */
        const struct cell_program *program; /* of an exec agent; NULL = a shared object */
        const char *action;
        const json_t *input; /* already checked against the schema */
        const struct cell_file *files;
        size_t n_files;
        const char
                *key; /* hexadecimal digits of LINHAY_KEY bytes that are the agent's; NULL = none */
        /* Sent when the agent is loaded, has prepared and is to act, not before. `redact` knows the
         * same secrets, and must stay until on_done: nothing that is told of the cell has them. */
        const struct cell_secret *secrets;
        size_t n_secrets;
        const struct redact *redact;
        enum workspace_mode workspace;
        int workspace_fd; /* O_PATH or O_RDONLY folder; -1 for none */
        struct limits limits;
        const char *const *syscall_groups; /* granted beyond the base: NULL-terminated or NULL */
        bool is_traced; /* count what it uses; nothing that is denied is allowed by it */
        bool is_held;   /* confine, load and prepare; the action waits for cell_go() */

        /* Told as they happen; each may be NULL. Texts are cleaned (base/utf8.h) and borrowed. */
        void (*on_log)(void *user, int level, const char *text);
        void (*on_progress)(void *user, uint64_t done, uint64_t total, const char *note);
        /* Exactly once for every cell that was started, from the loop. The result is borrowed, but
         * the handler may TAKE its members. */
        void (*on_done)(void *user, struct cell_result *result);
        void *user;
};

struct cell_usage {
        uint64_t wall_ms;   /* spawn to reap */
        uint64_t result_us; /* spawn to the result's arrival; 0 = there was none */
        uint64_t cpu_ms;    /* user and system */
        uint64_t user_us;
        uint64_t system_us;
        uint64_t memory_peak_bytes;
        bool is_group; /* of all its processes, by their control group; else of its first process
                        * and those that were waited for */
        bool is_ahead; /* its process was made before it was asked for */
        bool is_warm;  /* it was confined, loaded and prepared before it was asked for */
};

struct cell_result {
        int trouble; /* negative errno: the sandbox itself failed, `message` says how; the verdict
                        is void */
        enum verdict verdict;
        char *code;     /* NULL for ok; the agent's own ("patch-rejected") or the verdict's name */
        char *message;  /* NULL for ok; one or two sentences, cleaned */
        int fail_class; /* enum linhay_fail of an agent that failed itself, else -1 */
        json_t *output; /* NULL unless ok; any JSON value; not yet checked against a schema */
        json_t *findings;  /* array, never NULL; objects of the fixed form, checked and cleaned */
        json_t *artifacts; /* array of {name, media_type, size, sha256, data: base64} */
        json_t *spent;     /* object: unit -> amount */
        uint64_t redacted; /* how often a secret stood in what the agent said; stars since */
        struct cell_usage usage;
        int exit_status;      /* -1 when a signal ended it */
        int signal;           /* 0 when it exited */
        char *syscall;        /* name of the denied system call, or NULL */
        char *syscall_remedy; /* the grant that would allow it, or NULL */
        char *stderr_tail;    /* last 4 KiB of stdout and stderr, cleaned; "" when quiet */
        int upper_fd;         /* overlay: the upper folder, to collect the changes from; else -1 */
        bool is_staged;       /* upper_fd is a whole private copy, not an overlay's upper folder */
        json_t *trace;        /* of a traced cell, see cell/trace.h; else NULL */
        json_t *unreadable;   /* array of paths that the cell could not be shown; never NULL */
};

/* Starts a cell; the spec is copied (descriptors are duplicated). The result comes by on_done,
 * always. */
int cell_start(struct cell **ret, struct sandbox *s, const struct cell_spec *spec, struct err *err);

/*
 * A held cell gets its request, and its time begins. Until then it knows neither the action nor the
 * input, and nothing that it does leaves it. It may have ended before: on_done says how, as always.
 */
int cell_go(struct cell *c, struct err *err);

/*
 * Asks the cell to stop (the agent sees linhay_cancelled()), and kills it `grace_ms` later. `why`
 * is the verdict that the result will carry: VERDICT_CANCELLED or VERDICT_TIMEOUT. 0 = kill at
 * once.
 */
void cell_cancel(struct cell *c, enum verdict why, uint64_t grace_ms);
