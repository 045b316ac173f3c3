/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Errors that a person will read
 *
 * A function that can fail for a reason worth telling takes a `struct err *` as its last parameter
 * and fills it once, at the place that knows the most; callers add context with err_wrap() and
 * never log. The text says what was tried, on what, why not, and what to do next. NULL is accepted
 * everywhere: the caller did not want the text. Nothing is allocated; a longer text is cut and ends
 * in "...". Texts quote strangers' names and bytes, so whatever is no clean UTF-8 in them, control
 * characters included, becomes '?': they may be printed to a terminal and put into JSON.
 */

#include "base/def.h"

#define ERR_TEXT_MAX 2048

struct err {
        int code;                /* negative errno, 0 while empty */
        char text[ERR_TEXT_MAX]; /* UTF-8, no newline at its end */
};

/* Stores `text` and returns `code`, which must be negative. */
int err_set(struct err *err, int code, const char *format, ...) _printf_(3, 4);

/* Like err_set(), with ": " and the words for the errno in `code` at the end. */
int err_sys(struct err *err, int code, const char *format, ...) _printf_(3, 4);

/* Puts "text: " before what is there and returns `code`. */
int err_wrap(struct err *err, int code, const char *format, ...) _printf_(3, 4);

/* What to print: the text, or the words for `code` where nobody wrote one. */
const char *err_text(const struct err *err);
