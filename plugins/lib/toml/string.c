/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <ctype.h>
#include <string.h>

/* The four kinds of strings: "basic", 'literal', and each over several lines. */
struct quotes {
        char quote;
        bool is_long;
};

static bool is_control(unsigned char c)
{
        return (c < 0x20 && c != '\t') || c == 0x7f;
}

static int hex_read(struct toml_reader *r, unsigned digits, uint32_t *ret)
{
        uint32_t value = 0;

        for (unsigned i = 0; i < digits; i++) {
                char c = r->at < r->end ? *r->at : '\0';
                unsigned digit = c >= '0' && c <= '9'   ? (unsigned) (c - '0')
                                 : c >= 'a' && c <= 'f' ? (unsigned) (c - 'a') + 10
                                 : c >= 'A' && c <= 'F' ? (unsigned) (c - 'A') + 10
                                                        : 16;

                if (digit == 16)
                        return toml_fail(r, "\\%c needs %u hexadecimal digits",
                                         digits == 4 ? 'u' : 'U', digits);
                value = value << 4 | digit;
                r->at++;
        }
        if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
                return toml_fail(r, "U+%04X is no character", value);
        *ret = value;
        return 0;
}

static size_t utf8_put(char *to, uint32_t c)
{
        if (c < 0x80) {
                to[0] = (char) c;
                return 1;
        }
        if (c < 0x800) {
                to[0] = (char) (0xc0 | c >> 6);
                to[1] = (char) (0x80 | (c & 0x3f));
                return 2;
        }
        if (c < 0x10000) {
                to[0] = (char) (0xe0 | c >> 12);
                to[1] = (char) (0x80 | (c >> 6 & 0x3f));
                to[2] = (char) (0x80 | (c & 0x3f));
                return 3;
        }
        to[0] = (char) (0xf0 | c >> 18);
        to[1] = (char) (0x80 | (c >> 12 & 0x3f));
        to[2] = (char) (0x80 | (c >> 6 & 0x3f));
        to[3] = (char) (0x80 | (c & 0x3f));
        return 4;
}

/* A backslash at the end of a line of a long string: it, and all blanks and lines after it, go. */
static bool take_joint(struct toml_reader *r)
{
        const char *at = r->at;

        while (at < r->end && (*at == ' ' || *at == '\t'))
                at++;
        if (at == r->end || (*at != '\n' && !(*at == '\r' && at + 1 < r->end && at[1] == '\n')))
                return false;
        r->at = at;
        while (r->at < r->end && memchr(" \t\r\n", *r->at, 4)) {
                r->line += *r->at == '\n';
                r->at++;
        }
        return true;
}

/* Behind a backslash; `to` has room for four bytes. */
static int escape_read(struct toml_reader *r, bool is_long, char *to, size_t *n)
{
        static const char names[] = "btnfr\"\\", bytes[] = "\b\t\n\f\r\"\\";
        const char *known;
        uint32_t c = 0;
        int e;

        if (is_long && take_joint(r))
                return 0;
        if (r->at == r->end)
                return toml_fail(r, "the string has no end");
        known = memchr(names, *r->at, sizeof(names) - 1);
        if (known) {
                to[(*n)++] = bytes[known - names];
                r->at++;
                return 0;
        }
        if (*r->at != 'u' && *r->at != 'U')
                return toml_fail(r, "a string has no escape \\%c",
                                 isprint((unsigned char) *r->at) ? *r->at : '?');
        e = hex_read(r, *r->at++ == 'u' ? 4 : 8, &c);
        if (e < 0)
                return e;
        *n += utf8_put(to + *n, c);
        return 0;
}

/* At a quote: does it end the string? Of a long one up to two more quotes belong to the text. */
static bool is_end(const struct toml_reader *r, struct quotes q)
{
        return !q.is_long || (r->end - r->at >= 3 && r->at[1] == q.quote && r->at[2] == q.quote);
}

static void end_take(struct toml_reader *r, struct quotes q, char *to, size_t *n)
{
        if (!q.is_long) {
                r->at++;
                return;
        }
        for (int extra = 0; extra < 2 && r->end - r->at > 3 && r->at[3] == q.quote; extra++) {
                to[(*n)++] = q.quote;
                r->at++;
        }
        r->at += 3;
}

/* One character, or the end: 1 = the string has ended. */
static int character_read(struct toml_reader *r, struct quotes q, char *to, size_t *n)
{
        unsigned char c = (unsigned char) *r->at;

        if (c == (unsigned char) q.quote && is_end(r, q)) {
                end_take(r, q, to, n);
                return 1;
        }
        if (c == '\\' && q.quote == '"') {
                r->at++;
                return escape_read(r, q.is_long, to, n);
        }
        if (q.is_long && toml_take_newline(r)) {
                to[(*n)++] = '\n';
                return 0;
        }
        if (c == '\n' || c == '\r')
                return toml_fail(r, "the string has no end on its line");
        if (is_control(c))
                return toml_fail(r, "a string cannot hold the control character 0x%02x", c);
        to[(*n)++] = (char) c;
        r->at++;
        return 0;
}

/* Where it ends, or its line, or the text: what it becomes is never longer than what stands there,
 * but for the two quotes that a long one may end with. */
static const char *end_find(const struct toml_reader *r, struct quotes q)
{
        const char *at;

        for (at = r->at; at < r->end; at++) {
                if (*at == '\\' && q.quote == '"')
                        at++;
                else if (*at == '\n' && !q.is_long)
                        break;
                else if (*at == q.quote &&
                         (!q.is_long || (r->end - at >= 3 && at[1] == q.quote && at[2] == q.quote)))
                        break;
        }
        return MIN_OF(at, r->end);
}

int toml_string(struct toml_reader *r, const char **ret, size_t *ret_length, bool is_key)
{
        struct quotes q = { .quote = *r->at };
        const char *start = r->at;
        size_t n = 0;
        char *text;
        int e = 0;

        q.is_long = r->end - start >= 3 && start[1] == q.quote && start[2] == q.quote;
        if (q.is_long && is_key)
                return toml_fail(r, "a key cannot be a string over several lines");
        r->at += q.is_long ? 3 : 1;
        if (q.is_long)
                (void) toml_take_newline(r);
        text = toml_allocate(r, (size_t) (end_find(r, q) - r->at) + 8);
        if (!text)
                return r->error;
        while (e == 0) {
                if (r->at == r->end)
                        return toml_fail(r, "the string has no end");
                e = character_read(r, q, text, &n);
        }
        if (e < 0)
                return e;
        text[n] = '\0';
        *ret = text;
        *ret_length = n;
        return 0;
}
