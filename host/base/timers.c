/* SPDX-License-Identifier: Apache-2.0 */
#include "base/timers.h"

#define FEWEST 16

void timers_done(struct timers *t)
{
        free(t->heap);
        *t = (struct timers){ 0 };
}

static bool is_before(const struct loop_source *a, const struct loop_source *b)
{
        return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void put(struct timers *t, size_t place, struct loop_source *source)
{
        t->heap[place] = source;
        source->place = place;
}

/* Moves it toward the first, then away from it, until its neighbours are right. */
static void settle(struct timers *t, size_t place, struct loop_source *source)
{
        size_t child;

        for (; place && is_before(source, t->heap[(place - 1) / 2]); place = (place - 1) / 2)
                put(t, place, t->heap[(place - 1) / 2]);
        for (; (child = 2 * place + 1) < t->n; place = child) {
                if (child + 1 < t->n && is_before(t->heap[child + 1], t->heap[child]))
                        child++;
                if (!is_before(t->heap[child], source))
                        break;
                put(t, place, t->heap[child]);
        }
        put(t, place, source);
}

static int grow(struct timers *t)
{
        size_t size = t->size ? 2 * t->size : FEWEST;
        struct loop_source **heap = reallocarray(t->heap, size, sizeof(*heap));

        if (!heap)
                return -ENOMEM;
        t->heap = heap;
        t->size = size;
        return 0;
}

int timers_add(struct timers *t, struct loop_source *source, uint64_t due_us)
{
        if (t->n == t->size && grow(t) < 0)
                return -ENOMEM;
        source->due_us = due_us;
        source->order = t->added++;
        t->n++;
        settle(t, t->n - 1, source);
        return 0;
}

void timers_remove(struct timers *t, struct loop_source *source)
{
        struct loop_source *last = t->heap[--t->n];

        if (last != source)
                settle(t, source->place, last);
}
