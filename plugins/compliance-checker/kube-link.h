/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about how objects hang together
 *
 * A service without pods, a binding that gives away a role with too many rights: such things stand
 * in several files. Each object leaves a note of what others may ask of it; when all files were
 * seen, the notes of one folder are held against each other. What is missing in that folder may
 * stand elsewhere, so these findings are `info` or `low` and say `soundness:partial`.
 */

#include "kube-object.h"

#define KUBE_NOTES_MAX 20000

/* Takes note of an object. */
int kube_link_note(struct kube *k, const struct kube_object *o);

/* Tells what the notes come to, and forgets them. */
int kube_link_finish(struct check *c);
