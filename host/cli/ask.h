/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Asking the person at the terminal about changes that wait for approval: shows exactly the diff
 * that would be applied, and takes yes, no or later. What is decided is bound to the sha256 of what
 * was shown.
 */

#include "run/engine.h"
#include "store/store.h"

/* Both a person to read and a person to answer. */
bool ask_is_possible(void);

/* Asks about every open approval of the run. True when at least one was decided: the run can go on.
 */
bool ask_approvals(struct engine *engine, struct store *store, const char *run);
