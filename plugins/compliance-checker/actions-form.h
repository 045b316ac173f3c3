/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about the form of a workflow: what GitHub refuses, or reads as something else than was
 * meant. Keys, events, names, references from one part to another.
 */

#include "actions-file.h"

int actions_form_look(struct actions *a);
int actions_form_look_at_job(struct actions *a, const struct yaml_node *name,
                             const struct yaml_node *job);
int actions_form_look_at_step(struct actions *a, const struct actions_step *s);

/* How many rules there are. */
size_t actions_form_rules(void);
