/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Trees for tests: made, changed at random, and told apart by one text
 *
 * Every fault of the test's own fails the test at once.
 */

#include "test.h"

#include "base/buf.h"

/* A new folder below $TMPDIR, /dev/shm or /tmp, open; removed with all in it by tree_remove(). */
struct tree {
        char path[256];
        int fd;
};

void tree_make(struct tree *t);
void tree_remove(struct tree *t);

/* A copy with all attributes, as a new tree. */
void tree_copy(struct tree *ret, const struct tree *from);

/* One line for each name below: mode, path, digest or target. Equal texts are equal trees. */
char *tree_text(int dirfd);
void tree_same(const char *what, int a, int b);

/* Makes folders on the way (0755) as needed. */
void tree_file(int dirfd, const char *path, const char *text, unsigned mode);
void tree_folder(int dirfd, const char *path, unsigned mode);
void tree_link(int dirfd, const char *path, const char *target);
void tree_delete(int dirfd, const char *path); /* whatever it is, with all below */

/* The same numbers for the same seed. */
struct dice {
        uint64_t state;
};

unsigned dice_roll(struct dice *d, unsigned sides);

/* Fills an empty folder; changes a filled one. */
void tree_grow(int dirfd, struct dice *d, unsigned acts);
