/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Groups: one control group for each cell
 *
 * A group bounds what a whole tree of processes takes together, where rlimits bound each alone; it
 * counts it, and it ends it. A blank is born in one that was made or emptied ahead, so that a step
 * does not wait for that. Groups are used again when nothing is left in them: counters that cannot
 * be set back are read before, and what is told is the difference.
 *
 * `memory` of the group is all that its limits allow together: files of /tmp and /work, the object
 * and what is sent to the host lie in memory, too. That a tree keeps to limit `memory` itself is
 * seen by looking (group_look()).
 *
 * A group may be removed behind our back (cgroup.h). Of those that nobody has yet that is seen when
 * one is taken or bounded, and there is a new one. A cell that has lost its group goes on within
 * the limits of each of its processes.
 */

#include "base/err.h"
#include "base/limit.h"
#include "cell/cgroup.h"

struct group;

struct groups {
        struct cgroup cgroup;
        struct group *free; /* in no use; the last one used first */
        size_t n_free;
        unsigned last; /* number */
};

/* What a group took since it was somebody's. */
struct group_usage {
        uint64_t user_us;
        uint64_t system_us;
        uint64_t memory_peak_bytes; /* with what the kernel keeps for it; 0 = not known */
        uint64_t memory_kills;      /* processes that the kernel ended for want of memory */
        uint64_t forks_refused;
};

/* One that nothing is in; NULL and the reason where there is none. */
struct group *group_take(struct groups *groups, struct err *err);

/* It has ended. What still runs in it is killed. NULL is fine. */
struct group *group_put(struct groups *groups, struct group *g);

/* For clone3(), which puts the child there; -1 in version 1, where the child joins by itself. */
int group_into(const struct group *g);

/* In a child that is not in it yet. */
int group_join(const struct group *g);

/* Has somebody removed it? */
bool group_is_gone(const struct group *g);

/*
 * Bounds it for a cell that has `first` processes by itself and loads `object_bytes`. -ENODEV: it
 * is gone.
 */
int group_limit(const struct group *g, const struct limits *limits, unsigned first,
                uint64_t object_bytes, struct err *err);

void group_usage_get(const struct group *g, struct group_usage *ret);

/* Which limit has a tree of processes passed by now? VERDICT_OK = none. */
enum verdict group_look(const struct group *g, const struct limits *limits);

void group_kill(const struct groups *groups, const struct group *g);

/* How many processes and threads are in it. */
uint64_t group_count(const struct group *g);

/* Removes all of them. */
void groups_close(struct groups *groups);
