/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading a definition by tables of keys
 *
 * A group of a definition is a struct, and a table says which key fills which member. What does not
 * fit is told as a fault with its place and reading goes on, so that everything wrong is told at
 * once. The functions return 0 also where they told a fault; only -ENOMEM ends the reading.
 */

#include "flow/flow.h"

#define READER_COUNT_MAX 10000

/* A definition on its way into the structs. */
struct reader {
        struct flow *flow;
        struct faults *faults;
        json_t *ids;                  /* id -> index */
        size_t step;                  /* the one being read, or SIZE_MAX */
        const struct flow_nest *nest; /* the workflows around and this one; NULL = there is none */
        char prefix[96];              /* of every fault: "step \"check\": " */
};

struct reader_key {
        const char *name;
        /* Reads `value` into `target`; NULL: nothing to do but to know the name. */
        int (*read)(struct reader *r, const char *pointer, const struct reader_key *key,
                    const json_t *value, void *target);
        size_t offset;              /* of the target in its struct */
        const char *const *choices; /* for reader_choice, in the order of the enum */
        bool is_required;
};

/* Reads a group by its table of keys. */
int reader_keys(struct reader *r, const char *pointer, const struct reader_key *keys, size_t count,
                const json_t *object, void *target);

/* For a row's `read`; each says what its target is. */
int reader_text(struct reader *r, const char *pointer, const struct reader_key *key,
                const json_t *value, void *target); /* const char *, not empty */
int reader_id(struct reader *r, const char *pointer, const struct reader_key *key,
              const json_t *value, void *target); /* const char * */
int reader_object(struct reader *r, const char *pointer, const struct reader_key *key,
                  const json_t *value, void *target); /* const json_t * */
int reader_items(struct reader *r, const char *pointer, const struct reader_key *key,
                 const json_t *value, void *target); /* const json_t *: a list, or a text */
int reader_duration(struct reader *r, const char *pointer, const struct reader_key *key,
                    const json_t *value, void *target); /* uint64_t, ms */
int reader_timeout(struct reader *r, const char *pointer, const struct reader_key *key,
                   const json_t *value, void *target); /* the same, more than 0 */
int reader_count(struct reader *r, const char *pointer, const struct reader_key *key,
                 const json_t *value, void *target); /* unsigned, from 1 */
int reader_bool(struct reader *r, const char *pointer, const struct reader_key *key,
                const json_t *value, void *target); /* bool */
int reader_choice(struct reader *r, const char *pointer, const struct reader_key *key,
                  const json_t *value, void *target); /* an enum */

/* Tells a fault at a JSON pointer. */
int reader_fault(struct reader *r, const char *pointer, const char *format, ...) _printf_(3, 4);

/* The text of a string; NULL for what is none, and for one with a NUL, which would be cut there. */
const char *reader_word(const json_t *value);

/* A step's id or a workflow's name? */
bool reader_is_id(const char *text);

/* "a, b or c (did you mean \"b\"?)" */
void reader_choices(char *ret, size_t size, const char *const *choices, const char *given);
