/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Interrupt: every Ctrl-C counts
 *
 * SIGINT and SIGTERM are counted by a handler the moment they arrive, whatever the program is busy
 * with, and told from the loop. (Blocked and read from a signalfd, a second one would be merged
 * with the first for as long as the loop is busy.) One for a process, as signals are.
 *
 * SIGHUP, a terminal that was closed, is told apart: nobody asked for an end, so the work is to be
 * left in a state that can be taken up again. Where it is ignored (nohup) it stays so.
 */

#include "base/loop.h"

/* Called from the loop. */
struct interrupt_handler {
        void (*interrupted)(void *user, unsigned n); /* how many since the last time */
        void (*hung_up)(void *user);
};

struct interrupt {
        struct loop *loop; /* NULL: not watched */
        struct loop_source source;
        int fd;
        const struct interrupt_handler *handler;
        void *user;
};

#define INTERRUPT_NONE ((struct interrupt){ .fd = -1 })

/* `handler` is borrowed. */
int interrupt_watch(struct interrupt *i, struct loop *loop, const struct interrupt_handler *handler,
                    void *user);

/* From here on signals are ignored: what is left to do is short and must be done. */
void interrupt_done(struct interrupt *i);

/* Does a signal end a read that waits for a person? Else the read goes on. */
void interrupt_breaks_reads(bool breaks);
