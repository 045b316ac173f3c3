/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A parsed expression: what expr.c makes and expr-eval.c goes through
 */

#include "flow/expr.h"

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

/* A name in a reference's path, or NULL. */
static inline const char *expr_name(const json_t *path, size_t i)
{
        return json_string_value(json_array_get(path, i));
}
