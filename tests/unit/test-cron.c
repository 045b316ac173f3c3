/* SPDX-License-Identifier: Apache-2.0 */
#include "run/cron.h"
#include "test.h"

#include <stdio.h>
#include <time.h>

/* The C library's idea of time zones is the oracle; this program has one thread. */
static void library_zone(const char *name)
{
        (void) setenv("TZ", name, 1);
        tzset();
}

static struct tm library_local(int64_t t)
{
        time_t at = (time_t) t;
        struct tm tm;

        assert_non_null(localtime_r(&at, &tm));
        return tm;
}

static const char *const zones[] = {
        "UTC",          "Europe/Berlin",       "America/New_York",  "Australia/Lord_Howe",
        "Pacific/Apia", "America/Sao_Paulo",   "Africa/Casablanca", "Asia/Kathmandu",
        "Africa/Cairo", "America/St_Johns",    "Antarctica/Troll",  "Europe/Dublin",
        "Asia/Tehran",  "America/Godthab",     "Africa/El_Aaiun",   "Pacific/Chatham",
        "Asia/Kolkata", "America/Los_Angeles", "Asia/Gaza",         "Europe/Lisbon",
};

static struct zone *zone_of(const char *name)
{
        struct err err = { 0 };
        struct zone *z;

        if (zone_open(&z, name, &err) < 0)
                fail_msg("%s", err_text(&err));
        return z;
}

/* Every zone, at times by chance and around every change: the offset is the C library's. */
static void test_offsets(void **state)
{
        uint64_t random = 1;

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(zones); i++) {
                _cleanup_(zone_freep) struct zone *z = zone_of(zones[i]);
                int64_t t = -2000000000;

                library_zone(zones[i]);
                for (unsigned k = 0; k < 20000; k++) {
                        struct zone_span span;

                        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
                        t = -2000000000 + (int64_t) ((random >> 16) % 10000000000ULL);
                        span = zone_span_at(z, t);
                        assert_true(span.from <= t && t < span.until);
                        if (span.offset != library_local(t).tm_gmtoff)
                                fail_msg("%s at %lld: %lld, not %ld", zones[i], (long long) t,
                                         (long long) span.offset, library_local(t).tm_gmtoff);
                        if (span.until < INT64_MAX &&
                            (zone_span_at(z, span.until - 1).offset != span.offset ||
                             zone_span_at(z, span.until).offset !=
                                     library_local(span.until).tm_gmtoff))
                                fail_msg("%s: the span ends wrongly at %lld", zones[i],
                                         (long long) span.until);
                }
        }
}

static const struct {
        const char *why, *text;
        int want;
} texts[] = {
        { "each minute", "* * * * *", 0 },
        { "all kinds of items", "0-10/5,59 1,2-4 */2 jan-mar,12 mon-fri,7", 0 },
        { "names in any case", "0 0 1 JAN Sun", 0 },
        { "a step from a number on", "5/15 * * * *", 0 },
        { "a word", "@daily", 0 },
        { "seconds in front", "*/10 * * * * *", 0 },
        { "blanks around", "  0   0 *	* * ", 0 },
        { "a leap day", "0 0 29 2 *", 0 },
        { "too few fields", "* * * *", -EINVAL },
        { "too many fields", "* * * * * * *", -EINVAL },
        { "nothing", "", -EINVAL },
        { "an unknown word", "@reboot", -EINVAL },
        { "a minute that is none", "60 * * * *", -EINVAL },
        { "an hour that is none", "0 24 * * *", -EINVAL },
        { "a day that is none", "0 0 0 * *", -EINVAL },
        { "a month that is none", "0 0 1 13 *", -EINVAL },
        { "a weekday that is none", "0 0 * * 8", -EINVAL },
        { "a range backwards", "0 0 * * fri-mon", -EINVAL },
        { "an empty item", "0,,5 * * * *", -EINVAL },
        { "an item at the end", "0, * * * *", -EINVAL },
        { "a step of nothing", "*/0 * * * *", -EINVAL },
        { "a step without a number", "*/ * * * *", -EINVAL },
        { "a name that is longer", "0 0 * monday *", -EINVAL },
        { "a number that is longer", "000000000000000000000000000000000 99999999999 * * *",
          -EINVAL },
        { "a negative number", "-1 * * * *", -EINVAL },
        { "a day that no year has", "0 0 30 2 *", -EINVAL },
        { "31 June", "0 0 31 6,9,11 *", -EINVAL },
};

static void test_texts(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(texts); i++) {
                struct err err = { 0 };
                struct cron c;
                int r = cron_parse(&c, texts[i].text, &err);

                if (r != texts[i].want)
                        fail_msg("%s: %d (%s)", texts[i].why, r, err_text(&err));
                assert_int_equal(r < 0, err.text[0] != '\0');
        }
}

/* "2025-03-30 02:30:00" as if it were UTC. */
static int64_t utc(const char *text)
{
        struct tm tm = { 0 };

        assert_int_equal(sscanf(text, "%d-%d-%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                                &tm.tm_hour, &tm.tm_min, &tm.tm_sec),
                         6);
        tm.tm_year -= 1900;
        tm.tm_mon -= 1;
        return (int64_t) timegm(&tm);
}

static const struct {
        const char *why, *text, *zone, *after, *want; /* times in UTC */
} dues[] = {
        { "strictly after", "30 2 * * *", "UTC", "2025-01-01 02:30:00", "2025-01-02 02:30:00" },
        { "a second before", "30 2 * * *", "UTC", "2025-01-01 02:29:59", "2025-01-01 02:30:00" },
        { "weekdays", "30 2 * * mon-fri", "UTC", "2025-08-01 03:00:00", "2025-08-04 02:30:00" },
        { "either day is enough", "0 0 13 * fri", "UTC", "2025-06-01 00:00:00",
          "2025-06-06 00:00:00" },
        { "a star that steps leaves both", "0 0 */10 * fri", "UTC", "2025-06-01 00:00:00",
          "2025-07-11 00:00:00" },
        { "the next leap day, over 2100", "0 0 29 2 *", "UTC", "2096-03-01 00:00:00",
          "2104-02-29 00:00:00" },
        { "seconds", "*/20 * * * * *", "UTC", "2025-01-01 00:00:20", "2025-01-01 00:00:40" },
        { "winter in Berlin", "30 2 * * *", "Europe/Berlin", "2025-01-01 00:00:00",
          "2025-01-01 01:30:00" },
        { "summer in Berlin", "30 2 * * *", "Europe/Berlin", "2025-07-01 00:00:00",
          "2025-07-01 00:30:00" },
        { "skipped in spring: right after the gap", "30 2 * * *", "Europe/Berlin",
          "2025-03-29 12:00:00", "2025-03-30 01:00:00" },
        { "and not again", "30 2 * * *", "Europe/Berlin", "2025-03-30 01:00:00",
          "2025-03-31 00:30:00" },
        { "many skipped are one", "*/5 2 * * *", "Europe/Berlin", "2025-03-30 01:00:00",
          "2025-03-31 00:00:00" },
        { "twice in autumn: the first", "30 2 * * *", "Europe/Berlin", "2025-10-25 12:00:00",
          "2025-10-26 00:30:00" },
        { "and not again", "30 2 * * *", "Europe/Berlin", "2025-10-26 00:30:00",
          "2025-10-27 01:30:00" },
        { "every hour goes by the passing of time", "30 * * * *", "Europe/Berlin",
          "2025-10-26 00:30:00", "2025-10-26 01:30:00" },
        { "nothing is added for the hour that is skipped", "30 * * * *", "Europe/Berlin",
          "2025-03-30 00:30:00", "2025-03-30 01:30:00" },
        { "a whole day was skipped", "0 12 30 12 *", "Pacific/Apia", "2011-12-29 12:00:00",
          "2011-12-30 10:00:00" },
        { "behind the last change in the file: by the rule", "30 2 * * *", "Europe/Berlin",
          "2150-03-28 12:00:00", "2150-03-29 01:00:00" },
};

static void test_dues(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(dues); i++) {
                _cleanup_(zone_freep) struct zone *z = zone_of(dues[i].zone);
                struct cron c;
                int64_t got;

                assert_int_equal(cron_parse(&c, dues[i].text, NULL), 0);
                got = cron_next(&c, z, utc(dues[i].after));
                if (got != utc(dues[i].want))
                        fail_msg("%s: %lld s off", dues[i].why,
                                 (long long) (got - utc(dues[i].want)));
        }
}

static bool fits(const struct cron *c, const struct tm *tm)
{
        bool day = c->days >> tm->tm_mday & 1, weekday = c->weekdays >> tm->tm_wday & 1;

        return c->minutes >> tm->tm_min & 1 && c->hours >> tm->tm_hour & 1 &&
               c->months >> (tm->tm_mon + 1) & 1 &&
               (c->any_day || c->any_weekday ? day && weekday : day || weekday);
}

/*
 * The rules once more, minute by minute and by the C library: walks the clock on the wall, which
 * `reached` has been; a minute that it jumps over is due where it lands, one that it has shown
 * before is not due again.
 */
static bool is_due(const struct cron *c, int64_t t, int64_t *reached)
{
        struct tm now = library_local(t);
        int64_t local = t + now.tm_gmtoff, seen = *reached;
        bool due = false;

        *reached = local > seen ? local : seen;
        if (c->hours == 0xffffff)
                return fits(c, &now);
        for (int64_t skipped = seen + 60; skipped < local && seen != INT64_MIN; skipped += 60) {
                struct tm tm;
                time_t at = (time_t) skipped;

                assert_non_null(gmtime_r(&at, &tm));
                due |= fits(c, &tm);
        }
        return due || (local > seen && fits(c, &now));
}

static void walk(const char *text, const char *zone, int64_t from, int64_t until)
{
        _cleanup_(zone_freep) struct zone *z = zone_of(zone);
        int64_t reached = INT64_MIN, next;
        struct cron c;

        assert_int_equal(cron_parse(&c, text, NULL), 0);
        library_zone(zone);
        (void) is_due(&c, from - 60, &reached);
        next = cron_next(&c, z, from - 60);
        for (int64_t t = from; t < until; t += 60) {
                bool due = is_due(&c, t, &reached);

                if (due != (t == next))
                        fail_msg("\"%s\" in %s at %lld: %s", text, zone, (long long) t,
                                 due ? "is due" : "is not due");
                if (due)
                        next = cron_next(&c, z, t);
        }
}

/* Against a walk through every minute of years with and without changes of the clock. */
static void test_minutes(void **state)
{
        static const char *const crons[] = { "30 2 * * *", "*/7 1-3 * * *", "15 * * * *",
                                             "0 0,12 1,15 * sun" };
        static const int years[] = { 2011, 2025, 2040 };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(zones); i++)
                for (size_t y = 0; y < TEST_ROWS(years); y++)
                        walk(crons[(i + y) % TEST_ROWS(crons)], zones[i],
                             civil_days(years[y], 1, 1) * 86400 - 86400,
                             civil_days(years[y] + 1, 1, 2) * 86400);
}

/* Whatever time one asks for, the next is later, and nothing is between. */
static void test_no_holes(void **state)
{
        static const char *const crons[] = { "*/30 * * * * *", "5,10 2 * * *", "0 3 31 * mon" };
        uint64_t random = 7;

        (void) state;
        for (unsigned n = 0; n < 20000; n++) {
                const char *zone = zones[n % TEST_ROWS(zones)];
                _cleanup_(zone_freep) struct zone *z = zone_of(zone);
                struct cron c;
                int64_t t, next, between;

                random = random * 6364136223846793005ULL + 1442695040888963407ULL;
                t = (int64_t) ((random >> 16) % 5000000000ULL);
                assert_int_equal(cron_parse(&c, crons[n % TEST_ROWS(crons)], NULL), 0);
                next = cron_next(&c, z, t);
                assert_true(next > t && next < INT64_MAX);
                between = t + (int64_t) ((random >> 40) % (uint64_t) (next - t));
                assert_int_equal(cron_next(&c, z, between), next);
        }
}

static void test_zone_names(void **state)
{
        static const struct {
                const char *name;
                int want;
        } names[] = {
                { "Europe/Berlin", 0 },
                { "UTC", 0 },
                { NULL, 0 },
                { "Europe/Berlyn", -ENOENT },
                { "Europe", -ENOENT },
                { "", -EINVAL },
                { "/etc/passwd", -EINVAL },
                { "../../../etc/passwd", -EINVAL },
                { "tzdata.zi/x", -EINVAL },
                { "Europe/Berlin/x", -ENOENT },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(names); i++) {
                _cleanup_(zone_freep) struct zone *z = NULL;
                struct err err = { 0 };

                if (zone_open(&z, names[i].name, &err) != names[i].want)
                        fail_msg("%s: %s", names[i].name, err_text(&err));
        }
}

/* A file that is cut, or has any byte changed, is refused or read; never more than that. */
static void test_broken_files(void **state)
{
        static unsigned char bytes[65536];
        FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "re");
        size_t length;
        struct zone *z;

        (void) state;
        assert_non_null(f);
        length = fread(bytes, 1, sizeof(bytes), f);
        (void) fclose(f);
        for (size_t n = 0; n < length; n++) {
                /* A copy of just that size: the build with sanitizers sees a byte read behind it.
                 */
                unsigned char *copy = malloc(n + 1), kept = bytes[n];

                assert_non_null(copy);
                memcpy(copy, bytes, n);
                assert_int_equal(zone_from_bytes(&z, copy, n, NULL), -EBADMSG);
                free(copy);
                bytes[n] ^= 0xff;
                if (zone_from_bytes(&z, bytes, length, NULL) == 0) {
                        for (int64_t t = -4000000000; t < 8000000000; t += 1000000007) {
                                struct zone_span span = zone_span_at(z, t);

                                assert_true(span.from <= t && t < span.until);
                        }
                        zone_free(z);
                }
                bytes[n] = kept;
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_offsets),      cmocka_unit_test(test_texts),
                cmocka_unit_test(test_dues),         cmocka_unit_test(test_minutes),
                cmocka_unit_test(test_no_holes),     cmocka_unit_test(test_zone_names),
                cmocka_unit_test(test_broken_files),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
