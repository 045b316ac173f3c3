/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Workflows within workflows: what crosses the border between a run and those that its steps run
 */
#include "bench.h"
#include "flow-text.h"

#include <signal.h>
#include <sys/wait.h>

static pid_t self;

static int setup(void **state)
{
        struct bench *b = calloc(1, sizeof(*b));

        self = getpid();
        bench_init(b);
        bench_open(b);
        *state = b;
        return 0;
}

static int teardown(void **state)
{
        if (getpid() != self)
                _exit(1);
        bench_done(*state);
        free(*state);
        return 0;
}

/* The child of a step, as the document says; b->run and b->document are its then. */
static void look_inside(struct bench *b, const char *step, int item)
{
        const char *child = json_string_value(json_object_get(bench_row(b, step, item), "child"));

        assert_non_null(child);
        (void) snprintf(b->run, sizeof(b->run), "%s", child);
        bench_look(b);
}

static size_t children_of(struct bench *b, const char *run, const char *step)
{
        _cleanup_(json_decrefp) json_t *rows = NULL;
        struct err err = { 0 };

        assert_int_equal(store_children(b->store, (struct step_key){ run, step, -1 }, &rows, &err),
                         0);
        return json_array_size(rows);
}

#define DOUBLE                                                                                     \
        CHILD_WITH("double",                                                                       \
                   "'inputs': {'properties': {'n': {}}}, "                                         \
                   "'outputs': {'twice': ['${steps.a.output}', '${inputs.n}']}",                   \
                   STEP("a", "echo", ", 'inputs': {'value': '${inputs.n}'}"))

static void test_inputs_and_outputs(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          PARENT(DOUBLE
                                 ", " CHILD("all", STEP("x", "echo", ", 'inputs': {'value': 7}")),
                                 CALL("one", "double", ", 'inputs': {'n': 3}"),
                                 CALL("two", "all", ""),
                                 STEP("sum", "echo",
                                      ", 'needs': ['one', 'two'], 'inputs': {'value': "
                                      "'${steps.one.output.twice} ${steps.two.output}'}")),
                          NULL),
                RUN_EXIT_OK);
        bench_output(b, "one", "{\"twice\":[3,3]}");
        bench_output(b, "two", "{\"steps\":{\"x\":7}}");
        bench_output(b, "sum", "\"[3,3] {\\\"steps\\\":{\\\"x\\\":7}}\"");
        look_inside(b, "one", -1);
        bench_run_state(b, "succeeded");
        assert_string_equal(
                json_string_value(json_object_get(json_object_get(b->document, "parent"), "step")),
                "one");
}

/* A value that looks like a reference stays text, through every road. */
static void test_values_are_never_read_again(void **state)
{
        struct bench *b = *state;

        static const char flow[] = FLOW_WITH(
                "'inputs': {'properties': {'trap': {}}}, 'workflows': {" DOUBLE "}",
                STEP("first", "echo",
                     ", 'inputs': {'value': ['${inputs.trap}', '<${inputs.trap}>']}"),
                STEP("each", "echo",
                     ", 'needs': ['first'], 'for_each': '${steps.first.output}', 'inputs': "
                     "{'value': '${item}'}"),
                CALL("call", "double",
                     ", 'needs': ['each'], 'for_each': '${steps.each.output}', 'inputs': "
                     "{'n': '${item}'}"));

        assert_int_equal(bench_run(b, flow, "{'trap': '${run.id} $${inputs.trap}'}"), RUN_EXIT_OK);
        bench_output(b, "first", "[\"${run.id} $${inputs.trap}\",\"<${run.id} $${inputs.trap}>\"]");
        bench_output(b, "each", "[\"${run.id} $${inputs.trap}\",\"<${run.id} $${inputs.trap}>\"]");
        bench_output(b, "call",
                     "[{\"twice\":[\"${run.id} $${inputs.trap}\",\"${run.id} "
                     "$${inputs.trap}\"]},{\"twice\":[\"<${run.id} $${inputs.trap}>\",\"<${run.id} "
                     "$${inputs.trap}>\"]}]");
}

static void test_findings_roll_up(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          PARENT(CHILD_WITH("look",
                                            "'workflows': {" CHILD("deep",
                                                                   STEP("f", "findings",
                                                                        ", 'inputs': {'n': 3, "
                                                                        "'severity': 'high'}")) "}",
                                            STEP("g", "findings",
                                                 ", 'inputs': {'n': 2, 'severity': 'low'}"),
                                            CALL("d", "deep", "")),
                                 CALL("l", "look", ""),
                                 STEP("n", "echo",
                                      ", 'needs': ['l'], 'inputs': {'value': "
                                      "'${steps.l.findings.total}'}")),
                          NULL),
                RUN_EXIT_FINDINGS);
        bench_output(b, "n", "5");
        assert_int_equal(json_array_size(json_object_get(bench_row(b, "l", -1), "findings")), 5);
}

static void test_failure_fails_the_step(void **state)
{
        struct bench *b = *state;

        assert_int_equal(bench_run(b,
                                   PARENT(CHILD("bad", STEP("x", "fail", "")),
                                          CALL("call", "bad",
                                               ", 'retry': {'attempts': 3, 'backoff': '1ms'}"),
                                          STEP("after", "noop", ", 'needs': ['call']")),
                                   NULL),
                         RUN_EXIT_FAILED);
        bench_state(b, "call", "failed");
        assert_non_null(strstr(bench_text(b, "call", "reason"), "failed at its step x"));
        bench_state(b, "after", "skipped");
        assert_int_equal(children_of(b, b->run, "call"), 3);
}

#define SLOW                                                                                       \
        PARENT(CHILD("slow", STEP("s", "sleep", ", 'inputs': {'ms': 10000}"),                      \
                     STEP("last", "noop", ", 'always': true")),                                    \
               CALL("call", "slow", ""))

/* Cancels b->user (the parent, or the child) when the sleeper runs. */
static void cancel_at_running(struct bench *b, const json_t *event)
{
        const char *step = json_string_value(json_object_get(event, "step"));
        const char *s = json_string_value(json_object_get(event, "state"));
        const char *run = json_string_value(json_object_get(event, "run"));
        struct err err = { 0 };

        if (!step || strcmp(step, "s") != 0 || !s || strcmp(s, "running") != 0)
                return;
        assert_int_equal(
                engine_cancel(b->engine, b->user ? run : b->run, CANCEL_ORDERLY, "x", &err), 0);
}

static void test_cancel_reaches_the_child(void **state)
{
        struct bench *b = *state;

        b->on_event = cancel_at_running;
        assert_int_equal(bench_run(b, SLOW, NULL), RUN_EXIT_FAILED);
        bench_run_state(b, "cancelled");
        bench_state(b, "call", "cancelled");
        look_inside(b, "call", -1);
        bench_run_state(b, "cancelled");
        bench_state(b, "s", "cancelled");
        bench_state(b, "last", "done");
}

static void test_a_child_cancelled_alone_fails_the_step(void **state)
{
        struct bench *b = *state;

        b->on_event = cancel_at_running;
        b->user = b;
        assert_int_equal(bench_run(b, SLOW, NULL), RUN_EXIT_FAILED);
        bench_run_state(b, "failed");
        bench_state(b, "call", "failed");
        assert_non_null(strstr(bench_text(b, "call", "reason"), "was cancelled"));
}

static void test_timeouts_cross(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          PARENT(CHILD("slow", STEP("s", "sleep", ", 'inputs': {'ms': 60000}")),
                                 CALL("call", "slow", ", 'timeout': '300ms'")),
                          NULL),
                RUN_EXIT_FAILED);
        assert_string_equal(bench_text(b, "call", "verdict"), "timeout");
        look_inside(b, "call", -1);
        bench_run_state(b, "failed");
}

#define EDITS                                                                                      \
        PARENT(CHILD("edits", STEP("e", "edit",                                                    \
                                   ", 'inputs': {'path': 'a.txt', 'text': "                        \
                                   "'two\\n'}")),                                                  \
               CALL("call", "edits", ""),                                                          \
               STEP("r", "read",                                                                   \
                    ", 'needs': ['call'], 'when': 'steps.call.changed', 'inputs': {'path': "       \
                    "'a.txt'}"))

static void decide_inside(struct bench *b, int64_t uid, int want)
{
        struct engine_decision yes = { .approve = true, .by = { uid, "eve" } };
        const char *child = json_string_value(json_object_get(bench_row(b, "call", -1), "child"));
        struct err err = { 0 };

        assert_int_equal(engine_decide(b->engine, (struct step_key){ child, "e", -1 }, &yes, NULL,
                                       NULL, &err),
                         want);
}

static void test_approval_inside(void **state)
{
        struct bench *b = *state;
        struct err err = { 0 };

        b->options.four_eyes = true;
        bench_close(b);
        bench_open(b);
        assert_int_equal(bench_run(b, EDITS, NULL), RUN_EXIT_WAITING);
        bench_run_state(b, "waiting_approval");
        bench_state(b, "call", "running");
        decide_inside(b, 1000, -EPERM);

        /* The same over a restart. */
        bench_close(b);
        bench_open(b);
        assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_WAITING);
        decide_inside(b, 1000, -EPERM);
        decide_inside(b, 2000, 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        bench_output(b, "r", "\"two\\n\"");
        assert_int_equal(children_of(b, b->run, "call"), 1);
}

static void test_depth(void **state)
{
        struct bench *b = *state;
        char flow[4000] = "{" STEPS(STEP("x", "echo", ", 'inputs': {'value': 1}")) "}", outer[4000];

        for (int i = 0; i < FLOW_DEPTH_MAX - 1; i++) {
                (void) snprintf(outer, sizeof(outer), PARENT("'in': %.3800s", CALL("x", "in", "")),
                                flow);
                memcpy(flow, outer, sizeof(flow));
        }
        assert_int_equal(bench_run(b, flow, NULL), RUN_EXIT_OK);
}

/* Dies at a random moment of a run with children, again and again, until it has ended. */
static const struct {
        const char *step, *state;
} deaths[] = {
        { "call", "running" }, { "a", "running" }, { "a", "done" },    { "b", "running" },
        { "b", "done" },       { "call", "done" }, { "c", "running" }, { NULL, "queued" },
        { NULL, "succeeded" }, { "a", "ready" },   { "b", "ready" },
};

static void die(struct bench *b, const json_t *event)
{
        const char *step = json_string_value(json_object_get(event, "step"));
        const char *s = json_string_value(json_object_get(event, "state"));
        size_t i = (size_t) (intptr_t) b->user;

        if (s && strcmp(s, deaths[i].state) == 0 && !step == !deaths[i].step &&
            (!step || strcmp(step, deaths[i].step) == 0))
                (void) raise(SIGKILL);
}

#define DEADLY                                                                                     \
        PARENT(CHILD("in", STEP("a", "echo", ", 'inputs': {'value': 1}"),                          \
                     STEP("b", "findings",                                                         \
                          ", 'needs': ['a'], 'inputs': {'n': 2, 'severity': 'low'}")),             \
               CALL("call", "in", ""),                                                             \
               STEP("c", "echo",                                                                   \
                    ", 'needs': ['call'], 'inputs': "                                              \
                    "{'value': "                                                                   \
                    "'${steps.call.findings.total}'}"))

static void test_no_orphan_and_no_double(void **state)
{
        struct bench *b = *state;
        struct err err = { 0 };

        for (size_t i = 0; i < ARRAY_SIZE(deaths); i++) {
                _cleanup_(json_decrefp) json_t *runs = NULL, *rows = NULL;
                int status;
                pid_t pid;

                print_message("# %s %s\n", deaths[i].step ? deaths[i].step : "run",
                              deaths[i].state);
                bench_close(b);
                pid = fork();
                if (pid == 0) {
                        bench_open(b);
                        b->on_event = die;
                        b->user = (void *) (intptr_t) i;
                        (void) bench_run(b, DEADLY, NULL);
                        _exit(0);
                }
                assert_int_equal(waitpid(pid, &status, 0), pid);
                bench_open(b);
                assert_int_equal(engine_others(b->engine, &runs, &err), 0);
                if (json_array_size(runs) == 0)
                        continue; /* it had ended */
                assert_int_equal(json_array_size(runs), 1);
                (void) snprintf(b->run, sizeof(b->run), "%s",
                                json_string_value(json_object_get(json_array_get(runs, 0), "run")));
                assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
                assert_int_equal(bench_carry(b), RUN_EXIT_OK);
                bench_output(b, "c", "2");
                assert_int_equal(children_of(b, b->run, "call"), 1);
                assert_int_equal(store_unended(b->store, 0, &rows, &err), 0);
                assert_int_equal(json_array_size(rows), 0);
        }
}

/* A daemon that starts again takes up each run once, whichever comes first. */
static void test_all_are_taken_up_once(void **state)
{
        struct bench *b = *state;
        _cleanup_(json_decrefp) json_t *rows = NULL;
        struct err err = { 0 };
        char run[RUN_ID_SIZE];

        b->options.runs_max = 1;
        bench_close(b);
        bench_open(b);
        assert_int_equal(bench_run(b, EDITS, NULL), RUN_EXIT_WAITING);
        memcpy(run, b->run, sizeof(run));
        bench_close(b);
        bench_open(b);
        assert_int_equal(engine_resume_all(b->engine, &err), 0);
        (void) engine_run_until_idle(b->engine, &err);
        bench_look(b);
        decide_inside(b, 2000, 0);
        (void) engine_run_until_idle(b->engine, &err);
        bench_look(b);
        bench_run_state(b, "succeeded");
        assert_int_equal(store_unended(b->store, 0, &rows, &err), 0);
        assert_int_equal(json_array_size(rows), 0);
}

/* Who asks for a part of a run gets the whole. */
static void test_a_child_is_resumed_with_its_parent(void **state)
{
        struct bench *b = *state;
        char child[RUN_ID_SIZE], run[RUN_ID_SIZE];
        struct err err = { 0 };

        assert_int_equal(bench_run(b, EDITS, NULL), RUN_EXIT_WAITING);
        memcpy(run, b->run, sizeof(run));
        look_inside(b, "call", -1);
        memcpy(child, b->run, sizeof(child));
        memcpy(b->run, run, sizeof(run));
        bench_close(b);
        bench_open(b);
        assert_int_equal(engine_resume(b->engine, child, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_WAITING);
        decide_inside(b, 1000, 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        bench_run_state(b, "succeeded");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_inputs_and_outputs),
                TEST(test_values_are_never_read_again),
                TEST(test_findings_roll_up),
                TEST(test_failure_fails_the_step),
                TEST(test_cancel_reaches_the_child),
                TEST(test_a_child_cancelled_alone_fails_the_step),
                TEST(test_timeouts_cross),
                TEST(test_approval_inside),
                TEST(test_depth),
                TEST(test_no_orphan_and_no_double),
                TEST(test_all_are_taken_up_once),
                TEST(test_a_child_is_resumed_with_its_parent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
