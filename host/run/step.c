/* SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include "base/blob.h"
#include "run/finding.h"

#include <string.h>

static void on_log(void *user, int level, const char *text)
{
        event_log(user, level, text);
}

static void on_progress(void *user, uint64_t done, uint64_t total, const char *note)
{
        struct step *step = user;

        /* Told at once, so not by a cell whose attempt is not on disk. */
        if (!step->is_prepared)
                event_progress(step, done, total, note);
}

static struct batch *batch_of(const struct step *step)
{
        return run_batch(step->run);
}

void step_finish(struct step *step, enum step_state state, int verdict, const char *reason)
{
        step->verdict = verdict;
        /* What a step gave counts only if it is done; of items it is told whatever became of all.
         */
        if (state != STEP_DONE && !step->items)
                json_decref(TAKE(step->output));
        changeset_free(TAKE(step->changes));
        step->asked[0] = '\0';
        step_move(step, state, reason);
        walk_ended(step);
}

static void record_end(struct step *step, const struct attempt_result *r, const char *code)
{
        bool lost = r->trouble < 0;

        batch_attempt_end(batch_of(step), step_key_of(step), (int) step->n_begun,
                          &(struct batch_attempt){
                                  .verdict = lost ? -1 : (int) r->verdict,
                                  .code = code,
                                  .message = r->message,
                                  .exit_status = r->exit_status,
                                  .signal = r->signal,
                                  .syscall = r->syscall,
                                  .syscall_remedy = r->syscall_remedy,
                                  .stderr_tail = r->stderr_tail,
                                  .wall_ms = r->usage.wall_ms,
                                  .cpu_ms = r->usage.cpu_ms,
                                  .user_us = r->usage.user_us,
                                  .system_us = r->usage.system_us,
                                  .memory_peak_bytes = r->usage.memory_peak_bytes,
                                  .spent = r->spent,
                                  .unreadable = r->unreadable,
                                  .redacted = r->redacted,
                          });
}

void step_count_findings(struct step *step, const json_t *findings)
{
        size_t worse = 0;

        for (int s = SEVERITIES_ - 1; s >= 0; s--) {
                size_t n = findings_count(findings, (enum severity) s);

                step->findings[s] = n - worse;
                worse = n;
        }
}

/* Their blobs may be another run's, whom retention takes away while the batch is on its way. */
void step_record_artifacts(const struct step *step, const json_t *artifacts)
{
        int blobs = store_blobs(step->run->engine->store);
        const json_t *artifact;
        size_t i;

        json_array_foreach (artifacts, i, artifact) {
                const char *sha256 = json_string_value(json_object_get(artifact, "sha256"));

                (void) blob_want(blobs, sha256);
                batch_artifact(batch_of(step), step_key_of(step),
                               json_string_value(json_object_get(artifact, "name")),
                               json_string_value(json_object_get(artifact, "media_type")),
                               (uint64_t) json_integer_value(json_object_get(artifact, "size")),
                               sha256);
        }
}

void step_take_result(struct step *step, json_t *output, json_t *findings, json_t *artifacts)
{
        struct batch *b = batch_of(step);
        struct step_key key = step_key_of(step);

        step->output = json_incref(output);
        batch_output(b, key, output);
        batch_findings(b, key, findings);
        step_count_findings(step, findings);
        json_decref(step->found);
        step->found = step->run->parent ? json_incref(findings) : NULL;
        if (json_array_size(findings) > 0)
                event_findings(step);
        step_record_artifacts(step, artifacts);
}

void step_policy(const struct step *step, struct grants *ret_grants, enum risk *ret_risk)
{
        const struct engine_options *o = &step->run->engine->options;
        enum risk least = RISK_AUTO;

        *ret_grants = (struct grants){ 0 };
        if (o->policy)
                o->policy(o->user, step->agent, step->action, ret_grants, &least);
        if (step->def->approval)
                least = RISK_APPROVAL;
        *ret_risk = MAX_OF(step->action->risk, least);
}

static void succeed(struct step *step, struct attempt_result *r)
{
        struct grants grants;
        enum risk risk;

        step->verdict = VERDICT_OK;
        step_take_result(step, r->output, r->findings, r->artifacts);
        if (!r->changeset) {
                cache_keep(step);
                step_finish(step, STEP_DONE, VERDICT_OK, NULL);
                return;
        }
        step_policy(step, &grants, &risk);
        change_hold(step, TAKE(r->changeset), risk);
}

static struct retry retry_of(const struct step *step)
{
        const struct flow_retry *r = &step->def->retry;

        return (struct retry){
                .attempts = r->attempts,
                .backoff_ms = r->backoff_ms,
                .cap_ms = r->cap_ms,
                .jitter = r->jitter,
                .on = r->on,
        };
}

/* The wait until the next try in *ret, or false where there is none. */
static bool may_retry(struct step *step, const struct attempt_result *r, uint64_t *ret_delay_ms)
{
        struct retry retry = retry_of(step);
        struct run *run = step->run;
        int64_t delay;

        if (walk_refuses(step) || run->is_timed_out ||
            !retry_allows(&retry, r->verdict, r->fail_class))
                return false;
        delay = retry_delay(&retry, step->n_tries + 1, &run->engine->random);
        if (delay < 0)
                return false;
        *ret_delay_ms = (uint64_t) delay;
        return true;
}

static int on_retry(struct loop_source *source, _unused_ uint32_t events)
{
        struct step *step = source->owner;

        step->run->n_retries--;
        slot_ask(step);
        return 0;
}

/* The longest wait before the next try. */
static uint64_t longest_wait(const struct step *step)
{
        struct retry retry = retry_of(step);
        int64_t delay;

        retry.jitter = false;
        delay = retry_delay(&retry, step->n_tries + 1, NULL);
        return delay > 0 ? (uint64_t) delay : 0;
}

/*
 * The step is `ready`; its turn comes at `at_ms` of the wall clock. That clock may have been set
 * back since: nobody waits longer than the policy says.
 */
void step_retry_at(struct step *step, uint64_t at_ms)
{
        struct run *run = step->run;
        uint64_t now = clock_wall_ms(), delay = at_ms > now ? at_ms - now : 0;

        delay = MIN_OF(delay, longest_wait(step));
        if (delay == 0 || loop_add_timer(run->engine->loop, &step->retry, delay, on_retry, step)) {
                slot_ask(step);
                return;
        }
        run->n_retries++;
}

void step_fail(struct step *step, const struct attempt_result *r)
{
        uint64_t delay_ms, at_ms;

        step->verdict = (int) r->verdict;
        if (may_retry(step, r, &delay_ms)) {
                at_ms = clock_wall_ms() + delay_ms;
                step_move(step, STEP_READY, r->message);
                batch_step_ready_at(batch_of(step), step_key_of(step), at_ms);
                step_retry_at(step, at_ms);
                return;
        }
        step_finish(step, r->verdict == VERDICT_CANCELLED ? STEP_CANCELLED : STEP_FAILED,
                    (int) r->verdict, r->message);
}

static bool may_repeat(const struct step *step)
{
        switch (step->def->on_crash) {
        case FLOW_CRASH_RETRY:
                return true;
        case FLOW_CRASH_HOLD:
                return false;
        case FLOW_CRASH_AUTO:
                break;
        }
        return step->action->is_idempotent;
}

bool step_lost(struct step *step, bool is_crash)
{
        char why[160];

        step->n_crashes += is_crash;
        if (!may_repeat(step)) {
                change_hold_lost(step, "its host died while it ran; approve to run it again");
                return false;
        }
        if (step->n_crashes >= STEP_CRASHES_MAX) {
                (void) snprintf(why, sizeof(why),
                                "its host died %u times while it ran; approve to try it once more",
                                step->n_crashes);
                change_hold_lost(step, why);
                return false;
        }
        step_move(step, STEP_READY, "its host died while it ran");
        return true;
}

/*
 * The sandbox is in trouble, the agent did nothing wrong: a later engine takes the step up again,
 * without asking where it had not begun to act.
 */
static void give_back(struct step *step, const struct attempt_result *r, bool is_crash)
{
        struct err err = { 0 };

        (void) err_set(&err, r->trouble, "%s", r->message ? r->message : "the sandbox failed");
        if (step->is_acting)
                (void) step_lost(step, is_crash);
        else
                step_move(step, STEP_READY, err.text);
        engine_fail(step->run->engine, r->trouble, &err);
}

/* What an engine in trouble killed was not the agent's end: it counts as lost. */
static bool is_blameless(const struct step *step, const struct attempt_result *r)
{
        return step->run->engine->trouble < 0 && r->trouble == 0 && r->verdict == VERDICT_CANCELLED;
}

static void lose(struct step *step, struct attempt_result *r, bool is_stopped)
{
        /* Its zygote is gone, and it may be the agent that ended it. */
        bool is_crash = step->is_acting && r->trouble == -EPIPE;

        if (is_stopped)
                r->trouble = step->run->engine->trouble;
        record_end(step, r, is_stopped ? "host-stopped" : is_crash ? STEP_CRASHED : "host-trouble");
        give_back(step, r, is_crash);
}

static void ended(struct step *step, struct attempt_result *r)
{
        struct engine *e = step->run->engine;
        bool is_stopped = is_blameless(step, r);

        step->attempt = NULL;
        slot_release(step);
        if (e->is_closing)
                return;
        if (is_stopped || r->trouble < 0) {
                lose(step, r, is_stopped);
                return;
        }
        record_end(step, r, r->code);
        step->n_tries++;
        if (r->verdict == VERDICT_OK)
                succeed(step, r);
        else
                step_fail(step, r);
}

/* A cell that is told that its time is up knows only of its own limit. */
static void reword(const struct step *step, struct attempt_result *r)
{
        if (r->verdict != VERDICT_TIMEOUT || !step->run->is_timed_out || !walk_refuses(step))
                return;
        free(r->message);
        r->message = strdup("the run's time was up");
}

static void on_done(void *user, struct attempt_result *r)
{
        struct step *step = user;
        struct engine *e = step->run->engine;

        reword(step, r);
        ended(step, r);
        engine_poke(e);
}

/* An attempt that was recorded but never had a cell: it ends as if it had. */
static void end_without_cell(struct step *step, int trouble, enum verdict verdict, const char *code,
                             const char *message)
{
        struct attempt_result r = {
                .trouble = trouble,
                .verdict = verdict,
                .code = (char *) code,
                .message = (char *) message,
                .fail_class = -1,
                .exit_status = -1,
                .stderr_tail = (char *) "",
        };

        ended(step, &r);
}

/* Steps that follow each other have the same agent more often than not. */
static const char *key_of(struct engine *e, const struct agent *agent)
{
        const char *name = agent->manifest->name;

        if (strcmp(e->keyed_agent, name) != 0) {
                key_derive(e->agent_key, e->key, name);
                (void) snprintf(e->keyed_agent, sizeof(e->keyed_agent), "%s", name);
        }
        return e->agent_key;
}

static int start_attempt(struct step *step, bool is_held, struct err *err)
{
        struct run *run = step->run;
        struct engine *e = run->engine;
        struct attempt_spec spec = {
                .loop = e->loop,
                .sandbox = e->sandbox,
                .agent = step->agent,
                .action = step->action,
                .input = step->input,
                .blob_dirfd = store_blobs(e->store),
                .workspace_fd = run->workspace_fd,
                .key = key_of(e, step->agent),
                .timeout_ms = step->def->timeout_ms,
                .on_log = on_log,
                .on_progress = on_progress,
                .on_done = on_done,
                .user = step,
                .is_held = is_held,
        };
        enum risk risk;

        step_policy(step, &spec.grants, &risk);
        return attempt_start(&step->attempt, &spec, err);
}

/*
 * Confining a cell and loading the agent into it takes about as long as a sync, so both happen at
 * once. What fails here is tried again when the attempt is on disk, and told then.
 */
static void prepare(void *owner, _unused_ json_t *what)
{
        struct step *step = owner;

        if (!walk_refuses(step) && !step->run->engine->is_closing)
                step->is_prepared = start_attempt(step, true, NULL) == 0;
}

/* An agent whose file was written over since it was looked at, an input with too many files. */
static bool is_of_step(int code)
{
        return code == -EBADMSG || code == -E2BIG || code == -EFBIG || code == -ENOTDIR ||
               code == -ENAMETOOLONG;
}

static void start(struct step *step)
{
        struct err err = { 0 };
        int r;

        r = start_attempt(step, false, &err);
        step->is_acting = r == 0;
        if (r == -EINVAL)
                end_without_cell(step, 0, VERDICT_SCHEMA, "no-workspace", err_text(&err));
        else if (is_of_step(r))
                end_without_cell(step, 0, VERDICT_LOAD, "load", err_text(&err));
        else if (r < 0)
                end_without_cell(step, r, VERDICT_FAILED, "host-trouble", err_text(&err));
}

/* A cell that cannot be told to go on is not the agent's fault: what it did counts as lost. */
static void go(struct step *step)
{
        struct err err = { 0 };
        int r;

        step->is_acting = true;
        r = attempt_go(step->attempt, &err);
        if (r < 0)
                engine_fail(step->run->engine, r, &err);
}

/* The attempt of that number is on disk, so its action may start. */
static void effect_start(void *owner, json_t *what)
{
        struct step *step = owner;
        bool was_prepared, is_refused;

        if (json_integer_value(what) != step->n_begun)
                return; /* its cell ended while it waited, and there is a next one */
        was_prepared = step->is_prepared;
        step->is_prepared = false;
        is_refused = walk_refuses(step) || step->run->engine->is_closing;
        if (was_prepared && step->attempt && is_refused)
                attempt_cancel(step->attempt, VERDICT_CANCELLED, 0);
        else if (was_prepared && step->attempt)
                go(step);
        else if (!was_prepared && is_refused)
                end_without_cell(step, 0, VERDICT_CANCELLED, "cancelled",
                                 "the run was stopped before the agent had started");
        else if (!was_prepared)
                start(step);
        json_decref(TAKE(step->input));
}

void step_begin(struct step *step)
{
        struct run *run = step->run;
        struct err err = { 0 };

        if (step->def->for_each && step->item < 0) {
                each_begin(step);
                return;
        }
        json_decref(TAKE(step->input));
        if (run_resolve(step, step->def->inputs, &step->input, &err) < 0) {
                (void) err_wrap(&err, err.code, "inputs");
                step_finish(step, STEP_FAILED, VERDICT_SCHEMA, err_text(&err));
                return;
        }
        if (step->def->workflow) {
                child_begin(step);
                return;
        }
        if (cache_begin(step))
                return;
        step->n_begun++;
        step->verdict = -1;
        step->is_acting = false;
        slot_take(step);
        step_move(step, STEP_RUNNING, NULL);
        batch_attempt_begin(batch_of(step), step_key_of(step), (int) step->n_begun,
                            step->agent->sha256, tier_name(sandbox_tier(run->engine->sandbox)), 0);
        step->is_prepared = false;
        commits_meanwhile(run->engine->commits, run->line, prepare, step);
        run_effect(run, effect_start, step, json_integer((json_int_t) step->n_begun));
}

void step_stop(struct step *step, enum verdict why, uint64_t grace_ms)
{
        if (step->attempt)
                attempt_cancel(step->attempt, why, grace_ms);
}
