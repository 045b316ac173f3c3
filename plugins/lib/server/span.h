/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Small things to do with a span: bytes of a text that lies in somebody else's memory.
 */

#include "scan/def.h"

#include <ctype.h>

static inline struct span span_of(const char *text)
{
        return (struct span){ text, strlen(text) };
}

/* Is it this text, letters taken alike? */
static inline bool span_is(struct span s, const char *text)
{
        return s.length == strlen(text) && !strncasecmp(s.text, text, s.length);
}

static inline bool span_same(struct span a, struct span b)
{
        return a.length == b.length && !strncasecmp(a.text, b.text, a.length);
}

static inline bool span_starts(struct span s, const char *head)
{
        return s.length >= strlen(head) && !strncasecmp(s.text, head, strlen(head));
}

static inline bool span_ends(struct span s, const char *tail)
{
        size_t n = strlen(tail);

        return s.length >= n && !strncasecmp(s.text + s.length - n, tail, n);
}

/* Does it hold this text, letters taken alike? */
static inline bool span_has(struct span s, const char *part)
{
        size_t n = strlen(part);

        for (size_t i = 0; i + n <= s.length; i++)
                if (!strncasecmp(s.text + i, part, n))
                        return true;
        return false;
}

/* Where a character stands in a list of them, or -1; a NUL stands in none. */
static inline int char_index(const char *list, char c)
{
        const char *found = c ? strchr(list, c) : NULL;

        return found ? (int) (found - list) : -1;
}

static inline bool char_in(const char *list, char c)
{
        return char_index(list, c) >= 0;
}

static inline bool span_has_char(struct span s, char c)
{
        return s.length && memchr(s.text, c, s.length);
}

/* Without the first `n` bytes. */
static inline struct span span_from(struct span s, size_t n)
{
        n = MIN_OF(n, s.length);
        return (struct span){ s.text + n, s.length - n };
}

static inline struct span span_trim(struct span s)
{
        while (s.length && isspace((unsigned char) *s.text))
                s = span_from(s, 1);
        while (s.length && isspace((unsigned char) s.text[s.length - 1]))
                s.length--;
        return s;
}

/*
 * Takes the part before a separator off the front of `rest`, without blanks around it: false when
 * nothing is left. The two must not be one variable.
 */
static inline bool span_next(struct span *rest, char separator, struct span *ret_part)
{
        const char *end;

        if (!rest->length)
                return false;
        end = memchr(rest->text, separator, rest->length);
        *ret_part = (struct span){ rest->text, end ? (size_t) (end - rest->text) : rest->length };
        *rest = span_from(*rest, ret_part->length + (end ? 1 : 0));
        *ret_part = span_trim(*ret_part);
        return true;
}

/* The next word of `rest`, which ends at white space: false when there is none. */
static inline bool span_word(struct span *rest, struct span *ret_word)
{
        size_t n = 0;

        *rest = span_trim(*rest);
        while (n < rest->length && !isspace((unsigned char) rest->text[n]))
                n++;
        *ret_word = (struct span){ rest->text, n };
        *rest = span_from(*rest, n);
        return n > 0;
}

/* The decimal number at its front; LONG_MAX at most, -1 when there is none. */
static inline long span_number(struct span s)
{
        long n = -1;

        for (; s.length && isdigit((unsigned char) *s.text); s = span_from(s, 1)) {
                n = MAX_OF(n, 0);
                n = n > (__LONG_MAX__ - 9) / 10 ? __LONG_MAX__ : n * 10 + (*s.text - '0');
                if (n == __LONG_MAX__)
                        break;
        }
        return n;
}
