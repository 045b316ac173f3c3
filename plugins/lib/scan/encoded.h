/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Encoded text
 *
 * Finds long runs of base64 or hexadecimal digits that hide a text, and decodes them: one level,
 * since what is hidden twice is hidden on purpose. A run stays on one line. Names, hashes and
 * pictures are runs too; they are known by their first bytes, which are no text.
 */

#include "scan/def.h"

#define ENCODED_LEAST 32            /* digits of base64: 24 bytes, a short token */
#define ENCODED_MOST  (1024 * 1024) /* digits that are decoded of one run */

enum encoding { ENCODING_BASE64, ENCODING_HEX, ENCODINGS_ };

extern const char *const encoding_names[ENCODINGS_]; /* "base64", "hex" */

struct encoded {
        size_t start, end; /* of the digits, with the `=` behind them */
        enum encoding encoding;
};

/* The next run at or behind `from` that begins like an encoded text. */
bool encoded_find(const char *text, size_t length, size_t from, struct encoded *ret);

/*
 * Decodes a run: bytes in `ret`, which has room for the run's length, and a NUL behind them; 0 = it
 * is no text after all.
 */
size_t encoded_decode(const char *text, const struct encoded *run, char *ret);
