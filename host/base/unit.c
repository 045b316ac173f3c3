/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unit.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

struct unit {
        const char *name;
        uint64_t factor;
};

static const struct unit byte_units[] = {
        { "B", 1 },
        { "K", 1ULL << 10 },
        { "KiB", 1ULL << 10 },
        { "M", 1ULL << 20 },
        { "MiB", 1ULL << 20 },
        { "G", 1ULL << 30 },
        { "GiB", 1ULL << 30 },
        { "T", 1ULL << 40 },
        { "TiB", 1ULL << 40 },
        { NULL, 0 },
};

static const struct unit time_units[] = {
        { "ms", 1 },      { "s", 1000 },     { "m", 60000 }, { "min", 60000 },
        { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 },
};

static const struct unit *unit_find(const struct unit *units, const char *name, size_t length)
{
        for (const struct unit *u = units; u->name; u++)
                if (strlen(u->name) == length && strncasecmp(u->name, name, length) == 0)
                        return u;
        return NULL;
}

/* Reads "NUMBER UNIT" at *p, adds it to *sum and moves *p behind it; `bare` is the factor without a
 * unit. */
static int part_parse(const char **p, const struct unit *units, uint64_t bare, uint64_t *sum)
{
        const struct unit *unit = NULL;
        uint64_t number, product;
        const char *name;
        char *end;

        if (!isdigit((unsigned char) **p))
                return -EINVAL;
        errno = 0;
        number = strtoull(*p, &end, 10);
        if (errno)
                return -EINVAL;

        for (name = end; isalpha((unsigned char) *end);)
                end++;
        if (end > name)
                unit = unit_find(units, name, (size_t) (end - name));
        if (!unit && (end > name || (bare == 0 && number != 0)))
                return -EINVAL;

        if (__builtin_mul_overflow(number, unit ? unit->factor : bare, &product) ||
            __builtin_add_overflow(*sum, product, sum))
                return -EINVAL;
        *p = end;
        return 0;
}

int bytes_parse(uint64_t *ret_bytes, const char *text, struct err *err)
{
        const char *p = text;
        uint64_t sum = 0;

        if (part_parse(&p, byte_units, 1, &sum) < 0 || *p)
                return err_set(err, -EINVAL,
                               "\"%s\" is not a size (write \"256MiB\", \"64KiB\" or \"4096\")",
                               text);
        *ret_bytes = sum;
        return 0;
}

int duration_parse(uint64_t *ret_ms, const char *text, struct err *err)
{
        const char *p = text;
        uint64_t sum = 0;

        do {
                if (part_parse(&p, time_units, 0, &sum) < 0)
                        return err_set(
                                err, -EINVAL,
                                "\"%s\" is not a duration (write \"90s\", \"250ms\" or \"1h30m\")",
                                text);
        } while (*p);
        *ret_ms = sum;
        return 0;
}

void bytes_format(char *ret, size_t size, uint64_t bytes)
{
        static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB" };
        double value = (double) bytes;
        size_t i = 0;

        while (value >= 1024 && i + 1 < ARRAY_SIZE(names)) {
                value /= 1024;
                i++;
        }
        (void) snprintf(ret, size, i == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value, names[i]);
}

void duration_format(char *ret, size_t size, uint64_t ms)
{
        if (ms < 1000)
                (void) snprintf(ret, size, "%" PRIu64 " ms", ms);
        else if (ms < 60000)
                (void) snprintf(ret, size, "%.1f s", (double) ms / 1000);
        else if (ms < 3600000)
                (void) snprintf(ret, size, "%" PRIu64 " min %" PRIu64 " s", ms / 60000,
                                ms / 1000 % 60);
        else
                (void) snprintf(ret, size, "%" PRIu64 " h %" PRIu64 " min", ms / 3600000,
                                ms / 60000 % 60);
}
