/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Child: from the zygote's clone to the first byte of an agent
 *
 * The order is the promise: namespaces, root, descriptors, privileges, limits, Landlock, filter;
 * only then is anything of the agent mapped. Every failure ends the cell and is told to the host in
 * words; no step is skipped because the one before it failed.
 */

#include "base/err.h"
#include "cell/spawn.h"

/* Reads a manifest out of a shared object; given by the main, which joins the layers. */
typedef int (*child_inspect)(int fd, char **ret, size_t *ret_length, struct err *err);

/* What a child writes to `sync` before it exits: no overlay can be had, make a copy of the tree. */
#define SYNC_STAGE 2

struct child_plan {
        const struct spawn_request *request;
        int fd[SPAWN_FDS_];     /* -1 = not given */
        int tree;               /* workspace_tree of root.h, or -1 */
        int sync;               /* eventfd: the zygote has written the maps; SYNC_STAGE back */
        bool is_staged;         /* the tree is a private copy, or without namespaces a folder */
        const char *unreadable; /* paths that the copy lacks, a NUL behind each */
        size_t unreadable_length;
        int landlock_abi;
        bool has_userns;
        child_inspect inspect;
};

_Noreturn void child_main(const struct child_plan *plan);
