/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the store's tests share: a folder of their own, a store in it, and a small run to record.
 * Everything asserts; nothing here returns an error.
 */

#include "test.h"

#include "base/io.h"
#include "base/json.h"
#include "store/store.h"

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* A new folder below $TMPDIR; the state home is put into it. Caller frees; rm -rf by
 * helper_remove(). */
char *helper_folder(void);
void helper_remove(char *folder);

/* "FOLDER/NAME"; caller frees. */
char *helper_path(const char *folder, const char *name);

struct store *helper_open(const char *dir, unsigned flags);

/* The same with retention. */
struct store *helper_open_limited(const char *dir, const struct store_limits *limits);

/* A batch with run `id`, state running, and one step "check" in `state`. */
struct batch *helper_run(const char *id, enum step_state state);

struct batch *helper_batch(void);
void helper_commit(struct store *s, struct batch *b);

/* Commits and expects refusal with `code`; its text must contain `words`. */
void helper_refused(struct store *s, struct batch *b, int code, const char *words);

json_t *helper_document(struct store *s, const char *id, unsigned flags);

/* The value at a JSON pointer, which must be there. */
json_t *helper_at(json_t *document, const char *pointer);

/* Is `text` at the pointer? */
void helper_text(json_t *document, const char *pointer, const char *text);
void helper_number(json_t *document, const char *pointer, json_int_t number);
