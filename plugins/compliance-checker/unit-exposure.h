/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Exposure of a service
 *
 * What `systemd-analyze security` asks of a service, with weights of our own: each thing that a
 * service could do and its unit does not take away counts. A unit that takes nothing away has 9.6.
 */

#include "unit-file.h"

#define UNIT_MISSING_MAX 256

/* Exposure in tenths (92 = 9.2 of 10); `missing` gets the heaviest settings that are not there. */
unsigned unit_exposure(const struct unit_file *u, char missing[UNIT_MISSING_MAX]);

/* Runs with all rights of root: no User=, no DynamicUser=, or named so. */
bool unit_is_root(const struct unit_file *u);
