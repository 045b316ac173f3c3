/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Site: where in a tree a change takes place
 *
 * A path is resolved anew for every act, by openat2() below the tree: no link, no other mount, no
 * way out. What then happens, happens by name in the folder that was opened.
 */

#include "base/changeset.h"
#include "base/err.h"

struct site {
        int dir;          /* the folder (O_PATH) */
        const char *base; /* the name in it; points into the path */
};

#define SITE_NONE ((struct site){ .dir = -1 })

/*
 * Opens the folder of `path`: 0, or -ENOENT, -ENOTDIR, -ELOOP (a link is in the way), -EXDEV
 * (another mount is). `path` must outlive the site.
 */
int site_open(struct site *ret, int tree_fd, const char *path);
void site_done(struct site *s);

/* Of such a code: there is no folder (any more) on that way; a file or a link may be. */
bool site_is_gone(int r);

/* Opens what is at the site, never through a link or into another mount: descriptor or -errno. */
int site_open_target(const struct site *s, int flags);

/*
 * Syncs the folder of `path`, or the nearest one above it that is still there; once for paths in
 * the same folder that follow each other.
 */
struct site_syncs {
        int tree;
        char *last; /* the folder that was synced, owned */
};

int site_sync(struct site_syncs *syncs, const char *path);
void site_syncs_done(struct site_syncs *syncs);

/* May we set the mode of the folder at `path`? 0 or -EPERM. */
int site_owner_check(int tree_fd, const char *path, struct err *err);

/*
 * Does exactly this stand at `path`: a file, link or folder of that mode and digest, or nothing
 * (`mode` 0)? 0, -ESTALE when it is something else, -EPERM when it must not be touched (several
 * hard links, another mount, immutable). `ret_fd` (may be NULL): a file opened for reading, else
 * -1.
 */
int site_check(int tree_fd, const char *path, uint32_t mode, const char *sha256, int *ret_fd,
               struct err *err);
