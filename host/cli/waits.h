/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Waits: what a queued run waits for
 *
 * The engine tells it once, as an event, when it cannot let a run begin. Whoever shows runs puts it
 * into their objects: "waits_for": "for its turn: 2 runs at once".
 */

#include "store/store.h"

#include <jansson.h>

/* Marks `object`, a run of the store with members run and state, if it waits for its turn. */
void waits_mark(json_t *object, struct store *store);

/* "for its turn: ...", or "". */
const char *waits_for(const json_t *object);
