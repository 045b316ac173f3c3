/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Faults: the trusted runtime's last word when an agent ends the hard way
 *
 * A cell's agent is pid 1 of its namespace, so a raw signal says little: abort() arrives as SIGSEGV
 * and SIGTERM not at all. Handlers set before an agent is loaded tell the host what happened, and
 * end the process. Hostile code can only make its own end less clear: it may take the handlers
 * away (but not SIGSYS's, the filter sees to it), and the host then goes by the wait status.
 *
 * Two things that an agent ran out of are remembered as they happen, because the end comes later:
 * memory and processes. Functions of the C library that can fail so are wrapped in this program.
 */

#include "base/verdict.h"

#include <stdatomic.h>

/* What was refused so far; set by the wrappers. */
extern atomic_bool fault_saw_no_memory;
extern atomic_bool fault_saw_no_processes;

/* An agent is being loaded: a fault in reading the object is the object's. */
extern atomic_bool fault_is_loading;

/*
 * Sets the handlers, on a stack of their own. `has_processes`: threads or programs were granted.
 * Where they were not, making one is reported before the C library blocks the signal that would.
 */
int fault_install(int socket, bool has_processes);

/* Ends the process with VERDICT_SYSCALL unless processes were granted. */
void fault_forbid_process(void);

/* Tells the host and ends the process; safe in a signal handler. `text` may be NULL. */
_Noreturn void fault_report(enum verdict verdict, int signal, int syscall, uint32_t arch,
                            const char *text);
