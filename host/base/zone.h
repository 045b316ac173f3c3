/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Time zones
 *
 * How far local time is from UTC, at any moment, in any zone: read from the system's zone files
 * (TZif, RFC 8536; the POSIX rule at their end goes on for ever). The C library knows one zone for
 * a whole process, and setenv("TZ") under running threads is a race; a zone here is a value.
 *
 * Times are seconds since 1970: UTC, or "local" (what a clock on the wall shows, taken as if it
 * were UTC). A file is not trusted: its size and its counts are bounded, offsets are within a day
 * or so.
 */

#include "base/err.h"

struct zone;

/* A stretch of time with one offset: `from` <= t < `until`. */
struct zone_span {
        int64_t from;   /* INT64_MIN: since ever */
        int64_t until;  /* INT64_MAX: for ever */
        int64_t offset; /* local = UTC + offset */
};

/* "Europe/Berlin", "UTC"; NULL = the machine's own (/etc/localtime, else UTC). -ENOENT where there
 * is no such zone, -EBADMSG where its file is none. */
int zone_open(struct zone **ret, const char *name, struct err *err);

/* The same out of a file's bytes. */
int zone_from_bytes(struct zone **ret, const void *data, size_t length, struct err *err);

struct zone *zone_free(struct zone *z);
DEFINE_FREEP(struct zone, zone_free);

/* The stretch around `t`. */
struct zone_span zone_span_at(const struct zone *z, int64_t t);

/* A day of the proleptic Gregorian calendar, and back: days since 1970-01-01. */
int64_t civil_days(int64_t year, unsigned month, unsigned day);
void civil_date(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day);
unsigned civil_weekday(int64_t days); /* 0 = Sunday */
unsigned civil_month_days(int64_t year, unsigned month);
