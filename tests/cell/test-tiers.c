/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tiers: what is refused, what is said, and what still holds where a layer is missing
 *
 * Each test is a process of its own: a container's filter cannot be taken off again.
 */

#include "config.h"

#include "drive.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cell/cause.h"
#include "cell/sandbox.h"
#include "cell/spawn.h"

/* What the default filter of container engines does. */
static void container_enter(void)
{
        static const char *const denied[] = {
                "unshare",   "setns",         "mount",  "umount2",  "pivot_root",
                "open_tree", "move_mount",    "fsopen", "fsconfig", "fsmount",
                "fspick",    "mount_setattr", "chroot", "bpf",      "keyctl",
        };
        static const uint64_t namespaces[] = {
                CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,    CLONE_NEWIPC,
                CLONE_NEWUTS,  CLONE_NEWNET, CLONE_NEWCGROUP,
        };
        scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

        assert_non_null(ctx);
        for (size_t i = 0; i < TEST_ROWS(denied); i++)
                assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM),
                                                  seccomp_syscall_resolve_name(denied[i]), 0),
                                 0);
        for (size_t i = 0; i < TEST_ROWS(namespaces); i++)
                assert_int_equal(
                        seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                         SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i])),
                        0);
        assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0), 0);
        assert_int_equal(seccomp_load(ctx), 0);
        seccomp_release(ctx);
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

/* Runs a test's body in a child, so that what it does to itself ends with it. */
static void apart(void (*body)(bool as_user), bool as_user)
{
        int status;
        pid_t pid;

        if (as_user && geteuid() != 0)
                return;
        (void) fflush(NULL);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                body(as_user);
                (void) fflush(NULL);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void refused(bool as_user)
{
        struct sandbox_options options = { .require = TIER_NO_CGROUP };
        struct sandbox *s = NULL;
        struct loop *loop = NULL;
        struct err err = { 0 };
        char path[4096];

        (void) as_user;
        (void) snprintf(path, sizeof(path), "%s/linhay-cell", test_builddir());
        options.cell_path = path;
        container_enter();
        assert_int_equal(loop_new(&loop), 0);
        assert_int_equal(sandbox_new(&s, loop, &options, &err), -EPERM);
        assert_non_null(strstr(err.text, "no-userns"));
        assert_non_null(strstr(err.text, "unshare()"));
        assert_non_null(strstr(err.text, "a seccomp filter is in force"));
        assert_non_null(strstr(err.text, "--allow-degraded=userns"));
        (void) loop_free(loop);
}

static void test_refused(void **state)
{
        (void) state;
        apart(refused, false);
}

/* Without namespaces: Landlock and the filter confine, and every tree is a copy. */
static void degraded(bool as_user)
{
        static const struct {
                const char *why;
                const char *probe;
                int want;
        } answered[] = {
                { "the host's files are kept away", "read_outside", EACCES },
                { "so is /proc", "read_proc", EACCES },
                { "and devices", "open_dev", EACCES },
                { "null is there", "open_null", 0 },
                { "nothing can be written", "write_tmp", EACCES },
                { "no descriptor is inherited", "fds", 0 },
                { "the environment is empty", "environment", 0 },
                { "honest libraries are answered", "innocent", 0 },
        };
        static const char *const ended[] = { "socket", "fork",       "execve",
                                             "ptrace", "mount",      "mmap_wx",
                                             "memfd",  "own_filter", "process_read" };
        static const char *const allow[] = { "userns", NULL };
        const struct sandbox_options options = { .allow_degraded = allow };
        char *path = drive_tree_make();
        struct drive drive;
        struct stat st;
        struct drive_job job = { .workspace = WORKSPACE_OVERLAY, .action = "edit" };

        if (as_user)
                assert_int_equal(chown(path, 54321, 54321), 0);
        container_enter();
        drive_init(&drive, as_user, &options);
        assert_int_equal(sandbox_tier(drive.sandbox), TIER_NO_USERNS);
        for (size_t i = 0; i < TEST_ROWS(answered); i++)
                for (int at_load = 0; at_load <= (strcmp(answered[i].probe, "fds") != 0);
                     at_load++) {
                        drive_run(&drive, &(struct drive_job){ .action = answered[i].probe,
                                                               .at_load = at_load });
                        drive_expect_errno(&drive, answered[i].why, answered[i].probe,
                                           answered[i].want);
                }
        for (size_t i = 0; i < TEST_ROWS(ended); i++) {
                drive_run(&drive, &(struct drive_job){ .action = ended[i], .at_load = true });
                drive_expect_verdict(&drive, "a denied call", ended[i], VERDICT_SYSCALL);
        }
        if (!as_user) {
                job.workspace_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                drive_run(&drive, &job);
                drive_expect_errno(&drive, "a copy can be changed", "edit", 0);
                assert_true(drive.result.is_staged);
                assert_int_equal(fstatat(drive.result.upper_fd, "made", &st, 0), 0);
                assert_true(fstatat(job.workspace_fd, "made", &st, 0) < 0);
                job.workspace = WORKSPACE_RO;
                job.action = "write_work";
                drive_run(&drive, &job);
                /* The host's own root is what it sees, closed by Landlock. */
                drive_expect_errno(&drive, "there is no /work", "write_work",
                                   access("/work", F_OK) == 0 ? EACCES : ENOENT);
                job.action = "read_private";
                drive_run(&drive, &job);
                drive_expect_errno(&drive, "but its descriptor", "read_private", 0);
                assert_int_equal(close(job.workspace_fd), 0);
        }
        drive_tree_remove(path);
        drive_done(&drive);
}

static void test_degraded(void **state)
{
        (void) state;
        apart(degraded, false);
        apart(degraded, true);
}

/* Every limit that is said to hold without namespaces is reached, and called by its name. */
static void degraded_limits(bool as_user)
{
        static const struct {
                const char *probe;
                enum verdict want;
                enum limit limit;
                uint64_t value;
        } rows[] = {
#ifndef LINHAY_SANITIZE /* which needs the address space */
                { "memory", VERDICT_MEMORY, LIMIT_MEMORY, 128 << 20 },
                { "memory_abort", VERDICT_MEMORY, LIMIT_MEMORY, 128 << 20 },
#endif
                { "spin_deaf", VERDICT_CPU, LIMIT_CPU, 1000 },
                { "loop", VERDICT_TIMEOUT, LIMIT_WALL, 300 },
                { "descriptors", VERDICT_FILES, LIMIT_FILES, 64 },
                { "file_size", VERDICT_FILES, LIMIT_FILE_SIZE, 1 << 20 },
                { "log_flood", VERDICT_OUTPUT, LIMIT_LOG, 1 << 20 },
                { "print_flood", VERDICT_OUTPUT, LIMIT_LOG, 1 << 20 },
                { "finding_flood", VERDICT_OUTPUT, LIMIT_FINDINGS, 100 },
                { "output_flood", VERDICT_OUTPUT, LIMIT_OUTPUT, 1 << 20 },
                { "artifact_flood", VERDICT_OUTPUT, LIMIT_ARTIFACTS, 1 << 20 },
        };
        static const char *const allow[] = { "userns", NULL };
        const struct sandbox_options options = { .allow_degraded = allow };
        char *path = drive_tree_make();
        struct drive drive;
        int tree;

        if (as_user)
                assert_int_equal(chown(path, 54321, 54321), 0);
        container_enter();
        drive_init(&drive, as_user, &options);
        tree = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                bool has_tree = rows[i].limit == LIMIT_FILE_SIZE;

                if (has_tree && as_user)
                        continue; /* the tree's files are root's */
                drive_run(&drive, &(struct drive_job){ .action = rows[i].probe,
                                                       .workspace = has_tree ? WORKSPACE_OVERLAY
                                                                             : WORKSPACE_NONE,
                                                       .workspace_fd = tree,
                                                       .limit = rows[i].limit,
                                                       .value = rows[i].value });
                drive_expect_verdict(&drive, "without namespaces", rows[i].probe, rows[i].want);
        }
        assert_int_equal(close(tree), 0);
        drive_tree_remove(path);
        drive_done(&drive);
}

static void test_degraded_limits(void **state)
{
        (void) state;
        apart(degraded_limits, false);
        apart(degraded_limits, true);
}

/* One feature is left out; the agent must not notice. */
static void left_out(const char *layers, bool is_staged)
{
        char *path = drive_tree_make();
        struct drive drive;
        struct drive_job job = { .workspace = WORKSPACE_OVERLAY, .action = "edit" };

        drive_init_without(&drive, layers, NULL);
        job.workspace_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        drive_run(&drive, &job);
        drive_expect_errno(&drive, layers, "edit", 0);
        assert_int_equal(drive.result.is_staged, is_staged);
        assert_int_equal(close(job.workspace_fd), 0);
        drive_done(&drive);
        drive_tree_remove(path);
}

static void test_left_out(void **state)
{
        const bool is_root = geteuid() == 0;

        (void) state;
        left_out("mdwe", false);
        left_out("netns", false);
        left_out("overlay", true);
        left_out("overlay-without-mdwe-without-netns", true);
        /* Root's files are then nobody's in the cell, so it gets a copy that is its own. */
        left_out("idmap", is_root);
}

/* With a program of the tests that leaves something out: refused, in which words? */
static void expect_refused(const char *layers, const struct sandbox_options *given,
                           const char *words)
{
        struct sandbox_options options = *given;
        _cleanup_(loop_freep) struct loop *loop = NULL;
        struct sandbox *s = NULL;
        struct err err = { 0 };
        char name[256], *path;

        (void) snprintf(name, sizeof(name), "linhay-cell-without-%s", layers);
        path = drive_cell_copy("linhay-cell-test", name);
        options.cell_path = path;
        assert_int_equal(loop_new(&loop), 0);
        assert_int_equal(sandbox_new(&s, loop, &options, &err), -EPERM);
        if (!strstr(err.text, words))
                fail_msg("without %s: \"%s\" is not in: %s", layers, words, err.text);
        drive_cell_remove(path);
}

/* No option makes agents run where these are missing, or where they are there and do nothing. */
static void test_never(void **state)
{
        static const char *const all[] = { "userns", "landlock", "seccomp", "cgroup", NULL };
        static const struct {
                const char *why;
                const char *layers;
                const char *words;
        } rows[] = {
                { "the kernel has no Landlock", "landlock-abi", "landlock is missing" },
                { "Landlock that closes nothing is found out", "landlock",
                  "landlock: a folder without a rule is closed" },
                { "with fewer layers too", "userns-without-landlock",
                  "landlock: the host's files cannot be read" },
                { "a filter that stops nothing is found out", "seccomp",
                  "seccomp: no socket can be made" },
                { "with fewer layers too", "userns-without-seccomp",
                  "seccomp: rare doors of the kernel are shut" },
                { "both are told", "landlock-without-seccomp",
                  "landlock: no TCP connection; seccomp: " },
                { "a filter that stops nothing, without the second guard", "seccomp-without-mdwe",
                  "seccomp: no code can be made" },
        };
        const struct sandbox_options options = { .require = TIER_NO_USERNS, .allow_degraded = all };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                expect_refused(rows[i].layers, &options, rows[i].words);
}

/* What is required, what may be missing, and whether anything runs. */
static void test_required(void **state)
{
        static const char *const userns[] = { "userns", NULL };
        static const char *const cgroup[] = { "cgroup", NULL };
        static const struct {
                const char *why;
                const char *layers;
                enum tier require;
                const char *const *allow;
                const char *words; /* NULL = it starts */
                enum tier tier;
        } rows[] = {
                { "the best that is required is not there", "cgroup", TIER_FULL, NULL,
                  "would be \"no-cgroup\": the layer cgroup is missing (left out)", 0 },
                { "and how to do without is said", "cgroup", TIER_FULL, NULL,
                  "--allow-degraded=cgroup", 0 },
                { "unless it may be missing", "cgroup", TIER_FULL, cgroup, NULL, TIER_NO_CGROUP },
                { "one layer does not stand for another", "cgroup", TIER_FULL, userns,
                  "--allow-degraded=cgroup", 0 },
                { "groups without namespaces are not the best either", "userns", TIER_FULL, cgroup,
                  "--allow-degraded=userns", 0 },
                { "the standard is met", "cgroup", TIER_NO_CGROUP, NULL, NULL, TIER_NO_CGROUP },
                { "and not without namespaces", "userns", TIER_NO_CGROUP, NULL,
                  "--allow-degraded=userns", 0 },
                { "nor with another layer named", "userns", TIER_NO_CGROUP, cgroup,
                  "the layer userns is missing", 0 },
                { "unless they may be missing", "userns", TIER_NO_CGROUP, userns, NULL,
                  TIER_NO_USERNS },
                { "or less is required", "userns", TIER_NO_USERNS, NULL, NULL, TIER_NO_USERNS },
                { "small layers are no tier",
                  "mdwe-without-netns-without-overlay-without-ahead-without-cgroup", TIER_NO_CGROUP,
                  NULL, NULL, TIER_NO_CGROUP },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                const struct sandbox_options options = { .require = rows[i].require,
                                                         .allow_degraded = rows[i].allow };
                struct drive drive;

                if (rows[i].words) {
                        expect_refused(rows[i].layers, &options, rows[i].words);
                        continue;
                }
                drive_init_without(&drive, rows[i].layers, &options);
                assert_int_equal(sandbox_tier(drive.sandbox), rows[i].tier);
                drive_run(&drive, &(struct drive_job){ .action = "keyctl", .at_load = true });
                drive_expect_verdict(&drive, rows[i].why, "keyctl", VERDICT_SYSCALL);
                drive_done(&drive);
        }
}

/* Every missing layer says what that means and what to do. */
static void test_described(void **state)
{
        static const char *const missing[] = { "mdwe",  "netns",  "overlay",
                                               "ahead", "cgroup", "userns" };
        static const char *const allow[] = { "userns", NULL };
        const struct sandbox_options options = { .require = TIER_NO_CGROUP,
                                                 .allow_degraded = allow };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(missing); i++) {
                struct drive drive;
                json_t *rows, *row;
                bool is_told = false;
                size_t n;

                drive_init_without(&drive, missing[i], &options);
                rows = sandbox_describe(drive.sandbox);
                json_array_foreach (rows, n, row) {
                        const char *layer = json_string_value(json_object_get(row, "layer"));

                        if (strcmp(layer, missing[i]) != 0)
                                continue;
                        is_told = true;
                        assert_string_equal(json_string_value(json_object_get(row, "state")),
                                            "off");
                        assert_true(strlen(json_string_value(json_object_get(row, "detail"))) > 10);
                        assert_true(strlen(json_string_value(json_object_get(row, "remedy"))) > 5);
                }
                assert_true(is_told);
                json_decref(rows);
                drive_done(&drive);
        }
}

/* doctor in a container: the table all the same, the cause, what to do; and exit status 5. */
static void doctor(bool as_user)
{
        static const struct {
                const char *config;
                int exit;
        } rows[] = {
                { "", 5 },
                { "sandbox = { allow_degraded = [\"userns\"]; };\n", 0 },
        };
        static const char *const words[] = {
                "tier: no-userns", "userns    off", "a seccomp filter is in force",
                "netns     off",   "\nuserns: ",
        };
        char path[] = "/tmp/linhay-conf-XXXXXX", command[4096];

        (void) as_user;
        assert_true(mkstemp(path) >= 0);
        assert_int_equal(setenv("LINHAY_CONFIG", path, 1), 0);
        (void) snprintf(command, sizeof(command), "%s/linhay doctor 2>&1", test_builddir());
        container_enter();
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char text[16384];
                size_t n;
                FILE *f = fopen(path, "we");

                assert_non_null(f);
                assert_true(fputs(rows[i].config, f) >= 0);
                assert_int_equal(fclose(f), 0);
                f = popen(command, "r");
                assert_non_null(f);
                n = fread(text, 1, sizeof(text) - 1, f);
                text[n] = '\0';
                assert_int_equal(pclose(f), rows[i].exit << 8);
                for (size_t j = 0; j < TEST_ROWS(words); j++)
                        if (!strstr(text, words[j]))
                                fail_msg("doctor does not say \"%s\": %s", words[j], text);
                assert_int_equal(strstr(text, "--allow-degraded=userns") != NULL,
                                 rows[i].exit == 5);
        }
        assert_int_equal(unlink(path), 0);
}

static void test_doctor(void **state)
{
        (void) state;
        apart(doctor, false);
}

/* What a refusal says to do can be done: the verb that refused takes the option. */
static void option(bool as_user)
{
        static const struct {
                const char *option;
                const char *words;
        } rows[] = {
                { "", "To run with less, say --allow-degraded=userns" },
                { "--allow-degraded=userns", "the manifest is wrong: /actions" },
        };
        char path[] = "/tmp/linhay-conf-XXXXXX", command[4096];

        (void) as_user;
        assert_true(mkstemp(path) >= 0);
        assert_int_equal(setenv("LINHAY_CONFIG", path, 1), 0);
        container_enter();
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char text[16384];
                size_t n;
                FILE *f;

                (void) snprintf(command, sizeof(command),
                                "%s/linhay agent run %s "
                                "%s/tests/cell/agent-noop.so noop 2>&1",
                                test_builddir(), rows[i].option, test_builddir());
                f = popen(command, "re");
                assert_non_null(f);
                n = fread(text, 1, sizeof(text) - 1, f);
                text[n] = '\0';
                assert_true(pclose(f) > 0);
                if (!strstr(text, rows[i].words))
                        fail_msg("\"%s\" is not in: %s", rows[i].words, text);
        }
        assert_int_equal(unlink(path), 0);
}

static void test_option(void **state)
{
        (void) state;
        apart(option, false);
}

static void test_causes(void **state)
{
        char root[] = "/tmp/linhay-causes-XXXXXX", path[256];
        static const struct {
                const char *folder, *file, *text, *word; /* NULL = says nothing */
        } rows[] = {
                { "/proc/sys/user", "max_user_namespaces", "0\n", "max_user_namespaces is 0" },
                { "/proc/sys/user", "max_user_namespaces", "10\n", NULL },
                { "/proc/sys/kernel", "unprivileged_userns_clone", "0\n", "clone=1" },
                { "/proc/sys/kernel", "unprivileged_userns_clone", "1\n", NULL },
                { "/proc/sys/kernel", "apparmor_restrict_unprivileged_userns", "1\n",
                  "conf/apparmor/linhay-cell" },
                { "/proc/self", "status", "Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t1\n",
                  "container" },
                { "/proc/self", "status", "Seccomp:\t0\nSeccomp_filters:\t2\n", NULL },
        };
        static const char *const folders[] = { "/proc", "/proc/sys", "/proc/sys/user",
                                               "/proc/sys/kernel", "/proc/self" };

        (void) state;
        assert_non_null(mkdtemp(root));
        for (size_t i = 0; i < TEST_ROWS(folders); i++) {
                (void) snprintf(path, sizeof(path), "%s%s", root, folders[i]);
                assert_int_equal(mkdir(path, 0700), 0);
        }
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf found = { 0 };
                FILE *f;

                (void) snprintf(path, sizeof(path), "%s%s/%s", root, rows[i].folder, rows[i].file);
                f = fopen(path, "we");
                assert_non_null(f);
                assert_true(fputs(rows[i].text, f) >= 0);
                assert_int_equal(fclose(f), 0);
                assert_int_equal(cause_find(&found, root), 0);
                if (rows[i].word)
                        assert_non_null(strstr(buf_text(&found), rows[i].word));
                else
                        assert_int_equal(found.length, 0);
                assert_int_equal(unlink(path), 0);
        }
        for (size_t i = TEST_ROWS(folders); i-- > 0;) {
                (void) snprintf(path, sizeof(path), "%s%s", root, folders[i]);
                assert_int_equal(rmdir(path), 0);
        }
        assert_int_equal(rmdir(root), 0);
}

/* kill -9 of the host: everything below it dies, at once and without help. */
static void orphans(bool as_user)
{
        int out[2], n = 0;
        char path[64];
        pid_t host, pids[3];

        (void) as_user;
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        /* Orphans of the host come to us, so that their end can be waited for. */
        assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        host = fork();
        assert_true(host >= 0);
        if (host == 0) {
                struct drive drive;
                pid_t zygote;

                drive_init(&drive, false, NULL);
                zygote = drive.sandbox->pid;
                if (write(out[1], &zygote, sizeof(zygote)) != sizeof(zygote))
                        _exit(1);
                for (int i = 0; i < 3; i++)
                        drive_run(&drive, &(struct drive_job){ .action = "ready_then_loop",
                                                               .at_load = false,
                                                               .no_wait = true });
                (void) loop_run(drive.loop);
                _exit(0);
        }
        (void) close(out[1]); /* a child that fails is the end of the file, not a wait for ever */
        assert_int_equal(read(out[0], &pids[0], sizeof(pids[0])), sizeof(pids[0]));
        /* Three cells under way, wherever they are in being made. */
        for (int i = 0; i < 200 && n < 3; i++) {
                FILE *f;

                (void) snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pids[0], pids[0]);
                f = fopen(path, "re");
                n = 0;
                for (int pid; f && fscanf(f, "%d", &pid) == 1;)
                        n++;
                if (f)
                        (void) fclose(f);
                (void) usleep(10000);
        }
        assert_true(n >= 1);
        assert_int_equal(kill(host, SIGKILL), 0);
        assert_int_equal(waitpid(host, NULL, 0), host);
        /* The zygote becomes ours and ends by itself; its own orphans would follow it here. */
        assert_int_equal(waitpid(pids[0], NULL, 0), pids[0]);
        while (waitpid(-1, NULL, 0) > 0)
                ;
        assert_int_equal(errno, ECHILD);
        (void) close(out[0]);
}

static void test_orphans(void **state)
{
        (void) state;
        apart(orphans, false);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_refused, end_child),
                cmocka_unit_test_teardown(test_degraded, end_child),
                cmocka_unit_test_teardown(test_degraded_limits, end_child),
                cmocka_unit_test_teardown(test_left_out, end_child),
                cmocka_unit_test_teardown(test_never, end_child),
                cmocka_unit_test_teardown(test_required, end_child),
                cmocka_unit_test_teardown(test_described, end_child),
                cmocka_unit_test_teardown(test_causes, end_child),
                cmocka_unit_test_teardown(test_doctor, end_child),
                cmocka_unit_test_teardown(test_option, end_child),
                cmocka_unit_test_teardown(test_orphans, end_child),
        };

        runner = getpid();
        return cmocka_run_group_tests_name("tiers", tests, NULL, NULL);
}
