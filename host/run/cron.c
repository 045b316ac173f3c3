/* SPDX-License-Identifier: Apache-2.0 */
#include "run/cron.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define DAY       86400
#define YEARS_MAX 12 /* between two 29 February there are at most 8 years */
#define ALL_HOURS 0xffffffU
#define TEXT_MAX  256
#define SPANS_MAX 64 /* changes of the zone between two due times that are looked through */

static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
                                      "jul", "aug", "sep", "oct", "nov", "dec" };
static const char *const weekdays[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

/* In the order of writing. */
static const struct field {
        const char *name;
        unsigned low, high;
        const char *const *names; /* of `low` and those behind it */
        size_t n_names;
} fields[] = {
        { "second", 0, 59, NULL, 0 },
        { "minute", 0, 59, NULL, 0 },
        { "hour", 0, 23, NULL, 0 },
        { "day of the month", 1, 31, NULL, 0 },
        { "month", 1, 12, months, ARRAY_SIZE(months) },
        { "day of the week", 0, 7, weekdays, ARRAY_SIZE(weekdays) },
};

enum { SECOND, MINUTE, HOUR, DAY_OF_MONTH, MONTH, WEEKDAY, FIELDS_ };

static const struct {
        const char *word, *meaning;
} words[] = {
        { "@hourly", "0 * * * *" },   { "@daily", "0 0 * * *" },   { "@midnight", "0 0 * * *" },
        { "@weekly", "0 0 * * 0" },   { "@monthly", "0 0 1 * *" }, { "@yearly", "0 0 1 1 *" },
        { "@annually", "0 0 1 1 *" },
};

/* --- reading -----------------------------------------------------------------------------------
 */

static bool read_value(const struct field *f, const char **at, unsigned *ret)
{
        unsigned n = 0;

        for (size_t i = 0; i < f->n_names; i++)
                if (strncasecmp(*at, f->names[i], 3) == 0 && !isalpha((unsigned char) (*at)[3])) {
                        *at += 3;
                        *ret = f->low + (unsigned) i;
                        return true;
                }
        if (!isdigit((unsigned char) **at))
                return false;
        for (; isdigit((unsigned char) **at) && n < 1000; (*at)++)
                n = n * 10 + (unsigned) (**at - '0');
        *ret = n;
        return n >= f->low && n <= f->high;
}

/* "*", "N", "N-M", "N/S" (from N on), each with "/S" */
static bool read_range(const struct field *f, const char **at, uint64_t *bits)
{
        unsigned from = f->low, to = f->high, step = 1;
        bool is_one = false;

        if (**at == '*') {
                (*at)++;
                to -= f->high == 7; /* 7 is 0 once more */
        } else {
                if (!read_value(f, at, &from))
                        return false;
                to = from;
                is_one = **at != '-';
                if (!is_one && ((*at)++, !read_value(f, at, &to) || to < from))
                        return false;
        }
        if (**at == '/') {
                struct field steps = { .low = 1, .high = f->high };

                (*at)++;
                if (!read_value(&steps, at, &step))
                        return false;
                if (is_one)
                        to = f->high - (f->high == 7);
        }
        for (unsigned n = from; n <= to; n += step)
                *bits |= 1ULL << n;
        return true;
}

static bool read_field(const struct field *f, const char *text, uint64_t *ret)
{
        uint64_t bits = 0;

        do {
                if (!read_range(f, &text, &bits))
                        return false;
        } while (*text++ == ',');
        *ret = bits;
        return text[-1] == '\0';
}

/* Cuts `text` at its blanks: how many pieces, at most `most` + 1. */
static size_t split(char *text, char **ret, size_t most)
{
        size_t n = 0;
        char *rest = NULL;

        for (char *piece = strtok_r(text, " \t", &rest); piece && n <= most;
             piece = strtok_r(NULL, " \t", &rest))
                ret[n++] = piece;
        return n;
}

static const char *meaning_of(const char *text)
{
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (strcasecmp(text, words[i].word) == 0)
                        return words[i].meaning;
        return text;
}

static int fields_read(struct cron *c, char *const *pieces, bool has_seconds, struct err *err)
{
        uint64_t bits[FIELDS_] = { [SECOND] = 1 };

        for (size_t i = has_seconds ? SECOND : MINUTE; i < FIELDS_; i++)
                if (!read_field(&fields[i], *pieces++, &bits[i]))
                        return err_set(err, -EINVAL,
                                       "the %s \"%s\" is none: it goes from %u to %u, as in *, "
                                       "*/5, 1,15 or 2-6",
                                       fields[i].name, pieces[-1], fields[i].low, fields[i].high);
        *c = (struct cron){
                .seconds = bits[SECOND],
                .minutes = bits[MINUTE],
                .hours = (uint32_t) bits[HOUR],
                .days = (uint32_t) bits[DAY_OF_MONTH],
                .months = (uint32_t) bits[MONTH],
                .weekdays = (uint32_t) ((bits[WEEKDAY] | bits[WEEKDAY] >> 7) & 0x7f),
                .any_day = *pieces[-3] == '*',
                .any_weekday = *pieces[-1] == '*',
        };
        return 0;
}

int cron_parse(struct cron *ret, const char *text, struct err *err)
{
        char copy[TEXT_MAX], *pieces[FIELDS_ + 1];
        struct zone *none = NULL;
        struct cron c;
        size_t n;
        int r;

        if (strlen(text) >= sizeof(copy))
                return err_set(err, -EINVAL, "a cron expression has at most %d bytes",
                               TEXT_MAX - 1);
        (void) snprintf(copy, sizeof(copy), "%s", meaning_of(text));
        if (copy[0] == '@')
                return err_set(err, -EINVAL,
                               "\"%s\" is unknown; there are @hourly @daily @weekly @monthly "
                               "@yearly",
                               copy);
        n = split(copy, pieces, FIELDS_);
        if (n != FIELDS_ && n != FIELDS_ - 1)
                return err_set(err, -EINVAL,
                               "\"%s\" has %zu fields; five are wanted (minute, hour, day, month, "
                               "weekday), or six with the second in front",
                               text, n);
        r = fields_read(&c, pieces, n == FIELDS_, err);
        if (r < 0)
                return r;
        if (cron_next(&c, none, 0) == INT64_MAX)
                return err_set(err, -EINVAL, "\"%s\" is never due: there is no such day", text);
        *ret = c;
        return 0;
}

/* --- due times ---------------------------------------------------------------------------------
 */

static int64_t days_of(int64_t local)
{
        return (local >= 0 ? local : local - DAY + 1) / DAY;
}

static bool day_is_due(const struct cron *c, int64_t day)
{
        bool in_month, in_week;
        unsigned month, mday;
        int64_t year;

        civil_date(day, &year, &month, &mday);
        in_month = c->days >> mday & 1;
        in_week = c->weekdays >> civil_weekday(day) & 1;
        if (!(c->months >> month & 1))
                return false;
        return c->any_day || c->any_weekday ? in_month && in_week : in_month || in_week;
}

/* The lowest bit that is set at or above `from`; 64 = none. */
static unsigned bit_next(uint64_t bits, unsigned from)
{
        bits = from < 64 ? bits >> from : 0;
        return bits ? from + (unsigned) __builtin_ctzll(bits) : 64;
}

/* The first due second of the day that is not before `second`; DAY = none. */
static int64_t second_next(const struct cron *c, int64_t second)
{
        unsigned h = (unsigned) (second / 3600), m = (unsigned) (second / 60 % 60),
                 s = (unsigned) (second % 60);

        for (;;) {
                unsigned hour = bit_next(c->hours, h), minute, found;

                if (hour == 64)
                        return DAY;
                if (hour > h)
                        m = s = 0;
                minute = bit_next(c->minutes, m);
                h = hour + (minute == 64);
                if (minute > m)
                        s = 0;
                m = minute == 64 ? 0 : minute;
                if (minute == 64)
                        continue;
                found = bit_next(c->seconds, s);
                if (found < 64)
                        return (int64_t) h * 3600 + m * 60 + found;
                m++;
                s = 0;
        }
}

/* The first due local time at or after `local`; INT64_MAX = none within years. */
static int64_t local_next(const struct cron *c, int64_t local)
{
        int64_t day = days_of(local), second = local - day * DAY;

        for (unsigned i = 0; i < YEARS_MAX * 366; i++, day++, second = 0) {
                int64_t found = day_is_due(c, day) ? second_next(c, second) : DAY;

                if (found < DAY)
                        return day * DAY + found;
        }
        return INT64_MAX;
}

static struct zone_span span_at(const struct zone *zone, int64_t t)
{
        return zone ? zone_span_at(zone, t) : (struct zone_span){ INT64_MIN, INT64_MAX, 0 };
}

/* What the clock on the wall had reached when the span began: later than its start where time was
 * set back, earlier where some was skipped. */
static int64_t reached(const struct zone *zone, const struct zone_span *span)
{
        return span->from == INT64_MIN ? INT64_MIN
                                       : span->from + span_at(zone, span->from - 1).offset;
}

int64_t cron_next(const struct cron *c, const struct zone *zone, int64_t t)
{
        bool by_the_wall = c->hours != ALL_HOURS;
        int64_t from = t + 1;

        for (unsigned i = 0; i < SPANS_MAX; i++) {
                struct zone_span span = span_at(zone, from);
                int64_t local = from + span.offset, due;

                if (by_the_wall && from == span.from) {
                        due = local_next(c, MIN_OF(reached(zone, &span), local));
                        if (due < local)
                                return from;
                }
                if (by_the_wall && span.from != INT64_MIN)
                        local = MAX_OF(local, reached(zone, &span));
                due = local_next(c, local);
                if (due == INT64_MAX)
                        return INT64_MAX;
                if (due - span.offset < span.until)
                        return due - span.offset;
                from = span.until;
        }
        return INT64_MAX;
}
