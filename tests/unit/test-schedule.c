/* SPDX-License-Identifier: Apache-2.0 */
#include "run/schedule.h"
#include "run/share.h"
#include "test.h"

#define NOW 1000000

static const struct {
        const char *why;
        struct schedule_claim first, second;
} rows[] = {
        { "the higher priority goes first, whoever has more",
          { 1, NOW, NOW, 9, 9, 2 },
          { 0, NOW, NOW, 0, 0, 1 } },
        { "a wait of less than a point's time changes nothing",
          { 1, NOW, NOW, 0, 0, 2 },
          { 0, NOW - SCHEDULE_POINT_MS + 1, NOW, 0, 0, 1 } },
        { "who waits long enough passes a higher priority",
          { 0, NOW - 2 * SCHEDULE_POINT_MS, NOW, 0, 0, 2 },
          { 1, NOW, NOW, 0, 0, 1 } },
        { "even the lowest passes the highest in the end",
          { -100, NOW - 201 * SCHEDULE_POINT_MS, NOW, 5, 5, 2 },
          { 100, NOW, NOW, 0, 0, 1 } },
        { "the project that has less goes first",
          { 0, NOW, NOW, 1, 5, 2 },
          { 0, NOW, NOW - 5, 2, 0, 1 } },
        { "of one project, the run that has less",
          { 0, NOW, NOW, 2, 0, 2 },
          { 0, NOW, NOW, 2, 1, 1 } },
        { "then who waits longer", { 0, NOW, NOW - 1, 2, 1, 2 }, { 0, NOW, NOW, 2, 1, 1 } },
        { "then who came first", { 0, NOW, NOW, 2, 1, 1 }, { 0, NOW, NOW, 2, 1, 2 } },
        { "a time that is still to come is no wait",
          { 0, NOW + 999999, NOW, 0, 0, 1 },
          { 0, NOW, NOW, 0, 0, 2 } },
};

static void test_order(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                if (!schedule_is_before(&rows[i].first, &rows[i].second, NOW))
                        fail_msg("%s", rows[i].why);
                if (schedule_is_before(&rows[i].second, &rows[i].first, NOW))
                        fail_msg("%s, and not the other way round", rows[i].why);
        }
}

/* A number is of one count; the next one begins at nothing, and nobody has to take back. */
static void test_share(void **state)
{
        struct share *a, *same, *other;
        struct shares shares = { 0 };

        (void) state;
        assert_int_equal(share_get(&a, &shares, SHARE_PROJECT, "x"), 0);
        assert_int_equal(share_get(&same, &shares, SHARE_PROJECT, "x"), 0);
        assert_int_equal(share_get(&other, &shares, SHARE_WORKFLOW, "x"), 0);
        assert_ptr_equal(a, same);
        assert_ptr_not_equal(a, other);
        shares_count(&shares);
        share_now(&shares, a)->n_cells += 2;
        assert_int_equal(share_now(&shares, same)->n_cells, 2);
        assert_int_equal(share_now(&shares, other)->n_cells, 0);
        shares_count(&shares);
        assert_int_equal(share_now(&shares, a)->n_cells, 0);
        share_put(&shares, a);
        assert_string_equal(same->name, "x");
        share_put(&shares, same);
        share_put(&shares, other);
        for (size_t i = 0; i < TEST_ROWS(shares.buckets); i++)
                assert_null(shares.buckets[i]);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_share),
        };

        return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
