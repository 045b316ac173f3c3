/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Blobs: bytes kept under the name of their SHA-256
 *
 * A folder (mode 0700) of files (mode 0600) named by 64 hex digits, sharded by the first two. A
 * blob is written to a hidden file first and renamed, so what has its name is whole; putting what
 * is there already costs a stat. The caller holds the folder's descriptor.
 */

#include "base/err.h"
#include "base/sha256.h"

/* What the name of a blob on its way out begins with; one that stays behind is nobody's. */
#define BLOB_GONE ".gone-"

/* The same of one that is being written, in the folder itself. */
#define BLOB_DRAFT ".new-"

/* Keeps `length` bytes. `sync`: on disk when this returns (else blob_sync() later). */
int blob_put(int dirfd, char ret_sha256[SHA256_HEX], const void *data, size_t length, bool sync,
             struct err *err);

/* Keeps what is read from `fd` (from its offset to its end, at most `limit` bytes: -EFBIG). */
int blob_put_fd(int dirfd, char ret_sha256[SHA256_HEX], int fd, uint64_t limit, bool sync,
                struct err *err);

/*
 * A blob that is there is about to be named: from now on it is as young as one that was just put.
 * To be called before the name is recorded. -ENOENT.
 */
int blob_want(int dirfd, const char *sha256);

/* Opens a blob for reading; -ENOENT. */
int blob_open(int dirfd, const char *sha256);

/*
 * Takes a blob away that nothing names, unless somebody put it again after `before_ms` (wall
 * clock), also just now and in another thread: 1 and its size, or 0 when it stays. -ENOENT.
 */
int blob_remove(int dirfd, const char *sha256, uint64_t before_ms, uint64_t *ret_size);

/* Bytes that this process has put so far, into whatever folder: for those who keep account. */
uint64_t blob_bytes_put(void);

/* Makes everything put so far durable: one syncfs() of the folder's file system. */
int blob_sync(int dirfd);
