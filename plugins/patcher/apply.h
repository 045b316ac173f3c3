/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Applying a patch to a tree
 *
 * apply_check() works everything out in memory: it reads the files, matches the hunks, and makes
 * sure that the result is a tree that can be written. Only then apply_write() touches the
 * workspace. As in git, removals come before creations, copies and renames take the file as the
 * tree has it, and other changes of one file build on each other in the order of the patch.
 */

#include "patch.h"

#include <sys/types.h>

#define APPLY_RESULT_BYTES_MAX                                                                     \
        (1ull << 30) /* all results together, kept until they are written                          \
                      */

/* What a change has made of its file. */
struct apply_result {
        const struct patch_file *file;
        const char *path; /* of the new name, or of the old one where it was deleted */
        int64_t *offsets; /* of each hunk */
        size_t off;       /* hunks that were not at their place */
        char *data;       /* NULL where it was deleted */
        size_t length;
        mode_t old_mode, mode; /* with file type; 0 where there is none */
        mode_t permissions;    /* for a regular file */
        bool is_new;           /* there was no such file */
        bool is_dropped;       /* a later part of the patch deletes it again */
};

struct apply {
        int root; /* the workspace; the caller's */
        const struct patch *patch;
        struct apply_result *results;
        size_t n_results;
        void *slots; /* what is known of each path, a search tree */
        uint64_t bytes;
};

/* `patch` and `root` must outlive it. */
int apply_check(struct apply *a, int root, const struct patch *patch, struct refusal *why);
int apply_write(struct apply *a, struct refusal *why);
void apply_done(struct apply *a);
