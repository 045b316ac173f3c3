/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include "store/place.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define RUN_A "0abcdefghjkmnpqrstv0"

/* What somebody left where a store should be. */
static void leave_nothing(const char *dir)
{
        (void) dir;
}

static void leave_store(const char *dir, const char *sql)
{
        _cleanup_(freep) char *path = helper_path(dir, "store.db");
        sqlite3 *db;

        (void) store_free(helper_open(dir, 0));
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void leave_newer(const char *dir)
{
        leave_store(dir, "PRAGMA user_version = 999");
}

static void leave_older(const char *dir)
{
        leave_store(dir, "PRAGMA user_version = 0");
}

static void leave_foreign(const char *dir)
{
        leave_store(dir, "PRAGMA application_id = 7");
}

static void leave_file(const char *dir, const char *name, const char *text)
{
        _cleanup_(freep) char *path = helper_path(dir, name);

        assert_int_equal(dir_make(dir, NULL), 0);
        assert_int_equal(file_replace(path, text, strlen(text), 0600, NULL), 0);
}

static void leave_text(const char *dir)
{
        leave_file(dir, "store.db", "this was never a database, it is a long line of prose");
}

static void leave_photos(const char *dir)
{
        leave_file(dir, "holiday.jpg", "jpeg");
}

static void leave_cut(const char *dir)
{
        _cleanup_(freep) char *path = helper_path(dir, "store.db");

        (void) store_free(helper_open(dir, 0));
        assert_int_equal(truncate(path, 5000), 0);
}

static void leave_link(const char *dir)
{
        _cleanup_(freep) char *path = helper_path(dir, "store.db");

        assert_int_equal(dir_make(dir, NULL), 0);
        assert_int_equal(symlink("/etc/passwd", path), 0);
}

static void test_what_is_no_store(void **state)
{
        static const struct {
                const char *why;
                void (*leave)(const char *dir);
                unsigned flags;
                int code;
                const char *words;
        } rows[] = {
                { "a reader makes no store", leave_nothing, STORE_READ_ONLY, -ENOENT, "no store" },
                { "a newer store is refused", leave_newer, 0, -EPROTO, "newer linhay" },
                { "to readers too", leave_newer, STORE_READ_ONLY, -EPROTO, "newer linhay" },
                { "a reader upgrades nothing", leave_older, STORE_READ_ONLY, -EPROTO, "older" },
                { "somebody's database is left alone", leave_foreign, 0, -EBADMSG,
                  "another program" },
                { "a file that is no database", leave_text, 0, -EBADMSG, "not a linhay store" },
                { "a reader says it too", leave_text, STORE_READ_ONLY, -EBADMSG, "not a linhay" },
                { "a database that was cut", leave_cut, 0, -EBADMSG, "damaged" },
                { "a folder of files", leave_photos, 0, -ENOTEMPTY, "not a store" },
                { "a link is not followed", leave_link, 0, -ELOOP, "store.db" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char *folder = helper_folder();
                _cleanup_(freep) char *dir = helper_path(folder, "s");
                struct store_options options = { .flags = rows[i].flags };
                struct store *s = NULL;
                struct err err = { 0 };
                int r;

                rows[i].leave(dir);
                r = store_open(&s, dir, &options, &err);
                if (r != rows[i].code || !strstr(err.text, rows[i].words))
                        fail_msg("%s: %d \"%s\"", rows[i].why, r, err.text);
                assert_null(s);
                helper_remove(folder);
        }
}

/* Runs `body` in a child and returns its exit status; asserts work in the parent only. */
static int in_child(int (*body)(const char *dir), const char *dir)
{
        int status;
        pid_t pid = fork();

        if (pid == 0)
                _exit(body(dir));
        assert_true(pid > 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static int read_runs(const char *dir, size_t want, struct err *err)
{
        struct store_options options = { .flags = STORE_READ_ONLY };
        _cleanup_(store_freep) struct store *s = NULL;
        _cleanup_(json_decrefp) json_t *runs = NULL;

        if (store_open(&s, dir, &options, err) < 0 || store_runs(s, 0, 0, &runs, err) < 0)
                return 1;
        return json_array_size(runs) == want ? 0 : 2;
}

static int write_text(const char *path, const char *text)
{
        _cleanup_(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
}

/* A mount namespace of the child's own; who is not root becomes it in a user namespace. */
static int own_mounts(void)
{
        char users[64], groups[64];
        uid_t uid = geteuid();
        gid_t gid = getegid();

        if (unshare(CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)) < 0)
                return -errno;
        (void) snprintf(users, sizeof(users), "0 %u 1", uid);
        (void) snprintf(groups, sizeof(groups), "0 %u 1", gid);
        if (uid && (write_text("/proc/self/uid_map", users) < 0 ||
                    write_text("/proc/self/setgroups", "deny") < 0 ||
                    write_text("/proc/self/gid_map", groups) < 0))
                return -EPERM;
        return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

/* A store on a disk that is mounted read-only. */
static int body_read_only_disk(const char *dir)
{
        struct store *s;
        struct err err = { 0 };

        if (own_mounts() < 0 || mount(dir, dir, NULL, MS_BIND, NULL) < 0 ||
            mount(NULL, dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
                return 77;
        if (read_runs(dir, 1, &err) != 0) {
                (void) printf("# %s\n", err.text);
                return 1;
        }
        if (store_open(&s, dir, NULL, &err) != -EROFS)
                return 2;
        (void) printf("# %s\n", err.text);
        return strstr(err.text, dir) ? 0 : 3;
}

static void test_read_only_disk(void **state)
{
        char *folder = helper_folder();
        _cleanup_(freep) char *dir = helper_path(folder, "s");
        struct store *s = helper_open(dir, 0);
        int r;

        (void) state;
        helper_commit(s, helper_run(RUN_A, STEP_READY));
        (void) store_free(s);
        r = in_child(body_read_only_disk, dir);
        helper_remove(folder);
        if (r == 77)
                skip();
        assert_int_equal(r, 0);
}

/* The engine died and left a log, then the disk became read-only. */
static int body_die_with_log(const char *dir)
{
        struct store *s = helper_open(dir, 0);

        helper_commit(s, helper_run(RUN_A, STEP_READY));
        _exit(0);
}

static void test_read_only_disk_after_a_crash(void **state)
{
        char *folder = helper_folder();
        _cleanup_(freep) char *dir = helper_path(folder, "s");
        int r;

        (void) state;
        assert_int_equal(in_child(body_die_with_log, dir), 0);
        r = in_child(body_read_only_disk, dir);
        helper_remove(folder);
        if (r == 77)
                skip();
        assert_int_equal(r, 0);
}

/* A tmpfs of 1 MiB fills up: the failing batch says so, what was kept stays, and there is no more.
 */
static int fill_disk(const char *dir, struct store *s)
{
        struct batch *b;
        struct err err = { 0 };
        int kept = 0, r = 0;

        for (; kept < 200 && r == 0; kept += r == 0) {
                char id[RUN_ID_SIZE], text[16384];

                (void) id_new(id, 1000);
                memset(text, 'x', sizeof(text) - 1);
                text[sizeof(text) - 1] = '\0';
                b = helper_run(id, STEP_READY);
                batch_log(b, STEP_KEY(id, "check"), 1, 1, text, 0);
                r = store_commit(s, b, &err);
        }
        (void) printf("# after %d: %s\n", kept, err.text);
        if (r != -ENOSPC || !strstr(err.text, "disk is full"))
                return 1;
        if (store_commit(s, helper_batch(), &err) != -ENOSPC || !strstr(err.text, "no more writes"))
                return 2;
        if (read_runs(dir, (size_t) kept, &err) != 0)
                return 3;
        (void) store_free(s);
        return read_runs(dir, (size_t) kept, &err) == 0 ? 0 : 4;
}

static int body_full_disk(const char *dir)
{
        if (own_mounts() < 0 || mkdir(dir, 0700) < 0 ||
            mount("none", dir, "tmpfs", 0, "size=1m,mode=0700") < 0)
                return 77;
        return fill_disk(dir, helper_open(dir, 0));
}

static void test_full_disk(void **state)
{
        char *folder = helper_folder();
        _cleanup_(freep) char *dir = helper_path(folder, "s");
        int r = in_child(body_full_disk, dir);

        (void) state;
        helper_remove(folder);
        if (r == 77)
                skip();
        assert_int_equal(r, 0);
}

/* Permissions mean something to ordinary users only. */
static int body_closed_folder(const char *dir)
{
        struct store *s;
        struct err err = { 0 };

        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
                return 77;
        if (store_open(&s, dir, NULL, &err) != -EACCES)
                return 1;
        return strstr(err.text, dir) ? 0 : 2;
}

static void test_closed_folder(void **state)
{
        char *folder = helper_folder();
        _cleanup_(freep) char *dir = helper_path(folder, "s");
        int r;

        (void) state;
        assert_int_equal(mkdir(dir, 0500), 0);
        r = in_child(body_closed_folder, dir);
        helper_remove(folder);
        if (r == 77)
                skip();
        assert_int_equal(r, 0);
}

struct waiter {
        int told; /* pipe */
        char message[512];
};

static void on_wait(void *user, const char *message)
{
        struct waiter *w = user;

        (void) snprintf(w->message, sizeof(w->message), "%s", message);
        (void) !write(w->told, "w", 1);
}

/* The second engine says what it waits for, and gets the store when the first lets go. */
static void test_second_engine_waits(void **state)
{
        char *folder = helper_folder();
        _cleanup_(freep) char *dir = helper_path(folder, "s");
        struct store *first = helper_open(dir, 0);
        int told[2], status;
        char c, pid_text[32];
        pid_t pid;

        (void) state;
        (void) snprintf(pid_text, sizeof(pid_text), "pid %ld", (long) getpid());
        assert_int_equal(pipe2(told, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                struct waiter w = { .told = told[1] };
                struct store_options options = { .on_wait = on_wait, .user = &w };
                struct store *second;

                if (store_open(&second, dir, &options, NULL) < 0)
                        _exit(1);
                (void) store_free(second);
                _exit(strstr(w.message, pid_text) ? 0 : 2);
        }
        assert_true(pid > 0);
        assert_int_equal(read(told[0], &c, 1), 1);
        assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
        (void) store_free(first);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        (void) close(told[0]);
        (void) close(told[1]);
        helper_remove(folder);
}

static void nothing(int signal)
{
        (void) signal;
}

/* Ctrl-C while waiting ends the wait. */
static void test_waiting_can_be_interrupted(void **state)
{
        char *folder = helper_folder();
        _cleanup_(freep) char *dir = helper_path(folder, "s");
        struct store *first = helper_open(dir, 0);
        int told[2], status;
        char c;
        pid_t pid;

        (void) state;
        assert_int_equal(pipe2(told, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                struct waiter w = { .told = told[1] };
                struct store_options options = { .on_wait = on_wait, .user = &w };
                struct store *second;

                (void) sigaction(SIGINT, &(struct sigaction){ .sa_handler = nothing }, NULL);
                _exit(store_open(&second, dir, &options, NULL) == -EINTR ? 0 : 1);
        }
        assert_true(pid > 0);
        assert_int_equal(read(told[0], &c, 1), 1);
        /* It may not be in flock() yet: a signal that comes too early is repeated. */
        while (waitpid(pid, &status, WNOHANG) == 0) {
                (void) kill(pid, SIGINT);
                (void) sched_yield();
        }
        assert_int_equal(status, 0);
        (void) close(told[0]);
        (void) close(told[1]);
        (void) store_free(first);
        helper_remove(folder);
}

static void test_opened_stores_are_registered(void **state)
{
        char *folder = helper_folder();
        _cleanup_(freep) char *dir = helper_path(folder, "s"), *found = NULL;
        struct store *s = helper_open(dir, 0);
        char run[RUN_ID_SIZE];

        (void) state;
        helper_commit(s, helper_run(RUN_A, STEP_READY));
        assert_int_equal(place_find_run(&found, run, NULL, "0abc", NULL), 0);
        assert_string_equal(found, dir);
        assert_string_equal(run, RUN_A);
        (void) store_free(s);
        helper_remove(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_no_store),
                cmocka_unit_test(test_read_only_disk),
                cmocka_unit_test(test_read_only_disk_after_a_crash),
                cmocka_unit_test(test_full_disk),
                cmocka_unit_test(test_closed_folder),
                cmocka_unit_test(test_second_engine_waits),
                cmocka_unit_test(test_waiting_can_be_interrupted),
                cmocka_unit_test(test_opened_stores_are_registered),
        };

        return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
