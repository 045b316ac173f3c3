/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON Schema, draft 2020-12
 *
 * A schema is compiled once and may then check any number of values, from one thread at a time each
 * with its own faults. Compiling resolves every $ref, $dynamicRef, $anchor and $id, checks the
 * shape of every keyword and compiles every pattern, so that a schema that compiles never fails
 * later for a fault of its own, but for the limits below. The dialect's own metaschemas are built
 * in; any other document comes from the caller's `load`, or the reference is an error: nothing here
 * touches disk or network.
 *
 * `format` and the content* keywords are annotations: they are never checked. Unknown keywords are
 * ignored, as the standard asks. Patterns are ECMA-262 expressions, matched by PCRE2 under limits.
 *
 * Limits (a stranger writes both schema and value): levels of evaluation, steps of evaluation,
 * faults kept, documents loaded, match limits per pattern (whose steps are steps of the evaluation,
 * too). Passing one is an error (-E2BIG, -ELOOP), never a verdict.
 */

#include "base/err.h"
#include "base/json.h"

#define SCHEMA_FAULTS_MAX    100  /* faults kept by one check unless the caller says otherwise */
#define SCHEMA_DEPTH_MAX     1024 /* subschemas inside each other, by $ref or by nesting */
#define SCHEMA_STEPS_MAX     50000000 /* subschemas applied and values compared by one check */
#define SCHEMA_DOCUMENTS_MAX 64       /* documents that one schema may pull in */

struct schema;

/*
 * Gives the document at an absolute URI that has no fragment: 0 and a new reference in *ret, or a
 * negative errno with `err` filled (-ENOENT = not known here).
 */
struct schema_loader {
        int (*load)(void *user, const char *uri, json_t **ret, struct err *err);
        void *user;
};

/*
 * Compiles `json` (borrowed; an own copy is kept). `loader` may be NULL. A fault in the schema is
 * -EBADMSG and says where: `/properties/size/minimum: must be a number`.
 */
int schema_new(struct schema **ret_schema, const json_t *json, const struct schema_loader *loader,
               struct err *err);
struct schema *schema_free(struct schema *s);
DEFINE_FREEP(struct schema, schema_free);

/* One reason why a value does not fit. */
struct schema_fault {
        char *instance; /* JSON pointer into the value: "/findings/3/line", "" = the whole */
        char *keyword;  /* the way through the schema: "/properties/findings/items/$ref/type" */
        char *message;  /* one sentence without full stop: "must be an integer, but is a string";
                           what it quotes of the value is made printable */
};

/* Initialise with { 0 } or { .limit = n }. Reusable: each check first empties the list. */
struct schema_faults {
        struct schema_fault *list;
        size_t count;
        size_t limit; /* 0 = SCHEMA_FAULTS_MAX */
        bool is_cut;  /* there were more */
};

void schema_faults_done(struct schema_faults *faults);

/* Outcomes of a check other than 0 (it fits). */
#define SCHEMA_MISFIT 1 /* it does not fit: see the faults */

/*
 * Checks a value: 0, SCHEMA_MISFIT, or a negative errno when no verdict was reached (a limit, no
 * memory; `err` says which). `faults` may be NULL: then the first fault ends the check.
 */
int schema_check(const struct schema *s, const json_t *instance, struct schema_faults *faults,
                 struct err *err);

/*
 * The same for a value of which parts are not known yet: `is_unknown` is asked about every value
 * inside, and what it claims fits any schema and none. Only what is wrong whatever the unknown
 * values turn out to be is a fault.
 */
int schema_check_partial(const struct schema *s, const json_t *instance,
                         bool (*is_unknown)(const json_t *value, void *user), void *user,
                         struct schema_faults *faults, struct err *err);

/*
 * For callers that only want it right: 0, or -EBADMSG with the first faults in one text:
 * "`what` does not fit its schema: /line: must be an integer, but is a string (and 2 more)".
 */
int schema_require(const struct schema *s, const json_t *instance, const char *what,
                   struct err *err);

/*
 * Fills in what is missing: for each property of the schema's top level (`properties`, not looked
 * for behind references) that has a `default` and is absent from `object`, sets a copy of it.
 */
int schema_default(const struct schema *s, json_t *object);

/* The schema as it was given, borrowed: for who reads annotations ("format", "description"). */
const json_t *schema_json(const struct schema *s);
