/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a cron expression, and behind its line as a time zone's file
 *
 * Promises: what is refused is told in words; spans of a zone hold the time that was asked for and
 * follow each other; the next due time is later than the one before, asking from any time between
 * the two gives the same, and its second, minute, month are due by the fields, unless the clock was
 * set forward just then.
 */
#include "fuzz.h"

#include "run/cron.h"

#define ROUNDS 20

static void spans_try(const struct zone *z)
{
        for (int64_t t = -5000000000; t < 10000000000; t += 777777777) {
                struct zone_span span = zone_span_at(z, t), next;

                promise(span.from <= t && t < span.until, "a span holds the time");
                promise(span.offset > -100000 && span.offset < 100000, "an offset is hours");
                if (span.until == INT64_MAX)
                        continue;
                next = zone_span_at(z, span.until);
                promise(next.from == span.until, "spans follow each other");
        }
}

static void due_try(const struct cron *c, const struct zone *z, int64_t t, int64_t due)
{
        struct zone_span span =
                z ? zone_span_at(z, due) : (struct zone_span){ INT64_MIN, INT64_MAX, 0 };
        int64_t local = due + span.offset,
                day = local >= 0 ? local / 86400 : (local - 86399) / 86400, year;
        unsigned month, mday, second = (unsigned) (local - day * 86400);

        promise(due > t, "the next is later");
        promise(cron_next(c, z, t + (due - 1 - t) / 2) == due, "nothing is between");
        promise(cron_next(c, z, due - 1) == due, "nor right before");
        if (due == span.from)
                return;
        civil_date(day, &year, &month, &mday);
        promise(c->seconds >> (second % 60) & 1 && c->minutes >> (second / 60 % 60) & 1 &&
                        c->hours >> (second / 3600) & 1 && c->months >> month & 1,
                "it is due by the fields");
}

static void dues_try(const struct cron *c, const struct zone *z)
{
        int64_t t = 1700000000;

        for (unsigned i = 0; i < ROUNDS; i++) {
                int64_t due = cron_next(c, z, t);

                if (due == INT64_MAX)
                        return;
                due_try(c, z, t, due);
                t = due;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
        size_t length = end ? (size_t) (end - data) : size;
        _cleanup_(freep) char *text = strndup((const char *) data, length);
        _cleanup_(zone_freep) struct zone *z = NULL;
        struct err err = { 0 };
        struct cron c;
        int r;

        if (!text)
                return 0;
        r = end ? zone_from_bytes(&z, end + 1, size - length - 1, &err) : 0;
        promise(r == 0 || (r == -EBADMSG && fuzz_has_words(err.text)), "a zone, or words");
        if (z)
                spans_try(z);
        err = (struct err){ 0 };
        r = cron_parse(&c, text, &err);
        promise(r == 0 || (r == -EINVAL && fuzz_has_words(err.text)), "an expression, or words");
        if (r == 0)
                dues_try(&c, z);
        return 0;
}
