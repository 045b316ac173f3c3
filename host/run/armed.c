/* SPDX-License-Identifier: Apache-2.0 */
#include "run/armed.h"

#include "run/due.h"

#include <stdarg.h>
#include <string.h>

void armed_tell(const struct firing_options *options, bool is_fault, const char *format, ...)
{
        char text[ERR_TEXT_MAX + 256];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        options->tell(options->user, is_fault, text);
}

int64_t armed_now_ms(const struct firing_options *options)
{
        return (int64_t) (options->wall_ms ? options->wall_ms() : clock_wall_ms());
}

struct armed *armed_free(struct armed *a)
{
        if (!a)
                return NULL;
        watch_free(a->watch);
        zone_free(a->zone);
        flow_free(a->flow);
        free(a);
        return NULL;
}

/* The due times that wait, as they are recorded. */
static json_t *waiting_json(const struct armed *a)
{
        json_t *times = json_array();

        for (size_t i = 0; times && i < a->n_waiting; i++)
                (void) json_array_append_new(times, json_integer(a->waiting[i]));
        return times;
}

/* Only a schedule has times that come due by themselves. */
static uint64_t until_ms(const struct armed *a)
{
        return a->trigger->cron ? (uint64_t) a->last * 1000 : 0;
}

/* What waits is as durable as a run: a daemon that dies has it again. */
static void record(struct armed *a)
{
        _cleanup_(json_decrefp) json_t *waiting = waiting_json(a);
        const struct engine_trigger trigger = { .name = a->name,
                                                .until_ms = until_ms(a),
                                                .waiting = waiting };

        engine_trigger_stands(a->options->engine, &trigger);
}

static int submit(struct armed *a, int64_t due_ms, bool is_by_hand, char ret[RUN_ID_SIZE],
                  struct err *err)
{
        _cleanup_(flow_freep) struct flow *flow = NULL;
        _cleanup_(json_decrefp) json_t *waiting = waiting_json(a);
        char key[2 * TRIGGER_NAME_SIZE + 48], by[2 * TRIGGER_NAME_SIZE + 16];
        const struct engine_trigger trigger = { .name = a->name,
                                                .kind = trigger_kind(a->trigger),
                                                .due_ms = (uint64_t) due_ms,
                                                .until_ms = is_by_hand ? 0 : until_ms(a),
                                                .waiting = waiting };
        struct engine_request request = { .inputs = a->trigger->inputs,
                                          .workspace = a->trigger->workspace,
                                          .by = { -1, by },
                                          .submit_key = is_by_hand ? NULL : key,
                                          .trigger = &trigger };
        int r;

        (void) snprintf(key, sizeof(key), "trigger:%s@%lld", a->name, (long long) due_ms);
        (void) snprintf(by, sizeof(by), "trigger %s", a->name);
        r = flow_from_json(&flow, a->flow->json, err);
        if (r < 0)
                return r;
        request.flow = flow;
        r = engine_submit(a->options->engine, &request, ret, err);
        if (r < 0)
                return r;
        (void) TAKE(flow);
        (void) snprintf(a->live, sizeof(a->live), "%s", ret);
        a->fired = due_ms;
        return 0;
}

/* A later look may find room: in the queue, in the store, or in a tree that is stuck. */
static bool is_for_now(int code)
{
        return code == -EAGAIN || code == -EDQUOT || code == -EBUSY;
}

/* What is not made up for is tried as long as it is on time (run/due.h). */
static bool may_wait(const struct armed *a, int64_t due_ms)
{
        return !a->trigger->cron || a->trigger->missed != TRIGGER_MISSED_SKIP ||
               armed_now_ms(a->options) - due_ms <= DUE_GRACE_S * 1000;
}

static void wait_again(struct armed *a, int64_t due_ms, const struct err *why)
{
        if (!a->is_refused_told)
                armed_tell(a->options, true, "trigger %s waits: %s", a->name, err_text(why));
        a->is_refused = a->is_refused_told = true;
        memmove(a->waiting + 1, a->waiting, a->n_waiting * sizeof(*a->waiting));
        a->waiting[0] = due_ms;
        a->n_waiting++;
}

/* What cannot be started ever is no reason to try for ever: it is told, and dealt with. */
static void start(struct armed *a, int64_t due_ms)
{
        char run[RUN_ID_SIZE];
        struct err err = { 0 };
        int r = submit(a, due_ms, false, run, &err);

        if (r == 0) {
                a->is_refused_told = false;
                armed_tell(a->options, false, "trigger %s starts run %s", a->name, run);
                return;
        }
        if (is_for_now(r) && may_wait(a, due_ms) && a->n_waiting < DUE_ALL_MAX)
                wait_again(a, due_ms, &err);
        else if (r != -EEXIST)
                armed_tell(a->options, true, "trigger %s starts no run: %s", a->name,
                           err_text(&err));
        record(a);
}

static void wait_for_turn(struct armed *a, int64_t due_ms)
{
        bool each = a->trigger->cron && a->trigger->missed == TRIGGER_MISSED_ALL;

        if (a->n_waiting > 0 && (!each || a->n_waiting == DUE_ALL_MAX)) {
                if (each)
                        armed_tell(a->options, true,
                                   "trigger %s is too far behind: a run is left out", a->name);
                a->waiting[a->n_waiting - 1] = due_ms;
                return;
        }
        a->waiting[a->n_waiting++] = due_ms;
}

/* It is due, and its last run has not ended. */
static void overlap(struct armed *a, int64_t due_ms)
{
        switch (a->n_waiting > 0 ? TRIGGER_OVERLAP_QUEUE : a->trigger->overlap) {
        case TRIGGER_OVERLAP_SKIP:
                armed_tell(a->options, false,
                           "trigger %s: run %s has not ended, no other is started", a->name,
                           a->live);
                break;
        case TRIGGER_OVERLAP_CANCEL:
                (void) engine_cancel(a->options->engine, a->live, CANCEL_ORDERLY, a->name, NULL);
                wait_for_turn(a, due_ms);
                break;
        case TRIGGER_OVERLAP_QUEUE:
                wait_for_turn(a, due_ms);
                break;
        }
        record(a);
}

static void offer(struct armed *a, int64_t due_ms)
{
        if (a->live[0] || a->n_waiting > 0)
                overlap(a, due_ms);
        else
                start(a, due_ms);
}

static void next_waiting(struct armed *a)
{
        int64_t due_ms;

        if (a->live[0] || a->n_waiting == 0)
                return;
        due_ms = a->waiting[0];
        a->n_waiting--;
        memmove(a->waiting, a->waiting + 1, a->n_waiting * sizeof(*a->waiting));
        start(a, due_ms);
}

/* What was missed is recorded as waiting before the first of it is started. */
static void come_due(struct armed *a)
{
        int64_t before = a->last;
        struct due due;

        due_find(&due, &a->cron, a->zone, a->trigger->missed, a->last,
                 armed_now_ms(a->options) / 1000);
        a->last = due.last;
        if (due.is_behind)
                armed_tell(a->options, true,
                           "trigger %s: the clock is far behind what is recorded; counting "
                           "starts now",
                           a->name);
        if (due.n == 1) {
                offer(a, due.at[0] * 1000);
                return;
        }
        for (size_t i = 0; i < due.n; i++)
                wait_for_turn(a, due.at[i] * 1000);
        if (due.last != before)
                record(a);
}

void armed_turn(struct armed *a)
{
        if (a->trigger->cron)
                come_due(a);
        next_waiting(a);
}

int64_t armed_next(const struct armed *a)
{
        return a->trigger->cron ? cron_next(&a->cron, a->zone, a->last) : INT64_MAX;
}

static void on_changed(void *user)
{
        struct armed *a = user;

        offer(a, armed_now_ms(a->options));
        a->changed(a->owner);
}

static void on_trouble(void *user, const char *text)
{
        const struct armed *a = user;

        armed_tell(a->options, true, "trigger %s: %s", a->name, text);
}

static int armed_open(struct armed *a, struct err *err)
{
        const struct watch_options watch = {
                .loop = a->options->loop,
                .folder = a->trigger->workspace,
                .patterns = a->trigger->watch,
                .exclude = store_dir(a->options->store),
                .debounce_ms = a->trigger->debounce_ms,
                .changed = on_changed,
                .trouble = on_trouble,
                .user = a,
        };
        int r;

        if (a->trigger->is_manual)
                return 0;
        if (!a->trigger->cron)
                return watch_new(&a->watch, &watch, err);
        r = cron_parse(&a->cron, a->trigger->cron, err);
        return r < 0 ? r : zone_open(&a->zone, a->trigger->time_zone, err);
}

int armed_new(struct armed **ret, const struct firing_options *options, const struct flow *flow,
              size_t i, struct err *err)
{
        _cleanup_(armed_freep) struct armed *a = calloc(1, sizeof(*a));
        int r;

        if (!a)
                return err_set(err, -ENOMEM, "no memory for triggers");
        a->options = options;
        r = flow_from_json(&a->flow, flow->json, err);
        if (r < 0)
                return r;
        a->trigger = &a->flow->triggers[i];
        (void) snprintf(a->name, sizeof(a->name), "%s/%s", flow->name, a->trigger->name);
        r = armed_open(a, err);
        if (r < 0)
                return r;
        *ret = TAKE(a);
        return 0;
}

static const json_t *row_of(const json_t *rows, const char *name)
{
        json_t *row;
        size_t i;

        json_array_foreach ((json_t *) rows, i, row) {
                const char *other = json_string_value(json_object_get(row, "name"));

                if (other && strcmp(other, name) == 0)
                        return row;
        }
        return NULL;
}

/* The run of this trigger that has not ended, of those in the store. */
static void live_find(struct armed *a, const json_t *runs)
{
        json_t *run;
        size_t i;

        json_array_foreach ((json_t *) runs, i, run) {
                const json_t *trigger = json_object_get(run, "trigger");
                const char *name = json_string_value(json_object_get(trigger, "name"));

                if (name && strcmp(name, a->name) == 0)
                        (void) snprintf(a->live, sizeof(a->live), "%s",
                                        json_string_value(json_object_get(run, "run")));
        }
}

static void restore(struct armed *a, const json_t *row)
{
        json_t *time;
        size_t i;

        a->last = json_integer_value(json_object_get(row, "last_due")) / 1000;
        a->fired = json_integer_value(json_object_get(row, "fired"));
        json_array_foreach (json_object_get(row, "waiting"), i, time)
                if (a->n_waiting < DUE_ALL_MAX)
                        a->waiting[a->n_waiting++] = json_integer_value(time);
}

/* Where it was: by memory, else by the record, else it is new and begins now. */
void armed_go_on(struct armed *a, const struct armed *before, const json_t *rows,
                 const json_t *runs)
{
        const json_t *row = row_of(rows, a->name);

        if (before) {
                a->last = before->last;
                a->n_waiting = before->n_waiting;
                a->fired = before->fired;
                memcpy(a->waiting, before->waiting, sizeof(a->waiting));
                memcpy(a->live, before->live, sizeof(a->live));
                if (a->watch && before->watch && watch_is_pending(before->watch))
                        watch_touch(a->watch);
                return;
        }
        live_find(a, runs);
        restore(a, row);
        if (a->last == 0) {
                a->last = armed_now_ms(a->options) / 1000;
                if (a->trigger->cron)
                        record(a);
        }
}

int armed_now(struct armed *a, const char *by, char ret[RUN_ID_SIZE], struct err *err)
{
        int r;

        if (a->live[0] && a->trigger->overlap == TRIGGER_OVERLAP_SKIP)
                return err_set(err, -EBUSY, "run %s of %s has not ended (overlap = \"skip\")",
                               a->live, a->name);
        if (a->live[0]) {
                overlap(a, armed_now_ms(a->options));
                return 1;
        }
        r = submit(a, armed_now_ms(a->options), true, ret, err);
        if (r == 0)
                armed_tell(a->options, false, "trigger %s starts run %s, fired by %s", a->name, ret,
                           by);
        return r;
}

static json_t *time_or_null(int64_t ms)
{
        return ms > 0 ? json_integer(ms) : json_null();
}

static json_t *text_or_null(const char *text)
{
        return text && *text ? json_string(text) : json_null();
}

json_t *armed_row(const struct armed *a)
{
        const struct flow_trigger *t = a->trigger;
        int64_t next = armed_next(a);

        return json_pack("{s:s, s:s, s:s, s:o, s:o, s:O?, s:o, s:o, s:o, s:o, s:I}", "name",
                         a->name, "workflow", a->flow->name, "kind", trigger_kind(a->trigger),
                         "cron", text_or_null(t->cron), "time_zone", text_or_null(t->time_zone),
                         "watch", t->watch, "workspace", text_or_null(t->workspace), "next",
                         time_or_null(next < INT64_MAX ? next * 1000 : 0), "last",
                         time_or_null(a->fired), "run", text_or_null(a->live), "waiting",
                         (json_int_t) a->n_waiting);
}
