/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What to hide in an excerpt
 *
 * For agents that show lines of a program but do not look for secrets themselves: finds what could
 * be one without any rules, rather too much than too little. Passwords in URLs, values of names
 * like `api_key`, and long texts that are no words.
 */

#include "scan/mask.h"

#define HIDE_MAX 32

/* Looks at text[start..end): returns how many places it wrote, in order of their start. */
size_t hide_find(const char *text, size_t start, size_t end, struct mask_secret ret[HIDE_MAX]);
