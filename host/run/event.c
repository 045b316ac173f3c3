/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

static void tell(void *owner, json_t *event)
{
        struct engine *e = owner;

        if (e->options.on_event)
                e->options.on_event(e->options.user, event);
}

static json_t *event_new(const char *type, const struct run *run, const struct step *step)
{
        json_t *event = json_object();

        (void) json_object_set_new(event, "event", json_string(type));
        (void) json_object_set_new(event, "run", json_string(run->id));
        if (!step)
                return event;
        (void) json_object_set_new(event, "step", json_string(step->def->id));
        if (step->item >= 0)
                (void) json_object_set_new(event, "item", json_integer(step->item));
        return event;
}

static void set_text(json_t *event, const char *key, const char *text)
{
        if (text)
                (void) json_object_set_new(event, key, json_string(text));
}

static void set_number(json_t *event, const char *key, json_int_t number)
{
        (void) json_object_set_new(event, key, json_integer(number));
}

/* Records an event, and tells it when it is on disk. Takes the reference. */
static void send(struct run *run, json_t *event)
{
        batch_event(run_batch(run), run->id, json_string_value(json_object_get(event, "event")),
                    event, 0);
        run_effect(run, tell, run->engine, event);
}

static json_t *parent_of(const struct step *step)
{
        return json_pack("{s:s, s:s, s:o}", "run", step->run->id, "step", step->def->id, "item",
                         step->item < 0 ? json_null() : json_integer(step->item));
}

void event_run(struct run *run)
{
        json_t *event = event_new("run", run, NULL);

        set_text(event, "flow", run->flow->name);
        set_text(event, "workspace", run->workspace);
        if (run->parent)
                (void) json_object_set_new(event, "parent", parent_of(run->parent));
        send(run, event);
}

void event_state(struct run *run)
{
        json_t *event = event_new("state", run, NULL);

        set_text(event, "state", run_state_name(run->state));
        send(run, event);
}

void event_waits(struct run *run, const char *why)
{
        json_t *event = event_new("state", run, NULL);

        set_text(event, "state", run_state_name(run->state));
        set_text(event, "reason", why);
        send(run, event);
}

static json_t *end_of(const struct run *run)
{
        json_t *event = event_new("end", run, NULL);

        set_text(event, "state", run_state_name(run->state));
        set_number(event, "exit", run->exit_status);
        return event;
}

void event_end(struct run *run)
{
        send(run, end_of(run));
}

void event_stopped(struct run *run)
{
        _cleanup_(json_decrefp) json_t *event = end_of(run);

        tell(run->engine, event);
}

void event_step(struct step *step, const char *reason)
{
        json_t *event = event_new("step", step->run, step);

        set_text(event, "state", step_state_name(step->state));
        if (step->n_begun > 0)
                set_number(event, "attempt", step->n_begun);
        if (step->verdict >= 0)
                set_text(event, "verdict", verdict_name((enum verdict) step->verdict));
        set_text(event, "reason", reason);
        send(step->run, event);
}

void event_findings(struct step *step)
{
        json_t *event = event_new("findings", step->run, step);

        for (int s = SEVERITIES_ - 1; s >= 0; s--)
                set_number(event, severity_name((enum severity) s), (json_int_t) step->findings[s]);
        send(step->run, event);
}

void event_approval(struct step *step, const char *sha256, enum approval_state state,
                    const char *by, const char *reason)
{
        json_t *event = event_new("approval", step->run, step);

        set_text(event, "sha256", sha256);
        set_text(event, "state", approval_state_name(state));
        set_text(event, "by", by);
        set_text(event, "reason", reason);
        send(step->run, event);
}

void event_changeset(struct step *step, enum changeset_state state, const char *reason)
{
        json_t *event = event_new("changeset", step->run, step);

        set_text(event, "sha256", step->changes->sha256);
        set_text(event, "state", changeset_state_name(state));
        set_text(event, "reason", reason);
        send(step->run, event);
}

void event_log(struct step *step, int level, const char *text)
{
        struct commits *commits = step->run->engine->commits;
        json_t *event = event_new("log", step->run, step);

        set_number(event, "attempt", step->n_begun);
        set_number(event, "level", level);
        set_text(event, "text", text);
        batch_log(run_batch(step->run), step_key_of(step), (int) step->n_begun, level, text, 0);
        run_effect(step->run, tell, step->run->engine, event);
        commits_flush_soon(commits, ENGINE_LOG_WAIT_MS);
}

void event_progress(struct step *step, uint64_t done, uint64_t total, const char *note)
{
        _cleanup_(json_decrefp) json_t *event = event_new("progress", step->run, step);

        set_number(event, "done", (json_int_t) done);
        set_number(event, "total", (json_int_t) total);
        set_text(event, "note", note);
        tell(step->run->engine, event);
}
