/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Test vectors
 *
 * A key that stands beside the text it enciphers and the result is there to try a cipher, not to
 * keep a secret: `{ key: "b26f…", plain: "Hello", ct: "4be1…" }`.
 */

#include "scan/def.h"

/* Is text[start..end) one value of a test vector? Looks at some hundred bytes around it. */
bool vector_holds(const char *text, size_t length, size_t start, size_t end);
