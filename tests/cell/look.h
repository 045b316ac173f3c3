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

#define GROUP_PATH 4096

/* How many folders of control groups a zygote has; the path of the first. */
size_t groups_of(pid_t zygote, char ret[GROUP_PATH]);

/* How many groups are in the first of them; the path of one, unless that is NULL. */
size_t groups_in(pid_t zygote, char *ret_path);

/*
 * Removes a zygote's folders behind its back, all (NULL) or those of one controller of version 1.
 * Who is in its groups is killed, or moved out of them.
 */
void groups_take_away(pid_t zygote, const char *controller, bool is_killed);

/*
 * Runs tests in groups of their own, where that can be had: whatever they do to zygotes that are
 * beside theirs, it is nobody else's. Their status.
 */
int groups_apart(int (*tests)(void));

/* Makes all of them read-only in this mount namespace, which is the caller's own. */
int groups_read_only(void);

/* Is the text anywhere in memory that a process may write? Only root can look. */
bool memory_has(pid_t pid, const char *text);
