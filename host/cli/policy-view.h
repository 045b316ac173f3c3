/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Policies of agents, printed: which system calls the cells of an agent may make
 *
 * From the tables that the filter is built from (cell/policy.h), for the groups that an attempt of
 * this agent would get (run/attempt.h).
 */

#include "cli/session.h"

/* The exit status. */
int policy_view(const struct session *s, const char *agent, bool as_json);
