/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Expressions of GitHub Actions
 *
 * What stands in `${{ }}` as a tree: literals, contexts (`github.event.issue.title`, whose names
 * are folded to lower case and whose indices are written alike, `['x']` as `.x`), calls and
 * operators. An `if:` may leave the `${{ }}` out. Hostile text costs time in proportion to its
 * length: nodes, depth and the length of a path have limits.
 */

#include "scan/def.h"

#define ACTIONS_EXPR_NODES 256
#define ACTIONS_EXPR_DEPTH 32
#define ACTIONS_EXPR_PATH  192

enum actions_expr_kind {
        EXPR_STRING,  /* 'text' */
        EXPR_VALUE,   /* a number, true, false, null */
        EXPR_CONTEXT, /* a path; an index that is no literal is `.?`, and `*` stays */
        EXPR_CALL,    /* a function; its arguments are its children */
        EXPR_NOT,
        EXPR_AND,
        EXPR_OR,
        EXPR_COMPARE,
};

struct actions_expr_node {
        enum actions_expr_kind kind;
        char text[ACTIONS_EXPR_PATH]; /* of a string, value, path or function */
        char op[3];                   /* of EXPR_COMPARE */
        int child;                    /* index of the first, -1 = none */
        int next;                     /* index of the next sibling, -1 = none */
        bool is_indexed;              /* what it gives has a member taken: f(x).y */
};

struct actions_expr {
        struct actions_expr_node *nodes; /* ACTIONS_EXPR_NODES of them */
        size_t n;
        int root;          /* -1 = empty or broken */
        const char *error; /* NULL = all of it was read */
};

/* Parses the text between the braces. Must be given to actions_expr_done(): 0 or -ENOMEM. */
int actions_expr_parse(struct actions_expr *e, struct span text);
void actions_expr_done(struct actions_expr *e);

/*
 * The next `${{ }}` of a text at or behind *at: what is between the braces, and *at behind it.
 * false when there is none. One that is not closed ends with the text.
 */
bool actions_expr_next(struct span text, size_t *at, struct span *ret);

/*
 * Calls `see` for each context or call whose value, or a part of it, can come out of the
 * expression: not what is only compared or tested. Stops at the first non-zero, and returns that.
 */
int actions_expr_outputs(const struct actions_expr *e, int node,
                         int (*see)(void *owner, const struct actions_expr_node *n), void *owner);
