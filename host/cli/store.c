/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/unit.h"
#include "cli/cli.h"
#include "cli/column.h"
#include "cli/session.h"
#include "store/care.h"
#include "store/place.h"

#include <string.h>

/* One call of a verb: which store, and with what. */
struct call {
        const char *option; /* --store */
        const char *workspace;
        bool json;
        bool dry_run;
        bool with_changes;
        const char *older_than;
        const char *keep;
        char *dir;
        struct options *options;
        struct store_limits limits;
        struct store *store;
};

static void call_done(struct call *c)
{
        c->store = store_free(c->store);
        c->options = options_free(c->options);
        free(c->dir);
}

#define STORE_OPTION(c)                                                                            \
        {                                                                                          \
                "store", 0, CLI_TEXT, "DIR", "this store", &(c)->option                            \
        }
#define WORKSPACE_OPTION(c)                                                                        \
        {                                                                                          \
                "workspace", 'w', CLI_TEXT, "DIR",                                                 \
                        "the store of this tree (default: the current folder)", &(c)->workspace    \
        }
#define JSON_OPTION(c)                                                                             \
        {                                                                                          \
                "json", 0, CLI_FLAG, NULL, "print one object", &(c)->json                          \
        }

/* The store's folder and the limits of the admin's files. */
static int call_prepare(struct call *c, struct err *err)
{
        int r;

        r = options_load(&c->options, err);
        if (r == 0)
                r = place_store_to_read(&c->dir, c->option, c->workspace, err);
        if (r == 0)
                c->limits = session_store_limits(c->options);
        return r;
}

static int call_open(struct call *c, unsigned flags, struct err *err)
{
        const struct store_options options = { .flags = flags,
                                               .limits = flags & STORE_READ_ONLY ? NULL
                                                                                 : &c->limits };
        int r = call_prepare(c, err);

        return r < 0 ? r : store_open(&c->store, c->dir, &options, err);
}

static json_int_t number_at(const json_t *object, const char *group, const char *member)
{
        return json_integer_value(json_object_get(json_object_get(object, group), member));
}

static void line_bytes(const char *name, json_int_t bytes, const char *more)
{
        char text[32];

        bytes_format(text, sizeof(text), (uint64_t) bytes);
        (void) printf("%-12s %s%s\n", name, text, more);
}

static void stats_print(const struct call *c, const json_t *survey)
{
        json_int_t bytes = number_at(survey, "database", "bytes"),
                   blobs = number_at(survey, "blobs", "bytes");
        char oldest[COLUMN_SIZE], more[96], may[32];
        const char *table;
        json_t *rows;

        (void) printf("%-12s %s\n", "store", store_dir(c->store));
        (void) snprintf(more, sizeof(more), ", %lld free",
                        (long long) number_at(survey, "database", "free"));
        line_bytes("database", bytes, more);
        line_bytes("log", number_at(survey, "database", "log"), "");
        (void) snprintf(more, sizeof(more), " in %lld files",
                        (long long) number_at(survey, "blobs", "files"));
        line_bytes("blobs", blobs, more);
        bytes_format(may, sizeof(may), c->limits.bytes);
        (void) snprintf(more, sizeof(more), " of at most %s (store.max_bytes)", may);
        line_bytes("together", bytes - number_at(survey, "database", "free") + blobs,
                   c->limits.bytes ? more : "");
        (void) printf("%-12s %lld ended, %lld not\n", "runs",
                      (long long) number_at(survey, "runs", "ended"),
                      (long long) number_at(survey, "runs", "unended"));
        column_time(oldest, survey, "oldest");
        (void) printf("%-12s %s\n", "oldest", oldest);
        (void) printf("%-12s %lld runs, by age and number\n", "removable",
                      (long long) json_integer_value(json_object_get(survey, "removable")));
        (void) printf("%-12s", "rows");
        json_object_foreach (json_object_get(survey, "rows"), table, rows)
                (void) printf(" %s %lld", table, (long long) json_integer_value(rows));
        (void) putchar('\n');
}

static int verb_stats(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "store stats",
                .operands = "",
                .summary = "Says what a store holds, and what retention would remove.",
        };
        _cleanup_(call_done) struct call c = { 0 };
        const struct cli_option options[] = {
                JSON_OPTION(&c), STORE_OPTION(&c), WORKSPACE_OPTION(&c), { 0 }
        };
        _cleanup_(json_decrefp) json_t *survey = NULL;
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = call_open(&c, STORE_READ_ONLY, &err);
        if (r == 0)
                r = care_survey(c.store, &c.limits, &survey, &err);
        if (r < 0)
                return cli_fail(CLI_TROUBLE, &err);
        if (c.json)
                return cli_print_json(survey, JSON_INDENT(2)) < 0 ? CLI_TROUBLE : CLI_PASSED;
        stats_print(&c, survey);
        return CLI_PASSED;
}

/* What was given on the command line counts instead of what the files say. */
static int prune_limits(struct call *c, struct err *err)
{
        unsigned long long keep;
        char *end;
        int r;

        if (!c->older_than && !c->keep)
                return 0;
        c->limits.age_ms = c->limits.runs = 0;
        if (c->older_than) {
                r = duration_parse(&c->limits.age_ms, c->older_than, err);
                if (r < 0)
                        return err_wrap(err, r, "--older-than");
                c->limits.age_ms = MAX_OF(c->limits.age_ms, 1u);
        }
        if (!c->keep)
                return 0;
        errno = 0;
        keep = strtoull(c->keep, &end, 10);
        if (errno || end == c->keep || *end || *c->keep == '-')
                return err_set(err, -EINVAL, "--keep needs a number from 0, not \"%s\"", c->keep);
        c->limits.runs = keep;
        if (keep == 0)
                c->limits.age_ms = 1;
        return 0;
}

/* Looks only: how many runs would go. */
static int prune_count(struct call *c, json_int_t *ret, struct err *err)
{
        static const struct store_options options = { .flags = STORE_READ_ONLY };
        _cleanup_(store_freep) struct store *store = NULL;
        _cleanup_(json_decrefp) json_t *survey = NULL;
        int r;

        r = store_open(&store, c->dir, &options, err);
        if (r == 0)
                r = care_survey(store, &c->limits, &survey, err);
        if (r == 0)
                *ret = json_integer_value(json_object_get(survey, "removable"));
        return r;
}

static int prune(struct call *c, struct err *err)
{
        const struct store_options options = { .flags = STORE_NO_WAIT, .limits = &c->limits };
        json_int_t before = 0;
        int r;

        r = prune_count(c, &before, err);
        if (r == 0 && c->dry_run)
                (void) printf("%lld runs would be removed\n", (long long) before);
        if (r < 0 || c->dry_run)
                return r;
        r = store_open(&c->store, c->dir, &options, err);
        if (r == -EWOULDBLOCK)
                return err_set(err, r,
                               "an engine works in the store %s: it removes by itself what is too "
                               "much; end it to do it by hand",
                               c->dir);
        if (r == 0)
                r = store_settle(c->store, err);
        if (r == 0)
                (void) printf(
                        "%lld runs removed by age and number; what was left over, and what is "
                        "beyond store.max_bytes, is gone as well\n",
                        (long long) before);
        return r;
}

static int verb_prune(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "store prune",
                .operands = "",
                .summary = "Removes what retention would remove, now and all of it. Runs that have "
                           "not ended stay.",
                .footer = "With --older-than or --keep these count instead of store.keep_age and "
                          "store.keep_runs.\nNot while an engine works in the store: it does the "
                          "same by itself.\n\n  linhay store prune --older-than 30d --dry-run\n",
        };
        _cleanup_(call_done) struct call c = { 0 };
        const struct cli_option options[] = {
                { "dry-run", 0, CLI_FLAG, NULL, "only say how many runs would go", &c.dry_run },
                { "older-than", 0, CLI_TEXT, "TIME", "runs that ended longer ago (\"30d\")",
                  &c.older_than },
                { "keep", 0, CLI_TEXT, "N", "all but the newest N that have ended", &c.keep },
                STORE_OPTION(&c),
                WORKSPACE_OPTION(&c),
                { 0 },
        };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = call_prepare(&c, &err);
        if (r == 0)
                r = prune_limits(&c, &err);
        if (r == 0)
                r = prune(&c, &err);
        return r < 0 ? cli_fail(r == -EINVAL ? CLI_USAGE : CLI_TROUBLE, &err) : CLI_PASSED;
}

static void texts_print(FILE *f, const char *before, const json_t *texts)
{
        const json_t *text;
        size_t i;

        json_array_foreach (texts, i, text)
                (void) fprintf(f, "%s%s\n", before, json_string_value(text));
}

/* A database that cannot even be read is a store with one fault. */
static int check(struct call *c, json_t **ret, struct err *err)
{
        int r = call_open(c, STORE_READ_ONLY, err);

        if (r == 0)
                r = care_check(c->store, ret, err);
        if (r != -EBADMSG)
                return r;
        *ret = json_pack("{s:[s], s:[]}", "faults", err_text(err), "notes");
        return *ret ? 0 : -ENOMEM;
}

static int verb_check(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "store check",
                .operands = "",
                .summary =
                        "Reads a store whole: the database's structure and references, and every "
                        "blob's sha256.",
                .footer = "Exit status 0: sound; 1: the text says what is damaged.\n",
        };
        _cleanup_(call_done) struct call c = { 0 };
        const struct cli_option options[] = {
                JSON_OPTION(&c), STORE_OPTION(&c), WORKSPACE_OPTION(&c), { 0 }
        };
        _cleanup_(json_decrefp) json_t *found = NULL;
        struct err err = { 0 };
        const json_t *faults;
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = check(&c, &found, &err);
        if (r < 0)
                return cli_fail(CLI_TROUBLE, &err);
        faults = json_object_get(found, "faults");
        if (c.json) {
                if (cli_print_json(found, JSON_INDENT(2)) < 0)
                        return CLI_TROUBLE;
        } else {
                texts_print(stdout, "damaged: ", faults);
                texts_print(stdout, "note: ", json_object_get(found, "notes"));
                if (json_array_size(faults) == 0)
                        (void) printf("%s is sound\n", store_dir(c.store));
        }
        return json_array_size(faults) ? CLI_FINDINGS : CLI_PASSED;
}

static void copied_print(const char *done, const char *to, const struct care_copied *copied)
{
        char bytes[32];

        bytes_format(bytes, sizeof(bytes), copied->bytes);
        (void) printf("%s %s: the record and %llu blobs of %s\n", done, to,
                      (unsigned long long) copied->blobs, bytes);
}

static int verb_backup(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "store backup",
                .operands = "DEST",
                .least = 1,
                .most = 1,
                .summary = "Copies a store into the new or empty folder DEST, whole or not at all, "
                           "also while an engine works.",
                .footer =
                        "What a tree held before and after a change may be secret: it is left out, "
                        "unless --with-changes is\ngiven. Without it such changes can be neither "
                        "shown, applied nor rolled back from the copy.\n\n  linhay store backup "
                        "/backup/linhay-2026-03-01\n",
        };
        _cleanup_(call_done) struct call c = { 0 };
        const struct cli_option options[] = {
                { "with-changes", 0, CLI_FLAG, NULL, "with the contents of changed files",
                  &c.with_changes },
                STORE_OPTION(&c),
                WORKSPACE_OPTION(&c),
                { 0 },
        };
        struct care_copied copied;
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = call_open(&c, STORE_READ_ONLY, &err);
        if (r == 0)
                r = care_copy(c.store, argv[1], c.with_changes, &copied, &err);
        if (r < 0)
                return cli_fail(r == -EEXIST ? CLI_USAGE : CLI_TROUBLE, &err);
        copied_print("backed up to", argv[1], &copied);
        cli_say(c.with_changes ? "the copy has the contents of changed files: they may hold secrets"
                               : "the contents of changed files were left out (--with-changes "
                                 "includes them)");
        return CLI_PASSED;
}

/* A damaged backup is not restored. */
static int source_verify(struct store *source, struct err *err)
{
        _cleanup_(json_decrefp) json_t *found = NULL;
        const json_t *faults;
        int r;

        r = care_check(source, &found, err);
        if (r < 0)
                return r;
        faults = json_object_get(found, "faults");
        if (json_array_size(faults) == 0)
                return 0;
        return err_set(err, -EBADMSG, "%s is damaged, nothing was restored: %s", store_dir(source),
                       json_string_value(json_array_get(faults, 0)));
}

static int verb_restore(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "store restore",
                .operands = "SOURCE",
                .least = 1,
                .most = 1,
                .summary =
                        "Makes a store from a backup: the backup is checked first, the store must "
                        "be new or empty, and is there whole or not at all.",
                .footer = "  linhay store restore /backup/linhay-2026-03-01 --store /srv/linhay\n",
        };
        static const struct store_options read_only = { .flags = STORE_READ_ONLY };
        _cleanup_(call_done) struct call c = { 0 };
        const struct cli_option options[] = { STORE_OPTION(&c), WORKSPACE_OPTION(&c), { 0 } };
        struct care_copied copied;
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        /* The folder that somebody happens to be in is no workspace here: none is looked at. */
        r = c.workspace ? place_store(&c.dir, c.option, c.workspace, &err)
                        : place_store_to_read(&c.dir, c.option, NULL, &err);
        if (r == 0)
                r = store_open(&c.store, argv[1], &read_only, &err);
        if (r == 0)
                r = source_verify(c.store, &err);
        if (r == 0)
                r = care_copy(c.store, c.dir, true, &copied, &err);
        if (r < 0)
                return cli_fail(r == -EEXIST || r == -EINVAL || r == -ENOENT ? CLI_USAGE
                                                                             : CLI_TROUBLE,
                                &err);
        place_register(c.dir);
        copied_print("restored", c.dir, &copied);
        return CLI_PASSED;
}

static const struct cli_subverb verbs[] = {
        { "stats", verb_stats, "what a store holds" },
        { "prune", verb_prune, "remove old runs now" },
        { "check", verb_check, "look for damage" },
        { "backup", verb_backup, "copy a store, also while it is in use" },
        { "restore", verb_restore, "make a store from a backup" },
};

int cmd_store(int argc, char **argv)
{
        return cli_dispatch("store", verbs, ARRAY_SIZE(verbs), argc, argv);
}
