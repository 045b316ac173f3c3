/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Controls "config" and "env" of Dockerfiles
 *
 * The file is parsed (plugins/lib/docker) and shown to groups of checks; docker-check.h is what
 * they share. Every rule of hadolint is among them, by the same number; its comments that ignore
 * rules and .hadolint.yaml are waivers here.
 */

#include "check.h"

/* Checks the current file if it is a Dockerfile: 0 or a negative errno. */
int dockerfile_check(struct check *c);

/* The same for secrets in ARG and ENV. */
int dockerfile_check_env(struct check *c);

/* How many rules there are. */
size_t dockerfile_rules(void);

/* Frees what the checks of all Dockerfiles of a run share. */
void dockerfile_config_free(struct check *c);
