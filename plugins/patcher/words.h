/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Words for outside
 *
 * Names in patches and trees are bytes; what leaves the agent is UTF-8.
 */

#include "def.h"

/* A copy with U+FFFD for each byte that is not part of UTF-8; the caller frees. NULL: no memory. */
char *words_clean(const char *text);
