/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What `linhay rules` prints: the output of the agent's actions, for people.
 */

#include "base/err.h"

#include <jansson.h>

/* A table of rules, and how many there are of which pack. */
int rules_list_print(const json_t *output);

/* One rule, a line for each thing that is known of it. */
void rules_explain_print(const json_t *output);

/* "FILE:12: text" for each member of a list of {place, rule, text}; `before` as "note: ". */
void rules_said_print(FILE *f, const char *file, const json_t *list, const char *before);

/* "FILE:2:13: text" where the text begins with a line, else "FILE: text". */
void rules_place_print(FILE *f, const char *file, const char *text);
