/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Groups by themselves: made, bounded, counted, ended, used again, and removed when their maker
 * died
 *
 * Where the machine lets this user have none, all is skipped, and the reason printed.
 */

#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/kernel.h"
#include "cell/group.h"

#include "look.h"
#include "test.h"

#define MIB    (1ULL << 20)
#define MANY   20
#define ROUNDS 10

static struct groups groups;

static int set_up(void **state)
{
        struct err why = { 0 };

        (void) state;
        memset(&groups, 0, sizeof(groups));
        if (cgroup_open(&groups.cgroup, &why) < 0)
                print_message("# SKIP no control groups here: %s\n", why.text);
        return 0;
}

static int tear_down(void **state)
{
        (void) state;
        groups_close(&groups);
        return 0;
}

static struct group *take(void)
{
        struct err err = { 0 };
        struct group *g = group_take(&groups, &err);

        if (!g)
                fail_msg("%s", err.text);
        return g;
}

/* Runs a body in a group; its wait status. */
static int run(const struct group *g, void (*body)(void), pid_t *ret_pid)
{
        int pidfd = -1, status = 0;
        pid_t pid;

        (void) fflush(NULL);
        pid = kernel_clone(0, group_into(g), &pidfd);
        assert_true(pid >= 0);
        if (pid == 0) {
                if (group_join(g) < 0)
                        _exit(99);
                body();
                _exit(0);
        }
        assert_int_equal(close(pidfd), 0);
        if (ret_pid)
                *ret_pid = pid;
        else
                assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

static void limit(const struct group *g, uint64_t memory, uint64_t processes)
{
        const struct limits limits = {
                .value = { [LIMIT_MEMORY] = memory, [LIMIT_PROCESSES] = processes }
        };
        struct err err = { 0 };

        assert_int_equal(group_limit(g, &limits, 1, 0, &err), 0);
}

static void touch(size_t size)
{
        char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
                _exit(1);
        memset(p, 'x', size);
}

static void touch_much(void)
{
        touch(128 * MIB);
}

static void touch_little(void)
{
        touch(16 * MIB);
}

/* The kernel itself ends what takes more than all limits together allow. */
static void test_memory(void **state)
{
        struct group_usage u;
        struct group *g;
        int status;

        (void) state;
        if (groups.cgroup.version == 0)
                skip();
        g = take();
        limit(g, 8 * MIB, 0);
        status = run(g, touch_much, NULL);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        group_usage_get(g, &u);
        assert_true(u.memory_kills >= 1);
        assert_in_range(u.memory_peak_bytes, 8 * MIB, 64 * MIB);
        g = group_put(&groups, g);
}

static void fork_often(void)
{
        for (int i = 0; i < 3; i++) {
                pid_t pid = fork();

                if (pid < 0)
                        _exit(i + 10);
                if (pid == 0)
                        (void) pause();
        }
}

/* The third is one too many; and those that are left go with the group. */
static void test_processes(void **state)
{
        struct group_usage u;
        struct group *g;
        int status;

        (void) state;
        if (groups.cgroup.version == 0)
                skip();
        g = take();
        limit(g, 64 * MIB, 2);
        status = run(g, fork_often, NULL);
        assert_int_equal(WEXITSTATUS(status), 12);
        group_usage_get(g, &u);
        assert_true(u.forks_refused >= 1);
        assert_int_equal(group_count(g), 2);
        group_kill(&groups, g);
        for (int i = 0; i < 1000 && group_count(g) > 0; i++)
                assert_int_equal(poll(NULL, 0, 5), 0);
        assert_int_equal(group_count(g), 0);
        g = group_put(&groups, g);
}

static void spin(void)
{
        while (clock() < CLOCKS_PER_SEC / 10)
                ;
}

/* The next one of a group sees nothing of the one before: not its counts, and not its limits. */
static void test_again(void **state)
{
        struct group *g, *first;
        struct group_usage u;

        (void) state;
        if (groups.cgroup.version == 0)
                skip();
        g = first = take();
        limit(g, 8 * MIB, 0);
        assert_int_equal(run(g, spin, NULL), 0);
        group_usage_get(g, &u);
        assert_in_range(u.user_us + u.system_us, 90000, 5000000);
        assert_true(run(g, touch_much, NULL) != 0);
        assert_true(run(g, fork_often, NULL) != 0);
        g = group_put(&groups, g);
        g = take();
        if (groups.cgroup.version == 1)
                assert_ptr_equal(g, first);
        group_usage_get(g, &u);
        assert_int_equal(u.memory_kills, 0);
        assert_int_equal(u.forks_refused, 0);
        assert_in_range(u.user_us + u.system_us, 0, 5000);
        assert_in_range(u.memory_peak_bytes, 0, MIB);
        assert_int_equal(run(g, touch_little, NULL), 0);
        group_usage_get(g, &u);
        assert_in_range(u.memory_peak_bytes, 16 * MIB, 20 * MIB);
        assert_int_equal(run(g, touch_much, NULL), 0);
        g = group_put(&groups, g);
}

static void wait_long(void)
{
        for (;;)
                (void) pause();
}

static void expect_killed(pid_t pid)
{
        pid_t reaped = 0;
        int status = 0;

        for (int i = 0; i < 1000 && reaped == 0; i++) {
                reaped = waitpid(pid, &status, WNOHANG);
                if (reaped == 0)
                        assert_int_equal(poll(NULL, 0, 5), 0);
        }
        if (reaped == 0) {
                (void) kill(pid, SIGKILL);
                (void) waitpid(pid, NULL, 0);
                fail_msg("nobody killed it");
        }
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static bool exists(const char *group)
{
        return faccessat(groups.cgroup.at[CGROUP_MEMORY], group, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What was given back with somebody in it is nobody's until he is gone. */
static void test_not_empty(void **state)
{
        struct group *g, *next;
        pid_t pid;

        (void) state;
        if (groups.cgroup.version == 0)
                skip();
        g = take();
        limit(g, 64 * MIB, 0);
        (void) run(g, wait_long, &pid);
        while (group_count(g) == 0)
                assert_int_equal(poll(NULL, 0, 1), 0);
        (void) group_put(&groups, g);
        next = take();
        assert_int_equal(group_count(next), 0);
        expect_killed(pid);
        next = group_put(&groups, next);
}

/* A zygote that was killed left its folder, and a process in it that nothing else has ended. */
static void test_dead(void **state)
{
        struct groups later = { 0 };
        struct err why = { 0 };
        char path[64];
        struct group *g;
        pid_t pid;
        int status;

        (void) state;
        if (groups.cgroup.version == 0)
                skip();
        g = take();
        (void) run(g, wait_long, &pid);
        while (group_count(g) == 0)
                assert_int_equal(poll(NULL, 0, 1), 0);
        (void) snprintf(path, sizeof(path), "../%s", groups.cgroup.name[CGROUP_MEMORY]);

        /* As long as its lock is held, others leave it alone. */
        assert_int_equal(cgroup_open(&later.cgroup, &why), 0);
        groups_close(&later);
        assert_true(exists(path));
        assert_int_equal(waitpid(pid, &status, WNOHANG), 0);

        for (int i = 0; i < CGROUP_PLACES_; i++)
                if (groups.cgroup.at[i] >= 0)
                        assert_int_equal(flock(groups.cgroup.at[i], LOCK_UN), 0);
        assert_int_equal(cgroup_open(&later.cgroup, &why), 0);
        expect_killed(pid);
        for (unsigned i = 1; i <= groups.last; i++) {
                (void) snprintf(path, sizeof(path), "../%s/%u", groups.cgroup.name[CGROUP_MEMORY],
                                i);
                assert_int_equal(faccessat(later.cgroup.at[CGROUP_MEMORY], path, F_OK, 0), -1);
        }
        (void) group_put(&groups, g);
        groups_close(&groups);
        groups_close(&later);
        assert_int_equal(cgroup_open(&groups.cgroup, &why), 0);
}

/* Makes a folder, sees for a while that its group stays, and leaves it as one that is killed. */
static void one_of_many(void)
{
        for (int round = 0; round < ROUNDS; round++) {
                struct groups mine = { 0 };
                struct err err = { 0 };
                struct group *g;

                if (cgroup_open(&mine.cgroup, &err) < 0)
                        _exit(10);
                g = group_take(&mine, &err);
                if (!g)
                        _exit(11);
                for (int i = 0; i < 10; i++) {
                        (void) poll(NULL, 0, 1);
                        if (group_is_gone(g))
                                _exit(12);
                }
                g = group_put(&mine, g);
                if (round % 2) {
                        groups_close(&mine);
                        continue;
                }
                for (int i = 0; i < CGROUP_PLACES_; i++)
                        closep(&mine.cgroup.at[i]);
        }
}

static void test_at_once(void **state)
{
        pid_t pids[MANY];
        int status;

        (void) state;
        if (groups.cgroup.version == 0)
                skip();
        (void) fflush(NULL);
        for (size_t i = 0; i < MANY; i++) {
                pids[i] = fork();
                assert_true(pids[i] >= 0);
                if (pids[i] == 0) {
                        one_of_many();
                        _exit(0);
                }
        }
        for (size_t i = 0; i < MANY; i++) {
                assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
                assert_int_equal(status, 0);
        }
}

/* Where the folder is gone there is another, and no group of before is taken again. */
static void test_gone(void **state)
{
        const struct limits limits = { .value = { [LIMIT_MEMORY] = 64 * MIB } };
        struct err err = { 0 };
        struct group *g, *next;
        char path[GROUP_PATH];

        (void) state;
        if (groups.cgroup.version != 1)
                skip();
        g = take();
        assert_false(group_is_gone(g));
        next = take();
        next = group_put(&groups, next);
        groups_take_away(getpid(), NULL, true);
        assert_int_equal(groups_of(getpid(), path), 0);
        assert_true(group_is_gone(g));
        assert_int_equal(group_limit(g, &limits, 1, 0, &err), -ENODEV);
        g = group_put(&groups, g);
        g = take();
        assert_false(group_is_gone(g));
        assert_int_equal(groups_of(getpid(), path), 3);
        limit(g, 64 * MIB, 0);
        assert_int_equal(run(g, touch_little, NULL), 0);
        assert_int_equal(group_count(g), 0);
        g = group_put(&groups, g);
}

static int tests_run(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_memory), cmocka_unit_test(test_processes),
                cmocka_unit_test(test_again),  cmocka_unit_test(test_not_empty),
                cmocka_unit_test(test_dead),   cmocka_unit_test(test_at_once),
                cmocka_unit_test(test_gone),
        };

        return cmocka_run_group_tests_name("group", tests, set_up, tear_down);
}

int main(void)
{
        return groups_apart(tests_run);
}
