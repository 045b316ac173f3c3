/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#define RUN_A "0abcdefghjkmnpqrstv0"

/* Every state has a name of its own, and the name leads back to it. */
static void test_names(void **state)
{
        (void) state;
#define ROUND_TRIP(type, n, name)                                                                  \
        for (unsigned s = 0; s < n; s++) {                                                         \
                enum type back = (enum type) n;                                                    \
                                                                                                   \
                assert_int_equal(name##_from_name(&back, name##_name((enum type) s)), 0);          \
                assert_int_equal(back, s);                                                         \
                assert_int_equal(name##_from_name(&back, "odd"), -ENOENT);                         \
        }
        ROUND_TRIP(run_state, RUN_STATES_, run_state);
        ROUND_TRIP(step_state, STEP_STATES_, step_state);
        ROUND_TRIP(approval_state, APPROVAL_STATES_, approval_state);
        ROUND_TRIP(changeset_state, CHANGESET_STATES_, changeset_state);
#undef ROUND_TRIP
}

static void test_moves(void **state)
{
        static const struct {
                const char *why;
                enum step_state from, to;
                bool may;
        } rows[] = {
                { "its dependencies ended", STEP_WAITING, STEP_READY, true },
                { "a cell starts", STEP_READY, STEP_RUNNING, true },
                { "never without being ready", STEP_WAITING, STEP_RUNNING, false },
                { "a retry", STEP_RUNNING, STEP_READY, true },
                { "an approval is needed", STEP_RUNNING, STEP_HELD, true },
                { "approved", STEP_HELD, STEP_DONE, true },
                { "rejected", STEP_HELD, STEP_FAILED, true },
                { "to stay is no move", STEP_RUNNING, STEP_RUNNING, false },
                { "done is done", STEP_DONE, STEP_READY, false },
                { "failed is failed", STEP_FAILED, STEP_READY, false },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                if (step_state_may(rows[i].from, rows[i].to) != rows[i].may)
                        fail_msg("%s", rows[i].why);
        for (unsigned from = 0; from < STEP_STATES_; from++)
                for (unsigned to = 0; to < STEP_STATES_; to++)
                        if (step_state_is_final(from))
                                assert_false(step_state_may(from, to));
        for (unsigned from = 0; from < RUN_STATES_; from++)
                for (unsigned to = 0; to < RUN_STATES_; to++)
                        if (run_state_is_final(from))
                                assert_false(run_state_may(from, to));
        assert_true(run_state_may(RUN_WAITING_APPROVAL, RUN_RUNNING));
        assert_false(run_state_may(RUN_WAITING_APPROVAL, RUN_SUCCEEDED));
}

static void add_states(struct batch *b, struct step_key key, enum step_state state)
{
        batch_step(b, key, &(struct batch_step){ .agent = "a", .action = "b", .state = state });
}

/* The database's CHECKs and triggers say the same as the tables in code. */
static void test_database_agrees(void **state)
{
        char *folder = helper_folder();
        _cleanup_(freep) char *dir = helper_path(folder, "s");
        struct store *s = helper_open(dir, 0);

        (void) state;
        helper_commit(s, helper_run(RUN_A, STEP_READY));
        for (unsigned from = 0; from < STEP_STATES_; from++) {
                struct batch *b = helper_batch();
                struct step_key key = { RUN_A, "s", (int) from };

                add_states(b, key, from);
                helper_commit(s, b);
                b = helper_batch();
                batch_step_state(b, key, STEP_CANCELLED, -1, NULL, 0);
                if (step_state_is_final(from))
                        helper_refused(s, b, -EALREADY, "final");
                else
                        helper_commit(s, b);
        }
        for (unsigned to = 0; to < RUN_STATES_; to++) {
                struct batch *b;
                char id[RUN_ID_SIZE];

                assert_int_equal(id_new(id, 1000), 0);
                b = helper_run(id, STEP_READY);
                batch_run_state(b, id, to, -1, 0);
                helper_commit(s, b);
                b = helper_batch();
                batch_run_state(b, id, RUN_RUNNING, -1, 0);
                if (run_state_is_final(to))
                        helper_refused(s, b, -EALREADY, "final");
                else
                        helper_commit(s, b);
        }
        (void) store_free(s);
        helper_remove(folder);
}

static void test_database_knows_every_outcome(void **state)
{
        char *folder = helper_folder();
        _cleanup_(freep) char *dir = helper_path(folder, "s");
        struct store *s = helper_open(dir, 0);
        _cleanup_(json_decrefp) json_t *changes =
                json_pack("{s:s, s:[]}", "sha256", HASH_A, "files");

        (void) state;
        helper_commit(s, helper_run(RUN_A, STEP_READY));
        for (unsigned to = APPROVAL_OPEN + 1; to < APPROVAL_STATES_; to++) {
                struct batch *b = helper_batch();
                struct step_key key = { RUN_A, "a", (int) to };

                add_states(b, key, STEP_HELD);
                batch_approval_open(b, key, HASH_A, 0);
                batch_approval_decide(b, key, HASH_A, &(struct batch_decision){ .state = to });
                helper_commit(s, b);
        }
        for (unsigned to = 0; to < CHANGESET_STATES_; to++) {
                struct batch *b = helper_batch();
                struct step_key key = { RUN_A, "c", (int) to };

                add_states(b, key, STEP_HELD);
                batch_changeset(b, key, 1, changes);
                batch_changeset_state(b, key, HASH_A, to, 0);
                helper_commit(s, b);
        }
        (void) store_free(s);
        helper_remove(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_moves),
                cmocka_unit_test(test_database_agrees),
                cmocka_unit_test(test_database_knows_every_outcome),
        };

        return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
