/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-check.h"

#include "base/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A key as it is written, between its quotes. */
struct key {
        const char *text;
        size_t length;
};

/* Each reader takes what it is about and returns whether it was there. */
struct reader {
        const char *at, *end;
        struct key *keys; /* of the objects that are open, the innermost last */
        size_t n_keys, room;
        bool has_nul;  /* in the last string */
        bool is_short; /* of memory */
};

static bool take(struct reader *r, char c)
{
        if (r->at == r->end || *r->at != c)
                return false;
        r->at++;
        return true;
}

static bool take_word(struct reader *r, const char *word)
{
        size_t n = strlen(word);

        if ((size_t) (r->end - r->at) < n || memcmp(r->at, word, n) != 0)
                return false;
        r->at += n;
        return true;
}

static void skip_blanks(struct reader *r)
{
        while (r->at < r->end &&
               (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
                r->at++;
}

static bool take_digits(struct reader *r)
{
        const char *start = r->at;

        while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
                r->at++;
        return r->at > start;
}

static bool take_exponent(struct reader *r)
{
        if (!take(r, 'e') && !take(r, 'E'))
                return true;
        if (!take(r, '+'))
                (void) take(r, '-');
        return take_digits(r);
}

/* Has a machine the number? */
static bool number_fits(struct reader *r, const char *text, size_t length)
{
        _cleanup_(freep) char *copy = strndup(text, length);
        bool is_integer = !memchr(text, '.', length) && !memchr(text, 'e', length) &&
                          !memchr(text, 'E', length);

        if (!copy) {
                r->is_short = true;
                return false;
        }
        errno = 0;
        if (!is_integer)
                return isfinite(strtod(copy, NULL));
        (void) strtoll(copy, NULL, 10);
        return errno != ERANGE;
}

/* Fewer digits than these, and no exponent, fit always. */
#define SHORT_NUMBER 18

static bool take_number(struct reader *r)
{
        const char *start = r->at, *exponent;

        (void) take(r, '-');
        if (!take(r, '0') && !take_digits(r))
                return false;
        if (take(r, '.') && !take_digits(r))
                return false;
        exponent = r->at;
        if (!take_exponent(r))
                return false;
        return (r->at == exponent && r->at - start < SHORT_NUMBER) ||
               number_fits(r, start, (size_t) (r->at - start));
}

/* The four digits of \u; -1 = they are none. */
static long take_unit(struct reader *r)
{
        char digits[5] = "";

        for (size_t i = 0; i < 4; i++) {
                if (r->at == r->end || !isxdigit((unsigned char) *r->at))
                        return -1;
                digits[i] = *r->at++;
        }
        return strtol(digits, NULL, 16);
}

static bool take_escape(struct reader *r)
{
        long unit;

        if (r->at == r->end)
                return false;
        if (*r->at != 'u')
                return *r->at && strchr("\"\\/bfnrt", *r->at++) != NULL;
        r->at++;
        unit = take_unit(r);
        r->has_nul = r->has_nul || unit == 0;
        if (unit < 0xD800 || unit > 0xDFFF)
                return unit >= 0;
        /* The first of two that are one character. */
        if (unit > 0xDBFF || !take(r, '\\') || !take(r, 'u'))
                return false;
        unit = take_unit(r);
        return unit >= 0xDC00 && unit <= 0xDFFF;
}

static bool take_string(struct reader *r)
{
        r->has_nul = false;
        if (!take(r, '"'))
                return false;
        while (r->at < r->end && *r->at != '"') {
                size_t n = utf8_length(r->at, (size_t) (r->end - r->at));

                if (n == 0 || (unsigned char) *r->at < ' ')
                        return false;
                if (take(r, '\\')) {
                        if (!take_escape(r))
                                return false;
                } else
                        r->at += n;
        }
        return take(r, '"');
}

/* --- keys ---------------------------------------------------------------------------------- */

/* The next character of a key that was taken, as it is meant; NUL is none and stands for the end.
 */
static uint32_t key_next(struct reader *r)
{
        static const char written[] = "bfnrt", meant[] = "\b\f\n\r\t";
        uint32_t c;
        size_t n;

        if (r->at == r->end)
                return 0;
        if (take(r, '\\')) {
                const char *known = strchr(written, *r->at);

                if (!take(r, 'u')) {
                        c = (unsigned char) (known ? meant[known - written] : *r->at);
                        r->at++;
                        return c;
                }
                c = (uint32_t) take_unit(r);
                if (c < 0xD800 || c > 0xDFFF)
                        return c;
                r->at += strlen("\\u");
                return 0x10000 + ((c - 0xD800) << 10) + (uint32_t) take_unit(r) - 0xDC00;
        }
        n = utf8_length(r->at, (size_t) (r->end - r->at));
        c = (unsigned char) *r->at++;
        if (n > 1)
                c &= 0x7FU >> n;
        while (n-- > 1)
                c = c << 6 | ((unsigned char) *r->at++ & 0x3F);
        return c;
}

/* "a" and "\u0061" are one key. */
static int key_compare(const void *a, const void *b)
{
        const struct key *left = a, *right = b;
        struct reader l = { .at = left->text, .end = left->text + left->length };
        struct reader r = { .at = right->text, .end = right->text + right->length };
        uint32_t x, y;

        do {
                x = key_next(&l);
                y = key_next(&r);
        } while (x == y && x != 0);
        return x < y ? -1 : x > y;
}

static bool key_keep(struct reader *r, const char *text, size_t length)
{
        if (r->n_keys == r->room) {
                size_t room = MAX_OF(2 * r->room, 64U);
                struct key *keys = reallocarray(r->keys, room, sizeof(*keys));

                r->is_short = r->is_short || !keys;
                if (!keys)
                        return false;
                r->keys = keys;
                r->room = room;
        }
        r->keys[r->n_keys++] = (struct key){ text, length };
        return true;
}

/* Lets go of the keys behind the first `before`: no two of them are one? */
static bool keys_differ(struct reader *r, size_t before)
{
        size_t n = r->n_keys - before;

        r->n_keys = before;
        if (n < 2)
                return true;
        qsort(r->keys + before, n, sizeof(*r->keys), key_compare);
        for (size_t i = before + 1; i < before + n; i++)
                if (key_compare(&r->keys[i - 1], &r->keys[i]) == 0)
                        return false;
        return true;
}

/* --- values -------------------------------------------------------------------------------- */

static bool take_value(struct reader *r, unsigned left);

static bool take_member(struct reader *r, unsigned left)
{
        const char *start;

        skip_blanks(r);
        start = r->at + 1;
        if (!take_string(r) || r->has_nul || !key_keep(r, start, (size_t) (r->at - 1 - start)))
                return false;
        skip_blanks(r);
        return take(r, ':') && take_value(r, left);
}

/* What stands between brackets, of which the first was taken. */
static bool take_items(struct reader *r, char close, unsigned left)
{
        bool (*item)(struct reader *, unsigned) = close == '}' ? take_member : take_value;
        size_t before = r->n_keys;

        if (left == 0)
                return false;
        skip_blanks(r);
        if (take(r, close))
                return true;
        do
                if (!item(r, left - 1))
                        return false;
        while (take(r, ','));
        return take(r, close) && keys_differ(r, before);
}

/* With the blanks around it. */
static bool take_value(struct reader *r, unsigned left)
{
        bool is_one;

        skip_blanks(r);
        if (take(r, '{'))
                is_one = take_items(r, '}', left);
        else if (take(r, '['))
                is_one = take_items(r, ']', left);
        else if (r->at < r->end && *r->at == '"')
                is_one = take_string(r);
        else
                is_one = take_word(r, "true") || take_word(r, "false") || take_word(r, "null") ||
                         take_number(r);
        skip_blanks(r);
        return is_one;
}

int json_check(const char *text, size_t length)
{
        struct reader r = { .at = text, .end = text + length };
        bool is_one = length && take_value(&r, JSON_DEPTH_LIMIT) && r.at == r.end;

        free(r.keys);
        return is_one ? 0 : r.is_short ? -ENOMEM : -EBADMSG;
}
