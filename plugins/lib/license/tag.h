/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * SPDX-License-Identifier
 *
 * Finds the tags of a file, in comments of all kinds: at the head of a line behind signs, or behind
 * the word that begins a comment there; not in the middle of a sentence or a string. Where the
 * next lines go on with the expression it is read as one.
 */

#include "scan/def.h"

/* Told of each expression as it stands, and of its offset. Anything but 0 stops. */
typedef int (*license_tag)(void *owner, struct span expression, size_t offset);

int license_tags_find(struct span text, license_tag found, void *owner);
