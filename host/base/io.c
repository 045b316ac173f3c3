/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <fcntl.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int fd_read_all(int fd, struct buf *b)
{
        size_t limit = b->limit ? b->limit : SIZE_MAX / 2;

        for (;;) {
                size_t room = MIN_OF((size_t) 65536, limit - b->length);
                char probe;
                ssize_t n;
                int r;

                if (room == 0) {
                        n = read(fd, &probe, 1);
                        if (n < 0 && errno == EINTR)
                                continue;
                        return n < 0 ? -errno : n > 0 ? -EFBIG : 0;
                }

                r = buf_reserve(b, room);
                if (r < 0)
                        return r;
                n = read(fd, b->data + b->length, room);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0;
                b->length += (size_t) n;
                b->data[b->length] = '\0';
        }
}

int fd_write_all(int fd, const void *data, size_t length)
{
        const char *p = data;

        while (length > 0) {
                ssize_t n = write(fd, p, length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                p += n;
                length -= (size_t) n;
        }
        return 0;
}

int file_read(const char *path, struct buf *b, struct err *err)
{
        _cleanup_(closep) int fd = -1;
        struct stat st;
        int r;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return err_sys(err, -errno, "cannot open %s", path);
        if (fstat(fd, &st) < 0)
                return err_sys(err, -errno, "cannot stat %s", path);
        if (!S_ISREG(st.st_mode))
                return err_set(err, -EINVAL, "%s is not a regular file", path);

        r = fd_read_all(fd, b);
        if (r == -EFBIG)
                return err_set(err, r, "%s is larger than the limit of %zu bytes", path, b->limit);
        if (r < 0)
                return err_sys(err, r, "cannot read %s", path);
        return 0;
}

int open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
        struct open_how how = {
                .flags = (uint64_t) (unsigned) flags | O_CLOEXEC,
                .mode = flags & (O_CREAT | __O_TMPFILE) ? mode : 0,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        long fd;

        /* EAGAIN: the kernel lost a race against a rename of a folder above and cannot vouch for
         * "..". */
        for (unsigned tries = 0; tries < 64; tries++) {
                fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
                if (fd >= 0)
                        return (int) fd;
                if (errno != EAGAIN && errno != EINTR)
                        break;
        }
        return -errno;
}

int dir_make(const char *path, struct err *err)
{
        _cleanup_(freep) char *copy = strdup(path);
        struct stat st;

        if (!copy)
                return err_set(err, -ENOMEM, "out of memory");

        for (char *p = copy + 1;; p++) {
                char c = *p;

                if (c != '/' && c != '\0')
                        continue;
                *p = '\0';
                if (mkdir(copy, 0700) < 0 && errno != EEXIST)
                        return err_sys(err, -errno, "cannot make folder %s", copy);
                if (c == '\0')
                        break;
                *p = c;
        }

        if (stat(path, &st) < 0)
                return err_sys(err, -errno, "cannot stat %s", path);
        if (!S_ISDIR(st.st_mode))
                return err_set(err, -ENOTDIR, "%s is not a folder", path);
        return 0;
}

static int sibling_write(int dir, const char *name, const void *data, size_t length, mode_t mode)
{
        _cleanup_(closep) int fd = -1;
        int r;

        (void) unlinkat(dir, name, 0);
        fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        r = fd_write_all(fd, data, length);
        if (r < 0)
                return r;
        if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
                return -errno;
        return 0;
}

int file_replace(const char *path, const void *data, size_t length, mode_t mode, struct err *err)
{
        _cleanup_(freep) char *copy = strdup(path), *copy2 = strdup(path), *hidden = NULL;
        _cleanup_(closep) int dir = -1;
        const char *base;
        int r;

        if (!copy || !copy2)
                return err_set(err, -ENOMEM, "out of memory");
        base = basename(copy2);
        if (asprintf(&hidden, ".%s.new", base) < 0)
                return err_set(err, -ENOMEM, "out of memory");

        dir = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
                return err_sys(err, -errno, "cannot open the folder of %s", path);

        r = sibling_write(dir, hidden, data, length, mode);
        if (r == 0 && renameat(dir, hidden, dir, base) < 0)
                r = -errno;
        if (r == 0 && fsync(dir) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(dir, hidden, 0);
                return err_sys(err, r, "cannot write %s", path);
        }
        return 0;
}
