/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lite.h"

#include "base/buf.h"

#include <string.h>
#include <sys/stat.h>

#define BUSY_MS 5000

/*
 * The file's own settings come before its first table. Without a journal, and without the eight
 * syncs that SQLite would take for an empty file: sync_file() follows, and only then the name.
 */
static const char file_settings[] = "PRAGMA journal_mode = OFF;"
                                    "PRAGMA synchronous = OFF;"
                                    "PRAGMA auto_vacuum = INCREMENTAL;"
                                    "PRAGMA journal_mode = WAL;";

/* What a connection that writes needs. */
static const char writer_settings[] = "PRAGMA journal_mode = WAL;"
                                      "PRAGMA synchronous = FULL;"
                                      "PRAGMA wal_autocheckpoint = 0;"
                                      "PRAGMA journal_size_limit = 67108864;"
                                      "PRAGMA foreign_keys = ON;"
                                      "PRAGMA trusted_schema = OFF;"
                                      "PRAGMA temp_store = MEMORY;";
static const char reader_settings[] = "PRAGMA query_only = ON;"
                                      "PRAGMA trusted_schema = OFF;"
                                      "PRAGMA temp_store = MEMORY;";

/* What SQLite calls a failure, what we call it, and what to do about it. */
static const struct {
        int code;
        int error;
        const char *words;
} failures[] = {
        { SQLITE_FULL, -ENOSPC, "the disk is full: make room, then go on" },
        { SQLITE_READONLY, -EROFS, "the folder or its disk is read-only" },
        { SQLITE_NOTADB, -EBADMSG,
          "the file is not a linhay store, or is damaged: move it away, or give another --store" },
        { SQLITE_CORRUPT, -EBADMSG,
          "the file is damaged: keep a copy, then restore a backup or give another --store" },
        { SQLITE_BUSY, -EBUSY, "another program holds the file locked" },
        { SQLITE_LOCKED, -EBUSY, "another program holds the file locked" },
        { SQLITE_NOMEM, -ENOMEM, "out of memory" },
        { SQLITE_TOOBIG, -EMSGSIZE, "a value is too big for the database" },
        { SQLITE_PERM, -EACCES, "permission denied" },
        { SQLITE_AUTH, -EACCES, "permission denied" },
};

/* Where the system said why, its word counts; a disk can be full in more than one way. */
static int system_error(sqlite3 *db, int code)
{
        int error = sqlite3_system_errno(db);

        if (code != SQLITE_IOERR && code != SQLITE_CANTOPEN)
                return 0;
        if (error == EDQUOT)
                return -ENOSPC;
        return error > 0 ? -error : 0;
}

int lite_error(sqlite3 *db, const char *path, const char *doing, struct err *err)
{
        int code = sqlite3_extended_errcode(db) & 0xff;
        int error = system_error(db, code);

        if (error == -ENOSPC)
                code = SQLITE_FULL;
        for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
                if (failures[i].code == code)
                        return err_set(err, failures[i].error, "cannot %s %s: %s (%s)", doing, path,
                                       failures[i].words, sqlite3_errmsg(db));
        if (error < 0)
                return err_sys(err, error, "cannot %s %s", doing, path);
        return err_set(err, -EIO, "cannot %s %s: %s", doing, path, sqlite3_errmsg(db));
}

int lite_exec(sqlite3 *db, const char *path, const char *sql, const char *doing, struct err *err)
{
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
                return lite_error(db, path, doing, err);
        return 0;
}

int lite_number(sqlite3 *db, const char *path, const char *sql, int64_t *ret, struct err *err)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;

        if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK ||
            sqlite3_step(statement) != SQLITE_ROW)
                return lite_error(db, path, "read", err);
        *ret = sqlite3_column_int64(statement, 0);
        return 0;
}

int lite_bind(sqlite3_stmt *statement, int at, const struct op_value *values, unsigned n_values)
{
        for (const struct op_value *v = values; v < values + n_values; v++) {
                at++;
                if (v->text)
                        (void) sqlite3_bind_text64(statement, at, v->text, v->length, SQLITE_STATIC,
                                                   SQLITE_UTF8);
                else if (v->is_null)
                        (void) sqlite3_bind_null(statement, at);
                else
                        (void) sqlite3_bind_int64(statement, at, v->number);
        }
        return at;
}

/* Nobody reads SQLite's statistics of memory, and a lock around each allocation costs a tenth of
 * all that a store does. Refused where SQLite is in use already, and then as before. */
static void count_no_memory(void)
{
        (void) sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int connect_file(sqlite3 **ret, const char *name, const char *path, int flags,
                        struct err *err)
{
        sqlite3 *db = NULL;
        int r;

        count_no_memory();
        flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI;
        if (sqlite3_open_v2(name, &db, flags, NULL) != SQLITE_OK) {
                r = db ? lite_error(db, path, "open", err) : err_sys(err, -ENOMEM, "%s", path);
                (void) sqlite3_close(db);
                return r;
        }
        (void) sqlite3_busy_timeout(db, BUSY_MS);
        (void) sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        *ret = db;
        return 0;
}

static int sync_file(sqlite3 *db, const char *path, struct err *err)
{
        sqlite3_file *file = NULL;

        if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
            file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) != SQLITE_OK)
                return err_sys(err, -EIO, "cannot make %s durable", path);
        return 0;
}

int lite_make(const char *path, struct err *err)
{
        sqlite3 *db = NULL;
        int r;

        r = connect_file(&db, path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, err);
        if (r < 0)
                return r;
        r = lite_exec(db, path, file_settings, "make", err);
        if (r == 0)
                r = sync_file(db, path, err);
        (void) sqlite3_close(db);
        return r;
}

static int note_wal_pages(void *user, sqlite3 *db, const char *name, int pages)
{
        struct lite *l = user;

        (void) db;
        (void) name;
        l->wal_pages = pages;
        return SQLITE_OK;
}

/* A disk that cannot share memory between processes leaves another mode on, and says nothing. */
static int check_wal(struct lite *l, struct err *err)
{
        int64_t is_wal;
        int r;

        r = lite_number(l->writer, l->path, "SELECT journal_mode = 'wal' FROM pragma_journal_mode",
                        &is_wal, err);
        if (r == 0 && !is_wal)
                return err_set(err, -EOPNOTSUPP,
                               "cannot keep a write-ahead log for %s: put the store on a local "
                               "disk with --store DIR",
                               l->path);
        return r;
}

static int open_writer(struct lite *l, struct err *err)
{
        int r;

        r = connect_file(&l->writer, l->path, l->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW,
                         err);
        if (r < 0)
                return r;
        r = lite_exec(l->writer, l->path, writer_settings, "open", err);
        if (r == 0)
                r = check_wal(l, err);
        if (r < 0)
                return r;
        r = lite_schema(l->writer, l->path, false, err);
        if (r < 0)
                return r;
        (void) sqlite3_wal_hook(l->writer, note_wal_pages, l);
        return 0;
}

/* "file:" name with what has a meaning in a URI escaped. */
static char *uri_of(const char *path, const char *query)
{
        _cleanup_(buf_done) struct buf uri = { 0 };
        int r = buf_puts(&uri, "file:");

        for (; r == 0 && *path; path++)
                r = strchr("%?#", *path) ? buf_printf(&uri, "%%%02X", (unsigned char) *path)
                                         : buf_putc(&uri, *path);
        if (r == 0)
                r = buf_puts(&uri, query);
        return r < 0 ? NULL : buf_take(&uri);
}

/* No log beside the file, or an empty one: all there is stands in the file itself. */
static bool wal_is_empty(const char *path)
{
        _cleanup_(freep) char *wal = NULL;
        struct stat st;

        if (asprintf(&wal, "%s-wal", path) < 0)
                return false;
        return stat(wal, &st) < 0 ? errno == ENOENT : st.st_size == 0;
}

static int open_reader_as(struct lite *l, const char *query, struct err *err)
{
        _cleanup_(freep) char *uri = uri_of(l->path, query);
        int r;

        if (!uri)
                return err_sys(err, -ENOMEM, "cannot open %s", l->path);
        r = connect_file(&l->reader, uri, l->path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW,
                         err);
        if (r < 0)
                return r;
        r = lite_exec(l->reader, l->path, reader_settings, "read", err);
        if (r < 0)
                return r;
        return lite_schema(l->reader, l->path, true, err);
}

/*
 * SQLite wants to make its index file beside a WAL database, even to read. Where the folder cannot
 * be written, nobody else can be writing the file either, so a file that stands for itself may be
 * read as one that never changes.
 */
static int open_reader(struct lite *l, struct err *err)
{
        struct err why = { 0 };
        int r;

        r = open_reader_as(l, "", &why);
        if (r == -EROFS || r == -EACCES || r == -ENOENT || r == -EIO) {
                (void) sqlite3_close(TAKE(l->reader));
                if (wal_is_empty(l->path))
                        return open_reader_as(l, "?immutable=1", err);
                return err_set(err, r,
                               "cannot read %s: its last engine did not end cleanly, and the "
                               "folder cannot be written: copy the folder to where it can, and "
                               "give the copy as --store",
                               l->path);
        }
        if (r < 0)
                return err_set(err, r, "%s", err_text(&why));
        return 0;
}

static struct db *lite_close(struct db *db)
{
        struct lite *l = (struct lite *) db;

        if (!l)
                return NULL;
        (void) sqlite3_close(l->reader);
        lite_write_done(l);
        (void) sqlite3_close(l->writer);
        free(l->path);
        free(l);
        return NULL;
}

DEFINE_FREEP(struct db, lite_close);

int lite_open(struct db **ret, const char *dir, int blobs, bool read_only, struct err *err)
{
        _cleanup_(lite_closep) struct db *db = NULL;
        struct lite *l;
        int r;

        l = calloc(1, sizeof(*l));
        if (!l || asprintf(&l->path, "%s/" LITE_FILE, dir) < 0) {
                free(l);
                return err_sys(err, -ENOMEM, "cannot open the store %s", dir);
        }
        l->db.ops = &lite_ops;
        l->blobs = blobs;
        db = &l->db;

        r = read_only ? 0 : open_writer(l, err);
        if (r < 0)
                return r;
        r = open_reader(l, err);
        if (r < 0)
                return r;

        *ret = TAKE(db);
        return 0;
}

const struct db_ops lite_ops = {
        .close = lite_close,
        .begin = lite_begin,
        .write = lite_write,
        .commit = lite_commit,
        .rollback = lite_rollback,
        .tidy = lite_tidy,
        .fold = lite_fold,
        .measure = lite_measure,
        .retire = lite_retire,
        .shrink = lite_shrink,
        .compact = lite_compact,
        .blob_is_named = lite_blob_is_named,
        .usage_load = lite_usage_load,
        .usage_save = lite_usage_save,
        .survey = lite_survey,
        .named = lite_named,
        .is_named = lite_is_named,
        .damage = lite_damage,
        .copy = lite_copy,
        .forget = lite_forget,
        .run_document = lite_run_document,
        .run_find = lite_run_find,
        .runs = lite_runs,
        .unended = lite_unended,
        .children = lite_children,
        .run_by_submit_key = lite_run_by_submit_key,
        .cache = lite_cache,
        .output = lite_output,
        .triggers = lite_triggers,
        .approvals = lite_approvals,
        .logs = lite_logs,
        .events = lite_events,
};
