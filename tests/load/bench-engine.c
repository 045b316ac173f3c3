/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What does the engine itself cost?
 *
 *     bench-engine steps [RUNS [ITEMS [AT_ONCE]]]   steps a second, RUNS runs of ITEMS steps each
 * at once bench-engine bare [COMMITS]                   rows a second of a bare SQLite loop, 32 a
 * commit bench-engine memory [RUNS]                    resident memory, idle and with RUNS in
 * flight
 *
 * Each figure is one line of JSON. Linked once with a sandbox whose cells end at once
 * (bench-engine-noop: what is left is the engine and its store) and once with the real one
 * (bench-engine). Files are made in a new folder below $LINHAY_BENCH_DIR, else $TMPDIR, else /tmp.
 */

#include "base/json.h"
#include "run/engine.h"

#include <ftw.h>
#include <limits.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#define ROWS_PER_COMMIT 32

struct load {
        char folder[PATH_MAX / 2];
        struct loop *loop;
        struct store *store;
        struct sandbox *sandbox;
        struct catalog *catalog;
        struct engine *engine;
        struct engine_options options;
        uint64_t n_done;
};

#define check(condition, why)                                                                      \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        (void) fprintf(stderr, "bench-engine: %s: %s\n", #condition, why);         \
                        exit(1);                                                                   \
                }                                                                                  \
        } while (0)

static int inspect(void *user, int fd, char **ret, size_t *ret_length, struct err *err)
{
        return sandbox_inspect(user, fd, ret, ret_length, err);
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
                      _unused_ struct FTW *ftw)
{
        return remove(path);
}

static void folder_make(struct load *l)
{
        const char *place = getenv("LINHAY_BENCH_DIR");

        if (!place)
                place = getenv("TMPDIR");
        (void) snprintf(l->folder, sizeof(l->folder), "%s/linhay-load-XXXXXX",
                        place ? place : "/tmp");
        check(mkdtemp(l->folder), strerror(errno));
        check(setenv("XDG_STATE_HOME", l->folder, 1) == 0, "setenv");
}

static void on_event(void *user, const json_t *event)
{
        struct load *l = user;
        const char *state = json_string_value(json_object_get(event, "state"));

        l->n_done += json_object_get(event, "step") && state && strcmp(state, "done") == 0;
}

static void load_open(struct load *l)
{
        struct sandbox_options sandbox = { .cell_path = getenv("LINHAY_CELL"),
                                           .require = TIER_NO_USERNS };
        char dir[PATH_MAX];
        struct err err = { 0 };

        folder_make(l);
        (void) snprintf(dir, sizeof(dir), "%s/store", l->folder);
        check(loop_new(&l->loop) == 0, "loop");
        check(sandbox_new(&l->sandbox, l->loop, &sandbox, &err) == 0, err_text(&err));
        check(store_open(&l->store, dir, NULL, &err) == 0, err_text(&err));
        check(store_attach(l->store, l->loop) == 0, "store_attach");
        check(catalog_new(&l->catalog, inspect, l->sandbox) == 0, "catalog");
        l->options.identity = (struct identity){ 1000, "ada" };
        l->options.seed = 1;
        l->options.on_event = on_event;
        l->options.user = l;
        check(engine_new(&l->engine, l->loop, l->store, l->sandbox, l->catalog, &l->options,
                         &err) == 0,
              err_text(&err));
}

static void load_close(struct load *l)
{
        l->engine = engine_free(l->engine);
        l->catalog = catalog_free(l->catalog);
        l->store = store_free(l->store);
        l->sandbox = sandbox_free(l->sandbox);
        l->loop = loop_free(l->loop);
        (void) nftw(l->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* {items: [0, 1, ...]} in the definition: a fan of `items` no-op items, `at_once` at a time. */
static void submit(struct load *l, size_t items, unsigned at_once)
{
        struct engine_request request = { 0 };
        json_t *list = json_array(), *definition;
        char run[RUN_ID_SIZE];
        struct err err = { 0 };

        for (size_t i = 0; i < items; i++)
                (void) json_array_append_new(list, json_integer((json_int_t) i));
        definition = json_pack("{s:s, s:i, s:[{s:s, s:s, s:s, s:o}]}", "name", "fan", "concurrency",
                               at_once, "steps", "id", "fan", "agent", getenv("LINHAY_AGENT"),
                               "action", "noop", "for_each", list);
        check(flow_from_json(&request.flow, definition, &err) == 0, err_text(&err));
        check(engine_submit(l->engine, &request, run, &err) == 0, err_text(&err));
        json_decref(definition);
}

static void bench_steps(int argc, char **argv)
{
        size_t runs = argc > 0 ? strtoul(argv[0], NULL, 10) : 10;
        size_t items = argc > 1 ? strtoul(argv[1], NULL, 10) : 5000;
        unsigned at_once = argc > 2 ? (unsigned) strtoul(argv[2], NULL, 10) : 32;
        struct load l = { .options.slots = (unsigned) runs * at_once };
        struct store_stats stats;
        uint64_t began, took_us;
        struct err err = { 0 };

        load_open(&l);
        began = clock_us();
        for (size_t i = 0; i < runs; i++)
                submit(&l, items, at_once);
        check(engine_run_until_idle(l.engine, &err) == RUN_EXIT_OK, engine_trouble(l.engine));
        took_us = clock_us() - began;
        check(l.n_done == runs * (items + 1), "not every step was told to be done");
        store_stats(l.store, &stats);
        (void) printf("{\"figure\": \"steps\", \"runs\": %zu, \"items\": %zu, \"at_once\": %u, "
                      "\"steps_per_s\": %.0f, \"commits\": %llu, \"batches\": %llu}\n",
                      runs, items, at_once, (double) (runs * items) * 1e6 / (double) took_us,
                      (unsigned long long) stats.commits, (unsigned long long) stats.batches);
        load_close(&l);
}

static void bare_sql(sqlite3 *db, const char *sql)
{
        check(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, sqlite3_errmsg(db));
}

static void bench_bare(int argc, char **argv)
{
        size_t commits = argc > 0 ? strtoul(argv[0], NULL, 10) : 2000;
        struct load l = { 0 };
        char path[PATH_MAX];
        sqlite3_stmt *insert;
        uint64_t began;
        sqlite3 *db;

        folder_make(&l);
        (void) snprintf(path, sizeof(path), "%s/bare.db", l.folder);
        check(sqlite3_open(path, &db) == SQLITE_OK, "open");
        bare_sql(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "CREATE TABLE steps (id INTEGER PRIMARY KEY, state TEXT NOT NULL)");
        check(sqlite3_prepare_v2(db, "INSERT INTO steps (state) VALUES ('done')", -1, &insert,
                                 NULL) == SQLITE_OK,
              sqlite3_errmsg(db));
        began = clock_us();
        for (size_t i = 0; i < commits; i++) {
                bare_sql(db, "BEGIN IMMEDIATE");
                for (size_t k = 0; k < ROWS_PER_COMMIT; k++) {
                        check(sqlite3_step(insert) == SQLITE_DONE, sqlite3_errmsg(db));
                        (void) sqlite3_reset(insert);
                }
                bare_sql(db, "COMMIT");
        }
        (void) printf("{\"figure\": \"bare\", \"rows_per_commit\": %d, \"rows_per_s\": %.0f, "
                      "\"commits_per_s\": %.0f}\n",
                      ROWS_PER_COMMIT,
                      (double) (commits * ROWS_PER_COMMIT) * 1e6 / (double) (clock_us() - began),
                      (double) commits * 1e6 / (double) (clock_us() - began));
        (void) sqlite3_finalize(insert);
        (void) sqlite3_close(db);
        (void) nftw(l.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const struct {
        const char *name;
        void (*bench)(int argc, char **argv);
} benches[] = {
        { "steps", bench_steps },
        { "bare", bench_bare },
};

int main(int argc, char **argv)
{
        for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(benches); i++)
                if (strcmp(argv[1], benches[i].name) == 0) {
                        benches[i].bench(argc - 2, argv + 2);
                        return 0;
                }
        (void) fprintf(stderr, "usage: bench-engine steps|bare [COUNT...]\n");
        return 2;
}
