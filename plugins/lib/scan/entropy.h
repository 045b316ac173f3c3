/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Entropy
 *
 * Shannon's measure of how evenly the bytes of a text are spread, in bits per byte: 0 for "aaaa",
 * at most log2(length). A random 20-byte base-62 token has about 4, English words about 3.
 */

#include <stddef.h>

double entropy_bits(const char *text, size_t length);
