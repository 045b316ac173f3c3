/* SPDX-License-Identifier: Apache-2.0 */
#include "sketch.h"

#include "cells.h"

#include <stdarg.h>
#include <string.h>

/* --- making -------------------------------------------------------------------------------- */

void sketch_step_id(char ret[SKETCH_ID], size_t i)
{
        (void) snprintf(ret, SKETCH_ID, "s%zu", i);
}

static void step_make(struct sketch_step *s, size_t at, struct chance *c)
{
        bool is_edit = chance_percent(c, 35);

        *s = (struct sketch_step){ .tries = 1 };
        s->work = is_edit ? (enum sketch_work)(1 + chance_below(c, 2)) : WORK_ECHO;
        for (size_t i = at; i > 0 && s->n_needs < ARRAY_SIZE(s->needs); i--)
                if (chance_percent(c, 40))
                        s->needs[s->n_needs++] = i - 1;
        if (s->n_needs && chance_percent(c, 25))
                s->when = (enum sketch_when) chance_below(c, WHENS_);
        if (s->n_needs && chance_percent(c, 30))
                s->reference = (enum sketch_reference) chance_below(c, REFERENCES_);
        if (!is_edit && chance_percent(c, 20))
                s->items = 1 + (unsigned) chance_below(c, 4);
        if (!is_edit && s->items == 0 && s->reference == REFERENCE_NONE)
                s->is_workflow = chance_percent(c, 25);
        s->max_parallel = (unsigned) chance_below(c, 3);
        if (chance_percent(c, 50))
                s->tries = 2 + (unsigned) chance_below(c, 3);
        s->continues = chance_percent(c, 20);
        s->is_always = chance_percent(c, 25);
        s->is_held = chance_percent(c, 20);
        s->is_rerun = chance_percent(c, 50);
        s->is_asked = chance_percent(c, 20);
        s->has_timeout = chance_percent(c, 30);
}

void sketch_make(struct sketch *ret, const char *name, struct chance *chance)
{
        *ret = (struct sketch){ .n_steps = 1 + chance_below(chance, SKETCH_STEPS) };
        (void) snprintf(ret->name, sizeof(ret->name), "%s", name);
        for (size_t i = 0; i < ret->n_steps; i++)
                step_make(&ret->steps[i], i, chance);
        ret->concurrency = (unsigned) chance_below(chance, 4);
        ret->has_key = chance_percent(chance, 30);
        ret->has_timeout = chance_percent(chance, 30);
}

static json_t *needs_to_json(const struct sketch_step *s)
{
        json_t *needs = json_array();
        char id[SKETCH_ID];

        for (size_t i = 0; i < s->n_needs; i++) {
                sketch_step_id(id, s->needs[i]);
                (void) json_array_append_new(needs, json_string(id));
        }
        return needs;
}

static json_t *inputs_to_json(const struct sketch_step *s, const char *id, const char *need)
{
        json_t *value = json_pack("{s:s, s:s}", "run", "${run.id}", "step", id);

        if (s->items)
                (void) json_object_set_new(value, "item", json_string("${index}"));
        if (s->reference == REFERENCE_STRICT)
                (void) json_object_set_new(value, "from",
                                           json_sprintf("${steps.%s.output.n}", need));
        if (s->reference == REFERENCE_DEFAULT)
                (void) json_object_set_new(value, "from",
                                           json_sprintf("${default(steps.%s.output.n, 0)}", need));
        return json_pack("{s:o}", "value", value);
}

/* What both kinds of steps have. */
static json_t *common_to_json(const struct sketch_step *s, const char *id)
{
        return json_pack("{s:s, s:o, s:{s:i, s:s, s:s}, s:s, s:b}", "id", id, "needs",
                         needs_to_json(s), "retry", "attempts", (int) s->tries, "backoff", "200ms",
                         "cap", "2s", "on_failure", s->continues ? "continue" : "fail", "always",
                         s->is_always);
}

/* A small workflow: one step that only looks, and one that changes the tree. */
static json_t *inner_to_json(void)
{
        return json_pack("{s:{s:[{s:s, s:s, s:s, s:{s:{s:s, s:s}}}, "
                         "{s:s, s:s, s:s, s:[s], s:s, s:{s:{s:s, s:s}}}]}}",
                         "inner", "steps", "id", "c0", "agent", "tester", "action", "echo",
                         "inputs", "value", "run", "${run.id}", "step", "c0", "id", "c1", "agent",
                         "tester", "action", "edit", "needs", "c0", "on_stale", "rerun", "inputs",
                         "value", "run", "${run.id}", "step", "c1");
}

static void when_to_json(const struct sketch_step *s, json_t *step, const char *need)
{
        char text[96] = "";

        if (s->when == WHEN_DONE)
                (void) snprintf(text, sizeof(text), "steps.%s.state == \"done\"", need);
        if (s->when == WHEN_HIGH)
                (void) snprintf(text, sizeof(text), "default(steps.%s.output.n, 0) > %d", need,
                                SKETCH_HIGH);
        if (s->when == WHEN_HIGH_OR_MISSING)
                (void) snprintf(text, sizeof(text), "steps.%s.output.n > %d", need, SKETCH_HIGH);
        if (*text)
                (void) json_object_set_new(step, "when", json_string(text));
}

static json_t *step_to_json(const struct sketch *p, size_t i)
{
        static const char *const actions[WORKS_] = { "echo", "edit", "edit-auto" };
        const struct sketch_step *s = &p->steps[i];
        char id[SKETCH_ID], need[SKETCH_ID];
        json_t *step;

        sketch_step_id(id, i);
        sketch_step_id(need, s->n_needs ? s->needs[0] : 0);
        step = common_to_json(s, id);
        if (s->is_workflow)
                (void) json_object_set_new(step, "workflow", json_string("inner"));
        else
                (void) json_object_update_new(
                        step,
                        json_pack("{s:s, s:s, s:o, s:s, s:s, s:b}", "agent", "tester", "action",
                                  actions[s->work], "inputs", inputs_to_json(s, id, need),
                                  "on_crash", s->is_held ? "hold" : "retry", "on_stale",
                                  s->is_rerun ? "rerun" : "fail", "approval", s->is_asked));
        when_to_json(s, step, need);
        if (s->has_timeout)
                (void) json_object_set_new(step, "timeout", json_string("300ms"));
        if (s->items) {
                json_t *items = json_array();

                for (unsigned k = 0; k < s->items; k++)
                        (void) json_array_append_new(items, json_integer(k));
                (void) json_object_set_new(step, "for_each", items);
                if (s->max_parallel)
                        (void) json_object_set_new(step, "max_parallel",
                                                   json_integer(s->max_parallel));
        }
        return step;
}

json_t *sketch_to_json(const struct sketch *p)
{
        json_t *steps = json_array(), *flow;

        for (size_t i = 0; i < p->n_steps; i++)
                (void) json_array_append_new(steps, step_to_json(p, i));
        flow = json_pack("{s:s, s:o, s:o}", "name", p->name, "steps", steps, "workflows",
                         inner_to_json());
        if (p->has_key)
                (void) json_object_set_new(flow, "concurrency",
                                           json_pack("{s:i, s:s, s:i}", "steps",
                                                     (int) p->concurrency + 1, "key", "turns",
                                                     "per_key", 1));
        else if (p->concurrency)
                (void) json_object_set_new(flow, "concurrency", json_integer(p->concurrency));
        if (p->has_timeout)
                (void) json_object_set_new(flow, "timeout", json_string("600ms"));
        return flow;
}

/* --- the model ----------------------------------------------------------------------------- */

/* One row of the record. */
struct row {
        const json_t *json;
        const char *state;
        const json_t *attempts;
};

struct model {
        const struct sketch *sketch;
        const json_t *document;
        bool is_stopped; /* somebody cancelled the run, or its time may have been up */
        struct row rows[SKETCH_STEPS];
        char fault[256];
};

_printf_(2, 3) static bool wrong(struct model *m, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        (void) vsnprintf(m->fault, sizeof(m->fault), format, args);
        va_end(args);
        return false;
}

static const char *text(const json_t *json, const char *key)
{
        const char *value = json_string_value(json_object_get(json, key));

        return value ? value : "";
}

static bool is(const struct row *row, const char *state)
{
        return strcmp(row->state, state) == 0;
}

static struct row row_find(const json_t *document, size_t step, int item)
{
        const json_t *rows = json_object_get(document, "steps"), *json;
        struct row row = { .state = "" };
        char id[SKETCH_ID];
        size_t i;

        sketch_step_id(id, step);
        json_array_foreach ((json_t *) rows, i, json) {
                const json_t *n = json_object_get(json, "item");

                if (strcmp(text(json, "id"), id) == 0 &&
                    (json_is_integer(n) ? (int) json_integer_value(n) : -1) == item)
                        row = (struct row){ json, text(json, "state"),
                                            json_object_get(json, "attempts") };
        }
        return row;
}

static bool is_bad(const struct model *m, size_t i);

static bool has_bad_need(const struct model *m, size_t i)
{
        const struct sketch_step *s = &m->sketch->steps[i];

        for (size_t k = 0; k < s->n_needs; k++)
                if (is_bad(m, s->needs[k]))
                        return true;
        return false;
}

static bool is_bad(const struct model *m, size_t i)
{
        const struct sketch_step *s = &m->sketch->steps[i];
        const struct row *row = &m->rows[i];

        if (is(row, "failed"))
                return !s->continues;
        if (is(row, "skipped"))
                return !s->is_always && has_bad_need(m, i);
        return is(row, "cancelled");
}

/* `steps.ID.output.n`, -1 where it is missing. */
static int output_of(const struct model *m, size_t i)
{
        const json_t *n = json_object_get(json_object_get(m->rows[i].json, "output"), "n");

        return is(&m->rows[i], "done") && n ? (int) json_integer_value(n) : -1;
}

/* 1 true, 0 false, -1 cannot be worked out. */
static int condition(const struct model *m, const struct sketch_step *s)
{
        int n = s->n_needs ? output_of(m, s->needs[0]) : -1;

        switch (s->when) {
        case WHEN_DONE:
                return is(&m->rows[s->needs[0]], "done");
        case WHEN_HIGH:
                return n > SKETCH_HIGH;
        case WHEN_HIGH_OR_MISSING:
                return n < 0 ? -1 : n > SKETCH_HIGH;
        default:
                return 1;
        }
}

static bool may_be_retried(const json_t *attempt)
{
        const char *verdict = text(attempt, "verdict");
        const char *code = text(json_object_get(attempt, "error"), "code");

        return (strcmp(verdict, "failed") == 0 && strcmp(code, CELLS_INPUT_FAULT) != 0) ||
               strcmp(verdict, "timeout") == 0 || strcmp(verdict, "signal") == 0;
}

struct tally {
        unsigned ended, good, lost;
        bool last_is_good, last_is_lost, last_may_retry;
};

/* Looks at every attempt; each but the last must have had a reason to be followed by another. */
static bool tally_make(struct model *m, const struct row *row, struct tally *t)
{
        const json_t *attempt;
        size_t i, n = json_array_size(row->attempts);

        json_array_foreach ((json_t *) row->attempts, i, attempt) {
                bool is_lost = json_is_null(json_object_get(attempt, "verdict"));
                bool is_good = strcmp(text(attempt, "verdict"), "ok") == 0;

                if (json_is_null(json_object_get(attempt, "ended")))
                        return wrong(m, "%s: attempt %zu never ended", text(row->json, "id"),
                                     i + 1);
                if (i + 1 < n && !is_lost && !is_good && !may_be_retried(attempt))
                        return wrong(m, "%s: tried again after %s", text(row->json, "id"),
                                     text(attempt, "verdict"));
                t->lost += is_lost;
                t->good += is_good;
                t->ended += !is_lost;
                t->last_is_good = is_good;
                t->last_is_lost = is_lost;
                t->last_may_retry = may_be_retried(attempt);
        }
        return true;
}

static bool check_failed(struct model *m, const struct sketch_step *s, const struct row *row,
                         const struct tally *t)
{
        const char *approval = text(json_object_get(row->json, "approval"), "state");
        const char *change = text(json_object_get(row->json, "changeset"), "state");
        const char *id = text(row->json, "id");
        unsigned tries = t->ended - (t->last_is_good ? t->good : t->good);

        if (t->last_is_good && strcmp(approval, "rejected") != 0 && strcmp(change, "stale") != 0)
                return wrong(m, "%s failed after a good attempt, unasked (%s)", id,
                             text(row->json, "reason"));
        if (!t->last_is_good && !t->last_is_lost && t->last_may_retry && !m->is_stopped &&
            tries + t->good < s->tries)
                return wrong(m, "%s failed after %u of %u tries", id, t->ended, s->tries);
        if (t->last_is_lost && strcmp(approval, "rejected") != 0 && t->lost < 3 && !m->is_stopped)
                return wrong(m, "%s failed because its host died", id);
        return true;
}

static bool check_ran(struct model *m, const struct sketch_step *s, const struct row *row)
{
        const char *id = text(row->json, "id");
        struct tally t = { 0 };

        if (!tally_make(m, row, &t))
                return false;
        if (t.good > (s->is_rerun && s->work != WORK_ECHO ? 4U : 1U))
                return wrong(m, "%s has %u good attempts", id, t.good);
        if (t.ended > s->tries + (t.good > 1 ? t.good - 1 : 0) + 1 ||
            t.ended - t.good > s->tries + t.good)
                return wrong(m, "%s was tried %u times", id, t.ended);
        if (is(row, "done") && !t.last_is_good)
                return wrong(m, "%s is done without a good attempt", id);
        if (is(row, "done") && json_is_null(json_object_get(row->json, "output")))
                return wrong(m, "%s is done without an output", id);
        if (is(row, "failed"))
                return check_failed(m, s, row, &t);
        if (!is(row, "done") && !(is(row, "cancelled") && m->is_stopped))
                return wrong(m, "%s is %s", id, row->state);
        return true;
}

/* A step that runs a workflow ends as its last child did. */
static bool check_child(struct model *m, const struct row *row)
{
        const char *child = text(json_object_get(row->json, "child"), "state");
        bool is_good = strcmp(child, "succeeded") == 0;

        if (is(row, "cancelled") && m->is_stopped)
                return true;
        if (json_array_size(row->attempts) > 0)
                return wrong(m, "%s runs a workflow, and has attempts", text(row->json, "id"));
        if (!is(row, is_good ? "done" : "failed"))
                return wrong(m, "%s is %s, and its child is %s", text(row->json, "id"), row->state,
                             child);
        return true;
}

/* It never had a turn: no attempt, and that state. */
static bool check_idle(struct model *m, const struct row *row, const char *state, const char *why)
{
        if (is(row, "cancelled") && m->is_stopped)
                return true;
        if (!is(row, state))
                return wrong(m, "%s is %s, and must be %s: %s", text(row->json, "id"), row->state,
                             state, why);
        if (json_array_size(row->attempts) > 0)
                return wrong(m, "%s has attempts: %s", text(row->json, "id"), why);
        return true;
}

static bool check_items(struct model *m, size_t i, bool fails)
{
        const struct sketch_step *s = &m->sketch->steps[i];
        const struct row *step = &m->rows[i];
        unsigned n_failed = 0, n_cancelled = 0;

        for (unsigned k = 0; k < s->items; k++) {
                struct row row = row_find(m->document, i, (int) k);

                if (!row.json && m->is_stopped && is(step, "cancelled"))
                        return true; /* before it began */
                if (!row.json)
                        return wrong(m, "item %u of %s is missing", k, text(step->json, "id"));
                if (!(fails ? check_idle(m, &row, "failed", "its input is missing")
                            : check_ran(m, s, &row)))
                        return false;
                n_failed += is(&row, "failed");
                n_cancelled += is(&row, "cancelled");
        }
        if (!is(step, n_failed ? "failed" : n_cancelled ? "cancelled" : "done"))
                return wrong(m, "%s is %s with %u items failed, %u cancelled",
                             text(step->json, "id"), step->state, n_failed, n_cancelled);
        return true;
}

static bool check_step(struct model *m, size_t i)
{
        const struct sketch_step *s = &m->sketch->steps[i];
        const struct row *row = &m->rows[i];
        bool fails =
                s->reference == REFERENCE_STRICT && s->n_needs > 0 && output_of(m, s->needs[0]) < 0;
        int when;

        if (!row->json)
                return wrong(m, "s%zu has no row", i);
        if (has_bad_need(m, i) && !s->is_always)
                return check_idle(m, row, "skipped", "it needs what went bad");
        when = condition(m, s);
        if (when <= 0)
                return check_idle(m, row, when < 0 ? "failed" : "skipped",
                                  when < 0 ? "its condition cannot be worked out"
                                           : "its condition is false");
        if (s->items)
                return check_items(m, i, fails);
        if (fails)
                return check_idle(m, row, "failed", "its input is missing");
        return s->is_workflow ? check_child(m, row) : check_ran(m, s, row);
}

static bool check_run(struct model *m)
{
        const char *state = text(m->document, "state");
        bool is_cancelled = !json_is_null(json_object_get(m->document, "cancel_requested"));
        json_int_t status = json_integer_value(json_object_get(m->document, "exit"));
        unsigned n_failed = 0, n_cancelled = 0;
        const char *want;

        for (size_t i = 0; i < m->sketch->n_steps; i++) {
                n_failed += is(&m->rows[i], "failed") && is_bad(m, i);
                n_cancelled += is(&m->rows[i], "cancelled");
        }
        if (is_cancelled)
                want = strcmp(state, "failed") == 0 && m->sketch->has_timeout ? state : "cancelled";
        else if (m->sketch->has_timeout && n_failed + n_cancelled == 0)
                want = strcmp(state, "failed") == 0 ? state : "succeeded";
        else
                want = n_failed + n_cancelled ? "failed" : "succeeded";
        if (strcmp(state, want) != 0)
                return wrong(m, "the run is %s, and must be %s: %u failed, %u cancelled", state,
                             want, n_failed, n_cancelled);
        if (status != (strcmp(state, "succeeded") == 0 ? 0 : 4))
                return wrong(m, "the run %s with exit status %d", state, (int) status);
        return true;
}

const char *sketch_check(const struct sketch *p, const json_t *document)
{
        static struct model m;
        bool is_right = true;

        m = (struct model){ .sketch = p, .document = document };
        m.is_stopped =
                p->has_timeout || !json_is_null(json_object_get(document, "cancel_requested"));
        for (size_t i = 0; i < p->n_steps; i++)
                m.rows[i] = row_find(document, i, -1);
        for (size_t i = 0; i < p->n_steps && is_right; i++)
                is_right = check_step(&m, i);
        if (is_right)
                is_right = check_run(&m);
        return is_right ? NULL : m.fault;
}
