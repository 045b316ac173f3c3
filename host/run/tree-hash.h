/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One sha256 for a whole tree
 *
 * Of every path, its kind and mode, a file's bytes and a link's target, in an order that the file
 * system has no say in; times, owners and inodes do not count, for no agent's work depends on them.
 * It is worked out in small pieces, so that whoever has other things to do can do them between.
 * Nothing is followed: what a link points to is not part of the tree.
 */

#include "base/err.h"
#include "base/sha256.h"

#define TREE_HASH_FILES_MAX 1000000
#define TREE_HASH_BYTES_MAX (8ULL << 30) /* of all files */
#define TREE_HASH_DEPTH_MAX 256

struct tree_hash;

/* `dirfd` is the caller's and must stay open. */
int tree_hash_new(struct tree_hash **ret, int dirfd);
struct tree_hash *tree_hash_free(struct tree_hash *h);
DEFINE_FREEP(struct tree_hash, tree_hash_free);

/*
 * Goes on, for about `bytes` of reading: 1 there is more, 0 `ret_sha256` is it. -EFBIG the tree is
 * larger than the limits; another errno: it cannot be read, or changes too fast.
 */
int tree_hash_step(struct tree_hash *h, uint64_t bytes, char ret_sha256[SHA256_HEX]);
