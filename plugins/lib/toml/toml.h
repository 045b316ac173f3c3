/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A TOML file as a tree
 *
 * Reads TOML 1.0.0 (toml.io) into nodes with their lines. What the specification forbids (a key
 * given twice, a table that is defined again, a string without an end, bytes that are not UTF-8)
 * is an error with its line, and there is no tree then. Dates and times stay text. All memory
 * belongs to the tree.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOML_DEPTH_MAX 64     /* values within values, and parts of a dotted key */
#define TOML_NODES_MAX 400000 /* of one file */
#define TOML_BYTES_MAX (16 * 1024 * 1024)

enum toml_kind {
        TOML_TABLE,
        TOML_ARRAY,
        TOML_STRING,
        TOML_INTEGER,
        TOML_FLOAT,
        TOML_BOOLEAN,
        TOML_DATE, /* a date, a time, or both; as it stands */
};

struct toml_node {
        enum toml_kind kind;
        const char *key;  /* in its table; NULL in an array, and of the root */
        const char *text; /* strings, dates: NUL-terminated; NULL for others */
        size_t length;    /* of the text, which may hold NULs */
        int64_t integer;  /* also a boolean: 0 or 1 */
        double number;    /* of a float; an integer's value as well */
        uint32_t line; /* where it begins: of a table its header, else its key or value; from 1 */
        size_t n;      /* members */
        struct toml_node *first, *next; /* members in the order of the text */
        struct toml_node *last;         /* private, as all below */
        struct toml_node *parent, *chain;
        size_t key_length;
        uint8_t origin;
};

struct toml_tree {
        struct toml_node *root;   /* NULL = there is an error */
        char error[160];          /* "the key \"name\" is given twice" */
        uint32_t error_line;      /* from 1 */
        struct toml_store *store; /* private */
};

/* Reads a text: 0, -EBADMSG with error and error_line, -ENOMEM. To be given to toml_done() always.
 */
int toml_parse(struct toml_tree *ret, const char *text, size_t length);
void toml_done(struct toml_tree *tree);

/* A table's member of this key; NULL if absent, or if `table` is NULL or no table. */
const struct toml_node *toml_get(const struct toml_tree *tree, const struct toml_node *table,
                                 const char *key);

/* The member's text if it is a string, else NULL. */
const char *toml_get_text(const struct toml_tree *tree, const struct toml_node *table,
                          const char *key);

/* The node's text if it is a string, else NULL. */
const char *toml_text(const struct toml_node *node);
