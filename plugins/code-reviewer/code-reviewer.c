/* SPDX-License-Identifier: Apache-2.0 */

/*
 * code-reviewer
 *
 * Two actions over one survey of the workspace: `metrics` puts the table of functions into the
 * output, `review` reports findings. Both parse each file once and keep one file in memory.
 */

#include "review.h"
#include "survey.h"

#define FUNCTIONS_BYTES (60L * 1024 * 1024) /* of rows in one output, which may have 64 MiB */
#define RULES_OFF_MAX   64

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

/* The rows are written as text at once: as JSON values they would take ten times the memory. */
struct table {
        FILE *rows;
        uint64_t n_rows, cyclomatic, cognitive, nloc;
        bool is_full;
};

static char *quote(const char *text)
{
        _cleanup_(json_decrefp) json_t *value = json_text(text);

        return value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
}

static int add_function(struct table *t, const char *path, const struct function_row *f)
{
        _cleanup_(freep) char *name = quote(f->name);

        if (!name)
                return -ENOMEM;
        fprintf(t->rows,
                "%s{\"path\":%s,\"name\":%s,\"line\":%u,\"end_line\":%u,\"cyclomatic\":%u,"
                "\"cognitive\":%u,\"nloc\":%u,\"params\":%u,\"nesting\":%u}",
                t->n_rows++ ? "," : "", path, name, f->line, f->end_line, f->cyclomatic,
                f->cognitive, f->nloc, f->params, f->nesting);
        return 0;
}

static int tabulate(void *owner, const struct source *s, const struct metrics *m)
{
        _cleanup_(freep) char *path = quote(s->path);
        struct table *t = owner;
        int r = path ? 0 : -ENOMEM;

        t->nloc += m->nloc;
        for (size_t i = 0; r >= 0 && i < m->n_rows; i++) {
                t->cyclomatic += m->rows[i].cyclomatic;
                t->cognitive += m->rows[i].cognitive;
                if (ftell(t->rows) >= FUNCTIONS_BYTES)
                        t->is_full = true;
                else
                        r = add_function(t, path, &m->rows[i]);
        }
        return r;
}

static json_t *totals(const struct survey *survey, const struct table *t)
{
        return json_pack("{sI sI sI sI sI sb}", "files", (json_int_t) survey->files, "functions",
                         (json_int_t) survey->functions, "nloc", (json_int_t) t->nloc, "cyclomatic",
                         (json_int_t) t->cyclomatic, "cognitive", (json_int_t) t->cognitive,
                         "truncated", t->is_full);
}

/* The rows, and behind them the members of `rest`. */
static int metrics_output(struct linhay_run *run, struct table *t, char **text, size_t *length,
                          const json_t *rest)
{
        _cleanup_(freep) char *tail = json_dumps(rest, JSON_COMPACT);

        if (!tail)
                return survey_failed(run, -ENOMEM);
        fprintf(t->rows, "],%s", tail + 1);
        if (fclose(TAKE(t->rows)) != 0)
                return survey_failed(run, -ENOMEM);
        return linhay_output(run, *text, *length);
}

static int tabulate_all(struct linhay_run *run, struct survey *survey, struct table *t, char **text,
                        size_t *length)
{
        _cleanup_(json_decrefp) json_t *rest = json_object();
        int r = survey_open(survey, run);

        fputs("{\"functions\":[", t->rows);
        if (r >= 0)
                r = survey_run(survey, tabulate, t);
        if (r >= 0)
                r = json_object_set_new(rest, "totals", totals(survey, t));
        if (r >= 0)
                r = survey_report(survey, rest);
        return r < 0 ? survey_failed(run, r) : metrics_output(run, t, text, length, rest);
}

static int action_metrics(struct linhay_run *run)
{
        _cleanup_(survey_close) struct survey survey = { 0 };
        _cleanup_(freep) char *text = NULL;
        size_t length = 0;
        struct table table = { .rows = open_memstream(&text, &length) };
        int r;

        if (!table.rows)
                return survey_failed(run, -ENOMEM);
        r = tabulate_all(run, &survey, &table, &text, &length);
        if (table.rows)
                (void) fclose(table.rows);
        return r;
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
                        if (review_is_named(limits[l].rule, off[o]) ||
                            review_is_named(REVIEW_FUNCTION_RULE, off[o]))
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
                json_pack("{sI sI sI so}", "files", (json_int_t) survey->files, "functions",
                          (json_int_t) survey->functions, "waived", (json_int_t) review->n_waived,
                          "findings", severities(review));
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
