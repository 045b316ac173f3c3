/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle.h"

#include "test.h"

#include <string.h>

struct oracle {
        char op[9]; /* "value", "ref", "!", "||", "==", "len" … */
        struct oracle *a, *b;
        json_t *value; /* "value": it; "ref": the path */
};

struct oracle *oracle_free(struct oracle *o)
{
        if (!o)
                return NULL;
        oracle_free(o->a);
        oracle_free(o->b);
        json_decref(o->value);
        free(o);
        return NULL;
}

static struct oracle *make(const char *op, struct oracle *a, struct oracle *b, json_t *value)
{
        struct oracle *o = calloc(1, sizeof(*o));

        assert_non_null(o);
        (void) snprintf(o->op, sizeof(o->op), "%s", op);
        o->a = a;
        o->b = b;
        o->value = value;
        return o;
}

static void pass(const char **at)
{
        *at += strspn(*at, " \t\r\n");
}

static bool eat(const char **at, const char *token)
{
        pass(at);
        if (strncmp(*at, token, strlen(token)) != 0)
                return false;
        *at += strlen(token);
        return true;
}

static json_t *read_string(const char **at)
{
        char text[1000], quote = *(*at)++;
        size_t n = 0;

        for (; **at != quote; (*at)++) {
                char c = **at;

                if (c == '\\') {
                        c = *++*at;
                        c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
                }
                assert_true(n < sizeof(text));
                text[n++] = c;
        }
        ++*at;
        return json_stringn(text, n);
}

static json_t *read_number(const char **at)
{
        size_t n = strspn(*at, "0123456789+-.eE");
        bool is_real = strcspn(*at, ".eE") < n;
        json_t *value =
                is_real ? json_real(strtod(*at, NULL)) : json_integer(strtoll(*at, NULL, 10));

        *at += n;
        return value;
}

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

static json_t *read_path(const char **at)
{
        json_t *path = json_array();

        do {
                size_t n = strspn(*at, NAME_BYTES);

                if (**at == '[') {
                        ++*at;
                        pass(at);
                        json_array_append_new(path, **at == '"' || **at == '\'' ? read_string(at)
                                                                                : read_number(at));
                        assert_true(eat(at, "]"));
                } else {
                        json_array_append_new(path, json_stringn(*at, n));
                        *at += n;
                }
        } while (**at == '[' || *(*at)++ == '.');
        --*at;
        return path;
}

static struct oracle *read_or(const char **at);

static struct oracle *read_call(const char **at, const char *op, bool has_two)
{
        struct oracle *a = read_or(at), *b = NULL;

        if (has_two) {
                assert_true(eat(at, ","));
                b = read_or(at);
        }
        assert_true(eat(at, ")"));
        return make(op, a, b, NULL);
}

static struct oracle *read_word(const char **at)
{
        size_t n = strspn(*at, NAME_BYTES);
        char word[16] = "";
        const char *behind = *at + n;
        json_t *path;

        if (n < sizeof(word))
                memcpy(word, *at, n);
        if (strcmp(word, "len") == 0 || strcmp(word, "contains") == 0 ||
            strcmp(word, "default") == 0) {
                *at = behind;
                assert_true(eat(at, "("));
                return read_call(at, word, *word != 'l');
        }
        if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0 || strcmp(word, "null") == 0) {
                *at = behind;
                return make("value", NULL, NULL,
                            *word == 't'   ? json_true()
                            : *word == 'f' ? json_false()
                                           : json_null());
        }
        path = read_path(at);
        return make("ref", NULL, NULL, path);
}

static struct oracle *read_value(const char **at)
{
        struct oracle *inner;

        if (eat(at, "(")) {
                inner = read_or(at);
                assert_true(eat(at, ")"));
                return inner;
        }
        if (**at == '"' || **at == '\'')
                return make("value", NULL, NULL, read_string(at));
        if (strchr("-0123456789", **at))
                return make("value", NULL, NULL, read_number(at));
        return read_word(at);
}

static struct oracle *read_not(const char **at)
{
        static const char *const ops[] = { "==", "!=", "<=", ">=", "<", ">" };
        struct oracle *a;

        if (eat(at, "!"))
                return make("!", read_not(at), NULL, NULL);
        a = read_value(at);
        for (size_t i = 0; i < TEST_ROWS(ops); i++)
                if (eat(at, ops[i]))
                        return make(ops[i], a, read_value(at), NULL);
        return a;
}

static struct oracle *read_and(const char **at)
{
        struct oracle *a = read_not(at);

        while (eat(at, "&&"))
                a = make("&&", a, read_not(at), NULL);
        return a;
}

static struct oracle *read_or(const char **at)
{
        struct oracle *a = read_and(at);

        while (eat(at, "||"))
                a = make("||", a, read_and(at), NULL);
        return a;
}

struct oracle *oracle_read(const char *text)
{
        struct oracle *o = read_or(&text);

        pass(&text);
        assert_string_equal(text, "");
        return o;
}

/* A long double holds every 64-bit integer and every double. */
static long double number(const json_t *n)
{
        return json_is_integer(n) ? (long double) json_integer_value(n)
                                  : (long double) json_real_value(n);
}

static bool alike(const json_t *a, const json_t *b)
{
        const char *key;
        json_t *item;

        if (json_is_number(a) && json_is_number(b))
                return number(a) == number(b);
        if (json_typeof(a) != json_typeof(b) || json_array_size(a) != json_array_size(b) ||
            json_object_size(a) != json_object_size(b))
                return false;
        if (json_is_string(a))
                return json_string_length(a) == json_string_length(b) &&
                       memcmp(json_string_value(a), json_string_value(b), json_string_length(a)) ==
                               0;
        for (size_t i = 0; i < json_array_size(a); i++)
                if (!alike(json_array_get(a, i), json_array_get(b, i)))
                        return false;
        json_object_foreach ((json_t *) a, key, item)
                if (!json_object_get(b, key) || !alike(item, json_object_get(b, key)))
                        return false;
        return true;
}

static int order(const char *op, const json_t *a, const json_t *b)
{
        int c;

        if (json_is_number(a) && json_is_number(b)) {
                c = (number(a) > number(b)) - (number(a) < number(b));
        } else if (json_is_string(a) && json_is_string(b)) {
                size_t x = json_string_length(a), y = json_string_length(b), i = 0;
                const unsigned char *p = (const void *) json_string_value(a);
                const unsigned char *q = (const void *) json_string_value(b);

                while (i < x && i < y && p[i] == q[i])
                        i++;
                c = i < x && i < y ? p[i] - q[i] : (x > y) - (x < y);
        } else {
                return -EINVAL;
        }
        return *op == '<' ? c < 0 || (op[1] && c == 0) : c > 0 || (op[1] && c == 0);
}

static int contains(const json_t *a, const json_t *b)
{
        size_t x = json_string_length(a), y = json_string_length(b);

        for (size_t i = 0; i < json_array_size(a); i++)
                if (alike(json_array_get(a, i), b))
                        return 1;
        if (json_is_array(a))
                return 0;
        if (!json_is_string(b) || !(json_is_string(a) || json_is_object(a)))
                return -EINVAL;
        if (json_is_object(a))
                return json_object_get(a, json_string_value(b)) != NULL;
        for (size_t i = 0; i + y <= x; i++)
                if (memcmp(json_string_value(a) + i, json_string_value(b), y) == 0)
                        return 1;
        return 0;
}

static int length(const json_t *a)
{
        int n = 0;

        if (json_is_array(a))
                return (int) json_array_size(a);
        if (json_is_object(a))
                return (int) json_object_size(a);
        if (!json_is_string(a))
                return -EINVAL;
        for (size_t i = 0; i < json_string_length(a); i++)
                n += (signed char) json_string_value(a)[i] >= -64;
        return n;
}

static int reference(const json_t *path, const json_t *world, json_t **ret)
{
        for (size_t i = 0; world && i < json_array_size(path); i++) {
                const json_t *step = json_array_get(path, i);

                world = json_is_string(step)
                                ? json_object_get(world, json_string_value(step))
                                : json_array_get(world, (size_t) json_integer_value(step));
        }
        *ret = json_incref((json_t *) world);
        return world ? 0 : -ENOENT;
}

static int both(const struct oracle *o, const json_t *a, const json_t *b)
{
        if (strcmp(o->op, "==") == 0)
                return alike(a, b);
        if (strcmp(o->op, "!=") == 0)
                return !alike(a, b);
        return strcmp(o->op, "contains") == 0 ? contains(a, b) : order(o->op, a, b);
}

static int truth(const struct oracle *o, const json_t *world)
{
        _cleanup_(json_decrefp) json_t *value = NULL;
        int r = oracle_value(o, world, &value);

        return r < 0 ? r : json_is_boolean(value) ? json_is_true(value) : -EINVAL;
}

static int logic(const struct oracle *o, const json_t *world)
{
        int r = truth(o->a, world);

        if (r < 0)
                return r;
        if (*o->op == '!')
                return !r;
        return r == (*o->op == '|') ? r : truth(o->b, world);
}

int oracle_value(const struct oracle *o, const json_t *world, json_t **ret)
{
        _cleanup_(json_decrefp) json_t *a = NULL, *b = NULL;
        int r;

        if (strcmp(o->op, "value") == 0)
                return *ret = json_incref(o->value), 0;
        if (strcmp(o->op, "ref") == 0)
                return reference(o->value, world, ret);
        if (strcmp(o->op, "default") == 0) {
                r = oracle_value(o->a, world, ret);
                return r == -ENOENT ? oracle_value(o->b, world, ret) : r;
        }
        if (strcmp(o->op, "!") == 0 || strcmp(o->op, "&&") == 0 || strcmp(o->op, "||") == 0) {
                r = logic(o, world);
        } else {
                r = oracle_value(o->a, world, &a);
                if (r == 0 && o->b)
                        r = oracle_value(o->b, world, &b);
                if (r == 0)
                        r = o->b ? both(o, a, b) : length(a);
        }
        if (r >= 0)
                *ret = strcmp(o->op, "len") == 0 ? json_integer(r) : json_boolean(r);
        return MIN_OF(r, 0);
}

/* --- writing --- */

static void puts_in(struct buf *out, struct json_random *random, const char *text)
{
        static const char *const blanks[] = { "", "", " ", "\n\t" };

        assert_int_equal(buf_puts(out, blanks[json_random_below(random, 4)]), 0);
        assert_int_equal(buf_puts(out, text), 0);
}

static void string_write(const json_t *string, struct json_random *random, struct buf *out)
{
        char quote = json_random_below(random, 2) ? '"' : '\'';

        assert_int_equal(buf_putc(out, quote), 0);
        for (size_t i = 0; i < json_string_length(string); i++) {
                char c = json_string_value(string)[i];

                if (c == quote || c == '\\')
                        assert_int_equal(buf_putc(out, '\\'), 0);
                assert_int_equal(c == '\n'   ? buf_puts(out, "\\n")
                                 : c == '\r' ? buf_puts(out, "\\r")
                                             : buf_putc(out, c),
                                 0);
        }
        assert_int_equal(buf_putc(out, quote), 0);
}

static void value_write(const json_t *value, struct json_random *random, struct buf *out)
{
        _cleanup_(freep) char *text = NULL;

        if (json_is_string(value)) {
                string_write(value, random, out);
                return;
        }
        text = json_dumps(value, JSON_ENCODE_ANY);
        assert_int_equal(buf_puts(out, text), 0);
}

/* Names behind a step's field may as well stand in brackets. */
static void path_write(const json_t *path, struct json_random *random, struct buf *out)
{
        bool is_step = strcmp(json_string_value(json_array_get(path, 0)), "steps") == 0;

        for (size_t i = 0; i < json_array_size(path); i++) {
                const json_t *step = json_array_get(path, i);

                if (i < (is_step ? 3 : 1)) {
                        assert_int_equal(
                                buf_printf(out, "%s%s", i ? "." : "", json_string_value(step)), 0);
                        continue;
                }
                assert_int_equal(buf_putc(out, '['), 0);
                value_write(step, random, out);
                puts_in(out, random, "]");
        }
}

void oracle_write(const struct oracle *o, struct json_random *random, struct buf *out)
{
        bool is_call = strchr("lcd", *o->op) != NULL;

        puts_in(out, random, "");
        if (strcmp(o->op, "value") == 0) {
                value_write(o->value, random, out);
        } else if (strcmp(o->op, "ref") == 0) {
                path_write(o->value, random, out);
        } else if (is_call || *o->op == '!') {
                puts_in(out, random, *o->op == '!' && !o->op[1] ? "(!" : is_call ? o->op : "(");
                if (is_call)
                        puts_in(out, random, "(");
                oracle_write(o->a, random, out);
                if (o->b && is_call)
                        puts_in(out, random, ",");
                else if (o->b)
                        puts_in(out, random, o->op);
                if (o->b)
                        oracle_write(o->b, random, out);
                puts_in(out, random, ")");
        } else {
                puts_in(out, random, "(");
                oracle_write(o->a, random, out);
                puts_in(out, random, o->op);
                oracle_write(o->b, random, out);
                puts_in(out, random, ")");
        }
}
