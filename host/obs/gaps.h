/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Gaps: what a run has not looked at
 *
 * A verdict is worth what was looked at. Two things are known of each step: the paths that its last
 * attempt could not be shown (`attempts[].unreadable`), and what its agent says in two members that
 * every output may have, at its top:
 *
 *   "not_looked_at": [{"path": "dump.sql", "reason": "too-large"}]   the first of them
 *   "not_looked_at_count": 1                                          how many there are
 *
 * A path that several steps name is one gap, with the most serious reason. Members of another
 * shape are no gaps: an agent that knows nothing of this may use the names as it likes.
 */

#include <jansson.h>
#include <stddef.h>

#define GAPS_LISTED_MAX 1000 /* read of one step; the rest is counted */
#define GAPS_SHOWN      3    /* named in a line for people */

struct gap {
        const char *path, *reason, *step; /* borrowed from the document */
};

struct gaps {
        struct gap *list; /* what could not be read first, then by path */
        size_t n;
        size_t total; /* with those that the steps only counted */
};

/* Of a run's document; -ENOMEM. */
int gaps_find(struct gaps *ret, const json_t *document);
void gaps_done(struct gaps *g);

/* [{path, reason, step}]; NULL = out of memory. */
json_t *gaps_to_json(const struct gaps *g);

/*
 * "3: secret (unreadable), dump.sql (too-large), …", for one line; "" when there are none. The text
 * holds what agents said and is escaped by whoever prints it. To be freed; NULL = out of memory.
 */
char *gaps_sentence(const struct gaps *g);
