/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Event loop
 *
 * One epoll, any number of descriptors and timers, for a single thread. A source is embedded in its
 * owner, which must outlive it or take it off first; a handler may add and remove any source, its
 * own included. In each turn come the descriptors that are ready, then the timers that are due,
 * then what was deferred. A negative return of a handler ends loop_run() with that code. Nothing
 * here sleeps other than in epoll.
 */

#include "base/def.h"

#include <sys/epoll.h>

struct loop;
struct loop_source;

/* `events` are the EPOLL* bits that are ready (0 for a timer). */
typedef int (*loop_handler)(struct loop_source *source, uint32_t events);

struct loop_source {
        loop_handler handle; /* set by loop_add_*() */
        void *owner;         /* for the handler; not looked at here */
        int fd;              /* the caller's; -1 for a timer */
        bool is_timer;
        bool is_deferred;
        bool is_active;
        struct loop_source *next; /* among the deferred ones */
        uint64_t due_us, order;   /* of a timer (base/timers.h) */
        size_t place;
};

int loop_new(struct loop **ret_loop);
struct loop *loop_free(struct loop *loop);
DEFINE_FREEP(struct loop, loop_free);

/* Watches `fd` (still the caller's to close, after loop_remove()) for `events`. */
int loop_add_fd(struct loop *loop, struct loop_source *source, int fd, uint32_t events,
                loop_handler handle, void *owner);

/* Changes what a descriptor is watched for; 0 pauses it (hang-up and error are always told). */
int loop_watch(struct loop *loop, struct loop_source *source, uint32_t events);

/*
 * Calls `handle` once, `delay_ms` from now or up to a millisecond later (0 = at the next turn);
 * then the source is off. One that is on already is set anew. No system call.
 */
int loop_add_timer(struct loop *loop, struct loop_source *source, uint64_t delay_ms,
                   loop_handler handle, void *owner);

/*
 * Calls `handle` once, when all that is ready in this turn has been handed out (else at the start
 * of the next one); then the source is off. No system call: for work that many events ask for and
 * that is done once.
 */
void loop_defer(struct loop *loop, struct loop_source *source, loop_handler handle, void *owner);

/* Takes a source off; harmless when it is not on. */
void loop_remove(struct loop *loop, struct loop_source *source);

/* Runs until loop_stop() or until a handler fails: 0 or that handler's code. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Milliseconds of CLOCK_MONOTONIC, and of CLOCK_REALTIME since 1970. */
uint64_t clock_ms(void);
uint64_t clock_wall_ms(void);
uint64_t clock_us(void);
