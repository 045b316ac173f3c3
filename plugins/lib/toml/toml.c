/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void toml_skip_blanks(struct toml_reader *r)
{
        while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
                r->at++;
}

bool toml_take_newline(struct toml_reader *r)
{
        size_t n = r->at < r->end && *r->at == '\r';

        if ((size_t) (r->end - r->at) <= n || r->at[n] != '\n')
                return false;
        r->at += n + 1;
        r->line++;
        return true;
}

int toml_skip_comment(struct toml_reader *r)
{
        if (r->at == r->end || *r->at != '#')
                return 0;
        for (; r->at < r->end && *r->at != '\n'; r->at++) {
                unsigned char c = (unsigned char) *r->at;

                if (c == '\r' && r->at + 1 < r->end && r->at[1] == '\n')
                        return 0;
                if ((c < 0x20 && c != '\t') || c == 0x7f)
                        return toml_fail(r, "a comment cannot hold the control character 0x%02x",
                                         c);
        }
        return 0;
}

int toml_skip_lines(struct toml_reader *r)
{
        int e;

        do {
                toml_skip_blanks(r);
                e = toml_skip_comment(r);
                if (e < 0)
                        return e;
        } while (toml_take_newline(r));
        return 0;
}

static bool is_bare(char c)
{
        return isalnum((unsigned char) c) || c == '_' || c == '-';
}

int toml_key(struct toml_reader *r, const char **ret, size_t *ret_length)
{
        size_t n = 0;
        char *key;

        if (r->at < r->end && (*r->at == '"' || *r->at == '\''))
                return toml_string(r, ret, ret_length, true);
        while (r->at + n < r->end && is_bare(r->at[n]))
                n++;
        if (n == 0)
                return toml_fail(r,
                                 r->at == r->end || *r->at == '\n' || *r->at == '\r'
                                         ? "a key is missing"
                                         : "a key cannot hold '%c' without quotes",
                                 r->at < r->end && isprint((unsigned char) *r->at) ? *r->at : '?');
        key = toml_allocate(r, n + 1);
        if (!key)
                return r->error;
        memcpy(key, r->at, n);
        r->at += n;
        *ret = key;
        *ret_length = n;
        return 0;
}

static struct toml_node *table_new(struct toml_reader *r, struct toml_node *parent, const char *key,
                                   size_t length, enum origin origin)
{
        struct toml_node *table = toml_node_new(r, TOML_TABLE, r->line);

        if (!table)
                return NULL;
        table->origin = origin;
        (void) toml_append(r, parent, table, key, length);
        return table;
}

/* `a.` of a dotted key, and of a header: the table that is there, or a new one. */
static struct toml_node *table_enter(struct toml_reader *r, struct toml_node *parent,
                                     const char *key, size_t length, bool is_header)
{
        struct toml_node *known = toml_member(r->tree, parent, key, length);

        if (!known)
                return table_new(r, parent, key, length,
                                 is_header ? ORIGIN_IMPLIED : ORIGIN_DOTTED);
        if (is_header && known->kind == TOML_ARRAY && known->origin == ORIGIN_TABLES)
                return known->last;
        if (!is_header && known->kind == TOML_TABLE && known->origin == ORIGIN_IMPLIED)
                known->origin = ORIGIN_DOTTED;
        if (known->kind != TOML_TABLE || known->origin == ORIGIN_VALUE ||
            (!is_header && known->origin != ORIGIN_DOTTED)) {
                (void) toml_fail(r, "\"%.60s\" has a value already, on line %u", key, known->line);
                return NULL;
        }
        return known;
}

/* Enters all parts of a key but the last. */
static int path_read(struct toml_reader *r, struct toml_node **table, const char **key,
                     size_t *length, bool is_header)
{
        for (unsigned parts = 0;; parts++) {
                int e;

                if (parts == TOML_DEPTH_MAX)
                        return toml_fail(r, "a key has more than %d parts", TOML_DEPTH_MAX);
                toml_skip_blanks(r);
                e = toml_key(r, key, length);
                if (e < 0)
                        return e;
                toml_skip_blanks(r);
                if (r->at == r->end || *r->at != '.')
                        return 0;
                r->at++;
                *table = table_enter(r, *table, *key, *length, is_header);
                if (!*table)
                        return r->error;
        }
}

int toml_pair(struct toml_reader *r, struct toml_node *table, unsigned depth)
{
        struct toml_node *value;
        uint32_t line = r->line;
        const char *key;
        size_t length;
        int e = path_read(r, &table, &key, &length, false);

        if (e < 0)
                return e;
        if (r->at == r->end || *r->at != '=')
                return toml_fail(r, "= is missing behind the key \"%.60s\"", key);
        r->at++;
        toml_skip_blanks(r);
        if (toml_member(r->tree, table, key, length))
                return toml_fail(r, "the key \"%.60s\" is given twice", key);
        e = toml_value(r, &value, depth);
        if (e < 0)
                return e;
        value->line = line;
        return toml_append(r, table, value, key, length);
}

/* [a.b]: a table that was only implied until now, or a new one. */
static int table_open(struct toml_reader *r, struct toml_node *parent, const char *key,
                      size_t length, struct toml_node **ret)
{
        struct toml_node *known = toml_member(r->tree, parent, key, length);

        if (known && (known->kind != TOML_TABLE || known->origin != ORIGIN_IMPLIED))
                return toml_fail(r, "[%.60s] is defined already, on line %u", key, known->line);
        if (!known)
                known = table_new(r, parent, key, length, ORIGIN_HEADER);
        if (!known)
                return r->error;
        known->origin = ORIGIN_HEADER;
        known->line = r->line;
        *ret = known;
        return 0;
}

/* [[a.b]]: one more table of an array. */
static int tables_open(struct toml_reader *r, struct toml_node *parent, const char *key,
                       size_t length, struct toml_node **ret)
{
        struct toml_node *array = toml_member(r->tree, parent, key, length);

        if (array && (array->kind != TOML_ARRAY || array->origin != ORIGIN_TABLES))
                return toml_fail(r, "[[%.60s]] has a value already, on line %u", key, array->line);
        if (!array) {
                array = toml_node_new(r, TOML_ARRAY, r->line);
                if (!array)
                        return r->error;
                array->origin = ORIGIN_TABLES;
                (void) toml_append(r, parent, array, key, length);
        }
        *ret = table_new(r, array, NULL, 0, ORIGIN_HEADER);
        return *ret ? 0 : r->error;
}

static int header_read(struct toml_reader *r, struct toml_node **ret)
{
        bool is_array = r->end - r->at > 1 && r->at[1] == '[';
        struct toml_node *parent = r->tree->root;
        const char *key;
        size_t length;
        int e;

        r->at += is_array ? 2 : 1;
        e = path_read(r, &parent, &key, &length, true);
        if (e < 0)
                return e;
        for (int i = 0; i <= is_array; i++) {
                if (r->at == r->end || *r->at != ']')
                        return toml_fail(r, "%s is missing behind the table's name",
                                         is_array ? "]]" : "]");
                r->at++;
        }
        return is_array ? tables_open(r, parent, key, length, ret)
                        : table_open(r, parent, key, length, ret);
}

static int text_read(struct toml_reader *r)
{
        struct toml_node *table = r->tree->root;

        for (;;) {
                int e = toml_skip_lines(r);

                if (e < 0 || r->at == r->end)
                        return e;
                e = *r->at == '[' ? header_read(r, &table) : toml_pair(r, table, 0);
                if (e < 0)
                        return e;
                toml_skip_blanks(r);
                e = toml_skip_comment(r);
                if (e < 0)
                        return e;
                if (r->at < r->end && !toml_take_newline(r))
                        return toml_fail(r, "the line goes on behind its end with '%c'",
                                         isprint((unsigned char) *r->at) ? *r->at : '?');
        }
}

/* The offset of the first byte that is not UTF-8 (RFC 3629), or `length`. */
static size_t utf8_end(const unsigned char *s, size_t length)
{
        size_t i = 0;

        while (i < length) {
                unsigned char c = s[i];
                size_t n = c < 0x80                ? 1
                           : c >= 0xc2 && c < 0xe0 ? 2
                           : c >= 0xe0 && c < 0xf0 ? 3
                           : c >= 0xf0 && c < 0xf5 ? 4
                                                   : 0;

                if (n == 0 || length - i < n)
                        return i;
                for (size_t k = 1; k < n; k++)
                        if ((s[i + k] & 0xc0) != 0x80)
                                return i;
                if ((c == 0xe0 && s[i + 1] < 0xa0) || (c == 0xed && s[i + 1] > 0x9f) ||
                    (c == 0xf0 && s[i + 1] < 0x90) || (c == 0xf4 && s[i + 1] > 0x8f))
                        return i;
                i += n;
        }
        return length;
}

static int utf8_check(struct toml_reader *r)
{
        size_t length = (size_t) (r->end - r->at),
               good = utf8_end((const unsigned char *) r->at, length);

        if (good == length)
                return 0;
        for (size_t i = 0; i < good; i++)
                r->line += r->at[i] == '\n';
        return toml_fail(r, "the byte 0x%02x is not UTF-8", (unsigned char) r->at[good]);
}

int toml_parse(struct toml_tree *ret, const char *text, size_t length)
{
        struct toml_reader r = { .tree = ret, .at = text, .end = text + length, .line = 1 };

        *ret = (struct toml_tree){ .store = calloc(1, sizeof(struct toml_store)) };
        if (!ret->store)
                return -ENOMEM;
        if (length > TOML_BYTES_MAX)
                return toml_fail(&r, "the file is larger than %d bytes", TOML_BYTES_MAX);
        if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
                r.at += 3;
        if (utf8_check(&r) < 0)
                return r.error;
        ret->root = toml_node_new(&r, TOML_TABLE, 1);
        if (!ret->root)
                return r.error;
        ret->root->origin = ORIGIN_HEADER;
        if (text_read(&r) < 0)
                ret->root = NULL;
        return r.error;
}
