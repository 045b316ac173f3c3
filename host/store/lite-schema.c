/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lite.h"

#include "base/loop.h"

/*
 * Rules of the record live here as well as in code: no bug above can record a result twice, move a
 * final state or decide an approval again. RAISE() texts are read by lite-write.c.
 *
 * A migration that was released is never changed; the next one is a new row.
 */
static const char *const migrations[] = {
        "CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL) STRICT;"

        "CREATE TABLE flows ("
        " hash TEXT PRIMARY KEY, name TEXT NOT NULL, json TEXT NOT NULL) STRICT;"
        "CREATE TRIGGER flows_fixed BEFORE UPDATE ON flows"
        " BEGIN SELECT RAISE(ABORT, 'final'); END;"

        "CREATE TABLE runs ("
        " id TEXT PRIMARY KEY CHECK (length(id) = 20),"
        " flow_hash TEXT NOT NULL REFERENCES flows(hash), flow TEXT NOT NULL,"
        " workspace TEXT, inputs TEXT,"
        " state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'waiting_approval',"
        "  'succeeded', 'failed', 'cancelled')),"
        " exit INTEGER, fail_on TEXT, tier TEXT, uid INTEGER, requested_by TEXT,"
        " created INTEGER NOT NULL, started INTEGER, ended INTEGER,"
        " cancel_requested INTEGER, cancel_by TEXT,"
        " CHECK ((ended IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled')))"
        ") STRICT;"
        "CREATE INDEX runs_by_state ON runs (state, id);"
        "CREATE INDEX runs_by_flow ON runs (flow_hash);"
        "CREATE INDEX runs_by_end ON runs (ended) WHERE ended IS NOT NULL;"
        "CREATE TRIGGER runs_final BEFORE UPDATE OF state ON runs"
        " WHEN OLD.state IN ('succeeded', 'failed', 'cancelled')"
        " BEGIN SELECT RAISE(ABORT, 'final'); END;"

        "CREATE TABLE run_files ("
        " run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, pointer TEXT NOT NULL,"
        " path TEXT, sha256 TEXT NOT NULL, size INTEGER NOT NULL,"
        " PRIMARY KEY (run, pointer)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX run_files_by_blob ON run_files (sha256);"

        "CREATE TABLE steps ("
        " run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
        " id TEXT NOT NULL, item INTEGER NOT NULL CHECK (item >= -1),"
        " position INTEGER NOT NULL, agent TEXT, action TEXT, needs TEXT,"
        " state TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'running', 'held', 'done',"
        "  'failed', 'skipped', 'cancelled')),"
        " verdict TEXT, reason TEXT, ready_at INTEGER, started INTEGER, ended INTEGER,"
        " PRIMARY KEY (run, id, item)) STRICT, WITHOUT ROWID;"
        "CREATE TRIGGER steps_final BEFORE UPDATE OF state ON steps"
        " WHEN OLD.state IN ('done', 'failed', 'skipped', 'cancelled')"
        " BEGIN SELECT RAISE(ABORT, 'final'); END;"

        "CREATE TABLE attempts ("
        " run TEXT NOT NULL, step TEXT NOT NULL, item INTEGER NOT NULL,"
        " n INTEGER NOT NULL CHECK (n >= 1),"
        " agent_sha256 TEXT, tier TEXT, idempotency_key TEXT NOT NULL,"
        " started INTEGER NOT NULL, ended INTEGER, verdict TEXT, code TEXT, message TEXT,"
        " exit INTEGER, signal INTEGER, syscall TEXT, syscall_remedy TEXT, stderr_tail TEXT,"
        " wall_ms INTEGER, cpu_ms INTEGER, user_us INTEGER, system_us INTEGER,"
        " memory_peak_bytes INTEGER, spent TEXT, unreadable TEXT,"
        " PRIMARY KEY (run, step, item, n),"
        " FOREIGN KEY (run, step, item) REFERENCES steps(run, id, item) ON DELETE CASCADE"
        ") STRICT;"
        "CREATE UNIQUE INDEX attempts_live ON attempts (run, step, item) WHERE ended IS NULL;"
        "CREATE TRIGGER attempts_once BEFORE UPDATE ON attempts WHEN OLD.ended IS NOT NULL"
        " BEGIN SELECT RAISE(ABORT, 'result'); END;"
        "CREATE TRIGGER attempts_after_end BEFORE INSERT ON attempts"
        " WHEN (SELECT state FROM steps WHERE run = NEW.run AND id = NEW.step"
        "  AND item = NEW.item) IN ('done', 'failed', 'skipped', 'cancelled')"
        " BEGIN SELECT RAISE(ABORT, 'final'); END;"

        "CREATE TABLE outputs ("
        " run TEXT NOT NULL, step TEXT NOT NULL, item INTEGER NOT NULL, json TEXT NOT NULL,"
        " PRIMARY KEY (run, step, item),"
        " FOREIGN KEY (run, step, item) REFERENCES steps(run, id, item) ON DELETE CASCADE"
        ") STRICT;"
        "CREATE TRIGGER outputs_once BEFORE UPDATE ON outputs"
        " BEGIN SELECT RAISE(ABORT, 'result'); END;"

        "CREATE TABLE findings ("
        " run TEXT NOT NULL, step TEXT NOT NULL, item INTEGER NOT NULL, n INTEGER NOT NULL,"
        " severity TEXT NOT NULL, rule TEXT NOT NULL, fingerprint TEXT, json TEXT NOT NULL,"
        " PRIMARY KEY (run, step, item, n),"
        " FOREIGN KEY (run, step, item) REFERENCES steps(run, id, item) ON DELETE CASCADE"
        ") STRICT, WITHOUT ROWID;"

        "CREATE TABLE artifacts ("
        " run TEXT NOT NULL, step TEXT NOT NULL, item INTEGER NOT NULL, name TEXT NOT NULL,"
        " media_type TEXT, size INTEGER NOT NULL, sha256 TEXT NOT NULL,"
        " PRIMARY KEY (run, step, item, name),"
        " FOREIGN KEY (run, step, item) REFERENCES steps(run, id, item) ON DELETE CASCADE"
        ") STRICT, WITHOUT ROWID;"
        "CREATE INDEX artifacts_by_blob ON artifacts (sha256);"

        "CREATE TABLE changesets ("
        " run TEXT NOT NULL, step TEXT NOT NULL, item INTEGER NOT NULL,"
        " attempt INTEGER NOT NULL, sha256 TEXT NOT NULL, files TEXT NOT NULL,"
        " state TEXT NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'applied',"
        "  'rejected', 'stale', 'reverted')),"
        " at INTEGER NOT NULL,"
        " PRIMARY KEY (run, step, item, attempt),"
        " FOREIGN KEY (run, step, item) REFERENCES steps(run, id, item) ON DELETE CASCADE"
        ") STRICT;"

        "CREATE TABLE approvals ("
        " id INTEGER PRIMARY KEY,"
        " run TEXT NOT NULL, step TEXT NOT NULL, item INTEGER NOT NULL, sha256 TEXT NOT NULL,"
        " state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'rejected',"
        "  'expired', 'cancelled', 'stale')),"
        " requested_at INTEGER NOT NULL, decided_at INTEGER, decided_by TEXT, uid INTEGER,"
        " how TEXT, reason TEXT,"
        " CHECK ((state = 'open') = (decided_at IS NULL)),"
        " FOREIGN KEY (run, step, item) REFERENCES steps(run, id, item) ON DELETE CASCADE"
        ") STRICT;"
        "CREATE INDEX approvals_by_step ON approvals (run, step, item, id);"
        "CREATE UNIQUE INDEX approvals_open ON approvals (run, step, item) WHERE state = 'open';"
        "CREATE TRIGGER approvals_once BEFORE UPDATE ON approvals WHEN OLD.state <> 'open'"
        " BEGIN SELECT RAISE(ABORT, 'final'); END;"

        "CREATE TABLE events ("
        " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
        " run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
        " type TEXT NOT NULL, at INTEGER NOT NULL, data TEXT) STRICT;"
        "CREATE INDEX events_by_run ON events (run, seq);"

        "CREATE TABLE logs ("
        " seq INTEGER PRIMARY KEY AUTOINCREMENT,"
        " run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
        " step TEXT, item INTEGER, attempt INTEGER NOT NULL, level INTEGER NOT NULL,"
        " text TEXT NOT NULL, at INTEGER NOT NULL) STRICT;"
        "CREATE INDEX logs_by_run ON logs (run, seq);",
};

#define NEWEST ((int64_t) ARRAY_SIZE(migrations))

/* One step up, whole or not at all; the version stands in the file's header. */
static int migrate(sqlite3 *db, const char *path, int64_t to, struct err *err)
{
        char note[256];
        int r;

        (void) snprintf(note, sizeof(note),
                        "INSERT INTO migrations VALUES (%lld, %llu);"
                        "PRAGMA application_id = %d; PRAGMA user_version = %lld;",
                        (long long) to, (unsigned long long) clock_wall_ms(), LITE_APPLICATION_ID,
                        (long long) to);
        r = lite_exec(db, path, "BEGIN IMMEDIATE", "prepare", err);
        if (r == 0)
                r = lite_exec(db, path, migrations[to - 1], "prepare", err);
        if (r == 0)
                r = lite_exec(db, path, note, "prepare", err);
        if (r == 0)
                r = lite_exec(db, path, "COMMIT", "prepare", err);
        if (r < 0)
                (void) sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

/* A file with tables and without our mark is somebody else's. */
static int check_owner(sqlite3 *db, const char *path, int64_t version, struct err *err)
{
        int64_t id, tables;
        int r;

        r = lite_number(db, path, "PRAGMA application_id", &id, err);
        if (r < 0)
                return r;
        r = lite_number(db, path, "SELECT count(*) FROM sqlite_schema", &tables, err);
        if (r < 0)
                return r;
        if (id == LITE_APPLICATION_ID || (id == 0 && tables == 0 && version == 0))
                return 0;
        return err_set(err, -EBADMSG,
                       "%s is a database of another program: give another folder as --store", path);
}

int lite_schema(sqlite3 *db, const char *path, bool read_only, struct err *err)
{
        int64_t version;
        int r;

        r = lite_number(db, path, "PRAGMA user_version", &version, err);
        if (r < 0)
                return r;
        r = check_owner(db, path, version, err);
        if (r < 0)
                return r;
        if (version > NEWEST)
                return err_set(err, -EPROTO,
                               "%s was made by a newer linhay (its version is %lld, this program "
                               "knows %lld): use that one",
                               path, (long long) version, (long long) NEWEST);
        if (version < NEWEST && read_only)
                return err_set(err, -EPROTO,
                               "%s was made by an older linhay, or not finished: any `linhay run` "
                               "on this store upgrades it",
                               path);
        while (version < NEWEST && r == 0)
                r = migrate(db, path, ++version, err);
        return r;
}
