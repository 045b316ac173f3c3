/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Journal of an apply
 *
 * One file says what is being done to which tree. While its name ends in ".intent" the tree's own
 * files are untouched and only hidden siblings are being written: after a crash they are taken
 * away. Renamed to ".commit" the apply is decided: after a crash it is finished. Each name is
 * durable when the call that gives it returns.
 */

#include "base/changeset.h"
#include "base/err.h"

#include <jansson.h>

#define JOURNAL_BYTES_MAX (512UL << 20)

/* [a-z0-9_-]{1,128}? */
bool journal_id_is_good(const char *id);

/* Writes ID.intent: {"format": 1, "tree", "changeset", "tops"}. -EEXIST: that id is in use. */
int journal_begin(int dirfd, const char *id, const char *tree_path, const struct changeset *c,
                  json_t *tops, struct err *err);

/*
 * ID.intent becomes ID.commit. On failure it is ID.intent again, durably, and may be undone; but
 * -EINPROGRESS: the disk may have either name, so nothing may be undone before recovery has looked.
 */
int journal_commit(int dirfd, const char *id, struct err *err);

/* Takes the journal away, whatever it is. */
int journal_end(int dirfd, const char *id, struct err *err);

struct journal {
        char *id;
        bool is_commit;
        char *tree_path;
        struct changeset *c;
        json_t *tops;
};

void journal_done(struct journal *j);

/*
 * Reads the journal in the file `name` of the folder: 0; -ENOENT when the name is not a journal's
 * (half-written ones are taken away).
 */
int journal_load(struct journal *ret, int dirfd, const char *name, struct err *err);
