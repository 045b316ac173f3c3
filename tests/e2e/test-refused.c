/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs that the store refuses to record: each ends alone, and says why
 */
#include "bench.h"

#include <sqlite3.h>

#define STEP(id, action, more) "{'id': '" id "', 'agent': 'tester', 'action': '" action "'" more "}"
#define FLOW(steps)            "{'name': 'test', 'steps': [" steps "]}"

/* The record's rule of a test: nothing of a step "bad" may stand there. */
#define NO_BAD_OUTPUT                                                                              \
        "CREATE TRIGGER no_bad BEFORE INSERT ON outputs WHEN NEW.step = 'bad'"                     \
        " BEGIN SELECT RAISE(ABORT, 'too bad'); END"
#define NO_BAD_RUN                                                                                 \
        "CREATE TRIGGER no_bad BEFORE INSERT ON steps WHEN NEW.id = 'bad'"                         \
        " BEGIN SELECT RAISE(ABORT, 'too bad'); END"
#define NO_END                                                                                     \
        "CREATE TRIGGER no_end BEFORE UPDATE OF state ON runs WHEN NEW.state = 'failed'"           \
        " BEGIN SELECT RAISE(ABORT, 'no end'); END"

#define LATE_MS 60000 /* on a busy machine; much less than the longest sleep here */

static size_t n_stuck;

static void on_stuck(void *user, const char *text)
{
        (void) user;
        assert_non_null(strstr(text, "cannot go on, nor be ended"));
        n_stuck++;
}

static int setup(void **state)
{
        struct bench *b = calloc(1, sizeof(*b));

        n_stuck = 0;
        bench_init(b);
        b->options.on_stuck = on_stuck;
        bench_open(b);
        *state = b;
        return 0;
}

static int teardown(void **state)
{
        bench_done(*state);
        free(*state);
        return 0;
}

/* Nobody writes to a store beside its engine. */
static void run_sql(struct bench *b, const char *sql)
{
        char path[4096];
        sqlite3 *db;

        bench_close(b);

        (void) snprintf(path, sizeof(path), "%s/store.db", b->store_dir);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_busy_timeout(db, 10000), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        (void) sqlite3_close(db);
        bench_open(b);
}

static void submit(struct bench *b, const char *flow, char ret[RUN_ID_SIZE])
{
        bench_submit(b, flow, NULL);
        (void) snprintf(ret, RUN_ID_SIZE, "%s", b->run);
}

static void look(struct bench *b, const char *run, const char *state)
{
        (void) snprintf(b->run, sizeof(b->run), "%s", run);
        bench_look(b);
        bench_run_state(b, state);
}

static void expect_reason(struct bench *b, const char *step)
{
        const char *reason = bench_text(b, step, "reason");

        if (!strstr(reason, "cannot record the output of") || !strstr(reason, "too bad"))
                fail_msg("%s: \"%s\"", step, reason);
}

static int on_late(struct loop_source *source, uint32_t events)
{
        (void) source;
        (void) events;
        fail_msg("a run that was refused goes on");
        return 0;
}

/* What ran beside the step that was refused is killed, and what waited for it never begins. */
static void test_one_run_ends(void **state)
{
        struct bench *b = *state;
        char good[RUN_ID_SIZE], bad[RUN_ID_SIZE], later[RUN_ID_SIZE];
        struct loop_source late = { 0 };

        run_sql(b, NO_BAD_OUTPUT);
        assert_int_equal(loop_add_timer(b->loop, &late, LATE_MS, on_late, NULL), 0);
        submit(b,
               FLOW(STEP("bad", "noop", "") "," STEP(
                       "behind", "noop",
                       ", 'needs': ['bad']") "," STEP("beside", "sleep",
                                                      ", 'inputs': {'ms': 600000, 'value': 1}")),
               bad);
        submit(b,
               FLOW(STEP("a", "sleep", ", 'inputs': {'ms': 300, 'value': 1}") "," STEP(
                       "b", "noop", ", 'needs': ['a']")),
               good);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        assert_string_equal(engine_trouble(b->engine), "");
        loop_remove(b->loop, &late); /* nobody waited for what sleeps */
        look(b, good, "succeeded");
        look(b, bad, "failed");
        bench_state(b, "bad", "failed");
        bench_state(b, "beside", "failed");
        bench_state(b, "behind", "cancelled");
        expect_reason(b, "bad");
        expect_reason(b, "behind");
        assert_int_equal(bench_events(b, "end", "run", bad), 1);
        assert_int_equal(bench_events(b, "end", "run", good), 1);
        assert_int_equal(bench_attempts(b, "behind"), 0);
        submit(b, FLOW(STEP("bad", "noop", "")), later);
        assert_int_equal(bench_carry(b), RUN_EXIT_FAILED);
        look(b, later, "failed");
}

/* Taken up again it would be as it was: there is nothing to take up. */
static void test_it_stays_ended(void **state)
{
        struct bench *b = *state;
        struct err err = { 0 };

        run_sql(b, NO_BAD_OUTPUT);
        assert_int_equal(bench_run(b, FLOW(STEP("bad", "noop", "")), NULL), RUN_EXIT_FAILED);
        bench_close(b);
        bench_open(b);
        assert_int_equal(engine_resume(b->engine, b->run, &err), -EALREADY);
}

static void test_with_its_children(void **state)
{
        struct bench *b = *state;
        const char *child;

        run_sql(b, NO_BAD_OUTPUT);
        assert_int_equal(
                bench_run(b,
                          "{'name': 'test', 'workflows': {'inner': {'steps': [" STEP(
                                  "bad", "noop", "") "]}}, 'steps': [{'id': 'call', 'workflow': "
                                                     "'inner'}]}",
                          NULL),
                RUN_EXIT_FAILED);
        bench_run_state(b, "failed");
        expect_reason(b, "call");
        child = json_string_value(json_object_get(bench_row(b, "call", -1), "child"));
        assert_non_null(child);
        look(b, child, "failed");
        expect_reason(b, "bad");
}

/* Not even its beginning: who waits for it is told, and there is no such run. */
static void test_never_begun(void **state)
{
        struct bench *b = *state;
        char good[RUN_ID_SIZE], bad[RUN_ID_SIZE];
        json_t *none = NULL;
        struct err err = { 0 };

        run_sql(b, NO_BAD_RUN);
        submit(b, FLOW(STEP("bad", "noop", "")), bad);
        submit(b, FLOW(STEP("good", "noop", "")), good);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        look(b, good, "succeeded");
        assert_int_equal(bench_events(b, "run", "run", bad), 0);
        assert_int_equal(bench_events(b, "end", "run", bad), 1);
        assert_int_equal(store_run_document(b->store, bad, 0, &none, &err), -ENOENT);
        assert_int_equal(n_stuck, 0);
}

static void test_while_it_waits_for_its_turn(void **state)
{
        struct bench *b = *state;
        char good[RUN_ID_SIZE], bad[RUN_ID_SIZE];

        b->options.runs_max = 1;
        run_sql(b, NO_BAD_RUN);
        submit(b, FLOW(STEP("a", "sleep", ", 'inputs': {'ms': 100, 'value': 1}")), good);
        submit(b, FLOW(STEP("bad", "noop", "")), bad);
        assert_false(engine_run_until_idle(b->engine, NULL) == RUN_EXIT_TROUBLE);
        look(b, good, "succeeded");
        assert_int_equal(bench_events(b, "end", "run", bad), 1);
        assert_false(engine_carries(b->engine, bad));
}

/* Nor can it be ended: it leaves the engine, which says so, and goes on. */
static void test_not_even_its_end(void **state)
{
        struct bench *b = *state;
        char good[RUN_ID_SIZE], bad[RUN_ID_SIZE];

        run_sql(b, NO_BAD_OUTPUT);
        run_sql(b, NO_END);
        submit(b, FLOW(STEP("bad", "noop", "")), bad);
        submit(b, FLOW(STEP("good", "noop", "")), good);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        assert_int_equal(n_stuck, 1);
        assert_false(engine_carries(b->engine, bad));
        look(b, bad, "running");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_one_run_ends),
                TEST(test_it_stays_ended),
                TEST(test_with_its_children),
                TEST(test_never_begun),
                TEST(test_while_it_waits_for_its_turn),
                TEST(test_not_even_its_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
