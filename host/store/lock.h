/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Lock of a store: one engine at a time
 *
 * flock() on the file `lock` in the store's folder, which holds the pid of the holder for messages.
 * The kernel lets it go when the holder dies, however it dies. Only host/store includes this
 * header.
 */

#include "store/store.h"

#define LOCK_FILE "lock"

/* Takes the lock, waiting as the options say; *ret is the descriptor that holds it. */
int lock_take(int *ret, int dirfd, const char *dir, const struct store_options *options,
              struct err *err);

/* Lets it go and leaves -1; harmless when it is not held. */
void lock_release(int *fd);
