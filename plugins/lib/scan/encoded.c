/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/encoded.h"

#include "scan/block.h"

#define FIRST_DIGITS 24 /* that are decoded to see whether more is worth it */
#define HEX_LEAST    40

const char *const encoding_names[ENCODINGS_] = {
        [ENCODING_BASE64] = "base64",
        [ENCODING_HEX] = "hex",
};

/* The value of a digit of base64 (RFC 4648) and 64; 0 = none. */
static const unsigned char
        base64_digits[256] = {
                ['A'] = 64, 65,  66,         67,  68,          69,         70,          71,
                72,         73,  74,         75,  76,          ['N'] = 77, 78,          79,
                80,         81,  82,         83,  84,          85,         86,          87,
                88,         89,  ['a'] = 90, 91,  92,          93,         94,          95,
                96,         97,  98,         99,  100,         101,        102,         ['n'] = 103,
                104,        105, 106,        107, 108,         109,        110,         111,
                112,        113, 114,        115, ['0'] = 116, 117,        118,         119,
                120,        121, 122,        123, 124,         125,        ['+'] = 126, ['/'] = 127,
        };

static bool is_digit(char c)
{
        return base64_digits[(unsigned char) c] != 0;
}

static int hex_value(char c)
{
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
}

/* What stands in a text; bytes of UTF-8 among it. */
static bool is_text_byte(unsigned char c)
{
        return (c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t' || c == '\r';
}

static size_t decode_hex(const char *text, size_t n, char *ret)
{
        size_t out = 0;

        for (size_t i = 0; i + 1 < n; i += 2) {
                int high = hex_value(text[i]), low = hex_value(text[i + 1]);

                if (high < 0 || low < 0 || !is_text_byte((unsigned char) (high << 4 | low)))
                        return 0;
                ret[out++] = (char) (high << 4 | low);
        }
        return out;
}

static size_t decode_base64(const char *text, size_t n, char *ret)
{
        uint32_t bits = 0;
        unsigned have = 0;
        size_t out = 0;

        for (size_t i = 0; i < n && text[i] != '='; i++) {
                bits = bits << 6 | (base64_digits[(unsigned char) text[i]] & 63u);
                have += 6;
                if (have < 8)
                        continue;
                have -= 8;
                if (!is_text_byte((unsigned char) (bits >> have)))
                        return 0;
                ret[out++] = (char) (bits >> have);
        }
        return out;
}

static size_t decode(const char *text, size_t n, enum encoding encoding, char *ret)
{
        return encoding == ENCODING_HEX ? decode_hex(text, n, ret) : decode_base64(text, n, ret);
}

static bool is_hex(const char *text, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (hex_value(text[i]) < 0)
                        return false;
        return n % 2 == 0 && n >= HEX_LEAST;
}

/* Plain ASCII at its front? Bytes above it are in nearly every word that is taken for base64. */
static bool begins_as_text(const char *text, struct encoded *run)
{
        char first[FIRST_DIGITS];
        size_t n;

        run->encoding =
                is_hex(text + run->start, run->end - run->start) ? ENCODING_HEX : ENCODING_BASE64;
        n = decode(text + run->start, FIRST_DIGITS, run->encoding, first);
        for (size_t i = 0; i < n; i++)
                if ((unsigned char) first[i] >= 0x80)
                        return false;
        return n > 0;
}

static bool are_digits(block b)
{
        return block_is_full(block_between(b | 0x20, 'a', 26) | block_between(b, '0', 10) |
                             block_between(b, '+', 1) | block_between(b, '/', 1));
}

/* The first block of digits only, at or behind `at`; SIZE_MAX = none. */
static size_t next_block(const char *text, size_t length, size_t at)
{
        for (; at + BLOCK_LENGTH <= length; at += BLOCK_LENGTH)
                if (are_digits(block_load(text + at)))
                        return at;
        return SIZE_MAX;
}

bool encoded_find(const char *text, size_t length, size_t from, struct encoded *ret)
{
        for (size_t at = from; (at = next_block(text, length, at)) != SIZE_MAX;) {
                size_t low = at, end = at + BLOCK_LENGTH;

                while (low > from && is_digit(text[low - 1]))
                        low--;
                while (end < length && is_digit(text[end]))
                        end++;
                *ret = (struct encoded){ .start = low, .end = end };
                if (end - low >= ENCODED_LEAST && begins_as_text(text, ret)) {
                        for (unsigned n = 0; n < 2 && end < length && text[end] == '='; n++)
                                ret->end = ++end;
                        return true;
                }
                at = end;
        }
        return false;
}

size_t encoded_decode(const char *text, const struct encoded *run, char *ret)
{
        size_t n = decode(text + run->start, MIN_OF(run->end - run->start, (size_t) ENCODED_MOST),
                          run->encoding, ret);

        ret[n] = '\0';
        return n;
}
