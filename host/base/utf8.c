/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

static unsigned char at(const char *p, size_t i)
{
        return (unsigned char) p[i];
}

static bool is_tail(unsigned char c)
{
        return (c & 0xC0) == 0x80;
}

/* The second byte alone decides over overlong forms, surrogates and the end of Unicode. */
static bool second_is_valid(unsigned char first, unsigned char second)
{
        switch (first) {
        case 0xE0:
                return second >= 0xA0;
        case 0xED:
                return second <= 0x9F;
        case 0xF0:
                return second >= 0x90;
        case 0xF4:
                return second <= 0x8F;
        default:
                return true;
        }
}

size_t utf8_length(const char *p, size_t left)
{
        unsigned char c = left ? at(p, 0) : 0xFF;
        size_t n = c < 0x80 ? 1 : c >= 0xC2 && c <= 0xDF ? 2 : c >= 0xE0 && c <= 0xEF ? 3 : 4;

        if (left == 0 || (c >= 0x80 && c < 0xC2) || c > 0xF4 || n > left)
                return 0;
        for (size_t i = 1; i < n; i++)
                if (!is_tail(at(p, i)))
                        return 0;
        return n == 1 || second_is_valid(c, at(p, 1)) ? n : 0;
}

bool utf8_is_valid(const char *text, size_t length)
{
        while (length > 0) {
                size_t n = utf8_length(text, length);

                if (n == 0)
                        return false;
                text += n;
                length -= n;
        }
        return true;
}

static uint32_t code_point(const char *p, size_t n)
{
        static const unsigned char first_mask[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
        uint32_t c = at(p, 0) & first_mask[n];

        for (size_t i = 1; i < n; i++)
                c = c << 6 | (at(p, i) & 0x3F);
        return c;
}

/* Characters that reorder or hide what a person sees (Trojan Source, CVE-2021-42574). */
static bool is_deceptive(uint32_t c)
{
        return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E ||
               c == 0x200F || c == 0x2028 || c == 0x2029;
}

/* May this character be shown as it is? Newline and tab are the caller's affair. */
static bool is_plain(uint32_t c)
{
        return c >= 0x20 && c != 0x7F && !(c >= 0x80 && c < 0xA0) && !is_deceptive(c);
}

int utf8_clean(struct buf *out, const char *text, size_t length, bool keep_lines)
{
        int r = 0;

        for (size_t i = 0; i < length && r == 0;) {
                size_t n = utf8_length(text + i, length - i);
                uint32_t c = n ? code_point(text + i, n) : 0;

                if (n == 0)
                        r = buf_puts(out, "\xEF\xBF\xBD");
                else if (keep_lines && (c == '\n' || c == '\t'))
                        r = buf_putc(out, (char) c);
                else if (is_plain(c))
                        r = buf_add(out, text + i, n);
                else
                        r = buf_printf(out, c < 0xA0 ? "\\x%02x" : "\\u{%04x}", (unsigned) c);
                i += n ? n : 1;
        }
        return r;
}

void utf8_settle(char *text)
{
        for (size_t left = strlen(text); left > 0;) {
                size_t n = utf8_length(text, left);
                uint32_t c = n ? code_point(text, n) : 0;

                if (n == 0 || !(is_plain(c) || c == '\n' || c == '\t'))
                        memset(text, '?', n ? n : 1);
                text += n ? n : 1;
                left -= n ? n : 1;
        }
}
