/* SPDX-License-Identifier: Apache-2.0 */
#include "license/gate.h"

#define BEFORE 1536 /* bytes around a word that are read */
#define AFTER  3072
#define LINE   2048 /* bytes of a line that are looked at for its ends */
#define STEM   5    /* letters of each stem */

static const char stems[][STEM + 1] = { "licen", "copyr", "permi", "warra", "redis",
                                        "lizen", "freel", " gpl ", " gplv", "lgpl " };

/*
 * How far the end of a stem is at least, by the last two letters looked at (Wu and Manber's
 * search): 0 = a stem may end here.
 */
struct gate {
        unsigned char shift[1024];
};

static unsigned slot(const unsigned char *p)
{
        return ((p[0] & 31u) << 5) | (p[1] & 31u);
}

static void gate_init(struct gate *g)
{
        memset(g->shift, STEM - 1, sizeof(g->shift));
        for (size_t i = 0; i < ARRAY_SIZE(stems); i++)
                for (unsigned k = 0; k + 1 < STEM; k++) {
                        unsigned at = slot((const unsigned char *) stems[i] + k);

                        g->shift[at] = (unsigned char) MIN_OF(g->shift[at], STEM - 2 - k);
                }
}

static bool is_stem(const unsigned char *p)
{
        for (size_t i = 0; i < ARRAY_SIZE(stems); i++) {
                size_t k = 0;

                while (k < STEM && (p[k] | 0x20) == stems[i][k])
                        k++;
                if (k == STEM)
                        return true;
        }
        return false;
}

/* Where the line begins that holds a place; a longer one is cut. */
static size_t line_start(struct span text, size_t at)
{
        size_t from = at > LINE ? at - LINE : 0;
        const char *newline = memrchr(text.text + from, '\n', at - from);

        return newline ? (size_t) (newline - text.text) + 1 : from;
}

static size_t line_end(struct span text, size_t at)
{
        size_t n = MIN_OF(text.length - at, (size_t) LINE);
        const char *newline = memchr(text.text + at, '\n', n);

        return newline ? (size_t) (newline - text.text) + 1 : at + n;
}

int license_gate(struct span text, struct license_range **ranges, size_t *n, size_t *size)
{
        const unsigned char *data = (const unsigned char *) text.text;
        struct license_range *last = NULL;
        struct gate g;

        *n = 0;
        gate_init(&g);
        for (size_t i = STEM - 2; i + 1 < text.length;) {
                unsigned shift = g.shift[slot(data + i)];
                size_t at = i - (STEM - 2), from, to;

                if (shift || !is_stem(data + at)) {
                        i += shift ? shift : 1;
                        continue;
                }
                from = line_start(text, at > BEFORE ? at - BEFORE : 0);
                to = line_end(text, MIN_OF(at + AFTER, text.length));
                if (last && from <= last->end)
                        last->end = to;
                else {
                        if (array_grow(ranges, size, *n + 1, sizeof(**ranges)) < 0)
                                return -ENOMEM;
                        last = &(*ranges)[(*n)++];
                        *last = (struct license_range){ from, to };
                }
                /* The next stem within what is read anyway adds only what lies behind it. */
                i += STEM;
        }
        return 0;
}
