/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The record of a run, opened for reading by verbs that are given RUN or RUN/STEP: finds the store,
 * opens it beside whatever engine may be alive, and resolves the run's id.
 */

#include "base/err.h"
#include "store/id.h"
#include "store/store.h"

struct record {
        char *dir; /* of the store */
        struct store *store;
        char run[RUN_ID_SIZE];
        struct id_ref ref; /* as typed: has the step and the item */
};

/* `option` is --store's value or NULL. On failure `err` says what to do. */
int record_open(struct record *ret, const char *typed, const char *option, struct err *err);
void record_done(struct record *r);

/* Exit status that suits a failure of record_open(): wrong names are usage, the rest is trouble. */
int record_exit(int r);
