/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Collecting a changeset from what a cell left behind
 *
 * The cell is dead when this runs, but its upper folder is full of a stranger's names: everything
 * is opened by openat2() below the folder, and no link is followed. Devices other than whiteouts,
 * fifos, sockets, set-uid and set-gid bits, links whose target leaves the tree, names that are not
 * UTF-8, anything below a
 * `.git` and more than the limits allow are refused as a whole, with the path: -EPERM, nothing is
 * kept.
 */

#include "base/changeset.h"
#include "base/err.h"
#include "base/redact.h"

struct collect_limits {
        uint64_t files; /* 0 = 100,000 */
        uint64_t bytes; /* of all contents after; 0 = 1 GiB */
        /* A file, a link or a path that has one of them after is refused; NULL = none. */
        const struct redact *secrets;
};

/*
 * `lower_fd` is the real tree, `upper_fd` an overlay's upper folder (whiteouts are 0:0 character
 * devices, opaque folders carry user.overlay.opaque or trusted.overlay.opaque) or, with
 * `is_staged`, a whole private copy of the tree: all its files, folders and links, but for special
 * files, `.git`, other mounts and what the caller cannot read, which may be left out. Both sides'
 * bytes become blobs in `blob_dirfd`. An upper file equal to its lower one is no change. *ret is
 * NULL when nothing changed.
 */
int collect_changes(struct changeset **ret, int lower_fd, int upper_fd, bool is_staged,
                    int blob_dirfd, const struct collect_limits *limits, struct err *err);
