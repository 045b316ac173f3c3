/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Expressions
 *
 * The small pure language of `when` and of `${…}`: references into the run, literals, comparison,
 * boolean operators and three functions. An expression is parsed once and may be evaluated any
 * number of times; evaluating has no effects and always ends. The grammar is in doc/flow-format.md:
 *
 *     steps.check.findings.critical == 0 && default(inputs.strict, false)
 *
 * References: inputs.NAME…  steps.ID.output…  steps.ID.state  steps.ID.verdict  steps.ID.findings…
 * steps.ID.changed  run.id  item…  index. What is not there is an error, unless the reference is
 * the first argument of default().
 */

#include "base/err.h"

#include <jansson.h>

#define EXPR_LENGTH_MAX 4096 /* bytes of one expression */
#define EXPR_DEPTH_MAX  64   /* parentheses, operators and calls inside each other */

/*
 * What one evaluation may look at, in bytes of text and a little for each value: a search through
 * the largest output of a step fits, a thousand of them do not.
 */
#define EXPR_WORK_MAX (128 << 20)

struct expr;

/*
 * Where values come from. `get` gives a new reference, or -ENOENT when there is no such value
 * (yet):
 *
 *     root      step   field
 *     "inputs"  NULL   NULL      object: the run's inputs
 *     "run"     NULL   NULL      object {id}
 *     "item"    NULL   NULL      the item, in a step with for_each
 *     "index"   NULL   NULL      its number, from 0
 *     "steps"   id     "output"  the step's output; with for_each, an array of them
 *     "steps"   id     "state"   "done", "failed", "skipped"…
 *     "steps"   id     "verdict" "ok", "timeout"…; -ENOENT for a step that did not run
 *     "steps"   id     "findings" object: {total, critical, high, medium, low, info}
 *     "steps"   id     "changed" true when its changeset was applied and not empty; false else
 *
 * What lies behind (`.list[0].name`) is looked up here.
 */
struct expr_scope {
        int (*get)(void *user, const char *root, const char *step, const char *field, json_t **ret);
        void *user;
};

/* One reference, for who checks them. `step` and `field` only behind "steps". */
struct expr_ref {
        const char *text; /* as written: "steps.check.output.list[0]" */
        const char *root;
        const char *step;
        const char *field;
        const char *first; /* first name behind the root, where it is a name: of inputs and run */
        size_t column;     /* in the expression, from 1 */
        bool has_default;  /* may be missing */
};

/*
 * Parses `length` bytes. With `ret_used` the expression may end before a '}', and *ret_used is
 * where; without, it must be the whole. -EBADMSG: `err` has the column.
 */
int expr_new(struct expr **ret_expr, const char *text, size_t length, size_t *ret_used,
             struct err *err);
struct expr *expr_free(struct expr *e);
DEFINE_FREEP(struct expr, expr_free);

/* Calls `each` for every reference, in order; stops at the first that does not return 0. */
int expr_refs(const struct expr *e, int (*each)(void *user, const struct expr_ref *ref),
              void *user);

/*
 * The value: a new reference in *ret. -ENOENT a value is missing, -EINVAL types do not go together,
 * -E2BIG it would be more work than EXPR_WORK_MAX.
 */
int expr_eval(const struct expr *e, const struct expr_scope *scope, json_t **ret, struct err *err);

/* The same for several that share what may be looked at: *left goes down. */
int expr_eval_within(const struct expr *e, const struct expr_scope *scope, uint64_t *left,
                     json_t **ret, struct err *err);

/* Parses and evaluates a condition: 1 or 0; a value that is no boolean is -EINVAL. */
int expr_condition(const char *text, const struct expr_scope *scope, struct err *err);
