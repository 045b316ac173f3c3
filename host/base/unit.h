/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Quantities with units
 *
 * Sizes ("256MiB", "4k", "0") and durations ("90s", "250ms", "1h30m") as people write them in
 * files. KiB MiB GiB TiB and K M G T (binary) for bytes, a bare number is bytes; ms s m h d for
 * durations, a bare number other than 0 is refused because nobody agrees on what it means.
 * Negative, overflow, junk: -EINVAL with a message that shows valid examples.
 */

#include "base/err.h"

int bytes_parse(uint64_t *ret_bytes, const char *text, struct err *err);
int duration_parse(uint64_t *ret_ms, const char *text, struct err *err);

/* "1.5 MiB", "12 ms", "3.2 s", "4 min 10 s": for reports. */
void bytes_format(char *ret, size_t size, uint64_t bytes);
void duration_format(char *ret, size_t size, uint64_t ms);
