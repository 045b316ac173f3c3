/* SPDX-License-Identifier: Apache-2.0 */
#include "run/remote.h"

#include "run/run.h"

#include <pwd.h>
#include <string.h>

#define REPLY_WAIT_MS 10000
#define PING_WAIT_MS  1000
#define TRIES         20 /* an engine that is just starting or stopping has the lock, no socket */
#define TRY_WAIT_US   50000

/* A reply's state: it is in the record, and waits there for who takes the run up. */
#define RECORDED "recorded"

json_t *remote_refusal(int code, const struct err *err)
{
        return json_pack("{s:s, s:i}", "error", err_text(err), "errno", -code);
}

static const char *text_of(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

static int item_of(const json_t *request)
{
        const json_t *item = json_object_get(request, "item");

        return json_is_integer(item) ? (int) json_integer_value(item) : -1;
}

/* The kernel says who the peer is; what it calls itself is not asked. */
void remote_peer_name(char *ret, size_t size, uid_t uid)
{
        struct passwd entry, *found = NULL;
        char buffer[4096];

        if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 && found)
                (void) snprintf(ret, size, "%s", found->pw_name);
        else
                (void) snprintf(ret, size, "uid %u", (unsigned) uid);
}

int64_t remote_asker(const json_t *document)
{
        const json_t *uid = json_object_get(document, "uid");

        return json_is_integer(uid) ? json_integer_value(uid) : -1;
}

static const json_t *step_row(const json_t *document, struct step_key key)
{
        json_t *row;
        size_t i;

        json_array_foreach (json_object_get(document, "steps"), i, row)
                if (strcmp(text_of(row, "id"), key.step) == 0 && item_of(row) == key.item)
                        return row;
        return NULL;
}

static int may_decide(const json_t *document, struct step_key key,
                      const struct engine_decision *decision, bool four_eyes,
                      const char **ret_sha256, struct err *err)
{
        const json_t *row = step_row(document, key);
        const json_t *approval = json_object_get(row, "approval");
        const char *state = text_of(approval, "state");

        if (!row)
                return err_set(err, -ENOENT, "run %s has no step %s", key.run, key.step);
        if (!state)
                return err_set(err, -EALREADY, "nothing waits for a decision at %s/%s", key.run,
                               key.step);
        if (strcmp(state, approval_state_name(APPROVAL_OPEN)) != 0)
                return err_set(err, -EALREADY, "%s/%s is already %s%s%s", key.run, key.step, state,
                               text_of(approval, "decided_by") ? " by " : "",
                               text_of(approval, "decided_by") ? text_of(approval, "decided_by")
                                                               : "");
        if (four_eyes && decision->by.uid == remote_asker(document))
                return err_set(err, -EPERM,
                               "you asked for run %s, so somebody else must decide "
                               "(approval.four_eyes)",
                               key.run);
        *ret_sha256 = decision->sha256 ? decision->sha256 : text_of(approval, "sha256");
        return 0;
}

static int decide_in(struct store *store, struct step_key key,
                     const struct engine_decision *decision, bool four_eyes, struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        const char *sha256 = NULL, *how = decision->how;
        const json_t *change;
        struct batch *b;
        int r;

        r = store_run_document(store, key.run, 0, &document, err);
        if (r >= 0)
                r = may_decide(document, key, decision, four_eyes, &sha256, err);
        if (r < 0)
                return r;
        if (!how && decision->approve)
                how = decision->by.uid == remote_asker(document) ? "self-approved" : "approved";
        r = batch_new(&b);
        if (r < 0)
                return err_set(err, r, "no memory for a decision");
        batch_approval_decide(
                b, key, sha256,
                &(struct batch_decision){
                        .state = decision->approve ? APPROVAL_APPROVED : APPROVAL_REJECTED,
                        .uid = decision->by.uid,
                        .by = decision->by.name,
                        .how = how,
                        .reason = decision->reason,
                });
        change = json_object_get(step_row(document, key), "changeset");
        if (!decision->approve && json_is_object(change))
                batch_changeset_state(b, key, text_of(change, "sha256"), CHANGESET_REJECTED, 0);
        return store_commit(store, b, err);
}

/* Records the wish to end a run that no engine carries. */
static int cancel_in(struct store *store, const char *run, const char *by, struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        enum run_state state = RUN_QUEUED;
        struct batch *b;
        int r;

        r = store_run_document(store, run, 0, &document, err);
        if (r < 0)
                return r;
        (void) run_state_from_name(&state, text_of(document, "state"));
        if (run_state_is_final(state))
                return err_set(err, -EALREADY, "run %s has ended: %s", run, run_state_name(state));
        r = batch_new(&b);
        if (r < 0)
                return err_set(err, r, "no memory to cancel");
        batch_run_cancel(b, run, by, 0);
        return store_commit(store, b, err);
}

static void on_decided(void *user, int result, const struct err *err)
{
        control_reply(user, result < 0 ? remote_refusal(result, err)
                                       : json_pack("{s:s}", "state", "decided"));
}

/* Of a run that waits in this engine's store while the engine carries another one. */
static int decide_other(struct engine *e, struct control_call *call, struct step_key key,
                        const struct engine_decision *decision, struct err *err)
{
        int r = decide_in(e->store, key, decision, e->options.four_eyes, err);

        if (r >= 0)
                control_reply(call, json_pack("{s:s}", "state", RECORDED));
        return r;
}

static int handle_decide(struct engine *e, struct control_call *call,
                         const struct control_peer *peer, const json_t *request, struct err *err)
{
        struct step_key key = { text_of(request, "run"), text_of(request, "step"),
                                item_of(request) };
        const json_t *approve = json_object_get(request, "approve");
        struct engine_decision decision;
        char name[128];

        if (!key.run || !key.step || !json_is_boolean(approve))
                return err_set(err, -EINVAL, "a decision needs run, step and approve");
        remote_peer_name(name, sizeof(name), peer->uid);
        decision = (struct engine_decision){ .approve = json_is_true(approve),
                                             .sha256 = text_of(request, "sha256"),
                                             .by = { (int64_t) peer->uid, name },
                                             .reason = text_of(request, "reason") };
        if (!engine_find(e, key.run))
                return decide_other(e, call, key, &decision, err);
        return engine_decide(e, key, &decision, on_decided, call, err);
}

static int handle_cancel(struct engine *e, struct control_call *call,
                         const struct control_peer *peer, const json_t *request, struct err *err)
{
        enum engine_cancel how =
                json_is_true(json_object_get(request, "now")) ? CANCEL_NOW : CANCEL_ORDERLY;
        const char *run = text_of(request, "run");
        bool is_carried = engine_carries(e, run);
        char name[128];
        int r;

        if (!run)
                return err_set(err, -EINVAL, "which run?");
        remote_peer_name(name, sizeof(name), peer->uid);
        if (is_carried)
                r = engine_cancel(e, run, how, name, err);
        else
                r = cancel_in(e->store, run, name, err);
        if (r >= 0)
                control_reply(call,
                              json_pack("{s:s}", "state", is_carried ? "cancelling" : RECORDED));
        return r;
}

static int handle_ping(struct engine *e, struct control_call *call,
                       _unused_ const struct control_peer *peer, const json_t *request,
                       _unused_ struct err *err)
{
        const char *run = text_of(request, "run");
        json_t *reply = json_pack("{s:I}", "pid", (json_int_t) getpid());

        if (reply && run)
                (void) json_object_set_new(reply, "carries", json_boolean(engine_carries(e, run)));
        if (reply && e->options.on_request)
                (void) json_object_set_new(reply, "is_daemon", json_true());
        control_reply(call, reply);
        return 0;
}

/* Each answers the call, now or later, or returns an error. */
static const struct {
        const char *verb;
        int (*handle)(struct engine *e, struct control_call *call, const struct control_peer *peer,
                      const json_t *request, struct err *err);
} verbs[] = {
        { "ping", handle_ping },
        { "decide", handle_decide },
        { "cancel", handle_cancel },
};

void remote_handle(void *user, struct control_call *call, const struct control_peer *peer,
                   const json_t *request)
{
        const char *verb = text_of(request, "do");
        struct engine *e = user;
        struct err err = { 0 };
        int r = -EINVAL;
        size_t i = 0;

        (void) err_set(&err, r, "unknown request \"%.40s\"", verb ? verb : "");
        for (; verb && i < ARRAY_SIZE(verbs) && strcmp(verb, verbs[i].verb) != 0; i++)
                ;
        if (verb && i < ARRAY_SIZE(verbs))
                r = verbs[i].handle(e, call, peer, request, &err);
        else if (e->options.on_request &&
                 e->options.on_request(e->options.user, call, peer, request))
                return;
        if (r < 0)
                control_reply(call, remote_refusal(r, &err));
}

bool remote_carries(const char *store_dir, const char *run)
{
        _cleanup_(json_decrefp) json_t *reply = NULL,
                                       *request = json_pack("{s:s, s:s}", "do", "ping", "run", run);
        int r;

        if (!request)
                return true;
        r = control_request(store_dir, request, PING_WAIT_MS, &reply, NULL);
        return r != -ECONNREFUSED && !json_is_false(json_object_get(reply, "carries"));
}

int remote_daemon(const char *store_dir, pid_t *ret_pid)
{
        _cleanup_(json_decrefp) json_t *reply = NULL;
        int r = remote_ask(store_dir, json_pack("{s:s}", "do", "ping"), PING_WAIT_MS, &reply, NULL);

        if (r < 0 || !json_is_true(json_object_get(reply, "is_daemon")))
                return -ENOENT;
        *ret_pid = (pid_t) json_integer_value(json_object_get(reply, "pid"));
        return 0;
}

int remote_ask(const char *store_dir, json_t *request, uint64_t timeout_ms, json_t **ret_reply,
               struct err *err)
{
        _cleanup_(json_decrefp) json_t *owned = request, *reply = NULL;
        const json_t *refused; /* a text, or {code, message} where it was no request at all */
        const char *error;
        int r;

        if (!request)
                return err_set(err, -ENOMEM, "no memory for a request");
        r = control_request(store_dir, request, timeout_ms, &reply, err);
        if (r < 0)
                return r;
        refused = json_object_get(reply, "error");
        error = json_is_object(refused) ? text_of(refused, "message") : json_string_value(refused);
        if (!error) {
                if (ret_reply)
                        *ret_reply = TAKE(reply);
                return 0;
        }
        r = (int) json_integer_value(json_object_get(reply, "errno"));
        return err_set(err, r > 0 ? -r : -EIO, "%s", error);
}

/* *ret_live: an engine carries the run, and acts on it now. */
static int ask_engine(const char *store_dir, json_t *request, bool *ret_live, struct err *err)
{
        _cleanup_(json_decrefp) json_t *reply = NULL;
        int r = remote_ask(store_dir, request, REPLY_WAIT_MS, &reply, err);
        const char *state = text_of(reply, "state");

        *ret_live = r != -ECONNREFUSED && !(state && strcmp(state, RECORDED) == 0);
        return r;
}

static int decide_alone(const char *store_dir, struct step_key key,
                        const struct engine_decision *decision, bool four_eyes, struct err *err)
{
        _cleanup_(store_freep) struct store *store = NULL;
        int r;

        r = store_open(&store, store_dir, &(struct store_options){ .flags = STORE_NO_WAIT }, err);
        if (r < 0)
                return r;
        return decide_in(store, key, decision, four_eyes, err);
}

static json_t *decide_request(struct step_key key, const struct engine_decision *decision)
{
        json_t *request =
                json_pack("{s:s, s:s, s:s, s:i, s:b}", "do", "decide", "run", key.run, "step",
                          key.step, "item", key.item, "approve", decision->approve);

        if (decision->sha256)
                (void) json_object_set_new(request, "sha256", json_string(decision->sha256));
        if (decision->reason)
                (void) json_object_set_new(request, "reason", json_string(decision->reason));
        return request;
}

int remote_decide(const char *store_dir, struct step_key key,
                  const struct engine_decision *decision, bool four_eyes, bool *ret_live,
                  struct err *err)
{
        int r = -EWOULDBLOCK;

        for (unsigned i = 0; r == -EWOULDBLOCK && i < TRIES; i++) {
                if (i > 0)
                        (void) usleep(TRY_WAIT_US);
                r = ask_engine(store_dir, decide_request(key, decision), ret_live, err);
                if (r == -ECONNREFUSED)
                        r = decide_alone(store_dir, key, decision, four_eyes, err);
        }
        return r;
}

static int cancel_alone(const char *store_dir, const char *run, const char *by, struct err *err)
{
        _cleanup_(store_freep) struct store *store = NULL;
        int r;

        r = store_open(&store, store_dir, &(struct store_options){ .flags = STORE_NO_WAIT }, err);
        return r < 0 ? r : cancel_in(store, run, by, err);
}

static json_t *cancel_request(const char *run, enum engine_cancel how)
{
        return json_pack("{s:s, s:s, s:b}", "do", "cancel", "run", run, "now", how == CANCEL_NOW);
}

int remote_cancel(const char *store_dir, const char *run, enum engine_cancel how, const char *by,
                  bool *ret_live, struct err *err)
{
        int r = -EWOULDBLOCK;

        for (unsigned i = 0; r == -EWOULDBLOCK && i < TRIES; i++) {
                if (i > 0)
                        (void) usleep(TRY_WAIT_US);
                r = ask_engine(store_dir, cancel_request(run, how), ret_live, err);
                if (r == -ECONNREFUSED)
                        r = cancel_alone(store_dir, run, by, err);
        }
        return r;
}
