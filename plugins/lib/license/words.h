/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Words of a licence text
 *
 * Turns a text into a row of word hashes, after the matching guidelines of SPDX: without case,
 * signs, bullets and enumerators, comment leaders, markup (HTML, Markdown, escapes in strings) and
 * copyright lines, and with words of two spellings ("licence") as one; whoever gives the licence is
 * one word as well ("the author", "the copyright holders and contributors"). The same text wrapped,
 * indented, quoted or commented in another way gives the same row. Each word keeps its place in
 * the text.
 */

#include "scan/def.h"

struct license_word {
        uint32_t hash;
        uint32_t offset; /* of its first byte */
};

#define LICENSE_SPELLINGS 256 /* slots of the table of words with two spellings */

/* One for all texts; the row is used again. Initialise with license_words_init(). */
struct license_words {
        struct license_word *list;
        size_t n, size;
        uint32_t the, and, or, copyright, holder; /* hashes */
        struct {
                uint32_t hash, instead;
        } spellings[LICENSE_SPELLINGS];
};

void license_words_init(struct license_words *w);
void license_words_done(struct license_words *w);

/* Appends the words of text[start..end), which begins at the head of a line: 0 or -ENOMEM. */
int license_words_read(struct license_words *w, struct span text, size_t start, size_t end);

/* Hash of one word as the row has it. */
uint32_t license_word_hash(const struct license_words *w, const char *word, size_t length);

/* Bytes of the word that begins at an offset. */
size_t license_word_length(struct span text, size_t offset);
