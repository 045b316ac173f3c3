/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Is it JSON?
 *
 * Reads a text and keeps nothing of it, where json_text_load() makes a tree of six times its size:
 * for a large text that somebody else will load. It finds all that is no JSON (RFC 8259), levels
 * past JSON_DEPTH_LIMIT too; keys that stand twice in an object and numbers that are too large are
 * found by json_text_load() alone.
 */

#include "base/json.h"

/* One value and nothing behind it. */
bool json_check(const char *text, size_t length);
