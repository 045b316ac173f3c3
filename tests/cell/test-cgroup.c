/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cells in control groups: limits of whole trees, what is counted, and what is left
 *
 * Every hostile tree runs without groups as well, where each of its processes keeps to its limits
 * and nothing happens: so it is the group that ended it. Where the machine gives this user no
 * groups, what needs them is skipped, and the reason printed.
 */

#include "config.h"

#include "drive.h"
#include "look.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cell/sandbox.h"

#define MIB    (1ULL << 20)
#define MANY   20
#define ROUNDS 2

static const char *const spawn[] = { "spawn", NULL };
static const struct sandbox_options least = { .require = TIER_NO_CGROUP };

static bool has_groups;

static int set_up(void **state)
{
        struct drive drive;

        (void) state;
        drive_init(&drive, false, &least);
        has_groups = sandbox_tier(drive.sandbox) == TIER_FULL;
        if (!has_groups)
                print_message("# SKIP no control groups here: %s\n", drive.sandbox->why_no_cgroup);
        drive_done(&drive);
        return 0;
}

static void test_trees(void **state)
{
        static const struct {
                const char *why;
                const char *probe;
                enum limit limit;
                uint64_t value;
                enum verdict with, without;
        } rows[] = {
                { "memory of all together", "tree_memory", LIMIT_MEMORY, 96 * MIB, VERDICT_MEMORY,
                  VERDICT_OK },
                { "processor time of all together", "tree_spin", LIMIT_CPU, 300, VERDICT_CPU,
                  VERDICT_OK },
                { "processes, however they were asked for", "fork_silently", LIMIT_PROCESSES, 8,
                  VERDICT_PROCESSES, VERDICT_FAILED },
                { "what is within them", "tree_spin", LIMIT_CPU, 60000, VERDICT_OK, VERDICT_OK },
        };

        (void) state;
        if (!has_groups)
                skip();
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                for (int with = 0; with <= 1; with++) {
                        struct drive_job job = { .action = rows[i].probe,
                                                 .groups = spawn,
                                                 .limit = rows[i].limit,
                                                 .value = rows[i].value };
                        struct drive drive;

                        drive_init_without(&drive, with ? "nothing" : "cgroup", &least);
                        drive.processes = rows[i].limit == LIMIT_PROCESSES ? 0 : 8;
                        drive_run(&drive, &job);
                        drive_expect_verdict(&drive, rows[i].why, rows[i].probe,
                                             with ? rows[i].with : rows[i].without);
                        assert_int_equal(drive.result.usage.is_group, with);
                        drive_done(&drive);
                }
}

/* More than half a second of processor time that no process was ever waited for with. */
static void test_counted(void **state)
{
        struct drive drive;
        uint64_t told[2];

        (void) state;
        if (!has_groups)
                skip();
        for (int with = 0; with <= 1; with++) {
                drive_init_without(&drive, with ? "nothing" : "cgroup", &least);
                drive.processes = 8;
                drive_run(&drive, &(struct drive_job){ .action = "tree_spin", .groups = spawn });
                drive_expect_verdict(&drive, "an honest tree", "tree_spin", VERDICT_OK);
                told[with] = drive.result.usage.cpu_ms;
                drive_done(&drive);
        }
        assert_true(told[0] < 300);
        assert_in_range(told[1], 550, 20000);
}

static void on_ready_kill(struct drive *d, const char *text)
{
        pid_t pids[CHILDREN_MAX];
        size_t n = children_of(d->sandbox->pid, pids);

        if (strcmp(text, "ready") != 0)
                return;
        for (size_t i = 0; i < n; i++)
                (void) kill(pids[i], SIGKILL);
}

/* Somebody's kill -9 is not taken for want of memory, nor for the agent's own doing. */
static void test_killed_from_outside(void **state)
{
        (void) state;
        for (int with = 0; with <= has_groups; with++) {
                struct drive drive;

                drive_init_without(&drive, with ? "nothing" : "cgroup", &least);
                drive.on_log = on_ready_kill;
                for (int i = 0; i < MANY; i++) {
                        drive_run(&drive, &(struct drive_job){ .action = "ready_then_loop" });
                        drive_expect_verdict(&drive, with ? "in a group" : "without",
                                             "ready_then_loop", VERDICT_SIGNAL);
                        assert_int_equal(drive.result.signal, SIGKILL);
                        assert_non_null(strstr(drive.result.message, "from outside"));
                }
                drive_done(&drive);
        }
}

/* A group that is used again tells of the step alone. */
static void test_one_after_another(void **state)
{
        struct drive drive;
        uint64_t peak;

        (void) state;
        if (!has_groups)
                skip();
        drive_init(&drive, false, &least);
        drive.processes = 8;
        drive_run(&drive, &(struct drive_job){ .action = "tree_memory", .groups = spawn });
        drive_expect_verdict(&drive, "an honest tree", "tree_memory", VERDICT_OK);
        assert_true(drive.result.usage.memory_peak_bytes >= 80 * MIB);
        for (int i = 0; i < 8; i++) {
                drive_run(&drive, &(struct drive_job){ .action = "environment" });
                drive_expect_errno(&drive, "a small one", "environment", 0);
                peak = drive.result.usage.memory_peak_bytes;
                assert_in_range(peak, 128 * 1024, 40 * MIB);
                assert_true(drive.result.usage.cpu_ms < 500);
        }
        drive_done(&drive);
}

static void test_nothing_left(void **state)
{
        struct drive drive;
        pid_t zygote;
        char path[GROUP_PATH];

        (void) state;
        if (!has_groups)
                skip();
        drive_init(&drive, false, &least);
        zygote = drive.sandbox->pid;
        drive_run(&drive, &(struct drive_job){ .action = "environment" });
        assert_true(groups_of(zygote, path) > 0);
        drive_run(&drive, &(struct drive_job){ .action = "ready_then_loop", .no_wait = true });
        drive_idle(&drive, 50);
        drive_done(&drive);
        assert_int_equal(groups_of(zygote, path), 0);
}

/* The zygote is killed, and cannot put anything away: who comes next does. */
static void test_killed(void **state)
{
        struct drive drive;
        char path[GROUP_PATH], procs[GROUP_PATH + 32];
        int fd, status;
        pid_t zygote, left;

        (void) state;
        if (!has_groups)
                skip();
        drive_init(&drive, false, &least);
        zygote = drive.sandbox->pid;
        drive_run(&drive, &(struct drive_job){ .action = "environment" });
        while (groups_in(zygote, path) == 0) /* that of the next blank */
                drive_idle(&drive, 5);
        assert_int_equal(kill(zygote, SIGKILL), 0);
        drive_done(&drive);
        assert_true(groups_of(zygote, procs) > 0);

        left = fork();
        assert_true(left >= 0);
        if (left == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (;;)
                        (void) pause();
        }
        (void) snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
        fd = open(procs, O_WRONLY | O_CLOEXEC);
        assert_true(fd >= 0 && dprintf(fd, "%d", left) > 0);
        assert_int_equal(close(fd), 0);

        drive_init(&drive, false, &least);
        assert_int_equal(groups_of(zygote, path), 0);
        assert_int_equal(waitpid(left, &status, 0), left);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        drive_done(&drive);
}

/* Somebody with as many rights takes the groups away: the next steps are in new ones. */
static void test_removed(void **state)
{
        static const struct {
                const char *why;
                const char *controller;
                bool is_killed;
        } rows[] = {
                { "all, and who was in them", NULL, true },
                { "all; who was in them lives on", NULL, false },
                { "those of memory", "memory", false },
                { "those of processes, and who was in them", "pids", true },
                { "those of processor time", "cpuacct", false },
        };
        struct drive drive;
        char path[GROUP_PATH];
        pid_t zygote;

        (void) state;
        if (!has_groups)
                skip();
        drive_init(&drive, false, &least);
        zygote = drive.sandbox->pid;
        /* In version 2 the zygote itself is in the folder. */
        if (groups_of(zygote, path) != 3) {
                drive_done(&drive);
                skip();
        }
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                groups_take_away(zygote, rows[i].controller, rows[i].is_killed);
                for (int n = 0; n < 10; n++) {
                        drive_run(&drive, &(struct drive_job){ .action = "environment" });
                        drive_expect_errno(&drive, rows[i].why, "environment", 0);
                        assert_true(drive.result.usage.is_group);
                }
                assert_int_equal(groups_of(zygote, path), 3);
        }
        drive_done(&drive);
        assert_int_equal(groups_of(zygote, path), 0);
}

/* It had a group, and ends well without it. What is counted then is what its process took. */
static void test_removed_under_way(void **state)
{
        struct err err = { 0 };
        struct drive drive;
        char path[GROUP_PATH];

        (void) state;
        if (!has_groups)
                skip();
        drive_init(&drive, false, &least);
        if (groups_of(drive.sandbox->pid, path) != 3) {
                drive_done(&drive);
                skip();
        }
        drive_run(&drive, &(struct drive_job){ .action = "environment", .is_held = true });
        drive_idle(&drive, 50);
        groups_take_away(drive.sandbox->pid, NULL, false);
        assert_int_equal(cell_go(drive.cell, &err), 0);
        drive_wait(&drive);
        drive_expect_errno(&drive, "a cell without its group", "environment", 0);
        assert_false(drive.result.usage.is_group);
        assert_true(drive.result.usage.memory_peak_bytes > 0);
        drive_done(&drive);
}

/* Starts a host, has it run a step in a group, and ends its zygote in one way or the other. */
static void one_of_many(int number)
{
        for (int round = 0; round < ROUNDS; round++) {
                struct drive drive;

                drive_init(&drive, false, &least);
                assert_int_equal(sandbox_tier(drive.sandbox), TIER_FULL);
                for (int i = 0; i < 3; i++) {
                        drive_run(&drive, &(struct drive_job){ .action = "environment" });
                        drive_expect_errno(&drive, "one of many", "environment", 0);
                        assert_true(drive.result.usage.is_group);
                }
                if ((number + round) % 2)
                        assert_int_equal(kill(drive.sandbox->pid, SIGKILL), 0);
                drive_done(&drive);
        }
}

/* Many zygotes start and die at once; none takes the folder of one that lives. */
static void test_many(void **state)
{
        int start[2], status;
        pid_t pids[MANY];

        (void) state;
        if (!has_groups)
                skip();
        assert_int_equal(pipe2(start, O_CLOEXEC), 0);
        (void) fflush(NULL);
        for (int i = 0; i < MANY; i++) {
                char byte;

                pids[i] = fork();
                assert_true(pids[i] >= 0);
                if (pids[i] > 0)
                        continue;
                assert_int_equal(close(start[1]), 0);
                assert_int_equal(read(start[0], &byte, 1), 0);
                one_of_many(i);
                _exit(0);
        }
        assert_int_equal(close(start[1]), 0);
        assert_int_equal(close(start[0]), 0);
        for (int i = 0; i < MANY; i++) {
                assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
                assert_int_equal(status, 0);
        }
}

/* As in a container: the file system is there, and read-only. */
static void read_only(void)
{
        const struct sandbox_options full = { .require = TIER_FULL };
        struct sandbox_options options = full;
        struct sandbox *s = NULL;
        struct loop *loop = NULL;
        struct err err = { 0 };
        struct drive drive;
        char path[4096];

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            groups_read_only() < 0)
                _exit(77);
        drive_init(&drive, false, &least);
        assert_int_equal(sandbox_tier(drive.sandbox), TIER_NO_CGROUP);
        drive_run(&drive, &(struct drive_job){ .action = "environment" });
        drive_expect_errno(&drive, "without groups", "environment", 0);
        assert_false(drive.result.usage.is_group);
        drive_done(&drive);

        (void) snprintf(path, sizeof(path), "%s/linhay-cell", test_builddir());
        options.cell_path = path;
        assert_int_equal(loop_new(&loop), 0);
        assert_int_equal(sandbox_new(&s, loop, &options, &err), -EPERM);
        if (!strstr(err.text, "read-only") || !strstr(err.text, "--allow-degraded=cgroup"))
                fail_msg("%s", err.text);
        (void) loop_free(loop);
}

static void test_read_only(void **state)
{
        int status;
        pid_t pid;

        (void) state;
        if (!has_groups || geteuid() != 0)
                skip();
        (void) fflush(NULL);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                read_only();
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                skip();
        assert_int_equal(status, 0);
}

/* What belongs to root is not an ordinary user's; the words say so. */
static void test_user(void **state)
{
        struct drive drive;

        (void) state;
        if (geteuid() != 0 || !has_groups)
                skip();
        drive_init(&drive, true, &least);
        assert_int_equal(sandbox_tier(drive.sandbox), TIER_NO_CGROUP);
        assert_non_null(strstr(drive.sandbox->why_no_cgroup, "not ours to write"));
        drive_done(&drive);
}

static pid_t runner;

/* cmocka leaves a failed test by a jump: in a child that would be into the next test. */
static int end_child(void **state)
{
        (void) state;
        if (getpid() != runner)
                _exit(1);
        return 0;
}

static int tests_run(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_trees),
                cmocka_unit_test(test_counted),
                cmocka_unit_test(test_one_after_another),
                cmocka_unit_test(test_killed_from_outside),
                cmocka_unit_test(test_nothing_left),
                cmocka_unit_test(test_killed),
                cmocka_unit_test(test_removed),
                cmocka_unit_test(test_removed_under_way),
                cmocka_unit_test_teardown(test_many, end_child),
                cmocka_unit_test_teardown(test_read_only, end_child),
                cmocka_unit_test(test_user), /* the last: it gives up root */
        };

        runner = getpid();
        return cmocka_run_group_tests_name("cgroup", tests, set_up, NULL);
}

int main(void)
{
        return groups_apart(tests_run);
}
