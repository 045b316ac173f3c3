/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fake clock: base/loop.h on a clock that stands still until nothing else can happen
 *
 * This program's own loop stands before libbase's. One thing happens at a time: a descriptor that
 * is ready, a timer that is due, or a turn of the store's thread; which of them, chance decides.
 * The clock goes on only when there is nothing to do. The wall clock may jump.
 */

#include "base/loop.h"
#include "random.h"

struct fake_clock {
        struct chance chance;
        uint64_t now_us;  /* monotonic */
        int64_t wall_us;  /* the wall clock is that much ahead of the other */
        uint64_t most_us; /* it never had to wait longer for the next thing to happen */
        uint64_t turns;
        /* Before each thing that happens: a negative return ends loop_run() with it. */
        int (*on_turn)(void *user);
        void *user;
};

extern struct fake_clock fake_clock;

/* What loop_run() returns when nothing will ever happen again. */
#define CLOCK_IS_STUCK (-EDEADLK)
