/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files as JSON trees
 *
 * A libconfig file and a JSON file are two spellings of one tree. Groups are objects, lists ( ) and
 * arrays [ ] are arrays; what libconfig cannot say is written as a group with one member:
 *
 *     { _null = true; }          null
 *     { _json = "{\"$ref\": …"; } any JSON text
 *     { _file = "schema.json"; }  the JSON in a file beside this one, or below; no links, no way
 * out
 *
 * The line of every value is kept, so that whoever judges the tree can say where.
 */

#include "base/buf.h"
#include "base/json.h"
#include "conf/lexer.h"

struct tree {
        json_t *json;
        char *file;    /* as it was named */
        json_t *lines; /* object: JSON pointer -> line; values from `_file` have none */
};

struct tree *tree_free(struct tree *t);
DEFINE_FREEP(struct tree, tree_free);

/*
 * Reads a file of at most `limit` bytes (each `_file` in it too). What begins with '{' is JSON.
 * -EBADMSG with file:line in `err`.
 */
int tree_load(struct tree **ret_tree, const char *path, size_t limit, struct err *err);

/* The same; numbers that do not fit are told to `ear` and do not end the reading. */
int tree_load_on(struct tree **ret_tree, const char *path, size_t limit,
                 const struct lexer_ear *ear, struct err *err);

/* Line of the value at a pointer, or of the nearest around it; 0 = not known. */
unsigned tree_line(const struct tree *t, const char *pointer);

/*
 * Writes an object as a libconfig file that reads back as the same tree. -EINVAL when a name at the
 * top cannot be written; below, such objects become `_json`.
 */
int tree_write(struct buf *out, const json_t *object);
