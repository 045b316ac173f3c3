/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include "base/trouble.h"

#include "store/apply.h"

#include <string.h>

#define STALE_RERUNS_MAX 3 /* of one step: a tree that never rests is a failure */

struct decision {
        struct step *step;
        bool approve;
        char *by;
        char *reason;
        store_done done;
        void *user;
};

static struct decision *decision_free(struct decision *d)
{
        if (!d)
                return NULL;
        free(d->by);
        free(d->reason);
        free(d);
        return NULL;
}

DEFINE_FREEP(struct decision, decision_free);

static struct batch *batch_of(const struct step *step)
{
        return run_batch(step->run);
}

static void deciding(struct step *step, bool is_deciding)
{
        if (step->is_deciding == is_deciding)
                return;
        step->is_deciding = is_deciding;
        step->run->n_deciding += is_deciding ? 1 : -1;
        run_touch(step->run);
}

void change_journal_id(const struct step *step, char ret[CHANGE_JOURNAL_SIZE])
{
        (void) snprintf(ret, CHANGE_JOURNAL_SIZE, "%s_%d_%s", step->run->id, step->item + 1,
                        step->def->id);
}

int change_journal_parse(const char *id, char ret_run[RUN_ID_SIZE], char ret_step[STEP_ID_SIZE],
                         int *ret_item)
{
        char run[RUN_ID_SIZE], step[STEP_ID_SIZE];
        int item, end = 0;

        if (sscanf(id, "%20[a-z0-9]_%d_%63[a-z0-9_-]%n", run, &item, step, &end) != 3 || id[end] ||
            !id_is_valid(run) || item < 0)
                return -EINVAL;
        memcpy(ret_run, run, sizeof(run));
        memcpy(ret_step, step, sizeof(step));
        *ret_item = item - 1;
        return 0;
}

static void effect_apply(void *owner, _unused_ json_t *what)
{
        change_apply(owner);
}

/* Approves in the very batch that asks: nobody has to look. */
static void approve_at_once(struct step *step, int64_t uid, const char *by, const char *how)
{
        batch_approval_decide(
                batch_of(step), step_key_of(step), step->asked,
                &(struct batch_decision){
                        .state = APPROVAL_APPROVED, .uid = uid, .by = by, .how = how });
        event_approval(step, step->asked, APPROVAL_APPROVED, by, NULL);
        deciding(step, true);
        run_effect(step->run, effect_apply, step, NULL);
}

/* --yes stands for its user, who may not decide alone where four eyes are asked for. */
static bool is_approved_by_caller(const struct step *step)
{
        const struct engine_options *o = &step->run->engine->options;

        return o->approve_all && !(o->four_eyes && o->identity.uid == step->run->uid);
}

static void open_approval(struct step *step, const char *sha256)
{
        (void) snprintf(step->asked, sizeof(step->asked), "%s", sha256);
        batch_approval_open(batch_of(step), step_key_of(step), sha256, 0);
}

/* No policy and no --yes lets go on what was lost in the middle: only a person may. */
void change_hold_lost(struct step *step, const char *why)
{
        char text[RUN_ID_SIZE + STEP_ID_SIZE + 40], sha256[SHA256_HEX];
        int n = snprintf(text, sizeof(text), "%s/%s/%d#%u", step->run->id, step->def->id,
                         step->item, step->n_begun);

        sha256_hex(sha256, text, (size_t) n);
        step_move(step, STEP_HELD, why);
        open_approval(step, sha256);
        event_approval(step, sha256, APPROVAL_OPEN, NULL, why);
}

void change_hold(struct step *step, struct changeset *changes, enum risk risk)
{
        const struct identity *self = &step->run->engine->options.identity;
        _cleanup_(json_decrefp) json_t *json = changeset_to_json(changes);

        step->changes = changes;
        batch_changeset(batch_of(step), step_key_of(step), (int) step->n_begun, json);
        step_move(step, STEP_HELD, "its changes wait for approval");
        open_approval(step, changes->sha256);
        if (risk == RISK_AUTO)
                approve_at_once(step, -1, "policy", "by-policy");
        else if (is_approved_by_caller(step))
                approve_at_once(step, self->uid, self->name, "self-approved");
        else
                event_approval(step, changes->sha256, APPROVAL_OPEN, NULL, NULL);
}

static void applied(struct step *step)
{
        batch_changeset_state(batch_of(step), step_key_of(step), step->changes->sha256,
                              CHANGESET_APPLIED, 0);
        step->is_changed = true;
        step_finish(step, STEP_DONE, VERDICT_OK, NULL);
}

/* What the stale attempt gave does not count: the next one gives its own. */
static void withdraw(struct step *step)
{
        batch_withdraw(batch_of(step), step_key_of(step));
        json_decref(TAKE(step->output));
        memset(step->findings, 0, sizeof(step->findings));
}

/* Says what to do next as well. */
static void stale_finish(struct step *step, const struct err *err)
{
        struct err why = { 0 };

        (void) err_set(&why, -ESTALE, "%s: %s", err_text(err),
                       step->def->on_stale == FLOW_STALE_RERUN
                               ? "let the tree rest and run it again"
                               : "run it again, or let the step look anew by itself "
                                 "(on_stale = \"rerun\")");
        step_finish(step, STEP_FAILED, VERDICT_FAILED, err_text(&why));
}

/*
 * Nothing was written. The decision was made and stays; what went stale is the change. The step
 * fails, or looks at the tree as it is now.
 */
static void stale(struct step *step, const struct err *err)
{
        batch_changeset_state(batch_of(step), step_key_of(step), step->changes->sha256,
                              CHANGESET_STALE, 0);
        event_changeset(step, CHANGESET_STALE, err_text(err));
        if (step->def->on_stale != FLOW_STALE_RERUN || step->n_reruns >= STALE_RERUNS_MAX ||
            walk_refuses(step)) {
                stale_finish(step, err);
                return;
        }
        step->n_reruns++;
        step->asked[0] = '\0';
        changeset_free(TAKE(step->changes));
        withdraw(step);
        step_move(step, STEP_READY, "the tree moved: it runs again");
        slot_ask(step);
}

/* A person let a step go on that had been running when its host died. */
static void release(struct step *step)
{
        step->asked[0] = '\0';
        step_move(step, STEP_READY, "let go on after a crash");
        slot_ask(step);
}

/* Nothing was written, and the next engine would fare no better: it would end for all, again. */
static bool is_of_the_tree(const struct engine *e, int code)
{
        return e->options.is_shared && (code == -ENOSPC || code == -EDQUOT || code == -EIO);
}

static void not_written(struct step *step, struct err *why)
{
        (void) err_wrap(why, why->code < 0 ? why->code : -EIO, "nothing was written");
        step_finish(step, STEP_FAILED, VERDICT_FAILED, err_text(why));
}

void change_apply(struct step *step)
{
        struct run *run = step->run;
        struct engine *e = run->engine;
        struct err err = { 0 };
        char id[CHANGE_JOURNAL_SIZE];
        int r;

        deciding(step, false);
        if (!step->changes) {
                release(step);
                return;
        }
        change_journal_id(step, id);
        if (e->options.on_apply)
                e->options.on_apply(e->options.user, run->workspace, step->changes, false);
        r = apply_changeset(step->changes, run->workspace_fd, run->workspace, store_blobs(e->store),
                            store_journal(e->store), id, &err);
        if (e->options.on_apply)
                e->options.on_apply(e->options.user, run->workspace, step->changes, true);
        if (r == 0)
                applied(step);
        else if (r == -ESTALE)
                stale(step, &err);
        else if (is_of_the_tree(e, r))
                not_written(step, &err);
        else if (r == -EINPROGRESS || trouble_is_of_machine(r))
                engine_fail(e, r, &err); /* begun: the next engine finishes it */
        else
                step_finish(step, STEP_FAILED, VERDICT_FAILED, err_text(&err));
}

static void rejected(struct step *step, const char *by, const char *reason)
{
        char text[512];

        (void) snprintf(text, sizeof(text), "rejected by %s%s%s", by ? by : "a person",
                        reason && *reason ? ": " : "", reason ? reason : "");
        step_finish(step, STEP_FAILED, VERDICT_FAILED, text);
}

void change_cancel(struct step *step, const char *reason)
{
        if (*step->asked)
                batch_approval_decide(batch_of(step), step_key_of(step), step->asked,
                                      &(struct batch_decision){ .state = APPROVAL_CANCELLED,
                                                                .uid = -1,
                                                                .by = "engine",
                                                                .reason = reason });
        if (step->changes)
                batch_changeset_state(batch_of(step), step_key_of(step), step->changes->sha256,
                                      CHANGESET_REJECTED, 0);
        event_approval(step, step->asked, APPROVAL_CANCELLED, NULL, reason);
        step_finish(step, STEP_CANCELLED, step->verdict, reason);
}

/* The rules that a batch is refused for; all else is the store's own trouble. */
static bool is_refusal(int code)
{
        return code == -EALREADY || code == -ESTALE || code == -ENOENT || code == -EEXIST ||
               code == -ECANCELED;
}

static void on_decided(void *user, int result, const struct err *err)
{
        _cleanup_(decision_freep) struct decision *d = user;
        struct step *step = d->step;
        struct engine *e = step->run->engine;

        if (result < 0) {
                deciding(step, false);
                if (!is_refusal(result))
                        engine_fail(e, result, err);
        } else if (d->approve) {
                event_approval(step, step->asked, APPROVAL_APPROVED, d->by, d->reason);
                change_apply(step);
        } else {
                deciding(step, false);
                event_approval(step, step->asked, APPROVAL_REJECTED, d->by, d->reason);
                rejected(step, d->by, d->reason);
        }
        if (d->done)
                d->done(d->user, result, err);
}

static int may_decide(struct step *step, const struct engine_decision *decision, struct err *err)
{
        struct run *run = step->run;

        if (step->state != STEP_HELD || !*step->asked || step->is_deciding)
                return err_set(err, -EALREADY, "nothing is waiting for a decision at %s/%s",
                               run->id, step->def->id);
        if (decision->sha256 && strcmp(decision->sha256, step->asked) != 0)
                return err_set(err, -ESTALE,
                               "%s/%s now asks for another change than the one that was looked "
                               "at; look again (linhay diff %s/%s)",
                               run->id, step->def->id, run->id, step->def->id);
        if (run->engine->options.four_eyes && decision->by.uid == run->uid)
                return err_set(err, -EPERM,
                               "%s asked for run %s, so somebody else must decide "
                               "(approval.four_eyes)",
                               decision->by.name ? decision->by.name : "you", run->id);
        return 0;
}

static const char *how_of(const struct step *step, const struct engine_decision *decision)
{
        if (decision->how)
                return decision->how;
        return decision->by.uid == step->run->uid ? "self-approved" : "approved";
}

static int decision_batch(struct batch **ret, struct step *step,
                          const struct engine_decision *decision)
{
        enum approval_state state = decision->approve ? APPROVAL_APPROVED : APPROVAL_REJECTED;
        struct batch *b;
        int r = batch_new(&b);

        if (r < 0)
                return r;
        batch_approval_decide(
                b, step_key_of(step), step->asked,
                &(struct batch_decision){ .state = state,
                                          .uid = decision->by.uid,
                                          .by = decision->by.name,
                                          .how = decision->approve ? how_of(step, decision) : NULL,
                                          .reason = decision->reason });
        if (!decision->approve && step->changes)
                batch_changeset_state(b, step_key_of(step), step->changes->sha256,
                                      CHANGESET_REJECTED, 0);
        *ret = b;
        return 0;
}

static struct decision *decision_new(struct step *step, const struct engine_decision *decision,
                                     store_done done, void *user)
{
        struct decision *d = calloc(1, sizeof(*d));

        if (!d)
                return NULL;
        *d = (struct decision){ .step = step,
                                .approve = decision->approve,
                                .by = decision->by.name ? strdup(decision->by.name) : NULL,
                                .reason = decision->reason ? strdup(decision->reason) : NULL,
                                .done = done,
                                .user = user };
        return d;
}

int change_decide(struct step *step, const struct engine_decision *decision, store_done done,
                  void *user, struct err *err)
{
        _cleanup_(decision_freep) struct decision *d = NULL;
        struct batch *b;
        int r;

        r = may_decide(step, decision, err);
        if (r < 0)
                return r;
        d = decision_new(step, decision, done, user);
        if (!d || decision_batch(&b, step, decision) < 0)
                return err_set(err, -ENOMEM, "no memory for a decision");
        r = commits_try(step->run->engine->commits, step->run->line, b, on_decided, d, err);
        if (r < 0)
                return r;
        (void) TAKE(d);
        deciding(step, true);
        return 0;
}

static void approved_before(struct step *step)
{
        _cleanup_(changeset_freep) struct changeset *reverse = NULL;

        if (!step->changes) {
                release(step);
                return;
        }
        /* Applied, and the host died before it could say so? Then what stands in the tree is what
         * the change left: it could be undone. */
        if (changeset_reverse(&reverse, step->changes, NULL) == 0 &&
            apply_check(reverse, step->run->workspace_fd, NULL) == 0)
                applied(step);
        else
                change_apply(step);
}

static void ask_again(struct step *step)
{
        const struct identity *self = &step->run->engine->options.identity;
        struct engine_decision yes = { .approve = true, .sha256 = step->asked, .by = *self };
        struct err err = { 0 };

        event_approval(step, step->asked, APPROVAL_OPEN, NULL, NULL);
        if (step->changes && is_approved_by_caller(step) &&
            change_decide(step, &yes, NULL, NULL, &err) < 0)
                engine_fail(step->run->engine, err.code, &err);
}

void change_resume(struct step *step, enum approval_state state, const char *by, const char *reason)
{
        switch (state) {
        case APPROVAL_OPEN:
                ask_again(step);
                break;
        case APPROVAL_APPROVED:
                approved_before(step);
                break;
        case APPROVAL_REJECTED:
                rejected(step, by, reason);
                break;
        default:
                step_finish(step, STEP_FAILED, VERDICT_FAILED, "its approval was withdrawn");
        }
}
