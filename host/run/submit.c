/* SPDX-License-Identifier: Apache-2.0 */
#include "base/blob.h"
#include "base/utf8.h"
#include "flow/check.h"
#include "run/file-input.h"
#include "run/run.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static json_t *need_ids(const struct run *run, const struct flow_step *def)
{
        json_t *ids = json_array();

        for (size_t k = 0; k < def->need_count; k++)
                (void) json_array_append_new(ids, json_string(run->flow->steps[def->needs[k]].id));
        return ids;
}

static void record_steps(struct run *run)
{
        struct batch *b = run_batch(run);

        for (size_t i = 0; i < run->n_steps; i++) {
                const struct flow_step *def = run->steps[i].def;
                _cleanup_(json_decrefp) json_t *needs = need_ids(run, def);

                batch_step(b, step_key_of(&run->steps[i]),
                           &(struct batch_step){ .agent = flow_step_agent(def),
                                                 .action = flow_step_action(def),
                                                 .needs = needs,
                                                 .position = (int) i,
                                                 .state = again_is_kept(&run->steps[i])
                                                                  ? STEP_READY
                                                                  : STEP_WAITING });
        }
}

static const struct identity *identity_of(const struct engine *e,
                                          const struct engine_request *request)
{
        return request->by.name ? &request->by : &e->options.identity;
}

/* The run's own, and in the same batch that its trigger need not start it any more. */
static int record_run(struct run *run, const struct engine_request *request, const char *key,
                      struct err *err)
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
        batch_run(run_batch(run),
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
                          .project = run->standing.project->name,
                          .priority = run->standing.priority,
                          .concurrency_key = key,
                          .submit_key = request->submit_key,
                          .trigger = trigger,
                          .retry_of = request->retry_of,
                          .parent = run->parent ? step_key_of(run->parent)
                                                : (struct step_key){ .item = -1 },
                  });
        if (t)
                batch_trigger(run_batch(run), &(struct batch_trigger){ .name = t->name,
                                                                       .last_due_ms = t->until_ms,
                                                                       .fired_ms = t->due_ms,
                                                                       .run = run->id,
                                                                       .waiting = t->waiting });
        return 0;
}

/* The blob that an input of format linhay-file names must be here: its size in *ret. */
static int input_file_size(struct engine *e, const json_t *value, uint64_t *ret, struct err *err)
{
        const char *text = json_string_value(value);
        _cleanup_(closep) int fd = -1;
        struct stat st;
        int r;

        if (!text || !file_input_sha256(text))
                return err_set(err, -EBADMSG, "it must be a file (-i NAME=PATH)");
        r = blob_want(store_blobs(e->store), file_input_sha256(text));
        fd = r < 0 ? r : blob_open(store_blobs(e->store), file_input_sha256(text));
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
                batch_run_file(run_batch(run), run->id, buf_text(&pointer), NULL,
                               file_input_sha256(json_string_value(value)), size);
        }
}

/* What the record could not take would be trouble for every run; it is only this one's. */
static int names_check(const struct engine_request *request, struct err *err)
{
        const char *tree = request->workspace, *project = request->project,
                   *key = request->submit_key;

        if (tree && !utf8_is_valid(tree, strlen(tree)))
                return err_set(err, -EBADMSG,
                               "the workspace's path is not UTF-8: use a folder whose name is");
        if (project && strlen(project) > PATH_MAX)
                return err_set(err, -EBADMSG, "a project's name has at most %d bytes", PATH_MAX);
        if (key && (!*key || strlen(key) > FLOW_KEY_MAX))
                return err_set(err, -EBADMSG, "a submit key has 1 to %d bytes", FLOW_KEY_MAX);
        return 0;
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
        r = names_check(request, err);
        if (r == 0)
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
        if (queue_find_submitted(e, key, ret))
                return 0;
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
        const struct identity *by = identity_of(run->engine, request);

        run->uid = by->uid;
        run->by = strdup(by->name);
        if (!run->by)
                return -ENOMEM;
        if (request->submit_key)
                run->submit_key = strdup(request->submit_key);
        return request->submit_key && !run->submit_key ? -ENOMEM : 0;
}

static int priority_of(const struct engine_request *request)
{
        int priority = request->priority ? *request->priority : request->flow->priority;

        return MIN_OF(MAX_OF(priority, FLOW_PRIORITY_MIN), FLOW_PRIORITY_MAX);
}

static int key_of(char **ret, const struct engine_request *request, const json_t *inputs,
                  struct err *err)
{
        if (!request->key)
                return flow_key(ret, request->flow, inputs, err);
        if (!*request->key || strlen(request->key) > FLOW_KEY_MAX)
                return err_set(err, -EBADMSG, "a key has 1 to %d bytes", FLOW_KEY_MAX);
        *ret = strdup(request->key);
        return *ret ? 0 : err_set(err, -ENOMEM, "no memory for a run");
}

static int standing_of(struct standing *ret, struct engine *e, const struct engine_request *request,
                       const char *key, struct err *err)
{
        const char *project = request->project ? request->project : request->workspace;
        int r;

        r = standing_make(ret, e, project ? project : "", request->flow->name, priority_of(request),
                          key);
        if (r < 0)
                return err_set(err, r, "no memory for a run");
        ret->most_runs = request->flow->runs;
        ret->per_key = request->flow->per_key;
        return 0;
}

/* May it wait, if it must? */
static int wait_check(struct engine *e, const struct flow *flow, const struct standing *standing,
                      enum queue_wait wait, struct err *err)
{
        char words[512];

        if (wait == QUEUE_NOTHING)
                return 0;
        queue_say(e, standing, wait, words, sizeof(words));
        if (flow->on_busy == FLOW_BUSY_REFUSE && (wait == QUEUE_KEY || wait == QUEUE_WORKFLOW))
                return err_set(err, -EAGAIN,
                               "the run would have to wait %s, and the workflow says on_busy = "
                               "\"refuse\"",
                               words);
        if (e->n_tickets >= ENGINE_QUEUE_MAX)
                return err_set(err, -EAGAIN,
                               "%d runs wait for their turn, and no more are taken: submit it "
                               "again later",
                               ENGINE_QUEUE_MAX);
        return 0;
}

/* Records a run that was made; `wait` says what it has to wait for, and it leaves memory then. */
static int run_accept(struct run *run, const struct engine_request *request, const char *key,
                      enum queue_wait wait, struct err *err)
{
        struct engine *e = run->engine;
        struct standing standing;
        char words[512];
        int r;

        r = run_say_whose(run, request);
        r = r < 0 ? err_set(err, r, "no memory for a run") : again_restore(run, request, err);
        if (r == 0)
                r = record_run(run, request, key, err);
        if (r < 0)
                return r;
        record_files(run);
        record_steps(run);
        event_run(run);
        again_record(run, request);
        memcpy(e->last.id, run->id, sizeof(run->id));
        memcpy(e->newest, run->id, sizeof(run->id));
        e->last.exit_status = RUN_EXIT_WAITING;
        if (wait == QUEUE_NOTHING) {
                engine_link(e, run);
                walk_start(run);
                return 0;
        }
        queue_say(e, &run->standing, wait, words, sizeof(words));
        event_waits(run, words);
        if (run->flow->on_busy == FLOW_BUSY_CANCEL_RUNNING &&
            (wait == QUEUE_KEY || wait == QUEUE_WORKFLOW))
                queue_push_aside(e, &run->standing, wait);
        standing = run->standing;
        run->standing = (struct standing){ 0 };
        r = queue_add(e, run, &standing);
        if (r < 0) {
                standing_done(&standing, e);
                engine_fail(e, r, &(struct err){ .code = r, .text = "no memory to go on" });
        }
        run_free(run);
        return 0;
}

static int run_make(struct run **ret, struct engine *e, const struct engine_request *request,
                    struct line *line, const json_t *inputs, struct standing *standing,
                    struct err *err)
{
        char id[RUN_ID_SIZE];
        int r;

        r = id_next(id, e->newest, clock_wall_ms());
        if (r < 0) {
                standing_done(standing, e);
                return err_sys(err, r, "cannot make an id for the run");
        }
        return run_new(ret, e, request->flow, id, line, inputs, request->workspace, standing, err);
}

/* A child is its parent's in all that it shares, and waits for nobody's turn. */
int engine_child(struct run **ret, struct step *step, struct flow *flow, const json_t *inputs,
                 struct err *err)
{
        struct run *outer = step->run, *run;
        struct engine *e = outer->engine;
        const struct engine_request request = {
                .flow = flow,
                .workspace = outer->workspace,
                .by = { .uid = outer->uid, .name = outer->by },
        };
        struct standing standing;
        int r;

        r = standing_make(&standing, e, outer->standing.project->name, flow->name,
                          outer->standing.priority, NULL);
        if (r < 0)
                return err_set(err, r, "no memory for a run");
        r = run_make(&run, e, &request, outer->line, inputs, &standing, err);
        if (r < 0)
                return r;
        run->parent = step;
        r = run_say_whose(run, &request);
        r = r < 0 ? err_set(err, r, "no memory for a run") : record_run(run, &request, NULL, err);
        if (r < 0) {
                run->flow = NULL; /* still the caller's */
                run_free(run);
                return r;
        }
        record_files(run);
        record_steps(run);
        event_run(run);
        memcpy(e->newest, run->id, sizeof(run->id));
        engine_link(e, run);
        walk_start(run);
        run_touch(run);
        *ret = run;
        return 0;
}

int engine_submit(struct engine *e, const struct engine_request *request, char ret[RUN_ID_SIZE],
                  struct err *err)
{
        _cleanup_(json_decrefp) json_t *inputs = NULL;
        _cleanup_(freep) char *key = NULL;
        struct standing standing = { 0 };
        enum queue_wait wait;
        struct run *run;
        int r;

        r = request_check(e, request, &inputs, err);
        if (r == 0)
                r = key_check(e, request, inputs, ret, err);
        if (r == 0)
                r = store_room(e->store, err);
        if (r == 0)
                r = resume_may_work_on(e, request->workspace, err);
        if (r == 0)
                r = key_of(&key, request, inputs, err);
        if (r == 0)
                r = standing_of(&standing, e, request, key, err);
        if (r < 0)
                return r;
        wait = queue_check(e, &standing);
        r = wait_check(e, request->flow, &standing, wait, err);
        if (r < 0) {
                standing_done(&standing, e);
                return r;
        }
        r = run_make(&run, e, request, NULL, inputs, &standing, err);
        if (r < 0)
                return r;
        memcpy(ret, run->id, RUN_ID_SIZE);
        r = run_accept(run, request, key, wait, err);
        if (r < 0) {
                run->flow = NULL; /* still the caller's */
                run_free(run);
                return r;
        }
        engine_turn(e);
        return 0;
}
