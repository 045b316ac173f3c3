/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy-view.h"

#include <string.h>

#include "base/json.h"
#include "cell/policy.h"
#include "cli/cli.h"
#include "cli/term.h"

#define WIDTH_MIN 60

static const char *member(const json_t *row, const char *name)
{
        const char *text = json_string_value(json_object_get(row, name));

        return text ? text : "";
}

/* Names without a condition, as a paragraph. */
static void names_print(const json_t *calls)
{
        size_t width = MAX_OF(term_width(stdout), (unsigned) WIDTH_MIN), column = 0, i;
        const json_t *call;

        json_array_foreach (calls, i, call) {
                const char *name = member(call, "call");

                if (*member(call, "when") || strcmp(member(call, "rule"), "allow") != 0)
                        continue;
                if (column == 0 || column + strlen(name) + 2 > width) {
                        (void) printf("%s  %s", column ? ",\n" : "", name);
                        column = 2 + strlen(name);
                        continue;
                }
                (void) printf(", %s", name);
                column += 2 + strlen(name);
        }
        if (column)
                (void) putchar('\n');
}

static bool is_same_rule(const json_t *a, const json_t *b)
{
        return strcmp(member(a, "call"), member(b, "call")) == 0 &&
               strcmp(member(a, "rule"), member(b, "rule")) == 0 &&
               strcmp(member(a, "errno"), member(b, "errno")) == 0;
}

static void rule_print(const json_t *call)
{
        const char *rule = member(call, "rule");

        (void) printf("  %-18s ", member(call, "call"));
        if (strcmp(rule, "errno") == 0)
                (void) printf("answered %s", member(call, "errno"));
        else
                (void) printf("%s", strcmp(rule, "allow") == 0 ? "allowed" : "ends the cell");
}

/* One line for all conditions under which a call has the same rule. */
static void rules_print(const json_t *calls)
{
        const json_t *call, *last = NULL;
        size_t i;

        json_array_foreach (calls, i, call) {
                const char *when = member(call, "when");

                if (!*when && strcmp(member(call, "rule"), "allow") == 0)
                        continue;
                if (last && *when && is_same_rule(last, call)) {
                        (void) printf("; %s", when);
                        continue;
                }
                if (last)
                        (void) putchar('\n');
                rule_print(call);
                if (*when)
                        (void) printf(" where %s", when);
                last = call;
        }
        if (last)
                (void) putchar('\n');
}

static void stage_print(const json_t *sets)
{
        bool colour = term_has_colour(stdout);
        const json_t *set;
        size_t i;

        json_array_foreach (sets, i, set) {
                (void) printf("\n%s%s%s: %s\n", term_style(colour, STYLE_BOLD), member(set, "set"),
                              term_style(colour, STYLE_PLAIN), member(set, "purpose"));
                names_print(json_object_get(set, "calls"));
                rules_print(json_object_get(set, "calls"));
        }
}

static void groups_print(const char *title, const json_t *names)
{
        const json_t *name;
        size_t i;

        (void) printf("%s:", title);
        json_array_foreach (names, i, name)
                (void) printf("%s %s", i ? "," : "", json_string_value(name));
        (void) printf("%s\n", json_array_size(names) ? "" : " none");
}

static void text_print(const json_t *whole)
{
        const json_t *policy = json_object_get(whole, "policy"), *group;
        size_t i;

        (void) printf("agent: %s %s\n", member(whole, "agent"), member(whole, "version"));
        groups_print("groups asked for", json_object_get(whole, "asked"));
        groups_print("groups granted", json_object_get(whole, "granted"));
        (void) printf("\nStage 1, before the first byte of the agent is loaded. Whatever is not "
                      "listed %s.\n",
                      member(policy, "otherwise"));
        stage_print(json_object_get(policy, "stage1"));
        if (json_array_size(json_object_get(policy, "stage2")))
                (void) printf("\nStage 2, from the end of prepare() on, before the input is "
                              "read:\n");
        else
                (void) printf("\nNo stage 2: other programs were granted.\n");
        stage_print(json_object_get(policy, "stage2"));
        (void) printf("\nGroups that are not granted here:\n");
        json_array_foreach (json_object_get(whole, "not_granted"), i, group)
                (void) printf("  %-10s %s\n", member(group, "group"), member(group, "purpose"));
}

static bool list_has(const char *const *list, const char *name)
{
        for (; list && *list; list++)
                if (strcmp(*list, name) == 0)
                        return true;
        return false;
}

static json_t *names_json(const char *const *names)
{
        json_t *list = json_array();

        for (; names && *names; names++)
                (void) json_array_append_new(list, json_string(*names));
        return list;
}

static json_t *others_json(const char *const *granted)
{
        json_t *list = json_array();

        for (size_t i = 0; policy_group_name(i); i++)
                if (!list_has(granted, policy_group_name(i)))
                        (void) json_array_append_new(
                                list, json_pack("{s:s, s:s}", "group", policy_group_name(i),
                                                "purpose", policy_group_summary(i)));
        return list;
}

int policy_view(const struct session *s, const char *name, bool as_json)
{
        const struct grants grants = session_grants(s);
        _cleanup_(json_decrefp) json_t *whole = NULL;
        _cleanup_(freep) const char **granted = NULL;
        const struct agent *agent;
        struct err err = { 0 };
        struct policy policy;
        int r;

        r = catalog_find(s->catalog, name, &agent, &err);
        if (r < 0)
                return cli_fail(r == -ENOENT ? CLI_USAGE : CLI_FAILED, &err);
        r = attempt_groups(&granted, agent, &grants, &err);
        if (r < 0)
                return cli_fail(CLI_FAILED, &err);
        if (policy_make(&policy, granted, &err) < 0)
                return cli_fail(CLI_FAILED, &err);
        whole = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "agent", agent->manifest->name,
                          "version", agent->manifest->version, "asked",
                          names_json((const char *const *) agent->manifest->syscall_groups),
                          "granted", names_json(granted), "not_granted", others_json(granted),
                          "policy", policy_describe(&policy));
        if (!whole)
                return cli_usage("out of memory");
        if (!as_json) {
                text_print(whole);
                return CLI_PASSED;
        }
        (void) json_dumpf(whole, stdout, JSON_COMPACT);
        (void) putchar('\n');
        return CLI_PASSED;
}
