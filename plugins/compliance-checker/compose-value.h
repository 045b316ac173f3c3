/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Variables in compose files
 *
 * $X, ${X}, ${X:-default}, ${X-default}, ${X:?words}, ${X:+other} and these within each other, as
 * compose puts them in. What is known of a variable is what the project's .env says; what the
 * caller's environment holds is not, so a value that came about here is a likely one, no more.
 */

#include <jansson.h>

#define COMPOSE_VALUE_MAX 4096 /* bytes of a value; longer ones stay as they are */

/* What a file of the form of .env says: NAME -> value, a new object. */
json_t *compose_variables(const char *text, size_t length);

/*
 * Puts in what is known: 1 and the text, to be freed; 0 where nothing is; -ENOMEM. A variable of
 * which nothing is known stays as it was written.
 */
int compose_expand(const json_t *variables, const char *text, char **ret);
