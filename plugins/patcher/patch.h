/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A patch as it was written
 *
 * Reads unified diffs and git's extended ones into a list of file changes, in git's own grammar:
 * text between the changes is passed over, broken changes are refused. Nothing here looks at a
 * tree. Hunks point into the bytes that were parsed, which must outlive the patch; names and binary
 * data are its own.
 */

#include "refusal.h"
#include "text.h"

#define PATCH_BYTES_MAX  (256u << 20)
#define PATCH_FILES_MAX  100000u
#define PATCH_HUNKS_MAX  1000000u
#define PATCH_BINARY_MAX (256u << 20) /* all binary data of one patch, inflated */
#define PATCH_STRIP_MAX  1000u

#define PATCH_ID_LENGTH 40 /* hex digits of a whole SHA-1 blob id */

/* Whether a file is made or deleted: a plain diff may leave it open, and the tree decides. */
enum patch_answer { PATCH_NO, PATCH_YES, PATCH_MAYBE };

struct patch_hunk {
        uint64_t old_start, old_count; /* as in "@@ -start,count +start,count @@" */
        uint64_t new_start, new_count;
        size_t leading, trailing; /* lines of context before the first and behind the last change */
        const char *body;         /* the lines below the "@@" line */
        size_t length;
        size_t line; /* of the "@@" line in the patch */
};

struct patch_blob {
        bool is_given;
        bool is_delta;
        char *data; /* inflated: the content, or the delta that makes it */
        size_t length;
};

struct patch_file {
        char *old_name, *new_name;   /* NULL where there is no such side */
        unsigned old_mode, new_mode; /* 0 where the patch does not say */
        enum patch_answer is_new, is_delete;
        bool is_rename, is_copy, is_binary;
        char old_id[PATCH_ID_LENGTH + 1],
                new_id[PATCH_ID_LENGTH + 1]; /* as in "index", may be cut */
        struct patch_hunk *hunks;
        size_t n_hunks;
        struct patch_blob forward, backward; /* makes the new content, makes the old one */
        size_t line;                         /* of its header in the patch */
};

struct patch {
        struct patch_file *files;
        size_t n_files;
        size_t n_hunks;
        size_t binary_bytes;
        unsigned strip;
        bool is_reversed; /* '+' and '-' in the hunks have changed places */
};

/* Initialise with `{ .strip = n }`. On refusal the patch may be half full; patch_done() it. */
int patch_parse(struct patch *p, const char *data, size_t length, struct refusal *why);

/* Turns the patch round: what it made it now takes away, in the opposite order. */
void patch_reverse(struct patch *p);

void patch_file_done(struct patch_file *f);
void patch_done(struct patch *p);
