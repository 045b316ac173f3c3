/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include "flow/template.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>

static int dependents_link(struct run *run)
{
        for (size_t i = 0; i < run->n_steps; i++)
                for (size_t k = 0; k < run->steps[i].def->need_count; k++)
                        run->steps[run->steps[i].def->needs[k]].n_dependents++;

        for (size_t i = 0; i < run->n_steps; i++) {
                struct step *step = &run->steps[i];

                step->dependents = calloc(step->n_dependents + 1, sizeof(*step->dependents));
                if (!step->dependents)
                        return -ENOMEM;
                step->n_dependents = 0;
        }
        for (size_t i = 0; i < run->n_steps; i++) {
                struct step *step = &run->steps[i];

                for (size_t k = 0; k < step->def->need_count; k++) {
                        struct step *need = &run->steps[step->def->needs[k]];

                        need->dependents[need->n_dependents++] = step;
                }
        }
        return 0;
}

static int action_find(struct step *step, const struct flow *flow, struct err *err)
{
        const struct flow_step *def = step->def;
        int r;

        if (def->workflow && !flow_child(flow, def->workflow))
                return err_set(err, -ENOENT, "step %s: there is no workflow \"%s\"", def->id,
                               def->workflow);
        if (def->workflow)
                return 0;
        r = catalog_find(step->run->catalog, def->agent, &step->agent, err);
        if (r < 0)
                return err_wrap(err, r, "step %s", def->id);
        step->action = manifest_find(step->agent->manifest, def->action);
        if (!step->action)
                return err_set(err, -ENOENT, "step %s: agent %s has no action \"%s\"", def->id,
                               def->agent, def->action);
        if (step->action->workspace != WORKSPACE_NONE && step->run->workspace_fd < 0)
                return err_set(err, -EINVAL,
                               "step %s: %s/%s works on a tree, and none was given (--workspace)",
                               def->id, def->agent, def->action);
        return 0;
}

static int steps_make(struct run *run, struct flow *flow, struct err *err)
{
        run->steps = calloc(flow->step_count + 1, sizeof(*run->steps));
        if (!run->steps)
                return err_set(err, -ENOMEM, "no memory for the workflow's steps");
        run->n_steps = flow->step_count;
        for (size_t i = 0; i < run->n_steps; i++) {
                int r;

                run->steps[i] = (struct step){
                        .run = run, .def = &flow->steps[i], .item = -1, .verdict = -1
                };
                r = action_find(&run->steps[i], flow, err);
                if (r < 0)
                        return r;
                run->steps[i].lane = slot_lane(run->engine, run->steps[i].agent);
        }
        if (dependents_link(run) < 0)
                return err_set(err, -ENOMEM, "no memory for the workflow's steps");
        return 0;
}

static int workspace_open(struct run *run, const char *workspace, struct err *err)
{
        run->workspace_fd = -1;
        if (!workspace)
                return 0;
        run->workspace = strdup(workspace);
        run->workspace_fd = open(workspace, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (!run->workspace || run->workspace_fd < 0)
                return err_sys(err, -errno, "cannot open the tree %s", workspace);
        return 0;
}

int run_new(struct run **ret, struct engine *e, struct flow *flow, const char *id,
            struct line *line, const json_t *inputs, const char *workspace,
            struct standing *standing, struct err *err)
{
        _cleanup_(run_freep) struct run *run = calloc(1, sizeof(*run));
        int r;

        if (!run) {
                standing_done(standing, e);
                return err_set(err, -ENOMEM, "no memory for a run");
        }
        run->engine = e;
        run->catalog = catalog_ref(e->catalog);
        run->standing = *standing;
        *standing = (struct standing){ 0 };
        run->standing.most_runs = flow->runs;
        run->standing.per_key = flow->per_key;
        run->uid = e->options.identity.uid;
        run->exit_status = -1;
        run->left_ms = flow->timeout_ms;
        (void) snprintf(run->id, sizeof(run->id), "%s", id);
        run->line = line_ref(line);
        if (!line && line_new(&run->line, id) < 0)
                return err_set(err, -ENOMEM, "no memory for a run");
        r = workspace_open(run, workspace, err);
        if (r < 0)
                return r;
        run->inputs = inputs ? json_deep_copy(inputs) : json_object();
        run->ready = calloc(e->n_lanes, sizeof(*run->ready));
        if (!run->inputs || !run->ready)
                return err_set(err, -ENOMEM, "no memory for a run");
        r = steps_make(run, flow, err);
        if (r < 0)
                return r;
        run->flow = flow;
        *ret = TAKE(run);
        return 0;
}

static void step_done(struct step *step);

void step_items_free(struct step *step)
{
        for (size_t i = 0; step->items && i < step->n_items; i++)
                step_done(&step->items[i]);
        free(TAKE(step->items));
        json_decref(TAKE(step->elements));
}

static void step_done(struct step *step)
{
        step_items_free(step);
        each_ends_free(step->ends);
        if (step->run)
                loop_remove(step->run->engine->loop, &step->retry);
        child_forget(step);
        cache_look_free(step->look);
        json_decref(step->found);
        json_decref(step->output);
        json_decref(step->input);
        changeset_free(step->changes);
        free(step->dependents);
}

static void untouch(struct run *run)
{
        struct run **link = &run->engine->touched;

        while (*link && *link != run)
                link = &(*link)->touched_next;
        if (!*link)
                return;
        *link = run->touched_next;
        if (run->engine->touched_end == &run->touched_next)
                run->engine->touched_end = link;
}

struct run *run_free(struct run *run)
{
        if (!run)
                return NULL;
        slot_forget(run);
        untouch(run);
        loop_remove(run->engine->loop, &run->deadline);
        if (run->parent)
                run->parent->child = NULL;
        for (size_t i = 0; i < run->n_steps; i++)
                step_done(&run->steps[i]);
        free(run->steps);
        json_decref(run->inputs);
        catalog_free(run->catalog);
        free(run->submit_key);
        free(run->by);
        closep(&run->workspace_fd);
        free(run->workspace);
        flow_free(run->flow);
        standing_done(&run->standing, run->engine);
        free(run->ready);
        line_unref(run->line);
        free(run);
        return NULL;
}

struct step *run_find(struct run *run, const char *id, int item)
{
        ssize_t i = flow_find(run->flow, id);
        struct step *step;

        if (i < 0)
                return NULL;
        step = &run->steps[i];
        if (item < 0)
                return step;
        return step->items && (size_t) item < step->n_items ? &step->items[item] : NULL;
}

struct step_key step_key_of(const struct step *step)
{
        return (struct step_key){ .run = step->run->id, .step = step->def->id, .item = step->item };
}

struct batch *run_batch(const struct run *run)
{
        return commits_batch(run->engine->commits, run->line);
}

void run_effect(const struct run *run, commit_effect effect, void *owner, json_t *what)
{
        commits_effect(run->engine->commits, run->line, effect, owner, what);
}

void run_move(struct run *run, enum run_state state)
{
        assert(run_state_may(run->state, state));
        run->state = state;
        batch_run_state(run_batch(run), run->id, state, run->exit_status, 0);
        event_state(run);
        child_moved(run);
}

static size_t is_open(enum step_state state)
{
        return state == STEP_READY || state == STEP_RUNNING;
}

static void set_state(struct step *step, enum step_state state)
{
        assert(step_state_may(step->state, state));
        if (step->parent)
                step->parent->n_items_open += is_open(state) - is_open(step->state);
        step->state = state;
        step->is_fresh = false;
        run_touch(step->run);
}

void step_ready(struct step *step)
{
        struct engine *e = step->run->engine;

        set_state(step, STEP_READY);
        step->is_fresh = true;
        step->fresh_next = e->fresh;
        e->fresh = step;
        slot_ask(step);
}

static void record_ready(struct step *step)
{
        batch_step_state(run_batch(step->run), step_key_of(step), STEP_READY, step->verdict, NULL,
                         0);
        event_step(step, NULL);
}

void step_ready_record(struct engine *e)
{
        for (struct step *step = TAKE(e->fresh); step; step = step->fresh_next)
                if (step->is_fresh) {
                        step->is_fresh = false;
                        record_ready(step);
                }
}

void step_move(struct step *step, enum step_state state, const char *reason)
{
        set_state(step, state);
        batch_step_state(run_batch(step->run), step_key_of(step), state, step->verdict, reason, 0);
        event_step(step, reason);
        /* It waits for a person, and another item can have its place. */
        if (step->parent && state == STEP_HELD)
                each_feed(step->parent);
}

void run_touch(struct run *run)
{
        if (run->is_touched)
                return;
        run->is_touched = true;
        run->touched_next = NULL;
        *run->engine->touched_end = run;
        run->engine->touched_end = &run->touched_next;
        engine_poke(run->engine);
}

void step_queue_push(struct step_queue *q, struct step *step)
{
        if (step->is_queued)
                return;
        step->is_queued = true;
        step->next = NULL;
        if (q->last)
                q->last->next = step;
        else
                q->first = step;
        q->last = step;
}

struct step *step_queue_pop(struct step_queue *q)
{
        struct step *step = q->first;

        if (!step)
                return NULL;
        q->first = step->next;
        if (!q->first)
                q->last = NULL;
        step->is_queued = false;
        return step;
}

static json_t *findings_of(const struct step *step)
{
        json_t *counts = json_object();
        size_t total = 0;

        for (unsigned s = 0; counts && s < SEVERITIES_; s++) {
                (void) json_object_set_new(counts, severity_name(s),
                                           json_integer((json_int_t) step->findings[s]));
                total += step->findings[s];
        }
        (void) json_object_set_new(counts, "total", json_integer((json_int_t) total));
        return counts;
}

/* NULL where there is no such value. */
static json_t *step_field(const struct step *step, const char *field)
{
        if (strcmp(field, "output") == 0)
                return step->output ? json_incref(step->output) : NULL;
        if (strcmp(field, "state") == 0)
                return json_string(step_state_name(step->state));
        if (strcmp(field, "verdict") == 0)
                return step->verdict < 0 ? NULL : json_string(verdict_name(step->verdict));
        if (strcmp(field, "findings") == 0)
                return findings_of(step);
        if (strcmp(field, "changed") == 0)
                return json_boolean(step->is_changed);
        return NULL;
}

static json_t *scope_value(struct step *from, const char *root, const char *id, const char *field)
{
        struct run *run = from->run;
        struct step *step;

        if (strcmp(root, "inputs") == 0)
                return json_incref(run->inputs);
        if (strcmp(root, "run") == 0)
                return json_pack("{s:s}", "id", run->id);
        if (strcmp(root, "item") == 0)
                return from->element ? json_incref((json_t *) from->element) : NULL;
        if (strcmp(root, "index") == 0)
                return from->item < 0 ? NULL : json_integer(from->item);
        step = strcmp(root, "steps") == 0 && id ? run_find(run, id, -1) : NULL;
        return step && field ? step_field(step, field) : NULL;
}

static int scope_get(void *user, const char *root, const char *step, const char *field,
                     json_t **ret)
{
        json_t *value = scope_value(user, root, step, field);

        if (!value)
                return -ENOENT;
        *ret = value;
        return 0;
}

int run_resolve(struct step *step, const json_t *tree, json_t **ret, struct err *err)
{
        struct expr_scope scope = { .get = scope_get, .user = step };

        if (!tree) {
                *ret = json_object();
                return *ret ? 0 : err_set(err, -ENOMEM, "no memory for the inputs");
        }
        return template_resolve(tree, &scope, ret, err);
}

int run_condition(struct step *step, struct err *err)
{
        struct expr_scope scope = { .get = scope_get, .user = step };

        return step->def->when ? expr_condition(step->def->when, &scope, err) : 1;
}
