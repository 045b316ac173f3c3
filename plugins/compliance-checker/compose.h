/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "config" of compose files
 *
 * Reads docker-compose*.yml, compose*.yaml and their like as YAML, anchors and merge keys resolved,
 * and looks at each service: rights on the host, its namespaces and sockets, images, ports. Secrets
 * in its environment are what the rules of the control env are about (rules/env.json).
 */

#include "check.h"

/* Checks the current file if it is a compose file: 0 or a negative errno. */
int compose_check(struct check *c);

/* How many rules there are. */
size_t compose_rules(void);
