/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A grammar read out of a page of the manual (ISO 14977, as far as it is used there)
 *
 * Makes random sentences of it, and tells whether a text is one. Knows nothing of the parser that
 * it is to judge. Rules of the page's first block are of words, between which blanks may stand.
 */

#include "base/buf.h"
#include "json-random.h"

#define EBNF_TEXT_MAX 200 /* bytes of a text that can be judged */

struct ebnf;

/* Reads every block that is marked `ebnf`; fails the test where it does not understand. */
struct ebnf *ebnf_read(const char *page);
struct ebnf *ebnf_free(struct ebnf *g);
DEFINE_FREEP(struct ebnf, ebnf_free);

/* Appends a sentence of the rule. `choose` may give the text of a word in place of its rule. */
void ebnf_make(const struct ebnf *g, const char *rule, struct json_random *random,
               const char *(*choose)(struct json_random *random, const char *rule),
               struct buf *out);

/* Is the whole text a sentence of the rule? */
bool ebnf_takes(const struct ebnf *g, const char *rule, const char *text, size_t length);
