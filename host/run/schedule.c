/* SPDX-License-Identifier: Apache-2.0 */
#include "run/schedule.h"

static int64_t points(const struct schedule_claim *c, uint64_t now_ms)
{
        uint64_t waited = now_ms > c->passed_ms ? now_ms - c->passed_ms : 0;

        return c->priority + (int64_t) (waited / SCHEDULE_POINT_MS);
}

bool schedule_is_before(const struct schedule_claim *a, const struct schedule_claim *b,
                        uint64_t now_ms)
{
        int64_t a_points = points(a, now_ms), b_points = points(b, now_ms);

        if (a_points != b_points)
                return a_points > b_points;
        if (a->project_has != b->project_has)
                return a->project_has < b->project_has;
        if (a->run_has != b->run_has)
                return a->run_has < b->run_has;
        if (a->since_ms != b->since_ms)
                return a->since_ms < b->since_ms;
        return a->order < b->order;
}
