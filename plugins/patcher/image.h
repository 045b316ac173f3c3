/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A file as the lines that hunks are matched against
 *
 * git's rules: every old line of a hunk must match byte for byte (no fuzz); a hunk may be off its
 * place, and the place nearest to the expected one is taken, the later one of two equally near; a
 * hunk that starts at line 1 must match the beginning, one without trailing context the end; lines
 * that one hunk has touched are closed to the next.
 *
 * The bytes and the line table never change. Applied hunks are kept as edits in order of their
 * place, so that a hunk costs no copy of the file; where a hunk is not at its place an index of
 * lines by hash finds the few places worth a look.
 * Work is counted and limited: a hostile patch costs seconds, not hours.
 */

#include "patch.h"

#define IMAGE_BYTES_MAX (1u << 30)
#define IMAGE_WORK_MAX  (1ull << 26) /* steps of looking for hunks, some ten seconds */

struct image_edit {
        size_t start, removed; /* lines of the file */
        size_t added;          /* lines that the hunk brings */
        int64_t shift;         /* lines gained by this edit and all before it */
        const struct patch_hunk *hunk;
};

struct image {
        const char *name; /* for messages; borrowed, as the bytes are */
        const char *data;
        size_t length;
        bool is_reversed; /* hunks are read backwards */

        uint32_t *starts; /* line i is bytes [starts[i], starts[i + 1]) */
        size_t n_lines;
        struct image_edit *edits;
        size_t n_edits;

        uint64_t *sums; /* rolling hash of the first i lines; NULL until a hunk is off its place */
        uint32_t *buckets;  /* first position in `order` of lines of this hash */
        uint32_t *order;    /* lines, grouped by bucket, ascending */
        uint64_t n_buckets; /* a power of two */
        uint64_t work;
};

/* Cuts `data` into lines; both strings must outlive the image. */
int image_init(struct image *image, const char *name, const char *data, size_t length,
               bool is_reversed, struct refusal *why);
void image_done(struct image *image);

/* Finds the place of a hunk and takes it; *ret_offset tells how many lines it was off. */
int image_apply(struct image *image, const struct patch_hunk *hunk, size_t number,
                int64_t *ret_offset, struct refusal *why);

/* The bytes with all hunks applied; the caller owns them. A NUL stands behind. */
int image_result(const struct image *image, char **ret, size_t *ret_length, struct refusal *why);
