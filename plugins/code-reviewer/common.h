/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The few macros that all files of this agent use
 *
 * An agent links nothing of the host, so it brings its own; the meaning is that of the host's.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

#define TAKE(p)                                                                                    \
        ({                                                                                         \
                __typeof__(p) taken_ = (p);                                                        \
                (p) = NULL;                                                                        \
                taken_;                                                                            \
        })

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))
#define MIN_OF(a, b)  ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b)  ((a) > (b) ? (a) : (b))

static inline void freep(void *p)
{
        free(*(void **) p);
}

/* Makes room for one more item: doubles the array when `used` is at its end. 0 or -ENOMEM. */
#define ARRAY_GROW(array, used, size)                                                              \
        ({                                                                                         \
                int grown_ = 0;                                                                    \
                                                                                                   \
                if ((used) >= (size)) {                                                            \
                        size_t size_ = (size) ? 2 * (size_t) (size) : 16;                          \
                        void *more_ = reallocarray((array), size_, sizeof(*(array)));              \
                                                                                                   \
                        if (!more_)                                                                \
                                grown_ = -ENOMEM;                                                  \
                        else {                                                                     \
                                (array) = more_;                                                   \
                                (size) = size_;                                                    \
                        }                                                                          \
                }                                                                                  \
                grown_;                                                                            \
        })
