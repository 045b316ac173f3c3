/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cognitive complexity
 *
 * After G. Ann Campbell, "Cognitive Complexity: a new way of measuring understandability"
 * (SonarSource, version 1.7): each break of the linear flow adds 1, and 1 more for each level it
 * is nested in; else, else if, a sequence of like logical operators, a jump to a label and
 * recursion add 1 only.
 */

#include "metrics.h"

/*
 * Adds what the node under the walk adds, and raises the nesting where its contents are nested;
 * call once when a node is entered, after its step was pushed.
 */
void cognitive_enter(struct walk *w);

/* A function ended: its increments also burden the function around it, deeper by what lies between.
 */
void cognitive_merge(struct frame *outer, const struct frame *inner);
