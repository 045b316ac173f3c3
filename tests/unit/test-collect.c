/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "base/io.h"
#include "base/json.h"
#include "cell/collect.h"
#include "store/apply.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

/* --- what is refused ----------------------------------------------------------------------- */

static void do_fifo(int fd)
{
        assert_int_equal(mkfifoat(fd, "sub/bad", 0600), 0);
}

static void do_socket(int fd)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/sub/bad", fd);
        assert_int_equal(bind(s, (struct sockaddr *) &a, sizeof(a)), 0);
        (void) close(s);
}

static void do_setuid(int fd)
{
        tree_file(fd, "sub/bad", "x", 04755);
}

static void do_setgid(int fd)
{
        tree_file(fd, "sub/bad", "x", 02755);
}

static void do_absolute(int fd)
{
        tree_link(fd, "sub/bad", "/etc/passwd");
}

static void do_dotdot(int fd)
{
        tree_link(fd, "sub/bad", "../../outside");
}

static void do_dotdot_behind(int fd)
{
        tree_link(fd, "sub/bad", "in/..");
}

static void do_git(int fd)
{
        tree_file(fd, "sub/.git/hooks/post-checkout", "#!/bin/sh\n", 0755);
}

static void do_git_shouted(int fd)
{
        tree_folder(fd, "sub/.GIT", 0755);
}

static void do_bytes(int fd)
{
        tree_file(fd, "sub/\xff\xfe", "x", 0644);
}

static void do_many(int fd)
{
        char path[32];

        for (unsigned i = 0; i < 51; i++) {
                (void) snprintf(path, sizeof(path), "sub/%u", i);
                tree_file(fd, path, "x", 0644);
        }
}

static void do_sparse(int fd)
{
        _cleanup_(closep) int f = openat(fd, "sub/bad", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        assert_int_equal(ftruncate(f, 1LL << 40), 0);
}

static void do_sum(int fd)
{
        _cleanup_(freep) char *text = calloc(1, 600001);

        memset(text, 'x', 600000);
        tree_file(fd, "sub/a", text, 0644);
        tree_file(fd, "sub/b", text, 0644);
}

static void do_deep(int fd)
{
        int at = fcntl(fd, F_DUPFD_CLOEXEC, 0);

        for (unsigned i = 0; i < 10000; i++) {
                int below;

                assert_int_equal(mkdirat(at, "d", 0755), 0);
                below = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(below >= 0);
                (void) close(at);
                at = below;
        }
        (void) close(at);
}

static void do_redirect(int fd)
{
        _cleanup_(closep) int f = -1;

        tree_folder(fd, "sub/bad", 0755);
        f = openat(fd, "sub/bad", O_RDONLY | O_CLOEXEC);
        if (fsetxattr(f, "user.overlay.redirect", "/in", 3, 0) < 0)
                tree_link(fd, "sub/no-xattrs-here", "/bad overlay marks");
}

static void do_device(int fd)
{
        assert_int_equal(mknodat(fd, "sub/bad", S_IFCHR | 0600, makedev(1, 3)), 0);
}

static const struct {
        const char *why;
        void (*act)(int fd);
        const char *says;
        bool needs_root, only_overlay;
} refusals[] = {
        { "a fifo", do_fifo, "sub/bad is a fifo", false, false },
        { "a socket", do_socket, "sub/bad is a socket", false, false },
        { "a device", do_device, "sub/bad is a character device", true, false },
        { "set-user-id", do_setuid, "sub/bad is set-user-id", false, false },
        { "set-group-id", do_setgid, "sub/bad is set-user-id or set-group-id", false, false },
        { "an absolute link", do_absolute, "leaves the tree", false, false },
        { "a link up and out", do_dotdot, "leaves the tree", false, false },
        { "a link whose way cannot be told", do_dotdot_behind, "leaves the tree", false, false },
        { "git's hooks", do_git, "sub/.git/hooks/post-checkout belongs to git", false, false },
        { "git's folder, shouted", do_git_shouted, "sub/.GIT belongs to git", false, false },
        { "a name that is not UTF-8", do_bytes, "not UTF-8", false, false },
        { "more files than the limit", do_many, "one change more", false, false },
        { "1 TiB without a byte", do_sparse, "too large", false, false },
        { "together more than the limit", do_sum, "sub/b is too large", false, false },
        { "10,000 folders in each other", do_deep, "is a path of more than", false, false },
        { "overlay marks made by hand", do_redirect, "overlay marks", false, true },
};

static void test_refusals(void **state)
{
        (void) state;
        const struct collect_limits limits = { .files = 50, .bytes = 1000000 };

        for (size_t i = 0; i < TEST_ROWS(refusals); i++)
                for (unsigned staged = 0; staged < 2; staged++) {
                        struct changeset *c = NULL;
                        struct err err = { 0 };
                        struct tree lower, upper, blobs;
                        int r;

                        if ((refusals[i].needs_root && geteuid() != 0) ||
                            (refusals[i].only_overlay && staged))
                                continue;
                        tree_make(&lower), tree_make(&blobs);
                        tree_file(lower.fd, "sub/in", "in\n", 0644);
                        tree_copy(&upper, &lower);
                        refusals[i].act(upper.fd);
                        r = collect_changes(&c, lower.fd, upper.fd, staged, blobs.fd, &limits,
                                            &err);
                        if (r != -EPERM || c || !strstr(err.text, refusals[i].says))
                                fail_msg("%s, %s: got %d, \"%s\"", refusals[i].why,
                                         staged ? "staged" : "overlay", r, err.text);
                        tree_remove(&lower), tree_remove(&upper), tree_remove(&blobs);
                }
}

/* --- what is a change ---------------------------------------------------------------------- */

static char *rows_of(const struct changeset *c)
{
        static const char marks[] = {
                [CHANGE_ADD] = '+', [CHANGE_MODIFY] = '*', [CHANGE_DELETE] = '-'
        };
        struct buf b = { 0 };

        assert_int_equal(buf_puts(&b, ""), 0);
        for (size_t i = 0; c && i < c->n_files; i++)
                assert_int_equal(buf_printf(&b, "%c%s %o>%o\n", marks[c->files[i].op],
                                            c->files[i].path, c->files[i].mode_before,
                                            c->files[i].mode_after),
                                 0);
        return buf_take(&b);
}

/* Each act on a copy of: a/b/c (file), a/d (file), e/ (empty), p/ (0700) with q, l -> a/d */
static void act_nothing(int fd)
{
        tree_file(fd, "a/d", "d\n", 0644);
}

static void act_new_folders(int fd)
{
        tree_file(fd, "x/y/z", "z\n", 0644);
}

static void act_new_private(int fd)
{
        tree_file(fd, "x/y", "y\n", 0644);
        tree_folder(fd, "x", 0700);
}

static void act_new_empty(int fd)
{
        tree_folder(fd, "x/y", 0755);
}

static void act_emptied(int fd)
{
        tree_delete(fd, "a/b/c");
}

static void act_removed(int fd)
{
        tree_delete(fd, "a/b");
}

static void act_filled(int fd)
{
        tree_file(fd, "e/f", "f\n", 0644);
}

static void act_removed_empty(int fd)
{
        tree_delete(fd, "e");
}

static void act_removed_private(int fd)
{
        tree_delete(fd, "p");
}

static void act_mode(int fd)
{
        tree_folder(fd, "a", 0750);
}

static void act_file_to_folder(int fd)
{
        tree_delete(fd, "a/d");
        tree_file(fd, "a/d/x", "x\n", 0644);
}

static void act_folder_to_link(int fd)
{
        tree_delete(fd, "a/b");
        tree_link(fd, "a/b", "../l");
}

static const struct {
        const char *why;
        void (*act)(int fd);
        const char *want;
} acts[] = {
        { "the same bytes again are no change", act_nothing, "" },
        { "a file tells of its folders", act_new_folders, "+x/y/z 0>100644\n" },
        { "a private folder does not go without saying", act_new_private,
          "+x 0>40700\n+x/y 0>100644\n" },
        { "nor does an empty one", act_new_empty, "+x/y 0>40755\n" },
        { "a folder that stays, empty", act_emptied, "*a/b 40755>40755\n-a/b/c 100644>0\n" },
        { "a folder that goes with its last file", act_removed, "-a/b/c 100644>0\n" },
        { "a folder that was empty", act_filled, "*e 40755>40755\n+e/f 0>100644\n" },
        { "an empty folder goes", act_removed_empty, "-e 40755>0\n" },
        { "a private folder goes", act_removed_private, "-p 40700>0\n-p/q 100644>0\n" },
        { "a folder's mode", act_mode, "*a 40755>40750\n" },
        { "a file becomes a folder", act_file_to_folder, "*a/d 100644>40755\n+a/d/x 0>100644\n" },
        { "a folder becomes a link", act_folder_to_link, "*a/b 40755>120000\n-a/b/c 100644>0\n" },
};

static void grow_sample(int fd)
{
        tree_file(fd, "a/b/c", "c\n", 0644);
        tree_file(fd, "a/d", "d\n", 0644);
        tree_folder(fd, "e", 0755);
        tree_file(fd, "p/q", "q\n", 0644);
        tree_folder(fd, "p", 0700);
        tree_link(fd, "l", "a/d");
        tree_file(fd, ".git/config", "[core]\n", 0644);
        assert_int_equal(mkfifoat(fd, "fifo", 0600), 0);
}

static void test_staged(void **state)
{
        (void) state;

        for (size_t i = 0; i < TEST_ROWS(acts); i++) {
                _cleanup_(changeset_freep) struct changeset *c = NULL;
                _cleanup_(freep) char *got = NULL;
                struct tree lower, upper, blobs;
                struct err err = { 0 };

                tree_make(&lower), tree_make(&blobs);
                grow_sample(lower.fd);
                tree_copy(&upper, &lower);
                tree_delete(upper.fd, "fifo"); /* what no copy holds is not deleted */
                tree_delete(upper.fd, ".git");
                acts[i].act(upper.fd);
                if (collect_changes(&c, lower.fd, upper.fd, true, blobs.fd, NULL, &err) < 0)
                        fail_msg("%s: %s", acts[i].why, err.text);
                got = rows_of(c);
                if (strcmp(got, acts[i].want) != 0)
                        fail_msg("%s: got\n%s", acts[i].why, got);
                tree_remove(&lower), tree_remove(&upper), tree_remove(&blobs);
        }
}

/* --- a real overlay ------------------------------------------------------------------------ */

/* The merged view on a lower tree, and the upper folder behind it. */
struct overlay {
        struct tree space; /* a tmpfs with upper, work, merged */
        int upper, merged;
};

static void write_text(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        (void) close(fd);
}

/* Mounts of our own: as root, or as the only user of a new user namespace. */
static bool own_mounts(void)
{
        char map[64];
        uid_t uid = geteuid();
        gid_t gid = getegid();

        if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0)
                return false;
        if (uid != 0) {
                (void) snprintf(map, sizeof(map), "%u %u 1", uid, uid);
                write_text("/proc/self/uid_map", map);
                write_text("/proc/self/setgroups", "deny");
                (void) snprintf(map, sizeof(map), "%u %u 1", gid, gid);
                write_text("/proc/self/gid_map", map);
        }
        return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static bool overlay_make(struct overlay *o, const char *lower, const char *extra)
{
        char options[1024], merged[512];

        tree_make(&o->space);
        if (mount("none", o->space.path, "tmpfs", 0, "mode=755") < 0)
                return false;
        closep(&o->space.fd);
        o->space.fd = open(o->space.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        tree_folder(o->space.fd, "upper", 0755);
        tree_folder(o->space.fd, "work", 0755);
        tree_folder(o->space.fd, "merged", 0755);
        (void) snprintf(merged, sizeof(merged), "%s/merged", o->space.path);
        (void) snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s/upper,workdir=%s/work%s",
                        lower, o->space.path, o->space.path, extra);
        if (mount("overlay", merged, "overlay", 0, options) < 0)
                return false;
        o->upper = openat(o->space.fd, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        o->merged = openat(o->space.fd, "merged", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return true;
}

static void overlay_done(struct overlay *o)
{
        char merged[512];

        (void) snprintf(merged, sizeof(merged), "%s/merged", o->space.path);
        closep(&o->merged);
        (void) umount2(merged, MNT_DETACH);
        closep(&o->upper);
        closep(&o->space.fd);
        (void) umount2(o->space.path, MNT_DETACH);
        tree_remove(&o->space);
}

static const char *const flavours[] = { ",userxattr", "" }; /* as a cell mounts it; as root may */

static bool overlay_works(const char *extra)
{
        struct overlay o = { .upper = -1, .merged = -1 };
        struct tree lower;
        bool works;

        tree_make(&lower);
        works = overlay_make(&o, lower.path, extra);
        overlay_done(&o);
        tree_remove(&lower);
        return works;
}

/* --- what the caller may not look at -------------------------------------------------------- */

#define STRANGER 65534

static void closed_replace(int fd)
{
        tree_delete(fd, "closed");
        tree_file(fd, "closed", "x", 0644);
}

static void closed_fill(int fd)
{
        tree_file(fd, "closed/new", "x", 0644);
}

static void closed_delete(int fd)
{
        tree_delete(fd, "closed");
}

static void hidden_replace(int fd)
{
        tree_file(fd, "dim/name", "x", 0644);
}

static void elsewhere(int fd)
{
        tree_file(fd, "in", "changed", 0644);
}

static const struct {
        const char *why;
        void (*act)(int fd);
        const char *says; /* NULL = one change, of `in` */
} closed[] = {
        { "a change elsewhere", elsewhere, NULL },
        { "a file in the way of a closed folder", closed_replace,
          "closed has a mode that keeps the caller from reading it" },
        { "a file in the empty copy of a closed folder", closed_fill, "closed changed, and" },
        { "what the copy lacks is not deleted", closed_delete, "" },
        { "a file that could be listed and not seen", hidden_replace, "dim/name changed, and" },
};

/* The caller's tree holds a stranger's folders; we are the caller, without root's rights. */
static void closed_grow(struct tree *lower, struct tree *upper)
{
        tree_make(lower), tree_make(upper);
        tree_file(lower->fd, "in", "as it was", 0644);
        tree_file(upper->fd, "in", "as it was", 0644);
        tree_file(lower->fd, "closed/secret", "x", 0600);
        tree_file(lower->fd, "dim/name", "x", 0600);
        tree_folder(upper->fd, "closed", 0700);
        tree_folder(upper->fd, "dim", 0744);
        assert_int_equal(fchmodat(lower->fd, "closed", 0700, 0), 0);
        assert_int_equal(fchmodat(lower->fd, "dim", 0744, 0), 0);
}

static void test_closed_folders(void **state)
{
        (void) state;
        if (geteuid() != 0) {
                print_message("# SKIP a stranger's folders need root to be made\n");
                return;
        }
        for (size_t i = 0; i < TEST_ROWS(closed); i++) {
                _cleanup_(changeset_freep) struct changeset *c = NULL;
                struct tree lower, upper, blobs;
                struct err err = { 0 };
                int r;

                closed_grow(&lower, &upper);
                tree_make(&blobs);
                closed[i].act(upper.fd);
                assert_int_equal(fchown(blobs.fd, STRANGER, STRANGER), 0);
                assert_int_equal(fchmod(lower.fd, 0755) | fchmod(upper.fd, 0755), 0);
                (void) fchownat(upper.fd, "closed", STRANGER, STRANGER, AT_SYMLINK_NOFOLLOW);
                assert_int_equal(fchownat(upper.fd, "dim", STRANGER, STRANGER, 0), 0);
                assert_int_equal(seteuid(STRANGER), 0);
                r = collect_changes(&c, lower.fd, upper.fd, true, blobs.fd, NULL, &err);
                assert_int_equal(seteuid(0), 0);
                if (closed[i].says && *closed[i].says) {
                        if (r == 0 || !strstr(err.text, closed[i].says))
                                fail_msg("%s: %d %s", closed[i].why, r, err.text);
                } else if (r < 0) {
                        fail_msg("%s: %s", closed[i].why, err.text);
                } else if (closed[i].says) {
                        assert_null(c);
                } else {
                        assert_int_equal(c->n_files, 1);
                        assert_string_equal(c->files[0].path, "in");
                }
                tree_remove(&lower), tree_remove(&upper), tree_remove(&blobs);
        }
}

/* What an agent makes and closes: the upper folder of an overlay is the caller's own. */
static void test_closed_by_the_agent(void **state)
{
        static const struct {
                const char *why, *path;
                bool is_folder, was_there, is_staged;
        } rows[] = {
                { "a new folder", "new", true, false, false },
                { "a new folder in a copy", "new", true, false, true },
                { "a folder that was there", "old", true, true, false },
                { "a folder that was there, in a copy", "old", true, true, true },
                { "a new file", "file", false, false, false },
                { "a file that was there", "file", false, true, false },
                { "a file that was there, in a copy", "file", false, true, true },
        };

        (void) state;
        if (geteuid() != 0) {
                print_message("# SKIP another user's folders need root to be made\n");
                return;
        }
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(changeset_freep) struct changeset *c = NULL;
                struct tree lower, upper, blobs;
                struct err err = { 0 };
                int r;

                tree_make(&lower), tree_make(&upper), tree_make(&blobs);
                for (int side = rows[i].was_there ? 0 : 1; side <= 1; side++) {
                        int fd = side ? upper.fd : lower.fd;

                        if (rows[i].is_folder)
                                tree_folder(fd, rows[i].path, 0755);
                        else
                                tree_file(fd, rows[i].path, "x", 0644);
                }
                assert_int_equal(fchownat(upper.fd, rows[i].path, STRANGER, STRANGER, 0), 0);
                assert_int_equal(fchmodat(upper.fd, rows[i].path, 0, 0), 0);
                assert_int_equal(fchown(blobs.fd, STRANGER, STRANGER), 0);
                assert_int_equal(fchmod(lower.fd, 0755) | fchmod(upper.fd, 0755), 0);
                assert_int_equal(seteuid(STRANGER), 0);
                r = collect_changes(&c, lower.fd, upper.fd, rows[i].is_staged, blobs.fd, NULL,
                                    &err);
                assert_int_equal(seteuid(0), 0);
                if (r != -EPERM || !strstr(err.text, "has a mode that keeps the caller"))
                        fail_msg("%s: %d %s", rows[i].why, r, err.text);
                tree_remove(&lower), tree_remove(&upper), tree_remove(&blobs);
        }
}

static void long_grow(int fd, unsigned folders)
{
        char name[201];
        int at = fcntl(fd, F_DUPFD_CLOEXEC, 0);

        memset(name, 'n', 200);
        name[200] = '\0';
        for (unsigned i = 0; i < folders; i++) {
                int below;

                if (mkdirat(at, name, 0755) < 0)
                        assert_int_equal(errno, EEXIST);
                below = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                (void) close(at);
                at = below;
        }
        (void) close(at);
}

/* The copy of a deep tree ends where paths become too long for a change; that is no deletion. */
static void test_long_paths(void **state)
{
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        struct tree lower, upper, blobs;
        struct err err = { 0 };
        int r;

        (void) state;
        tree_make(&lower), tree_make(&upper), tree_make(&blobs);
        long_grow(lower.fd, 25); /* 5,024 bytes */
        long_grow(upper.fd, 18); /* 3,617 */
        tree_file(upper.fd, "new", "x", 0644);
        r = collect_changes(&c, lower.fd, upper.fd, true, blobs.fd, NULL, &err);
        if (r < 0)
                fail_msg("%s", err.text);
        assert_int_equal(c->n_files, 1);
        assert_string_equal(c->files[0].path, "new");
        tree_remove(&lower), tree_remove(&upper), tree_remove(&blobs);
}

/* A copy has no set-user-id bits; that an unchanged file lost them is no change. */
static void test_special_bits(void **state)
{
        struct changeset *c = NULL;
        struct tree lower, upper, blobs;
        struct err err = { 0 };

        (void) state;
        tree_make(&lower), tree_make(&upper), tree_make(&blobs);
        tree_file(lower.fd, "su", "x", 04755);
        tree_file(upper.fd, "su", "x", 0755);
        if (collect_changes(&c, lower.fd, upper.fd, true, blobs.fd, NULL, &err) < 0)
                fail_msg("%s", err.text);
        assert_null(c);
        tree_remove(&lower), tree_remove(&upper), tree_remove(&blobs);
}

/* What an overlay shows to have changed is what a staged copy shows, and applies as either. */
static void compare_ways(const char *what, struct tree *lower, void (*act)(int, void *), void *user,
                         const char *extra)
{
        _cleanup_(changeset_freep) struct changeset *by_overlay = NULL, *by_copy = NULL;
        struct overlay o = { .upper = -1, .merged = -1 };
        struct tree copy, target, blobs, journals;
        struct err err = { 0 };

        tree_make(&blobs), tree_make(&journals);
        tree_copy(&copy, lower), tree_copy(&target, lower);
        assert_true(overlay_make(&o, lower->path, extra));
        act(copy.fd, user);
        act(o.merged, user);
        tree_same(what, copy.fd, o.merged);
        if (collect_changes(&by_overlay, lower->fd, o.upper, false, blobs.fd, NULL, &err) < 0 ||
            collect_changes(&by_copy, lower->fd, copy.fd, true, blobs.fd, NULL, &err) < 0)
                fail_msg("%s: %s", what, err.text);

        _cleanup_(freep) char *a = rows_of(by_overlay), *b = rows_of(by_copy);

        if (strcmp(a, b) != 0)
                fail_msg("%s: the overlay says\n%sand the copy\n%s", what, a, b);
        if (by_overlay) {
                assert_string_equal(by_overlay->sha256, by_copy->sha256);
                if (apply_changeset(by_overlay, target.fd, target.path, blobs.fd, journals.fd, "x",
                                    &err) < 0)
                        fail_msg("%s: %s", what, err.text);
        }
        tree_same(what, target.fd, copy.fd);
        overlay_done(&o);
        tree_remove(&copy), tree_remove(&target), tree_remove(&blobs), tree_remove(&journals);
}

static void act_listed(int fd, void *user)
{
        acts[*(size_t *) user].act(fd);
}

struct random_act {
        uint64_t seed;
        unsigned acts;
};

static void act_random(int fd, void *user)
{
        const struct random_act *r = user;
        struct dice dice = { .state = r->seed };

        tree_grow(fd, &dice, r->acts);
}

static void overlay_rounds(const char *extra)
{
        const char *rounds = getenv("LINHAY_TEST_ROUNDS");
        struct tree lower;
        char what[64];

        for (size_t i = 0; i < TEST_ROWS(acts); i++) {
                tree_make(&lower);
                grow_sample(lower.fd);
                compare_ways(acts[i].why, &lower, act_listed, &i, extra);
                tree_remove(&lower);
        }
        for (unsigned seed = 0; seed < (rounds ? (unsigned) atoi(rounds) : 8); seed++) {
                struct random_act r = { .seed = seed * 31337u + 7, .acts = 20 };
                struct dice dice = { .state = seed };

                tree_make(&lower);
                tree_grow(lower.fd, &dice, 30);
                (void) snprintf(what, sizeof(what), "seed %u%s", seed, extra);
                compare_ways(what, &lower, act_random, &r, extra);
                tree_remove(&lower);
        }
}

static void test_overlay(void **state)
{
        (void) state;
        bool is_root = geteuid() == 0;
        unsigned done = 0;

        if (!own_mounts()) {
                print_message("# SKIP: no mounts can be made here\n");
                skip();
        }
        for (size_t i = 0; i < TEST_ROWS(flavours); i++) {
                /* trusted.* attributes are root's own: without them such an overlay fails half-way
                 */
                if (flavours[i][0] == '\0' && !is_root)
                        continue;
                if (!overlay_works(flavours[i])) {
                        print_message("# overlay%s cannot be mounted here\n", flavours[i]);
                        continue;
                }
                overlay_rounds(flavours[i]);
                done++;
        }
        if (done == 0)
                skip();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_refusals),       cmocka_unit_test(test_staged),
                cmocka_unit_test(test_closed_folders), cmocka_unit_test(test_closed_by_the_agent),
                cmocka_unit_test(test_long_paths),     cmocka_unit_test(test_special_bits),
                cmocka_unit_test(test_overlay), /* last: it moves us into namespaces */
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
