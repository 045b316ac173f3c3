/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Masking
 *
 * Makes the line that a person is shown: at most MASK_EXCERPT bytes around a place, with every
 * known secret of that line replaced by stars, wherever on the line it is repeated. The number of
 * stars is always the same, so the length of a secret is not told either. What comes out is valid
 * UTF-8 without control characters.
 */

#include "scan/def.h"

#define MASK_EXCERPT 200

struct mask_secret {
        size_t start; /* offsets into the text */
        size_t end;
        size_t keep; /* bytes at its front that may be shown */
};

/*
 * Writes the excerpt of the line that holds `place`, and an ellipsis where the line goes on.
 * `secrets` are in order of their start and may lie anywhere in the text; those that touch the line
 * are masked.
 */
void mask_excerpt(char ret[MASK_EXCERPT + 1], const char *text, size_t length, size_t place,
                  const struct mask_secret *secrets, size_t n);
