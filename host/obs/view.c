/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/view.h"

#include "base/unit.h"
#include "obs/standard.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static const struct {
        const char *state; /* of the run */
        enum outcome outcome;
} outcomes[] = {
        { "succeeded", OUTCOME_PASSED },    { "failed", OUTCOME_FAILED },
        { "cancelled", OUTCOME_CANCELLED }, { "waiting_approval", OUTCOME_WAITING },
        { "running", OUTCOME_RUNNING },     { "queued", OUTCOME_RUNNING },
};

static const char *const words[OUTCOMES_] = {
        [OUTCOME_PASSED] = "passed",       [OUTCOME_FINDINGS] = "findings",
        [OUTCOME_WAITING] = "waiting",     [OUTCOME_FAILED] = "failed",
        [OUTCOME_CANCELLED] = "cancelled", [OUTCOME_RUNNING] = "running",
        [OUTCOME_STOPPED] = "stopped",
};

const char *view_text(const json_t *object, const char *member)
{
        const char *text = json_string_value(json_object_get(object, member));

        return text ? text : "";
}

uint64_t view_number(const json_t *object, const char *member)
{
        json_int_t n = json_integer_value(json_object_get(object, member));

        return n > 0 ? (uint64_t) n : 0;
}

uint64_t view_step_ms(const json_t *step)
{
        uint64_t sum = 0;
        json_t *attempt;
        size_t i;

        json_array_foreach (json_object_get(step, "attempts"), i, attempt)
                sum += view_number(json_object_get(attempt, "usage"), "wall_ms");
        return sum;
}

const char *view_step_reason(const json_t *step)
{
        const json_t *approval = json_object_get(step, "approval");

        if (strcmp(view_text(step, "state"), "held") == 0 &&
            strcmp(view_text(approval, "state"), "approved") == 0)
                return "its changes are approved and not in the tree yet";
        return view_text(step, "reason");
}

const char *view_step_why(const json_t *step)
{
        const json_t *attempts = json_object_get(step, "attempts"), *last;
        const char *reason = view_step_reason(step);

        if (*reason)
                return reason;
        last = json_array_get(attempts, json_array_size(attempts) - 1);
        return view_text(json_object_get(last, "error"), "message");
}

void view_step_masked(char *ret, size_t size, const json_t *step)
{
        uint64_t sum = 0;
        json_t *attempt;
        size_t i;

        json_array_foreach (json_object_get(step, "attempts"), i, attempt)
                sum += view_number(attempt, "redacted");
        *ret = '\0';
        if (sum)
                (void) snprintf(ret, size,
                                "%" PRIu64 " %s a granted secret was masked in what %s said", sum,
                                view_plural(sum, "time", "times"), view_text(step, "id"));
}

void view_time(char *ret, size_t size, uint64_t ms)
{
        time_t seconds = (time_t) (ms / 1000);
        struct tm t;

        if (!gmtime_r(&seconds, &t) || strftime(ret, size, "%Y-%m-%d %H:%M:%S UTC", &t) == 0)
                (void) snprintf(ret, size, "?");
}

void view_took(char *ret, size_t size, const struct view *v)
{
        char took[32];

        *ret = '\0';
        duration_format(took, sizeof(took), v->took_ms);
        if (v->is_ended)
                (void) snprintf(ret, size, ", took %s", took);
        else if (v->took_ms > 0)
                (void) snprintf(ret, size, ", %s so far", took);
}

const char *view_plural(size_t n, const char *one, const char *many)
{
        return n == 1 ? one : many;
}

char *view_standards(const struct view_group *g)
{
        _cleanup_(buf_done) struct buf text = { 0 };

        if (buf_puts(&text, "") < 0 || standards_write(&text, g->findings[0]) < 0)
                return NULL;
        return buf_take(&text);
}

void view_place(char *ret, size_t size, const json_t *finding)
{
        uint64_t line = view_number(finding, "line"), column = view_number(finding, "column");
        const char *path = view_text(finding, "path");

        if (line && column)
                (void) snprintf(ret, size, "%s:%" PRIu64 ":%" PRIu64, path, line, column);
        else if (line)
                (void) snprintf(ret, size, "%s:%" PRIu64, path, line);
        else
                (void) snprintf(ret, size, "%s", path);
}

static bool has_tag(const json_t *finding, const char *wanted)
{
        json_t *tag;
        size_t i;

        json_array_foreach (json_object_get(finding, "tags"), i, tag)
                if (json_is_string(tag) && strcmp(json_string_value(tag), wanted) == 0)
                        return true;
        return false;
}

/* Within a group the findings outside tests come first, so the first one tells of all. */
static int group_rank(const struct view_group *g)
{
        return finding_has_context(g->findings[0])          ? 2
               : has_tag(g->findings[0], "maintainability") ? 1
                                                            : 0;
}

static int compare_groups(const void *a, const void *b)
{
        const struct view_group *x = a, *y = b;
        int d = (int) y->severity - (int) x->severity;

        if (d == 0)
                d = group_rank(x) - group_rank(y);
        return d ? d : strcmp(x->rule, y->rule);
}

static int groups_make(struct view *v)
{
        v->groups = calloc(v->tally.n + 1, sizeof(*v->groups));
        if (!v->groups)
                return -ENOMEM;

        for (size_t i = 0; i < v->tally.n; i++) {
                const json_t *f = v->tally.findings[i];
                struct view_group *g = v->n_groups ? &v->groups[v->n_groups - 1] : NULL;

                v->n_in_context += finding_has_context(f);
                if (g && g->severity == finding_severity(f) &&
                    strcmp(g->rule, view_text(f, "rule")) == 0) {
                        g->n++;
                        if (strcmp(view_text(g->findings[0], "message"), view_text(f, "message")))
                                g->is_uniform = false;
                        continue;
                }
                v->groups[v->n_groups++] = (struct view_group){
                        .severity = finding_severity(f),
                        .rule = view_text(f, "rule"),
                        .findings = &v->tally.findings[i],
                        .n = 1,
                        .is_uniform = true,
                };
        }
        if (v->n_groups > 0)
                qsort(v->groups, v->n_groups, sizeof(*v->groups), compare_groups);
        return focus_make(&v->focus, &v->tally, v->groups, v->n_groups);
}

static const json_t *step_in_state(const struct view *v, const char *state)
{
        json_t *step;
        size_t i;

        json_array_foreach (json_object_get(v->document, "steps"), i, step)
                if (strcmp(view_text(step, "state"), state) == 0)
                        return step;
        return NULL;
}

static void findings_judge(struct view *v)
{
        const char *least = view_text(v->document, "fail_on");
        enum severity s;
        size_t n;

        if (severity_from_name(&s, least) < 0) {
                (void) snprintf(v->sentence, sizeof(v->sentence),
                                "every step succeeded; findings do not fail this workflow");
                return;
        }
        n = tally_at_least(&v->tally, s);
        if (n > 0) {
                v->outcome = OUTCOME_FINDINGS;
                (void) snprintf(v->sentence, sizeof(v->sentence),
                                "%zu of %zu %s %s the threshold \"%s\"; every step succeeded", n,
                                v->tally.n, view_plural(v->tally.n, "finding", "findings"),
                                view_plural(n, "reaches", "reach"), least);
        } else {
                (void) snprintf(v->sentence, sizeof(v->sentence),
                                "every step succeeded, no finding reaches the threshold \"%s\"",
                                least);
        }
}

static uint64_t asked_at(const json_t *step)
{
        return view_number(json_object_get(step, "approval"), "requested_at");
}

/* A step that its host's death interrupted asks whether it may run again, and shows no changes. */
static bool has_changes(const json_t *held)
{
        const char *asked = view_text(json_object_get(held, "approval"), "sha256");

        return strcmp(view_text(json_object_get(held, "changeset"), "sha256"), asked) == 0;
}

static void waiting_judge(struct view *v, const json_t *held)
{
        char since[32];

        view_time(since, sizeof(since), asked_at(held));
        (void) snprintf(v->sentence, sizeof(v->sentence), "step %s waits for a person to %s%s%s",
                        view_text(held, "id"),
                        has_changes(held) ? "approve its changes"
                                          : "let it run again, because its host died while it ran",
                        asked_at(held) ? ", since " : "", asked_at(held) ? since : "");
}

/* A step that runs a workflow whose own run has not ended, or NULL. */
static const json_t *step_with_child(const struct view *v)
{
        json_t *step;
        size_t i;

        json_array_foreach (json_object_get(v->document, "steps"), i, step)
                if (*view_text(step, "child") && strcmp(view_text(step, "state"), "running") == 0)
                        return step;
        return NULL;
}

/* What waits for a decision in the run of a step, or deeper: {run, step, item}; or NULL. */
static const json_t *pending_inside(const struct view *v)
{
        json_t *step;
        size_t i;

        json_array_foreach (json_object_get(v->document, "steps"), i, step)
                if (json_array_size(json_object_get(step, "pending")) > 0)
                        return json_array_get(json_object_get(step, "pending"), 0);
        return NULL;
}

static void outcome_judge(struct view *v)
{
        const json_t *outer = step_with_child(v);
        const char *state = view_text(v->document, "state");
        const json_t *failed = step_in_state(v, "failed"), *held = step_in_state(v, "held");

        v->outcome = OUTCOME_RUNNING;
        for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++)
                if (strcmp(outcomes[i].state, state) == 0)
                        v->outcome = outcomes[i].outcome;

        if (v->outcome == OUTCOME_RUNNING && json_is_true(json_object_get(v->document, "stopped")))
                v->outcome = OUTCOME_STOPPED;

        if (v->outcome == OUTCOME_PASSED)
                findings_judge(v);
        else if (v->outcome == OUTCOME_STOPPED)
                (void) snprintf(
                        v->sentence, sizeof(v->sentence),
                        "no engine carries the run; nothing is lost, and it can be resumed");
        else if (v->outcome == OUTCOME_FAILED && failed)
                (void) snprintf(v->sentence, sizeof(v->sentence), "step %s failed: %s",
                                view_text(failed, "id"), view_step_why(failed));
        else if (v->outcome == OUTCOME_WAITING && held)
                waiting_judge(v, held);
        else if (v->outcome == OUTCOME_WAITING && outer)
                (void) snprintf(v->sentence, sizeof(v->sentence),
                                "step %s waits for a person to approve changes of its run %s",
                                view_text(outer, "id"), view_text(outer, "child"));
        else
                (void) snprintf(v->sentence, sizeof(v->sentence), "the run is %s", state);
        v->word = words[v->outcome];
}

/* --store DIR as a shell takes it; nothing where the run is found without. */
static int where_make(struct buf *ret, const char *store)
{
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789/._-+,:@%=";
        int r;

        if (!store)
                return 0;
        if (strspn(store, plain) == strlen(store))
                return buf_printf(ret, " --store %s", store);
        r = buf_puts(ret, " --store '");
        for (const char *at = store; r >= 0 && *at; at++)
                r = *at == '\'' ? buf_puts(ret, "'\\''") : buf_putc(ret, *at);
        return r < 0 ? r : buf_putc(ret, '\'');
}

__attribute__((format(printf, 2, 3))) static int suggest(struct view *v, const char *format, ...)
{
        size_t n = 0;
        va_list args;
        int r;

        while (n < ARRAY_SIZE(v->next) && v->next[n])
                n++;
        if (n == ARRAY_SIZE(v->next))
                return 0;
        va_start(args, format);
        r = vasprintf(&v->next[n], format, args);
        va_end(args);
        if (r < 0)
                v->next[n] = NULL;
        return r < 0 ? -ENOMEM : 0;
}

static int approval_suggest(struct view *v, const char *run, const char *of, const char *step,
                            const char *where, bool shows_changes)
{
        int r = shows_changes ? suggest(v, "linhay diff %s/%s%s", of, step, where) : 0;

        return r < 0 ? r
                     : suggest(v, "linhay approve %s/%s%s && linhay run --resume %s%s", of, step,
                               where, run, where);
}

/* What to do about the way in which the run ended or waits. */
static int outcome_suggest(struct view *v, const char *run, const char *where)
{
        const json_t *failed = step_in_state(v, "failed"), *held = step_in_state(v, "held"),
                     *outer = step_with_child(v), *inside = pending_inside(v);

        if (v->outcome == OUTCOME_WAITING && held)
                return approval_suggest(v, run, run, view_text(held, "id"), where,
                                        has_changes(held));
        if (v->outcome == OUTCOME_WAITING && inside)
                return approval_suggest(v, run, view_text(inside, "run"), view_text(inside, "step"),
                                        where, true);
        if (v->outcome == OUTCOME_WAITING && outer)
                return suggest(v, "linhay report %s%s", view_text(outer, "child"), where);
        if (v->outcome == OUTCOME_FAILED && failed && *view_text(failed, "child"))
                return suggest(v, "linhay report %s%s", view_text(failed, "child"), where);
        if (v->outcome == OUTCOME_FAILED && failed)
                return suggest(v, "linhay logs %s/%s%s", run, view_text(failed, "id"), where);
        return v->outcome == OUTCOME_STOPPED ? suggest(v, "linhay run --resume %s%s", run, where)
                                             : 0;
}

static int next_suggest(struct view *v, const char *store)
{
        _cleanup_(buf_done) struct buf where = { 0 };
        const char *run = view_text(v->document, "run");
        int r = where_make(&where, store);

        if (r >= 0)
                r = outcome_suggest(v, run, buf_text(&where));
        if (r >= 0 && v->tally.n > 0)
                r = suggest(v, "linhay report %s%s --format html >report.html", run,
                            buf_text(&where));
        if (r >= 0 && v->tally.n > 0)
                r = suggest(v, "linhay report %s%s --all", run, buf_text(&where));
        return r;
}

/* A run that waits or goes on has no end; its steps have, or have asked. */
static uint64_t last_end(const json_t *document)
{
        uint64_t last = 0;
        json_t *step;
        size_t i;

        json_array_foreach (json_object_get(document, "steps"), i, step)
                last = MAX_OF(last, MAX_OF(view_number(step, "ended"), asked_at(step)));
        return last;
}

int view_make(struct view *ret, const json_t *document, const char *store, struct err *err)
{
        struct view v = { .document = document };
        uint64_t started = view_number(document, "started"), ended = view_number(document, "ended");
        int r;

        r = tally_make(&v.tally, document, err);
        if (r < 0)
                return r;
        r = groups_make(&v);
        if (r == 0)
                r = controls_find(&v.controls, document, &v.tally);
        if (r == 0)
                r = gaps_find(&v.gaps, document);
        if (r == 0) {
                v.not_looked_at = gaps_sentence(&v.gaps);
                r = v.not_looked_at ? 0 : -ENOMEM;
        }
        if (r < 0) {
                view_done(&v);
                return err_set(err, r, "out of memory");
        }
        v.is_ended = ended > 0;
        if (!v.is_ended)
                ended = last_end(document);
        v.took_ms = ended > started && started > 0 ? ended - started : 0;
        outcome_judge(&v);
        if (next_suggest(&v, store) < 0) {
                view_done(&v);
                return err_set(err, -ENOMEM, "out of memory");
        }
        *ret = v;
        return 0;
}

void view_done(struct view *v)
{
        tally_done(&v->tally);
        controls_done(&v->controls);
        gaps_done(&v->gaps);
        free(v->not_looked_at);
        free(v->groups);
        for (size_t i = 0; i < ARRAY_SIZE(v->next); i++)
                free(v->next[i]);
        *v = (struct view){ 0 };
}
