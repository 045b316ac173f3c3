/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

int scratch_make(struct scratch *ret, struct err *err)
{
        const char *place = getenv("TMPDIR");
        _cleanup_(freep) char *path = NULL;
        int fd;

        if (asprintf(&path, "%s/linhay-XXXXXX", place && *place ? place : "/tmp") < 0)
                return err_set(err, -ENOMEM, "out of memory");
        if (!mkdtemp(path))
                return err_sys(err, -errno, "cannot make a private folder %s", path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return err_sys(err, -errno, "cannot open %s", path);
        *ret = (struct scratch){ .path = TAKE(path), .fd = fd };
        return 0;
}

static int take_away(const char *path, const struct stat *st, int kind, struct FTW *at)
{
        (void) st, (void) kind, (void) at;
        (void) remove(path);
        return 0;
}

void scratch_done(struct scratch *s)
{
        closep(&s->fd);
        if (s->path)
                (void) nftw(s->path, take_away, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
        free(s->path);
        s->path = NULL;
}
