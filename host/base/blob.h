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

/* Keeps `length` bytes. `sync`: on disk when this returns (else blob_sync() later). */
int blob_put(int dirfd, char ret_sha256[SHA256_HEX], const void *data, size_t length, bool sync,
             struct err *err);

/* Keeps what is read from `fd` (from its offset to its end, at most `limit` bytes: -EFBIG). */
int blob_put_fd(int dirfd, char ret_sha256[SHA256_HEX], int fd, uint64_t limit, bool sync,
                struct err *err);

/* Opens a blob for reading; -ENOENT. */
int blob_open(int dirfd, const char *sha256);

/* Makes everything put so far durable: one syncfs() of the folder's file system. */
int blob_sync(int dirfd);
