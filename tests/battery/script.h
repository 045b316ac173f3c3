/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Probes that are programs: Python in the cell of an exec agent, and unconfined as their control
 *
 * A script finds these names: `honest`, the protocol's first line as `line` and `start`,
 * `secret()`, `send(**message)`, and `end(errno)`, which says what the attack came to and is the
 * last that it does; an OSError that nobody catches ends it the same way. The control has the same
 * descriptors: the first line to be read from 3, the secret's memory file, which nobody sealed,
 * as 4.
 */

#include "base/sha256.h"
#include "cell/cell.h"

#include "probe.h"

/* The interpreter with its closure. */
const struct cell_program *script_program(void);
void script_done(void);

/* The bundle of an agent that is this script: a descriptor. */
int script_bundle(const char *script, bool is_honest, char ret_sha256[SHA256_HEX]);

/* Becomes the control; the exit status is the errno. */
_Noreturn void script_exec(const char *script);
