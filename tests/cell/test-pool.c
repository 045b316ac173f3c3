/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pool: a cell that was prepared ahead serves one step, knew nothing of it, and is never needed
 */

#include "config.h"

#include "drive.h"
#include "look.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cell/sandbox.h"

#ifdef AS_USER
#define IS_USER true
#else
#define IS_USER false
#endif

#define POOL    3
#define WAIT_MS 10000
#define SECRET  "a-word-of-the-step-before"

static struct drive drive;
static bool may_mount;
static const struct sandbox_options options = { .require = TIER_NO_CGROUP, .pool = POOL };

static int set_up(void **state)
{
        (void) state;
        /* What we mount the zygote shall see, and nobody else. */
        may_mount = !IS_USER && geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
                    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0 &&
                    mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0;
        drive_init(&drive, IS_USER, &options);
        return 0;
}

static int tear_down(void **state)
{
        (void) state;
        drive_done(&drive);
        return 0;
}

/* Every test begins with an empty pool. */
static int each_set_up(void **state)
{
        (void) state;
        sandbox_drain(drive.sandbox);
        return 0;
}

static void expect_warm(const char *why, const char *probe, int want, bool is_warm)
{
        drive_expect_errno(&drive, why, probe, want);
        if (drive.result.usage.is_warm != is_warm)
                fail_msg("%s (%s): %s", why, probe, is_warm ? "was not warm" : "was warm");
}

static void run_nothing(const char *why, bool is_warm)
{
        drive_run(&drive, &(struct drive_job){ .action = "environment" });
        expect_warm(why, "environment", 0, is_warm);
}

static bool is_child(pid_t pid)
{
        pid_t pids[CHILDREN_MAX];
        size_t n = children_of(drive.sandbox->pid, pids);

        for (size_t i = 0; i < n; i++)
                if (pids[i] == pid)
                        return true;
        return false;
}

static void wait_gone(pid_t pid)
{
        for (int i = 0; i < WAIT_MS; i++) {
                if (!is_child(pid))
                        return;
                (void) poll(NULL, 0, 1);
        }
        fail_msg("process %d is still there", pid);
}

/* Those of the zygote's children that came since, the youngest last. */
static size_t children_since(const pid_t *before, size_t n_before, pid_t ret[CHILDREN_MAX])
{
        pid_t pids[CHILDREN_MAX];
        size_t n = children_of(drive.sandbox->pid, pids), found = 0;

        for (size_t i = 0; i < n; i++) {
                bool is_old = false;

                for (size_t j = 0; j < n_before; j++)
                        is_old = is_old || before[j] == pids[i];
                if (!is_old)
                        ret[found++] = pids[i];
        }
        return found;
}

static void test_used_once(void **state)
{
        struct drive_job job = { .action = "environment" };

        (void) state;
        drive_warm(&drive, &job, POOL);
        for (size_t i = 0; i < POOL; i++)
                run_nothing("a step takes what is warm", true);
        sandbox_drain(drive.sandbox);
        assert_int_equal(sandbox_n_warm(drive.sandbox), 0);
        run_nothing("and without one it is started on the spot", false);
}

/* Nobody asked for it: what was used twice is kept warm. */
static void test_comes_back(void **state)
{
        (void) state;
        run_nothing("the first is not expected", false);
        run_nothing("nor the second", false);
        for (int i = 0; i < WAIT_MS && sandbox_n_warm(drive.sandbox) == 0; i++)
                drive_idle(&drive, 1);
        run_nothing("the third is", true);
}

static bool upper_has(const char *name)
{
        struct stat st;

        return fstatat(drive.result.upper_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The tree comes when the agent is there already, and is confined as ever. */
static void test_workspaces(void **state)
{
        char *path = drive_tree_make();
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct drive_job job = { .workspace = WORKSPACE_RO, .workspace_fd = fd };

        (void) state;
        drive_warm(&drive, &job, POOL);
        job.action = "read_private";
        drive_run(&drive, &job);
        expect_warm("what only the owner may read is read", "read_private", 0, true);
        job.action = "write_work";
        drive_run(&drive, &job);
        expect_warm("a tree that is shown cannot be written", "write_work", EROFS, true);
        job.action = "fds";
        drive_run(&drive, &job);
        expect_warm("one descriptor more: the workspace", "fds", 0, true);

        job.workspace = WORKSPACE_OVERLAY;
        sandbox_drain(drive.sandbox);
        drive_warm(&drive, &job, POOL);
        job.action = "edit";
        drive_run(&drive, &job);
        expect_warm("a private view can be changed", "edit", 0, true);
        assert_true(drive.result.upper_fd >= 0 && !drive.result.is_staged);
        assert_true(upper_has("changed") && upper_has("private") && upper_has("made") &&
                    upper_has("folder/moved"));
        job.action = "read_private";
        drive_run(&drive, &job);
        expect_warm("and the tree is as it was", "read_private", 0, true);
        job.action = "fds";
        drive_run(&drive, &job);
        expect_warm("no descriptor more than that", "fds", 0, true);
        drive_tree_remove(path);
}

/* A held step has its tree before its request. */
static void test_held(void **state)
{
        char *path = drive_tree_make();
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct drive_job job = { .workspace = WORKSPACE_OVERLAY,
                                 .workspace_fd = fd,
                                 .action = "edit",
                                 .is_held = true };
        struct err err = { 0 };

        (void) state;
        drive_warm(&drive, &job, 1);
        drive_run(&drive, &job);
        assert_int_equal(cell_go(drive.cell, &err), 0);
        drive_wait(&drive);
        expect_warm("a held step in a warm cell", "edit", 0, true);
        assert_true(upper_has("made"));
        drive_tree_remove(path);
}

/* No overlay can be had of it: the same step in another cell, and nobody notices. */
static void test_other_cell(void **state)
{
        char *path = drive_tree_make();
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct drive_job job = { .workspace = WORKSPACE_OVERLAY, .workspace_fd = fd };

        (void) state;
        if (fchownat(fd, "private", 1234, 1234, 0) < 0) {
                print_message("# SKIP a tree of two owners needs root to be made\n");
                drive_tree_remove(path);
                return;
        }
        job.action = "edit";
        drive_warm(&drive, &job, 1);
        drive_run(&drive, &job);
        expect_warm("a private copy can be changed", "edit", 0, false);
        assert_true(drive.result.is_staged && upper_has("made"));

        /* Nor of a folder that is not there any more. */
        job.workspace = WORKSPACE_RO;
        drive_warm(&drive, &job, 1);
        drive_tree_remove(path);
        drive_run(&drive, &job);
        assert_int_equal(drive.result.trouble, 0);
        assert_int_equal(drive.result.verdict, VERDICT_LOAD);
        assert_non_null(strstr(drive.result.message, "No such file or directory"));
}

static void expect_read(const struct drive_job *job, const char *why, int want)
{
        drive_warm(&drive, job, POOL);
        drive_run(&drive, job);
        expect_warm(why, "read_private", want, true);
}

static void mounts_change(const struct drive_job *job, const char *path)
{
        char changed[64], private[64];

        if (!may_mount) {
                print_message("# SKIP only root can mount\n");
                return;
        }
        (void) snprintf(changed, sizeof(changed), "%s/changed", path);
        (void) snprintf(private, sizeof(private), "%s/private", path);
        assert_int_equal(chmod(private, 0), 0);
        expect_read(job, "nobody may read it any more", EACCES);
        assert_int_equal(mount(changed, private, NULL, MS_BIND, NULL), 0);
        expect_read(job, "another file is mounted over it", 0);
        assert_int_equal(umount(private), 0);
        expect_read(job, "and no longer", EACCES);

        assert_int_equal(mount("none", path, "tmpfs", 0, NULL), 0);
        drive_run(&drive, job);
        assert_int_equal(drive.result.trouble, 0);
        assert_int_equal(drive.result.verdict, VERDICT_LOAD);
        assert_non_null(strstr(drive.result.message, "is not the folder that was opened"));
        assert_int_equal(umount(path), 0);
}

/* A cell gets the tree as it is now, also where the cell before it had the same one. */
static void test_tree_changes(void **state)
{
        char *path = drive_tree_make(), elsewhere[64];
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), other = -1;
        struct drive_job job = { .workspace = WORKSPACE_RO,
                                 .workspace_fd = fd,
                                 .action = "read_private" };

        (void) state;
        expect_read(&job, "a tree", 0);
        expect_read(&job, "the same one", 0);
        if (fchown(fd, 4321, 4321) == 0 && fchownat(fd, "private", 4321, 4321, 0) == 0)
                expect_read(&job, "it has another owner", 0);
        else
                print_message("# SKIP only root gives trees away\n");
        mounts_change(&job, path);

        (void) snprintf(elsewhere, sizeof(elsewhere), "%s-elsewhere", path);
        assert_int_equal(rename(path, elsewhere), 0);
        assert_int_equal(mkdir(path, 0755), 0);
        job.workspace_fd = other = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        expect_read(&job, "another is where it was", ENOENT);
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(rename(elsewhere, path), 0);
        drive_tree_remove(path);
}

/* One for each promise; all of them hold for a cell however it came to be (test-cell). */
static const struct {
        const char *why;
        const char *probe;
        enum verdict want;
        int code;
} rows[] = {
        { "nothing outside is read", "read_outside", VERDICT_OK, ENOENT },
        { "no mount", "mount", VERDICT_SYSCALL, 0 },
        { "no filter of its own", "own_filter", VERDICT_SYSCALL, 0 },
        { "no socket", "socket", VERDICT_SYSCALL, 0 },
        { "no program", "execve", VERDICT_SYSCALL, 0 },
        { "no writable code", "mmap_wx", VERDICT_SYSCALL, 0 },
        { "no code from a file after the load", "map_library", VERDICT_SYSCALL, 0 },
        { "a limit of processor time", "spin", VERDICT_CPU, 0 },
#ifndef LINHAY_SANITIZE /* which needs the address space */
        { "a limit of memory", "memory", VERDICT_MEMORY, 0 },
#endif
        { "one result", "wire_two_results", VERDICT_PROTOCOL, 0 },
        { "a crash is its own", "crash", VERDICT_SIGNAL, 0 },
};

static void test_confined(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct drive_job job = { .action = rows[i].probe };

                if (rows[i].want == VERDICT_CPU) {
                        job.limit = LIMIT_CPU;
                        job.value = 1000;
                }
                drive_run(&drive, &job); /* in a cell that is not */
                drive_expect_verdict(&drive, rows[i].why, rows[i].probe, rows[i].want);
                sandbox_drain(drive.sandbox);
                drive_warm(&drive, &job, 1);
                drive_run(&drive, &job);
                if (!drive.result.usage.is_warm)
                        fail_msg("%s: was not warm", rows[i].probe);
                if (rows[i].want == VERDICT_OK)
                        drive_expect_errno(&drive, rows[i].why, rows[i].probe, rows[i].code);
                else
                        drive_expect_verdict(&drive, rows[i].why, rows[i].probe, rows[i].want);
        }
}

/* Prepared after a step that had a tree, an input and a name, it has heard of none of them. */
static void test_knows_nothing(void **state)
{
        char *path = drive_tree_make();
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(json_decrefp) json_t *input = json_pack("{s:s}", "word", SECRET);
        struct drive_job job = { .workspace = WORKSPACE_RO,
                                 .workspace_fd = fd,
                                 .action = "read_private",
                                 .input = input };
        pid_t before[CHILDREN_MAX], warm[CHILDREN_MAX];
        size_t n_before, n;

        (void) state;
        drive_run(&drive, &job);
        drive_expect_errno(&drive, "a step with a tree and an input", "read_private", 0);
        drive_warm(&drive, &job, 1);
        drive_run(&drive, &job);
        expect_warm("and one in a warm cell", "read_private", 0, true);
        sandbox_drain(drive.sandbox);
        n_before = children_of(drive.sandbox->pid, before);
        drive_warm(&drive, &job, POOL);
        n = children_since(before, n_before, warm);
        assert_true(n >= POOL - 1);
        for (size_t i = 0; geteuid() == 0 && i < n; i++)
                if (memory_has(warm[i], path) || memory_has(warm[i], SECRET))
                        fail_msg("a warm cell remembers the step before");
        if (geteuid() != 0)
                print_message("# SKIP only root looks into another process\n");
        drive_tree_remove(path);
}

/* Another object under the same name: nothing of the old one is kept. */
static void test_agent_changed(void **state)
{
        struct drive_job job = { .action = "environment" };
        pid_t before[CHILDREN_MAX], warm[CHILDREN_MAX];
        size_t n_before, n;

        (void) state;
        n_before = children_of(drive.sandbox->pid, before);
        drive_warm(&drive, &job, POOL);
        n = children_since(before, n_before, warm);
        job.at_load = true;
        drive_run(&drive, &job);
        expect_warm("another agent is not served by the old one", "environment", 0, false);
        assert_int_equal(sandbox_n_warm(drive.sandbox), 0);
        /* The youngest may be a blank, which is nobody's. */
        for (size_t i = 0; i + 1 < n; i++)
                wait_gone(warm[i]);
}

static size_t objects_held(void)
{
        DIR *d = opendir("/proc/self/fd");
        size_t n = 0;

        assert_non_null(d);
        for (struct dirent *e; (e = readdir(d)) != NULL;) {
                char link[256];
                ssize_t length = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);

                if (length < 0)
                        continue;
                link[length] = '\0';
                n += strstr(link, "linhay-object") != NULL;
        }
        (void) closedir(d);
        return n;
}

/* A host that runs for long sees many objects; the bytes of the old ones are let go. */
static void test_objects_let_go(void **state)
{
        struct drive_job job = { .action = "environment", .no_wait = true };

        (void) state;
        /* Those of the test before end yet. */
        for (int i = 0; i < WAIT_MS && objects_held() > 0; i++) {
                drive_idle(&drive, 1);
                sandbox_drain(drive.sandbox);
        }
        drive_run(&drive, &job);
        assert_int_equal(objects_held(), 1);
        sandbox_drain(drive.sandbox);
        assert_int_equal(objects_held(), 1);
        drive_wait(&drive);
        drive_expect_errno(&drive, "it has its object as long as it runs", "environment", 0);
        job = (struct drive_job){ .action = "environment", .at_load = true };
        drive_run(&drive, &job);
        drive_expect_errno(&drive, "another object", "environment", 0);
        assert_int_equal(objects_held(), 2);
        sandbox_drain(drive.sandbox);
        assert_int_equal(objects_held(), 0);
}

/* Other limits or groups are another confinement. */
static void test_other_profile(void **state)
{
        static const char *const groups[] = { "threads", NULL };
        struct drive_job job = { .action = "environment" };

        (void) state;
        drive_warm(&drive, &job, POOL);
        job.limit = LIMIT_DISK;
        job.value = 4 << 20;
        drive_run(&drive, &job);
        expect_warm("other limits", "environment", 0, false);
        job = (struct drive_job){ .action = "environment", .groups = groups };
        drive_run(&drive, &job);
        expect_warm("other groups", "environment", 0, false);
        job = (struct drive_job){ .action = "environment", .limit = LIMIT_WALL, .value = 9000 };
        drive_run(&drive, &job);
        expect_warm("the time of a step is not confinement", "environment", 0, true);
}

/* Whoever kills them ends no step. */
static void test_killed(void **state)
{
        struct drive_job job = { .action = "environment" };
        pid_t pids[CHILDREN_MAX];
        size_t n;

        (void) state;
        drive_warm(&drive, &job, POOL);
        n = children_of(drive.sandbox->pid, pids);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(kill(pids[i], SIGKILL), 0);
        for (size_t i = 0; i < n; i++)
                wait_gone(pids[i]);
        run_nothing("a step outlives the pool", false);
}

/* An agent that does not get ready is not tried for ever, and its steps say why. */
static void test_never_ready(void **state)
{
        struct drive_job job = { .action = "crash", .at_load = true };

        (void) state;
        for (int i = 0; i < 8; i++) {
                drive_run(&drive, &job);
                drive_expect_verdict(&drive, "its step says why", "crash", VERDICT_SIGNAL);
        }
        assert_int_equal(sandbox_n_warm(drive.sandbox), 0);
}

/* kill -9 of the host: all of it goes. */
static void test_no_orphan(void **state)
{
        struct drive_job job = { .action = "environment" };
        pid_t host, pids[CHILDREN_MAX] = { 0 };
        int out[2];

        (void) state;
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        (void) fflush(NULL);
        host = fork();
        assert_true(host >= 0);
        if (host == 0) {
                struct drive own;

                drive_init(&own, false, &options);
                drive_warm(&own, &job, POOL);
                (void) children_of(own.sandbox->pid, pids);
                if (write(out[1], pids, sizeof(pids)) == (ssize_t) sizeof(pids))
                        (void) pause();
                _exit(1);
        }
        assert_int_equal(read(out[0], pids, sizeof(pids)), sizeof(pids));
        assert_true(pids[POOL - 1] > 0);
        assert_int_equal(kill(host, SIGKILL), 0);
        assert_int_equal(waitpid(host, NULL, 0), host);
        for (size_t i = 0; i < CHILDREN_MAX && pids[i]; i++) {
                for (int j = 0; j < WAIT_MS && kill(pids[i], 0) == 0; j++) {
                        (void) waitpid(-1, NULL, WNOHANG);
                        (void) poll(NULL, 0, 1);
                }
                assert_int_equal(kill(pids[i], 0), -1);
        }
        assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
        (void) close(out[0]);
        (void) close(out[1]);
}

#define POOL_TEST(function) cmocka_unit_test_setup(function, each_set_up)

int main(void)
{
        const struct CMUnitTest tests[] = {
                POOL_TEST(test_used_once),     POOL_TEST(test_comes_back),
                POOL_TEST(test_workspaces),    POOL_TEST(test_held),
                POOL_TEST(test_other_cell),    POOL_TEST(test_confined),
                POOL_TEST(test_tree_changes),  POOL_TEST(test_knows_nothing),
                POOL_TEST(test_agent_changed), POOL_TEST(test_other_profile),
                POOL_TEST(test_killed),        POOL_TEST(test_objects_let_go),
                POOL_TEST(test_never_ready),   POOL_TEST(test_no_orphan),
        };

        return cmocka_run_group_tests_name(IS_USER ? "pool, as a user" : "pool", tests, set_up,
                                           tear_down);
}
