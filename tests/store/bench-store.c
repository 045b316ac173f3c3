/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench-store [SECONDS [FOLDER]]: commits per second, on the disk that FOLDER is on
 *
 * Four ways of recording the same event: a bare SQLite loop with one transaction each (what a naive
 * host does), the store with one batch at a time, the store with 64 in flight, and the bare loop
 * with 64 rows a transaction (what the disk could do if nobody waited for anything). The ways take
 * turns, so that a disk that others use is unfair to all alike; medians of the turns are printed,
 * and one JSON object at the end.
 */

#include "base/io.h"
#include "store/store.h"

#include <ftw.h>
#include <sqlite3.h>
#include <string.h>

#define IN_FLIGHT 64
#define TURNS     5
#define RUN       "0abcdefghjkmnpqrstv0"

static uint64_t duration_us = 8000000; /* of all turns; main() divides it */

static void check(bool good, const char *what)
{
        if (good)
                return;
        (void) fprintf(stderr, "bench-store: %s failed\n", what);
        exit(1);
}

static void bare_exec(sqlite3 *db, const char *sql)
{
        check(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, sql);
}

/* Rows a second, `rows` in each transaction. */
static double bench_bare(const char *folder, int turn, int rows)
{
        _cleanup_(freep) char *path = NULL;
        uint64_t start, now, n = 0;
        sqlite3_stmt *insert;
        sqlite3 *db;

        check(asprintf(&path, "%s/bare-%d-%d.db", folder, turn, rows) > 0, "asprintf");
        check(sqlite3_open(path, &db) == SQLITE_OK, "sqlite3_open");
        bare_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT,"
                      " type TEXT, at INTEGER, data TEXT)");
        check(sqlite3_prepare_v2(db, "INSERT INTO events (run, type, at) VALUES (?, 'bench', 1)",
                                 -1, &insert, NULL) == SQLITE_OK,
              "prepare");
        (void) sqlite3_bind_text(insert, 1, RUN, -1, SQLITE_STATIC);
        for (start = now = clock_us(); now - start < duration_us; now = clock_us()) {
                bare_exec(db, "BEGIN");
                for (int i = 0; i < rows; i++, n++) {
                        check(sqlite3_step(insert) == SQLITE_DONE, "insert");
                        (void) sqlite3_reset(insert);
                }
                bare_exec(db, "COMMIT");
        }
        (void) sqlite3_finalize(insert);
        (void) sqlite3_close(db);
        return (double) n * 1e6 / (double) (now - start);
}

struct bench {
        struct store *store;
        struct loop *loop;
        uint64_t start, now, n;
        size_t in_flight;
};

static struct batch *event_batch(void)
{
        struct batch *b;

        check(batch_new(&b) == 0, "batch_new");
        batch_event(b, RUN, "bench", NULL, 1);
        return b;
}

static void on_done(void *user, int result, const struct err *err)
{
        struct bench *b = user;

        check(result == 0, err_text(err));
        b->n++;
        b->now = clock_us();
        if (b->now - b->start < duration_us) {
                check(store_submit(b->store, event_batch(), on_done, b, NULL) == 0, "submit");
                return;
        }
        if (--b->in_flight == 0)
                loop_stop(b->loop);
}

static void add_run(struct store *s)
{
        struct batch *b;
        struct err err = { 0 };

        check(batch_new(&b) == 0, "batch_new");
        batch_run(b, &(struct batch_run){
                             .id = RUN, .flow = "f", .flow_hash = "h", .flow_json = "{}" });
        check(store_commit(s, b, &err) == 0, err_text(&err));
}

/* Batches a second with `in_flight` unanswered at a time; *ret_group is batches per transaction. */
static double bench_store(const char *folder, int turn, size_t in_flight, double *ret_group)
{
        struct bench b = { .in_flight = in_flight };
        _cleanup_(freep) char *dir = NULL;
        struct store_stats stats;
        struct err err = { 0 };

        check(asprintf(&dir, "%s/store-%d-%zu", folder, turn, in_flight) > 0, "asprintf");
        check(store_open(&b.store, dir, NULL, &err) == 0, err_text(&err));
        check(loop_new(&b.loop) == 0 && store_attach(b.store, b.loop) == 0, "store_attach");
        add_run(b.store);
        b.start = clock_us();
        for (size_t i = 0; i < in_flight; i++)
                check(store_submit(b.store, event_batch(), on_done, &b, NULL) == 0, "submit");
        check(loop_run(b.loop) == 0, "loop_run");
        store_stats(b.store, &stats);
        *ret_group = (double) stats.batches / (double) stats.commits;
        (void) store_free(b.store);
        (void) loop_free(b.loop);
        return (double) b.n * 1e6 / (double) (b.now - b.start);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void) st;
        (void) type;
        (void) ftw;
        return remove(path);
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *) a, y = *(const double *) b;

        return x < y ? -1 : x > y;
}

/* Sorts, and prints the median as `name`. */
static double report(const char *name, double values[TURNS])
{
        qsort(values, TURNS, sizeof(*values), compare);
        (void) printf("%-40s %8.0f/s  (%.0f to %.0f)\n", name, values[TURNS / 2], values[0],
                      values[TURNS - 1]);
        return values[TURNS / 2];
}

int main(int argc, char **argv)
{
        double bare[TURNS], single[TURNS], grouped[TURNS], bare_grouped[TURNS], group;
        char folder[4096];

        if (argc > 1)
                duration_us = strtoull(argv[1], NULL, 10) * 1000000;
        duration_us /= TURNS * 4;
        check(duration_us > 0, "bench-store [SECONDS [FOLDER]]");
        (void) snprintf(folder, sizeof(folder), "%s/linhay-bench-XXXXXX", argc > 2 ? argv[2] : ".");
        check(mkdtemp(folder) != NULL, "mkdtemp");
        check(setenv("XDG_STATE_HOME", folder, 1) == 0, "setenv");

        for (int i = 0; i < TURNS; i++) {
                bare[i] = bench_bare(folder, i, 1);
                single[i] = bench_store(folder, i, 1, &group);
                grouped[i] = bench_store(folder, i, IN_FLIGHT, &group);
                bare_grouped[i] = bench_bare(folder, i, IN_FLIGHT);
        }
        (void) nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        (void) report("bare SQLite, one row a transaction", bare);
        (void) report("store, one batch at a time", single);
        (void) report("store, 64 batches in flight", grouped);
        (void) report("bare SQLite, 64 rows a transaction", bare_grouped);
        (void) printf("{\"bare\":%.0f,\"single\":%.0f,\"grouped\":%.0f,\"bare_grouped\":%.0f,"
                      "\"batches_per_commit\":%.1f}\n",
                      bare[TURNS / 2], single[TURNS / 2], grouped[TURNS / 2],
                      bare_grouped[TURNS / 2], group);
        return 0;
}
