/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Calls: system calls and their arguments in words
 *
 * For people who ask why one was denied, or what a policy says of it. Only scalars are read: what
 * is behind a pointer belongs to an agent and is shown as "…". The one table of what arguments mean
 * is call.c; who prints policies and who explains denials look it up here.
 */

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define CALL_ARGS 6

/* "socket(AF_INET, SOCK_STREAM, 0)"; "name(…)" where nothing is known of its arguments. */
int call_print(struct buf *ret, const char *name, const uint64_t args[CALL_ARGS]);

/* "cmd"; NULL where the argument has no name here. */
const char *call_argument(const char *name, unsigned argument);

/* Is it a set of flags (and not one value of several)? */
bool call_is_flags(const char *name, unsigned argument);

/* One argument's value: "F_DUPFD", "O_RDWR|O_CREAT", "0x12". */
int call_value(struct buf *ret, const char *name, unsigned argument, uint64_t value);
