/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Watching files
 *
 * Tells that something changed below a folder (inotify): a file was written and closed, made,
 * removed or renamed, and its path fits a pattern. Patterns are paths relative to the folder; `*`
 * and `?` as in a shell stay within one name, `**` is any number of names; what lies below a name
 * that fits, fits. Whatever is called `.git` is never looked at, nor is the folder `exclude`.
 *
 * One telling for many changes: `debounce_ms` after the last one, but at the latest
 * WATCH_PATIENCE times that after the first. A queue that ran over counts as a change, and the
 * folders are looked through again. At most WATCH_FOLDERS_MAX folders are watched; of more than
 * that, and of a folder that is gone, `trouble` is told; a folder that is gone is looked for now
 * and then, and its coming back is a change. What changes while nobody watches is not seen.
 */

#include "base/err.h"
#include "base/loop.h"

#include <jansson.h>

#define WATCH_FOLDERS_MAX 16384
#define WATCH_PATIENCE    10
#define WATCH_RETRY_MS    10000

struct watch;

struct watch_options {
        struct loop *loop;
        const char *folder;     /* absolute */
        const json_t *patterns; /* array of strings */
        const char *exclude;    /* absolute real path, or NULL */
        uint64_t debounce_ms;
        void (*changed)(void *user);
        void (*trouble)(void *user, const char *text);
        void *user;
};

/* Copies what it is given. A folder that is not there is no error: trouble is told, from here. */
int watch_new(struct watch **ret, const struct watch_options *options, struct err *err);
struct watch *watch_free(struct watch *w);
DEFINE_FREEP(struct watch, watch_free);

/*
 * Takes note of all that has happened up to now. `is_own` says of a path, relative to the folder,
 * that whoever calls changed it: that is no change then. NULL: nothing is.
 */
void watch_look(struct watch *w, bool (*is_own)(void *user, const char *path), void *user);

/* Has something changed that was not told yet? Says that something has. */
bool watch_is_pending(const struct watch *w);
void watch_touch(struct watch *w);

/* Does a path fit a pattern (or lie below what fits)? Might something below the path? */
bool watch_fits(const char *pattern, const char *path);
bool watch_may_fit_below(const char *pattern, const char *path);
