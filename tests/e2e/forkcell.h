/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cells of the fake sandbox (fakecell.h) that are forked children
 *
 * For tests of the engine that are about the engine: the child runs the agent in the fake host. It
 * counts, it can be made to fail, and it calls the test back at the moment in which the action of a
 * real cell would start.
 */

#include "fakecell.h"

struct forkcells {
        unsigned n_started;
        unsigned n_alive;
        unsigned n_alive_most;
        int start_error; /* what cell_start() returns from now on */
        int trouble;     /* what every result carries from now on */
        void (*on_start)(void *user, const struct cell_spec *spec);
        void *user;
};

extern struct forkcells forkcells;
