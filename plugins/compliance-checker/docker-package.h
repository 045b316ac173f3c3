/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Package managers in RUN
 *
 * docker-package.c judges each command for itself: are versions pinned? docker-answer.c: does it
 * ask? docker-cache.c knows what cleans up behind it, and which stages matter.
 */

#include "docker-check.h"

/* The command with `python3 -m pip` and pip3.11 as what they are: pip. */
struct shell_command package_command(const struct shell_command *command);

/* Options with values of apt-get, of yum and dnf, of zypper. */
extern const struct docker_options docker_apt_options, docker_rpm_options, docker_zypper_options;

int docker_check_answers(struct docker_check *d, const struct docker_instruction *run,
                         const struct shell_command *command);
int docker_check_caches(struct docker_check *d);
