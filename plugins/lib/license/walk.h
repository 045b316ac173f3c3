/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A walk over the words of a notice
 *
 * What the readers of notices share: the words that their grammar knows, and a row of hashes in
 * which they are looked for.
 */

#include "license/words.h"

/* The words that the grammar of notices knows. */
enum license_walk_word {
        W_1,
        W_2,
        W_3,
        W_a,
        W_above,
        W_accordance,
        W_according,
        W_all,
        W_alternatively,
        W_an,
        W_and,
        W_any,
        W_approved,
        W_are,
        W_as,
        W_at,
        W_authorized,
        W_available,
        W_below,
        W_both,
        W_by,
        W_choice,
        W_common,
        W_compatible,
        W_comply,
        W_conditions,
        W_covered,
        W_dated,
        W_dual,
        W_dually,
        W_either,
        W_exception,
        W_exceptions,
        W_expression,
        W_following,
        W_found,
        W_foundation,
        W_free,
        W_generic,
        W_gnu,
        W_governed,
        W_greater,
        W_higher,
        W_if,
        W_in,
        W_incompatible,
        W_international,
        W_is,
        W_its,
        W_later,
        W_license,
        W_licensed,
        W_licenses,
        W_licensing,
        W_like,
        W_modified,
        W_name,
        W_neither,
        W_never,
        W_new,
        W_newer,
        W_not,
        W_number,
        W_of,
        W_one,
        W_only,
        W_open,
        W_option,
        W_or,
        W_osi,
        W_permissive,
        W_provisions,
        W_public,
        W_published,
        W_pursuant,
        W_rev,
        W_revised,
        W_revision,
        W_s,
        W_same,
        W_section,
        W_simplified,
        W_software,
        W_source,
        W_standard,
        W_style,
        W_subject,
        W_t,
        W_term,
        W_terms,
        W_that,
        W_the,
        W_their,
        W_this,
        W_three,
        W_to,
        W_two,
        W_type,
        W_under,
        W_universal,
        W_unlike,
        W_unported,
        W_url,
        W_v,
        W_ver,
        W_version,
        W_versions,
        W_warranty,
        W_was,
        W_were,
        W_with,
        W_without,
        W_your,
        LICENSE_WALK_WORDS_,
};

extern const char *const license_walk_words[LICENSE_WALK_WORDS_];

struct license_walk {
        struct license_mentions *m;
        const struct license_word *words;
        uint32_t from, to;     /* the part of the row that is looked at */
        const uint32_t *known; /* hashes of license_walk_words */
        struct span text;
};

/* Is word `i` one of these? Outside of the row there is none. */
bool license_walk_is_any(const struct license_walk *w, uint32_t i,
                         const enum license_walk_word *words, size_t n);

#define IS_ANY(w, i, ...)                                                                          \
        license_walk_is_any((w), (i), (const enum license_walk_word[]){ __VA_ARGS__ },             \
                            ARRAY_SIZE(((const enum license_walk_word[]){ __VA_ARGS__ })))

/* The word as it is written; empty outside of the row. */
struct span license_walk_text(const struct license_walk *w, uint32_t i);
