/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Templates
 *
 * JSON in whose strings `${EXPRESSION}` stands for a value of the run. Resolving works on the tree,
 * never on its text: a string that is one reference becomes the value with its type; a reference
 * inside a longer string becomes text (strings as they are, everything else as compact JSON); `$${`
 * is a plain `${`. A value is never looked at again, so an agent's output that contains `${…}`
 * stays what it is. Names of properties are not resolved.
 */

#include "flow/expr.h"

/* Of one template, all in all: text that references inside strings may become … */
#define TEMPLATE_BYTES_MAX (64 << 20)
/* … and values that whole references may, names and texts and a little for each value. */
#define TEMPLATE_SIZE_MAX (128 << 20)

/*
 * The value, a new reference in *ret. Errors name the place by JSON pointer. -E2BIG where it would
 * be larger than that, deeper than JSON_DEPTH_LIMIT, or more work than EXPR_WORK_MAX.
 */
int template_resolve(const json_t *tree, const struct expr_scope *scope, json_t **ret,
                     struct err *err);

/* Does any string in the tree hold a reference? */
bool template_has_refs(const json_t *tree);

/*
 * Parses all there is and calls `each` for every reference; `pointer` is the string's place. A
 * string that does not parse is told to `bad`. Stops at the first call that does not return 0.
 */
int template_refs(const json_t *tree,
                  int (*each)(void *user, const char *pointer, const struct expr_ref *ref),
                  int (*bad)(void *user, const char *pointer, const struct err *err), void *user);
