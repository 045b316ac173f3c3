/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Is it JSON?
 *
 * Reads a text and keeps of it only where the keys of the objects are that are open, where
 * json_text_load() makes a tree of six times its size: for a large text that somebody else will
 * load. Both say the same of every text.
 */

#include "base/json.h"

/*
 * One value and nothing behind it (RFC 8259): 0, -ENOMEM, or -EBADMSG, which is also told of more
 * than JSON_DEPTH_LIMIT levels, a key that stands twice in an object, a key with a NUL, an integer
 * beyond 64 bits, and a real beyond a double.
 */
int json_check(const char *text, size_t length);
