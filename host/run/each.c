/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include <inttypes.h>

#define END_DONE   1
#define END_COUNTS 2

struct each_ends {
        json_t *found;         /* array, null for an item without; NULL = there is nothing */
        unsigned char flags[]; /* of each item */
};

int each_make_items(struct step *step, json_t *elements)
{
        size_t n = json_array_size(elements);

        step->items = calloc(n + 1, sizeof(*step->items));
        if (!step->items)
                return -ENOMEM;
        step->elements = json_incref(elements);
        step->n_items = n;
        for (size_t i = 0; i < n; i++)
                step->items[i] = (struct step){
                        .run = step->run,
                        .def = step->def,
                        .item = (int) i,
                        .parent = step,
                        .element = json_array_get(elements, i),
                        .agent = step->agent,
                        .action = step->action,
                        .lane = step->lane,
                        .verdict = -1,
                };
        return 0;
}

int each_resolve(struct step *step, json_t **ret, struct err *err)
{
        _cleanup_(json_decrefp) json_t *elements = NULL;
        int r;

        r = run_resolve(step, step->def->for_each, &elements, err);
        if (r < 0)
                return err_wrap(err, r, "for_each");
        if (!json_is_array(elements))
                return err_set(err, -EINVAL, "for_each: it must give an array");
        if (json_array_size(elements) > FLOW_ITEMS_MAX)
                return err_set(err, -E2BIG, "for_each: %zu items are more than %d",
                               json_array_size(elements), FLOW_ITEMS_MAX);
        *ret = TAKE(elements);
        return 0;
}

static void record_items(struct step *step)
{
        batch_items(run_batch(step->run), step->run->id, step->def->id, step->n_items,
                    &(struct batch_step){
                            .agent = flow_step_agent(step->def),
                            .action = flow_step_action(step->def),
                            .position = (int) (step->def - step->run->flow->steps),
                            .state = STEP_WAITING,
                    });
}

void each_begin(struct step *step)
{
        _cleanup_(json_decrefp) json_t *elements = NULL;
        struct err err = { 0 };

        if (each_resolve(step, &elements, &err) < 0 || each_make_items(step, elements) < 0) {
                step_finish(step, STEP_FAILED, VERDICT_SCHEMA, err_text(&err));
                return;
        }
        step_move(step, STEP_RUNNING, NULL);
        record_items(step);
        if (step->n_items == 0)
                each_finish(step);
        else
                each_feed(step);
}

void each_feed(struct step *step)
{
        size_t most = step->def->max_parallel ? step->def->max_parallel : step->n_items;

        /* What cannot run yet stays waiting: a long list costs little until its turn comes. */
        while (step->n_items_fed < step->n_items &&
               step->n_items_fed < step->n_items_ended + most &&
               step->n_items_open < slot_most(step->run)) {
                struct step *item = &step->items[step->n_items_fed++];

                if (item->state != STEP_WAITING)
                        continue;
                step_ready(item);
        }
}

/* What the items gave, in order; null for one that gave nothing. */
static json_t *outputs_of(const struct step *step)
{
        json_t *outputs = json_array();

        for (size_t i = 0; outputs && i < step->n_items; i++) {
                json_t *output = step->items[i].output;

                (void) json_array_append_new(outputs, output ? json_incref(output) : json_null());
        }
        return outputs;
}

/* Takes from the items what references to the step may ask for. */
void each_sum(struct step *step)
{
        json_decref(step->output);
        step->output = outputs_of(step);
        for (unsigned s = 0; s < SEVERITIES_; s++) {
                step->findings[s] = 0;
                for (size_t i = 0; i < step->n_items; i++)
                        step->findings[s] += step->items[i].findings[s];
        }
        step->is_changed = false;
        for (size_t i = 0; i < step->n_items; i++)
                step->is_changed |= step->items[i].is_changed;
}

static size_t count(const struct step *step, enum step_state state)
{
        size_t n = 0;

        for (size_t i = 0; i < step->n_items; i++)
                n += step->items[i].state == state;
        return n;
}

/* How the first item ended that did not end well. */
static int verdict_of(const struct step *step, enum step_state state)
{
        for (size_t i = 0; i < step->n_items; i++)
                if (step->items[i].state == state && step->items[i].verdict >= 0)
                        return step->items[i].verdict;
        return -1;
}

/* Whatever was on its way for an item has happened before. */
static void effect_fold(void *owner, _unused_ json_t *what)
{
        each_fold(owner);
}

void each_finish(struct step *step)
{
        size_t n_failed = count(step, STEP_FAILED), n_cancelled = count(step, STEP_CANCELLED);
        char reason[96];

        each_sum(step);
        if (n_failed > 0) {
                (void) snprintf(reason, sizeof(reason), "%zu of %zu items failed", n_failed,
                                step->n_items);
                step_finish(step, STEP_FAILED, verdict_of(step, STEP_FAILED), reason);
        } else if (n_cancelled > 0) {
                (void) snprintf(reason, sizeof(reason), "%zu of %zu items were cancelled",
                                n_cancelled, step->n_items);
                step_finish(step, STEP_CANCELLED, -1, reason);
        } else {
                batch_output(run_batch(step->run), step_key_of(step), step->output);
                step_finish(step, STEP_DONE, VERDICT_OK, NULL);
        }
        run_effect(step->run, effect_fold, step, NULL);
}

void each_ended(struct step *item)
{
        struct step *step = item->parent;

        step->n_items_ended++;
        if (step->n_items_ended == step->n_items)
                each_finish(step);
        else
                each_feed(step);
}

struct each_ends *each_ends_free(struct each_ends *ends)
{
        if (ends)
                json_decref(ends->found);
        free(ends);
        return NULL;
}

bool each_is_done(const struct step *step, size_t item)
{
        if (step->ends)
                return step->ends->flags[item] & END_DONE;
        return step->items[item].state == STEP_DONE;
}

bool each_counts(const struct step *step, size_t item)
{
        if (step->ends)
                return step->ends->flags[item] & END_COUNTS;
        return step_at_threshold(&step->items[item]) > 0;
}

const json_t *each_found(const struct step *step, size_t item)
{
        if (!step->ends)
                return step->items[item].found;
        return step->ends->found ? json_array_get(step->ends->found, item) : NULL;
}

static bool has_queued(const struct step *step)
{
        for (size_t i = 0; i < step->n_items; i++)
                if (step->items[i].is_queued)
                        return true;
        return false;
}

static json_t *founds_of(const struct step *step)
{
        json_t *all = json_array();

        for (size_t i = 0; all && i < step->n_items; i++) {
                json_t *found = step->items[i].found;

                if (json_array_append_new(all, found ? json_incref(found) : json_null()) < 0) {
                        json_decref(all);
                        return NULL;
                }
        }
        return all;
}

void each_fold(struct step *step)
{
        struct each_ends *ends;

        if (!step->items || step->ends || has_queued(step))
                return;
        ends = calloc(1, sizeof(*ends) + step->n_items);
        if (!ends)
                return;
        /* What a child found is its parent's to tell. */
        ends->found = step->run->parent ? founds_of(step) : NULL;
        if (step->run->parent && !ends->found) {
                free(ends);
                return;
        }
        for (size_t i = 0; i < step->n_items; i++)
                ends->flags[i] = (unsigned char) ((each_is_done(step, i) ? END_DONE : 0) |
                                                  (each_counts(step, i) ? END_COUNTS : 0));
        step_items_free(step);
        step->ends = ends;
}
