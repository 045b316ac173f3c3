/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about single steps: the actions that they use, their scripts, and what flows into those.
 */

#include "actions-file.h"

int actions_step_look(struct actions *a, const struct actions_step *s);

/* Is `uses: VALUE` bound to content: a commit's hash, a digest, a path of this repository? */
int actions_pin_look(struct actions *a, const struct yaml_node *uses);

/* How many rules there are. */
size_t actions_step_rules(void);
