/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files that were handed over
 *
 * Inputs of the kind "linhay-file" are descriptors; this reads one whole, within a limit.
 */

#include <linhay/agent.h>

#define HANDED_LIMIT (32 * 1024 * 1024)

/*
 * Reads the file at `pointer`: 1 and its bytes with a NUL behind them, the caller's to free; 0 when
 * none was given; -ENOMEM, or -1 after linhay_fail() said that it cannot be read.
 */
int handed_read(struct linhay_run *run, const char *pointer, char **ret, size_t *ret_length);
