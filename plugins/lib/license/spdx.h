/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * SPDX licence expressions
 *
 * Parser, printer and evaluator of SPDX's expressions (2.3 annex D): identifiers, "+", LicenseRef-
 * and DocumentRef-:LicenseRef-, WITH and AdditionRef-, AND, OR, parentheses, NONE and NOASSERTION;
 * WITH binds tighter than AND, AND tighter than OR. Operators are taken in upper and lower case,
 * identifiers compare without case and are told as the list spells them. Identifiers that SPDX
 * replaced are understood: GPL-2.0 is GPL-2.0-only, GPL-2.0+ is GPL-2.0-or-later.
 */

#include "scan/def.h"

#define SPDX_NODES 256
#define SPDX_TEXT  4096
#define SPDX_DEPTH 64
#define SPDX_NAME  256 /* bytes that spdx_name() needs at most for what SPDX lists */

enum spdx_kind {
        SPDX_LICENSE,
        SPDX_AND,
        SPDX_OR,
        SPDX_NOTHING, /* NONE or NOASSERTION: the whole expression */
};

struct spdx_node {
        enum spdx_kind kind;
        int left, right;       /* of AND and OR: indices of nodes */
        struct span id;        /* of a licence: as written, without "+" */
        struct span exception; /* behind WITH; empty = none */
        bool or_later;         /* "+" or "-or-later" */
};

struct spdx {
        struct spdx_node nodes[SPDX_NODES];
        int n_nodes;
        int root;
        size_t column;   /* after -EBADMSG: where, counted from 1, */
        char error[160]; /* and what is wrong, with the column */
};

/* Parses an expression whose text must outlive `s`: 0 or -EBADMSG with `error`. */
int spdx_parse(struct spdx *s, const char *text, size_t length);

/* The identifier of a licence as SPDX has it today ("GPL-2.0-or-later"), with its exception. */
void spdx_name(const struct spdx_node *node, char *ret, size_t size);

/*
 * The expression as SPDX would have it today, with no more parentheses than it needs: its length,
 * or -ENOSPC. What is printed parses to the same tree, and prints as itself.
 */
int spdx_print(const struct spdx *s, char *ret, size_t size);

/* Is there a choice of ORs in which every licence passes the test? Nothing (NONE) passes none. */
typedef bool (*spdx_test)(void *owner, const struct spdx_node *node);
bool spdx_satisfies(const struct spdx *s, spdx_test test, void *owner);

/* Is an identifier on SPDX's list of licences, or of exceptions; or a reference to one's own? */
bool spdx_is_known(struct span id, bool exception);

/* What replaced the identifier of a node ("GPL-2.0-only"); NULL = it is not deprecated. */
const char *spdx_instead(const struct spdx_node *node);
