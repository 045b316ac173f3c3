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
int overlay_build(int *ret_upper, int own_fd, const struct root_plan *plan, struct err *err);
