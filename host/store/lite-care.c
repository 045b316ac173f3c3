/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lite.h"

#include "base/json.h"
#include "base/loop.h"

#include <fcntl.h>
#include <string.h>

/* Faults that are told of one kind: more say nothing new. */
#define FAULTS_MAX 20

static const char survey_sql[] =
        "SELECT json_object('database', json_object('bytes', (SELECT page_count * page_size"
        "  FROM pragma_page_count, pragma_page_size), 'free', (SELECT freelist_count * page_size"
        "  FROM pragma_freelist_count, pragma_page_size)),"
        " 'rows', json_object('runs', (SELECT count(*) FROM runs),"
        "  'steps', (SELECT count(*) FROM steps), 'attempts', (SELECT count(*) FROM attempts),"
        "  'outputs', (SELECT count(*) FROM outputs), 'findings', (SELECT count(*) FROM findings),"
        "  'artifacts', (SELECT count(*) FROM artifacts),"
        "  'changesets', (SELECT count(*) FROM changesets),"
        "  'approvals', (SELECT count(*) FROM approvals), 'events', (SELECT count(*) FROM events),"
        "  'logs', (SELECT count(*) FROM logs), 'cache', (SELECT count(*) FROM cache)),"
        " 'runs', json_object('ended', (SELECT count(*) FROM runs WHERE ended IS NOT NULL"
        "  AND removed IS NULL), 'unended', (SELECT count(*) FROM runs WHERE ended IS NULL),"
        "  'removed', (SELECT count(*) FROM runs WHERE removed IS NOT NULL)),"
        " 'oldest', (SELECT min(created) FROM runs WHERE removed IS NULL),"
        " 'newest', (SELECT max(created) FROM runs WHERE removed IS NULL),"
        " 'removable', (SELECT count(*) FROM runs AS r WHERE ended IS NOT NULL"
        "  AND removed IS NULL AND (ended <= ?1 OR (ended <= (SELECT ended FROM runs"
        "   WHERE ?2 > 0 AND ended IS NOT NULL AND removed IS NULL ORDER BY ended DESC"
        "   LIMIT 1 OFFSET ?2) AND NOT EXISTS (SELECT 1 FROM changesets WHERE run = r.id"
        "   AND state = 'applied')))))";

struct one {
        json_t *value;
};

static int take_one(void *user, sqlite3_stmt *row, struct err *err)
{
        struct one *one = user;

        json_decref(TAKE(one->value));
        return lite_column_json(row, 0, &one->value, err);
}

int lite_survey(struct db *db, const struct store_limits *limits, json_t **ret, struct err *err)
{
        uint64_t now = clock_wall_ms();
        bool by_age = limits->age_ms && limits->age_ms < now;
        struct op_value values[] = {
                { .number = by_age ? (int64_t) (now - limits->age_ms) : -1 },
                { .number = (int64_t) MIN_OF(limits->runs, (uint64_t) INT64_MAX) },
        };
        struct one one = { 0 };
        int r;

        r = lite_query((struct lite *) db, survey_sql, values, ARRAY_SIZE(values), take_one, &one,
                       err);
        if (r < 0)
                json_decref(one.value);
        else
                *ret = one.value;
        return r;
}

#define NAMED_SQL                                                                                  \
        "SELECT sha256 FROM blob_refs UNION SELECT sha256 FROM artifacts"                          \
        " UNION SELECT sha256 FROM run_files UNION SELECT sha256 FROM log_files"                   \
        " UNION SELECT sha256 FROM outputs WHERE sha256 IS NOT NULL ORDER BY 1"

struct names {
        int (*each)(void *user, const char *sha256, struct err *err);
        void *user;
};

static int say_name(void *user, sqlite3_stmt *row, struct err *err)
{
        struct names *names = user;

        return names->each(names->user, (const char *) sqlite3_column_text(row, 0), err);
}

int lite_named(struct db *db, int (*each)(void *user, const char *sha256, struct err *err),
               void *user, struct err *err)
{
        struct names names = { each, user };

        return lite_query((struct lite *) db, NAMED_SQL, NULL, 0, say_name, &names, err);
}

static int count_row(void *user, sqlite3_stmt *row, struct err *err)
{
        (void) row;
        (void) err;
        ++*(int *) user;
        return 0;
}

int lite_is_named(struct db *db, const char *sha256, struct err *err)
{
        struct op_value value = { .text = sha256, .length = strlen(sha256) };
        int n = 0, r;

        r = lite_query((struct lite *) db, LITE_BLOB_IS_NAMED, &value, 1, count_row, &n, err);
        return r < 0 ? r : n > 0;
}

static int add_fault(void *user, sqlite3_stmt *row, struct err *err)
{
        const char *text = (const char *) sqlite3_column_text(row, 0);

        if (json_array_append_new(user, json_string(text ? text : "?")) < 0)
                return err_set(err, -ENOMEM, "out of memory");
        return 0;
}

int lite_damage(struct db *db, json_t *faults, struct err *err)
{
        struct op_value most = { .number = FAULTS_MAX };
        int r;

        r = lite_query((struct lite *) db,
                       "SELECT integrity_check FROM pragma_integrity_check"
                       " WHERE integrity_check <> 'ok' LIMIT ?1",
                       &most, 1, add_fault, faults, err);
        if (r < 0)
                return r;
        return lite_query((struct lite *) db,
                          "SELECT 'a row of ' || \"table\" || ' has no row of ' || parent"
                          " FROM pragma_foreign_key_check LIMIT ?1",
                          &most, 1, add_fault, faults, err);
}

static void sqlite3_closep(sqlite3 **db)
{
        (void) sqlite3_close(*db);
}

static int open_copy(sqlite3 **ret, const char *path, struct err *err)
{
        if (sqlite3_open_v2(path, ret, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
            SQLITE_OK)
                return err_set(err, -EIO, "cannot make %s", path);
        return 0;
}

/* For its owner alone, whatever the caller's umask says: SQLite takes the file that it finds. */
static int copy_make(const char *path, struct err *err)
{
        _cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        return fd < 0 ? err_sys(err, -errno, "cannot make %s", path) : 0;
}

/*
 * One step copies all, in one snapshot. The copy's log is switched off: it is one file, and it is
 * synced with the blobs.
 */
int lite_copy(struct db *db, const char *path, bool changes, struct err *err)
{
        static const char settle[] = "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF;";
        _cleanup_(sqlite3_closep) sqlite3 *to = NULL;
        struct lite *l = (struct lite *) db;
        sqlite3_backup *backup;
        int r;

        r = copy_make(path, err);
        if (r == 0)
                r = open_copy(&to, path, err);
        if (r < 0)
                return r;
        backup = sqlite3_backup_init(to, "main", l->reader, "main");
        if (!backup)
                return lite_error(to, path, "write to", err);
        (void) sqlite3_backup_step(backup, -1);
        if (sqlite3_backup_finish(backup) != SQLITE_OK)
                return lite_error(to, path, "write to", err);
        r = lite_exec(to, path, settle, "write to", err);
        if (r == 0 && !changes)
                r = lite_exec(to, path, "DELETE FROM blob_refs", "write to", err);
        return r;
}

int lite_forget(struct db *db, const char *path, const char *sha256, struct err *err)
{
        _cleanup_(sqlite3_closep) sqlite3 *to = NULL;
        char sql[768];
        int r;

        (void) db;
        r = open_copy(&to, path, err);
        if (r < 0)
                return r;
        (void) snprintf(sql, sizeof(sql),
                        "UPDATE runs SET removed = created WHERE id IN (SELECT run FROM blob_refs"
                        " WHERE sha256 = '%.64s' UNION SELECT run FROM artifacts WHERE sha256 = "
                        "'%.64s' UNION SELECT run FROM run_files WHERE sha256 = '%.64s' UNION"
                        " SELECT run FROM log_files WHERE sha256 = '%.64s' UNION SELECT run FROM"
                        " outputs WHERE sha256 = '%.64s')",
                        sha256, sha256, sha256, sha256, sha256);
        return lite_exec(to, path, sql, "write to", err);
}
