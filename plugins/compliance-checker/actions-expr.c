/* SPDX-License-Identifier: Apache-2.0 */
#include "actions-expr.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

/* One parse: a place in the text. */
struct parser {
        struct actions_expr *e;
        const char *text;
        size_t length, at;
        unsigned depth;
};

static int fail(struct parser *p, const char *why)
{
        if (!p->e->error)
                p->e->error = why;
        return -1;
}

static int add_node(struct parser *p, enum actions_expr_kind kind)
{
        struct actions_expr_node *n;

        if (p->e->n == ACTIONS_EXPR_NODES)
                return fail(p, "it is too long");
        n = &p->e->nodes[p->e->n];
        n->kind = kind;
        n->text[0] = n->op[0] = '\0';
        n->child = n->next = -1;
        n->is_indexed = false;
        return (int) p->e->n++;
}

static void skip_blanks(struct parser *p)
{
        while (p->at < p->length && isspace((unsigned char) p->text[p->at]))
                p->at++;
}

static char peek(struct parser *p)
{
        skip_blanks(p);
        return p->at < p->length ? p->text[p->at] : '\0';
}

static bool take(struct parser *p, const char *sign)
{
        size_t n = strlen(sign);

        skip_blanks(p);
        if (p->length - p->at < n || memcmp(p->text + p->at, sign, n) != 0)
                return false;
        p->at += n;
        return true;
}

/* Appends to a node's text as far as there is room. */
static void append(struct actions_expr_node *n, const char *text, size_t length)
{
        size_t have = strlen(n->text), room = sizeof(n->text) - 1 - have;

        length = MIN_OF(length, room);
        memcpy(n->text + have, text, length);
        n->text[have + length] = '\0';
}

static void append_lower(struct actions_expr_node *n, const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++) {
                char lower = (char) tolower((unsigned char) text[i]);

                append(n, &lower, 1);
        }
}

static int parse_or(struct parser *p);

/* 'it''s' : a quote is doubled. */
static int parse_string(struct parser *p, struct actions_expr_node *n)
{
        p->at++;
        while (p->at < p->length) {
                if (p->text[p->at] == '\'') {
                        p->at++;
                        if (p->at == p->length || p->text[p->at] != '\'')
                                return 0;
                }
                append(n, p->text + p->at++, 1);
        }
        return fail(p, "a quote is not closed");
}

static size_t name_length(const struct parser *p)
{
        size_t n = 0;

        while (p->at + n < p->length && (isalnum((unsigned char) p->text[p->at + n]) ||
                                         p->text[p->at + n] == '_' || p->text[p->at + n] == '-'))
                n++;
        return n;
}

/* [ ... ]: a literal is a name, anything else is `?`; what is inside becomes a child. */
static int parse_index(struct parser *p, int node)
{
        int inner;

        if (take(p, "*")) {
                append(&p->e->nodes[node], ".*", 2);
        } else {
                inner = parse_or(p);
                if (inner < 0)
                        return -1;
                append(&p->e->nodes[node], ".", 1);
                if (p->e->nodes[inner].kind == EXPR_STRING ||
                    p->e->nodes[inner].kind == EXPR_VALUE) {
                        const char *name = p->e->nodes[inner].text;

                        append_lower(&p->e->nodes[node], name, strlen(name));
                } else {
                        append(&p->e->nodes[node], "?", 1);
                        if (p->e->nodes[node].kind == EXPR_CONTEXT)
                                p->e->nodes[node].child = inner;
                }
        }
        return take(p, "]") ? 0 : fail(p, "] is missing");
}

/* Members: .name, .*, [...] */
static int parse_members(struct parser *p, int node)
{
        for (;;) {
                struct actions_expr_node *n = &p->e->nodes[node];
                size_t length;

                if (take(p, "[")) {
                        n->is_indexed = true;
                        if (parse_index(p, node) < 0)
                                return -1;
                        continue;
                }
                if (peek(p) != '.')
                        return node;
                p->at++;
                n->is_indexed = true;
                if (take(p, "*")) {
                        append(n, ".*", 2);
                        continue;
                }
                skip_blanks(p);
                length = name_length(p);
                if (!length)
                        return fail(p, "a name is missing behind the dot");
                append(n, ".", 1);
                append_lower(n, p->text + p->at, length);
                p->at += length;
        }
}

static int parse_call(struct parser *p, int node)
{
        int last = -1;

        while (peek(p) != ')') {
                int argument;

                if (last >= 0 && !take(p, ","))
                        return fail(p, "a comma or ) is missing");
                argument = parse_or(p);
                if (argument < 0)
                        return -1;
                if (last < 0)
                        p->e->nodes[node].child = argument;
                else
                        p->e->nodes[last].next = argument;
                last = argument;
        }
        p->at++;
        return parse_members(p, node);
}

static int parse_name(struct parser *p)
{
        static const char *const values[] = { "true", "false", "null", "nan", "infinity" };
        size_t length = name_length(p);
        int node = add_node(p, EXPR_CONTEXT);

        if (node < 0)
                return -1;
        append_lower(&p->e->nodes[node], p->text + p->at, length);
        p->at += length;
        if (take(p, "(")) {
                p->e->nodes[node].kind = EXPR_CALL;
                return parse_call(p, node);
        }
        for (size_t i = 0; i < ARRAY_SIZE(values); i++)
                if (!strcmp(p->e->nodes[node].text, values[i]))
                        p->e->nodes[node].kind = EXPR_VALUE;
        return p->e->nodes[node].kind == EXPR_VALUE ? node : parse_members(p, node);
}

static int parse_number(struct parser *p)
{
        size_t start = p->at;
        int node = add_node(p, EXPR_VALUE);

        while (p->at < p->length &&
               (isalnum((unsigned char) p->text[p->at]) || strchr("+-.", p->text[p->at])))
                p->at++;
        if (node >= 0)
                append(&p->e->nodes[node], p->text + start, p->at - start);
        return node;
}

static int parse_primary(struct parser *p)
{
        char c = peek(p);
        int node;

        if (c == '(') {
                p->at++;
                node = parse_or(p);
                if (node < 0)
                        return -1;
                if (!take(p, ")"))
                        return fail(p, ") is missing");
                return peek(p) == '.' || peek(p) == '[' ? parse_members(p, node) : node;
        }
        if (c == '\'') {
                node = add_node(p, EXPR_STRING);
                return node < 0 || parse_string(p, &p->e->nodes[node]) < 0 ? -1 : node;
        }
        if (isdigit((unsigned char) c) || c == '-' || c == '+' || c == '.')
                return parse_number(p);
        if (isalpha((unsigned char) c) || c == '_')
                return parse_name(p);
        if (c == '"')
                return fail(p, "strings are quoted with '");
        return fail(p, c ? "a sign is out of place" : "something is missing at its end");
}

static int parse_not(struct parser *p)
{
        int node, child;

        if (peek(p) != '!' || (p->at + 1 < p->length && p->text[p->at + 1] == '='))
                return parse_primary(p);
        p->at++;
        if (p->depth == ACTIONS_EXPR_DEPTH)
                return fail(p, "it is too deep");
        p->depth++;
        child = parse_not(p);
        p->depth--;
        node = child < 0 ? -1 : add_node(p, EXPR_NOT);
        if (node >= 0)
                p->e->nodes[node].child = child;
        return node;
}

/* Joins two operands under an operator. */
static int join(struct parser *p, enum actions_expr_kind kind, const char *op, int left, int right)
{
        int node = right < 0 ? -1 : add_node(p, kind);

        if (node < 0)
                return -1;
        (void) snprintf(p->e->nodes[node].op, sizeof(p->e->nodes[node].op), "%s", op);
        p->e->nodes[node].child = left;
        p->e->nodes[left].next = right;
        return node;
}

static int parse_compare(struct parser *p)
{
        static const char *const ops[] = { "==", "!=", "<=", ">=", "<", ">" };
        int left = parse_not(p);

        for (size_t i = 0; left >= 0 && i < ARRAY_SIZE(ops); i++)
                if (take(p, ops[i])) {
                        left = join(p, EXPR_COMPARE, ops[i], left, parse_not(p));
                        i = SIZE_MAX; /* from the first one again */
                }
        return left;
}

static int parse_and(struct parser *p)
{
        int left = parse_compare(p);

        while (left >= 0 && take(p, "&&"))
                left = join(p, EXPR_AND, "&&", left, parse_compare(p));
        return left;
}

static int parse_or(struct parser *p)
{
        int left;

        if (p->depth == ACTIONS_EXPR_DEPTH)
                return fail(p, "it is too deep");
        p->depth++;
        left = parse_and(p);
        while (left >= 0 && take(p, "||"))
                left = join(p, EXPR_OR, "||", left, parse_and(p));
        p->depth--;
        return left;
}

int actions_expr_parse(struct actions_expr *e, struct span text)
{
        struct parser p = { e, text.text, text.length, 0, 0 };

        *e = (struct actions_expr){ .root = -1 };
        e->nodes = malloc(ACTIONS_EXPR_NODES * sizeof(*e->nodes));
        if (!e->nodes)
                return -ENOMEM;
        e->root = parse_or(&p);
        if (e->root >= 0 && peek(&p)) {
                e->root = -1;
                e->error = "something stands behind its end";
        }
        return 0;
}

void actions_expr_done(struct actions_expr *e)
{
        free(e->nodes);
        e->nodes = NULL;
        e->n = 0;
}

bool actions_expr_next(struct span text, size_t *at, struct span *ret)
{
        const char *open =
                *at < text.length ? memmem(text.text + *at, text.length - *at, "${{", 3) : NULL;
        const char *end = text.text + text.length;
        bool quoted = false;

        if (!open)
                return false;
        for (const char *s = open + 3; s < end; s++) {
                quoted ^= *s == '\'';
                if (quoted || s + 1 == end || s[0] != '}' || s[1] != '}')
                        continue;
                *ret = (struct span){ open + 3, (size_t) (s - open) - 3 };
                *at = (size_t) (s - text.text) + 2;
                return true;
        }
        *ret = (struct span){ open + 3, (size_t) (end - open) - 3 };
        *at = text.length;
        return true;
}

/* Functions that give a fact about their arguments, not the arguments. */
static bool is_test(const char *name)
{
        static const char *const tests[] = { "contains", "startswith", "endswith", "hashfiles",
                                             "success",  "failure",    "always",   "cancelled" };

        for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
                if (!strcmp(name, tests[i]))
                        return true;
        return false;
}

int actions_expr_outputs(const struct actions_expr *e, int node,
                         int (*see)(void *owner, const struct actions_expr_node *n), void *owner)
{
        const struct actions_expr_node *n;
        int r = 0;

        if (node < 0)
                return 0;
        n = &e->nodes[node];
        switch (n->kind) {
        case EXPR_CONTEXT:
                return see(owner, n);
        case EXPR_CALL:
                r = see(owner, n);
                for (int i = is_test(n->text) ? -1 : n->child; !r && i >= 0; i = e->nodes[i].next)
                        r = actions_expr_outputs(e, i, see, owner);
                return r;
        case EXPR_AND: /* gives the right one, or what is false */
                return actions_expr_outputs(e, e->nodes[n->child].next, see, owner);
        case EXPR_OR:
                r = actions_expr_outputs(e, n->child, see, owner);
                return r ? r : actions_expr_outputs(e, e->nodes[n->child].next, see, owner);
        default:
                return 0;
        }
}
