/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include "base/blob.h"
#include "cli/cli.h"
#include "store/care.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * linhay store: counting, pruning, checking, backing up and restoring, beside an engine that
 * writes and without one.
 */

#define RUN_A "0abcdefghjkmnpqrstv0"
#define RUN_B "0abcdefghjkmnpqrstv1"

struct fixture {
        char *folder;
        char *dir;
        char *copy;
        struct store *store;
        char artifact[SHA256_HEX];
        char change[SHA256_HEX];
};

static void add_run(struct fixture *f, const char *id, uint64_t ended)
{
        _cleanup_(json_decrefp) json_t *output = json_integer(7), *changes = NULL;
        struct step_key key = STEP_KEY(id, "check");
        struct batch *b = helper_run(id, STEP_RUNNING);

        assert_int_equal(blob_put(store_blobs(f->store), f->artifact, id, strlen(id), false, NULL),
                         0);
        assert_int_equal(blob_put(store_blobs(f->store), f->change, id, 9, false, NULL), 0);
        changes = json_pack("{s:s, s:[{s:s, s:n, s:s}]}", "sha256", HASH_B, "files", "path", "a",
                            "sha256_before", "sha256_after", f->change);
        batch_output(b, key, output);
        batch_artifact(b, key, "a", "text/plain", strlen(id), f->artifact);
        batch_changeset(b, key, 1, changes);
        batch_step_state(b, key, STEP_DONE, VERDICT_OK, NULL, 0);
        if (ended)
                batch_run_state(b, id, RUN_SUCCEEDED, 0, ended);
        helper_commit(f->store, b);
}

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        f->folder = helper_folder();
        f->dir = helper_path(f->folder, "s");
        f->copy = helper_path(f->folder, "copy");
        f->store = helper_open(f->dir, 0);
        add_run(f, RUN_A, 1000);
        add_run(f, RUN_B, 0);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        (void) store_free(f->store);
        helper_remove(f->folder);
        free(f->dir);
        free(f->copy);
        free(f);
        return 0;
}

/* `linhay store WORDS`, %s the store and %c the copy; its exit status, what it said in *ret. */
static int run_verb(struct fixture *f, const char *words, char **ret)
{
        _cleanup_(freep) char *path = helper_path(f->folder, "stdout");
        _cleanup_(buf_done) struct buf out = { 0 };
        char line[256], *argv[16] = { (char *) "store" }, *save = NULL;
        int argc = 1, saved, errors, fd, status;

        (void) snprintf(line, sizeof(line), "%s", words);
        for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save))
                argv[argc++] = strcmp(w, "%s") == 0 ? f->dir : strcmp(w, "%c") == 0 ? f->copy : w;
        (void) fflush(stdout);
        (void) fflush(stderr);
        saved = dup(STDOUT_FILENO);
        errors = dup(STDERR_FILENO);
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
        assert_true(saved >= 0 && fd >= 0);
        assert_true(dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0);
        status = cmd_store(argc, argv);
        (void) fflush(stdout);
        (void) fflush(stderr);
        assert_true(dup2(saved, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0);
        (void) close(saved);
        (void) close(errors);
        (void) close(fd);
        assert_int_equal(file_read(path, &out, NULL), 0);
        *ret = buf_take(&out);
        return status;
}

static void expect(struct fixture *f, const char *words, int status, const char *says)
{
        _cleanup_(freep) char *out = NULL;
        int r = run_verb(f, words, &out);

        if (r != status || !strstr(out, says))
                fail_msg("store %s: %d \"%s\"", words, r, out);
}

static void blob_path(struct fixture *f, const char *sha256, char ret[512])
{
        (void) snprintf(ret, 512, "%s/blobs/%.2s/%s", f->dir, sha256, sha256);
}

static void test_stats(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *out = NULL;
        _cleanup_(json_decrefp) json_t *survey = NULL;

        expect(f, "stats --store %s", CLI_PASSED, "1 ended, 1 not");
        assert_int_equal(run_verb(f, "stats --json --store %s", &out), CLI_PASSED);
        assert_int_equal(json_text_load(&survey, out, strlen(out), "stdout", NULL), 0);
        helper_number(survey, "/rows/runs", 2);
        helper_number(survey, "/rows/artifacts", 2);
        helper_number(survey, "/blobs/files", 3);
        helper_number(survey, "/blobs/bytes", 2 * 20 + 9);
        helper_number(survey, "/removable", 1);
        helper_number(survey, "/oldest", 1000);
        helper_text(survey, "/path", f->dir);
}

static void test_prune(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *runs = NULL;

        expect(f, "prune --dry-run --store %s", CLI_PASSED, "1 runs would be removed");
        expect(f, "prune --older-than x --store %s", CLI_USAGE, "");
        expect(f, "prune --keep 1 --dry-run --store %s", CLI_PASSED, "0 runs would");
        expect(f, "prune --store %s", CLI_TROUBLE, "removes by itself");
        f->store = store_free(f->store);
        expect(f, "prune --store %s", CLI_PASSED, "1 runs removed");
        f->store = helper_open(f->dir, 0);
        assert_int_equal(store_runs(f->store, 0, 0, &runs, NULL), 0);
        assert_int_equal(json_array_size(runs), 1);
        helper_text(runs, "/0/run", RUN_B);
}

static void test_check(void **state)
{
        struct fixture *f = *state;
        char path[512], orphan[SHA256_HEX];

        expect(f, "check --store %s", CLI_PASSED, "is sound");
        assert_int_equal(blob_put(store_blobs(f->store), orphan, "orphan", 6, false, NULL), 0);
        expect(f, "check --store %s", CLI_PASSED, "1 blob of 6 bytes that no row names");
        blob_path(f, f->artifact, path);
        assert_int_equal(truncate(path, 3), 0);
        expect(f, "check --store %s", CLI_FINDINGS, "is damaged: its bytes have the sha256");
        assert_int_equal(unlink(path), 0);
        expect(f, "check --store %s", CLI_FINDINGS, "is missing");
        expect(f, "check --json --store %s", CLI_FINDINGS, "\"faults\": [");
}

static void test_check_finds_damage_in_the_database(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *path = helper_path(f->dir, "store.db");
        sqlite3 *db;

        f->store = store_free(f->store);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(
                sqlite3_exec(db, "DELETE FROM runs WHERE id = '" RUN_A "'", NULL, NULL, NULL),
                SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        expect(f, "check --store %s", CLI_FINDINGS, "a row of steps has no row of runs");
}

/* What is no database any more is told in the same way, in JSON too. */
static void test_check_finds_no_database(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *path = helper_path(f->dir, "store.db"), *out = NULL;
        _cleanup_(json_decrefp) json_t *found = NULL;
        int fd;

        f->store = store_free(f->store);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, "garbage", 7, 4096), 7);
        (void) close(fd);
        expect(f, "check --store %s", CLI_FINDINGS, "damaged: ");
        assert_int_equal(run_verb(f, "check --json --store %s", &out), CLI_FINDINGS);
        assert_int_equal(json_text_load(&found, out, strlen(out), "stdout", NULL), 0);
        assert_int_equal(json_array_size(json_object_get(found, "faults")), 1);
}

/* What the copy has, read as a store. */
static void check_copy(struct fixture *f, const char *dir, bool with_changes)
{
        struct store *copy = helper_open(dir, STORE_READ_ONLY);
        _cleanup_(json_decrefp) json_t *ours = helper_document(f->store, RUN_A, STORE_DOC_FLOW);
        _cleanup_(json_decrefp) json_t *theirs = helper_document(copy, RUN_A, STORE_DOC_FLOW);
        _cleanup_(closep) int artifact = blob_open(store_blobs(copy), f->artifact);
        _cleanup_(closep) int change = blob_open(store_blobs(copy), f->change);

        assert_true(json_equal(ours, theirs));
        assert_true(artifact >= 0);
        assert_int_equal(change >= 0, with_changes);
        (void) store_free(copy);
}

static mode_t mode_of(const char *path)
{
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        return st.st_mode & 07777;
}

/* Beside the engine; then from the copy into a new place. */
static void test_backup_and_restore(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *again = helper_path(f->folder, "again"), *words = NULL;
        _cleanup_(freep) char *database = NULL;

        expect(f, "backup %c --store %s", CLI_PASSED, "backed up to");
        assert_int_equal(mode_of(f->copy), 0700);
        assert_true(asprintf(&database, "%s/store.db", f->copy) > 0);
        assert_int_equal(mode_of(database), 0600);
        check_copy(f, f->copy, false);
        expect(f, "check --store %c", CLI_PASSED, "is sound");
        expect(f, "backup %c --store %s", CLI_USAGE, "is not empty");
        expect(f, "restore %c --store %s", CLI_USAGE, "");
        assert_true(asprintf(&words, "restore %%c --store %s", again) > 0);
        expect(f, words, CLI_PASSED, "restored");
        check_copy(f, again, false);
        (void) store_free(helper_open(again, 0));
}

/* Into a place below the folder that one happens to be in, which is nobody's workspace. */
static void test_restore_below_the_current_folder(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *again = helper_path(f->folder, "again"), *words = NULL;
        _cleanup_(freep) char *here = getcwd(NULL, 0);

        assert_non_null(here);
        expect(f, "backup %c --store %s", CLI_PASSED, "backed up to");
        assert_true(asprintf(&words, "restore %%c --store %s", again) > 0);
        assert_int_equal(chdir(f->folder), 0);
        expect(f, words, CLI_PASSED, "restored");
        expect(f, "restore %c --store in --workspace .", CLI_USAGE, "inside the workspace");
        assert_int_equal(chdir(here), 0);
}

static void test_backup_with_changes(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(dir_make(f->copy, NULL), 0);
        expect(f, "backup --with-changes %c --store %s", CLI_PASSED, "3 blobs");
        check_copy(f, f->copy, true);
}

/* A damaged store is not backed up in silence, a damaged backup not restored; nothing is left. */
static void test_damage_is_not_copied(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *again = helper_path(f->folder, "again"), *words = NULL;
        char path[512];

        expect(f, "backup --with-changes %c --store %s", CLI_PASSED, "");
        (void) snprintf(path, sizeof(path), "%s/blobs/%.2s/%s", f->copy, f->artifact, f->artifact);
        assert_int_equal(truncate(path, 3), 0);
        assert_true(asprintf(&words, "restore %%c --store %s", again) > 0);
        expect(f, words, CLI_TROUBLE, "is damaged, nothing was restored");
        assert_int_equal(access(again, F_OK), -1);

        blob_path(f, f->artifact, path);
        assert_int_equal(truncate(path, 3), 0);
        free(words);
        assert_true(asprintf(&words, "backup %s --store %%s", again) > 0);
        expect(f, words, CLI_TROUBLE, "");
        assert_int_equal(access(again, F_OK), -1);
}

static void write_on(const char *dir, int ready)
{
        struct store *s = helper_open(dir, 0);

        for (int i = 0;; i++) {
                char id[RUN_ID_SIZE], sha256[SHA256_HEX];
                struct batch *b;

                (void) id_new(id, 1000);
                (void) blob_put(store_blobs(s), sha256, id, sizeof(id), false, NULL);
                b = helper_run(id, STEP_READY);
                batch_artifact(b, STEP_KEY(id, "check"), "a", NULL, sizeof(id), sha256);
                helper_commit(s, b);
                if (i == 20)
                        (void) !write(ready, "x", 1);
        }
}

/* While an engine writes as fast as it can, each copy is a sound store. */
static void test_backup_beside_a_writer(void **state)
{
        struct fixture *f = *state;
        int ready[2], status;
        pid_t pid;
        char c;

        f->store = store_free(f->store);
        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0)
                write_on(f->dir, ready[1]);
        assert_true(pid > 0);
        assert_int_equal(read(ready[0], &c, 1), 1);
        for (int i = 0; i < 5; i++) {
                free(f->copy);
                assert_true(asprintf(&f->copy, "%s/copy%d", f->folder, i) > 0);
                expect(f, "backup --with-changes %c --store %s", CLI_PASSED, "");
                expect(f, "check --store %c", CLI_PASSED, "is sound");
        }
        expect(f, "check --store %s", CLI_PASSED, "is sound");
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        (void) close(ready[0]);
        (void) close(ready[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
                TEST(test_stats),
                TEST(test_prune),
                TEST(test_check),
                TEST(test_check_finds_no_database),
                TEST(test_check_finds_damage_in_the_database),
                TEST(test_backup_and_restore),
                TEST(test_restore_below_the_current_folder),
                TEST(test_backup_with_changes),
                TEST(test_damage_is_not_copied),
                TEST(test_backup_beside_a_writer),
        };

        return cmocka_run_group_tests_name("care", tests, NULL, NULL);
}
