/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A run that repeats another: what was good is kept, what was not runs again
 */
#include "bench.h"
#include "flow-text.h"

#include <signal.h>
#include <sys/wait.h>

static int setup(void **state)
{
        struct bench *b = calloc(1, sizeof(*b));

        bench_init(b);
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

static struct flow *flow_of(const char *text)
{
        struct err err = { 0 };
        char *copy = strdup(text);
        struct flow *flow = NULL;
        json_t *json;

        for (char *p = copy; *p; p++)
                *p = *p == '\'' ? '"' : *p;
        json = json_loads(copy, 0, NULL);
        if (flow_from_json(&flow, json, &err) < 0)
                fail_msg("%s", err.text);
        json_decref(json);
        free(copy);
        return flow;
}

/* Repeats b->run; *ret_plan is "a:kept b:it was named …". b->run is the new one then. */
static int again(struct bench *b, const char *from, const char *definition, char plan_text[600],
                 struct err *err)
{
        _cleanup_(json_decrefp) json_t *plan = NULL;
        struct flow *flow = definition ? flow_of(definition) : NULL;
        struct engine_retry request = { .run = b->run, .from = from, .flow = flow };
        char run[RUN_ID_SIZE];
        json_t *step;
        size_t i;
        int r = engine_retry(b->engine, &request, run, &plan, err);

        plan_text[0] = '\0';
        if (r < 0) {
                flow_free(flow);
                return r;
        }
        json_array_foreach (plan, i, step)
                (void) sprintf(plan_text + strlen(plan_text), "%s%s:%s", i ? " " : "",
                               json_string_value(json_object_get(step, "step")),
                               json_is_true(json_object_get(step, "kept"))
                                       ? "kept"
                                       : json_string_value(json_object_get(step, "why")));
        memcpy(b->run, run, sizeof(run));
        return 0;
}

#define MENDED                                                                                     \
        FLOW(STEP("a", "echo", ", 'inputs': {'value': '${run.id}'}"),                              \
             STEP("b", "until", ", 'needs': ['a'], 'inputs': {'path': 'b.txt'}"),                  \
             STEP("c", "echo",                                                                     \
                  ", 'needs': ['b'], 'inputs': {'value': '${steps.a.output} ${steps.b.output}'}"), \
             STEP("d", "echo", ", 'when': 'run.id == 1', 'inputs': {'value': 1}"))

static void test_what_was_good_is_kept(void **state)
{
        struct bench *b = *state;
        struct err err = { 0 };
        char plan[600], first[RUN_ID_SIZE], want[100];

        assert_int_equal(bench_run(b, MENDED, NULL), RUN_EXIT_FAILED);
        bench_state(b, "b", "failed");
        memcpy(first, b->run, sizeof(first));
        bench_write(b, "b.txt", "mended");
        assert_int_equal(again(b, NULL, NULL, plan, &err), 0);
        assert_string_equal(plan, "a:kept b:it was not successful c:it comes after b d:kept");
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        assert_string_not_equal(b->run, first);
        assert_string_equal(json_string_value(json_object_get(b->document, "retry_of")), first);
        assert_int_equal(bench_attempts(b, "a"), 0);
        assert_int_equal(bench_attempts(b, "b"), 1);
        bench_state(b, "d", "skipped");
        (void) snprintf(want, sizeof(want), "\"%s null\"", first);
        bench_output(b, "c", want);
        assert_string_equal(json_string_value(json_object_get(
                                    json_object_get(bench_row(b, "a", -1), "taken"), "run")),
                            first);
}

static void test_from_a_step(void **state)
{
        struct bench *b = *state;
        struct err err = { 0 };
        char plan[600];

        bench_write(b, "b.txt", "x");
        assert_int_equal(bench_run(b, MENDED, NULL), RUN_EXIT_OK);
        assert_int_equal(again(b, NULL, NULL, plan, &err), -EALREADY);
        assert_int_equal(again(b, "bb", NULL, plan, &err), -ENOENT);
        assert_non_null(strstr(err.text, "did you mean \"b\"?"));
        assert_int_equal(again(b, "c", NULL, plan, &err), 0);
        assert_string_equal(plan, "a:kept b:kept c:it was named d:kept");
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        assert_int_equal(bench_attempts(b, "b"), 0);
        assert_int_equal(bench_attempts(b, "c"), 1);

        /* And that again: what was kept is kept, from where it was made. */
        assert_int_equal(again(b, "a", NULL, plan, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        assert_int_equal(bench_attempts(b, "b"), 1);
}

static void test_with_a_new_definition(void **state)
{
        struct bench *b = *state;
        struct err err = { 0 };
        char plan[600];

        assert_int_equal(
                bench_run(b,
                          FLOW(STEP("a", "echo", ", 'inputs': {'value': 1}"),
                               STEP("b", "echo", ", 'needs': ['a'], 'inputs': {'value': 2}"),
                               STEP("x", "echo", ", 'inputs': {'value': 9}")),
                          NULL),
                RUN_EXIT_OK);
        assert_int_equal(
                again(b, NULL,
                      FLOW(STEP("a", "echo", ", 'inputs': {'value': 1}"),
                           STEP("b", "echo", ", 'needs': ['a'], 'inputs': {'value': 3}"),
                           STEP("c", "echo",
                                ", 'needs': ['b'], 'inputs': {'value': '${steps.b.output}'}")),
                      plan, &err),
                0);
        assert_string_equal(plan, "a:kept b:its definition has changed c:it comes after b");
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        bench_output(b, "c", "3");
}

#define EDIT_THEN_READ                                                                             \
        FLOW(STEP("edit", "edit", ", 'inputs': {'path': 'a.txt', 'text': 'two\\n'}"),              \
             STEP("read", "until",                                                                 \
                  ", 'needs': ['edit'], 'when': 'steps.edit.changed', 'inputs': "                  \
                  "{'path': 'b.txt'}"))

static void test_changes_stay_and_are_not_made_again(void **state)
{
        struct bench *b = *state;
        struct err err = { 0 };
        char plan[600];

        b->options.approve_all = true;
        bench_close(b);
        bench_open(b);
        assert_int_equal(bench_run(b, EDIT_THEN_READ, NULL), RUN_EXIT_FAILED);
        assert_string_equal(bench_file(b, "a.txt"), "two\n");

        /* Somebody goes on from there: what is kept is not applied over it. */
        bench_write(b, "a.txt", "three\n");
        bench_write(b, "b.txt", "read");
        assert_int_equal(again(b, NULL, NULL, plan, &err), 0);
        assert_string_equal(plan, "edit:kept read:it was not successful");
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        assert_string_equal(bench_file(b, "a.txt"), "three\n");
        bench_output(b, "read", "null");
        assert_true(json_is_null(json_object_get(bench_row(b, "edit", -1), "changeset")));

        /* A step that looks again asks again, about the tree as it is. */
        bench_close(b);
        b->options.approve_all = false;
        bench_open(b);
        assert_int_equal(again(b, "edit", NULL, plan, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_WAITING);
        bench_state(b, "edit", "held");
        assert_string_equal(bench_file(b, "a.txt"), "three\n");
}

static void test_items_and_findings_come_along(void **state)
{
        struct bench *b = *state;
        struct err err = { 0 };
        char plan[600];
        size_t n;

        assert_int_equal(
                bench_run(b,
                          FLOW(STEP("each", "echo",
                                    ", 'for_each': [1, 2], 'inputs': {'value': "
                                    "'${item}'}"),
                               STEP("find", "findings", ""),
                               STEP("bad", "until",
                                    ", 'needs': ['each', 'find'], 'inputs': {'path': 'b.txt'}")),
                          NULL),
                RUN_EXIT_FAILED);
        n = json_array_size(json_object_get(bench_row(b, "find", -1), "findings"));
        assert_true(n > 0);
        bench_write(b, "b.txt", "x");
        assert_int_equal(again(b, NULL, NULL, plan, &err), 0);
        bench_carry(b);
        bench_state(b, "bad", "done");
        bench_output(b, "each", "[1,2]");
        assert_int_equal(json_integer_value(json_object_get(bench_row(b, "each", 1), "output")), 2);
        assert_int_equal(json_array_size(json_object_get(bench_row(b, "find", -1), "findings")), n);
}

/* Kills the process when the step is running that the retry runs. */
static void die(struct bench *b, const json_t *event)
{
        const char *step = json_string_value(json_object_get(event, "step"));
        const char *s = json_string_value(json_object_get(event, "state"));

        (void) b;
        if (step && strcmp(step, "read") == 0 && strcmp(s, "running") == 0)
                (void) raise(SIGKILL);
}

static void test_a_repeated_run_can_be_resumed(void **state)
{
        struct bench *b = *state;
        _cleanup_(json_decrefp) json_t *runs = NULL;
        struct err err = { 0 };
        char plan[600];
        int status;
        pid_t pid;

        bench_close(b);
        b->options.approve_all = true;
        bench_open(b);
        assert_int_equal(bench_run(b, EDIT_THEN_READ, NULL), RUN_EXIT_FAILED);
        bench_write(b, "b.txt", "read");
        bench_close(b);
        pid = fork();
        if (pid == 0) {
                bench_open(b);
                b->on_event = die;
                (void) again(b, NULL, NULL, plan, &err);
                (void) bench_carry(b);
                _exit(1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        bench_open(b);
        assert_int_equal(engine_others(b->engine, &runs, &err), 0);
        assert_int_equal(json_array_size(runs), 1);
        (void) snprintf(b->run, sizeof(b->run), "%s",
                        json_string_value(json_object_get(json_array_get(runs, 0), "run")));
        assert_int_equal(again(b, NULL, NULL, plan, &err), -EBUSY);
        assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        bench_output(b, "read", "null");
        assert_int_equal(bench_attempts(b, "edit"), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_what_was_good_is_kept),
                TEST(test_from_a_step),
                TEST(test_with_a_new_definition),
                TEST(test_changes_stay_and_are_not_made_again),
                TEST(test_items_and_findings_come_along),
                TEST(test_a_repeated_run_can_be_resumed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
