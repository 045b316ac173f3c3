/* SPDX-License-Identifier: Apache-2.0 */
#include "store/state.h"
#include "test.h"

/* Every pair that is not listed must be refused. */
static const struct {
        const char *why;
        enum step_state from, to;
} step_moves[] = {
        { "what it needs has ended", STEP_WAITING, STEP_READY },
        { "its condition is false, or what it needs failed", STEP_WAITING, STEP_SKIPPED },
        { "its condition cannot be worked out", STEP_WAITING, STEP_FAILED },
        { "the run was cancelled before its turn", STEP_WAITING, STEP_CANCELLED },
        { "an attempt begins", STEP_READY, STEP_RUNNING },
        { "its inputs cannot be worked out", STEP_READY, STEP_FAILED },
        { "a person must say whether it may start", STEP_READY, STEP_HELD },
        { "there is nothing to do: a for_each over nothing", STEP_READY, STEP_DONE },
        { "it turns out not to be wanted", STEP_READY, STEP_SKIPPED },
        { "cancelled while it waits for a slot or its next try", STEP_READY, STEP_CANCELLED },
        { "another try", STEP_RUNNING, STEP_READY },
        { "its changes wait for a person", STEP_RUNNING, STEP_HELD },
        { "it did what it was asked", STEP_RUNNING, STEP_DONE },
        { "the last try failed", STEP_RUNNING, STEP_FAILED },
        { "stopped while it ran", STEP_RUNNING, STEP_CANCELLED },
        { "the tree moved and it may run again", STEP_HELD, STEP_READY },
        { "let go on by a person", STEP_HELD, STEP_RUNNING },
        { "approved and applied", STEP_HELD, STEP_DONE },
        { "rejected", STEP_HELD, STEP_FAILED },
        { "cancelled while it waits for a person", STEP_HELD, STEP_CANCELLED },
};

static const struct {
        const char *why;
        enum run_state from, to;
} run_moves[] = {
        { "it begins", RUN_QUEUED, RUN_RUNNING },
        { "it cannot begin", RUN_QUEUED, RUN_FAILED },
        { "cancelled before it began", RUN_QUEUED, RUN_CANCELLED },
        { "only a person can move it on", RUN_RUNNING, RUN_WAITING_APPROVAL },
        { "all went well", RUN_RUNNING, RUN_SUCCEEDED },
        { "a step failed", RUN_RUNNING, RUN_FAILED },
        { "a person stopped it", RUN_RUNNING, RUN_CANCELLED },
        { "a person decided", RUN_WAITING_APPROVAL, RUN_RUNNING },
        { "its time was up while it waited", RUN_WAITING_APPROVAL, RUN_FAILED },
        { "stopped while it waited", RUN_WAITING_APPROVAL, RUN_CANCELLED },
};

static bool step_is_listed(unsigned from, unsigned to)
{
        for (size_t i = 0; i < TEST_ROWS(step_moves); i++)
                if (step_moves[i].from == from && step_moves[i].to == to)
                        return true;
        return false;
}

static bool run_is_listed(unsigned from, unsigned to)
{
        for (size_t i = 0; i < TEST_ROWS(run_moves); i++)
                if (run_moves[i].from == from && run_moves[i].to == to)
                        return true;
        return false;
}

static void test_step_moves(void **state)
{
        (void) state;
        for (unsigned from = 0; from < STEP_STATES_; from++)
                for (unsigned to = 0; to < STEP_STATES_; to++)
                        if (step_state_may(from, to) != step_is_listed(from, to))
                                fail_msg("%s to %s", step_state_name(from), step_state_name(to));
}

static void test_run_moves(void **state)
{
        (void) state;
        for (unsigned from = 0; from < RUN_STATES_; from++)
                for (unsigned to = 0; to < RUN_STATES_; to++)
                        if (run_state_may(from, to) != run_is_listed(from, to))
                                fail_msg("%s to %s", run_state_name(from), run_state_name(to));
}

static void test_final_is_final(void **state)
{
        static const enum step_state final_steps[] = { STEP_DONE, STEP_FAILED, STEP_SKIPPED,
                                                       STEP_CANCELLED };
        static const enum run_state final_runs[] = { RUN_SUCCEEDED, RUN_FAILED, RUN_CANCELLED };
        unsigned steps = 0, runs = 0;

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(final_steps); i++)
                assert_true(step_state_is_final(final_steps[i]));
        for (size_t i = 0; i < TEST_ROWS(final_runs); i++)
                assert_true(run_state_is_final(final_runs[i]));
        for (unsigned s = 0; s < STEP_STATES_; s++)
                steps += step_state_is_final(s);
        for (unsigned s = 0; s < RUN_STATES_; s++)
                runs += run_state_is_final(s);
        assert_int_equal(steps, TEST_ROWS(final_steps));
        assert_int_equal(runs, TEST_ROWS(final_runs));
}

static void test_names(void **state)
{
        enum step_state step;
        enum run_state run;

        (void) state;
        for (unsigned s = 0; s < STEP_STATES_; s++) {
                assert_int_equal(step_state_from_name(&step, step_state_name(s)), 0);
                assert_int_equal(step, s);
        }
        for (unsigned s = 0; s < RUN_STATES_; s++) {
                assert_int_equal(run_state_from_name(&run, run_state_name(s)), 0);
                assert_int_equal(run, s);
        }
        assert_int_equal(step_state_from_name(&step, "runing"), -ENOENT);
        assert_int_equal(run_state_from_name(&run, ""), -ENOENT);
        assert_string_equal(run_state_name(RUN_WAITING_APPROVAL), "waiting_approval");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_step_moves),
                cmocka_unit_test(test_run_moves),
                cmocka_unit_test(test_final_is_final),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
