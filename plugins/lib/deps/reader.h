/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the readers of the files share: the file, where they are in it, and how they tell what they
 * find.
 */

#include "def.h"
#include "deps.h"
#include "toml/toml.h"

#include <jansson.h>

struct dep_reader {
        struct deps *deps;
        const char *path, *text;
        size_t length;
        bool is_lock;
        char *error;
        size_t error_size;
        size_t cursor; /* of dep_line_of(): what is looked for stands behind what was found before
                        */
        uint32_t cursor_line;
};

/* What is told of one dependency; texts are copied. */
struct dep_note {
        const char *name, *version, *license; /* version, license: NULL = not told */
        const char *needs;                    /* NULL = not told */
        enum dep_scope scope;
        uint32_t line;
        bool is_exact, is_direct;
};

/* What a package needs, while it is read: see struct dep. Begins as zeros. */
struct dep_needs {
        char text[16 * 1024];
        size_t length;
};

/* Adds one; `version` may be NULL. What has no room is counted as cut. */
void dep_need(struct dep_reader *r, struct dep_needs *needs, const char *name, size_t name_length,
              const char *version);

int dep_add(struct dep_reader *r, enum dep_type type, const struct dep_note *note);

/* Writes the sentence; returns -EBADMSG. */
int dep_fail(struct dep_reader *r, uint32_t line, const char *format, ...) _printf_(3, 4);

/* The file as a JSON object, to be freed; NULL with the fault told: then the reader returns
 * -EBADMSG. */
json_t *dep_json(struct dep_reader *r);

/* The file as TOML, to be given to toml_done() always: 0, -EBADMSG with the fault told, -ENOMEM. */
int dep_toml(struct dep_reader *r, struct toml_tree *ret);

/* The line of the next place of `"word"` with its quotes, behind the last one found; 0 = nowhere.
 */
uint32_t dep_line_of(struct dep_reader *r, const char *word);

struct dep_line {
        const char *text;
        size_t length;
        size_t indent;   /* blanks at its front, which are in the text */
        uint32_t number; /* from 1 */
};

/* The next line without its end, from *at on; false at the end. *at and *ret begin as zeros. */
bool dep_line_next(const struct dep_reader *r, size_t *at, struct dep_line *ret);

typedef int (*dep_read)(struct dep_reader *r);

int dep_npm_manifest(struct dep_reader *r);
int dep_npm_lock(struct dep_reader *r);
int dep_yarn_lock(struct dep_reader *r);
int dep_pnpm_lock(struct dep_reader *r);
int dep_pip_requirements(struct dep_reader *r);
int dep_pyproject(struct dep_reader *r);
int dep_pipfile_lock(struct dep_reader *r);
int dep_python_lock(struct dep_reader *r);
int dep_cargo_manifest(struct dep_reader *r);
int dep_cargo_lock(struct dep_reader *r);
int dep_go_mod(struct dep_reader *r);
int dep_pom(struct dep_reader *r);
int dep_gradle_lock(struct dep_reader *r);
int dep_gemfile(struct dep_reader *r);
int dep_gemfile_lock(struct dep_reader *r);
int dep_composer_manifest(struct dep_reader *r);
int dep_composer_lock(struct dep_reader *r);
int dep_debian_control(struct dep_reader *r);
int dep_dpkg_status(struct dep_reader *r);
