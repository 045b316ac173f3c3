/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the reader of TOML shares among its files: memory in blocks, nodes and their keys, errors,
 * and the cursor in the text.
 */

#include "def.h"
#include "toml.h"

/* How a table or array came to be, which decides what may still be added to it. */
enum origin {
        ORIGIN_IMPLIED, /* by a header below it: [a.b] makes a */
        ORIGIN_HEADER,  /* [a] */
        ORIGIN_DOTTED,  /* a.b = 1 makes a */
        ORIGIN_VALUE,   /* { … } or [ … ]: nothing may be added */
        ORIGIN_TABLES,  /* [[a]]: an array of tables */
};

struct toml_block {
        struct toml_block *next;
        size_t used, size;
        char bytes[];
};

struct toml_store {
        struct toml_block *blocks;
        struct toml_node **buckets; /* of members by table and key */
        size_t n_buckets, n_nodes;
};

struct toml_reader {
        struct toml_tree *tree;
        const char *at, *end;
        uint32_t line;
        int error; /* of the first fault, 0 = none */
};

/* Memory that lives as long as the tree; NULL and reader->error on failure. */
void *toml_allocate(struct toml_reader *r, size_t size);

/* Notes a fault at the current line (the first one counts); returns -EBADMSG. */
int toml_fail(struct toml_reader *r, const char *format, ...) _printf_(2, 3);

/* A new node that is not in the tree yet. */
struct toml_node *toml_node_new(struct toml_reader *r, enum toml_kind kind, uint32_t line);

/* Appends to an array (`key` NULL) or a table. The key lives as long as the tree. */
int toml_append(struct toml_reader *r, struct toml_node *parent, struct toml_node *node,
                const char *key, size_t key_length);

/* A member by its key, which may hold NULs. */
struct toml_node *toml_member(const struct toml_tree *tree, const struct toml_node *table,
                              const char *key, size_t length);

/* Reads a string in any of the four kinds of quotes; `at` stands on the first quote. */
int toml_string(struct toml_reader *r, const char **ret, size_t *ret_length, bool is_key);

/* Reads a value of any kind. */
int toml_value(struct toml_reader *r, struct toml_node **ret, unsigned depth);

/* Reads `a."b".c = value` into a table. */
int toml_pair(struct toml_reader *r, struct toml_node *table, unsigned depth);

/* One part of a key. */
int toml_key(struct toml_reader *r, const char **ret, size_t *ret_length);

void toml_skip_blanks(struct toml_reader *r);

/* Blanks, comments and line ends. */
int toml_skip_lines(struct toml_reader *r);

/* A comment, if there is one, up to the end of its line. */
int toml_skip_comment(struct toml_reader *r);

/* A line feed, with or without a carriage return before it: was there one? */
bool toml_take_newline(struct toml_reader *r);
