/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Workflows within a workflow
 *
 * A step's `workflow = "name"` stands for the definition under that name in `workflows` of the same
 * definition, or, where that has none, for the file NAME.flow beside it, whose definition is then
 * taken into `workflows`. So a definition that was read holds all that it runs: its hash knows of
 * every change in what it calls, and a run needs no other file.
 */

#include "flow/reader.h"

/* Takes the files that steps name into the definition's JSON, before it is read. */
int subflow_gather(struct reader *r, const char *path);

/* For the table of a workflow's keys: `workflows`. `target` is the workflow. */
int subflow_read(struct reader *r, const char *pointer, const struct reader_key *key,
                 const json_t *value, void *target);
