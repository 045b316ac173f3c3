/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Chance: the same seed gives the same numbers (splitmix64). */

#include "base/def.h"

struct chance {
        uint64_t state;
};

static inline uint64_t chance_next(struct chance *c)
{
        uint64_t z = c->state += 0x9e3779b97f4a7c15ULL;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
}

/* From 0 to n - 1; 0 for n = 0. */
static inline uint64_t chance_below(struct chance *c, uint64_t n)
{
        return n ? chance_next(c) % n : 0;
}

/* True `percent` times in a hundred. */
static inline bool chance_percent(struct chance *c, unsigned percent)
{
        return chance_below(c, 100) < percent;
}
