/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Definitions for agents
 *
 * What host/base/def.h is for the host: scope-bound cleanup, handing over of ownership, sizes of
 * arrays. Agents may not include the host's headers, so the few lines stand here again.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* Runs `f(&variable)` when the variable goes out of scope. Initialise on the same line. */
#define _cleanup_(f)        __attribute__((cleanup(f)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))

/* Hands a pointer over: yields its value and leaves NULL, so that its cleanup does nothing. */
#define TAKE(p)                                                                                    \
        ({                                                                                         \
                __typeof__(p) taken_ = (p);                                                        \
                (p) = NULL;                                                                        \
                taken_;                                                                            \
        })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))
#define MIN_OF(a, b)  ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b)  ((a) > (b) ? (a) : (b))

/* Cleanup of memory from malloc(): `_cleanup_(freep) char *s = NULL;`. */
static inline void freep(void *p)
{
        free(*(void **) p);
}

/* Cleanup of a descriptor; errno is kept, so that `return -errno` after it stays right. */
static inline void closep(int *fd)
{
        int saved = errno;

        if (*fd >= 0)
                (void) close(*fd);
        *fd = -1;
        errno = saved;
}

/*
 * Makes room for one element more in an array of `n`, doubling it at each power of two:
 * `if (!ARRAY_ROOM(list, n)) return -ENOMEM; list[n++] = x;`
 */
#define ARRAY_ROOM(array, n) array_room((void **) &(array), (n), sizeof(*(array)))

static inline bool array_room(void **array, size_t n, size_t size)
{
        void *grown;

        if (n && n & (n - 1))
                return true;
        grown = reallocarray(*array, n ? 2 * n : 1, size);
        if (!grown)
                return false;
        *array = grown;
        return true;
}
