/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Listing: the names in a folder, sorted by bytes
 *
 * Read whole before anything is done with them, so that the order of a file system never shows and
 * one descriptor is enough for a tree of any depth.
 */

#include "base/buf.h"

struct listing {
        struct buf bytes; /* the names, one NUL behind each */
        char **names;     /* sorted; point into `bytes` */
        size_t count;
};

/* Reads the folder `dirfd` (O_RDONLY; its offset is moved): 0 or -errno. */
int listing_read(struct listing *ret, int dirfd);
void listing_done(struct listing *l);
