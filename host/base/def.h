/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Definitions
 *
 * The few macros that every file may use: scope-bound cleanup, handing over of ownership, sizes of
 * arrays. Nothing here allocates, logs or knows of any other part of linhay.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Runs `f(&variable)` when the variable goes out of scope. Initialise on the same line. */
#define _cleanup_(f)        __attribute__((cleanup(f)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _unused_            __attribute__((unused))

/* Hands a pointer over: yields its value and leaves NULL, so that its cleanup does nothing. */
#define TAKE(p)                                                                                    \
        ({                                                                                         \
                __typeof__(p) taken_ = (p);                                                        \
                (p) = NULL;                                                                        \
                taken_;                                                                            \
        })

/* The same for a descriptor: -1 is left behind. */
#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int taken_ = (fd);                                                                 \
                (fd) = -1;                                                                         \
                taken_;                                                                            \
        })

/* Makes `name` (which frees and accepts NULL) usable as `_cleanup_(namep)`. */
#define DEFINE_FREEP(type, name)                                                                   \
        static inline void name##p(type **p)                                                       \
        {                                                                                          \
                (void) name(*p);                                                                   \
        }                                                                                          \
        struct name##p_needs_a_semicolon

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

static inline void fclosep(FILE **f)
{
        if (*f)
                (void) fclose(*f);
}
