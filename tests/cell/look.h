/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Looking at processes from outside, in /proc
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CHILDREN_MAX 128

size_t children_of(pid_t parent, pid_t ret[CHILDREN_MAX]);

/* Is the text anywhere in memory that a process may write? Only root can look. */
bool memory_has(pid_t pid, const char *text);
