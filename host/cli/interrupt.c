/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/interrupt.h"

#include <signal.h>
#include <sys/eventfd.h>

/* A handler gets no argument of ours, so this stands here. */
static volatile sig_atomic_t counter = -1;

/* Both counts travel in the one number of an eventfd. */
#define HANG_UP (1ULL << 32)

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

static void on_signal(int number)
{
        const uint64_t one = number == SIGHUP ? HANG_UP : 1;
        int saved = errno;

        if (counter >= 0)
                (void) !write((int) counter, &one, sizeof(one));
        errno = saved;
}

static int on_count(struct loop_source *source, _unused_ uint32_t events)
{
        struct interrupt *i = source->owner;
        uint64_t n;

        if (read(i->fd, &n, sizeof(n)) != sizeof(n))
                return 0;
        if (n >= HANG_UP)
                i->handler->hung_up(i->user);
        if (n % HANG_UP > 0)
                i->handler->interrupted(i->user, (unsigned) MIN_OF(n % HANG_UP, UINT16_MAX));
        return 0;
}

void interrupt_breaks_reads(bool breaks)
{
        struct sigaction action = { .sa_handler = on_signal, .sa_flags = breaks ? 0 : SA_RESTART };

        (void) sigemptyset(&action.sa_mask);
        for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
                struct sigaction before;

                if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 &&
                    before.sa_handler == SIG_IGN)
                        continue;
                (void) sigaction(signals[i], &action, NULL);
        }
}

int interrupt_watch(struct interrupt *i, struct loop *loop, const struct interrupt_handler *handler,
                    void *user)
{
        int r;

        *i = (struct interrupt){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                 .handler = handler,
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
