/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Overlay: a private, writable view of a workspace
 *
 * The lower layer is the real tree, read-only; changes go to a tmpfs with limits. The upper folder
 * is opened before an agent is loaded and handed to the host, which collects the changes from it
 * when the cell is gone.
 */

#include "cell/root.h"

/* Mounts it at /ws/work, in a root that was entered already: 0, ROOT_NEEDS_STAGE or -errno. */
int overlay_build(int *ret_upper, const struct root_plan *plan, struct err *err);

/* Larger trees are looked through by the cell itself, in its own time. */
#define OVERLAY_APART_FILES_MAX 1000

/*
 * The same for a cell that runs already (cell/late.h), from the pattern, where what it is made of
 * is seen by nobody: a detached mount, or SPAWN_TOO_MUCH. overlay_tidy() is always to follow.
 */
int overlay_build_apart(int *ret_merged, int *ret_upper, const struct root_plan *plan,
                        struct err *err);
void overlay_tidy(void);
