/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Workflow: the model
 *
 * What to run, in which order, under which conditions: read from a libconfig file or from JSON
 * (both forms have the same keys; doc/flow-format.md is their manual) into plain structs that the
 * engine reads. A workflow never changes once it is read; its `hash` is that of its canonical JSON,
 * which the store keeps and flow_from_json() turns back into the same workflow.
 *
 * Strings and JSON inside belong to the workflow. Expressions and templates are parsed where they
 * are used (expr.h, template.h); flow_check_file() (check.h) has made sure that they parse.
 */

#include "base/sha256.h"
#include "base/verdict.h"
#include "flow/fault.h"
#include "flow/trigger.h"

#include <jansson.h>

#define FLOW_BYTES_MAX (8 * 1024 * 1024) /* of a definition */
#define FLOW_STEPS_MAX 10000
#define FLOW_NEEDS_MAX 1000  /* of one step */
#define FLOW_ITEMS_MAX 10000 /* of one for_each */
#define FLOW_NAME_MAX  63    /* letters of a step's id and of a workflow's name */
#define FLOW_DEPTH_MAX 8     /* workflows within workflows, the outermost counted */
#define FLOW_FILES_MAX 256   /* files with such, each counted as often as it is called */
#define FLOW_KEY_MAX   256   /* bytes of what a run's key becomes */

/* Of runs that want to run at the same time: the higher goes first. */
#define FLOW_PRIORITY_MIN (-100)
#define FLOW_PRIORITY_MAX 100

/* The same members as run's policy, which the engine makes of it. */
struct flow_retry {
        unsigned attempts;   /* total tries, the first included; 1 where nothing is said */
        uint64_t backoff_ms; /* before the second try; doubles with each further one (1 s) */
        uint64_t cap_ms;     /* no wait is longer (1 min) */
        bool jitter;         /* anything from 0 to the wait (yes) */
        unsigned on;         /* bit 1U << verdict for each one named; 0 = the usual ones */
};

enum flow_on_failure {
        FLOW_FAILURE_FAIL,     /* a failed step fails the run (default) */
        FLOW_FAILURE_CONTINUE, /* it does not; who needs it sees state "failed" and runs */
};

/* What becomes of a step that was running when the host died. */
enum flow_on_crash {
        FLOW_CRASH_RETRY, /* a new attempt: no attempt ever wrote to the real tree */
        FLOW_CRASH_HOLD,  /* waits for a person: it runs at most once without one */
        FLOW_CRASH_AUTO,  /* nothing is said (default): the engine goes by the manifest */
};

/* What becomes of a step whose changeset no longer fits the tree. */
enum flow_on_stale {
        FLOW_STALE_FAIL, /* default */
        FLOW_STALE_RERUN,
};

/* What becomes of a new run when as many as may run do. */
enum flow_on_busy {
        FLOW_BUSY_QUEUE,          /* it waits, in order of submission (default) */
        FLOW_BUSY_REFUSE,         /* it is not accepted */
        FLOW_BUSY_CANCEL_RUNNING, /* the oldest that runs is cancelled, and it takes its place */
};

struct flow_step {
        const char *id;       /* [a-z][a-z0-9_-]{0,62}, once in a workflow */
        const char *agent;    /* what runs: an action of an agent … */
        const char *action;   /* … or both NULL, and */
        const char *workflow; /* the name of a workflow that runs as a run of its own */
        const json_t *inputs; /* object, a template; NULL = {} */
        const size_t *needs;  /* indices into flow->steps, as written */
        size_t need_count;
        const char *when;       /* expression, NULL = always true */
        const json_t *for_each; /* template that gives an array; NULL = runs once */
        unsigned max_parallel;  /* items at once; 0 = as many as the run may */
        struct flow_retry retry;
        uint64_t timeout_ms; /* of one attempt; 0 = the agent's own limit */
        enum flow_on_failure on_failure;
        enum flow_on_crash on_crash;
        enum flow_on_stale on_stale;
        bool always;   /* runs whatever became of what it needs, also when the run is cancelled */
        bool approval; /* a person must approve, even where the manifest says auto */
        bool cache;    /* the result of the same work may be taken again */
        unsigned line; /* where the step begins; 0 = not known */
};

struct tree;

/* A workflow that steps of another one run. */
struct flow_child {
        const char *name; /* as they call it */
        struct flow *flow;
};

struct flow {
        const char *name;    /* from the file, else the file's own name without ending */
        const char *summary; /* one sentence, or NULL */
        char hash[SHA256_HEX];
        json_t *json;         /* the definition, "name" included: what the hash is of */
        const json_t *inputs; /* JSON Schema of the run's inputs; NULL = takes none */
        uint64_t timeout_ms;  /* of the whole run; 0 = none */
        int priority;         /* FLOW_PRIORITY_MIN to _MAX; 0 where nothing is said */
        unsigned concurrency; /* steps of one run at once; 0 = the host decides */
        unsigned runs;        /* runs of this workflow at once; 0 = as many as the host lets */
        const char *key;      /* template over inputs: runs with one key share `per_key`; or NULL */
        unsigned per_key;     /* runs with one key at once; 0 = there is no key */
        enum flow_on_busy on_busy;
        /* Findings at or above it make a run that succeeded exit with 1; SEVERITIES_ = never. */
        enum severity fail_on;
        struct flow_trigger *triggers; /* what starts it by itself */
        size_t trigger_count;
        const json_t *outputs; /* template: what it gives to a step that runs it; NULL = all */
        struct flow_child *children;
        size_t child_count;
        struct flow_step *steps;
        size_t step_count;
        char *file;        /* as it was named; "" when it came as JSON */
        struct tree *tree; /* the file, for the lines of its values; NULL when it came as JSON */
};

/*
 * Reads a definition; the form is known by its first character ('{' is JSON). Only its shape is
 * checked (keys, types, ids, needs that exist and lead to no circle); agents, references and
 * schemas are check.h's. -EBADMSG when anything is wrong: `err` has the first error and `faults`,
 * when given, all of them. A text that is neither libconfig nor JSON has one error, in `err` alone.
 */
int flow_load(struct flow **ret_flow, const char *path, struct faults *faults, struct err *err);

/* The same from JSON, for the store: `json` is borrowed and copied. */
int flow_from_json(struct flow **ret_flow, const json_t *json, struct err *err);

struct flow *flow_free(struct flow *f);
DEFINE_FREEP(struct flow, flow_free);

/* The canonical text, which the hash is of; caller frees. NULL only when out of memory. */
char *flow_to_json(const struct flow *f);

/* The same as a libconfig file; reading it gives the same hash. */
int flow_to_conf(const struct flow *f, struct buf *out);

/* Line of the value at a JSON pointer, or of the nearest around it; 0 = not known. */
unsigned flow_line(const struct flow *f, const char *pointer);

/*
 * The key of a run with these inputs (defaults filled in): what `key` becomes, a text of 1 to
 * FLOW_KEY_MAX bytes; caller frees. *ret is NULL where the workflow has no key. -EBADMSG says why
 * there is none.
 */
int flow_key(char **ret, const struct flow *f, const json_t *inputs, struct err *err);

/* The workflow that a step calls so, borrowed, or NULL; a broken one is there and NULL. */
const struct flow *flow_child(const struct flow *f, const char *name);
bool flow_has_child(const struct flow *f, const char *name);

/* What a step runs, for people and the record: agent and action, or "workflow" and its name. */
const char *flow_step_agent(const struct flow_step *step);
const char *flow_step_action(const struct flow_step *step);

/* Index of a step, or -ENOENT. */
ssize_t flow_find(const struct flow *f, const char *id);
