/* SPDX-License-Identifier: Apache-2.0 */
#include "license/align.h"

#define LAG 160 /* a diagonal that is this far behind the best one is given up */

/* The furthest that is reached on one diagonal: y words of the template, x = y + diagonal. */
struct license_path {
        int32_t y; /* -1 = not reached */
        uint32_t start, edits;
};

struct problem {
        const struct license_template *t;
        const struct license_word *text;
        int32_t n_text;
        int32_t origin; /* index of diagonal 0 in a row */
};

void license_aligner_done(struct license_aligner *a)
{
        free(a->rows[0]);
        free(a->rows[1]);
        *a = (struct license_aligner){ 0 };
}

/* Goes along a diagonal as long as the words are equal. */
static void slide(const struct problem *p, int32_t diagonal, struct license_path *path)
{
        int32_t y = path->y, x = y + diagonal;

        while (y < (int32_t) p->t->n && x < p->n_text && p->t->words[y] == p->text[x].hash) {
                x++;
                y++;
        }
        path->y = y;
}

static bool is_further(const struct license_path *a, const struct license_path *b)
{
        return a->y > b->y || (a->y == b->y && a->edits < b->edits);
}

/* One edit more: from the diagonal itself, a word of the text more, or one of the template. */
static struct license_path step(const struct problem *p, const struct license_path *row,
                                int32_t diagonal)
{
        const struct license_path *here = row + p->origin + diagonal;
        struct license_path best = here[0], other;

        if (here[-1].y >= 0 && here[-1].y + diagonal <= p->n_text) {
                other = here[-1];
                other.edits++;
                if (is_further(&other, &best))
                        best = other;
        }
        if (here[1].y >= 0 && here[1].y < (int32_t) p->t->n && here[1].y + 1 + diagonal >= 0) {
                other = here[1];
                other.y++;
                other.edits++;
                if (is_further(&other, &best))
                        best = other;
        }
        if (best.y >= 0 && best.y + diagonal <= p->n_text)
                slide(p, diagonal, &best);
        else
                best.y = -1;
        return best;
}

/* A fit that ends behind `y` words of the template; what lies behind was equal, or is `y` itself.
 */
static struct license_fit fit_at(const struct license_path *path, int32_t diagonal, int32_t y)
{
        struct license_fit fit = { .start = path->start,
                                   .end = (uint32_t) (y + diagonal),
                                   .edits = path->edits };

        fit.matched = ((uint32_t) y + fit.end - fit.start - fit.edits) / 2;
        return fit;
}

/* Notes the ends that one row has come to; true when the whole template is used up. */
static bool take_ends(const struct problem *p, const struct license_path *row, int32_t low,
                      int32_t high, struct license_fit *best, bool *core_done)
{
        int32_t n = (int32_t) p->t->n, core = (int32_t) p->t->core_end;
        bool whole = false, core_now = false;

        for (int32_t k = low; k <= high; k++) {
                const struct license_path *path = row + p->origin + k;
                struct license_fit fit;

                if (path->y < core || (path->y < n && *core_done))
                        continue;
                fit = fit_at(path, k, path->y == n ? n : core);
                if (fit.end < fit.start || fit.end > (uint32_t) p->n_text)
                        continue;
                core_now |= path->y < n;
                whole |= path->y == n;
                if (license_fit_score(&fit) > license_fit_score(best))
                        *best = fit;
        }
        *core_done |= core_now;
        return whole;
}

static int make_rows(struct license_aligner *a, size_t n)
{
        for (size_t i = 0; i < 2; i++) {
                if (array_grow(&a->rows[i], &a->size[i], n, sizeof(**a->rows)) < 0)
                        return -ENOMEM;
                for (size_t k = 0; k < n; k++)
                        a->rows[i][k] = (struct license_path){ .y = -1 };
        }
        return 0;
}

int license_align(struct license_aligner *a, const struct license_template *t,
                  const struct license_word *text, uint32_t n_text, uint32_t first, uint32_t last,
                  uint32_t edits, struct license_fit *ret_fit)
{
        struct problem p = { t, text, (int32_t) n_text, (int32_t) edits + 2 - (int32_t) first };
        int32_t low = (int32_t) first, high = (int32_t) MIN_OF(last, n_text), top = 0;
        struct license_fit best = { 0 };
        bool core_done = false;
        uint32_t d = 0;

        if (make_rows(a, (size_t) (high - low) + 2 * edits + 6) < 0)
                return -ENOMEM;
        for (int32_t k = low; k <= high; k++) {
                struct license_path *path = a->rows[0] + p.origin + k;

                *path = (struct license_path){ 0, (uint32_t) k, 0 };
                slide(&p, k, path);
        }
        while (!take_ends(&p, a->rows[d % 2], low, high, &best, &core_done) && d < edits) {
                const struct license_path *row = a->rows[d % 2];
                struct license_path *next = a->rows[++d % 2];

                low--;
                high++;
                a->work += (uint64_t) (high - low);
                for (int32_t k = low; k <= high; k++) {
                        next[p.origin + k] = step(&p, row, k);
                        top = MAX_OF(top, next[p.origin + k].y);
                }
                while (low < high && next[p.origin + low].y < top - LAG)
                        next[p.origin + low++].y = -1;
                while (high > low && next[p.origin + high].y < top - LAG)
                        next[p.origin + high--].y = -1;
                next[p.origin + low - 1].y = next[p.origin + high + 1].y = -1;
        }
        if (!best.matched)
                return 0;
        *ret_fit = best;
        return 1;
}
