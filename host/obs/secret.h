/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What looks like a secret on one line
 *
 * Three shapes, all found in one pass with no backtracking: tokens whose issuer gave them a prefix
 * (a table), passwords in URLs, and values given to a name like `db_password`. This decides only
 * what a person is shown without asking for it, so it may hide too much; the agents that *report*
 * secrets have far better rules. Not a promise to find every secret: there is no such thing.
 */

#include "base/def.h"

struct secret {
        size_t start, end; /* bytes of the text */
        bool goes_on;      /* a further line of the secret before: counted with it */
};

struct secrets {
        struct secret *items;
        size_t n, size;
};

void secrets_done(struct secrets *s);

/* 0 or -ENOMEM. */
int secrets_add(struct secrets *s, struct secret secret);

/* Does a value belong to a name like this? For members of JSON objects. */
bool secret_is_named(const char *name, const char *value);

/* A file in which values stand without quotes (.env, .ini, .yaml …)? */
bool secret_path_is_settings(const char *path, size_t length);

/*
 * Adds the secrets of the line text[start, end), which has no newline. `is_settings`: it is a line
 * of such a file, where whatever a secret's name is given is its value.
 */
int secret_find(struct secrets *s, const char *text, size_t start, size_t end, bool is_settings);
