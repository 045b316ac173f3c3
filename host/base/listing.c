/* SPDX-License-Identifier: Apache-2.0 */
#include "base/listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static void closedirp(DIR **dir)
{
        if (*dir)
                (void) closedir(*dir);
}

static int names_collect(struct listing *l, int dirfd)
{
        int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
        _cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;
        int r;

        if (!dir) {
                r = -errno;
                closep(&fd);
                return r;
        }
        rewinddir(dir);
        while ((void) (errno = 0), (entry = readdir(dir))) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                r = buf_add(&l->bytes, entry->d_name, strlen(entry->d_name) + 1);
                if (r < 0)
                        return r;
                l->count++;
        }
        return -errno;
}

int listing_read(struct listing *ret, int dirfd)
{
        struct listing l = { 0 };
        int r = names_collect(&l, dirfd);

        if (r == 0 && l.count > 0)
                l.names = calloc(l.count, sizeof(*l.names));
        if (r == 0 && l.count > 0 && !l.names)
                r = -ENOMEM;
        if (r < 0) {
                listing_done(&l);
                return r;
        }

        char *p = l.bytes.data;

        for (size_t i = 0; i < l.count; i++, p += strlen(p) + 1)
                l.names[i] = p;
        if (l.count > 0)
                qsort(l.names, l.count, sizeof(*l.names), compare);
        *ret = l;
        return 0;
}

void listing_done(struct listing *l)
{
        buf_done(&l->bytes);
        free(l->names);
        *l = (struct listing){ 0 };
}
