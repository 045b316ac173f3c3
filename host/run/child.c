/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include "flow/check.h"

#include <string.h>

/*
 * Steps that run a workflow
 *
 * Such a step has no attempt; it has a run of its own, its *child*, which is recorded in the batch
 * that makes the step `running` and whose end is recorded in the batch that ends the step. So in no
 * record is there a running step without its one living child, or a living child without its step.
 * A child takes no turn in the queue: what its parent holds is enough.
 */

/* A child that waits for a person keeps its parent from nothing but ending. */
void child_moved(struct run *child)
{
        bool is_busy = child->state != RUN_WAITING_APPROVAL && !run_state_is_final(child->state);

        if (!child->parent || is_busy == child->is_busy)
                return;
        child->is_busy = is_busy;
        child->parent->run->n_busy_children += is_busy ? 1 : -1;
        run_touch(child->parent->run);
}

static void link_to(struct run *child, struct step *step)
{
        child->parent = step;
        step->child = child;
        child_moved(child);
}

static void fail(struct step *step, enum verdict verdict, const char *code, const char *message)
{
        struct attempt_result r = {
                .verdict = verdict,
                .code = (char *) code,
                .message = (char *) message,
                .fail_class = -1,
                .exit_status = -1,
                .stderr_tail = (char *) "",
        };

        step_fail(step, &r);
}

/* The step's own time, where it has one, is the whole run's. */
static void time_limit(struct run *child, const struct step *step)
{
        uint64_t own = step->def->timeout_ms;

        if (own && (!child->left_ms || own < child->left_ms))
                child->left_ms = own;
}

static int child_make(struct run **ret, struct step *step, struct err *err)
{
        const struct flow *definition = flow_child(step->run->flow, step->def->workflow);
        _cleanup_(flow_freep) struct flow *flow = NULL;
        int r;

        r = definition ? flow_from_json(&flow, definition->json, err)
                       : err_set(err, -ENOENT, "there is no workflow \"%s\"", step->def->workflow);
        if (r == 0)
                r = flow_check_inputs(flow, step->input, err);
        if (r == 0)
                r = engine_child(ret, step, flow, step->input, err);
        if (r == 0)
                (void) TAKE(flow);
        return r;
}

void child_begin(struct step *step)
{
        char text[RUN_ID_SIZE + 8];
        struct err err = { 0 };
        struct run *child;
        int r;

        r = child_make(&child, step, &err);
        json_decref(TAKE(step->input));
        if (r < 0) {
                step_finish(step, STEP_FAILED, VERDICT_SCHEMA, err_text(&err));
                return;
        }
        step->verdict = -1;
        time_limit(child, step);
        link_to(child, step);
        (void) snprintf(text, sizeof(text), "run %s", child->id);
        step_move(step, STEP_RUNNING, text);
}

void child_stop(struct step *step)
{
        struct run *run = step->run, *child = step->child;

        child->is_timed_out |= run->is_timed_out;
        walk_cancel(child, run->stop);
}

/* What a step gives: what the workflow declares, or all that its steps gave. */
static int output_of(struct run *child, json_t **ret, struct err *err)
{
        struct step nobody = { .run = child, .item = -1 };
        _cleanup_(json_decrefp) json_t *steps = json_object();

        if (child->flow->outputs)
                return run_resolve(&nobody, child->flow->outputs, ret, err);
        for (size_t i = 0; i < child->n_steps; i++) {
                const struct step *step = &child->steps[i];

                if (step->output && json_object_set(steps, step->def->id, step->output) < 0)
                        return err_set(err, -ENOMEM, "no memory for the output");
        }
        *ret = json_pack("{s:O}", "steps", steps);
        return *ret ? 0 : err_set(err, -ENOMEM, "no memory for the output");
}

/* Counts, and the findings themselves, so that a report of the parent has them. */
static void findings_take(struct step *step, const struct run *child)
{
        _cleanup_(json_decrefp) json_t *findings = json_array();

        if (outcome_findings(child, findings) < 0)
                return;
        batch_findings(run_batch(step->run), step_key_of(step), findings);
        json_decref(step->found);
        step->found = step->run->parent ? json_incref(findings) : NULL;
        step_count_findings(step, findings);
        if (json_array_size(findings) > 0)
                event_findings(step);
}

static bool has_changed(const struct run *child)
{
        for (size_t i = 0; i < child->n_steps; i++)
                if (child->steps[i].is_changed)
                        return true;
        return false;
}

static void succeeded(struct step *step, struct run *child)
{
        char text[RUN_ID_SIZE + 8];
        struct err err = { 0 };
        json_t *output = NULL;

        if (output_of(child, &output, &err) < 0) {
                (void) err_wrap(&err, err.code, "outputs of run %s", child->id);
                step_finish(step, STEP_FAILED, VERDICT_SCHEMA, err_text(&err));
                return;
        }
        step->output = output;
        batch_output(run_batch(step->run), step_key_of(step), output);
        findings_take(step, child);
        (void) snprintf(text, sizeof(text), "run %s", child->id);
        step_finish(step, STEP_DONE, VERDICT_OK, text);
}

static void failed(struct step *step, const struct run *child)
{
        char text[RUN_ID_SIZE + STEP_ID_SIZE + 64];
        size_t i = 0;

        while (i < child->n_steps &&
               !(child->steps[i].state == STEP_FAILED && child->steps[i].is_bad))
                i++;
        if (child->is_timed_out)
                (void) snprintf(text, sizeof(text), "the time of run %s was up", child->id);
        else if (i < child->n_steps)
                (void) snprintf(text, sizeof(text), "run %s failed at its step %s", child->id,
                                child->steps[i].def->id);
        else
                (void) snprintf(text, sizeof(text), "run %s failed", child->id);
        fail(step, child->is_timed_out ? VERDICT_TIMEOUT : VERDICT_FAILED, "child-failed", text);
}

static void cancelled(struct step *step, const struct run *child)
{
        char text[RUN_ID_SIZE + 32];

        (void) snprintf(text, sizeof(text), "run %s was cancelled", child->id);
        if (walk_refuses(step))
                step_finish(step, STEP_CANCELLED, VERDICT_CANCELLED, text);
        else
                step_finish(step, STEP_FAILED, VERDICT_FAILED, text);
}

void child_ended(struct run *child)
{
        struct step *step = child->parent;

        if (!step)
                return;
        child_moved(child);
        child->parent = NULL;
        step->child = NULL;
        step->n_tries++;
        step->is_changed |= has_changed(child);
        if (child->state == RUN_SUCCEEDED)
                succeeded(step, child);
        else if (child->state == RUN_FAILED)
                failed(step, child);
        else
                cancelled(step, child);
        run_touch(step->run);
}

/* The newest run of a step; `ret_ended` counts those before it. */
static int newest_of(const struct step *step, const char **ret, json_t **ret_rows, struct err *err)
{
        size_t n;
        int r;

        r = store_children(step->run->engine->store, step_key_of(step), ret_rows, err);
        if (r < 0)
                return r;
        n = json_array_size(*ret_rows);
        if (n == 0)
                return err_set(err, -EBADMSG, "the record has no run of step %s of run %s",
                               step->def->id, step->run->id);
        *ret = json_string_value(json_object_get(json_array_get(*ret_rows, n - 1), "run"));
        return 0;
}

static int restore_one(struct step *step, struct err *err)
{
        _cleanup_(json_decrefp) json_t *rows = NULL;
        const char *id = NULL;
        struct run *child;
        int r;

        if (step->state != STEP_RUNNING)
                return 0;
        r = newest_of(step, &id, &rows, err);
        if (r == 0)
                r = resume_run(step->run->engine, id, step->run->line, &child, err);
        if (r < 0)
                return err_wrap(err, r, "step %s", step->def->id);
        step->n_tries = (unsigned) json_array_size(rows) - 1;
        time_limit(child, step);
        engine_link(step->run->engine, child);
        link_to(child, step);
        return 0;
}

int child_restore(struct run *run, struct err *err)
{
        for (size_t i = 0; i < run->n_steps; i++) {
                struct step *step = &run->steps[i];
                int r = 0;

                if (!step->def->workflow)
                        continue;
                for (size_t k = 0; k < step->n_items && r == 0; k++)
                        r = restore_one(&step->items[k], err);
                if (r == 0 && !step->def->for_each)
                        r = restore_one(step, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The parent is let go: its children stay, as runs of their own, until the engine ends. */
void child_forget(struct step *step)
{
        if (step->child)
                step->child->parent = NULL;
        step->child = NULL;
}
