/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Archives
 *
 * Opens zip, tar and what gzip, bzip2 and xz have packed, known by their first bytes, and looks for
 * secrets in the texts inside; those are called "a.zip!/inner/file". An archive in an archive is
 * opened, one in that is not. What is cut by a limit, encrypted or broken is listed as not scanned.
 */

#include "feed.h"

#define UNPACK_ENTRIES 20000           /* members of one archive that are looked at */
#define UNPACK_BYTES   (512ULL << 20)  /* unpacked, of one archive with all inside it */
#define UNPACK_TOTAL   (4096ULL << 20) /* unpacked, in one run */
#define UNPACK_RATIO   200             /* unpacked to packed, above which it is a bomb, */
#define UNPACK_FREE    (16ULL << 20)   /* once so much was unpacked */

/* Does the text begin as an archive does? */
bool unpack_is_archive(const char *data, size_t length);

/* Looks into an archive of which `have` bytes stand in the feed's buffer; the rest is read. */
int unpack_check(struct feed *f, const char *path, const struct feed_source *source, size_t have);
