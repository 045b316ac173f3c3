/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Exec agents: the trusted side of a program that is the agent
 *
 * The runtime is pid 1 of the cell and stays the runtime; the program is its child, with descriptor
 * 3 for the protocol (cell/speech.h), 1 and 2 for the log, and the sealed memory of its secrets and
 * of the files of its input. It has none of the runtime's descriptors, so whatever it says to the
 * host goes through here. When this process ends, whatever the program left behind ends with it.
 */

#include "cell/program.h"
#include "cell/service.h"

struct exec_plan {
        const struct program *program;
        int ours; /* a socketpair, made before the filter */
        int theirs;
};

/*
 * Runs the program to its end: 0 when it gave an output and ended with 0. -1 when it failed;
 * *ret_why says how, unless it said so itself. Anything worse is reported as a fault, and does not
 * return.
 */
int exec_run(struct service *s, const struct exec_plan *plan, const char **ret_why);
