/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/column.h"
#include "cli/record.h"
#include "cli/stopped.h"
#include "cli/stores.h"
#include "cli/waits.h"
#include "store/store.h"

#include <string.h>

static const struct cli_verb verb = {
        .name = "runs",
        .operands = "",
        .least = 0,
        .most = 0,
        .summary = "Lists the runs of a store, newest first.",
        .footer = "States: queued running waiting_approval succeeded failed cancelled.\n"
                  "A run is shown as stopped where its state is queued or running and no engine "
                  "carries it:\nlinhay run --resume RUN does.\n\n"
                  "  linhay runs --state failed --limit 5\n",
};

struct filter {
        unsigned states; /* 1 << RUN_*; 0 = all */
        size_t limit;    /* 0 = all */
};

static int read_runs(struct store *store, const void *user, json_t **ret, struct err *err)
{
        const struct filter *filter = user;

        json_t *run;
        size_t i;
        int r;

        r = store_runs(store, filter->states, filter->limit, ret, err);
        if (r == 0)
                json_array_foreach (*ret, i, run) {
                        stopped_mark(run, store_dir(store));
                        waits_mark(run, store);
                }
        return r;
}

static int print_table(const json_t *runs)
{
        static const char *const headings[] = { "RUN",  "FLOW",      "STATE", "STARTED",
                                                "TOOK", "WORKSPACE", NULL };
        _cleanup_(table_freep) struct table *table = NULL;
        const json_t *run;
        size_t i;
        int r;

        r = table_new(&table, 6, headings);
        if (r < 0)
                return r;
        json_array_foreach (runs, i, run) {
                char started[COLUMN_SIZE], took[COLUMN_SIZE];
                const char *cells[] = {
                        column_text(run, "run"),
                        column_text(run, "flow"),
                        stopped_state(run),
                        started,
                        took,
                        column_text(run, "workspace"),
                };

                column_time(started, run, "started");
                column_took(took, run);
                r = table_add(table, cells);
                if (r < 0)
                        return r;
                table_style_last(table, 2, column_style(cells[2]));
        }
        table_print(table, stdout);
        json_array_foreach (runs, i, run)
                if (*waits_for(run))
                        cli_say("%s waits %s", column_text(run, "run"), waits_for(run));
        return 0;
}

static int parse_states(struct filter *filter, const struct cli_list *names)
{
        for (size_t i = 0; i < names->n; i++) {
                enum run_state state;

                if (run_state_from_name(&state, names->items[i]) < 0)
                        return cli_usage("runs: \"%s\" is no state of a run (linhay runs --help "
                                         "lists them)",
                                         names->items[i]);
                filter->states |= 1u << state;
        }
        return 0;
}

static int parse_limit(struct filter *filter, const char *text)
{
        char *end;
        long n;

        if (!text)
                return 0;
        errno = 0;
        n = strtol(text, &end, 10);
        if (errno || *end || end == text || n < 1)
                return cli_usage("runs: --limit needs a number from 1, not \"%s\"", text);
        filter->limit = (size_t) n;
        return 0;
}

static int list_runs(const struct stores_options *stores, const struct filter *filter, bool json)
{
        _cleanup_(json_decrefp) json_t *runs = NULL;
        struct err err = { 0 };
        int r;

        r = stores_gather(&runs, stores, read_runs, filter, &err);
        if (r < 0)
                return cli_fail(record_exit(r), &err);
        while (filter->limit && json_array_size(runs) > filter->limit)
                (void) json_array_remove(runs, filter->limit);
        if (json)
                r = cli_print_json(runs, JSON_INDENT(2));
        else if (json_array_size(runs) == 0)
                cli_say("no runs here yet (linhay runs --everywhere looks into all your stores)");
        else
                r = print_table(runs);
        return r < 0 ? CLI_TROUBLE : CLI_PASSED;
}

int cmd_runs(int argc, char **argv)
{
        _cleanup_(cli_list_done) struct cli_list states = { 0 };
        struct stores_options stores = { .newest_first = true };
        struct filter filter = { 0 };
        const char *limit = NULL;
        bool json = false;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print an array of objects", &json },
                { "state", 0, CLI_LIST, "STATE", "only runs in this state; may be repeated",
                  &states },
                { "limit", 'n', CLI_TEXT, "N", "only the newest N", &limit },
                STORES_OPTIONS(&stores),
                { 0 },
        };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = parse_states(&filter, &states);
        if (r == 0)
                r = parse_limit(&filter, limit);
        return r ? r : list_runs(&stores, &filter, json);
}
