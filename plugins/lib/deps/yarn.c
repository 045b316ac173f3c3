/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <stdio.h>
#include <string.h>

/*
 * yarn.lock, of version 1 and of berry: `"a@^1", "a@^2":` and below it, indented, `version "1.2.3"`
 * or `version: 1.2.3`, and `dependencies:` with lines `b "^2"` or `b: "npm:^2"`. A range with its
 * name is what leads to another entry, so they are all collected first.
 */
struct yarn {
        struct dep_reader *r;
        json_t *versions; /* "a@^1" -> "1.2.3" */
        bool is_second;   /* the entries are told, and no longer only collected */
        struct dep_line heading;
        char name[DEPS_TEXT_MAX + 1];
        char version[DEPS_TEXT_MAX + 1];
        bool in_needs;
        struct dep_needs needs;
};

/* The text up to one of the stops, without a quote at its front. */
static size_t take(const char *text, size_t n, const char *stops, char ret[DEPS_TEXT_MAX + 1])
{
        size_t from = n > 0 && *text == '"', length = 0;

        while (from + length < n && length < DEPS_TEXT_MAX && text[from + length] &&
               !strchr(from ? "\"" : stops, text[from + length]))
                length++;
        memcpy(ret, text + from, length);
        ret[length] = '\0';
        return from + length;
}

static size_t skip(const char *text, size_t n, size_t at, const char *signs)
{
        while (at < n && text[at] && strchr(signs, text[at]))
                at++;
        return at;
}

/* What stands before the second @: "@a/b@npm:^1", "alias@npm:real@1". */
static void begin(struct yarn *y, const struct dep_line *line)
{
        char *at;

        y->heading = *line;
        *y->version = '\0';
        y->in_needs = false;
        y->needs.length = 0;
        *y->needs.text = '\0';
        (void) take(line->text, line->length, "\",:", y->name);
        y->name[strcspn(y->name, ",:")] = '\0';
        at = *y->name ? strchr(y->name + 1, '@') : NULL;
        if (at)
                *at = '\0';
        else
                *y->name = '\0'; /* __metadata */
}

/* Notes the version for each range of the heading. */
static void collect(struct yarn *y)
{
        const char *text = y->heading.text;
        size_t n = y->heading.length;

        while (n > 0 && strchr("\":", text[n - 1]))
                n--;
        for (size_t at = 0; (at = skip(text, n, at, "\", ")) < n;) {
                char range[DEPS_TEXT_MAX + 1];
                size_t length = 0;

                while (at + length < n && !memchr("\",", text[at + length], 2))
                        length++;
                if (length <= DEPS_TEXT_MAX) {
                        memcpy(range, text + at, length);
                        range[length] = '\0';
                        /* What is no UTF-8 is no range either. */
                        (void) json_object_set_new(y->versions, range, json_string(y->version));
                }
                at += length;
        }
}

static int end(struct yarn *y)
{
        if (!*y->name || !*y->version || strstr(y->version, "use.local"))
                return 0;
        if (!y->is_second) {
                collect(y);
                return 0;
        }
        return dep_add(y->r, DEP_NPM,
                       &(struct dep_note){ .name = y->name,
                                           .version = y->version,
                                           .needs = y->needs.text,
                                           .line = y->heading.number,
                                           .is_exact = true });
}

/* A line of `dependencies`: the entry that the range leads to. */
static void read_need(struct yarn *y, const char *text, size_t n)
{
        char name[DEPS_TEXT_MAX + 1], range[DEPS_TEXT_MAX + 1], key[2 * DEPS_TEXT_MAX + 8];
        size_t at = skip(text, n, take(text, n, " :", name), "\": ");

        (void) take(text + at, n - at, "\"", range);
        for (unsigned i = 0; i < 2; i++) {
                const char *version;

                (void) snprintf(key, sizeof(key), "%s@%s%s", name, i ? "npm:" : "", range);
                version = json_string_value(json_object_get(y->versions, key));
                if (version) {
                        dep_need(y->r, &y->needs, name, strlen(name), version);
                        return;
                }
        }
}

static void read_line(struct yarn *y, const struct dep_line *line)
{
        enum { ENTRY = 2 };
        const char *text = line->text + line->indent;
        size_t n = line->length - line->indent;

        if (line->indent > ENTRY) {
                if (y->in_needs && y->is_second)
                        read_need(y, text, n);
                return;
        }
        y->in_needs = (n >= 13 && memcmp(text, "dependencies:", 13) == 0) ||
                      (n >= 21 && memcmp(text, "optionalDependencies:", 21) == 0);
        if (n >= 9 && memcmp(text, "version", 7) == 0 && (text[7] == ' ' || text[7] == ':')) {
                size_t at = skip(text, n, 7, ": ");

                (void) take(text + at, n - at, "\" ", y->version);
        }
}

static int read_all(struct yarn *y)
{
        struct dep_line line = { 0 };
        size_t at = 0;
        int e = 0;

        *y->name = '\0';
        while (e == 0 && dep_line_next(y->r, &at, &line)) {
                if (line.length == line.indent || line.text[line.indent] == '#')
                        continue;
                if (line.indent > 0) {
                        read_line(y, &line);
                        continue;
                }
                e = end(y);
                begin(y, &line);
        }
        return e == 0 ? end(y) : e;
}

int dep_yarn_lock(struct dep_reader *r)
{
        struct yarn y = { .r = r, .versions = json_object() };
        int e = y.versions ? read_all(&y) : -ENOMEM;

        y.is_second = true;
        if (e == 0)
                e = read_all(&y);
        json_decref(y.versions);
        return e;
}
