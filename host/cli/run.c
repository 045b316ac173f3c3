/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/flow-catalog.h"
#include "cli/identity.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/masked.h"
#include "cli/progress.h"
#include "cli/repeat.h"
#include "cli/report-print.h"
#include "cli/session.h"
#include "run/engine.h"
#include "run/remote.h"
#include "store/place.h"
#include "store/store.h"

#include <linux/limits.h>
#include <string.h>
#include <sys/stat.h>

static const struct cli_verb verb = {
        .name = "run",
        .operands = "[FLOW]",
        .least = 0,
        .most = 1,
        .summary = "Runs a workflow over a tree, or carries on a run that stopped.",
        .footer = "FLOW is a file or the name of a shipped workflow. Exit status: 0 passed, 1 "
                  "findings at or\n"
                  "above the workflow's threshold, 2 usage or definition, 3 waits for approval, 4 "
                  "a step\n"
                  "failed, 5 store or sandbox trouble. Ctrl-C once ends the run in order, twice at "
                  "once.\n\n"
                  "  linhay run conf/workflows/review.flow --workspace ~/src/project\n"
                  "  linhay run --resume 01j9\n",
};

static const struct cli_verb retry_verb = {
        .name = "retry",
        .operands = "RUN",
        .least = 1,
        .most = 1,
        .summary =
                "Repeats a run that has ended, from where it went wrong, and keeps what was good.",
        .footer =
                "A new run: steps that ended well are kept with all that they gave, the others run "
                "again and so\n"
                "does what comes after them. Changes that were applied stay applied. Exit status "
                "as of run.\n"
                "Where linhayd holds the store it repeats the run, and the id is printed, as by "
                "submit.\n\n"
                "  linhay retry 01j9\n"
                "  linhay retry 01j9 --from review\n"
                "  linhay retry 01j9 --with-new-definition review.flow\n",
};

/* One call of the verb, from its options to its exit status. */
struct call {
        const char *flow_path, *workspace, *store_option, *resume;
        const char *retry, *from; /* a run to repeat; flow_path is its new definition then */
        struct cli_list inputs, allow_degraded;
        bool as_json, yes, no_wait;

        struct session session;
        struct store *store;
        struct engine *engine;
        struct progress *progress;
        struct flow *flow;
        struct interrupt interrupt;
        unsigned interrupts;
        char run[RUN_ID_SIZE];
        char repeats[RUN_ID_SIZE]; /* the run that was repeated */
        json_t *plan;              /* which of its steps run again, and why; NULL = none is */
        char tree[PATH_MAX];
        bool has_ended; /* the event `end` was printed */
};

#define CALL_EMPTY ((struct call){ .interrupt = INTERRUPT_NONE })

static void call_done(struct call *c)
{
        interrupt_done(&c->interrupt);
        c->progress = progress_free(c->progress);
        c->engine = engine_free(c->engine);
        c->store = store_free(c->store);
        c->flow = flow_free(c->flow);
        session_done(&c->session);
        cli_list_done(&c->inputs);
        cli_list_done(&c->allow_degraded);
        json_decref(TAKE(c->plan));
}

/* Of the run itself, and not of one that a step of it runs? */
static bool is_own(const struct call *c, const json_t *event)
{
        const char *run = json_string_value(json_object_get(event, "run"));

        return !run || !*c->run || strcmp(run, c->run) == 0;
}

static void event_print(struct call *c, const json_t *event)
{
        const char *name = json_string_value(json_object_get(event, "event"));

        (void) json_dumpf(event, stdout, JSON_COMPACT);
        (void) putchar('\n');
        (void) fflush(stdout);
        c->has_ended |= name && strcmp(name, "end") == 0 && is_own(c, event);
}

static bool is_begin(const struct call *c, const json_t *event)
{
        const char *name = json_string_value(json_object_get(event, "event"));

        return name && strcmp(name, "run") == 0 && is_own(c, event);
}

static void on_event(void *user, const json_t *event)
{
        struct call *c = user;
        _cleanup_(json_decrefp) json_t *shown = json_deep_copy(event);
        size_t masked = 0;

        if (!shown || mask_json(shown, &masked) < 0)
                return;
        if (c->plan && is_begin(c, event)) {
                (void) json_object_set_new(shown, "retry_of", json_string(c->repeats));
                (void) json_object_set(shown, "plan", c->plan);
        }
        if (c->as_json)
                event_print(c, shown);
        if (c->progress && is_own(c, event))
                progress_event(c->progress, shown);
}

/* In order at the first Ctrl-C, at once at the second. */
static void on_interrupt(void *user, unsigned n)
{
        struct call *c = user;
        struct err err = { 0 };

        if (!c->run[0])
                return;
        c->interrupts += n;
        cli_say(c->interrupts == 1 ? "ending the run in order; press Ctrl-C again to end it at once"
                                   : "ending the run at once");
        (void) engine_cancel(c->engine, c->run, c->interrupts == 1 ? CANCEL_ORDERLY : CANCEL_NOW,
                             "signal", &err);
}

static void on_hang_up(void *user)
{
        struct call *c = user;

        if (c->engine)
                engine_stop(c->engine, "the terminal was closed");
}

static void on_wait(void *user, const char *message)
{
        (void) user;
        cli_say("%s", message);
}

/* An engine that carries one run ends some time; a daemon does not, and takes the run itself. */
static int held_by_daemon(const struct call *c, const char *dir, struct err *err)
{
        pid_t pid;

        if (remote_daemon(dir, &pid) < 0)
                return 0;
        if (c->resume || c->retry)
                return err_set(err, -EBUSY,
                               "linhayd (pid %d) holds the store %s and carries its runs: linhay "
                               "show %s",
                               (int) pid, dir, c->run);
        return err_set(err, -EBUSY,
                       "linhayd (pid %d) holds the store %s: `linhay submit %s --workspace %s` "
                       "gives it the run, --store DIR names another store",
                       (int) pid, dir, c->flow_path, c->tree);
}

static int store_take(struct call *c, const char *dir, struct err *err)
{
        struct store_limits limits = session_store_limits(c->session.options);
        struct store_options options = { .flags = c->no_wait ? STORE_NO_WAIT : 0,
                                         .limits = &limits,
                                         .on_wait = on_wait };
        int r;

        r = held_by_daemon(c, dir, err);
        if (r == 0)
                r = store_open(&c->store, dir, &options, err);
        if (r < 0)
                return r;
        place_register(dir);
        r = store_attach(c->store, c->session.loop);
        return r < 0 ? err_sys(err, r, "cannot attach the store") : 0;
}

static void policy(void *user, const struct agent *agent, const struct manifest_action *action,
                   struct grants *ret_grants, enum risk *ret_least)
{
        const struct call *c = user;

        (void) agent;
        (void) action;
        (void) ret_least;
        *ret_grants = session_grants(&c->session);
}

static void on_stuck(_unused_ void *user, const char *text)
{
        (void) fprintf(stderr, "linhay: warning: %s\n", text);
}

static int engine_start(struct call *c, struct err *err)
{
        struct engine_options options = {
                .identity = identity_of_caller(),
                .approve_all = c->yes,
                .four_eyes = options_bool(c->session.options, "approval.four_eyes"),
                .policy = policy,
                .on_event = on_event,
                .on_stuck = on_stuck,
                .user = c,
        };

        session_limits(&c->session, &options);
        return engine_new(&c->engine, c->session.loop, c->store, c->session.sandbox,
                          c->session.catalog, &options, err);
}

/* Runs that a dead engine left: named, so that nobody forgets them, and not touched. */
static void others_tell(struct call *c)
{
        _cleanup_(json_decrefp) json_t *runs = NULL;
        json_t *run;
        size_t i;

        if (engine_others(c->engine, &runs, NULL) < 0)
                return;
        json_array_foreach (runs, i, run) {
                const char *id = json_string_value(json_object_get(run, "run")),
                           *state = json_string_value(json_object_get(run, "state"));

                if (id && state && strcmp(id, c->run) != 0)
                        cli_say("run %s is %s and not finished: linhay run --resume %s", id, state,
                                id);
        }
}

static int steps_show(struct call *c, const struct flow *flow)
{
        int r = progress_new(&c->progress, c->session.loop,
                             c->as_json ? PROGRESS_QUIET : progress_mode_for(cli_quiet));

        for (size_t i = 0; i < flow->step_count && r == 0; i++) {
                char work[160];

                (void) snprintf(work, sizeof(work), "%s %s", flow_step_agent(&flow->steps[i]),
                                flow_step_action(&flow->steps[i]));
                r = progress_step(c->progress, flow->steps[i].id, work);
        }
        return r;
}

static int tree_find(struct call *c, struct err *err)
{
        const char *named = c->workspace ? c->workspace : ".";
        struct stat st;

        if (!realpath(named, c->tree))
                return err_sys(err, -errno, "cannot find the workspace %s", named);
        if (stat(c->tree, &st) < 0)
                return err_sys(err, -errno, "cannot look at the workspace %s", named);
        if (!S_ISDIR(st.st_mode))
                return err_set(err, -ENOTDIR, "the workspace %s is not a folder", named);
        return 0;
}

/* A new run: definition, tree, store, inputs, engine, in the order in which a fault is cheapest. */
static int submit(struct call *c, struct err *err, int *ret_exit)
{
        _cleanup_(json_decrefp) json_t *inputs = NULL;
        _cleanup_(freep) char *dir = NULL;
        struct engine_request request = { .workspace = c->tree };
        int r;

        *ret_exit = CLI_USAGE;
        r = tree_find(c, err);
        if (r < 0)
                return r;
        r = flow_open(&c->flow, c->flow_path, c->session.catalog, err);
        if (r < 0)
                return r;
        r = place_store(&dir, c->store_option, c->tree, err);
        if (r < 0)
                return r;

        *ret_exit = CLI_TROUBLE;
        r = store_take(c, dir, err);
        if (r < 0)
                return r;
        *ret_exit = CLI_USAGE;
        r = input_read(&inputs, &c->inputs, c->flow->inputs, store_blobs(c->store), err);
        if (r < 0)
                return r;

        *ret_exit = CLI_TROUBLE;
        r = engine_start(c, err);
        if (r == 0)
                r = steps_show(c, c->flow);
        if (r < 0)
                return r;
        request.flow = c->flow;
        request.inputs = inputs;
        r = engine_submit(c->engine, &request, c->run, err);
        if (r == -EBADMSG)
                *ret_exit = CLI_USAGE;
        if (r == 0)
                c->flow = NULL; /* taken over */
        return r;
}

/* The steps of a run that is taken up, out of its record. */
static int record_show(struct call *c, struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        _cleanup_(flow_freep) struct flow *flow = NULL;
        int r;

        r = store_run_document(c->store, c->run, STORE_DOC_FLOW, &document, err);
        if (r == 0)
                r = flow_from_json(&flow, json_object_get(document, "flow_json"), err);
        return r < 0 ? r : steps_show(c, flow);
}

/* Who names a part of a run gets the whole: its steps, its report. */
static int root_take(struct call *c, struct err *err)
{
        char part[RUN_ID_SIZE];
        int r;

        memcpy(part, c->run, sizeof(part));
        r = engine_root(c->engine, part, c->run, err);
        if (r == 0 && strcmp(part, c->run) != 0)
                cli_say("run %s is a part of run %s, which is carried on", part, c->run);
        return r;
}

static int resume(struct call *c, struct err *err, int *ret_exit)
{
        _cleanup_(freep) char *dir = NULL;
        struct id_ref ref;
        int r;

        *ret_exit = CLI_USAGE;
        r = id_ref_parse(&ref, c->resume, err);
        if (r < 0)
                return r;
        r = place_find_run(&dir, c->run, c->store_option, ref.run, err);
        if (r < 0)
                return r;

        *ret_exit = CLI_TROUBLE;
        r = store_take(c, dir, err);
        if (r == 0)
                r = engine_start(c, err);
        if (r == 0)
                r = root_take(c, err);
        if (r == 0)
                r = record_show(c, err);
        if (r < 0)
                return r;
        r = engine_resume(c->engine, c->run, err);
        *ret_exit = r == -EBUSY ? CLI_TROUBLE : CLI_USAGE;
        return r;
}

/* The store of the run to repeat, an engine on it, and the steps that will be seen. */
static int retry_open(struct call *c, struct err *err, int *ret_exit)
{
        _cleanup_(freep) char *dir = NULL;
        struct id_ref ref;
        int r;

        *ret_exit = CLI_USAGE;
        r = id_ref_parse(&ref, c->retry, err);
        if (r == 0)
                r = place_find_run(&dir, c->run, c->store_option, ref.run, err);
        if (r == 0 && c->flow_path)
                r = flow_open(&c->flow, c->flow_path, c->session.catalog, err);
        if (r < 0)
                return r;
        *ret_exit = CLI_TROUBLE;
        r = store_take(c, dir, err);
        if (r == 0)
                r = engine_start(c, err);
        if (r < 0)
                return r;
        return c->flow ? steps_show(c, c->flow) : record_show(c, err);
}

static int retry(struct call *c, struct err *err, int *ret_exit)
{
        struct engine_retry request = { .from = c->from };
        int r;

        r = retry_open(c, err, ret_exit);
        if (r < 0)
                return r;
        memcpy(c->repeats, c->run, sizeof(c->repeats));
        request.run = c->repeats;
        request.flow = c->flow;
        r = engine_retry(c->engine, &request, c->run, &c->plan, err);
        *ret_exit = repeat_exit(r);
        if (r < 0)
                return r;
        c->flow = NULL; /* taken over */
        if (!c->as_json && !cli_quiet)
                repeat_tell(c->run, c->repeats, c->plan);
        return 0;
}

/* Ctrl-C at the question is "later". */
static bool ask(struct call *c)
{
        bool go_on;

        interrupt_breaks_reads(true);
        go_on = ask_approvals(c->engine, c->store, c->run);
        interrupt_breaks_reads(false);
        return go_on;
}

/* Lets the person at the terminal decide what waits, as long as each answer lets the run go on. */
static int carry(struct call *c, struct err *err)
{
        bool can_ask = !c->as_json && ask_is_possible();
        int r;

        for (;;) {
                r = engine_run_until_idle(c->engine, err);
                progress_stop(c->progress);
                if (r != RUN_EXIT_WAITING || !can_ask || c->interrupts)
                        return r;
                if (!ask(c))
                        return r;
                progress_start(c->progress);
        }
}

/* Programs wait for the last line whatever happened, and read there why. */
static void end_print(struct call *c, int status, const char *why)
{
        _cleanup_(json_decrefp) json_t *end = NULL;

        if (!c->as_json || c->has_ended)
                return;
        end = json_pack("{s:s, s:s*, s:s, s:i}", "event", "end", "run", c->run[0] ? c->run : NULL,
                        "state", c->run[0] ? "running" : "refused", "exit", status);
        if (end && *why)
                (void) json_object_set_new(end, "error",
                                           json_pack("{s:s, s:s}", "code",
                                                     status == CLI_USAGE ? "usage" : "trouble",
                                                     "message", why));
        if (end)
                event_print(c, end);
}

static int finish(struct call *c, int status)
{
        static const struct report_print how = { .format = REPORT_TEXT, .is_ended = true };
        struct err err = { 0 };

        if (status == RUN_EXIT_TROUBLE)
                (void) fprintf(stderr,
                               "linhay: %s\nlinhay: nothing is lost: linhay run --resume %s\n",
                               engine_trouble(c->engine), c->run);
        if (c->as_json || (cli_quiet && status == CLI_PASSED))
                return status;
        if (report_print(c->store, c->run, &how, stdout, &err) < 0)
                (void) cli_fail(status, &err);
        return status;
}

static int call_run(struct call *c)
{
        static const struct interrupt_handler signals = { on_interrupt, on_hang_up };
        const char *const *degraded = (const char *const *) c->allow_degraded.items;
        struct err err = { 0 };
        int r, status = CLI_TROUBLE;

        r = session_degraded_check(degraded, &err);
        if (r < 0)
                status = CLI_USAGE;
        else
                r = session_open(&c->session, degraded, &err);
        if (r == 0)
                r = interrupt_watch(&c->interrupt, c->session.loop, &signals, c);
        if (r == 0)
                r = c->retry    ? retry(c, &err, &status)
                    : c->resume ? resume(c, &err, &status)
                                : submit(c, &err, &status);
        if (r < 0) {
                if (c->resume && r == -EALREADY)
                        status = CLI_USAGE;
                end_print(c, status, err_text(&err));
                return cli_fail(status, &err);
        }
        others_tell(c);

        status = carry(c, &err);
        if (status < 0) {
                end_print(c, CLI_TROUBLE, err_text(&err));
                return cli_fail(CLI_TROUBLE, &err);
        }
        end_print(c, status, engine_trouble(c->engine));
        return finish(c, status);
}

/* What was typed is no call at all; cli_usage() said why. */
static int misused(struct call *c, int argc, char **argv)
{
        for (int i = 1; i < argc && !c->as_json; i++)
                c->as_json = strcmp(argv[i], "--json") == 0;
        end_print(c, CLI_USAGE, cli_last_message);
        return CLI_USAGE;
}

int cmd_run(int argc, char **argv)
{
        _cleanup_(call_done) struct call c = CALL_EMPTY;
        const struct cli_option options[] = {
                { "input", 'i', CLI_LIST, "K=V", "an input, typed by the workflow's schema",
                  &c.inputs },
                { "workspace", 'w', CLI_TEXT, "DIR", "the tree to work on (default: this folder)",
                  &c.workspace },
                { "store", 0, CLI_TEXT, "DIR", "where the record is kept (default: by the tree)",
                  &c.store_option },
                { "resume", 0, CLI_TEXT, "RUN", "carry on a run that stopped", &c.resume },
                { "yes", 'y', CLI_FLAG, NULL, "approve every change as yourself", &c.yes },
                { "no-wait", 0, CLI_FLAG, NULL, "fail where another engine holds the store",
                  &c.no_wait },
                { "allow-degraded", 0, CLI_LIST, "LAYER", "run although this layer is missing",
                  &c.allow_degraded },
                { "json", 0, CLI_FLAG, NULL, "print one event a line", &c.as_json },
                { "quiet", 'q', CLI_FLAG, NULL, "no progress, and a report only if not passed",
                  &cli_quiet },
                { 0 },
        };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r == CLI_USAGE ? misused(&c, argc, argv) : r;
        if ((n == 0) == !c.resume) {
                (void) cli_usage("run: name a workflow, or a run with --resume (not both)");
                return misused(&c, argc, argv);
        }
        c.flow_path = argv[1];
        return call_run(&c);
}

int cmd_retry(int argc, char **argv)
{
        _cleanup_(call_done) struct call c = CALL_EMPTY;
        struct repeat repeat = { 0 };
        const struct cli_option options[] = {
                { "from", 0, CLI_TEXT, "STEP", "begin with this step, whatever became of it",
                  &c.from },
                { "with-new-definition", 0, CLI_TEXT, "FLOW",
                  "run this definition; what it changed runs again", &c.flow_path },
                { "store", 0, CLI_TEXT, "DIR", "where the record is kept", &c.store_option },
                { "yes", 'y', CLI_FLAG, NULL, "approve every change as yourself", &c.yes },
                { "no-wait", 0, CLI_FLAG, NULL, "fail where another engine holds the store",
                  &c.no_wait },
                { "allow-degraded", 0, CLI_LIST, "LAYER", "run although this layer is missing",
                  &c.allow_degraded },
                { "wait", 0, CLI_FLAG, NULL, "until its end, also where linhayd repeats it",
                  &repeat.wait },
                { "json", 0, CLI_FLAG, NULL, "print one event a line", &c.as_json },
                { "quiet", 'q', CLI_FLAG, NULL, "no progress, and a report only if not passed",
                  &cli_quiet },
                { 0 },
        };
        size_t n;
        int r;

        if (cli_parse(&retry_verb, options, argc, argv, &n, &r) < 0)
                return r == CLI_USAGE ? misused(&c, argc, argv) : r;
        c.retry = argv[1];
        repeat.run = c.retry;
        repeat.from = c.from;
        repeat.flow_name = c.flow_path;
        repeat.store_option = c.store_option;
        repeat.as_json = c.as_json;
        repeat.not_here = c.yes ? "--yes" : c.allow_degraded.items ? "--allow-degraded" : NULL;
        return repeat_by_daemon(&repeat, &r) ? r : call_run(&c);
}
