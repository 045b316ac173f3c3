/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "base/blob.h"
#include "cell/collect.h"
#include "store/apply.h"
#include "store/journal.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>

/* What every apply needs, and the two folders that must be empty of leftovers in the end. */
struct bench {
        struct tree tree, blobs, journals;
};

static void bench_make(struct bench *b)
{
        tree_make(&b->tree);
        tree_make(&b->blobs);
        tree_make(&b->journals);
}

static void bench_done(struct bench *b)
{
        tree_remove(&b->tree);
        tree_remove(&b->blobs);
        tree_remove(&b->journals);
}

static int bench_apply(struct bench *b, const struct changeset *c, struct err *err)
{
        return apply_changeset(c, b->tree.fd, b->tree.path, b->blobs.fd, b->journals.fd, "run-step",
                               err);
}

static void journals_are_empty(const struct bench *b)
{
        _cleanup_(freep) char *text = tree_text(b->journals.fd);

        assert_string_equal(text, "");
}

/* The changes from `b->tree` to `after`, a staged copy. */
static struct changeset *changes(struct bench *b, int after)
{
        struct changeset *c = NULL;
        struct err err = { 0 };

        if (collect_changes(&c, b->tree.fd, after, true, b->blobs.fd, NULL, &err) < 0)
                fail_msg("%s", err.text);
        return c;
}

/* --- any change of any tree ---------------------------------------------------------------- */

static void random_round(unsigned seed)
{
        _cleanup_(changeset_freep) struct changeset *c = NULL, *back = NULL;
        struct dice dice = { .state = seed * 7919u + 1 };
        struct tree before, after;
        struct err err = { 0 };
        struct bench b;
        char what[64];

        bench_make(&b);
        tree_grow(b.tree.fd, &dice, 30);
        tree_copy(&before, &b.tree);
        tree_copy(&after, &b.tree);
        tree_grow(after.fd, &dice, 1 + dice_roll(&dice, 25));
        c = changes(&b, after.fd);
        if (c) {
                (void) snprintf(what, sizeof(what), "seed %u", seed);
                if (bench_apply(&b, c, &err) < 0)
                        fail_msg("%s: %s", what, err.text);
                tree_same(what, b.tree.fd, after.fd);
                assert_int_equal(changeset_reverse(&back, c, NULL), 0);
                if (bench_apply(&b, back, &err) < 0)
                        fail_msg("%s, back: %s", what, err.text);
                tree_same(what, b.tree.fd, before.fd);
                journals_are_empty(&b);
        }
        tree_remove(&before);
        tree_remove(&after);
        bench_done(&b);
}

static void test_random(void **state)
{
        (void) state;
        const char *rounds = getenv("LINHAY_TEST_ROUNDS");

        for (unsigned seed = 0; seed < (rounds ? (unsigned) atoi(rounds) : 25); seed++)
                random_round(seed);
}

/* --- what is refused, with the tree untouched ---------------------------------------------- */

static void spoil_content(int fd)
{
        tree_file(fd, "file", "somebody else's\n", 0644);
}

static void spoil_mode(int fd)
{
        assert_int_equal(fchmodat(fd, "file", 0600, 0), 0);
}

static void spoil_delete(int fd)
{
        tree_delete(fd, "file");
}

static void spoil_kind(int fd)
{
        tree_delete(fd, "file");
        tree_link(fd, "file", "other");
}

static void spoil_new(int fd)
{
        tree_file(fd, "new", "was here first\n", 0644);
}

static void spoil_way(int fd)
{
        tree_delete(fd, "folder");
        tree_link(fd, "folder", "/tmp");
}

static void spoil_hardlink(int fd)
{
        assert_int_equal(linkat(fd, "file", fd, "second-name", 0), 0);
}

static void spoil_folder(int fd)
{
        tree_file(fd, "gone/late", "came late\n", 0644);
}

static const struct {
        const char *why;
        void (*spoil)(int fd);
        int want;
        const char *says;
} refusals[] = {
        { "a file was edited", spoil_content, -ESTALE, "file was changed" },
        { "a mode was changed", spoil_mode, -ESTALE, "file got another mode" },
        { "a file was deleted", spoil_delete, -ESTALE, "file went away" },
        { "a file became a link", spoil_kind, -ESTALE, "file became a link" },
        { "a new file is there already", spoil_new, -ESTALE, "new came to be" },
        { "a folder on the way became a link out", spoil_way, -ESTALE, "folder/in" },
        { "a hard link would be torn apart", spoil_hardlink, -EPERM, "2 hard links" },
        { "a folder that goes gained a file", spoil_folder, -ESTALE, "gone/late came to be" },
};

/* A tree, and in `after` a change of each kind. */
static void sample(struct bench *b, struct tree *after)
{
        bench_make(b);
        tree_file(b->tree.fd, "file", "one\n", 0644);
        tree_file(b->tree.fd, "folder/in", "in\n", 0644);
        tree_file(b->tree.fd, "gone/deep/er", "gone\n", 0644);
        tree_folder(b->tree.fd, "gone", 0700);
        tree_link(b->tree.fd, "link", "file");
        tree_copy(after, &b->tree);
        tree_file(after->fd, "file", "two\n", 0644);
        tree_file(after->fd, "folder/in", "out\n", 0755);
        tree_delete(after->fd, "gone");
        tree_file(after->fd, "new", "new\n", 0644);
        tree_file(after->fd, "fresh/tree/with/files", "fresh\n", 0640);
        tree_folder(after->fd, "empty", 0700);
        tree_link(after->fd, "link", "new");
}

static void test_refusals(void **state)
{
        (void) state;

        for (size_t i = 0; i < TEST_ROWS(refusals); i++) {
                _cleanup_(changeset_freep) struct changeset *c = NULL;
                _cleanup_(freep) char *before = NULL, *later = NULL;
                struct err err = { 0 };
                struct tree after;
                struct bench b;
                int r;

                sample(&b, &after);
                c = changes(&b, after.fd);
                assert_int_equal(apply_check(c, b.tree.fd, NULL), 0);
                refusals[i].spoil(b.tree.fd);
                before = tree_text(b.tree.fd);
                r = bench_apply(&b, c, &err);
                if (r != refusals[i].want || !strstr(err.text, refusals[i].says))
                        fail_msg("%s: got %d, \"%s\"", refusals[i].why, r, err.text);
                assert_int_equal(apply_check(c, b.tree.fd, NULL), r);
                later = tree_text(b.tree.fd);
                assert_string_equal(before, later);
                journals_are_empty(&b);
                tree_remove(&after);
                bench_done(&b);
        }
}

static void test_ids(void **state)
{
        (void) state;
        static const char *const bad[] = { "", "A", "a/b", "..", "a b" };
        struct changeset c = { 0 };

        for (size_t i = 0; i < TEST_ROWS(bad); i++)
                assert_int_equal(apply_changeset(&c, -1, "/", -1, -1, bad[i], NULL), -EINVAL);
}

static void test_damaged_blob(void **state)
{
        (void) state;
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        _cleanup_(freep) char *before = NULL, *later = NULL;
        struct err err = { 0 };
        struct tree after;
        struct bench b;
        char path[SHA256_HEX + 3];

        sample(&b, &after);
        c = changes(&b, after.fd);
        before = tree_text(b.tree.fd);
        for (size_t i = 0; i < c->n_files; i++)
                if (strcmp(c->files[i].path, "new") == 0) {
                        (void) snprintf(path, sizeof(path), "%.2s/%.64s", c->files[i].sha256_after,
                                        c->files[i].sha256_after);
                        tree_file(b.blobs.fd, path, "bad\n", 0600);
                }
        assert_int_equal(bench_apply(&b, c, &err), -EIO);
        assert_non_null(strstr(err.text, "new were damaged"));
        later = tree_text(b.tree.fd);
        assert_string_equal(before, later);
        journals_are_empty(&b);
        tree_remove(&after);
        bench_done(&b);
}

/* --- attributes ---------------------------------------------------------------------------- */

static void test_attributes(void **state)
{
        (void) state;
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        bool has_xattr, is_root = geteuid() == 0;
        struct err err = { 0 };
        struct tree after;
        struct bench b;
        struct stat st;
        char path[512], value[8];

        sample(&b, &after);
        (void) snprintf(path, sizeof(path), "%s/file", b.tree.path);
        has_xattr = setxattr(path, "user.note", "kept", 4, 0) == 0;
        if (is_root)
                assert_int_equal(chown(path, 1234, 2345), 0);
        c = changes(&b, after.fd);
        if (bench_apply(&b, c, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(stat(path, &st), 0);
        if (is_root) {
                assert_int_equal(st.st_uid, 1234);
                assert_int_equal(st.st_gid, 2345);
        }
        if (has_xattr)
                assert_int_equal(getxattr(path, "user.note", value, sizeof(value)), 4);
        else
                print_message("# no user.* attributes on this file system\n");
        tree_same("attributes", b.tree.fd, after.fd);
        tree_remove(&after);
        bench_done(&b);
}

/* --- crashes ------------------------------------------------------------------------------- */

/* In a child that may be killed: 0 applied, 1 refused. */
static int child_apply(const struct changeset *c, struct bench *b)
{
        return bench_apply(b, c, NULL) < 0;
}

struct told {
        unsigned count;
        bool applied;
};

static int on_recovered(void *user, const char *id, bool applied)
{
        struct told *told = user;

        assert_string_equal(id, "run-step");
        told->count++;
        told->applied = applied;
        return 0;
}

static void on_stuck(void *user, const char *tree, const struct err *why)
{
        (void) user;
        fail_msg("stuck in %s: %s", tree, err_text(why));
}

/* After a kill: recovery leaves the tree as it was or as it shall be, and nothing else. True =
 * shall. */
static bool recover_and_look(struct bench *b, const char *was, const char *shall, const char *what)
{
        _cleanup_(freep) char *text = NULL;
        struct told told = { 0 };
        const struct apply_recovery recovery = { on_recovered, on_stuck, &told };
        struct err err = { 0 };

        if (apply_recover(b->journals.fd, &recovery, &err) < 0)
                fail_msg("%s: recovery: %s", what, err.text);
        journals_are_empty(b);
        text = tree_text(b->tree.fd);
        if (strcmp(text, was) != 0 && strcmp(text, shall) != 0)
                fail_msg("%s: neither old nor new:\n%s", what, text);
        if (told.count && told.applied != (strcmp(text, shall) == 0))
                fail_msg("%s: recovery says the contrary of what it did", what);
        return strcmp(text, shall) == 0;
}

static void test_killed_anytime(void **state)
{
        (void) state;
        _cleanup_(changeset_freep) struct changeset *c = NULL, *back = NULL;
        _cleanup_(freep) char *old = NULL, *new = NULL;
        struct dice dice = { .state = 42 };
        struct tree after;
        struct bench b;
        bool is_new = false;

        sample(&b, &after);
        c = changes(&b, after.fd);
        assert_int_equal(changeset_reverse(&back, c, NULL), 0);
        old = tree_text(b.tree.fd);
        new = tree_text(after.fd);
        for (unsigned i = 0; i < 60; i++) {
                struct timespec pause = { .tv_nsec = dice_roll(&dice, 4000000) };
                pid_t pid = fork();
                int status;

                assert_true(pid >= 0);
                if (pid == 0)
                        _exit(child_apply(is_new ? back : c, &b));
                (void) nanosleep(&pause, NULL);
                (void) kill(pid, SIGKILL);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                is_new ^= recover_and_look(&b, is_new ? new : old, is_new ? old : new,
                                           "killed at random");
        }
        tree_remove(&after);
        bench_done(&b);
}

/* Runs to the `stop`-th border of a system call and dies there: true when it ended before. */
static bool killed_at(unsigned stop, const struct changeset *c, struct bench *b)
{
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0) {
                (void) ptrace(PTRACE_TRACEME, 0, NULL, NULL);
                (void) raise(SIGSTOP);
                _exit(child_apply(c, b));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSTOPPED(status));
        assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL), 0);
        for (unsigned i = 0; i < stop; i++) {
                assert_int_equal(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                if (WIFEXITED(status)) {
                        assert_int_equal(WEXITSTATUS(status), 0);
                        return true;
                }
        }
        (void) kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return false;
}

/* Death at the border of each system call, there and back again; a stride makes the daily test
 * short. */
static void test_killed_everywhere(void **state)
{
        (void) state;
        const char *given = getenv("LINHAY_TEST_STRIDE");
        unsigned stride = given ? (unsigned) atoi(given) : 11, undone = 0, finished = 0;
        _cleanup_(changeset_freep) struct changeset *c = NULL, *back = NULL;
        _cleanup_(freep) char *old = NULL, *new = NULL;
        struct tree after;
        struct bench b;
        bool is_new = false, ended = false;
        char what[64];

        sample(&b, &after);
        c = changes(&b, after.fd);
        assert_int_equal(changeset_reverse(&back, c, NULL), 0);
        old = tree_text(b.tree.fd);
        new = tree_text(after.fd);
        for (unsigned stop = 1; !ended; stop += stride) {
                bool done;

                ended = killed_at(stop, is_new ? back : c, &b);
                (void) snprintf(what, sizeof(what), "killed at stop %u", stop);
                done = recover_and_look(&b, is_new ? new : old, is_new ? old : new, what);
                is_new ^= done;
                undone += !done;
                finished += done;
        }
        print_message("# killed at %u places: %u times undone, %u times finished\n",
                      undone + finished, undone, finished);
        assert_true(undone > 0 && finished > 0);
        tree_remove(&after);
        bench_done(&b);
}

/* Recovery that dies is recovered from. */
static void test_recovery_killed(void **state)
{
        (void) state;
        _cleanup_(changeset_freep) struct changeset *c = NULL, *back = NULL;
        _cleanup_(freep) char *old = NULL, *new = NULL;
        struct dice dice = { .state = 7 };
        struct tree after;
        struct bench b;
        bool is_new = false;

        sample(&b, &after);
        c = changes(&b, after.fd);
        assert_int_equal(changeset_reverse(&back, c, NULL), 0);
        old = tree_text(b.tree.fd);
        new = tree_text(after.fd);
        for (unsigned i = 0; i < 40; i++) {
                (void) killed_at(200 + dice_roll(&dice, 500), is_new ? back : c, &b);
                for (unsigned j = 0; j < 3; j++) {
                        struct timespec pause = { .tv_nsec = dice_roll(&dice, 1000000) };
                        pid_t pid = fork();
                        int status;

                        assert_true(pid >= 0);
                        if (pid == 0)
                                _exit(apply_recover(b.journals.fd, &(struct apply_recovery){ 0 },
                                                    NULL) < 0);
                        (void) nanosleep(&pause, NULL);
                        (void) kill(pid, SIGKILL);
                        assert_int_equal(waitpid(pid, &status, 0), pid);
                }
                is_new ^= recover_and_look(&b, is_new ? new : old, is_new ? old : new,
                                           "recovery killed");
        }
        tree_remove(&after);
        bench_done(&b);
}

/* --- full disk (root) ---------------------------------------------------------------------- */

static void test_full_disk(void **state)
{
        (void) state;
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        _cleanup_(freep) char *before = NULL, *later = NULL;
        _cleanup_(freep) char *big = calloc(1, 300001);
        struct err err = { 0 };
        struct tree after;
        struct bench b;
        int r;

        bench_make(&b);
        if (geteuid() != 0 || mount("none", b.tree.path, "tmpfs", 0, "size=256k,mode=755") < 0) {
                print_message("# SKIP: a small tmpfs cannot be mounted here\n");
                bench_done(&b);
                skip();
                return;
        }
        closep(&b.tree.fd);
        b.tree.fd = open(b.tree.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        tree_file(b.tree.fd, "small", "small\n", 0644);
        tree_copy(&after, &b.tree);
        memset(big, 'x', 300000);
        tree_file(after.fd, "a/first", "fits\n", 0644);
        tree_file(after.fd, "small", "changed\n", 0644);
        tree_file(after.fd, "z/big", big, 0644);
        c = changes(&b, after.fd);
        before = tree_text(b.tree.fd);
        r = bench_apply(&b, c, &err);
        if (r != -ENOSPC)
                fail_msg("got %d, \"%s\"", r, err.text);
        later = tree_text(b.tree.fd);
        assert_string_equal(before, later);
        journals_are_empty(&b);
        closep(&b.tree.fd);
        assert_int_equal(umount(b.tree.path), 0);
        tree_remove(&after);
        bench_done(&b);
}

static void test_submount(void **state)
{
        (void) state;
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        struct err err = { 0 };
        struct tree after;
        struct bench b;
        char path[512];
        int r;

        sample(&b, &after);
        c = changes(&b, after.fd);
        (void) snprintf(path, sizeof(path), "%s/folder", b.tree.path);
        if (geteuid() != 0 || mount(path, path, NULL, MS_BIND, NULL) < 0) {
                print_message("# SKIP: no mount can be made here\n");
                tree_remove(&after);
                bench_done(&b);
                skip();
                return;
        }
        r = bench_apply(&b, c, &err);
        assert_int_equal(umount(path), 0);
        assert_int_equal(r, -EPERM);
        assert_non_null(strstr(err.text, "another mount"));
        tree_remove(&after);
        bench_done(&b);
}

/* --- owners that cannot be kept ------------------------------------------------------------- */

static void may_chown(bool may)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2];

        assert_int_equal(syscall(SYS_capget, &header, data), 0);
        if (may)
                data[0].effective |= 1U << CAP_CHOWN;
        else
                data[0].effective &= ~(1U << CAP_CHOWN);
        assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

static void test_foreign_group(void **state)
{
        (void) state;
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        _cleanup_(freep) char *before = NULL, *later = NULL;
        struct err err = { 0 };
        struct tree after;
        struct bench b;
        int r;

        if (geteuid() != 0) {
                print_message("# SKIP: only root can give a file away\n");
                skip();
                return;
        }
        sample(&b, &after);
        assert_int_equal(fchownat(b.tree.fd, "file", 0, 54321, 0), 0);
        c = changes(&b, after.fd);
        before = tree_text(b.tree.fd);
        may_chown(false);
        r = bench_apply(&b, c, &err);
        may_chown(true);
        if (r != -EPERM || !strstr(err.text, "group 54321") || !strstr(err.text, "or run linhay"))
                fail_msg("got %d, \"%s\"", r, err.text);
        later = tree_text(b.tree.fd);
        assert_string_equal(before, later);
        journals_are_empty(&b);
        tree_remove(&after);
        bench_done(&b);
}

/* --- what can be neither finished nor undone ------------------------------------------------- */

static void on_lost(void *user, const char *tree, const struct err *why)
{
        assert_string_equal(tree, "/nowhere/lost");
        assert_non_null(strstr(why->text, "/nowhere/lost"));
        assert_non_null(strstr(why->text, "/lost.intent"));
        ++*(unsigned *) user;
}

static void test_stuck(void **state)
{
        (void) state;
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        unsigned n_lost = 0;
        const struct apply_recovery recovery = { .stuck = on_lost, .user = &n_lost };
        struct err err = { 0 };
        struct tree after;
        struct bench b;

        sample(&b, &after);
        c = changes(&b, after.fd);
        assert_int_equal(
                journal_begin(b.journals.fd, "lost", "/nowhere/lost", c, json_array(), &err), 0);
        for (unsigned i = 1; i <= 2; i++) {
                assert_int_equal(apply_recover(b.journals.fd, &recovery, &err), 0);
                assert_int_equal(n_lost, i);
        }
        assert_int_equal(bench_apply(&b, c, &err), 0);
        tree_same("beside a stuck one", b.tree.fd, after.fd);
        assert_int_equal(faccessat(b.journals.fd, "lost.intent", F_OK, 0), 0);
        tree_remove(&after);
        bench_done(&b);
}

static void test_trees_meet(void **state)
{
        static const struct {
                const char *why, *a, *b;
                bool want;
        } rows[] = {
                { "the same", "/a/b", "/a/b", true },
                { "one in the other", "/a", "/a/b", true },
                { "the other way round", "/a/b", "/a", true },
                { "the root holds all", "/", "/a", true },
                { "beside each other", "/a/b", "/a/c", false },
                { "a longer name", "/a/b", "/a/bc", false },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                if (apply_trees_meet(rows[i].a, rows[i].b) != rows[i].want)
                        fail_msg("%s", rows[i].why);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_random),
                cmocka_unit_test(test_refusals),
                cmocka_unit_test(test_ids),
                cmocka_unit_test(test_damaged_blob),
                cmocka_unit_test(test_attributes),
                cmocka_unit_test(test_killed_anytime),
                cmocka_unit_test(test_killed_everywhere),
                cmocka_unit_test(test_recovery_killed),
                cmocka_unit_test(test_full_disk),
                cmocka_unit_test(test_submount),
                cmocka_unit_test(test_foreign_group),
                cmocka_unit_test(test_stuck),
                cmocka_unit_test(test_trees_meet),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
