/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files beside the current one
 *
 * What a file of the tree names by a path of its own: a compose file its env_file, a Dockerfile's
 * checker its configuration. Only regular files of the tree, no symbolic links, and small ones.
 */

#include <stddef.h>

#define BESIDE_BYTES_MAX (1024 * 1024)

/*
 * The path in the tree of what the file `from` calls `name`, with . and .. worked out, to be freed:
 * 1, 0 where that is no place in the tree, -ENOMEM.
 */
int beside_path(const char *from, const char *name, char **ret);

/*
 * Reads a file: 1 and its bytes with a NUL behind them, to be freed; 0 where there is none that is
 * read, -ENOMEM. `length_max` is BESIDE_BYTES_MAX at most.
 */
int beside_read(int dirfd, const char *path, size_t length_max, char **ret_text,
                size_t *ret_length);
