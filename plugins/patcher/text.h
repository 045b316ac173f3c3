/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Text that is read line by line
 *
 * A place in bytes that belong to somebody else, with the number of its line for messages. Bytes
 * are bytes: no encoding is assumed and NUL is a byte like any other.
 */

#include "def.h"

#include <string.h>

struct text {
        const char *at;
        const char *end;
        size_t line; /* number of the line at `at`, counted from 1 */
};

static inline size_t text_left(const struct text *t)
{
        return (size_t) (t->end - t->at);
}

/* Bytes of the line at `at`, its newline included where it has one; 0 at the end. */
static inline size_t text_line(const struct text *t)
{
        const char *newline;

        if (t->at == t->end)
                return 0;
        newline = memchr(t->at, '\n', text_left(t));
        return newline ? (size_t) (newline - t->at) + 1 : text_left(t);
}

/* Goes on behind a line of `length` bytes, which text_line() told. */
static inline void text_next(struct text *t, size_t length)
{
        t->at += length;
        t->line++;
}

static inline bool text_starts(const struct text *t, const char *prefix)
{
        size_t length = strlen(prefix);

        return text_left(t) >= length && memcmp(t->at, prefix, length) == 0;
}

/* The blanks of diffs: the locale has no say in it. */
static inline bool text_is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline bool text_is_digit(char c)
{
        return c >= '0' && c <= '9';
}
