/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a store is made of, for store.c and care.c. */

#include "store/db.h"
#include "store/writer.h"

struct store {
        char *dir;
        int dirfd;
        int blobs;   /* -1: there are none, or opened to read and not there */
        int journal; /* the same */
        int lock;
        struct db *db;
        struct retain *retain; /* NULL when nothing is ever removed */
        struct writer *writer; /* NULL when opened to read only */
};
