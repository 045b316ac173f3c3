/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Express servers of the whole tree
 *
 * A server is often made in one file and given its middleware in another. So each file that was
 * parsed leaves a note: does it make a server that listens or is handed on, does it use helmet, and
 * what files of the program it loads. At the end a server is told as one without helmet where
 * neither its own file nor one that loads it or that it loads uses helmet.
 */

#include "check.h"

struct express_file {
        bool has_helmet;
        bool is_made; /* express() is called at [made_start, made_end) */
        bool serves;  /* and the server listens, is returned or exported */
        size_t made_start, made_end;
};

/* Notes that the current file loads another one of the program, by the path in the source. */
int express_tree_loads(struct check *c, struct span path);

/* Notes what else there is to say of the current file. */
int express_tree_note(struct check *c, const struct express_file *file);

/* Tells the servers without helmet: 0 or a negative errno. */
int express_tree_finish(struct check *c);

extern const size_t express_tree_rules;
