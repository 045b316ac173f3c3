/* SPDX-License-Identifier: Apache-2.0 */

/* Files outside of the cell: to be read, written, or only to be known of. */

#include "probe.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool file_is_changed(void)
{
        char text[sizeof(scene.canary) + 1] = { 0 };
        int fd = open(scene.file, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

        if (fd >= 0)
                (void) close(fd);
        return n < 0 || strcmp(text, scene.canary) != 0;
}

/* Reads the canary: to open something is not yet to have it. */
static int read_canary(int fd)
{
        char text[sizeof(scene.canary)] = { 0 };
        int r = reached(fd >= 0 && read(fd, text, sizeof(text) - 1) >= 0);

        if (fd >= 0)
                (void) close(fd);
        return r ? r : strcmp(text, scene.canary) == 0 ? 0 : ENODATA;
}

static int read_absolute(struct linhay_run *r)
{
        (void) r;
        return read_canary(open(scene.file, O_RDONLY | O_CLOEXEC));
}

static int read_dotdot(struct linhay_run *r)
{
        char path[256];

        (void) r;
        (void) snprintf(path, sizeof(path), "../../../../../../../../../..%s", scene.file);
        return read_canary(open(path, O_RDONLY | O_CLOEXEC));
}

static int read_by_link(struct linhay_run *r)
{
        char path[64];
        int code;

        (void) r;
        (void) snprintf(path, sizeof(path), "/tmp/linhay-battery-link-%d", getpid());
        if (symlink(scene.file, path) < 0)
                return errno;
        code = read_canary(open(path, O_RDONLY | O_CLOEXEC));
        (void) unlink(path);
        return code;
}

static int write_absolute(struct linhay_run *r)
{
        int fd = open(scene.file, O_WRONLY | O_CLOEXEC);

        (void) r;
        return reached(fd >= 0 && write(fd, "x", 1) == 1);
}

static int stat_host(struct linhay_run *r)
{
        struct stat st;

        (void) r;
        return reached(stat(scene.file, &st) == 0);
}

const struct probe fs_probes[] = {
        { "fs/read-absolute", "open a file of the host's by its path and read it", read_absolute,
          "ENOENT" },
        { "fs/read-dotdot", "the same by ten times .. from the working folder", read_dotdot,
          "ENOENT" },
        { "fs/read-symlink", "the same through a symbolic link made in /tmp", read_by_link,
          "ENOENT" },
        { "fs/write-absolute", "open a file of the host's by its path and write to it",
          write_absolute, "ENOENT", .harmed = file_is_changed },
        { "fs/stat", "ask for the size and times of a file of the host's", stat_host, "ENOENT" },
};
PROBES_END(fs)
