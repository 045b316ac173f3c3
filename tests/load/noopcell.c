/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cells that end at once, well, and with nothing to say: what is left is the engine
 *
 * For programs that measure. No process, no pipe; what a turn of the loop let go ends in the next
 * ones, as many together as the loop would hand out of real ones.
 */
#include "fakecell.h"

#include <sys/eventfd.h>

#define AT_ONCE 64

struct noopcell {
        struct cell cell;
        struct noopcell *next;
        bool is_ending;
};

/* Of the one sandbox that there is. */
static struct {
        struct loop *loop;
        struct loop_source source;
        int event; /* readable while cells are ending */
        struct noopcell *first;
        struct noopcell **end;
} ending = { .event = -1 };

static int on_ending(_unused_ struct loop_source *source, _unused_ uint32_t events)
{
        uint64_t count;

        for (size_t i = 0; i < AT_ONCE && ending.first; i++) {
                struct noopcell *c = ending.first;

                ending.first = c->next;
                if (!ending.first)
                        ending.end = &ending.first;
                fakecell_end(&c->cell);
        }
        if (!ending.first)
                (void) !read(ending.event, &count, sizeof(count));
        return 0;
}

static int ending_open(struct loop *loop)
{
        ending.loop = loop;
        ending.first = NULL;
        ending.end = &ending.first;
        ending.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (ending.event < 0)
                return -errno;
        return loop_add_fd(loop, &ending.source, ending.event, EPOLLIN, on_ending, NULL);
}

static void ending_close(void)
{
        loop_remove(ending.loop, &ending.source);
        closep(&ending.event);
}

static void end_soon(struct cell *cell)
{
        static const uint64_t one = 1;
        struct noopcell *c = (struct noopcell *) cell;

        if (c->is_ending)
                return;
        c->is_ending = true;
        if (!ending.first)
                (void) !write(ending.event, &one, sizeof(one));
        *ending.end = c;
        ending.end = &c->next;
}

static int noop_go(struct cell *c, _unused_ struct err *err)
{
        end_soon(c);
        return 0;
}

static void noop_cancel(struct cell *c, _unused_ uint64_t grace_ms)
{
        end_soon(c);
}

static void noop_end(_unused_ struct cell *c, struct cell_result *r)
{
        if (r->verdict == VERDICT_OK)
                r->output = json_true();
}

const struct fakecell_kind fakecell_kind = {
        .size = sizeof(struct noopcell),
        .open = ending_open,
        .close = ending_close,
        .go = noop_go,
        .cancel = noop_cancel,
        .end = noop_end,
};
