/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Soak: many steps in a row, and neither the host nor its zygote has more of anything than before
 *
 * LINHAY_SOAK_STEPS says how many (500); scripts/soak asks for many. Steps take turns: without a
 * tree, with one that is shown, with one to change; from the pool and on the spot; some fail,
 * some take two processes.
 */

#include "config.h"

#include "drive.h"
#include "look.h"

#include <dirent.h>
#include <fcntl.h>

#include "cell/sandbox.h"

#define WARM_UP     100
#define WAIT_MS     10000
#define REST_MS     1250 /* a tree that was made ahead is kept for a second */
#define GROUPS_MOST 16
#define GROWTH_KB   1024 /* of memory, from the end of the warming up to the end */

static struct drive drive;

struct account {
        size_t fds, children, mounts, groups;
        unsigned long rss_kb;
};

static int set_up(void **state)
{
        static const struct sandbox_options options = { .require = TIER_NO_CGROUP, .pool = 1 };

        (void) state;
        drive_init(&drive, false, &options);
        return 0;
}

static int tear_down(void **state)
{
        (void) state;
        drive_done(&drive);
        return 0;
}

static size_t entries(const char *path)
{
        DIR *dir = opendir(path);
        size_t n = 0;

        if (!dir)
                return 0; /* another user's */
        while (readdir(dir))
                n++;
        assert_int_equal(closedir(dir), 0);
        return n;
}

/* Those of control groups, which are kept to be used again, are counted by the groups. */
static size_t group_entries(const char *path)
{
        DIR *dir = opendir(path);
        char to[256];
        size_t n = 0;
        ssize_t length;

        for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
                length = readlinkat(dirfd(dir), e->d_name, to, sizeof(to) - 1);
                to[MAX_OF(length, 0)] = '\0';
                n += strstr(to, "/linhay.") != NULL;
        }
        if (dir)
                assert_int_equal(closedir(dir), 0);
        return n;
}

static size_t lines(const char *path)
{
        FILE *f = fopen(path, "re");
        size_t n = 0;
        int c;

        while (f && (c = getc(f)) != EOF)
                n += c == '\n';
        if (f)
                assert_int_equal(fclose(f), 0);
        return n;
}

static unsigned long rss_kb(const char *path)
{
        FILE *f = fopen(path, "re");
        unsigned long pages = 0;

        assert_non_null(f);
        assert_int_equal(fscanf(f, "%*u %lu", &pages), 1);
        assert_int_equal(fclose(f), 0);
        return pages * (unsigned long) sysconf(_SC_PAGESIZE) / 1024;
}

static struct account account_of(pid_t pid)
{
        pid_t pids[CHILDREN_MAX];
        struct account a;
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/%d/fd", pid);
        a.fds = entries(path) - group_entries(path);
        (void) snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
        a.mounts = lines(path);
        (void) snprintf(path, sizeof(path), "/proc/%d/statm", pid);
        a.rss_kb = rss_kb(path);
        a.children = children_of(pid, pids);
        a.groups = groups_in(pid, NULL);
        return a;
}

/* The zygote puts away and makes ahead when nobody is in a hurry: as long as that changes, wait. */
static struct account zygote_at_rest(void)
{
        struct account now, before = { 0 };

        sandbox_drain(drive.sandbox);
        for (int i = 0, same = 0; i < WAIT_MS / 50; i++) {
                drive_idle(&drive, 50);
                now = account_of(drive.sandbox->pid);
                same = now.fds == before.fds && now.children == before.children ? same + 1 : 0;
                if (same == REST_MS / 50)
                        return now;
                before = now;
        }
        fail_msg("the zygote does not come to rest");
        return before;
}

/* `mixed` is of two owners, so that the cell finds that it needs a copy. */
static void steps(size_t from, size_t to, int tree, int mixed)
{
        static const struct {
                const char *probe;
                enum workspace_mode workspace;
                enum verdict want;
                bool is_mixed;
        } turns[] = {
                { "environment", WORKSPACE_NONE, VERDICT_OK },
                { "read_private", WORKSPACE_RO, VERDICT_OK },
                { "edit", WORKSPACE_OVERLAY, VERDICT_OK },
                { "environment", WORKSPACE_NONE, VERDICT_OK },
                { "environment", WORKSPACE_NONE, VERDICT_OK },
                { "read_private", WORKSPACE_RO, VERDICT_OK },
                { "read_private", WORKSPACE_RO, VERDICT_OK },
                { "edit", WORKSPACE_OVERLAY, VERDICT_OK },
                { "edit", WORKSPACE_OVERLAY, VERDICT_OK },
                { "crash", WORKSPACE_NONE, VERDICT_SIGNAL },
                { "edit", WORKSPACE_OVERLAY, VERDICT_OK, true },
        };

        for (size_t i = from; i < to; i++) {
                size_t turn = i % TEST_ROWS(turns);

                drive_run(&drive, &(struct drive_job){
                                          .action = turns[turn].probe,
                                          .workspace = turns[turn].workspace,
                                          .workspace_fd = turns[turn].is_mixed ? mixed : tree });
                drive_expect_verdict(&drive, "one of many", turns[turn].probe, turns[turn].want);
        }
}

static void expect_flat(const char *who, struct account before, struct account after)
{
        print_message(
                "# %s: %zu descriptors (%zu before), %zu children (%zu), %zu mounts (%zu), %zu "
                "control groups (%zu), %lu KiB (%lu)\n",
                who, after.fds, before.fds, after.children, before.children, after.mounts,
                before.mounts, after.groups, before.groups, after.rss_kb, before.rss_kb);
        assert_int_equal(after.fds, before.fds);
        assert_int_equal(after.children, before.children);
        assert_int_equal(after.mounts, before.mounts);
        /* As many as ever were in use, or not yet empty, at one time; not one for each step. */
        assert_true(after.groups <= GROUPS_MOST);
#ifndef LINHAY_SANITIZE /* it keeps what was freed */
        assert_true(after.rss_kb <= before.rss_kb + GROWTH_KB);
#endif
}

static void test_flat(void **state)
{
        char *path = drive_tree_make(), *mixed_path = drive_tree_make();
        _cleanup_(closep) int tree = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(closep) int mixed = open(mixed_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const char *asked = getenv("LINHAY_SOAK_STEPS");
        size_t n = asked ? strtoul(asked, NULL, 10) : 500;
        struct account host, zygote;

        (void) state;
        (void) fchownat(mixed, "changed", 54321, 54321, 0); /* by root alone */
        steps(0, WARM_UP, tree, mixed);
        zygote = zygote_at_rest();
        host = account_of(getpid());
        steps(WARM_UP, WARM_UP + n, tree, mixed);
        print_message("# %zu steps after %d to warm up\n", n, WARM_UP);
        expect_flat("zygote", zygote, zygote_at_rest());
        expect_flat("host", host, account_of(getpid()));
        drive_tree_remove(path);
        drive_tree_remove(mixed_path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_flat),
        };

        return cmocka_run_group_tests_name("soak", tests, set_up, tear_down);
}
