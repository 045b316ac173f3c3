/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lite.h"

#include "base/loop.h"

#include <string.h>

/*
 * Deleting, in pieces that nobody has to wait for
 *
 * A run is hidden first, in one statement. Its rows go afterwards, a few hundred in a transaction,
 * children before parents, so that no cascade is ever larger than one step. What a crash leaves
 * half deleted is hidden already, and the next engine goes on.
 */

#define ROWS_MAX  300 /* in one transaction */
#define PAGES_MAX 256 /* given back in one transaction */

/* Free pages are left for what comes next, unless they are more than this part of the file. */
#define FREE_PART  8
#define FREE_LEAST 256

static int prepare(struct lite *l, sqlite3_stmt **ret, const char *sql, struct err *err)
{
        if (sqlite3_prepare_v2(l->writer, sql, -1, ret, NULL) != SQLITE_OK)
                return lite_error(l->writer, l->path, "write to", err);
        return 0;
}

static int pages(struct lite *l, int64_t *ret_size, int64_t *ret_all, int64_t *ret_free,
                 struct err *err)
{
        int r;

        r = lite_number(l->writer, l->path, "PRAGMA page_size", ret_size, err);
        if (r == 0)
                r = lite_number(l->writer, l->path, "PRAGMA page_count", ret_all, err);
        if (r == 0)
                r = lite_number(l->writer, l->path, "PRAGMA freelist_count", ret_free, err);
        return r;
}

int lite_measure(struct db *db, struct db_usage *ret, struct err *err)
{
        int64_t size, all, unused;
        int r;

        r = pages((struct lite *) db, &size, &all, &unused, err);
        if (r < 0)
                return r;
        ret->file = (uint64_t) (size * all);
        ret->used = (uint64_t) (size * (all - unused));
        return 0;
}

/* When the run ended that is number `beyond` + 1 from the newest; -1 = there are not so many. */
static int nth_end(struct lite *l, size_t beyond, int64_t *ret, struct err *err)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
        int code, r;

        r = prepare(l, &statement,
                    "SELECT ended FROM runs WHERE ended IS NOT NULL AND removed IS NULL"
                    " ORDER BY ended DESC LIMIT 1 OFFSET ?1",
                    err);
        if (r < 0)
                return r;
        (void) sqlite3_bind_int64(statement, 1, (sqlite3_int64) beyond);
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
                return lite_error(l->writer, l->path, "read", err);
        *ret = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
        return 0;
}

static const char retire_sql[] =
        "UPDATE runs SET removed = ?1, submit_key = NULL WHERE id IN ("
        "SELECT id FROM runs AS r WHERE ended IS NOT NULL AND ended <= ?2 AND removed IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM json_each(?3) WHERE instr(value, r.id))"
        " AND NOT EXISTS (SELECT 1 FROM runs WHERE parent_run = r.id AND ended IS NULL)"
        " AND NOT (?4 AND EXISTS (SELECT 1 FROM changesets WHERE run = r.id"
        "  AND state = 'applied'))"
        " ORDER BY ended LIMIT ?5)";

int lite_retire(struct db *db, const struct db_cut *cut, struct err *err)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
        struct lite *l = (struct lite *) db;
        int64_t until = (int64_t) MIN_OF(cut->ended_until_ms, (uint64_t) INT64_MAX);
        int r;

        r = cut->beyond ? nth_end(l, cut->beyond, &until, err) : 0;
        if (r == 0)
                r = prepare(l, &statement, retire_sql, err);
        if (r < 0)
                return r;
        (void) sqlite3_bind_int64(statement, 1, (sqlite3_int64) clock_wall_ms());
        (void) sqlite3_bind_int64(statement, 2, until);
        (void) sqlite3_bind_text(statement, 3, cut->journal, -1, SQLITE_STATIC);
        (void) sqlite3_bind_int(statement, 4, cut->spare_changes);
        (void) sqlite3_bind_int64(statement, 5, (sqlite3_int64) cut->most);
        if (sqlite3_step(statement) != SQLITE_DONE)
                return lite_error(l->writer, l->path, "write to", err);
        return sqlite3_changes(l->writer);
}

/* Tables in which a run has rows, children first; each gives the blobs that its rows named. */
#define OF_RUN(table, key, returning)                                                              \
        {                                                                                          \
                "DELETE FROM " table " WHERE (" key ") IN (SELECT " key " FROM " table             \
                " WHERE run = ?1 LIMIT ?2) RETURNING " returning                                   \
        }

static const struct {
        const char *sql;
} deletions[] = {
        OF_RUN("findings", "run, step, item, n", "NULL"),
        OF_RUN("logs", "seq", "NULL"),
        OF_RUN("log_files", "run, first", "sha256"),
        OF_RUN("events", "seq", "NULL"),
        OF_RUN("artifacts", "run, step, item, name", "sha256"),
        OF_RUN("cache", "key", "NULL"),
        OF_RUN("outputs", "rowid", "sha256"),
        OF_RUN("attempts", "run, step, item, n", "NULL"),
        OF_RUN("changesets", "rowid", "NULL"),
        OF_RUN("approvals", "id", "NULL"),
        OF_RUN("blob_refs", "run, sha256", "sha256"),
        OF_RUN("run_files", "run, pointer", "sha256"),
        OF_RUN("steps", "run, id, item", "NULL"),
};

/* Deletes up to `limit` rows of the run; how many. */
static int delete_some(struct lite *l, const char *sql, const char *run, int limit,
                       struct db_freed *freed, struct err *err)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
        int code, r, n = 0;

        r = prepare(l, &statement, sql, err);
        if (r < 0)
                return r;
        (void) sqlite3_bind_text(statement, 1, run, -1, SQLITE_STATIC);
        (void) sqlite3_bind_int(statement, 2, limit);
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                const char *sha256 = (const char *) sqlite3_column_text(statement, 0);

                n++;
                if (sha256 && sha256_is_hex(sha256) && freed->n < DB_FREED_MAX)
                        memcpy(freed->sha256[freed->n++], sha256, SHA256_HEX);
        }
        return code == SQLITE_DONE ? n : lite_error(l->writer, l->path, "write to", err);
}

static const char *const last_of_run[] = {
        "DELETE FROM flows WHERE hash = (SELECT flow_hash FROM runs WHERE id = ?1)"
        " AND 1 = (SELECT count(*) FROM (SELECT 1 FROM runs WHERE flow_hash = flows.hash LIMIT 2))"
        " RETURNING NULL",
        "DELETE FROM runs WHERE id = ?1 RETURNING NULL",
};

/* The run's own row, and its definition if no other run has it: checked at the commit. */
static int delete_run(struct lite *l, const char *run, struct db_freed *freed, struct err *err)
{
        int r;

        r = lite_exec(l->writer, l->path, "PRAGMA defer_foreign_keys = ON", "write to", err);
        for (size_t i = 0; i < ARRAY_SIZE(last_of_run) && r >= 0; i++)
                r = delete_some(l, last_of_run[i], run, 1, freed, err);
        return r;
}

/* Deletes up to `limit` rows, in the end the run itself: how many are left of `limit`. */
static int delete_rows(struct lite *l, const char *run, int limit, struct db_freed *freed,
                       struct err *err)
{
        int r;

        for (size_t i = 0; i < ARRAY_SIZE(deletions) && limit > 0; i++) {
                int n = delete_some(l, deletions[i].sql, run, limit, freed, err);

                if (n < 0)
                        return n;
                limit -= n;
        }
        if (limit == 0)
                return 0;
        r = delete_run(l, run, freed, err);
        return r < 0 ? r : limit - 1;
}

/* Some run that was hidden; 0 when there is none. */
static int removed_run(struct lite *l, char ret[RUN_ID_SIZE], struct err *err)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
        int code, r;

        r = prepare(l, &statement, "SELECT id FROM runs WHERE removed IS NOT NULL LIMIT 1", err);
        if (r < 0)
                return r;
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
                return lite_error(l->writer, l->path, "read", err);
        if (code == SQLITE_DONE)
                return 0;
        (void) snprintf(ret, RUN_ID_SIZE, "%s", sqlite3_column_text(statement, 0));
        return 1;
}

/* 1 = rows were deleted; whoever asks again hears 0 when there are none. */
static int delete_piece(struct lite *l, struct db_freed *freed, struct err *err)
{
        char run[RUN_ID_SIZE];
        int left = ROWS_MAX, r;

        r = removed_run(l, run, err);
        if (r <= 0)
                return r;
        while (r > 0 && left > 0) {
                left = delete_rows(l, run, left, freed, err);
                r = left < 0 ? left : removed_run(l, run, err);
        }
        return r < 0 ? r : 1;
}

int lite_shrink(struct db *db, struct db_freed *freed, struct err *err)
{
        int r, n;

        freed->n = 0;
        r = lite_begin(db, false, err);
        if (r < 0)
                return r;
        n = delete_piece((struct lite *) db, freed, err);
        r = n < 0 ? n : lite_commit(db, err);
        if (r < 0)
                lite_rollback(db);
        return r < 0 ? r : n;
}

int lite_compact(struct db *db, struct err *err)
{
        struct lite *l = (struct lite *) db;
        int64_t size, all, unused;
        char sql[64];
        int r;

        r = pages(l, &size, &all, &unused, err);
        if (r < 0)
                return r;
        if (unused <= FREE_LEAST || unused <= all / FREE_PART)
                return 0;
        (void) snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", PAGES_MAX);
        r = lite_exec(l->writer, l->path, sql, "write to", err);
        return r < 0 ? r : 1;
}

int lite_blob_is_named(struct db *db, const char *sha256, struct err *err)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
        struct lite *l = (struct lite *) db;
        int code, r;

        r = prepare(l, &statement, LITE_BLOB_IS_NAMED, err);
        if (r < 0)
                return r;
        (void) sqlite3_bind_text(statement, 1, sha256, -1, SQLITE_STATIC);
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
                return lite_error(l->writer, l->path, "read", err);
        return code == SQLITE_ROW;
}

int lite_usage_load(struct db *db, uint64_t *ret_bytes, uint64_t *ret_at_ms, struct err *err)
{
        struct lite *l = (struct lite *) db;
        int64_t bytes, at;
        int r;

        r = lite_number(l->writer, l->path, "SELECT sum(bytes) FROM usage WHERE kind = 'blobs'",
                        &bytes, err);
        if (r == 0)
                r = lite_number(l->writer, l->path,
                                "SELECT sum(at) FROM usage WHERE kind = 'blobs'", &at, err);
        if (r < 0)
                return r;
        *ret_bytes = (uint64_t) bytes;
        *ret_at_ms = (uint64_t) at;
        return 0;
}

int lite_usage_save(struct db *db, uint64_t bytes, uint64_t at_ms, struct err *err)
{
        struct lite *l = (struct lite *) db;
        char sql[160];

        (void) snprintf(
                sql, sizeof(sql),
                "INSERT OR REPLACE INTO usage (kind, bytes, at) VALUES ('blobs', %lld, %lld)",
                (long long) bytes, (long long) at_ms);
        return lite_exec(l->writer, l->path, sql, "write to", err);
}
