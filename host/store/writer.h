/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Writer: the one thread that writes, and group commit
 *
 * Batches queue up while the thread is in fdatasync; it then takes all of them into one
 * transaction. No timer: a lone batch is written at once, a crowd shares one sync. Completions come
 * back through a descriptor in the loop. Only host/store includes this header.
 */

#include "base/loop.h"
#include "store/db.h"
#include "store/retain.h"
#include "store/store.h"

struct writer;

/*
 * `blobs` is the folder to sync before a batch that names blobs; `retain` (NULL = none) gets its
 * turn while nothing waits. All are borrowed.
 */
int writer_new(struct writer **ret, struct db *db, int blobs, struct retain *retain,
               struct err *err);

/* Writes what is queued, joins the thread, calls nobody. */
struct writer *writer_free(struct writer *w);
DEFINE_FREEP(struct writer, writer_free);

int writer_attach(struct writer *w, struct loop *loop);
void writer_detach(struct writer *w);

/* As store_submit() and store_commit(). */
int writer_submit(struct writer *w, struct batch *batch, store_done done, void *user,
                  struct err *err);
int writer_commit(struct writer *w, struct batch *batch, struct err *err);

/* As store_settle(). */
int writer_settle(struct writer *w, struct err *err);

size_t writer_pending(const struct writer *w);
void writer_stats(struct writer *w, struct store_stats *ret);
