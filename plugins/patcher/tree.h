/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The workspace
 *
 * All that touches files. Every path is resolved below the workspace's descriptor by the kernel
 * itself (openat2: beneath, no symbolic links on the way, none at the end), so that even a tree
 * that changes meanwhile leads nowhere else. Returns 0 or a negative errno unless said otherwise:
 * -ELOOP is a link on the way, -ENOTDIR a file.
 */

#include "def.h"

#include <sys/stat.h>

/* The entry at `path` itself, not what a link there points to. */
int tree_stat(int root, const char *path, struct stat *ret);

/* The bytes of a regular file or the target of a link; a NUL stands behind. -EFBIG past `limit`. */
int tree_read(int root, const char *path, size_t limit, char **ret, size_t *ret_length);

/* Calls `each` for the names in a folder until one call returns non-zero, which is returned. */
int tree_list(int root, const char *path, int (*each)(const char *name, void *user), void *user);

/* Removes a file or a link. */
int tree_remove(int root, const char *path);

/* Removes the folders above `path` that have become empty, up to the top. */
void tree_prune(int root, const char *path);

/*
 * Makes a file with these permissions, or a link, and the folders above it. An empty folder at its
 * place is replaced; anything else there is -EEXIST.
 */
int tree_make(int root, const char *path, mode_t type, mode_t permissions, const char *data,
              size_t length);
