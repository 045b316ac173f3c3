/* SPDX-License-Identifier: Apache-2.0 */
#include "run/firing.h"

#include "run/armed.h"

#include <string.h>
#include <sys/timerfd.h>

#define AGAIN_S 10 /* after the engine had no room */

struct firing {
        struct firing_options options;
        struct armed **items;
        size_t n_items;
        int fd; /* timerfd of the wall clock; -1 with a clock of a test */
        struct loop_source source;
        struct loop_source soon;
};

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

/* --- the clock ---------------------------------------------------------------------------------
 */

/* The wall clock's own timer: it is told of a clock that is set, and of a sleep that ends. */
static void timer_set(struct firing *f)
{
        struct itimerspec when = { 0 };
        int64_t next = INT64_MAX;

        for (size_t i = 0; i < f->n_items; i++) {
                next = MIN_OF(next, armed_next(f->items[i]));
                if (f->items[i]->is_refused)
                        next = MIN_OF(next, armed_now_ms(&f->options) / 1000 + AGAIN_S);
                f->items[i]->is_refused = false;
        }
        if (f->fd < 0)
                return;
        when.it_value.tv_sec = next == INT64_MAX ? 0 : (time_t) MAX_OF(next, (int64_t) 1);
        (void) timerfd_settime(f->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

void firing_turn(struct firing *f)
{
        for (size_t i = 0; i < f->n_items; i++)
                armed_turn(f->items[i]);
        timer_set(f);
}

static void on_changed(void *owner)
{
        timer_set(owner);
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

static void items_free(struct armed **items, size_t n)
{
        for (size_t i = 0; i < n; i++)
                armed_free(items[i]);
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

static struct armed *find(const struct firing *f, const char *name)
{
        for (size_t i = 0; i < f->n_items; i++)
                if (strcmp(f->items[i]->name, name) == 0)
                        return f->items[i];
        return NULL;
}

static int items_make(struct firing *f, struct flow *const *flows, size_t n_flows,
                      struct armed **items, size_t *n)
{
        for (size_t i = 0; i < n_flows; i++)
                for (size_t k = 0; k < flows[i]->trigger_count; k++) {
                        struct err why = { 0 };
                        int r = armed_new(&items[*n], &f->options, flows[i], k, &why);

                        if (r == -ENOMEM)
                                return r;
                        if (r < 0)
                                armed_tell(&f->options, true, "trigger %s/%s is left out: %s",
                                           flows[i]->name, flows[i]->triggers[k].name,
                                           err_text(&why));
                        else
                                (*n)++;
                }
        return 0;
}

int firing_set(struct firing *f, struct flow *const *flows, size_t n_flows, struct err *err)
{
        _cleanup_(json_decrefp) json_t *rows = NULL, *runs = NULL;
        struct armed **items;
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
        for (size_t i = 0; i < n; i++) {
                items[i]->changed = on_changed;
                items[i]->owner = f;
                armed_go_on(items[i], find(f, items[i]->name), rows, runs);
        }
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
                struct armed *a = f->items[i];

                if (a->watch && strcmp(a->trigger->workspace, workspace) == 0)
                        watch_look(a->watch, is_over ? is_applied : NULL, (void *) changes);
        }
}

int firing_now(struct firing *f, const char *name, const char *by, char ret[RUN_ID_SIZE],
               struct err *err)
{
        struct armed *a = find(f, name);

        if (!a)
                return err_set(err, -ENOENT,
                               "there is no trigger \"%s\" (linhay trigger list names them)", name);
        return armed_now(a, by, ret, err);
}

json_t *firing_list(const struct firing *f)
{
        json_t *list = json_array();

        for (size_t i = 0; list && i < f->n_items; i++)
                (void) json_array_append_new(list, armed_row(f->items[i]));
        return list;
}
