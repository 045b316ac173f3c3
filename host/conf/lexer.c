/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/lexer.h"

#include "base/utf8.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

struct lexer {
        const char *at, *end;
        const char *file;
        unsigned line, depth;
        struct buf *out;
        const struct lexer_ear *ear;
        struct err *err;
};

static int refuse(const struct lexer *l, const char *format, ...) _printf_(2, 3);
static int refuse(const struct lexer *l, const char *format, ...)
{
        char text[512];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return err_set(l->err, -EBADMSG, "%s:%u: %s", l->file, l->line, text);
}

/* Copies `n` bytes and counts their lines. */
static int copy(struct lexer *l, size_t n)
{
        int r = buf_add(l->out, l->at, n);

        for (size_t i = 0; i < n; i++)
                l->line += l->at[i] == '\n';
        l->at += n;
        return r;
}

static bool starts(const struct lexer *l, const char *prefix)
{
        size_t n = strlen(prefix);

        return (size_t) (l->end - l->at) >= n && memcmp(l->at, prefix, n) == 0;
}

static int line_comment(struct lexer *l)
{
        const char *newline = memchr(l->at, '\n', (size_t) (l->end - l->at));

        return copy(l, (size_t) ((newline ? newline : l->end) - l->at));
}

static int block_comment(struct lexer *l)
{
        const char *close = memmem(l->at + 2, (size_t) (l->end - l->at - 2), "*/", 2);

        if (!close)
                return refuse(l, "this comment is not closed by */");
        return copy(l, (size_t) (close + 2 - l->at));
}

static int string(struct lexer *l)
{
        const char *p = l->at + 1;

        while (p < l->end && *p != '"')
                p += *p == '\\' && p + 1 < l->end ? 2 : 1;
        if (p >= l->end)
                return refuse(l, "this string is not closed by \"");
        return copy(l, (size_t) (p + 1 - l->at));
}

static bool is_name_byte(char c)
{
        return isalnum((unsigned char) c) || c == '_' || c == '-';
}

static int name(struct lexer *l)
{
        const char *p = l->at;
        int r = 0;

        while (p < l->end && is_name_byte(*p))
                p++;
        if (*l->at == '_')
                r = buf_putc(l->out, '*');
        return r < 0 ? r : copy(l, (size_t) (p - l->at));
}

static int misfit(const struct lexer *l, const char *format, ...) _printf_(2, 3);
static int misfit(const struct lexer *l, const char *format, ...)
{
        char text[512];
        va_list args;
        int r;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (!l->ear)
                return refuse(l, "%s", text);
        r = l->ear->tell(l->ear->user, l->line, text);
        return r < 0 ? r : 1;
}

/* Digits with or without L: does libconfig read the value that stands there? 1 = no, and that was
 * told; then `*ret_value` is what comes nearest. */
static int integer(struct lexer *l, const char *text, size_t digits, bool is_long,
                   long long *ret_value)
{
        int base = digits > 2 && (text[1] | 32) == 'x' ? 16 : 10;
        long long value;
        char *end;

        errno = 0;
        value = strtoll(text, &end, base);
        *ret_value = value;
        if (errno == ERANGE)
                return misfit(l, "%.*s does not fit into 64 bits", (int) digits, text);
        if (!is_long && (value < INT32_MIN || value > INT32_MAX))
                return misfit(l, "%.*s does not fit into 32 bits: write it as %.*sL", (int) digits,
                              text, (int) digits, text);
        return 0;
}

/* A number, or what looks like one; the grammar itself is libconfig's business. */
static int number(struct lexer *l)
{
        char text[80];
        size_t n = 0, digits;
        const char *p = l->at;
        long long value;
        bool is_hex = starts(l, "0x") || starts(l, "0X");

        while (p + n < l->end && n < sizeof(text) - 1 &&
               (is_name_byte(p[n]) || p[n] == '.' || p[n] == '+'))
                n++;
        if (n == sizeof(text) - 1)
                return refuse(l, "this number is too long");
        (void) snprintf(text, sizeof(text), "%.*s", (int) n, p);
        for (digits = n; digits && text[digits - 1] == 'L'; digits--)
                ;
        if (is_hex || strcspn(text, ".eE") == n) {
                int r = integer(l, text, digits, digits < n, &value);

                if (r > 0) {
                        l->at += n;
                        return buf_printf(l->out, "%lldL", value);
                }
                if (r < 0)
                        return r;
        }
        return copy(l, n);
}

static int bracket(struct lexer *l)
{
        if (strchr("({[", *l->at)) {
                if (++l->depth > LEXER_DEPTH_MAX)
                        return refuse(l,
                                      "nested deeper than %d levels; write the inner part as "
                                      "{ _json = \"...\"; }",
                                      LEXER_DEPTH_MAX);
        } else if (l->depth) {
                l->depth--;
        }
        return copy(l, 1);
}

static int mark(struct lexer *l)
{
        return copy(l, 1);
}

static int include(struct lexer *l)
{
        return refuse(
                l, "@include is not taken here: files are read one by one, from conf.d, and JSON "
                   "by { _file = \"name.json\"; }");
}

static int star(struct lexer *l)
{
        return refuse(l, "'*' is not part of any name");
}

/* What a token begins with; the first row that matches counts. */
static const struct {
        const char *prefix; /* these bytes … */
        const char *bytes;  /* … or any one of these */
        int (*take)(struct lexer *l);
} tokens[] = {
        { "//", NULL, line_comment },
        { "/*", NULL, block_comment },
        { NULL, "#", line_comment },
        { NULL, "\"", string },
        { NULL, "0123456789+-.", number },
        { NULL, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_", name },
        { NULL, "(){}[]", bracket },
        { NULL, ";,=: \t\r\n\v\f", mark },
        { NULL, "@", include },
        { NULL, "*", star },
};

static int token(struct lexer *l)
{
        for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
                if (tokens[i].prefix ? starts(l, tokens[i].prefix)
                                     : strchr(tokens[i].bytes, *l->at) != NULL)
                        return tokens[i].take(l);
        return refuse(l, "a character that does not belong here (byte 0x%02x)",
                      (unsigned char) *l->at);
}

/* libconfig does not look at encodings, and a NUL would end the text for it. */
static int encoding(struct lexer *l)
{
        for (const char *p = l->at; p < l->end;) {
                size_t n = utf8_length(p, (size_t) (l->end - p));

                if (n == 0 || *p == '\0')
                        return refuse(l, *p ? "this is not valid UTF-8" : "a NUL byte");
                l->line += *p == '\n';
                p += n;
        }
        l->line = 1;
        return 0;
}

int lexer_pass(struct buf *out, const char *text, size_t length, const char *file,
               const struct lexer_ear *ear, struct err *err)
{
        struct lexer l = {
                .at = text,
                .end = text + length,
                .file = file,
                .line = 1,
                .out = out,
                .ear = ear,
                .err = err,
        };
        int r;

        if (starts(&l, "\xef\xbb\xbf"))
                l.at += 3;
        r = encoding(&l);
        while (r == 0 && l.at < l.end)
                r = token(&l);
        return r;
}
