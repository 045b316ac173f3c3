/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names of files
 *
 * A token may stand in the name of a file, which every finding and list shows. So names are looked
 * at before they are told: by the rules that know a provider's token, and only names that are long
 * enough to hold one.
 */

#include "check.h"

/*
 * Begins a file, as check_begin() does, and reports what its name holds. From then on c->path is
 * the name with stars in the place of secrets, which must be the only one that is told.
 */
int name_begin(struct check *c, const char *path);

/* A copy of the name to tell, secrets hidden: allocated; NULL when out of memory. */
char *name_shown(struct check *c, const char *path);
