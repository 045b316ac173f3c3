/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Frames: what goes over a cell's socket
 *
 * One SOCK_SEQPACKET message is one frame: a header of 16 bytes and at most 64 KiB behind it, in
 * the machine's byte order (both ends are one machine). Larger bodies travel in a memfd that the
 * host makes. Reading trusts nothing: a frame is whole, of this version and of exactly the length
 * that its header says, or it is -EBADMSG.
 *
 * Descriptors are taken only where the caller asks for them; anywhere else a message that carries
 * one is -EBADMSG, and the kernel has dropped it before we look.
 */

#include "base/def.h"

#define FRAME_MAGIC   0x314c4e4cU /* "LNL1" as the bytes lie in memory */
#define FRAME_VERSION 1
#define FRAME_BODY    65536
#define FRAME_FDS     72 /* descriptors that one frame may carry, host to child */

/* The body is in the memfd that the host granted last. */
#define FRAME_IN_MEMFD (1U << 0)
#define FRAME_FLAGS    FRAME_IN_MEMFD

struct frame_header {
        uint32_t magic;
        uint16_t version;
        uint16_t type;
        uint32_t flags;
        uint32_t length; /* of what follows */
};
_Static_assert(sizeof(struct frame_header) == 16, "the header is 16 bytes on every machine");

struct frame {
        struct frame_header header;
        char body[FRAME_BODY] __attribute__((aligned(8)));
};
_Static_assert(offsetof(struct frame, body) == sizeof(struct frame_header), "no gap");

/* Descriptors that came with a frame; the receiver closes what it does not take. */
struct frame_fds {
        int fd[FRAME_FDS];
        size_t count;
};

void frame_fds_done(struct frame_fds *fds);

/* Takes descriptor number `i`, or -1 where there is none. */
int frame_fds_take(struct frame_fds *fds, size_t i);

/*
 * Sends one frame. `flags` of send(): MSG_DONTWAIT or 0; SIGPIPE is never raised. 0, -EAGAIN when
 * the socket is full, -EPIPE when nobody listens, -EMSGSIZE.
 */
int frame_send(int socket, uint16_t type, uint32_t frame_flags, const void *body, size_t length,
               int flags);
int frame_send_fds(int socket, uint16_t type, uint32_t frame_flags, const void *body, size_t length,
                   const int *fds, size_t n_fds, int flags);

/*
 * Receives one frame: 1, or 0 at the end of the stream, -EAGAIN with MSG_DONTWAIT, -EBADMSG. With
 * `ret_fds` NULL a frame that carries descriptors is -EBADMSG.
 */
int frame_receive(int socket, struct frame *frame, struct frame_fds *ret_fds, int flags);

/* Is what came in `size` bytes a frame? 0 or -EBADMSG. */
int frame_check(const struct frame *frame, size_t size);
