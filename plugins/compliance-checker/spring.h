/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Settings of Spring: application*.properties and application*.yml are parsed; in Java and Kotlin
 * sources the calls that turn Spring Security's protection off are looked for as text, outside
 * comments.
 */

#include "check.h"

bool spring_is_settings(const struct check *c);
bool spring_is_source(const struct check *c);

/* Check the current file for a control: 0 or a negative errno. */
int spring_check_headers(struct check *c);
int spring_check_config(struct check *c);
int spring_check_source(struct check *c);

/* How many rules it has for a control. */
size_t spring_rules(enum control control);
