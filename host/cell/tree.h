/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tree: a workspace as a cell shall see it
 *
 * A detached, read-only clone of the mounts below a folder, its owner the cell where that can be
 * had. A clone takes longer than all else that a warm cell waits for, and many follow each other
 * for one tree: so one is made ahead when such a cell has ended and another is warm, and kept for a
 * moment. It is used for that folder alone, found again by its path, of the same device, inode,
 * mount and owner, and only where no mount of ours has changed meanwhile. Its path is not kept.
 */

#include "base/loop.h"
#include "cell/spawn.h"

#include <sys/types.h>

struct zygote;

/* What makes a clone of one folder another's. */
struct tree_key {
        uint64_t device, inode, mount;
        uid_t uid;
        gid_t gid;
};

struct tree_spare {
        struct loop_source timer;
        struct tree_key key;
        int tree;   /* -1 = none */
        int mounts; /* our list of mounts, which tells when it changes; -1 = not opened yet */
};

/* The folder at request->path, if it is the one of that device and inode: the caller's, or -ESTALE.
 */
int tree_clone(struct zygote *z, const struct spawn_request *request, struct err *err);

/* Makes the next one of the same folder ahead. Another may not be wanted: no error is told. */
void tree_clone_ahead(struct zygote *z, const struct spawn_request *request);
