/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * SHA-256 of a text, as hexadecimal digits.
 */

#include <stddef.h>

#define DIGEST_HEX (64 + 1)

void digest_hex(char ret[DIGEST_HEX], const void *data, size_t length);
