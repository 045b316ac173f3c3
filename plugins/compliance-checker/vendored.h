/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Folders that may hold code from elsewhere
 *
 * vendor/ and node_modules/ say what they hold; deps/ and external/ may as well be a part of the
 * program. Those are taken for vendored only where a folder in them has a licence or a manifest of
 * its own. Each is looked at once, and what came out stands in the output
 * (summary.vendored_folders).
 */

#include "check.h"

/* Does the folder path[0..length) of the tree hold packages of others? Owner: a struct check. */
bool vendored_is(void *owner, const char *path, size_t length);

/* What was decided: [{"path", "vendored", "because"}]; never NULL. */
json_t *vendored_to_json(const struct check *c);
