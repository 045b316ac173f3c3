/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include "base/timers.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#define EVENTS_AT_ONCE 64

struct loop {
        int epoll;
        bool stop;
        struct epoll_event ready[EVENTS_AT_ONCE]; /* what the running turn still has to hand out */
        int n_ready;
        struct timers timers;
        struct loop_source *deferred; /* the newest first */
        struct loop_source *due; /* of these, what the running turn still has to do, in order */
};

int loop_new(struct loop **ret_loop)
{
        struct loop *loop = calloc(1, sizeof(*loop));

        if (!loop)
                return -ENOMEM;
        loop->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (loop->epoll < 0) {
                int r = -errno;

                free(loop);
                return r;
        }
        *ret_loop = loop;
        return 0;
}

struct loop *loop_free(struct loop *loop)
{
        if (!loop)
                return NULL;
        closep(&loop->epoll);
        timers_done(&loop->timers);
        free(loop);
        return NULL;
}

int loop_add_fd(struct loop *loop, struct loop_source *source, int fd, uint32_t events,
                loop_handler handle, void *owner)
{
        struct epoll_event event = { .events = events, .data.ptr = source };

        *source = (struct loop_source){ .handle = handle, .owner = owner, .fd = fd };
        if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
                return -errno;
        source->is_active = true;
        return 0;
}

int loop_watch(struct loop *loop, struct loop_source *source, uint32_t events)
{
        struct epoll_event event = { .events = events, .data.ptr = source };

        if (!source->is_active)
                return -ENOENT;
        return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, source->fd, &event) < 0 ? -errno : 0;
}

int loop_add_timer(struct loop *loop, struct loop_source *source, uint64_t delay_ms,
                   loop_handler handle, void *owner)
{
        uint64_t now = clock_us();
        int r;

        loop_remove(loop, source);
        *source = (struct loop_source){
                .handle = handle, .owner = owner, .fd = -1, .is_timer = true
        };
        r = timers_add(&loop->timers, source,
                       delay_ms > (UINT64_MAX - now) / 1000 ? UINT64_MAX : now + delay_ms * 1000);
        source->is_active = r == 0;
        return r;
}

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

static void list_remove(struct loop_source **link, const struct loop_source *source)
{
        while (*link && *link != source)
                link = &(*link)->next;
        if (*link)
                *link = source->next;
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
        if (!source->is_active)
                return;
        source->is_active = false;
        if (source->is_deferred) {
                list_remove(&loop->deferred, source);
                list_remove(&loop->due, source);
                return;
        }
        if (source->is_timer) {
                timers_remove(&loop->timers, source);
                return;
        }
        (void) epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);

        /* The source may be among the events of this very turn; its memory may be gone when they
         * come up. */
        for (int i = 0; i < loop->n_ready; i++)
                if (loop->ready[i].data.ptr == source)
                        loop->ready[i].data.ptr = NULL;
}

static int dispatch(struct loop *loop)
{
        int r = 0;

        for (int i = 0; i < loop->n_ready && r >= 0; i++) {
                struct loop_source *source = loop->ready[i].data.ptr;

                if (source)
                        r = source->handle(source, loop->ready[i].events);
        }
        loop->n_ready = 0;
        return r;
}

/* What is due by now; what is added meanwhile comes after the next look around. */
static int run_timers(struct loop *loop)
{
        uint64_t added = loop->timers.added, now = loop->timers.n ? clock_us() : 0;
        struct loop_source *source;
        int r = 0;

        while (r >= 0 && (source = timers_first(&loop->timers)) != NULL) {
                if (source->due_us > now || source->order >= added)
                        break;
                loop_remove(loop, source);
                r = source->handle(source, 0);
        }
        return r;
}

/* What they defer themselves comes after the next look around. */
static int run_deferred(struct loop *loop)
{
        int r = 0;

        for (struct loop_source *s = TAKE(loop->deferred), *next; s; s = next) {
                next = s->next;
                s->next = loop->due;
                loop->due = s;
        }
        while (loop->due && r >= 0) {
                struct loop_source *source = loop->due;

                loop_remove(loop, source);
                r = source->handle(source, 0);
        }
        return r;
}

/* Whole milliseconds, rounded up: a timer that is due is never waited for by looking again. */
static int wait_ms(const struct loop *loop)
{
        const struct loop_source *first = timers_first(&loop->timers);
        uint64_t now;

        if (loop->deferred || loop->due)
                return 0;
        if (!first)
                return -1;
        now = clock_us();
        return first->due_us <= now ? 0 : (int) MIN_OF((first->due_us - now + 999) / 1000, INT_MAX);
}

static int run_once(struct loop *loop)
{
        int n = epoll_wait(loop->epoll, loop->ready, EVENTS_AT_ONCE, wait_ms(loop)), r;

        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        loop->n_ready = n;
        r = dispatch(loop);
        if (r >= 0)
                r = run_timers(loop);
        return r < 0 ? r : run_deferred(loop);
}

int loop_run(struct loop *loop)
{
        int r = 0;

        loop->stop = false;
        while (!loop->stop && r >= 0)
                r = run_once(loop);
        return r < 0 ? r : 0;
}

void loop_stop(struct loop *loop)
{
        loop->stop = true;
}

static uint64_t now_us(clockid_t clock)
{
        struct timespec t;

        (void) clock_gettime(clock, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

uint64_t clock_us(void)
{
        return now_us(CLOCK_MONOTONIC);
}

uint64_t clock_ms(void)
{
        return now_us(CLOCK_MONOTONIC) / 1000;
}

uint64_t clock_wall_ms(void)
{
        return now_us(CLOCK_REALTIME) / 1000;
}
