/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include "base/json.h"
#include "flow/order.h"

#include <string.h>

enum run_state outcome_state(const struct run *run)
{
        if (run->is_timed_out || (run->has_failed && run->stop == STOP_NO))
                return RUN_FAILED;
        return run->stop == STOP_NO ? RUN_SUCCEEDED : RUN_CANCELLED;
}

size_t step_at_threshold(const struct step *step)
{
        size_t n = 0;

        for (unsigned s = step->run->flow->fail_on; s < SEVERITIES_; s++)
                n += step->findings[s];
        return n;
}

static bool is_same_work(const struct flow_step *a, const struct flow_step *b)
{
        if (strcmp(flow_step_agent(a), flow_step_agent(b)) != 0 ||
            strcmp(flow_step_action(a), flow_step_action(b)) != 0)
                return false;
        return a->inputs && b->inputs ? json_same(a->inputs, b->inputs) : a->inputs == b->inputs;
}

/* A step, or one of its items. */
static bool is_done(const struct step *step, int item)
{
        if (item < 0)
                return step->state == STEP_DONE;
        return (size_t) item < step->n_items && each_is_done(step, (size_t) item);
}

/* A later step has looked at the same again: what this one found may be mended (obs/tally.h). */
static bool is_replaced(const struct run *run, const struct order *order, size_t i, int item)
{
        for (size_t k = 0; order && k < run->n_steps; k++) {
                if (order_is_before(order, i, k) && is_done(&run->steps[k], item) &&
                    is_same_work(&run->flow->steps[i], &run->flow->steps[k]))
                        return true;
        }
        return false;
}

static bool has_findings(const struct run *run, const struct order *order, size_t i)
{
        const struct step *step = &run->steps[i];

        if (step->n_items == 0)
                return step_at_threshold(step) > 0 && !is_replaced(run, order, i, -1);
        for (size_t k = 0; k < step->n_items; k++)
                if (each_counts(step, k) && !is_replaced(run, order, i, (int) k))
                        return true;
        return false;
}

enum run_exit outcome_exit(const struct run *run)
{
        _cleanup_(order_freep) struct order *order = NULL;

        if (outcome_state(run) != RUN_SUCCEEDED)
                return RUN_EXIT_FAILED;
        /* Without memory for an order nothing counts as mended, which is the safe side. */
        (void) order_new(&order, run->flow, NULL, NULL);
        for (size_t i = 0; i < run->n_steps; i++)
                if (has_findings(run, order, i))
                        return RUN_EXIT_FINDINGS;
        return RUN_EXIT_OK;
}

static int found_add(json_t *into, const json_t *found)
{
        return json_is_array(found) ? json_array_extend(into, (json_t *) found) : 0;
}

int outcome_findings(const struct run *run, json_t *into)
{
        _cleanup_(order_freep) struct order *order = NULL;
        int r = 0;

        (void) order_new(&order, run->flow, NULL, NULL);
        for (size_t i = 0; i < run->n_steps && r == 0; i++) {
                const struct step *step = &run->steps[i];

                if (step->n_items == 0 && !is_replaced(run, order, i, -1))
                        r = found_add(into, step->found);
                for (size_t k = 0; k < step->n_items && r == 0; k++)
                        if (!is_replaced(run, order, i, (int) k))
                                r = found_add(into, each_found(step, k));
        }
        return r;
}
