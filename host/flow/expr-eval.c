/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/expr-impl.h"

#include "base/json.h"
#include "base/number.h"

#include <stdarg.h>
#include <string.h>

#define VALUE_WORK 32 /* what it costs to come to a value, in bytes that are looked at */

struct evaluation {
        const struct expr *expr;
        const struct expr_scope *scope;
        uint64_t *left; /* of the work that may be done */
        struct err *err;
};

static int fail(struct evaluation *v, const struct node *n, int code, const char *format, ...)
        _printf_(4, 5);
static int fail(struct evaluation *v, const struct node *n, int code, const char *format, ...)
{
        char text[512];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return err_set(v->err, code, "column %zu: %s", n->column, text);
}

/* To be paid before the work is done: bytes that are looked at, and something for each value. */
static int work(struct evaluation *v, const struct node *n, uint64_t amount)
{
        if (amount > *v->left)
                return fail(v, n, -E2BIG,
                            "the values are too large: more than %d MiB would have to be looked at",
                            EXPR_WORK_MAX >> 20);
        *v->left -= amount;
        return 0;
}

static const char *type_of(const json_t *json)
{
        static const char *const names[] = {
                [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
                [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "a boolean",
                [JSON_FALSE] = "a boolean",  [JSON_NULL] = "null",
        };

        return names[json_typeof(json)];
}

static int ref_eval(struct evaluation *v, const struct node *n, json_t **ret)
{
        bool is_step = strcmp(expr_name(n->value, 0), "steps") == 0;
        _cleanup_(json_decrefp) json_t *root = NULL;
        const json_t *at;
        int r;

        r = v->scope->get(v->scope->user, expr_name(n->value, 0),
                          is_step ? expr_name(n->value, 1) : NULL,
                          is_step ? expr_name(n->value, 2) : NULL, &root);
        if (r < 0 && r != -ENOENT)
                return fail(v, n, r, "%s cannot be read", n->text);
        at = r < 0 ? NULL : root;
        for (size_t i = is_step ? 3 : 1; at && i < json_array_size(n->value); i++) {
                const json_t *step = json_array_get(n->value, i);

                at = json_is_string(step) ? json_object_getn(at, json_string_value(step),
                                                             json_string_length(step))
                                          : json_array_get(at, (size_t) json_integer_value(step));
        }
        if (!at)
                return fail(v, n, -ENOENT, "%s is missing", n->text);
        *ret = json_incref((json_t *) at);
        return 0;
}

static int eval(struct evaluation *v, size_t node, json_t **ret);

static int truth(struct evaluation *v, size_t node)
{
        _cleanup_(json_decrefp) json_t *json = NULL;
        int r = eval(v, node, &json);

        if (r < 0)
                return r;
        if (!json_is_boolean(json))
                return fail(v, &v->expr->nodes[node], -EINVAL,
                            "true or false is needed here, and this is %s", type_of(json));
        return json_is_true(json);
}

/* The second operand is looked at only where it counts. */
static int logic_eval(struct evaluation *v, const struct node *n, json_t **ret)
{
        int r = truth(v, n->a);

        if (r < 0)
                return r;
        if (n->op == OP_NOT)
                r = !r;
        else if (r == (n->op == OP_AND))
                r = truth(v, n->b);
        if (r < 0)
                return r;
        *ret = json_boolean(r);
        return 0;
}

/* By their bytes, of which NUL is one. */
static int text_compare(const json_t *a, const json_t *b)
{
        size_t x = json_string_length(a), y = json_string_length(b);
        int order = memcmp(json_string_value(a), json_string_value(b), MIN_OF(x, y));

        return order ? order : (x > y) - (x < y);
}

static int order_eval(struct evaluation *v, const struct node *n, const json_t *a, const json_t *b)
{
        int order = work(v, n, MIN_OF(json_string_length(a), json_string_length(b)));

        if (order < 0)
                return order;
        if (json_is_number(a) && json_is_number(b))
                order = number_compare(a, b);
        else if (json_is_string(a) && json_is_string(b))
                order = text_compare(a, b);
        else
                return fail(v, n, -EINVAL, "%s and %s have no order", type_of(a), type_of(b));
        switch (n->op) {
        case OP_LESS:
                return order < 0;
        case OP_LESS_EQUAL:
                return order <= 0;
        case OP_GREATER:
                return order > 0;
        default:
                return order >= 0;
        }
}

static int same(struct evaluation *v, const struct node *n, const json_t *a, const json_t *b);

static int items_same(struct evaluation *v, const struct node *n, const json_t *a, const json_t *b)
{
        int r = json_array_size(a) == json_array_size(b);

        for (size_t i = 0; r == 1 && i < json_array_size(a); i++)
                r = same(v, n, json_array_get(a, i), json_array_get(b, i));
        return r;
}

static int members_same(struct evaluation *v, const struct node *n, const json_t *a,
                        const json_t *b)
{
        int r = json_object_size(a) == json_object_size(b);
        const char *key;
        json_t *item, *other;

        json_object_foreach ((json_t *) a, key, item) {
                other = r == 1 ? json_object_get(b, key) : NULL;
                if (!other)
                        return r < 0 ? r : 0;
                r = same(v, n, item, other);
        }
        return r;
}

/* As json_same(), paid for: 1, 0, or -E2BIG. */
static int same(struct evaluation *v, const struct node *n, const json_t *a, const json_t *b)
{
        int r = work(v, n, VALUE_WORK + MIN_OF(json_string_length(a), json_string_length(b)));

        if (r < 0)
                return r;
        if (json_is_array(a) && json_is_array(b))
                return items_same(v, n, a, b);
        if (json_is_object(a) && json_is_object(b))
                return members_same(v, n, a, b);
        return json_same(a, b);
}

static int contains_eval(struct evaluation *v, const struct node *n, const json_t *a,
                         const json_t *b)
{
        int r = 0;

        if (json_is_array(a)) {
                for (size_t i = 0; r == 0 && i < json_array_size(a); i++)
                        r = same(v, n, json_array_get(a, i), b);
                return r;
        }
        if (!json_is_string(b) || !(json_is_string(a) || json_is_object(a)))
                return fail(v, n, -EINVAL, "contains() does not work on %s and %s", type_of(a),
                            type_of(b));
        if (json_is_object(a))
                return json_object_getn(a, json_string_value(b), json_string_length(b)) != NULL;
        r = work(v, n, json_string_length(a) + json_string_length(b));
        return r < 0 ? r
                     : memmem(json_string_value(a), json_string_length(a), json_string_value(b),
                              json_string_length(b)) != NULL;
}

static int equal_eval(struct evaluation *v, const struct node *n, const json_t *a, const json_t *b)
{
        int r = same(v, n, a, b);

        return r < 0 ? r : r == (n->op == OP_EQUAL);
}

/* Operators that look at two values and answer yes or no. */
static int pair_eval(struct evaluation *v, const struct node *n, json_t **ret)
{
        _cleanup_(json_decrefp) json_t *a = NULL, *b = NULL;
        int r;

        r = eval(v, n->a, &a);
        if (r == 0)
                r = eval(v, n->b, &b);
        if (r < 0)
                return r;
        if (n->op == OP_EQUAL || n->op == OP_NOT_EQUAL)
                r = equal_eval(v, n, a, b);
        else if (n->op == OP_CONTAINS)
                r = contains_eval(v, n, a, b);
        else
                r = order_eval(v, n, a, b);
        if (r < 0)
                return r;
        *ret = json_boolean(r);
        return 0;
}

static int len_eval(struct evaluation *v, const struct node *n, json_t **ret)
{
        _cleanup_(json_decrefp) json_t *json = NULL;
        size_t count = 0;
        int r = eval(v, n->a, &json);

        if (r == 0)
                r = work(v, n, json_string_length(json));
        if (r < 0)
                return r;
        if (json_is_array(json))
                count = json_array_size(json);
        else if (json_is_object(json))
                count = json_object_size(json);
        else if (json_is_string(json))
                for (size_t i = 0; i < json_string_length(json); i++)
                        count += ((unsigned char) json_string_value(json)[i] & 0xc0) != 0x80;
        else
                return fail(v, n, -EINVAL, "len() does not work on %s", type_of(json));
        *ret = json_integer((json_int_t) count);
        return *ret ? 0 : -ENOMEM;
}

static int default_eval(struct evaluation *v, const struct node *n, json_t **ret)
{
        struct evaluation quiet = { v->expr, v->scope, v->left, NULL };
        int r = eval(&quiet, n->a, ret);

        if (r == -ENOENT)
                return eval(v, n->b, ret);
        return r == 0 ? 0 : eval(v, n->a, ret); /* again, for the words */
}

static int eval(struct evaluation *v, size_t node, json_t **ret)
{
        const struct node *n = &v->expr->nodes[node];
        int r = work(v, n, VALUE_WORK);

        if (r < 0)
                return r;
        switch (n->op) {
        case OP_LITERAL:
                *ret = json_incref(n->value);
                return 0;
        case OP_REF:
                return ref_eval(v, n, ret);
        case OP_NOT:
        case OP_AND:
        case OP_OR:
                return logic_eval(v, n, ret);
        case OP_LEN:
                return len_eval(v, n, ret);
        case OP_DEFAULT:
                return default_eval(v, n, ret);
        default:
                return pair_eval(v, n, ret);
        }
}

int expr_eval_within(const struct expr *e, const struct expr_scope *scope, uint64_t *left,
                     json_t **ret, struct err *err)
{
        struct evaluation v = { e, scope, left, err };

        return eval(&v, e->root, ret);
}

int expr_eval(const struct expr *e, const struct expr_scope *scope, json_t **ret, struct err *err)
{
        uint64_t left = EXPR_WORK_MAX;

        return expr_eval_within(e, scope, &left, ret, err);
}

int expr_condition(const char *text, const struct expr_scope *scope, struct err *err)
{
        _cleanup_(expr_freep) struct expr *e = NULL;
        uint64_t left = EXPR_WORK_MAX;
        struct evaluation v = { .scope = scope, .left = &left, .err = err };
        int r;

        r = expr_new(&e, text, strlen(text), NULL, err);
        if (r < 0)
                return r;
        v.expr = e;
        return truth(&v, e->root);
}
