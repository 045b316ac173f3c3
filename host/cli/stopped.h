/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Stopped: a run whose record says that it goes on, and that no engine carries
 *
 * A crash or a full disk leaves the record as it was. Nothing can write then, so it is found out by
 * who reads: such a run is shown as "stopped", and its object gets the member "stopped": true; its
 * "state" stays the record's.
 */

#include <jansson.h>
#include <stdbool.h>

/* Marks `object`, a run of the store in `store_dir` with members run and state, if it is stopped.
 */
void stopped_mark(json_t *object, const char *store_dir);

/* The same for one whose engine is known to be at its end. */
void stopped_mark_ended(json_t *object);

/* "stopped", or the state. */
const char *stopped_state(const json_t *object);
bool stopped_is(const json_t *object);
