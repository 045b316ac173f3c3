/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-check.h"

#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

/* Each reader takes what it is about and returns whether it was there. */
struct reader {
        const char *at, *end;
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

static bool take_number(struct reader *r)
{
        (void) take(r, '-');
        if (!take(r, '0') && !take_digits(r))
                return false;
        if (take(r, '.') && !take_digits(r))
                return false;
        if (!take(r, 'e') && !take(r, 'E'))
                return true;
        if (!take(r, '+'))
                (void) take(r, '-');
        return take_digits(r);
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

static bool take_value(struct reader *r, unsigned left);

static bool take_member(struct reader *r, unsigned left)
{
        skip_blanks(r);
        if (!take_string(r))
                return false;
        skip_blanks(r);
        return take(r, ':') && take_value(r, left);
}

/* What stands between brackets, of which the first was taken. */
static bool take_items(struct reader *r, char close, unsigned left)
{
        bool (*item)(struct reader *, unsigned) = close == '}' ? take_member : take_value;

        if (left == 0)
                return false;
        skip_blanks(r);
        if (take(r, close))
                return true;
        do
                if (!item(r, left - 1))
                        return false;
        while (take(r, ','));
        return take(r, close);
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

bool json_check(const char *text, size_t length)
{
        struct reader r = { text, text + length };

        return length && take_value(&r, JSON_DEPTH_LIMIT) && r.at == r.end;
}
