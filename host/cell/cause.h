/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Causes: why this machine gives no namespaces
 *
 * The kernel only says "no". What usually stands behind it can be read: switches of the kernel, and
 * whether a filter of a container is in force. Each cause comes with what to do.
 */

#include "base/buf.h"

/* Appends the causes that are found below `root` ("" but in tests), each "; CAUSE: REMEDY". */
int cause_find(struct buf *ret, const char *root);
