/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Artifacts: files that an agent keeps with its run
 *
 * They leave a cell as {name, media_type, size, sha256, data}, the bytes in base64; what is kept is
 * the same without `data`, and a blob. The digest is made here again, of the bytes themselves.
 */

#include "base/err.h"
#include "base/json.h"

/* Makes blobs of all of them. -EBADMSG where the bytes are not what the rest says. */
int artifacts_keep(json_t *artifacts, int blob_dirfd, struct err *err);
