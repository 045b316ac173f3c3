/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/expr.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/number.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

enum op {
        OP_LITERAL,
        OP_REF,
        OP_NOT,
        OP_AND,
        OP_OR,
        OP_EQUAL,
        OP_NOT_EQUAL,
        OP_LESS,
        OP_LESS_EQUAL,
        OP_GREATER,
        OP_GREATER_EQUAL,
        OP_LEN,
        OP_CONTAINS,
        OP_DEFAULT,
};

/* A node's operands stand before it in the array of nodes. */
struct node {
        enum op op;
        size_t a, b;   /* operands */
        size_t column; /* from 1 */
        json_t *value; /* OP_LITERAL: the value; OP_REF: the path, an array of names and numbers */
        char *text;    /* OP_REF: as written */
};

struct expr {
        struct node *nodes;
        size_t count;
        size_t root;
};

struct parser {
        struct expr *expr;
        const char *start, *at, *end;
        bool is_embedded; /* may end before a '}' */
        unsigned depth;
        struct err *err;
};

struct expr *expr_free(struct expr *e)
{
        if (!e)
                return NULL;
        for (size_t i = 0; i < e->count; i++) {
                json_decref(e->nodes[i].value);
                free(e->nodes[i].text);
        }
        free(e->nodes);
        free(e);
        return NULL;
}

static int refuse(struct parser *p, const char *at, const char *format, ...) _printf_(3, 4);
static int refuse(struct parser *p, const char *at, const char *format, ...)
{
        char text[256];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return err_set(p->err, -EBADMSG, "column %zu: %s", (size_t) (at - p->start) + 1, text);
}

static void blanks(struct parser *p)
{
        while (p->at < p->end && isspace((unsigned char) *p->at))
                p->at++;
}

static bool peek(const struct parser *p, const char *token)
{
        size_t n = strlen(token);

        return (size_t) (p->end - p->at) >= n && memcmp(p->at, token, n) == 0;
}

static bool take(struct parser *p, const char *token)
{
        blanks(p);
        if (!peek(p, token))
                return false;
        p->at += strlen(token);
        return true;
}

/* Adds a node; takes `value` and `text` over in any case. */
static int node_add(struct parser *p, struct node node, const char *at, size_t *ret)
{
        struct expr *e = p->expr;
        struct node *grown = reallocarray(e->nodes, e->count + 1, sizeof(*e->nodes));

        if (grown)
                e->nodes = grown;
        if (!grown || ((node.op == OP_LITERAL || node.op == OP_REF) && !node.value)) {
                json_decref(node.value);
                free(node.text);
                return err_set(p->err, -ENOMEM, "out of memory");
        }
        node.column = (size_t) (at - p->start) + 1;
        *ret = e->count;
        e->nodes[e->count++] = node;
        return 0;
}

static bool is_name_start(char c)
{
        return isalpha((unsigned char) c) || c == '_';
}

static bool is_name_byte(char c)
{
        return isalnum((unsigned char) c) || c == '_' || c == '-';
}

static size_t name_length(const struct parser *p)
{
        size_t n = 0;

        if (p->at >= p->end || !is_name_start(*p->at))
                return 0;
        while (p->at + n < p->end && is_name_byte(p->at[n]))
                n++;
        return n;
}

/* "…" or '…' with \\ \" \' \n \r \t; `p->at` stands on the quote. */
static int string_read(struct parser *p, json_t **ret)
{
        static const char escapes[][2] = { "\\\\", "\"\"", "''", "n\n", "r\r", "t\t" };
        _cleanup_(buf_done) struct buf text = { 0 };
        const char *at = p->at;
        char quote = *p->at++;
        int r = 0;

        while (r == 0 && p->at < p->end && *p->at != quote) {
                char c = *p->at++;

                if (c == '\\') {
                        size_t i = 0;

                        while (i < ARRAY_SIZE(escapes) &&
                               (p->at >= p->end || escapes[i][0] != *p->at))
                                i++;
                        if (i == ARRAY_SIZE(escapes))
                                return refuse(p, p->at - 1, "no such escape");
                        c = escapes[i][1];
                        p->at++;
                }
                r = buf_putc(&text, c);
        }
        if (r < 0)
                return r;
        if (p->at >= p->end)
                return refuse(p, at, "this string is not closed by %c", quote);
        p->at++;
        *ret = json_stringn(buf_text(&text), text.length);
        return *ret ? 0 : refuse(p, at, "this string is not valid UTF-8");
}

/* JSON's numbers; jansson reads them. */
static int number_read(struct parser *p, json_t **ret)
{
        size_t n = 0;

        while (p->at + n < p->end && (isalnum((unsigned char) p->at[n]) || p->at[n] == '.' ||
                                      p->at[n] == '-' || p->at[n] == '+'))
                n++;
        *ret = json_loadb(p->at, n, JSON_DECODE_ANY, NULL);
        if (!*ret)
                return refuse(p, p->at, "not a number: %.*s", (int) MIN_OF(n, (size_t) 40), p->at);
        p->at += n;
        return 0;
}

static int index_read(struct parser *p, json_t *path)
{
        const char *at = p->at;
        json_t *step;
        int r;

        blanks(p);
        if (p->at < p->end && (*p->at == '"' || *p->at == '\''))
                r = string_read(p, &step);
        else if (p->at < p->end && isdigit((unsigned char) *p->at))
                r = number_read(p, &step);
        else
                return refuse(p, at, "in [ ] goes a number or a string");
        if (r < 0)
                return r;
        if (json_is_real(step)) {
                json_decref(step);
                return refuse(p, at, "an index is a whole number");
        }
        if (json_array_append_new(path, step) < 0)
                return -ENOMEM;
        return take(p, "]") ? 0 : refuse(p, at, "this [ has no ]");
}

static int name_read(struct parser *p, json_t *path)
{
        size_t n = name_length(p);

        if (n == 0)
                return refuse(p, p->at, "a name is missing here");
        if (json_array_append_new(path, json_stringn(p->at, n)) < 0)
                return -ENOMEM;
        p->at += n;
        return 0;
}

static const char *step_of(const json_t *path, size_t i)
{
        return json_string_value(json_array_get(path, i));
}

static bool is_one_of(const char *word, const char *const *words)
{
        for (; word && *words; words++)
                if (strcmp(*words, word) == 0)
                        return true;
        return false;
}

static int path_check(struct parser *p, const char *at, const json_t *path)
{
        static const char *const roots[] = { "inputs", "steps", "run", "item", "index", NULL };
        static const char *const fields[] = { "output",   "state",   "verdict",
                                              "findings", "changed", NULL };

        if (!is_one_of(step_of(path, 0), roots))
                return refuse(p, at,
                              "\"%s\" is not known: references begin with inputs, steps, run, item "
                              "or index; strings stand in quotes",
                              step_of(path, 0));
        if (strcmp(step_of(path, 0), "steps") != 0)
                return 0;
        if (!step_of(path, 1))
                return refuse(p, at, "steps. is followed by the id of a step");
        if (!is_one_of(step_of(path, 2), fields))
                return refuse(
                        p, at,
                        "steps.%s. is followed by output, state, verdict, findings or changed",
                        step_of(path, 1));
        return 0;
}

static int path_read(struct parser *p, json_t *path)
{
        int r = name_read(p, path);

        while (r == 0 && p->at < p->end && (*p->at == '.' || *p->at == '['))
                r = *p->at++ == '.' ? name_read(p, path) : index_read(p, path);
        return r;
}

static int reference(struct parser *p, size_t *ret)
{
        _cleanup_(json_decrefp) json_t *path = json_array();
        const char *at = p->at;
        char *text;
        int r;

        r = path ? path_read(p, path) : -ENOMEM;
        if (r == 0)
                r = path_check(p, at, path);
        if (r < 0)
                return r;
        text = strndup(at, (size_t) (p->at - at));
        if (!text)
                return -ENOMEM;
        return node_add(p, (struct node){ .op = OP_REF, .value = TAKE(path), .text = text }, at,
                        ret);
}

static int expression(struct parser *p, size_t *ret);

static const struct {
        const char *name;
        enum op op;
        unsigned arguments;
} functions[] = {
        { "len", OP_LEN, 1 },
        { "contains", OP_CONTAINS, 2 },
        { "default", OP_DEFAULT, 2 },
};

/* `p->at` stands behind the parenthesis. */
static int call(struct parser *p, const char *at, size_t which, size_t *ret)
{
        struct node node = { .op = functions[which].op };
        int r;

        r = expression(p, &node.a);
        if (r == 0 && functions[which].arguments == 2)
                r = take(p, ",")
                            ? expression(p, &node.b)
                            : refuse(p, p->at, "%s() takes two arguments", functions[which].name);
        if (r < 0)
                return r;
        if (!take(p, ")"))
                return refuse(p, p->at, "%s( has no )", functions[which].name);
        if (node.op == OP_DEFAULT && p->expr->nodes[node.a].op != OP_REF)
                return refuse(p, at, "the first argument of default() is a reference");
        return node_add(p, node, at, ret);
}

static int literal_word(struct parser *p, const char *at, size_t n, size_t *ret)
{
        json_t *value = NULL;

        if (n == 4 && memcmp(at, "true", n) == 0)
                value = json_true();
        else if (n == 5 && memcmp(at, "false", n) == 0)
                value = json_false();
        else if (n == 4 && memcmp(at, "null", n) == 0)
                value = json_null();
        if (!value)
                return reference(p, ret);
        p->at += n;
        return node_add(p, (struct node){ .op = OP_LITERAL, .value = value }, at, ret);
}

static int word(struct parser *p, size_t n, size_t *ret)
{
        const char *at = p->at;

        p->at += n;
        if (!take(p, "(")) {
                p->at = at;
                return literal_word(p, at, n, ret);
        }
        for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
                if (strlen(functions[i].name) == n && memcmp(functions[i].name, at, n) == 0)
                        return call(p, at, i, ret);
        return refuse(p, at, "no such function; there are len(), contains() and default()");
}

static int value(struct parser *p, size_t *ret)
{
        const char *at;
        json_t *json;
        size_t n;
        int r;

        blanks(p);
        at = p->at;
        n = name_length(p);
        if (n)
                return word(p, n, ret);
        if (take(p, "(")) {
                r = expression(p, ret);
                if (r < 0)
                        return r;
                return take(p, ")") ? 0 : refuse(p, at, "this ( has no )");
        }
        if (at >= p->end)
                return refuse(p, at, "the expression ends where a value should stand");
        if (*at == '"' || *at == '\'')
                r = string_read(p, &json);
        else if (*at == '-' || isdigit((unsigned char) *at))
                r = number_read(p, &json);
        else
                return refuse(p, at, "a value should stand here");
        if (r < 0)
                return r;
        return node_add(p, (struct node){ .op = OP_LITERAL, .value = json }, at, ret);
}

/* Longer tokens first: "<" begins "<=". */
static const struct {
        const char *token;
        enum op op;
} comparisons[] = {
        { "==", OP_EQUAL },         { "!=", OP_NOT_EQUAL }, { "<=", OP_LESS_EQUAL },
        { ">=", OP_GREATER_EQUAL }, { "<", OP_LESS },       { ">", OP_GREATER },
};

static int comparison(struct parser *p, size_t *ret)
{
        struct node node = { 0 };
        const char *at;
        int r;

        r = value(p, &node.a);
        if (r < 0)
                return r;
        blanks(p);
        at = p->at;
        for (size_t i = 0; i < ARRAY_SIZE(comparisons); i++) {
                if (!take(p, comparisons[i].token))
                        continue;
                node.op = comparisons[i].op;
                r = value(p, &node.b);
                return r < 0 ? r : node_add(p, node, at, ret);
        }
        *ret = node.a;
        return 0;
}

static int negation(struct parser *p, size_t *ret)
{
        struct node node = { .op = OP_NOT };
        const char *at;
        int r;

        blanks(p);
        at = p->at;
        if (!take(p, "!"))
                return comparison(p, ret);
        if (++p->depth > EXPR_DEPTH_MAX)
                return refuse(p, at, "nested deeper than %d levels", EXPR_DEPTH_MAX);
        r = negation(p, &node.a);
        p->depth--;
        return r < 0 ? r : node_add(p, node, at, ret);
}

/* operand { token operand }, grouped from the left */
static int chain(struct parser *p, const char *token, enum op op,
                 int (*operand)(struct parser *p, size_t *ret), size_t *ret)
{
        struct node node = { .op = op };
        int r = operand(p, ret);

        while (r == 0 && take(p, token)) {
                node.a = *ret;
                r = operand(p, &node.b);
                if (r == 0)
                        r = node_add(p, node, p->at, ret);
        }
        return r;
}

static int conjunction(struct parser *p, size_t *ret)
{
        return chain(p, "&&", OP_AND, negation, ret);
}

static int expression(struct parser *p, size_t *ret)
{
        int r;

        if (++p->depth > EXPR_DEPTH_MAX)
                return refuse(p, p->at, "nested deeper than %d levels", EXPR_DEPTH_MAX);
        r = chain(p, "||", OP_OR, conjunction, ret);
        p->depth--;
        return r;
}

int expr_new(struct expr **ret_expr, const char *text, size_t length, size_t *ret_used,
             struct err *err)
{
        _cleanup_(expr_freep) struct expr *e = calloc(1, sizeof(*e));
        struct parser p = {
                .expr = e,
                .start = text,
                .at = text,
                .end = text + length,
                .err = err,
        };
        int r;

        if (!e)
                return err_set(err, -ENOMEM, "out of memory");
        if (!ret_used && length > EXPR_LENGTH_MAX)
                return refuse(&p, text, "an expression has at most %d bytes", EXPR_LENGTH_MAX);
        if (length > EXPR_LENGTH_MAX)
                p.end = text + EXPR_LENGTH_MAX;

        r = expression(&p, &e->root);
        if (r == -ENOMEM)
                return err_set(err, r, "out of memory");
        if (r < 0)
                return r;
        blanks(&p);
        if (p.at < p.end && !(ret_used && *p.at == '}'))
                return refuse(&p, p.at, "the expression should end here, or an operator follow");
        if (ret_used)
                *ret_used = (size_t) (p.at - text);

        *ret_expr = TAKE(e);
        return 0;
}

static bool is_defaulted(const struct expr *e, size_t node)
{
        for (size_t i = node + 1; i < e->count; i++)
                if (e->nodes[i].op == OP_DEFAULT && e->nodes[i].a == node)
                        return true;
        return false;
}

int expr_refs(const struct expr *e, int (*each)(void *user, const struct expr_ref *ref), void *user)
{
        for (size_t i = 0; i < e->count; i++) {
                const struct node *n = &e->nodes[i];
                struct expr_ref ref = { 0 };
                int r;

                if (n->op != OP_REF)
                        continue;
                ref.text = n->text;
                ref.root = step_of(n->value, 0);
                ref.column = n->column;
                ref.has_default = is_defaulted(e, i);
                if (strcmp(ref.root, "steps") == 0) {
                        ref.step = step_of(n->value, 1);
                        ref.field = step_of(n->value, 2);
                } else {
                        ref.first = step_of(n->value, 1);
                }
                r = each(user, &ref);
                if (r != 0)
                        return r;
        }
        return 0;
}

struct evaluation {
        const struct expr *expr;
        const struct expr_scope *scope;
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
        bool is_step = strcmp(step_of(n->value, 0), "steps") == 0;
        _cleanup_(json_decrefp) json_t *root = NULL;
        const json_t *at;
        int r;

        r = v->scope->get(v->scope->user, step_of(n->value, 0),
                          is_step ? step_of(n->value, 1) : NULL,
                          is_step ? step_of(n->value, 2) : NULL, &root);
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

static int order_eval(struct evaluation *v, const struct node *n, const json_t *a, const json_t *b)
{
        int order;

        if (json_is_number(a) && json_is_number(b))
                order = number_compare(a, b);
        else if (json_is_string(a) && json_is_string(b))
                order = strcmp(json_string_value(a), json_string_value(b));
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

static int contains_eval(struct evaluation *v, const struct node *n, const json_t *a,
                         const json_t *b)
{
        const json_t *item;
        size_t i;

        if (json_is_array(a)) {
                json_array_foreach (a, i, item)
                        if (json_same(item, b))
                                return 1;
                return 0;
        }
        if (!json_is_string(b) || !(json_is_string(a) || json_is_object(a)))
                return fail(v, n, -EINVAL, "contains() does not work on %s and %s", type_of(a),
                            type_of(b));
        if (json_is_object(a))
                return json_object_getn(a, json_string_value(b), json_string_length(b)) != NULL;
        return memmem(json_string_value(a), json_string_length(a), json_string_value(b),
                      json_string_length(b)) != NULL;
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
                r = json_same(a, b) == (n->op == OP_EQUAL);
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
        struct evaluation quiet = { v->expr, v->scope, NULL };
        int r = eval(&quiet, n->a, ret);

        if (r == -ENOENT)
                return eval(v, n->b, ret);
        return r == 0 ? 0 : eval(v, n->a, ret); /* again, for the words */
}

static int eval(struct evaluation *v, size_t node, json_t **ret)
{
        const struct node *n = &v->expr->nodes[node];

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

int expr_eval(const struct expr *e, const struct expr_scope *scope, json_t **ret, struct err *err)
{
        struct evaluation v = { e, scope, err };

        return eval(&v, e->root, ret);
}

int expr_condition(const char *text, const struct expr_scope *scope, struct err *err)
{
        _cleanup_(expr_freep) struct expr *e = NULL;
        struct evaluation v = { .scope = scope, .err = err };
        int r;

        r = expr_new(&e, text, strlen(text), NULL, err);
        if (r < 0)
                return r;
        v.expr = e;
        return truth(&v, e->root);
}
