/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/expr-impl.h"

#include "base/buf.h"

#include <stdarg.h>
#include <string.h>

struct parser {
        struct expr *expr;
        const char *start, *at, *end;
        bool is_cut; /* there is more text than an expression may have */
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

        if (p->is_cut && p->at >= p->end)
                return err_set(p->err, -EBADMSG, "column 1: an expression has at most %d bytes",
                               EXPR_LENGTH_MAX);
        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return err_set(p->err, -EBADMSG, "column %zu: %s", (size_t) (at - p->start) + 1, text);
}

/* The grammar's classes: the same in every locale. */
static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void blanks(struct parser *p)
{
        while (p->at < p->end && is_blank(*p->at))
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
        return is_letter(c) || c == '_';
}

static bool is_name_byte(char c)
{
        return is_letter(c) || is_digit(c) || c == '_' || c == '-';
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

        while (p->at + n < p->end && (is_name_byte(p->at[n]) || p->at[n] == '.' || p->at[n] == '+'))
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
        else if (p->at < p->end && is_digit(*p->at))
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

static bool is_one_of(const char *word, const char *const *words)
{
        for (; word && *words; words++)
                if (strcmp(*words, word) == 0)
                        return true;
        return false;
}

/* ".ID.FIELD" behind "steps" */
static int step_read(struct parser *p, const char *at, json_t *path)
{
        static const char *const fields[] = { "output",   "state",   "verdict",
                                              "findings", "changed", NULL };
        int r;

        if (!peek(p, "."))
                return refuse(p, at, "steps. is followed by the id of a step");
        p->at++;
        r = name_read(p, path);
        if (r < 0)
                return r;
        if (peek(p, ".")) {
                p->at++;
                r = name_read(p, path);
        }
        if (r == 0 && !is_one_of(expr_name(path, 2), fields))
                r = refuse(p, at,
                           "steps.%s. is followed by output, state, verdict, findings or changed",
                           expr_name(path, 1));
        return r;
}

static int path_read(struct parser *p, json_t *path)
{
        static const char *const roots[] = { "inputs", "steps", "run", "item", "index", NULL };
        const char *at = p->at;
        int r = name_read(p, path);

        if (r == 0 && !is_one_of(expr_name(path, 0), roots))
                r = refuse(p, at,
                           "\"%s\" is not known: references begin with inputs, steps, run, item "
                           "or index; strings stand in quotes",
                           expr_name(path, 0));
        if (r == 0 && strcmp(expr_name(path, 0), "steps") == 0)
                r = step_read(p, at, path);
        while (r == 0 && (peek(p, ".") || peek(p, "[")))
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

/* What may be missing can only be a reference. */
static int defaulted(struct parser *p, const char *at, size_t *ret)
{
        blanks(p);
        if (name_length(p) == 0)
                return refuse(p, at, "the first argument of default() is a reference");
        return reference(p, ret);
}

/* `p->at` stands behind the parenthesis. */
static int call(struct parser *p, const char *at, size_t which, size_t *ret)
{
        struct node node = { .op = functions[which].op };
        int r;

        r = functions[which].op == OP_DEFAULT ? defaulted(p, at, &node.a) : expression(p, &node.a);
        if (r == 0 && functions[which].arguments == 2)
                r = take(p, ",")
                            ? expression(p, &node.b)
                            : refuse(p, p->at, "%s() takes two arguments", functions[which].name);
        if (r < 0)
                return r;
        if (!take(p, ")"))
                return refuse(p, p->at, "%s( has no )", functions[which].name);
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
        else if (*at == '-' || is_digit(*at))
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
        if (length > EXPR_LENGTH_MAX) {
                p.end = text + EXPR_LENGTH_MAX;
                p.is_cut = true;
        }

        r = expression(&p, &e->root);
        if (r == -ENOMEM)
                return err_set(err, r, "out of memory");
        if (r < 0)
                return r;
        blanks(&p);
        if (p.at < p.end && !(ret_used && *p.at == '}'))
                return refuse(&p, p.at, "the expression should end here, or an operator follow");
        if (p.is_cut && p.at >= p.end)
                return refuse(&p, p.at, "too long");
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
                ref.root = expr_name(n->value, 0);
                ref.column = n->column;
                ref.has_default = is_defaulted(e, i);
                if (strcmp(ref.root, "steps") == 0) {
                        ref.step = expr_name(n->value, 1);
                        ref.field = expr_name(n->value, 2);
                } else {
                        ref.first = expr_name(n->value, 1);
                }
                r = each(user, &ref);
                if (r != 0)
                        return r;
        }
        return 0;
}
