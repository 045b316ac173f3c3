/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Trees on the host's side: were they changed, and what does the host make of an overlay's?
 */

#include "base/sha256.h"

#include "probe.h"

/* A digest of every name, mode, time and byte below the folder. */
void tree_digest(char ret[SHA256_HEX], int fd);

/* Collects the changes and says "collected", "unchanged", "refused", or the errno's name. */
const char *tree_collect(int lower, int upper, bool is_staged);
