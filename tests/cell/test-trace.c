/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Traces: what is counted, which groups it takes, and that every end is as without
 *
 * That nothing more is allowed is shown by tests/cell/test-cell, whose rows all run traced as well.
 */

#include "drive.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct drive drive;

static int set_up(void **state)
{
        (void) state;
        drive_init(&drive, false, NULL);
        return 0;
}

static int tear_down(void **state)
{
        (void) state;
        drive_done(&drive);
        return 0;
}

static json_int_t count_of(const char *call)
{
        return json_integer_value(
                json_object_get(json_object_get(drive.result.trace, "syscalls"), call));
}

static json_int_t files_of(const char *how)
{
        return json_integer_value(
                json_object_get(json_object_get(drive.result.trace, "files"), how));
}

static bool needs_group(const char *group)
{
        json_t *groups = json_object_get(drive.result.trace, "groups"), *name;
        size_t i;

        json_array_foreach (groups, i, name)
                if (strcmp(json_string_value(name), group) == 0)
                        return true;
        return false;
}

static void test_counts(void **state)
{
        (void) state;
        drive_run(&drive, &(struct drive_job){ .action = "environment" });
        drive_expect_errno(&drive, "without a trace there is none", "environment", 0);
        assert_null(drive.result.trace);
        drive_run(&drive, &(struct drive_job){ .action = "write_tmp", .is_traced = true });
        drive_expect_errno(&drive, "a trace changes nothing", "write_tmp", 0);
        assert_true(count_of("openat") >= 2); /* the object and the file */
        assert_true(count_of("mmap") >= 2);
        assert_int_equal(count_of("seccomp"), 1); /* the second stage */
        assert_int_equal(count_of("exit_group"), 1);
        assert_int_equal(count_of("socket"), 0);
        assert_int_equal(files_of("written"), 1);
        assert_true(files_of("read") >= 1);
        assert_int_equal(files_of("changed"), 0);
        assert_int_equal(json_array_size(json_object_get(drive.result.trace, "groups")), 0);
        assert_true(json_integer_value(json_object_get(drive.result.trace,
                                                       "address_space_peak_bytes")) > 1 << 20);
}

static bool was_opened(const char *how, const char *path)
{
        json_t *opened = json_object_get(drive.result.trace, "opened"), *item;
        size_t i;

        json_array_foreach (json_object_get(opened, how), i, item)
                if (strcmp(json_string_value(item), path) == 0)
                        return true;
        return false;
}

/* A cell's memory is root's to read; to others it is told how much they do not see. */
static void test_paths(void **state)
{
        json_int_t unseen;

        (void) state;
        drive_run(&drive, &(struct drive_job){ .action = "write_tmp", .is_traced = true });
        unseen = json_integer_value(
                json_object_get(json_object_get(drive.result.trace, "opened"), "unseen"));
        if (geteuid() != 0) {
                assert_int_equal(unseen, files_of("read") + files_of("written"));
                return;
        }
        assert_int_equal(unseen, 0);
        assert_true(was_opened("write", "/tmp/new"));
        assert_false(was_opened("read", "/tmp/new"));
        assert_true(was_opened("read", "/cell/agent.so"));
}

static void test_groups(void **state)
{
        static const char *const threads[] = { "threads", NULL };
        static const char *const all[] = { "threads", "spawn", "jit", "identity", NULL };
        static const struct {
                const char *why;
                const char *probe;
                const char *const *groups;
                const char *needed; /* NULL = none */
                enum verdict verdict;
        } rows[] = {
                { "a granted thread", "thread", threads, "threads", VERDICT_OK },
                { "with all granted still the one", "thread", all, "threads", VERDICT_OK },
                { "granted and not used", "environment", all, NULL, VERDICT_OK },
                { "a denied process names its group", "fork", NULL, "spawn", VERDICT_SYSCALL },
                { "denied code as well", "mmap_wx", NULL, "jit", VERDICT_SYSCALL },
                { "what nothing grants needs no group", "socket", NULL, NULL, VERDICT_SYSCALL },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                drive_run(&drive, &(struct drive_job){ .action = rows[i].probe,
                                                       .groups = rows[i].groups,
                                                       .limit = LIMIT_PROCESSES,
                                                       .value = rows[i].groups ? 8 : 0,
                                                       .is_traced = true });
                drive_expect_verdict(&drive, rows[i].why, rows[i].probe, rows[i].verdict);
                assert_int_equal(json_array_size(json_object_get(drive.result.trace, "groups")),
                                 rows[i].needed != NULL);
                if (rows[i].needed && !needs_group(rows[i].needed))
                        fail_msg("%s: not the group %s", rows[i].why, rows[i].needed);
        }
}

/* However it ends, the listener does not hold it up. */
static void test_ends(void **state)
{
        static const struct {
                const char *why;
                const char *probe;
                enum verdict verdict;
                enum limit limit;
                uint64_t value;
        } rows[] = {
                { "a crash", "crash", VERDICT_SIGNAL, 0, 0 },
                { "abort()", "abort", VERDICT_SIGNAL, 0, 0 },
                { "an exit", "exit", VERDICT_PROTOCOL, 0, 0 },
                { "waiting for ever", "loop", VERDICT_TIMEOUT, LIMIT_WALL, 300 },
                { "working for ever", "spin", VERDICT_CPU, LIMIT_CPU, 1000 },
                { "another architecture's door", "int80", VERDICT_SYSCALL, 0, 0 },
                { "a blocked signal", "blocked_sigsys", VERDICT_SYSCALL, 0, 0 },
                { "log without end", "print_flood", VERDICT_OUTPUT, LIMIT_LOG, 1 << 20 },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                for (int at_load = 0; at_load <= 1; at_load++) {
                        drive_run(&drive, &(struct drive_job){ .action = rows[i].probe,
                                                               .at_load = at_load,
                                                               .limit = rows[i].limit,
                                                               .value = rows[i].value,
                                                               .is_traced = true });
                        drive_expect_verdict(&drive, rows[i].why, rows[i].probe, rows[i].verdict);
                        assert_non_null(drive.result.trace);
                }
}

/* The listener is the host's alone, also where the workspace is handed over before it. */
static void test_descriptors(void **state)
{
        char *path = drive_tree_make();
        struct drive_job job = { .workspace = WORKSPACE_OVERLAY,
                                 .action = "edit",
                                 .is_traced = true };
        struct stat st;

        (void) state;
        drive_run(&drive, &(struct drive_job){ .action = "fds", .is_traced = true });
        drive_expect_errno(&drive, "no descriptor more", "fds", 0);
        job.workspace_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        drive_run(&drive, &job);
        drive_expect_errno(&drive, "an overlay", "edit", 0);
        assert_int_equal(fstatat(drive.result.upper_fd, "made", &st, 0), 0);
        assert_true(files_of("changed") >= 1);
        assert_int_equal(close(job.workspace_fd), 0);
        drive_tree_remove(path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_counts),      cmocka_unit_test(test_paths),
                cmocka_unit_test(test_groups),      cmocka_unit_test(test_ends),
                cmocka_unit_test(test_descriptors),
        };

        return cmocka_run_group_tests_name("trace", tests, set_up, tear_down);
}
