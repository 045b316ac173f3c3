/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Definitions shared by the scanning library and the agents that use it: scope-bound cleanup and a
 * growing array. Agents include nothing of the host, so these few lines are their own.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef _cleanup_
#define _cleanup_(f) __attribute__((cleanup(f)))
#endif
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))
#endif
#ifndef MIN_OF
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))
#endif

/* Bytes of a text that lies in somebody else's memory. */
struct span {
        const char *text;
        size_t length;
};

/* A row of a table of words: its length is known when it is compiled. */
#define SPAN(literal)                                                                              \
        {                                                                                          \
                literal, sizeof(literal) - 1                                                       \
        }

/* Makes `*items` hold at least `need` items of `item` bytes; doubles, so appending is cheap. */
static inline int array_grow(void *items, size_t *size, size_t need, size_t item)
{
        void **p = items;
        size_t n = *size ? *size : 16;
        void *bigger;

        if (need <= *size)
                return 0;
        while (n < need)
                n *= 2;
        bigger = reallocarray(*p, n, item);
        if (!bigger)
                return -ENOMEM;
        *p = bigger;
        *size = n;
        return 0;
}
