/* SPDX-License-Identifier: Apache-2.0 */
#include "spdx.h"

#include "pack.h"

#include <ctype.h>
#include <stdio.h>

struct parser {
        struct spdx *s;
        const char *text;
        size_t length;
        size_t at;
        int depth;
};

static int fault(struct parser *p, const char *what)
{
        (void) snprintf(p->s->error, sizeof(p->s->error), "%s at byte %zu", what, p->at + 1);
        return -EBADMSG;
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

static bool is_identifier(struct span s)
{
        for (size_t i = 0; i < s.length; i++)
                if (!isalnum((unsigned char) s.text[i]) && !strchr("-.:", s.text[i]))
                        return false;
        return s.length > 0;
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
        } else if (ends_with(node.id, "-or-later"))
                node.or_later = true;
        if (!is_identifier(node.id))
                return fault(p, "a licence identifier is expected before this place");
        if (take(p, "with")) {
                node.exception = peek(p);
                if (!is_identifier(node.exception) || is_operator(node.exception))
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
        *s->error = '\0';
        if (length > SPDX_TEXT)
                return fault(&p, "the expression is too long");
        root = parse_or(&p);
        if (root < 0)
                return -EBADMSG;
        if (peek(&p).length)
                return fault(&p, "AND, OR or the end is expected");
        s->root = root;
        return 0;
}

/* Families whose plain identifiers SPDX split into -only and -or-later. */
static bool is_gnu(struct span id)
{
        static const char *const heads[] = { "GPL-", "LGPL-", "AGPL-", "GFDL-" };

        for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
                if (id.length > strlen(heads[i]) &&
                    !strncasecmp(id.text, heads[i], strlen(heads[i])))
                        return true;
        return false;
}

void spdx_name(const struct spdx_node *node, char *ret, size_t size)
{
        const char *tail = "";

        if (is_gnu(node->id) && !ends_with(node->id, "-only") && !ends_with(node->id, "-or-later"))
                tail = node->or_later ? "-or-later" : "-only";
        else if (node->or_later && !ends_with(node->id, "-or-later"))
                tail = "+";
        (void) snprintf(ret, size, "%.*s%s%s%.*s", (int) node->id.length, node->id.text, tail,
                        node->exception.length ? " WITH " : "", (int) node->exception.length,
                        node->exception.text);
}

static bool satisfies(const struct spdx *s, int index, spdx_test test, void *owner)
{
        const struct spdx_node *node = &s->nodes[index];

        switch (node->kind) {
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

/* The list has one identifier a line; exceptions stand behind a line "exceptions". */
bool spdx_is_known(struct span id, bool exception)
{
        struct span list = pack_spdx();
        const char *at = list.text, *end = list.text + list.length;
        bool in_exceptions = false;

        if (id.length > 11 && !strncasecmp(id.text, "LicenseRef-", 11))
                return true;
        if (id.length > 12 && !strncasecmp(id.text, "DocumentRef-", 12))
                return true;
        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t) (end - at));
                struct span line = { at, (size_t) ((newline ? newline : end) - at) };

                if (is_word(line, "exceptions"))
                        in_exceptions = true;
                else if (in_exceptions == exception && line.length == id.length &&
                         !strncasecmp(line.text, id.text, id.length))
                        return true;
                at += line.length + 1;
        }
        return false;
}
