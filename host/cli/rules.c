/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rules.h"

#include "base/blob.h"
#include "base/changeset.h"
#include "base/io.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/scratch.h"
#include "cli/session.h"
#include "run/attempt.h"

#include <string.h>

#define AGENT          "compliance-checker"
#define PACK_BYTES_MAX (256u << 20)

/*
 * The packs and all that can be done with them are the agent's; here its actions are run, in a cell
 * as ever, and told.
 */
struct call {
        const char *file, *extend, *out, *rule; /* NULL = not given */
        bool as_json;

        struct session session;
        struct scratch scratch;
        json_t *input;
        struct attempt_result result; /* members are ours */
        bool is_done;
};

#define CALL_EMPTY ((struct call){ .scratch = SCRATCH_EMPTY })

static void call_done(struct call *c)
{
        struct attempt_result *r = &c->result;

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
        json_decref(c->input);
        session_done(&c->session);
        scratch_done(&c->scratch);
}

static void on_done(void *user, struct attempt_result *result)
{
        struct call *c = user;

        c->result = *result;
        *result = (struct attempt_result){ .verdict = result->verdict };
        c->is_done = true;
        loop_stop(c->session.loop);
}

static void on_log(void *user, int level, const char *text)
{
        (void) user;
        if (level <= 4)
                cli_say("%s: %s", AGENT, text);
}

static int input_add(struct call *c, const json_t *schema, const char *key, const char *value,
                     struct err *err)
{
        _cleanup_(freep) char *pair = NULL;
        const char *items[2] = { NULL, NULL };
        const struct cli_list list = { .items = items, .n = 1 };
        _cleanup_(json_decrefp) json_t *one = NULL;
        int r;

        if (!value)
                return 0;
        if (asprintf(&pair, "%s=%s", key, value) < 0) {
                pair = NULL;
                return err_set(err, -ENOMEM, "out of memory");
        }
        items[0] = pair;
        r = input_read(&one, &list, schema, c->scratch.fd, err);
        if (r < 0)
                return r;
        return json_object_update(c->input, one) < 0 ? err_set(err, -ENOMEM, "out of memory") : 0;
}

static int input_make(struct call *c, const json_t *schema, struct err *err)
{
        int r = scratch_make(&c->scratch, err);

        c->input = json_object();
        if (r == 0)
                r = input_add(c, schema, "file", c->file, err);
        if (r == 0)
                r = input_add(c, schema, "extend", c->extend, err);
        return r < 0 ? r : input_add(c, schema, "rule", c->rule, err);
}

static int attempt_run(struct call *c, const struct agent *agent,
                       const struct manifest_action *action, struct err *err)
{
        struct attempt_spec spec = {
                .loop = c->session.loop,
                .sandbox = c->session.sandbox,
                .agent = agent,
                .action = action,
                .input = c->input,
                .blob_dirfd = c->scratch.fd,
                .grants = session_grants(&c->session),
                .workspace_fd = -1,
                .on_log = on_log,
                .on_done = on_done,
                .user = c,
        };
        struct attempt *attempt;
        int r = attempt_start(&attempt, &spec, err);

        if (r == 0 && !c->is_done)
                r = loop_run(c->session.loop);
        if (r < 0)
                return err->text[0] ? r : err_sys(err, r, "the event loop failed");
        if (c->result.trouble < 0)
                return err_set(err, c->result.trouble, "%s",
                               c->result.message ? c->result.message : "the sandbox failed");
        return 0;
}

/* What the agent says of the file stands behind the file's name. */
static int failed_tell(const struct call *c)
{
        const struct attempt_result *r = &c->result;
        const char *message = r->message ? r->message : verdict_name(r->verdict);
        bool is_input = attempt_blames_input(r);

        (void) fputs("linhay: ", stderr);
        if (is_input && c->file && strcmp(r->code ? r->code : "", "unknown-rule") != 0)
                rules_place_print(stderr,
                                  strcmp(r->code ? r->code : "", "bad-extend") == 0 ? c->extend
                                                                                    : c->file,
                                  message);
        else
                (void) fprintf(stderr, "%s\n", message);
        return is_input ? CLI_USAGE : CLI_FAILED;
}

/* Runs an action: CLI_PASSED with its output in c->result, or what was told. */
static int call_run(struct call *c, const char *name)
{
        const struct manifest_action *action;
        const struct agent *agent = NULL;
        struct err err = { 0 };

        if (session_open(&c->session, NULL, &err) < 0)
                return cli_fail(CLI_TROUBLE, &err);
        if (catalog_find(c->session.catalog, AGENT, &agent, &err) < 0)
                return cli_fail(CLI_FAILED, &err);
        action = manifest_find(agent->manifest, name);
        if (!action) {
                (void) err_set(&err, -ENOENT, "this %s has no action %s", AGENT, name);
                return cli_fail(CLI_FAILED, &err);
        }
        if (input_make(c, action->input, &err) < 0)
                return cli_fail(CLI_USAGE, &err);
        if (attempt_run(c, agent, action, &err) < 0)
                return cli_fail(CLI_TROUBLE, &err);
        return c->result.verdict == VERDICT_OK ? CLI_PASSED : failed_tell(c);
}

/* Writes the one artifact of the call to --output. */
static int artifact_write(const struct call *c, struct err *err)
{
        const json_t *artifact = json_array_get(c->result.artifacts, 0);
        const char *sha256 = json_string_value(json_object_get(artifact, "sha256"));
        _cleanup_(buf_done) struct buf data = { .limit = PACK_BYTES_MAX };
        _cleanup_(closep) int fd = -1;
        int r;

        if (!sha256)
                return err_set(err, -ENOENT, "the agent gave no pack");
        fd = blob_open(c->scratch.fd, sha256);
        if (fd < 0)
                return err_sys(err, fd, "cannot open the pack");
        r = fd_read_all(fd, &data);
        if (r < 0)
                return err_sys(err, r, "cannot read the pack");
        return file_replace(c->out, data.data, data.length, 0644, err);
}

static int json_out(const struct call *c)
{
        return cli_print_json(c->result.output, JSON_INDENT(2)) < 0 ? CLI_TROUBLE : CLI_PASSED;
}

static long long count_of(const struct call *c, const char *member)
{
        return (long long) json_integer_value(json_object_get(c->result.output, member));
}

static void said_print(const struct call *c)
{
        if (c->as_json)
                return;
        if (!cli_quiet)
                rules_said_print(stderr, c->file, json_object_get(c->result.output, "notes"),
                                 "note: ");
        rules_said_print(stderr, c->file, json_object_get(c->result.output, "faults"), "");
}

/* ---- The verbs ---- */

static int verb_list(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "rules list",
                .operands = "[PACK]",
                .most = 1,
                .summary =
                        "Lists the rules of the built-in packs, or of a pack (JSON or compiled).",
        };
        _cleanup_(call_done) struct call c = CALL_EMPTY;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print one JSON object", &c.as_json },
                { 0 },
        };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        c.file = n > 0 ? argv[1] : NULL;
        r = call_run(&c, "rules-list");
        if (r != CLI_PASSED || c.as_json)
                return r != CLI_PASSED ? r : json_out(&c);
        return rules_list_print(c.result.output) < 0 ? CLI_TROUBLE : CLI_PASSED;
}

static int verb_explain(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "rules explain",
                .operands = "RULE [PACK]",
                .least = 1,
                .most = 2,
                .summary =
                        "Says what a rule looks for, shows examples that are made anew each time, "
                        "and says what to do about a finding.",
                .footer = "RULE is as findings name it, with or without its control:\n\n"
                          "  linhay rules explain secrets/github-pat\n",
        };
        _cleanup_(call_done) struct call c = CALL_EMPTY;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print one JSON object", &c.as_json },
                { 0 },
        };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        c.rule = argv[1];
        c.file = n > 1 ? argv[2] : NULL;
        r = call_run(&c, "rules-explain");
        if (r != CLI_PASSED || c.as_json)
                return r != CLI_PASSED ? r : json_out(&c);
        rules_explain_print(c.result.output);
        return CLI_PASSED;
}

static int verb_test(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "rules test",
                .operands = "PACK.json",
                .least = 1,
                .most = 1,
                .summary = "Tries every rule of a pack on its examples and counter-examples.",
                .footer = "Exit status 0: all hold; 2: the text says where the pack is wrong.\n",
        };
        _cleanup_(call_done) struct call c = CALL_EMPTY;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print one JSON object", &c.as_json },
                { "quiet", 'q', CLI_FLAG, NULL, "no messages but errors", &cli_quiet },
                { 0 },
        };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        c.file = argv[1];
        r = call_run(&c, "rules-test");
        if (r != CLI_PASSED)
                return r;
        said_print(&c);
        if (c.as_json)
                (void) json_out(&c);
        cli_say("%s: rules: %lld, samples: %lld, faults: %lld", c.file, count_of(&c, "rules"),
                count_of(&c, "samples"), count_of(&c, "faults_count"));
        return count_of(&c, "faults_count") ? CLI_USAGE : CLI_PASSED;
}

/* Compiling and importing: a file in, a file out. */
static int make(struct call *c, const struct cli_verb *verb, const struct cli_option *options,
                const char *action, int argc, char **argv)
{
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(verb, options, argc, argv, &n, &r) < 0)
                return r;
        if (!c->out)
                return cli_usage("%s: say where to write it: -o FILE", verb->name);
        c->file = argv[1];
        r = call_run(c, action);
        if (r != CLI_PASSED)
                return r;
        said_print(c);
        if (c->as_json)
                (void) json_out(c);
        if (count_of(c, "faults_count"))
                return cli_usage("%s: faults: %lld, so nothing was written", c->file,
                                 count_of(c, "faults_count"));
        return artifact_write(c, &err) < 0 ? cli_fail(CLI_USAGE, &err) : CLI_PASSED;
}

static int verb_compile(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "rules compile",
                .operands = "PACK.json",
                .least = 1,
                .most = 1,
                .summary = "Tries a pack and compiles it, so that a check only has to load it.",
                .footer = "  linhay rules compile our.json -o our.pack\n"
                          "  linhay agent run compliance-checker check -i rules=our.pack\n",
        };
        _cleanup_(call_done) struct call c = CALL_EMPTY;
        const struct cli_option options[] = {
                { "output", 'o', CLI_TEXT, "FILE", "where to write the compiled pack", &c.out },
                { "json", 0, CLI_FLAG, NULL, "print one JSON object", &c.as_json },
                { "quiet", 'q', CLI_FLAG, NULL, "no messages but errors", &cli_quiet },
                { 0 },
        };
        const char *gate;
        int r = make(&c, &verb, options, "rules-compile", argc, argv);

        if (r != CLI_PASSED || !c.result.output)
                return r;
        gate = json_string_value(json_object_get(c.result.output, "gate"));
        cli_say("%s: rules: %lld, samples that hold: %lld, gate %s", c.out, count_of(&c, "rules"),
                count_of(&c, "samples"), gate ? gate : "");
        return r;
}

static int verb_import(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "rules import",
                .operands = "GITLEAKS.toml",
                .least = 1,
                .most = 1,
                .summary = "Turns a configuration of gitleaks into a pack, and says what it could "
                           "not carry over.",
                .footer = "extend.useDefault means the built-in rules: they stay beside these. "
                          "Without it only the\nfile's own rules are used.\n\n"
                          "  linhay rules import .gitleaks.toml -o our.json\n",
        };
        _cleanup_(call_done) struct call c = CALL_EMPTY;
        const struct cli_option options[] = {
                { "output", 'o', CLI_TEXT, "FILE", "where to write the pack, as JSON", &c.out },
                { "extend", 0, CLI_TEXT, "FILE", "the file that extend.path names", &c.extend },
                { "json", 0, CLI_FLAG, NULL, "print one JSON object", &c.as_json },
                { "quiet", 'q', CLI_FLAG, NULL, "no messages but errors", &cli_quiet },
                { 0 },
        };
        int r = make(&c, &verb, options, "rules-import", argc, argv);

        if (r == CLI_PASSED && c.result.output)
                cli_say("%s: rules: %lld, left out: %lld", c.out, count_of(&c, "rules"),
                        count_of(&c, "left_out"));
        return r;
}

static const struct cli_subverb verbs[] = {
        { "list", verb_list, "the rules for secrets and environment variables" },
        { "explain", verb_explain, "what a rule looks for, and what to do" },
        { "test", verb_test, "try a pack of your own on its samples" },
        { "compile", verb_compile, "try a pack and compile it" },
        { "import", verb_import, "make a pack of a gitleaks.toml" },
};

int cmd_rules(int argc, char **argv)
{
        return cli_dispatch("rules", verbs, ARRAY_SIZE(verbs), argc, argv);
}
