/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Go's regular expressions as PCRE2 reads them
 *
 * The two agree on nearly all that secret rules use. What is written differently is rewritten; a
 * few expressions stay different and are said to be.
 */

#include <stddef.h>

/* The same expression for PCRE2, allocated; NULL when out of memory. */
char *re2_to_pcre2(const char *regex);

/*
 * The longest text of at least `least` bytes that every match must hold, allocated; "" if there is
 * none, NULL when out of memory. It looks into groups without alternatives and stops at depth 16.
 */
char *re2_literal(const char *regex, size_t least);

/* Does it capture anything? */
int re2_captures(const char *regex);
