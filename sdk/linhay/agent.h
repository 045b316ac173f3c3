/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * linhay agent SDK
 *
 * An agent is a shared object that exports one function and embeds one manifest. It is loaded only
 * inside a confined child process, runs one action there, and talks to the host through the calls
 * below. There is nothing to link: this header is the whole SDK (plus <linhay/walk.h> for agents
 * that read source trees).
 *
 *     #include <linhay/agent.h>
 *
 *     LINHAY_MANIFEST("agent.json")
 *
 *     static int run(struct linhay_run *r)
 *     {
 *             const char *name = linhay_input_string(r, "/name", "world");
 *
 *             return linhay_outputf(r, "{\"length\": %zu}", strlen(name));
 *     }
 *
 *     LINHAY_AGENT(.run = run)
 *
 * Ownership, in one sentence: what you pass is borrowed until the call returns; what you get
 * belongs to the run; nobody frees the other's memory.
 *
 * Threads: all calls take the run, and the run belongs to the thread that was given it.
 *
 * Errors: calls that can fail return 0 or a negative errno. -ENOSYS means that the host is older
 * than this header and does not know the call; -EPERM that the call is not allowed in this phase
 * (see prepare).
 *
 * stdout and stderr are logs. Results go through linhay_output(), linhay_finding() and
 * linhay_artifact().
 *
 * Compatibility: every structure that crosses the edge begins with its size and only ever grows at
 * its end. An agent built against this header runs under any later host of the same LINHAY_ABI.
 */

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LINHAY_ABI   1
#define LINHAY_MAGIC 0x59484e4cU /* "LNHY" as the bytes lie in memory */

/* syslog's numbers, so that a log line keeps its level on the way to the journal. */
enum linhay_level {
        LINHAY_ERROR = 3,
        LINHAY_WARNING = 4,
        LINHAY_INFO = 6,
        LINHAY_DEBUG = 7,
};

enum linhay_severity {
        LINHAY_SEVERITY_INFO = 0,
        LINHAY_SEVERITY_LOW = 1,
        LINHAY_SEVERITY_MEDIUM = 2,
        LINHAY_SEVERITY_HIGH = 3,
        LINHAY_SEVERITY_CRITICAL = 4,
};

/* Why a run failed; decides what a workflow's `retry` does and what a report says. */
enum linhay_fail {
        LINHAY_FAIL_INTERNAL = 0, /* a fault of the agent's own; retried if the step allows it */
        LINHAY_FAIL_INPUT =
                1, /* the input cannot be worked on (a patch that does not apply); never retried */
        LINHAY_FAIL_TRANSIENT = 2, /* may succeed later; retried if the step allows it */
        LINHAY_FAIL_LIMIT = 3,     /* the agent's own limit was reached; never retried */
};

/*
 * One finding. All strings are UTF-8 and NUL-terminated; NULL = not given. Fields map to
 * SARIF 2.1.0 result objects. `rule` and `message` are required. Positions count from 1, columns in
 * bytes; 0 = not given; end_column is the first column behind the place. Initialise with
 * LINHAY_FINDING(...).
 */
struct linhay_finding {
        uint32_t size;     /* sizeof(struct linhay_finding) */
        uint32_t severity; /* enum linhay_severity */
        const char *rule;  /* "control/name": "secrets/github-pat" */
        const char *message;
        const char *path; /* relative to the workspace, '/' between folders; invalid UTF-8 becomes
                             U+FFFD */
        uint32_t line;
        uint32_t column;
        uint32_t end_line;
        uint32_t end_column;
        const char *excerpt; /* what a person is shown; a secret must be masked by the agent */
        const char
                *fingerprint;   /* stays the same when the lines move; made by the host when NULL */
        const char *fix;        /* how to mend it, one or two sentences */
        const char *const *cwe; /* NULL-terminated list: { "CWE-798", NULL } */
        const char *const *tags; /* NULL-terminated list */
};

#define LINHAY_FINDING(...)                                                                        \
        (struct linhay_finding)                                                                    \
        {                                                                                          \
                .size = sizeof(struct linhay_finding), __VA_ARGS__                                 \
        }

struct linhay_run;

#define LINHAY_KEY 32 /* bytes of a key, see linhay_key() */

/* The host's services. Agents call the inline functions further down, never these members. */
struct linhay_services {
        uint32_t size; /* bytes of this table that the host has filled */
        uint32_t abi;
        void (*log)(struct linhay_run *r, int level, const char *text, size_t length);
        int (*progress)(struct linhay_run *r, uint64_t done, uint64_t total, const char *note);
        int (*input)(struct linhay_run *r, const char *pointer, const char **ret_json,
                     size_t *ret_length);
        int (*input_string)(struct linhay_run *r, const char *pointer, const char **ret_text,
                            size_t *ret_length);
        int (*input_int)(struct linhay_run *r, const char *pointer, int64_t *ret);
        int (*input_real)(struct linhay_run *r, const char *pointer, double *ret);
        int (*input_bool)(struct linhay_run *r, const char *pointer, int *ret);
        int (*input_fd)(struct linhay_run *r, const char *pointer);
        int (*output)(struct linhay_run *r, const char *json, size_t length);
        int (*finding)(struct linhay_run *r, const struct linhay_finding *finding);
        int (*artifact)(struct linhay_run *r, const char *name, const char *media_type,
                        const void *data, size_t length);
        int (*workspace)(struct linhay_run *r);
        int (*secret)(struct linhay_run *r, const char *name, const void **ret_data,
                      size_t *ret_length);
        int (*cancelled)(struct linhay_run *r);
        int (*spend)(struct linhay_run *r, const char *unit, uint64_t amount);
        int (*fail)(struct linhay_run *r, int fail_class, const char *code, const char *message);
        int (*key)(struct linhay_run *r, unsigned char *ret);
        int (*granted)(struct linhay_run *r, const char *group);
};

/* What an agent is given. `user` is the agent's own: set it in prepare, find it in run. */
struct linhay_run {
        uint32_t size;
        uint32_t reserved;
        const struct linhay_services *services;
        const char *action; /* NULL while preparing */
        void *user;
};

/*
 * What an agent is. Return 0 from `prepare` and `run` for success; anything else fails the step
 * (call linhay_fail() first to say why).
 *
 * prepare  may be NULL. Called once, before the input is known, possibly long before (a warm cell):
 * build tables, compile patterns. Only log, fail, granted and `user` are of use here; all else is
 * -EPERM.
 * run      called once, after prepare; then the process ends. No need to free anything.
 */
struct linhay_agent {
        uint32_t magic; /* LINHAY_MAGIC */
        uint32_t abi;   /* LINHAY_ABI */
        uint32_t size;  /* sizeof(struct linhay_agent) as the agent was built */
        uint32_t reserved;
        int (*prepare)(struct linhay_run *r);
        int (*run)(struct linhay_run *r);
};

/* The layout is a promise to every agent ever built; a change here is a new LINHAY_ABI. */
#ifdef __LP64__
#ifdef __cplusplus
#define LINHAY_FROZEN(type, member, offset)                                                        \
        static_assert(offsetof(type, member) == offset, "frozen")
#else
#define LINHAY_FROZEN(type, member, offset)                                                        \
        _Static_assert(offsetof(type, member) == offset, "frozen")
#endif
LINHAY_FROZEN(struct linhay_agent, prepare, 16);
LINHAY_FROZEN(struct linhay_agent, run, 24);
LINHAY_FROZEN(struct linhay_run, services, 8);
LINHAY_FROZEN(struct linhay_run, action, 16);
LINHAY_FROZEN(struct linhay_run, user, 24);
LINHAY_FROZEN(struct linhay_services, log, 8);
LINHAY_FROZEN(struct linhay_services, progress, 16);
LINHAY_FROZEN(struct linhay_services, input, 24);
LINHAY_FROZEN(struct linhay_services, input_string, 32);
LINHAY_FROZEN(struct linhay_services, input_int, 40);
LINHAY_FROZEN(struct linhay_services, input_real, 48);
LINHAY_FROZEN(struct linhay_services, input_bool, 56);
LINHAY_FROZEN(struct linhay_services, input_fd, 64);
LINHAY_FROZEN(struct linhay_services, output, 72);
LINHAY_FROZEN(struct linhay_services, finding, 80);
LINHAY_FROZEN(struct linhay_services, artifact, 88);
LINHAY_FROZEN(struct linhay_services, workspace, 96);
LINHAY_FROZEN(struct linhay_services, secret, 104);
LINHAY_FROZEN(struct linhay_services, cancelled, 112);
LINHAY_FROZEN(struct linhay_services, spend, 120);
LINHAY_FROZEN(struct linhay_services, fail, 128);
LINHAY_FROZEN(struct linhay_services, key, 136);
LINHAY_FROZEN(struct linhay_services, granted, 144);
LINHAY_FROZEN(struct linhay_finding, rule, 8);
LINHAY_FROZEN(struct linhay_finding, line, 32);
LINHAY_FROZEN(struct linhay_finding, excerpt, 48);
LINHAY_FROZEN(struct linhay_finding, tags, 80);
#endif

#define LINHAY_EXPORT __attribute__((visibility("default")))

/* Defines the one exported function. Arguments are the members of the descriptor: `.run = run`. */
#define LINHAY_AGENT(...)                                                                          \
        LINHAY_EXPORT const struct linhay_agent *linhay_agent(void);                               \
        const struct linhay_agent *linhay_agent(void)                                              \
        {                                                                                          \
                static const struct linhay_agent agent = { .magic = LINHAY_MAGIC,                  \
                                                           .abi = LINHAY_ABI,                      \
                                                           .size = sizeof(struct linhay_agent),    \
                                                           __VA_ARGS__ };                          \
                return &agent;                                                                     \
        }

/*
 * Embeds the manifest file (searched as the assembler searches: the current folder, then -Wa,-I).
 * The section is marked as retained, so that -Wl,--gc-sections leaves it in.
 */
#define LINHAY_MANIFEST(file)                                                                      \
        __asm__(".pushsection .linhay.manifest,\"aR\",@progbits\n"                                 \
                ".incbin \"" file "\"\n"                                                           \
                ".popsection\n");

LINHAY_EXPORT const struct linhay_agent *linhay_agent(void);

/* True where the host's table reaches as far as `member`. */
#define LINHAY_HAS(r, member)                                                                      \
        ((r)->services->size >=                                                                    \
                 offsetof(struct linhay_services, member) + sizeof((r)->services->member) &&       \
         (r)->services->member)

/* One line of log; may be cut at 8 KiB, control characters are escaped, known secrets are masked.
 */
static inline void linhay_log(struct linhay_run *r, enum linhay_level level, const char *format,
                              ...) __attribute__((format(printf, 3, 4)));
static inline void linhay_log(struct linhay_run *r, enum linhay_level level, const char *format,
                              ...)
{
        char text[8192];
        va_list args;
        int n;

        if (!LINHAY_HAS(r, log))
                return;
        va_start(args, format);
        n = vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (n >= 0)
                r->services->log(r, level, text,
                                 (size_t) n < sizeof(text) ? (size_t) n : sizeof(text) - 1);
}

/* How far the run is; `total` 0 = not known; `note` may be NULL. Calls closer than 50 ms are
 * dropped. */
static inline int linhay_progress(struct linhay_run *r, uint64_t done, uint64_t total,
                                  const char *note)
{
        return LINHAY_HAS(r, progress) ? r->services->progress(r, done, total, note) : -ENOSYS;
}

/*
 * The input value at an RFC 6901 pointer ("" = all of it) as JSON text, NUL-terminated. -ENOENT =
 * not there. The input was checked against the action's input schema, defaults of the schema's top
 * level filled in.
 */
static inline int linhay_input(struct linhay_run *r, const char *pointer, const char **ret_json,
                               size_t *ret_length)
{
        return LINHAY_HAS(r, input) ? r->services->input(r, pointer, ret_json, ret_length)
                                    : -ENOSYS;
}

/* The string at a pointer, decoded, or `otherwise` where there is none. Ends at its first NUL. */
static inline const char *linhay_input_string(struct linhay_run *r, const char *pointer,
                                              const char *otherwise)
{
        const char *text;
        size_t length;

        if (!LINHAY_HAS(r, input_string) ||
            r->services->input_string(r, pointer, &text, &length) < 0)
                return otherwise;
        return text;
}

static inline int64_t linhay_input_int(struct linhay_run *r, const char *pointer, int64_t otherwise)
{
        int64_t value;

        if (!LINHAY_HAS(r, input_int) || r->services->input_int(r, pointer, &value) < 0)
                return otherwise;
        return value;
}

static inline double linhay_input_real(struct linhay_run *r, const char *pointer, double otherwise)
{
        double value;

        if (!LINHAY_HAS(r, input_real) || r->services->input_real(r, pointer, &value) < 0)
                return otherwise;
        return value;
}

static inline int linhay_input_bool(struct linhay_run *r, const char *pointer, int otherwise)
{
        int value;

        if (!LINHAY_HAS(r, input_bool) || r->services->input_bool(r, pointer, &value) < 0)
                return otherwise;
        return value;
}

/*
 * An input whose schema says "format": "linhay-file": a sealed, read-only descriptor of raw bytes
 * in any encoding, at offset 0. The run keeps it. -ENOENT = not given.
 */
static inline int linhay_input_fd(struct linhay_run *r, const char *pointer)
{
        return LINHAY_HAS(r, input_fd) ? r->services->input_fd(r, pointer) : -ENOSYS;
}

/*
 * Sets the output: one JSON value that fits the action's output schema. The last call counts. What
 * the agent was meant to look at and could not belongs into two members that every output may have:
 * "not_looked_at": [{"path", "reason"}] (the first 1,000) and "not_looked_at_count". Reports tell.
 */
static inline int linhay_output(struct linhay_run *r, const char *json, size_t length)
{
        return LINHAY_HAS(r, output) ? r->services->output(r, json, length) : -ENOSYS;
}

/* linhay_output() of a printf-like text; quoting strings as JSON is the caller's. */
static inline int linhay_outputf(struct linhay_run *r, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static inline int linhay_outputf(struct linhay_run *r, const char *format, ...)
{
        va_list args;
        char *text;
        int n, result;

        va_start(args, format);
        n = vsnprintf(NULL, 0, format, args);
        va_end(args);
        text = n < 0 ? NULL : (char *) malloc((size_t) n + 1);
        if (!text)
                return -ENOMEM;
        va_start(args, format);
        (void) vsnprintf(text, (size_t) n + 1, format, args);
        va_end(args);
        result = linhay_output(r, text, (size_t) n);
        free(text);
        return result;
}

/* Reports a finding. -E2BIG past the limit of findings; -EINVAL without rule or message, or "". */
static inline int linhay_finding(struct linhay_run *r, const struct linhay_finding *finding)
{
        return LINHAY_HAS(r, finding) ? r->services->finding(r, finding) : -ENOSYS;
}

/*
 * Keeps a named file with the run: [A-Za-z0-9._-]{1,128}, a media type such as "text/plain". Each
 * name once, 10,000 names at most.
 */
static inline int linhay_artifact(struct linhay_run *r, const char *name, const char *media_type,
                                  const void *data, size_t length)
{
        return LINHAY_HAS(r, artifact) ? r->services->artifact(r, name, media_type, data, length)
                                       : -ENOSYS;
}

/* Descriptor of the workspace folder, kept by the run; -ENOENT when the action has none. */
static inline int linhay_workspace(struct linhay_run *r)
{
        return LINHAY_HAS(r, workspace) ? r->services->workspace(r) : -ENOSYS;
}

/*
 * A secret that the manifest asks for (needs.secrets) and the admin has granted to this agent, by
 * name; -ENOENT for any other, -EPERM before run(). A NUL stands behind its bytes. They are wiped
 * when run() returns; do not put them into logs, output or files: they would be masked or refused.
 */
static inline int linhay_secret(struct linhay_run *r, const char *name, const void **ret_data,
                                size_t *ret_length)
{
        return LINHAY_HAS(r, secret) ? r->services->secret(r, name, ret_data, ret_length) : -ENOSYS;
}

/*
 * Random bytes that are this agent's own and the same in every run on the same store: to name
 * things by their content so that nobody can try out contents who has only the names. -ENOENT where
 * no store is in use (`linhay agent run`), -EPERM before run(). Do not put them into output.
 */
static inline int linhay_key(struct linhay_run *r, unsigned char ret[LINHAY_KEY])
{
        return LINHAY_HAS(r, key) ? r->services->key(r, ret) : -ENOSYS;
}

/*
 * Non-zero when a group of system calls that the manifest asks for (needs.syscalls) was granted to
 * this agent: "jit", "threads". Without it the first such call ends the process, so ask before. May
 * be asked in prepare, too; an older host grants nothing that it could tell of.
 */
static inline int linhay_granted(struct linhay_run *r, const char *group)
{
        return LINHAY_HAS(r, granted) ? r->services->granted(r, group) : 0;
}

/* Non-zero when the run was cancelled: stop at the next good place and return. */
static inline int linhay_cancelled(struct linhay_run *r)
{
        return LINHAY_HAS(r, cancelled) ? r->services->cancelled(r) : 0;
}

/* Adds to a cost meter ("tokens", "requests"); the run's record keeps the sums. */
static inline int linhay_spend(struct linhay_run *r, const char *unit, uint64_t amount)
{
        return LINHAY_HAS(r, spend) ? r->services->spend(r, unit, amount) : -ENOSYS;
}

/*
 * Says why the run fails: a code for programs ([a-z][a-z0-9-]*: "patch-rejected") and a sentence
 * for people. Returns -1, so that `return linhay_fail(...)` reads well.
 */
static inline int linhay_fail(struct linhay_run *r, enum linhay_fail fail_class, const char *code,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));
static inline int linhay_fail(struct linhay_run *r, enum linhay_fail fail_class, const char *code,
                              const char *format, ...)
{
        char text[4096];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (LINHAY_HAS(r, fail))
                (void) (r->services->fail)(r, fail_class, code,
                                           text); /* cmocka has a macro fail() */
        return -1;
}

#ifdef __cplusplus
}
#endif
