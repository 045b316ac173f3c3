/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Power cuts: what an apply has synced before it goes on
 *
 * kill -9 loses nothing that was written (test-apply); a power cut loses what was not synced. This
 * program's own fsync() stands before the C library's and notes what is synced, and how far the
 * apply is by then.
 */

#include "tree.h"

#include "base/blob.h"
#include "cell/collect.h"
#include "store/apply.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How far an apply is, as the journal and the tree show it. */
enum phase { BEGINNING, STAGING, DECIDED, APPLIED, ENDED };

static struct tree tree, journals;
static bool is_watched, was_decided;
static unsigned n_refused; /* syncs of the decision's folder that fail from now on */
static ino_t draft;        /* the journal itself, under its first name */

static struct {
        ino_t inode;
        enum phase phase;
} syncs[256];
static size_t n_syncs;

static ino_t inode_of(int dirfd, const char *name)
{
        struct stat st;

        return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : st.st_ino;
}

static bool tree_is_new(void)
{
        struct stat st;

        return inode_of(tree.fd, "new") && inode_of(tree.fd, "fresh") &&
               !inode_of(tree.fd, "gone") && fstatat(tree.fd, "folder/in", &st, 0) == 0 &&
               st.st_size == 4 && fstatat(tree.fd, "file", &st, 0) == 0 && st.st_size == 6;
}

static enum phase phase_now(void)
{
        if (inode_of(journals.fd, "run-step.intent"))
                return STAGING;
        if (!inode_of(journals.fd, "run-step.commit"))
                return was_decided ? ENDED : BEGINNING;
        was_decided = true;
        return tree_is_new() ? APPLIED : DECIDED;
}

static void sync_note(int fd)
{
        struct stat st;
        ino_t inode = inode_of(journals.fd, "run-step.draft");

        if (inode)
                draft = inode;
        assert_true(n_syncs < TEST_ROWS(syncs));
        assert_int_equal(fstat(fd, &st), 0);
        syncs[n_syncs].inode = st.st_ino;
        syncs[n_syncs++].phase = phase_now();
}

/* The journals' folder, once the apply was decided. */
static bool is_decision(int fd)
{
        struct stat st;

        if (inode_of(journals.fd, "run-step.commit"))
                was_decided = true;
        return was_decided && fstat(fd, &st) == 0 && st.st_ino == inode_of(journals.fd, ".");
}

__attribute__((visibility("default"))) int fsync(int fd);
__attribute__((visibility("default"))) int fsync(int fd)
{
        if (is_watched)
                sync_note(fd);
        if (n_refused > 0 && is_decision(fd)) {
                n_refused--;
                errno = EIO;
                return -1;
        }
        return (int) syscall(SYS_fsync, fd);
}

static bool was_synced(ino_t inode, enum phase phase)
{
        for (size_t i = 0; i < n_syncs; i++)
                if (syncs[i].inode == inode && syncs[i].phase == phase)
                        return true;
        return false;
}

static void sample(struct tree *after)
{
        tree_make(&tree);
        tree_make(&journals);
        tree_file(tree.fd, "file", "old\n", 0644);
        tree_file(tree.fd, "folder/in", "in\n", 0644);
        tree_file(tree.fd, "gone/deep/er", "gone\n", 0644);
        tree_copy(after, &tree);
        tree_file(after->fd, "file", "newer\n", 0644);
        tree_file(after->fd, "folder/in", "out\n", 0644);
        tree_delete(after->fd, "gone");
        tree_file(after->fd, "new", "new\n", 0644);
        tree_file(after->fd, "fresh/folder/file", "fresh\n", 0644);
}

static void apply_watched(void)
{
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        struct tree after, blobs;
        struct err err = { 0 };

        sample(&after);
        tree_make(&blobs);
        if (collect_changes(&c, tree.fd, after.fd, true, blobs.fd, NULL, &err) < 0)
                fail_msg("%s", err.text);
        is_watched = true;
        if (apply_changeset(c, tree.fd, tree.path, blobs.fd, journals.fd, "run-step", &err) < 0)
                fail_msg("%s", err.text);
        is_watched = false;
        tree_same("applied", tree.fd, after.fd);
        tree_remove(&after);
        tree_remove(&blobs);
}

static void test_order_of_syncs(void **state)
{
        enum place { TREE, JOURNALS };
        static const struct {
                const char *why;
                enum place place;
                const char *name;
                enum phase phase;
        } rows[] = {
                { "the intent's name, before the tree is touched", JOURNALS, ".", STAGING },
                { "changed bytes, before the decision", TREE, "file", STAGING },
                { "the same in a folder", TREE, "folder/in", STAGING },
                { "new bytes, before the decision", TREE, "new", STAGING },
                { "bytes in a new folder, before the decision", TREE, "fresh/folder/file",
                  STAGING },
                { "the names in a new folder", TREE, "fresh/folder", STAGING },
                { "and in the one above", TREE, "fresh", STAGING },
                { "the decision, before anything has its name", JOURNALS, ".", DECIDED },
                { "the new names, before the journal goes", TREE, ".", APPLIED },
                { "the same in a folder", TREE, "folder", APPLIED },
                { "the end", JOURNALS, ".", ENDED },
        };

        (void) state;
        apply_watched();
        if (!draft || !was_synced(draft, BEGINNING))
                fail_msg("not synced: the journal, before it has its name");
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                int dirfd = rows[i].place == TREE ? tree.fd : journals.fd;

                if (!was_synced(inode_of(dirfd, rows[i].name), rows[i].phase))
                        fail_msg("not synced: %s (%s)", rows[i].why, rows[i].name);
        }
        tree_remove(&tree);
        tree_remove(&journals);
}

/* The name is given and the disk refuses to say so: after a crash it may have either one. */
static void test_refused_decision(void **state)
{
        static const struct {
                const char *why;
                unsigned n_refused;
                int result;
                const char *after_crash; /* the journal's name that the disk kept; NULL = none */
                bool is_applied;         /* after recovery */
        } rows[] = {
                { "taken back: undone at once, nothing is left", 1, -EIO, NULL, false },
                { "not even that: left alone, and undone where the disk has the intent", 2,
                  -EINPROGRESS, "run-step.intent", false },
                { "or finished where it has the decision", 2, -EINPROGRESS, "run-step.commit",
                  true },
        };
        const struct apply_recovery recovery = { 0 };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(changeset_freep) struct changeset *c = NULL;
                struct tree before, after, blobs;
                struct err err = { 0 };

                sample(&after);
                tree_copy(&before, &tree);
                tree_make(&blobs);
                if (collect_changes(&c, tree.fd, after.fd, true, blobs.fd, NULL, &err) < 0)
                        fail_msg("%s", err.text);
                was_decided = false;
                n_refused = rows[i].n_refused;
                if (apply_changeset(c, tree.fd, tree.path, blobs.fd, journals.fd, "run-step",
                                    &err) != rows[i].result)
                        fail_msg("%s: %s", rows[i].why, err.text);
                n_refused = 0;
                if (!rows[i].after_crash && (inode_of(journals.fd, "run-step.intent") ||
                                             inode_of(journals.fd, "run-step.commit")))
                        fail_msg("%s: a journal is left", rows[i].why);
                if (rows[i].after_crash && !inode_of(journals.fd, rows[i].after_crash))
                        assert_int_equal(renameat(journals.fd, "run-step.intent", journals.fd,
                                                  rows[i].after_crash),
                                         0);
                assert_int_equal(apply_recover(journals.fd, &recovery, &err), 0);
                tree_same(rows[i].why, tree.fd, rows[i].is_applied ? after.fd : before.fd);
                tree_remove(&before);
                tree_remove(&after);
                tree_remove(&blobs);
                tree_remove(&tree);
                tree_remove(&journals);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_order_of_syncs),
                cmocka_unit_test(test_refused_decision),
        };

        return cmocka_run_group_tests_name("durable", tests, NULL, NULL);
}
