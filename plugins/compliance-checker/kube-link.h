/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about how objects hang together
 *
 * A service without pods, a binding that gives away a role with too many rights: such things stand
 * in several files. When all files were seen, the notes of one folder (kube-note.h) are held
 * against each other. What is missing in that folder may stand elsewhere, so these findings are
 * `info` or `low` and say `soundness:partial`.
 */

#include "check.h"

/* Tells what the notes come to, and forgets them. */
int kube_link_finish(struct check *c);

/* How many rules there are. */
size_t kube_link_rules(void);
