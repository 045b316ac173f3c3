/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * SPDX licence expressions
 *
 * Parser and evaluator of SPDX 2.3 annex D: identifiers, "+", LicenseRef- and DocumentRef-, WITH,
 * AND, OR, parentheses; WITH binds tighter than AND, AND tighter than OR. Operators are taken in
 * upper and lower case, and identifiers compare without case, as the standard says. Identifiers
 * that SPDX replaced are understood: GPL-2.0 is GPL-2.0-only, GPL-2.0+ is GPL-2.0-or-later.
 */

#include "scan/def.h"

#define SPDX_NODES 256
#define SPDX_TEXT  4096
#define SPDX_DEPTH 64

enum spdx_kind { SPDX_LICENSE, SPDX_AND, SPDX_OR };

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
        char error[160]; /* after -EBADMSG: what is wrong and where */
};

/* Parses an expression whose text must outlive `s`: 0 or -EBADMSG with `error`. */
int spdx_parse(struct spdx *s, const char *text, size_t length);

/* The identifier of a licence as SPDX has it today ("GPL-2.0-or-later"), with its exception. */
void spdx_name(const struct spdx_node *node, char *ret, size_t size);

/* Is there a choice of ORs in which every licence passes the test? */
typedef bool (*spdx_test)(void *owner, const struct spdx_node *node);
bool spdx_satisfies(const struct spdx *s, spdx_test test, void *owner);

/* Is an identifier on SPDX's list of licences, or of exceptions (both from rules/spdx.txt)? */
bool spdx_is_known(struct span id, bool exception);
