/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/uuid.h"

#include "scan/block.h"

#include <ctype.h>

#define FIRST_DASH 8
#define DIGITS_LEAST                                                                               \
        8 /* different digits of 16: 32 drawn ones have fewer in none of 10^9 cases                \
           */

static bool is_dash_place(size_t i)
{
        return i == 8 || i == 13 || i == 18 || i == 23;
}

static bool is_uuid(const char *p)
{
        unsigned seen = 0;

        for (size_t i = 0; i < UUID_LENGTH; i++) {
                unsigned char c = (unsigned char) p[i];

                if (is_dash_place(i)) {
                        if (c != '-')
                                return false;
                        continue;
                }
                if (!isxdigit(c))
                        return false;
                seen |= 1u << (isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
        }
        return __builtin_popcount(seen) >= DIGITS_LEAST;
}

static bool is_part_of_more(char c)
{
        return isalnum((unsigned char) c) || c == '-' || c == '_';
}

static bool belongs(char c)
{
        return isxdigit((unsigned char) c) || c == '-';
}

static bool all_belong(block b)
{
        return block_is_full(block_between(b | 0x20, 'a', 6) | block_between(b, '0', 10) |
                             block_between(b, '-', 1));
}

size_t uuid_find(const char *text, size_t length, size_t from)
{
        size_t at = from;

        while (at + BLOCK_LENGTH <= length) {
                size_t low = at, high = at + BLOCK_LENGTH;

                if (!all_belong(block_load(text + at))) {
                        at += BLOCK_LENGTH;
                        continue;
                }
                while (low > from && belongs(text[low - 1]))
                        low--;
                while (high < length && belongs(text[high]))
                        high++;
                /* Alone between other bytes, not a part of a longer run. */
                if (high - low == UUID_LENGTH && is_uuid(text + low) &&
                    !(low > 0 && is_part_of_more(text[low - 1])) &&
                    !(high < length && is_part_of_more(text[high])))
                        return low;
                at = high;
        }
        return SIZE_MAX;
}

bool uuid_names_parts(const char *path)
{
        static const char *const suffixes[] = { ".idl",    ".sln", ".csproj",  ".vcxproj",
                                                ".vbproj", ".inf", ".filters", ".pbxproj",
                                                ".wxs",    ".rc",  ".manifest" };
        size_t n = strlen(path);

        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
                if (n > strlen(suffixes[i]) &&
                    !strcasecmp(path + n - strlen(suffixes[i]), suffixes[i]))
                        return true;
        return false;
}
