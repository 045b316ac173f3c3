/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the words around a licence's name say
 *
 * "under the terms of", "License:", "MIT licensed": whether the name says that the licence holds
 * here, or whether it is only spoken of ("compatible with the GPL", "will not be under the GPL").
 */

#include "license/walk.h"

/* Words that may stand between what tells a licence and its name: "the", "terms", "either". */
bool license_told_is_filler(const struct license_walk *w, uint32_t i);

/* Do the words before words[start] say that its name holds? `weak`: right before it. */
bool license_told_before(const struct license_walk *w, uint32_t start, bool weak);

/* "MIT licensed" */
bool license_told_behind(const struct license_walk *w, uint32_t end);

/* "License: NAME", and the name ends its line or value: words[start..end) are all that is said. */
bool license_told_as_value(const struct license_walk *w, uint32_t start, uint32_t end);

/* "! name v1.0 | NAME License | https://…": between bars, in a comment's line. */
bool license_told_in_banner(const struct license_walk *w, uint32_t start, uint32_t end);

/* Is there nothing on the lines of words[start..end) but these, "the" and signs? */
bool license_told_alone(const struct license_walk *w, uint32_t start, uint32_t end);

/* "Alternatively, this file may be used under the terms of" before a name, or "either …, or". */
bool license_told_as_choice(const struct license_walk *w, uint32_t start);

/*
 * Is the name at words[..end) only a likeness? "BSD-style" is one, but for "a BSD-style license
 * that can be found in LICENSE", which is how many files refer to the licence itself.
 */
bool license_told_as_kind(const struct license_walk *w, uint32_t end);
