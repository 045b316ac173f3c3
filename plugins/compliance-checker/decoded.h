/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Secrets behind base64 and hexadecimal digits
 *
 * What a run of digits hides is scanned like any text, by the rules that know a provider's token or
 * the shape of a key. Each finding stands at the run, is tagged "decoded:base64" or "decoded:hex",
 * and is better than a guess about the run itself, which is taken back.
 */

#include "check.h"

/* Behind a scan of this part of the file: takes back matches of it, and reports others. */
int decoded_check(struct check *c);
