/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sealed memory files: how large bodies cross between the host and a cell
 *
 * All are made by the host. What goes to a child is complete and sealed against every change; what
 * a child fills has a fixed size, and the host copies the bytes out before it looks at them.
 */

#include "base/buf.h"

/* A read-only copy of the bytes, sealed for good; the descriptor or -errno. */
int memfd_of_bytes(const char *name, const void *data, size_t length);

/*
 * A read-only copy of a regular file or memfd of at most `limit` bytes (-EFBIG), sealed; `before`
 * it stand `n_before` other bytes.
 */
int memfd_of_fd(const char *name, const void *before, size_t n_before, int fd, uint64_t limit);

/*
 * The same bytes with an offset of their own: a sealed memfd is opened once more, anything else is
 * copied as by memfd_of_fd().
 */
int memfd_own(const char *name, int fd, uint64_t limit);

/* `size` zero bytes for somebody else to fill; it cannot grow or shrink. */
int memfd_sized(const char *name, uint64_t size);

/* Can nobody change it any more? */
bool memfd_is_sealed(int fd);
