/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/column.h"
#include "cli/record.h"
#include "cli/stores.h"
#include "store/store.h"

#include <string.h>

static const struct cli_verb verb = {
        .name = "approvals",
        .operands = "",
        .least = 0,
        .most = 0,
        .summary = "Lists the changes that wait for a person's decision, oldest first.",
        .footer = "Look with linhay diff RUN/STEP, then linhay approve RUN/STEP or linhay reject "
                  "RUN/STEP.\n",
};

static int read_approvals(struct store *store, const void *user, json_t **ret, struct err *err)
{
        const bool *all = user;

        return store_approvals(store, NULL, *all, ret, err);
}

/* Of a run that a step of another runs: with that one. */
static void flow_name(char *ret, size_t size, const json_t *approval)
{
        const json_t *parent = json_object_get(approval, "parent");
        const char *flow = column_text(approval, "flow");

        if (json_is_object(parent))
                (void) snprintf(ret, size, "%s (in %s/%s)", flow, column_text(parent, "run"),
                                column_text(parent, "step"));
        else
                (void) snprintf(ret, size, "%s", flow);
}

static int print_table(const json_t *approvals)
{
        static const char *const headings[] = { "RUN/STEP",  "FLOW", "STATE", "SHA256",
                                                "REQUESTED", "BY",   NULL };
        _cleanup_(table_freep) struct table *table = NULL;
        const json_t *approval;
        size_t i;
        int r;

        r = table_new(&table, 6, headings);
        if (r < 0)
                return r;
        json_array_foreach (approvals, i, approval) {
                char step[2 * COLUMN_SIZE], name[3 * COLUMN_SIZE], sha256[13], at[COLUMN_SIZE];
                char flow[4 * COLUMN_SIZE];
                const char *cells[] = { name,   flow, column_text(approval, "state"),
                                        sha256, at,   column_text(approval, "decided_by") };

                column_step(step, approval, "step");
                flow_name(flow, sizeof(flow), approval);
                (void) snprintf(name, sizeof(name), "%s/%s", column_text(approval, "run"), step);
                /* After a crash it is asked about no bytes: may the step run again? */
                (void) snprintf(sha256, sizeof(sha256), "%s",
                                strcmp(column_text(approval, "about"), "crash") == 0
                                        ? "after crash"
                                        : column_text(approval, "sha256"));
                column_time(at, approval, "requested_at");
                r = table_add(table, cells);
                if (r < 0)
                        return r;
                table_style_last(table, 2, column_style(cells[2]));
        }
        table_print(table, stdout);
        return 0;
}

int cmd_approvals(int argc, char **argv)
{
        _cleanup_(json_decrefp) json_t *approvals = NULL;
        struct stores_options stores = { 0 };
        bool json = false, all = false;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print an array of objects", &json },
                { "all", 'a', CLI_FLAG, NULL, "decided ones too", &all },
                STORES_OPTIONS(&stores),
                { 0 },
        };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = stores_gather(&approvals, &stores, read_approvals, &all, &err);
        if (r < 0)
                return cli_fail(record_exit(r), &err);
        if (json)
                r = cli_print_json(approvals, JSON_INDENT(2));
        else if (json_array_size(approvals) == 0)
                cli_say(all ? "no approvals here yet" : "nothing waits for a decision here");
        else
                r = print_table(approvals);
        return r < 0 ? CLI_TROUBLE : CLI_PASSED;
}
