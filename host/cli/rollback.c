/* SPDX-License-Identifier: Apache-2.0 */
#include "run/rollback.h"
#include "cli/cli.h"
#include "cli/daemon-store.h"
#include "cli/record.h"
#include "run/remote.h"
#include "store/apply.h"

static const struct cli_verb verb = {
        .name = "rollback",
        .operands = "RUN",
        .least = 1,
        .most = 1,
        .summary = "Undoes what a run applied to the tree, newest first; refuses where the tree "
                   "has moved since.",
};

static int on_undone(_unused_ void *user, const char *run, const char *step, size_t n_files)
{
        (void) printf("undone: %s/%s, %zu %s\n", run, step, n_files,
                      n_files == 1 ? "file" : "files");
        return 0;
}

/* Where it is this run's tree, what was applied there does not match, and is not undone. */
static void on_stuck(_unused_ void *user, _unused_ const char *tree, const struct err *why)
{
        (void) fprintf(stderr, "linhay: warning: %s\n", err_text(why));
}

static int exit_of(int r)
{
        return r == -ESTALE || r == -EPERM || r == -EBUSY ? CLI_FAILED : CLI_TROUBLE;
}

static int undo_alone(const struct record *record, struct err *err)
{
        const struct apply_recovery recovery = { .stuck = on_stuck };
        const struct store_options options = { .flags = STORE_NO_WAIT };
        _cleanup_(store_freep) struct store *store = NULL;
        int r;

        r = store_open(&store, record->dir, &options, err);
        if (r == -EWOULDBLOCK)
                return err_set(err, r,
                               "another linhay is working on the store %s: roll back when it has "
                               "ended",
                               record->dir);
        if (r == 0)
                r = apply_recover(store_journal(store), &recovery, err);
        return r < 0 ? r : rollback_run(store, record->run, on_undone, NULL, err);
}

/* Only who holds the store may write its record. */
static int undo_by_daemon(const struct record *record, struct err *err)
{
        _cleanup_(json_decrefp) json_t *reply = NULL;
        const json_t *undone;
        json_t *step;
        size_t i;
        int r;

        r = daemon_store_ask(record->dir,
                             json_pack("{s:s, s:s}", "do", "rollback", "run", record->run),
                             DAEMON_REPLY_MS, &reply, err);
        if (r < 0)
                return r;
        undone = json_object_get(reply, "undone");
        json_array_foreach (undone, i, step)
                (void) on_undone(NULL, json_string_value(json_object_get(step, "run")),
                                 json_string_value(json_object_get(step, "step")),
                                 (size_t) json_integer_value(json_object_get(step, "files")));
        return (int) json_array_size(undone);
}

int cmd_rollback(int argc, char **argv)
{
        _cleanup_(record_done) struct record record = { 0 };
        const char *store_option = NULL;
        const struct cli_option options[] = {
                { "store", 0, CLI_TEXT, "DIR", "where the run is kept (default: found by its id)",
                  &store_option },
                { 0 },
        };
        struct err err = { 0 };
        pid_t daemon;
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = record_open(&record, argv[1], store_option, &err);
        if (r < 0)
                return cli_fail(record_exit(r), &err);
        r = remote_daemon(record.dir, &daemon) == 0 ? undo_by_daemon(&record, &err)
                                                    : undo_alone(&record, &err);
        if (r < 0)
                return cli_fail(exit_of(r), &err);
        if (r == 0)
                cli_say("nothing to undo: run %s applied nothing, or it was undone before",
                        record.run);
        return CLI_PASSED;
}
