/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON
 *
 * Thin helpers over jansson: cleanup, loading with limits, one canonical text, JSON pointers. A
 * `json_t` is reference-counted by jansson (whose json_decrefp is the cleanup); who calls
 * json_object_set_new() and its like hands the reference over.
 */

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

#define JSON_DEPTH_LIMIT 512 /* jansson's parser itself refuses more than 2,048 levels */

/*
 * Parses one JSON value out of `text` (UTF-8, need not end in NUL). Duplicate keys, garbage behind
 * the value, more than JSON_DEPTH_LIMIT levels and invalid UTF-8 are -EBADMSG with line and column;
 * `name` says where the text came from. The caller owns *ret.
 */
int json_text_load(json_t **ret, const char *text, size_t length, const char *name,
                   struct err *err);

/* The same from a regular file of at most `limit` bytes. */
int json_file_load(json_t **ret, const char *path, size_t limit, struct err *err);

/*
 * One text for one value: keys sorted by bytes, no blanks, integers without fraction. It is what is
 * hashed and stored. Caller frees; NULL only when out of memory.
 */
char *json_canonical(const json_t *value);

/*
 * Appends the text of a value, without blanks and keys in their order, byte for byte what
 * json_dumps() makes of it and in a quarter of the time: 0, or a negative errno. For what is
 * written all the time.
 */
int json_write(struct buf *into, const json_t *value);

/*
 * The value at an RFC 6901 pointer ("" is the whole), borrowed from `root`, or NULL. Array indices
 * have no leading zero; "-" is never found. NULL as well when out of memory.
 */
json_t *json_pointer_get(const json_t *root, const char *pointer);

/* Appends "/token" to a pointer, with ~ and / escaped as RFC 6901 asks. */
int json_pointer_add(struct buf *pointer, const char *token);

/* Deep equality by JSON Schema's rules: 1 and 1.0 are equal, object order is not looked at. */
bool json_same(const json_t *a, const json_t *b);
