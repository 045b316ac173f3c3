/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Changeset: exactly what a step wants to do to a tree
 *
 * A sorted list of files with their state before and after. Contents are blobs (base/blob.h), named
 * by their SHA-256, before and after alike, so that a changeset can be applied and undone without
 * the tree it came from. Renames are a delete and an add. The changeset's own SHA-256 covers the
 * canonical JSON of its `files` (paths, operations, modes, digests): it is what a person approves.
 * `diff` is for reading only and is not covered: the digests cover the bytes.
 *
 * JSON (fixed; other programs read it):
 *   {"sha256": HEX, "files": [{"path", "op": "add|modify|delete", "mode_before": "100644"|null,
 *    "mode_after", "sha256_before": HEX|null, "sha256_after"}], "diff": TEXT}
 * Modes are git's: 100644, 100755, 120000 (symlink; its content is its target), 040755 (a folder;
 * no digest). Permission bits beyond git's two are kept as they are: 100600 stays 100600.
 *
 * Folders have a row only where files do not tell the whole story, so that applying gives the very
 * tree and its reverse the very tree before: a folder is made (0755) with the first file below it
 * and removed with its last. Rows are written for a folder that is added or deleted empty or with
 * another mode than 0755, that changes its mode, that takes the place of a file (or a file its),
 * and for one that stays but is empty on one side: `modify` with both modes alike means "keep it".
 */

#include "base/err.h"
#include "base/sha256.h"

#include <jansson.h>

#define CHANGE_PATH_MAX 3800 /* PATH_MAX, with room for a hidden sibling's name */

enum change_op { CHANGE_ADD, CHANGE_MODIFY, CHANGE_DELETE };

struct change {
        char *path; /* relative, no ".", "..", empty or ".git" component; any bytes but NUL */
        enum change_op op;
        uint32_t mode_before; /* 0 where the file is not there */
        uint32_t mode_after;
        char sha256_before[SHA256_HEX]; /* "" where there are no bytes */
        char sha256_after[SHA256_HEX];
};

struct changeset {
        char sha256[SHA256_HEX];
        struct change *files; /* sorted by path, bytewise */
        size_t n_files;
        char *diff; /* unified diff in git's format, UTF-8 cleaned for people; binary files are
                       named */
};

struct changeset *changeset_free(struct changeset *c);
DEFINE_FREEP(struct changeset, changeset_free);

/* A path that a change may have? -EINVAL or -EILSEQ say why not. */
int changeset_path_check(const char *path, struct err *err);

/* ".git" in any case: a file system may not tell them apart. */
bool changeset_name_is_git(const char *name, size_t length);

/* Adds a copy of `change`; sorted and hashed by changeset_seal(). Bad paths: -EINVAL with the path.
 */
int changeset_add(struct changeset *c, const struct change *change, struct err *err);
int changeset_seal(struct changeset *c, struct err *err);

/* The row of the path that is the first `n` bytes of `path`, or NULL; for a sealed changeset. */
const struct change *changeset_find(const struct changeset *c, const char *path, size_t n);

/* Paths that are not UTF-8 are carried in JSON with each bad byte as U+DC80+byte would be in
 * Python's surrogateescape; JSON cannot hold that, so such a path is refused by changeset_add()
 * (-EILSEQ). */
json_t *changeset_to_json(const struct changeset *c);
int changeset_from_json(struct changeset **ret, const json_t *json, struct err *err);

/* What undoes `c`: operations, modes and digests swapped. */
int changeset_reverse(struct changeset **ret, const struct changeset *c, struct err *err);

/*
 * Writes the unified diff into c->diff from the blobs, by libgit2. Texts above `limit` bytes are
 * cut with a line that says so.
 */
int changeset_render(struct changeset *c, int blob_dirfd, size_t limit, struct err *err);
