/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Roll: the committed plan becomes the tree
 *
 * Deletes files, removes folders that this empties, renames the siblings into place, sets modes of
 * folders, syncs every folder that was touched. Each act can be told from its trace, so that
 * rolling again after a crash carries on where it stopped and then says 0 as well.
 */

#include "store/plan.h"

/*
 * `again`: this is a recovery. Then a path that is neither as it was before nor as it shall be is
 * left alone: -ESTALE names it, and what the journal holds stays to be done.
 */
int roll_forward(const struct plan *p, bool again, struct err *err);
