/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

bool walk_refuses(const struct step *step)
{
        const struct run *run = step->run;

        if (run->engine->trouble < 0 || run->is_broken || run->stop == STOP_NOW)
                return true;
        return run->stop == STOP_ORDERLY && !step->def->always;
}

/* Steps that are not final yet and that `step` needs. */
static size_t pending_of(const struct step *step)
{
        size_t n = 0;

        for (size_t k = 0; k < step->def->need_count; k++)
                if (!step_state_is_final(step->run->steps[step->def->needs[k]].state))
                        n++;
        return n;
}

void walk_start(struct run *run)
{
        run->n_unfinished = 0;
        for (size_t i = 0; i < run->n_steps; i++) {
                struct step *step = &run->steps[i];

                if (!step_state_is_final(step->state))
                        run->n_unfinished++;
                step->n_pending = pending_of(step);
                if (step->state == STEP_WAITING && step->n_pending == 0)
                        step_queue_push(&run->ended_needs, step);
        }
        run_touch(run);
}

/* A need that went bad, or NULL. */
static const struct step *bad_need(const struct step *step)
{
        for (size_t k = 0; k < step->def->need_count; k++) {
                const struct step *need = &step->run->steps[step->def->needs[k]];

                if (need->is_bad)
                        return need;
        }
        return NULL;
}

bool walk_is_bad(const struct step *step)
{
        switch (step->state) {
        case STEP_FAILED:
                return step->def->on_failure != FLOW_FAILURE_CONTINUE;
        case STEP_SKIPPED:
                return !step->def->always && bad_need(step);
        case STEP_CANCELLED:
                return true;
        default:
                return false;
        }
}

void walk_ended(struct step *step)
{
        struct run *run = step->run;

        if (step->item >= 0) {
                each_ended(step);
                return;
        }
        run_touch(run);
        step->is_bad = walk_is_bad(step);
        if (step->state == STEP_FAILED && step->is_bad)
                run->has_failed = true;
        run->n_unfinished--;
        for (size_t i = 0; i < step->n_dependents; i++) {
                struct step *dependent = step->dependents[i];

                if (--dependent->n_pending == 0 && dependent->state == STEP_WAITING)
                        step_queue_push(&run->ended_needs, dependent);
        }
}

static void skip_for(struct step *step, const struct step *need)
{
        char reason[160];

        (void) snprintf(reason, sizeof(reason), "it needs %s, which was %s", need->def->id,
                        need->state == STEP_FAILED ? "not successful"
                                                   : step_state_name(need->state));
        step_finish(step, STEP_SKIPPED, -1, reason);
}

/* All that the step needs has ended: will it run? */
static void consider(struct step *step)
{
        const struct step *bad = bad_need(step);
        struct err err = { 0 };
        int r;

        if (step->state != STEP_WAITING)
                return;
        if (bad && !step->def->always) {
                skip_for(step, bad);
                return;
        }
        r = run_condition(step, &err);
        if (r < 0) {
                (void) err_wrap(&err, r, "when");
                step_finish(step, STEP_FAILED, VERDICT_SCHEMA, err_text(&err));
        } else if (r == 0) {
                step_finish(step, STEP_SKIPPED, -1, "its condition is false");
        } else {
                step_ready(step);
        }
}

static bool has_work(const struct run *run)
{
        return run->n_running > 0 || run->n_busy_children > 0 || run->n_retries > 0 ||
               run->n_deciding > 0 || run->n_ready > 0 || run->ended_needs.first;
}

static void clock_stop(struct run *run)
{
        uint64_t spent = clock_ms() - run->started_ms;

        if (!run->deadline.is_active)
                return;
        loop_remove(run->engine->loop, &run->deadline);
        run->left_ms = spent < run->left_ms ? run->left_ms - spent : 1;
}

static int on_deadline(struct loop_source *source, _unused_ uint32_t events)
{
        struct run *run = source->owner;

        /* Who is being cancelled already has no time left to lose. */
        if (run->stop == STOP_NO) {
                run->is_timed_out = true;
                walk_cancel(run, STOP_ORDERLY);
        }
        return 0;
}

static void clock_start(struct run *run)
{
        if (run->left_ms == 0 || run->deadline.is_active || run->stop != STOP_NO)
                return;
        run->started_ms = clock_ms();
        (void) loop_add_timer(run->engine->loop, &run->deadline, run->left_ms, on_deadline, run);
}

static void start(struct run *run)
{
        run->exit_status = -1;
        run_move(run, RUN_RUNNING);
}

static void conclude(struct run *run)
{
        clock_stop(run);
        if (run->state != RUN_RUNNING)
                start(run);
        run->exit_status = (int) outcome_exit(run);
        run_move(run, outcome_state(run));
        event_end(run);
        child_ended(run);
        engine_forget(run);
}

static void wait_for_person(struct run *run)
{
        clock_stop(run);
        run->exit_status = RUN_EXIT_WAITING;
        run_move(run, RUN_WAITING_APPROVAL);
        queue_touch(run->engine);
}

void walk_turn(struct run *run)
{
        struct step *step;

        if (run->engine->trouble < 0 || run->is_broken || run_state_is_final(run->state))
                return;
        if (has_work(run)) {
                if (run->state != RUN_RUNNING)
                        start(run);
                clock_start(run);
        }
        while ((step = step_queue_pop(&run->ended_needs)))
                consider(step);

        if (run->n_unfinished == 0)
                conclude(run);
        else if (!has_work(run) && run->state == RUN_RUNNING)
                wait_for_person(run);
}

bool walk_is_idle(const struct run *run)
{
        return run_state_is_final(run->state) ||
               (run->state == RUN_WAITING_APPROVAL && !has_work(run));
}

static void cancel_step(struct step *step);

static void cancel_items(struct step *step)
{
        /* No item is fed any more; the last one to end ends the step. */
        step->n_items_fed = step->n_items;
        for (size_t i = 0; i < step->n_items; i++)
                if (!step_state_is_final(step->items[i].state))
                        cancel_step(&step->items[i]);
}

static void cancel_step(struct step *step)
{
        struct run *run = step->run;
        const char *reason = run->is_timed_out ? "the run's time was up" : "the run was cancelled";

        if (step->retry.is_active) {
                loop_remove(run->engine->loop, &step->retry);
                run->n_retries--;
        }
        if (step->state == STEP_RUNNING && step->n_items > 0)
                cancel_items(step);
        else if (step->state == STEP_RUNNING && step->child)
                child_stop(step);
        else if (step->state == STEP_RUNNING)
                step_stop(step, run->is_timed_out ? VERDICT_TIMEOUT : VERDICT_CANCELLED,
                          run->stop == STOP_NOW ? 0 : run->engine->options.grace_ms);
        else if (step->state == STEP_HELD && step->is_deciding)
                return; /* the decision came first */
        else if (step->state == STEP_HELD)
                change_cancel(step, reason);
        else
                step_finish(step, STEP_CANCELLED, -1, reason);
}

void walk_cancel(struct run *run, enum run_stop stop)
{
        if (run_state_is_final(run->state) || run->is_broken || stop <= run->stop)
                return;
        run->stop = stop;
        run_touch(run);
        for (size_t i = 0; i < run->n_steps; i++)
                if (!step_state_is_final(run->steps[i].state) && walk_refuses(&run->steps[i]))
                        cancel_step(&run->steps[i]);
}
