/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Source files
 *
 * One file in memory with its lines and its syntax tree. The bytes are the caller's and must
 * outlive the source. Any bytes are fine: Latin-1 is read as it is, a syntax error makes a tree
 * with error nodes in it, and a file whose parsing takes too long is given up.
 */

#include "language.h"

#define SOURCE_PARSE_US      (5 * 1000 * 1000ULL) /* one file may be parsed for so long */
#define SOURCE_MINIFIED_MEAN 250                  /* bytes a line, of more than this in the mean: */
#define SOURCE_MINIFIED_MIN  4096                 /* minified, where the file is larger than this */
#define SOURCE_EXCERPT_MAX   200                  /* bytes of an excerpt, the ellipsis included */

struct source {
        const struct language *language;
        const char *path; /* relative to the workspace */
        const char *data;
        uint32_t length;
        uint32_t *lines; /* where each line starts */
        uint32_t n_lines;
        TSTree *tree;
        bool has_errors;
};

/*
 * Why a file is not to be parsed, or NULL: "generated" (says so in its first lines), "minified"
 * (lines longer than people write).
 */
const char *source_unfit(const char *data, size_t length);

/*
 * Indexes and parses. 0; -ETIMEDOUT when the parser gave up; -EOVERFLOW when it would need more
 * memory than one file may take; -EFBIG past 4 GiB; -ENOMEM. One source may be open at a time.
 */
int source_open(struct source *ret, const struct language *language, const char *path,
                const char *data, size_t length);
void source_close(struct source *s);

/* The bytes of a line (from 0), line end excluded. */
const char *source_line(const struct source *s, uint32_t row, uint32_t *ret_length);

static inline const char *source_text(const struct source *s, TSNode node, uint32_t *ret_length)
{
        uint32_t start = ts_node_start_byte(node), end = ts_node_end_byte(node);

        *ret_length = end - start;
        return s->data + start;
}

/* Is the text of `node` exactly `text`? */
bool source_is(const struct source *s, TSNode node, const char *text);

/*
 * Appends bytes as text for people: control characters and what is not UTF-8 become U+FFFD, `\n`
 * stays only where asked. At most `size` bytes with the NUL; returns the length.
 */
size_t text_clean(char *out, size_t size, const char *data, size_t length, bool keep_lines);

/* front + separator + back, cut to `size`; `back` may be `out` itself. */
void text_join(char *out, size_t size, const char *front, const char *separator, const char *back);

/*
 * What a report shows of a place: at most three lines and SOURCE_EXCERPT_MAX bytes around where it
 * begins, trimmed and clean, with everything that could be a secret masked.
 */
void source_excerpt(const struct source *s, TSPoint start, TSPoint end,
                    char ret[SOURCE_EXCERPT_MAX + 1]);
