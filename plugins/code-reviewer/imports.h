/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Imports
 *
 * What the names in a file stand for: `import numpy as np` makes np "numpy", `from os import
 * system` makes system "os.system", Go's `import "math/rand"` makes rand "math/rand", JavaScript's
 * `const { exec } = require('child_process')` makes exec "child_process.exec". So a rule names a
 * function once and finds it under every alias. Scopes are not looked at: one file, one table.
 */

#include "source.h"

#define IMPORTS_MAX        2048 /* names of one file */
#define IMPORTS_NAME_BYTES 256

struct import {
        char *alias;
        char *target;
};

struct imports {
        struct import *items;
        size_t n_items, size;
        bool is_read;
};

/* Reads the imports of a source once; 0 or -ENOMEM. */
int imports_read(struct imports *imports, const struct source *s);
void imports_done(struct imports *imports);

/*
 * The full dotted name of what an expression (`a.b.c`, `name`, `require('m').f`) names. False where
 * it names nothing: a call's result, an index.
 */
bool imports_resolve(const struct imports *imports, const struct source *s, TSNode expression,
                     char ret[IMPORTS_NAME_BYTES]);
