/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/intake.h"

#include "cli/flow-catalog.h"
#include "run/file-input.h"
#include "run/remote.h"
#include "run/rollback.h"
#include "store/place.h"

#include <linux/limits.h>
#include <string.h>

#define WAITING_MAX 32 /* calls of "wait": connections enough are left for everything else */

/* Somebody who is answered when an event comes. */
struct waiting {
        struct control_call *call;
        char run[RUN_ID_SIZE];
        bool for_end; /* else: for its being on disk */
        json_t *plan; /* of a run that repeats another, or NULL */
        struct waiting *next;
};

struct intake {
        struct intake_options options;
        struct waiting *waiting;
        size_t n_for_end;
};

static void waiting_free(struct waiting *w)
{
        json_decref(w->plan);
        free(w);
}

int intake_new(struct intake **ret, const struct intake_options *options)
{
        struct intake *in = calloc(1, sizeof(*in));

        if (!in)
                return -ENOMEM;
        in->options = *options;
        *ret = in;
        return 0;
}

struct intake *intake_free(struct intake *in)
{
        while (in && in->waiting) {
                struct waiting *w = in->waiting;

                in->waiting = w->next;
                waiting_free(w);
        }
        free(in);
        return NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

static int wait_for(struct intake *in, struct control_call *call, const char *run, bool for_end,
                    json_t *plan)
{
        struct waiting *w = calloc(1, sizeof(*w));

        if (!w)
                return -ENOMEM;
        *w = (struct waiting){
                .call = call, .for_end = for_end, .next = in->waiting, .plan = json_incref(plan)
        };
        (void) snprintf(w->run, sizeof(w->run), "%s", run);
        in->waiting = w;
        in->n_for_end += for_end;
        return 0;
}

/* --- submit ------------------------------------------------------------------------------------
 */

static int flow_of(struct intake *in, const json_t *request, struct flow **ret, struct err *err)
{
        struct flow_catalog agents = flow_catalog_of(in->options.catalog(in->options.user));
        const json_t *definition = json_object_get(request, "flow");
        _cleanup_(faults_done) struct faults faults = { 0 };
        _cleanup_(flow_freep) struct flow *flow = NULL;
        int r;

        if (!json_is_object(definition))
                return err_set(err, -EINVAL, "a submission needs a workflow: flow");
        r = flow_from_json(&flow, definition, err);
        if (r == 0)
                r = flow_check(flow, &agents, &faults);
        if (r == 0 && faults.errors > 0)
                r = faults_err(&faults, err);
        if (r < 0)
                return r;
        *ret = TAKE(flow);
        return 0;
}

/* The tree as the daemon sees it, and not one that holds the store. */
static int tree_of(struct intake *in, const json_t *request, char tree[PATH_MAX], const char **ret,
                   struct err *err)
{
        const char *named = text_of(request, "workspace");

        *ret = NULL;
        if (!named)
                return 0;
        if (*named != '/')
                return err_set(err, -EINVAL, "the workspace must be an absolute path, not %s",
                               named);
        if (!realpath(named, tree))
                return err_sys(err, -errno, "linhayd cannot reach the workspace %s", named);
        *ret = tree;
        return place_check(store_dir(in->options.store), tree, err);
}

/* A key that is passed over would be a run that is there twice. */
static int texts_check(const json_t *request, struct err *err)
{
        static const char *const names[] = { "workspace", "project", "key" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                const json_t *value = json_object_get(request, names[i]);

                if (value && (!json_is_string(value) ||
                              strlen(json_string_value(value)) != json_string_length(value)))
                        return err_set(err, -EINVAL, "%s must be text, without NUL", names[i]);
        }
        return 0;
}

static int request_read(const json_t *request, struct engine_request *er, int *priority,
                        struct err *err)
{
        json_t *inputs = json_object_get(request, "inputs"),
               *number = json_object_get(request, "priority");

        if (texts_check(request, err) < 0)
                return -EINVAL;
        if (inputs && !json_is_object(inputs))
                return err_set(err, -EINVAL, "inputs must be an object");
        if (number && (!json_is_integer(number) || json_integer_value(number) < FLOW_PRIORITY_MIN ||
                       json_integer_value(number) > FLOW_PRIORITY_MAX))
                return err_set(err, -EINVAL, "the priority goes from %d to %d", FLOW_PRIORITY_MIN,
                               FLOW_PRIORITY_MAX);
        *priority = (int) json_integer_value(number);
        er->inputs = inputs;
        er->priority = number ? priority : NULL;
        er->submit_key = text_of(request, "key");
        er->project = text_of(request, "project");
        return 0;
}

/* Who asks has put them into the store already. */
static void files_came(struct intake *in, const json_t *inputs)
{
        const char *name;
        json_t *value;

        json_object_foreach ((json_t *) inputs, name, value) {
                const char *text = json_string_value(value),
                           *sha256 = text ? file_input_sha256(text) : NULL;

                if (sha256 && sha256_is_hex(sha256))
                        store_blob_came(in->options.store, sha256);
        }
}

static int submit(struct intake *in, struct control_call *call, const struct control_peer *peer,
                  const json_t *request, struct err *err)
{
        _cleanup_(flow_freep) struct flow *flow = NULL;
        struct engine_request er = { 0 };
        char tree[PATH_MAX], name[128], run[RUN_ID_SIZE];
        int priority, r;

        r = request_read(request, &er, &priority, err);
        if (r == 0)
                r = flow_of(in, request, &flow, err);
        if (r == 0)
                r = tree_of(in, request, tree, &er.workspace, err);
        if (r < 0)
                return r;
        remote_peer_name(name, sizeof(name), peer->uid);
        er.flow = flow;
        er.by = (struct identity){ (int64_t) peer->uid, name };
        files_came(in, er.inputs);
        r = engine_submit(in->options.engine, &er, run, err);
        if (r == -EEXIST) {
                control_reply(call, json_pack("{s:s, s:b}", "run", run, "is_new", 0));
                return 0;
        }
        if (r < 0)
                return r;
        (void) TAKE(flow);
        return wait_for(in, call, run, false, NULL);
}

static int retry(struct intake *in, struct control_call *call, const struct control_peer *peer,
                 const json_t *request, struct err *err)
{
        struct engine_retry er = { .run = text_of(request, "run"),
                                   .from = text_of(request, "from") };
        _cleanup_(flow_freep) struct flow *flow = NULL;
        _cleanup_(json_decrefp) json_t *plan = NULL;
        char name[128], run[RUN_ID_SIZE];
        int r = 0;

        if (!er.run || !id_is_valid(er.run))
                return err_set(err, -EINVAL, "which run? (its whole id)");
        if (json_object_get(request, "flow"))
                r = flow_of(in, request, &flow, err);
        if (r < 0)
                return r;
        remote_peer_name(name, sizeof(name), peer->uid);
        er.flow = flow;
        er.by = (struct identity){ (int64_t) peer->uid, name };
        r = engine_retry(in->options.engine, &er, run, &plan, err);
        if (r < 0)
                return r;
        (void) TAKE(flow);
        return wait_for(in, call, run, false, plan);
}

static int on_undone(void *user, const char *run, const char *step, size_t n_files)
{
        return json_array_append_new(user, json_pack("{s:s, s:s, s:I}", "run", run, "step", step,
                                                     "files", (json_int_t) n_files));
}

static int rollback(struct intake *in, struct control_call *call,
                    _unused_ const struct control_peer *peer, const json_t *request,
                    struct err *err)
{
        _cleanup_(json_decrefp) json_t *undone = json_array();
        const char *run = text_of(request, "run");
        int r;

        if (!run || !id_is_valid(run))
                return err_set(err, -EINVAL, "which run? (its whole id)");
        if (engine_carries(in->options.engine, run))
                return err_set(err, -EBUSY,
                               "run %s has not ended: wait for it (linhay show %s), or end it "
                               "first: linhay cancel %s",
                               run, run, run);
        r = rollback_run(in->options.store, run, on_undone, undone, err);
        if (r < 0)
                return r;
        control_reply(call, json_pack("{s:O}", "undone", undone));
        return 0;
}

/* --- the others --------------------------------------------------------------------------------
 */

static int workflow(struct intake *in, struct control_call *call,
                    _unused_ const struct control_peer *peer, const json_t *request,
                    struct err *err)
{
        const char *name = text_of(request, "name");
        const struct flow *flow = name ? in->options.workflow(in->options.user, name) : NULL;

        if (!flow)
                return err_set(err, -ENOENT, "linhayd knows no workflow \"%.64s\"",
                               name ? name : "");
        control_reply(call, json_pack("{s:O}", "flow", flow->json));
        return 0;
}

static json_t *end_of(const char *state, const json_t *exit)
{
        return json_pack("{s:s, s:i}", "state", state, "exit",
                         json_is_integer(exit) ? (int) json_integer_value(exit) : RUN_EXIT_WAITING);
}

static bool is_at_rest(const char *state)
{
        enum run_state s;

        return state && run_state_from_name(&s, state) == 0 &&
               (run_state_is_final(s) || s == RUN_WAITING_APPROVAL);
}

static int wait_run(struct intake *in, struct control_call *call,
                    _unused_ const struct control_peer *peer, const json_t *request,
                    struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        const char *run = text_of(request, "run");
        int r;

        if (!run || !id_is_valid(run))
                return err_set(err, -EINVAL, "which run? (its whole id)");
        if (in->n_for_end >= WAITING_MAX)
                return err_set(err, -EAGAIN, "%d others wait for runs already; try again later",
                               WAITING_MAX);
        r = store_run_document(in->options.store, run, 0, &document, err);
        if (r < 0)
                return r;
        if (!is_at_rest(text_of(document, "state")))
                return wait_for(in, call, run, true, NULL);
        control_reply(call, end_of(text_of(document, "state"), json_object_get(document, "exit")));
        return 0;
}

static int triggers(struct intake *in, struct control_call *call,
                    _unused_ const struct control_peer *peer, _unused_ const json_t *request,
                    _unused_ struct err *err)
{
        control_reply(call, json_pack("{s:o}", "triggers", firing_list(in->options.firing)));
        return 0;
}

static int fire(struct intake *in, struct control_call *call, const struct control_peer *peer,
                const json_t *request, struct err *err)
{
        const char *name = text_of(request, "name");
        char run[RUN_ID_SIZE], by[64];
        int r;

        remote_peer_name(by, sizeof(by), peer->uid);
        r = firing_now(in->options.firing, name ? name : "", by, run, err);
        if (r < 0)
                return r;
        if (r == 0)
                return wait_for(in, call, run, false, NULL);
        control_reply(call, json_pack("{s:n}", "run"));
        return 0;
}

static int reload(struct intake *in, struct control_call *call,
                  _unused_ const struct control_peer *peer, _unused_ const json_t *request,
                  struct err *err)
{
        int r = in->options.reload(in->options.user, err);

        if (r == 0)
                control_reply(call, json_pack("{s:s}", "state", "reloaded"));
        return r;
}

/* Each answers the call, now or later, or returns an error. */
static const struct {
        const char *verb;
        int (*handle)(struct intake *in, struct control_call *call, const struct control_peer *peer,
                      const json_t *request, struct err *err);
} verbs[] = {
        { "submit", submit },     { "retry", retry },   { "rollback", rollback },
        { "workflow", workflow }, { "wait", wait_run }, { "triggers", triggers },
        { "fire", fire },         { "reload", reload },
};

bool intake_request(struct intake *in, struct control_call *call, const struct control_peer *peer,
                    const json_t *request)
{
        const char *verb = text_of(request, "do");
        struct err err = { 0 };

        for (size_t i = 0; verb && i < ARRAY_SIZE(verbs); i++) {
                int r;

                if (strcmp(verb, verbs[i].verb) != 0)
                        continue;
                r = verbs[i].handle(in, call, peer, request, &err);
                if (r < 0)
                        control_reply(call, remote_refusal(r, &err));
                return true;
        }
        return false;
}

/* What the event means to somebody who waits; NULL = nothing. */
static json_t *answer(const struct waiting *w, const json_t *event)
{
        const char *name = text_of(event, "event"), *state = text_of(event, "state");

        if (!w->for_end && strcmp(name, "run") == 0)
                return json_pack("{s:s, s:b, s:O*}", "run", w->run, "is_new", 1, "plan", w->plan);
        if (!w->for_end && strcmp(name, "end") == 0) {
                struct err err = { 0 };

                /* It ends without having begun: the store did not take it. */
                (void) err_set(&err, -EINVAL, "%s", text_of(event, "reason"));
                return remote_refusal(-EINVAL, &err);
        }
        if (!w->for_end)
                return NULL;
        if (strcmp(name, "end") == 0 || (strcmp(name, "state") == 0 && is_at_rest(state) &&
                                         strcmp(state, "waiting_approval") == 0))
                return end_of(state, json_object_get(event, "exit"));
        return NULL;
}

void intake_event(struct intake *in, const json_t *event)
{
        const char *run = text_of(event, "run");
        struct waiting **at = &in->waiting;

        while (*at) {
                struct waiting *w = *at;
                json_t *reply = run && strcmp(w->run, run) == 0 ? answer(w, event) : NULL;

                if (!reply) {
                        at = &w->next;
                        continue;
                }
                *at = w->next;
                in->n_for_end -= w->for_end;
                control_reply(w->call, reply);
                waiting_free(w);
        }
}
