/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sets of characters, for the files regex*.c
 */

#include "regex.h"

static inline void regex_set_add(struct regex_set *s, unsigned char c)
{
        s->bits[c >> 6] |= 1ULL << (c & 63);
}

static inline void regex_set_join(struct regex_set *s, const struct regex_set *other)
{
        for (size_t i = 0; i < 4; i++)
                s->bits[i] |= other->bits[i];
}

static inline unsigned regex_set_count(const struct regex_set *s)
{
        unsigned n = 0;

        for (size_t i = 0; i < 4; i++)
                n += (unsigned) __builtin_popcountll(s->bits[i]);
        return n;
}
