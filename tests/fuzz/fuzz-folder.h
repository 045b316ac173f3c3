/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A folder for one target, in memory where there is some, gone when the program ends
 *
 * A target that writes files makes every path from it, so that a stranger's path leads nowhere.
 */

#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define FUZZ_PATH 128

static char fuzz_folder_base[64];

static int fuzz_path_drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
        (void) st;
        (void) kind;
        (void) ftw;
        (void) remove(path);
        return 0;
}

static void fuzz_folder_drop(void)
{
        (void) nftw(fuzz_folder_base, fuzz_path_drop, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *fuzz_folder_path(void)
{
        if (*fuzz_folder_base)
                return fuzz_folder_base;
        (void) snprintf(fuzz_folder_base, sizeof(fuzz_folder_base), "%s/linhay-fuzz-XXXXXX",
                        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        promise(mkdtemp(fuzz_folder_base), "a folder to work in");
        (void) atexit(fuzz_folder_drop);
        return fuzz_folder_base;
}

/* Makes the folder of that name in it, empty, and opens it. */
static inline int fuzz_folder_make(const char *name)
{
        char path[FUZZ_PATH];
        int fd;

        (void) snprintf(path, sizeof(path), "%s/%s", fuzz_folder_path(), name);
        promise(mkdir(path, 0755) == 0, "a folder");
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        promise(fd >= 0, "a folder");
        return fd;
}

static inline void fuzz_folder_remove(const char *name)
{
        char path[FUZZ_PATH];

        (void) snprintf(path, sizeof(path), "%s/%s", fuzz_folder_path(), name);
        (void) nftw(path, fuzz_path_drop, 16, FTW_DEPTH | FTW_PHYS);
}
