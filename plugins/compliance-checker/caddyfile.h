/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Caddyfiles: headers and TLS (control headers), and what else they let through (control config).
 */

#include "check.h"

/* A file of the name Caddyfile, Caddyfile.NAME, NAME.Caddyfile or *.caddy? */
bool caddyfile_is_one(const struct check *c);

/* Checks the current file for a control: 0 or a negative errno. */
int caddyfile_check_headers(struct check *c);
int caddyfile_check_config(struct check *c);

/* How many kinds of findings it tells for each. */
extern const size_t caddyfile_headers_rules, caddyfile_config_rules;
