/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Feeding texts to the controls
 *
 * Takes a text from wherever it comes (a file, a member of an archive, a blob of git), turns its
 * encoding into UTF-8 where need be, and gives it to the controls in parts that overlap. One buffer
 * serves all texts of a feed. A text is looked at up to FEED_LIMIT bytes; what lies behind is
 * listed as not scanned. Only texts that fit into one part are shown to the controls that need a
 * whole file. Archives are opened, each with a feed of its own.
 */

#include "check.h"

#define FEED_PART    (4 * 1024 * 1024)
#define FEED_OVERLAP (128 * 1024) /* longest secret that is found across two parts */
#define FEED_CONTEXT 4096         /* bytes before a part that its rules may see */
#define FEED_LIMIT   (256ULL * 1024 * 1024)
#define FEED_DEPTH   2 /* an archive, and one inside it */

/* Reads like read(2): bytes, 0 at the end, -1 when it cannot. */
struct feed_source {
        ssize_t (*read)(void *owner, char *data, size_t size);
        void *owner;
};

struct feed {
        struct check *check;
        unsigned depth;    /* how many archives the texts lie in */
        bool secrets_only; /* these texts are no files of the program */
        char *data;        /* FEED_PART bytes and a NUL */
        char *utf8;        /* three halves of that, once a UTF-16 text was met */
};

/*
 * Looks at one text: 0, 1 when it is binary, or a negative errno; -ECANCELED when the run was
 * cancelled. `path` must live until it returns.
 */
int feed_look(struct feed *f, const char *path, const struct feed_source *source);
void feed_done(struct feed *f);
