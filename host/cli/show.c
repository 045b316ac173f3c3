/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/unit.h"
#include "base/utf8.h"
#include "cli/changes.h"
#include "cli/cli.h"
#include "cli/column.h"
#include "cli/inside.h"
#include "cli/masked.h"
#include "cli/record.h"
#include "cli/stopped.h"
#include "cli/waits.h"
#include "obs/gaps.h"
#include "obs/view.h"

#include <string.h>

static const struct cli_verb verb = {
        .name = "show",
        .operands = "RUN[/STEP[/ITEM]]",
        .least = 1,
        .most = 1,
        .summary = "Shows the record of a run, or of one of its steps with every attempt.",
        .footer = "With --json the whole record, in every case of one run.\n",
};

static json_int_t number_of(const json_t *object, const char *member)
{
        return json_integer_value(json_object_get(object, member));
}

/* "2 high, 1 info", or "" when there is nothing. */
static void format_counts(char *ret, size_t size, const json_t *step)
{
        static const char *const severities[] = { "critical", "high", "medium", "low", "info" };
        const json_t *counts = json_object_get(step, "finding_counts");
        size_t used = 0;

        ret[0] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(severities) && used < size; i++) {
                json_int_t n = number_of(counts, severities[i]);

                if (n > 0)
                        used += (size_t) snprintf(ret + used, size - used, "%s%lld %s",
                                                  used ? ", " : "", (long long) n, severities[i]);
        }
}

/* What a person wants to know next to a step: why it is where it is. */
static const char *step_note(const json_t *step)
{
        const json_t *attempts = json_object_get(step, "attempts");
        const json_t *last = json_array_get(attempts, json_array_size(attempts) - 1);
        const char *reason = view_step_reason(step);
        const char *message = column_text(json_object_get(last, "error"), "message");

        return *reason ? reason : message;
}

/* Texts are a stranger's too: the name of a tree, the reason of a decision. */
static void print_field(const char *name, const char *text)
{
        _cleanup_(buf_done) struct buf plain = { 0 };
        bool colour = term_has_colour(stdout);

        if (!*text)
                return;
        if (utf8_clean(&plain, text, strlen(text), true) < 0)
                return;
        (void) printf("%s%-14s%s", term_style(colour, STYLE_DIM), name,
                      term_style(colour, STYLE_PLAIN));
        /* A further line of it is not to be taken for a field. */
        for (const char *at = buf_text(&plain); *at; at++)
                (void) (*at == '\n' ? printf("\n%14s", "") : putchar(*at));
        (void) putchar('\n');
}

static void print_state(const char *name, const char *state)
{
        bool colour = term_has_colour(stdout);

        (void) printf("%s%-14s%s%s%s%s\n", term_style(colour, STYLE_DIM), name,
                      term_style(colour, STYLE_PLAIN), term_style(colour, column_style(state)),
                      state, term_style(colour, STYLE_PLAIN));
}

static void print_gaps(const json_t *document)
{
        _cleanup_(gaps_done) struct gaps gaps = { 0 };
        _cleanup_(freep) char *text = NULL;

        if (gaps_find(&gaps, document) == 0)
                text = gaps_sentence(&gaps);
        print_field("not looked at", text ? text : "(out of memory)");
}

static void print_run(const json_t *document)
{
        char started[COLUMN_SIZE], took[COLUMN_SIZE], exit[COLUMN_SIZE] = "";
        const json_t *status = json_object_get(document, "exit");

        column_time(started, document, "started");
        column_took(took, document);
        if (json_is_integer(status))
                (void) snprintf(exit, sizeof(exit), "%lld", (long long) json_integer_value(status));
        print_field("run", column_text(document, "run"));
        print_field("flow", column_text(document, "flow"));
        print_state("state", stopped_state(document));
        print_field("waits", waits_for(document));
        print_field("exit status", exit);
        print_field("workspace", column_text(document, "workspace"));
        print_field("started", started);
        print_field("took", took);
        print_field("repeats", column_text(document, "retry_of"));
        print_field("part of", column_text(json_object_get(document, "parent"), "run"));
        print_field("asked by", column_text(document, "requested_by"));
        print_field("confined by", column_text(document, "tier"));
        print_field("cancelled by", column_text(document, "cancel_by"));
        print_gaps(document);
        if (stopped_is(document))
                (void) printf(
                        "\nNo engine carries this run; nothing is lost: linhay run --resume %s\n",
                        column_text(document, "run"));
        (void) putchar('\n');
}

/* Of a very long run the items that went well are counted only. */
static void print_left_out(const json_t *document)
{
        json_int_t items = 0, shown = 0;
        const json_t *step;
        size_t i;

        json_array_foreach (json_object_get(document, "steps"), i, step) {
                items += json_integer_value(json_object_get(step, "items"));
                shown += json_is_integer(json_object_get(step, "item"));
        }
        if (items > shown)
                (void) printf("%lld of %lld items went well and have nothing to say: linhay show "
                              "%s/STEP/ITEM shows one, --json all\n",
                              (long long) (items - shown), (long long) items,
                              column_text(document, "run"));
}

static int print_steps(const json_t *document)
{
        static const char *const headings[] = { "STEP", "STATE",    "VERDICT", "TRIES",
                                                "TOOK", "FINDINGS", "NOTE",    NULL };
        _cleanup_(table_freep) struct table *table = NULL;
        const json_t *step;
        size_t i;
        int r;

        r = table_new(&table, 7, headings);
        if (r < 0)
                return r;
        json_array_foreach (json_object_get(document, "steps"), i, step) {
                char name[2 * COLUMN_SIZE], took[COLUMN_SIZE], tries[24], counts[128];
                const char *cells[] = { name,
                                        column_text(step, "state"),
                                        column_text(step, "verdict"),
                                        tries,
                                        took,
                                        counts,
                                        step_note(step) };

                column_step(name, step, "id");
                column_took(took, step);
                format_counts(counts, sizeof(counts), step);
                (void) snprintf(tries, sizeof(tries), "%zu",
                                json_array_size(json_object_get(step, "attempts")));
                r = table_add(table, cells);
                if (r < 0)
                        return r;
                table_style_last(table, 1, column_style(cells[1]));
                table_style_last(table, 2, column_style(cells[2]));
        }
        table_print(table, stdout);
        print_left_out(document);
        return 0;
}

static void print_usage(const json_t *usage)
{
        char cpu[32], memory[32], wall[32];

        if (!json_is_object(usage))
                return;
        duration_format(wall, sizeof(wall), (uint64_t) number_of(usage, "wall_ms"));
        duration_format(cpu, sizeof(cpu), (uint64_t) number_of(usage, "cpu_ms"));
        bytes_format(memory, sizeof(memory), (uint64_t) number_of(usage, "memory_peak_bytes"));
        (void) printf("              %s on the clock, %s of processor, at most %s of memory\n",
                      wall, cpu, memory);
}

/* Each line of the text, moved in behind the names of the fields. */
static void print_indented(const char *text)
{
        while (*text) {
                size_t length = strcspn(text, "\n");

                (void) printf("              %.*s\n", (int) length, text);
                text += length + (text[length] == '\n');
        }
}

static void print_masked(json_int_t times)
{
        char text[64] = "";

        if (times > 0)
                (void) snprintf(text, sizeof(text), "a granted secret, %lld %s", (long long) times,
                                times == 1 ? "time" : "times");
        print_field("  masked", text);
}

static void print_attempt(const json_t *attempt)
{
        const json_t *error = json_object_get(attempt, "error");
        const char *verdict = column_text(attempt, "verdict");
        char name[32], started[COLUMN_SIZE];
        json_t *path;
        size_t i;

        if (!*verdict)
                verdict = json_is_null(json_object_get(attempt, "ended")) ? "running" : "lost";
        (void) snprintf(name, sizeof(name), "attempt %lld", (long long) number_of(attempt, "n"));
        column_time(started, attempt, "started");
        print_state(name, verdict);
        print_field("", started);
        print_usage(json_object_get(attempt, "usage"));
        if (json_is_integer(json_object_get(attempt, "signal")))
                (void) printf("              ended by signal %lld\n",
                              (long long) number_of(attempt, "signal"));
        print_masked(number_of(attempt, "redacted"));
        print_field("  error", column_text(error, "message"));
        print_field("  denied", column_text(attempt, "syscall"));
        print_field("  remedy", column_text(attempt, "syscall_remedy"));
        json_array_foreach (json_object_get(attempt, "unreadable"), i, path)
                print_field(i ? "" : "  not readable", json_string_value(path));
        print_indented(column_text(attempt, "stderr_tail"));
}

static void print_approval(const json_t *approval)
{
        char when[COLUMN_SIZE];

        if (!json_is_object(approval))
                return;
        column_time(when, approval, "decided_at");
        print_state("approval", column_text(approval, "state"));
        print_field("  by", column_text(approval, "decided_by"));
        print_field("  how", column_text(approval, "how"));
        print_field("  at", strcmp(when, "-") == 0 ? "" : when);
        print_field("  reason", column_text(approval, "reason"));
}

static void print_changes(const json_t *changeset)
{
        const json_t *file;
        size_t i;

        if (!json_is_object(changeset))
                return;
        print_state("changes", column_text(changeset, "state"));
        print_field("  sha256", column_text(changeset, "sha256"));
        json_array_foreach (json_object_get(changeset, "files"), i, file)
                (void) printf("              %-7s %s\n", column_text(file, "op"),
                              column_text(file, "path"));
}

static void print_step(const json_t *step)
{
        _cleanup_(freep) char *output = NULL;
        char name[2 * COLUMN_SIZE], took[COLUMN_SIZE], counts[128];
        const json_t *attempt;
        size_t i;

        column_step(name, step, "id");
        column_took(took, step);
        format_counts(counts, sizeof(counts), step);
        print_field("step", name);
        print_field("agent", column_text(step, "agent"));
        print_field("action", column_text(step, "action"));
        print_state("state", column_text(step, "state"));
        print_field("reason", view_step_reason(step));
        print_field("took", took);
        print_field("findings", counts);
        json_array_foreach (json_object_get(step, "attempts"), i, attempt)
                print_attempt(attempt);
        print_changes(json_object_get(step, "changeset"));
        print_approval(json_object_get(step, "approval"));
        if (json_is_null(json_object_get(step, "output")))
                return;
        output = json_dumps(json_object_get(step, "output"), JSON_INDENT(2) | JSON_ENCODE_ANY);
        print_field("output", output ? " " : "(out of memory)");
        print_indented(output ? output : "");
}

static bool is_wanted(const struct id_ref *ref, const json_t *step)
{
        const json_t *item = json_object_get(step, "item");

        return strcmp(column_text(step, "id"), ref->step) == 0 &&
               (ref->item < 0 ? json_is_null(item) : json_integer_value(item) == ref->item);
}

static int print_one_step(const struct record *record, const json_t *document, struct err *err)
{
        const json_t *step;
        size_t i;

        json_array_foreach (json_object_get(document, "steps"), i, step)
                if (is_wanted(&record->ref, step)) {
                        print_step(step);
                        return 0;
                }
        return err_set(err, -ENOENT, "run %s has no step \"%s\": linhay show %s lists them",
                       record->run, record->ref.step, record->run);
}

/* The store keeps no diffs; they are made again here. Bytes that retention took away leave null. */
static int add_diffs(json_t *document, int blobs)
{
        const json_t *step;
        size_t i;

        json_array_foreach (json_object_get(document, "steps"), i, step) {
                json_t *json = json_object_get(step, "changeset");
                _cleanup_(changeset_freep) struct changeset *c = NULL;
                json_t *diff = NULL;

                if (!json_is_object(json))
                        continue;
                if (changes_of_json(&c, json, blobs, NULL) == 0)
                        diff = json_string(c->diff ? c->diff : "");
                if (json_object_set_new(json, "diff", diff ? diff : json_null()) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int print_json(const struct record *record, json_t *document, bool reveal, struct err *err)
{
        int r = add_diffs(document, store_blobs(record->store));

        if (r == 0)
                r = masked_document(document, reveal);
        errno = 0;
        if (r == 0 && (json_dumpf(document, stdout, JSON_INDENT(2)) < 0 || putchar('\n') < 0))
                r = errno == EPIPE ? 0 : -EIO; /* whoever reads has seen enough */
        return r < 0 ? err_sys(err, r, "cannot print the record") : 0;
}

static int show(const struct record *record, bool json, bool findings, bool reveal, struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        unsigned flags = (json ? STORE_DOC_FILES : 0) | (findings ? STORE_DOC_FINDINGS : 0);
        int r;

        if (record->ref.step[0])
                r = store_step_document(
                        record->store,
                        (struct step_key){ record->run, record->ref.step, record->ref.item }, flags,
                        &document, err);
        else
                r = store_run_document(record->store, record->run,
                                       flags | (json ? 0 : STORE_DOC_BRIEF), &document, err);
        if (r == 0)
                r = inside_add(document, record->store, flags, !json, err);
        if (r < 0)
                return r;
        stopped_mark(document, store_dir(record->store));
        waits_mark(document, record->store);
        if (json)
                return print_json(record, document, reveal, err);
        r = masked_document(document, reveal);
        if (r < 0)
                return err_set(err, r, "out of memory");
        if (record->ref.step[0])
                return print_one_step(record, document, err);
        print_run(document);
        r = print_steps(document);
        return r < 0 ? err_sys(err, r, "cannot print the record") : 0;
}

int cmd_show(int argc, char **argv)
{
        _cleanup_(record_done) struct record record = { 0 };
        const char *store = NULL;
        bool json = false, findings = false, reveal = false;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print the record as one JSON object", &json },
                { "findings", 0, CLI_FLAG, NULL, "with --json: every finding as well", &findings },
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
        if (r == 0)
                r = show(&record, json, findings, reveal, &err);
        return r < 0 ? cli_fail(record_exit(r), &err) : CLI_PASSED;
}
