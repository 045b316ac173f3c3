/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/mask.h"

#define AROUND                                                                                     \
        1024     /* bytes on each side of the place in which repeats of a secret are looked for */
#define REPEAT 4 /* a shorter secret is not looked for elsewhere on the line */
#define STARS  "********"

/* The part of a line that is looked at, with one flag for each of its bytes. */
struct view {
        const char *text;
        size_t start, end;
        bool hidden[2 * AROUND + 2];
};

static void hide(struct view *v, size_t start, size_t end)
{
        start = MAX_OF(start, v->start);
        end = MIN_OF(end, v->end);
        for (size_t i = start; i < end; i++)
                v->hidden[i - v->start] = true;
}

/* Hides every copy of a secret that lies on the line. */
static void hide_repeats(struct view *v, const struct mask_secret *s)
{
        size_t n = s->end - s->start;
        const char *at = v->text + v->start, *end = v->text + v->end;

        if (n < REPEAT || n > v->end - v->start)
                return;
        while ((at = memmem(at, (size_t) (end - at), v->text + s->start, n))) {
                size_t place = (size_t) (at - v->text);

                hide(v, place + (place == s->start ? s->keep : 0), place + n);
                at += n;
        }
}

static void look(struct view *v, size_t length, size_t place)
{
        size_t low = place > AROUND ? place - AROUND : 0;
        size_t high = MIN_OF(length, place + AROUND);

        v->start = v->end = place;
        while (v->start > low && v->text[v->start - 1] != '\n')
                v->start--;
        while (v->end < high && v->text[v->end] != '\n' && v->text[v->end] != '\r')
                v->end++;
}

/* Bytes of the valid UTF-8 sequence at `p`, or 0. */
static size_t sequence(const unsigned char *p, size_t left)
{
        static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
        size_t n = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
        uint32_t c;

        if (n <= 1 || n > left)
                return n <= left ? n : 0;
        c = *p & (0x7fu >> n);
        for (size_t i = 1; i < n; i++) {
                if (p[i] >> 6 != 2)
                        return 0;
                c = c << 6 | (p[i] & 0x3f);
        }
        if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || (c >= 0x80 && c < 0xa0))
                return 0;
        return n;
}

static size_t put(char *ret, const char *text, size_t left, size_t *ret_length)
{
        size_t n = sequence((const unsigned char *) text, left);

        if (n == 1 && ((unsigned char) *text < 0x20 || *text == 0x7f)) {
                ret[(*ret_length)++] = ' ';
                return 1;
        }
        if (n == 0) {
                memcpy(ret + *ret_length, "\xEF\xBF\xBD", 3);
                *ret_length += 3;
                return 1;
        }
        memcpy(ret + *ret_length, text, n);
        *ret_length += n;
        return n;
}

void mask_excerpt(char ret[MASK_EXCERPT * 3 + 1], const char *text, size_t length, size_t place,
                  const struct mask_secret *secrets, size_t n)
{
        struct view v = { .text = text };
        size_t from, to, out = 0;

        look(&v, length, MIN_OF(place, length));
        for (size_t i = 0; i < n && secrets[i].start < v.end; i++)
                if (secrets[i].end > v.start) {
                        hide(&v, secrets[i].start + secrets[i].keep, secrets[i].end);
                        hide_repeats(&v, &secrets[i]);
                }

        from = v.start;
        while (from < place && (text[from] == ' ' || text[from] == '\t'))
                from++;
        if (place - from > MASK_EXCERPT / 2)
                from = place - MASK_EXCERPT / 2;
        to = MIN_OF(v.end, from + MASK_EXCERPT - strlen(STARS));
        while (from < to && out < MASK_EXCERPT * 3 - strlen(STARS)) {
                if (!v.hidden[from - v.start]) {
                        from += put(ret, text + from, to - from, &out);
                        continue;
                }
                memcpy(ret + out, STARS, strlen(STARS));
                out += strlen(STARS);
                while (from < to && v.hidden[from - v.start])
                        from++;
        }
        ret[out] = '\0';
}
