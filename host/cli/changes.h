/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Changesets out of the record, with the diff made again from the blobs (the store does not keep
 * diffs).
 */

#include "base/changeset.h"

#define CHANGES_DIFF_BYTES_MAX (16u << 20)

/* A changeset of the record's JSON, rendered. */
int changes_of_json(struct changeset **ret, const json_t *json, int blob_dirfd, struct err *err);
