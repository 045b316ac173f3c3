/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Denials: calls that were denied, as the kernel tells them
 *
 * The handler that names a denied call goes with execve(). So an exec agent is heard of from
 * outside: a call that would be answered with a signal waits for this listener instead, which never
 * answers. The call is not made, and who made it does nothing more until it is killed. Nothing is
 * read but the registers. Where the listener is closed the call fails, and so it does when a signal
 * comes before the host has heard of it.
 */

#include "base/loop.h"
#include "cell/proto.h"

struct denial {
        struct loop *loop;
        struct loop_source source;
        int fd;                  /* the listener; -1 = none */
        struct proto_fault call; /* the first that was denied */
        void (*on_call)(void *user);
        void *user;
};

/* From then on `on_call` is called once, for the first; `fd` is the listener, taken over. */
int denial_listen(struct denial *d, struct loop *loop, int *fd, void (*on_call)(void *user),
                  void *user);
void denial_done(struct denial *d);
