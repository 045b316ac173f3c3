/* SPDX-License-Identifier: Apache-2.0 */
#include "run/engine.h"

#include "base/blob.h"
#include "flow/check.h"
#include "run/file-input.h"
#include "run/remote.h"
#include "run/run.h"
#include "store/control.h"

#include <string.h>
#include <sys/stat.h>

static bool is_idle(const struct engine *e)
{
        if (e->n_cells > 0 || commits_pending(e->commits) > 0)
                return false;
        if (e->trouble < 0 || e->is_closing)
                return true;
        for (const struct run *run = e->runs; run; run = run->next)
                if (!walk_is_idle(run))
                        return false;
        return true;
}

void engine_turn(struct engine *e)
{
        for (struct run *run = e->runs; run && !e->is_closing; run = run->next)
                walk_turn(run);
        commits_flush(e->commits);
        if (e->is_stopping_when_idle && is_idle(e))
                loop_stop(e->loop);
}

static void stop_cells(struct engine *e)
{
        for (struct run *run = e->runs; run; run = run->next)
                for (size_t i = 0; i < run->n_steps; i++) {
                        step_stop(&run->steps[i], VERDICT_CANCELLED, 0);
                        for (size_t k = 0; k < run->steps[i].n_items; k++)
                                step_stop(&run->steps[i].items[k], VERDICT_CANCELLED, 0);
                }
}

void engine_fail(struct engine *e, int code, const struct err *err)
{
        if (e->trouble < 0)
                return;
        e->trouble = code;
        (void) err_set(&e->trouble_err, code, "%s", err_text(err));
        stop_cells(e);
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
        engine_turn(user);
}

static void on_trouble(void *user, int code, const struct err *err)
{
        engine_fail(user, code, err);
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
        return e->identity_name ? 0 : -ENOMEM;
}

static int engine_open(struct engine *e, struct err *err)
{
        int r;

        r = resume_journals(e, err);
        if (r < 0)
                return err_wrap(err, r, "finishing what an earlier engine was applying");
        r = commits_new(&e->commits, &(struct commits_options){ .store = e->store,
                                                                .loop = e->loop,
                                                                .on_turn = on_turn,
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

struct engine *engine_free(struct engine *e)
{
        if (!e)
                return NULL;
        /* Who is still waiting for an answer gets it while the last batches land. */
        if (e->commits)
                drain(e);
        control_free(e->control);
        while (e->runs) {
                struct run *next = e->runs->next;

                run_free(e->runs);
                e->runs = next;
        }
        commits_free(e->commits);
        json_decref(e->stuck);
        free(e->identity_name);
        free(e);
        return NULL;
}

static void run_link(struct engine *e, struct run *run)
{
        run->next = e->runs;
        e->runs = run;
}

static json_t *need_ids(const struct run *run, const struct flow_step *def)
{
        json_t *ids = json_array();

        for (size_t k = 0; k < def->need_count; k++)
                (void) json_array_append_new(ids, json_string(run->flow->steps[def->needs[k]].id));
        return ids;
}

static void record_steps(struct run *run)
{
        struct batch *b = commits_batch(run->engine->commits);

        for (size_t i = 0; i < run->n_steps; i++) {
                const struct flow_step *def = run->steps[i].def;
                _cleanup_(json_decrefp) json_t *needs = need_ids(run, def);

                batch_step(b, step_key_of(&run->steps[i]),
                           &(struct batch_step){ .agent = def->agent,
                                                 .action = def->action,
                                                 .needs = needs,
                                                 .position = (int) i,
                                                 .state = STEP_WAITING });
        }
}

static const struct identity *identity_of(const struct engine *e,
                                          const struct engine_request *request)
{
        return request->by.name ? &request->by : &e->options.identity;
}

/* The run's own, and in the same batch that its trigger need not start it any more. */
static int record_run(struct run *run, const struct engine_request *request, struct err *err)
{
        const struct identity *by = identity_of(run->engine, request);
        const struct engine_trigger *t = request->trigger;
        _cleanup_(json_decrefp) json_t *trigger =
                t ? json_pack("{s:s, s:s, s:I}", "name", t->name, "kind", t->kind, "due",
                              (json_int_t) t->due_ms)
                  : NULL;
        _cleanup_(freep) char *text = flow_to_json(run->flow);
        enum severity fail_on = run->flow->fail_on;

        if (!text || (t && !trigger))
                return err_set(err, -ENOMEM, "no memory for the definition");
        batch_run(commits_batch(run->engine->commits),
                  &(struct batch_run){
                          .id = run->id,
                          .flow = run->flow->name,
                          .flow_hash = run->flow->hash,
                          .flow_json = text,
                          .workspace = run->workspace,
                          .inputs = run->inputs,
                          .fail_on = fail_on < SEVERITIES_ ? severity_name(fail_on) : NULL,
                          .tier = tier_name(sandbox_tier(run->engine->sandbox)),
                          .uid = by->uid,
                          .requested_by = by->name,
                          .project = request->project,
                          .priority = request->priority ? *request->priority : run->flow->priority,
                          .submit_key = request->submit_key,
                          .trigger = trigger,
                  });
        if (t)
                batch_trigger(commits_batch(run->engine->commits), t->name, t->due_ms, run->id);
        return 0;
}

/* The blob that an input of format linhay-file names must be here: its size in *ret. */
static int input_file_size(struct engine *e, const json_t *value, uint64_t *ret, struct err *err)
{
        const char *text = json_string_value(value);
        _cleanup_(closep) int fd = -1;
        struct stat st;

        if (!text || !file_input_sha256(text))
                return err_set(err, -EBADMSG, "it must be a file (-i NAME=PATH)");
        fd = blob_open(store_blobs(e->store), file_input_sha256(text));
        if (fd < 0 || fstat(fd, &st) < 0)
                return err_sys(err, fd < 0 ? fd : -errno, "its bytes are not in the store");
        *ret = (uint64_t) st.st_size;
        return 0;
}

static int files_check(struct engine *e, const struct flow *flow, json_t *inputs, struct err *err)
{
        const char *name;
        json_t *value;

        json_object_foreach (inputs, name, value) {
                uint64_t size;
                int r;

                if (!file_input_is_named(flow->inputs, name))
                        continue;
                r = input_file_size(e, value, &size, err);
                if (r < 0)
                        return err_wrap(err, r, "input /%s", name);
        }
        return 0;
}

/* So that retention knows whose the blobs are. */
static void record_files(struct run *run)
{
        struct engine *e = run->engine;
        const char *name;
        json_t *value;

        json_object_foreach (run->inputs, name, value) {
                _cleanup_(buf_done) struct buf pointer = { 0 };
                uint64_t size = 0;

                if (!file_input_is_named(run->flow->inputs, name) ||
                    input_file_size(e, value, &size, NULL) < 0 ||
                    json_pointer_add(&pointer, name) < 0)
                        continue;
                batch_run_file(commits_batch(e->commits), run->id, buf_text(&pointer), NULL,
                               file_input_sha256(json_string_value(value)), size);
        }
}

static int request_check(struct engine *e, const struct engine_request *request, json_t **ret,
                         struct err *err)
{
        _cleanup_(json_decrefp) json_t *inputs =
                request->inputs ? json_deep_copy(request->inputs) : json_object();
        int r;

        if (e->trouble < 0)
                return err_set(err, e->trouble, "%s", engine_trouble(e));
        if (!inputs)
                return err_set(err, -ENOMEM, "no memory for a run");
        r = flow_check_inputs(request->flow, inputs, err);
        if (r < 0)
                return r;
        r = files_check(e, request->flow, inputs, err);
        if (r < 0)
                return r;
        *ret = TAKE(inputs);
        return 0;
}

/* What run has the submit key: also one that is still on its way to disk. */
static int submitted_find(struct engine *e, const char *key, char ret[RUN_ID_SIZE], struct err *err)
{
        for (const struct run *run = e->runs; run; run = run->next)
                if (run->submit_key && strcmp(run->submit_key, key) == 0) {
                        memcpy(ret, run->id, RUN_ID_SIZE);
                        return 0;
                }
        return store_run_by_submit_key(e->store, key, ret, err);
}

static bool is_text(const json_t *value, const char *text)
{
        return text ? json_is_string(value) && strcmp(json_string_value(value), text) == 0
                    : !value || json_is_null(value);
}

/* Is it the same request? -EEXIST, or -ENOTUNIQ. */
static int submitted_compare(struct engine *e, const char *id, const struct engine_request *request,
                             const json_t *inputs, struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        int r;

        r = store_run_document(e->store, id, 0, &document, err);
        if (r == -ENOENT)
                return err_set(err, -EAGAIN, "run %s with that key is being recorded; ask again",
                               id);
        if (r < 0)
                return r;
        if (!is_text(json_object_get(document, "flow_hash"), request->flow->hash) ||
            !is_text(json_object_get(document, "workspace"), request->workspace) ||
            !json_equal(json_object_get(document, "inputs"), inputs))
                return err_set(err, -ENOTUNIQ,
                               "the key \"%s\" belongs to run %s, which has another workflow, "
                               "workspace or inputs; take another key",
                               request->submit_key, id);
        return err_set(err, -EEXIST, "that is run %s", id);
}

/* 0 where the key is new. */
static int key_check(struct engine *e, const struct engine_request *request, const json_t *inputs,
                     char ret[RUN_ID_SIZE], struct err *err)
{
        int r;

        if (!request->submit_key)
                return 0;
        r = submitted_find(e, request->submit_key, ret, err);
        if (r == -ENOENT)
                return 0;
        return r < 0 ? r : submitted_compare(e, ret, request, inputs, err);
}

static int run_say_whose(struct run *run, const struct engine_request *request)
{
        run->uid = identity_of(run->engine, request)->uid;
        if (request->submit_key)
                run->submit_key = strdup(request->submit_key);
        if (request->trigger)
                run->trigger = strdup(request->trigger->name);
        return (request->submit_key && !run->submit_key) || (request->trigger && !run->trigger)
                       ? -ENOMEM
                       : 0;
}

int engine_submit(struct engine *e, const struct engine_request *request, char ret[RUN_ID_SIZE],
                  struct err *err)
{
        _cleanup_(json_decrefp) json_t *inputs = NULL;
        char id[RUN_ID_SIZE];
        struct run *run;
        int r;

        r = request_check(e, request, &inputs, err);
        if (r == 0)
                r = key_check(e, request, inputs, ret, err);
        if (r == 0)
                r = resume_may_work_on(e, request->workspace, err);
        if (r < 0)
                return r;
        r = id_new(id, clock_wall_ms());
        if (r < 0)
                return err_sys(err, r, "cannot make an id for the run");
        r = run_new(&run, e, request->flow, id, inputs, request->workspace, err);
        if (r < 0)
                return r;
        r = run_say_whose(run, request);
        r = r < 0 ? err_set(err, r, "no memory for a run") : record_run(run, request, err);
        if (r < 0) {
                run->flow = NULL; /* still the caller's */
                run_free(run);
                return r;
        }
        record_files(run);
        record_steps(run);
        event_run(run);
        run_link(e, run);
        walk_start(run);
        engine_turn(e);
        memcpy(ret, id, sizeof(id));
        return 0;
}

void engine_reload(struct engine *e, struct catalog *catalog, unsigned slots, bool four_eyes)
{
        e->catalog = catalog;
        e->options.slots = slots_of(slots);
        e->options.four_eyes = four_eyes;
        engine_turn(e);
}

int engine_resume(struct engine *e, const char *id, struct err *err)
{
        struct run *run;
        int r;

        for (run = e->runs; run; run = run->next)
                if (strcmp(run->id, id) == 0)
                        return 0;
        r = resume_run(e, id, &run, err);
        if (r < 0)
                return r;
        run_link(e, run);
        engine_turn(e);
        return 0;
}

bool engine_carries(const struct engine *e, const char *id)
{
        for (const struct run *run = e->runs; run; run = run->next)
                if (id && strcmp(run->id, id) == 0)
                        return true;
        return false;
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

                if (engine_carries(e, json_string_value(json_object_get(run, "run"))))
                        (void) json_array_remove(runs, i - 1);
        }
        *ret = runs;
        return 0;
}

static struct run *find(struct engine *e, const char *id, struct err *err)
{
        for (struct run *run = e->runs; run; run = run->next)
                if (strcmp(run->id, id) == 0)
                        return run;
        (void) err_set(err, -ENOENT, "this engine does not carry run %s", id);
        return NULL;
}

int engine_cancel(struct engine *e, const char *id, enum engine_cancel how, const char *by,
                  struct err *err)
{
        struct run *run = find(e, id, err);

        if (!run)
                return -ENOENT;
        if (run->stop == STOP_NO && !run_state_is_final(run->state))
                batch_run_cancel(commits_batch(e->commits), run->id, by ? by : "unknown", 0);
        walk_cancel(run, how == CANCEL_NOW || run->stop != STOP_NO ? STOP_NOW : STOP_ORDERLY);
        engine_turn(e);
        return 0;
}

static struct step *find_step(struct engine *e, struct step_key key, struct err *err)
{
        struct run *run = find(e, key.run, err);
        struct step *step = run ? run_find(run, key.step, key.item) : NULL;

        if (run && !step)
                (void) err_set(err, -ENOENT, "run %s has no step %s", key.run, key.step);
        return step;
}

int engine_decide(struct engine *e, struct step_key key, const struct engine_decision *decision,
                  store_done done, void *user, struct err *err)
{
        struct step *step = find_step(e, key, err);

        if (!step)
                return -ENOENT;
        if (e->is_closing)
                return err_set(err, -ESHUTDOWN, "the engine is ending; try again in a moment");
        return change_decide(step, decision, done, user, err);
}

int engine_changeset(struct engine *e, struct step_key key, json_t **ret, struct err *err)
{
        struct step *step = find_step(e, key, err);

        if (!step)
                return -ENOENT;
        if (!step->changes)
                return err_set(err, -ENOENT, "%s/%s asks for no change", key.run, key.step);
        /* The record keeps no diff: what a tree held stands in blobs only. */
        if (!step->changes->diff) {
                int r = changeset_render(step->changes, store_blobs(e->store), ATTEMPT_DIFF_MAX,
                                         err);

                if (r < 0)
                        return r;
        }
        *ret = changeset_to_json(step->changes);
        return *ret ? 0 : err_set(err, -ENOMEM, "no memory for a changeset");
}

static int exit_status(const struct engine *e)
{
        if (e->trouble < 0)
                return RUN_EXIT_TROUBLE;
        return e->runs ? e->runs->exit_status : RUN_EXIT_OK;
}

int engine_run_until_idle(struct engine *e, struct err *err)
{
        int r = 0;

        e->is_stopping_when_idle = true;
        if (!is_idle(e))
                r = loop_run(e->loop);
        e->is_stopping_when_idle = false;
        if (r < 0)
                return err_sys(err, r, "the event loop failed");
        if (e->runs && exit_status(e) != e->runs->exit_status)
                e->runs->exit_status = exit_status(e);
        if (e->runs && !run_state_is_final(e->runs->state))
                event_stopped(e->runs);
        return exit_status(e);
}

const char *engine_trouble(const struct engine *e)
{
        return e->trouble < 0 ? err_text(&e->trouble_err) : "";
}
