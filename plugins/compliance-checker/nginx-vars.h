/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Variables of nginx: what a client can make them hold
 *
 * A variable is followed to what gives it its value: nginx itself, `set`, a group of an expression
 * (of a location, an if, a rewrite, a server_name), a map. What comes out is the set of characters
 * that a client may choose; text that stands in the configuration is not chosen by anybody.
 */

#include "nginx-config.h"

struct nginx_value {
        struct regex_set can;   /* the characters a client can put there */
        bool starts_with_slash; /* always: then it is a path, no host */
        bool is_host;           /* $host: any name, as far as server_name lets it in */
        bool is_known;
};

/* What a variable may hold where a directive stands. */
struct nginx_value nginx_variable(struct nginx_config *f, const struct nginx_directive *d,
                                  struct span name);

/* What a text with variables may hold. */
struct nginx_value nginx_text_value(struct nginx_config *f, const struct nginx_directive *d,
                                    struct span text);

/*
 * Goes through a text with variables piece by piece, variables that were `set` to a text being
 * replaced by it. `visit` gets literal text, or a value with its variable's name; what it returns
 * ends the walk unless it is 0, and comes back.
 */
typedef int (*nginx_visit)(void *owner, struct span literal, const struct nginx_value *value,
                           struct span name);
int nginx_expand(struct nginx_config *f, const struct nginx_directive *d, struct span text,
                 nginx_visit visit, void *owner);

/* The expression whose groups $1 to $9 are where a directive stands; false when there is none. */
bool nginx_regex_before(struct nginx_config *f, const struct nginx_directive *d,
                        struct span *ret_regex, bool *ret_ignore_case);
