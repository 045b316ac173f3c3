/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/mask.h"

#define AROUND                                                                                     \
        1024       /* bytes on each side of the place in which repeats of a secret are looked for */
#define REPEAT   4 /* a shorter secret is not looked for elsewhere on the line */
#define STARS    "********"
#define ELLIPSIS "\xE2\x80\xA6"

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
        if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
                return 0; /* overrides of the writing direction */
        return n;
}

/* What is written: at most MASK_EXCERPT bytes. */
struct excerpt {
        char *text;
        size_t length;
};

static bool put_text(struct excerpt *e, const char *text, size_t n, size_t room)
{
        if (e->length + n > room)
                return false;
        memcpy(e->text + e->length, text, n);
        e->length += n;
        return true;
}

/* One character, or a sign in its place: how many bytes of `text` it was, 0 when there is no room.
 */
static size_t put(struct excerpt *e, const char *text, size_t left, size_t room)
{
        size_t n = sequence((const unsigned char *) text, left);

        if (n == 1 && ((unsigned char) *text < 0x20 || *text == 0x7f))
                return put_text(e, " ", 1, room);
        if (n == 0)
                return put_text(e, "\xEF\xBF\xBD", 3, room);
        return put_text(e, text, n, room) ? n : 0;
}

/* The visible line from `from` on, secrets as stars, as far as there is room. */
static size_t put_line(struct excerpt *e, const struct view *v, size_t from, size_t room)
{
        while (from < v->end) {
                size_t n;

                if (!v->hidden[from - v->start]) {
                        n = put(e, v->text + from, v->end - from, room);
                        if (n == 0)
                                break;
                        from += n;
                        continue;
                }
                if (!put_text(e, STARS, strlen(STARS), room))
                        break;
                while (from < v->end && v->hidden[from - v->start])
                        from++;
        }
        return from;
}

void mask_excerpt(char ret[MASK_EXCERPT + 1], const char *text, size_t length, size_t place,
                  const struct mask_secret *secrets, size_t n)
{
        const size_t room = MASK_EXCERPT - strlen(ELLIPSIS);
        struct excerpt e = { .text = ret };
        struct view v = { .text = text };
        size_t from, to;

        place = MIN_OF(place, length);
        look(&v, length, place);
        for (size_t i = 0; i < n && secrets[i].start < v.end; i++)
                if (secrets[i].end > v.start) {
                        hide(&v, secrets[i].start + secrets[i].keep, secrets[i].end);
                        hide_repeats(&v, &secrets[i]);
                }

        from = v.start;
        while (from < place && (text[from] == ' ' || text[from] == '\t'))
                from++;
        if (place - from > MASK_EXCERPT / 2) {
                from = place - MASK_EXCERPT / 2;
                while (from < place && ((unsigned char) text[from] & 0xc0) == 0x80)
                        from++;
                (void) put_text(&e, ELLIPSIS, strlen(ELLIPSIS), room);
        }
        to = put_line(&e, &v, from, room);
        if (to < v.end)
                (void) put_text(&e, ELLIPSIS, strlen(ELLIPSIS), MASK_EXCERPT);
        ret[e.length] = '\0';
}
