/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A cell's own copy of the spec that it was started by
 *
 * Descriptors are duplicated; files become sealed memory of their own. What only matters before the
 * copy is made (groups, program, the workspace's descriptor) is left out.
 */

#include "cell/cell.h"

/* Copies of all that is pointed at; a partial copy is for spec_done() as well. */
int spec_copy(struct cell_spec *to, const struct cell_spec *from, struct err *err);
void spec_done(struct cell_spec *spec);
