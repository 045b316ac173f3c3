/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Constants
 *
 * Which names of a file only ever stand for a literal: `const cmd = "ls"` makes exec(cmd) as
 * harmless as exec("ls"). A name that is a parameter somewhere, or is given anything else anywhere,
 * is none. Scopes are not looked at, which errs towards reporting.
 */

#include "source.h"

#define CONSTANTS_MAX 8192 /* names of one file; later ones count as no constants */

struct constant {
        uint32_t start, length; /* the name, in the source */
        bool is_literal;
};

struct constants {
        struct constant *items; /* sorted by name once read */
        size_t n_items, size;
        bool is_read;
};

/* Reads the bindings of a source once; 0 or -ENOMEM. */
int constants_read(struct constants *constants, const struct source *s);
void constants_done(struct constants *constants);

/* Is the expression made of literals, and of names that stand for literals, only? */
bool constants_is_literal(const struct constants *constants, const struct source *s, TSNode node);
