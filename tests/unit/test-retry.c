/* SPDX-License-Identifier: Apache-2.0 */
#include "run/retry.h"
#include "test.h"

#include <linhay/agent.h>

static const struct {
        const char *why;
        struct retry r;
        unsigned n;
        int64_t want;
} delays[] = {
        { "the first try waits for nothing", { 3, 100, 1000 }, 1, 0 },
        { "no policy still has one try", { 0, 0, 0 }, 1, 0 },
        { "no policy has no second", { 0, 0, 0 }, 2, -ERANGE },
        { "the second try waits the backoff", { 3, 100, 1000 }, 2, 100 },
        { "each further try doubles", { 9, 100, 1000 }, 4, 400 },
        { "the cap holds", { 9, 100, 1000 }, 9, 1000 },
        { "the cap holds for the second try as well", { 9, 5000, 1000 }, 2, 1000 },
        { "no try is left after the last one", { 3, 100, 1000 }, 4, -ERANGE },
        { "no backoff is no wait", { 9, 0, 1000 }, 5, 0 },
        { "without a cap it still never overflows", { 500, 1ULL << 40, 0 }, 400, INT64_MAX },
        { "a cap beyond what fits is what fits", { 9, UINT64_MAX, UINT64_MAX }, 3, INT64_MAX },
        { "a cap of one holds", { 9, 1, 1 }, 9, 1 },
};

static void test_delays(void **state)
{
        struct retry_random random = { 1 };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(delays); i++) {
                int64_t got = retry_delay(&delays[i].r, delays[i].n, &random);

                if (got != delays[i].want)
                        fail_msg("%s: %lld, not %lld", delays[i].why, (long long) got,
                                 (long long) delays[i].want);
        }
}

/* Full jitter stays between 0 and the wait, reaches both halves, and repeats for the same seed. */
static void test_jitter(void **state)
{
        struct retry r = { .attempts = 5, .backoff_ms = 1000, .cap_ms = 4000, .jitter = true };
        struct retry_random a = { 42 }, b = { 42 };
        unsigned low = 0, high = 0;

        (void) state;
        for (unsigned i = 0; i < 1000; i++) {
                int64_t wait = retry_delay(&r, 3, &a);

                assert_int_equal(wait, retry_delay(&r, 3, &b));
                assert_in_range(wait, 0, 2000);
                low += wait < 1000;
                high += wait > 1000;
        }
        assert_in_range(low, 400, 600);
        assert_in_range(high, 400, 600);
        assert_int_equal(retry_delay(&r, 1, &a), 0);
        assert_int_equal(retry_delay(&r, 6, &a), -ERANGE);
}

static const struct {
        const char *why;
        unsigned on;
        enum verdict verdict;
        int fail_class;
        bool want;
} kinds[] = {
        { "a fault of the agent's own", 0, VERDICT_FAILED, LINHAY_FAIL_INTERNAL, true },
        { "what may succeed later", 0, VERDICT_FAILED, LINHAY_FAIL_TRANSIENT, true },
        { "a bad input stays bad", 0, VERDICT_FAILED, LINHAY_FAIL_INPUT, false },
        { "... even if asked for", RETRY_ON(VERDICT_FAILED), VERDICT_FAILED, LINHAY_FAIL_INPUT,
          false },
        { "the agent's own limit stays", 0, VERDICT_FAILED, LINHAY_FAIL_LIMIT, false },
        { "failed, and did not say why", 0, VERDICT_FAILED, -1, true },
        { "a timeout", 0, VERDICT_TIMEOUT, -1, true },
        { "a crash", 0, VERDICT_SIGNAL, -1, true },
        { "memory only if asked for", 0, VERDICT_MEMORY, -1, false },
        { "memory, asked for", RETRY_ON(VERDICT_MEMORY), VERDICT_MEMORY, -1, true },
        { "asked for memory, so nothing else", RETRY_ON(VERDICT_MEMORY), VERDICT_TIMEOUT, -1,
          false },
        { "a wrong output will be wrong again", RETRY_ON(VERDICT_SCHEMA), VERDICT_SCHEMA, -1,
          false },
        { "so will a denied system call", RETRY_ON(VERDICT_SYSCALL), VERDICT_SYSCALL, -1, false },
        { "so will an object that does not load", RETRY_ON(VERDICT_LOAD), VERDICT_LOAD, -1, false },
        { "who was cancelled stays so", RETRY_ON(VERDICT_CANCELLED), VERDICT_CANCELLED, -1, false },
        { "success needs no second try", RETRY_ON(VERDICT_OK), VERDICT_OK, -1, false },
};

static void test_kinds(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(kinds); i++) {
                struct retry r = { .attempts = 3, .on = kinds[i].on };

                if (retry_allows(&r, kinds[i].verdict, kinds[i].fail_class) != kinds[i].want)
                        fail_msg("%s", kinds[i].why);
        }
        assert_int_equal(retry_usual() & ~retry_possible(), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_delays),
                cmocka_unit_test(test_jitter),
                cmocka_unit_test(test_kinds),
        };

        return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
