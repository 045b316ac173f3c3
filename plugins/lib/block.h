/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory that is freed at once
 *
 * A parser's tree is many small things that live and end together: they are cut from blocks, and
 * only the blocks are freed. Nothing is given back before that.
 */

#include "def.h"

#include <string.h>

enum { BLOCK_SIZE = 32 * 1024 };

struct block {
        struct block *next;
        size_t used, size;
        _Alignas(max_align_t) char bytes[];
};

/* `size` bytes of no known content, aligned for anything; NULL when out of memory. */
static inline void *block_take(struct block **blocks, size_t size)
{
        struct block *b = *blocks;

        size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
        if (!b || b->size - b->used < size) {
                size_t room = MAX_OF(size, (size_t) BLOCK_SIZE);

                b = malloc(sizeof(*b) + room);
                if (!b)
                        return NULL;
                b->next = *blocks;
                b->used = 0;
                b->size = room;
                *blocks = b;
        }
        b->used += size;
        return b->bytes + b->used - size;
}

/* A copy of bytes, with a NUL behind them. */
static inline char *block_text(struct block **blocks, const void *text, size_t length)
{
        char *copy = block_take(blocks, length + 1);

        if (!copy)
                return NULL;
        if (length)
                memcpy(copy, text, length);
        copy[length] = '\0';
        return copy;
}

/* A copy of `n` elements, or an empty array that is not NULL. */
static inline void *block_copy(struct block **blocks, const void *from, size_t n, size_t size)
{
        void *copy = block_take(blocks, n * size + 1);

        if (copy && n)
                memcpy(copy, from, n * size);
        return copy;
}

static inline void block_done(struct block **blocks)
{
        struct block *next;

        for (struct block *b = *blocks; b; b = next) {
                next = b->next;
                free(b);
        }
        *blocks = NULL;
}
