/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/frame.h"

#include <string.h>
#include <sys/socket.h>

void frame_fds_done(struct frame_fds *fds)
{
        for (size_t i = 0; i < fds->count; i++)
                closep(&fds->fd[i]);
        fds->count = 0;
}

int frame_fds_take(struct frame_fds *fds, size_t i)
{
        return i < fds->count ? TAKE_FD(fds->fd[i]) : -1;
}

int frame_check(const struct frame *frame, size_t size)
{
        const struct frame_header *h = &frame->header;

        if (size < sizeof(*h) || h->magic != FRAME_MAGIC || h->version != FRAME_VERSION)
                return -EBADMSG;
        if (h->flags & ~FRAME_FLAGS)
                return -EBADMSG;
        return h->length == size - sizeof(*h) ? 0 : -EBADMSG;
}

int frame_send_fds(int socket, uint16_t type, uint32_t frame_flags, const void *body, size_t length,
                   const int *fds, size_t n_fds, int flags)
{
        struct frame_header header = {
                .magic = FRAME_MAGIC,
                .version = FRAME_VERSION,
                .type = type,
                .flags = frame_flags,
                .length = (uint32_t) length,
        };
        struct iovec parts[] = {
                { .iov_base = &header, .iov_len = sizeof(header) },
                { .iov_base = (void *) body, .iov_len = length },
        };
        union {
                char bytes[CMSG_SPACE(FRAME_FDS * sizeof(int))];
                struct cmsghdr align;
        } control;
        struct msghdr message = { .msg_iov = parts, .msg_iovlen = length ? 2 : 1 };

        if (length > FRAME_BODY || n_fds > FRAME_FDS)
                return -EMSGSIZE;
        if (n_fds) {
                struct cmsghdr *c = &control.align;

                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
                memset(&control, 0, message.msg_controllen);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
                memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
        }
        for (;;) {
                if (sendmsg(socket, &message, flags | MSG_NOSIGNAL) >= 0)
                        return 0;
                if (errno != EINTR)
                        return -errno;
        }
}

int frame_send(int socket, uint16_t type, uint32_t frame_flags, const void *body, size_t length,
               int flags)
{
        return frame_send_fds(socket, type, frame_flags, body, length, NULL, 0, flags);
}

static void fds_collect(struct frame_fds *fds, struct msghdr *message)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                size_t n;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                n = MIN_OF(n, FRAME_FDS - fds->count);
                memcpy(fds->fd + fds->count, CMSG_DATA(c), n * sizeof(int));
                fds->count += n;
        }
}

int frame_receive(int socket, struct frame *frame, struct frame_fds *ret_fds, int flags)
{
        struct iovec part = { .iov_base = frame, .iov_len = sizeof(*frame) };
        union {
                char bytes[CMSG_SPACE(FRAME_FDS * sizeof(int))];
                struct cmsghdr align;
        } control;
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
        struct frame_fds fds = { 0 };
        ssize_t n;

        if (ret_fds) {
                message.msg_control = &control;
                message.msg_controllen = sizeof(control);
        }
        /* A peer that ended without reading all it was sent is told once; what it sent is still
         * there. */
        do
                n = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
        while (n < 0 && (errno == EINTR || errno == ECONNRESET));
        if (n < 0)
                return -errno;
        if (n == 0 && !(message.msg_flags & MSG_CTRUNC))
                return 0;

        if (ret_fds)
                fds_collect(&fds, &message);
        if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || frame_check(frame, (size_t) n) < 0) {
                frame_fds_done(&fds);
                return -EBADMSG;
        }
        if (ret_fds)
                *ret_fds = fds;
        return 1;
}
