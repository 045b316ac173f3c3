/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include "base/blob.h"
#include "base/changeset.h"
#include "cli/cli.h"

#include <fcntl.h>
#include <sys/stat.h>

/* runs, show, logs and approvals, called as `linhay` calls them, beside a live engine's store. */

#define RUN_A "0abcdefghjkmnpqrstv0"
#define RUN_B "0b00000000000000000a"

struct fixture {
        char *folder;
        char *dir;
        char *other;
        struct store *store;
        char sha256[SHA256_HEX]; /* of the changeset */
};

static void add_changes(struct fixture *f, struct batch *b)
{
        static const char before[] = "one\n", after[] = "one\nTOKEN-OF-THE-TREE\n";
        _cleanup_(changeset_freep) struct changeset *c = calloc(1, sizeof(*c));
        _cleanup_(json_decrefp) json_t *json = NULL;
        struct change change = { .path = (char *) "a.txt",
                                 .op = CHANGE_MODIFY,
                                 .mode_before = 0100644,
                                 .mode_after = 0100644 };
        int blobs = store_blobs(f->store);

        assert_non_null(c);
        assert_int_equal(blob_put(blobs, change.sha256_before, before, strlen(before), false, NULL),
                         0);
        assert_int_equal(blob_put(blobs, change.sha256_after, after, strlen(after), false, NULL),
                         0);
        assert_int_equal(changeset_add(c, &change, NULL), 0);
        assert_int_equal(changeset_seal(c, NULL), 0);
        assert_int_equal(changeset_render(c, blobs, 1 << 20, NULL), 0);
        json = changeset_to_json(c);
        batch_changeset(b, STEP_KEY(RUN_A, "check"), 1, json);
        memcpy(f->sha256, c->sha256, SHA256_HEX);
        batch_approval_open(b, STEP_KEY(RUN_A, "check"), c->sha256, 0);
}

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));
        struct step_key key = STEP_KEY(RUN_A, "check");
        _cleanup_(json_decrefp) json_t *output = json_pack("{s:i}", "files", 3);
        struct batch *b = helper_run(RUN_A, STEP_RUNNING);
        struct store *other;

        assert_non_null(f);
        f->folder = helper_folder();
        f->dir = helper_path(f->folder, "s");
        f->other = helper_path(f->folder, "other");
        f->store = helper_open(f->dir, 0);
        batch_attempt_begin(b, key, 1, HASH_A, "full", 0);
        batch_attempt_end(b, key, 1,
                          &(struct batch_attempt){ .verdict = VERDICT_OK,
                                                   .stderr_tail = "said on stderr",
                                                   .wall_ms = 12 });
        batch_output(b, key, output);
        batch_step_state(b, key, STEP_HELD, VERDICT_OK, "waits for approval", 0);
        add_changes(f, b);
        batch_log(b, key, 1, 4, "careful", 1000);
        batch_log(b, (struct step_key){ RUN_A, NULL, -1 }, 0, 6, "the run's own", 2000);
        helper_commit(f->store, b);

        other = helper_open(f->other, 0);
        helper_commit(other, helper_run(RUN_B, STEP_READY));
        (void) store_free(other);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        (void) store_free(f->store);
        helper_remove(f->folder);
        free(f->dir);
        free(f->other);
        free(f);
        return 0;
}

/* Runs a verb with words split at blanks (%s: the store); its exit status, and stdout in *ret. */
static int run_verb(struct fixture *f, int (*verb)(int, char **), const char *words, char **ret)
{
        _cleanup_(freep) char *path = helper_path(f->folder, "stdout");
        _cleanup_(buf_done) struct buf out = { 0 };
        char line[1024], *argv[16] = { (char *) "verb" }, *save = NULL;
        int argc = 1, saved, fd, status;

        (void) snprintf(line, sizeof(line), "%s", words);
        for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save))
                argv[argc++] = strcmp(w, "%s") == 0 ? f->dir : w;
        (void) fflush(stdout);
        saved = dup(STDOUT_FILENO);
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(saved >= 0 && fd >= 0);
        assert_true(dup2(fd, STDOUT_FILENO) >= 0);
        status = verb(argc, argv);
        (void) fflush(stdout);
        assert_true(dup2(saved, STDOUT_FILENO) >= 0);
        (void) close(saved);
        (void) close(fd);
        assert_int_equal(file_read(path, &out, NULL), 0);
        *ret = buf_take(&out);
        return status;
}

static json_t *verb_json(struct fixture *f, int (*verb)(int, char **), const char *words)
{
        _cleanup_(freep) char *out = NULL;
        json_t *json = NULL;

        assert_int_equal(run_verb(f, verb, words, &out), CLI_PASSED);
        assert_int_equal(json_text_load(&json, out, strlen(out), "stdout", NULL), 0);
        return json;
}

static void test_runs_json(void **state)
{
        _cleanup_(json_decrefp) json_t *one = NULL, *all = NULL, *newest = NULL, *none = NULL;

        one = verb_json(*state, cmd_runs, "--json --store %s");
        assert_int_equal(json_array_size(one), 1);
        helper_text(one, "/0/run", RUN_A);
        helper_text(one, "/0/flow", "review");
        helper_text(one, "/0/state", "running");
        helper_number(one, "/0/started", 2000);
        assert_true(json_is_null(helper_at(one, "/0/ended")));

        all = verb_json(*state, cmd_runs, "--json --everywhere");
        assert_int_equal(json_array_size(all), 2);
        helper_text(all, "/0/run", RUN_B);
        newest = verb_json(*state, cmd_runs, "--json --everywhere -n 1");
        assert_int_equal(json_array_size(newest), 1);
        helper_text(newest, "/0/run", RUN_B);
        none = verb_json(*state, cmd_runs, "--json --store %s --state failed");
        assert_int_equal(json_array_size(none), 0);
}

/* A tree that nothing was run in has an empty list, not an error. */
static void test_lists_without_a_store(void **state)
{
        _cleanup_(json_decrefp) json_t *runs = NULL, *approvals = NULL;

        runs = verb_json(*state, cmd_runs, "--json --workspace /usr");
        assert_int_equal(json_array_size(runs), 0);
        approvals = verb_json(*state, cmd_approvals, "--json -w /usr");
        assert_int_equal(json_array_size(approvals), 0);
}

static void test_approvals_json(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *open = verb_json(f, cmd_approvals, "--json --store %s");

        assert_int_equal(json_array_size(open), 1);
        helper_text(open, "/0/run", RUN_A);
        helper_text(open, "/0/step", "check");
        helper_text(open, "/0/state", "open");
        helper_text(open, "/0/sha256", f->sha256);
}

static void test_show_json(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *doc = verb_json(f, cmd_show, "0abc --json");

        helper_text(doc, "/run", RUN_A);
        helper_text(doc, "/state", "running");
        helper_text(doc, "/flow_hash", HASH_A);
        helper_text(doc, "/steps/0/id", "check");
        helper_text(doc, "/steps/0/state", "held");
        helper_text(doc, "/steps/0/verdict", "ok");
        helper_number(doc, "/steps/0/attempts/0/n", 1);
        helper_number(doc, "/steps/0/output/files", 3);
        helper_text(doc, "/steps/0/changeset/sha256", f->sha256);
        helper_text(doc, "/steps/0/changeset/files/0/op", "modify");
        assert_non_null(
                strstr(json_string_value(helper_at(doc, "/steps/0/changeset/diff")), "+TOKEN"));
}

/* What the tree held stays in blobs: the database file and its log have none of it. */
static void test_the_tree_is_not_in_the_database(void **state)
{
        struct fixture *f = *state;
        static const char *const files[] = { "store.db", "store.db-wal" };

        for (size_t i = 0; i < TEST_ROWS(files); i++) {
                _cleanup_(freep) char *path = helper_path(f->dir, files[i]);
                _cleanup_(buf_done) struct buf bytes = { 0 };

                assert_int_equal(file_read(path, &bytes, NULL), 0);
                assert_true(bytes.length > 0);
                assert_null(memmem(bytes.data, bytes.length, "TOKEN-OF-THE-TREE", 17));
        }
}

static void test_for_people(void **state)
{
        static const struct {
                const char *why;
                int (*verb)(int, char **);
                const char *words;
                int exit;
                const char *shown[4];
        } rows[] = {
                { "runs as a table",
                  cmd_runs,
                  "--store %s",
                  CLI_PASSED,
                  { "RUN  ", RUN_A, "review", "/srv/tree" } },
                { "a run",
                  cmd_show,
                  "0abc",
                  CLI_PASSED,
                  { "/srv/tree", "STEP ", "held", "waits for approval" } },
                { "a step",
                  cmd_show,
                  "0abc/check",
                  CLI_PASSED,
                  { "said on stderr", "a.txt", "\"files\": 3", "12 ms" } },
                { "approvals as a table",
                  cmd_approvals,
                  "--store %s",
                  CLI_PASSED,
                  { RUN_A "/check", "open" } },
                { "logs of a run",
                  cmd_logs,
                  "0abc",
                  CLI_PASSED,
                  { "warn", "check: careful", "the run's own" } },
                { "logs of a step", cmd_logs, "0abc/check", CLI_PASSED, { "careful" } },
                { "a run that is not there", cmd_show, "zzzz", CLI_USAGE, { NULL } },
                { "a step that is not there", cmd_show, "0abc/none", CLI_USAGE, { NULL } },
                { "no id at all", cmd_logs, "..", CLI_USAGE, { NULL } },
                { "a state that is none", cmd_runs, "--state odd", CLI_USAGE, { NULL } },
                { "a limit that is none", cmd_runs, "--limit 0", CLI_USAGE, { NULL } },
                { "help", cmd_runs, "--help", CLI_PASSED, { "--everywhere", "--json" } },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(freep) char *out = NULL;
                int r = run_verb(*state, rows[i].verb, rows[i].words, &out);

                if (r != rows[i].exit)
                        fail_msg("%s: exit %d", rows[i].why, r);
                for (size_t j = 0; j < 4 && rows[i].shown[j]; j++)
                        if (!strstr(out, rows[i].shown[j]))
                                fail_msg("%s: no \"%s\" in:\n%s", rows[i].why, rows[i].shown[j],
                                         out);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
                TEST(test_runs_json),
                TEST(test_lists_without_a_store),
                TEST(test_approvals_json),
                TEST(test_show_json),
                TEST(test_the_tree_is_not_in_the_database),
                TEST(test_for_people),
        };

        return cmocka_run_group_tests_name("verbs", tests, NULL, NULL);
}
