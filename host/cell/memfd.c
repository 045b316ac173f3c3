/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/memfd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/io.h"

#define SEAL_SIZE (F_SEAL_SHRINK | F_SEAL_GROW)
#define SEAL_ALL  (SEAL_SIZE | F_SEAL_WRITE)

static int memfd_make(const char *name)
{
        int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

        return fd < 0 ? -errno : fd;
}

/* Seals what was written and hands it out, rewound. */
static int memfd_finish(int *fd, int seals)
{
        if (lseek(*fd, 0, SEEK_SET) < 0 || fcntl(*fd, F_ADD_SEALS, seals | F_SEAL_SEAL) < 0)
                return -errno;
        return TAKE_FD(*fd);
}

int memfd_of_bytes(const char *name, const void *data, size_t length)
{
        _cleanup_(closep) int fd = memfd_make(name);
        int r;

        if (fd < 0)
                return fd;
        r = fd_write_all(fd, data, length);
        return r < 0 ? r : memfd_finish(&fd, SEAL_ALL);
}

int memfd_of_fd(const char *name, const void *before, size_t n_before, int from, uint64_t limit)
{
        _cleanup_(closep) int fd = -1;
        char bytes[65536];
        uint64_t at = 0;
        struct stat st;
        int r;

        if (fstat(from, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        fd = memfd_make(name);
        if (fd < 0)
                return fd;
        r = n_before ? fd_write_all(fd, before, n_before) : 0;
        if (r < 0)
                return r;
        for (;;) {
                ssize_t n = pread(from, bytes, sizeof(bytes), (off_t) at);

                if (n < 0)
                        return -errno;
                if (n == 0)
                        return memfd_finish(&fd, SEAL_ALL);
                at += (uint64_t) n;
                if (at > limit)
                        return -EFBIG;
                r = fd_write_all(fd, bytes, (size_t) n);
                if (r < 0)
                        return r;
        }
}

int memfd_own(const char *name, int fd, uint64_t limit)
{
        char path[32];
        int again;

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        again = memfd_is_sealed(fd) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        return again >= 0 ? again : memfd_of_fd(name, NULL, 0, fd, limit);
}

int memfd_sized(const char *name, uint64_t size)
{
        _cleanup_(closep) int fd = memfd_make(name);

        if (fd < 0)
                return fd;
        if (ftruncate(fd, (off_t) size) < 0)
                return -errno;
        return memfd_finish(&fd, SEAL_SIZE);
}

bool memfd_is_sealed(int fd)
{
        int seals = fcntl(fd, F_GET_SEALS);

        return seals >= 0 && (seals & SEAL_ALL) == SEAL_ALL;
}
