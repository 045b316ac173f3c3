/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Schedule: whose turn is it?
 *
 * One rule for both questions of an engine: which of the runs that wait may begin, and which of the
 * runs with steps that are ready gets the next cell. In this order:
 *
 *   1. the higher priority, to which a point is added for each SCHEDULE_POINT_MS that nobody of the
 *      same project and priority was served. So a lower priority waits, but never for ever: 200
 *      points, the whole width, are 10 minutes.
 *   2. the project that has least, so that many runs of one do not push another one's aside
 *   3. the run that has least
 *   4. who waits longest, then who came first
 *
 * Pure arithmetic: no clock, no list, no allocation, so that it can be tested by table.
 */

#include "base/def.h"

#define SCHEDULE_POINT_MS 3000

struct schedule_claim {
        int priority;       /* FLOW_PRIORITY_MIN to FLOW_PRIORITY_MAX */
        uint64_t passed_ms; /* when project and priority were served last, or it came after that */
        uint64_t since_ms;  /* when it began to wait */
        unsigned project_has; /* of what is claimed */
        unsigned run_has;
        uint64_t order; /* no two are the same */
};

/* Does `a` go before `b`? */
bool schedule_is_before(const struct schedule_claim *a, const struct schedule_claim *b,
                        uint64_t now_ms);
