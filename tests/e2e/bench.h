/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bench: an engine with everything around it, on folders of its own
 *
 * What the engine's tests share: a store, a tree with the file "a.txt", the agent `tester`, and the
 * events that were told. Everything asserts; nothing here returns an error.
 */

#include "test.h"

#include "base/json.h"
#include "run/engine.h"
#include "store/store.h"

struct bench {
        char *dir; /* holds store/ and tree/ */
        char *store_dir;
        char *tree;
        struct loop *loop;
        struct store *store;
        struct sandbox *sandbox;
        struct catalog *catalog;
        struct engine *engine;
        struct engine_options options;
        json_t *events; /* array, in order */
        void (*on_event)(struct bench *b, const json_t *event);
        void *user;
        char run[RUN_ID_SIZE];
        json_t *document; /* of the last run that was looked at */
        bool is_looping;
};

/* Folders only; `b->options` may be set before bench_open(). */
void bench_init(struct bench *b);
void bench_done(struct bench *b);

/* A new engine on the same folders: what a restart is. */
void bench_open(struct bench *b);
void bench_close(struct bench *b);

/* Submits a definition (JSON text; ' may stand for "), `inputs` may be NULL. */
void bench_submit(struct bench *b, const char *flow, const char *inputs);

/* Until idle: the exit status; the run's document is in b->document afterwards. */
int bench_carry(struct bench *b);

/* bench_submit() and bench_carry(). */
int bench_run(struct bench *b, const char *flow, const char *inputs);

/* Reads the record of b->run again. */
void bench_look(struct bench *b);

/* The row of a step (item -1) or an item in the document. */
json_t *bench_row(struct bench *b, const char *step, int item);
void bench_state(struct bench *b, const char *step, const char *state);
void bench_run_state(struct bench *b, const char *state);

/* Compact JSON of what a step gave. */
void bench_output(struct bench *b, const char *step, const char *json);
size_t bench_attempts(struct bench *b, const char *step);

/* Text in the row: "reason", "verdict". */
const char *bench_text(struct bench *b, const char *step, const char *key);

/* The text of a file in the tree, NULL where there is none; valid until the next call. */
const char *bench_file(struct bench *b, const char *name);
void bench_write(struct bench *b, const char *name, const char *text);

/* How many events of a type, with `key` = `value` where a key is given. */
size_t bench_events(struct bench *b, const char *type, const char *key, const char *value);
