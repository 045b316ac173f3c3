/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Policy of licences
 *
 * Which licences may be used, by expression, path and kind of dependency:
 *
 *     { "project": "MIT",
 *       "allow": ["MIT", "Apache-2.0"], "deny": ["AGPL-*"], "review": ["LGPL-*"],
 *       "rules": [ { "paths": ["tools"], "kinds": ["dev"], "allow": ["GPL-3.0-only"] } ],
 *       "exceptions": [ { "licenses": ["GPL-2.0-only"], "paths": ["vendor/x"],
 *                         "reason": "asked legal", "until": "2027-01-31" } ] }
 *
 * A path is a folder, a file, or a pattern whose "*" stands for any bytes. An entry is an
 * identifier (GPL-2.0 means -only and -or-later), one with its exception, a pattern with "*", or an
 * expression with OR, which stands for each of its licences. The first rule whose path and kind fit
 * and that names a licence decides, then the lists of the policy itself; deny is stronger than
 * review, review than allow. What no list names is denied where there is an `allow`, and allowed
 * where there is none. Of A OR B the better verdict holds, of A AND B the worse one.
 */

#include "license/spdx.h"

#include <jansson.h>

enum license_verdict {
        LICENSE_ALLOWED,
        LICENSE_EXCEPTED, /* allowed by an exception, for a reason */
        LICENSE_REVIEW,   /* a person has to look */
        LICENSE_DENIED,
};

/* Where a licence was found. Both may be NULL: then rules for a path or a kind do not fit. */
struct license_use {
        const char *path;
        const char *kind; /* "direct", "transitive" or "dev" of a dependency; "own" of a file */
};

/* What decided, for a message. Borrowed from the policy. */
struct license_reason {
        char pointer[96];    /* JSON pointer into the licences' policy: "/deny/0"; "" = nothing */
        const char *text;    /* an exception's reason */
        const char *expired; /* the date of an exception that would have allowed it */
};

/*
 * Checks the shape of a policy: 0, or -EBADMSG with a sentence that begins with the JSON pointer of
 * the fault. NULL is a policy that allows everything.
 */
int license_policy_check(const json_t *policy, char *error, size_t size);

/* Judges an expression. `today` is "2026-01-31". The policy must have passed the check. */
enum license_verdict license_policy_judge(const json_t *policy, const struct spdx *s,
                                          const struct license_use *use, const char *today,
                                          struct license_reason *ret_reason);
