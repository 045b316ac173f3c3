/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a simple command runs
 *
 * Looks through sudo, env, time and their like for the program that does the work, and into `sh -c`
 * for the script that is given to it. A part of shell.c.
 */

#include "docker/shell.h"

/* NAME=value or NAME+=value? */
bool shell_is_assignment(const char *text);

/* Sets `first` and `name` from the words. */
void shell_find_name(struct shell_command *command);

/* The word that is given to `sh -c` or `eval`, or NULL. */
const struct shell_word *shell_quoted_script(const struct shell_command *command);
