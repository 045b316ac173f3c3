/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Licences of one file
 *
 * Puts together what a file says of its licence: whole texts, notices in its head, names and
 * addresses, exceptions, and SPDX tags. What says the same twice is told once, and what is surer
 * explains what is less sure away: the version in a notice that of the text behind it, a text its
 * title, a tag the notice that it stands for.
 */

#include "license/mention.h"
#include "license/text.h"

enum license_source { LICENSE_FROM_TEXT, LICENSE_FROM_NOTICE, LICENSE_FROM_NAME, LICENSE_FROM_TAG };

extern const char *const license_source_names[]; /* "text", "notice", "name", "tag" */

#define LICENSE_EXPRESSION_SIZE 512

struct license_statement {
        char expression[LICENSE_EXPRESSION_SIZE];
        enum license_source source;
        size_t start, end; /* bytes of the text */
        double confidence; /* 0 to 1 */
        bool is_choice;    /* "or" stands between this one and the one before */
};

enum license_file_kind {
        LICENSE_FILE_OTHER,   /* only around words like "license" */
        LICENSE_FILE_PROSE,   /* all of it where it is short */
        LICENSE_FILE_CHANGES, /* ChangeLog, NEWS: speaks of licences that once were */
        LICENSE_FILE_LICENSE, /* LICENSE, COPYING, LICENSES/MIT.txt: all of it */
};

/* One for all files. Initialise with license_finder_init(). */
struct license_finder {
        const struct license_index *index;
        struct license_words words;
        struct license_texts texts;
        struct license_mentions mentions;
        struct license_statement *statements; /* the result, in order of place */
        size_t n_statements, statements_size;
        size_t n_cut; /* what was seen past the limits, and is not in the result */
        struct license_range *ranges;
        size_t n_ranges, ranges_size;
};

int license_finder_init(struct license_finder *f, const struct license_index *index);
void license_finder_done(struct license_finder *f);

/* Looks at a file: 0 or -ENOMEM. */
int license_finder_look(struct license_finder *f, struct span text, enum license_file_kind kind);

/* The identifier for a free name of a licence: 1, 0 when there is none, or -ENOMEM. */
int license_finder_name(struct license_finder *f, struct span name, char ret[LICENSE_ID_SIZE]);

/* Is it a file whose name says that it holds a licence? */
enum license_file_kind license_file_kind_of(const char *path);
