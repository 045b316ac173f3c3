/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include "run/schedule.h"

#include <string.h>

/*
 * Runs that wait for their turn
 *
 * A run that may not begin yet is a *ticket*: what is needed to know when it may. The run itself
 * stands in the store, and comes into memory when its turn has come, on the same way as after a
 * crash; so ten thousand that wait cost little, and a crash does not change their order. Within a
 * key they go in the order in which they came; else the schedule decides.
 */

#define LOADS_AT_ONCE 8 /* runs that come into memory in one turn: other work goes on between */

struct ticket {
        struct engine *engine;
        struct ticket *next; /* came later */
        char id[RUN_ID_SIZE];
        struct standing standing;
        char *submit_key; /* until it is on disk */
        uint64_t since_ms;
        uint64_t order;
        enum run_state state; /* in the record */
        bool is_recorded;     /* it is on disk */
        bool is_passed;       /* its turn came before it was */
        bool is_cancelled;
        struct line *line; /* of a run that was accepted by this engine */
};

int standing_make(struct standing *ret, struct engine *e, const char *project, const char *workflow,
                  int priority, const char *key)
{
        _cleanup_(freep) char *lane = NULL, *scoped = NULL;
        int r;

        *ret = (struct standing){ .priority = priority };
        if (asprintf(&lane, "%d %s", priority, project) < 0 ||
            asprintf(&scoped, "%s %s", workflow, key ? key : "") < 0)
                return -ENOMEM;
        r = share_get(&ret->project, &e->shares, SHARE_PROJECT, project);
        if (r == 0)
                r = share_get(&ret->lane, &e->shares, SHARE_LANE, lane);
        if (r == 0)
                r = share_get(&ret->workflow, &e->shares, SHARE_WORKFLOW, workflow);
        if (r == 0 && key)
                r = share_get(&ret->key, &e->shares, SHARE_KEY, scoped);
        if (r < 0)
                standing_done(ret, e);
        return r;
}

void standing_done(struct standing *standing, struct engine *e)
{
        share_put(&e->shares, TAKE(standing->project));
        share_put(&e->shares, TAKE(standing->lane));
        share_put(&e->shares, TAKE(standing->workflow));
        share_put(&e->shares, TAKE(standing->key));
}

static struct ticket *ticket_free(struct engine *e, struct ticket *t)
{
        if (!t)
                return NULL;
        standing_done(&t->standing, e);
        line_unref(t->line);
        free(t->submit_key);
        free(t);
        return NULL;
}

/* The one place where runs are counted: all of it from those that live. */
static void count(struct engine *e)
{
        shares_count(&e->shares);
        e->n_active = 0;
        for (struct run *run = e->runs; run; run = run->next) {
                bool is_active = run->state != RUN_WAITING_APPROVAL;

                /* A child is carried by its parent, which is counted. */
                if (run_state_is_final(run->state) || run->parent)
                        continue;
                e->n_active += is_active;
                share_now(&e->shares, run->standing.project)->n_runs += is_active;
                share_now(&e->shares, run->standing.workflow)->n_begun++;
                if (run->standing.key)
                        share_now(&e->shares, run->standing.key)->n_begun++;
        }
}

/* What keeps a run from beginning; the numbers are of the running count. */
static enum queue_wait wait_of(struct engine *e, const struct standing *s)
{
        const struct engine_options *o = &e->options;
        const struct share *key = share_now(&e->shares, s->key);

        if (key && (key->is_claimed || key->n_begun >= MAX_OF(s->per_key, 1U)))
                return QUEUE_KEY;
        if (s->most_runs && share_now(&e->shares, s->workflow)->n_begun >= s->most_runs)
                return QUEUE_WORKFLOW;
        if (o->project_runs && share_now(&e->shares, s->project)->n_runs >= o->project_runs)
                return QUEUE_PROJECT;
        if (o->runs_max && e->n_active >= o->runs_max)
                return QUEUE_ENGINE;
        return QUEUE_NOTHING;
}

enum queue_wait queue_check(struct engine *e, const struct standing *standing)
{
        enum queue_wait wait;

        count(e);
        for (struct ticket *t = e->tickets; t; t = t->next)
                if (t->standing.key)
                        share_now(&e->shares, t->standing.key)->is_claimed = true;
        wait = wait_of(e, standing);
        /* Others come first that may begin already. */
        return wait == QUEUE_NOTHING && e->tickets && e->is_queue_dirty ? QUEUE_ENGINE : wait;
}

void queue_say(const struct engine *e, const struct standing *s, enum queue_wait wait, char *ret,
               size_t size)
{
        const struct engine_options *o = &e->options;

        switch (wait) {
        case QUEUE_KEY:
                (void) snprintf(ret, size, "for its turn: %u at once with the key \"%s\"",
                                MAX_OF(s->per_key, 1U), strchr(s->key->name, ' ') + 1);
                break;
        case QUEUE_WORKFLOW:
                (void) snprintf(ret, size, "for its turn: %u at once of the workflow %s",
                                s->most_runs, s->workflow->name);
                break;
        case QUEUE_PROJECT:
                (void) snprintf(ret, size, "for its turn: %u at once of the project %s",
                                o->project_runs, s->project->name);
                break;
        case QUEUE_ENGINE:
                (void) snprintf(ret, size, "for its turn: %u runs at once", o->runs_max);
                break;
        case QUEUE_NOTHING:
                *ret = '\0';
        }
}

/* A ticket stays in the list until it is on disk, so it is still there. */
static void on_recorded(void *owner, _unused_ json_t *what)
{
        struct ticket *t = owner;

        t->is_recorded = true;
        free(TAKE(t->submit_key));
        if (t->is_passed)
                queue_touch(t->engine);
}

static struct ticket *ticket_add(struct engine *e, const char *id, struct standing *standing,
                                 enum run_state state)
{
        struct ticket *t = calloc(1, sizeof(*t)), **end = &e->tickets;

        if (!t)
                return NULL;
        *t = (struct ticket){ .engine = e,
                              .standing = *standing,
                              .since_ms = clock_ms(),
                              .order = ++e->n_orders,
                              .state = state };
        memcpy(t->id, id, sizeof(t->id));
        *standing = (struct standing){ 0 };
        while (*end)
                end = &(*end)->next;
        *end = t;
        e->n_tickets++;
        return t;
}

int queue_add(struct engine *e, const struct run *run, struct standing *standing)
{
        _cleanup_(freep) char *key = run->submit_key ? strdup(run->submit_key) : NULL;
        struct ticket *t =
                run->submit_key && !key ? NULL : ticket_add(e, run->id, standing, RUN_QUEUED);

        if (!t)
                return -ENOMEM;
        t->submit_key = TAKE(key);
        t->line = line_ref(run->line);
        run_effect(run, on_recorded, t, NULL);
        return 0;
}

/* Takes a ticket out of the list; the caller owns it. */
static void ticket_unlink(struct engine *e, const struct ticket *t)
{
        struct ticket **link = &e->tickets;

        while (*link != t)
                link = &(*link)->next;
        *link = t->next;
        e->n_tickets--;
}

static struct schedule_claim claim_of(struct engine *e, const struct ticket *t)
{
        return (struct schedule_claim){
                .priority = t->standing.priority,
                .passed_ms = MAX_OF(t->since_ms, t->standing.lane->run_ms),
                .since_ms = t->since_ms,
                .project_has = share_now(&e->shares, t->standing.project)->n_runs,
                .order = t->order,
        };
}

/* Of a run that was taken down in the middle: it had its turn already, and goes on first. */
static bool has_begun(const struct ticket *t)
{
        return t->state != RUN_QUEUED;
}

static bool is_before(struct engine *e, const struct ticket *a, const struct ticket *b,
                      uint64_t now_ms)
{
        struct schedule_claim a_claim = claim_of(e, a), b_claim = claim_of(e, b);

        if (has_begun(a) != has_begun(b))
                return has_begun(a);
        return schedule_is_before(&a_claim, &b_claim, now_ms);
}

/* May it begin now? What waits for a person takes up nothing that is limited. */
static bool may_begin(struct engine *e, struct ticket *t)
{
        bool may = t->is_cancelled || t->state == RUN_WAITING_APPROVAL ||
                   wait_of(e, &t->standing) == QUEUE_NOTHING;

        if (t->standing.key)
                share_now(&e->shares, t->standing.key)->is_claimed = true;
        t->is_passed = may && !t->is_recorded;
        return may && t->is_recorded;
}

static struct ticket *next_ticket(struct engine *e)
{
        uint64_t now_ms = clock_ms();
        struct ticket *best = NULL;

        count(e);
        for (struct ticket *t = e->tickets; t; t = t->next)
                if (may_begin(e, t) && (!best || is_before(e, t, best, now_ms)))
                        best = t;
        return best;
}

/* A run that cannot be loaded (its tree or an agent is gone) stays in the record as it is. */
static void queue_refuse(const struct engine *e, const char *id, struct err *why)
{
        (void) err_wrap(why, why->code < 0 ? why->code : -EINVAL, "run %s cannot go on", id);
        if (e->options.on_stuck)
                e->options.on_stuck(e->options.user, err_text(why));
}

static void begin(struct engine *e, struct ticket *t)
{
        struct err err = { 0 };
        struct run *run;
        int r;

        ticket_unlink(e, t);
        t->standing.lane->run_ms = clock_ms();
        r = resume_run(e, t->id, t->line, &run, &err);
        if (r == 0)
                engine_link(e, run);
        else if (r != -EALREADY)
                queue_refuse(e, t->id, &err);
        if (r == 0 && t->is_cancelled)
                walk_cancel(run, t->state == RUN_QUEUED ? STOP_NOW : STOP_ORDERLY);
        ticket_free(e, t);
}

void queue_turn(struct engine *e)
{
        struct ticket *t;

        if (!e->is_queue_dirty || e->trouble < 0)
                return;
        e->is_queue_dirty = false;
        for (unsigned n = 0; e->tickets && (t = next_ticket(e)); n++) {
                if (n == LOADS_AT_ONCE) {
                        queue_touch(e);
                        return;
                }
                begin(e, t);
        }
}

void queue_touch(struct engine *e)
{
        e->is_queue_dirty = true;
        engine_poke(e);
}

static struct ticket *ticket_find(const struct engine *e, const char *id)
{
        for (struct ticket *t = e->tickets; t; t = t->next)
                if (strcmp(t->id, id) == 0)
                        return t;
        return NULL;
}

bool queue_has(const struct engine *e, const char *id)
{
        return ticket_find(e, id);
}

bool queue_find_submitted(const struct engine *e, const char *key, char ret[RUN_ID_SIZE])
{
        for (const struct ticket *t = e->tickets; t; t = t->next)
                if (t->submit_key && strcmp(t->submit_key, key) == 0) {
                        memcpy(ret, t->id, RUN_ID_SIZE);
                        return true;
                }
        return false;
}

bool queue_take(struct engine *e, const char *id)
{
        struct ticket *t = ticket_find(e, id);

        if (!t || !t->is_recorded)
                return false;
        ticket_unlink(e, t);
        ticket_free(e, t);
        return true;
}

void queue_drop(struct engine *e, const char *id)
{
        struct ticket *t = ticket_find(e, id);

        if (!t)
                return;
        ticket_unlink(e, t);
        ticket_free(e, t);
}

static void ticket_cancel(struct engine *e, struct ticket *t, const char *by)
{
        t->is_cancelled = true;
        batch_run_cancel(commits_batch(e->commits, t->line), t->id, by, 0);
        queue_touch(e);
}

bool queue_cancel(struct engine *e, const char *id, const char *by)
{
        struct ticket *t = ticket_find(e, id);

        if (t && !t->is_cancelled)
                ticket_cancel(e, t, by);
        return t;
}

static bool is_rival(const struct standing *a, const struct standing *b, enum queue_wait wait)
{
        return wait == QUEUE_KEY ? a->key == b->key : a->workflow == b->workflow;
}

/* The oldest that holds what `standing` waits for and is not being ended yet; else a ticket. */
static bool rival_end(struct engine *e, const struct standing *standing, enum queue_wait wait)
{
        struct run *oldest = NULL;

        for (struct run *run = e->runs; run; run = run->next)
                if (is_rival(&run->standing, standing, wait) && run->stop == STOP_NO &&
                    !run_state_is_final(run->state))
                        oldest = run;
        if (oldest) {
                batch_run_cancel(run_batch(oldest), oldest->id, "a newer run", 0);
                walk_cancel(oldest, STOP_ORDERLY);
                return true;
        }
        for (struct ticket *t = e->tickets; t; t = t->next)
                if (is_rival(&t->standing, standing, wait) && !t->is_cancelled) {
                        ticket_cancel(e, t, "a newer run");
                        return true;
                }
        return false;
}

static unsigned rivals(const struct engine *e, const struct standing *standing,
                       enum queue_wait wait)
{
        unsigned n = 0;

        for (const struct run *run = e->runs; run; run = run->next)
                n += is_rival(&run->standing, standing, wait) && run->stop == STOP_NO &&
                     !run_state_is_final(run->state);
        for (const struct ticket *t = e->tickets; t; t = t->next)
                n += is_rival(&t->standing, standing, wait) && !t->is_cancelled;
        return n;
}

void queue_push_aside(struct engine *e, const struct standing *standing, enum queue_wait wait)
{
        unsigned most = wait == QUEUE_KEY ? MAX_OF(standing->per_key, 1U) : standing->most_runs;

        for (unsigned n = rivals(e, standing, wait); n >= most; n--)
                if (!rival_end(e, standing, wait))
                        break;
}

/* What of a workflow decides who waits, read once for each version of it. */
static int limits_of(struct engine *e, json_t *known, const json_t *row, struct standing *s,
                     struct err *err)
{
        const char *hash = json_string_value(json_object_get(row, "flow_hash")),
                   *id = json_string_value(json_object_get(row, "run"));
        json_t *limits = json_object_get(known, hash);
        int r;

        if (!limits) {
                _cleanup_(json_decrefp) json_t *document = NULL;
                _cleanup_(flow_freep) struct flow *flow = NULL;

                r = store_run_document(e->store, id, STORE_DOC_FLOW, &document, err);
                if (r == 0)
                        r = flow_from_json(&flow, json_object_get(document, "flow_json"), err);
                if (r < 0)
                        return r;
                limits = json_pack("[i, i]", (int) flow->runs, (int) flow->per_key);
                if (!limits || json_object_set_new(known, hash, limits) < 0)
                        return err_set(err, -ENOMEM, "no memory for the runs that wait");
        }
        s->most_runs = (unsigned) json_integer_value(json_array_get(limits, 0));
        s->per_key = (unsigned) json_integer_value(json_array_get(limits, 1));
        return 0;
}

static int ticket_restore(struct engine *e, json_t *known, const json_t *row, struct err *err)
{
        const char *id = json_string_value(json_object_get(row, "run")),
                   *project = json_string_value(json_object_get(row, "project")),
                   *tree = json_string_value(json_object_get(row, "workspace"));
        struct standing standing;
        enum run_state state;
        struct ticket *t;
        int r;

        r = run_state_from_name(&state, json_string_value(json_object_get(row, "state")));
        if (r < 0)
                return err_set(err, -EBADMSG, "the record has run %s in an unknown state", id);
        r = standing_make(&standing, e,
                          project ? project
                          : tree  ? tree
                                  : "",
                          json_string_value(json_object_get(row, "flow")),
                          (int) json_integer_value(json_object_get(row, "priority")),
                          json_string_value(json_object_get(row, "concurrency_key")));
        if (r < 0)
                return err_set(err, r, "no memory for the runs that wait");
        r = limits_of(e, known, row, &standing, err);
        t = r < 0 ? NULL : ticket_add(e, id, &standing, state);
        if (!t) {
                standing_done(&standing, e);
                return r < 0 ? r : err_set(err, -ENOMEM, "no memory for the runs that wait");
        }
        t->is_recorded = true;
        return 0;
}

/* Runs are few words each; those that had begun come before those that had not, each by age. */
static int by_age(const void *a, const void *b)
{
        const json_t *x = *(json_t *const *) a, *y = *(json_t *const *) b;
        bool x_waits = strcmp(json_string_value(json_object_get(x, "state")), "queued") == 0,
             y_waits = strcmp(json_string_value(json_object_get(y, "state")), "queued") == 0;

        if (x_waits != y_waits)
                return x_waits - y_waits;
        return strcmp(json_string_value(json_object_get(x, "run")),
                      json_string_value(json_object_get(y, "run")));
}

int queue_resume(struct engine *e, struct err *err)
{
        _cleanup_(json_decrefp) json_t *rows = NULL, *known = json_object();
        _cleanup_(freep) const json_t **sorted = NULL;
        size_t n;
        int r;

        r = store_unended(e->store, 0, &rows, err);
        if (r < 0)
                return r;
        n = json_array_size(rows);
        sorted = calloc(n + 1, sizeof(*sorted));
        if (!sorted || !known)
                return err_set(err, -ENOMEM, "no memory for the runs that wait");
        for (size_t i = 0; i < n; i++)
                sorted[i] = json_array_get(rows, i);
        qsort(sorted, n, sizeof(*sorted), by_age);
        for (size_t i = 0; i < n; i++) {
                const char *id = json_string_value(json_object_get(sorted[i], "run"));
                struct err why = { 0 };

                if (strcmp(id, e->newest) > 0)
                        memcpy(e->newest, id, RUN_ID_SIZE);
                if (json_is_object(json_object_get(sorted[i], "parent")))
                        continue; /* taken up with its parent */
                if (!engine_carries(e, id) && ticket_restore(e, known, sorted[i], &why) < 0)
                        queue_refuse(e, id, &why);
        }
        queue_touch(e);
        return 0;
}

void queue_done(struct engine *e)
{
        while (e->tickets) {
                struct ticket *t = e->tickets;

                e->tickets = t->next;
                ticket_free(e, t);
        }
}
