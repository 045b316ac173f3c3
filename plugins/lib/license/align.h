/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Alignment
 *
 * Lays a template along a text with the fewest words left over on both sides (Myers' greedy
 * algorithm on a band of diagonals). Words of the text before and behind the template cost nothing;
 * so do those of the template outside its core, where they are missing as a whole. The cost is
 * bounded by the length of the template times the edits allowed.
 */

#include "license/words.h"

struct license_fit {
        uint32_t start, end; /* words of the text that the template covers */
        uint32_t matched;    /* words that both have */
        uint32_t edits;      /* words that only one has */
};

struct license_template {
        const uint32_t *words;
        uint32_t n;
        uint32_t core_end;
};

struct license_path; /* of one diagonal */

/* Buffers, used again; all zero at first. */
struct license_aligner {
        struct license_path *rows[2];
        size_t size[2];
        uint64_t work; /* diagonals looked at, all in all */
};

void license_aligner_done(struct license_aligner *a);

/* What is gained by words in common, less what is lost by those left over. */
static inline int64_t license_fit_score(const struct license_fit *fit)
{
        return (int64_t) fit->matched - fit->edits;
}

/*
 * Fits a template whose first word is expected at text[first..last]: 1 with the best fit, 0 when
 * there is none with at most `edits`, or -ENOMEM.
 */
int license_align(struct license_aligner *a, const struct license_template *t,
                  const struct license_word *text, uint32_t n_text, uint32_t first, uint32_t last,
                  uint32_t edits, struct license_fit *ret_fit);
