/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The lines of a Dockerfile
 *
 * A part of dockerfile.c: joins the continued lines of an instruction, with a map of where each
 * piece stands in the file, and finds the bodies of its here-documents.
 */

#include "docker/word.h"

struct docker_reader {
        struct docker_file *file;
        const char *text;
        size_t length;
        size_t at;
        uint32_t line;
        struct docker_line joined; /* the instruction that is read */
        size_t looked_ahead;       /* bytes, for the end of a here-document, in vain */
        size_t map_size;
};

/* The end of the line that begins at `at`, its newline not included. */
size_t docker_line_end(const struct docker_reader *reader, size_t at);

/* The first and the end of what is no blank between two places. */
size_t docker_skip_blanks(const struct docker_reader *reader, size_t at, size_t end);
size_t docker_trim_end(const struct docker_reader *reader, size_t start, size_t end);

/* Goes on behind the line that ends at `end`. */
void docker_next_line(struct docker_reader *reader, size_t end);

/*
 * Joins the lines of the instruction that begins at reader->at; *ret_end is where its last line
 * ends. Comments and empty lines within it are left out. 0, -ENOMEM.
 */
int docker_join_lines(struct docker_reader *reader, size_t *ret_end);

/* Reads the bodies of an instruction's here-documents, which stand behind it. 0, -ENOMEM. */
int docker_read_heredocs(struct docker_reader *reader, struct docker_instruction *instruction);
