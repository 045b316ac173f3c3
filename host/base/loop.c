/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <string.h>
#include <sys/timerfd.h>
#include <time.h>

#define EVENTS_AT_ONCE 64

struct loop {
        int epoll;
        bool stop;
        struct epoll_event ready[EVENTS_AT_ONCE]; /* what the running turn still has to hand out */
        int n_ready;
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
        free(loop);
        return NULL;
}

static int source_add(struct loop *loop, struct loop_source *source, uint32_t events)
{
        struct epoll_event event = { .events = events, .data.ptr = source };

        if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) < 0)
                return -errno;
        source->is_active = true;
        return 0;
}

int loop_add_fd(struct loop *loop, struct loop_source *source, int fd, uint32_t events,
                loop_handler handle, void *owner)
{
        *source = (struct loop_source){ .handle = handle, .owner = owner, .fd = fd };
        return source_add(loop, source, events);
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
        struct itimerspec when = {
                .it_value.tv_sec = (time_t) (delay_ms / 1000),
                .it_value.tv_nsec = (long) (delay_ms % 1000) * 1000000L,
        };
        int r;

        /* All zero would disarm the timer instead of firing it at once. */
        if (delay_ms == 0)
                when.it_value.tv_nsec = 1;

        *source = (struct loop_source){ .handle = handle, .owner = owner, .is_timer = true };
        source->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (source->fd < 0)
                return -errno;
        if (timerfd_settime(source->fd, 0, &when, NULL) < 0)
                r = -errno;
        else
                r = source_add(loop, source, EPOLLIN);
        if (r < 0)
                closep(&source->fd);
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
        (void) epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
        if (source->is_timer)
                closep(&source->fd);

        /* The source may be among the events of this very turn; its memory may be gone when they
         * come up. */
        for (int i = 0; i < loop->n_ready; i++)
                if (loop->ready[i].data.ptr == source)
                        loop->ready[i].data.ptr = NULL;
}

static int dispatch(struct loop *loop, struct loop_source *source, uint32_t events)
{
        if (!source)
                return 0;
        if (!source->is_timer)
                return source->handle(source, events);
        loop_remove(loop, source);
        return source->handle(source, 0);
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

static int run_once(struct loop *loop)
{
        int n = epoll_wait(loop->epoll, loop->ready, EVENTS_AT_ONCE,
                           loop->deferred || loop->due ? 0 : -1);
        int r = 0;

        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        loop->n_ready = n;
        for (int i = 0; i < n && r >= 0; i++)
                r = dispatch(loop, loop->ready[i].data.ptr, loop->ready[i].events);
        loop->n_ready = 0;
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
