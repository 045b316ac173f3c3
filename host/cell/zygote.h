/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Zygote: the small trusted process whose children the cells are
 *
 * Exec'd by the host with one socket, an empty environment and nothing else. It makes what cells
 * share (an empty network namespace, a mount namespace of its own), finds out what the kernel
 * gives, and then answers requests until the host is gone; then it kills what still runs.
 */

#include "base/loop.h"
#include "cell/attic.h"
#include "cell/blank.h"
#include "cell/child.h"
#include "cell/group.h"
#include "cell/idmap.h"
#include "cell/leftover.h"
#include "cell/tree.h"

#define ZYGOTE_NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)

struct zygote {
        struct loop *loop;
        struct loop_source control;
        struct ward *wards;   /* children that were not reaped yet */
        struct blank *blanks; /* children that are nobody's yet */
        struct leftovers leftovers;
        struct groups groups;    /* of cells */
        struct loop_source look; /* at what trees of processes take (ward.c) */
        struct idmap *idmaps;
        struct tree_spare spare;
        int pattern;         /* mount namespace that children get a copy of (root.h) */
        int home;            /* ours */
        struct attic *attic; /* folders of private copies, where there is no tmpfs */
        child_inspect inspect;
        struct spawn_hello hello;
        struct err why_degraded;
        struct err why_no_groups;
        struct frame frame;
};

/* Serves on SPAWN_SOCKET; the exit status. */
int zygote_main(child_inspect inspect);

static inline bool zygote_has_userns(const struct zygote *z)
{
        return z->hello.features & SPAWN_HAS_USERNS;
}

/* A child, in namespaces of its own (mounts: a copy of the pattern) or not: its pid, 0 in it, or
 * -1. In namespaces it may be born in a control group, else that is NULL. */
pid_t zygote_clone(struct zygote *z, bool namespaces, const struct group *group, int *ret_pidfd);

/* Says something to the host. */
int zygote_reply(uint16_t type, const void *body, size_t length, const int *fds, size_t n_fds);
