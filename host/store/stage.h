/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Stage: everything new, written and synced, before any of it counts
 *
 * The hidden siblings of a plan. A new version of a file takes over its owner, ACL and extended
 * attributes; its capabilities it does not, as after any other write to it.
 */

#include "store/plan.h"

/*
 * Writes all siblings from the blobs; durable when it returns. Each pre-image is checked once more
 * on the descriptor that its attributes are taken from. On failure the caller undoes.
 */
int stage_write(const struct plan *p, int blob_dirfd, struct err *err);

/* Takes away what is there of the siblings. */
int stage_undo(const struct plan *p, struct err *err);
