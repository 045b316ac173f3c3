/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/tmpfs.h"

#include <fcntl.h>

#include "base/kernel.h"
#include "cell/spawn.h"

/* By hand: snprintf() is five pages of the C library that each cell would fault in. */
static int set_number(int fs, const char *key, uint64_t value)
{
        char text[24], *digits = text + sizeof(text) - 1;

        *digits = '\0';
        do
                *--digits = (char) ('0' + value % 10);
        while (value /= 10);
        return fsconfig(fs, FSCONFIG_SET_STRING, key, digits, 0);
}

int tmpfs_make(int *ret_fd, uint64_t bytes, uint64_t inodes, uint64_t attributes, struct err *err)
{
        _cleanup_(closep) int fs = -1;
        int fd;

        fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
        if (fs < 0)
                return err_sys(err, -errno, "cannot make a tmpfs");
        if (set_number(fs, "size", bytes) < 0 || set_number(fs, "nr_inodes", inodes) < 0 ||
            set_number(fs, "uid", CELL_ID) < 0 || set_number(fs, "gid", CELL_ID) < 0 ||
            fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
            fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return err_sys(err, -errno, "cannot set up a tmpfs of %llu bytes",
                               (unsigned long long) bytes);
        fd = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned) attributes);
        if (fd < 0)
                return err_sys(err, -errno, "cannot mount a tmpfs");
        *ret_fd = fd;
        return 0;
}

int tmpfs_limit(int fd, uint64_t bytes, uint64_t inodes, struct err *err)
{
        _cleanup_(closep) int fs = fspick(fd, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);

        if (fs < 0 || set_number(fs, "size", bytes) < 0 ||
            set_number(fs, "nr_inodes", inodes) < 0 ||
            fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
                return err_sys(err, -errno, "cannot limit a tmpfs to %llu bytes",
                               (unsigned long long) bytes);
        return 0;
}
