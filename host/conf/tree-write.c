/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/lexer.h"
#include "conf/tree.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Deeper parts become JSON text, well before the reader's limit. */
#define PLAIN_DEPTH_MAX (LEXER_DEPTH_MAX / 2)

static int value_write(struct buf *out, const json_t *value, unsigned depth);

static bool is_name(const char *key)
{
        if (!isalpha((unsigned char) *key) && *key != '_')
                return false;
        for (const char *p = key; *p; p++)
                if (!isalnum((unsigned char) *p) && *p != '_' && *p != '-')
                        return false;
        return strcasecmp(key, "true") != 0 && strcasecmp(key, "false") != 0;
}

static bool is_group(const json_t *object)
{
        const char *key;
        json_t *item;

        json_object_foreach ((json_t *) object, key, item)
                if (!is_name(key) || strcmp(key, "_null") == 0 || strcmp(key, "_json") == 0 ||
                    strcmp(key, "_file") == 0)
                        return false;
        return true;
}

static int indent(struct buf *out, unsigned depth)
{
        return buf_printf(out, "%*s", (int) (2 * depth), "");
}

static int string_write(struct buf *out, const char *text)
{
        int r = buf_putc(out, '"');

        for (; r == 0 && *text; text++) {
                unsigned char c = (unsigned char) *text;

                if (c == '"' || c == '\\')
                        r = buf_printf(out, "\\%c", c);
                else if (c == '\n')
                        r = buf_puts(out, "\\n");
                else if (c == '\t')
                        r = buf_puts(out, "\\t");
                else if (c < 0x20 || c == 0x7f)
                        r = buf_printf(out, "\\x%02x", c);
                else
                        r = buf_putc(out, *text);
        }
        return r < 0 ? r : buf_putc(out, '"');
}

/* What libconfig has no words for. */
static int text_write(struct buf *out, const json_t *value)
{
        _cleanup_(freep) char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        int r;

        if (!text)
                return -ENOMEM;
        r = buf_puts(out, "{ _json = ");
        if (r == 0)
                r = string_write(out, text);
        return r < 0 ? r : buf_puts(out, "; }");
}

static int scalar_write(struct buf *out, const json_t *value)
{
        _cleanup_(freep) char *text = NULL;
        json_int_t i;

        switch (json_typeof(value)) {
        case JSON_NULL:
                return buf_puts(out, "{ _null = true; }");
        case JSON_TRUE:
                return buf_puts(out, "true");
        case JSON_FALSE:
                return buf_puts(out, "false");
        case JSON_INTEGER:
                i = json_integer_value(value);
                return buf_printf(out, "%" JSON_INTEGER_FORMAT "%s", i,
                                  i < INT32_MIN || i > INT32_MAX ? "L" : "");
        case JSON_REAL:
                text = json_dumps(value, JSON_ENCODE_ANY);
                return text ? buf_puts(out, text) : -ENOMEM;
        default:
                if (strlen(json_string_value(value)) != json_string_length(value))
                        return text_write(out, value);
                return string_write(out, json_string_value(value));
        }
}

static int array_write(struct buf *out, const json_t *array, unsigned depth)
{
        bool is_flat = true;
        const json_t *item;
        size_t i;
        int r;

        json_array_foreach (array, i, item)
                is_flat = is_flat && !json_is_object(item) && !json_is_array(item);
        r = buf_puts(out, is_flat ? "(" : "(\n");
        json_array_foreach (array, i, item) {
                if (r == 0 && i)
                        r = buf_puts(out, is_flat ? ", " : ",\n");
                if (r == 0 && !is_flat)
                        r = indent(out, depth + 1);
                if (r == 0)
                        r = value_write(out, item, depth + 1);
        }
        if (r == 0 && !is_flat)
                r = buf_putc(out, '\n');
        if (r == 0 && !is_flat)
                r = indent(out, depth);
        return r < 0 ? r : buf_putc(out, ')');
}

static int members_write(struct buf *out, const json_t *object, unsigned depth)
{
        const char *key;
        json_t *item;
        int r = 0;

        json_object_foreach ((json_t *) object, key, item) {
                r = indent(out, depth);
                if (r == 0)
                        r = buf_printf(out, "%s = ", key);
                if (r == 0)
                        r = value_write(out, item, depth);
                if (r == 0)
                        r = buf_puts(out, ";\n");
                if (r < 0)
                        break;
        }
        return r;
}

static int group_write(struct buf *out, const json_t *object, unsigned depth)
{
        int r;

        if (json_object_size(object) == 0)
                return buf_puts(out, "{ }");
        r = buf_puts(out, "{\n");
        if (r == 0)
                r = members_write(out, object, depth + 1);
        if (r == 0)
                r = indent(out, depth);
        return r < 0 ? r : buf_putc(out, '}');
}

static int value_write(struct buf *out, const json_t *value, unsigned depth)
{
        if (!json_is_array(value) && !json_is_object(value))
                return scalar_write(out, value);
        if (depth >= PLAIN_DEPTH_MAX || (json_is_object(value) && !is_group(value)))
                return text_write(out, value);
        return json_is_array(value) ? array_write(out, value, depth)
                                    : group_write(out, value, depth);
}

int tree_write(struct buf *out, const json_t *object)
{
        const char *key;
        json_t *item;

        json_object_foreach ((json_t *) object, key, item)
                if (!is_name(key))
                        return -EINVAL;
        return members_write(out, object, 0);
}
