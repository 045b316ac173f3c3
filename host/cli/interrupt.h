/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Interrupt: every Ctrl-C counts
 *
 * SIGINT and SIGTERM are counted by a handler the moment they arrive, whatever the program is busy
 * with, and told from the loop. (Blocked and read from a signalfd, a second one would be merged
 * with the first for as long as the loop is busy.) One for a process, as signals are.
 */

#include "base/loop.h"

struct interrupt {
        struct loop *loop; /* NULL: not watched */
        struct loop_source source;
        int fd;
        void (*tell)(void *user, unsigned n);
        void *user;
};

#define INTERRUPT_NONE ((struct interrupt){ .fd = -1 })

/* `tell` is called from the loop with how many came since the last time. */
int interrupt_watch(struct interrupt *i, struct loop *loop, void (*tell)(void *user, unsigned n),
                    void *user);

/* From here on signals are ignored: what is left to do is short and must be done. */
void interrupt_done(struct interrupt *i);

/* Does a signal end a read that waits for a person? Else the read goes on. */
void interrupt_breaks_reads(bool breaks);
