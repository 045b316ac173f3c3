/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Columns of the tables that show records: members of the store's JSON as short texts for people
 *
 * What is missing or null becomes "" or "-"; nothing here fails.
 */

#include "cli/term.h"

#include <jansson.h>

/* Enough for any text made here. */
#define COLUMN_SIZE 64

/* The member as text, "" where it is none; borrowed. */
const char *column_text(const json_t *object, const char *member);

/* Local time of milliseconds since 1970, to the second: "2026-03-01 14:05:09". */
void column_time(char ret[COLUMN_SIZE], const json_t *object, const char *member);

/* From `started` to `ended` of the object ("3.2 s"); with "…" behind it while it goes on. */
void column_took(char ret[COLUMN_SIZE], const json_t *object);

/* "check", or "check/3" for an item of a for_each; `name` is the member with the step's id. */
void column_step(char ret[2 * COLUMN_SIZE], const json_t *object, const char *name);

/* The colour of a state of a run, step, approval or changeset, or of a verdict. */
enum style column_style(const char *word);
