/* SPDX-License-Identifier: Apache-2.0 */
#include "run/engine.h"

#include "run/remote.h"
#include "run/run.h"
#include "store/control.h"

#include <string.h>

static bool is_idle(const struct engine *e)
{
        if (commits_pending(e->commits) > 0 || slot_cells(e) > 0)
                return false;
        if (e->trouble < 0 || e->is_closing)
                return true;
        if (e->turn.is_active || e->keeps || e->broken)
                return false;
        for (const struct run *run = e->runs; run; run = run->next)
                if (!walk_is_idle(run))
                        return false;
        return true;
}

static struct run *touched(struct engine *e)
{
        struct run *run = e->touched;

        if (!run)
                return NULL;
        e->touched = run->touched_next;
        if (!e->touched)
                e->touched_end = &e->touched;
        run->is_touched = false;
        return run;
}

/* Costs what has changed, whatever else lives: only runs that something happened to are looked at.
 */
void engine_turn(struct engine *e)
{
        struct run *run;

        if (!e->is_closing && e->trouble == 0) {
                queue_turn(e);
                do {
                        while ((run = touched(e)))
                                walk_turn(run);
                        slot_turn(e);
                } while (e->touched && e->trouble == 0);
                step_ready_record(e);
                broken_turn(e);
        }
        commits_flush(e->commits);
        if (e->is_stopping_when_idle && is_idle(e))
                loop_stop(e->loop);
        if (e->is_quiescing && !e->is_closing && e->options.on_quiet && slot_cells(e) == 0 &&
            commits_pending(e->commits) == 0)
                e->options.on_quiet(e->options.user);
}

static int on_turn_due(struct loop_source *source, _unused_ uint32_t events)
{
        engine_turn(source->owner);
        return 0;
}

void engine_poke(struct engine *e)
{
        loop_defer(e->loop, &e->turn, on_turn_due, e);
}

static void stop_cells(struct engine *e)
{
        for (struct step *step = e->leases, *next; step; step = next) {
                next = step->lease.next;
                step_stop(step, VERDICT_CANCELLED, 0);
        }
}

void engine_fail(struct engine *e, int code, const struct err *err)
{
        if (e->trouble < 0)
                return;
        e->trouble = code;
        (void) err_set(&e->trouble_err, code, "%s", err_text(err));
        stop_cells(e);
        engine_poke(e);
        if (e->options.on_trouble)
                e->options.on_trouble(e->options.user, engine_trouble(e));
}

void engine_stop(struct engine *e, const char *why)
{
        struct err err = { 0 };

        engine_fail(e, err_set(&err, -ECANCELED, "%s", why), &err);
}

static void on_turn(void *user)
{
        engine_poke(user);
}

static void on_refused(void *user, struct line *line, const struct err *err)
{
        broken_begin(user, line, err);
}

static void on_trouble(void *user, int code, const struct err *err)
{
        engine_fail(user, code, err);
}

/* The caller's table may be gone after engine_new(). */
static int agent_slots_copy(struct engine *e)
{
        size_t n = e->options.n_agent_slots;
        struct engine_agent_slots *copy = calloc(n + 1, sizeof(*copy));

        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                copy[i].slots = e->options.agent_slots[i].slots;
                copy[i].agent = strdup(e->options.agent_slots[i].agent);
        }
        e->options.agent_slots = copy;
        e->has_agent_slots = true;
        for (size_t i = 0; i < n; i++)
                if (!copy[i].agent)
                        return -ENOMEM;
        return 0;
}

static void agent_slots_free(struct engine *e)
{
        if (!e->has_agent_slots)
                return;
        for (size_t i = 0; i < e->options.n_agent_slots; i++)
                free((char *) e->options.agent_slots[i].agent);
        free((struct engine_agent_slots *) e->options.agent_slots);
}

static unsigned slots_of(unsigned slots)
{
        long processors = sysconf(_SC_NPROCESSORS_ONLN);

        return slots ? slots : 2 * (unsigned) MAX_OF(processors, 1L);
}

static int options_copy(struct engine *e, const struct engine_options *options)
{
        e->options = *options;
        e->options.slots = slots_of(options->slots);
        if (!e->options.grace_ms)
                e->options.grace_ms = ENGINE_GRACE_MS;
        e->random.state = options->seed ? options->seed : clock_us() ^ (uint64_t) getpid() << 32;
        e->identity_name = strdup(options->identity.name ? options->identity.name : "unknown");
        e->options.identity.name = e->identity_name;
        e->n_lanes = options->n_agent_slots + 1;
        e->lane_cells = calloc(e->n_lanes, sizeof(*e->lane_cells));
        return e->identity_name && e->lane_cells && agent_slots_copy(e) == 0 ? 0 : -ENOMEM;
}

static int engine_open(struct engine *e, struct err *err)
{
        int r;

        r = resume_journals(e, err);
        if (r < 0)
                return err_wrap(err, r, "finishing what an earlier engine was applying");
        r = key_load(e->key, store_dir(e->store), err);
        if (r < 0)
                return err_wrap(err, r, "opening the store");
        r = commits_new(&e->commits, &(struct commits_options){ .store = e->store,
                                                                .loop = e->loop,
                                                                .on_turn = on_turn,
                                                                .on_refused = on_refused,
                                                                .on_trouble = on_trouble,
                                                                .user = e });
        if (r < 0)
                return err_set(err, r, "no memory for an engine");
        return control_new(&e->control, e->loop, store_dirfd(e->store), remote_handle, e, err);
}

int engine_new(struct engine **ret, struct loop *loop, struct store *store, struct sandbox *sandbox,
               struct catalog *catalog, const struct engine_options *options, struct err *err)
{
        _cleanup_(engine_freep) struct engine *e = calloc(1, sizeof(*e));
        int r;

        if (!e)
                return err_set(err, -ENOMEM, "no memory for an engine");
        e->loop = loop;
        e->store = store;
        e->sandbox = sandbox;
        e->catalog = catalog;
        e->touched_end = &e->touched;
        if (options_copy(e, options) < 0)
                return err_set(err, -ENOMEM, "no memory for an engine");
        r = engine_open(e, err);
        if (r < 0)
                return r;
        *ret = TAKE(e);
        return 0;
}

/* Waits for cells to die and for batches to land, so that nobody calls back into freed memory. */
static void drain(struct engine *e)
{
        e->is_closing = true;
        stop_cells(e);
        commits_flush(e->commits);
        e->is_stopping_when_idle = true;
        if (!is_idle(e))
                (void) loop_run(e->loop);
}

void engine_link(struct engine *e, struct run *run)
{
        run->order = ++e->n_orders;
        run->next = e->runs;
        if (run->next)
                run->next->link = &run->next;
        run->link = &e->runs;
        e->runs = run;
}

void engine_drop(struct run *run)
{
        *run->link = run->next;
        if (run->next)
                run->next->link = run->link;
        run_free(run);
}

/* All that refers to the run happens before this, for effects happen in order. */
static void effect_forget(void *owner, _unused_ json_t *what)
{
        engine_drop(owner);
}

void engine_forget(struct run *run)
{
        struct engine *e = run->engine;

        if (strcmp(run->id, e->last.id) == 0)
                e->last.exit_status = run->exit_status;
        run_effect(run, effect_forget, run, NULL);
        queue_touch(e);
}

struct engine *engine_free(struct engine *e)
{
        if (!e)
                return NULL;
        /* Who is still waiting for an answer gets it while the last batches land. */
        if (e->commits)
                drain(e);
        control_free(e->control);
        cache_done(e);
        broken_done(e);
        while (e->runs)
                engine_drop(e->runs);
        queue_done(e);
        loop_remove(e->loop, &e->turn);
        commits_free(e->commits);
        agent_slots_free(e);
        free(e->lane_cells);
        json_decref(e->stuck);
        free(e->identity_name);
        free(e);
        return NULL;
}

void engine_quiesce(struct engine *e)
{
        e->is_quiescing = true;
        engine_poke(e);
}

void engine_trigger_stands(struct engine *e, const struct engine_trigger *trigger)
{
        batch_trigger(commits_batch(e->commits, NULL),
                      &(struct batch_trigger){ .name = trigger->name,
                                               .last_due_ms = trigger->until_ms,
                                               .waiting = trigger->waiting });
        engine_turn(e);
}

void engine_reload(struct engine *e, const struct engine_renewal *renewal)
{
        e->catalog = renewal->catalog;
        e->options.slots = slots_of(renewal->slots);
        e->options.project_slots = renewal->project_slots;
        e->options.runs_max = renewal->runs_max;
        e->options.project_runs = renewal->project_runs;
        e->options.four_eyes = renewal->four_eyes;
        queue_touch(e);
        engine_turn(e);
}

/* The run whose step's step's … run it is: taken up with that one, or not at all. */
int engine_root(struct engine *e, const char *id, char ret[RUN_ID_SIZE], struct err *err)
{
        (void) snprintf(ret, RUN_ID_SIZE, "%s", id);
        for (int i = 0; i <= FLOW_DEPTH_MAX; i++) {
                _cleanup_(json_decrefp) json_t *document = NULL;
                const char *outer;
                int r;

                r = store_run_document(e->store, ret, 0, &document, err);
                if (r < 0)
                        return r;
                outer = json_string_value(
                        json_object_get(json_object_get(document, "parent"), "run"));
                if (!outer)
                        return 0;
                (void) snprintf(ret, RUN_ID_SIZE, "%s", outer);
        }
        return err_set(err, -EBADMSG, "run %s is a part of too many others", id);
}

int engine_resume(struct engine *e, const char *id, struct err *err)
{
        char root[RUN_ID_SIZE];
        struct run *run;
        int r;

        if (engine_find(e, id))
                return 0;
        r = engine_root(e, id, root, err);
        if (r < 0)
                return r;
        id = root;
        r = resume_run(e, id, NULL, &run, err);
        if (r < 0)
                return r;
        (void) queue_take(e, id);
        memcpy(e->last.id, run->id, sizeof(run->id));
        engine_link(e, run);
        engine_turn(e);
        return 0;
}

int engine_resume_all(struct engine *e, struct err *err)
{
        int r = queue_resume(e, err);

        if (r == 0)
                engine_turn(e);
        return r;
}

struct run *engine_find(const struct engine *e, const char *id)
{
        for (struct run *run = e->runs; run; run = run->next)
                if (id && strcmp(run->id, id) == 0)
                        return run;
        return NULL;
}

bool engine_carries(const struct engine *e, const char *id)
{
        return id && (engine_find(e, id) || queue_has(e, id));
}

int engine_others(struct engine *e, json_t **ret, struct err *err)
{
        unsigned states = 1U << RUN_QUEUED | 1U << RUN_RUNNING | 1U << RUN_WAITING_APPROVAL;
        json_t *runs;
        int r;

        r = store_runs(e->store, states, 0, &runs, err);
        if (r < 0)
                return r;
        for (size_t i = json_array_size(runs); i > 0; i--) {
                json_t *run = json_array_get(runs, i - 1);

                if (json_is_object(json_object_get(run, "parent")) ||
                    engine_carries(e, json_string_value(json_object_get(run, "run"))))
                        (void) json_array_remove(runs, i - 1);
        }
        *ret = runs;
        return 0;
}

static int find(struct run **ret, struct engine *e, const char *id, struct err *err)
{
        int r;

        *ret = engine_find(e, id);
        if (*ret)
                return 0;
        r = resume_look(e, id, err);
        return r < 0 ? r : err_set(err, -ENOENT, "this engine does not carry run %s", id);
}

int engine_cancel(struct engine *e, const char *id, enum engine_cancel how, const char *by,
                  struct err *err)
{
        struct run *run;
        int r;

        if (queue_cancel(e, id, by ? by : "unknown")) {
                engine_turn(e);
                return 0;
        }
        r = find(&run, e, id, err);
        if (r < 0)
                return r;
        if (run->stop == STOP_NO && !run_state_is_final(run->state))
                batch_run_cancel(run_batch(run), run->id, by ? by : "unknown", 0);
        walk_cancel(run, how == CANCEL_NOW || run->stop != STOP_NO ? STOP_NOW : STOP_ORDERLY);
        engine_turn(e);
        return 0;
}

static int find_step(struct step **ret, struct engine *e, struct step_key key, struct err *err)
{
        struct run *run;
        int r;

        r = find(&run, e, key.run, err);
        if (r < 0)
                return r;
        *ret = run_find(run, key.step, key.item);
        return *ret ? 0 : err_set(err, -ENOENT, "run %s has no step %s", key.run, key.step);
}

int engine_decide(struct engine *e, struct step_key key, const struct engine_decision *decision,
                  store_done done, void *user, struct err *err)
{
        struct step *step;
        int r;

        r = find_step(&step, e, key, err);
        if (r < 0)
                return r;
        if (e->is_closing)
                return err_set(err, -ESHUTDOWN, "the engine is ending; try again in a moment");
        return change_decide(step, decision, done, user, err);
}

int engine_changeset(struct engine *e, struct step_key key, json_t **ret, struct err *err)
{
        struct step *step;
        int r;

        r = find_step(&step, e, key, err);
        if (r < 0)
                return r;
        if (!step->changes)
                return err_set(err, -ENOENT, "%s/%s asks for no change", key.run, key.step);
        /* The record keeps no diff: what a tree held stands in blobs only. */
        if (!step->changes->diff)
                r = changeset_render(step->changes, store_blobs(e->store), ATTEMPT_DIFF_MAX, err);
        if (r < 0)
                return r;
        *ret = changeset_to_json(step->changes);
        return *ret ? 0 : err_set(err, -ENOMEM, "no memory for a changeset");
}

int engine_run_until_idle(struct engine *e, struct err *err)
{
        struct run *last;
        int status, r = 0;

        e->is_stopping_when_idle = true;
        if (!is_idle(e))
                r = loop_run(e->loop);
        e->is_stopping_when_idle = false;
        if (r < 0)
                return err_sys(err, r, "the event loop failed");
        last = engine_find(e, e->last.id);
        status = e->trouble < 0 ? (int) RUN_EXIT_TROUBLE
                 : last         ? last->exit_status
                                : e->last.exit_status;
        if (last && !run_state_is_final(last->state)) {
                last->exit_status = status;
                event_stopped(last);
        }
        return status;
}

const char *engine_trouble(const struct engine *e)
{
        return e->trouble < 0 ? err_text(&e->trouble_err) : "";
}
