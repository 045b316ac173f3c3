/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Exec grants: which interpreter an exec agent may have, and what of /usr comes with it
 *
 * The admin's option `exec.grants` is a list of groups. The first that is for the agent's
 * interpreter, and for this agent, counts; without one the agent does not run. Nothing is found out
 * or added here: what is not in the group is out of the cell's reach.
 */

#include "cell/cell.h"
#include "plug/catalog.h"

#include <jansson.h>

struct exec_grant {
        struct cell_program program;
        const char **groups; /* of system calls: "spawn", and what is both asked for and granted */
        char **paths;        /* what the program's lists point to, NULL-terminated */
        char file[300];      /* the agent's program in the cell */
};

/* `grants` as checked by conf/options.h, or NULL. -EACCES: there is none, and the text says what to
 * write where; -ENOENT, -EINVAL: one of its paths cannot be shown to a cell. */
int exec_grant_make(struct exec_grant *ret, const json_t *grants, const struct agent *agent,
                    struct err *err);
void exec_grant_done(struct exec_grant *g);
