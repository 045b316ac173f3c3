/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about what starts a workflow: events, times, and patterns of branches, tags and paths.
 */

#include "actions-file.h"

int actions_events_look(struct actions *a);

/* How many rules there are. */
size_t actions_event_rules(void);
