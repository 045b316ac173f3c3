/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lite.h"

/*
 * The tables, one step after the other
 *
 * Rules of the record live here as well as in code: no bug above can record a result twice, move a
 * final state or decide an approval again. RAISE() texts are read by lite-write.c.
 *
 * A migration that was released is never changed; the next one is a new row at the end. None may
 * take longer than a walk through the rows: new columns are NULL or have a default, so that SQLite
 * only notes them.
 */

/* 1: the record of runs. */
static const char first_tables[] =
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
        "CREATE INDEX logs_by_run ON logs (run, seq);";

/*
 * 2: who runs when, and how long things are kept.
 *
 * A run that retention takes is `removed` first: no reader sees it from then on, and its rows go in
 * small pieces. An output with a sha256 is kept in that blob, `json` is "null" then. `log_files`
 * hold the lines `first` to `last` of a run, compressed. An idempotency key that is NULL is
 * run/step or run/step/item. `blob_refs` names what a run's changesets need, `usage` what was last
 * measured.
 */
static const char scheduling_and_retention[] =
        /*
         * Steps and attempts are what a run writes most, so their rules cost little: CASE is a few
         * jumps where IN ( ) with more than two values builds a table each time; one tree for each
         * table; and a trigger that looks before an attempt is written, in place of an index of
         * live ones and a foreign key. RAISE(FAIL): the batch has the way back for the statement.
         */
        "DROP TRIGGER steps_final; DROP TRIGGER attempts_once; DROP TRIGGER attempts_after_end;"
        "CREATE TABLE new_steps ("
        " run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
        " id TEXT NOT NULL, item INTEGER NOT NULL CHECK (item >= -1),"
        " position INTEGER NOT NULL, agent TEXT, action TEXT, needs TEXT,"
        " state TEXT NOT NULL CHECK (CASE state WHEN 'running' THEN 1 WHEN 'done' THEN 1"
        "  WHEN 'waiting' THEN 1 WHEN 'ready' THEN 1 WHEN 'held' THEN 1 WHEN 'failed' THEN 1"
        "  WHEN 'skipped' THEN 1 WHEN 'cancelled' THEN 1 ELSE 0 END),"
        " verdict TEXT, reason TEXT, ready_at INTEGER, started INTEGER, ended INTEGER,"
        " taken TEXT,"
        " PRIMARY KEY (run, id, item)) STRICT, WITHOUT ROWID;"
        "INSERT INTO new_steps SELECT *, NULL FROM steps;"
        "DROP TABLE steps;"
        "ALTER TABLE new_steps RENAME TO steps;"

        "CREATE TABLE new_attempts ("
        " run TEXT NOT NULL, step TEXT NOT NULL, item INTEGER NOT NULL,"
        " n INTEGER NOT NULL CHECK (n >= 1),"
        " agent_sha256 TEXT, tier TEXT, idempotency_key TEXT,"
        " started INTEGER NOT NULL, ended INTEGER, verdict TEXT, code TEXT, message TEXT,"
        " exit INTEGER, signal INTEGER, syscall TEXT, syscall_remedy TEXT, stderr_tail TEXT,"
        " wall_ms INTEGER, cpu_ms INTEGER, user_us INTEGER, system_us INTEGER,"
        " memory_peak_bytes INTEGER, spent TEXT, unreadable TEXT, redacted INTEGER,"
        " PRIMARY KEY (run, step, item, n)) STRICT, WITHOUT ROWID;"
        "INSERT INTO new_attempts SELECT *, NULL FROM attempts;"
        "DROP TABLE attempts;"
        "ALTER TABLE new_attempts RENAME TO attempts;"

        "CREATE TRIGGER steps_final BEFORE UPDATE OF state ON steps"
        " WHEN CASE OLD.state WHEN 'done' THEN 1 WHEN 'failed' THEN 1 WHEN 'skipped' THEN 1"
        "  WHEN 'cancelled' THEN 1 ELSE 0 END"
        " BEGIN SELECT RAISE(FAIL, 'final'); END;"
        "CREATE TRIGGER steps_gone AFTER DELETE ON steps BEGIN"
        " DELETE FROM attempts WHERE run = OLD.run AND step = OLD.id AND item = OLD.item; END;"
        "CREATE TRIGGER attempts_begin BEFORE INSERT ON attempts BEGIN"
        " SELECT CASE (SELECT state FROM steps"
        "  WHERE run = NEW.run AND id = NEW.step AND item = NEW.item)"
        "  WHEN 'running' THEN 0 WHEN 'ready' THEN 0 WHEN 'held' THEN 0 WHEN 'waiting' THEN 0"
        "  WHEN 'done' THEN RAISE(FAIL, 'final') WHEN 'failed' THEN RAISE(FAIL, 'final')"
        "  WHEN 'skipped' THEN RAISE(FAIL, 'final') WHEN 'cancelled' THEN RAISE(FAIL, 'final')"
        "  ELSE RAISE(FAIL, 'none') END;"
        " SELECT RAISE(FAIL, 'live') FROM attempts"
        "  WHERE run = NEW.run AND step = NEW.step AND item = NEW.item AND ended IS NULL; END;"
        "CREATE TRIGGER attempts_once BEFORE UPDATE ON attempts WHEN OLD.ended IS NOT NULL"
        " BEGIN SELECT RAISE(FAIL, 'result'); END;"

        "ALTER TABLE runs ADD COLUMN project TEXT;"
        "ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE runs ADD COLUMN concurrency_key TEXT;"
        "ALTER TABLE runs ADD COLUMN submit_key TEXT;"
        "ALTER TABLE runs ADD COLUMN submit_hash TEXT;"
        "ALTER TABLE runs ADD COLUMN parent_run TEXT;"
        "ALTER TABLE runs ADD COLUMN parent_step TEXT;"
        "ALTER TABLE runs ADD COLUMN parent_item INTEGER;"
        "ALTER TABLE runs ADD COLUMN retry_of TEXT;"
        "ALTER TABLE runs ADD COLUMN trigger TEXT;"
        "ALTER TABLE runs ADD COLUMN removed INTEGER;"
        "CREATE UNIQUE INDEX runs_by_submit_key ON runs (submit_key)"
        " WHERE submit_key IS NOT NULL;"
        "CREATE INDEX runs_by_parent ON runs (parent_run, parent_step, parent_item)"
        " WHERE parent_run IS NOT NULL;"
        "CREATE INDEX runs_unended ON runs (priority DESC, created, id) WHERE ended IS NULL;"
        "CREATE INDEX runs_removed ON runs (id) WHERE removed IS NOT NULL;"

        "ALTER TABLE outputs ADD COLUMN sha256 TEXT;"
        "ALTER TABLE outputs ADD COLUMN size INTEGER;"
        "CREATE INDEX outputs_by_blob ON outputs (sha256) WHERE sha256 IS NOT NULL;"

        "CREATE TABLE log_files ("
        " run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
        " first INTEGER NOT NULL, last INTEGER NOT NULL CHECK (last >= first),"
        " lines INTEGER NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,"
        " PRIMARY KEY (run, first)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX log_files_by_blob ON log_files (sha256);"

        "CREATE TABLE blob_refs ("
        " run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, sha256 TEXT NOT NULL,"
        " PRIMARY KEY (run, sha256)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX blob_refs_by_blob ON blob_refs (sha256);"
        "INSERT OR IGNORE INTO blob_refs SELECT c.run, side.value"
        " FROM changesets AS c, json_each(c.files) AS file, json_each(file.value) AS side"
        " WHERE side.key IN ('sha256_before', 'sha256_after') AND side.value IS NOT NULL;"

        "CREATE TABLE cache ("
        " key TEXT PRIMARY KEY, run TEXT NOT NULL, step TEXT NOT NULL, item INTEGER NOT NULL,"
        " at INTEGER NOT NULL, last_used INTEGER NOT NULL,"
        " FOREIGN KEY (run, step, item) REFERENCES outputs(run, step, item) ON DELETE CASCADE"
        ") STRICT, WITHOUT ROWID;"
        "CREATE INDEX cache_by_output ON cache (run, step, item);"

        "CREATE TABLE trigger_state ("
        " name TEXT PRIMARY KEY, last_due INTEGER, last_run TEXT, fired INTEGER, waiting TEXT"
        ") STRICT, WITHOUT ROWID;"

        "CREATE TABLE usage ("
        " kind TEXT PRIMARY KEY, bytes INTEGER NOT NULL, at INTEGER NOT NULL"
        ") STRICT, WITHOUT ROWID;";

/*
 * 3: rules that look behind the change and not before it.
 *
 * Behind a trigger that comes before it SQLite looks the row up once more and reads it anew, and it
 * may be gone. RAISE(ROLLBACK) takes the change back without the copy of its page that the means to
 * take back one statement would need at each. Attempts count from 1 without a gap, so that of those
 * before a new one only the last can be live.
 */
static const char rules_behind[] =
        "DROP TRIGGER steps_final; DROP TRIGGER attempts_once; DROP TRIGGER attempts_begin;"
        "CREATE TRIGGER steps_final AFTER UPDATE OF state ON steps"
        " WHEN CASE OLD.state WHEN 'running' THEN 0 WHEN 'ready' THEN 0 WHEN 'waiting' THEN 0"
        "  WHEN 'held' THEN 0 ELSE 1 END"
        " BEGIN SELECT RAISE(ROLLBACK, 'final'); END;"
        "CREATE TRIGGER attempts_once AFTER UPDATE ON attempts WHEN OLD.ended IS NOT NULL"
        " BEGIN SELECT RAISE(ROLLBACK, 'result'); END;"
        "CREATE TRIGGER attempts_begin AFTER INSERT ON attempts BEGIN"
        " SELECT CASE (SELECT state FROM steps"
        "  WHERE run = NEW.run AND id = NEW.step AND item = NEW.item)"
        "  WHEN 'running' THEN 0 WHEN 'ready' THEN 0 WHEN 'held' THEN 0 WHEN 'waiting' THEN 0"
        "  WHEN 'done' THEN RAISE(ROLLBACK, 'final') WHEN 'failed' THEN RAISE(ROLLBACK, 'final')"
        "  WHEN 'skipped' THEN RAISE(ROLLBACK, 'final')"
        "  WHEN 'cancelled' THEN RAISE(ROLLBACK, 'final')"
        "  ELSE RAISE(ROLLBACK, 'none') END;"
        " SELECT CASE (SELECT ended IS NULL FROM attempts WHERE run = NEW.run AND step = NEW.step"
        "  AND item = NEW.item AND n = NEW.n - 1)"
        "  WHEN 0 THEN 0 WHEN 1 THEN RAISE(ROLLBACK, 'live') ELSE RAISE(ROLLBACK, 'gap') END"
        "  WHERE NEW.n > 1; END;";

const char *const lite_migrations[] = { first_tables, scheduling_and_retention, rules_behind };

const int64_t lite_newest = ARRAY_SIZE(lite_migrations);
