/* SPDX-License-Identifier: Apache-2.0 */
#include "run/retry.h"

#include <linhay/agent.h>

enum kind { NEVER, IF_NAMED, USUAL };

static const enum kind kinds[VERDICTS_] = {
        [VERDICT_OK] = NEVER,           [VERDICT_FAILED] = USUAL,  [VERDICT_CANCELLED] = NEVER,
        [VERDICT_TIMEOUT] = USUAL,      [VERDICT_CPU] = IF_NAMED,  [VERDICT_MEMORY] = IF_NAMED,
        [VERDICT_FILES] = IF_NAMED,     [VERDICT_DISK] = IF_NAMED, [VERDICT_OUTPUT] = IF_NAMED,
        [VERDICT_PROCESSES] = IF_NAMED, [VERDICT_LOAD] = NEVER,    [VERDICT_PROTOCOL] = IF_NAMED,
        [VERDICT_SCHEMA] = NEVER,       [VERDICT_SYSCALL] = NEVER, [VERDICT_SIGNAL] = USUAL,
};

static unsigned mask_of(enum kind least)
{
        unsigned mask = 0;

        for (unsigned v = 0; v < VERDICTS_; v++)
                if (kinds[v] >= least)
                        mask |= RETRY_ON(v);
        return mask;
}

unsigned retry_usual(void)
{
        return mask_of(USUAL);
}

unsigned retry_possible(void)
{
        return mask_of(IF_NAMED);
}

bool retry_allows(const struct retry *r, enum verdict verdict, int fail_class)
{
        unsigned on = r->on ? r->on & retry_possible() : retry_usual();

        if (fail_class == LINHAY_FAIL_INPUT || fail_class == LINHAY_FAIL_LIMIT)
                return false;
        return verdict < VERDICTS_ && (on & RETRY_ON(verdict)) != 0;
}

static uint64_t random_next(struct retry_random *random)
{
        uint64_t z = random->state += 0x9e3779b97f4a7c15ULL;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
}

/* From 0 to `most`, both included; the product's high half keeps all values equally likely. */
static uint64_t random_upto(struct retry_random *random, uint64_t most)
{
        if (most == UINT64_MAX)
                return random_next(random);
        return (uint64_t) (((unsigned __int128) random_next(random) * (most + 1)) >> 64);
}

int64_t retry_delay(const struct retry *r, unsigned n, struct retry_random *random)
{
        uint64_t cap = r->cap_ms ? MIN_OF(r->cap_ms, (uint64_t) INT64_MAX) : INT64_MAX;
        uint64_t wait = r->backoff_ms;

        if (n > 1 && n > r->attempts)
                return -ERANGE;
        if (n <= 1)
                return 0;
        for (unsigned i = 2; i < n && wait < cap; i++)
                wait = wait > cap / 2 ? cap : wait * 2;
        wait = MIN_OF(wait, cap);
        return (int64_t) (r->jitter ? random_upto(random, wait) : wait);
}
