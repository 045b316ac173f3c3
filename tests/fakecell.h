/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fake sandbox: the calls of cell/cell.h without any confinement
 *
 * For programs that are about the engine. What a cell is there (a forked child, a throw of the
 * dice, nothing at all) the program says by one table, `fakecell_kind`; tests/fakecell.c has what
 * all of them share: a cell may be held, it is told to go at most once and not when it is to stop,
 * and it ends once, from the loop, with a whole result.
 */

#include "cell/cell.h"

struct cell {
        struct loop *loop;
        struct cell_spec spec;    /* what it points at is the caller's, unless the kind copies it */
        struct loop_source timer; /* for the kind; off when the cell is over */
        int why;                  /* verdict of a cancelled cell, else -1 */
        bool has_gone;
};

struct fakecell_kind {
        size_t size; /* of its cells; each begins with a struct cell */

        /* A sandbox begins and ends. Each of these may be NULL: there is nothing to do. */
        int (*open)(struct loop *loop);
        void (*close)(void);
        /* The cell is there. Where this fails, drop() follows and nothing else. */
        int (*start)(struct cell *c, struct err *err);
        /* What it left, after its result was told. */
        void (*drop)(struct cell *c);

        int (*go)(struct cell *c, struct err *err);
        /* As cell_cancel(), for each call of it. */
        void (*cancel)(struct cell *c, uint64_t grace_ms);
        /* Fills in what differs from a cell that ended well, or as it was told to, and was quiet.
         */
        void (*end)(struct cell *c, struct cell_result *r);
};

/* The program's own. */
extern const struct fakecell_kind fakecell_kind;

/* Its end: the result is told and the cell is gone. From the loop only. */
void fakecell_end(struct cell *c);

/* The same, `delay_ms` from now; takes the cell's timer. */
void fakecell_end_in(struct cell *c, uint64_t delay_ms);
