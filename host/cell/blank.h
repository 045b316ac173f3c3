/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Blanks: processes that are nobody's yet
 *
 * Every cell begins as a blank: namespaces, identity and a bare root are there; it holds one socket
 * and waits on it to be told whose cell it is. That much is the same for all, so one is made ahead,
 * while the step before works or the host is busy with its end. A blank has seen nothing of any
 * step, is employed once and ends with it. Where none is ready (or it died meanwhile) one is made
 * on the spot, by the same code. Blanks end with the zygote.
 */

#include "base/err.h"
#include "cell/spawn.h"

#include <sys/types.h>

struct zygote;
struct blank;
struct group;

/* What a blank is told. */
struct blank_job {
        struct spawn_cell cell;
        int fd[SPAWN_FDS_];     /* all but SPAWN_FD_TREE, which may be -1 */
        const char *unreadable; /* paths that a private copy lacks, a NUL behind each */
        size_t unreadable_length;
};

/* A blank that has its job; what is left of it belongs to the caller. */
struct blank_hand {
        pid_t pid;
        int pidfd;
        int sync;            /* eventfd: the child may answer SYNC_STAGE */
        int mounts;          /* keeps its mounts until its end was told; -1 = nothing does */
        struct group *group; /* that it is in; NULL = none */
        bool is_ahead;
};

/* Turns a blank into a cell. */
int blank_employ(struct blank_hand *ret, struct zygote *z, const struct blank_job *job,
                 struct err *err);

/* Makes what should be ready and is not. Failing does no harm: the next step's is made then. */
void blanks_fill(struct zygote *z);

/* Ends those that are nobody's. */
void blanks_drain(struct zygote *z);
