/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The pass before libconfig
 *
 * libconfig 1.5 reads 3000000000 as -1294967296, takes @include from anywhere, knows no names that
 * begin with '_', and its parser grows with the nesting. This pass walks the text once and hands
 * libconfig only what it reads right: integers that do not fit and have no L are refused, and so
 * are includes, invalid UTF-8 and deep nesting; `_name` becomes `*_name` (a name that nobody can
 * write, because '*' is refused), which conf/tree.h turns back. Lines keep their numbers.
 */

#include "base/buf.h"
#include "base/err.h"

#define LEXER_DEPTH_MAX 100

/* Who wants to hear of every number that does not fit, and read on: 0, or a negative errno. */
struct lexer_ear {
        int (*tell)(void *user, unsigned line, const char *text);
        void *user;
};

/*
 * Appends the text for libconfig to `out`; -EBADMSG with file:line in `err`. With `ear` (may be
 * NULL) numbers that do not fit are no such error: they are told, and the nearest that fits stands
 * in `out`.
 */
int lexer_pass(struct buf *out, const char *text, size_t length, const char *file,
               const struct lexer_ear *ear, struct err *err);
