/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The maps of a user namespace: one user and one group, written into /proc for its first process.
 */

#include "base/err.h"

#include <sys/types.h>

struct maps {
        uid_t uid_inside, uid_outside;
        gid_t gid_inside, gid_outside;
};

int maps_write(pid_t pid, struct maps maps, struct err *err);
