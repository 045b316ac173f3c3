/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone.h"

#include "base/io.h"

#include <ctype.h>
#include <string.h>

#define FOLDER      "/usr/share/zoneinfo/"
#define LOCAL       "/etc/localtime"
#define BYTES_MAX   ((size_t) 1 << 20)
#define STEPS_MAX   8192U /* changes listed in a file; real ones have some 250 */
#define OFFSET_MAX  93600 /* 26 h, RFC 8536 */
#define HEADER_SIZE 44
#define DAY         86400
#define NAME_MAX_   128
#define HOURS_MAX   167 /* of a rule's time of day */

/* When in a year a rule changes the offset. */
struct turn {
        enum { TURN_WEEKDAY, TURN_JULIAN, TURN_DAY } kind; /* Mm.w.d, Jn, n */
        unsigned month, week, day;
        int64_t seconds; /* of local time, from the day's start */
};

struct step {
        int64_t at;
        int64_t offset; /* from then on */
};

struct zone {
        int64_t first; /* the offset before any step */
        struct step *steps;
        size_t n_steps;
        bool has_rule; /* behind the last step */
        bool has_summer;
        int64_t winter, summer; /* offsets */
        struct turn to_summer, to_winter;
};

int64_t civil_days(int64_t year, unsigned month, unsigned day)
{
        int64_t y = month <= 2 ? year - 1 : year;
        int64_t era = (y >= 0 ? y : y - 399) / 400;
        int64_t of_era = y - era * 400;
        int64_t of_year = (153 * (int64_t) (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

        return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void civil_date(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
        int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
        int64_t of_era = z - era * 146097;
        int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
        int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
        int64_t month = (5 * of_year + 2) / 153;

        *ret_day = (unsigned) (of_year - (153 * month + 2) / 5 + 1);
        *ret_month = (unsigned) (month < 10 ? month + 3 : month - 9);
        *ret_year = year + era * 400 + (*ret_month <= 2);
}

unsigned civil_weekday(int64_t days)
{
        return (unsigned) (((days + 4) % 7 + 7) % 7);
}

unsigned civil_month_days(int64_t year, unsigned month)
{
        return (unsigned) (civil_days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1,
                                      1) -
                           civil_days(year, month, 1));
}

/* --- the rule: "CET-1CEST,M3.5.0,M10.5.0/3" ----------------------------------------------------
 */

static bool read_number(const char **at, unsigned most, unsigned *ret)
{
        unsigned n = 0;

        if (!isdigit((unsigned char) **at))
                return false;
        for (; isdigit((unsigned char) **at); (*at)++) {
                n = n * 10 + (unsigned) (**at - '0');
                if (n > most)
                        return false;
        }
        *ret = n;
        return true;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool read_time(const char **at, int64_t *ret)
{
        int sign = **at == '-' ? -1 : 1;
        unsigned part[3] = { 0 };

        *at += **at == '-' || **at == '+';
        for (unsigned i = 0; i < 3; i++) {
                if (i > 0 && **at != ':')
                        break;
                *at += i > 0;
                if (!read_number(at, i ? 59 : HOURS_MAX, &part[i]))
                        return false;
        }
        *ret = sign * (int64_t) (part[0] * 3600 + part[1] * 60 + part[2]);
        return true;
}

static bool read_offset(const char **at, int64_t *ret)
{
        if (!read_time(at, ret) || *ret < -OFFSET_MAX || *ret > OFFSET_MAX)
                return false;
        *ret = -*ret; /* POSIX counts westward */
        return true;
}

static bool read_letters(const char **at)
{
        const char *start = *at;

        if (*start == '<') {
                *at = strchr(start, '>');
                return *at && *at - start > 3 && (*at)++;
        }
        while (isalpha((unsigned char) **at))
                (*at)++;
        return *at - start >= 3;
}

static bool read_turn(const char **at, struct turn *ret)
{
        bool is_right;

        ret->seconds = 7200;
        if (**at == 'M') {
                (*at)++;
                ret->kind = TURN_WEEKDAY;
                is_right = read_number(at, 12, &ret->month) && ret->month >= 1 && *(*at)++ == '.' &&
                           read_number(at, 5, &ret->week) && ret->week >= 1 && *(*at)++ == '.' &&
                           read_number(at, 6, &ret->day);
        } else {
                ret->kind = **at == 'J' ? TURN_JULIAN : TURN_DAY;
                *at += **at == 'J';
                is_right =
                        read_number(at, 365, &ret->day) && (ret->kind == TURN_DAY || ret->day >= 1);
        }
        if (is_right && **at == '/')
                return (*at)++, read_time(at, &ret->seconds);
        return is_right;
}

static bool read_rule(struct zone *z, const char *at)
{
        if (!*at)
                return true; /* the last step stays for ever */
        z->has_rule = read_letters(&at) && read_offset(&at, &z->winter);
        if (!z->has_rule || !*at)
                return z->has_rule;
        z->has_summer = true;
        z->summer = z->winter + 3600;
        return read_letters(&at) && (*at == ',' || read_offset(&at, &z->summer)) && *at++ == ',' &&
               read_turn(&at, &z->to_summer) && *at++ == ',' && read_turn(&at, &z->to_winter) &&
               !*at;
}

/* Local time, by the clock that runs before the turn. */
static int64_t turn_local(const struct turn *t, int64_t year)
{
        int64_t day;

        if (t->kind == TURN_WEEKDAY) {
                unsigned in_month = civil_month_days(year, t->month), first, n;

                day = civil_days(year, t->month, 1);
                first = (t->day + 7 - civil_weekday(day)) % 7;
                n = first + 7 * (t->week - 1);
                while (n >= in_month)
                        n -= 7;
                day += n;
        } else {
                bool is_leap = civil_month_days(year, 2) == 29;

                day = civil_days(year, 1, 1) + t->day;
                if (t->kind == TURN_JULIAN && !(is_leap && t->day >= 60))
                        day--;
        }
        return day * DAY + t->seconds;
}

static struct zone_span rule_span(const struct zone *z, int64_t t)
{
        struct zone_span span = { INT64_MIN, INT64_MAX, z->winter };
        unsigned month, day;
        int64_t year;

        if (!z->has_summer)
                return span;
        civil_date((t >= 0 ? t : t - DAY + 1) / DAY, &year, &month, &day);
        /* The turns of three years, in no order: the nearest on each side say it. */
        for (int64_t y = year - 1; y <= year + 1; y++) {
                int64_t summer = turn_local(&z->to_summer, y) - z->winter;
                int64_t winter = turn_local(&z->to_winter, y) - z->summer;

                if (summer <= t && summer >= span.from) {
                        span.from = summer;
                        span.offset = z->summer;
                }
                if (winter <= t && winter >= span.from) {
                        span.from = winter;
                        span.offset = z->winter;
                }
                if (summer > t)
                        span.until = MIN_OF(span.until, summer);
                if (winter > t)
                        span.until = MIN_OF(span.until, winter);
        }
        return span;
}

/* --- the file ----------------------------------------------------------------------------------
 */

static int64_t number_at(const unsigned char *at, unsigned bytes)
{
        uint64_t n = at[0] & 0x80 ? UINT64_MAX : 0;

        for (unsigned i = 0; i < bytes; i++)
                n = n << 8 | at[i];
        return (int64_t) n;
}

struct counts {
        uint64_t utc, standard, leaps, steps, types, letters;
};

static bool header_read(const unsigned char *at, size_t length, struct counts *ret)
{
        if (length < HEADER_SIZE || memcmp(at, "TZif", 4) != 0)
                return false;
        *ret = (struct counts){
                (uint64_t) number_at(at + 20, 4) & UINT32_MAX,
                (uint64_t) number_at(at + 24, 4) & UINT32_MAX,
                (uint64_t) number_at(at + 28, 4) & UINT32_MAX,
                (uint64_t) number_at(at + 32, 4) & UINT32_MAX,
                (uint64_t) number_at(at + 36, 4) & UINT32_MAX,
                (uint64_t) number_at(at + 40, 4) & UINT32_MAX,
        };
        return ret->types >= 1 && ret->types <= 256 && ret->steps <= STEPS_MAX;
}

/* Of the block behind a header whose times have `width` bytes. */
static uint64_t block_size(const struct counts *c, unsigned width)
{
        return c->steps * width + c->steps + c->types * 6 + c->letters + c->leaps * (width + 4) +
               c->standard + c->utc;
}

static bool offset_read(const unsigned char *types, size_t n, size_t i, int64_t *ret)
{
        *ret = i < n ? number_at(types + i * 6, 4) : INT64_MAX;
        return *ret >= -OFFSET_MAX && *ret <= OFFSET_MAX;
}

static bool steps_read(struct zone *z, const unsigned char *block, const struct counts *c)
{
        const unsigned char *kinds = block + c->steps * 8, *types = kinds + c->steps;

        z->steps = calloc(c->steps + 1, sizeof(*z->steps));
        if (!z->steps || !offset_read(types, c->types, 0, &z->first))
                return false;
        for (size_t i = 0; i < c->steps; i++) {
                struct step *s = &z->steps[i];

                s->at = number_at(block + i * 8, 8);
                if ((i > 0 && s->at <= s[-1].at) ||
                    !offset_read(types, c->types, kinds[i], &s->offset))
                        return false;
        }
        z->n_steps = c->steps;
        return true;
}

/* "\nRULE\n" is the end of the file. */
static bool footer_read(struct zone *z, const char *at, size_t length)
{
        char rule[128] = "";

        if (length < 2 || length - 2 >= sizeof(rule) || at[0] != '\n' || at[length - 1] != '\n')
                return false;
        memcpy(rule, at + 1, length - 2);
        return strlen(rule) == length - 2 && read_rule(z, rule);
}

static bool file_parse(struct zone *z, const unsigned char *at, size_t length)
{
        struct counts c;
        uint64_t skip;

        if (!header_read(at, length, &c) || at[4] < '2')
                return false;
        skip = HEADER_SIZE + block_size(&c, 4);
        if (skip > length || !header_read(at + skip, length - skip, &c))
                return false;
        at += skip + HEADER_SIZE;
        length -= skip + HEADER_SIZE;
        skip = block_size(&c, 8);
        return skip <= length && steps_read(z, at, &c) &&
               footer_read(z, (const char *) at + skip, length - skip);
}

int zone_from_bytes(struct zone **ret, const void *data, size_t length, struct err *err)
{
        _cleanup_(zone_freep) struct zone *z = calloc(1, sizeof(*z));

        if (!z)
                return err_set(err, -ENOMEM, "no memory for a time zone");
        if (length > BYTES_MAX || !file_parse(z, data, length))
                return err_set(err, -EBADMSG, "it is no time zone file (TZif, version 2 or later)");
        *ret = TAKE(z);
        return 0;
}

struct zone *zone_free(struct zone *z)
{
        if (!z)
                return NULL;
        free(z->steps);
        free(z);
        return NULL;
}

static bool name_is_right(const char *name)
{
        for (const char *p = name; *p; p++)
                if (!isalnum((unsigned char) *p) && !strchr("_+-/", *p))
                        return false;
        return *name && *name != '/' && strlen(name) < NAME_MAX_;
}

static int utc(struct zone **ret)
{
        *ret = calloc(1, sizeof(**ret));
        return *ret ? 0 : -ENOMEM;
}

int zone_open(struct zone **ret, const char *name, struct err *err)
{
        _cleanup_(buf_done) struct buf bytes = BUF_LIMIT(BYTES_MAX);
        char path[sizeof(FOLDER) + NAME_MAX_] = LOCAL;
        int r;

        if (name && strcmp(name, "UTC") == 0)
                return utc(ret);
        if (name && !name_is_right(name))
                return err_set(err, -EINVAL,
                               "\"%s\" is no name of a time zone; write it as \"Europe/Berlin\"",
                               name);
        if (name)
                (void) snprintf(path, sizeof(path), FOLDER "%s", name);
        r = file_read(path, &bytes, NULL);
        if (r == -ENOENT && !name)
                return utc(ret);
        if (r == -ENOENT || r == -ENOTDIR || r == -EINVAL)
                return err_set(err, -ENOENT,
                               "there is no time zone \"%s\" in " FOLDER
                               " (package tzdata has them)",
                               name ? name : LOCAL);
        if (r < 0)
                return err_sys(err, r, "cannot read the time zone %s", path);
        r = zone_from_bytes(ret, bytes.data ? bytes.data : "", bytes.length, err);
        return r < 0 ? err_wrap(err, r, "%s", path) : 0;
}

struct zone_span zone_span_at(const struct zone *z, int64_t t)
{
        size_t low = 0, high = z->n_steps; /* steps[low - 1].at <= t < steps[low].at */
        struct zone_span span = { INT64_MIN, INT64_MAX, z->first }, rule;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (z->steps[middle].at <= t)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low > 0) {
                span.from = z->steps[low - 1].at;
                span.offset = z->steps[low - 1].offset;
        }
        if (low < z->n_steps)
                span.until = z->steps[low].at;
        if (low < z->n_steps || !z->has_rule)
                return span;
        rule = rule_span(z, t);
        rule.from = MAX_OF(rule.from, span.from);
        return rule;
}
