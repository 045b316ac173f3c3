/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One simulated world: an engine that dies again and again, and what it must never do
 *
 * The engine and the store are the real ones, on a disk that forgets (disk.h), a fake clock
 * (clock.h), fake cells (cells.h) and a thread that takes turns (turns.h). A world submits its
 * sketches, decides, cancels, lets the wall clock jump and the tree move, and lets the engine die.
 * What was told before a death is noted, and looked for after it.
 */

#include "disk.h"
#include "sketch.h"

#include <limits.h>

struct world_options {
        uint64_t seed;
        unsigned deaths; /* how often the engine dies, at most */
        bool is_gentle;  /* it is only killed: nothing that was written is lost */
        bool is_quiet;   /* no cancel, no trouble of the sandbox, nobody else at the tree */
        bool is_loud;    /* prints what happens as it happens */
        /* The act of the first life that fails, and how; 0 = none. */
        uint64_t fail_at;
        int fail_error;
        bool fail_is_short;
        uint64_t limit; /* bytes of the disk until it was full once; 0 = no limit */
};

struct world_counts {
        uint64_t lives;
        uint64_t deaths;
        uint64_t faults;   /* that were made */
        uint64_t troubles; /* lives that ended with exit status 5, or did not begin */
        uint64_t runs;
        uint64_t actions; /* cells that acted */
        uint64_t applies;
        uint64_t acts;  /* of the disk, in the first life */
        uint64_t turns; /* of the loop */
        uint64_t most_wait_ms;
};

/* Runs it to its end: NULL, or which promise was broken (static text; world_trace() has more). */
const char *world_run(const struct world_options *options, struct world_counts *counts);

/* Prints the last things that happened. */
void world_trace(void);

/* Once, before and after all worlds: the folder for everything, and what all worlds share. */
void world_open(const char *folder);
void world_close(void);
