/* SPDX-License-Identifier: Apache-2.0 */
#include "run/due.h"

#include <string.h>

/* How far to look back, the nearest first: of long ago only the newest are wanted. */
static const int64_t windows[] = { DUE_GRACE_S,  3600,          86400,
                                   31 * 86400LL, 366 * 86400LL, 10 * 366 * 86400LL };

struct newest {
        int64_t at[DUE_ALL_MAX]; /* a ring */
        size_t n;                /* found; those before the last DUE_ALL_MAX are gone */
};

static void newest_find(struct newest *ret, const struct cron *cron, const struct zone *zone,
                        int64_t from, int64_t now)
{
        ret->n = 0;
        for (int64_t t = cron_next(cron, zone, from); t <= now; t = cron_next(cron, zone, t))
                ret->at[ret->n++ % DUE_ALL_MAX] = t;
}

static int64_t newest_at(const struct newest *all, size_t back)
{
        return all->at[(all->n - 1 - back) % DUE_ALL_MAX];
}

void due_find(struct due *ret, const struct cron *cron, const struct zone *zone,
              enum trigger_missed missed, int64_t last, int64_t now)
{
        struct newest all;
        size_t want;

        *ret = (struct due){ .last = last };
        if (last > now + DUE_AHEAD_S) {
                ret->is_behind = true;
                ret->last = now;
        }
        for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
                int64_t from = MAX_OF(last, now - windows[i]);

                newest_find(&all, cron, zone, from, now);
                if (from == last || all.n >= (missed == TRIGGER_MISSED_ALL ? DUE_ALL_MAX : 1))
                        break;
        }
        if (all.n == 0)
                return;
        ret->last = newest_at(&all, 0);
        want = missed == TRIGGER_MISSED_ALL     ? MIN_OF(all.n, (size_t) DUE_ALL_MAX)
               : missed == TRIGGER_MISSED_ONCE  ? 1
               : now - ret->last <= DUE_GRACE_S ? 1
                                                : 0;
        while (ret->n < want) {
                ret->at[ret->n] = newest_at(&all, want - 1 - ret->n);
                ret->n++;
        }
        ret->is_missed = want < all.n;
}
