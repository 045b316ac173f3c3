/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What does the engine itself cost?
 *
 *     steps [RUNS [ITEMS [AT_ONCE [POOL]]]]   RUNS runs of ITEMS steps each: steps a second
 *     chain [LENGTH [TIMES [POOL]]]           ms of a run whose steps need each other
 *     submit [TIMES [POOL]]                   µs from engine_submit() to the step's action
 *     history [STEPS [TIMES [ROUNDS]]]        the same with 1,000 ended steps in the record and
 * with STEPS, in turn, the p99 of each round; and ms to an engine on the larger store decide
 * [TIMES]                          ms from a decision to the next step's action resume [RUNS] after
 * SIGKILL with RUNS in flight: ms to the first step; lost and stuck runs memory [RUNS] resident,
 * idle and with RUNS in flight large [FANS [ITEMS]]                    one run of FANS lists: steps
 * a second, memory bare [COMMITS]                          rows a second of a bare SQLite loop, 32
 * a commit
 *
 * Each figure is one line of JSON. Linked once with a sandbox whose cells end at once
 * (bench-engine-noop: what is left is the engine and its store) and once with the real one
 * (bench-engine). $LINHAY_AGENT is the tests' agent, tester.so. Files are made in a new folder
 * below $LINHAY_BENCH_DIR, else $TMPDIR, else /tmp.
 */

#include "base/json.h"
#include "run/engine.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ROWS_PER_COMMIT 32

struct load {
        char folder[PATH_MAX / 2];
        struct loop *loop;
        struct store *store;
        struct sandbox *sandbox;
        struct catalog *catalog;
        struct engine *engine;
        struct engine_options options;
        size_t pool; /* warm cells */
        char run[RUN_ID_SIZE];
        uint64_t n_done;
        uint64_t first_us;      /* when the first step was told to be running */
        uint64_t kill_at;       /* this process dies when so many steps are done; 0 = never */
        const char *timed_step; /* whose `running` is timed; NULL = any */
        uint64_t timed_us;      /* 0 = not yet */
        bool is_stopping;       /* the loop, then */
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
        const char *state = json_string_value(json_object_get(event, "state")),
                   *step = json_string_value(json_object_get(event, "step"));

        if (!step || !state)
                return;
        l->n_done += strcmp(state, "done") == 0;
        if (l->kill_at && l->n_done >= l->kill_at)
                (void) raise(SIGKILL);
        if (strcmp(state, "running") != 0)
                return;
        if (!l->first_us)
                l->first_us = clock_us();
        if (l->timed_us || (l->timed_step && strcmp(step, l->timed_step) != 0))
                return;
        l->timed_us = clock_us();
        if (l->is_stopping)
                loop_stop(l->loop);
}

static void load_open(struct load *l)
{
        struct sandbox_options sandbox = { .cell_path = getenv("LINHAY_CELL"),
                                           .require = TIER_NO_USERNS,
                                           .pool = l->pool };
        char dir[PATH_MAX];
        struct err err = { 0 };

        if (!*l->folder)
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
}

static void load_remove(struct load *l)
{
        load_close(l);
        (void) nftw(l->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void carry(struct load *l)
{
        struct err err = { 0 };
        int status = engine_run_until_idle(l->engine, &err);

        check(status >= 0, err_text(&err));
        check(status != RUN_EXIT_TROUBLE, engine_trouble(l->engine));
}

static size_t number(int argc, char **argv, int i, size_t otherwise)
{
        return i < argc ? strtoul(argv[i], NULL, 10) : otherwise;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *) a, y = *(const double *) b;

        return (x > y) - (x < y);
}

static void report(const char *figure, const char *unit, double *values, size_t n, const char *more)
{
        qsort(values, n, sizeof(*values), compare);
        (void) printf("{\"figure\": \"%s\", \"count\": %zu, \"unit\": \"%s\", \"p50\": %.3f, "
                      "\"p95\": %.3f, \"p99\": %.3f%s}\n",
                      figure, n, unit, values[n / 2], values[n * 95 / 100], values[n * 99 / 100],
                      more);
}

static double cpu_us(void)
{
        struct rusage u;

        (void) getrusage(RUSAGE_SELF, &u);
        return (double) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
               (double) (u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Of this process; the sandbox's are others. */
static double resident_mib(void)
{
        unsigned long pages = 0, all;
        FILE *f = fopen("/proc/self/statm", "re");

        check(f && fscanf(f, "%lu %lu", &all, &pages) == 2, "/proc/self/statm");
        (void) fclose(f);
        return (double) pages * (double) sysconf(_SC_PAGESIZE) / 1048576;
}

/* Takes the definition. */
static void submit(struct load *l, json_t *definition, const char *workspace)
{
        struct engine_request request = { .workspace = workspace };
        struct err err = { 0 };

        check(flow_from_json(&request.flow, definition, &err) == 0, err_text(&err));
        check(engine_submit(l->engine, &request, l->run, &err) == 0, err_text(&err));
        json_decref(definition);
}

static json_t *numbers(size_t n)
{
        json_t *list = json_array();

        for (size_t i = 0; i < n; i++)
                (void) json_array_append_new(list, json_integer((json_int_t) i));
        return list;
}

static json_t *fan(size_t items, size_t at_once)
{
        return json_pack("{s:s, s:i, s:[{s:s, s:s, s:s, s:o}]}", "name", "fan", "concurrency",
                         (int) at_once, "steps", "id", "fan", "agent", getenv("LINHAY_AGENT"),
                         "action", "noop", "for_each", numbers(items));
}

static json_t *chain(size_t length)
{
        json_t *steps = json_array();
        char id[32], before[32] = "";

        for (size_t i = 0; i < length; i++) {
                json_t *step;

                (void) snprintf(id, sizeof(id), "s%zu", i);
                step = json_pack("{s:s, s:s, s:s}", "id", id, "agent", getenv("LINHAY_AGENT"),
                                 "action", "noop");
                if (i > 0)
                        (void) json_object_set_new(step, "needs", json_pack("[s]", before));
                (void) json_array_append_new(steps, step);
                (void) snprintf(before, sizeof(before), "%s", id);
        }
        return json_pack("{s:s, s:o}", "name", "chain", "steps", steps);
}

static void bench_steps(int argc, char **argv)
{
        size_t runs = number(argc, argv, 0, 10), items = number(argc, argv, 1, 5000),
               at_once = number(argc, argv, 2, 64);
        struct load l = { .options.slots = (unsigned) (runs * at_once),
                          .pool = number(argc, argv, 3, 0) };
        struct store_stats stats;
        uint64_t began, took_us;
        double cpu;

        load_open(&l);
        began = clock_us();
        cpu = cpu_us();
        for (size_t i = 0; i < runs; i++)
                submit(&l, fan(items, at_once), NULL);
        carry(&l);
        cpu = cpu_us() - cpu;
        took_us = clock_us() - began;
        check(l.n_done == runs * (items + 1), "not every step was told to be done");
        store_stats(l.store, &stats);
        (void) printf("{\"figure\": \"steps\", \"runs\": %zu, \"items\": %zu, \"at_once\": %zu, "
                      "\"steps_per_s\": %.0f, \"cpu_us_per_step\": %.1f, \"commits\": %llu, "
                      "\"batches\": %llu}\n",
                      runs, items, at_once, (double) (runs * items) * 1e6 / (double) took_us,
                      cpu / (double) (runs * items), (unsigned long long) stats.commits,
                      (unsigned long long) stats.batches);
        load_remove(&l);
}

static int rest_over(struct loop_source *source, _unused_ uint32_t events)
{
        struct load *l = source->owner;

        loop_stop(l->loop);
        return 0;
}

/* All is idle, and the pool as full as it gets. */
static void rest(struct load *l)
{
        struct loop_source timer = { 0 };

        check(loop_add_timer(l->loop, &timer, 100, rest_over, l) == 0, "timer");
        check(loop_run(l->loop) == 0, "loop");
        loop_remove(l->loop, &timer);
}

static void bench_chain(int argc, char **argv)
{
        size_t length = number(argc, argv, 0, 40), times = number(argc, argv, 1, 20);
        struct load l = { .pool = number(argc, argv, 2, 0) };
        double *took = calloc(times, sizeof(*took));
        char more[64];

        load_open(&l);
        check(took, "no memory");
        /* The first one finds nothing warm, and no statement prepared. */
        for (size_t i = 0; i <= times; i++) {
                json_t *definition = chain(length);
                uint64_t began;

                if (l.pool > 0)
                        rest(&l);
                began = clock_us();
                submit(&l, definition, NULL);
                carry(&l);
                if (i > 0)
                        took[i - 1] = (double) (clock_us() - began) / 1e3;
        }
        check(l.n_done == (times + 1) * length, "not every step was told to be done");
        (void) snprintf(more, sizeof(more), ", \"length\": %zu, \"pool\": %zu", length, l.pool);
        report("chain", "ms", took, times, more);
        free(took);
        load_remove(&l);
}

/* One run after the other, each when all is idle: µs from engine_submit() to its step's action. */
static void submits(struct load *l, double *took, size_t times)
{
        l->is_stopping = true;
        for (size_t i = 0; i <= times; i++) {
                json_t *definition = chain(1);
                uint64_t began = clock_us();

                l->timed_us = 0;
                submit(l, definition, NULL);
                check(loop_run(l->loop) == 0, "loop");
                if (i > 0)
                        took[i - 1] = (double) (l->timed_us - began);
                carry(l);
                (void) usleep(2000); /* all is idle again */
        }
        l->is_stopping = false;
}

static void bench_submit(int argc, char **argv)
{
        struct load l = { .pool = number(argc, argv, 1, 0) };
        size_t times = number(argc, argv, 0, 200);
        double *took = calloc(times, sizeof(*took));

        check(took, "no memory");
        load_open(&l);
        submits(&l, took, times);
        report("submit", "us", took, times, "");
        free(took);
        load_remove(&l);
}

/* Ended runs of `run_steps` steps each, until `steps` are in the record. */
static void history_make(struct load *l, size_t steps, size_t run_steps)
{
        l->options.slots = 320;
        load_open(l);
        for (size_t i = 0; i < steps; i += run_steps) {
                submit(l, fan(run_steps, 320), NULL);
                carry(l);
        }
}

static double store_mib(const struct load *l)
{
        char path[PATH_MAX];
        struct stat st;

        (void) snprintf(path, sizeof(path), "%s/store/store.db", l->folder);
        check(stat(path, &st) == 0, strerror(errno));
        return (double) st.st_size / 1048576;
}

static double p99_of_submits(struct load *l, double *took, size_t times)
{
        submits(l, took, times);
        qsort(took, times, sizeof(*took), compare);
        return took[times * 99 / 100];
}

/* How much slower is a step's start, and how slow an engine's, with a long history? */
static void bench_history(int argc, char **argv)
{
        size_t steps = number(argc, argv, 0, 1000000), times = number(argc, argv, 1, 500),
               rounds = number(argc, argv, 2, 1);
        struct load few = { 0 }, many = { 0 };
        double *took = calloc(times, sizeof(*took)), start_ms;
        uint64_t began;

        check(took, "no memory");
        history_make(&few, 1000, 1000);
        history_make(&many, steps, 10000);
        load_close(&many);
        began = clock_us();
        load_open(&many);
        start_ms = (double) (clock_us() - began) / 1e3;
        (void) printf("{\"figure\": \"history\", \"steps\": %zu, \"count\": %zu, "
                      "\"store_mib\": %.1f, \"start_ms\": %.2f, \"unit\": \"us\", \"p99\": [",
                      steps, times, store_mib(&many), start_ms);
        for (size_t i = 0; i < rounds; i++) {
                double a = p99_of_submits(&few, took, times);

                (void) printf("%s[%.0f, %.0f]", i ? ", " : "", a,
                              p99_of_submits(&many, took, times));
        }
        (void) printf("]}\n");
        free(took);
        load_remove(&few);
        load_remove(&many);
}

/* An edit that waits for its approval, then a step. */
static json_t *edit(void)
{
        const char *agent = getenv("LINHAY_AGENT");

        return json_pack("{s:s, s:[{s:s, s:s, s:s, s:{s:s, s:s}}, {s:s, s:s, s:s, s:[s]}]}", "name",
                         "edit", "steps", "id", "edit", "agent", agent, "action", "edit", "inputs",
                         "path", "a.txt", "text", "${run.id}", "id", "next", "agent", agent,
                         "action", "noop", "needs", "edit");
}

static void tree_make(const struct load *l, char *ret, size_t size)
{
        char file[PATH_MAX + 16];
        int fd;

        (void) snprintf(ret, size, "%s/tree", l->folder);
        check(mkdir(ret, 0755) == 0, strerror(errno));
        (void) snprintf(file, sizeof(file), "%s/a.txt", ret);
        fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        check(fd >= 0 && write(fd, "one\n", 4) == 4 && close(fd) == 0, strerror(errno));
}

static void bench_decide(int argc, char **argv)
{
        size_t times = number(argc, argv, 0, 100);
        const struct engine_decision yes = { .approve = true, .by = { 1000, "ada" } };
        struct load l = { .timed_step = "next", .is_stopping = true };
        double *took = calloc(times, sizeof(*took));
        char tree[PATH_MAX];

        load_open(&l);
        tree_make(&l, tree, sizeof(tree));
        check(took, "no memory");
        for (size_t i = 0; i < times; i++) {
                struct err err = { 0 };
                uint64_t began;

                l.timed_us = 0;
                submit(&l, edit(), tree);
                carry(&l);
                began = clock_us();
                check(engine_decide(l.engine, STEP_KEY(l.run, "edit"), &yes, NULL, NULL, &err) == 0,
                      err_text(&err));
                check(loop_run(l.loop) == 0, "loop");
                took[i] = (double) (l.timed_us - began) / 1e3;
                carry(&l);
        }
        report("decide", "ms", took, times, "");
        free(took);
        load_remove(&l);
}

static void run_and_die(struct load *l, size_t runs)
{
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                load_open(l);
                l->kill_at = runs * 20;
                for (size_t i = 0; i < runs; i++)
                        submit(l, chain(40), NULL);
                carry(l);
                _exit(1);
        }
        check(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status), "the first engine lived");
}

static size_t count_state(const json_t *rows, const char *state)
{
        const json_t *row;
        size_t i, n = 0;

        json_array_foreach (rows, i, row)
                n += strcmp(json_string_value(json_object_get(row, "state")), state) == 0;
        return n;
}

static void bench_resume(int argc, char **argv)
{
        size_t runs = number(argc, argv, 0, 200);
        struct load l = { .options.slots = 64 };
        json_t *rows = NULL;
        struct err err = { 0 };
        uint64_t began;
        double all_ms;

        folder_make(&l);
        run_and_die(&l, runs);
        began = clock_us();
        load_open(&l);
        check(engine_resume_all(l.engine, &err) == 0, err_text(&err));
        carry(&l);
        all_ms = (double) (clock_us() - began) / 1e3;
        check(store_runs(l.store, 0, 0, &rows, &err) == 0, err_text(&err));
        (void) printf("{\"figure\": \"resume\", \"runs\": %zu, \"first_step_ms\": %.1f, "
                      "\"all_ms\": %.1f, \"lost\": %zu, \"stuck\": %zu}\n",
                      runs, (double) (l.first_us - began) / 1e3, all_ms,
                      runs - json_array_size(rows),
                      json_array_size(rows) - count_state(rows, "succeeded"));
        json_decref(rows);
        load_remove(&l);
}

/* All but one step wait for the one cell. */
static void bench_memory(int argc, char **argv)
{
        size_t runs = number(argc, argv, 0, 100);
        struct load l = { .options.slots = 1 };
        double idle, in_flight;

        load_open(&l);
        submit(&l, chain(1), NULL);
        carry(&l);
        idle = resident_mib();
        l.is_stopping = true;
        l.timed_us = 0;
        for (size_t i = 0; i < runs; i++)
                submit(&l, chain(40), NULL);
        check(loop_run(l.loop) == 0, "loop");
        in_flight = resident_mib();
        carry(&l);
        (void) printf("{\"figure\": \"memory\", \"runs\": %zu, \"idle_mib\": %.1f, "
                      "\"in_flight_mib\": %.1f, \"after_mib\": %.1f}\n",
                      runs, idle, in_flight, resident_mib());
        load_remove(&l);
}

static void bench_large(int argc, char **argv)
{
        size_t fans = number(argc, argv, 0, 10), items = number(argc, argv, 1, 10000);
        struct load l = { .options.slots = 320 };
        json_t *steps = json_array();
        uint64_t began, took_us;
        struct rusage u;
        char id[32];

        load_open(&l);
        for (size_t i = 0; i < fans; i++) {
                (void) snprintf(id, sizeof(id), "fan%zu", i);
                (void) json_array_append_new(steps,
                                             json_pack("{s:s, s:s, s:s, s:o}", "id", id, "agent",
                                                       getenv("LINHAY_AGENT"), "action", "noop",
                                                       "for_each", numbers(items)));
        }
        began = clock_us();
        submit(&l, json_pack("{s:s, s:o}", "name", "large", "steps", steps), NULL);
        carry(&l);
        took_us = clock_us() - began;
        check(l.n_done == fans * (items + 1), "not every step was told to be done");
        (void) getrusage(RUSAGE_SELF, &u);
        (void) printf("{\"figure\": \"large\", \"steps\": %zu, \"steps_per_s\": %.0f, "
                      "\"peak_mib\": %.1f, \"after_mib\": %.1f}\n",
                      fans * items, (double) (fans * items) * 1e6 / (double) took_us,
                      (double) u.ru_maxrss / 1024, resident_mib());
        load_remove(&l);
}

static void bare_sql(sqlite3 *db, const char *sql)
{
        check(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, sqlite3_errmsg(db));
}

static void bare_commit(sqlite3 *db, sqlite3_stmt *insert)
{
        bare_sql(db, "BEGIN IMMEDIATE");
        for (size_t k = 0; k < ROWS_PER_COMMIT; k++) {
                check(sqlite3_step(insert) == SQLITE_DONE, sqlite3_errmsg(db));
                (void) sqlite3_reset(insert);
        }
        bare_sql(db, "COMMIT");
}

static void bench_bare(int argc, char **argv)
{
        size_t commits = number(argc, argv, 0, 2000);
        struct load l = { 0 };
        char path[PATH_MAX];
        sqlite3_stmt *insert;
        double took_s;
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
        for (size_t i = 0; i < commits; i++)
                bare_commit(db, insert);
        took_s = (double) (clock_us() - began) / 1e6;
        (void) printf("{\"figure\": \"bare\", \"rows_per_commit\": %d, \"rows_per_s\": %.0f, "
                      "\"commits_per_s\": %.0f}\n",
                      ROWS_PER_COMMIT, (double) (commits * ROWS_PER_COMMIT) / took_s,
                      (double) commits / took_s);
        (void) sqlite3_finalize(insert);
        (void) sqlite3_close(db);
        (void) nftw(l.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const struct {
        const char *name;
        void (*bench)(int argc, char **argv);
} benches[] = {
        { "steps", bench_steps },     { "chain", bench_chain },   { "submit", bench_submit },
        { "history", bench_history }, { "decide", bench_decide }, { "resume", bench_resume },
        { "memory", bench_memory },   { "large", bench_large },   { "bare", bench_bare },
};

int main(int argc, char **argv)
{
        check(getenv("LINHAY_AGENT"), "it must name tests/e2e/agents/tester.so");
        for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(benches); i++)
                if (strcmp(argv[1], benches[i].name) == 0) {
                        benches[i].bench(argc - 2, argv + 2);
                        return 0;
                }
        (void) fprintf(stderr,
                       "usage: bench-engine steps|chain|submit|history|decide|resume|memory|"
                       "large|bare [NUMBER...]\n");
        return 2;
}
