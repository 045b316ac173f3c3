/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/column.h"
#include "cli/masked.h"
#include "cli/record.h"

#include <string.h>
#include <time.h>

/* A run's log may be long: it is read and printed in pieces, so that memory does not grow with it.
 */
#define LINES_AT_ONCE 1000

static const struct cli_verb verb = {
        .name = "logs",
        .operands = "RUN[/STEP[/ITEM]]",
        .least = 1,
        .most = 1,
        .summary = "Prints what the agents of a run logged.",
        .footer = "With --json one object a line: {seq, step, item, attempt, at, level, text}.\n",
};

/* By syslog's numbers, as the SDK gives them; from this one down it is at least so bad. */
static const struct level {
        json_int_t number;
        const char *name;
        enum style style;
} levels[] = {
        { 3, "error", STYLE_RED },
        { 4, "warn", STYLE_YELLOW },
        { 6, "info", STYLE_PLAIN },
        { 7, "debug", STYLE_DIM },
};

static const struct level *level_of(const json_t *line)
{
        json_int_t number = json_integer_value(json_object_get(line, "level"));
        size_t i = 0;

        while (i + 1 < ARRAY_SIZE(levels) && levels[i].number < number)
                i++;
        return &levels[i];
}

static void print_time(json_int_t ms)
{
        time_t seconds = (time_t) (ms / 1000);
        struct tm tm;
        char text[16];

        if (localtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%H:%M:%S", &tm) > 0)
                (void) printf("%s.%03d", text, (int) (ms % 1000));
}

static void print_line(const json_t *line, bool colour)
{
        const struct level *level = level_of(line);
        char step[2 * COLUMN_SIZE];

        column_step(step, line, "step");
        (void) printf("%s", term_style(colour, STYLE_DIM));
        print_time(json_integer_value(json_object_get(line, "at")));
        (void) printf("%s  %s%-5s%s  %s%s%s\n", term_style(colour, STYLE_PLAIN),
                      term_style(colour, level->style), level->name,
                      term_style(colour, STYLE_PLAIN), step, *step ? ": " : "",
                      column_text(line, "text"));
}

static int print_lines(const json_t *lines, bool json, int64_t *ret_last)
{
        bool colour = term_has_colour(stdout);
        const json_t *line;
        size_t i;

        json_array_foreach (lines, i, line) {
                if (!json)
                        print_line(line, colour);
                else if (cli_print_json(line, JSON_COMPACT) < 0)
                        return -EIO;
                *ret_last = json_integer_value(json_object_get(line, "seq"));
        }
        return ferror(stdout) ? -EIO : 0;
}

static int print_log(const struct record *record, bool json, bool reveal, struct err *err)
{
        struct step_key key = { record->run, record->ref.step[0] ? record->ref.step : NULL,
                                record->ref.item };
        size_t n = LINES_AT_ONCE, masked = 0;
        int64_t last = 0;
        int r = 0;

        while (r == 0 && n == LINES_AT_ONCE) {
                _cleanup_(json_decrefp) json_t *lines = NULL;

                r = store_logs(record->store, key, last, LINES_AT_ONCE, &lines, err);
                if (r < 0)
                        return r;
                n = json_array_size(lines);
                if (!reveal)
                        r = mask_json(lines, &masked);
                if (r == 0)
                        r = print_lines(lines, json, &last);
        }
        if (r < 0)
                return err_sys(err, r, "cannot print");
        masked_tell(stderr, masked, "--reveal");
        return 0;
}

int cmd_logs(int argc, char **argv)
{
        _cleanup_(record_done) struct record record = { 0 };
        const char *store = NULL;
        bool json = false, reveal = false;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "one JSON object a line", &json },
                { "reveal", 0, CLI_FLAG, NULL, "show what looks like a secret as well", &reveal },
                { "store", 0, CLI_TEXT, "DIR", "where the run is kept (default: found by its id)",
                  &store },
                { 0 },
        };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = record_open(&record, argv[1], store, &err);
        if (r < 0)
                return cli_fail(record_exit(r), &err);
        r = print_log(&record, json, reveal, &err);
        return r < 0 ? cli_fail(CLI_TROUBLE, &err) : CLI_PASSED;
}
