/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Opened: which files a traced cell asked for
 *
 * A path is in the memory of whoever asks, so it is read there, where the kernel lets this process
 * look: at programs that a cell has executed, and as root at all. Whatever else is open to nobody
 * is counted alone. That the memory may change meanwhile is no matter for a list; nothing is
 * decided by it. What was asked for need not have been there, or allowed.
 */

#include "base/def.h"

#include <jansson.h>
#include <linux/seccomp.h>

#define OPENED_PATHS_MAX 1000

struct opened {
        uint64_t n_read, n_written;
        uint64_t n_unseen; /* whose path could not be read, or was one too many */
        json_t *paths;     /* object: path -> "read", "write" or "run"; NULL = none yet */
};

/* Counts the call if it opens a file, or executes one. */
void opened_note(struct opened *o, const struct seccomp_notif *call);

/* {"read": [path], "write": [path], "run": [path], "unseen": n}, sorted; new reference. */
json_t *opened_json(const struct opened *o);
void opened_done(struct opened *o);
