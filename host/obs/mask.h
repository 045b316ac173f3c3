/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Masking: secrets are not shown to who has not asked for them
 *
 * Stars take the place of whatever looks like a secret (obs/secret.h), of private keys in PEM, also
 * where only a part of the key is there, and of every further copy of such a value in the same
 * text. The number of stars is always the same and lines stay lines, so a masked diff still reads
 * as a diff; it can no longer be applied. Only what is shown is masked: what is stored, hashed and
 * applied stays exact.
 */

#include "base/buf.h"

#include <jansson.h>

#define MASK_STARS "********"

enum mask_kind {
        MASK_TEXT, /* a message, a log line, an excerpt */
        MASK_DIFF, /* a unified diff: marks of lines and names of files are understood */
};

/* Appends `text` to `out`, masked; *masked grows by the number of values. 0 or -ENOMEM. */
int mask_text(struct buf *out, const char *text, enum mask_kind kind, size_t *masked);

/*
 * Masks every string of the value in place, the value of a member "diff" as a diff. A string that
 * is the whole value cannot be changed in place and is left. 0 or -ENOMEM.
 */
int mask_json(json_t *value, size_t *masked);
