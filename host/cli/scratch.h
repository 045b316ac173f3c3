/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Scratch: a private folder for the length of one command, for verbs that use no store. Made below
 * $TMPDIR (else /tmp), mode 0700, taken away with all in it by scratch_done().
 */

#include "base/err.h"

struct scratch {
        char *path;
        int fd; /* of the folder; use as base/blob.h's folder */
};

#define SCRATCH_EMPTY ((struct scratch){ .fd = -1 })

int scratch_make(struct scratch *ret, struct err *err);
void scratch_done(struct scratch *s);
