/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Compose files and what they lead to
 *
 * A compose file, its project's variables, and the files that its services extend: each is read
 * once. What lies outside the tree, or is not there, is told as not scanned.
 */

#include "check.h"
#include "yaml/yaml.h"

#define COMPOSE_FILES_MAX    32 /* that the services of one file extend */
#define COMPOSE_SERVICES_MAX 1000
#define COMPOSE_PUT_MAX      (1024 * 1024) /* bytes of values with their variables put in */

struct compose_file {
        char *path;
        char *text; /* NULL = the current file's, or the file cannot be read */
        struct yaml_tree tree;
        const struct yaml_node *services; /* NULL = it has none */
        bool is_checked;                  /* what is wrong in it is told where it stands */
};

struct compose_project {
        struct check *c;
        struct compose_file *files[COMPOSE_FILES_MAX]; /* the first is the current one */
        size_t n;
        json_t *variables; /* of .env in its folder; NULL = there is none */
        size_t n_put;      /* bytes */
        bool is_quiet;     /* what is not there is told by another reader of this file */
};

/* Is it a file that compose takes, by its name? */
bool compose_is_file(const char *path);

/* Reads the current file and its .env: 0, -ENOMEM. Must be given to compose_project_done(). */
int compose_project_read(struct compose_project *p, struct check *c);
void compose_project_done(struct compose_project *p);

/*
 * The file that `from` calls `name`: 1; 0 where it is not there, which is told once; a negative
 * errno.
 */
int compose_file_find(struct compose_project *p, const struct compose_file *from, const char *name,
                      const struct compose_file **ret);

/*
 * A scalar's text with its variables put in, as far as they are known; it lives until the current
 * file is done. NULL: `node` is none, or there is no memory. *ret_is_put: a variable was put in.
 * Past COMPOSE_PUT_MAX texts stay as they were written, which is told.
 */
const char *compose_text(struct compose_project *p, const struct yaml_node *node, bool *ret_is_put);
