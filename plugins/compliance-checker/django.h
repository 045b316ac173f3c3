/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Settings of Django, by their syntax tree: headers and cookies (control headers), and what else a
 * site in production must not have (control config). The names are those of `manage.py check
 * --deploy`.
 */

#include "check.h"

/* A file settings*.py or settings/NAME.py that names what only Django has. */
bool django_is_settings(const struct check *c);

/* Checks the current file for a control: 0 or a negative errno. */
int django_check_headers(struct check *c);
int django_check_config(struct check *c);

/* How many rules it has for a control. */
size_t django_rules(enum control control);
