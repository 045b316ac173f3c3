/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/term.h"

#include "base/utf8.h"

#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

static const char *const codes[STYLES_] = {
        [STYLE_PLAIN] = "\033[0m", [STYLE_BOLD] = "\033[1m",     [STYLE_DIM] = "\033[2m",
        [STYLE_RED] = "\033[31m",  [STYLE_GREEN] = "\033[32m",   [STYLE_YELLOW] = "\033[33m",
        [STYLE_BLUE] = "\033[34m", [STYLE_MAGENTA] = "\033[35m", [STYLE_CYAN] = "\033[36m",
};

bool term_has_colour(FILE *f)
{
        const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"),
                   *kind = getenv("TERM");

        if (no && *no)
                return false;
        if (force && strcmp(force, "0") != 0)
                return true;
        return isatty(fileno(f)) && kind && strcmp(kind, "dumb") != 0;
}

const char *term_style(bool colour, enum style s)
{
        return colour ? codes[s] : "";
}

unsigned term_width(FILE *f)
{
        struct winsize w;

        if (ioctl(fileno(f), TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
                return w.ws_col;
        return 80;
}

size_t term_columns(const char *text)
{
        size_t left = strlen(text), columns = 0;

        while (left > 0) {
                size_t n = utf8_length(text, left);

                columns++;
                text += n ? n : 1;
                left -= n ? n : 1;
        }
        return columns;
}

struct row {
        char **cells;
        enum style *styles;
};

struct table {
        size_t n_columns, n_rows;
        struct row *rows; /* the first is the heading */
};

static void row_done(struct row *row, size_t n)
{
        for (size_t i = 0; row->cells && i < n; i++)
                free(row->cells[i]);
        free(row->cells);
        free(row->styles);
}

int table_new(struct table **ret, size_t n_columns, const char *const *headings)
{
        _cleanup_(table_freep) struct table *t = calloc(1, sizeof(*t));
        int r;

        if (!t)
                return -ENOMEM;
        t->n_columns = n_columns;
        r = table_add(t, headings);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_columns; i++)
                table_style_last(t, i, STYLE_DIM);
        *ret = TAKE(t);
        return 0;
}

struct table *table_free(struct table *t)
{
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n_rows; i++)
                row_done(&t->rows[i], t->n_columns);
        free(t->rows);
        free(t);
        return NULL;
}

int table_add(struct table *t, const char *const *cells)
{
        struct row *rows = realloc(t->rows, (t->n_rows + 1) * sizeof(*rows)), *row;

        if (!rows)
                return -ENOMEM;
        t->rows = rows;
        row = &rows[t->n_rows];
        *row = (struct row){ .cells = calloc(t->n_columns, sizeof(*row->cells)),
                             .styles = calloc(t->n_columns, sizeof(*row->styles)) };
        t->n_rows++;
        if (!row->cells || !row->styles)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_columns; i++) {
                _cleanup_(buf_done) struct buf text = { 0 };
                const char *cell = cells[i] ? cells[i] : "";

                /* A stranger's text, as the name of a tree, stays in its line. */
                if (utf8_clean(&text, cell, strlen(cell), false) < 0)
                        return -ENOMEM;
                row->cells[i] = strdup(buf_text(&text));
                if (!row->cells[i])
                        return -ENOMEM;
        }
        return 0;
}

void table_style_last(struct table *t, size_t column, enum style s)
{
        t->rows[t->n_rows - 1].styles[column] = s;
}

static size_t column_width(const struct table *t, size_t column)
{
        size_t width = 0;

        for (size_t i = 0; i < t->n_rows; i++)
                width = MAX_OF(width, term_columns(t->rows[i].cells[column]));
        return width;
}

static void cell_print(const struct table *t, const struct row *row, size_t column, bool colour,
                       FILE *f)
{
        enum style style = row->styles[column];
        size_t pad = 0;

        if (column + 1 < t->n_columns)
                pad = column_width(t, column) - term_columns(row->cells[column]) + 2;
        (void) fprintf(f, "%s%s%s%*s", style ? term_style(colour, style) : "", row->cells[column],
                       style ? term_style(colour, STYLE_PLAIN) : "", (int) pad, "");
}

void table_print(const struct table *t, FILE *f)
{
        bool colour = term_has_colour(f);

        for (size_t i = 0; i < t->n_rows; i++) {
                for (size_t j = 0; j < t->n_columns; j++)
                        cell_print(t, &t->rows[i], j, colour, f);
                (void) fputc('\n', f);
        }
}
