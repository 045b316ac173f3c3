/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The daemon: one engine on one store, for as long as the machine runs
 *
 * Reads the configuration, opens the store, makes the sandbox once, finishes or undoes what a dead
 * engine was applying, takes up every run that had not ended, tells the service manager, and then
 * lives on its loop. Ways in: the store's control socket (daemon/intake.h), signals, triggers.
 *
 * SIGHUP reads configuration, agents and workflows anew: all of it is read and checked first, then
 * swapped whole; a fault anywhere changes nothing and is told. SIGTERM ends the engine and no run:
 * steps that run may end, within run.stop_grace, none begins, nothing is cancelled, and the next
 * start takes it up. A second signal does not wait.
 */

#include "base/err.h"

/* The exit status: 0 stopped by a signal, 2 the configuration is wrong, 5 trouble. */
int daemon_run(void);
