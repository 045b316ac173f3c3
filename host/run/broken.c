/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include <string.h>

/*
 * Runs whose record takes no more of them
 *
 * The store has refused a change of a run: what is in memory and what is on disk are two different
 * things from then on, and nothing that follows may be recorded. So nothing of the run begins any
 * more, its cells are killed, it leaves memory, and then one batch of its own says in the record
 * that it failed, and why. Other runs go on meanwhile.
 */

struct broken {
        struct engine *engine;
        struct broken *next;
        struct line *line;
        char why[ERR_TEXT_MAX];
        json_t *events; /* recorded and told at the end: `state` and `end` */
        bool is_recording;
};

static struct broken *broken_free(struct broken *b)
{
        if (!b)
                return NULL;
        line_unref(b->line);
        json_decref(b->events);
        free(b);
        return NULL;
}

static bool is_of(const struct run *run, const struct broken *b)
{
        return run->line == b->line;
}

/* A lease without a cell is one whose attempt is not on disk, and never will be. */
static void stop_steps(const struct broken *b)
{
        for (struct step *step = b->engine->leases, *next; step; step = next) {
                next = step->lease.next;
                if (!is_of(step->run, b))
                        continue;
                if (step->attempt)
                        step_stop(step, VERDICT_CANCELLED, 0);
                else
                        slot_release(step);
        }
}

static void stop_runs(const struct broken *b)
{
        for (struct run *run = b->engine->runs; run; run = run->next)
                if (is_of(run, b)) {
                        run->is_broken = true;
                        slot_forget(run);
                        loop_remove(b->engine->loop, &run->deadline);
                }
}

void broken_begin(struct engine *e, struct line *line, const struct err *why)
{
        struct broken *b = calloc(1, sizeof(*b));

        if (!b) {
                engine_fail(e, -ENOMEM, &(struct err){ .text = "no memory to go on" });
                return;
        }
        b->engine = e;
        b->line = line_ref(line);
        (void) snprintf(b->why, sizeof(b->why), "the run was ended: %s", err_text(why));
        b->next = e->broken;
        e->broken = b;
        stop_runs(b);
        stop_steps(b);
        engine_poke(e);
}

/* Does a cell, or a batch on its way, still know it? */
static bool is_alive(const struct broken *b)
{
        if (line_pending(b->line) > 0)
                return true;
        for (const struct step *step = b->engine->leases; step; step = step->lease.next)
                if (is_of(step->run, b))
                        return true;
        return false;
}

static void drop(const struct broken *b)
{
        struct engine *e = b->engine;

        for (struct run *run = e->runs, *next; run; run = next) {
                next = run->next;
                if (is_of(run, b))
                        engine_drop(run);
        }
        queue_drop(e, line_id(b->line));
        if (strcmp(e->last.id, line_id(b->line)) == 0)
                e->last.exit_status = RUN_EXIT_FAILED;
        queue_touch(e);
}

static void tell(const struct broken *b)
{
        const struct engine_options *o = &b->engine->options;
        const json_t *event;
        size_t i;

        json_array_foreach (b->events, i, event)
                if (o->on_event)
                        o->on_event(o->user, event);
}

/* Of a run that was never accepted there is no record that could say so, and it still has ended. */
static void on_recorded(void *user, int result, const struct err *err)
{
        struct broken *b = user;
        struct engine *e = b->engine;
        const char *id = line_id(b->line);

        if (result < 0 && result != -ENOENT && e->options.on_stuck) {
                struct err why = *err;

                (void) err_wrap(&why, result, "run %s cannot go on, nor be ended", id);
                e->options.on_stuck(e->options.user, err_text(&why));
        }
        tell(b);
        for (struct broken **at = &e->broken; *at; at = &(*at)->next)
                if (*at == b) {
                        *at = b->next;
                        break;
                }
        broken_free(b);
}

static int batch_of(struct batch **ret, struct broken *b)
{
        const char *id = line_id(b->line);
        struct batch *batch;
        const json_t *event;
        size_t i;

        b->events =
                json_pack("[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:i, s:s}]", "event", "state",
                          "run", id, "state", "failed", "reason", b->why, "event", "end", "run", id,
                          "state", "failed", "exit", (int) RUN_EXIT_FAILED, "reason", b->why);
        if (!b->events || batch_new(&batch) < 0)
                return -ENOMEM;
        batch_run_break(batch, id, b->why, 0);
        json_array_foreach (b->events, i, event)
                batch_event(batch, id, json_string_value(json_object_get(event, "event")), event,
                            0);
        *ret = batch;
        return 0;
}

static void record(struct broken *b)
{
        struct engine *e = b->engine;
        struct batch *batch;
        struct err err = { 0 };
        int r;

        b->is_recording = true;
        r = batch_of(&batch, b);
        r = r < 0 ? err_set(&err, r, "no memory to go on")
                  : commits_try(e->commits, NULL, batch, on_recorded, b, &err);
        if (r < 0)
                engine_fail(e, r, &err);
}

void broken_turn(struct engine *e)
{
        for (struct broken *b = e->broken, *next; b && e->trouble == 0; b = next) {
                next = b->next;
                if (b->is_recording || is_alive(b))
                        continue;
                drop(b);
                record(b);
        }
}

void broken_done(struct engine *e)
{
        while (e->broken) {
                struct broken *b = e->broken;

                e->broken = b->next;
                broken_free(b);
        }
}
