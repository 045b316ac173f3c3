/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "base/io.h"
#include "base/listing.h"
#include "base/sha256.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>

void tree_make(struct tree *t)
{
        const char *tmp = getenv("TMPDIR");

        if (!tmp) /* these tests sync a lot; memory is as good a disk for them */
                tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        (void) snprintf(t->path, sizeof(t->path), "%s/linhay-tree-XXXXXX", tmp);
        assert_non_null(mkdtemp(t->path));
        assert_int_equal(chmod(t->path, 0755), 0);
        t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(t->fd >= 0);
}

static void run(const char *const argv[])
{
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                (void) execvp(argv[0], (char **) argv);
                _exit(127);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

void tree_remove(struct tree *t)
{
        const char *const argv[] = { "rm", "-rf", "--", t->path, NULL };

        closep(&t->fd);
        run(argv);
}

void tree_copy(struct tree *ret, const struct tree *from)
{
        char dots[PATH_MAX];

        tree_make(ret);
        (void) snprintf(dots, sizeof(dots), "%s/.", from->path);

        const char *const argv[] = { "cp", "-a", "--", dots, ret->path, NULL };

        run(argv);
}

/* --- one text ------------------------------------------------------------------------------ */

static void text_name(struct buf *b, int root, const char *path);

static void text_folder(struct buf *b, int root, const char *path)
{
        _cleanup_(closep) int fd =
                open_beneath(root, path[0] ? path : ".", O_RDONLY | O_DIRECTORY, 0);
        struct listing names;

        assert_true(fd >= 0);
        assert_int_equal(listing_read(&names, fd), 0);
        closep(&fd);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_(freep) char *below = NULL;

                assert_true(asprintf(&below, "%s%s%s", path, path[0] ? "/" : "", names.names[i]) >
                            0);
                text_name(b, root, below);
        }
        listing_done(&names);
}

static void text_name(struct buf *b, int root, const char *path)
{
        char what[PATH_MAX] = "";
        struct stat st;

        assert_int_equal(fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW), 0);
        if (S_ISLNK(st.st_mode)) {
                assert_true(readlinkat(root, path, what, sizeof(what) - 1) > 0);
        } else if (S_ISREG(st.st_mode)) {
                _cleanup_(closep) int fd = open_beneath(root, path, O_RDONLY, 0);

                assert_true(fd >= 0);
                assert_int_equal(sha256_fd(what, fd), 0);
        }
        assert_int_equal(buf_printf(b, "%06o %s %s\n", st.st_mode, path, what), 0);
        if (S_ISDIR(st.st_mode))
                text_folder(b, root, path);
}

char *tree_text(int dirfd)
{
        struct buf b = { 0 };

        assert_int_equal(buf_puts(&b, ""), 0);
        text_folder(&b, dirfd, "");
        return buf_take(&b);
}

void tree_same(const char *what, int a, int b)
{
        _cleanup_(freep) char *text_a = tree_text(a), *text_b = tree_text(b);

        if (strcmp(text_a, text_b) != 0)
                fail_msg("%s: the trees differ:\n%s--- and\n%s", what, text_a, text_b);
}

/* --- making -------------------------------------------------------------------------------- */

static void way_make(int dirfd, const char *path)
{
        _cleanup_(freep) char *copy = strdup(path);

        for (char *p = strchr(copy, '/'); p; p = strchr(p + 1, '/')) {
                *p = '\0';
                if (mkdirat(dirfd, copy, 0755) == 0)
                        assert_int_equal(fchmodat(dirfd, copy, 0755, 0), 0);
                *p = '/';
        }
}

void tree_file(int dirfd, const char *path, const char *text, unsigned mode)
{
        _cleanup_(closep) int fd = -1;

        way_make(dirfd, path);
        (void) unlinkat(dirfd, path, 0);
        fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0)
                fail_msg("cannot make %s: %s", path, strerror(errno));
        assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
        assert_int_equal(fchmod(fd, mode), 0);
}

void tree_folder(int dirfd, const char *path, unsigned mode)
{
        way_make(dirfd, path);
        assert_true(mkdirat(dirfd, path, 0755) == 0 || errno == EEXIST);
        assert_int_equal(fchmodat(dirfd, path, mode, 0), 0);
}

void tree_link(int dirfd, const char *path, const char *target)
{
        way_make(dirfd, path);
        (void) unlinkat(dirfd, path, 0);
        assert_int_equal(symlinkat(target, dirfd, path), 0);
}

void tree_delete(int dirfd, const char *path)
{
        struct stat st;

        if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        if (S_ISDIR(st.st_mode)) {
                _cleanup_(closep) int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                struct listing names;

                assert_int_equal(listing_read(&names, fd), 0);
                for (size_t i = 0; i < names.count; i++)
                        tree_delete(fd, names.names[i]);
                listing_done(&names);
        }
        if (unlinkat(dirfd, path, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0)
                fail_msg("cannot delete %s: %s", path, strerror(errno));
}

/* --- at random ----------------------------------------------------------------------------- */

unsigned dice_roll(struct dice *d, unsigned sides)
{
        d->state = d->state * 6364136223846793005ULL + 1442695040888963407ULL;
        return (unsigned) (d->state >> 33) % sides;
}

/* Few names, so that files and folders meet often; some sort between a folder and what is in it. */
static void path_roll(struct dice *d, char ret[256])
{
        static const char *const names[] = { "a", "b", "a.c", "a-b", "a b", "\xC3\xA9", "lib" };
        unsigned depth = 1 + dice_roll(d, 4);
        size_t n = 0;

        for (unsigned i = 0; i < depth; i++)
                n += (size_t) snprintf(ret + n, 256 - n, "%s%s", i ? "/" : "",
                                       names[dice_roll(d, TEST_ROWS(names))]);
}

/* What is in the way of a path goes: the first part of it that is no folder. */
static void way_clear(int dirfd, const char *path)
{
        _cleanup_(freep) char *copy = strdup(path);
        struct stat st;

        for (char *p = strchr(copy, '/'); p; p = strchr(p + 1, '/')) {
                *p = '\0';
                if (fstatat(dirfd, copy, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
                        assert_int_equal(unlinkat(dirfd, copy, 0), 0);
                *p = '/';
        }
}

static void text_roll(struct dice *d, char ret[1024])
{
        unsigned lines = dice_roll(d, 20);
        size_t n = 0;

        ret[0] = '\0';
        for (unsigned i = 0; i < lines; i++)
                n += (size_t) snprintf(ret + n, 1024 - n, "line %u\n", dice_roll(d, 9));
}

static void act(int dirfd, struct dice *d)
{
        static const unsigned modes[] = { 0644, 0644, 0755, 0600, 0440 },
                              folder_modes[] = { 0755, 0755, 0700, 0775 };
        static const char *const targets[] = { "a", "b/c", "nowhere", "a/../b" };
        char path[256], text[1024];
        unsigned kind = dice_roll(d, 10), which = dice_roll(d, 100);
        struct stat st;

        path_roll(d, path);
        text_roll(d, text);
        if (kind == 9) {
                if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
                        assert_int_equal(fchmodat(dirfd, path, modes[which % 5], 0), 0);
                return;
        }
        if (kind < 8)
                way_clear(dirfd, path);
        if (kind != 5 && kind != 6)
                tree_delete(dirfd, path);
        if (kind < 5)
                tree_file(dirfd, path, text, modes[which % 5]);
        else if (kind < 7) {
                if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
                        tree_delete(dirfd, path);
                tree_folder(dirfd, path, folder_modes[which % 4]);
        } else if (kind == 7)
                tree_link(dirfd, path, targets[which % 3]);
}

void tree_grow(int dirfd, struct dice *d, unsigned acts)
{
        for (unsigned i = 0; i < acts; i++)
                act(dirfd, d);
}
