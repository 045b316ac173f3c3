/* SPDX-License-Identifier: Apache-2.0 */
#include "license/spdx.h"

#include "license/index.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

struct parser {
        struct spdx *s;
        const char *text;
        size_t length;
        size_t at;
        int depth;
};

static int fault(struct parser *p, const char *what)
{
        p->s->column = p->at + 1;
        (void) snprintf(p->s->error, sizeof(p->s->error), "%s at column %zu", what, p->at + 1);
        return -EBADMSG;
}

static int fault_at(struct parser *p, const char *at, const char *what)
{
        p->at = (size_t) (at - p->text);
        return fault(p, what);
}

static void skip_space(struct parser *p)
{
        while (p->at < p->length && isspace((unsigned char) p->text[p->at]))
                p->at++;
}

/* The next word or parenthesis, not taken; empty at the end. */
static struct span peek(struct parser *p)
{
        struct span word;

        skip_space(p);
        word = (struct span){ p->text + p->at, 0 };
        if (p->at < p->length && strchr("()", *word.text) && *word.text)
                word.length = 1;
        else
                while (p->at + word.length < p->length &&
                       !isspace((unsigned char) word.text[word.length]) &&
                       word.text[word.length] != '(' && word.text[word.length] != ')')
                        word.length++;
        return word;
}

static bool is_word(struct span s, const char *word)
{
        return s.length == strlen(word) && !strncasecmp(s.text, word, s.length);
}

static bool take(struct parser *p, const char *word)
{
        struct span next = peek(p);

        if (!is_word(next, word))
                return false;
        p->at += next.length;
        return true;
}

static int add_node(struct parser *p, struct spdx_node node)
{
        if (p->s->n_nodes == SPDX_NODES)
                return fault(p, "the expression is too long");
        p->s->nodes[p->s->n_nodes] = node;
        return p->s->n_nodes++;
}

static bool is_idstring(struct span s)
{
        for (size_t i = 0; i < s.length; i++)
                if (!isalnum((unsigned char) s.text[i]) && s.text[i] != '-' && s.text[i] != '.')
                        return false;
        return s.length > 0;
}

static bool begins_with(struct span s, const char *head)
{
        size_t n = strlen(head);

        return s.length > n && !strncasecmp(s.text, head, n);
}

/* "DocumentRef-NAME:LicenseRef-NAME", and the same with AdditionRef- for exceptions. */
static bool is_reference(struct span s, const char *kind)
{
        const char *colon = memchr(s.text, ':', s.length);
        size_t n = colon ? (size_t) (colon - s.text) : 0;

        if (colon) {
                if (!begins_with((struct span){ s.text, n }, "DocumentRef-") ||
                    !is_idstring((struct span){ s.text, n }))
                        return false;
                s = (struct span){ colon + 1, s.length - n - 1 };
        }
        return begins_with(s, kind) && is_idstring(s);
}

static bool is_identifier(struct span s)
{
        return is_idstring(s) || is_reference(s, "LicenseRef-");
}

static bool ends_with(struct span s, const char *tail)
{
        size_t n = strlen(tail);

        return s.length > n && !strncasecmp(s.text + s.length - n, tail, n);
}

static bool is_operator(struct span s)
{
        return is_word(s, "and") || is_word(s, "or") || is_word(s, "with");
}

static int parse_license(struct parser *p)
{
        struct spdx_node node = { .kind = SPDX_LICENSE, .id = peek(p) };

        if (!node.id.length || is_operator(node.id) || is_word(node.id, ")"))
                return fault(p, "a licence is expected");
        p->at += node.id.length;
        if (node.id.text[node.id.length - 1] == '+') {
                node.id.length--;
                node.or_later = true;
                if (is_reference(node.id, "LicenseRef-"))
                        return fault_at(p, node.id.text, "a reference takes no \"+\"");
        } else if (ends_with(node.id, "-or-later"))
                node.or_later = true;
        if (!is_identifier(node.id))
                return fault_at(p, node.id.text, "a licence identifier is expected");
        if (take(p, "with")) {
                node.exception = peek(p);
                if ((!is_idstring(node.exception) &&
                     !is_reference(node.exception, "AdditionRef-")) ||
                    is_operator(node.exception))
                        return fault(p, "an exception is expected behind WITH");
                p->at += node.exception.length;
        }
        return add_node(p, node);
}

static int parse_or(struct parser *p);

static int parse_unit(struct parser *p)
{
        int node;

        if (!take(p, "("))
                return parse_license(p);
        if (++p->depth > SPDX_DEPTH)
                return fault(p, "too many parentheses");
        node = parse_or(p);
        p->depth--;
        if (node >= 0 && !take(p, ")"))
                return fault(p, "a closing parenthesis is expected");
        return node;
}

/* A row of operands joined by one operator, which all associate to the left. */
static int parse_row(struct parser *p, const char *word, enum spdx_kind kind,
                     int (*operand)(struct parser *p))
{
        int left = operand(p);

        while (left >= 0 && take(p, word)) {
                int right = operand(p);

                left = right < 0
                               ? right
                               : add_node(p, (struct spdx_node){
                                                     .kind = kind, .left = left, .right = right });
        }
        return left;
}

static int parse_and(struct parser *p)
{
        return parse_row(p, "and", SPDX_AND, parse_unit);
}

static int parse_or(struct parser *p)
{
        return parse_row(p, "or", SPDX_OR, parse_and);
}

int spdx_parse(struct spdx *s, const char *text, size_t length)
{
        struct parser p = { .s = s, .text = text, .length = length };
        int root;

        s->n_nodes = 0;
        s->column = 0;
        *s->error = '\0';
        if (length > SPDX_TEXT)
                return fault(&p, "the expression is too long");
        if (is_word(peek(&p), "NONE") || is_word(peek(&p), "NOASSERTION")) {
                struct spdx_node nothing = { .kind = SPDX_NOTHING, .id = peek(&p) };

                p.at += nothing.id.length;
                root = add_node(&p, nothing);
        } else
                root = parse_or(&p);
        if (root < 0)
                return -EBADMSG;
        if (peek(&p).length)
                return fault(&p, "AND, OR or the end is expected");
        s->root = root;
        return 0;
}

/* The list's entry for a licence as it is written, "+" and all; NULL = none. */
static const struct license_id *find(const struct spdx_node *node)
{
        const struct license_index *x = license_index_built_in();
        const struct license_id *id;
        char plus[SPDX_NAME];

        if (!node->or_later || ends_with(node->id, "-or-later") ||
            node->id.length + 2 > sizeof(plus))
                return license_index_id(x, node->id, false);
        (void) snprintf(plus, sizeof(plus), "%.*s+", (int) node->id.length, node->id.text);
        id = license_index_id(x, (struct span){ plus, node->id.length + 1 }, false);
        return id ? id : license_index_id(x, node->id, false);
}

const char *spdx_instead(const struct spdx_node *node)
{
        const struct license_id *id = node->kind == SPDX_LICENSE ? find(node) : NULL;

        return id && id->instead ? license_index_string(license_index_built_in(), id->instead)
                                 : NULL;
}

/* An identifier as the list spells it, else as it is written. */
static struct span spell(const struct license_id *id, struct span written)
{
        const char *text;

        if (!id)
                return written;
        text = license_index_string(license_index_built_in(), id->id);
        return (struct span){ text, strlen(text) };
}

void spdx_name(const struct spdx_node *node, char *ret, size_t size)
{
        const struct license_id *id = find(node);
        const char *instead = spdx_instead(node), *tail = "";
        struct span name = spell(id, node->id), exception = { "", 0 };

        if (instead && !(node->exception.length && strchr(instead, ' ')))
                name = (struct span){ instead, strlen(instead) };
        else if (node->or_later && !ends_with(name, "-or-later") && !ends_with(name, "+"))
                tail = "+";
        if (node->exception.length)
                exception = spell(license_index_id(license_index_built_in(), node->exception, true),
                                  node->exception);
        (void) snprintf(ret, size, "%.*s%s%s%.*s", (int) name.length, name.text, tail,
                        exception.length ? " WITH " : "", (int) exception.length, exception.text);
}

struct printer {
        const struct spdx *s;
        char *to;
        size_t n, size;
};

static void print_text(struct printer *p, const char *text)
{
        for (; *text; text++, p->n++)
                if (p->n + 1 < p->size)
                        p->to[p->n] = *text;
}

/* Prints a node; in parentheses where it binds looser than what it stands in. */
static void print_node(struct printer *p, int index, enum spdx_kind within)
{
        const struct spdx_node *node = &p->s->nodes[index];
        bool wrapped = node->kind == SPDX_OR && within == SPDX_AND;
        char name[SPDX_TEXT];

        if (node->kind == SPDX_NOTHING) {
                print_text(p, toupper((unsigned char) node->id.text[2]) == 'N' ? "NONE"
                                                                               : "NOASSERTION");
                return;
        }
        if (node->kind == SPDX_LICENSE) {
                spdx_name(node, name, sizeof(name));
                print_text(p, name);
                return;
        }
        print_text(p, wrapped ? "(" : "");
        print_node(p, node->left, node->kind);
        print_text(p, node->kind == SPDX_AND ? " AND " : " OR ");
        print_node(p, node->right, node->kind);
        print_text(p, wrapped ? ")" : "");
}

int spdx_print(const struct spdx *s, char *ret, size_t size)
{
        struct printer p = { s, ret, 0, size };

        print_node(&p, s->root, SPDX_OR);
        if (p.n >= size)
                return -ENOSPC;
        ret[p.n] = '\0';
        return (int) p.n;
}

static bool satisfies(const struct spdx *s, int index, spdx_test test, void *owner)
{
        const struct spdx_node *node = &s->nodes[index];

        switch (node->kind) {
        case SPDX_NOTHING:
                return false;
        case SPDX_LICENSE:
                return test(owner, node);
        case SPDX_AND:
                return satisfies(s, node->left, test, owner) &&
                       satisfies(s, node->right, test, owner);
        default:
                return satisfies(s, node->left, test, owner) ||
                       satisfies(s, node->right, test, owner);
        }
}

bool spdx_satisfies(const struct spdx *s, spdx_test test, void *owner)
{
        return satisfies(s, s->root, test, owner);
}

bool spdx_is_known(struct span id, bool exception)
{
        return is_reference(id, exception ? "AdditionRef-" : "LicenseRef-") ||
               license_index_id(license_index_built_in(), id, exception) != NULL;
}
