/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Configuration of Apache's httpd: httpd.conf and .htaccess
 *
 * One directive a line, a backslash at its end carries it on; <Section arguments> to </Section>;
 * arguments with quotes and escapes; Include and IncludeOptional. Broken text is parsed as far as
 * it makes sense.
 */

#include "conf.h"

/* Parses a text; `open` may be NULL: then includes are directives like others. 0 or -ENOMEM. */
int apache_parse(struct conf *c, const char *text, size_t length, conf_open open, void *owner);
