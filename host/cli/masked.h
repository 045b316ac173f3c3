/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What people are shown, with its secrets masked (obs/mask.h)
 *
 * Verbs print texts of agents and of trees through these; --reveal turns the masking off.
 */

#include "obs/mask.h"

/* Prints one text, masked. */
void masked_print(FILE *f, const char *text);

/* Says on `f` how many values are masked and what shows them: "linhay diff X --reveal"; nothing
 * where there are none. */
void masked_tell(FILE *f, size_t n, const char *what_shows);

/*
 * The diff that may be shown: `diff` itself where `reveal`, else a masked copy. NULL: out of
 * memory. Caller frees.
 */
char *masked_diff(const char *diff, bool reveal, size_t *masked);

/* Masks `document` in place unless `reveal`, and counts in its member "masked". 0 or -ENOMEM. */
int masked_document(json_t *document, bool reveal);
