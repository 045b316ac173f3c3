/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Licences that a text names
 *
 * "Licensed under the Apache License, Version 2.0", "either version 2 of the License, or (at your
 * option) any later version", "License: MIT", "GPLv3+", an address of a licence's text. A name
 * alone says nothing ("compatible with the GPL"): words around it must tell that it holds here, or
 * it stands alone on a line.
 */

#include "license/index.h"

#define LICENSE_ID_SIZE 96

enum license_strength {
        LICENSE_MENTION_ELSEWHERE, /* where a text is kept: counts where nothing else is said */
        LICENSE_MENTION_ADDRESS,   /* counts where nothing else names a licence of the family */
        LICENSE_MENTION_TITLE,     /* alone on a line */
        LICENSE_MENTION_PLAIN,     /* a family without its version */
        LICENSE_MENTION_TOLD,
};

struct license_mention {
        char id[LICENSE_ID_SIZE]; /* an SPDX expression */
        uint32_t start, end;      /* words */
        enum license_strength strength;
        bool is_choice; /* "or" stands between this one and the one before */
        bool is_bare;   /* "GPL v2": the version, and nothing of later ones */
};

struct license_mentions {
        const struct license_index *index;
        struct license_words *words;  /* of the text, and for hashes of single words */
        struct license_mention *list; /* the result */
        size_t n, size;
        size_t n_cut;    /* past the limit of a file */
        uint32_t *known; /* hashes of the words that the grammar knows */
};

/* Makes the table of words: 0 or -ENOMEM. */
int license_mentions_init(struct license_mentions *m, const struct license_index *index,
                          struct license_words *words);
void license_mentions_done(struct license_mentions *m);

/* words[from..to) are all that is said: "Apache License 2.0", "GPLv3+". Is it known? */
bool license_mentions_name(struct license_mentions *m, struct span name, uint32_t from, uint32_t to,
                           char ret[LICENSE_ID_SIZE]);

/* Finds what words[from..to) name, and appends it: 0 or -ENOMEM. */
int license_mentions_find(struct license_mentions *m, struct span text, uint32_t from, uint32_t to);
