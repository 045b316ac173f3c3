/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Stage: a private copy of a tree, where an overlay cannot be had
 *
 * Made by a process with the host's own rights, so what the caller may read is there; every file
 * belongs to the cell's id. Folders, files and symbolic links are copied, with their permission
 * bits; other kinds are left out. What the caller may not read, what is deeper than STAGE_DEPTH_MAX
 * and what no change may be called (CHANGE_PATH_MAX) is listed and left out: an agent cannot change
 * it, and a step does not fail for it. A folder whose content is left out is there, and empty.
 */

#include "base/buf.h"
#include "base/err.h"

#define STAGE_BYTES_MAX  (4ULL << 30)
#define STAGE_FILES_MAX  2000000
#define STAGE_DEPTH_MAX  256   /* folders within folders */
#define STAGE_LISTED_MAX 50000 /* bytes of the list of what could not be read */

struct stage {
        uint64_t bytes; /* copied */
        uint64_t files;
        struct buf unreadable; /* paths, a NUL behind each */
};

/* Copies what is below the folder `from` into the empty folder `to`. `owner`: give files away. */
int stage_copy(struct stage *ret, int from, int to, bool owner, struct err *err);

/*
 * Does everything below the folder belong to this one user and group? 1, 0, or -errno; -E2BIG when
 * that is more than `most` files.
 */
int stage_has_one_owner(int folder, uid_t uid, gid_t gid, uint64_t most);
