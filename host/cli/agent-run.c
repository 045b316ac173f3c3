/* SPDX-License-Identifier: Apache-2.0 */
#include "base/changeset.h"
#include "base/io.h"
#include "base/json.h"
#include "base/unit.h"
#include "cli/agent.h"
#include "cli/cli.h"
#include "cli/diff-view.h"
#include "cli/input.h"
#include "cli/masked.h"
#include "cli/scratch.h"
#include "cli/session.h"
#include "cli/term.h"
#include "cli/trace-view.h"
#include "run/attempt.h"
#include "store/apply.h"
#include "store/key.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/file.h>

#define DIFF_BYTES_MAX   (16u << 20)
#define UNREADABLE_SHOWN 10

static const struct cli_verb verb = {
        .name = "agent run",
        .operands = "AGENT ACTION",
        .least = 2,
        .most = 2,
        .summary = "Runs one action of an agent in a cell, without a workflow and without a store.",
        .footer =
                "AGENT is a name (linhay agent list) or a file. Exit status: 0 verdict ok, 2 "
                "usage,\n"
                "4 any other verdict or the agent refused, 5 sandbox trouble. Without --apply the\n"
                "workspace is never touched.\n\n"
                "  linhay agent run compliance-checker check -i 'controls=[\"secrets\"]'\n"
                "  linhay agent run patcher apply-patch -i patch_file=fix.patch --apply\n",
};

/* One call of the verb, from its options to its exit status. */
struct call {
        const char *agent_name, *action_name, *workspace, *key_file;
        struct cli_list inputs, allow_degraded;
        bool as_json, apply, reveal, is_traced;

        struct session session;
        struct scratch scratch;
        const struct agent *agent;
        const struct manifest_action *action;
        json_t *input;
        unsigned char key[STORE_KEY]; /* of fingerprints: a store would have one */
        int workspace_fd;
        char tree_path[PATH_MAX];

        bool is_done;
        struct attempt_result result; /* members are ours */
        int exit;
        bool applied;
};

#define CALL_EMPTY ((struct call){ .workspace = ".", .scratch = SCRATCH_EMPTY, .workspace_fd = -1 })

static void result_done(struct attempt_result *r)
{
        free(r->code);
        free(r->message);
        json_decref(r->output);
        json_decref(r->findings);
        json_decref(r->artifacts);
        json_decref(r->spent);
        json_decref(r->unreadable);
        json_decref(r->trace);
        (void) changeset_free(r->changeset);
        free(r->syscall);
        free(r->syscall_remedy);
        free(r->stderr_tail);
}

static void call_done(struct call *c)
{
        result_done(&c->result);
        explicit_bzero(c->key, sizeof(c->key));
        json_decref(c->input);
        cli_list_done(&c->inputs);
        cli_list_done(&c->allow_degraded);
        closep(&c->workspace_fd);
        session_done(&c->session);
        scratch_done(&c->scratch);
}

static void text_print(const struct call *c, FILE *f, const char *text)
{
        if (c->reveal)
                (void) fputs(text, f);
        else
                masked_print(f, text);
}

static void on_log(void *user, int level, const char *text)
{
        static const char *const names[] = { "",        "",       "",     "error",
                                             "warning", "notice", "info", "debug" };
        const struct call *c = user;

        if (cli_quiet)
                return;
        (void) fprintf(stderr, "%s: %s: ", c->agent_name,
                       level >= 0 && (size_t) level < ARRAY_SIZE(names) ? names[level] : "log");
        text_print(c, stderr, text);
        (void) fputc('\n', stderr);
}

static void on_done(void *user, struct attempt_result *result)
{
        struct call *c = user;

        c->result = *result;
        *result = (struct attempt_result){ .verdict = result->verdict };
        c->is_done = true;
        loop_stop(c->session.loop);
}

/* The one object of --json for a failure that came before there was an attempt; `verdict` may be
 * NULL. */
static void refusal_print(const struct call *c, const char *verdict, const char *code,
                          const char *message)
{
        _cleanup_(json_decrefp) json_t *j = NULL;

        j = json_pack("{s:s?, s:s?, s:s?, s:{s:s, s:s}, s:n, s:[], s:n, s:{s:i, s:i, s:i, s:b}}",
                      "agent", c->agent_name, "action", c->action_name, "verdict", verdict, "error",
                      "code", code, "message", message, "output", "findings", "changeset", "usage",
                      "wall_ms", 0, "cpu_ms", 0, "memory_peak_bytes", 0, "is_group", 0);
        if (j)
                (void) json_dumpf(j, stdout, JSON_COMPACT);
        (void) putchar('\n');
}

static int refuse(const struct call *c, int status, const char *code, const struct err *err)
{
        if (c->as_json)
                refusal_print(c, NULL, code, err_text(err));
        return cli_fail(status, err);
}

/* An agent that is there and cannot be used is a verdict on it; one that is not there is a wrong
 * name. */
static int refuse_agent(const struct call *c, int r, const struct err *err)
{
        if (r == -ENOENT)
                return refuse(c, CLI_USAGE, "unknown-agent", err);
        if (c->as_json)
                refusal_print(c, verdict_name(VERDICT_LOAD), "load", err_text(err));
        return cli_fail(CLI_FAILED, err);
}

static int action_find(struct call *c, struct err *err)
{
        _cleanup_(buf_done) struct buf names = { 0 };
        int r;

        r = catalog_find(c->session.catalog, c->agent_name, &c->agent, err);
        if (r < 0)
                return r;
        c->action = manifest_find(c->agent->manifest, c->action_name);
        if (c->action)
                return 0;
        for (size_t i = 0; i < c->agent->manifest->n_actions; i++)
                (void) buf_printf(&names, "%s%s", i ? ", " : "",
                                  c->agent->manifest->actions[i].name);
        return err_set(err, -ENOENT, "agent %s has no action \"%s\" (it has: %s)", c->agent_name,
                       c->action_name, buf_text(&names));
}

static int workspace_open(struct call *c, struct err *err)
{
        c->workspace_fd = open(c->workspace, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (c->workspace_fd < 0)
                return err_sys(err, -errno, "cannot open the workspace %s", c->workspace);
        if (!realpath(c->workspace, c->tree_path))
                return err_sys(err, -errno, "cannot resolve the workspace %s", c->workspace);
        return 0;
}

struct stuck {
        const char *tree;
        bool is_ours;
        struct err *err;
};

/* Another tree's trouble is told and holds nobody up. */
static void on_stuck(void *user, const char *tree, const struct err *why)
{
        struct stuck *stuck = user;

        if (tree && apply_trees_meet(tree, stuck->tree)) {
                stuck->is_ours = true;
                *stuck->err = *why;
        } else {
                (void) fprintf(stderr, "linhay: warning: %s\n", err_text(why));
        }
}

/* Several calls may apply at once, each to its tree; they share the folder of journals, one at a
 * time. */
static int journal_open(int *ret, const char *tree, struct err *err)
{
        struct stuck stuck = { .tree = tree, .err = err };
        const struct apply_recovery recovery = { .stuck = on_stuck, .user = &stuck };
        _cleanup_(closep) int journal = -1;
        int r;

        r = apply_home_open(&journal, err);
        if (r < 0)
                return r;
        if (flock(journal, LOCK_EX) < 0)
                return err_sys(err, -errno, "cannot lock the folder of journals");
        r = apply_recover(journal, &recovery, err);
        if (r < 0 || stuck.is_ours)
                return r < 0 ? r : -EBUSY;
        *ret = TAKE_FD(journal);
        return 0;
}

static int apply(struct call *c, struct err *err)
{
        _cleanup_(closep) int journal = -1;
        char id[64];
        int r;

        if (!c->apply || !c->result.changeset)
                return 0;
        r = journal_open(&journal, c->tree_path, err);
        if (r < 0)
                return r;
        (void) snprintf(id, sizeof(id), "agent-run-%d-%llu", (int) getpid(),
                        (unsigned long long) clock_wall_ms());
        r = apply_changeset(c->result.changeset, c->workspace_fd, c->tree_path, c->scratch.fd,
                            journal, id, err);
        c->applied = r == 0;
        return r;
}

/* The agent ran, so what it used and found counts; what it gave is as of one that failed. */
static void apply_refused(struct call *c, const struct err *err)
{
        struct attempt_result *r = &c->result;

        r->verdict = VERDICT_FAILED;
        free(r->code);
        free(r->message);
        r->code = strdup("apply");
        if (asprintf(&r->message, "%s%s",
                     err->code == -EINPROGRESS ? "" : "the changes were not applied: ",
                     err_text(err)) < 0)
                r->message = NULL;
        json_decref(TAKE(r->output));
        changeset_free(TAKE(r->changeset));
}

static int run(struct call *c, struct err *err)
{
        char key[SHA256_HEX];
        struct attempt_spec spec = {
                .loop = c->session.loop,
                .sandbox = c->session.sandbox,
                .agent = c->agent,
                .action = c->action,
                .input = c->input,
                .blob_dirfd = c->scratch.fd,
                .grants = session_grants(&c->session),
                .key = key,
                .workspace_fd = c->workspace_fd,
                .is_traced = c->is_traced,
                .on_log = on_log,
                .on_done = on_done,
                .user = c,
        };
        struct attempt *attempt;
        int r;

        key_derive(key, c->key, c->agent->manifest->name);
        r = attempt_start(&attempt, &spec, err);
        if (r < 0)
                return r;
        if (!c->is_done)
                r = loop_run(c->session.loop);
        if (r < 0)
                return err_sys(err, r, "the event loop failed");
        if (c->result.trouble < 0)
                return err_set(err, c->result.trouble, "%s",
                               c->result.message ? c->result.message : "the sandbox failed");
        return 0;
}

/* What happened as JSON, as it may be shown. */
static json_t *result_shown(const struct call *c)
{
        json_t *j = attempt_result_to_json(&c->result, c->agent_name, c->action_name);

        if (j)
                (void) json_object_set(j, "unreadable", c->result.unreadable);
        if (j)
                (void) json_object_set_new(j, "fingerprint_key",
                                           json_string(c->key_file ? "file" : "random"));
        if (j && c->result.trace) {
                (void) json_object_set(j, "trace", c->result.trace);
                (void) json_object_set_new(json_object_get(j, "trace"), "manifest",
                                           trace_manifest(c->result.trace, &c->result.usage));
        }
        if (j && masked_document(j, c->reveal) == 0)
                return j;
        json_decref(j);
        return NULL;
}

static int result_print_json(const struct call *c)
{
        _cleanup_(json_decrefp) json_t *j = result_shown(c);

        if (!j || json_dumpf(j, stdout, JSON_COMPACT) < 0)
                return -ENOMEM;
        (void) putchar('\n');
        return 0;
}

static void findings_print(const json_t *findings, bool colour)
{
        json_t *f;
        size_t i;

        json_array_foreach (findings, i, f) {
                const char *severity = "", *rule = "", *message = "", *path = "";
                int line = 0;

                (void) json_unpack(f, "{s:s, s:s, s:s, s?s, s?i}", "severity", &severity, "rule",
                                   &rule, "message", &message, "path", &path, "line", &line);
                (void) printf("%s%s:%d:%s %s %s: %s\n", term_style(colour, STYLE_BOLD),
                              path ? path : "", line, term_style(colour, STYLE_PLAIN), severity,
                              rule, message);
        }
}

/* What the agent gave, on stdout. */
static void gifts_print(const struct call *c)
{
        _cleanup_(json_decrefp) json_t *j = result_shown(c);
        json_t *output = json_object_get(j, "output"), *changeset = json_object_get(j, "changeset");
        bool colour = term_has_colour(stdout);

        if (!j) {
                (void) fputs("linhay: out of memory\n", stderr);
                return;
        }
        findings_print(json_object_get(j, "findings"), colour);
        if (!json_is_null(output)) {
                (void) json_dumpf(output, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
                (void) putchar('\n');
        }
        if (changeset)
                diff_print(json_string_value(json_object_get(changeset, "diff")), stdout, colour);
        if (!cli_quiet)
                masked_tell(stderr, (size_t) json_integer_value(json_object_get(j, "masked")),
                            "--reveal");
}

static void line_print(const struct call *c, const char *before, const char *text)
{
        (void) fputs(before, stderr);
        text_print(c, stderr, text);
        (void) fputc('\n', stderr);
}

/* Who keeps fingerprints has to know that the next call makes others. */
static void key_tell(const struct call *c)
{
        if (!c->key_file && json_array_size(c->result.findings) > 0)
                cli_say("fingerprints of secrets are of a random key, for this call alone; "
                        "--fingerprint-key FILE keeps one");
}

/* Told, so that nobody takes what the agent could not see for clean. */
static void unreadable_tell(const json_t *paths)
{
        json_t *path;
        size_t i;

        json_array_foreach (paths, i, path) {
                if (i == UNREADABLE_SHOWN) {
                        cli_say("not readable: %zu more (--json lists them)",
                                json_array_size(paths) - i);
                        break;
                }
                cli_say("not readable, left as it is: %s", json_string_value(path));
        }
}

static void result_print(const struct call *c)
{
        const struct attempt_result *r = &c->result;
        char memory[32];

        gifts_print(c);
        unreadable_tell(r->unreadable);
        bytes_format(memory, sizeof(memory), r->usage.memory_peak_bytes);
        cli_say("%s %s: %s, %zu finding%s, %llu ms (%llu ms CPU, %s)", c->agent_name,
                c->action_name, verdict_name(r->verdict), json_array_size(r->findings),
                json_array_size(r->findings) == 1 ? "" : "s", (unsigned long long) r->usage.wall_ms,
                (unsigned long long) r->usage.cpu_ms, memory);
        if (r->changeset)
                cli_say("%zu file%s changed%s", r->changeset->n_files,
                        r->changeset->n_files == 1 ? "" : "s",
                        c->applied ? ", applied" : "; nothing was written (use --apply)");
        key_tell(c);
        if (r->message)
                line_print(c, "linhay: ", r->message);
        if (r->verdict != VERDICT_OK && r->stderr_tail && r->stderr_tail[0])
                line_print(c, "last lines of its output:\n", r->stderr_tail);
}

static void trace_print(const struct call *c)
{
        struct limits limits = c->agent->manifest->limits;

        for (size_t i = 0; i < LIMITS_; i++)
                limits.value[i] = MIN_OF(limits.value[i], c->session.max.value[i]);
        trace_show(stderr, c->result.trace, &c->result.usage, &limits, c->action->workspace);
}

static int input_make(struct call *c, struct err *err)
{
        int r = scratch_make(&c->scratch, err);

        if (r < 0)
                return r;
        return input_read(&c->input, &c->inputs, c->action->input, c->scratch.fd, err);
}

static int call_run(struct call *c)
{
        const char *const *degraded = (const char *const *) c->allow_degraded.items;
        struct err err = { 0 };
        int r;

        if (session_degraded_check(degraded, &err) < 0)
                return refuse(c, CLI_USAGE, "usage", &err);
        if (session_open(&c->session, degraded, &err) < 0)
                return refuse(c, CLI_TROUBLE, "sandbox", &err);
        r = action_find(c, &err);
        if (r < 0)
                return refuse_agent(c, r, &err);
        if (input_make(c, &err) < 0)
                return refuse(c, CLI_USAGE, "input", &err);
        r = c->key_file ? key_load_file(c->key, c->key_file, &err) : key_draw(c->key, &err);
        if (r < 0)
                return refuse(c, c->key_file ? CLI_USAGE : CLI_TROUBLE, "key", &err);
        if (workspace_open(c, &err) < 0)
                return refuse(c, CLI_USAGE, "workspace", &err);
        if (c->is_traced)
                (void) fputs(
                        "trace: the agent is confined as without --trace: what is denied stays "
                        "denied. What is\n"
                        "trace: allowed is counted on its way, which makes it slower. What is "
                        "answered with an\n"
                        "trace: error is not seen here.\n",
                        stderr);
        if (run(c, &err) < 0)
                return refuse(c, CLI_TROUBLE, "sandbox", &err);
        if (apply(c, &err) < 0)
                apply_refused(c, &err);

        if (c->as_json)
                (void) result_print_json(c);
        else
                result_print(c);
        if (c->result.trace && !c->as_json)
                trace_print(c);
        return c->result.verdict == VERDICT_OK ? CLI_PASSED : CLI_FAILED;
}

static bool wants_json(int argc, char **argv)
{
        for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
                if (strcmp(argv[i], "--json") == 0)
                        return true;
        return false;
}

int agent_verb_run(int argc, char **argv)
{
        _cleanup_(call_done) struct call c = CALL_EMPTY;
        const struct cli_option options[] = {
                { "input", 'i', CLI_LIST, "K=V", "an input, typed by the action's schema",
                  &c.inputs },
                { "workspace", 'w', CLI_TEXT, "DIR", "the tree to work on (default: this folder)",
                  &c.workspace },
                { "json", 0, CLI_FLAG, NULL, "print exactly one JSON object on stdout",
                  &c.as_json },
                { "fingerprint-key", 0, CLI_TEXT, "FILE",
                  "the key of fingerprints, 32 bytes; made if it is not there (default: random)",
                  &c.key_file },
                { "apply", 0, CLI_FLAG, NULL, "apply the changes to the workspace", &c.apply },
                { "trace", 0, CLI_FLAG, NULL, "count what it uses; print the smallest manifest",
                  &c.is_traced },
                { "reveal", 0, CLI_FLAG, NULL, "show what looks like a secret as well", &c.reveal },
                { "allow-degraded", 0, CLI_LIST, "LAYER", "run although this layer is missing",
                  &c.allow_degraded },
                { "quiet", 'q', CLI_FLAG, NULL, "no messages but errors", &cli_quiet },
                { 0 },
        };
        bool as_json = wants_json(argc, argv);
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0) {
                if (as_json && r == CLI_USAGE)
                        refusal_print(&c, NULL, "usage", cli_last_message);
                return r;
        }
        c.agent_name = argv[1];
        c.action_name = argv[2];
        return call_run(&c);
}
