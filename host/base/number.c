/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"

#include <math.h>
#include <string.h>

#define INT64_BEYOND 9223372036854775808.0 /* 2^63, the first double past every int64_t */

static int order(double a, double b)
{
        return (a > b) - (a < b);
}

static int integer_compare_real(json_int_t i, double d)
{
        json_int_t whole;

        if (d >= INT64_BEYOND)
                return -1;
        if (d < -INT64_BEYOND)
                return 1;
        whole = (json_int_t) d;
        if (i != whole)
                return i < whole ? -1 : 1;
        return order(0, d - (double) whole);
}

int number_compare(const json_t *a, const json_t *b)
{
        if (json_is_integer(a) && json_is_integer(b))
                return (json_integer_value(a) > json_integer_value(b)) -
                       (json_integer_value(a) < json_integer_value(b));
        if (json_is_integer(a))
                return integer_compare_real(json_integer_value(a), json_real_value(b));
        if (json_is_integer(b))
                return -integer_compare_real(json_integer_value(b), json_real_value(a));
        return order(json_real_value(a), json_real_value(b));
}

bool number_is_integer(const json_t *n)
{
        return json_is_integer(n) ||
               (json_is_real(n) && trunc(json_real_value(n)) == json_real_value(n));
}

/* digits * 10^exponent; `digits` does not end in a decimal 0, unless it is 0. */
struct decimal {
        uint64_t digits;
        int exponent;
};

static struct decimal decimal_trim(struct decimal d)
{
        while (d.digits && d.digits % 10 == 0) {
                d.digits /= 10;
                d.exponent++;
        }
        return d;
}

/* The fewest digits that read back as the same double are those that were written. */
static struct decimal decimal_of_real(double value)
{
        struct decimal d = { 0 };
        char text[40];
        const char *p;

        for (int precision = 14; precision <= 16; precision++) {
                (void) snprintf(text, sizeof(text), "%.*e", precision, fabs(value));
                if (strtod(text, NULL) == fabs(value))
                        break;
        }
        for (p = text; *p && *p != 'e'; p++)
                if (*p >= '0' && *p <= '9') {
                        d.digits = d.digits * 10 + (uint64_t) (*p - '0');
                        d.exponent--;
                }
        d.exponent += 1 + (*p ? atoi(p + 1) : 0);
        return decimal_trim(d);
}

static struct decimal decimal_of(const json_t *n)
{
        json_int_t i;

        if (json_is_real(n))
                return decimal_of_real(json_real_value(n));
        i = json_integer_value(n);
        return decimal_trim((struct decimal){ i < 0 ? -(uint64_t) i : (uint64_t) i, 0 });
}

static uint64_t multiply_modulo(uint64_t a, uint64_t b, uint64_t m)
{
        return (uint64_t) ((unsigned __int128) a * b % m);
}

static uint64_t power_of_ten_modulo(unsigned exponent, uint64_t m)
{
        uint64_t result = 1 % m, base = 10 % m;

        for (; exponent; exponent >>= 1) {
                if (exponent & 1)
                        result = multiply_modulo(result, base, m);
                base = multiply_modulo(base, base, m);
        }
        return result;
}

bool number_is_multiple(const json_t *n, const json_t *of)
{
        struct decimal a = decimal_of(n), b = decimal_of(of);
        unsigned __int128 divisor = b.digits;

        if (a.digits == 0)
                return true;
        if (a.exponent >= b.exponent) {
                unsigned up = (unsigned) (a.exponent - b.exponent);

                return multiply_modulo(a.digits, power_of_ten_modulo(up, b.digits), b.digits) == 0;
        }
        for (int up = b.exponent - a.exponent; up > 0; up--) {
                divisor *= 10;
                if (divisor > a.digits)
                        return false;
        }
        return a.digits % (uint64_t) divisor == 0;
}
