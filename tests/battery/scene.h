/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The stage of the battery: real things on the host that a probe could reach
 *
 * Fills `scene` (probe.h). What cannot be made ends the program with a sentence: a target that is
 * missing would make every probe at it look refused.
 */

#include "probe.h"

void scene_make(void);
void scene_remove(void);

/* Puts back what a control or a broken cell has changed. */
void scene_restore(void);

/* A new tree for one run: its path (kept until the next call) and an open descriptor. */
int scene_tree(const char **ret_path);

/* Puts a shared object into that tree, as "lib.so". */
void scene_library(const void *data, size_t length);
