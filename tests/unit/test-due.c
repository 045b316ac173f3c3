/* SPDX-License-Identifier: Apache-2.0 */
#include "run/due.h"
#include "test.h"

#define HOUR  3600
#define DAY   86400
#define START 1750000000 /* nothing special */

static const struct {
        const char *why, *cron;
        enum trigger_missed missed;
        int64_t last, now; /* from START's hour on */
        size_t n;
        int64_t first, newest; /* of those that are to start; -1 = none */
        int64_t settled;
} rows[] = {
        { "nothing has come", "0 * * * *", TRIGGER_MISSED_ALL, 0, HOUR - 1, 0, -1, -1, 0 },
        { "one has come", "0 * * * *", TRIGGER_MISSED_SKIP, 0, HOUR, 1, HOUR, HOUR, HOUR },
        { "it is never due twice", "0 * * * *", TRIGGER_MISSED_ALL, HOUR, HOUR, 0, -1, -1, HOUR },
        { "a start again within the grace loses none", "0 * * * *", TRIGGER_MISSED_SKIP, 0,
          HOUR + 60, 1, HOUR, HOUR, HOUR },
        { "what was missed is skipped", "0 * * * *", TRIGGER_MISSED_SKIP, 0, HOUR + 61, 0, -1, -1,
          HOUR },
        { "what was missed is made up once", "0 * * * *", TRIGGER_MISSED_ONCE, 0, 5 * HOUR + 61, 1,
          5 * HOUR, 5 * HOUR, 5 * HOUR },
        { "what was missed is made up for each", "0 * * * *", TRIGGER_MISSED_ALL, 0, 5 * HOUR + 61,
          5, HOUR, 5 * HOUR, 5 * HOUR },
        { "but not for more than there may be", "0 * * * *", TRIGGER_MISSED_ALL, 0, 200 * HOUR, 100,
          101 * HOUR, 200 * HOUR, 200 * HOUR },
        { "the newest alone is on time", "* * * * * *", TRIGGER_MISSED_SKIP, 0, 10, 1, 10, 10, 10 },
        { "years of seconds are counted fast", "* * * * * *", TRIGGER_MISSED_ONCE, 0,
          9 * 365LL * DAY, 1, 9 * 365LL * DAY, 9 * 365LL * DAY, 9 * 365LL * DAY },
        { "also where the last was long ago", "0 0 29 2 *", TRIGGER_MISSED_ONCE, 0, 5 * 365LL * DAY,
          1, -2, -2, -2 },
        { "an hour forward is missed time", "*/5 * * * *", TRIGGER_MISSED_SKIP, 0, HOUR + 120, 0,
          -1, -1, HOUR },
        { "an hour back: not again", "*/5 * * * *", TRIGGER_MISSED_ALL, 2 * HOUR, HOUR, 0, -1, -1,
          2 * HOUR },
        { "a day back is no mistake yet", "*/5 * * * *", TRIGGER_MISSED_ALL, DAY, 0, 0, -1, -1,
          DAY },
        { "years back: counting starts now", "*/5 * * * *", TRIGGER_MISSED_ALL, 1000LL * DAY, 0, 0,
          -1, -1, 0 },
};

static void test_rows(void **state)
{
        const int64_t base = START - START % HOUR;

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct cron cron;
                struct due due;

                assert_int_equal(cron_parse(&cron, rows[i].cron, NULL), 0);
                due_find(&due, &cron, NULL, rows[i].missed, base + rows[i].last,
                         base + rows[i].now);
                if (due.n != rows[i].n)
                        fail_msg("%s: %zu runs", rows[i].why, due.n);
                if (due.n > 0 && rows[i].first >= 0 &&
                    (due.at[0] != base + rows[i].first ||
                     due.at[due.n - 1] != base + rows[i].newest))
                        fail_msg("%s: from %lld to %lld", rows[i].why,
                                 (long long) (due.at[0] - base),
                                 (long long) (due.at[due.n - 1] - base));
                if (rows[i].settled >= 0 && due.last != base + rows[i].settled)
                        fail_msg("%s: settled at %lld", rows[i].why, (long long) (due.last - base));
                assert_int_equal(due.is_behind, rows[i].last > rows[i].now + DUE_AHEAD_S);
        }
}

/*
 * A clock that goes, jumps by up to an hour either way, and dies now and then: with `all`, each due
 * time that was ever passed is started once; with any policy, none twice.
 */
static void test_any_clock(void **state)
{
        static const enum trigger_missed policies[] = { TRIGGER_MISSED_SKIP, TRIGGER_MISSED_ONCE,
                                                        TRIGGER_MISSED_ALL };
        uint64_t random = 11;
        struct cron cron;

        (void) state;
        assert_int_equal(cron_parse(&cron, "*/3 * * * *", NULL), 0);
        for (size_t p = 0; p < TEST_ROWS(policies); p++) {
                int64_t now = START - START % 180, last = now, newest = now, end = now, started = 0;

                for (unsigned i = 0; i < 20000; i++) {
                        struct due due;

                        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
                        now += (random >> 60) == 0 ? (int64_t) (random >> 40) % (2 * HOUR) - HOUR
                                                   : (int64_t) (random >> 40) % 100;
                        end = now > end ? now : end;
                        due_find(&due, &cron, NULL, policies[p], last, now);
                        for (size_t k = 0; k < due.n; k++) {
                                assert_true(due.at[k] > newest && due.at[k] <= now);
                                if (policies[p] == TRIGGER_MISSED_ALL)
                                        assert_int_equal(due.at[k], newest + 180);
                                newest = due.at[k];
                                started++;
                        }
                        assert_true(due.last >= last && due.last <= end);
                        last = due.last;
                }
                assert_true(started > 100);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_any_clock),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
