/* SPDX-License-Identifier: Apache-2.0 */
#include "unit-file.h"

#include <ctype.h>
#include <strings.h>

/* One parse. */
struct reader {
        struct unit_file *u;
        const char *text;
        size_t length, at;
        char *out; /* where the next byte of a value goes */
        struct span section;
};

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

/* The next line without its end; blanks at its front are left out. */
static struct span next_line(struct reader *r)
{
        const char *start = r->text + r->at;
        const char *newline = memchr(start, '\n', r->length - r->at);
        size_t n = newline ? (size_t) (newline - start) : r->length - r->at;

        r->at += n + (newline != NULL);
        while (n && is_blank(*start)) {
                start++;
                n--;
        }
        while (n && is_blank(start[n - 1]))
                n--;
        return (struct span){ start, n };
}

static bool is_comment(struct span line)
{
        return line.length && (*line.text == '#' || *line.text == ';');
}

static bool is_joined(struct span line)
{
        return line.length && line.text[line.length - 1] == '\\';
}

/* Copies a line's part of a value; true if the next line goes on with it. */
static bool copy_part(struct reader *r, struct span part)
{
        bool joined = is_joined(part);

        part.length -= joined;
        memcpy(r->out, part.text, part.length);
        r->out += part.length;
        if (joined)
                *r->out++ = ' ';
        return joined;
}

static int add_assignment(struct reader *r, struct span line, size_t equals)
{
        struct unit_file *u = r->u;
        struct unit_assignment *a;
        struct span part = { line.text + equals + 1, line.length - equals - 1 };
        const char *end = line.text + line.length;

        if (u->n == UNIT_ASSIGNMENTS) {
                u->is_cut = true;
                return 0;
        }
        if (array_grow(&u->list, &u->size, u->n + 1, sizeof(*u->list)) < 0)
                return -ENOMEM;
        a = &u->list[u->n++];
        *a = (struct unit_assignment){ .section = r->section,
                                       .key = { line.text, equals },
                                       .value = { r->out, 0 },
                                       .start = (size_t) (line.text - r->text) };
        while (a->key.length && is_blank(a->key.text[a->key.length - 1]))
                a->key.length--;
        while (part.length && is_blank(*part.text))
                part = (struct span){ part.text + 1, part.length - 1 };
        while (copy_part(r, part) && r->at < r->length) {
                do
                        part = next_line(r);
                while (is_comment(part) && r->at < r->length);
                if (is_comment(part))
                        break;
                end = part.text + part.length;
        }
        a->value.length = (size_t) (r->out - a->value.text);
        while (a->value.length && is_blank(a->value.text[a->value.length - 1]))
                a->value.length--;
        while (a->value.length && is_blank(*a->value.text))
                a->value = (struct span){ a->value.text + 1, a->value.length - 1 };
        *r->out++ = '\0';
        a->end = (size_t) (end - r->text);
        return 0;
}

int unit_parse(struct unit_file *u, const char *text, size_t length)
{
        struct reader r = { .u = u, .text = text, .length = length };
        int result = 0;

        *u = (struct unit_file){ 0 };
        /* A value is never longer than its lines; one byte more each for its NUL, which takes the
         * place of the equals sign. */
        u->values = malloc(length + 2);
        if (!u->values)
                return -ENOMEM;
        r.out = u->values;
        while (result >= 0 && r.at < length) {
                struct span line = next_line(&r);
                const char *equals = memchr(line.text, '=', line.length);

                if (!line.length || is_comment(line))
                        continue;
                if (*line.text == '[' && line.text[line.length - 1] == ']')
                        r.section = (struct span){ line.text + 1, line.length - 2 };
                else if (equals && equals > line.text)
                        result = add_assignment(&r, line, (size_t) (equals - line.text));
        }
        return result;
}

void unit_done(struct unit_file *u)
{
        free(u->list);
        free(u->values);
        *u = (struct unit_file){ 0 };
}

static bool same(struct span s, const char *text)
{
        return s.length == strlen(text) && !memcmp(s.text, text, s.length);
}

bool unit_has_section(const struct unit_file *u, const char *section)
{
        for (size_t i = 0; i < u->n; i++)
                if (same(u->list[i].section, section))
                        return true;
        return false;
}

bool unit_is(const struct unit_assignment *a, const char *key)
{
        return same(a->key, key);
}

const struct unit_assignment *unit_last(const struct unit_file *u, const char *key)
{
        for (size_t i = u->n; i > 0; i--)
                if (unit_is(&u->list[i - 1], key))
                        return &u->list[i - 1];
        return NULL;
}

bool unit_is_true(const struct unit_file *u, const char *key)
{
        static const char *const words[] = { "1", "yes", "y", "true", "t", "on" };
        const struct unit_assignment *a = unit_last(u, key);

        for (size_t i = 0; a && i < ARRAY_SIZE(words); i++)
                if (a->value.length == strlen(words[i]) &&
                    !strncasecmp(a->value.text, words[i], a->value.length))
                        return true;
        return false;
}

static bool has_word(struct span s, const char *word)
{
        size_t n = strlen(word), at = 0;

        while (at < s.length) {
                size_t length = 0;

                while (at < s.length && isspace((unsigned char) s.text[at]))
                        at++;
                while (at + length < s.length && !isspace((unsigned char) s.text[at + length]))
                        length++;
                if (length == n && !strncasecmp(s.text + at, word, n))
                        return true;
                at += length;
        }
        return false;
}

bool unit_list_has(const struct unit_file *u, const char *key, const char *word)
{
        bool found = false;

        for (size_t i = 0; i < u->n; i++)
                if (unit_is(&u->list[i], key))
                        found = u->list[i].value.length &&
                                (found || has_word(u->list[i].value, word));
        return found;
}
