/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/leftover.h"

#include <string.h>

#define QUIET_US 3000   /* then nobody is in a hurry */
#define OLD_US   100000 /* then it goes all the same */

static void oldest_close(struct leftovers *l)
{
        int fd = l->list[0].fd;

        l->n--;
        memmove(&l->list[0], &l->list[1], l->n * sizeof(l->list[0]));
        (void) close(fd);
}

/* One at a time, so that a request waits for one at most. */
static int leftovers_look(struct loop_source *source, uint32_t events)
{
        struct leftovers *l = source->owner;
        uint64_t now = clock_us();
        bool is_due = now - l->stirred_us >= QUIET_US || now - l->list[0].since_us >= OLD_US;

        (void) events;
        if (is_due)
                oldest_close(l);
        if (l->n &&
            loop_add_timer(l->loop, &l->timer, is_due ? 0 : QUIET_US / 1000, leftovers_look, l) < 0)
                while (l->n)
                        oldest_close(l);
        return 0;
}

void leftovers_add(struct leftovers *l, int fd)
{
        if (fd < 0)
                return;
        if (l->n == LEFTOVERS_MOST)
                oldest_close(l);
        l->list[l->n].fd = fd;
        l->list[l->n].since_us = clock_us();
        l->n++;
        leftovers_stir(l);
        if (!l->timer.is_active &&
            loop_add_timer(l->loop, &l->timer, QUIET_US / 1000, leftovers_look, l) < 0)
                oldest_close(l);
}
