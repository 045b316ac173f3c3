/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Options of the host
 *
 * One table names every option: its kind, its default and one line of help. The reader and the
 * sample file are made from it, so they cannot disagree. Read from $LINHAY_CONFIG, else
 * /etc/linhay/linhay.conf where it exists, then from every *.conf in conf.d beside it, in order of
 * name; later files win. An option that is not in the table is an error with file, line and a
 * suggestion.
 */

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

enum option_kind {
        OPTION_BOOL,
        OPTION_COUNT,    /* whole number, 0 or more */
        OPTION_BYTES,    /* "256MiB" */
        OPTION_DURATION, /* "90s"; kept in ms */
        OPTION_TEXT,
        OPTION_CHOICE, /* one word of `choices` */
        OPTION_LIST,   /* of text; of words of `choices` where there are any */
        OPTION_GROUPS, /* list of groups with the members `choices`: the first is a text and must be
                        * there, `texts` are texts, each other one is a list of text */
};

struct option_row {
        const char *path; /* "sandbox.require" */
        enum option_kind kind;
        const char *standard; /* as in a file, without quotes; NULL = not set */
        const char *const *choices;
        const char *help;                          /* one line */
        const char *const *texts;                  /* of OPTION_GROUPS; NULL = none */
        const char *(*fault)(const json_t *group); /* what is wrong with one of them, or NULL */
        bool at_start; /* linhayd looks at it once: a reload does not change it */
};

extern const struct option_row option_table[];
extern const size_t option_count;

struct options;

/* Reads the files named above; without any, everything is as the table says. */
int options_load(struct options **ret_options, struct err *err);

/* The same with this main file, which must exist; NULL = defaults only. */
int options_load_file(struct options **ret_options, const char *path, struct err *err);

struct options *options_free(struct options *o);
DEFINE_FREEP(struct options, options_free);

/* Values by path; a path that is not in the table, or of another kind, is a fault of the program.
 */
bool options_bool(const struct options *o, const char *path);
const char *options_text(const struct options *o, const char *path); /* NULL = not set */
uint64_t options_number(const struct options *o, const char *path, uint64_t otherwise);
const json_t *options_list(const struct options *o,
                           const char *path); /* array of strings or groups */

/* Is it one of the words that this option takes? -EINVAL names them. */
int option_word_check(const char *path, const char *word, struct err *err);

/* Have they the same value? */
bool options_same(const struct options *a, const struct options *b, const char *path);

/* "file:line" that set it, or "default". */
const char *options_origin(const struct options *o, const char *path);

/* A file that sets every option to its default, each with its line of help. */
int options_sample(struct buf *out);
