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

#define TEMPLATE_BYTES_MAX (64 * 1024 * 1024) /* of text that references may become, all in all */

/* The value, a new reference in *ret. Errors name the place by JSON pointer. */
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
