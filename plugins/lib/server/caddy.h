/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Caddyfile
 *
 * Sites, snippets `(name)`, global options, matchers `@name`, nested blocks; words with quotes,
 * backquotes, heredocs and {placeholders}; `import` of snippets in the same file. The addresses of
 * a site are the name and the arguments of its block. A file of one site without braces gets a
 * block that begins at its first line. Broken text is parsed as far as it makes sense.
 */

#include "conf.h"

/* Parses a text: 0 or -ENOMEM. */
int caddy_parse(struct conf *c, const char *text, size_t length);

/* The block of the snippet `(name)`, or NULL. */
const struct conf_directive *caddy_snippet(const struct conf *c, struct span name);

/* Is this block a site, not the global options, a snippet or a block inside another? */
bool caddy_is_site(const struct conf *c, const struct conf_directive *d);
