/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is due: from the last due time that was dealt with to now
 *
 * Pure arithmetic over a schedule: no clock, no store. A due time is *on time* while it is at most
 * DUE_GRACE_S old: so a daemon that is started again at once loses none, whatever the policy. Of
 * several that have come due since the last look only the newest is on time; all others were
 * missed, and the policy says what becomes of them:
 *
 *   skip   nothing
 *   once   one run for all of them: the newest, however old
 *   all    a run for each of the newest DUE_ALL_MAX
 *
 * The wall clock may jump. Forward: what came due meanwhile was missed. Back: nothing is due until
 * the clock has passed the last due time again, so nothing is due twice; but a record that is more
 * than DUE_AHEAD_S ahead of the clock is taken for a mistake of the clock, and counting starts now.
 */

#include "flow/trigger.h"
#include "run/cron.h"

#define DUE_GRACE_S 60
#define DUE_ALL_MAX 100
#define DUE_AHEAD_S 86400

struct due {
        int64_t at[DUE_ALL_MAX]; /* runs to start, oldest first */
        size_t n;
        int64_t last;   /* the newest due time that has come; as given when there was none */
        bool is_missed; /* some were let go */
        bool is_behind; /* the clock was set back by far: `last` is now */
};

void due_find(struct due *ret, const struct cron *cron, const struct zone *zone,
              enum trigger_missed missed, int64_t last, int64_t now);
