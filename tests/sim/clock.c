/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include "turns.h"

#include <poll.h>

#define SOURCES_MAX 1024
#define TURNS_MAX   200000 /* of one loop_run(): more is a circle */

struct fake_clock fake_clock;

/* A timer's own clock is in its descriptor's place: the sources are the caller's memory. */
struct loop {
        bool stop;
        struct loop_source *deferred;
        size_t n;
        struct entry {
                struct loop_source *source;
                uint32_t events;
                uint64_t due_us;
        } list[SOURCES_MAX];
};

int loop_new(struct loop **ret_loop)
{
        *ret_loop = calloc(1, sizeof(**ret_loop));
        return *ret_loop ? 0 : -ENOMEM;
}

struct loop *loop_free(struct loop *loop)
{
        free(loop);
        return NULL;
}

static int add(struct loop *loop, struct entry entry)
{
        if (loop->n == SOURCES_MAX)
                return -ENOSPC;
        entry.source->is_active = true;
        loop->list[loop->n++] = entry;
        return 0;
}

int loop_add_fd(struct loop *loop, struct loop_source *source, int fd, uint32_t events,
                loop_handler handle, void *owner)
{
        *source = (struct loop_source){ .handle = handle, .owner = owner, .fd = fd };
        return add(loop, (struct entry){ .source = source, .events = events });
}

int loop_add_timer(struct loop *loop, struct loop_source *source, uint64_t delay_ms,
                   loop_handler handle, void *owner)
{
        *source = (struct loop_source){
                .handle = handle, .owner = owner, .fd = -1, .is_timer = true
        };
        return add(loop, (struct entry){ .source = source,
                                         .due_us = fake_clock.now_us + delay_ms * 1000 });
}

/* At the end of the turn, as the real one; in any order. */
void loop_defer(struct loop *loop, struct loop_source *source, loop_handler handle, void *owner)
{
        if (source->is_active)
                return;
        *source = (struct loop_source){
                .handle = handle, .owner = owner, .fd = -1, .is_deferred = true, .is_active = true
        };
        source->next = loop->deferred;
        loop->deferred = source;
}

static void undefer(struct loop *loop, const struct loop_source *source)
{
        struct loop_source **link = &loop->deferred;

        while (*link && *link != source)
                link = &(*link)->next;
        if (*link)
                *link = source->next;
}

static int run_deferred(struct loop *loop)
{
        int r = 0;

        for (struct loop_source *s; r >= 0 && (s = loop->deferred);) {
                loop_remove(loop, s);
                r = s->handle(s, 0);
        }
        return r;
}

static struct entry *find(struct loop *loop, const struct loop_source *source)
{
        for (size_t i = 0; i < loop->n; i++)
                if (loop->list[i].source == source)
                        return &loop->list[i];
        return NULL;
}

int loop_watch(struct loop *loop, struct loop_source *source, uint32_t events)
{
        struct entry *e = find(loop, source);

        if (!e)
                return -ENOENT;
        e->events = events;
        return 0;
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
        struct entry *e = source->is_active ? find(loop, source) : NULL;

        if (source->is_active && source->is_deferred)
                undefer(loop, source);
        source->is_active = false;
        if (e)
                *e = loop->list[--loop->n];
}

static uint32_t ready_events(const struct entry *e)
{
        struct pollfd p = { .fd = e->source->fd, .events = (short) e->events };

        if (e->source->is_timer)
                return e->due_us <= fake_clock.now_us;
        return poll(&p, 1, 0) > 0 ? (uint32_t) p.revents : 0;
}

/* The clock goes to the next timer; false when there is none. */
static bool wait_for_timer(const struct loop *loop)
{
        uint64_t next = UINT64_MAX;

        for (size_t i = 0; i < loop->n; i++)
                if (loop->list[i].source->is_timer)
                        next = MIN_OF(next, loop->list[i].due_us);
        if (next == UINT64_MAX)
                return false;
        fake_clock.most_us = MAX_OF(fake_clock.most_us, next - fake_clock.now_us);
        fake_clock.now_us = next;
        return true;
}

static int dispatch(struct loop *loop, struct loop_source *source, uint32_t events)
{
        if (source->is_timer)
                loop_remove(loop, source);
        return source->handle(source, source->is_timer ? 0 : events);
}

/* One thing happens. */
static int turn(struct loop *loop)
{
        struct loop_source *ready[SOURCES_MAX];
        uint32_t events[SOURCES_MAX];
        size_t n = 0, chosen;

        if (loop->deferred && chance_percent(&fake_clock.chance, 70))
                return run_deferred(loop);
        for (size_t i = 0; i < loop->n; i++) {
                events[n] = ready_events(&loop->list[i]);
                if (events[n])
                        ready[n++] = loop->list[i].source;
        }
        if (n == 0 && !turns_is_due() && loop->deferred)
                return run_deferred(loop);
        if (n == 0 && !turns_is_due())
                return wait_for_timer(loop) ? 0 : CLOCK_IS_STUCK;
        /* The thread also wakes up by itself. */
        if (chance_percent(&fake_clock.chance, 3))
                turns_give();
        chosen = chance_below(&fake_clock.chance, n + turns_is_due());
        fake_clock.now_us += chance_below(&fake_clock.chance, 300);
        if (chosen < n)
                return dispatch(loop, ready[chosen], events[chosen]);
        turns_give();
        return 0;
}

int loop_run(struct loop *loop)
{
        int r = 0;

        loop->stop = false;
        for (unsigned i = 0; !loop->stop && r >= 0; i++) {
                fake_clock.turns++;
                r = i == TURNS_MAX ? CLOCK_IS_STUCK : 0;
                if (r == 0 && fake_clock.on_turn)
                        r = fake_clock.on_turn(fake_clock.user);
                if (r == 0 && !loop->stop)
                        r = turn(loop);
        }
        return r < 0 ? r : 0;
}

void loop_stop(struct loop *loop)
{
        loop->stop = true;
}

uint64_t clock_us(void)
{
        return fake_clock.now_us;
}

uint64_t clock_ms(void)
{
        return clock_us() / 1000;
}

uint64_t clock_wall_ms(void)
{
        return (uint64_t) ((int64_t) clock_us() + fake_clock.wall_us) / 1000;
}
