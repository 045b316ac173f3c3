/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cron expressions
 *
 * "30 2 * * mon-fri": minute, hour, day of the month, month, day of the week; with six fields the
 * first is the second. A field is a list of `*`, N, N-M, each with /STEP; months and days of the
 * week have English names of three letters; 7 is Sunday too. Where both the day of the month and
 * that of the week say something, either is enough. Also @hourly @daily @midnight @weekly @monthly
 * @yearly @annually.
 *
 * Pure: no clock, no file. What daylight saving does, in the schedule's own zone:
 *
 *   - A schedule for certain hours means what the clock on the wall shows. A time that is skipped
 *     in spring is due once, right after the gap, however many were skipped. A time that comes
 *     twice in autumn is due the first time only.
 *   - A schedule for every hour (hour field `*`) goes by the passing of time: nothing is added for
 *     the hour that is skipped, and the hour that comes twice counts twice.
 */

#include "base/zone.h"

struct cron {
        uint64_t seconds, minutes; /* bit N: due at N */
        uint32_t hours, days, months, weekdays;
        bool any_day, any_weekday; /* the field is `*` */
};

/* -EINVAL with the field that is wrong, and also where it is due on no day at all (30 February). */
int cron_parse(struct cron *ret, const char *text, struct err *err);

/* The first due time after `t` (seconds since 1970); INT64_MAX = none within a few years. */
int64_t cron_next(const struct cron *c, const struct zone *zone, int64_t t);
