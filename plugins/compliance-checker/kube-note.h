/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Notes of objects
 *
 * What others may ask of an object, kept as JSON until all files of its folder were seen: names,
 * labels, selectors, accounts, the rules of roles. kube-link.h holds them against each other.
 */

#include "kube-object.h"

#define KUBE_NOTES_MAX 400000 /* nodes of all notes, about */

/* Takes note of an object. */
int kube_note_take(struct kube *k, const struct kube_object *o);
