/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "cli/changes.h"
#include "cli/cli.h"
#include "cli/diff-view.h"
#include "cli/masked.h"
#include "cli/record.h"
#include "cli/term.h"
#include "flow/flow.h"

#include <string.h>

static const struct cli_verb verb = {
        .name = "diff",
        .operands = "RUN[/STEP]",
        .least = 1,
        .most = 1,
        .summary = "Shows what a run wants to change, or has changed: exactly what an approval is "
                   "about, with secrets masked.",
};

static const char *text_of(const json_t *object, const char *member)
{
        const char *text = json_string_value(json_object_get(object, member));

        return text ? text : "";
}

static int step_show(const struct record *record, const char *run, const json_t *step, bool reveal,
                     struct err *err)
{
        const json_t *json = json_object_get(step, "changeset");
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        _cleanup_(freep) char *diff = NULL;
        bool colour = term_has_colour(stdout);
        size_t masked = 0;
        int r;

        r = changes_of_json(&c, json, store_blobs(record->store), err);
        if (r < 0)
                return err_wrap(err, r, "step %s", text_of(step, "id"));
        diff = masked_diff(c->diff, reveal, &masked);
        if (!diff)
                return err_set(err, -ENOMEM, "out of memory");
        (void) printf("%s%s/%s%s  %s, %zu %s, sha256 %s\n", term_style(colour, STYLE_BOLD), run,
                      text_of(step, "id"), term_style(colour, STYLE_PLAIN), text_of(json, "state"),
                      c->n_files, c->n_files == 1 ? "file" : "files", c->sha256);
        masked_tell(stdout, masked, "--reveal");
        (void) fflush(stdout);
        diff_show(diff);
        return 1;
}

static bool is_wanted(const struct record *record, const json_t *step)
{
        const json_t *item = json_object_get(step, "item");

        if (record->ref.step[0] && strcmp(text_of(step, "id"), record->ref.step) != 0)
                return false;
        return record->ref.item < 0 ||
               (json_is_integer(item) && json_integer_value(item) == record->ref.item);
}

/* The changes of the run, and of those that its steps run: how many were shown. */
static int run_show(const struct record *record, const char *run, int depth, bool reveal,
                    struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        json_t *step;
        size_t i;
        int n = 0, r;

        r = store_run_document(record->store, run, 0, &document, err);
        if (r < 0)
                return r;
        json_array_foreach (json_object_get(document, "steps"), i, step) {
                const char *child = text_of(step, "child");

                if (depth == 0 && !is_wanted(record, step))
                        continue;
                r = 0;
                if (json_is_object(json_object_get(step, "changeset")))
                        r = step_show(record, run, step, reveal, err);
                else if (*child && depth < FLOW_DEPTH_MAX)
                        r = run_show(record, child, depth + 1, reveal, err);
                if (r < 0)
                        return r;
                n += r;
        }
        return n;
}

int cmd_diff(int argc, char **argv)
{
        _cleanup_(record_done) struct record record = { 0 };
        const char *store = NULL;
        bool reveal = false;
        const struct cli_option options[] = {
                { "store", 0, CLI_TEXT, "DIR", "where the run is kept (default: found by its id)",
                  &store },
                { "reveal", 0, CLI_FLAG, NULL, "show what looks like a secret as well", &reveal },
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
        r = run_show(&record, record.run, 0, reveal, &err);
        if (r < 0)
                return cli_fail(CLI_TROUBLE, &err);
        if (r == 0)
                cli_say("%s changes nothing", argv[1]);
        return CLI_PASSED;
}
