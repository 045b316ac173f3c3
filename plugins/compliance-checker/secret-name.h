/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names of secrets
 *
 * Does the name of a variable say that its value is secret? DB_PASSWORD, openai_api_key and
 * githubToken do; PASSWORD_FILE, TOKEN_URL, PUBLIC_KEY and MAX_TOKENS do not.
 */

#include <stdbool.h>

bool secret_name_is(const char *name);
