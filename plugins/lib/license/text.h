/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Licence texts in a row of words
 *
 * Finds which texts of the index stand in a row, and where. Seeds that the row and a text have in
 * common propose places, an alignment judges them: the text that explains most words with the
 * fewest left over on both sides wins a place, so a text beats what it contains and what it merely
 * resembles. Several texts in one row are all found.
 */

#include "license/align.h"
#include "license/index.h"

struct license_match {
        uint16_t entry;
        struct license_fit fit;
        double likeness; /* 0 to 1: the share of words that both have */
        int64_t best;    /* while the best ones are chosen */
        bool is_best;
};

/* What was found in a row before; trees hold the same text many times. */
struct license_memory {
        uint64_t key; /* of all its words; 0 = free */
        struct license_match *matches;
        size_t n;
};

#define LICENSE_MEMORIES 256

struct license_hit;
struct license_place;

/* Buffers, used again. All zero at first but for `index`. */
struct license_texts {
        const struct license_index *index;
        struct license_aligner aligner;
        struct license_hit *hits;
        struct license_place *places;
        struct license_match *matches; /* the result: in order of place, none overlaps another */
        struct license_memory *memories;
        uint32_t *counts;
        int64_t *diagonals;
        size_t first_match; /* of the part that is looked at */
        size_t n_hits, hits_size, n_places, places_size, n_matches, matches_size, counts_size,
                diagonals_size;
};

/* Looks at a row of words: 0 or -ENOMEM. */
int license_texts_find(struct license_texts *t, const struct license_word *words, uint32_t n);
void license_texts_done(struct license_texts *t);
