/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON numbers
 *
 * Exact arithmetic on what jansson reads: 64-bit integers and doubles. No comparison goes through a
 * conversion that rounds, and "multiple of" works on the decimal digits that a person wrote, so
 * that 0.0075 is a multiple of 0.0001.
 */

#include "base/def.h"

#include <jansson.h>

/* Less than 0, 0 or more than 0, as `a` is less than, equal to or more than `b`. */
int number_compare(const json_t *a, const json_t *b);

/* 7 and 7.0 are; 7.5 is not. */
bool number_is_integer(const json_t *n);

/* Is `n` a whole multiple of `of`, which is more than 0? */
bool number_is_multiple(const json_t *n, const json_t *of);
