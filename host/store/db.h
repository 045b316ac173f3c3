/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Back end of a store: what a database has to be able to do
 *
 * store.c owns the folder and the lock, writer.c the thread and the grouping; what is left is this
 * table, one for each kind of database. The write half is called by the writer's thread only, the
 * read half by the loop's thread only; a back end keeps a connection for each. Only host/store
 * includes this header.
 */

#include "base/err.h"
#include "store/id.h"
#include "store/op.h"
#include "store/store.h"

#include <jansson.h>

/* write(): the batch broke a rule. In a guarded transaction it left no trace … */
#define DB_REFUSED 1
/* … or it broke one that ends the transaction: what was written before it is gone as well. */
#define DB_UNDONE 2

struct db {
        const struct db_ops *ops; /* first member of every back end */
};

/* What the database holds, in bytes. */
struct db_usage {
        uint64_t file; /* size of the file */
        uint64_t used; /* of that, not free to be written again */
};

/* Which ended runs retention takes; the oldest first. */
struct db_cut {
        uint64_t ended_until_ms;
        size_t beyond;       /* not 0: only those that are not among the newest `beyond` */
        bool spare_changes;  /* not those whose change stands in the tree and can be undone */
        const char *journal; /* JSON array: names of the journal; what they name stays */
        size_t most;
};

/* Blobs that the deleted rows named; they may have other names. */
#define DB_FREED_MAX 512
struct db_freed {
        char sha256[DB_FREED_MAX][SHA256_HEX];
        size_t n;
};

struct db_ops {
        struct db *(*close)(struct db *db);

        /*
         * One transaction: begin, any number of writes, then commit or rollback. A negative return
         * is trouble of the database itself and ends the whole transaction. Only where it
         * `is_guarded` can it go on after a write that was refused (DB_REFUSED, not DB_UNDONE);
         * that costs a copy of every page that is written.
         */
        int (*begin)(struct db *db, bool is_guarded, struct err *err);
        int (*write)(struct db *db, const struct batch *batch, struct err *err);
        int (*commit)(struct db *db, struct err *err);
        void (*rollback)(struct db *db);
        /* First, and whenever completions are out; `idle` = nothing waits to be written. */
        void (*tidy)(struct db *db, bool idle);

        /* Behind the completions: puts logs that have grown into a file. 1 = there are more. */
        int (*fold)(struct db *db, struct err *err);

        /*
         * Retention, on the writer's thread, between transactions; each a small one of its own.
         * retire() hides the runs of a cut from every reader: how many. shrink() deletes a few
         * hundred rows of what was hidden, compact() gives a few free pages back: 1 = there is more
         * to do.
         */
        int (*measure)(struct db *db, struct db_usage *ret, struct err *err);
        int (*retire)(struct db *db, const struct db_cut *cut, struct err *err);
        int (*shrink)(struct db *db, struct db_freed *freed, struct err *err);
        int (*compact)(struct db *db, struct err *err);
        int (*blob_is_named)(struct db *db, const char *sha256, struct err *err);
        int (*usage_load)(struct db *db, uint64_t *ret_bytes, uint64_t *ret_at_ms, struct err *err);
        int (*usage_save)(struct db *db, uint64_t bytes, uint64_t at_ms, struct err *err);

        /*
         * Care, by the reader. survey() counts, named() says every blob that a row names
         * (`changes`: also those that only changesets need), is_named() asks about one, damage()
         * appends texts. copy() writes the whole into a new file at `path`, without what only
         * changesets need unless `changes`; forget() hides the runs in such a copy that name a
         * blob.
         */
        int (*survey)(struct db *db, const struct store_limits *limits, json_t **ret,
                      struct err *err);
        int (*named)(struct db *db, int (*each)(void *user, const char *sha256, struct err *err),
                     void *user, struct err *err);
        int (*is_named)(struct db *db, const char *sha256, struct err *err);
        int (*damage)(struct db *db, json_t *faults, struct err *err);
        int (*copy)(struct db *db, const char *path, bool changes, struct err *err);
        int (*forget)(struct db *db, const char *path, const char *sha256, struct err *err);

        int (*run_document)(struct db *db, struct step_key key, unsigned flags, json_t **ret,
                            struct err *err);
        int (*run_find)(struct db *db, const char *prefix, char ret[RUN_ID_SIZE], struct err *err);
        int (*runs)(struct db *db, unsigned states, size_t limit, json_t **ret, struct err *err);
        int (*unended)(struct db *db, size_t limit, json_t **ret, struct err *err);
        int (*children)(struct db *db, struct step_key parent, json_t **ret, struct err *err);
        int (*run_by_submit_key)(struct db *db, const char *key, char ret[RUN_ID_SIZE],
                                 struct err *err);
        int (*cache)(struct db *db, const char *key, json_t **ret, struct err *err);
        int (*output)(struct db *db, struct step_key key, json_t **ret, struct err *err);
        int (*triggers)(struct db *db, json_t **ret, struct err *err);
        int (*approvals)(struct db *db, const char *run, bool all, json_t **ret, struct err *err);
        int (*logs)(struct db *db, struct step_key key, int64_t after, size_t limit, json_t **ret,
                    struct err *err);
        int (*events)(struct db *db, const char *run, int64_t after, size_t limit, json_t **ret,
                      struct err *err);
};
