/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/attic.h"

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/file.h>

#define WALK_FDS 32

struct attic {
        struct attic *next;
        char path[32];
};

int attic_make(struct attic **attic, int *ret_fd, struct err *err)
{
        struct attic *a = calloc(1, sizeof(*a));
        int fd;

        if (!a)
                return err_set(err, -ENOMEM, "no memory for a private copy");
        (void) strcpy(a->path, "/tmp/linhay-XXXXXX");
        if (!mkdtemp(a->path)) {
                int r = -errno;

                free(a);
                return err_sys(err, r, "cannot make a folder in /tmp for a private copy");
        }
        a->next = *attic;
        *attic = a;
        fd = open(a->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || flock(fd, LOCK_SH) < 0) {
                closep(&fd);
                return err_sys(err, -errno, "cannot open %s", a->path);
        }
        *ret_fd = fd;
        return 0;
}

static int entry_remove(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
        (void) st;
        (void) ftw;
        /* An agent may have locked us out of a folder of ours. */
        if (kind == FTW_DNR)
                (void) chmod(path, 0700);
        (void) remove(path);
        return 0;
}

/* Nobody holds it: an exclusive lock can be had. */
static bool is_idle(const char *path)
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

void attic_sweep(struct attic **attic, bool everything)
{
        while (*attic) {
                struct attic *a = *attic;

                if (!everything && !is_idle(a->path)) {
                        attic = &a->next;
                        continue;
                }
                (void) nftw(a->path, entry_remove, WALK_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
                *attic = a->next;
                free(a);
        }
}
