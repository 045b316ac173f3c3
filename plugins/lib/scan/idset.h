/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A set of identifiers
 *
 * Holds identifiers of 16 bytes that are spread evenly: parts of hashes. Never takes more than
 * IDSET_MOST, so that outsiders cannot make it grow.
 */

#include "scan/def.h"

#define IDSET_ID   16
#define IDSET_MOST 700000 /* 16 MiB */

struct idset {
        unsigned char (*slots)[IDSET_ID]; /* all zero = free */
        size_t n, n_slots;
};

/* Adds one: 1 when it is new, 0 when it was there, -E2BIG when no more are taken, -ENOMEM. */
int idset_add(struct idset *s, const unsigned char id[IDSET_ID]);
bool idset_has(const struct idset *s, const unsigned char id[IDSET_ID]);
void idset_done(struct idset *s);
