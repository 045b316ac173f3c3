/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Blanks: what is made ahead is used once, knows nothing, and is never needed
 *
 * Looks at the zygote's children from outside, in /proc.
 */

#include "config.h"

#include "drive.h"
#include "look.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/kernel.h"
#include "cell/sandbox.h"

/* The sanitizers' reports are worth a descriptor. */
#ifdef LINHAY_SANITIZE
#define REPORTS_FD STDERR_FILENO
#else
#define REPORTS_FD -1
#endif

#define AT_ONCE 12
#define WAIT_MS 10000

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

/* The blank that is ready when nothing else runs. */
static pid_t blank_pid(pid_t zygote)
{
        pid_t pids[CHILDREN_MAX];

        for (int i = 0; i < WAIT_MS; i++) {
                if (children_of(zygote, pids) == 1)
                        return pids[0];
                (void) poll(NULL, 0, 1);
        }
        fail_msg("the zygote does not have exactly one child when it is idle");
        return -1;
}

/* It has done what it can do ahead: it sleeps in recvmsg(). */
static void blank_wait_ready(pid_t pid)
{
        char path[64], text[64] = "";

        (void) snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
        for (int i = 0; i < WAIT_MS; i++) {
                _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
                ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

                text[MAX_OF(n, 0)] = '\0';
                if (n > 0 && atoi(text) == SYS_recvmsg)
                        return;
                (void) poll(NULL, 0, 1);
        }
        fail_msg("the blank is not waiting: %s", text);
}

static void run_well(const char *why, bool is_ahead)
{
        drive_run(&drive, &(struct drive_job){ .action = "environment" });
        drive_expect_errno(&drive, why, "environment", 0);
        assert_int_equal(drive.result.usage.is_ahead, is_ahead);
}

static void test_used_once(void **state)
{
        pid_t seen[8];

        (void) state;
        /* Until a step has ended, the one child may be the throw-away cell of the start. */
        drive_run(&drive, &(struct drive_job){ .action = "environment" });
        drive_expect_errno(&drive, "the first step", "environment", 0);
        for (size_t i = 0; i < TEST_ROWS(seen); i++) {
                seen[i] = blank_pid(drive.sandbox->pid);
                for (size_t j = 0; j < i; j++)
                        assert_int_not_equal(seen[i], seen[j]);
                run_well("a step takes what is ready", true);
                assert_int_not_equal(blank_pid(drive.sandbox->pid), seen[i]);
        }
}

/* Whoever kills it ends no step. */
static void test_killed(void **state)
{
        _cleanup_(closep) int pidfd = -1;
        struct pollfd ended;
        pid_t pid;

        (void) state;
        pid = blank_pid(drive.sandbox->pid);
        pidfd = kernel_pidfd_open(pid);
        assert_true(pidfd >= 0);
        assert_int_equal(kernel_pidfd_send_signal(pidfd, SIGKILL), 0);
        ended = (struct pollfd){ .fd = pidfd, .events = POLLIN };
        assert_int_equal(poll(&ended, 1, WAIT_MS), 1);
        run_well("without a blank a step makes its own process", false);
        assert_int_not_equal(blank_pid(drive.sandbox->pid), pid);
        run_well("and the next finds one again", true);
}

/* The next is made while a step works, so that it is there when the step's end is told. */
static void test_made_beside(void **state)
{
        pid_t pids[CHILDREN_MAX], blank, next;
        int n = 0;

        (void) state;
        /* Until a step has ended, the one child may be the throw-away cell of the start. */
        drive_run(&drive, &(struct drive_job){ .action = "environment" });
        blank = blank_pid(drive.sandbox->pid);
        drive_run(&drive, &(struct drive_job){ .action = "loop", .no_wait = true });
        for (int i = 0; i < WAIT_MS && n < 2; i++) {
                drive_idle(&drive, 1);
                n = (int) children_of(drive.sandbox->pid, pids);
        }
        assert_int_equal(n, 2);
        next = pids[pids[0] == blank];
        cell_cancel(drive.cell, VERDICT_CANCELLED, 0);
        drive_wait(&drive);
        assert_true(drive.result.usage.is_ahead);
        assert_int_equal(blank_pid(drive.sandbox->pid), next);
        run_well("what was made beside a step serves the next", true);
}

static void test_masked(void **state)
{
        pid_t pids[CHILDREN_MAX];

        (void) state;
        drive_done(&drive);
        drive_init_without(&drive, "ahead", NULL);
        run_well("nothing is made ahead where that is off", false);
        run_well("not after a step either", false);
        assert_int_equal(children_of(drive.sandbox->pid, pids), 0);
        drive_done(&drive);
        drive_init(&drive, false, NULL);
}

/* What a blank may hold: null, its socket, what it waits on, its tmpfs, its rules. */
static bool is_of_blank(const char *target)
{
        static const char *const whole[] = { "/dev/null", "/cell", "anon_inode:[eventfd]",
                                             "anon_inode:[landlock-ruleset]",
                                             "anon_inode:landlock-ruleset" };

        for (size_t i = 0; i < TEST_ROWS(whole); i++)
                if (strcmp(target, whole[i]) == 0)
                        return true;
        return strncmp(target, "socket:", 7) == 0;
}

/* Nothing of a step is in it: made after one with a tree and descriptors, it holds its own alone.
 */
static void test_knows_nothing(void **state)
{
        char *path = drive_tree_make(), name[64], target[256];
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        unsigned sockets = 0;
        pid_t pid;

        (void) state;
        drive_run(&drive, &(struct drive_job){
                                  .action = "fds", .workspace = WORKSPACE_RO, .workspace_fd = fd });
        drive_expect_errno(&drive, "a step with a tree", "fds", 0);
        pid = blank_pid(drive.sandbox->pid);
        if (geteuid() != 0) {
                print_message("# SKIP only root looks into another process\n");
                drive_tree_remove(path);
                return;
        }
        blank_wait_ready(pid);
        if (memory_has(pid, path))
                fail_msg("the blank remembers the tree %s of the step before", path);
        drive_tree_remove(path);
        for (int i = 0; i < 1024; i++) {
                ssize_t n;

                (void) snprintf(name, sizeof(name), "/proc/%d/fd/%d", pid, i);
                n = readlink(name, target, sizeof(target) - 1);
                if (n < 0 || i == REPORTS_FD)
                        continue;
                target[n] = '\0';
                sockets += strncmp(target, "socket:", 7) == 0;
                if (!is_of_blank(target))
                        fail_msg("the blank holds %d: %s", i, target);
        }
        assert_int_equal(sockets, 1);
}

struct crowd {
        unsigned n_left;
        char why[256];
};

static void crowd_done(void *user, struct cell_result *result)
{
        struct crowd *c = user;
        json_int_t outcome = json_integer_value(json_object_get(result->output, "errno"));

        if (result->trouble || result->verdict != VERDICT_OK || outcome != 0)
                (void) snprintf(c->why, sizeof(c->why), "%s, %d: %s", verdict_name(result->verdict),
                                (int) outcome, result->message ? result->message : "");
        if (--c->n_left == 0)
                loop_stop(drive.loop);
}

/* However many run beside it, a cell has its own descriptors and no other. */
static void test_many_beside(void **state)
{
        char *path = drive_tree_make(), sha256[SHA256_HEX], object[4096];
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), agent = -1;
        struct crowd crowd = { .n_left = AT_ONCE };
        struct cell_spec spec = {
                .action = "fds",
                .agent_sha256 = sha256,
                .workspace = WORKSPACE_OVERLAY,
                .workspace_fd = fd,
                .on_done = crowd_done,
                .user = &crowd,
        };

        (void) state;
        (void) snprintf(object, sizeof(object), "%s/tests/cell/agent-probe.so", test_builddir());
        spec.agent_fd = agent = open(object, O_RDONLY | O_CLOEXEC);
        assert_int_equal(sha256_fd(sha256, agent), 0);
        limits_standard(&spec.limits);
        for (int i = 0; i < AT_ONCE; i++) {
                struct err err = { 0 };
                struct cell *c;

                if (cell_start(&c, drive.sandbox, &spec, &err) < 0)
                        fail_msg("%s", err_text(&err));
        }
        assert_int_equal(loop_run(drive.loop), 0);
        assert_string_equal(crowd.why, "");
        drive_tree_remove(path);
}

/* kill -9 of the host: the blank goes with it. */
static void test_no_orphan(void **state)
{
        int out[2];
        pid_t host, pids[2]; /* zygote, blank */

        (void) state;
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        (void) fflush(NULL);
        host = fork();
        assert_true(host >= 0);
        if (host == 0) {
                struct drive own;

                drive_init(&own, false, NULL);
                pids[0] = own.sandbox->pid;
                pids[1] = blank_pid(pids[0]);
                if (write(out[1], pids, sizeof(pids)) == (ssize_t) sizeof(pids))
                        (void) pause();
                _exit(1);
        }
        assert_int_equal(read(out[0], pids, sizeof(pids)), sizeof(pids));
        assert_int_equal(kill(host, SIGKILL), 0);
        assert_int_equal(waitpid(host, NULL, 0), host);
        assert_int_equal(waitpid(pids[0], NULL, 0), pids[0]);
        /* Reaped by the zygote, or an orphan that came to us and ends. */
        for (int i = 0; i < WAIT_MS && kill(pids[1], 0) == 0; i++) {
                (void) waitpid(pids[1], NULL, WNOHANG);
                (void) poll(NULL, 0, 1);
        }
        assert_int_equal(kill(pids[1], 0), -1);
        assert_int_equal(errno, ESRCH);
        assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
        (void) close(out[0]);
        (void) close(out[1]);
}

/* The zygote alone is killed: its blank has nobody to wait for. */
static void test_zygote_killed(void **state)
{
        _cleanup_(closep) int pidfd = -1;
        struct pollfd ended;

        (void) state;
        pidfd = kernel_pidfd_open(blank_pid(drive.sandbox->pid));
        assert_true(pidfd >= 0);
        assert_int_equal(kill(drive.sandbox->pid, SIGKILL), 0);
        ended = (struct pollfd){ .fd = pidfd, .events = POLLIN };
        assert_int_equal(poll(&ended, 1, WAIT_MS), 1);
        drive_done(&drive);
        drive_init(&drive, false, NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_used_once),     cmocka_unit_test(test_killed),
                cmocka_unit_test(test_made_beside),   cmocka_unit_test(test_masked),
                cmocka_unit_test(test_knows_nothing), cmocka_unit_test(test_many_beside),
                cmocka_unit_test(test_no_orphan),     cmocka_unit_test(test_zygote_killed),
        };

        return cmocka_run_group_tests_name("blank", tests, set_up, tear_down);
}
