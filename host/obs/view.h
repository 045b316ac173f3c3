/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every form of report says, worked out once: the outcome in a word and a sentence, the steps
 * with their times, the findings grouped by rule, the commands to type next.
 */

#include "obs/control.h"
#include "obs/focus.h"
#include "obs/gaps.h"
#include "obs/report.h"
#include "obs/tally.h"

enum outcome {
        OUTCOME_PASSED,
        OUTCOME_FINDINGS, /* at or above the workflow's threshold */
        OUTCOME_WAITING,
        OUTCOME_FAILED,
        OUTCOME_CANCELLED,
        OUTCOME_RUNNING,
        OUTCOME_STOPPED, /* as it runs, but no engine carries it (the document's "stopped") */
        OUTCOMES_,
};

/*
 * Findings of one rule and severity; `findings` points into the tally. Worst first; of one severity
 * those that are only in tests, examples and the like come last, before them what is no fault but
 * hard to maintain.
 */
struct view_group {
        enum severity severity;
        const char *rule;
        const json_t **findings;
        size_t n;
        bool is_uniform; /* all have the same message */
};

struct view {
        const json_t *document; /* borrowed */
        struct tally tally;
        struct view_group *groups;
        size_t n_groups;
        size_t n_in_context; /* findings in tests, examples and the like */
        struct focus focus;
        struct controls controls;
        struct gaps gaps;    /* what was not looked at */
        char *not_looked_at; /* the same in a line: "2: …"; "" = all was looked at */
        enum outcome outcome;
        const char *word;   /* "passed" */
        char sentence[512]; /* why, for people */
        char *next[3];      /* commands to type next; NULL = no more */
        uint64_t took_ms;   /* while it goes on: to the last end of a step, 0 before the first */
        bool is_ended;
};

/* `store`: the folder that commands must name, or NULL where they find the run without. */
int view_make(struct view *ret, const json_t *document, const char *store, struct err *err);
void view_done(struct view *v);

/* Members of the document and its steps, with "" and 0 for what is missing. */
const char *view_text(const json_t *object, const char *member);
uint64_t view_number(const json_t *object, const char *member);

/* Wall time of a step over all its attempts, in ms. */
uint64_t view_step_ms(const json_t *step);

/* The recorded reason; of a held step whose changes were approved since, that. */
const char *view_step_reason(const json_t *step);

/* A sentence on why a step is not simply done: its reason, or its last attempt's error; "" when
 * there is none. */
const char *view_step_why(const json_t *step);

/* "3 times a granted secret was masked in what STEP said", over all its attempts; "" when none was.
 */
void view_step_masked(char *ret, size_t size, const json_t *step);

/* "12:34:56 UTC, 2026-01-31" of ms since 1970. */
void view_time(char *ret, size_t size, uint64_t ms);

/* ", took 1.2 s", ", 1.2 s so far" while the run goes on, "" when nothing is known yet. */
void view_took(char *ret, size_t size, const struct view *v);

/* "place" or "places": `n` things in words. */
const char *view_plural(size_t n, const char *one, const char *many);

/* The standards that a group is about: "CWE-250, CIS Docker 4.1"; to be freed, NULL = no memory. */
char *view_standards(const struct view_group *g);

/* "path:line:column", as much of it as is known. */
void view_place(char *ret, size_t size, const json_t *finding);

/* Each format's writer. */
int report_text(struct buf *out, const struct view *v, const struct report_options *o);
int report_markdown(struct buf *out, const struct view *v, const struct report_options *o);
int report_html(struct buf *out, const struct view *v, const struct report_options *o);
int report_json(struct buf *out, const struct view *v, const struct report_options *o);
int report_sarif(struct buf *out, const struct view *v, const struct report_options *o);
int report_cyclonedx(struct buf *out, const struct view *v, const struct report_options *o);
int report_spdx(struct buf *out, const struct view *v, const struct report_options *o);
