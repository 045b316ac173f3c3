/* SPDX-License-Identifier: Apache-2.0 */
#include "store/id.h"

#include <string.h>
#include <sys/random.h>

#define TIME_BITS         48
#define PREFIX_LENGTH_MIN 4
#define ITEM_MAX          999999999

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

int id_new(char ret[RUN_ID_SIZE], uint64_t now_ms)
{
        uint8_t random[7];
        __uint128_t bits = now_ms & ((UINT64_C(1) << TIME_BITS) - 1);

        /* At most 256 bytes are never cut short, and never interrupted once the pool is up. */
        if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
                return -errno;

        bits = bits << 4 | (random[0] & 0xf);
        for (size_t i = 1; i < sizeof(random); i++)
                bits = bits << 8 | random[i];
        for (int i = RUN_ID_LENGTH - 1; i >= 0; i--, bits >>= 5)
                ret[i] = alphabet[bits & 31];
        ret[RUN_ID_LENGTH] = '\0';
        return 0;
}

static int digit(char c)
{
        const char *at = c ? strchr(alphabet, c) : NULL;

        return at ? (int) (at - alphabet) : -1;
}

int id_next(char ret[RUN_ID_SIZE], const char *last, uint64_t now_ms)
{
        int r = id_new(ret, now_ms);

        if (r < 0 || !id_is_valid(last) || strcmp(ret, last) > 0)
                return r;
        memcpy(ret, last, RUN_ID_SIZE);
        for (int i = RUN_ID_LENGTH - 1; i >= 0; i--) {
                int d = digit(ret[i]);

                ret[i] = alphabet[(d + 1) & 31];
                if (d < 31)
                        break;
        }
        return 0;
}

bool id_is_valid(const char *text)
{
        for (size_t i = 0; i < RUN_ID_LENGTH; i++)
                if (digit(text[i]) < 0)
                        return false;
        return text[RUN_ID_LENGTH] == '\0';
}

uint64_t id_time_ms(const char *id)
{
        uint64_t bits = 0;

        if (!id_is_valid(id))
                return 0;
        /* Ten digits are 50 bits: the time, and the first two random ones. */
        for (size_t i = 0; i < 10; i++)
                bits = bits << 5 | (uint64_t) digit(id[i]);
        return bits >> 2;
}

/* What a person may type for a digit. */
static char normalise(char c)
{
        if (c >= 'A' && c <= 'Z')
                c = (char) (c - 'A' + 'a');
        if (c == 'o')
                return '0';
        return c == 'i' || c == 'l' ? '1' : c;
}

static int run_parse(char ret[RUN_ID_SIZE], const char *text, size_t length)
{
        if (length < PREFIX_LENGTH_MIN || length > RUN_ID_LENGTH)
                return -EINVAL;
        for (size_t i = 0; i < length; i++) {
                ret[i] = normalise(text[i]);
                if (digit(ret[i]) < 0)
                        return -EINVAL;
        }
        ret[length] = '\0';
        return 0;
}

static int step_parse(char ret[STEP_ID_SIZE], const char *text, size_t length)
{
        if (length == 0 || length >= STEP_ID_SIZE || text[0] < 'a' || text[0] > 'z')
                return -EINVAL;
        for (size_t i = 0; i < length; i++)
                if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", text[i]))
                        return -EINVAL;
        memcpy(ret, text, length);
        ret[length] = '\0';
        return 0;
}

static int item_parse(int *ret, const char *text)
{
        long n = 0;

        if (!*text)
                return -EINVAL;
        for (; *text; text++) {
                if (*text < '0' || *text > '9' || n > ITEM_MAX / 10)
                        return -EINVAL;
                n = n * 10 + (*text - '0');
        }
        *ret = (int) n;
        return 0;
}

int id_ref_parse(struct id_ref *ret, const char *text, struct err *err)
{
        struct id_ref ref = { .item = -1 };
        const char *step = strchr(text, '/');
        const char *item = step ? strchr(step + 1, '/') : NULL;
        int r;

        r = run_parse(ref.run, text, step ? (size_t) (step - text) : strlen(text));
        if (r < 0)
                return err_set(err, r,
                               "\"%.64s\" is not a run: give its id or the first %d or more "
                               "characters of it, as `linhay runs` shows them",
                               text, PREFIX_LENGTH_MIN);
        if (step)
                r = step_parse(ref.step, step + 1,
                               item ? (size_t) (item - step - 1) : strlen(step + 1));
        if (r < 0)
                return err_set(err, r,
                               "\"%.128s\" names no step: write RUN/STEP, as in %.20s/check", text,
                               ref.run);
        if (item)
                r = item_parse(&ref.item, item + 1);
        if (r < 0)
                return err_set(err, r,
                               "\"%.128s\" names no item: write RUN/STEP/ITEM with a number, as in "
                               "%.20s/%.64s/0",
                               text, ref.run, ref.step);

        *ret = ref;
        return 0;
}
