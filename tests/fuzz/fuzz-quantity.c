/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sizes, durations, numbers and waits, each as somebody wrote it
 *
 * The lines are: a size, a duration, another duration, and three JSON numbers; the first bytes
 * before them are a retry policy. Promises: what is no quantity is told with words that can be
 * shown; what is one can be shown, too; two durations behind one another are their sum; numbers are
 * in one order; what is a multiple is one however it is written; and no wait is longer than its
 * cap.
 */
#include "fuzz.h"

#include "base/json.h"
#include "base/number.h"
#include "base/unit.h"
#include "run/retry.h"

#define LINE_MOST 200

struct lines {
        char text[6][LINE_MOST + 1];
};

static void lines_read(struct lines *l, struct fuzz_input *in)
{
        for (size_t i = 0; i < ARRAY_SIZE(l->text); i++) {
                const uint8_t *end = in->left ? memchr(in->at, '\n', in->left) : NULL;
                size_t n, keep;
                const uint8_t *line = fuzz_bytes(in, end ? (size_t) (end - in->at) : in->left, &n);

                keep = MIN_OF(n, (size_t) LINE_MOST);
                if (keep)
                        memcpy(l->text[i], line, keep);
                l->text[i][keep] = '\0';
                (void) fuzz_byte(in);
        }
}

static bool parse(int (*parser)(uint64_t *, const char *, struct err *), uint64_t *ret,
                  const char *text)
{
        struct err err = { 0 };
        uint64_t before = 12345;
        int r;

        *ret = before;
        r = parser(ret, text, &err);
        promise(r == 0 || (r == -EINVAL && *ret == before && *err_text(&err)),
                "a quantity or words");
        return r == 0;
}

static void units_try(const struct lines *l)
{
        uint64_t bytes, first, second, both, sum;
        char text[2 * LINE_MOST + 1], shown[64];
        bool are_durations, is_sum;

        if (parse(bytes_parse, &bytes, l->text[0])) {
                bytes_format(shown, sizeof(shown), bytes);
                promise(fuzz_has_words(shown) && strlen(shown) < 32, "a size can be shown");
        }
        are_durations = parse(duration_parse, &first, l->text[1]) &&
                        parse(duration_parse, &second, l->text[2]);
        if (!are_durations)
                return;
        duration_format(shown, sizeof(shown), first);
        promise(fuzz_has_words(shown), "a duration can be shown");

        /* A bare 0 before another number would be one number. */
        if (!strpbrk(l->text[1] + strlen(l->text[1]) - 1, "0123456789")) {
                (void) snprintf(text, sizeof(text), "%s%s", l->text[1], l->text[2]);
                is_sum = !__builtin_add_overflow(first, second, &sum);
                promise(parse(duration_parse, &both, text) == is_sum && (!is_sum || both == sum),
                        "two durations are their sum");
        }
}

static json_t *number_read(const char *text)
{
        json_t *value = NULL;

        if (json_text_load(&value, text, strlen(text), "number", NULL) < 0)
                return NULL;
        if (json_is_number(value))
                return value;
        json_decref(value);
        return NULL;
}

static int sign(int n)
{
        return (n > 0) - (n < 0);
}

static void order_try(json_t *n[3])
{
        int ab = sign(number_compare(n[0], n[1])), bc = sign(number_compare(n[1], n[2])),
            ac = sign(number_compare(n[0], n[2]));

        promise(number_compare(n[0], n[0]) == 0, "a number is what it is");
        promise(ab == -sign(number_compare(n[1], n[0])), "an order has two sides");
        promise(ab < 0   ? (bc > 0 || ac < 0)
                : ab > 0 ? (bc < 0 || ac > 0)
                         : ac == bc,
                "and is one order");
        promise(number_is_integer(n[0]) || json_is_real(n[0]), "an integer is one");
}

static void multiple_try(const json_t *n, const json_t *of)
{
        json_int_t a, b;
        bool is;

        if (json_number_value(of) <= 0)
                return;
        is = number_is_multiple(n, of);
        if (!json_is_integer(n) || !json_is_integer(of))
                return;
        a = json_integer_value(n);
        b = json_integer_value(of);
        promise(is == (a % b == 0), "a multiple is one");
        if (a > -1000000 && a < 1000000 && b < 1000000) {
                _cleanup_(json_decrefp) json_t *real = json_real((double) a);

                promise(number_is_multiple(real, of) == is, "with a fraction of 0, too");
        }
}

static void numbers_try(const struct lines *l)
{
        json_t *n[3];

        for (size_t i = 0; i < 3; i++)
                n[i] = number_read(l->text[3 + i]);
        if (n[0] && n[1] && n[2])
                order_try(n);
        if (n[0] && n[1])
                multiple_try(n[0], n[1]);
        for (size_t i = 0; i < 3; i++)
                json_decref(n[i]);
}

static uint64_t word_read(struct fuzz_input *in)
{
        uint64_t word = 0, shift = fuzz_byte(in) % 64;

        for (int i = 0; i < 8; i++)
                word = word << 8 | fuzz_byte(in);
        return word >> shift;
}

static void retry_try(struct fuzz_input *in)
{
        struct retry r = { .attempts = fuzz_byte(in), .jitter = fuzz_byte(in) & 1 };
        struct retry_random random = { 0 }, same;
        int64_t before = 0;

        r.backoff_ms = word_read(in);
        r.cap_ms = word_read(in);
        random.state = same.state = word_read(in);
        for (unsigned n = 2; n < 300; n++) {
                int64_t wait = retry_delay(&r, n, &random);

                promise((wait < 0) == (n > r.attempts), "no more tries than allowed");
                promise(wait >= 0 || wait == -ERANGE, "and then none is left");
                promise(wait == retry_delay(&r, n, &same), "the same seed, the same wait");
                promise(wait < 0 || !r.cap_ms || (uint64_t) wait <= r.cap_ms, "a cap holds");
                promise(wait < 0 || r.jitter || wait >= before, "waits grow");
                before = wait;
        }
        promise((retry_usual() & ~retry_possible()) == 0, "what is usual is possible");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct fuzz_input in = { data, size };
        struct lines l;

        retry_try(&in);
        lines_read(&l, &in);
        units_try(&l);
        numbers_try(&l);
        return 0;
}
