/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lite.h"

#include <string.h>
#include <time.h>

#define OF_STEP "run = ?1 AND step = ?2 AND item = ?3"
#define IS_HELD "'held' = (SELECT state FROM steps WHERE run = ?1 AND id = ?2 AND item = ?3)"

/* A run, and the runs of its steps. */
#define WITH_CHILDREN                                                                              \
        "WITH RECURSIVE whole(id) AS (SELECT ?1 UNION"                                             \
        " SELECT r.id FROM runs AS r JOIN whole ON r.parent_run = whole.id) "
#define OF_WHOLE "run IN (SELECT id FROM whole)"

/*
 * One statement for each kind, and what a message calls its row. Of a batch that breaks a rule
 * everything is taken back anyway, so the common ones need not be able to take back themselves (OR
 * FAIL): that would cost a copy of each page that they touch.
 */
static const struct {
        const char *sql;
        const char *what;
        bool is_keyed; /* the values begin with run, step, item */
        bool may_do_nothing;
} statements[OPS_] = {
        [OP_FLOW] = { "INSERT INTO flows (hash, name, json) VALUES (?1, ?2, ?3)"
                      " ON CONFLICT (hash) DO NOTHING",
                      "definition", false, true },
        [OP_RUN] = { "INSERT INTO runs (id, flow_hash, flow, workspace, inputs, state, fail_on,"
                     " tier, uid, requested_by, created, project, priority, concurrency_key,"
                     " submit_key, submit_hash, parent_run, parent_step, parent_item, retry_of,"
                     " trigger) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
                     " ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
                     "run" },
        [OP_RUN_FILE] = { "INSERT INTO run_files (run, pointer, path, sha256, size)"
                          " VALUES (?1, ?2, ?3, ?4, ?5)",
                          "input file" },
        [OP_RUN_STATE] = { "UPDATE runs SET state = ?2, exit = coalesce(?4, exit),"
                           " started = CASE WHEN ?2 = 'running' THEN coalesce(started, ?5)"
                           "  ELSE started END,"
                           " ended = CASE WHEN ?3 THEN ?5 END WHERE id = ?1",
                           "run" },
        [OP_RUN_TIER] = { "UPDATE runs SET tier = ?2 WHERE id = ?1", "run" },
        [OP_RUN_CANCEL] = { "UPDATE runs SET cancel_by ="
                            "  CASE WHEN cancel_requested IS NULL THEN ?2 ELSE cancel_by END,"
                            " cancel_requested = coalesce(cancel_requested, ?3) WHERE id = ?1",
                            "run" },
        [OP_BREAK_ATTEMPTS] = { WITH_CHILDREN "UPDATE attempts SET ended = ?3,"
                                              " code = 'record-refused', message = ?2"
                                              " WHERE " OF_WHOLE " AND ended IS NULL",
                                "attempts of run", false, true },
        [OP_BREAK_APPROVALS] = { WITH_CHILDREN "UPDATE approvals SET state = 'cancelled',"
                                               " decided_at = ?3, decided_by = 'engine',"
                                               " reason = ?2"
                                               " WHERE " OF_WHOLE " AND state = 'open'",
                                 "approvals of run", false, true },
        [OP_BREAK_STEPS] = { WITH_CHILDREN "UPDATE steps SET state ="
                                           "  iif(state = 'waiting', 'cancelled', 'failed'),"
                                           " reason = ?2, ended = ?3 WHERE " OF_WHOLE
                                           " AND state IN ('waiting', 'ready', 'running', 'held')",
                             "steps of run", false, true },
        [OP_BREAK_RUNS] = { WITH_CHILDREN "UPDATE runs SET state = 'failed', exit = 4, ended = ?3"
                                          " WHERE id IN (SELECT id FROM whole) AND ended IS NULL",
                            "run" },
        [OP_STEP] = { "INSERT OR FAIL INTO steps (run, id, item, agent, action, needs, position, "
                      "state,"
                      " ready_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                      "step", true },
        [OP_STEP_STATE] = { "UPDATE OR FAIL steps SET state = ?4, verdict = ?6, reason = ?7,"
                            " ready_at = CASE WHEN ?4 = 'ready' THEN ?8 WHEN ?4 = 'running'"
                            "  THEN coalesce(ready_at, ?8) ELSE ready_at END,"
                            " started = CASE WHEN ?4 = 'running' THEN coalesce(started, ?8)"
                            "  ELSE started END,"
                            " ended = CASE WHEN ?5 THEN ?8 END"
                            " WHERE run = ?1 AND id = ?2 AND item = ?3",
                            "step", true },
        [OP_ITEMS] = { "WITH RECURSIVE i(n) AS"
                       " (SELECT 0 UNION ALL SELECT n + 1 FROM i WHERE n + 1 < ?3)"
                       " INSERT OR FAIL INTO steps (run, id, item, agent, action, position, state)"
                       " SELECT ?1, ?2, n, ?4, ?5, ?6, ?7 FROM i",
                       "items", true },
        [OP_STEP_READY_AT] = { "UPDATE OR FAIL steps SET ready_at = ?4"
                               " WHERE run = ?1 AND id = ?2 AND item = ?3",
                               "step", true },
        [OP_STEP_TAKEN] = { "UPDATE steps SET taken = ?4"
                            " WHERE run = ?1 AND id = ?2 AND item = ?3",
                            "step", true },
        [OP_ATTEMPT_BEGIN] = { "INSERT OR FAIL INTO attempts (run, step, item, n, agent_sha256, "
                               "tier, started) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                               "attempt", true },
        [OP_ATTEMPT_END] = { "UPDATE OR FAIL attempts SET ended = ?5, verdict = ?6, code = ?7,"
                             " message = ?8, exit = ?9, signal = ?10, syscall = ?11,"
                             " syscall_remedy = ?12, stderr_tail = ?13, wall_ms = ?14,"
                             " cpu_ms = ?15, user_us = ?16, system_us = ?17,"
                             " memory_peak_bytes = ?18, spent = ?19, unreadable = ?20,"
                             " redacted = ?21"
                             " WHERE " OF_STEP " AND n = ?4",
                             "attempt", true },
        [OP_OUTPUT] = { "INSERT OR FAIL INTO outputs (run, step, item, json, sha256, size)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        "output", true },
        [OP_FINDING] = { "INSERT OR FAIL INTO findings (run, step, item, n, severity, rule, "
                         "fingerprint,"
                         " json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                         "finding", true },
        [OP_ARTIFACT] = { "INSERT INTO artifacts (run, step, item, name, media_type, size, sha256)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                          "artifact", true },
        [OP_WITHDRAW_OUTPUT] = { "DELETE FROM outputs WHERE " OF_STEP " AND " IS_HELD,
                                 "held output", true },
        [OP_WITHDRAW_FINDINGS] = { "DELETE FROM findings WHERE " OF_STEP " AND " IS_HELD,
                                   "held findings", true, true },
        [OP_WITHDRAW_ARTIFACTS] = { "DELETE FROM artifacts WHERE " OF_STEP " AND " IS_HELD,
                                    "held artifacts", true, true },
        [OP_CHANGESET] = { "INSERT INTO changesets (run, step, item, attempt, sha256, files, at)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                           "changeset", true },
        [OP_CHANGESET_STATE] = { "UPDATE changesets SET state = ?5, at = ?6"
                                 " WHERE " OF_STEP " AND sha256 = ?4 AND attempt ="
                                 " (SELECT max(attempt) FROM changesets WHERE " OF_STEP ")",
                                 "changeset", true },
        [OP_APPROVAL_OPEN] = { "INSERT INTO approvals (run, step, item, sha256, requested_at)"
                               " VALUES (?1, ?2, ?3, ?4, ?5)",
                               "approval", true },
        [OP_APPROVAL_DECIDE] = { "UPDATE approvals SET state = ?5, decided_at = ?6,"
                                 " decided_by = ?7, uid = ?8, how = ?9, reason = ?10"
                                 " WHERE " OF_STEP " AND state = 'open' AND sha256 = ?4",
                                 "approval", true },
        [OP_BLOB_REF] = { "INSERT INTO blob_refs (run, sha256) VALUES (?1, ?2)"
                          " ON CONFLICT (run, sha256) DO NOTHING",
                          "blob", false, true },
        [OP_CACHE] = { "INSERT INTO cache (key, run, step, item, at, last_used)"
                       " SELECT ?4, ?1, ?2, ?3, ?5, ?5"
                       " WHERE EXISTS (SELECT 1 FROM outputs WHERE " OF_STEP ")"
                       " ON CONFLICT (key) DO UPDATE SET run = ?1, step = ?2, item = ?3, at = ?5,"
                       " last_used = ?5",
                       "cached output", true, true },
        [OP_CACHE_USED] = { "UPDATE cache SET last_used = ?2 WHERE key = ?1", "cached output",
                            false, true },
        [OP_TRIGGER] = { "INSERT INTO trigger_state (name, last_due, last_run, fired, waiting)"
                         " VALUES (?1, ?2, ?3, ?4, ?5)"
                         " ON CONFLICT (name) DO UPDATE SET last_due = coalesce(?2, last_due),"
                         " last_run = coalesce(?3, last_run), fired = coalesce(?4, fired),"
                         " waiting = ?5",
                         "trigger" },
        [OP_EVENT] = { "INSERT OR FAIL INTO events (run, type, at, data) VALUES (?1, ?2, ?3, ?4)",
                       "event" },
        [OP_LOG] = { "INSERT OR FAIL INTO logs (run, step, item, attempt, level, text, at)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     "log line", true },
};

/* "attempt of 0abc.../check/3": which row a message is about. */
static void name_row(char *ret, size_t size, const struct op *op)
{
        const struct op_value *v = op->values;

        if (statements[op->kind].is_keyed && v[1].text && v[2].number >= 0)
                (void) snprintf(ret, size, "%s of %s/%s/%lld", statements[op->kind].what, v[0].text,
                                v[1].text, (long long) v[2].number);
        else if (statements[op->kind].is_keyed && v[1].text)
                (void) snprintf(ret, size, "%s of %s/%s", statements[op->kind].what, v[0].text,
                                v[1].text);
        else
                (void) snprintf(ret, size, "%s %s", statements[op->kind].what, v[0].text);
}

/* What a broken rule is called; the triggers' RAISE() texts are in lite-schema.c. */
static const struct {
        int code;
        const char *raised; /* NULL: any */
        int error;
        const char *words;
} rules[] = {
        { SQLITE_CONSTRAINT_PRIMARYKEY, NULL, -EEXIST, "it is there already" },
        { SQLITE_CONSTRAINT_UNIQUE, NULL, -EEXIST, "there is a live one already" },
        { SQLITE_CONSTRAINT_ROWID, NULL, -EEXIST, "it is there already" },
        { SQLITE_CONSTRAINT_FOREIGNKEY, NULL, -ENOENT, "there is no such run or step" },
        { SQLITE_CONSTRAINT_TRIGGER, "none", -ENOENT, "there is no such run or step" },
        { SQLITE_CONSTRAINT_TRIGGER, "live", -EEXIST, "there is a live one already" },
        { SQLITE_CONSTRAINT_TRIGGER, "gap", -ENOENT, "there is none before it" },
        { SQLITE_CONSTRAINT_TRIGGER, "result", -EEXIST, "its result is recorded already" },
        { SQLITE_CONSTRAINT_TRIGGER, "final", -EALREADY, "its state is final" },
};

/* A statement that is kept for the next time; NULL: see the connection's error. */
static sqlite3_stmt *keep(struct lite *l, sqlite3_stmt **place, const char *sql)
{
        if (!*place)
                (void) sqlite3_prepare_v3(l->writer, sql, -1, SQLITE_PREPARE_PERSISTENT, place,
                                          NULL);
        return *place;
}

static void format_time(char *ret, size_t size, int64_t ms)
{
        time_t seconds = (time_t) (ms / 1000);
        struct tm tm;

        if (!localtime_r(&seconds, &tm) || strftime(ret, size, "%Y-%m-%d %H:%M:%S", &tm) == 0)
                (void) snprintf(ret, size, "?");
}

static const char *column_text(sqlite3_stmt *statement, int column)
{
        const char *text = (const char *) sqlite3_column_text(statement, column);

        return text ? text : "";
}

/* The compare-and-set found nothing to set: who was first, or what was it instead? */
static int explain_decision(struct lite *l, const struct op *op, struct err *err)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
        char row[256], when[32];

        name_row(row, sizeof(row), op);
        if (sqlite3_prepare_v2(l->writer,
                               "SELECT state, decided_at, coalesce(decided_by, 'the engine')"
                               " FROM approvals WHERE " OF_STEP " ORDER BY id DESC LIMIT 1",
                               -1, &statement, NULL) != SQLITE_OK)
                return lite_error(l->writer, l->path, "read", err);
        (void) lite_bind(statement, 0, op->values, 3);
        if (sqlite3_step(statement) != SQLITE_ROW) {
                (void) err_set(err, -ENOENT, "there is no %s", row);
        } else if (strcmp(column_text(statement, 0), "open") == 0) {
                (void) err_set(err, -ESTALE,
                               "the %s is for other changes than those that were looked at: look "
                               "at them again (`linhay diff`), then decide",
                               row);
        } else {
                format_time(when, sizeof(when), sqlite3_column_int64(statement, 1));
                (void) err_set(err, -EALREADY, "the %s was already %s by %s at %s", row,
                               column_text(statement, 0), column_text(statement, 2), when);
        }
        return DB_REFUSED;
}

/* The submit key is taken: by the same request, or by another? */
static int explain_submit(struct lite *l, const struct op *op, struct err *err)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
        const char *key = op->values[14].text;

        if (sqlite3_prepare_v2(l->writer,
                               "SELECT id, submit_hash IS ?2 FROM runs WHERE submit_key = ?1", -1,
                               &statement, NULL) != SQLITE_OK)
                return lite_error(l->writer, l->path, "read", err);
        (void) lite_bind(statement, 0, &op->values[14], 2);
        if (sqlite3_step(statement) != SQLITE_ROW)
                return lite_error(l->writer, l->path, "read", err);
        if (sqlite3_column_int(statement, 1))
                (void) err_set(err, -EEXIST, "the submit key %s was used already: it is run %s",
                               key, column_text(statement, 0));
        else
                (void) err_set(err, -ENOTUNIQ,
                               "the submit key %s was used for another request, run %s: give each "
                               "request a key of its own",
                               key, column_text(statement, 0));
        return DB_REFUSED;
}

/* Tells a rule that was broken from trouble with the database: DB_REFUSED or -errno. */
static int op_failed(struct lite *l, const struct op *op, struct err *err)
{
        int code = sqlite3_extended_errcode(l->writer);
        const char *raised = sqlite3_errmsg(l->writer);
        char row[256];

        if ((code & 0xff) != SQLITE_CONSTRAINT && (code & 0xff) != SQLITE_TOOBIG)
                return lite_error(l->writer, l->path, "write to", err);
        if (op->kind == OP_RUN && code == SQLITE_CONSTRAINT_UNIQUE)
                return explain_submit(l, op, err);

        name_row(row, sizeof(row), op);
        for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
                if (rules[i].code == code &&
                    (!rules[i].raised || strcmp(rules[i].raised, raised) == 0)) {
                        (void) err_set(err, rules[i].error, "cannot record the %s: %s", row,
                                       rules[i].words);
                        return DB_REFUSED;
                }
        (void) err_set(err, -EINVAL, "cannot record the %s: %s", row, raised);
        return DB_REFUSED;
}

static int none_changed(struct lite *l, const struct op *op, struct err *err)
{
        char row[256];

        if (statements[op->kind].may_do_nothing)
                return 0;
        if (op->kind == OP_APPROVAL_DECIDE)
                return explain_decision(l, op, err);
        name_row(row, sizeof(row), op);
        (void) err_set(err, -ENOENT, "there is no %s", row);
        return DB_REFUSED;
}

static int op_write(struct lite *l, const struct op *op, struct err *err)
{
        sqlite3_stmt *statement = keep(l, &l->statements[op->kind], statements[op->kind].sql);
        int r = 0;

        if (!statement)
                return lite_error(l->writer, l->path, "write to", err);
        if (op->kind == OP_LOG && !lite_log_take(l, op))
                return 0;
        (void) lite_bind(statement, 0, op->values, op->n_values);
        if (sqlite3_step(statement) != SQLITE_DONE)
                r = op_failed(l, op, err);
        else if (sqlite3_changes(l->writer) == 0)
                r = none_changed(l, op, err);
        else if (op->kind == OP_RUN_STATE && op->values[2].number)
                lite_log_end(l, op->values[0].text);
        (void) sqlite3_reset(statement);
        return r;
}

static int exec_write(struct lite *l, const char *sql, struct err *err)
{
        return lite_exec(l->writer, l->path, sql, "write to", err);
}

int lite_begin(struct db *db, bool is_guarded, struct err *err)
{
        struct lite *l = (struct lite *) db;

        l->is_guarded = is_guarded;
        return exec_write(l, "BEGIN IMMEDIATE", err);
}

/*
 * Every transition has an event, so a batch has many, and what a statement costs beside its row is
 * shared. Only a run that is missing can be wrong with them, and they are all of one run or of runs
 * of one engine: the first one's name is as good as any.
 */
struct events {
        const struct op *ops[LITE_EVENTS];
        unsigned n;
};

#define EVENT_4 "(?, ?, ?, ?)"
static const char events_sql[] =
        "INSERT OR FAIL INTO events (run, type, at, data) VALUES " EVENT_4 "," EVENT_4 "," EVENT_4
        "," EVENT_4 "," EVENT_4 "," EVENT_4 "," EVENT_4 "," EVENT_4;

static int events_write(struct lite *l, struct events *events, struct err *err)
{
        sqlite3_stmt *statement = keep(l, &l->events, events_sql);
        int at = 0, r = 0;

        if (!statement)
                return lite_error(l->writer, l->path, "write to", err);
        for (unsigned i = 0; i < events->n; i++)
                at = lite_bind(statement, at, events->ops[i]->values, events->ops[i]->n_values);
        events->n = 0;
        if (sqlite3_step(statement) != SQLITE_DONE)
                r = op_failed(l, events->ops[0], err);
        (void) sqlite3_reset(statement);
        return r;
}

static int events_add(struct lite *l, struct events *events, const struct op *op, struct err *err)
{
        events->ops[events->n++] = op;
        return events->n == LITE_EVENTS ? events_write(l, events, err) : 0;
}

static int write_ops(struct lite *l, const struct batch *batch, struct err *err)
{
        struct events events = { 0 };
        int r = 0;

        for (const struct op *op = batch->first; op && r == 0; op = op->next)
                r = op->kind == OP_EVENT ? events_add(l, &events, op, err) : op_write(l, op, err);
        for (unsigned i = 0; i < events.n && r == 0; i++)
                r = op_write(l, events.ops[i], err);
        return r;
}

int lite_write(struct db *db, const struct batch *batch, struct err *err)
{
        struct lite *l = (struct lite *) db;
        int r;

        if (!l->is_guarded)
                return write_ops(l, batch, err);
        r = exec_write(l, "SAVEPOINT batch", err);
        if (r == 0)
                r = write_ops(l, batch, err);
        if (r < 0)
                return r;
        if (sqlite3_get_autocommit(l->writer))
                return DB_UNDONE;
        if (r == DB_REFUSED && sqlite3_exec(l->writer, "ROLLBACK TO batch", NULL, NULL, NULL))
                return lite_error(l->writer, l->path, "write to", err);
        if (sqlite3_exec(l->writer, "RELEASE batch", NULL, NULL, NULL))
                return lite_error(l->writer, l->path, "write to", err);
        return r;
}

int lite_commit(struct db *db, struct err *err)
{
        return exec_write((struct lite *) db, "COMMIT", err);
}

void lite_rollback(struct db *db)
{
        struct lite *l = (struct lite *) db;

        if (!sqlite3_get_autocommit(l->writer))
                (void) sqlite3_exec(l->writer, "ROLLBACK", NULL, NULL, NULL);
}

void lite_write_done(struct lite *l)
{
        for (size_t i = 0; i < OPS_; i++)
                (void) sqlite3_finalize(TAKE(l->statements[i]));
        (void) sqlite3_finalize(TAKE(l->events));
}
