/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cells of the fake sandbox (fakecell.h) by chance, and no process
 *
 * A cell ends after a while in one way or another; chance decides. Each one that acts has a number;
 * one that changes the tree writes its number into every file of its copy, so that a tree says by
 * whose change it is as it is, and whether it is whole.
 */

#include "cell/cell.h"
#include "random.h"

#define CELLS_MARK_MAX    32
#define CELLS_INPUT_FAULT "input-fault" /* code of an end that is never tried again */

/* Some outputs are too large for a row of the record, and some cells leave an artifact. */
#define CELLS_LARGE 70000
static inline bool cell_is_large(unsigned number)
{
        return number % 5 == 0;
}

/* Which step a cell acts for: its input says. */
struct cell_who {
        char run[24];
        char step[16];
        int item; /* -1: the step itself */
};

struct fake_cells {
        struct chance chance;
        const char *scratch; /* folder for the copies */
        unsigned trouble_in; /* one in so many cells fails by the sandbox's fault; 0 = none */
        unsigned failure;    /* percent of cells that end badly */
        unsigned last;       /* number of the last one that acted */
        void (*on_go)(void *user, const struct cell_who *who, unsigned number);
        void (*on_end)(void *user, const struct cell_who *who, unsigned number);
        void *user;
};

extern struct fake_cells fake_cells;

/* A tree of its own, marked with 0. */
void tree_make_first(const char *path);

/* The mark that all files of a tree have; -1: it is not whole, and `ret_why` says what is wrong. */
int tree_mark(const char *path, char ret_why[128]);

/* Somebody else changes the whole tree at once. */
void tree_remark(const char *path, unsigned mark);
