/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * UTF-8 (RFC 3629) from strangers
 *
 * Agents write what they like into logs and messages; people read it on terminals. utf8_clean()
 * makes such bytes safe to store and print: invalid sequences become U+FFFD, control characters
 * (C0, DEL, C1) and the bidirectional overrides become \xNN or \u{NNNN}, newline and tab stay where
 * asked.
 */

#include "base/buf.h"

/* Bytes of the valid sequence at `p` (1 to 4), or 0: overlong, surrogate, beyond U+10FFFF, cut
 * short. */
size_t utf8_length(const char *p, size_t left);

bool utf8_is_valid(const char *text, size_t length);

/* Appends a printable form of the bytes to `out`; `keep_lines` leaves \n and \t as they are. */
int utf8_clean(struct buf *out, const char *text, size_t length, bool keep_lines);

/* The same in place, for text that must not grow: what may not stay becomes '?', byte for byte. */
void utf8_settle(char *text);
