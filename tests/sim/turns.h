/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Turns: the store's thread runs when it is told to, and nobody runs beside it
 *
 * pthread_create(), pthread_cond_wait() and their like are wrapped in this program: the one thread
 * that the host makes gets its turn from turns_give(), and gives it back when it waits for work. So
 * what is in a group of commits, and what was on its way at a crash, is decided by the simulation
 * and not by the processors.
 */

#include "base/def.h"

/* The thread was told that there is work, and had no turn since. */
bool turns_is_due(void);

/* One turn: until the thread waits for work again. */
void turns_give(void);
