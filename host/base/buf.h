/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Growable byte buffer
 *
 * Bytes with a length; always followed by one NUL that is not counted, so `data` can be printed. A
 * buffer has a limit (0 = SIZE_MAX / 2): growth past it is -EMSGSIZE and leaves the buffer as it
 * was, so that an outsider cannot make us eat the machine. Initialise with `{ 0 }` or BUF_LIMIT(n).
 */

#include "base/def.h"

struct buf {
        char *data;    /* NULL while empty, else NUL-terminated */
        size_t length; /* bytes in use, the NUL not counted */
        size_t size;   /* bytes allocated */
        size_t limit;  /* `length` never passes this; 0 = no limit of our own */
};

#define BUF_LIMIT(n) ((struct buf){ .limit = (n) })

/* Frees the bytes; the buffer is empty and usable again. */
void buf_done(struct buf *b);

/* Makes room for `n` more bytes: 0, -ENOMEM or -EMSGSIZE. */
int buf_reserve(struct buf *b, size_t n);

int buf_add(struct buf *b, const void *data, size_t length);
int buf_puts(struct buf *b, const char *text);
int buf_putc(struct buf *b, char c);
int buf_printf(struct buf *b, const char *format, ...) _printf_(2, 3);

/* Drops `n` bytes (at most `length`) from the front. */
void buf_drop(struct buf *b, size_t n);

/* The text, "" while empty; the buffer keeps it. */
static inline const char *buf_text(const struct buf *b)
{
        return b->data ? b->data : "";
}

/* Hands the bytes over to the caller, who frees them; NULL only when out of memory. */
char *buf_take(struct buf *b);
