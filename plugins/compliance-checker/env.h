/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "env": values that stand in the tree for environment variables with the name of a secret:
 * defaults in code and shell, committed .env files, compose files. The rules are rules/env.json.
 */

#include "check.h"

/* Scans this part of the file: 0 or a negative errno. */
int env_check(struct check *c);

/* The current file is a .env file by another name: tells what only such files are asked about. */
int env_check_dotenv(struct check *c);
