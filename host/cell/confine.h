/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Confinement of the calling process, for good
 *
 * The steps that need no table of their own: identity, capabilities, resource limits, the system
 * call filter. The child calls them in the order of this header; none can be undone.
 */

#include "base/err.h"
#include "base/limit.h"

#include <linux/filter.h>

/* Becomes the cell's id in its own user namespace. */
int confine_identity(struct err *err);

/* Dies with its parent. After every change of user, which would clear it. */
int confine_parent(struct err *err);

/*
 * No way to get a capability back: secure bits locked, bounding and ambient set empty,
 * no_new_privs. What the process has it keeps until confine_capabilities().
 */
int confine_privileges(struct err *err);

/* Leaves no capability in any set; not dumpable. */
int confine_capabilities(struct err *err);

/* RLIMIT_*. `first` processes are there whatever the limits say. Without a user namespace the
 * kernel would count the user's other processes as well. `is_counted`: a control group counts the
 * memory that is used, so address space is free. */
int confine_limits(const struct limits *limits, unsigned first, bool has_userns, bool is_counted,
                   struct err *err);

/* Memory-deny-write-execute: 1, or 0 where the kernel has it not. */
int confine_mdwe(void);

/* Adds a system call filter. */
int confine_filter(const struct sock_filter *program, size_t n, struct err *err);

/*
 * The same, but what would be answered with a signal waits for the listener: its descriptor, or -1
 * where there can be none, and then it is the signal after all. The program is changed for that.
 */
int confine_filter_told(struct sock_filter *program, size_t n, int *ret_listener, struct err *err);

/*
 * A filter before all others that tells a listener of every call, but of what is sent over
 * `control`: the listener is to be handed over there. It can refuse nothing, and allows nothing
 * that another filter refuses. The listener's descriptor, or a negative errno.
 */
int confine_trace(int control, struct err *err);

/* Signals can be sent to this process alone: for cells without a pid namespace. */
int confine_signals(struct err *err);
