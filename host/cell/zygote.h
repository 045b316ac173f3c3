/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Zygote: the small trusted process whose children the cells are
 *
 * Exec'd by the host with one socket, an empty environment and nothing else. It makes what cells
 * share (an empty network namespace, a mount namespace of its own), finds out what the kernel
 * gives, and then answers requests until the host is gone; then it kills what still runs.
 */

#include "cell/child.h"

/* Serves on SPAWN_SOCKET; the exit status. `mask`: features to treat as missing, for tests. */
int zygote_main(child_inspect inspect, uint32_t mask);
