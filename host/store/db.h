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

#include <jansson.h>

/* write(): the batch broke a rule; it left no trace, the transaction goes on. */
#define DB_REFUSED 1

struct db {
        const struct db_ops *ops; /* first member of every back end */
};

struct db_ops {
        struct db *(*close)(struct db *db);

        /* One transaction: begin, any number of writes, then commit or rollback. A negative return
         * is trouble of the database itself and ends the whole transaction. */
        int (*begin)(struct db *db, struct err *err);
        int (*write)(struct db *db, const struct batch *batch, struct err *err);
        int (*commit)(struct db *db, struct err *err);
        void (*rollback)(struct db *db);
        /* First, and whenever completions are out; `idle` = nothing waits to be written. */
        void (*tidy)(struct db *db, bool idle);

        int (*run_document)(struct db *db, const char *run, unsigned flags, json_t **ret,
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
