/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Wards: the zygote's children
 *
 * One ward is one request of the host, from its arrival to SPAWN_EXITED. Mostly that is one
 * process; where no overlay can be had of a tree, a first child finds that out, a second makes a
 * private copy, and a third is the cell.
 */

#include "cell/zygote.h"

/* Answers the host in every case: SPAWN_STARTED, or SPAWN_SETUP with the fault and SPAWN_EXITED. */
int ward_start(struct zygote *z, const struct spawn_request *request, struct frame_fds *fds);

/* The tree of a cell that was made before it was asked for. Answers with SPAWN_ATTACHED. */
int ward_attach(struct zygote *z, const struct spawn_request *request, struct frame_fds *fds);

/* In a child: what the zygote knows of its other children is no business of this one. */
void wards_wipe(struct zygote *z);

/* The host is gone. */
void wards_kill(struct zygote *z);
