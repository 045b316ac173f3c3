/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The syntax tree of a source file, for rules that look at settings in programs
 *
 * A thin layer over tree-sitter: parse within limits, walk all nodes, read text and strings.
 */

#include "scan/def.h"

#include <tree_sitter/api.h>

/*
 * Longer files are not parsed: tree-sitter 0.20.7 keeps the number of a node's children in 16 bits
 * and frees a node with more of them at a wrong address.
 */
#define SYNTAX_BYTES (60 * 1024)

enum syntax_language { SYNTAX_JAVASCRIPT, SYNTAX_TYPESCRIPT, SYNTAX_PYTHON, SYNTAX_LANGUAGES_ };

struct syntax {
        TSTree *tree;
        struct span text;
};

/* Parses a text: 0, -ENOMEM, -E2BIG or -ETIMEDOUT. */
int syntax_parse(struct syntax *s, enum syntax_language language, struct span text);
void syntax_done(struct syntax *s);

/* Calls `visit` for each named node, outer ones first; what it returns ends the walk unless 0. */
int syntax_walk(const struct syntax *s,
                int (*visit)(void *owner, const struct syntax *s, TSNode node), void *owner);

bool syntax_is(TSNode node, const char *type);
struct span syntax_text(const struct syntax *s, TSNode node);
TSNode syntax_field(TSNode node, const char *field); /* a null node where there is none */

/* The inside of a string without quotes and prefix; false when the node is no plain string. */
bool syntax_string(const struct syntax *s, TSNode node, struct span *ret);
