/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A Dockerfile (or Podman's Containerfile) as its instructions
 *
 * Reads what BuildKit's dockerfile/1 syntax reads: parser directives, continued lines with comments
 * and empty lines within, here-documents, the JSON form, flags, ONBUILD. Each instruction has its
 * words with quotes taken off, its places in the file, and for RUN the script as commands (see
 * shell.h). Instructions belong to stages, and stages to the stage that they begin with.
 *
 * A word keeps its `$X` as it was written; dockerfile_expand() says what it is as far as the file
 * tells. A text that is no Dockerfile gives instructions of the kind DOCKER_UNKNOWN.
 *
 * All memory belongs to the file.
 */

#include "docker/shell.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOCKER_INSTRUCTIONS_MAX 5000
#define DOCKER_STAGES_MAX       1000

enum docker_kind {
        DOCKER_UNKNOWN,
        DOCKER_ADD,
        DOCKER_ARG,
        DOCKER_CMD,
        DOCKER_COPY,
        DOCKER_ENTRYPOINT,
        DOCKER_ENV,
        DOCKER_EXPOSE,
        DOCKER_FROM,
        DOCKER_HEALTHCHECK,
        DOCKER_LABEL,
        DOCKER_MAINTAINER,
        DOCKER_ONBUILD,
        DOCKER_RUN,
        DOCKER_SHELL,
        DOCKER_STOPSIGNAL,
        DOCKER_USER,
        DOCKER_VOLUME,
        DOCKER_WORKDIR,
        DOCKER_KINDS_,
};

struct docker_word {
        const char *text;  /* without its quotes */
        size_t start, end; /* offsets in the file */
        bool is_quoted;
};

/* --name=value */
struct docker_flag {
        const char *name;  /* without the dashes */
        const char *value; /* "" = none */
        size_t start, end;
};

/* Of ENV, ARG and LABEL. */
struct docker_pair {
        struct docker_word key;
        struct docker_word value; /* text NULL = none was given (ARG NAME) */
};

struct docker_heredoc {
        const char *name;
        size_t start, end; /* of its body in the file */
};

struct docker_instruction {
        enum docker_kind kind; /* of ONBUILD: of what it holds, and `is_onbuild` */
        bool is_onbuild;
        bool is_json;     /* its words were given as [ "a", "b" ] */
        const char *name; /* as it was written */
        size_t start, end;
        uint32_t line; /* of its start, from 1 */
        size_t stage;  /* index, or DOCKER_NO_STAGE before the first FROM */
        const struct docker_flag *flags;
        size_t n_flags;
        const struct docker_word *words; /* of HEALTHCHECK: without its CMD */
        size_t n_words;
        const struct docker_pair *pairs;
        size_t n_pairs;
        const struct docker_heredoc *heredocs;
        size_t n_heredocs;
        const char *text; /* what stands behind the flags, in one line */
        size_t length;
        struct shell_script script;     /* of RUN; its places: docker_place() */
        const struct docker_piece *map; /* private: of `text`'s places in the file */
        size_t n_map;
        size_t map_base;
};

#define DOCKER_NO_STAGE ((size_t) -1)

struct docker_stage {
        size_t from;       /* index of its FROM */
        const char *image; /* as it was written; "" = none */
        const char *name;  /* of AS; "" = none */
        const char *platform;
        size_t base;        /* index of the stage that it begins with, or DOCKER_NO_STAGE */
        size_t first, last; /* instructions behind FROM: [first, last) */
};

/* A comment line; those in continued lines and directives are not among them. */
struct docker_comment {
        const char *text; /* behind the # */
        size_t start, end;
        size_t next; /* index of the instruction that follows */
};

struct docker_file {
        char escape;        /* '\\' or '`' */
        const char *syntax; /* "" = none */
        struct docker_instruction *instructions;
        size_t n_instructions;
        struct docker_stage *stages;
        size_t n_stages;
        struct docker_comment *comments;
        size_t n_comments;
        bool is_cut;          /* it has more instructions or stages than are read */
        struct block *blocks; /* private */
};

/* Does a file's name say that it is one? */
bool docker_is_dockerfile(const char *path);

/* Reads a text: 0, -ENOMEM. Must be given to dockerfile_done(). */
int dockerfile_parse(struct docker_file *ret_file, const char *text, size_t length);
void dockerfile_done(struct docker_file *file);

/* The value of a flag: NULL when it is not there. */
const char *docker_flag(const struct docker_instruction *instruction, const char *name);

/* The place in the file of an offset in the instruction's `text` (and its script). */
size_t docker_place(const struct docker_instruction *instruction, size_t at);

/* The stage of a name or number that stands before instruction `before`, or DOCKER_NO_STAGE. */
size_t dockerfile_stage(const struct docker_file *file, const char *name, size_t before);

/* Is the image of the last stage made of this stage? */
bool dockerfile_is_in_last(const struct docker_file *file, size_t stage);

/*
 * Replaces $X, ${X}, ${X:-word} and ${X:+word} by what ARG and ENV before instruction `at` give
 * them. True when all of it is known; else what is not known is left out.
 */
bool dockerfile_expand(const struct docker_file *file, size_t at, const char *text, char *ret,
                       size_t size);
