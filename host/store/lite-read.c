/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lite.h"

#include "base/blob.h"
#include "base/io.h"
#include "base/json.h"
#include "store/store.h"

#include <string.h>

#define CANDIDATES_SHOWN 5

/*
 * SQLite builds the small objects, so that a document's form stands in one place, the statement;
 * what may be large (outputs, findings) is handed over as it was stored and parsed once.
 */

int lite_query(struct lite *l, const char *sql, const struct op_value *values, unsigned n_values,
               lite_row handle, void *user, struct err *err)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
        int code, r = 0;

        if (sqlite3_prepare_v2(l->reader, sql, -1, &statement, NULL) != SQLITE_OK)
                return lite_error(l->reader, l->path, "read", err);
        (void) lite_bind(statement, 0, values, n_values);
        while (r >= 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
                r = handle(user, statement, err);
        if (r < 0)
                return r;
        return code == SQLITE_DONE ? 0 : lite_error(l->reader, l->path, "read", err);
}

int lite_column_json(sqlite3_stmt *row, int column, json_t **ret, struct err *err)
{
        const char *text = (const char *) sqlite3_column_text(row, column);
        size_t length = (size_t) sqlite3_column_bytes(row, column);

        if (!text)
                return err_set(err, -EBADMSG, "a row of the store is damaged: it has no value");
        return json_text_load(ret, text, length, "row of the store", err);
}

int lite_blob_read(struct lite *l, const char *sha256, struct buf *ret, struct err *err)
{
        _cleanup_(closep) int fd = l->blobs < 0 ? -1 : blob_open(l->blobs, sha256);
        int r;

        if (fd < 0)
                return err_set(err, -ENOENT,
                               "the store lacks the blob %s: `linhay store check` says what else",
                               sha256);
        r = fd_read_all(fd, ret);
        return r < 0 ? err_sys(err, r, "cannot read the blob %s", sha256) : 0;
}

/* Outputs: the value in the first column, or in the blob that the next one names. */
static int column_value(struct lite *l, sqlite3_stmt *row, int column, json_t **ret,
                        struct err *err)
{
        const char *sha256 = sqlite3_column_count(row) > column + 1
                                     ? (const char *) sqlite3_column_text(row, column + 1)
                                     : NULL;
        _cleanup_(buf_done) struct buf bytes = { 0 };
        int r;

        if (!sha256)
                return lite_column_json(row, column, ret, err);
        r = lite_blob_read(l, sha256, &bytes, err);
        return r < 0 ? r : json_text_load(ret, bytes.data, bytes.length, "blob of the store", err);
}

static struct op_value text_value(const char *text)
{
        return (struct op_value){ .text = text,
                                  .length = text ? strlen(text) : 0,
                                  .is_null = !text };
}

static struct op_value number_value(int64_t number)
{
        return (struct op_value){ .number = number };
}

/* SQLite: a negative limit is none. */
static struct op_value limit_value(size_t limit)
{
        return number_value(limit == 0 || limit > INT64_MAX ? -1 : (int64_t) limit);
}

static int out_of_memory(struct err *err)
{
        return err_sys(err, -ENOMEM, "cannot read the record");
}

struct list {
        struct lite *lite;
        json_t *array;
};

/* Row handler: appends the value in the first column to the array. */
static int append_row(void *user, sqlite3_stmt *row, struct err *err)
{
        struct list *list = user;
        json_t *value;
        int r;

        r = column_value(list->lite, row, 0, &value, err);
        if (r < 0)
                return r;
        return json_array_append_new(list->array, value) < 0 ? out_of_memory(err) : 0;
}

static int query_array(struct lite *l, const char *sql, const struct op_value *values,
                       unsigned n_values, json_t **ret, struct err *err)
{
        _cleanup_(json_decrefp) json_t *array = json_array();
        int r;

        if (!array)
                return out_of_memory(err);
        r = lite_query(l, sql, values, n_values, append_row, &(struct list){ l, array }, err);
        if (r < 0)
                return r;
        *ret = TAKE(array);
        return 0;
}

#define ITEM_OR_NULL "'item', nullif(item, -1)"
#define RUN_ORIGIN                                                                                 \
        "'project', project, 'priority', priority, 'concurrency_key', concurrency_key,"            \
        " 'submit_key', submit_key, 'parent', iif(parent_run IS NULL, NULL, json_object("          \
        "'run', parent_run, 'step', parent_step, 'item', nullif(parent_item, -1))),"               \
        " 'retry_of', retry_of, 'trigger', json(coalesce(trigger, 'null'))"

/* A run in a list; behind it come WHERE and ORDER BY. What retention has removed is not told. */
#define RUNS_SQL                                                                                   \
        "SELECT json_object('run', id, 'flow', flow, 'flow_hash', flow_hash, 'state', state,"      \
        " 'exit', exit, 'workspace', workspace, 'created', created, 'started', started,"           \
        " 'ended', ended, 'requested_by', requested_by, " RUN_ORIGIN ")"                           \
        " FROM runs WHERE removed IS NULL"

static const char run_sql[] =
        "SELECT json_object('run', id, 'flow', flow, 'flow_hash', flow_hash,"
        " 'workspace', workspace, 'inputs', json(coalesce(inputs, '{}')), 'state', state,"
        " 'exit', exit, 'fail_on', fail_on, 'created', created, 'started', started,"
        " 'ended', ended, 'requested_by', requested_by, 'uid', uid, 'tier', tier,"
        " 'cancel_requested', cancel_requested, 'cancel_by', cancel_by, " RUN_ORIGIN ")"
        " FROM runs WHERE id = ?1 AND removed IS NULL";
static const char flow_sql[] =
        "SELECT json FROM flows WHERE hash = (SELECT flow_hash FROM runs WHERE id = ?1)";
static const char files_sql[] =
        "SELECT json_object('pointer', pointer, 'path', path, 'sha256', sha256, 'size', size)"
        " FROM run_files WHERE run = ?1 ORDER BY pointer";
#define OF_THIS_STEP "run = steps.run AND step = steps.id AND item = steps.item"

/* An item that went well at once, and has nothing to say. */
#define IS_QUIET                                                                                   \
        "item >= 0 AND state IN ('done', 'skipped')"                                               \
        " AND NOT EXISTS (SELECT 1 FROM findings WHERE " OF_THIS_STEP ")"                          \
        " AND NOT EXISTS (SELECT 1 FROM changesets WHERE " OF_THIS_STEP ")"                        \
        " AND NOT EXISTS (SELECT 1 FROM artifacts WHERE " OF_THIS_STEP ")"                         \
        " AND NOT EXISTS (SELECT 1 FROM attempts WHERE " OF_THIS_STEP                              \
        "  AND (n > 1 OR coalesce(unreadable, '[]') <> '[]'))"                                     \
        " AND NOT EXISTS (SELECT 1 FROM outputs WHERE " OF_THIS_STEP                               \
        "  AND (sha256 IS NOT NULL OR instr(json, 'not_looked_at')))"

static const char steps_sql[] =
        "SELECT json_object('id', id, " ITEM_OR_NULL ", 'agent', agent, 'action', action,"
        " 'needs', json(coalesce(needs, '[]')), 'state', state, 'verdict', verdict,"
        " 'reason', reason, 'ready_at', ready_at, 'started', started, 'ended', ended,"
        " 'taken', json(taken), 'child', (SELECT c.id FROM runs AS c WHERE c.parent_run = run AND"
        "  c.parent_step = steps.id AND c.parent_item = steps.item ORDER BY c.rowid DESC LIMIT 1),"
        " 'attempts', json('[]'), 'output', NULL, 'finding_counts', "
        "json_object('critical', 0,"
        "  'high', 0, 'medium', 0, 'low', 0, 'info', 0),"
        " 'changeset', NULL, 'approval', NULL, 'artifacts', json('[]'))"
        " FROM steps WHERE run = ?1 AND (?2 IS NULL OR (id = ?2 AND item = ?3))"
        " AND NOT (?4 AND " IS_QUIET ") ORDER BY position, id, item";

#define IDEMPOTENCY_KEY                                                                            \
        "coalesce(idempotency_key, run || '/' || step || iif(item < 0, '', '/' || item))"
#define FILTER " AND (?2 IS NULL OR (step = ?2 AND item = ?3))"

/* What belongs to steps: (step, item, value) for the whole run. Of a single value the last wins. */
static const struct part {
        const char *key;
        unsigned flag; /* only in documents with this flag; 0 = always */
        bool is_list;
        const char *sql;
} parts[] = {
        { "attempts", 0, true,
          "SELECT step, item, json_object('n', n, 'started', started, 'ended', ended,"
          " 'verdict', verdict, 'error', iif(code IS NULL AND message IS NULL, NULL,"
          "  json_object('code', code, 'message', message)),"
          " 'exit', exit, 'signal', signal, 'syscall', syscall, 'syscall_remedy', syscall_remedy,"
          " 'stderr_tail', coalesce(stderr_tail, ''), 'agent_sha256', agent_sha256, 'tier', tier,"
          " 'idempotency_key', " IDEMPOTENCY_KEY ", 'redacted', coalesce(redacted, 0), 'spent', "
          "json(coalesce(spent, '{}')),"
          " 'unreadable', json(coalesce(unreadable, '[]')),"
          " 'usage', iif(verdict IS NULL, NULL, json_object('wall_ms', wall_ms, 'cpu_ms', cpu_ms,"
          "  'user_us', user_us, 'system_us', system_us,"
          "  'memory_peak_bytes', memory_peak_bytes)))"
          " FROM attempts WHERE run = ?1" FILTER " ORDER BY step, item, n" },
        { "output", 0, false,
          "SELECT step, item, json, sha256 FROM outputs WHERE run = ?1" FILTER "" },
        { "findings", STORE_DOC_FINDINGS, true,
          "SELECT step, item, json FROM findings WHERE run = ?1" FILTER " ORDER BY step, item, n" },
        { "finding_counts", 0, false,
          "SELECT step, item, json_object('critical', sum(severity = 'critical'),"
          " 'high', sum(severity = 'high'), 'medium', sum(severity = 'medium'),"
          " 'low', sum(severity = 'low'), 'info', sum(severity = 'info'))"
          " FROM findings WHERE run = ?1" FILTER " AND NOT EXISTS (SELECT 1"
          "  FROM json_each(findings.json, '$.tags') AS tag WHERE tag.value = 'waived')"
          " GROUP BY step, item" },
        { "changeset", 0, false,
          "SELECT step, item, json_object('sha256', sha256, 'files', json(files), 'state', state,"
          " 'attempt', attempt, 'at', at)"
          " FROM changesets WHERE run = ?1" FILTER " ORDER BY step, item, attempt" },
        { "approval", 0, false,
          "SELECT step, item, json_object('state', state, 'sha256', sha256,"
          " 'requested_at', requested_at, 'decided_at', decided_at, 'decided_by', decided_by,"
          " 'uid', uid, 'how', how, 'reason', reason)"
          " FROM approvals WHERE run = ?1" FILTER " ORDER BY id" },
        { "items", STORE_DOC_BRIEF, false,
          "SELECT id, -1, count(*) FROM steps WHERE run = ?1 AND item >= 0 AND ?2 IS NULL"
          " GROUP BY id" },
        { "artifacts", 0, true,
          "SELECT step, item, json_object('name', name, 'media_type', media_type, 'size', size,"
          " 'sha256', sha256) FROM artifacts WHERE run = ?1" FILTER " ORDER BY step, item, name" },
};

/* The steps of a document, and where to find each by "id/item". */
struct steps {
        struct lite *lite;
        bool is_partial; /* not all of the run's are in it */
        json_t *index;
        const struct part *part;
};

static int step_name(char ret[STEP_ID_SIZE + 16], const char *id, int64_t item)
{
        return snprintf(ret, STEP_ID_SIZE + 16, "%s/%lld", id ? id : "", (long long) item);
}

static int put_part(void *user, sqlite3_stmt *row, struct err *err)
{
        struct steps *steps = user;
        char name[STEP_ID_SIZE + 16];
        json_t *step, *value;
        int r;

        (void) step_name(name, (const char *) sqlite3_column_text(row, 0),
                         sqlite3_column_int64(row, 1));
        step = json_object_get(steps->index, name);
        if (!step && steps->is_partial)
                return 0;
        if (!step)
                return err_set(err, -EBADMSG, "the store is damaged: it has no step %s", name);
        r = column_value(steps->lite, row, 2, &value, err);
        if (r < 0)
                return r;
        if (steps->part->is_list)
                r = json_array_append_new(json_object_get(step, steps->part->key), value);
        else
                r = json_object_set_new(step, steps->part->key, value);
        return r < 0 ? out_of_memory(err) : 0;
}

static int index_steps(json_t *index, json_t *steps, unsigned flags)
{
        char name[STEP_ID_SIZE + 16];
        json_t *step, *item;
        size_t i;

        json_array_foreach (steps, i, step) {
                item = json_object_get(step, "item");
                (void) step_name(name, json_string_value(json_object_get(step, "id")),
                                 json_is_integer(item) ? json_integer_value(item) : -1);
                if (json_object_set(index, name, step) < 0)
                        return -ENOMEM;
                if ((flags & STORE_DOC_FINDINGS) &&
                    json_object_set_new(step, "findings", json_array()) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* `filter`: the run, the step and item or NULL, whether quiet items are left out. */
static int read_steps(struct lite *l, const struct op_value *filter, unsigned flags,
                      json_t *document, struct err *err)
{
        _cleanup_(json_decrefp) json_t *index = json_object();
        struct steps steps = { .lite = l, .index = index, .is_partial = filter[3].number };
        json_t *list;
        int r;

        r = query_array(l, steps_sql, filter, 4, &list, err);
        if (r < 0)
                return r;
        if (json_object_set_new(document, "steps", list) < 0 || index_steps(index, list, flags) < 0)
                return out_of_memory(err);
        for (size_t i = 0; i < ARRAY_SIZE(parts) && r >= 0; i++) {
                steps.part = &parts[i];
                if ((parts[i].flag & flags) == parts[i].flag)
                        r = lite_query(l, parts[i].sql, filter, 3, put_part, &steps, err);
        }
        return r;
}

static int count_steps(void *user, sqlite3_stmt *row, struct err *err)
{
        (void) err;
        *(int64_t *) user = sqlite3_column_int64(row, 0);
        return 0;
}

/* Only a run with very many steps is told in brief. */
static int is_long(struct lite *l, const struct op_value *run, struct err *err)
{
        int64_t n = 0;
        int r = lite_query(l, "SELECT count(*) FROM steps WHERE run = ?1", run, 1, count_steps, &n,
                           err);

        return r < 0 ? r : n > STORE_DOC_STEPS;
}

static int read_flow(struct lite *l, const struct op_value *run, json_t *document, struct err *err)
{
        _cleanup_(json_decrefp) json_t *flow = NULL;
        int r;

        r = query_array(l, flow_sql, run, 1, &flow, err);
        if (r < 0)
                return r;
        r = json_object_set(document, "flow_json", json_array_get(flow, 0));
        return r < 0 ? out_of_memory(err) : 0;
}

static int read_files(struct lite *l, const struct op_value *run, json_t *document, struct err *err)
{
        json_t *files;
        int r;

        r = query_array(l, files_sql, run, 1, &files, err);
        if (r < 0)
                return r;
        return json_object_set_new(document, "files", files) < 0 ? out_of_memory(err) : 0;
}

static int read_run(struct lite *l, struct step_key key, unsigned flags, json_t **ret,
                    struct err *err)
{
        struct op_value filter[] = { text_value(key.run), text_value(key.step),
                                     number_value(key.item), number_value(0) };
        _cleanup_(json_decrefp) json_t *found = NULL;
        const struct op_value run = filter[0];
        json_t *document;
        int r;

        r = query_array(l, run_sql, &run, 1, &found, err);
        if (r < 0)
                return r;
        document = json_array_get(found, 0);
        if (!document)
                return err_set(err, -ENOENT, "there is no run %s in %s", key.run, l->path);
        if (flags & STORE_DOC_FLOW)
                r = read_flow(l, &run, document, err);
        if (r == 0 && (flags & STORE_DOC_FILES))
                r = read_files(l, &run, document, err);
        if (r == 0 && (flags & STORE_DOC_BRIEF))
                r = is_long(l, &run, err);
        if (r >= 0) {
                filter[3].number = r;
                r = read_steps(l, filter, r ? flags : flags & ~STORE_DOC_BRIEF, document, err);
        }
        if (r < 0)
                return r;
        *ret = json_incref(document);
        return 0;
}

int lite_run_document(struct db *db, struct step_key key, unsigned flags, json_t **ret,
                      struct err *err)
{
        struct lite *l = (struct lite *) db;
        int r;

        /* One snapshot: a run that moves while we read must not tear the document. */
        r = lite_exec(l->reader, l->path, "BEGIN", "read", err);
        if (r < 0)
                return r;
        r = read_run(l, key, flags, ret, err);
        (void) sqlite3_exec(l->reader, "COMMIT", NULL, NULL, NULL);
        return r;
}

static int candidates(const char *prefix, const json_t *found, struct err *err)
{
        _cleanup_(buf_done) struct buf text = { 0 };
        const json_t *id;
        size_t i;

        json_array_foreach (found, i, id)
                (void) buf_printf(&text, "%s%s", i ? ", " : "",
                                  i < CANDIDATES_SHOWN ? json_string_value(id) : "...");
        return err_set(err, -ENOTUNIQ, "more than one run begins with %s: %s", prefix,
                       buf_text(&text));
}

int lite_run_find(struct db *db, const char *prefix, char ret[RUN_ID_SIZE], struct err *err)
{
        _cleanup_(json_decrefp) json_t *found = NULL;
        struct lite *l = (struct lite *) db;
        struct op_value values[] = { text_value(prefix), limit_value(CANDIDATES_SHOWN + 1) };
        int r;

        /* '~' is behind every digit of an id. */
        r = query_array(l,
                        "SELECT json_quote(id) FROM runs WHERE id >= ?1 AND id < ?1 || '~'"
                        " AND removed IS NULL"
                        " ORDER BY id DESC LIMIT ?2",
                        values, ARRAY_SIZE(values), &found, err);
        if (r < 0)
                return r;
        if (json_array_size(found) == 0)
                return err_set(err, -ENOENT, "there is no run %s in %s (`linhay runs` lists them)",
                               prefix, l->path);
        if (json_array_size(found) > 1)
                return candidates(prefix, found, err);
        (void) snprintf(ret, RUN_ID_SIZE, "%s", json_string_value(json_array_get(found, 0)));
        return 0;
}

int lite_runs(struct db *db, unsigned states, size_t limit, json_t **ret, struct err *err)
{
        _cleanup_(buf_done) struct buf names = { 0 };
        struct op_value values[2];

        for (unsigned s = 0; s < RUN_STATES_; s++)
                if (states & (1u << s))
                        if (buf_printf(&names, "%s\"%s\"", names.length ? "," : "[",
                                       run_state_name(s)) < 0)
                                return out_of_memory(err);
        if (buf_puts(&names, names.length ? "]" : "[]") < 0)
                return out_of_memory(err);

        values[0] = limit_value(limit);
        values[1] = text_value(buf_text(&names));
        return query_array((struct lite *) db,
                           states ? RUNS_SQL " AND state IN (SELECT value FROM json_each(?2))"
                                             " ORDER BY id DESC LIMIT ?1"
                                  : RUNS_SQL " ORDER BY id DESC LIMIT ?1",
                           values, states ? 2 : 1, ret, err);
}

int lite_unended(struct db *db, size_t limit, json_t **ret, struct err *err)
{
        struct op_value value = limit_value(limit);

        return query_array((struct lite *) db,
                           RUNS_SQL " AND ended IS NULL ORDER BY priority DESC, created, id"
                                    " LIMIT ?1",
                           &value, 1, ret, err);
}

int lite_children(struct db *db, struct step_key parent, json_t **ret, struct err *err)
{
        struct op_value values[] = { text_value(parent.run), text_value(parent.step),
                                     number_value(parent.item) };

        /* As they were recorded: ids go by the wall clock, which may have been set back. */
        return query_array((struct lite *) db,
                           RUNS_SQL " AND parent_run = ?1 AND (?2 IS NULL OR parent_step = ?2"
                                    " AND parent_item = ?3) ORDER BY rowid",
                           values, ARRAY_SIZE(values), ret, err);
}

int lite_run_by_submit_key(struct db *db, const char *key, char ret[RUN_ID_SIZE], struct err *err)
{
        _cleanup_(json_decrefp) json_t *found = NULL;
        struct lite *l = (struct lite *) db;
        struct op_value value = text_value(key);
        int r;

        r = query_array(l,
                        "SELECT json_quote(id) FROM runs WHERE submit_key = ?1 AND removed IS NULL",
                        &value, 1, &found, err);
        if (r < 0)
                return r;
        if (json_array_size(found) == 0)
                return err_set(err, -ENOENT, "no run in %s has the submit key %s", l->path, key);
        (void) snprintf(ret, RUN_ID_SIZE, "%s", json_string_value(json_array_get(found, 0)));
        return 0;
}

static const char cache_sql[] =
        "SELECT json_object('run', c.run, 'step', c.step, 'item', nullif(c.item, -1),"
        " 'at', at, 'last_used', last_used) FROM cache AS c JOIN runs AS r ON r.id = c.run"
        " WHERE key = ?1 AND r.removed IS NULL";

int lite_cache(struct db *db, const char *key, json_t **ret, struct err *err)
{
        _cleanup_(json_decrefp) json_t *found = NULL;
        struct op_value value = text_value(key);
        int r;

        r = query_array((struct lite *) db, cache_sql, &value, 1, &found, err);
        if (r < 0)
                return r;
        if (json_array_size(found) == 0)
                return err_set(err, -ENOENT, "no output is kept for the cache key %s", key);
        *ret = json_incref(json_array_get(found, 0));
        return 0;
}

static const char output_sql[] =
        "SELECT json, sha256 FROM outputs WHERE run = ?1 AND step = ?2 AND item = ?3";
static const char step_findings_sql[] =
        "SELECT json FROM findings WHERE run = ?1 AND step = ?2 AND item = ?3 ORDER BY n";
static const char step_artifacts_sql[] =
        "SELECT json_object('name', name, 'media_type', media_type, 'size', size,"
        " 'sha256', sha256) FROM artifacts WHERE run = ?1 AND step = ?2 AND item = ?3"
        " ORDER BY name";

int lite_output(struct db *db, struct step_key key, json_t **ret, struct err *err)
{
        struct op_value values[] = { text_value(key.run), text_value(key.step),
                                     number_value(key.item) };
        _cleanup_(json_decrefp) json_t *output = NULL, *findings = NULL, *artifacts = NULL;
        struct lite *l = (struct lite *) db;
        int r;

        r = query_array(l, output_sql, values, ARRAY_SIZE(values), &output, err);
        if (r == 0)
                r = query_array(l, step_findings_sql, values, ARRAY_SIZE(values), &findings, err);
        if (r == 0)
                r = query_array(l, step_artifacts_sql, values, ARRAY_SIZE(values), &artifacts, err);
        if (r < 0)
                return r;
        if (json_array_size(output) == 0)
                return err_set(err, -ENOENT, "there is no output of %s/%s", key.run, key.step);
        *ret = json_pack("{s:O, s:O, s:O}", "output", json_array_get(output, 0), "findings",
                         findings, "artifacts", artifacts);
        return *ret ? 0 : out_of_memory(err);
}

int lite_triggers(struct db *db, json_t **ret, struct err *err)
{
        return query_array(
                (struct lite *) db,
                "SELECT json_object('name', name, 'last_due', last_due,"
                " 'last_run', last_run, 'fired', fired,"
                " 'waiting', json(coalesce(waiting, '[]'))) FROM trigger_state ORDER BY name",
                NULL, 0, ret, err);
}

/* Each way of asking has an index of its own, so each is a statement of its own. */
#define APPROVALS_SQL                                                                              \
        "SELECT json_object('run', a.run, 'step', a.step, 'item', nullif(a.item, -1),"             \
        " 'sha256', a.sha256, 'state', a.state, 'flow', r.flow, 'workspace', r.workspace,"         \
        " 'requested_at', a.requested_at, 'decided_at', a.decided_at,"                             \
        " 'decided_by', a.decided_by, 'uid', a.uid, 'how', a.how, 'reason', a.reason,"             \
        " 'about', iif(EXISTS (SELECT 1 FROM changesets AS c WHERE c.run = a.run"                  \
        "  AND c.step = a.step AND c.item = a.item AND c.sha256 = a.sha256), 'changes', 'crash')," \
        " 'parent', iif(r.parent_run IS NULL, NULL, json_object('run', r.parent_run, 'step',"      \
        "  r.parent_step, 'item', nullif(r.parent_item, -1))))"                                    \
        " FROM approvals AS a JOIN runs AS r ON r.id = a.run WHERE r.removed IS NULL"

int lite_approvals(struct db *db, const char *run, bool all, json_t **ret, struct err *err)
{
        static const char *const sql[2][2] = {
                { APPROVALS_SQL " AND a.state = 'open' ORDER BY +a.id",
                  APPROVALS_SQL " ORDER BY a.id" },
                { APPROVALS_SQL " AND a.run = ?1 AND a.state = 'open' ORDER BY a.id",
                  APPROVALS_SQL " AND a.run = ?1 ORDER BY a.id" },
        };
        struct op_value value = text_value(run);

        return query_array((struct lite *) db, sql[run != NULL][all], &value, run ? 1 : 0, ret,
                           err);
}

#define EVENTS_SQL                                                                                 \
        "SELECT json_object('seq', seq, 'run', run, 'type', type, 'at', at,"                       \
        " 'data', json(coalesce(data, 'null'))) FROM events WHERE seq > ?2"

int lite_events(struct db *db, const char *run, int64_t after, size_t limit, json_t **ret,
                struct err *err)
{
        struct op_value values[] = { text_value(run), number_value(after), limit_value(limit) };

        return query_array((struct lite *) db,
                           run ? EVENTS_SQL " AND run = ?1 ORDER BY seq LIMIT ?3"
                               : EVENTS_SQL " ORDER BY seq LIMIT ?3",
                           values, ARRAY_SIZE(values), ret, err);
}
