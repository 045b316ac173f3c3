/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/interrupt.h"

#include <signal.h>
#include <sys/eventfd.h>

/* A handler gets no argument of ours, so this stands here. */
static volatile sig_atomic_t counter = -1;

static const int signals[] = { SIGINT, SIGTERM };

static void on_signal(_unused_ int number)
{
        static const uint64_t one = 1;
        int saved = errno;

        if (counter >= 0)
                (void) !write((int) counter, &one, sizeof(one));
        errno = saved;
}

static int on_count(struct loop_source *source, _unused_ uint32_t events)
{
        struct interrupt *i = source->owner;
        uint64_t n;

        if (read(i->fd, &n, sizeof(n)) == sizeof(n))
                i->tell(i->user, (unsigned) MIN_OF(n, (uint64_t) UINT16_MAX));
        return 0;
}

void interrupt_breaks_reads(bool breaks)
{
        struct sigaction action = { .sa_handler = on_signal, .sa_flags = breaks ? 0 : SA_RESTART };

        (void) sigemptyset(&action.sa_mask);
        for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
                (void) sigaction(signals[i], &action, NULL);
}

int interrupt_watch(struct interrupt *i, struct loop *loop, void (*tell)(void *user, unsigned n),
                    void *user)
{
        int r;

        *i = (struct interrupt){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                 .tell = tell,
                                 .user = user };
        if (i->fd < 0)
                return -errno;
        r = loop_add_fd(loop, &i->source, i->fd, EPOLLIN, on_count, i);
        if (r < 0) {
                closep(&i->fd);
                return r;
        }
        i->loop = loop;
        counter = i->fd;
        interrupt_breaks_reads(false);
        return 0;
}

void interrupt_done(struct interrupt *i)
{
        if (!i->loop)
                return;
        counter = -1;
        loop_remove(TAKE(i->loop), &i->source);
        closep(&i->fd);
}
