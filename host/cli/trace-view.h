/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Traces for people: what an agent used beside what it may use, and the smallest manifest for that
 */

#include "run/attempt.h"

/* The parts of a manifest that would have done, with head-room: {"needs", "limits"}; new reference.
 */
json_t *trace_manifest(const json_t *trace, const struct cell_usage *usage);

/* `workspace`: what the action has. */
void trace_show(FILE *f, const json_t *trace, const struct cell_usage *usage,
                const struct limits *limits, enum workspace_mode workspace);
