/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/policy-view.h"
#include "cli/session.h"
#include "cli/term.h"

#include <string.h>

static const struct cli_verb verb = {
        .name = "doctor",
        .operands = "",
        .summary = "Probes every layer that confines agents and says what it found; or prints an\n"
                   "agent's policy of system calls.",
        .footer = "Exit status 0: agents can run; 5: they cannot, and the text says why and what "
                  "to do.\n",
};

static enum style state_style(const char *state)
{
        return strcmp(state, "on") == 0    ? STYLE_GREEN
               : strcmp(state, "off") == 0 ? STYLE_RED
                                           : STYLE_YELLOW;
}

static const char *member(const json_t *row, const char *name)
{
        const char *text = json_string_value(json_object_get(row, name));

        return text ? text : "";
}

static int layers_print(const json_t *rows)
{
        static const char *const headings[] = { "layer", "state", "what was found" };
        _cleanup_(table_freep) struct table *table = NULL;
        json_t *row;
        size_t i;

        if (table_new(&table, ARRAY_SIZE(headings), headings) < 0)
                return -ENOMEM;
        json_array_foreach (rows, i, row) {
                const char *cells[] = { member(row, "layer"), member(row, "state"),
                                        member(row, "detail") };

                if (table_add(table, cells) < 0)
                        return -ENOMEM;
                table_style_last(table, 1, state_style(cells[1]));
        }
        table_print(table, stdout);
        json_array_foreach (rows, i, row) {
                if (*member(row, "remedy"))
                        (void) printf("\n%s: %s\n", member(row, "layer"), member(row, "remedy"));
        }
        return 0;
}

/* Also where agents cannot run: then above all. */
static int describe(bool as_json)
{
        _cleanup_(json_decrefp) json_t *rows = NULL, *whole = NULL;
        struct err refusal, err = { 0 };
        enum tier tier;

        if (session_look(&rows, &tier, &refusal, &err) < 0)
                return cli_fail(CLI_TROUBLE, &err);
        if (as_json) {
                whole = json_pack("{s:s, s:O, s:s?}", "tier", tier_name(tier), "layers", rows,
                                  "refusal", refusal.code < 0 ? refusal.text : NULL);
                if (!whole || json_dumpf(whole, stdout, JSON_COMPACT) < 0)
                        return CLI_TROUBLE;
                (void) putchar('\n');
        } else {
                (void) printf("tier: %s\n\n", tier_name(tier));
                if (layers_print(rows) < 0)
                        return CLI_TROUBLE;
                (void) fflush(stdout);
        }
        return refusal.code < 0 ? cli_fail(CLI_TROUBLE, &refusal) : CLI_PASSED;
}

static int policy_print(const char *agent, bool as_json)
{
        _cleanup_(session_done) struct session s = { 0 };
        struct err err = { 0 };

        if (session_open(&s, NULL, &err) < 0)
                return cli_fail(CLI_TROUBLE, &err);
        return policy_view(&s, agent, as_json);
}

int cmd_doctor(int argc, char **argv)
{
        const char *policy = NULL;
        bool as_json = false;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print one JSON object", &as_json },
                { "policy", 0, CLI_TEXT, "AGENT", "every system call that AGENT may make, and how",
                  &policy },
                { 0 },
        };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        return policy ? policy_print(policy, as_json) : describe(as_json);
}
