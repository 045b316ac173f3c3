/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside: what goes on in the runs of a run's steps, for who looks at the run alone
 *
 * The record of a run has of a step that runs a workflow its newest run, and what that one gave
 * once it has ended. Here is added what a person would look there for meanwhile.
 */

#include "store/store.h"

/*
 * Adds to each step of the document that has a `child`:
 *   child_state   the state of that run
 * and, as long as the step is running:
 *   pending       [{run, step, item|null}] that wait for a decision in it, or deeper
 *   findings      its own so far, with STORE_DOC_FINDINGS in `flags`; finding_counts in any case
 * `tells`: a reason that only names the run says its state as well.
 */
int inside_add(json_t *document, struct store *store, unsigned flags, bool tells, struct err *err);
