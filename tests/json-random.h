/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Random JSON for property tests: the same seed gives the same value. Keys and strings are chosen
 * to hurt: names that config files cannot say, quotes, controls, references, numbers at the edges.
 */

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct json_random {
        uint64_t state;
};

/* The seed: $LINHAY_SEED, else the clock. Tests print it. */
static inline uint64_t json_random_seed(void)
{
        const char *given = getenv("LINHAY_SEED");

        return given ? strtoull(given, NULL, 0) : (uint64_t) time(NULL);
}

static inline uint64_t json_random_below(struct json_random *r, uint64_t limit)
{
        r->state ^= r->state << 13;
        r->state ^= r->state >> 7;
        r->state ^= r->state << 17;
        return (r->state * 0x9e3779b97f4a7c15u >> 20) % limit;
}

static inline json_t *json_random_scalar(struct json_random *r)
{
        static const char *const texts[] = {
                "",
                "a",
                "plain words",
                "\"quoted\"",
                "back\\slash",
                "line\nline",
                "tab\t",
                "\x01\x1f\x7f",
                "\u00e9\u4e2d\U0001f432",
                "${inputs.x}",
                "$${",
                "# no comment",
                "/* nor this */",
                "3000000000",
                "\\x41",
                "a;b",
                "{ _json = 1; }",
                "\r\f\b",
        };
        static const json_int_t numbers[] = {
                0, -1, 7, 2147483647, 2147483648, -2147483648LL, -2147483649LL, INT64_MAX, INT64_MIN
        };
        static const double reals[] = { 0.5, 1.0, -0.0, 1e300, 5e-324, 0.1, 1e22, -12345.678e-9 };

        switch (json_random_below(r, 8)) {
        case 0:
                return json_null();
        case 1:
                return json_true();
        case 2:
                return json_false();
        case 3:
                return json_integer(
                        numbers[json_random_below(r, sizeof(numbers) / sizeof(*numbers))]);
        case 4:
                return json_real(reals[json_random_below(r, sizeof(reals) / sizeof(*reals))]);
        case 5:
                return json_stringn("nul\0inside", 10);
        default:
                return json_string(texts[json_random_below(r, sizeof(texts) / sizeof(*texts))]);
        }
}

static inline json_t *json_random_value(struct json_random *r, unsigned depth)
{
        static const char *const keys[] = {
                "a",     "name",  "with-dash", "under_score", "_private", "_null",
                "_json", "_file", "$ref",      "1st",         "a.b",      "",
                "true",  "False", "sp ace",    "*star",       "\u00e9",
        };
        uint64_t n = json_random_below(r, 5);
        json_t *value;

        if (depth == 0 || json_random_below(r, 3) == 0)
                return json_random_scalar(r);
        if (json_random_below(r, 2)) {
                value = json_array();
                while (n--)
                        (void) json_array_append_new(value, json_random_value(r, depth - 1));
                return value;
        }
        value = json_object();
        while (n--)
                (void) json_object_set_new(value,
                                           keys[json_random_below(r, sizeof(keys) / sizeof(*keys))],
                                           json_random_value(r, depth - 1));
        return value;
}
