/* SPDX-License-Identifier: Apache-2.0 */
#include "run/remote.h"
#include "run/run.h"

#include "flow/order.h"
#include "store/apply.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}

static int item_of(const json_t *row)
{
        const json_t *item = json_object_get(row, "item");

        return json_is_integer(item) ? (int) json_integer_value(item) : -1;
}

static bool is_null(const json_t *value)
{
        return !value || json_is_null(value);
}

static void restore_findings(struct step *step, const json_t *row)
{
        const json_t *counts = json_object_get(row, "finding_counts");

        for (unsigned s = 0; s < SEVERITIES_; s++)
                step->findings[s] =
                        (size_t) json_integer_value(json_object_get(counts, severity_name(s)));
}

static void restore_attempts(struct step *step, const json_t *row)
{
        json_t *attempt;
        size_t i;

        json_array_foreach (json_object_get(row, "attempts"), i, attempt) {
                const json_t *error = json_object_get(attempt, "error");

                step->n_begun++;
                /* A result that does not stand any more was one of a tree that had moved. */
                if (strcmp(text_of(attempt, "verdict"), verdict_name(VERDICT_OK)) == 0)
                        step->n_reruns++;
                if (!is_null(json_object_get(attempt, "verdict")))
                        step->n_tries++;
                else if (strcmp(text_of(error, "code"), STEP_CRASHED) == 0)
                        step->n_crashes++;
        }
}

static int restore_changes(struct step *step, const json_t *row, struct err *err)
{
        json_t *json = json_object_get(row, "changeset");
        const char *state = text_of(json, "state");

        step->is_changed = strcmp(state, changeset_state_name(CHANGESET_APPLIED)) == 0 ||
                           strcmp(state, changeset_state_name(CHANGESET_REVERTED)) == 0 ||
                           json_is_true(json_object_get(json_object_get(row, "taken"), "changed"));
        (void) snprintf(step->asked, sizeof(step->asked), "%s",
                        text_of(json_object_get(row, "approval"), "sha256"));
        if (step->state != STEP_HELD || is_null(json))
                return 0;
        /* Held for another reason than its newest change: for a crash after it had gone stale. */
        if (strcmp(text_of(json, "sha256"), step->asked) != 0)
                return 0;
        step->n_reruns -= step->n_reruns > 0; /* this one stands */
        return changeset_from_json(&step->changes, json, err);
}

/* What the row says comes into memory; nothing happens yet. */
static int restore_step(struct step *step, const json_t *row, struct err *err)
{
        const json_t *output = json_object_get(row, "output");
        enum verdict verdict;
        int r;

        step->row = row;
        r = step_state_from_name(&step->state, text_of(row, "state"));
        if (r < 0)
                return err_set(err, -EBADMSG, "the record has step %s in an unknown state \"%s\"",
                               step->def->id, text_of(row, "state"));
        if (verdict_from_name(&verdict, text_of(row, "verdict")) == 0)
                step->verdict = (int) verdict;
        if (step->state == STEP_DONE || step->state == STEP_HELD)
                step->output = output ? json_incref((json_t *) output) : json_null();
        restore_attempts(step, row);
        restore_findings(step, row);
        step->found = json_incref(json_object_get(row, "findings"));
        return restore_changes(step, row, err);
}

/* Rows of one kind: of the steps, or of the items of for_each steps. */
static int restore_rows(struct run *run, const json_t *rows, bool are_items, struct err *err)
{
        json_t *row;
        size_t i;

        json_array_foreach ((json_t *) rows, i, row) {
                struct step *step;
                int r;

                if ((item_of(row) >= 0) != are_items)
                        continue;
                step = run_find(run, text_of(row, "id"), item_of(row));
                if (!step)
                        return err_set(err, -EBADMSG,
                                       "the record of run %s has a step \"%s\" that its "
                                       "definition has not",
                                       run->id, text_of(row, "id"));
                r = restore_step(step, row, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static size_t items_in(const json_t *rows, const char *id)
{
        size_t i, n = 0;
        json_t *row;

        json_array_foreach ((json_t *) rows, i, row)
                if (item_of(row) >= 0 && strcmp(text_of(row, "id"), id) == 0)
                        n++;
        return n;
}

/* A step that was among its items gets them back, worked out again from the same values. */
static int restore_items(struct step *step, const json_t *rows, struct err *err)
{
        _cleanup_(json_decrefp) json_t *elements = NULL;
        size_t n = items_in(rows, step->def->id);
        int r;

        if (!step->def->for_each || (step->state != STEP_RUNNING && n == 0))
                return 0;
        r = each_resolve(step, &elements, err);
        if (r < 0)
                return r;
        if (json_array_size(elements) != n)
                return err_set(err, -EBADMSG, "the record has %zu items of step %s, not %zu", n,
                               step->def->id, json_array_size(elements));
        r = each_make_items(step, elements);
        return r < 0 ? err_set(err, r, "no memory for the items of step %s", step->def->id) : 0;
}

static void count_items(struct step *step)
{
        for (size_t i = 0; i < step->n_items; i++) {
                struct step *item = &step->items[i];

                step->n_items_ended += step_state_is_final(item->state);
                step->n_items_open += item->state == STEP_READY || item->state == STEP_RUNNING;
                if (item->state != STEP_WAITING)
                        step->n_items_fed = i + 1;
        }
        if (step->n_items > 0 && step_state_is_final(step->state))
                each_sum(step);
}

/* In topological order: whether a skipped step is bad depends on those before it. */
static int restore_ends(struct run *run, struct err *err)
{
        _cleanup_(order_freep) struct order *order = NULL;
        int r;

        r = order_new(&order, run->flow, NULL, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < run->n_steps; i++) {
                struct step *step = &run->steps[order->sorted[i]];

                step->is_bad = walk_is_bad(step);
                run->has_failed |= step->state == STEP_FAILED && step->is_bad;
        }
        return 0;
}

static int restore_cause(struct run *run, const json_t *document)
{
        const json_t *key = json_object_get(document, "submit_key");

        run->by = strdup(text_of(document, "requested_by"));
        if (!run->by)
                return -ENOMEM;
        if (json_is_string(key) && !(run->submit_key = strdup(json_string_value(key))))
                return -ENOMEM;
        return 0;
}

int resume_steps(struct run *run, const json_t *rows, struct err *err)
{
        int r;

        r = restore_rows(run, rows, false, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < run->n_steps; i++) {
                r = restore_items(&run->steps[i], rows, err);
                if (r < 0)
                        return r;
        }
        r = restore_rows(run, rows, true, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < run->n_steps; i++)
                count_items(&run->steps[i]);
        return restore_ends(run, err);
}

static int restore(struct run *run, const json_t *document, struct err *err)
{
        const json_t *rows = json_object_get(document, "steps");
        int r;

        r = run_state_from_name(&run->state, text_of(document, "state"));
        if (r < 0)
                return err_set(err, -EBADMSG, "the record has run %s in an unknown state \"%s\"",
                               run->id, text_of(document, "state"));
        run->exit_status = run->state == RUN_WAITING_APPROVAL ? RUN_EXIT_WAITING : -1;
        run->uid = remote_asker(document);
        r = restore_cause(run, document);
        if (r < 0)
                return err_set(err, r, "no memory for run %s", run->id);
        r = resume_steps(run, rows, err);
        return r < 0 ? r : child_restore(run, err);
}

/* Its engine died while the attempt was alive: whether it had ended nobody can say. */
static void lost(struct step *step)
{
        batch_attempt_end(run_batch(step->run), step_key_of(step), (int) step->n_begun,
                          &(struct batch_attempt){
                                  .verdict = -1,
                                  .code = STEP_CRASHED,
                                  .message = "the host died while the agent ran",
                                  .exit_status = -1,
                          });
        if (step_lost(step, true))
                slot_ask(step);
}

static void take_up_held(struct step *step, const json_t *row)
{
        const json_t *approval = json_object_get(row, "approval");
        enum approval_state state;

        if (approval_state_from_name(&state, text_of(approval, "state")) == 0)
                change_resume(step, state,
                              json_string_value(json_object_get(approval, "decided_by")),
                              json_string_value(json_object_get(approval, "reason")));
        else
                step_finish(step, STEP_FAILED, step->verdict, "held, and nobody was asked");
}

static void take_up(struct step *step)
{
        const json_t *row = TAKE(step->row);

        switch (step->state) {
        case STEP_READY:
                step_retry_at(step,
                              (uint64_t) json_integer_value(json_object_get(row, "ready_at")));
                break;
        case STEP_RUNNING:
                if ((step->def->for_each && step->item < 0) || step->child)
                        break;
                lost(step);
                break;
        case STEP_HELD:
                take_up_held(step, row);
                break;
        default:
                break;
        }
}

/* Items first: one of them may be the last of its step. */
static void take_up_each(struct step *step)
{
        for (size_t i = 0; i < step->n_items; i++)
                take_up(&step->items[i]);
        if (step->state != STEP_RUNNING)
                return;
        if (step->n_items_ended == step->n_items)
                each_finish(step);
        else
                each_feed(step);
}

static bool has_cancelled(const struct step *steps, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (steps[i].state == STEP_CANCELLED ||
                    has_cancelled(steps[i].items, steps[i].n_items))
                        return true;
        return false;
}

/* What was being ended when its engine died is ended now. */
static void carry_on_stop(struct run *run, const json_t *document)
{
        bool is_cancelled = !is_null(json_object_get(document, "cancel_requested"));

        /* Nobody asked for it: then its time was up. */
        run->is_timed_out = !is_cancelled && has_cancelled(run->steps, run->n_steps);
        /* Where nothing has begun there is nothing to put in order. */
        if (is_cancelled || run->is_timed_out)
                walk_cancel(run, run->state == RUN_QUEUED ? STOP_NOW : STOP_ORDERLY);
}

static void go(struct run *run, const json_t *document)
{
        walk_start(run);
        batch_run_tier(run_batch(run), run->id, tier_name(sandbox_tier(run->engine->sandbox)));
        for (size_t i = 0; i < run->n_steps; i++) {
                struct step *step = &run->steps[i];

                if (step_state_is_final(step->state))
                        continue;
                if (step->n_items > 0 || (step->def->for_each && step->state == STEP_RUNNING))
                        take_up_each(step);
                else
                        take_up(step);
        }
        carry_on_stop(run, document);
        for (size_t i = 0; i < run->n_steps; i++)
                if (step_state_is_final(run->steps[i].state))
                        each_fold(&run->steps[i]);
}

int resume_flow(struct flow **ret, const json_t *document, struct err *err)
{
        const json_t *definition = json_object_get(document, "flow_json");
        _cleanup_(flow_freep) struct flow *flow = NULL;
        int r;

        r = flow_from_json(&flow, definition, err);
        if (r < 0)
                return err_wrap(err, r, "the definition in the record");
        if (strcmp(flow->hash, text_of(document, "flow_hash")) != 0)
                return err_set(err, -EBADMSG,
                               "the definition in the record does not have the hash that the run "
                               "was accepted with; the store is damaged");
        *ret = TAKE(flow);
        return 0;
}

static int ended_before(const json_t *document, const char *id, struct err *err)
{
        enum run_state state;

        if (run_state_from_name(&state, text_of(document, "state")) < 0 ||
            !run_state_is_final(state))
                return 0;
        return err_set(err, -EALREADY, "run %s has ended: it %s%s (linhay report %s)", id,
                       state == RUN_CANCELLED ? "was " : "", run_state_name(state), id);
}

static int standing_of(struct standing *ret, struct engine *e, const json_t *document)
{
        const char *project = json_string_value(json_object_get(document, "project"));

        return standing_make(ret, e, project ? project : text_of(document, "workspace"),
                             text_of(document, "flow"),
                             (int) json_integer_value(json_object_get(document, "priority")),
                             json_string_value(json_object_get(document, "concurrency_key")));
}

int resume_look(struct engine *e, const char *id, struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        int r;

        r = store_run_document(e->store, id, 0, &document, err);
        return r < 0 ? r : ended_before(document, id, err);
}

int resume_run(struct engine *e, const char *id, struct line *line, struct run **ret,
               struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        _cleanup_(flow_freep) struct flow *flow = NULL;
        _cleanup_(run_freep) struct run *run = NULL;
        struct standing standing;
        int r;

        r = store_run_document(e->store, id, STORE_DOC_FLOW, &document, err);
        if (r >= 0)
                r = ended_before(document, id, err);
        /* What a child found is its parent's to tell. */
        if (r >= 0 && json_is_object(json_object_get(document, "parent"))) {
                json_decref(TAKE(document));
                r = store_run_document(e->store, id, STORE_DOC_FLOW | STORE_DOC_FINDINGS, &document,
                                       err);
        }
        if (r >= 0)
                r = resume_flow(&flow, document, err);
        if (r >= 0)
                r = resume_may_work_on(e, json_string_value(json_object_get(document, "workspace")),
                                       err);
        if (r < 0)
                return r;
        r = standing_of(&standing, e, document);
        if (r < 0)
                return err_set(err, r, "no memory for a run");
        r = run_new(&run, e, flow, id, line, json_object_get(document, "inputs"),
                    json_string_value(json_object_get(document, "workspace")), &standing, err);
        if (r < 0)
                return r;
        (void) TAKE(flow);
        r = restore(run, document, err);
        if (r < 0)
                return r;
        *ret = run;
        go(TAKE(run), document);
        return 0;
}

const json_t *resume_row(const json_t *document, const char *id, int item)
{
        json_t *row;
        size_t i;

        json_array_foreach (json_object_get(document, "steps"), i, row)
                if (item_of(row) == item && strcmp(text_of(row, "id"), id) == 0)
                        return row;
        return NULL;
}

/* An apply of a dead engine was carried to its end: its step gets its result now. */
static int on_recovered(void *user, const char *id, bool is_applied)
{
        struct engine *e = user;
        _cleanup_(json_decrefp) json_t *document = NULL;
        char run[RUN_ID_SIZE], name[STEP_ID_SIZE];
        const json_t *row;
        enum step_state state;
        struct batch *b;
        int item, r;

        if (!is_applied || change_journal_parse(id, run, name, &item) < 0)
                return 0;
        r = store_run_document(e->store, run, 0, &document, NULL);
        row = r < 0 ? NULL : resume_row(document, name, item);
        if (!row || step_state_from_name(&state, text_of(row, "state")) < 0 || state != STEP_HELD)
                return 0;
        r = batch_new(&b);
        if (r < 0)
                return r;
        batch_changeset_state(b, (struct step_key){ run, name, item },
                              text_of(json_object_get(row, "changeset"), "sha256"),
                              CHANGESET_APPLIED, 0);
        batch_step_state(b, (struct step_key){ run, name, item }, STEP_DONE, VERDICT_OK, NULL, 0);
        return store_commit(e->store, b, NULL);
}

static void on_stuck(void *user, const char *tree, const struct err *why)
{
        struct engine *e = user;

        if (tree)
                (void) json_object_set_new(e->stuck, tree, json_string(err_text(why)));
        if (e->options.on_stuck)
                e->options.on_stuck(e->options.user, err_text(why));
}

int resume_journals(struct engine *e, struct err *err)
{
        const struct apply_recovery recovery = { .done = on_recovered,
                                                 .stuck = on_stuck,
                                                 .user = e };

        e->stuck = json_object();
        if (!e->stuck)
                return err_set(err, -ENOMEM, "no memory for an engine");
        return apply_recover(store_journal(e->store), &recovery, err);
}

int resume_may_work_on(const struct engine *e, const char *tree, struct err *err)
{
        const char *other;
        json_t *why;

        json_object_foreach (e->stuck, other, why)
                if (tree && apply_trees_meet(tree, other))
                        return err_set(err, -EBUSY, "%s", json_string_value(why));
        return 0;
}
