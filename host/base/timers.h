/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Timers: what is due next
 *
 * A heap of sources by the time at which they are due; of those of the same time the first added
 * comes first. Adding and taking off need no system call, and no descriptor. Pure: what time it is
 * the caller says. The sources stay the caller's (base/loop.h).
 */

#include "base/loop.h"

struct timers {
        struct loop_source **heap; /* each is due no sooner than the one at half its place */
        size_t n, size;
        uint64_t added; /* how many ever were */
};

void timers_done(struct timers *t);

/* `source` is in no heap; its place and due_us are ours from here on. -ENOMEM: it is not in. */
int timers_add(struct timers *t, struct loop_source *source, uint64_t due_us);

/* `source` is in. */
void timers_remove(struct timers *t, struct loop_source *source);

/* The next one; NULL = there is none. */
static inline struct loop_source *timers_first(const struct timers *t)
{
        return t->n ? t->heap[0] : NULL;
}
