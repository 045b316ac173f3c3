/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/column.h"
#include "cli/daemon-store.h"

#include <string.h>

#define REPLY_WAIT_MS 60000

/* What a person wants to know of a schedule: the expression, or what is watched. */
static void schedule_text(char *ret, size_t size, const json_t *row)
{
        const json_t *watch = json_object_get(row, "watch");
        const char *zone = column_text(row, "time_zone");

        if (json_is_array(watch))
                (void) snprintf(
                        ret, size, "%s%s in %s", json_string_value(json_array_get(watch, 0)),
                        json_array_size(watch) > 1 ? ", …" : "", column_text(row, "workspace"));
        else if (strcmp(column_text(row, "kind"), "manual") == 0)
                (void) snprintf(ret, size, "by hand");
        else
                (void) snprintf(ret, size, "%s%s%s", column_text(row, "cron"), *zone ? " " : "",
                                zone);
}

static int list_print(const json_t *rows)
{
        static const char *const heads[] = { "TRIGGER", "WHEN", "NEXT", "LAST DUE", "RUN", NULL };
        _cleanup_(table_freep) struct table *table = NULL;
        json_t *row;
        size_t i;
        int r;

        r = table_new(&table, ARRAY_SIZE(heads) - 1, heads);
        if (r < 0)
                return r;
        json_array_foreach (rows, i, row) {
                char when[160], next[COLUMN_SIZE], last[COLUMN_SIZE];
                const char *cells[] = { column_text(row, "name"), when, next, last,
                                        column_text(row, "run") };

                schedule_text(when, sizeof(when), row);
                column_time(next, row, "next");
                column_time(last, row, "last");
                r = table_add(table, cells);
                if (r < 0)
                        return r;
        }
        table_print(table, stdout);
        return 0;
}

/* Asks the daemon on the store that the option names. */
static int ask(const char *store, json_t *request, json_t **ret, struct err *err)
{
        _cleanup_(json_decrefp) json_t *owned = request;
        _cleanup_(freep) char *dir = NULL;
        int r;

        r = daemon_store_find(&dir, store, err);
        if (r < 0)
                return r;
        return daemon_store_ask(dir, json_incref(owned), REPLY_WAIT_MS, ret, err);
}

static int verb_list(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "trigger list",
                .operands = "",
                .least = 0,
                .most = 0,
                .summary = "Lists the triggers that linhayd minds, and when each is due next.",
        };
        _cleanup_(json_decrefp) json_t *reply = NULL;
        const json_t *rows;
        const char *store = NULL;
        bool as_json = false;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print an array of objects", &as_json },
                { "store", 0, CLI_TEXT, "DIR", "the store of linhayd (default: store.dir)",
                  &store },
                { 0 },
        };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = ask(store, json_pack("{s:s}", "do", "triggers"), &reply, &err);
        if (r < 0)
                return cli_fail(CLI_TROUBLE, &err);
        rows = json_object_get(reply, "triggers");
        if (as_json)
                r = cli_print_json(rows, JSON_INDENT(2));
        else if (json_array_size(rows) == 0)
                cli_say("no workflow of linhayd has a trigger (workflows.dir)");
        else
                r = list_print(rows);
        return r < 0 ? CLI_TROUBLE : CLI_PASSED;
}

static int verb_fire(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "trigger fire",
                .operands = "NAME",
                .least = 1,
                .most = 1,
                .summary = "Starts what a trigger starts, now, and prints the run's id.",
                .footer = "NAME is WORKFLOW/TRIGGER, as `linhay trigger list` has it. Nothing is "
                          "printed where the run\nwaits for the end of the last one.\n",
        };
        _cleanup_(json_decrefp) json_t *reply = NULL;
        const char *store = NULL, *run;
        const struct cli_option options[] = {
                { "store", 0, CLI_TEXT, "DIR", "the store of linhayd (default: store.dir)",
                  &store },
                { 0 },
        };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = ask(store, json_pack("{s:s, s:s}", "do", "fire", "name", argv[1]), &reply, &err);
        if (r < 0)
                return cli_fail(r == -ENOENT  ? CLI_USAGE
                                : r == -EBUSY ? CLI_FAILED
                                              : CLI_TROUBLE,
                                &err);
        run = json_string_value(json_object_get(reply, "run"));
        if (run)
                (void) puts(run);
        else
                cli_say("it waits for the end of the last run");
        return CLI_PASSED;
}

static const struct cli_subverb verbs[] = {
        { "list", verb_list, "the triggers, and when each is due next" },
        { "fire", verb_fire, "start one now" },
};

int cmd_trigger(int argc, char **argv)
{
        return cli_dispatch("trigger", verbs, ARRAY_SIZE(verbs), argc, argv);
}
