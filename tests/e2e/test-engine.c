/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"
#include "flow-text.h"

#include "base/blob.h"
#include "run/file-input.h"
#include "run/remote.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#ifdef FAKE_CELL
#include "forkcell.h"
#endif

static pid_t self; /* a child that fails an assertion must not go on with the next test */

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

/* Number of the first event of `step` in `state`, or -1. */
static int at(struct bench *b, const char *step, const char *state)
{
        json_t *event;
        size_t i;

        json_array_foreach (b->events, i, event) {
                const char *s = json_string_value(json_object_get(event, "step"));
                const char *t = json_string_value(json_object_get(event, "state"));

                if (s && t && strcmp(s, step) == 0 && strcmp(t, state) == 0)
                        return (int) i;
        }
        return -1;
}

static const char *name_at(struct bench *b, size_t i)
{
        return json_string_value(json_object_get(json_array_get(b->events, i), "event"));
}

static void test_chain(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          FLOW(STEP("a", "echo",
                                    ", 'inputs': {'value': {'n': 1, 's': "
                                    "'${run.id}'}}"),
                               STEP("b", "echo",
                                    ", 'needs': ['a'], 'inputs': {'value': '${steps.a.output.n}'}"),
                               STEP("c", "echo",
                                    ", 'needs': ['b'], 'inputs': {'value': 'b=${steps.b.output} "
                                    "${steps.b.state}'}")),
                          NULL),
                RUN_EXIT_OK);
        bench_run_state(b, "succeeded");
        bench_output(b, "b", "1");
        bench_output(b, "c", "\"b=1 done\"");
        assert_string_equal(name_at(b, 0), "run");
        assert_string_equal(name_at(b, json_array_size(b->events) - 1), "end");
        assert_true(at(b, "a", "done") < at(b, "b", "running"));
        assert_true(at(b, "b", "done") < at(b, "c", "running"));
        assert_int_equal(bench_attempts(b, "a"), 1);
}

static void look_at_record(struct bench *b, const json_t *event)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        struct err err = { 0 };

        if (strcmp(json_string_value(json_object_get(event, "event")), "run") != 0)
                return;
        assert_int_equal(store_run_document(b->store,
                                            json_string_value(json_object_get(event, "run")), 0,
                                            &document, &err),
                         0);
        b->user = b;
}

static void test_run_is_told_after_its_commit(void **state)
{
        struct bench *b = *state;

        b->on_event = look_at_record;
        assert_int_equal(bench_run(b, FLOW(STEP("a", "noop", "")), NULL), RUN_EXIT_OK);
        assert_ptr_equal(b->user, b);
}

static void test_no_barrier(void **state)
{
        struct bench *b = *state;

        assert_int_equal(bench_run(b,
                                   FLOW(STEP("slow", "sleep", ", 'inputs': {'ms': 400}"),
                                        STEP("quick", "noop", ""),
                                        STEP("after", "noop", ", 'needs': ['quick']"),
                                        STEP("last", "noop", ", 'needs': ['slow', 'after']")),
                                   NULL),
                         RUN_EXIT_OK);
        assert_true(at(b, "after", "done") < at(b, "slow", "done"));
        assert_true(at(b, "slow", "done") < at(b, "last", "running"));
}

/* The most steps or items that were running at once, as the events tell. */
static int most_running(struct bench *b, bool items_only)
{
        int running = 0, most = 0;
        json_t *event;
        size_t i;

        json_array_foreach (b->events, i, event) {
                const char *s = json_string_value(json_object_get(event, "state"));

                if (!json_object_get(event, "step") || !s ||
                    (items_only && !json_object_get(event, "item")))
                        continue;
                running += strcmp(s, "running") == 0;
                running -= strcmp(s, "done") == 0;
                most = running > most ? running : most;
        }
        return most;
}

static void test_concurrency(void **state)
{
        struct bench *b = *state;

        assert_int_equal(bench_run(b,
                                   FLOW_WITH("'concurrency': 2", STEP("a", "sleep", ""),
                                             STEP("b", "sleep", ""), STEP("c", "sleep", ""),
                                             STEP("d", "sleep", ""), STEP("e", "sleep", "")),
                                   NULL),
                         RUN_EXIT_OK);
        assert_int_equal(most_running(b, false), 2);
}

static void test_when(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(
                        b,
                        FLOW_WITH(
                                "'inputs': {'type': 'object', 'properties': {'go': "
                                "{'type': 'boolean', 'default': false}}}",
                                STEP("a", "echo", ", 'when': 'inputs.go', 'inputs': {'value': 1}"),
                                STEP("b", "echo",
                                     ", 'needs': ['a'], 'inputs': {'value': "
                                     "'${default(steps.a.output, 7)}'}"),
                                STEP("c", "echo",
                                     ", 'needs': ['a'], 'when': 'steps.a.state == \\'skipped\\''")),
                        NULL),
                RUN_EXIT_OK);
        bench_state(b, "a", "skipped");
        bench_output(b, "b", "7");
        bench_state(b, "c", "done");
        assert_int_equal(bench_attempts(b, "a"), 0);
}

static void test_missing_reference_fails(void **state)
{
        struct bench *b = *state;

        assert_int_equal(bench_run(b,
                                   FLOW(STEP("a", "noop", ", 'when': 'false'"),
                                        STEP("b", "echo",
                                             ", 'needs': ['a'], 'inputs': {'value': "
                                             "'${steps.a.output.x}'}"),
                                        STEP("c", "noop",
                                             ", 'needs': ['a'], 'when': 'steps.a.output.x == 1'")),
                                   NULL),
                         RUN_EXIT_FAILED);
        bench_state(b, "b", "failed");
        bench_state(b, "c", "failed");
        assert_string_equal(bench_text(b, "b", "verdict"), "schema");
        assert_int_equal(bench_attempts(b, "b"), 0);
}

static void test_failure_skips_what_needs_it(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          FLOW(STEP("a", "fail", ""), STEP("b", "noop", ", 'needs': ['a']"),
                               STEP("c", "noop", ", 'needs': ['b']"), STEP("other", "noop", ""),
                               STEP("more", "noop", ", 'needs': ['other']"),
                               STEP("clean", "echo",
                                    ", 'needs': ['c'], 'always': true, 'inputs': {'value': "
                                    "'${steps.a.state} ${steps.c.state}'}")),
                          NULL),
                RUN_EXIT_FAILED);
        bench_run_state(b, "failed");
        bench_state(b, "a", "failed");
        bench_state(b, "b", "skipped");
        bench_state(b, "c", "skipped");
        bench_state(b, "more", "done");
        bench_output(b, "clean", "\"failed skipped\"");
        assert_non_null(strstr(bench_text(b, "b", "reason"), "needs a"));
}

static void test_failure_that_continues(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          FLOW(STEP("a", "fail", ", 'on_failure': 'continue'"),
                               STEP("b", "echo",
                                    ", 'needs': ['a'], 'inputs': {'value': '${steps.a.verdict}'}")),
                          NULL),
                RUN_EXIT_OK);
        bench_run_state(b, "succeeded");
        bench_state(b, "a", "failed");
        bench_output(b, "b", "\"failed\"");
}

static void write_at_retry(struct bench *b, const json_t *event)
{
        const char *s = json_string_value(json_object_get(event, "state"));

        if (s && strcmp(s, "ready") == 0 && json_object_get(event, "attempt"))
                bench_write(b, "there", "");
}

#define RETRY(n) ", 'retry': {'attempts': " n ", 'backoff': '1ms'}"

static void test_retry_until_it_works(void **state)
{
        struct bench *b = *state;

        b->on_event = write_at_retry;
        assert_int_equal(
                bench_run(b, FLOW(STEP("a", "until", RETRY("3") ", 'inputs': {'path': 'there'}")),
                          NULL),
                RUN_EXIT_OK);
        bench_state(b, "a", "done");
        assert_int_equal(bench_attempts(b, "a"), 2);
}

static void test_retries_end(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b, FLOW(STEP("a", "until", RETRY("3") ", 'inputs': {'path': 'never'}")),
                          NULL),
                RUN_EXIT_FAILED);
        bench_state(b, "a", "failed");
        assert_int_equal(bench_attempts(b, "a"), 3);
        assert_string_equal(bench_text(b, "a", "verdict"), "failed");
}

static void test_what_is_never_retried(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          FLOW(STEP("input", "fail", RETRY("3") ", 'inputs': {'how': 'input'}"),
                               STEP("limit", "fail", RETRY("3") ", 'inputs': {'how': 'limit'}"),
                               STEP("schema", "fail", RETRY("3") ", 'inputs': {'how': 'schema'}"),
                               STEP("crash", "fail", RETRY("3") ", 'inputs': {'how': 'abort'}")),
                          NULL),
                RUN_EXIT_FAILED);
        assert_int_equal(bench_attempts(b, "input"), 1);
        assert_int_equal(bench_attempts(b, "limit"), 1);
        assert_int_equal(bench_attempts(b, "schema"), 1);
        assert_string_equal(bench_text(b, "schema", "verdict"), "schema");
        assert_int_equal(bench_attempts(b, "crash"), 3);
        assert_string_equal(bench_text(b, "crash", "verdict"), "signal");
}

static void test_input_that_does_not_fit(void **state)
{
        struct bench *b = *state;

        assert_int_equal(bench_run(b, FLOW(STEP("a", "sleep", ", 'inputs': {'ms': 'long'}")), NULL),
                         RUN_EXIT_FAILED);
        bench_state(b, "a", "failed");
        assert_string_equal(bench_text(b, "a", "verdict"), "schema");
#ifdef FAKE_CELL
        assert_int_equal(forkcells.n_started, 0);
#endif
}

static void test_step_timeout(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          FLOW(STEP("a", "sleep",
                                    ", 'timeout': '60ms', 'inputs': {'ms': 8000, 'deaf': true}")),
                          NULL),
                RUN_EXIT_FAILED);
        assert_string_equal(bench_text(b, "a", "verdict"), "timeout");
}

static void test_run_timeout(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          FLOW_WITH("'timeout': '80ms'",
                                    STEP("a", "sleep", ", 'inputs': {'ms': 8000}"),
                                    STEP("b", "noop", ", 'needs': ['a']"),
                                    STEP("clean", "noop", ", 'needs': ['b'], 'always': true")),
                          NULL),
                RUN_EXIT_FAILED);
        bench_run_state(b, "failed");
        assert_string_equal(bench_text(b, "a", "verdict"), "timeout");
        assert_string_equal(bench_text(b, "a", "reason"), "the run's time was up");
        bench_state(b, "b", "cancelled");
        bench_state(b, "clean", "done");
}

static void test_for_each(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          FLOW(STEP("list", "echo", ", 'inputs': {'value': ['x', 'y', 'z']}"),
                               STEP("each", "echo",
                                    ", 'needs': ['list'], 'for_each': '${steps.list.output}', "
                                    "'inputs': {'value': '${index}:${item}'}"),
                               STEP("after", "echo",
                                    ", 'needs': ['each'], 'inputs': {'value': "
                                    "'${steps.each.output[2]}'}")),
                          NULL),
                RUN_EXIT_OK);
        bench_output(b, "each", "[\"0:x\",\"1:y\",\"2:z\"]");
        bench_output(b, "after", "\"2:z\"");
        assert_string_equal(json_string_value(json_object_get(bench_row(b, "each", 1), "state")),
                            "done");
}

static void test_for_each_keeps_to_max_parallel(void **state)
{
        struct bench *b = *state;

        assert_int_equal(bench_run(b,
                                   FLOW(STEP("each", "sleep",
                                             ", 'for_each': [1, 2, 3, 4, 5, 6], 'max_parallel': 2, "
                                             "'inputs': {'value': '${item}'}")),
                                   NULL),
                         RUN_EXIT_OK);
        bench_output(b, "each", "[1,2,3,4,5,6]");
        assert_int_equal(most_running(b, true), 2);
}

static void test_for_each_of_nothing(void **state)
{
        struct bench *b = *state;

        assert_int_equal(bench_run(b, FLOW(STEP("each", "noop", ", 'for_each': []")), NULL),
                         RUN_EXIT_OK);
        bench_output(b, "each", "[]");
}

static void test_for_each_with_a_bad_item(void **state)
{
        struct bench *b = *state;

        assert_int_equal(bench_run(b,
                                   FLOW(STEP("each", "sleep",
                                             ", 'for_each': [1, 'bad', 3], 'on_failure': "
                                             "'continue', 'inputs': {'ms': '${item}', 'value': "
                                             "'${item}'}"),
                                        STEP("after", "echo",
                                             ", 'needs': ['each'], 'inputs': {'value': "
                                             "'${steps.each.output}'}")),
                                   NULL),
                         RUN_EXIT_OK);
        bench_state(b, "each", "failed");
        assert_string_equal(bench_text(b, "each", "reason"), "1 of 3 items failed");
        bench_output(b, "after", "[1,null,3]");
}

static void test_logs_and_findings(void **state)
{
        _cleanup_(json_decrefp) json_t *logs = NULL;
        struct bench *b = *state;
        struct err err = { 0 };

        assert_int_equal(bench_run(b,
                                   FLOW_WITH("'fail_on': 'high'",
                                             STEP("a", "echo", ", 'inputs': {'say': 'hello'}"),
                                             STEP("b", "findings", ", 'inputs': {'n': 3}")),
                                   NULL),
                         RUN_EXIT_FINDINGS);
        bench_run_state(b, "succeeded");
        assert_int_equal(
                store_logs(b->store, (struct step_key){ b->run, "a", -1 }, 0, 0, &logs, &err), 0);
        assert_int_equal(bench_events(b, "log", "text", "hello"), 1);
        assert_int_equal(json_array_size(json_object_get(bench_row(b, "b", -1), "findings")), 3);
        assert_int_equal(bench_events(b, "findings", "step", "b"), 1);
}

static void test_findings_below_the_threshold(void **state)
{
        struct bench *b = *state;

        assert_int_equal(bench_run(b,
                                   FLOW_WITH("'fail_on': 'critical'",
                                             STEP("b", "findings", ", 'inputs': {'n': 3}")),
                                   NULL),
                         RUN_EXIT_OK);
}

#define LOOK(id, more) STEP(id, "search", ", 'inputs': {'path': 'a.txt', 'word': 'one'}" more)

/* The report counts so as well (obs/tally.h): a patch that mends a finding turns the run green. */
static void test_second_look_replaces_the_first(void **state)
{
        static const struct {
                const char *why, *flow;
                int want;
        } rows[] = {
                { "found once", FLOW(LOOK("a", "")), RUN_EXIT_FINDINGS },
                { "found, and found again", FLOW(LOOK("a", ""), LOOK("b", ", 'needs': ['a']")),
                  RUN_EXIT_FINDINGS },
                { "found, and not looked at again, because the second look was skipped",
                  FLOW(LOOK("a", ""), LOOK("b", ", 'needs': ['a'], 'when': 'false'")),
                  RUN_EXIT_FINDINGS },
                { "found, mended, not found again",
                  FLOW(LOOK("a", ""),
                       STEP("fix", "edit-auto",
                            ", 'needs': ['a'], 'inputs': {'path': 'a.txt', "
                            "'text': 'two'}"),
                       LOOK("b", ", 'needs': ['fix']")),
                  RUN_EXIT_OK },
        };
        struct bench *b = *state;

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                int status;

                status = bench_run(b, rows[i].flow, NULL);
                if (status != rows[i].want)
                        fail_msg("%s: exit %d", rows[i].why, status);
        }
}

static void test_file_input(void **state)
{
        /* Not so long that retention takes it for left over before the run begins. */
        time_t before = time(NULL) - 300;
        const struct timespec ago[2] = { { .tv_sec = before }, { .tv_sec = before } };
        struct bench *b = *state;
        char sha256[SHA256_HEX], inputs[160], name[SHA256_HEX + 3];
        struct err err = { 0 };
        struct stat st;

        assert_int_equal(blob_put(store_blobs(b->store), sha256, "\xff\xfe four", 7, true, &err),
                         0);
        (void) snprintf(inputs, sizeof(inputs), "{'f': '%s%s'}", FILE_INPUT_PREFIX, sha256);
        (void) snprintf(name, sizeof(name), "%.2s/%s", sha256, sha256);
        assert_int_equal(utimensat(store_blobs(b->store), name, ago, 0), 0);
        assert_int_equal(
                bench_run(b,
                          FLOW_WITH("'inputs': {'type': 'object', 'properties': {'f': {'type': "
                                    "'string', 'format': 'linhay-file'}}}",
                                    STEP("good", "count", ", 'inputs': {'file': '${inputs.f}'}"),
                                    STEP("bad", "count", ", 'inputs': {'file': '/etc/passwd'}")),
                          inputs),
                RUN_EXIT_FAILED);
        bench_output(b, "good", "7");
        assert_string_equal(bench_text(b, "bad", "verdict"), "schema");
        /* Retention must not take for left over what a run on its way to disk will name. */
        assert_int_equal(fstatat(store_blobs(b->store), name, &st, 0), 0);
        assert_true(st.st_mtim.tv_sec > before);
}

static void cancel_at_running(struct bench *b, const json_t *event)
{
        const char *step = json_string_value(json_object_get(event, "step"));
        const char *s = json_string_value(json_object_get(event, "state"));
        int times = b->user ? 2 : 1;

        if (!step || strcmp(step, "a") != 0 || strcmp(s, "running") != 0)
                return;
        while (times-- > 0)
                assert_int_equal(engine_cancel(b->engine, b->run, CANCEL_ORDERLY, "ada", NULL), 0);
}

#define CANCELLED_FLOW                                                                             \
        FLOW(STEP("a", "sleep", ", 'inputs': {'ms': 8000}"),                                       \
             STEP("b", "noop", ", 'needs': ['a']"),                                                \
             STEP("clean", "noop", ", 'needs': ['b'], 'always': true"))

static void test_cancel_in_order(void **state)
{
        struct bench *b = *state;

        b->on_event = cancel_at_running;
        assert_int_equal(bench_run(b, CANCELLED_FLOW, NULL), RUN_EXIT_FAILED);
        bench_run_state(b, "cancelled");
        bench_state(b, "b", "cancelled");
        bench_state(b, "clean", "done");
}

#ifndef FAKE_CELL /* which tells what was logged when it ends */
static void cancel_at_log(struct bench *b, const json_t *event)
{
        if (strcmp(json_string_value(json_object_get(event, "event")), "log") == 0)
                assert_int_equal(engine_cancel(b->engine, b->run, CANCEL_ORDERLY, "ada", NULL), 0);
}

/* The agent is already at work, so it is asked to stop, and does. */
static void test_cancel_reaches_the_agent(void **state)
{
        struct bench *b = *state;

        b->on_event = cancel_at_log;
        assert_int_equal(bench_run(b, FLOW(STEP("a", "sleep", ", 'inputs': {'ms': 8000}")), NULL),
                         RUN_EXIT_FAILED);
        bench_run_state(b, "cancelled");
        bench_state(b, "a", "cancelled");
}
#endif

static void test_cancel_at_once(void **state)
{
        struct bench *b = *state;

        b->user = b;
        b->on_event = cancel_at_running;
        assert_int_equal(bench_run(b, CANCELLED_FLOW, NULL), RUN_EXIT_FAILED);
        bench_run_state(b, "cancelled");
        bench_state(b, "a", "cancelled");
        bench_state(b, "clean", "cancelled");
}

static void reopen(struct bench *b, bool approve_all, bool four_eyes)
{
        bench_close(b);
        b->options.approve_all = approve_all;
        b->options.four_eyes = four_eyes;
        bench_open(b);
}

#define EDIT_FLOW                                                                                  \
        FLOW(STEP("edit", "edit", ", 'inputs': {'path': 'a.txt', 'text': 'two\\n'}"),              \
             STEP("read", "read",                                                                  \
                  ", 'needs': ['edit'], 'when': 'steps.edit.changed', 'inputs': {'path': "         \
                  "'a.txt'}"))

static void test_approval_is_waited_for(void **state)
{
        struct engine_decision yes = { .approve = true, .by = { 1000, "ada" } };
        struct bench *b = *state;
        struct err err = { 0 };

        assert_int_equal(bench_run(b, EDIT_FLOW, NULL), RUN_EXIT_WAITING);
        bench_run_state(b, "waiting_approval");
        bench_state(b, "edit", "held");
        assert_string_equal(bench_file(b, "a.txt"), "one\n");
        assert_int_equal(bench_events(b, "approval", "state", "open"), 1);

        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "edit"), &yes, NULL, NULL, &err),
                         0);
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "edit"), &yes, NULL, NULL, &err),
                         -EALREADY);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        bench_run_state(b, "succeeded");
        bench_output(b, "read", "\"two\\n\"");
        assert_string_equal(bench_file(b, "a.txt"), "two\n");
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "edit"), &yes, NULL, NULL, &err),
                         -EALREADY);
}

static void test_rejection_fails_the_step(void **state)
{
        struct engine_decision no = { .by = { 1001, "bob" }, .reason = "not today" };
        struct bench *b = *state;
        struct err err = { 0 };

        assert_int_equal(bench_run(b, EDIT_FLOW, NULL), RUN_EXIT_WAITING);
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "edit"), &no, NULL, NULL, &err),
                         0);
        assert_int_equal(bench_carry(b), RUN_EXIT_FAILED);
        bench_state(b, "edit", "failed");
        assert_string_equal(bench_text(b, "edit", "reason"), "rejected by bob: not today");
        bench_state(b, "read", "skipped");
        assert_string_equal(bench_file(b, "a.txt"), "one\n");
}

/* Each item's change is a question of its own, also across a restart. */
static void test_items_are_approved_one_by_one(void **state)
{
        struct engine_decision yes = { .approve = true, .by = { 1000, "ada" } };
        struct bench *b = *state;
        struct step_key key;
        struct err err = { 0 };

        assert_int_equal(bench_run(b,
                                   FLOW(STEP("edit", "edit",
                                             ", 'for_each': ['x', 'y'], 'inputs': {'path': "
                                             "'${item}'}"),
                                        STEP("after", "echo",
                                             ", 'needs': ['edit'], 'inputs': {'value': "
                                             "'${steps.edit.changed}'}")),
                                   NULL),
                         RUN_EXIT_WAITING);
        assert_int_equal(bench_events(b, "approval", "state", "open"), 2);
        key = (struct step_key){ b->run, "edit", 1 };
        assert_int_equal(engine_decide(b->engine, key, &yes, NULL, NULL, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_WAITING);
        assert_null(bench_file(b, "x"));
        assert_string_equal(bench_file(b, "y"), "edited\n");

        reopen(b, false, false);
        assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
        key = (struct step_key){ b->run, "edit", 0 };
        assert_int_equal(engine_decide(b->engine, key, &yes, NULL, NULL, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        assert_string_equal(bench_file(b, "x"), "edited\n");
        bench_output(b, "after", "true");
}

static void test_rejected_output_is_missing(void **state)
{
        struct engine_decision no = { .by = { 1001, "bob" } };
        struct bench *b = *state;
        struct err err = { 0 };

        assert_int_equal(
                bench_run(b,
                          FLOW(STEP("edit", "edit", ", 'on_failure': 'continue'"),
                               STEP("after", "echo",
                                    ", 'needs': ['edit'], 'inputs': {'value': "
                                    "'${default(steps.edit.output, 7)} ${steps.edit.state}'}")),
                          NULL),
                RUN_EXIT_WAITING);
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "edit"), &no, NULL, NULL, &err),
                         0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        bench_output(b, "after", "\"7 failed\"");
}

static void cancel_at_next_try(struct bench *b, const json_t *event)
{
        const char *s = json_string_value(json_object_get(event, "state"));

        if (s && strcmp(s, "ready") == 0 && json_object_get(event, "attempt"))
                assert_int_equal(engine_cancel(b->engine, b->run, CANCEL_ORDERLY, "ada", NULL), 0);
}

static void test_cancel_ends_the_wait_for_a_try(void **state)
{
        struct bench *b = *state;

        b->on_event = cancel_at_next_try;
        assert_int_equal(
                bench_run(b,
                          FLOW(STEP("a", "until",
                                    ", 'retry': {'attempts': 3, 'backoff': '1h', 'cap': '1h', "
                                    "'jitter': false}, 'inputs': {'path': 'never'}")),
                          NULL),
                RUN_EXIT_FAILED);
        bench_run_state(b, "cancelled");
        bench_state(b, "a", "cancelled");
        assert_int_equal(bench_attempts(b, "a"), 1);
}

static void test_run_timeout_among_items(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          FLOW_WITH("'timeout': '500ms'",
                                    STEP("each", "sleep",
                                         ", 'for_each': [1, 60000, 60000, 60000], 'max_parallel': "
                                         "2, 'inputs': {'ms': '${item}'}")),
                          NULL),
                RUN_EXIT_FAILED);
        bench_run_state(b, "failed");
        bench_state(b, "each", "failed");
        assert_string_equal(json_string_value(json_object_get(bench_row(b, "each", 0), "state")),
                            "done");
        assert_string_equal(json_string_value(json_object_get(bench_row(b, "each", 3), "state")),
                            "cancelled");
}

static void cancel_at_approval(struct bench *b, const json_t *event)
{
        if (strcmp(json_string_value(json_object_get(event, "event")), "approval") == 0 &&
            !b->user) {
                b->user = b;
                assert_int_equal(engine_cancel(b->engine, b->run, CANCEL_ORDERLY, "ada", NULL), 0);
        }
}

static void test_cancel_withdraws_the_question(void **state)
{
        struct bench *b = *state;
        json_t *approval;

        b->on_event = cancel_at_approval;
        assert_int_equal(bench_run(b, EDIT_FLOW, NULL), RUN_EXIT_FAILED);
        bench_run_state(b, "cancelled");
        bench_state(b, "edit", "cancelled");
        approval = json_object_get(bench_row(b, "edit", -1), "approval");
        assert_string_equal(json_string_value(json_object_get(approval, "state")), "cancelled");
        assert_string_equal(bench_file(b, "a.txt"), "one\n");
}

static void test_decision_for_another_change(void **state)
{
        struct engine_decision yes = { .approve = true, .by = { 1000, "ada" } };
        struct bench *b = *state;
        struct err err = { 0 };

        assert_int_equal(bench_run(b, EDIT_FLOW, NULL), RUN_EXIT_WAITING);
        yes.sha256 = "0000000000000000000000000000000000000000000000000000000000000000";
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "edit"), &yes, NULL, NULL, &err),
                         -ESTALE);
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "read"), &yes, NULL, NULL, &err),
                         -EALREADY);
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "none"), &yes, NULL, NULL, &err),
                         -ENOENT);
        assert_int_equal(bench_carry(b), RUN_EXIT_WAITING);
}

static void test_yes_approves(void **state)
{
        struct bench *b = *state;

        reopen(b, true, false);
        assert_int_equal(bench_run(b, EDIT_FLOW, NULL), RUN_EXIT_OK);
        assert_string_equal(bench_file(b, "a.txt"), "two\n");
        assert_string_equal(json_string_value(json_object_get(
                                    json_object_get(bench_row(b, "edit", -1), "approval"), "how")),
                            "self-approved");
}

static void test_four_eyes(void **state)
{
        struct engine_decision own = { .approve = true, .by = { 1000, "ada" } };
        struct engine_decision other = { .approve = true, .by = { 1001, "bob" } };
        struct bench *b = *state;
        struct err err = { 0 };

        reopen(b, true, true);
        assert_int_equal(bench_run(b, EDIT_FLOW, NULL), RUN_EXIT_WAITING);
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "edit"), &own, NULL, NULL, &err),
                         -EPERM);
        assert_int_equal(
                engine_decide(b->engine, STEP_KEY(b->run, "edit"), &other, NULL, NULL, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
}

static void test_auto_is_applied_by_policy(void **state)
{
        struct bench *b = *state;

        assert_int_equal(
                bench_run(b,
                          FLOW(STEP("edit", "edit-auto", ", 'inputs': {'copies': 3}"),
                               STEP("read", "read",
                                    ", 'needs': ['edit'], 'inputs': {'path': 'edited.txt.2'}")),
                          NULL),
                RUN_EXIT_OK);
        bench_output(b, "read", "\"edited\\n\"");
        assert_string_equal(json_string_value(json_object_get(
                                    json_object_get(bench_row(b, "edit", -1), "approval"), "how")),
                            "by-policy");
}

static void test_workflow_may_ask_for_more(void **state)
{
        struct bench *b = *state;

        assert_int_equal(bench_run(b, FLOW(STEP("edit", "edit-auto", ", 'approval': true")), NULL),
                         RUN_EXIT_WAITING);
        assert_null(bench_file(b, "edited.txt"));
}

static void test_no_change_asks_nobody(void **state)
{
        struct bench *b = *state;

        assert_int_equal(bench_run(b,
                                   FLOW(STEP("edit", "edit",
                                             ", 'inputs': {'path': 'a.txt', 'text': "
                                             "'one\\n'}"),
                                        STEP("more", "noop",
                                             ", 'needs': ['edit'], 'when': 'steps.edit.changed'")),
                                   NULL),
                         RUN_EXIT_OK);
        bench_state(b, "edit", "done");
        bench_state(b, "more", "skipped");
}

static const char *part(const json_t *row, const char *object, const char *key)
{
        return json_string_value(json_object_get(json_object_get(row, object), key));
}

/* What was approved is out of date, that it was approved is not. */
static void expect_decision_stands(struct bench *b)
{
        json_t *row = bench_row(b, "edit", -1);

        assert_string_equal(part(row, "approval", "state"), "approved");
        assert_string_equal(part(row, "approval", "decided_by"), "ada");
        assert_string_equal(part(row, "changeset", "state"), "stale");
        assert_int_equal(bench_events(b, "approval", "state", "approved"), 1);
        assert_int_equal(bench_events(b, "approval", "state", "stale"), 0);
        assert_int_equal(bench_events(b, "changeset", "state", "stale"), 1);
}

static void test_stale_fails(void **state)
{
        struct engine_decision yes = { .approve = true, .by = { 1000, "ada" } };
        struct bench *b = *state;
        struct err err = { 0 };

        assert_int_equal(bench_run(b, EDIT_FLOW, NULL), RUN_EXIT_WAITING);
        bench_write(b, "a.txt", "moved\n");
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "edit"), &yes, NULL, NULL, &err),
                         0);
        assert_int_equal(bench_carry(b), RUN_EXIT_FAILED);
        bench_state(b, "edit", "failed");
        assert_string_equal(bench_file(b, "a.txt"), "moved\n");
        expect_decision_stands(b);
}

static void test_stale_runs_again(void **state)
{
        struct engine_decision yes = { .approve = true, .by = { 1000, "ada" } };
        struct bench *b = *state;
        struct err err = { 0 };

        assert_int_equal(bench_run(b,
                                   FLOW(STEP("edit", "edit",
                                             ", 'on_stale': 'rerun', 'inputs': {'path': 'a.txt', "
                                             "'text': 'two\\n'}")),
                                   NULL),
                         RUN_EXIT_WAITING);
        bench_write(b, "a.txt", "moved\n");
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "edit"), &yes, NULL, NULL, &err),
                         0);
        assert_int_equal(bench_carry(b), RUN_EXIT_WAITING);
        assert_int_equal(bench_attempts(b, "edit"), 2);
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "edit"), &yes, NULL, NULL, &err),
                         0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        assert_string_equal(bench_file(b, "a.txt"), "two\n");
}

static void test_resume_and_decide(void **state)
{
        struct engine_decision yes = { .approve = true, .by = { 1000, "ada" } };
        struct bench *b = *state;
        struct err err = { 0 };
        bool live;

        assert_int_equal(bench_run(b, EDIT_FLOW, NULL), RUN_EXIT_WAITING);
        bench_close(b);

        assert_int_equal(
                remote_decide(b->store_dir, STEP_KEY(b->run, "edit"), &yes, false, &live, &err), 0);
        assert_false(live);
        assert_int_equal(
                remote_decide(b->store_dir, STEP_KEY(b->run, "edit"), &yes, false, &live, &err),
                -EALREADY);
        assert_string_equal(bench_file(b, "a.txt"), "one\n");

        bench_open(b);
        assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        bench_output(b, "read", "\"two\\n\"");
        assert_int_equal(bench_attempts(b, "edit"), 1);

        reopen(b, false, false);
        assert_int_equal(engine_resume(b->engine, b->run, &err), -EALREADY);
        assert_int_equal(engine_resume(b->engine, "00000000000000000000", &err), -ENOENT);
}

static void test_resume_after_rejection(void **state)
{
        struct engine_decision no = { .by = { 1000, "ada" }, .reason = "no" };
        struct bench *b = *state;
        struct err err = { 0 };
        bool live;

        assert_int_equal(bench_run(b, EDIT_FLOW, NULL), RUN_EXIT_WAITING);
        bench_close(b);
        assert_int_equal(
                remote_decide(b->store_dir, STEP_KEY(b->run, "edit"), &no, false, &live, &err), 0);
        bench_open(b);
        assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_FAILED);
        bench_state(b, "edit", "failed");
}

/* The diff that is shown after a resume is made again from the blobs. */
static void check_diff(struct bench *b)
{
        _cleanup_(json_decrefp) json_t *changes = NULL;
        struct err err = { 0 };
        const char *diff;

        assert_int_equal(engine_changeset(b->engine, STEP_KEY(b->run, "edit"), &changes, &err), 0);
        diff = json_string_value(json_object_get(changes, "diff"));
        assert_non_null(diff);
        assert_non_null(strstr(diff, "-one\n+two\n"));
        assert_int_equal(engine_changeset(b->engine, STEP_KEY(b->run, "read"), &changes, &err),
                         -ENOENT);
}

static void test_resume_with_yes(void **state)
{
        struct bench *b = *state;
        struct err err = { 0 };

        assert_int_equal(bench_run(b, EDIT_FLOW, NULL), RUN_EXIT_WAITING);
        reopen(b, false, false);
        assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_WAITING);
        check_diff(b);
        reopen(b, true, false);
        assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
}

/* Kills this process the moment an event tells that `step` (b->user) is running. */
static void die_at_running(struct bench *b, const json_t *event)
{
        const char *step = json_string_value(json_object_get(event, "step"));
        const char *s = json_string_value(json_object_get(event, "state"));

        if (step && strcmp(step, b->user) == 0 && strcmp(s, "running") == 0)
                (void) raise(SIGKILL);
}

/* Runs the flow in a child that is killed when `step` is running; b->run is set afterwards. */
static void run_and_die_by(struct bench *b, const char *flow,
                           void (*on_event)(struct bench *b, const json_t *event), const char *step)
{
        _cleanup_(json_decrefp) json_t *runs = NULL;
        struct err err = { 0 };
        int status;
        pid_t pid;

        bench_close(b);
        pid = fork();
        if (pid == 0) {
                bench_open(b);
                b->on_event = on_event;
                b->user = (char *) step;
                (void) bench_run(b, flow, NULL);
                _exit(1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        bench_open(b);
        assert_int_equal(engine_others(b->engine, &runs, &err), 0);
        assert_int_equal(json_array_size(runs), 1);
        (void) snprintf(b->run, sizeof(b->run), "%s",
                        json_string_value(json_object_get(json_array_get(runs, 0), "run")));
        assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
}

static void run_and_die(struct bench *b, const char *flow, const char *step)
{
        run_and_die_by(b, flow, die_at_running, step);
}

static void test_crash_is_retried(void **state)
{
        struct bench *b = *state;

        run_and_die(b,
                    FLOW(STEP("a", "echo", ", 'inputs': {'value': 5}"),
                         STEP("b", "echo",
                              ", 'needs': ['a'], 'inputs': {'value': '${steps.a.output}'}"),
                         STEP("c", "noop", ", 'needs': ['b']")),
                    "b");
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        bench_output(b, "b", "5");
        assert_int_equal(bench_attempts(b, "a"), 1);
        assert_int_equal(bench_attempts(b, "b"), 2);
        bench_state(b, "c", "done");
}

static void test_crash_may_hold(void **state)
{
        struct engine_decision yes = { .approve = true, .by = { 1000, "ada" } };
        struct bench *b = *state;
        struct err err = { 0 };

        b->options.approve_all = true; /* does not stand for a person here */
        run_and_die(b, FLOW(STEP("a", "noop", ", 'on_crash': 'hold'")), "a");
        assert_int_equal(bench_carry(b), RUN_EXIT_WAITING);
        bench_state(b, "a", "held");
        assert_int_equal(bench_attempts(b, "a"), 1);
        assert_int_equal(engine_decide(b->engine, STEP_KEY(b->run, "a"), &yes, NULL, NULL, &err),
                         0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        assert_int_equal(bench_attempts(b, "a"), 2);
}

static void test_crash_among_items(void **state)
{
        struct bench *b = *state;

        run_and_die(b,
                    FLOW(STEP("list", "echo", ", 'inputs': {'value': [1, 2, 3, 4]}"),
                         STEP("each", "echo",
                              ", 'needs': ['list'], 'max_parallel': 1, 'for_each': "
                              "'${steps.list.output}', 'inputs': {'value': '${item}'}"),
                         STEP("die", "noop", ", 'needs': ['list']"),
                         STEP("last", "echo",
                              ", 'needs': ['each'], 'inputs': {'value': '${steps.each.output}'}")),
                    "die");
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        bench_output(b, "last", "[1,2,3,4]");
        assert_int_equal(bench_attempts(b, "list"), 1);
}

struct remote {
        struct bench *b;
        pthread_t thread;
        int result;
        bool is_live;
};

static void *decide_from_afar(void *user)
{
        struct engine_decision yes = { .approve = true, .by = { 1000, "ada" } };
        struct remote *remote = user;
        struct err err = { 0 };

        remote->result = remote_decide(remote->b->store_dir, STEP_KEY(remote->b->run, "edit"), &yes,
                                       false, &remote->is_live, &err);
        return NULL;
}

static void ask_from_afar(struct bench *b, const json_t *event)
{
        struct remote *remote = b->user;

        if (strcmp(json_string_value(json_object_get(event, "event")), "approval") == 0 &&
            strcmp(json_string_value(json_object_get(event, "state")), "open") == 0)
                assert_int_equal(pthread_create(&remote->thread, NULL, decide_from_afar, remote),
                                 0);
}

static void test_decision_over_the_socket(void **state)
{
        struct bench *b = *state;
        struct remote remote = { .b = b };

        b->user = &remote;
        b->on_event = ask_from_afar;
        assert_int_equal(bench_run(b,
                                   FLOW(STEP("edit", "edit", ""),
                                        STEP("slow", "sleep", ", 'inputs': {'ms': 500}")),
                                   NULL),
                         RUN_EXIT_OK);
        assert_int_equal(pthread_join(remote.thread, NULL), 0);
        assert_int_equal(remote.result, 0);
        assert_true(remote.is_live);
        assert_string_equal(bench_file(b, "edited.txt"), "edited\n");
}

/* A run keeps its definition: one that was changed behind its back is not carried on. */
static void test_definition_was_changed(void **state)
{
        static const char change[] = "DROP TRIGGER flows_fixed;"
                                     "UPDATE flows SET json = replace(json, 'two', 'six');";
        struct bench *b = *state;
        struct err err = { 0 };
        char path[4096];
        sqlite3 *db;

        assert_int_equal(bench_run(b, EDIT_FLOW, NULL), RUN_EXIT_WAITING);
        bench_close(b);
        (void) snprintf(path, sizeof(path), "%s/store.db", b->store_dir);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, change, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_changes(db), 1);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        bench_open(b);
        assert_int_equal(engine_resume(b->engine, b->run, &err), -EBADMSG);
        assert_non_null(strstr(err.text, "hash"));
}

static void cancel_and_die(struct bench *b, const json_t *event)
{
        const char *step = json_string_value(json_object_get(event, "step"));
        const char *s = json_string_value(json_object_get(event, "state"));

        if (step && strcmp(step, "a") == 0 && strcmp(s, "running") == 0)
                assert_int_equal(engine_cancel(b->engine, b->run, CANCEL_ORDERLY, "ada", NULL), 0);
        if (step && strcmp(step, "clean") == 0 && strcmp(s, "running") == 0)
                (void) raise(SIGKILL);
}

static void test_cancel_is_carried_on(void **state)
{
        struct bench *b = *state;

        run_and_die_by(b, CANCELLED_FLOW, cancel_and_die, NULL);
        assert_int_equal(bench_carry(b), RUN_EXIT_FAILED);
        bench_run_state(b, "cancelled");
        bench_state(b, "a", "cancelled");
        bench_state(b, "clean", "done");
        assert_int_equal(bench_attempts(b, "clean"), 2);
}

/* A disk that is full, for this process: no file may grow any more. */
static void disk_is_full(bool is_full)
{
        struct rlimit limit;

        (void) signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
        limit.rlim_cur = is_full ? 1 : limit.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void fill_at_running(struct bench *b, const json_t *event)
{
        const char *step = json_string_value(json_object_get(event, "step"));
        const char *s = json_string_value(json_object_get(event, "state"));

        (void) b;
        if (step && strcmp(step, "b") == 0 && strcmp(s, "running") == 0)
                disk_is_full(true);
}

static void test_full_disk(void **state)
{
        struct bench *b = *state;
        struct err err = { 0 };

        b->on_event = fill_at_running;
        bench_submit(b,
                     FLOW(STEP("a", "noop", ""), STEP("b", "noop", ", 'needs': ['a']"),
                          STEP("c", "noop", ", 'needs': ['b']")),
                     NULL);
        assert_int_equal(engine_run_until_idle(b->engine, &err), RUN_EXIT_TROUBLE);
        assert_string_not_equal(engine_trouble(b->engine), "");
        disk_is_full(false);

        b->on_event = NULL;
        reopen(b, false, false);
        assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
        assert_int_equal(bench_attempts(b, "a"), 1);
        assert_int_equal(bench_attempts(b, "b"), 2);
}

/* Whoever may reach the socket may still send what makes no sense. */
static const struct {
        const char *request, *error; /* NULL: it is answered without one */
} requests[] = {
        { "{\"do\": \"ping\"}", NULL },
        { "{\"do\": \"nonsense\"}", "unknown request" },
        { "{\"do\": 7}", "unknown request" },
        { "{}", "unknown request" },
        { "{\"do\": \"decide\"}", "needs run, step and approve" },
        { "{\"do\": \"decide\", \"run\": 1, \"step\": [], \"approve\": \"yes\"}", "needs run" },
        { "{\"do\": \"decide\", \"run\": \"none\", \"step\": \"a\", \"approve\": true}", "none" },
        { "{\"do\": \"cancel\"}", "which run" },
        { "{\"do\": \"cancel\", \"run\": \"none\"}", "none" },
};

static void *ask_nonsense(void *user)
{
        struct remote *remote = user;

        for (size_t i = 0; i < TEST_ROWS(requests); i++) {
                _cleanup_(json_decrefp) json_t *request = json_loads(requests[i].request, 0, NULL);
                _cleanup_(json_decrefp) json_t *reply = NULL;
                const char *error;

                if (control_request(remote->b->store_dir, request, 5000, &reply, NULL) < 0)
                        continue;
                error = json_string_value(json_object_get(reply, "error"));
                if (requests[i].error ? error && strstr(error, requests[i].error) : !error)
                        remote->result++;
        }
        (void) remote_cancel(remote->b->store_dir, remote->b->run, CANCEL_NOW, "ada",
                             &remote->is_live, NULL);
        return NULL;
}

static void nonsense_at_running(struct bench *b, const json_t *event)
{
        struct remote *remote = b->user;
        const char *s = json_string_value(json_object_get(event, "state"));

        if (s && json_object_get(event, "step") && strcmp(s, "running") == 0)
                assert_int_equal(pthread_create(&remote->thread, NULL, ask_nonsense, remote), 0);
}

static void test_nonsense_over_the_socket(void **state)
{
        struct bench *b = *state;
        struct remote remote = { .b = b };

        b->user = &remote;
        b->on_event = nonsense_at_running;
        assert_int_equal(bench_run(b, FLOW(STEP("a", "sleep", ", 'inputs': {'ms': 60000}")), NULL),
                         RUN_EXIT_FAILED);
        assert_int_equal(pthread_join(remote.thread, NULL), 0);
        assert_int_equal(remote.result, TEST_ROWS(requests));
        assert_true(remote.is_live);
        bench_run_state(b, "cancelled");
}

#ifdef FAKE_CELL
static void check_record_first(void *user, const struct cell_spec *spec)
{
        struct bench *b = user;

        (void) spec;
        bench_look(b);
        assert_string_equal(bench_text(b, "a", "state"), "running");
        assert_int_equal(bench_attempts(b, "a"), 1);
}

static void test_no_cell_before_its_record(void **state)
{
        struct bench *b = *state;

        forkcells.on_start = check_record_first;
        forkcells.user = b;
        assert_int_equal(bench_run(b, FLOW(STEP("a", "noop", "")), NULL), RUN_EXIT_OK);
        assert_int_equal(forkcells.n_started, 1);
}

/* An agent that was written over since it was looked at is no trouble of the sandbox. */
static void test_start_is_the_steps_fault(void **state)
{
        struct bench *b = *state;

        forkcells.start_error = -EBADMSG;
        assert_int_equal(bench_run(b, FLOW(STEP("a", "noop", "")), NULL), RUN_EXIT_FAILED);
        bench_run_state(b, "failed");
        bench_state(b, "a", "failed");
}

static void test_sandbox_in_trouble(void **state)
{
        struct bench *b = *state;
        struct err err = { 0 };

        forkcells.start_error = -EPERM;
        assert_int_equal(bench_run(b, FLOW(STEP("a", "noop", ""), STEP("b", "noop", "")), NULL),
                         RUN_EXIT_TROUBLE);
        assert_non_null(strstr(engine_trouble(b->engine), "does not start"));
        bench_run_state(b, "running");

        forkcells.start_error = 0;
        forkcells.trouble = -EIO;
        reopen(b, false, false);
        assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_TROUBLE);

        forkcells.trouble = 0;
        reopen(b, false, false);
        assert_int_equal(engine_resume(b->engine, b->run, &err), 0);
        assert_int_equal(bench_carry(b), RUN_EXIT_OK);
}
#endif

static int setup_fresh(void **state)
{
#ifdef FAKE_CELL
        forkcells = (struct forkcells){ 0 };
#endif
        return setup(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_fresh, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_chain),
                TEST(test_run_is_told_after_its_commit),
                TEST(test_no_barrier),
                TEST(test_concurrency),
                TEST(test_when),
                TEST(test_missing_reference_fails),
                TEST(test_failure_skips_what_needs_it),
                TEST(test_failure_that_continues),
                TEST(test_retry_until_it_works),
                TEST(test_retries_end),
                TEST(test_what_is_never_retried),
                TEST(test_input_that_does_not_fit),
                TEST(test_step_timeout),
                TEST(test_run_timeout),
                TEST(test_for_each),
                TEST(test_for_each_keeps_to_max_parallel),
                TEST(test_for_each_of_nothing),
                TEST(test_for_each_with_a_bad_item),
                TEST(test_logs_and_findings),
                TEST(test_findings_below_the_threshold),
                TEST(test_second_look_replaces_the_first),
                TEST(test_file_input),
                TEST(test_cancel_in_order),
                TEST(test_cancel_at_once),
#ifndef FAKE_CELL
                TEST(test_cancel_reaches_the_agent),
#endif
                TEST(test_approval_is_waited_for),
                TEST(test_rejection_fails_the_step),
                TEST(test_decision_for_another_change),
                TEST(test_rejected_output_is_missing),
                TEST(test_items_are_approved_one_by_one),
                TEST(test_yes_approves),
                TEST(test_four_eyes),
                TEST(test_auto_is_applied_by_policy),
                TEST(test_workflow_may_ask_for_more),
                TEST(test_no_change_asks_nobody),
                TEST(test_stale_fails),
                TEST(test_stale_runs_again),
                TEST(test_resume_and_decide),
                TEST(test_resume_after_rejection),
                TEST(test_resume_with_yes),
                TEST(test_crash_is_retried),
                TEST(test_crash_may_hold),
                TEST(test_crash_among_items),
                TEST(test_decision_over_the_socket),
                TEST(test_nonsense_over_the_socket),
                TEST(test_cancel_ends_the_wait_for_a_try),
                TEST(test_run_timeout_among_items),
                TEST(test_cancel_withdraws_the_question),
                TEST(test_cancel_is_carried_on),
                TEST(test_definition_was_changed),
                TEST(test_full_disk),
#ifdef FAKE_CELL
                TEST(test_no_cell_before_its_record),
                TEST(test_sandbox_in_trouble),
                TEST(test_start_is_the_steps_fault),
#endif
        };

        return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
