/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 80 /* of a number, a date or a boolean */

/* --- dates and times: 1979-05-27T07:32:00.5-07:00, in whole or in part --- */

static bool digits_take(const char **at, unsigned n, int least, int most)
{
        int value = 0;

        for (unsigned i = 0; i < n; i++, (*at)++) {
                if (!isdigit((unsigned char) **at))
                        return false;
                value = 10 * value + (**at - '0');
        }
        return value >= least && value <= most;
}

static bool take(const char **at, char c)
{
        bool is = **at == c;

        *at += is;
        return is;
}

static bool date_take(const char **at)
{
        static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        int year, month, day;

        if (sscanf(*at, "%4d-%2d-%2d", &year, &month, &day) != 3)
                return false;
        if (!digits_take(at, 4, 0, 9999) || !take(at, '-') || !digits_take(at, 2, 1, 12) ||
            !take(at, '-') || !digits_take(at, 2, 1, days[MIN_OF(MAX_OF(month, 1), 12) - 1]))
                return false;
        return month != 2 || day < 29 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

static bool time_take(const char **at)
{
        if (!digits_take(at, 2, 0, 23) || !take(at, ':') || !digits_take(at, 2, 0, 59) ||
            !take(at, ':') || !digits_take(at, 2, 0, 60))
                return false;
        if (!take(at, '.'))
                return true;
        if (!isdigit((unsigned char) **at))
                return false;
        while (isdigit((unsigned char) **at))
                (*at)++;
        return true;
}

static bool zone_take(const char **at)
{
        if (take(at, 'Z') || take(at, 'z'))
                return true;
        return (take(at, '+') || take(at, '-')) && digits_take(at, 2, 0, 23) && take(at, ':') &&
               digits_take(at, 2, 0, 59);
}

static bool is_date(const char *word)
{
        const char *at = word;

        if (time_take(&at))
                return *at == '\0';
        at = word;
        if (!date_take(&at))
                return false;
        if (*at == '\0')
                return true;
        if ((!take(&at, 'T') && !take(&at, 't') && !take(&at, ' ')) || !time_take(&at))
                return false;
        return *at == '\0' || (zone_take(&at) && *at == '\0');
}

/* --- numbers --- */

/* Digits of a base with single underscores between them, without these into `to`. */
static bool digits_copy(const char **at, const char *digits, char *to, size_t *n)
{
        size_t before = *n;

        while (**at && (strchr(digits, **at) || (**at == '_' && *n > before && (*at)[-1] != '_')))
                if (*(*at)++ != '_')
                        to[(*n)++] = (*at)[-1];
        return *n > before && (*at)[-1] != '_';
}

static bool integer_read(const char *word, int64_t *ret, bool *ret_is_over)
{
        static const struct {
                char letter;
                int base;
                const char *digits;
        } bases[] = { { 'x', 16, "0123456789abcdefABCDEF" },
                      { 'o', 8, "01234567" },
                      { 'b', 2, "01" } };
        const char *digits = "0123456789", *at = word;
        char plain[WORD_MAX + 2];
        size_t n = 0;
        int base = 10;
        char *end;

        for (size_t i = 0; i < ARRAY_SIZE(bases); i++)
                if (word[0] == '0' && word[1] == bases[i].letter) {
                        base = bases[i].base;
                        digits = bases[i].digits;
                        at = word + 2;
                }
        if (base == 10 && (*at == '+' || *at == '-'))
                plain[n++] = *at++;
        if (base == 10 && at[0] == '0' && at[1] != '\0')
                return false;
        if (!digits_copy(&at, digits, plain, &n) || *at != '\0')
                return false;
        plain[n] = '\0';
        errno = 0;
        *ret = strtoll(plain, &end, base);
        *ret_is_over = errno == ERANGE;
        return *end == '\0';
}

static bool float_read(const char *word, double *ret)
{
        const char *at = word;
        char plain[WORD_MAX + 2];
        bool has_more = false;
        size_t n = 0;

        if (*at == '+' || *at == '-')
                plain[n++] = *at++;
        if (strcmp(at, "inf") == 0 || strcmp(at, "nan") == 0) {
                *ret = strcmp(at, "nan") == 0 ? NAN : *word == '-' ? -INFINITY : INFINITY;
                return true;
        }
        if ((at[0] == '0' && isdigit((unsigned char) at[1])) || (at[0] == '0' && at[1] == '_'))
                return false;
        if (!digits_copy(&at, "0123456789", plain, &n))
                return false;
        if (*at == '.') {
                plain[n++] = *at++;
                has_more = true;
                if (!digits_copy(&at, "0123456789", plain, &n))
                        return false;
        }
        if (*at == 'e' || *at == 'E') {
                plain[n++] = *at++;
                has_more = true;
                if (*at == '+' || *at == '-')
                        plain[n++] = *at++;
                if (!digits_copy(&at, "0123456789", plain, &n))
                        return false;
        }
        plain[n] = '\0';
        *ret = strtod(plain, NULL);
        return has_more && *at == '\0';
}

/* --- values --- */

/* What stands up to a blank, a comma, a bracket or a comment. A date and a time may have one blank
 * between them. */
static size_t word_length(const struct toml_reader *r)
{
        size_t room = (size_t) (r->end - r->at), n = 0;

        for (; n < room && !memchr(" \t\r\n,]}#", r->at[n], 8); n++)
                ;
        if (n == 10 && r->at[4] == '-' && room > 13 && r->at[10] == ' ' &&
            isdigit((unsigned char) r->at[11]))
                for (n++; n < room && !memchr(" \t\r\n,]}#", r->at[n], 8); n++)
                        ;
        return n;
}

static int word_read(struct toml_reader *r, struct toml_node *node)
{
        size_t n = word_length(r);
        bool is_over = false;
        char *word;

        if (n == 0)
                return toml_fail(r, "a value is missing");
        if (n > WORD_MAX || memchr(r->at, '\0', n))
                return toml_fail(r, "a value is neither a number nor a date, true or false");
        word = toml_allocate(r, n + 1);
        if (!word)
                return r->error;
        memcpy(word, r->at, n);
        r->at += n;
        if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
                node->kind = TOML_BOOLEAN;
                node->integer = *word == 't';
        } else if (strlen(word) == n && integer_read(word, &node->integer, &is_over)) {
                if (is_over)
                        return toml_fail(r, "%.40s does not fit into 64 bits", word);
                node->kind = TOML_INTEGER;
                node->number = (double) node->integer;
        } else if (strlen(word) == n && float_read(word, &node->number)) {
                node->kind = TOML_FLOAT;
        } else if (strlen(word) == n && is_date(word)) {
                node->kind = TOML_DATE;
                node->text = word;
                node->length = n;
        } else {
                return toml_fail(r, "%.40s is no value; are quotes missing?", word);
        }
        return 0;
}

static int array_read(struct toml_reader *r, struct toml_node *array, unsigned depth)
{
        array->kind = TOML_ARRAY;
        array->origin = ORIGIN_VALUE;
        r->at++;
        for (;;) {
                struct toml_node *item;
                int e = toml_skip_lines(r);

                if (e < 0)
                        return e;
                if (r->at < r->end && *r->at == ']')
                        break;
                e = toml_value(r, &item, depth + 1);
                if (e == 0)
                        e = toml_append(r, array, item, NULL, 0);
                if (e == 0)
                        e = toml_skip_lines(r);
                if (e < 0)
                        return e;
                if (r->at < r->end && *r->at == ',')
                        r->at++;
                else if (r->at == r->end || *r->at != ']')
                        return toml_fail(r, "the array has no end: a comma or ] is missing");
        }
        r->at++;
        return 0;
}

/* Nothing may be added to what an inline table holds. */
static void close_all(struct toml_node *table)
{
        table->origin = ORIGIN_VALUE;
        for (struct toml_node *child = table->first; child; child = child->next)
                if (child->kind == TOML_TABLE && child->origin != ORIGIN_VALUE)
                        close_all(child);
}

static int inline_read(struct toml_reader *r, struct toml_node *table, unsigned depth)
{
        int e = 0;

        table->kind = TOML_TABLE;
        table->origin = ORIGIN_DOTTED;
        r->at++;
        toml_skip_blanks(r);
        if (r->at < r->end && *r->at == '}') {
                r->at++;
                table->origin = ORIGIN_VALUE;
                return 0;
        }
        for (;;) {
                e = toml_pair(r, table, depth + 1);
                if (e < 0)
                        return e;
                toml_skip_blanks(r);
                if (r->at == r->end || (*r->at != ',' && *r->at != '}'))
                        return toml_fail(r, "the inline table has no end on its line: a comma or } "
                                            "is missing");
                if (*r->at++ == '}')
                        break;
        }
        close_all(table);
        return 0;
}

int toml_value(struct toml_reader *r, struct toml_node **ret, unsigned depth)
{
        struct toml_node *node;

        if (depth > TOML_DEPTH_MAX)
                return toml_fail(r, "values stand more than %d deep in one another",
                                 TOML_DEPTH_MAX);
        if (r->at == r->end)
                return toml_fail(r, "a value is missing");
        node = toml_node_new(r, TOML_STRING, r->line);
        if (!node)
                return r->error;
        *ret = node;
        if (*r->at == '"' || *r->at == '\'')
                return toml_string(r, &node->text, &node->length, false);
        if (*r->at == '[')
                return array_read(r, node, depth);
        if (*r->at == '{')
                return inline_read(r, node, depth);
        return word_read(r, node);
}
