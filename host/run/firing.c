/* SPDX-License-Identifier: Apache-2.0 */
#include "run/firing.h"

#include "run/due.h"
#include "run/watch.h"

#include <stdarg.h>
#include <string.h>
#include <sys/timerfd.h>

#define AGAIN_S 10 /* after the engine had no room */

/* One trigger. */
struct item {
        struct firing *all;
        char name[2 * TRIGGER_NAME_SIZE + 2]; /* "review/nightly" */
        struct flow *flow;
        const struct flow_trigger *trigger; /* the flow's */
        struct cron cron;
        struct zone *zone;
        struct watch *watch;
        int64_t last; /* s: everything up to here was looked at */
        bool is_new_here;
        int64_t waiting[DUE_ALL_MAX]; /* ms: due, and not started yet; oldest first */
        size_t n_waiting;
        char live[RUN_ID_SIZE]; /* "" = its last run has ended */
};

struct firing {
        struct firing_options options;
        struct item **items;
        size_t n_items;
        int fd; /* timerfd of the wall clock; -1 with a clock of a test */
        struct loop_source source;
        struct loop_source soon;
        bool has_no_room;
};

static void tell(const struct firing *f, bool is_fault, const char *format, ...) _printf_(3, 4);
static void tell(const struct firing *f, bool is_fault, const char *format, ...)
{
        char text[ERR_TEXT_MAX + 256];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        f->options.tell(f->options.user, is_fault, text);
}

static int64_t now_ms(const struct firing *f)
{
        return (int64_t) (f->options.wall_ms ? f->options.wall_ms() : clock_wall_ms());
}

/* --- one trigger -------------------------------------------------------------------------------
 */

static struct item *item_free(struct item *item)
{
        if (!item)
                return NULL;
        watch_free(item->watch);
        zone_free(item->zone);
        flow_free(item->flow);
        free(item);
        return NULL;
}

DEFINE_FREEP(struct item, item_free);

int firing_check(const struct flow_trigger *trigger, struct err *err)
{
        _cleanup_(zone_freep) struct zone *zone = NULL;
        struct cron cron;
        int r;

        if (!trigger->cron)
                return 0;
        r = cron_parse(&cron, trigger->cron, err);
        if (r < 0)
                return err_wrap(err, r, "cron");
        r = zone_open(&zone, trigger->time_zone, err);
        return r < 0 ? err_wrap(err, r, "time_zone") : 0;
}

/* Recorded as dealt with, without a run. */
static void settle(struct item *item, int64_t due_ms)
{
        engine_trigger_passed(item->all->options.engine, item->name, (uint64_t) due_ms);
}

static void wait_again(struct item *item, int64_t due_ms)
{
        memmove(item->waiting + 1, item->waiting, item->n_waiting * sizeof(*item->waiting));
        item->waiting[0] = due_ms;
        item->n_waiting++;
        item->all->has_no_room = true;
}

static int submit(struct item *item, int64_t due_ms, const char *kind, bool is_by_hand,
                  char ret[RUN_ID_SIZE], struct err *err)
{
        _cleanup_(flow_freep) struct flow *flow = NULL;
        char key[2 * TRIGGER_NAME_SIZE + 48], by[2 * TRIGGER_NAME_SIZE + 16];
        const struct engine_trigger trigger = { .name = item->name,
                                                .kind = kind,
                                                .due_ms = (uint64_t) due_ms,
                                                .is_extra = is_by_hand };
        struct engine_request request = { .inputs = item->trigger->inputs,
                                          .workspace = item->trigger->workspace,
                                          .by = { -1, by },
                                          .submit_key = is_by_hand ? NULL : key,
                                          .trigger = &trigger };
        int r;

        (void) snprintf(key, sizeof(key), "trigger:%s@%lld", item->name, (long long) due_ms);
        (void) snprintf(by, sizeof(by), "trigger %s", item->name);
        r = flow_from_json(&flow, item->flow->json, err);
        if (r < 0)
                return r;
        request.flow = flow;
        r = engine_submit(item->all->options.engine, &request, ret, err);
        if (r == 0)
                (void) TAKE(flow);
        return r;
}

/* What cannot be started is no reason to try for ever: it is told, and dealt with. */
static void start(struct item *item, int64_t due_ms)
{
        char run[RUN_ID_SIZE];
        struct err err = { 0 };
        int r = submit(item, due_ms, trigger_kind(item->trigger), false, run, &err);

        if (r == 0) {
                (void) snprintf(item->live, sizeof(item->live), "%s", run);
                tell(item->all, false, "trigger %s starts run %s", item->name, run);
        } else if (r == -EAGAIN && item->n_waiting < DUE_ALL_MAX) {
                wait_again(item, due_ms);
        } else {
                if (r != -EEXIST)
                        tell(item->all, true, "trigger %s starts no run: %s", item->name,
                             err_text(&err));
                settle(item, due_ms);
        }
}

static void wait_for_turn(struct item *item, int64_t due_ms)
{
        bool each = item->trigger->cron && item->trigger->missed == TRIGGER_MISSED_ALL;

        if (item->n_waiting > 0 && (!each || item->n_waiting == DUE_ALL_MAX)) {
                if (each)
                        tell(item->all, true, "trigger %s is too far behind: a run is left out",
                             item->name);
                item->waiting[item->n_waiting - 1] = due_ms;
                return;
        }
        item->waiting[item->n_waiting++] = due_ms;
}

/* It is due, and its last run has not ended. */
static void overlap(struct item *item, int64_t due_ms, bool is_made_up)
{
        if (is_made_up || item->n_waiting > 0) {
                wait_for_turn(item, due_ms);
                return;
        }
        switch (item->trigger->overlap) {
        case TRIGGER_OVERLAP_SKIP:
                tell(item->all, false, "trigger %s: run %s has not ended, no other is started",
                     item->name, item->live);
                settle(item, due_ms);
                break;
        case TRIGGER_OVERLAP_CANCEL:
                (void) engine_cancel(item->all->options.engine, item->live, CANCEL_ORDERLY,
                                     item->name, NULL);
                wait_for_turn(item, due_ms);
                break;
        case TRIGGER_OVERLAP_QUEUE:
                wait_for_turn(item, due_ms);
                break;
        }
}

static void offer(struct item *item, int64_t due_ms, bool is_made_up)
{
        if (item->live[0] || item->n_waiting > 0)
                overlap(item, due_ms, is_made_up);
        else
                start(item, due_ms);
}

static void next_waiting(struct item *item)
{
        int64_t due_ms;

        if (item->live[0] || item->n_waiting == 0)
                return;
        due_ms = item->waiting[0];
        item->n_waiting--;
        memmove(item->waiting, item->waiting + 1, item->n_waiting * sizeof(*item->waiting));
        start(item, due_ms);
}

/* A daemon that died had perhaps something waiting for the run that is still there. */
static bool was_waiting(const struct item *item, const struct due *due)
{
        return item->is_new_here && item->live[0] && due->n == 0 && due->is_missed &&
               item->trigger->overlap != TRIGGER_OVERLAP_SKIP;
}

static void item_turn(struct item *item)
{
        int64_t before = item->last;
        struct due due;

        if (item->trigger->cron) {
                due_find(&due, &item->cron, item->zone, item->trigger->missed, item->last,
                         now_ms(item->all) / 1000);
                item->last = due.last;
                if (due.is_behind)
                        tell(item->all, true,
                             "trigger %s: the clock is far behind what is recorded; counting "
                             "starts now",
                             item->name);
                for (size_t i = 0; i < due.n; i++)
                        offer(item, due.at[i] * 1000, due.n > 1);
                if (was_waiting(item, &due))
                        offer(item, due.last * 1000, false);
                else if (due.n == 0 && due.last != before)
                        settle(item, due.last * 1000);
                item->is_new_here = false;
        }
        next_waiting(item);
}

/* --- the clock ---------------------------------------------------------------------------------
 */

static int64_t item_next(const struct item *item)
{
        return item->trigger->cron ? cron_next(&item->cron, item->zone, item->last) : INT64_MAX;
}

/* The wall clock's own timer: it is told of a clock that is set, and of a sleep that ends. */
static void timer_set(struct firing *f)
{
        struct itimerspec when = { 0 };
        int64_t next = INT64_MAX;

        for (size_t i = 0; i < f->n_items; i++)
                next = MIN_OF(next, item_next(f->items[i]));
        if (f->has_no_room)
                next = MIN_OF(next, now_ms(f) / 1000 + AGAIN_S);
        f->has_no_room = false;
        if (f->fd < 0)
                return;
        when.it_value.tv_sec = next == INT64_MAX ? 0 : (time_t) MAX_OF(next, (int64_t) 1);
        (void) timerfd_settime(f->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

void firing_turn(struct firing *f)
{
        for (size_t i = 0; i < f->n_items; i++)
                item_turn(f->items[i]);
        timer_set(f);
}

static int on_time(struct loop_source *source, _unused_ uint32_t events)
{
        struct firing *f = source->owner;
        uint64_t n;

        (void) !read(f->fd, &n, sizeof(n)); /* -ECANCELED: the clock was set; the same is to do */
        firing_turn(f);
        return 0;
}

static int on_soon(struct loop_source *source, _unused_ uint32_t events)
{
        firing_turn(source->owner);
        return 0;
}

static int timer_open(struct firing *f)
{
        if (f->options.wall_ms)
                return 0;
        f->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (f->fd < 0)
                return -errno;
        return loop_add_fd(f->options.loop, &f->source, f->fd, EPOLLIN, on_time, f);
}

int firing_new(struct firing **ret, const struct firing_options *options, struct err *err)
{
        _cleanup_(firing_freep) struct firing *f = calloc(1, sizeof(*f));
        int r;

        if (!f)
                return err_set(err, -ENOMEM, "no memory for triggers");
        f->options = *options;
        f->fd = -1;
        r = timer_open(f);
        if (r < 0)
                return err_sys(err, r, "cannot make the triggers' timer");
        *ret = TAKE(f);
        return 0;
}

static void items_free(struct item **items, size_t n)
{
        for (size_t i = 0; i < n; i++)
                item_free(items[i]);
        free(items);
}

struct firing *firing_free(struct firing *f)
{
        if (!f)
                return NULL;
        loop_remove(f->options.loop, &f->source);
        loop_remove(f->options.loop, &f->soon);
        closep(&f->fd);
        items_free(f->items, f->n_items);
        free(f);
        return NULL;
}

/* --- which triggers ----------------------------------------------------------------------------
 */

static struct item *item_find(const struct firing *f, const char *name)
{
        for (size_t i = 0; i < f->n_items; i++)
                if (strcmp(f->items[i]->name, name) == 0)
                        return f->items[i];
        return NULL;
}

static void on_changed(void *user)
{
        struct item *item = user;

        offer(item, now_ms(item->all), false);
        timer_set(item->all);
}

static void on_trouble(void *user, const char *text)
{
        const struct item *item = user;

        tell(item->all, true, "trigger %s: %s", item->name, text);
}

static int item_open(struct item *item, struct err *err)
{
        const struct watch_options watch = {
                .loop = item->all->options.loop,
                .folder = item->trigger->workspace,
                .patterns = item->trigger->watch,
                .exclude = store_dir(item->all->options.store),
                .debounce_ms = item->trigger->debounce_ms,
                .changed = on_changed,
                .trouble = on_trouble,
                .user = item,
        };
        int r;

        if (item->trigger->is_manual)
                return 0;
        if (!item->trigger->cron)
                return watch_new(&item->watch, &watch, err);
        r = cron_parse(&item->cron, item->trigger->cron, err);
        return r < 0 ? r : zone_open(&item->zone, item->trigger->time_zone, err);
}

static int item_new(struct item **ret, struct firing *f, const struct flow *flow, size_t i,
                    struct err *err)
{
        _cleanup_(item_freep) struct item *item = calloc(1, sizeof(*item));
        int r;

        if (!item)
                return err_set(err, -ENOMEM, "no memory for triggers");
        item->all = f;
        item->is_new_here = true;
        r = flow_from_json(&item->flow, flow->json, err);
        if (r < 0)
                return r;
        item->trigger = &item->flow->triggers[i];
        (void) snprintf(item->name, sizeof(item->name), "%s/%s", flow->name, item->trigger->name);
        r = item_open(item, err);
        if (r < 0)
                return r;
        *ret = TAKE(item);
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
static void live_find(struct item *item, const json_t *runs)
{
        json_t *run;
        size_t i;

        json_array_foreach ((json_t *) runs, i, run) {
                const json_t *trigger = json_object_get(run, "trigger");
                const char *name = json_string_value(json_object_get(trigger, "name"));

                if (name && strcmp(name, item->name) == 0)
                        (void) snprintf(item->live, sizeof(item->live), "%s",
                                        json_string_value(json_object_get(run, "run")));
        }
}

/* Where it was: by memory, else by the record, else it is new and begins now. */
static void item_go_on(struct item *item, struct item *before, const json_t *rows,
                       const json_t *runs)
{
        const json_t *row = row_of(rows, item->name);

        if (before) {
                item->last = before->last;
                item->n_waiting = before->n_waiting;
                item->is_new_here = false;
                memcpy(item->waiting, before->waiting, sizeof(item->waiting));
                memcpy(item->live, before->live, sizeof(item->live));
                if (item->watch && before->watch && watch_is_pending(before->watch))
                        watch_touch(item->watch);
                return;
        }
        live_find(item, runs);
        if (row) {
                item->last = json_integer_value(json_object_get(row, "last_due")) / 1000;
                return;
        }
        item->last = now_ms(item->all) / 1000;
        if (item->trigger->cron)
                settle(item, item->last * 1000);
}

static int items_make(struct firing *f, struct flow *const *flows, size_t n_flows,
                      struct item **items, size_t *n)
{
        for (size_t i = 0; i < n_flows; i++)
                for (size_t k = 0; k < flows[i]->trigger_count; k++) {
                        struct err why = { 0 };
                        int r = item_new(&items[*n], f, flows[i], k, &why);

                        if (r == -ENOMEM)
                                return r;
                        if (r < 0)
                                tell(f, true, "trigger %s/%s is left out: %s", flows[i]->name,
                                     flows[i]->triggers[k].name, err_text(&why));
                        else
                                (*n)++;
                }
        return 0;
}

int firing_set(struct firing *f, struct flow *const *flows, size_t n_flows, struct err *err)
{
        _cleanup_(json_decrefp) json_t *rows = NULL, *runs = NULL;
        struct item **items;
        size_t most = 0, n = 0;
        int r;

        for (size_t i = 0; i < n_flows; i++)
                most += flows[i]->trigger_count;
        r = store_triggers(f->options.store, &rows, err);
        if (r == 0)
                r = store_unended(f->options.store, 0, &runs, err);
        if (r < 0)
                return r;
        items = calloc(most + 1, sizeof(*items));
        if (!items || items_make(f, flows, n_flows, items, &n) < 0) {
                items_free(items, n);
                return err_set(err, -ENOMEM, "no memory for triggers");
        }
        for (size_t i = 0; i < n; i++)
                item_go_on(items[i], item_find(f, items[i]->name), rows, runs);
        items_free(f->items, f->n_items);
        f->items = items;
        f->n_items = n;
        return loop_add_timer(f->options.loop, &f->soon, 0, on_soon, f);
}

/* --- what happens ------------------------------------------------------------------------------
 */

void firing_event(struct firing *f, const json_t *event)
{
        const char *name = json_string_value(json_object_get(event, "event"));
        const char *run = json_string_value(json_object_get(event, "run"));
        const char *text = json_string_value(json_object_get(event, "state"));
        enum run_state state;

        if (!name || !run || !text || strcmp(name, "end") != 0 ||
            run_state_from_name(&state, text) < 0 || !run_state_is_final(state))
                return;
        for (size_t i = 0; i < f->n_items; i++)
                if (strcmp(f->items[i]->live, run) == 0) {
                        f->items[i]->live[0] = '\0';
                        if (!f->soon.is_active)
                                (void) loop_add_timer(f->options.loop, &f->soon, 0, on_soon, f);
                }
}

/* Of the paths that an apply touches: its files, folders on the way, and hidden siblings. */
static bool is_applied(void *user, const char *path)
{
        const struct changeset *changes = user;
        const char *name = strrchr(path, '/');
        size_t n = strlen(path);

        if (strncmp(name ? name + 1 : path, ".linhay-", 8) == 0)
                return true;
        for (size_t i = 0; i < changes->n_files; i++) {
                const char *changed = changes->files[i].path;

                if (strncmp(changed, path, n) == 0 && (changed[n] == '\0' || changed[n] == '/'))
                        return true;
        }
        return false;
}

void firing_applies(struct firing *f, const char *workspace, const struct changeset *changes,
                    bool is_over)
{
        for (size_t i = 0; i < f->n_items; i++) {
                struct item *item = f->items[i];

                if (item->watch && strcmp(item->trigger->workspace, workspace) == 0)
                        watch_look(item->watch, is_over ? is_applied : NULL, (void *) changes);
        }
}

int firing_now(struct firing *f, const char *name, char ret[RUN_ID_SIZE], struct err *err)
{
        struct item *item = item_find(f, name);
        int r;

        if (!item)
                return err_set(err, -ENOENT,
                               "there is no trigger \"%s\" (linhay trigger list names them)", name);
        if (item->live[0] && item->trigger->overlap == TRIGGER_OVERLAP_SKIP)
                return err_set(err, -EBUSY, "run %s of %s has not ended (overlap = \"skip\")",
                               item->live, name);
        if (item->live[0]) {
                overlap(item, now_ms(f), false);
                return 1;
        }
        r = submit(item, now_ms(f), trigger_kind(item->trigger), true, ret, err);
        if (r == 0)
                (void) snprintf(item->live, sizeof(item->live), "%s", ret);
        return r;
}

static json_t *time_or_null(int64_t s)
{
        return s > 0 && s < INT64_MAX ? json_integer(s * 1000) : json_null();
}

static json_t *text_or_null(const char *text)
{
        return text && *text ? json_string(text) : json_null();
}

static json_t *item_row(const struct item *item)
{
        const struct flow_trigger *t = item->trigger;

        return json_pack("{s:s, s:s, s:s, s:o, s:o, s:O?, s:o, s:o, s:o, s:o, s:I}", "name",
                         item->name, "workflow", item->flow->name, "kind",
                         trigger_kind(item->trigger), "cron", text_or_null(t->cron), "time_zone",
                         text_or_null(t->time_zone), "watch", t->watch, "workspace",
                         text_or_null(t->workspace), "next", time_or_null(item_next(item)), "last",
                         t->cron ? time_or_null(item->last) : json_null(), "run",
                         text_or_null(item->live), "waiting", (json_int_t) item->n_waiting);
}

json_t *firing_list(const struct firing *f)
{
        json_t *list = json_array();

        for (size_t i = 0; list && i < f->n_items; i++)
                (void) json_array_append_new(list, item_row(f->items[i]));
        return list;
}
