/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about habits: what a workflow does that works, and that one day lets somebody in or makes
 * people wonder. Names, notes, environments, tokens of apps, packages on the fly, signatures.
 * Dependabot's file is looked at here as well.
 */

#include "actions-file.h"

int actions_habit_look(struct actions *a);
int actions_habit_look_at_job(struct actions *a, const struct yaml_node *name,
                              const struct yaml_node *job);
int actions_habit_look_at_step(struct actions *a, const struct actions_step *s);

/* A file dependabot.yml. */
int actions_habit_look_at_updates(struct actions *a);

/* How many rules there are. */
size_t actions_habit_rules(void);
