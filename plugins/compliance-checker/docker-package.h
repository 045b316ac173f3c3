/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Package managers in RUN
 *
 * docker-package.c judges each command for itself: are versions pinned, does it ask? This here is
 * about what it leaves behind: docker-cache.c knows what cleans up, and which stages matter.
 */

#include "docker-check.h"

/* The command with `python3 -m pip` and pip3.11 as what they are: pip. */
struct shell_command package_command(const struct shell_command *command);

int docker_check_caches(struct docker_check *d);
