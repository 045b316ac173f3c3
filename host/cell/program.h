/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Programs: what runs in the cell of an exec agent, and what of /usr it may touch
 *
 * Written by the host from the admin's grant, read by the trusted child. It stands before the
 * bundle in the sealed memory that is the cell's object, so no descriptor and no message is needed
 * for it.
 */

#include "base/buf.h"
#include "cell/cell.h"

#define PROGRAM_BYTES_MAX 32768
#define PROGRAM_WORDS_MAX 512

/* The words of a cell_program, as they were written; all point into `bytes`. */
struct program {
        struct cell_program words;
        const char *lists[3][PROGRAM_WORDS_MAX + 1];
        char bytes[PROGRAM_BYTES_MAX];
};

/* 0, -E2BIG or -ENOMEM. */
int program_write(struct buf *out, const struct cell_program *program);

/* Reads `length` bytes at the beginning of `fd`: 0, or -EBADMSG. */
int program_read(struct program *ret, int fd, size_t length);
