/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bytes as a file, for readers that want a path
 *
 * The file is a memfd, so nothing is left behind however the program ends, and nothing is beside
 * it.
 */

#include "fuzz.h"

#include "base/def.h"

#include <sys/mman.h>

struct fuzz_file {
        int fd;
        char path[32];
};

static inline void fuzz_file_done(struct fuzz_file *f)
{
        closep(&f->fd);
}

static inline void fuzz_file_make(struct fuzz_file *f, const void *data, size_t size)
{
        f->fd = memfd_create("fuzz", MFD_CLOEXEC);
        promise(f->fd >= 0 && write(f->fd, data, size) == (ssize_t) size, "memory for a file");
        (void) snprintf(f->path, sizeof(f->path), "/proc/self/fd/%d", f->fd);
}

/* Does an error begin with the file's name, a colon and a line? */
static inline bool fuzz_file_has_line(const struct fuzz_file *f, const char *text)
{
        size_t n = strlen(f->path);

        return strncmp(text, f->path, n) == 0 && text[n] == ':' && text[n + 1] >= '1' &&
               text[n + 1] <= '9';
}
