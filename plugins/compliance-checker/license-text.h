/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Licence texts
 *
 * Recognises licences by phrases that only they have (rules/licenses.json), in a text without case,
 * signs and line breaks. The index also knows free names of licences ("Apache License,
 * Version 2.0").
 */

#include "scan/def.h"

#include <jansson.h>

#define LICENSE_IDS 16 /* different licences reported for one text */

struct license_index {
        json_t *json;
        char *words; /* of the current text: lower case, single blanks */
        size_t words_size;
};

int license_index_load(struct license_index *x, struct span text);
void license_index_done(struct license_index *x);

/*
 * Finds the licences that a text is, or (`notice`) that a source file says it is under. Their ids,
 * borrowed from the index, go into `ret`; returns how many, or -ENOMEM.
 */
int license_find(struct license_index *x, struct span text, bool notice,
                 const char *ret[LICENSE_IDS]);

/* The identifier for a licence's free name, or NULL. */
const char *license_named(struct license_index *x, struct span name);
