/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Configuration of Apache's httpd, and .htaccess: headers and TLS (control headers), and what else
 * its settings let through (control config).
 */

#include "check.h"

/* Is the current file one, by its name or by what only Apache has in it? */
bool httpd_is_config(const struct check *c);

/* Checks the current file for a control: 0 or a negative errno. */
int httpd_check_headers(struct check *c);
int httpd_check_config(struct check *c);

/* How many kinds of findings it tells for each. */
extern const size_t httpd_headers_rules, httpd_config_rules;
