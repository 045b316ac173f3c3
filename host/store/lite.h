/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * SQLite back end
 *
 * Two connections to one file: one writes and checkpoints, one reads. lite.c opens and closes them,
 * lite-schema.c makes and upgrades the tables
 * of lite-migrations.c, lite-write.c and lite-read.c are the two halves of
 * store/db.h, lite-wal.c looks after the log,
 * lite-retain.c deletes,
 * lite-log.c folds logs into files, lite-care.c counts, checks and copies. Only host/store includes
 * this header.
 */

#include "base/buf.h"
#include "store/db.h"

#include <sqlite3.h>

#define LITE_FILE           "store.db"
#define LITE_DRAFT          "store.db.new" /* under this name until it is whole and on disk */
#define LITE_APPLICATION_ID 0x6c696e68     /* "linh" */

#define LITE_EVENTS 8 /* written by one statement */

/* What the runs that log have logged, as far as it is not in files yet. */
struct lite_log {
        struct lite_log_run {
                char run[RUN_ID_SIZE];
                uint64_t rows;  /* bytes of text that are rows */
                uint64_t total; /* and with those in files */
                bool is_over;   /* the run has ended */
        } runs[32];
        size_t next; /* whose place is taken when all are in use */
};

struct lite {
        struct db db;
        char *path;
        sqlite3 *writer; /* NULL when opened to read only */
        sqlite3 *reader;
        sqlite3_stmt *statements[OPS_]; /* of the writer, prepared when first needed */
        sqlite3_stmt *events;           /* LITE_EVENTS of them at once */
        int wal_pages;                  /* in the log since the last checkpoint */
        int tidied_pages;               /* of these, when lite_tidy() was called last */
        uint64_t busy_until_ms;         /* much was written just now, and more is to be expected */
        int64_t wal_room;               /* bytes that the log's file has, its end written ahead */
        bool is_guarded;                /* the transaction that is open: a batch may be refused */
        int blobs;                      /* folder, -1 = there is none; borrowed */
        struct lite_log log;
};

/* Makes an empty database of the file `path`, which is there, and syncs it. */
int lite_make(const char *path, struct err *err);

/* `dir` is an absolute path of an existing folder. */
int lite_open(struct db **ret, const char *dir, int blobs, bool read_only, struct err *err);

extern const struct db_ops lite_ops;

/* Says in words what failed on which file; `doing` completes "cannot ...". Returns its -errno. */
int lite_error(sqlite3 *db, const char *path, const char *doing, struct err *err);

int lite_exec(sqlite3 *db, const char *path, const char *sql, const char *doing, struct err *err);

/* Reads one number, as of a PRAGMA. */
int lite_number(sqlite3 *db, const char *path, const char *sql, int64_t *ret, struct err *err);

/* Binds what comes behind the first `at` parameters, and how many are bound then; texts are
 * borrowed until the statement is reset. */
int lite_bind(sqlite3_stmt *statement, int at, const struct op_value *values, unsigned n_values);

/* Is it ours, and of our version? Makes or upgrades the tables when `db` may write. */
int lite_schema(sqlite3 *db, const char *path, bool read_only, struct err *err);

/*
 * Makes the migrations that are missing up to number `to`, each in a transaction of its own. Tests
 * make stores of earlier versions with it.
 */
int lite_schema_to(sqlite3 *db, const char *path, int64_t to, struct err *err);

/* lite-migrations.c: number N is lite_migrations[N - 1], lite_newest is the last. */
extern const char *const lite_migrations[];
extern const int64_t lite_newest;

/* lite-write.c */
int lite_begin(struct db *db, bool is_guarded, struct err *err);
int lite_write(struct db *db, const struct batch *batch, struct err *err);
int lite_commit(struct db *db, struct err *err);
void lite_rollback(struct db *db);
void lite_write_done(struct lite *l);

/* lite-wal.c */
void lite_tidy(struct db *db, bool idle);

/* lite-log.c: may the line be written? Notes the end of a run. */
bool lite_log_take(struct lite *l, const struct op *op);
void lite_log_end(struct lite *l, const char *run);
int lite_fold(struct db *db, struct err *err);
int lite_logs(struct db *db, struct step_key key, int64_t after, size_t limit, json_t **ret,
              struct err *err);

/* For the readers: every row of a statement; < 0 from `handle` ends it. */
typedef int (*lite_row)(void *user, sqlite3_stmt *row, struct err *err);
int lite_query(struct lite *l, const char *sql, const struct op_value *values, unsigned n_values,
               lite_row handle, void *user, struct err *err);
int lite_column_json(sqlite3_stmt *row, int column, json_t **ret, struct err *err);

/* The whole of a blob; -ENOENT says which is missing. */
int lite_blob_read(struct lite *l, const char *sha256, struct buf *ret, struct err *err);

/* A row for blob ?1 if any row names it. */
#define LITE_BLOB_IS_NAMED                                                                         \
        "SELECT 1 FROM blob_refs WHERE sha256 = ?1"                                                \
        " UNION ALL SELECT 1 FROM artifacts WHERE sha256 = ?1"                                     \
        " UNION ALL SELECT 1 FROM run_files WHERE sha256 = ?1"                                     \
        " UNION ALL SELECT 1 FROM log_files WHERE sha256 = ?1"                                     \
        " UNION ALL SELECT 1 FROM outputs WHERE sha256 = ?1 LIMIT 1"

/* lite-retain.c */
int lite_measure(struct db *db, struct db_usage *ret, struct err *err);
int lite_retire(struct db *db, const struct db_cut *cut, struct err *err);
int lite_shrink(struct db *db, struct db_freed *freed, struct err *err);
int lite_compact(struct db *db, struct err *err);
int lite_blob_is_named(struct db *db, const char *sha256, struct err *err);
int lite_usage_load(struct db *db, uint64_t *ret_bytes, uint64_t *ret_at_ms, struct err *err);
int lite_usage_save(struct db *db, uint64_t bytes, uint64_t at_ms, struct err *err);

/* lite-care.c */
int lite_survey(struct db *db, const struct store_limits *limits, json_t **ret, struct err *err);
int lite_named(struct db *db, int (*each)(void *user, const char *sha256, struct err *err),
               void *user, struct err *err);
int lite_is_named(struct db *db, const char *sha256, struct err *err);
int lite_damage(struct db *db, json_t *faults, struct err *err);
int lite_copy(struct db *db, const char *path, bool changes, struct err *err);
int lite_forget(struct db *db, const char *path, const char *sha256, struct err *err);

/* lite-read.c */
int lite_run_document(struct db *db, struct step_key key, unsigned flags, json_t **ret,
                      struct err *err);
int lite_run_find(struct db *db, const char *prefix, char ret[RUN_ID_SIZE], struct err *err);
int lite_runs(struct db *db, unsigned states, size_t limit, json_t **ret, struct err *err);
int lite_unended(struct db *db, size_t limit, json_t **ret, struct err *err);
int lite_children(struct db *db, struct step_key parent, json_t **ret, struct err *err);
int lite_run_by_submit_key(struct db *db, const char *key, char ret[RUN_ID_SIZE], struct err *err);
int lite_cache(struct db *db, const char *key, json_t **ret, struct err *err);
int lite_output(struct db *db, struct step_key key, json_t **ret, struct err *err);
int lite_triggers(struct db *db, json_t **ret, struct err *err);
int lite_approvals(struct db *db, const char *run, bool all, json_t **ret, struct err *err);
int lite_events(struct db *db, const char *run, int64_t after, size_t limit, json_t **ret,
                struct err *err);

static inline void sqlite3_finalizep(sqlite3_stmt **statement)
{
        (void) sqlite3_finalize(*statement);
}
