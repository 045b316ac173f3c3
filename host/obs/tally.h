/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tally: the findings that count
 *
 * Works on a run's document (the JSON that the store gives, with findings and definition) and
 * decides what a person is shown and what the exit status is made from. A step that runs the same
 * agent, action and inputs as one that it comes after (directly or through others) is a second
 * look: its findings replace the first look's, so that a patch which mends a finding also takes it
 * off the report. Equal findings of one rule at one place count once. A finding with the tag
 * "waived" was accepted by a person in the source: it does not count and is kept apart. Nothing is
 * dropped from the store.
 */

#include "base/err.h"
#include "base/verdict.h"

#include <jansson.h>

struct tally {
        const json_t *
                *findings; /* borrowed from the document; worst first, then rule, path, line */
        size_t n;
        const json_t **waived; /* the same for those that do not count */
        size_t n_waived;
        size_t by_severity[SEVERITIES_];
        size_t replaced; /* left out: an earlier look at what a later step looked at again */
};

/* -ENOMEM, or -EINVAL for what is not a run's document. */
int tally_make(struct tally *ret, const json_t *document, struct err *err);
void tally_done(struct tally *t);

/* Findings of `least` and worse. */
size_t tally_at_least(const struct tally *t, enum severity least);

/* Severity of one finding; SEVERITY_INFO where the field is missing. */
enum severity finding_severity(const json_t *finding);

/* Accepted by a person, in a comment of the source? `*ret_reason` is why, or "". */
bool finding_is_waived(const json_t *finding, const char **ret_reason);

/* Is it in tests, fixtures, examples, documents or vendored code, as its agent says by a tag? */
bool finding_has_context(const json_t *finding);

/* A text member of a finding, or "". */
const char *finding_text(const json_t *finding, const char *member);
