/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Findings: order, fingerprints, counts
 *
 * Agents report findings in whatever order they meet them; what a run keeps must be the same every
 * time. The JSON form is fixed (`{rule, severity, message, path, line, …}`) and was checked when
 * the bytes came out of the cell.
 */

#include "base/verdict.h"

#include <jansson.h>

/*
 * Sorts by path, line, column, rule and message, and gives each finding that has no fingerprint
 * one: of its rule, its path, its excerpt (its message where it has none) and, for the second and
 * further ones that agree in these, their number. So it stays the same when lines move.
 */
int findings_normalise(json_t *findings);

/* How many are at least as bad as `least`; those that are waived in the source do not count. */
size_t findings_count(const json_t *findings, enum severity least);
