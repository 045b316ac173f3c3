/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Policy and baseline
 *
 * Two JSON files that the caller may hand over. The policy says which licences are allowed and
 * which secrets are none; the baseline names findings that are known and not told again. Both may
 * carry the key that fingerprints are made with; the baseline's is used where both do, so that its
 * fingerprints can match.
 */

#include "check.h"

/* Reads what was handed over: 0, or -1 after linhay_fail() said what is wrong with it. */
int policy_load(struct check *c);
void policy_done(struct check *c);

/* Does the policy say that this is no secret? */
bool policy_allows_path(const struct check *c, const char *path);
bool policy_allows_secret(const struct check *c, struct span secret);
