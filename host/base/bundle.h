/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bundles: a folder of files as one run of bytes
 *
 * The same files under the same names give the same bytes, in whatever order the file system lists
 * them, so the sha256 of a bundle says what is in the folder. Only names and contents are kept: no
 * modes, owners, times or empty folders. Left out, as if they were not there: `.git` and
 * `__pycache__`. Links and special files are refused, never followed.
 */

#include "base/buf.h"
#include "base/err.h"

#define BUNDLE_FILES_MAX 1000
#define BUNDLE_BYTES_MAX (64ULL << 20) /* of all contents */
#define BUNDLE_DEPTH_MAX 16            /* folders within folders */
#define BUNDLE_PATH_MAX  512

struct bundle_head {
        char magic[8];
        uint32_t n_files;
        uint32_t n_folders;
};

/* Writes the folder's bundle to the end of the empty file `to`. `name` is for messages. */
int bundle_pack(int to, int folder, const char *name, struct err *err);

/* A bundle being read, from one file to the next. */
struct bundle {
        int fd;      /* the caller's */
        uint64_t at; /* where the next file begins */
        uint32_t left;
        struct bundle_head head;
};

struct bundle_file {
        char path[BUNDLE_PATH_MAX + 1]; /* relative, no "." and no ".." in it */
        uint64_t at;                    /* of its bytes in `fd` */
        uint64_t size;
};

/* The bundle that begins at `at` in the file: 0 or -EBADMSG. */
int bundle_open(struct bundle *ret, int fd, uint64_t at);

/* The next file: 1, 0 at the end, or -EBADMSG. */
int bundle_next(struct bundle *b, struct bundle_file *ret);

/* Finds one file by its path: 0, -ENOENT or -EBADMSG. */
int bundle_find(int fd, const char *path, struct bundle_file *ret);

/* Writes all files below the empty folder `to`, for their owner to read. */
int bundle_unpack(const struct bundle *b, int to, struct err *err);
