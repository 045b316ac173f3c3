/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "conf/suggest.h"
#include "flow/check.h"
#include "flow/order.h"
#include "run/run.h"

#include <string.h>

#define SUGGEST_AMONG_MAX 200

/* What is kept of a run that has ended, by its record and the definition that is to be run. */
struct again {
        struct engine *engine;
        const struct engine_retry *request;
        const json_t *document; /* of the run that has ended */
        const struct flow *old, *flow;
        struct order *order;
        bool *is_kept; /* of each step of `flow` */
        json_t *plan;
        json_t *rows; /* of what is kept, items too */
};

static const char *text_of(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}

static json_t *definition(const struct flow *f, size_t i)
{
        return json_array_get(json_object_get(f->json, "steps"), i);
}

/* The same step, and where it runs a workflow, the same workflow? */
static bool is_same_step(const struct again *a, size_t i)
{
        const char *name = a->flow->steps[i].workflow;
        ssize_t k = flow_find(a->old, a->flow->steps[i].id);

        if (k < 0 || !json_equal(definition(a->flow, i), definition(a->old, (size_t) k)))
                return false;
        return !name ||
               json_equal(json_object_get(json_object_get(a->flow->json, "workflows"), name),
                          json_object_get(json_object_get(a->old->json, "workflows"), name));
}

/* What gave the row its result; "" where nothing ran for it. */
static const char *agent_of(const json_t *row)
{
        const json_t *attempts = json_object_get(row, "attempts");
        size_t n = json_array_size(attempts);

        return n ? text_of(json_array_get(attempts, n - 1), "agent_sha256")
                 : text_of(json_object_get(row, "taken"), "agent_sha256");
}

static bool is_of(const json_t *row, const char *id)
{
        return strcmp(text_of(row, "id"), id) == 0;
}

static bool is_same_agent(const struct again *a, const struct flow_step *step)
{
        const struct agent *now;
        json_t *row;
        size_t i;

        if (step->workflow)
                return true;
        if (catalog_find(a->engine->catalog, step->agent, &now, NULL) < 0)
                return false;
        json_array_foreach (json_object_get(a->document, "steps"), i, row)
                if (is_of(row, step->id) && *agent_of(row) &&
                    strcmp(agent_of(row), now->sha256) != 0)
                        return false;
        return true;
}

static bool is_reverted_in(struct store *store, const json_t *document, const char *step, int depth)
{
        json_t *row;
        size_t i;

        json_array_foreach (json_object_get(document, "steps"), i, row) {
                _cleanup_(json_decrefp) json_t *child = NULL;

                if (step && !is_of(row, step))
                        continue;
                if (strcmp(text_of(json_object_get(row, "changeset"), "state"),
                           changeset_state_name(CHANGESET_REVERTED)) == 0)
                        return true;
                if (*text_of(row, "child") && depth < FLOW_DEPTH_MAX &&
                    store_run_document(store, text_of(row, "child"), 0, &child, NULL) == 0 &&
                    is_reverted_in(store, child, NULL, depth + 1))
                        return true;
        }
        return false;
}

/* A change that was taken back must be made again, also one of a run that the step ran. */
static bool is_reverted(const struct again *a, const struct flow_step *step)
{
        return is_reverted_in(a->engine->store, a->document, step->id, 1);
}

static const char *need_that_runs(const struct again *a, const struct flow_step *step)
{
        for (size_t k = 0; k < step->need_count; k++)
                if (!a->is_kept[step->needs[k]])
                        return a->flow->steps[step->needs[k]].id;
        return NULL;
}

/* Why the step must run, in `why`; "" where what it gave can be kept. */
static void judge(const struct again *a, size_t i, char *why, size_t size)
{
        const struct flow_step *step = &a->flow->steps[i];
        const json_t *row = resume_row(a->document, step->id, -1);
        const char *state = text_of(row, "state"), *need = need_that_runs(a, step);

        why[0] = '\0';
        if (a->request->from && strcmp(a->request->from, step->id) == 0)
                (void) snprintf(why, size, "it was named");
        else if (need)
                (void) snprintf(why, size, "it comes after %s", need);
        else if (!row)
                (void) snprintf(why, size, "it is new");
        else if (strcmp(state, step_state_name(STEP_DONE)) != 0 &&
                 strcmp(state, step_state_name(STEP_SKIPPED)) != 0)
                (void) snprintf(why, size, "it was %s",
                                strcmp(state, "failed") == 0 ? "not successful" : state);
        else if (!is_same_step(a, i))
                (void) snprintf(why, size, "its definition has changed");
        else if (a->request->flow && !is_same_agent(a, step))
                (void) snprintf(why, size, "its agent has changed");
        else if (is_reverted(a, step))
                (void) snprintf(why, size, "its change was rolled back");
}

static int rows_keep(struct again *a, const char *id)
{
        json_t *row;
        size_t i;

        json_array_foreach (json_object_get(a->document, "steps"), i, row)
                if (is_of(row, id) && json_array_append(a->rows, row) < 0)
                        return -ENOMEM;
        return 0;
}

static int plan_make(struct again *a, struct err *err)
{
        size_t n_runs = 0;

        /* Told in the order of the definition, worked out in that of the needs. */
        for (size_t k = 0; k < a->flow->step_count; k++)
                if (json_array_append_new(a->plan, json_null()) < 0)
                        return err_set(err, -ENOMEM, "no memory for a run");
        for (size_t k = 0; k < a->flow->step_count; k++) {
                size_t i = a->order->sorted[k];
                const char *id = a->flow->steps[i].id;
                char why[FLOW_NAME_MAX + 32];

                judge(a, i, why, sizeof(why));
                a->is_kept[i] = !*why;
                n_runs += !a->is_kept[i];
                if (json_array_set_new(a->plan, i,
                                       json_pack("{s:s, s:b, s:s*}", "step", id, "kept",
                                                 a->is_kept[i], "why", *why ? why : NULL)) < 0 ||
                    (a->is_kept[i] && rows_keep(a, id) < 0))
                        return err_set(err, -ENOMEM, "no memory for a run");
        }
        return n_runs ? 0
                      : err_set(err, -EALREADY,
                                "every step of run %s ended well: say where to begin "
                                "(--from STEP)",
                                a->request->run);
}

static int from_check(const struct again *a, struct err *err)
{
        const char *names[SUGGEST_AMONG_MAX + 1] = { NULL }, *from = a->request->from, *near;

        if (!from || flow_find(a->flow, from) >= 0)
                return 0;
        for (size_t i = 0; i < a->flow->step_count && i < SUGGEST_AMONG_MAX; i++)
                names[i] = a->flow->steps[i].id;
        near = suggest(from, names);
        return err_set(err, -ENOENT, "the workflow \"%s\" has no step \"%s\"%s%s%s", a->flow->name,
                       from, near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static int ended_check(const struct again *a, struct err *err)
{
        const char *state = text_of(a->document, "state"), *run = a->request->run;
        const json_t *parent = json_object_get(a->document, "parent");
        enum run_state s;

        if (json_is_object(parent))
                return err_set(
                        err, -EINVAL, "run %s is a part of run %s: linhay retry %s --from %s", run,
                        text_of(parent, "run"), text_of(parent, "run"), text_of(parent, "step"));
        if (run_state_from_name(&s, state) == 0 && run_state_is_final(s))
                return 0;
        if (engine_carries(a->engine, run))
                return err_set(err, -EBUSY,
                               "run %s is %s and has not ended: wait for it (linhay show %s), or "
                               "end it first: linhay cancel %s",
                               run, state, run, run);
        return err_set(err, -EBUSY, "run %s is %s and has not ended: linhay run --resume %s", run,
                       state, run);
}

static int again_plan(struct again *a, struct err *err)
{
        int r;

        r = ended_check(a, err);
        if (r == 0)
                r = from_check(a, err);
        if (r == 0)
                r = order_new(&a->order, a->flow, NULL, err);
        if (r < 0)
                return r;
        a->is_kept = calloc(a->flow->step_count + 1, sizeof(*a->is_kept));
        a->plan = json_array();
        a->rows = json_array();
        if (!a->is_kept || !a->plan || !a->rows)
                return err_set(err, -ENOMEM, "no memory for a run");
        return plan_make(a, err);
}

static int again_submit(struct again *a, struct flow *flow, char ret[RUN_ID_SIZE], struct err *err)
{
        const json_t *project = json_object_get(a->document, "project");
        int priority = (int) json_integer_value(json_object_get(a->document, "priority"));
        const struct engine_request request = {
                .flow = flow,
                .inputs = json_object_get(a->document, "inputs"),
                .workspace = json_string_value(json_object_get(a->document, "workspace")),
                .by = a->request->by,
                .project = json_string_value(project),
                .priority = &priority,
                .retry_of = a->request->run,
                .kept = a->rows,
        };

        return engine_submit(a->engine, &request, ret, err);
}

int engine_retry(struct engine *e, const struct engine_retry *request, char ret[RUN_ID_SIZE],
                 json_t **ret_plan, struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        _cleanup_(flow_freep) struct flow *old = NULL, *same = NULL;
        struct again a = { .engine = e, .request = request };
        int r;

        r = store_run_document(e->store, request->run, STORE_DOC_FLOW | STORE_DOC_FINDINGS,
                               &document, err);
        if (r == 0)
                r = resume_flow(&old, document, err);
        if (r == 0 && !request->flow)
                r = resume_flow(&same, document, err);
        if (r < 0)
                return r;
        a.document = document;
        a.old = old;
        a.flow = request->flow ? request->flow : same;
        r = again_plan(&a, err);
        if (r == 0)
                r = again_submit(&a, (struct flow *) a.flow, ret, err);
        if (r == 0)
                same = NULL; /* the run's now, as the caller's is */
        if (r == 0 && ret_plan)
                *ret_plan = json_incref(a.plan);
        order_free(a.order);
        free(a.is_kept);
        json_decref(a.plan);
        json_decref(a.rows);
        return r;
}

bool again_is_kept(const struct step *step)
{
        return step_state_is_final(step->state);
}

int again_restore(struct run *run, const struct engine_request *request, struct err *err)
{
        int r;

        if (!request->kept)
                return 0;
        r = resume_steps(run, request->kept, err);
        for (size_t i = 0; i < run->n_steps && r == 0; i++) {
                struct step *step = &run->steps[i];

                /* Attempts are of the run that made them. */
                step->n_begun = step->n_tries = 0;
                step->asked[0] = '\0';
                for (size_t k = 0; k < step->n_items; k++) {
                        step->items[k].n_begun = step->items[k].n_tries = 0;
                        step->items[k].asked[0] = '\0';
                }
        }
        return r;
}

static json_t *taken_of(const struct step *step, const json_t *row, const char *from)
{
        json_t *before = json_object_get(row, "taken");

        /* From where it was made, however often it was taken since. */
        if (json_is_object(before))
                return json_incref(before);
        return json_pack("{s:s, s:s, s:s, s:o, s:b, s:s}", "how", "retry", "run", from, "step",
                         step->def->id, "item",
                         step->item < 0 ? json_null() : json_integer(step->item), "changed",
                         step->is_changed, "agent_sha256", agent_of(row));
}

static void row_record(struct step *step, const struct engine_request *request)
{
        struct batch *b = run_batch(step->run);
        const json_t *row = TAKE(step->row);
        _cleanup_(json_decrefp) json_t *taken = taken_of(step, row, request->retry_of);
        struct step_key key = step_key_of(step);
        char reason[RUN_ID_SIZE + 32];

        batch_step_taken(b, key, taken);
        if (step->state == STEP_DONE)
                batch_output(b, key, step->output);
        batch_findings(b, key, json_object_get(row, "findings"));
        if (json_array_size(json_object_get(row, "findings")) > 0)
                event_findings(step);
        step_record_artifacts(step, json_object_get(row, "artifacts"));
        (void) snprintf(reason, sizeof(reason), "kept from run %s", request->retry_of);
        batch_step_state(b, key, step->state, step->verdict, reason, 0);
        event_step(step, reason);
}

void again_record(struct run *run, const struct engine_request *request)
{
        for (size_t i = 0; request->kept && i < run->n_steps; i++) {
                struct step *step = &run->steps[i];

                if (!again_is_kept(step))
                        continue;
                for (size_t k = 0; k < step->n_items; k++) {
                        batch_step(run_batch(run), step_key_of(&step->items[k]),
                                   &(struct batch_step){
                                           .agent = flow_step_agent(step->def),
                                           .action = flow_step_action(step->def),
                                           .position = (int) i,
                                           .state = STEP_READY,
                                   });
                        row_record(&step->items[k], request);
                }
                row_record(step, request);
                each_fold(step);
        }
}
