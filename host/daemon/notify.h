/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a service manager is told: sd_notify(3), by hand
 *
 * One datagram to $NOTIFY_SOCKET (a path, or '@' and an abstract name) for each call. Where there
 * is no such socket, or it does not take the datagram, nothing happens: nobody waits for us then.
 */

#include "base/def.h"

/* "READY=1", "STOPPING=1", "STATUS=…"; lines are joined by '\n'. */
void notify_send(const char *format, ...) _printf_(1, 2);

/* How often, at most, "WATCHDOG=1" is wanted, in ms; 0 = never. $WATCHDOG_USEC, $WATCHDOG_PID. */
uint64_t notify_watchdog_ms(void);
