/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Attic: folders for private copies of trees, where no mount can be made
 *
 * Each is below /tmp, for its owner alone. Who still needs one holds a shared lock on a descriptor
 * of it; what nobody holds is removed at the next sweep, and everything at the end.
 */

#include "base/err.h"

struct attic;

/* A new, empty folder, opened for reading, with a lock on it. */
int attic_make(struct attic **attic, int *ret_fd, struct err *err);

void attic_sweep(struct attic **attic, bool everything);
