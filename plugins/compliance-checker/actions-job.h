/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about jobs and whole workflows: triggers, rights, secrets, runners, containers, conditions.
 */

#include "actions-file.h"

/* Reads `on:` into a->triggers. */
void actions_read_triggers(struct actions *a);

int actions_workflow_look(struct actions *a);
int actions_job_look(struct actions *a, const struct yaml_node *jobs, const struct yaml_node *job);

/* Every expression of the file, wherever it stands. */
int actions_expressions_look(struct actions *a);

/* An `if:` of a job or step. */
int actions_condition_look(struct actions *a, const struct yaml_node *condition);

/* `env:` of a workflow, job or step. */
int actions_env_look(struct actions *a, const struct yaml_node *env);

/* How many rules there are. */
size_t actions_job_rules(void);
