/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files and descriptors
 *
 * Whole reads and writes, and opening of paths that strangers had a hand in. All descriptors are
 * O_CLOEXEC.
 */

#include "base/buf.h"
#include "base/err.h"

#include <sys/types.h>

/* Reads until end of file or until `b` is at its limit (-EFBIG then). */
int fd_read_all(int fd, struct buf *b);

/* Writes all bytes, whatever the size of each write; 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t length);

/*
 * Appends the bytes of a regular file to `b`. Opened O_NONBLOCK and checked with fstat() first, so
 * a FIFO or a device is refused (-EINVAL) instead of waited for. More than the buffer's limit is
 * -EFBIG.
 */
int file_read(const char *path, struct buf *b, struct err *err);

/*
 * Opens `path` below `dirfd` with openat2(): no component leaves the folder and none is a symbolic
 * or magic link, the last one included. `flags` as for open(); O_CLOEXEC is added. Returns the
 * descriptor or -errno
 * (-EXDEV left the folder, -ELOOP a link).
 */
int open_beneath(int dirfd, const char *path, int flags, mode_t mode);

/* mkdir -p for the caller alone (0700); what exists already is left as it is. */
int dir_make(const char *path, struct err *err);

/*
 * Replaces or creates `path` all-or-nothing: hidden sibling, fsync, rename, fsync of the folder.
 * Mode as given.
 */
int file_replace(const char *path, const void *data, size_t length, mode_t mode, struct err *err);
