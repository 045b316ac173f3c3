/* SPDX-License-Identifier: Apache-2.0 */
#include "store/site.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef STATX_ATTR_IMMUTABLE
#define STATX_ATTR_IMMUTABLE 0x10
#define STATX_ATTR_APPEND    0x20
#endif

/* open_beneath() that stays on the mount as well. */
static int open_inside(int dirfd, const char *path, int flags)
{
        struct open_how how = {
                .flags = (uint64_t) (unsigned) flags | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
                           RESOLVE_NO_XDEV,
        };
        long fd;

        do
                fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
        while (fd < 0 && (errno == EAGAIN || errno == EINTR));
        return fd < 0 ? -errno : (int) fd;
}

int site_open(struct site *ret, int tree_fd, const char *path)
{
        const char *slash = strrchr(path, '/');
        char folder[PATH_MAX] = ".";
        int fd;

        if (slash) {
                if ((size_t) (slash - path) >= sizeof(folder))
                        return -ENAMETOOLONG;
                memcpy(folder, path, (size_t) (slash - path));
                folder[slash - path] = '\0';
        }
        fd = open_inside(tree_fd, folder, O_PATH | O_DIRECTORY);
        if (fd < 0)
                return fd;
        *ret = (struct site){ .dir = fd, .base = slash ? slash + 1 : path };
        return 0;
}

void site_done(struct site *s)
{
        closep(&s->dir);
}

int site_open_target(const struct site *s, int flags)
{
        if (!(flags & O_PATH)) /* no fifo may make us wait, and openat2() takes no idle flags */
                flags |= O_NONBLOCK | O_NOCTTY;
        return open_inside(s->dir, s->base, flags | O_NOFOLLOW);
}

bool site_is_gone(int r)
{
        return r == -ENOENT || r == -ENOTDIR || r == -ELOOP;
}

static int folder_sync(int tree, char *folder)
{
        for (;;) {
                _cleanup_(closep) int fd =
                        open_inside(tree, folder[0] ? folder : ".", O_RDONLY | O_DIRECTORY);
                char *slash = strrchr(folder, '/');

                if (fd >= 0)
                        return fsync(fd) < 0 ? -errno : 0;
                if (fd == -EACCES) /* may be passed through, not read */
                        return syncfs(tree) < 0 ? -errno : 0;
                if (!folder[0] || !site_is_gone(fd))
                        return fd;
                *(slash ? slash : folder) = '\0';
        }
}

int site_sync(struct site_syncs *syncs, const char *path)
{
        const char *slash = strrchr(path, '/');
        _cleanup_(freep) char *folder = strndup(path, slash ? (size_t) (slash - path) : 0);

        if (!folder)
                return -ENOMEM;
        if (syncs->last && strcmp(syncs->last, folder) == 0)
                return 0;
        free(syncs->last);
        syncs->last = strdup(folder);
        return folder_sync(syncs->tree, folder);
}

void site_syncs_done(struct site_syncs *syncs)
{
        free(syncs->last);
}

/* --- checking ------------------------------------------------------------------------------ */

static int stale(struct err *err, const char *path, const char *how)
{
        return err_set(err, -ESTALE, "%s %s since the changes were made; nothing was applied", path,
                       how);
}

static int way_failed(int r, const char *path, struct err *err)
{
        switch (r) {
        case -EXDEV:
                return err_set(err, -EPERM, "%s lies on another mount, which is never changed",
                               path);
        case -ENOENT:
                return stale(err, path, "went away");
        case -ENOTDIR:
                return stale(err, path, "is in what is no folder any more");
        case -ELOOP:
                return stale(err, path, "became a link, or is reached by one,");
        default:
                return err_sys(err, r, "cannot open %s", path);
        }
}

static int nothing_check(int tree_fd, const char *path, struct err *err)
{
        _cleanup_(site_done) struct site s = SITE_NONE;
        struct stat st;
        int r = site_open(&s, tree_fd, path);

        if (r == -ENOENT)
                return 0; /* not even the folder: it will be made */
        if (r < 0)
                return way_failed(r, path, err);
        if (fstatat(s.dir, s.base, &st, AT_SYMLINK_NOFOLLOW) == 0)
                return stale(err, path, "came to be");
        return errno == ENOENT ? 0 : err_sys(err, -errno, "cannot stat %s", path);
}

static bool is_frozen(int fd, const char *name, int flags)
{
        struct statx sx;

        return statx(fd, name, flags, STATX_TYPE, &sx) == 0 &&
               (sx.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND));
}

/* May we take this name out of its folder? Asked before the first act, when "no" still costs
 * nothing. */
static int rights_check(const struct site *s, const char *path, const struct stat *st,
                        struct err *err)
{
        struct stat folder;

        if (is_frozen(s->dir, s->base, AT_SYMLINK_NOFOLLOW) || is_frozen(s->dir, "", AT_EMPTY_PATH))
                return err_set(err, -EPERM, "%s is immutable or append-only (chattr)", path);
        if (faccessat(s->dir, ".", W_OK | X_OK, AT_EACCESS) < 0)
                return err_sys(err, -errno, "the folder of %s cannot be written", path);
        if (fstat(s->dir, &folder) < 0)
                return err_sys(err, -errno, "cannot stat the folder of %s", path);
        if ((folder.st_mode & S_ISVTX) && geteuid() != 0 && folder.st_uid != geteuid() &&
            st->st_uid != geteuid())
                return err_set(err, -EPERM, "%s belongs to another user, in a sticky folder", path);
        return 0;
}

static int target_digest(const struct site *s, int fd, const struct stat *st, char ret[SHA256_HEX])
{
        char target[PATH_MAX];
        ssize_t n;

        if (!S_ISLNK(st->st_mode))
                return sha256_fd(ret, fd);
        n = readlinkat(s->dir, s->base, target, sizeof(target));
        if (n < 0)
                return -errno;
        sha256_hex(ret, target, (size_t) n);
        return 0;
}

static int target_check(const struct site *s, int fd, const char *path, uint32_t mode,
                        const char *sha256, struct err *err)
{
        char digest[SHA256_HEX] = "";
        uint32_t mask = S_ISDIR(mode) ? S_IFMT | 0777 : S_IFMT | 06777;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return err_sys(err, -errno, "cannot stat %s", path);
        if ((st.st_mode & S_IFMT) != (mode & S_IFMT))
                return stale(err, path, "became another kind of file");
        if (!S_ISLNK(mode) && (st.st_mode & mask) != mode)
                return stale(err, path, "got another mode");
        if (!S_ISDIR(mode) && st.st_nlink != 1)
                return err_set(err, -EPERM,
                               "%s has %lu hard links; a change would not reach the others", path,
                               (unsigned long) st.st_nlink);
        if (!S_ISDIR(mode)) {
                r = target_digest(s, fd, &st, digest);
                if (r < 0)
                        return err_sys(err, r, "cannot read %s", path);
                if (strcmp(digest, sha256) != 0)
                        return stale(err, path, "was changed");
        }
        return rights_check(s, path, &st, err);
}

int site_check(int tree_fd, const char *path, uint32_t mode, const char *sha256, int *ret_fd,
               struct err *err)
{
        _cleanup_(site_done) struct site s = SITE_NONE;
        _cleanup_(closep) int fd = -1;
        int r;

        if (ret_fd)
                *ret_fd = -1;
        if (mode == 0)
                return nothing_check(tree_fd, path, err);
        r = site_open(&s, tree_fd, path);
        if (r < 0)
                return way_failed(r, path, err);
        fd = site_open_target(&s, S_ISREG(mode) ? O_RDONLY : O_PATH);
        if (fd < 0)
                return way_failed(fd, path, err);
        r = target_check(&s, fd, path, mode, sha256, err);
        if (r < 0)
                return r;
        if (ret_fd && S_ISREG(mode))
                *ret_fd = TAKE_FD(fd);
        return 0;
}

int site_owner_check(int tree_fd, const char *path, struct err *err)
{
        _cleanup_(site_done) struct site s = SITE_NONE;
        struct stat st;
        int r = site_open(&s, tree_fd, path);

        if (r < 0)
                return way_failed(r, path, err);
        if (fstatat(s.dir, s.base, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(err, -errno, "cannot stat %s", path);
        if (geteuid() != 0 && st.st_uid != geteuid())
                return err_set(err, -EPERM,
                               "folder %s belongs to another user, who alone may set its mode",
                               path);
        return 0;
}
