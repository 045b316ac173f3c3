/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/assign.h"

#include <ctype.h>

#define NAME_MAX_BYTES  80
#define VALUE_MAX_BYTES 512
#define BLANKS_MAX      64
#define ARRAY_MAX       256 /* bytes before a name in which its array begins */

/* What is read next. */
struct cursor {
        const char *p;
        const char *end;
};

static bool is_name_byte(char c)
{
        return isalnum((unsigned char) c) || c == '_' || c == '-' || c == '.';
}

static bool is_quote(char c)
{
        return c == '"' || c == '\'' || c == '`';
}

static char peek(const struct cursor *c)
{
        return c->p < c->end ? *c->p : '\0';
}

static bool take(struct cursor *c, const char *text)
{
        size_t n = strlen(text);

        if ((size_t) (c->end - c->p) < n || memcmp(c->p, text, n) != 0)
                return false;
        c->p += n;
        return true;
}

static size_t skip_blanks(struct cursor *c)
{
        const char *from = c->p;

        while (c->p < c->end && c->p - from < BLANKS_MAX && (*c->p == ' ' || *c->p == '\t'))
                c->p++;
        return (size_t) (c->p - from);
}

/* Blanks, and one end of line among them. */
static void skip_line(struct cursor *c)
{
        (void) skip_blanks(c);
        if (peek(c) == '\\' && c->p + 1 < c->end && (c->p[1] == '\n' || c->p[1] == '\r'))
                c->p++;
        (void) take(c, "\r");
        if (take(c, "\n"))
                (void) skip_blanks(c);
}

/* "[]", "[25]" and the ends of subscripts and calls behind a name. */
static void skip_subscript(struct cursor *c)
{
        struct cursor t = *c;

        if (take(&t, "[")) {
                while (isdigit((unsigned char) peek(&t)))
                        t.p++;
                if (take(&t, "]"))
                        *c = t;
                return;
        }
        (void) take(c, "]");
}

/* ": str =", " string =": what stands between a name and its `=` in typed languages. */
static bool take_type(struct cursor *c)
{
        struct cursor t = *c;
        size_t n = 0;

        (void) (take(&t, ":") || take(&t, "?:"));
        (void) skip_blanks(&t);
        if (peek(&t) == '.')
                return false; /* a member of what the name is */
        while (n < 40 && t.p < t.end &&
               (is_name_byte(*t.p) || memchr("&'<>?*:[]", *t.p, 9) != NULL)) {
                t.p++;
                n++;
        }
        (void) skip_blanks(&t);
        if (!n || peek(&t) != '=' || (t.p + 1 < t.end && (t.p[1] == '=' || t.p[1] == '>')))
                return false;
        t.p++;
        *c = t;
        return true;
}

enum joint { NO_JOINT, JOINT, JOINT_CALL, JOINT_LIST, JOINT_BLANK };

/* The sign between name and value. */
static enum joint take_joint(struct cursor *c, bool quoted_name)
{
        static const char *const signs[] = { "===", "!==", "||=", ":=", "?=",
                                             "=>",  "==",  "!=",  "=",  ":" };
        size_t blanks = skip_blanks(c);

        if (!quoted_name && take_type(c))
                return JOINT;
        if (c->end - c->p >= 2 && c->p[0] == ':' && c->p[1] == ':')
                return NO_JOINT; /* a member of a class or a module */
        if (blanks && !quoted_name && c->end - c->p >= 2 && c->p[0] == ':' &&
            isalpha((unsigned char) c->p[1]))
                return NO_JOINT; /* :name, a symbol */
        for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
                if (take(c, signs[i]))
                        return JOINT;
        if (!blanks && take(c, "("))
                return JOINT_CALL;
        if (take(c, ","))
                return JOINT_LIST;
        return blanks ? JOINT_BLANK : NO_JOINT;
}

/* Up to the closing quote on the same line; `escaped`: the quotes have a backslash before them. */
static bool read_quoted(struct cursor *c, bool escaped, struct span *ret)
{
        char quote = *c->p++;
        const char *from = c->p;

        for (; c->p < c->end && c->p - from <= VALUE_MAX_BYTES; c->p++) {
                if (*c->p == '\n' || *c->p == '\r')
                        return false;
                if (escaped && *c->p == '\\' && c->p + 1 < c->end && c->p[1] == quote)
                        break;
                if (!escaped && *c->p == '\\' && c->p + 1 < c->end) {
                        c->p++;
                        continue;
                }
                if (!escaped && *c->p == quote)
                        break;
        }
        *ret = (struct span){ from, (size_t) (c->p - from) };
        return c->p < c->end && c->p - from <= VALUE_MAX_BYTES;
}

static bool read_bare(struct cursor *c, struct span *ret)
{
        static const char stops[] = " \t\r\n\"'`,;&<>)]}\\|";
        const char *from = c->p;

        while (c->p < c->end && c->p - from < VALUE_MAX_BYTES && *c->p && !strchr(stops, *c->p))
                c->p++;
        *ret = (struct span){ from, (size_t) (c->p - from) };
        return ret->length > 0;
}

/* b"…", r'…', L"…", @"…", Some("…"), new Key("…"): what may stand before the quote of a string. */
static void skip_prefix(struct cursor *c)
{
        struct cursor t = *c;
        size_t n = 0;
        bool type;

        (void) take(&t, "new ");
        type = isupper((unsigned char) peek(&t));
        while (n < 40 && t.p < t.end && *t.p &&
               (isalnum((unsigned char) *t.p) || strchr("@$_:", *t.p))) {
                t.p++;
                n++;
        }
        if (n && n <= 2 && is_quote(peek(&t)))
                *c = t;
        else if (type && peek(&t) == '(' && t.p + 1 < t.end && is_quote(t.p[1])) {
                t.p++;
                *c = t;
        }
}

static bool read_value(struct cursor *c, enum joint joint, struct assign *a)
{
        const char *from = c->p;
        bool escaped, same_line;

        if (joint == JOINT || joint == JOINT_CALL)
                skip_line(c);
        else
                (void) skip_blanks(c);
        same_line = !memchr(from, '\n', (size_t) (c->p - from));
        skip_prefix(c);
        escaped = peek(c) == '\\' && c->p + 1 < c->end && is_quote(c->p[1]);
        c->p += escaped;
        if (is_quote(peek(c))) {
                a->quoted = true;
                return read_quoted(c, escaped, &a->value);
        }
        return joint == JOINT && same_line && !escaped && read_bare(c, &a->value);
}

/* The name as far as it goes to both sides, without dashes at its front. */
static struct span read_name(const char *data, size_t length, size_t start, size_t end)
{
        size_t low = start > NAME_MAX_BYTES ? start - NAME_MAX_BYTES : 0;
        size_t high = MIN_OF(length, end + NAME_MAX_BYTES);

        while (start > low && is_name_byte(data[start - 1]))
                start--;
        while (end < high && is_name_byte(data[end]))
                end++;
        while (start < end && (data[start] == '-' || data[start] == '.'))
                start++;
        return (struct span){ data + start, end - start };
}

/* `- name: NAME` with `value: v` on the next line, and the same in JSON. */
static bool read_pair(struct cursor *c, struct assign *a)
{
        struct cursor t = *c;

        (void) take(&t, ",");
        skip_line(&t);
        (void) (take(&t, "\"") || take(&t, "'"));
        if (!take(&t, "value") && !take(&t, "Value"))
                return false;
        (void) (take(&t, "\"") || take(&t, "'"));
        (void) skip_blanks(&t);
        if (!take(&t, ":") && !take(&t, "="))
                return false;
        return read_value(&t, JOINT, a);
}

/* "value" == name: the string before a comparison that the name is the right side of. */
static bool read_compared(const char *data, const char *name, struct assign *a)
{
        const char *p = name, *low = name - data > VALUE_MAX_BYTES ? name - VALUE_MAX_BYTES : data;
        const char *signs, *end;
        char quote;

        while (p > low && (p[-1] == ' ' || is_name_byte(p[-1]) || p[-1] == '$'))
                p--;
        signs = p;
        while (p > low && (p[-1] == '=' || p[-1] == '!'))
                p--;
        if (signs - p < 2 || signs[-1] != '=')
                return false;
        while (p > low && p[-1] == ' ')
                p--;
        if (p - low < 2 || !is_quote(p[-1]))
                return false;
        end = --p;
        quote = *end;
        while (p > low && p[-1] != quote && p[-1] != '\n')
                p--;
        a->value = (struct span){ p, (size_t) (end - p) };
        a->quoted = true;
        return p > low && p[-1] == quote && a->value.length > 0;
}

/* `ENV NAME value`, as a Dockerfile may have it. */
static bool is_instruction(const char *data, const char *name)
{
        return name - data >= 4 && !memcmp(name - 4, "ENV ", 4) &&
               (name - data == 4 || name[-5] == '\n');
}

/* Is the name inside [ ], and another element before it or behind the value? */
static bool is_in_array(const char *data, const char *name, const struct cursor *behind)
{
        const char *low = name - data > ARRAY_MAX ? name - ARRAY_MAX : data;
        unsigned closed = 0, elements = 0;
        struct cursor c = *behind;

        for (const char *p = name; p > low; p--) {
                elements += p[-1] == ',' && !closed;
                if (strchr(")]}", p[-1]) && p[-1])
                        closed++;
                else if (strchr("([{", p[-1]) && p[-1] && closed-- == 0) {
                        if (p[-1] != '[')
                                return false;
                        if (is_quote(peek(&c)))
                                c.p++;
                        skip_line(&c);
                        return elements > 0 || peek(&c) == ',';
                }
        }
        return false;
}

bool assign_read(const char *data, size_t length, size_t start, size_t end, struct assign *ret)
{
        struct cursor c = { .end = data + length };
        struct assign a = { .name = read_name(data, length, start, end) };
        bool quoted_name = false, flag;
        enum joint joint;

        c.p = a.name.text + a.name.length;
        /* AWS::KMS::Key: a member of a module, whatever follows. */
        if (a.name.text > data + 1 && a.name.text[-1] == ':' && a.name.text[-2] == ':')
                return false;
        flag = a.name.text > data + 1 && a.name.text[-1] == '-' && a.name.text[-2] == '-';
        flag = flag || is_instruction(data, a.name.text);
        if (a.name.text > data && a.name.text[-1] == '<' && take(&c, ">")) {
                a.markup = true;
                while (c.p < c.end && isspace((unsigned char) *c.p))
                        c.p++;
                if (!read_bare(&c, &a.value))
                        return false;
                while (c.p < c.end && isspace((unsigned char) *c.p))
                        c.p++;
                *ret = a;
                return peek(&c) == '<';
        }
        if (peek(&c) == '\\' && c.p + 1 < c.end && is_quote(c.p[1]))
                c.p++;
        if (is_quote(peek(&c))) {
                quoted_name = true;
                c.p++;
        }
        if (read_pair(&c, &a)) {
                *ret = a;
                return true;
        }
        skip_subscript(&c);
        joint = take_joint(&c, quoted_name);
        if ((joint == NO_JOINT || joint == JOINT_BLANK) && !quoted_name &&
            read_compared(data, a.name.text, &a)) {
                *ret = a;
                return true;
        }
        if (joint == NO_JOINT || (joint == JOINT_LIST && !quoted_name))
                return false;
        if (joint == JOINT_BLANK && flag)
                joint = JOINT;
        a.call = joint == JOINT_CALL;
        a.list = joint == JOINT_LIST;
        if (!read_value(&c, joint, &a))
                return false;
        a.array = a.list && is_in_array(data, a.name.text, &c);
        *ret = a;
        return true;
}
