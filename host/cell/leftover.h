/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Leftovers: mounts of cells that have ended
 *
 * The last holder of a mount namespace takes it apart, which takes as long as a warm cell's whole
 * answer. The zygote does that when nobody wants anything of it, or when they have lain for a
 * while: what is in them takes memory.
 */

#include "base/loop.h"

#define LEFTOVERS_MOST 64

struct leftovers {
        struct loop *loop;
        struct loop_source timer;
        uint64_t stirred_us;
        size_t n;
        struct {
                int fd;
                uint64_t since_us;
        } list[LEFTOVERS_MOST]; /* oldest first */
};

/* Takes the descriptor; -1 is nothing. */
void leftovers_add(struct leftovers *l, int fd);

/* Somebody wants something of this process. */
static inline void leftovers_stir(struct leftovers *l)
{
        l->stirred_us = clock_us();
}
