/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/denial.h"

#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/io.h"

static void call_keep(struct proto_fault *ret, const struct seccomp_data *data)
{
        _Static_assert(sizeof(ret->args) == sizeof(data->args), "a register each");

        *ret = (struct proto_fault){
                .verdict = VERDICT_SYSCALL,
                .syscall = data->nr,
                .arch = data->arch,
                .has_args = true,
        };
        memcpy(ret->args, data->args, sizeof(ret->args));
}

static int listener_ready(struct loop_source *source, uint32_t events)
{
        struct denial *d = source->owner;
        struct seccomp_notif call = { 0 };

        if (!(events & EPOLLIN)) {
                /* No process is left to tell anything. */
                denial_done(d);
                return 0;
        }
        /* A process that died meanwhile has nothing to wait for. */
        if (ioctl(d->fd, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
                return 0;
        call_keep(&d->call, &call.data);
        /* Others may make one too: they wait as well, for the descriptor stays open. */
        loop_remove(d->loop, &d->source);
        d->on_call(d->user);
        return 0;
}

int denial_listen(struct denial *d, struct loop *loop, int *fd, void (*on_call)(void *user),
                  void *user)
{
        if (d->fd >= 0)
                return -EEXIST;
        *d = (struct denial){ .loop = loop, .fd = TAKE_FD(*fd), .on_call = on_call, .user = user };
        return loop_add_fd(loop, &d->source, d->fd, EPOLLIN, listener_ready, d);
}

void denial_done(struct denial *d)
{
        if (d->loop)
                loop_remove(d->loop, &d->source);
        closep(&d->fd);
}
