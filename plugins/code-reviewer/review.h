/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Review of one file
 *
 * Runs the rules over a source and holds its functions against the thresholds. What it finds is
 * told to the host in the order of the file, each place once for each rule.
 */

#include "metrics.h"
#include "rule.h"

#define REVIEW_FILE_FINDINGS 2000  /* of one file; past it the file is reported as cut short */
#define REVIEW_FILE_MS       10000 /* the rules may look at one file for so long */

#define REVIEW_FUNCTION_RULE "complexity/function" /* of what is past the thresholds */

/* 0 = not looked at. */
struct thresholds {
        int64_t cyclomatic, cognitive, function_lines, parameters, nesting;
};

struct review {
        struct linhay_run *run;
        struct rules rules;
        struct thresholds thresholds;
        TSQueryCursor *cursor;
        uint64_t by_severity[LINHAY_SEVERITY_CRITICAL + 1];
        uint64_t n_waived; /* by a comment: `linhay: ignore[RULE]`, told with a tag, or `# nosec` */
        bool is_full;      /* the host takes no more findings */
};

/* Is this rule meant by an id, or by a control with its slash ("complexity/")? */
bool review_is_named(const char *rule, const char *name);

/* Reads the rules; `off` are ids or `control/` prefixes that are not run, NULL-terminated. */
int review_open(struct review *review, struct linhay_run *run, const char *const *off,
                char ret_error[256]);
void review_close(struct review *review);

/* 0 when all was told, 1 when the file was cut short by a limit, or a negative errno. */
int review_source(struct review *review, const struct source *s, const struct metrics *m);
