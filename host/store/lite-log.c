/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lite.h"

#include "base/blob.h"
#include "base/json.h"

#include <string.h>
#include <zlib.h>

/*
 * Logs: rows first, files later
 *
 * A line is a row when it arrives, so that whoever looks on sees it. When a run has logged FOLD_AT
 * bytes, or ends, its rows become one compressed blob and a row that names it: the lines first to
 * last, by seq. Blob and row change places in one transaction, so a reader's snapshot has every
 * line once. What one run may log is bounded; the line that would be too much says so, and is the
 * last.
 */

#define FOLD_AT     ((uint64_t) 256 << 10)
#define FOLD_LEAST  ((uint64_t) 16 << 10) /* a log that ends with less stays rows */
#define RUN_LOG_MAX ((uint64_t) 64 << 20)
#define FILE_MAX    ((size_t) 64 << 20) /* of one file, unpacked: more is damage */

#define CUT_TEXT "the log of this run has more than 64 MiB: what follows is not kept"

#define LINE_SQL                                                                                   \
        "SELECT seq, json_object('seq', seq, 'step', step, 'item', nullif(item, -1),"              \
        " 'attempt', attempt, 'at', at, 'level', level, 'text', text), length(text) FROM logs"

static struct lite_log_run *run_find(struct lite *l, const char *run)
{
        for (size_t i = 0; i < ARRAY_SIZE(l->log.runs); i++)
                if (strcmp(l->log.runs[i].run, run) == 0)
                        return &l->log.runs[i];
        return NULL;
}

static uint64_t bytes_in_files(struct lite *l, const char *run)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;

        if (sqlite3_prepare_v2(l->writer, "SELECT sum(bytes) FROM log_files WHERE run = ?1", -1,
                               &statement, NULL) != SQLITE_OK)
                return 0;
        (void) sqlite3_bind_text(statement, 1, run, -1, SQLITE_STATIC);
        return sqlite3_step(statement) == SQLITE_ROW ? (uint64_t) sqlite3_column_int64(statement, 0)
                                                     : 0;
}

/* A run that had its place taken is counted anew, and its rows are folded with the next ones. */
static struct lite_log_run *run_get(struct lite *l, const char *run)
{
        struct lite_log_run *r = run_find(l, run);

        if (r)
                return r;
        r = &l->log.runs[l->log.next++ % ARRAY_SIZE(l->log.runs)];
        *r = (struct lite_log_run){ .total = bytes_in_files(l, run) };
        (void) snprintf(r->run, sizeof(r->run), "%s", run);
        return r;
}

bool lite_log_take(struct lite *l, const struct op *op)
{
        struct lite_log_run *r = run_get(l, op->values[0].text);
        struct op_value *text = (struct op_value *) &op->values[5];

        if (r->total > RUN_LOG_MAX)
                return false;
        r->rows += text->length;
        r->total += text->length;
        if (r->total > RUN_LOG_MAX) {
                text->text = CUT_TEXT;
                text->length = strlen(CUT_TEXT);
        }
        return true;
}

void lite_log_end(struct lite *l, const char *run)
{
        struct lite_log_run *r = run_find(l, run);

        if (r)
                r->is_over = true;
}

/* A piece of a log on its way into a file. */
struct fold {
        struct buf text; /* a JSON array */
        int64_t first, last, lines;
        uint64_t bytes;
};

static void fold_done(struct fold *f)
{
        buf_done(&f->text);
}

static int fold_add(struct fold *f, sqlite3_stmt *row)
{
        int r = buf_puts(&f->text, f->lines ? ",\n" : "[");

        if (r == 0)
                r = buf_puts(&f->text, (const char *) sqlite3_column_text(row, 1));
        if (f->lines++ == 0)
                f->first = sqlite3_column_int64(row, 0);
        f->last = sqlite3_column_int64(row, 0);
        f->bytes += (uint64_t) sqlite3_column_int64(row, 2);
        return r;
}

static int fold_read(struct lite *l, const char *run, struct fold *f, struct err *err)
{
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
        int code = SQLITE_ROW, r = 0;

        if (sqlite3_prepare_v2(l->writer, LINE_SQL " WHERE run = ?1 ORDER BY seq", -1, &rows,
                               NULL) != SQLITE_OK)
                return lite_error(l->writer, l->path, "read", err);
        (void) sqlite3_bind_text(rows, 1, run, -1, SQLITE_STATIC);
        while (r == 0 && f->bytes < 2 * FOLD_AT && (code = sqlite3_step(rows)) == SQLITE_ROW)
                r = fold_add(f, rows);
        if (r == 0 && code != SQLITE_ROW && code != SQLITE_DONE)
                return lite_error(l->writer, l->path, "read", err);
        if (r == 0)
                r = buf_puts(&f->text, "]");
        return r < 0 ? err_sys(err, r, "cannot fold a log") : 0;
}

/* On disk before any row names it. */
static int fold_put(struct lite *l, const struct fold *f, char ret_sha256[SHA256_HEX],
                    struct err *err)
{
        uLongf length = compressBound(f->text.length);
        _cleanup_(freep) unsigned char *packed = malloc(length);

        if (!packed || compress2(packed, &length, (const unsigned char *) f->text.data,
                                 f->text.length, Z_BEST_SPEED) != Z_OK)
                return err_set(err, -ENOMEM, "cannot pack a log");
        return blob_put(l->blobs, ret_sha256, packed, length, true, err);
}

static int fold_note(struct lite *l, const char *run, const struct fold *f, const char *sha256,
                     struct err *err)
{
        char sql[512];

        (void) snprintf(sql, sizeof(sql),
                        "INSERT INTO log_files VALUES ('%s', %lld, %lld, %lld, %lld, '%s');"
                        "DELETE FROM logs WHERE run = '%s' AND seq <= %lld;",
                        run, (long long) f->first, (long long) f->last, (long long) f->lines,
                        (long long) f->bytes, sha256, run, (long long) f->last);
        return lite_exec(l->writer, l->path, sql, "write to", err);
}

static int fold_run(struct lite *l, struct lite_log_run *run, struct err *err)
{
        _cleanup_(fold_done) struct fold f = { 0 };
        char sha256[SHA256_HEX];
        int r;

        r = fold_read(l, run->run, &f, err);
        if (r < 0)
                return r;
        run->rows = f.bytes < 2 * FOLD_AT ? 0 : FOLD_AT;
        if (f.lines == 0)
                return 0;
        r = fold_put(l, &f, sha256, err);
        if (r == 0)
                r = lite_begin(&l->db, false, err);
        if (r == 0)
                r = fold_note(l, run->run, &f, sha256, err);
        if (r == 0)
                r = lite_commit(&l->db, err);
        if (r < 0)
                lite_rollback(&l->db);
        return r;
}

int lite_fold(struct db *db, struct err *err)
{
        struct lite *l = (struct lite *) db;

        for (size_t i = 0; i < ARRAY_SIZE(l->log.runs); i++) {
                struct lite_log_run *run = &l->log.runs[i];
                int r = 0;

                while (r == 0 && run->rows >= (run->is_over ? FOLD_LEAST : FOLD_AT))
                        r = fold_run(l, run, err);
                if (r < 0)
                        return r;
                if (run->is_over)
                        *run = (struct lite_log_run){ 0 };
        }
        return 0;
}

/* What a reader asked for, and what was found so far. */
struct search {
        struct lite *lite;
        struct step_key key;
        int64_t after;
        size_t limit; /* 0 = none */
        json_t *found;
};

static bool is_full(const struct search *s)
{
        return s->limit && json_array_size(s->found) >= s->limit;
}

static bool is_wanted(const struct search *s, const json_t *line)
{
        const char *step = json_string_value(json_object_get(line, "step"));
        const json_t *item = json_object_get(line, "item");

        return json_integer_value(json_object_get(line, "seq")) > s->after &&
               (!s->key.step || (step && strcmp(step, s->key.step) == 0)) &&
               (s->key.item < 0 ||
                (json_is_integer(item) && json_integer_value(item) == s->key.item));
}

static int unpack(const struct buf *packed, json_t **ret, struct err *err)
{
        _cleanup_(buf_done) struct buf text = { .limit = FILE_MAX };
        z_stream z = { .next_in = (unsigned char *) packed->data,
                       .avail_in = (unsigned) packed->length };
        unsigned char piece[65536];
        int code, r = 0;

        if (inflateInit(&z) != Z_OK)
                return err_set(err, -ENOMEM, "cannot unpack a log");
        do {
                z.next_out = piece;
                z.avail_out = sizeof(piece);
                code = inflate(&z, Z_NO_FLUSH);
                r = buf_add(&text, piece, sizeof(piece) - z.avail_out);
        } while (code == Z_OK && r == 0);
        (void) inflateEnd(&z);
        if (code != Z_STREAM_END || r < 0)
                return err_set(err, -EBADMSG, "a log's file in the store is damaged");
        return json_text_load(ret, text.data, text.length, "log", err);
}

/* Row handler: one file. */
static int search_file(void *user, sqlite3_stmt *row, struct err *err)
{
        const char *sha256 = (const char *) sqlite3_column_text(row, 0);
        _cleanup_(buf_done) struct buf packed = { .limit = FILE_MAX };
        _cleanup_(json_decrefp) json_t *lines = NULL;
        struct search *s = user;
        json_t *line;
        size_t i;
        int r;

        if (is_full(s))
                return 0;
        r = lite_blob_read(s->lite, sha256 ? sha256 : "", &packed, err);
        if (r == 0)
                r = unpack(&packed, &lines, err);
        if (r < 0)
                return r;
        json_array_foreach (lines, i, line)
                if (!is_full(s) && is_wanted(s, line) && json_array_append(s->found, line) < 0)
                        return err_set(err, -ENOMEM, "out of memory");
        return 0;
}

/* Row handler: one line. */
static int search_row(void *user, sqlite3_stmt *row, struct err *err)
{
        struct search *s = user;
        json_t *line;
        int r;

        r = lite_column_json(row, 1, &line, err);
        if (r < 0)
                return r;
        return json_array_append_new(s->found, line) < 0 ? err_set(err, -ENOMEM, "out of memory")
                                                         : 0;
}

static int search(struct search *s, struct err *err)
{
        struct op_value values[] = {
                { .text = s->key.run, .length = strlen(s->key.run) },
                { .number = s->after },
                { .text = s->key.step,
                  .length = s->key.step ? strlen(s->key.step) : 0,
                  .is_null = !s->key.step },
                { .number = s->key.item },
                { .number = -1 },
        };
        int r;

        r = lite_query(s->lite,
                       "SELECT sha256 FROM log_files WHERE run = ?1 AND last > ?2 ORDER BY first",
                       values, 2, search_file, s, err);
        if (r < 0 || is_full(s))
                return r;
        if (s->limit)
                values[4].number = (int64_t) (s->limit - json_array_size(s->found));
        return lite_query(s->lite,
                          LINE_SQL " WHERE run = ?1 AND seq > ?2 AND (?3 IS NULL OR step = ?3)"
                                   " AND (?4 < 0 OR item = ?4) ORDER BY seq LIMIT ?5",
                          values, ARRAY_SIZE(values), search_row, s, err);
}

int lite_logs(struct db *db, struct step_key key, int64_t after, size_t limit, json_t **ret,
              struct err *err)
{
        struct lite *l = (struct lite *) db;
        _cleanup_(json_decrefp) json_t *found = json_array();
        struct search s = { l, key, after, limit, found };
        int r;

        if (!found)
                return err_set(err, -ENOMEM, "out of memory");
        /* One snapshot: lines move from rows into files. */
        r = lite_exec(l->reader, l->path, "BEGIN", "read", err);
        if (r < 0)
                return r;
        r = search(&s, err);
        (void) sqlite3_exec(l->reader, "COMMIT", NULL, NULL, NULL);
        if (r < 0)
                return r;
        *ret = TAKE(found);
        return 0;
}
