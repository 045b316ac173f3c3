/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Child: from the zygote's clone to the first byte of an agent
 *
 * The order is the promise: namespaces, root, descriptors, privileges, limits, Landlock, filter;
 * only then is anything of the agent mapped. Every failure ends the cell and is told to the host in
 * words; no step is skipped because the one before it failed.
 *
 * Up to the bare root a child is a blank (blank.h): it has closed all but its own socket, and knows
 * nothing of any step. Then it waits to be told whose cell it is, and goes on.
 */

#include "base/err.h"
#include "cell/spawn.h"

/* Reads a manifest out of a shared object; given by the main, which joins the layers. */
typedef int (*child_inspect)(int fd, char **ret, size_t *ret_length, struct err *err);

/* What a child writes to `sync` before it exits: no overlay can be had, make a copy of the tree. */
#define SYNC_STAGE 2

struct group;

struct child_plan {
        int socket; /* of the blank: SPAWN_EMPLOY comes here, once */
        int sync;   /* eventfd: the zygote has written the maps; SYNC_STAGE back */
        int landlock_abi;
        uint32_t features; /* enum spawn_feature, as the host was told */
        bool has_userns;
        bool is_ahead;             /* nobody waits for it yet */
        const struct group *group; /* to be in; NULL = none */
        child_inspect inspect;
};

_Noreturn void child_main(const struct child_plan *plan);
