/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Controls: what a run was checked against
 *
 * "No findings" says little without what was looked for. An agent may say that in a member at the
 * top of its output:
 *
 *   "controls": [{"name": "secrets", "checks": 456, "files": 1200}]
 *
 * `files` may be left out; 0 says that there was nothing in the tree that the control is about.
 * A finding belongs to the control whose name stands before the `/` of its rule. A check has failed
 * if one of its findings counts (see obs/tally.h); all others have passed. A control has passed if
 * none of its findings reaches the workflow's threshold. Of a control that several steps name the
 * highest number of checks is taken. Members of another shape are no controls.
 */

#include "obs/tally.h"

#define CONTROLS_MAX 64 /* of a run; further ones are not told apart */

struct control {
        const char *name; /* borrowed from the document */
        uint64_t checks;  /* that were made, of which */
        uint64_t failed;  /* so many have findings: never more than `checks` */
        size_t findings;  /* that count */
        size_t by_severity[SEVERITIES_];
        bool is_idle;   /* there was nothing to check */
        bool is_passed; /* none of them reaches the threshold */
};

struct controls {
        struct control *list; /* in the order in which they are named */
        size_t n;
};

/* Of a run's document and its tally; -ENOMEM. */
int controls_find(struct controls *ret, const json_t *document, const struct tally *tally);
void controls_done(struct controls *c);

/* "passed", "failed" or "nothing to check". */
const char *control_word(const struct control *c);

/* [{name, applicable, checks, passed_checks, failed_checks, findings, passed}]; NULL = out of
 * memory. */
json_t *controls_to_json(const struct controls *c);
