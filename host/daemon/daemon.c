/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/daemon.h"

#include "cli/cli.h"
#include "cli/identity.h"
#include "cli/interrupt.h"
#include "cli/session.h"
#include "daemon/intake.h"
#include "daemon/notify.h"
#include "daemon/registry.h"
#include "daemon/say.h"
#include "run/engine.h"
#include "run/firing.h"
#include "run/watch.h"
#include "store/place.h"

#include <string.h>

#define AGENT_FOLDERS_MAX 8    /* that are watched */
#define AGENTS_QUIET_MS   1000 /* an agent is installed when nothing more is written */

struct daemon {
        struct session session;
        struct store *store;
        struct engine *engine;
        struct registry *registry;
        struct intake *intake;
        struct firing *firing;
        struct watch *agents[AGENT_FOLDERS_MAX]; /* their folders */
        struct interrupt interrupt;
        struct loop_source watchdog;
        struct loop_source grace; /* of an orderly end */
        uint64_t watchdog_ms;
        bool is_stopping;
        bool is_over; /* the parts are being let go */
        int status;
};

static void daemon_done(struct daemon *d)
{
        interrupt_done(&d->interrupt);
        if (d->session.loop)
                loop_remove(d->session.loop, &d->watchdog);
        loop_remove(d->session.loop, &d->grace);
        for (size_t i = 0; i < AGENT_FOLDERS_MAX; i++)
                d->agents[i] = watch_free(d->agents[i]);
        d->is_stopping = true;
        d->is_over = true;
        /* First, so that nothing is started while the engine's last batches land. */
        d->firing = firing_free(d->firing);
        d->engine = engine_free(d->engine);
        d->intake = intake_free(d->intake);
        d->registry = registry_free(d->registry);
        d->store = store_free(d->store);
        session_done(&d->session);
}

/* --- what the engine asks and tells ------------------------------------------------------------
 */

static const char *text_of(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}

static void tell_run(const json_t *event)
{
        say(SAY_INFO, "run %s is accepted: %s%s%s", text_of(event, "run"), text_of(event, "flow"),
            *text_of(event, "workspace") ? " on " : "", text_of(event, "workspace"));
}

static void tell_approval(const json_t *event)
{
        say(SAY_NOTICE, "%s/%s: approval %s%s%s", text_of(event, "run"), text_of(event, "step"),
            text_of(event, "state"), *text_of(event, "by") ? " by " : "", text_of(event, "by"));
}

static void tell_end(const json_t *event)
{
        say(SAY_INFO, "run %s has ended: %s, exit %lld", text_of(event, "run"),
            text_of(event, "state"),
            (long long) json_integer_value(json_object_get(event, "exit")));
}

/* Steps, findings and logs stand in the record; the journal gets what an operator looks for. */
static const struct {
        const char *event;
        void (*tell)(const json_t *event);
} told[] = {
        { "run", tell_run },
        { "approval", tell_approval },
        { "end", tell_end },
};

static void on_event(void *user, const json_t *event)
{
        struct daemon *d = user;

        for (size_t i = 0; i < ARRAY_SIZE(told); i++)
                if (strcmp(text_of(event, "event"), told[i].event) == 0)
                        told[i].tell(event);
        if (d->intake)
                intake_event(d->intake, event);
        if (d->firing)
                firing_event(d->firing, event);
}

static void on_apply(void *user, const char *workspace, const struct changeset *changes,
                     bool is_over)
{
        struct daemon *d = user;

        if (d->firing)
                firing_applies(d->firing, workspace, changes, is_over);
}

static void on_trigger(_unused_ void *user, bool is_fault, const char *text)
{
        say(is_fault ? SAY_ERROR : SAY_INFO, "%s", text);
}

static void on_stuck(_unused_ void *user, const char *text)
{
        say(SAY_WARNING, "%s", text);
}

/* The service manager starts another one: every run is taken up there, from its record. */
static void on_trouble(void *user, const char *text)
{
        struct daemon *d = user;

        if (d->is_stopping)
                return;
        say(SAY_ERROR, "cannot go on: %s; no run is lost", text);
        d->status = CLI_TROUBLE;
        loop_stop(d->session.loop);
}

static bool on_request(void *user, struct control_call *call, const struct control_peer *peer,
                       const json_t *request)
{
        struct daemon *d = user;

        return d->intake && !d->is_over && intake_request(d->intake, call, peer, request);
}

static void policy(void *user, _unused_ const struct agent *agent,
                   _unused_ const struct manifest_action *action, struct grants *ret_grants,
                   _unused_ enum risk *ret_least)
{
        const struct daemon *d = user;

        *ret_grants = session_grants(&d->session);
}

static struct catalog *catalog_of(void *user)
{
        struct daemon *d = user;

        return d->session.catalog;
}

static const struct flow *workflow_of(void *user, const char *name)
{
        const struct daemon *d = user;

        return registry_find(d->registry, name);
}

/* --- options -----------------------------------------------------------------------------------
 */

/* Who starts a run here is seldom the one who runs the daemon: two pairs of eyes unless the file
 * says otherwise. */
static bool four_eyes_of(const struct options *o)
{
        return strcmp(options_origin(o, "approval.four_eyes"), "default") == 0 ||
               options_bool(o, "approval.four_eyes");
}

static int store_dir_of(char **ret, const struct options *o, struct err *err)
{
        const char *named = options_text(o, "store.dir"), *state = getenv("STATE_DIRECTORY");
        int n;

        if (named && *named != '/')
                return err_set(err, -EINVAL, "%s: store.dir must be an absolute path, not %s",
                               options_origin(o, "store.dir"), named);
        if (named)
                n = asprintf(ret, "%s", named);
        else if (state && *state == '/')
                n = asprintf(ret, "%.*s/store", (int) strcspn(state, ":"), state);
        else
                n = asprintf(ret, "%s", PLACE_DAEMON_STORE);
        return n < 0 ? err_set(err, -ENOMEM, "out of memory") : 0;
}

/* --- reload ------------------------------------------------------------------------------------
 */

static void tell_unchanged(const struct daemon *d, const struct options *fresh)
{
        for (size_t i = 0; i < option_count; i++)
                if (option_table[i].at_start &&
                    !options_same(d->session.options, fresh, option_table[i].path))
                        say(SAY_WARNING, "%s: %s counts from the next start of linhayd on",
                            options_origin(fresh, option_table[i].path), option_table[i].path);
}

static int renew(struct session *ret, struct registry **ret_registry, const struct daemon *d,
                 struct err *err)
{
        int r;

        r = session_renew(ret, &d->session, err);
        if (r < 0)
                return r;
        return registry_load(ret_registry, options_text(ret->options, "workflows.dir"),
                             ret->catalog, NULL, NULL, err);
}

static void engine_renew(struct daemon *d)
{
        struct engine_options limits = { 0 };

        session_limits(&d->session, &limits);
        engine_reload(d->engine,
                      &(struct engine_renewal){ .catalog = d->session.catalog,
                                                .four_eyes = four_eyes_of(d->session.options),
                                                .slots = limits.slots,
                                                .project_slots = limits.project_slots,
                                                .runs_max = limits.runs_max,
                                                .project_runs = limits.project_runs });
}

/* An agent was installed, replaced or removed: runs from now on see it, the others keep theirs. */
static void on_agents_changed(void *user)
{
        struct daemon *d = user;
        struct catalog *before = d->session.catalog;
        struct err err = { 0 };

        if (session_catalog(&d->session, &d->session.catalog, &err) < 0) {
                say(SAY_ERROR, "agents have changed, and cannot be read anew: %s", err_text(&err));
                return;
        }
        engine_renew(d);
        catalog_free(before);
        sandbox_drain(d->session.sandbox);
        say(SAY_NOTICE, "agents have changed: new runs see them");
}

/* A folder that cannot be watched is one that a reload must be asked for. */
static void on_agents_trouble(_unused_ void *user, _unused_ const char *text)
{
}

static void agents_watch(struct daemon *d)
{
        _cleanup_(json_decrefp) json_t *all = json_pack("[s]", "**");
        const char *const *folders = catalog_folders(d->session.catalog);

        for (size_t i = 0; i < AGENT_FOLDERS_MAX; i++)
                d->agents[i] = watch_free(d->agents[i]);
        for (size_t i = 0; all && i < AGENT_FOLDERS_MAX && folders[i]; i++)
                (void) watch_new(&d->agents[i],
                                 &(struct watch_options){ .loop = d->session.loop,
                                                          .folder = folders[i],
                                                          .patterns = all,
                                                          .debounce_ms = AGENTS_QUIET_MS,
                                                          .changed = on_agents_changed,
                                                          .trouble = on_agents_trouble,
                                                          .user = d },
                                 NULL);
}

static int reload(void *user, struct err *err)
{
        struct daemon *d = user;
        _cleanup_(session_done) struct session fresh = { 0 };
        struct catalog *before = catalog_ref(d->session.catalog);
        struct registry *registry = NULL;
        int r;

        r = renew(&fresh, &registry, d, err);
        if (r < 0) {
                catalog_free(before);
                return err_wrap(err, r, "nothing is changed");
        }
        tell_unchanged(d, fresh.options);
        session_adopt(&d->session, &fresh);
        engine_renew(d);
        catalog_free(before);
        sandbox_drain(d->session.sandbox);
        registry_free(d->registry);
        d->registry = registry;
        agents_watch(d);
        r = firing_set(d->firing, registry->flows, registry->n_flows, err);
        if (r < 0)
                return err_wrap(err, r, "all is reloaded but the triggers");
        say(SAY_NOTICE, "reloaded: %zu workflows", registry->n_flows);
        return 0;
}

static void on_hang_up(void *user)
{
        struct daemon *d = user;
        struct err err = { 0 };

        notify_send("RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long) clock_us());
        if (reload(d, &err) < 0)
                say(SAY_ERROR, "not reloaded: %s", err_text(&err));
        notify_send("READY=1");
}

static int on_grace_over(struct loop_source *source, _unused_ uint32_t events)
{
        struct daemon *d = source->owner;

        say(SAY_NOTICE, "steps that still run are killed, and tried again at the next start");
        loop_stop(d->session.loop);
        return 0;
}

static void on_quiet(void *user)
{
        struct daemon *d = user;

        if (d->is_stopping)
                loop_stop(d->session.loop);
}

/* Steps that run may end; at the second signal, or when their time is up, nobody waits for them. */
static void on_interrupt(void *user, _unused_ unsigned n)
{
        struct daemon *d = user;

        if (d->is_stopping) {
                loop_stop(d->session.loop);
                return;
        }
        d->is_stopping = true;
        say(SAY_NOTICE, "stopping; what has not ended is taken up at the next start");
        notify_send("STOPPING=1");
        engine_quiesce(d->engine);
        if (loop_add_timer(d->session.loop, &d->grace,
                           options_number(d->session.options, "run.stop_grace", 0), on_grace_over,
                           d) < 0)
                loop_stop(d->session.loop);
}

/* --- start -------------------------------------------------------------------------------------
 */

static void on_wait(_unused_ void *user, const char *message)
{
        say(SAY_NOTICE, "%s", message);
}

static int store_take(struct daemon *d, struct err *err)
{
        struct store_limits limits = session_store_limits(d->session.options);
        struct store_options options = { .limits = &limits, .on_wait = on_wait };
        _cleanup_(freep) char *dir = NULL;
        int r;

        r = store_dir_of(&dir, d->session.options, err);
        if (r == 0)
                r = store_open(&d->store, dir, &options, err);
        if (r < 0)
                return r;
        place_register(store_dir(d->store));
        r = store_attach(d->store, d->session.loop);
        return r < 0 ? err_sys(err, r, "cannot attach the store") : 0;
}

static int engine_make(struct daemon *d, struct err *err)
{
        struct engine_options options = {
                .identity = identity_of_caller(),
                .four_eyes = four_eyes_of(d->session.options),
                .is_shared = true,
                .policy = policy,
                .on_event = on_event,
                .on_stuck = on_stuck,
                .on_trouble = on_trouble,
                .on_quiet = on_quiet,
                .on_apply = on_apply,
                .on_request = on_request,
                .user = d,
        };
        struct intake_options intake = {
                .store = d->store,
                .catalog = catalog_of,
                .workflow = workflow_of,
                .reload = reload,
                .user = d,
        };
        int r;

        session_limits(&d->session, &options);
        r = engine_new(&d->engine, d->session.loop, d->store, d->session.sandbox,
                       d->session.catalog, &options, err);
        if (r < 0)
                return r;
        r = firing_new(&d->firing,
                       &(struct firing_options){ .engine = d->engine,
                                                 .store = d->store,
                                                 .loop = d->session.loop,
                                                 .tell = on_trigger,
                                                 .user = d },
                       err);
        if (r < 0)
                return r;
        intake.engine = d->engine;
        intake.firing = d->firing;
        r = intake_new(&d->intake, &intake);
        return r < 0 ? err_set(err, r, "no memory for a daemon") : 0;
}

static void on_bad_workflow(_unused_ void *user, const char *text)
{
        say(SAY_ERROR, "left out: %s", text);
}

/* Runs that are on their way are not held up by a workflow that nobody can start. */
static int workflows_read(struct daemon *d, struct err *err)
{
        return registry_load(&d->registry, options_text(d->session.options, "workflows.dir"),
                             d->session.catalog, on_bad_workflow, d, err);
}

static int runs_resume(struct daemon *d, struct err *err)
{
        _cleanup_(json_decrefp) json_t *runs = NULL;
        int r;

        r = store_unended(d->store, 0, &runs, err);
        if (r < 0 || json_array_size(runs) == 0)
                return r;
        say(SAY_NOTICE, "%zu unended runs are taken up", json_array_size(runs));
        return engine_resume_all(d->engine, err);
}

static int on_watchdog(struct loop_source *source, _unused_ uint32_t events)
{
        struct daemon *d = source->owner;

        notify_send("WATCHDOG=1");
        return loop_add_timer(d->session.loop, &d->watchdog, d->watchdog_ms, on_watchdog, d);
}

static int watchdog_start(struct daemon *d, struct err *err)
{
        int r;

        d->watchdog_ms = notify_watchdog_ms();
        if (!d->watchdog_ms)
                return 0;
        r = loop_add_timer(d->session.loop, &d->watchdog, 0, on_watchdog, d);
        return r < 0 ? err_sys(err, r, "cannot make a timer") : 0;
}

static int daemon_open(struct daemon *d, struct err *err)
{
        static const struct interrupt_handler signals = { on_interrupt, on_hang_up };
        int r;

        d->status = CLI_USAGE; /* of what fails here, the configuration is to blame */
        r = session_open(&d->session, NULL, err);
        if (r < 0)
                return r;
        d->status = CLI_TROUBLE;
        r = interrupt_watch(&d->interrupt, d->session.loop, &signals, d);
        if (r < 0)
                return err_sys(err, r, "cannot watch signals");
        r = store_take(d, err);
        if (r == 0)
                r = engine_make(d, err);
        if (r == 0)
                r = workflows_read(d, err);
        if (r == 0)
                r = runs_resume(d, err);
        if (r == 0)
                r = firing_set(d->firing, d->registry->flows, d->registry->n_flows, err);
        if (r == 0)
                r = watchdog_start(d, err);
        if (r == 0)
                agents_watch(d);
        return r;
}

int daemon_run(void)
{
        _cleanup_(daemon_done) struct daemon d = { .interrupt = INTERRUPT_NONE };
        struct err err = { 0 };
        int r;

        r = daemon_open(&d, &err);
        if (r < 0) {
                say(SAY_ERROR, "%s", err_text(&err));
                return d.status;
        }
        d.status = CLI_PASSED;
        notify_send("READY=1\nSTATUS=%zu workflows", d.registry->n_flows);
        say(SAY_NOTICE, "ready: store %s, %zu workflows", store_dir(d.store), d.registry->n_flows);
        if (*engine_trouble(d.engine))
                return CLI_TROUBLE; /* told, while the runs were taken up */
        r = loop_run(d.session.loop);
        if (r < 0) {
                say(SAY_ERROR, "the event loop failed: %s", strerror(-r));
                return CLI_TROUBLE;
        }
        return d.status;
}
