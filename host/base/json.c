/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/io.h"

#include <ctype.h>
#include <string.h>

/* Each value is looked at once: a stranger chooses the depth, and twice per level is 2^depth. */
static unsigned json_depth(const json_t *value, unsigned left)
{
        unsigned deepest = 0, depth;
        const char *key;
        json_t *item;
        size_t i;

        if (left == 0)
                return 1;
        if (json_is_object(value)) {
                json_object_foreach ((json_t *) value, key, item) {
                        depth = json_depth(item, left - 1);
                        deepest = MAX_OF(deepest, depth);
                }
        } else if (json_is_array(value)) {
                json_array_foreach (value, i, item) {
                        depth = json_depth(item, left - 1);
                        deepest = MAX_OF(deepest, depth);
                }
        } else {
                return 0;
        }
        return deepest + 1;
}

/* jansson passes over a NUL behind a word or a number; no JSON text has one. */
static int nul_refuse(const char *text, size_t length, const char *name, struct err *err)
{
        const char *nul = memchr(text, '\0', length);
        unsigned line = 1;

        if (!nul)
                return 0;
        for (const char *p = text; p < nul; p++)
                line += *p == '\n';
        return err_set(err, -EBADMSG, "%s:%u: not valid JSON: a NUL byte", name, line);
}

int json_text_load(json_t **ret, const char *text, size_t length, const char *name, struct err *err)
{
        _cleanup_(json_decrefp) json_t *value = NULL;
        json_error_t e;
        int r = length ? nul_refuse(text, length, name, err) : 0;

        if (r < 0)
                return r;
        value = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL,
                           &e);
        if (!value)
                return err_set(err, -EBADMSG, "%s:%d:%d: not valid JSON: %s", name,
                               MAX_OF(e.line, 1), MAX_OF(e.column, 0), e.text);
        if (json_depth(value, JSON_DEPTH_LIMIT + 1) > JSON_DEPTH_LIMIT)
                return err_set(err, -EBADMSG, "%s: JSON nested deeper than %d levels", name,
                               JSON_DEPTH_LIMIT);

        *ret = TAKE(value);
        return 0;
}

int json_file_load(json_t **ret, const char *path, size_t limit, struct err *err)
{
        _cleanup_(buf_done) struct buf text = BUF_LIMIT(limit);
        int r;

        r = file_read(path, &text, err);
        if (r < 0)
                return r;
        return json_text_load(ret, buf_text(&text), text.length, path, err);
}

char *json_canonical(const json_t *value)
{
        return json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

static int write_escape(struct buf *into, unsigned char c)
{
        static const char letters[256] = {
                ['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't',
        };

        return letters[c] ? buf_printf(into, "\\%c", letters[c]) : buf_printf(into, "\\u%04X", c);
}

static int write_text(struct buf *into, const char *text, size_t length)
{
        const char *end = text + length;
        int r = buf_putc(into, '"');

        while (text < end && r == 0) {
                const char *plain = text;

                while (text < end && (unsigned char) *text >= ' ' && *text != '"' && *text != '\\')
                        text++;
                r = buf_add(into, plain, (size_t) (text - plain));
                if (r == 0 && text < end)
                        r = write_escape(into, (unsigned char) *text++);
        }
        return r == 0 ? buf_putc(into, '"') : r;
}

static int write_integer(struct buf *into, json_int_t number)
{
        char digits[24], *p = digits + sizeof(digits);
        uint64_t rest = number < 0 ? 0 - (uint64_t) number : (uint64_t) number;

        do
                *--p = (char) ('0' + rest % 10);
        while (rest /= 10);
        if (number < 0)
                *--p = '-';
        return buf_add(into, p, (size_t) (digits + sizeof(digits) - p));
}

/* Numbers that are not whole, and what is too deep. */
static int write_other(struct buf *into, const json_t *value)
{
        _cleanup_(freep) char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

        return text ? buf_puts(into, text) : -ENOMEM;
}

static int write_value(struct buf *into, const json_t *value, unsigned left);

static int write_object(struct buf *into, const json_t *value, unsigned left)
{
        const char *key, *between = "{";
        size_t length;
        json_t *item;
        int r = 0;

        json_object_keylen_foreach((json_t *) value, key, length, item)
        {
                r = buf_puts(into, between);
                if (r == 0)
                        r = write_text(into, key, length);
                if (r == 0)
                        r = buf_putc(into, ':');
                if (r == 0)
                        r = write_value(into, item, left);
                if (r < 0)
                        return r;
                between = ",";
        }
        return buf_puts(into, *between == '{' ? "{}" : "}");
}

static int write_array(struct buf *into, const json_t *value, unsigned left)
{
        const char *between = "[";
        json_t *item;
        size_t i;
        int r = 0;

        json_array_foreach (value, i, item) {
                r = buf_puts(into, between);
                if (r == 0)
                        r = write_value(into, item, left);
                if (r < 0)
                        return r;
                between = ",";
        }
        return buf_puts(into, i == 0 ? "[]" : "]");
}

static int write_value(struct buf *into, const json_t *value, unsigned left)
{
        if (left == 0)
                return write_other(into, value);
        switch (json_typeof(value)) {
        case JSON_STRING:
                return write_text(into, json_string_value(value), json_string_length(value));
        case JSON_INTEGER:
                return write_integer(into, json_integer_value(value));
        case JSON_OBJECT:
                return write_object(into, value, left - 1);
        case JSON_ARRAY:
                return write_array(into, value, left - 1);
        case JSON_TRUE:
                return buf_puts(into, "true");
        case JSON_FALSE:
                return buf_puts(into, "false");
        case JSON_NULL:
                return buf_puts(into, "null");
        default:
                return write_other(into, value);
        }
}

int json_write(struct buf *into, const json_t *value)
{
        size_t length = into->length;
        int r = write_value(into, value, JSON_DEPTH_LIMIT);

        if (r < 0 && into->data) {
                into->length = length;
                into->data[length] = '\0';
        }
        return r;
}

/* Reads one reference token into `token`; returns what follows it, or NULL on a broken escape. */
static const char *token_read(const char *p, char *token)
{
        size_t n = 0;

        for (; *p && *p != '/'; p++) {
                char c = *p;

                if (c == '~') {
                        p++;
                        if (*p != '0' && *p != '1')
                                return NULL;
                        c = *p == '0' ? '~' : '/';
                }
                token[n++] = c;
        }
        token[n] = '\0';
        return p;
}

static json_t *array_at(const json_t *array, const char *token)
{
        char *end;
        unsigned long i;

        if (!isdigit((unsigned char) token[0]) || (token[0] == '0' && token[1]))
                return NULL;
        errno = 0;
        i = strtoul(token, &end, 10);
        if (errno || *end)
                return NULL;
        return json_array_get(array, i);
}

json_t *json_pointer_get(const json_t *root, const char *pointer)
{
        /* No token is longer than the pointer: names of properties may have any length. */
        _cleanup_(freep) char *token = malloc(strlen(pointer) + 1);
        const json_t *at = token ? root : NULL;

        while (at && *pointer) {
                if (*pointer != '/')
                        return NULL;
                pointer = token_read(pointer + 1, token);
                if (!pointer)
                        return NULL;
                if (json_is_array(at))
                        at = array_at(at, token);
                else
                        at = json_object_get(at, token);
        }
        return (json_t *) at;
}

int json_pointer_add(struct buf *pointer, const char *token)
{
        int r = buf_putc(pointer, '/');

        for (; r == 0 && *token; token++) {
                if (*token == '~')
                        r = buf_puts(pointer, "~0");
                else if (*token == '/')
                        r = buf_puts(pointer, "~1");
                else
                        r = buf_putc(pointer, *token);
        }
        return r;
}

static bool array_same(const json_t *a, const json_t *b)
{
        if (json_array_size(a) != json_array_size(b))
                return false;
        for (size_t i = 0; i < json_array_size(a); i++)
                if (!json_same(json_array_get(a, i), json_array_get(b, i)))
                        return false;
        return true;
}

static bool object_same(const json_t *a, const json_t *b)
{
        const char *key;
        json_t *item;

        if (json_object_size(a) != json_object_size(b))
                return false;
        json_object_foreach ((json_t *) a, key, item) {
                const json_t *other = json_object_get(b, key);

                if (!other || !json_same(item, other))
                        return false;
        }
        return true;
}

/* An integer beyond 2^53 is not equal to the double that it would be rounded to. */
static bool number_same(const json_t *a, const json_t *b)
{
        if (json_is_integer(a) && json_is_integer(b))
                return json_integer_value(a) == json_integer_value(b);
        if (json_is_real(a) && json_is_real(b))
                return json_real_value(a) == json_real_value(b);

        const json_t *integer = json_is_integer(a) ? a : b, *real = json_is_integer(a) ? b : a;
        double d = json_real_value(real);

        if (d < -9223372036854775808.0 || d >= 9223372036854775808.0)
                return false;
        return (double) (json_int_t) d == d && (json_int_t) d == json_integer_value(integer);
}

bool json_same(const json_t *a, const json_t *b)
{
        if (json_is_number(a) && json_is_number(b))
                return number_same(a, b);
        if (json_typeof(a) != json_typeof(b))
                return false;
        if (json_is_array(a))
                return array_same(a, b);
        if (json_is_object(a))
                return object_same(a, b);
        return json_equal(a, b);
}
