/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Versions in notices
 *
 * "version 2.0", "v2+", "either version 2 of the License, or (at your option) any later version",
 * behind the name of a licence or before it. Each reader returns where it ended (or began), which
 * is where it started when there is no version.
 */

#include "license/walk.h"

struct license_version {
        char text[16]; /* "2.0" as it is written; "" = none */
        bool later, only;
        bool formal; /* as a notice has it: "version 2 of the License" */
};

bool license_version_is_number(struct span s);

/* Takes the "+" from the end of a word: it means "or later". */
struct span license_version_take_plus(struct span s, bool *later);

/* Do two words stand in one number, "2" and "0" of "2.0"? */
bool license_version_is_dotted(const struct license_walk *w, uint32_t i);

/* "2", "2.0", "2.0+", "v2": how many words, or 0. */
uint32_t license_version_number(const struct license_walk *w, uint32_t i,
                                struct license_version *v);

/* Goes over "dated June, 1991": where it ends. */
uint32_t license_version_skip_date(const struct license_walk *w, uint32_t i);

/* "or (at your option) any later version", "or newer", "only". */
uint32_t license_version_later(const struct license_walk *w, uint32_t i, struct license_version *v);

/* All of it, behind a name; and "version 2 of the" before one. */
uint32_t license_version_behind(const struct license_walk *w, uint32_t i,
                                struct license_version *v);
uint32_t license_version_before(const struct license_walk *w, uint32_t start,
                                struct license_version *v);
