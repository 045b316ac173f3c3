/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where a licence may be spoken of
 *
 * Finds the parts of a file around words that every licence and notice has ("license",
 * "copyright", "permission", …), so that the rest of it need not be read word by word.
 */

#include "scan/def.h"

struct license_range {
        size_t start, end; /* whole lines */
};

/* Finds the ranges of a text, in order, none touching another: 0 or -ENOMEM. */
int license_gate(struct span text, struct license_range **ranges, size_t *n, size_t *size);
