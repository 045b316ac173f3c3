/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files that configuration includes
 *
 * Looks for them in the tree: beside the file that is checked, or beside a folder above it, as they
 * lie on a server. Nothing outside the tree, no symbolic links.
 */

#include "check.h"

#define INCLUDES_MAX 64

struct includes {
        struct check *c;
        const char *prefix; /* where they lie on a server: "/etc/nginx/" */
        char *texts[INCLUDES_MAX];
        size_t n;
};

/*
 * Calls `found` for each file that a path, which may have wildcards, names; a parser's `open`, with
 * the struct includes as its owner.
 */
int include_open(void *owner, struct span path, int (*found)(void *parser, struct span text),
                 void *parser);

void include_done(struct includes *in);
