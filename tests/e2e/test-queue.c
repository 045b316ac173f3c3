/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who begins when: limits, keys, priorities, fairness, and what a crash leaves of them. Over cells
 * that are forked children, so that nothing but the engine decides. After every event all limits
 * are counted again, from the lists of what lives.
 */

#include "bench.h"
#include "forkcell.h"
#include "run/run.h"

#include <signal.h>
#include <sys/wait.h>

#define RUNS_MAX 32

struct queue {
        struct bench b;
        char runs[RUNS_MAX][RUN_ID_SIZE]; /* as they were submitted */
        size_t n_runs;
        size_t most_runs; /* seen at once */
        bool is_fair;     /* the project "one" is to have its half */
        bool has_had_one;
        const char *fault;        /* a limit that did not hold */
        char order[RUNS_MAX * 2]; /* a letter for each run that begins: 'a' was submitted first */
        char steps[256];          /* the same for steps */
        struct loop_source stop;
        char stop_at; /* the letter of the run whose step logs and the engine ends */
        char die_at;  /* the letter of the run at whose beginning this process dies */
};

static unsigned cells_of(const struct engine *e, const struct share *project)
{
        unsigned n = 0;

        for (const struct step *step = e->leases; step; step = step->lease.next)
                n += step->run->standing.project == project;
        return n;
}

/* Told by carry(): an assertion would leave the engine in the middle of its turn. */
#define expect(q, condition)                                                                       \
        do {                                                                                       \
                if (!(condition))                                                                  \
                        (q)->fault = #condition;                                                   \
        } while (0)

static void check_run(struct queue *q, const struct run *run)
{
        const struct engine *e = q->b.engine;
        size_t n_leases = 0, n_ready = 0;

        for (const struct step *step = e->leases; step; step = step->lease.next)
                n_leases += step->run == run;
        for (size_t i = 0; i < e->n_lanes; i++)
                for (const struct step *step = run->ready[i].first; step; step = step->next)
                        n_ready++;
        expect(q, run->n_running == n_leases);
        expect(q, run->n_ready == n_ready);
        expect(q, n_leases <= slot_most(run));
        if (e->options.project_slots)
                expect(q, cells_of(e, run->standing.project) <= e->options.project_slots);
}

/* From its first cell on, as long as it wants more: the others have but the other one. */
static void check_fair(struct queue *q)
{
        for (const struct run *run = q->b.engine->runs; run; run = run->next) {
                const struct share *project = run->standing.project;

                if (strcmp(project->name, "one") != 0)
                        continue;
                q->has_had_one |= cells_of(q->b.engine, project) > 0;
                expect(q, !q->has_had_one || run->n_ready == 0 || q->b.engine->touched ||
                                  q->b.engine->n_leases < 2 || cells_of(q->b.engine, project) == 1);
        }
}

static void check_limits(struct queue *q)
{
        const struct engine *e = q->b.engine;
        size_t n_runs = 0, n_leases = 0;

        for (const struct run *run = e->runs; run; run = run->next) {
                size_t rivals = 0;

                check_run(q, run);
                n_runs += !run_state_is_final(run->state) && run->state != RUN_WAITING_APPROVAL;
                for (const struct run *other = e->runs; other; other = other->next)
                        rivals += run->standing.key && other->standing.key == run->standing.key &&
                                  !run_state_is_final(other->state);
                expect(q, rivals <= MAX_OF(run->standing.per_key, 1U));
        }
        for (const struct step *step = e->leases; step; step = step->lease.next) {
                expect(q, step->state == STEP_RUNNING);
                n_leases++;
        }
        expect(q, n_leases <= e->options.slots);
        if (e->options.runs_max)
                expect(q, n_runs <= e->options.runs_max);
        q->most_runs = MAX_OF(q->most_runs, n_runs);
}

static char letter_of(const struct queue *q, const char *run)
{
        for (size_t i = 0; i < q->n_runs; i++)
                if (strcmp(q->runs[i], run) == 0)
                        return (char) ('a' + i);
        return '?';
}

/* After the cell was let go. */
static int on_stop(struct loop_source *source, _unused_ uint32_t events)
{
        struct queue *q = source->owner;

        engine_stop(q->b.engine, "the test ends it");
        return 0;
}

static void on_event(struct bench *b, const json_t *event)
{
        struct queue *q = (struct queue *) b;
        const char *state = json_string_value(json_object_get(event, "state"));
        bool is_step = json_object_get(event, "step");
        char letter = letter_of(q, json_string_value(json_object_get(event, "run")));

        check_limits(q);
        if (q->is_fair)
                check_fair(q);
        if (letter == q->stop_at && state && is_step && strcmp(state, "running") == 0)
                loop_defer(b->loop, &q->stop, on_stop, q);
        if (!state || strcmp(state, "running") != 0)
                return;
        strncat(is_step ? q->steps : q->order, &letter, 1);
        if (is_step && letter == q->die_at)
                (void) raise(SIGKILL);
}

static int setup(void **state)
{
        struct queue *q = calloc(1, sizeof(*q));

        bench_init(&q->b);
        q->b.on_event = on_event;
        *state = q;
        return 0;
}

static int teardown(void **state)
{
        struct queue *q = *state;

        bench_done(&q->b);
        free(q);
        return 0;
}

struct want {
        const char *more;   /* members of the definition: "'concurrency': 1, " */
        const char *step;   /* members of the step */
        const char *action; /* NULL = noop */
        const char *project;
        int priority;
        const char *key;
};

static int submit(struct queue *q, const struct want *want, struct err *err)
{
        struct engine_request request = { .workspace = q->b.tree,
                                          .project = want->project,
                                          .priority = want->priority ? &want->priority : NULL,
                                          .key = want->key };
        char text[1024];
        json_t *definition;
        int r;

        (void) snprintf(text, sizeof(text),
                        "{'name': 'test', %s 'steps': [{'id': 's', 'agent': 'tester', 'action': "
                        "'%s'%s}]}",
                        want->more ? want->more : "", want->action ? want->action : "noop",
                        want->step ? want->step : "");
        for (char *p = text; *p; p++)
                if (*p == '\'')
                        *p = '"';
        definition = json_loads(text, 0, NULL);
        assert_non_null(definition);
        assert_int_equal(flow_from_json(&request.flow, definition, err), 0);
        json_decref(definition);
        r = engine_submit(q->b.engine, &request, q->runs[q->n_runs], err);
        if (r < 0)
                flow_free(request.flow);
        else
                q->n_runs++;
        return r;
}

static void add(struct queue *q, struct want want)
{
        struct err err = { 0 };

        if (submit(q, &want, &err) < 0)
                fail_msg("%s", err_text(&err));
}

static int carry(struct queue *q)
{
        struct err err = { 0 };
        int status = engine_run_until_idle(q->b.engine, &err);

        if (status < 0)
                fail_msg("%s", err_text(&err));
        if (q->fault)
                fail_msg("after some event this did not hold: %s", q->fault);
        return status;
}

static const char *state_of(struct queue *q, size_t i)
{
        memcpy(q->b.run, q->runs[i], RUN_ID_SIZE);
        bench_look(&q->b);
        return json_string_value(json_object_get(q->b.document, "state"));
}

static void test_runs_at_once(void **state)
{
        struct queue *q = *state;

        q->b.options.runs_max = 2;
        bench_open(&q->b);
        for (int i = 0; i < 6; i++)
                add(q, (struct want){ 0 });
        assert_int_equal(carry(q), RUN_EXIT_OK);
        assert_int_equal(q->most_runs, 2);
        assert_string_equal(q->order, "abcdef");
        assert_int_equal(bench_events(&q->b, "state", "reason", "for its turn: 2 runs at once"), 4);
        for (size_t i = 0; i < q->n_runs; i++)
                assert_string_equal(state_of(q, i), "succeeded");
        /* What has ended has left. */
        assert_null(q->b.engine->runs);
        assert_null(q->b.engine->tickets);
}

static void test_key(void **state)
{
        struct queue *q = *state;

        q->b.options.slots = 8;
        bench_open(&q->b);
        add(q, (struct want){ .key = "x" });
        add(q, (struct want){ .key = "x", .priority = 0 });
        add(q, (struct want){ .key = "x", .priority = 50 }); /* does not pass within its key */
        add(q, (struct want){ .key = "y" });
        assert_int_equal(carry(q), RUN_EXIT_OK);
        assert_string_equal(q->order, "adbc");
}

static void test_workflow(void **state)
{
        struct queue *q = *state;
        struct want want = { .more = "'concurrency': {'runs': 1, 'on_busy': 'refuse'}," };
        struct err err = { 0 };

        bench_open(&q->b);
        add(q, want);
        assert_int_equal(submit(q, &want, &err), -EAGAIN);
        assert_non_null(strstr(err.text, "1 at once of the workflow test"));
        assert_int_equal(carry(q), RUN_EXIT_OK);
        add(q, want);
        assert_int_equal(carry(q), RUN_EXIT_OK);
        assert_int_equal(q->most_runs, 1);
}

static void test_newer_takes_the_place(void **state)
{
        struct queue *q = *state;
        struct want want = { .more = "'concurrency': {'key': 'k', 'on_busy': 'cancel-running'},",
                             .step = ", 'retry': {'attempts': 2}" };

        bench_open(&q->b);
        add(q, want);
        add(q, want);
        add(q, want);
        assert_int_equal(carry(q), RUN_EXIT_OK);
        assert_string_equal(state_of(q, 0), "cancelled");
        assert_string_equal(state_of(q, 1), "cancelled");
        assert_string_equal(state_of(q, 2), "succeeded");
}

static void test_priority(void **state)
{
        struct queue *q = *state;

        q->b.options.runs_max = 1;
        bench_open(&q->b);
        add(q, (struct want){ 0 });
        add(q, (struct want){ .priority = -7 });
        add(q, (struct want){ .more = "'priority': 5," });
        add(q, (struct want){ .priority = 4 });
        add(q, (struct want){ 0 });
        assert_int_equal(carry(q), RUN_EXIT_OK);
        assert_string_equal(q->order, "acdeb");
}

#define FAN ", 'for_each': [1, 2, 3, 4, 5, 6]"

/* A project with many runs and one with a single one have a cell each of two. */
static void test_fair_between_projects(void **state)
{
        struct queue *q = *state;

        q->b.options.slots = 2;
        q->is_fair = true;
        bench_open(&q->b);
        add(q, (struct want){ .project = "many", .step = FAN });
        add(q, (struct want){ .project = "many", .step = FAN });
        add(q, (struct want){ .project = "many", .step = FAN });
        add(q, (struct want){ .project = "one", .step = FAN });
        assert_int_equal(carry(q), RUN_EXIT_OK);
        assert_true(q->has_had_one);
}

static void test_limits_of_cells(void **state)
{
        static const struct engine_agent_slots agents[] = { { "other", 1 }, { "tester", 3 } };
        struct queue *q = *state;

        q->b.options.slots = 8;
        q->b.options.project_slots = 2;
        q->b.options.agent_slots = agents;
        q->b.options.n_agent_slots = 2;
        bench_open(&q->b);
        forkcells.n_alive_most = 0;
        add(q, (struct want){ .project = "p", .step = FAN });
        assert_int_equal(carry(q), RUN_EXIT_OK);
        assert_int_equal(forkcells.n_alive_most, 2);
        add(q, (struct want){ .project = "p", .step = FAN });
        add(q, (struct want){ .project = "q", .step = FAN });
        assert_int_equal(carry(q), RUN_EXIT_OK);
        assert_int_equal(forkcells.n_alive_most, 3);
}

static void test_cancel_in_the_queue(void **state)
{
        struct queue *q = *state;
        struct err err = { 0 };

        q->b.options.runs_max = 1;
        bench_open(&q->b);
        for (int i = 0; i < 3; i++)
                add(q, (struct want){ .step = ", 'always': true" });
        assert_int_equal(engine_cancel(q->b.engine, q->runs[1], CANCEL_ORDERLY, "ada", &err), 0);
        assert_int_equal(carry(q), RUN_EXIT_OK);
        assert_string_equal(state_of(q, 1), "cancelled");
        assert_int_equal(bench_attempts(&q->b, "s"), 0);
        assert_string_equal(state_of(q, 2), "succeeded");
        assert_int_equal(engine_cancel(q->b.engine, q->runs[1], CANCEL_ORDERLY, "ada", &err),
                         -EALREADY);
}

/* Runs `fill` in a child that dies when the run of that letter runs a step, and finds the ids. */
static void die(struct queue *q, void (*fill)(struct queue *q), char letter)
{
        _cleanup_(json_decrefp) json_t *runs = NULL;
        struct err err = { 0 };
        int status;
        pid_t pid;

        pid = fork();
        if (pid == 0) {
                q->die_at = letter;
                bench_open(&q->b);
                fill(q);
                (void) carry(q);
                _exit(1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        bench_open(&q->b);
        assert_int_equal(store_runs(q->b.store, 0, 0, &runs, &err), 0);
        q->n_runs = json_array_size(runs);
        for (size_t i = 0; i < q->n_runs; i++)
                (void) snprintf(q->runs[i], RUN_ID_SIZE, "%s",
                                json_string_value(json_object_get(
                                        json_array_get(runs, q->n_runs - 1 - i), "run")));
}

static void fill_six(struct queue *q)
{
        for (int i = 0; i < 6; i++)
                add(q, (struct want){ .key = i % 2 ? "odd" : "even" });
}

static void test_order_survives_a_crash(void **state)
{
        struct queue *q = *state;
        struct err err = { 0 };

        q->b.options.runs_max = 1;
        die(q, fill_six, 'c');
        assert_int_equal(q->n_runs, 6);
        assert_int_equal(engine_resume_all(q->b.engine, &err), 0);
        (void) carry(q);
        /* What had begun was running already; the others follow as they were submitted. */
        assert_string_equal(q->order, "def");
        assert_string_equal(q->steps, "cdef");
        for (size_t i = 0; i < q->n_runs; i++)
                assert_string_equal(state_of(q, i), "succeeded");
}

static void fill_one(struct queue *q)
{
        add(q, (struct want){ 0 });
}

static void die_again(struct queue *q)
{
        struct err err = { 0 };
        int status;
        pid_t pid;

        bench_close(&q->b);
        pid = fork();
        if (pid == 0) {
                q->die_at = 'a';
                bench_open(&q->b);
                (void) engine_resume_all(q->b.engine, &err);
                (void) carry(q);
                _exit(1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        bench_open(&q->b);
}

/* Three hosts died with it: it is not tried a fourth time unless a person says so. */
static void test_poison(void **state)
{
        struct engine_decision yes = { .approve = true, .by = { 1000, "ada" } };
        struct queue *q = *state;
        struct err err = { 0 };

        q->b.options.approve_all = true; /* does not stand for a person here */
        die(q, fill_one, 'a');
        die_again(q);
        die_again(q);
        assert_int_equal(engine_resume_all(q->b.engine, &err), 0);
        (void) carry(q);
        assert_string_equal(state_of(q, 0), "waiting_approval");
        bench_state(&q->b, "s", "held");
        assert_non_null(strstr(bench_text(&q->b, "s", "reason"), "died 3 times"));
        assert_int_equal(bench_attempts(&q->b, "s"), 3);
        /* Asked again, not tried again, by the next engine. */
        bench_close(&q->b);
        bench_open(&q->b);
        assert_int_equal(engine_resume_all(q->b.engine, &err), 0);
        (void) carry(q);
        assert_string_equal(state_of(q, 0), "waiting_approval");
        assert_int_equal(
                engine_decide(q->b.engine, STEP_KEY(q->runs[0], "s"), &yes, NULL, NULL, &err), 0);
        (void) carry(q);
        assert_string_equal(state_of(q, 0), "succeeded");
        assert_int_equal(bench_attempts(&q->b, "s"), 4);
}

static void fill_charge(struct queue *q)
{
        add(q, (struct want){ .action = "charge" });
}

static void fill_charge_again(struct queue *q)
{
        add(q, (struct want){ .action = "charge", .step = ", 'on_crash': 'retry'" });
}

/* Where the workflow says nothing the manifest does: what changes things is not done twice. */
static void test_not_idempotent(void **state)
{
        struct queue *q = *state;
        struct err err = { 0 };

        die(q, fill_charge, 'a');
        assert_int_equal(engine_resume_all(q->b.engine, &err), 0);
        (void) carry(q);
        assert_string_equal(state_of(q, 0), "waiting_approval");
        bench_state(&q->b, "s", "held");
        assert_int_equal(bench_attempts(&q->b, "s"), 1);
}

static void test_workflow_knows_better(void **state)
{
        struct queue *q = *state;
        struct err err = { 0 };

        die(q, fill_charge_again, 'a');
        assert_int_equal(engine_resume_all(q->b.engine, &err), 0);
        (void) carry(q);
        assert_string_equal(state_of(q, 0), "succeeded");
        assert_int_equal(bench_attempts(&q->b, "s"), 2);
}

/* Its cells are killed because the engine ends: what had begun to act may have acted. */
static void test_stopped_while_it_acted(void **state)
{
        struct queue *q = *state;
        struct err err = { 0 };

        bench_open(&q->b);
        add(q, (struct want){ .action = "sleep",
                              .step = ", 'on_crash': 'hold', 'inputs': {'ms': 60000}" });
        q->stop_at = 'a';
        assert_int_equal(carry(q), RUN_EXIT_TROUBLE);
        q->stop_at = 0;
        bench_close(&q->b);
        bench_open(&q->b);
        assert_int_equal(engine_resume_all(q->b.engine, &err), 0);
        (void) carry(q);
        assert_string_equal(state_of(q, 0), "waiting_approval");
        bench_state(&q->b, "s", "held");
        assert_int_equal(bench_attempts(&q->b, "s"), 1);
}

/* The sandbox fails under a step that acts: a crash like one of the host's own. */
static void test_poison_of_the_sandbox(void **state)
{
        struct queue *q = *state;
        struct err err = { 0 };

        bench_open(&q->b);
        forkcells.trouble = -EPIPE;
        add(q, (struct want){ 0 });
        for (int i = 0; i < 3; i++) {
                assert_int_equal(carry(q), RUN_EXIT_TROUBLE);
                bench_close(&q->b);
                bench_open(&q->b);
                assert_int_equal(engine_resume_all(q->b.engine, &err), 0);
        }
        (void) carry(q);
        forkcells.trouble = 0;
        assert_string_equal(state_of(q, 0), "waiting_approval");
        bench_state(&q->b, "s", "held");
        assert_int_equal(bench_attempts(&q->b, "s"), 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_runs_at_once),
                TEST(test_key),
                TEST(test_workflow),
                TEST(test_newer_takes_the_place),
                TEST(test_priority),
                TEST(test_fair_between_projects),
                TEST(test_limits_of_cells),
                TEST(test_cancel_in_the_queue),
                TEST(test_order_survives_a_crash),
                TEST(test_not_idempotent),
                TEST(test_workflow_knows_better),
                TEST(test_stopped_while_it_acted),
                TEST(test_poison),
                TEST(test_poison_of_the_sandbox),
        };

        return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
