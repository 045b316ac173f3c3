/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Manifest: what an agent says of itself
 *
 * The JSON of `agent.json`, read from the ELF section `.linhay.manifest` of a shared object or from
 * an exec agent's folder, and checked whole: all
 * faults have a JSON pointer. A manifest only requests; nothing in it grants anything.
 */

#include "base/err.h"
#include "base/limit.h"
#include "base/schema.h"
#include "base/verdict.h"

#include <jansson.h>

#define MANIFEST_SECTION   ".linhay.manifest"
#define MANIFEST_BYTES_MAX (1024 * 1024)

struct manifest_action {
        const char *name; /* [a-z][a-z0-9-]{0,62} */
        const char *summary;
        enum risk risk;
        enum workspace_mode workspace;
        bool is_idempotent;
        const json_t *input; /* JSON Schemas as written */
        const json_t *output;
        const json_t *examples;      /* array of {summary, input} or NULL */
        struct schema *input_schema; /* the same, compiled */
        struct schema *output_schema;
};

/* What runs an exec agent: a program in its folder, and what reads it. */
struct manifest_exec {
        const char *interpreter; /* absolute path; NULL = the agent is a shared object */
        const char **arguments;  /* between the two, NULL-terminated */
        const char *program;     /* path below the agent's folder */
};

struct manifest {
        json_t *json;     /* the whole document; strings below point into it */
        const char *name; /* [a-z][a-z0-9-]{0,62} */
        const char *version;
        const char *summary;
        const char *licence; /* SPDX expression */
        unsigned sdk;        /* LINHAY_ABI that it was built for */
        struct manifest_action *actions;
        size_t n_actions;
        struct manifest_exec exec;
        struct limits limits;        /* requested, over the standard ones */
        const char **syscall_groups; /* requested, NULL-terminated */
        const char **secrets;        /* requested, NULL-terminated */
};

struct manifest *manifest_free(struct manifest *m);
DEFINE_FREEP(struct manifest, manifest_free);

/* `name` says in messages where the text came from. -EBADMSG not JSON, -EINVAL not a manifest. */
int manifest_parse(struct manifest **ret, const char *text, size_t length, const char *name,
                   struct err *err);

/* The action, or NULL. */
const struct manifest_action *manifest_find(const struct manifest *m, const char *action);
