/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The words of an instruction
 *
 * What dockerfile.c reads the arguments with: the line that was made of continued lines, with a
 * map to the file, cut into flags, words, pairs or a JSON list.
 */

#include "block.h"
#include "docker/dockerfile.h"

/* From `at` of the line on, it is text[place…] of the file. */
struct docker_piece {
        size_t at, place;
};

struct docker_line {
        char *text;
        size_t length, size;
        struct docker_piece *map;
        size_t n_map;
        size_t at; /* how far it was read */
        char escape;
        struct block **blocks;
};

size_t docker_line_place(const struct docker_piece *map, size_t n, size_t at);

/* Each reads what comes next of the line: 1 when there was one, 0 at its end, -ENOMEM. */
int docker_line_word(struct docker_line *line, struct docker_word *ret_word);
int docker_line_flag(struct docker_line *line, struct docker_flag *ret_flag);

/* NAME=value, or the NAME alone. */
int docker_line_pair(struct docker_line *line, struct docker_pair *ret_pair);

/* The rest of the line as one word, as in `ENV NAME value value`. */
int docker_line_rest(struct docker_line *line, struct docker_word *ret_word);

/* [ "a", "b" ]: the words, 1; 0 when it is none, and nothing is read. */
int docker_line_json(struct docker_line *line, struct docker_word **ret_words, size_t *ret_n);

void docker_line_blanks(struct docker_line *line);
