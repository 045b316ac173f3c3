/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Retention: the store stays bounded
 *
 * Decides which runs go, by age, number and bytes, and takes them away in pieces of a few
 * milliseconds: hide some runs, delete a few hundred rows, remove the blobs that these alone had
 * named, give some free pages back. The writer's thread asks for a piece whenever nothing waits to
 * be written, so whatever comes waits for one piece at most. Blobs are removed after the deletion
 * of their rows is on disk, and not while they are so young that a batch on its way may name them.
 *
 * Besides, it looks for blobs that no row names (a crash between putting and recording leaves
 * them), and that way learns how many bytes all of them have. Only host/store includes this header.
 */

#include "store/db.h"
#include "store/store.h"

struct retain;

/* `db` and the folders are borrowed. */
int retain_new(struct retain **ret, struct db *db, int blobs, int journal,
               const struct store_limits *limits, struct err *err);
struct retain *retain_free(struct retain *r);
DEFINE_FREEP(struct retain, retain_free);

/*
 * Does one piece. Returns in how many milliseconds the next one is due: 0 = there is more to do.
 * Negative: trouble with the database, after which nothing may be written any more.
 */
int64_t retain_piece(struct retain *r, struct err *err);

/* May another run be accepted? -EDQUOT and the words for a person. From any thread. */
int retain_room(struct retain *r, struct err *err);

/*
 * Another process has put a blob that nothing names yet, for a run that is to come: its bytes count
 * at once, and once. From any thread.
 */
void retain_came(struct retain *r, const char *sha256, uint64_t bytes);

/* After a group was written: is the store so full that a piece may not wait for idleness? */
bool retain_look(struct retain *r);

/* Notes how much there is, for the next engine to begin with. */
int retain_save(struct retain *r, struct err *err);

/* Everything is looked at anew by the next pieces, as if it were due. */
void retain_hurry(struct retain *r);
