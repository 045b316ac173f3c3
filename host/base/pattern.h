/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ECMA-262 patterns
 *
 * Regular expressions as JSON Schema means them (with the `u` flag), matched by PCRE2. What the two
 * dialects write differently is translated; what ECMA-262 does not have (possessive quantifiers,
 * recursion, verbs, callouts, inline flags) is refused, so that a schema means here what it means
 * elsewhere. Both pattern and text may come from strangers: matching is limited in steps, depth and
 * heap.
 */

#include "base/err.h"

struct pattern;

#define PATTERN_LENGTH_MAX 16384 /* bytes of one pattern */

/* -EINVAL with the position and PCRE2's own words when `text` is not a pattern. */
int pattern_new(struct pattern **ret_pattern, const char *text, size_t length, struct err *err);
struct pattern *pattern_free(struct pattern *p);
DEFINE_FREEP(struct pattern, pattern_free);

/* The pattern as it was written. */
const char *pattern_text(const struct pattern *p);

/*
 * Does it match anywhere in the (UTF-8) text? 1, 0, or -E2BIG past a limit of matching. *ret_steps
 * is the work it was, also on failure, for callers that match often and have a limit of their own.
 * From one thread at a time.
 */
int pattern_match(const struct pattern *p, const char *text, size_t length, uint64_t *ret_steps,
                  struct err *err);
