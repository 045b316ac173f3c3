/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Text of unknown encoding
 *
 * Files are scanned as bytes, which is right for UTF-8, Latin-1 and all other encodings that keep
 * ASCII. UTF-16, with a byte order mark or mostly ASCII, is turned into UTF-8 first. What else has
 * a NUL in its first 8 KiB is binary.
 */

#include "scan/def.h"

enum text_encoding { TEXT_BYTES, TEXT_UTF16_LE, TEXT_UTF16_BE, TEXT_BINARY };

/* Judges by the first bytes of a file. */
enum text_encoding text_encoding_of(const char *data, size_t length);

/*
 * Turns UTF-16 into UTF-8: at most 3 bytes for each 2. Returns the length of what is in `ret`,
 * which has room for (length / 2) * 3 + 3 bytes. Broken pairs become U+FFFD; a mark at the front is
 * cut.
 */
size_t text_from_utf16(char *ret, const char *data, size_t length, bool big_endian);
