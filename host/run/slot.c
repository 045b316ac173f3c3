/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include "run/schedule.h"

#include <assert.h>
#include <string.h>

/*
 * Cells: who has one, who gets the next
 *
 * A step whose attempt is recorded as begun and not as ended has a *lease*; the list of leases is
 * what all limits are counted from, anew in each turn. Steps that are ready stand in their run's
 * lanes, one for each agent that has a limit of its own and one for all others, so that a step
 * whose agent is busy does not hold up those behind it.
 */

unsigned slot_lane(const struct engine *e, const struct agent *agent)
{
        const struct engine_options *o = &e->options;

        for (size_t i = 0; agent && i < o->n_agent_slots; i++)
                if (strcmp(o->agent_slots[i].agent, agent->manifest->name) == 0)
                        return (unsigned) i;
        return (unsigned) o->n_agent_slots;
}

void slot_ask(struct step *step)
{
        struct run *run = step->run;
        struct engine *e = run->engine;

        if (step->is_queued || run->is_broken)
                return;
        step->turn = ++e->n_turns;
        step_queue_push(&run->ready[step->lane], step);
        run->n_ready++;
        run_touch(run);
        if (run->is_contending)
                return;
        run->is_contending = true;
        run->ready_ms = clock_ms();
        run->contending_next = e->contending;
        e->contending = run;
}

void slot_take(struct step *step)
{
        struct engine *e = step->run->engine;

        assert(!step->lease.link);
        step->lease.next = e->leases;
        if (e->leases)
                e->leases->lease.link = &step->lease.next;
        step->lease.link = &e->leases;
        e->leases = step;
        step->run->n_running++;
}

void slot_release(struct step *step)
{
        assert(step->lease.link);
        *step->lease.link = step->lease.next;
        if (step->lease.next)
                step->lease.next->lease.link = step->lease.link;
        step->lease.link = NULL;
        step->run->n_running--;
        run_touch(step->run);
}

static void add(struct step *step)
{
        struct engine *e = step->run->engine;

        e->n_leases++;
        e->lane_cells[step->lane]++;
        step->run->n_cells++;
        share_now(&e->shares, step->run->standing.project)->n_cells++;
}

/* The one place where cells are counted: all of it from the leases. */
static void count(struct engine *e)
{
        shares_count(&e->shares);
        e->n_leases = 0;
        memset(e->lane_cells, 0, e->n_lanes * sizeof(*e->lane_cells));
        for (struct run *run = e->contending; run; run = run->contending_next)
                run->n_cells = 0;
        for (const struct step *step = e->leases; step; step = step->lease.next)
                step->run->n_cells = 0;
        for (struct step *step = e->leases; step; step = step->lease.next)
                add(step);
}

unsigned slot_most(const struct run *run)
{
        const struct engine *e = run->engine;

        return run->flow->concurrency ? run->flow->concurrency : e->options.slots;
}

/* The first of a run's ready steps whose agent may have another cell: its lane, or NULL. */
static struct step_queue *lane_of(struct run *run)
{
        const struct engine *e = run->engine;
        struct step_queue *best = NULL;

        for (size_t i = 0; i < e->n_lanes; i++) {
                struct step_queue *lane = &run->ready[i];

                while (lane->first && lane->first->state != STEP_READY) {
                        (void) step_queue_pop(lane);
                        run->n_ready--;
                        run_touch(run); /* it may have been all that there was to do */
                }
                if (!lane->first || (i < e->options.n_agent_slots &&
                                     e->lane_cells[i] >= e->options.agent_slots[i].slots))
                        continue;
                if (!best || lane->first->turn < best->first->turn)
                        best = lane;
        }
        return best;
}

static bool may_have_more(struct run *run)
{
        struct engine *e = run->engine;
        unsigned most = e->options.project_slots;

        if (run->n_cells >= slot_most(run))
                return false;
        return most == 0 || share_now(&e->shares, run->standing.project)->n_cells < most;
}

static struct schedule_claim claim_of(struct run *run)
{
        struct engine *e = run->engine;

        return (struct schedule_claim){
                .priority = run->standing.priority,
                .passed_ms = MAX_OF(run->ready_ms, run->standing.lane->cell_ms),
                .since_ms = run->ready_ms,
                .project_has = share_now(&e->shares, run->standing.project)->n_cells,
                .run_has = run->n_cells,
                .order = run->order,
        };
}

/* Whose turn it is, and which step's; those that want nothing any more leave the list. */
static struct run *next_run(struct engine *e, struct step_queue **ret_lane)
{
        struct schedule_claim best_claim = { 0 };
        uint64_t now_ms = clock_ms();
        struct run *best = NULL;

        for (struct run **link = &e->contending, *run; (run = *link);) {
                struct schedule_claim claim = claim_of(run);
                struct step_queue *lane = lane_of(run);

                if (run->n_ready == 0) {
                        *link = run->contending_next;
                        run->is_contending = false;
                        continue;
                }
                link = &run->contending_next;
                if (!lane || !may_have_more(run))
                        continue;
                if (best && !schedule_is_before(&claim, &best_claim, now_ms))
                        continue;
                best = run;
                best_claim = claim;
                *ret_lane = lane;
        }
        return best;
}

static void serve(struct run *run, struct step_queue *lane)
{
        struct step *step = step_queue_pop(lane);

        run->n_ready--;
        run->ready_ms = run->standing.lane->cell_ms = clock_ms();
        run_touch(run);
        step_begin(step);
        if (step->lease.link)
                add(step);
}

void slot_turn(struct engine *e)
{
        struct step_queue *lane = NULL;
        struct run *run;

        if (!e->contending || e->is_quiescing)
                return;
        count(e);
        while (e->trouble == 0 && e->n_leases < e->options.slots && (run = next_run(e, &lane)))
                serve(run, lane);
}

void slot_forget(struct run *run)
{
        for (struct run **link = &run->engine->contending; *link; link = &(*link)->contending_next)
                if (*link == run) {
                        *link = run->contending_next;
                        break;
                }
        run->is_contending = false;
}

size_t slot_cells(const struct engine *e)
{
        size_t n = 0;

        for (const struct step *step = e->leases; step; step = step->lease.next)
                n += step->attempt != NULL;
        return n;
}
