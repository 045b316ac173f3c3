/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Terminals: colours, width, tables
 *
 * Colour only where the stream is a terminal that wants it (NO_COLOR and TERM=dumb say no,
 * --color=always is CLICOLOR_FORCE=1). term_style() gives "" otherwise, so callers print without
 * branching.
 */

#include "base/buf.h"

enum style {
        STYLE_PLAIN,
        STYLE_BOLD,
        STYLE_DIM,
        STYLE_RED,
        STYLE_GREEN,
        STYLE_YELLOW,
        STYLE_BLUE,
        STYLE_MAGENTA,
        STYLE_CYAN,
        STYLES_
};

bool term_has_colour(FILE *f);
const char *term_style(bool colour, enum style s);

/* Columns of the terminal behind `f`, 80 where there is none. */
unsigned term_width(FILE *f);

/* Columns that UTF-8 text takes; invalid bytes count one each. */
size_t term_columns(const char *text);

/* A table with a heading row; cells are copied. Columns are as wide as their widest cell; the last
 * one runs free. */
struct table;
int table_new(struct table **ret, size_t n_columns, const char *const *headings);
struct table *table_free(struct table *t);
DEFINE_FREEP(struct table, table_free);
int table_add(struct table *t, const char *const *cells);
void table_style_last(struct table *t, size_t column, enum style s); /* of the row added last */
void table_print(const struct table *t, FILE *f);
