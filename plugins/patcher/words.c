/* SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

#include <string.h>

/* Bytes of the UTF-8 sequence at `p`, or 0: overlong, surrogate, too large, cut short. */
static size_t sequence_length(const unsigned char *p)
{
        static const struct {
                unsigned char first, last; /* of the first byte */
                unsigned char low, high;   /* of the second one */
                unsigned char length;
        } rows[] = {
                { 0x01, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
                { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
                { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
                { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
                { 0xf4, 0xf4, 0x80, 0x8f, 4 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                if (*p < rows[i].first || *p > rows[i].last)
                        continue;
                if (p[1] < rows[i].low || p[1] > rows[i].high)
                        return 0;
                for (size_t k = 2; k < rows[i].length; k++)
                        if ((p[k] & 0xc0) != 0x80)
                                return 0;
                return rows[i].length;
        }
        return 0;
}

char *words_clean(const char *text)
{
        static const char replacement[] = "\xef\xbf\xbd";
        const unsigned char *p = (const unsigned char *) text;
        char *clean = malloc(strlen(text) * 3 + 1), *out = clean;

        if (!clean)
                return NULL;
        while (*p) {
                size_t n = sequence_length(p);

                memcpy(out, n ? (const char *) p : replacement, n ? n : 3);
                out += n ? n : 3;
                p += n ? n : 1;
        }
        *out = 0;
        return clean;
}
