/* SPDX-License-Identifier: Apache-2.0 */

/*
 * code-reviewer
 *
 * Two actions over one survey of the workspace: `metrics` puts the table of functions into the
 * output, `review` reports findings. Both parse each file once and keep one file in memory.
 */

#include "review.h"
#include "survey.h"

#define FUNCTIONS_MAX 400000 /* rows of one output: what fits into its 64 MiB */
#define RULES_OFF_MAX 64

LINHAY_MANIFEST("agent.json")

static int output(struct linhay_run *r, json_t *value)
{
        _cleanup_(freep) char *text = json_dumps(value, JSON_COMPACT);

        if (!text)
                return linhay_fail(r, LINHAY_FAIL_INTERNAL, "no-memory", "the output does not fit");
        return linhay_output(r, text, strlen(text));
}

static int survey_failed(struct linhay_run *r, int error)
{
        if (error == -ECANCELED)
                return linhay_fail(r, LINHAY_FAIL_TRANSIENT, "cancelled", "the run was cancelled");
        return linhay_fail(r, LINHAY_FAIL_INTERNAL, "survey-failed",
                           "the workspace could not be surveyed: %s", strerror(-error));
}

/* ---- metrics ---- */

struct table {
        json_t *functions;
        uint64_t cyclomatic, cognitive, nloc;
        bool is_full;
};

static int add_function(struct table *t, const struct source *s, const struct function_row *f)
{
        json_t *row = json_pack("{so so si si si si si si si}", "path", json_text(s->path), "name",
                                json_text(f->name), "line", (int) f->line, "end_line",
                                (int) f->end_line, "cyclomatic", (int) f->cyclomatic, "cognitive",
                                (int) f->cognitive, "nloc", (int) f->nloc, "params",
                                (int) f->params, "nesting", (int) f->nesting);

        return row && json_array_append_new(t->functions, row) == 0 ? 0 : -ENOMEM;
}

static int tabulate(void *owner, const struct source *s, const struct metrics *m)
{
        struct table *t = owner;
        int r = 0;

        t->nloc += m->nloc;
        for (size_t i = 0; r >= 0 && i < m->n_rows; i++) {
                t->cyclomatic += m->rows[i].cyclomatic;
                t->cognitive += m->rows[i].cognitive;
                if (json_array_size(t->functions) >= FUNCTIONS_MAX)
                        t->is_full = true;
                else
                        r = add_function(t, s, &m->rows[i]);
        }
        return r;
}

static int action_metrics(struct linhay_run *run)
{
        _cleanup_(survey_close) struct survey survey = { 0 };
        struct table table = { .functions = json_array() };
        _cleanup_(json_decrefp) json_t *value = json_object();
        int r = survey_open(&survey, run);

        (void) json_object_set_new(value, "functions", table.functions);
        if (r >= 0)
                r = survey_run(&survey, tabulate, &table);
        if (r >= 0)
                r = json_object_set_new(
                        value, "totals",
                        json_pack("{sI sI sI sI sI sb}", "files", (json_int_t) survey.files,
                                  "functions", (json_int_t) survey.functions, "nloc",
                                  (json_int_t) table.nloc, "cyclomatic",
                                  (json_int_t) table.cyclomatic, "cognitive",
                                  (json_int_t) table.cognitive, "truncated", table.is_full));
        if (r >= 0)
                r = survey_report(&survey, value);
        if (r < 0)
                return survey_failed(run, r);
        return output(run, value);
}

/* ---- review ---- */

struct reviewing {
        struct review review;
        struct survey *survey;
};

static int review_one(void *owner, const struct source *s, const struct metrics *m)
{
        struct reviewing *rv = owner;
        int r = review_source(&rv->review, s, m);

        if (r > 0 && !s->has_errors)
                survey_partly(rv->survey, s->path);
        return r;
}

static void read_thresholds(struct linhay_run *run, struct thresholds *t)
{
        *t = (struct thresholds){
                .cyclomatic = linhay_input_int(run, "/max_cyclomatic", 15),
                .cognitive = linhay_input_int(run, "/max_cognitive", 15),
                .function_lines = linhay_input_int(run, "/max_function_lines", 100),
                .parameters = linhay_input_int(run, "/max_parameters", 7),
                .nesting = linhay_input_int(run, "/max_nesting", 4),
        };
}

/* The input `rules_off`; the strings belong to *ret_list. */
static void read_rules_off(struct linhay_run *run, json_t **ret_list,
                           const char *off[RULES_OFF_MAX + 1], struct thresholds *t)
{
        const char *text;
        size_t length, i, n = 0;
        json_t *item;

        if (linhay_input(run, "/rules_off", &text, &length) < 0)
                return;
        *ret_list = json_loadb(text, length, 0, NULL);
        json_array_foreach (*ret_list, i, item)
                if (n < RULES_OFF_MAX && json_is_string(item))
                        off[n++] = json_string_value(item);

        const struct {
                const char *rule;
                int64_t *max;
        } limits[] = {
                { "complexity/cyclomatic", &t->cyclomatic },
                { "complexity/cognitive", &t->cognitive },
                { "complexity/nesting", &t->nesting },
                { "size/function-lines", &t->function_lines },
                { "size/parameters", &t->parameters },
        };
        for (size_t l = 0; l < ARRAY_SIZE(limits); l++)
                for (size_t o = 0; o < n; o++)
                        if (review_is_named(limits[l].rule, off[o]))
                                *limits[l].max = 0;
}

static json_t *severities(const struct review *review)
{
        const uint64_t *n = review->by_severity;

        return json_pack("{sI sI sI sI sI}", "critical", (json_int_t) n[LINHAY_SEVERITY_CRITICAL],
                         "high", (json_int_t) n[LINHAY_SEVERITY_HIGH], "medium",
                         (json_int_t) n[LINHAY_SEVERITY_MEDIUM], "low",
                         (json_int_t) n[LINHAY_SEVERITY_LOW], "info",
                         (json_int_t) n[LINHAY_SEVERITY_INFO]);
}

static int review_report(struct linhay_run *run, struct survey *survey, const struct review *review)
{
        _cleanup_(json_decrefp) json_t *value =
                json_pack("{sI sI so}", "files", (json_int_t) survey->files, "functions",
                          (json_int_t) survey->functions, "findings", severities(review));
        int r = value ? survey_report(survey, value) : -ENOMEM;

        if (r < 0)
                return survey_failed(run, r);
        if (review->is_full)
                linhay_log(run, LINHAY_WARNING,
                           "the limit of findings was reached: later ones are not in the report");
        return output(run, value);
}

static int action_review(struct linhay_run *run)
{
        _cleanup_(survey_close) struct survey survey = { 0 };
        struct reviewing rv = { .survey = &survey };
        _cleanup_(json_decrefp) json_t *list = NULL;
        const char *off[RULES_OFF_MAX + 1] = { 0 };
        char error[256] = "out of memory";
        int r;

        read_thresholds(run, &rv.review.thresholds);
        read_rules_off(run, &list, off, &rv.review.thresholds);
        r = survey_open(&survey, run);
        if (r >= 0 && (r = review_open(&rv.review, run, off, error)) < 0)
                linhay_log(run, LINHAY_ERROR, "%s", error);
        if (r >= 0)
                r = survey_run(&survey, review_one, &rv);
        r = r < 0 ? survey_failed(run, r) : review_report(run, &survey, &rv.review);
        review_close(&rv.review);
        return r;
}

static const struct {
        const char *name;
        int (*run)(struct linhay_run *run);
} actions[] = {
        { "metrics", action_metrics },
        { "review", action_review },
};

static int run_action(struct linhay_run *r)
{
        for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
                if (strcmp(r->action, actions[i].name) == 0)
                        return actions[i].run(r);
        return linhay_fail(r, LINHAY_FAIL_INPUT, "unknown-action", "there is no action %s",
                           r->action);
}

LINHAY_AGENT(.run = run_action)
