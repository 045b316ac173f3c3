/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/agent.h"

#include "base/json.h"
#include "base/unit.h"
#include "cli/cli.h"
#include "cli/session.h"
#include "cli/term.h"

#include <string.h>

static const struct cli_subverb verbs[] = {
        { "new", agent_verb_new, "write the files of a new agent" },
        { "check", agent_verb_check, "check a built agent without running it" },
        { "run", agent_verb_run, "run one action in a cell" },
        { "list", agent_verb_list, "the agents that can be found by name" },
        { "show", agent_verb_show, "an agent's actions, inputs and needs" },
        { "closure", agent_verb_closure, "what to grant to run exec agents" },
        { "cflags", agent_verb_cflags, "compiler flags to build an agent with" },
};

int cmd_agent(int argc, char **argv)
{
        return cli_dispatch("agent", verbs, ARRAY_SIZE(verbs), argc, argv);
}

static int json_print(const json_t *value)
{
        if (!value || json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY) < 0)
                return CLI_TROUBLE;
        (void) putchar('\n');
        return CLI_PASSED;
}

static const char *text_of(const json_t *object, const char *member)
{
        const char *text = json_string_value(json_object_get(object, member));

        return text ? text : "";
}

static void actions_join(struct buf *out, const json_t *actions)
{
        json_t *action;
        size_t i;

        json_array_foreach (actions, i, action) {
                const char *name = json_is_string(action) ? json_string_value(action)
                                                          : text_of(action, "name");

                (void) buf_printf(out, "%s%s", i ? ", " : "", name);
        }
}

static int list_print(const json_t *agents)
{
        static const char *const headings[] = { "agent", "version", "actions", "summary" };
        _cleanup_(table_freep) struct table *table = NULL;
        json_t *agent;
        size_t i;

        if (table_new(&table, ARRAY_SIZE(headings), headings) < 0)
                return CLI_TROUBLE;
        json_array_foreach (agents, i, agent) {
                _cleanup_(buf_done) struct buf actions = { 0 };
                const char *error = text_of(agent, "error");
                const char *cells[] = { *error ? text_of(agent, "path") : text_of(agent, "name"),
                                        text_of(agent, "version"), NULL,
                                        *error ? error : text_of(agent, "summary") };

                actions_join(&actions, json_object_get(agent, "actions"));
                cells[2] = buf_text(&actions);
                if (table_add(table, cells) < 0)
                        return CLI_TROUBLE;
                table_style_last(table, 0, *error ? STYLE_RED : STYLE_BOLD);
        }
        table_print(table, stdout);
        return CLI_PASSED;
}

int agent_verb_list(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "agent list",
                .operands = "",
                .summary = "Lists the agents that can be found by name."
        };
        _cleanup_(session_done) struct session s = { 0 };
        _cleanup_(json_decrefp) json_t *agents = NULL;
        bool as_json = false;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print a JSON array", &as_json },
                { 0 },
        };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        if (session_open(&s, NULL, &err) < 0)
                return cli_fail(CLI_TROUBLE, &err);
        agents = catalog_list(s.catalog);
        return as_json ? json_print(agents) : list_print(agents);
}

/* Opens a session and finds the agent; on failure the exit status is in *ret_exit. */
static const struct agent *agent_open(struct session *s, const char *name, int *ret_exit)
{
        const struct agent *agent = NULL;
        struct err err = { 0 };
        int r;

        if (session_open(s, NULL, &err) < 0) {
                *ret_exit = cli_fail(CLI_TROUBLE, &err);
                return NULL;
        }
        r = catalog_find(s->catalog, name, &agent, &err);
        if (r < 0) {
                *ret_exit = cli_fail(r == -ENOENT ? CLI_USAGE : CLI_FAILED, &err);
                return NULL;
        }
        return agent;
}

static void property_print(const char *name, const json_t *property, bool is_required)
{
        _cleanup_(freep) char *type = NULL, *standard = NULL;
        const json_t *about = json_object_get(property, "type"),
                     *value = json_object_get(property, "default");

        if (!about)
                about = json_object_get(property, "enum");
        type = about ? json_dumps(about, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        standard = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        (void) printf("      %-18s %s%s%s%s%s  %s\n", name, type ? type : "any",
                      *text_of(property, "format") ? " " : "", text_of(property, "format"),
                      is_required ? ", required" : "", standard ? "" : "",
                      text_of(property, "description"));
        if (standard)
                (void) printf("      %-18s default %s\n", "", standard);
}

static bool is_required(const json_t *schema, const char *name)
{
        json_t *item;
        size_t i;

        json_array_foreach (json_object_get(schema, "required"), i, item) {
                if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
                        return true;
        }
        return false;
}

static void example_print(const char *agent, const struct manifest_action *a, const json_t *example)
{
        const char *key;
        json_t *value;

        (void) printf("    # %s\n    linhay agent run %s %s", text_of(example, "summary"), agent,
                      a->name);
        json_object_foreach (json_object_get(example, "input"), key, value) {
                _cleanup_(freep) char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

                if (json_is_string(value))
                        (void) printf(" -i %s='%s'", key, json_string_value(value));
                else
                        (void) printf(" -i %s='%s'", key, text ? text : "");
        }
        (void) putchar('\n');
}

static void action_print(const char *agent, const struct manifest_action *a)
{
        const char *name;
        json_t *item;
        size_t i;

        (void) printf("\n  %s: %s\n    workspace %s, risk %s%s\n", a->name, a->summary,
                      workspace_mode_name(a->workspace), risk_name(a->risk),
                      a->is_idempotent ? ", idempotent" : "");
        json_object_foreach (json_object_get(a->input, "properties"), name, item)
                property_print(name, item, is_required(a->input, name));
        json_array_foreach (a->examples, i, item)
                example_print(agent, a, item);
}

static void limits_print(const struct limits *limits)
{
        (void) printf("\nlimits:");
        for (size_t i = 0; i < LIMITS_; i++) {
                char text[32];

                if (limit_table[i].unit == LIMIT_BYTES)
                        bytes_format(text, sizeof(text), limits->value[i]);
                else if (limit_table[i].unit == LIMIT_MS)
                        duration_format(text, sizeof(text), limits->value[i]);
                else
                        (void) snprintf(text, sizeof(text), "%llu",
                                        (unsigned long long) limits->value[i]);
                (void) printf("%s %s %s", i ? "," : "", limit_table[i].name, text);
        }
        (void) putchar('\n');
}

int agent_verb_show(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "agent show",
                .operands = "AGENT",
                .least = 1,
                .most = 1,
                .summary = "Shows an agent's actions, inputs and needs."
        };
        _cleanup_(session_done) struct session s = { 0 };
        const struct agent *agent;
        bool as_json = false;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print the manifest as it is embedded", &as_json },
                { 0 },
        };
        const struct manifest *m;
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        agent = agent_open(&s, argv[1], &r);
        if (!agent)
                return r;
        m = agent->manifest;
        if (as_json)
                return json_print(m->json);

        (void) printf("%s %s: %s\nlicence %s, sdk %u\nfile %s\nsha256 %s\n", m->name, m->version,
                      m->summary, m->licence, m->sdk, agent->path, agent->sha256);
        if (m->exec.interpreter)
                (void) printf("run by %s %s\n", m->exec.interpreter, m->exec.program);
        for (size_t i = 0; i < m->n_actions; i++)
                action_print(m->name, &m->actions[i]);
        limits_print(&m->limits);
        return CLI_PASSED;
}

/* Every example must fit the schema it illustrates. */
static size_t examples_check(const struct manifest_action *a)
{
        size_t faults = 0, i;
        json_t *example;

        json_array_foreach (a->examples, i, example) {
                struct err err = { 0 };
                char what[128];

                (void) snprintf(what, sizeof(what), "action %s, example %zu", a->name, i + 1);
                if (schema_require(a->input_schema, json_object_get(example, "input"), what,
                                   &err) == 0)
                        continue;
                (void) cli_fail(CLI_FAILED, &err);
                faults++;
        }
        return faults;
}

int agent_verb_check(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "agent check",
                .operands = "FILE",
                .least = 1,
                .most = 1,
                .summary = "Checks a built agent: the object, its manifest, schemas and examples. "
                           "No code of it runs.",
                .footer = "Exit status 0: sound; 4: the text says what is not; 2: there is no such "
                          "agent.\n",
        };
        _cleanup_(session_done) struct session s = { 0 };
        const struct cli_option options[] = { { 0 } };
        const struct agent *agent;
        size_t n, faults = 0;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        agent = agent_open(&s, argv[1], &r);
        if (!agent)
                return r;
        for (size_t i = 0; i < agent->manifest->n_actions; i++)
                faults += examples_check(&agent->manifest->actions[i]);
        if (faults > 0)
                return CLI_FAILED;
        (void) printf("%s %s is sound: %zu action%s, sdk %u, sha256 %s\n", agent->manifest->name,
                      agent->manifest->version, agent->manifest->n_actions,
                      agent->manifest->n_actions == 1 ? "" : "s", agent->manifest->sdk,
                      agent->sha256);
        return CLI_PASSED;
}
