/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A tmpfs with limits, not yet attached anywhere. `attributes` are MOUNT_ATTR_*. The descriptor is
 * of its root folder, owned by the cell's id.
 */

#include "base/err.h"

int tmpfs_make(int *ret_fd, uint64_t bytes, uint64_t inodes, uint64_t attributes, struct err *err);

/* Gives a tmpfs other limits. */
int tmpfs_limit(int fd, uint64_t bytes, uint64_t inodes, struct err *err);
