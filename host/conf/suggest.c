/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/suggest.h"

#include "base/def.h"

#include <string.h>

#define WORD_MAX 63

static unsigned least(unsigned a, unsigned b, unsigned c)
{
        return MIN_OF(a, MIN_OF(b, c));
}

static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
        unsigned d[WORD_MAX + 1][WORD_MAX + 1];

        for (size_t i = 0; i <= n; i++)
                d[i][0] = (unsigned) i;
        for (size_t j = 0; j <= m; j++)
                d[0][j] = (unsigned) j;
        for (size_t i = 1; i <= n; i++) {
                for (size_t j = 1; j <= m; j++) {
                        unsigned change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

                        d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1, change);
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                d[i][j] = MIN_OF(d[i][j], d[i - 2][j - 2] + 1);
                }
        }
        return d[n][m];
}

const char *suggest(const char *given, const char *const *names)
{
        size_t n = strlen(given);
        const char *best = NULL;
        unsigned nearest = 0;

        if (n == 0 || n > WORD_MAX)
                return NULL;
        for (; *names; names++) {
                size_t m = strlen(*names);
                unsigned d;

                if (m > WORD_MAX)
                        continue;
                d = distance(given, n, *names, m);
                if (d <= (MAX_OF(n, m) + 2) / 3 && d < MAX_OF(n, m) && (!best || d < nearest)) {
                        best = *names;
                        nearest = d;
                }
        }
        return best;
}
