/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/text.h"

#define SNIFF 8192

/* Without a mark: of the first characters nearly all have one byte that is zero, on one side. */
static enum text_encoding guess_utf16(const char *data, size_t length)
{
        size_t n = MIN_OF(length, (size_t) SNIFF) / 2, zeros[2] = { 0 };

        for (size_t i = 0; i < n; i++) {
                zeros[0] += data[2 * i] == 0;
                zeros[1] += data[2 * i + 1] == 0;
        }
        if (n < 8 || (zeros[0] && zeros[1]))
                return TEXT_BINARY;
        return zeros[1] * 10 >= n * 9   ? TEXT_UTF16_LE
               : zeros[0] * 10 >= n * 9 ? TEXT_UTF16_BE
                                        : TEXT_BINARY;
}

enum text_encoding text_encoding_of(const char *data, size_t length)
{
        if (length >= 2 && !memcmp(data, "\xFF\xFE", 2) &&
            !(length >= 4 && data[2] == 0 && data[3] == 0))
                return TEXT_UTF16_LE;
        if (length >= 2 && !memcmp(data, "\xFE\xFF", 2))
                return TEXT_UTF16_BE;
        if (length && memchr(data, 0, MIN_OF(length, (size_t) SNIFF)))
                return guess_utf16(data, length);
        return TEXT_BYTES;
}

static size_t put_utf8(char *ret, uint32_t c)
{
        if (c < 0x80) {
                ret[0] = (char) c;
                return 1;
        }
        if (c < 0x800) {
                ret[0] = (char) (0xc0 | c >> 6);
                ret[1] = (char) (0x80 | (c & 0x3f));
                return 2;
        }
        if (c < 0x10000) {
                ret[0] = (char) (0xe0 | c >> 12);
                ret[1] = (char) (0x80 | (c >> 6 & 0x3f));
                ret[2] = (char) (0x80 | (c & 0x3f));
                return 3;
        }
        ret[0] = (char) (0xf0 | c >> 18);
        ret[1] = (char) (0x80 | (c >> 12 & 0x3f));
        ret[2] = (char) (0x80 | (c >> 6 & 0x3f));
        ret[3] = (char) (0x80 | (c & 0x3f));
        return 4;
}

static uint32_t unit_at(const char *data, size_t i, bool big_endian)
{
        const unsigned char *p = (const unsigned char *) data + i;

        return big_endian ? (uint32_t) p[0] << 8 | p[1] : (uint32_t) p[1] << 8 | p[0];
}

size_t text_from_utf16(char *ret, const char *data, size_t length, bool big_endian)
{
        size_t out = 0;

        for (size_t i = 0; i + 1 < length; i += 2) {
                uint32_t c = unit_at(data, i, big_endian);

                if (c == 0xfeff && i == 0)
                        continue;
                if (c >= 0xd800 && c < 0xdc00 && i + 3 < length) {
                        uint32_t low = unit_at(data, i + 2, big_endian);

                        if (low >= 0xdc00 && low < 0xe000) {
                                out += put_utf8(ret + out,
                                                0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
                                i += 2;
                                continue;
                        }
                }
                out += put_utf8(ret + out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
        }
        return out;
}
