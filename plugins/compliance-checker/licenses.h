/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "licenses": what licence texts, SPDX tags, notices and manifests say, against the policy.
 * output.licenses gets one entry for each statement that was found.
 */

#include "check.h"

/* Looks at the current file: 0 or a negative errno. */
int licenses_check(struct check *c);

/* Remembers which licences the current file names, or that it is the text of one in LICENSES/. */
void licenses_note_texts(struct check *c, const json_t *ids);

/* What only the whole tree tells: no licence at all, manifests that differ from the text. */
int licenses_finish(struct check *c);

/* Holds the licence of a package of the tree against the policy, by the kind of dependency that it
 * is ("direct", "transitive", "dev"). What is no expression is not judged. */
int licenses_judge_package(struct check *c, const struct dep *package);

/* How many rules there are. */
size_t licenses_rules(void);
