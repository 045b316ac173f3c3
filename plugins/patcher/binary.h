/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Binary changes in git's form
 *
 * Base-85 lines hold deflated data: either a whole content or a delta against the old one. The size
 * that a patch claims is checked before memory is taken for it, and what comes out must have that
 * size exactly.
 */

#include "patch.h"

/*
 * Reads one or two blobs behind "GIT binary patch": the way there and, optional, the way back.
 * `total` counts the inflated bytes of the whole patch against PATCH_BINARY_MAX.
 */
int binary_read(struct text *t, struct patch_file *f, size_t *total, struct refusal *why);

/* Makes the new content out of the old one. `name` is for messages. The caller owns *ret. */
int binary_apply(const struct patch_blob *blob, const char *name, const char *old,
                 size_t old_length, char **ret, size_t *ret_length, struct refusal *why);

/* git's name of a content: SHA-1 of "blob LENGTH\0" and the bytes, as 40 hex digits. */
void binary_id(char ret[PATCH_ID_LENGTH + 1], const char *data, size_t length);
