/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control groups: where the kernel lets us have some, and in which of its two interfaces
 *
 * The zygote makes one folder of its own below the group that it was started in, named after its
 * pid and locked as long as it lives; the groups of cells (group.h) are in it. A folder that nobody
 * locks belonged to a zygote that was killed: what still runs there is ended and the folder goes.
 *
 * Version 2 is used where it has the controllers memory and pids for us and we may hand them on:
 * in a delegated group. No process may be beside such groups, so ours and the host's move into a
 * leaf. Version 1 is used where its folders can be written, which takes root. What works is found
 * by trying.
 *
 * Whoever has our rights can remove our folders, a manager of the system for one. Then they are
 * made again; they have new names each time, so that nobody takes one for another's.
 */

#include "base/err.h"

#include <sys/types.h>

/* Folders of version 1, one for each controller; version 2 has the first alone. */
enum cgroup_place { CGROUP_MEMORY, CGROUP_PIDS, CGROUP_CPU, CGROUP_PLACES_ };

struct cgroup {
        int version;            /* 0 = there are none */
        int at[CGROUP_PLACES_]; /* our folder; -1 = none */
        char name[CGROUP_PLACES_][32];
};

/* Makes our folder and removes those of the dead. `why` says in a sentence why there is none. */
int cgroup_open(struct cgroup *ret, struct err *why);

/* Makes again what of it somebody else has removed. */
int cgroup_mend(struct cgroup *c, struct err *why);

/* Ends what runs in our groups, and removes them. */
void cgroup_close(struct cgroup *c);

/* Sends SIGKILL to all that is in the group, and lets it make no process any more. */
void cgroup_kill(const struct cgroup *c, const char *group);

/* Writes a value to a file of a folder: 0 or -errno. */
int cgroup_write(int dir, const char *file, const char *value);
