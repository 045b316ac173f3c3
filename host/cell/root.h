/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Root: the file system that a cell sees
 *
 *     /            tmpfs, the same for all cells of a zygote, read-only
 *     /usr         the host's, read-only, nosuid, nodev; /lib, /lib64, /bin as the host has them
 *     /etc         ld.so.cache and nothing else
 *     /dev         null and nothing else
 *     /cell        tmpfs of its own with limits on bytes and inodes, read-only once furnished
 *     /cell/agent.so   the verified object, copied; of an exec agent /cell/agent, its folder
 *     /tmp         a folder of /cell that stays writable, noexec
 *     /ws/work     the workspace; /work is a symbolic link to it
 *
 * There is no /proc and no /sys. The zygote makes what is the same for all once, in a mount
 * namespace that only serves to be copied: the pattern. The rest is made in the child, in its copy,
 * with capabilities that it drops later; nothing of an agent is mapped yet.
 */

#include "base/err.h"
#include "base/verdict.h"

struct root_plan {
        int object_fd;      /* of the shared object or the bundle; -1 = none */
        bool is_bundle;     /* a folder of files; no code of it is ever mapped */
        uint64_t bundle_at; /* where it begins */
        int workspace_tree; /* detached mount of the workspace; -1 = none */
        bool is_staged;     /* it is a private copy already */
        enum workspace_mode workspace;
        uint64_t disk_bytes; /* below /tmp and the workspace, each */
        uint64_t inodes;
};

struct root {
        int upper_fd;     /* overlay: where its changes are, or the whole copy; else -1 */
        bool is_staged;   /* a private copy stands in for the overlay */
        char *unreadable; /* NUL-separated paths that could not be copied; NULL = none */
        size_t unreadable_length;
};

#define ROOT_OBJECT "/cell/agent.so"

/* Outcome of root_furnish() other than 0: no overlay can be had of this tree; make a private copy.
 */
#define ROOT_NEEDS_STAGE 1

/*
 * Makes the pattern: a mount namespace with the tree that all cells share and nothing else of the
 * host's. The caller, a zygote, is back in its own namespace, of which *ret_home is a descriptor.
 */
int root_pattern(int *ret_pattern, int *ret_home, struct err *err);

/* In a child in a copy of the pattern: a /cell and /tmp of its own. *ret_fd: the tmpfs. */
int root_own(int *ret_fd, struct err *err);

/*
 * Sets the limits, puts object and workspace in place and makes /cell read-only. *ret_upper: where
 * the workspace's changes are, or the whole copy; -1 unless the workspace is an overlay.
 */
int root_furnish(int *ret_upper, int own_fd, const struct root_plan *plan, struct err *err);

/*
 * The folder at `path` in this mount namespace, if it is the one of that device and inode: opened
 * for reading, or -ESTALE.
 */
int root_tree_find(const char *path, uint64_t device, uint64_t inode, struct err *err);

/*
 * A detached copy of the mounts below a folder, read-only, for root_plan's workspace_tree. With
 * `userns_fd` >= 0 its owner appears as the cell's own id.
 */
int root_tree_clone(int folder, int userns_fd, struct err *err);
