/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include "base/blob.h"
#include "base/loop.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/*
 * Retention: what goes, what stays, and that the store is whole whenever the engine is killed on
 * the way. This program's own fdatasync() and unlinkat() stand before the C library's, so that a
 * child kills itself at the Nth of them.
 */

#define DAY_MS   (24ULL * 3600 * 1000)
#define NO_GRACE 1 /* ms */

static atomic_int calls_left = -1; /* until this process is killed; negative = never */

static void count_down(void)
{
        if (calls_left >= 0 && calls_left-- == 0)
                (void) kill(getpid(), SIGKILL);
}

__attribute__((visibility("default"))) int fdatasync(int fd);
__attribute__((visibility("default"))) int fdatasync(int fd)
{
        int r;

        count_down();
        r = (int) syscall(SYS_fdatasync, fd);
        count_down();
        return r;
}

__attribute__((visibility("default"))) int unlinkat(int fd, const char *path, int flags);
__attribute__((visibility("default"))) int unlinkat(int fd, const char *path, int flags)
{
        int r;

        count_down();
        r = (int) syscall(SYS_unlinkat, fd, path, flags);
        count_down();
        return r;
}

struct fixture {
        char *folder;
        char *dir;
        struct store *store;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        f->folder = helper_folder();
        f->dir = helper_path(f->folder, "s");
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        (void) store_free(f->store);
        helper_remove(f->folder);
        free(f->dir);
        free(f);
        return 0;
}

static void run_id(char ret[RUN_ID_SIZE], int n)
{
        (void) snprintf(ret, RUN_ID_SIZE, "0abcdefghjkmnpq%05u", (unsigned) n % 100000);
}

/* A blob of `size` bytes that begins with this number. */
static void put_blob(struct store *s, char sha256[SHA256_HEX], int number, size_t size)
{
        char *bytes = calloc(1, size);
        struct err err = { 0 };
        int r, tries = 0;

        assert_non_null(bytes);
        (void) snprintf(bytes, size, "blob %d", number);
        /* With NO_GRACE a draft that takes longer than that is taken for a dead process's. */
        do
                r = blob_put(store_blobs(s), sha256, bytes, size, false, &err);
        while (r == -ENOENT && ++tries < 20);
        if (r < 0)
                fail_msg("%s", err_text(&err));
        free(bytes);
}

static bool blob_is_kept(struct store *s, const char *sha256)
{
        _cleanup_(closep) int fd = blob_open(store_blobs(s), sha256);

        return fd >= 0;
}

/* Run number `n` with a finished step, an artifact of `size` bytes, output and log; over at
 * `ended`, 0 = not. */
static struct batch *run_of(struct store *s, int n, uint64_t ended, size_t size)
{
        _cleanup_(json_decrefp) json_t *output = json_integer(n);
        char id[RUN_ID_SIZE], sha256[SHA256_HEX];
        struct step_key key = STEP_KEY(id, "check");
        struct batch *b;

        run_id(id, n);
        put_blob(s, sha256, n, size);
        b = helper_run(id, STEP_RUNNING);
        batch_attempt_begin(b, key, 1, HASH_A, "full", 1);
        batch_attempt_end(b, key, 1, &(struct batch_attempt){ .verdict = VERDICT_OK });
        batch_output(b, key, output);
        batch_artifact(b, key, "a", "text/plain", size, sha256);
        batch_log(b, key, 1, 1, "line", 0);
        batch_event(b, id, "x", NULL, 0);
        batch_step_state(b, key, STEP_DONE, VERDICT_OK, NULL, 0);
        if (ended)
                batch_run_state(b, id, RUN_SUCCEEDED, 0, ended);
        return b;
}

static void add_run(struct store *s, int n, uint64_t ended)
{
        helper_commit(s, run_of(s, n, ended, 100));
}

static void add_change(struct store *s, int n, enum changeset_state to)
{
        _cleanup_(json_decrefp) json_t *changes = NULL;
        char id[RUN_ID_SIZE], sha256[SHA256_HEX];
        struct batch *b = helper_batch();

        run_id(id, n);
        put_blob(s, sha256, 1000 + n, 100);
        changes = json_pack("{s:s, s:[{s:s, s:n, s:s}]}", "sha256", HASH_B, "files", "path", "a",
                            "sha256_before", "sha256_after", sha256);
        batch_changeset(b, STEP_KEY(id, "check"), 1, changes);
        batch_changeset_state(b, STEP_KEY(id, "check"), HASH_B, to, 0);
        helper_commit(s, b);
}

static void settle(struct store *s)
{
        uint64_t now = clock_wall_ms();
        struct err err = { 0 };

        /* What was put in this very millisecond is not as old as NO_GRACE yet. */
        while (clock_wall_ms() == now)
                (void) sched_yield();
        if (store_settle(s, &err) < 0)
                fail_msg("%s", err_text(&err));
}

/* The numbers of the runs that a reader sees, oldest first: "1 2 5". */
static void expect_runs(struct store *s, const char *want)
{
        _cleanup_(json_decrefp) json_t *runs = NULL;
        char have[512] = "";
        size_t length = 0;

        assert_int_equal(store_runs(s, 0, 0, &runs, NULL), 0);
        for (size_t i = json_array_size(runs); i-- > 0;) {
                const char *id = json_string_value(json_object_get(json_array_get(runs, i), "run"));

                length += (size_t) snprintf(have + length, sizeof(have) - length, "%s%d",
                                            length ? " " : "", atoi(id + 15));
        }
        if (strcmp(have, want) != 0)
                fail_msg("runs \"%s\", wanted \"%s\"", have, want);
}

static int64_t number_of(const char *dir, const char *sql)
{
        _cleanup_(freep) char *path = helper_path(dir, "store.db");
        sqlite3_stmt *statement = NULL;
        int64_t number;
        sqlite3 *db;

        assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
        (void) sqlite3_busy_timeout(db, 5000);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
        if (sqlite3_step(statement) != SQLITE_ROW)
                fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        number = sqlite3_column_int64(statement, 0);
        (void) sqlite3_finalize(statement);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        return number;
}

static void test_by_age(void **state)
{
        struct fixture *f = *state;
        uint64_t now = clock_wall_ms();
        struct store_limits limits = { .age_ms = DAY_MS, .grace_ms = NO_GRACE };
        char old[SHA256_HEX], young[SHA256_HEX];

        f->store = helper_open(f->dir, 0);
        add_run(f->store, 1, now - 3 * DAY_MS);
        add_run(f->store, 2, now - 1000);
        add_run(f->store, 3, 0);
        add_run(f->store, 4, now - 2 * DAY_MS);
        add_change(f->store, 4, CHANGESET_APPLIED);
        put_blob(f->store, old, 1, 100);
        put_blob(f->store, young, 2, 100);
        f->store = store_free(f->store);
        f->store = helper_open_limited(f->dir, &limits);
        settle(f->store);
        expect_runs(f->store, "2 3");
        assert_int_equal(number_of(f->dir, "SELECT count(*) FROM runs"), 2);
        assert_int_equal(number_of(f->dir, "SELECT count(*) FROM steps"), 2);
        assert_int_equal(number_of(f->dir, "SELECT count(*) FROM attempts"), 2);
        assert_int_equal(number_of(f->dir, "SELECT count(*) FROM logs"), 2);
        assert_int_equal(number_of(f->dir, "SELECT count(*) FROM blob_refs"), 0);
        assert_int_equal(number_of(f->dir, "SELECT count(*) FROM flows"), 1);
        assert_false(blob_is_kept(f->store, old));
        assert_true(blob_is_kept(f->store, young));
}

/* The newest stay; so does what can be undone, until its age. */
static void test_by_number(void **state)
{
        struct fixture *f = *state;
        struct store_limits limits = { .runs = 3, .grace_ms = NO_GRACE };

        f->store = helper_open_limited(f->dir, &limits);
        add_run(f->store, 1, 0);
        for (int n = 2; n <= 8; n++) {
                struct batch *b =
                        run_of(f->store, n, n == 3 || n == 4 ? 0 : 1000 + (uint64_t) n, 100);

                helper_commit(f->store, b);
        }
        add_change(f->store, 3, CHANGESET_APPLIED);
        add_change(f->store, 4, CHANGESET_REVERTED);
        for (int n = 3; n <= 4; n++) {
                char id[RUN_ID_SIZE];
                struct batch *b = helper_batch();

                run_id(id, n);
                batch_run_state(b, id, RUN_SUCCEEDED, 0, 1000 + (uint64_t) n);
                helper_commit(f->store, b);
        }
        settle(f->store);
        expect_runs(f->store, "1 3 6 7 8");
}

/* A change that is being applied needs its run. */
static void test_journal_keeps_its_run(void **state)
{
        struct fixture *f = *state;
        struct store_limits limits = { .age_ms = DAY_MS, .grace_ms = NO_GRACE };
        int fd;

        f->store = helper_open_limited(f->dir, &limits);
        fd = openat(store_journal(f->store), "0abcdefghjkmnpq00002_0_check.intent",
                    O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        (void) close(fd);
        add_run(f->store, 1, 1000);
        add_run(f->store, 2, 1000);
        settle(f->store);
        expect_runs(f->store, "2");
}

/* A parent goes after its sub-workflow has ended. */
static void test_sub_workflow_keeps_its_parent(void **state)
{
        struct fixture *f = *state;
        struct store_limits limits = { .age_ms = DAY_MS, .grace_ms = NO_GRACE };
        char parent[RUN_ID_SIZE], child[RUN_ID_SIZE];
        struct batch *b = helper_batch();

        run_id(parent, 1);
        run_id(child, 2);
        f->store = helper_open(f->dir, 0);
        add_run(f->store, 1, 1000);
        batch_run(b, &(struct batch_run){ .id = child,
                                          .flow = "f",
                                          .flow_hash = HASH_B,
                                          .flow_json = "{}",
                                          .parent = STEP_KEY(parent, "check") });
        helper_commit(f->store, b);
        f->store = store_free(f->store);
        f->store = helper_open_limited(f->dir, &limits);
        settle(f->store);
        expect_runs(f->store, "1 2");
        b = helper_batch();
        batch_run_state(b, child, RUN_CANCELLED, 4, 1000);
        helper_commit(f->store, b);
        settle(f->store);
        expect_runs(f->store, "");
        assert_int_equal(number_of(f->dir, "SELECT count(*) FROM flows"), 0);
}

static off_t size_of(const char *dir, const char *name)
{
        _cleanup_(freep) char *path = helper_path(dir, name);
        struct stat st;

        return stat(path, &st) < 0 ? 0 : st.st_size;
}

/* Bytes of all blobs. */
static uint64_t blobs_of(const char *dir)
{
        _cleanup_(freep) char *command = NULL;
        unsigned long long bytes;
        FILE *pipe;

        assert_true(asprintf(&command,
                             "find %s/blobs -type f -printf '%%s\\n' 2>&- | "
                             "awk '{ n += $1 } END { print n + 0 }'",
                             dir) > 0);
        pipe = popen(command, "re");
        assert_non_null(pipe);
        assert_int_equal(fscanf(pipe, "%llu", &bytes), 1);
        (void) pclose(pipe);
        return bytes;
}

static void expect_below(const char *dir, uint64_t bytes, uint64_t *ret_most)
{
        uint64_t size = (uint64_t) size_of(dir, "store.db") + blobs_of(dir);

        *ret_most = MAX_OF(*ret_most, size);
        if (size > bytes + bytes / 10)
                fail_msg("the store holds %llu bytes, %llu are allowed", (unsigned long long) size,
                         (unsigned long long) bytes);
}

/* How much fits: LINHAY_CHURN_MIB, for scripts/soak. */
static uint64_t churn_bytes(void)
{
        const char *text = getenv("LINHAY_CHURN_MIB");

        return (uint64_t) (text ? atoi(text) : 6) << 20;
}

/* Ten times what fits goes through, rows and blobs; the store is never much larger than allowed. */
static void test_churn_stays_within_bounds(void **state)
{
        struct fixture *f = *state;
        struct store_limits limits = { .bytes = churn_bytes(), .grace_ms = NO_GRACE };
        uint64_t most = 0, through = 0, size = limits.bytes / 150;
        char line[4001];
        int n = 0;

        memset(line, 'x', sizeof(line) - 1);
        line[sizeof(line) - 1] = '\0';
        f->store = helper_open_limited(f->dir, &limits);
        for (; through < 10 * limits.bytes; n++) {
                char id[RUN_ID_SIZE];
                struct batch *b;

                if (store_room(f->store, NULL) < 0)
                        settle(f->store);
                assert_int_equal(store_room(f->store, NULL), 0);
                b = run_of(f->store, n, 1000 + (uint64_t) n, size);
                run_id(id, n);
                for (int i = 0; i < 10; i++)
                        batch_log(b, STEP_KEY(id, "check"), 1, 1, line, 0);
                helper_commit(f->store, b);
                through += size + 40000;
                if (n % 16 == 0)
                        expect_below(f->dir, limits.bytes, &most);
        }
        settle(f->store);
        expect_below(f->dir, limits.bytes, &most);
        (void) printf("# %llu MiB written, ", (unsigned long long) through >> 20);
        (void) printf("%d runs, %llu KiB at most of %llu KiB\n", n, (unsigned long long) most >> 10,
                      (unsigned long long) limits.bytes >> 10);
        assert_true(number_of(f->dir, "SELECT count(*) FROM runs") > 10);
}

/* Four runs that go on, with 4 MB, before anybody set a limit. */
static void fill(struct fixture *f)
{
        f->store = helper_open(f->dir, 0);
        for (int n = 0; n < 4; n++)
                helper_commit(f->store, run_of(f->store, n, 0, 1000000));
        f->store = store_free(f->store);
}

static void expect_no_room(struct store *s, const char *words)
{
        struct err err = { 0 };

        assert_int_equal(store_room(s, &err), -EDQUOT);
        if (!strstr(err.text, words))
                fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

/* Runs that go on are never taken; new ones are refused before the store is full. */
static void test_refusal(void **state)
{
        struct fixture *f = *state;
        struct store_limits limits = { .bytes = 4 << 20, .grace_ms = NO_GRACE };
        char id[RUN_ID_SIZE];
        struct batch *b;

        fill(f);
        f->store = helper_open_limited(f->dir, &limits);
        settle(f->store);
        expect_no_room(f->store, "of at most 4.0 MiB (store.max_bytes): make room with `linhay "
                                 "store prune`");
        expect_runs(f->store, "0 1 2 3");

        /* What runs may go on, and what ended makes room. */
        b = helper_batch();
        run_id(id, 2);
        batch_run_state(b, id, RUN_FAILED, 4, 0);
        helper_commit(f->store, b);
        settle(f->store);
        assert_int_equal(store_room(f->store, NULL), 0);
        helper_commit(f->store, run_of(f->store, 5, 0, 10));
        expect_runs(f->store, "0 1 3 5");
}

/* The next program knows from its first batch on that the store is full. */
static void test_refusal_at_once(void **state)
{
        struct fixture *f = *state;
        struct store_limits limits = { .bytes = 4 << 20, .grace_ms = NO_GRACE };

        fill(f);
        f->store = helper_open_limited(f->dir, &limits);
        settle(f->store);
        f->store = store_free(f->store);
        f->store = helper_open_limited(f->dir, &limits);
        expect_no_room(f->store, "linhay store prune");
        /* What belongs to a run that was accepted, another run within it as well, is recorded. */
        helper_commit(f->store, run_of(f->store, 5, 0, 10));
}

/* A blob of 2 MB that this process has not put itself. */
static void put_elsewhere(struct store *s, char byte, char ret[SHA256_HEX])
{
        size_t length = 2 << 20;
        char *bytes = malloc(length);
        int status;
        pid_t pid;

        assert_non_null(bytes);
        memset(bytes, byte, length);
        sha256_hex(ret, bytes, length);
        pid = fork();
        if (pid == 0) {
                char sha256[SHA256_HEX];

                _exit(blob_put(store_blobs(s), sha256, bytes, length, true, NULL) < 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        free(bytes);
}

/* The files of a run that is submitted count before it is accepted, each once. */
static void test_files_of_others(void **state)
{
        struct fixture *f = *state;
        struct store_limits limits = { .bytes = 4 << 20, .grace_ms = NO_GRACE };
        char one[SHA256_HEX], other[SHA256_HEX];

        f->store = helper_open_limited(f->dir, &limits);
        settle(f->store);
        put_elsewhere(f->store, 'a', one);
        for (int i = 0; i < 5; i++)
                store_blob_came(f->store, one);
        assert_int_equal(store_room(f->store, NULL), 0);
        put_elsewhere(f->store, 'b', other);
        store_blob_came(f->store, other);
        expect_no_room(f->store, "linhay store prune");
        /* Nobody named them, so they go. */
        settle(f->store);
        assert_int_equal(store_room(f->store, NULL), 0);
}

/* What a process leaves behind that dies while it writes, or takes away, a blob. */
static void leave(struct store *s, const char *name)
{
        _cleanup_(closep) int fd =
                openat(store_blobs(s), name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
}

static bool is_left(struct store *s, const char *name)
{
        return faccessat(store_blobs(s), name, F_OK, 0) == 0;
}

/* Blobs that nothing names go after their grace; whoever puts one again has it. */
static void test_orphans(void **state)
{
        struct fixture *f = *state;
        struct store_limits patient = { .grace_ms = 3600000 }, hasty = { .grace_ms = NO_GRACE };
        char orphan[SHA256_HEX], named[SHA256_HEX];
        _cleanup_(freep) char *gone = NULL;
        uint64_t size;

        f->store = helper_open_limited(f->dir, &patient);
        add_run(f->store, 1, 1000);
        put_blob(f->store, named, 1, 100);
        put_blob(f->store, orphan, 7, 100);
        leave(f->store, BLOB_DRAFT "7-1");
        settle(f->store);
        assert_true(blob_is_kept(f->store, orphan));
        assert_true(is_left(f->store, BLOB_DRAFT "7-1")); /* somebody may be writing to it */

        /* Putting it again is as good as new: it is not older than now. */
        put_blob(f->store, orphan, 7, 100);
        assert_int_equal(blob_remove(store_blobs(f->store), orphan, clock_wall_ms() - 1000, &size),
                         0);
        assert_true(blob_is_kept(f->store, orphan));

        assert_true(asprintf(&gone, "%.2s/" BLOB_GONE "%s", orphan, HASH_A) > 0);
        leave(f->store, gone);
        f->store = store_free(f->store);
        f->store = helper_open_limited(f->dir, &hasty);
        settle(f->store);
        assert_false(blob_is_kept(f->store, orphan));
        assert_true(blob_is_kept(f->store, named));
        assert_false(is_left(f->store, gone));
        assert_false(is_left(f->store, BLOB_DRAFT "7-1"));
}

#define MANY 20000

static void add_many_steps(struct store *s, const char *id)
{
        for (int i = 0; i < MANY;) {
                struct batch *b = helper_batch();

                for (int n = 0; n < 1000; n++, i++) {
                        struct step_key key = { id, "check", i };

                        batch_step(b, key, &(struct batch_step){ .agent = "a", .action = "b" });
                        batch_attempt_begin(b, key, 1, HASH_A, "full", 1);
                        batch_attempt_end(b, key, 1, &(struct batch_attempt){ .exit_status = 0 });
                        batch_event(b, id, "step", NULL, 0);
                }
                helper_commit(s, b);
        }
}

/* A run with many steps goes in pieces: what comes meanwhile does not wait for all of them. */
static void test_large_run_goes_in_pieces(void **state)
{
        struct fixture *f = *state;
        struct store_limits limits = { .age_ms = DAY_MS, .grace_ms = NO_GRACE };
        uint64_t longest = 0;
        char id[RUN_ID_SIZE];
        int between = 0;

        run_id(id, 1);
        f->store = helper_open(f->dir, 0);
        helper_commit(f->store, helper_run(id, STEP_READY));
        add_many_steps(f->store, id);
        {
                struct batch *b = helper_batch();

                batch_run_state(b, id, RUN_FAILED, 4, 1000);
                helper_commit(f->store, b);
        }
        f->store = store_free(f->store);
        f->store = helper_open_limited(f->dir, &limits);
        for (int n = 2; number_of(f->dir, "SELECT count(*) FROM steps WHERE item >= 0") > 0; n++) {
                uint64_t begun = clock_ms();

                helper_commit(f->store, helper_batch());
                longest = MAX_OF(longest, clock_ms() - begun);
                between++;
        }
        (void) printf("# %d batches between the pieces, the slowest took %llu ms\n", between,
                      (unsigned long long) longest);
        expect_runs(f->store, "");
        assert_true(between > 3);
        assert_true(longest < 1000);
}

static void engine_until_killed(const char *dir, int calls)
{
        struct store_limits limits = { .age_ms = DAY_MS, .grace_ms = NO_GRACE };
        struct store_options options = { .limits = &limits };
        struct store *s;

        if (store_open(&s, dir, &options, NULL) < 0)
                _exit(1);
        calls_left = calls;
        if (store_commit(s, run_of(s, 50 + calls, 0, 70), NULL) < 0)
                _exit(2);
        if (store_settle(s, NULL) < 0)
                _exit(3);
        _exit(0);
}

/* Every blob that a row names is there, and runs are seen whole or not at all. */
static void check_whole(struct store *s, const char *dir)
{
        _cleanup_(json_decrefp) json_t *runs = NULL;
        const json_t *run;
        size_t i;

        assert_int_equal(store_runs(s, 0, 0, &runs, NULL), 0);
        json_array_foreach (runs, i, run) {
                const char *id = json_string_value(json_object_get(run, "run"));
                _cleanup_(json_decrefp) json_t *doc = helper_document(s, id, 0);

                assert_int_equal(json_array_size(helper_at(doc, "/steps/0/attempts")), 1);
                assert_true(json_is_integer(helper_at(doc, "/steps/0/output")));
                assert_true(blob_is_kept(
                        s, json_string_value(helper_at(doc, "/steps/0/artifacts/0/sha256"))));
        }
        assert_int_equal(number_of(dir, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

static void test_killed_at_each_point(void **state)
{
        struct fixture *f = *state;
        int kills = 0;

        for (int calls = 0, status = SIGKILL; WIFSIGNALED(status); calls++) {
                pid_t pid;

                f->store = helper_open(f->dir, 0);
                for (int n = 0; n < 4; n++) {
                        struct batch *b = run_of(f->store, n, 1000, 50);
                        struct err err = { 0 };
                        int r = store_commit(f->store, b, &err);

                        /* Some are there yet, where the last child came to nothing. */
                        assert_true(r == 0 || r == -EEXIST);
                }
                f->store = store_free(f->store);
                pid = fork();
                if (pid == 0)
                        engine_until_killed(f->dir, calls);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
                kills += WIFSIGNALED(status);
                f->store = helper_open(f->dir, 0);
                check_whole(f->store, f->dir);
                f->store = store_free(f->store);
        }
        (void) printf("# %d kills\n", kills);
        assert_true(kills > 20);
        {
                struct store_limits limits = { .age_ms = DAY_MS, .grace_ms = NO_GRACE };

                f->store = helper_open_limited(f->dir, &limits);
                settle(f->store);
                assert_int_equal(number_of(f->dir, "SELECT count(*) FROM runs WHERE ended > 0"), 0);
                assert_int_equal(blobs_of(f->dir),
                                 number_of(f->dir, "SELECT sum(size) FROM artifacts"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
                TEST(test_by_age),
                TEST(test_by_number),
                TEST(test_journal_keeps_its_run),
                TEST(test_sub_workflow_keeps_its_parent),
                TEST(test_churn_stays_within_bounds),
                TEST(test_refusal),
                TEST(test_refusal_at_once),
                TEST(test_files_of_others),
                TEST(test_orphans),
                TEST(test_large_run_goes_in_pieces),
                TEST(test_killed_at_each_point),
        };

        return cmocka_run_group_tests_name("retain", tests, NULL, NULL);
}
