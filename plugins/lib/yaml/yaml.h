/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A YAML file as a tree
 *
 * Parses a stream of documents with libyaml and keeps every node with its place in the text. An
 * alias is a pointer to the anchored node (to an empty scalar if that node holds the alias), so the
 * tree is a graph without cycles: whoever walks it by himself must bound the walk, for ten lines of
 * aliases can name a thousand million nodes. The look-ups below are bounded.
 *
 * Merge keys are honoured by the look-ups: yaml_get() finds a key of a mapping's `<<` when the
 * mapping itself has none.
 *
 * A text that is not YAML gives the documents before the fault, and tells the fault with its line.
 * All memory belongs to the tree.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define YAML_DEPTH_MAX      64     /* nodes within nodes */
#define YAML_NODES_MAX      200000 /* of the whole stream */
#define YAML_BYTES_MAX      (8 * 1024 * 1024)
#define YAML_MERGES_MAX     64   /* mappings behind `<<` that one look-up visits */
#define YAML_DUPLICATES_MAX 1000 /* that are noted */

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
        enum yaml_kind kind;
        bool is_plain;     /* a scalar without quotes: may be a number, a boolean or null */
        bool is_block;     /* a scalar of the kind | or > */
        const char *tag;   /* "!Ref", or NULL */
        const char *value; /* of a scalar, NUL-terminated; "" for collections */
        size_t length;     /* of the value */
        size_t start;      /* where the node begins in the text, in bytes */
        size_t end;
        uint32_t line;                  /* of its start, from 1 */
        uint32_t column;                /* of its start, from 1 */
        size_t n;                       /* items of a sequence, pairs of a mapping */
        const struct yaml_node **items; /* sequence: the items; mapping: the values */
        const struct yaml_node **keys;  /* mapping: the keys, as they stand in the text */
        const struct yaml_node
                *parent;       /* where it was written, not where it is aliased; NULL = root */
        const uint32_t *order; /* of a big mapping: its keys sorted; private */
};

/* A key that stands twice in one mapping. */
struct yaml_duplicate {
        const struct yaml_node *mapping;
        size_t first, second; /* indices of the pairs; look-ups give the second's value */
};

struct yaml_tree {
        const struct yaml_node **documents; /* their roots; an empty document is not among them */
        size_t n_documents;
        struct yaml_duplicate *duplicates;
        size_t n_duplicates;
        const char *error; /* NULL = all of the text was read */
        uint32_t error_line;
        size_t error_offset;
        struct yaml_store *store; /* private */
};

/* Reads a text: 0 also when it is faulty (see `error`), -ENOMEM. Must be given to yaml_done(). */
int yaml_parse(struct yaml_tree *ret_tree, const char *text, size_t length);
void yaml_done(struct yaml_tree *tree);

/* A mapping's value for a key, `<<` included; NULL if absent or `node` is NULL or no mapping. */
const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key);

/*
 * Follows a path of keys and indices: yaml_at(root, "spec.template.spec.containers.0.image"). A
 * key that holds dots is reached with yaml_get(). NULL wherever the path ends early.
 */
const struct yaml_node *yaml_at(const struct yaml_node *node, const char *path);

/* A mapping's own key node of this name (for its place), `<<` not included; NULL if absent. */
const struct yaml_node *yaml_key(const struct yaml_node *node, const char *key);

/* The scalar's text, or NULL if node is NULL or no scalar. */
const char *yaml_text(const struct yaml_node *node);

/* The same for a mapping's key: yaml_text(yaml_get(node, key)). */
const char *yaml_get_text(const struct yaml_node *node, const char *key);

/* Is it a scalar of exactly this text? */
bool yaml_is(const struct yaml_node *node, const char *text);

/* A plain scalar that YAML 1.1 reads as true (true yes on) or false; anything else is neither. */
bool yaml_is_true(const struct yaml_node *node);
bool yaml_is_false(const struct yaml_node *node);

/* Absent, or a plain `null`, `~` or nothing. */
bool yaml_is_null(const struct yaml_node *node);

/* A plain decimal integer: true and *ret_number set. */
bool yaml_integer(const struct yaml_node *node, int64_t *ret_number);

/*
 * Iteration over the pairs or items, in the text's order; node may be NULL or a scalar (nothing).
 *
 *         for (size_t i = 0; i < yaml_count(node, YAML_MAPPING); i++)
 *                 look(node->keys[i], node->items[i]);
 *
 * Pairs that come in by `<<` are not among them: see yaml_each(). 0 unless `kind` matches.
 */
size_t yaml_count(const struct yaml_node *node, enum yaml_kind kind);

/*
 * Calls `visit` for each pair that holds for a mapping: own ones, then merged ones that are not
 * overridden. Stops at the first that returns non-zero, and returns that.
 */
int yaml_each(const struct yaml_node *node,
              int (*visit)(void *owner, const struct yaml_node *key, const struct yaml_node *value),
              void *owner);
