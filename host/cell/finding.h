/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Findings as they come out of a cell
 *
 * Brings one finding into the fixed form that reports and stores rely on: exactly the members that
 * `--json` prints, of the right types, texts cleaned, a fingerprint made where the agent gave none.
 */

#include "base/err.h"

#include <jansson.h>

/* *ret is a new reference. -EBADMSG says which member is wrong. */
int finding_read(json_t **ret, const json_t *value, struct err *err);
