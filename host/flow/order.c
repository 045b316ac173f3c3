/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/order.h"

#include "base/buf.h"

#include <string.h>

/* Who needs each step: the `needs` turned round, in one array. */
struct followers {
        size_t *first; /* of each step, into `steps`; one more than there are steps */
        size_t *steps;
};

static void followers_done(struct followers *f)
{
        free(f->first);
        free(f->steps);
}

static int followers_init(struct followers *ret, const struct flow *f)
{
        size_t total = 0;

        for (size_t i = 0; i < f->step_count; i++)
                total += f->steps[i].need_count;
        ret->first = calloc(f->step_count + 2, sizeof(size_t));
        ret->steps = calloc(total + 1, sizeof(size_t));
        if (!ret->first || !ret->steps)
                return -ENOMEM;
        for (size_t i = 0; i < f->step_count; i++)
                for (size_t k = 0; k < f->steps[i].need_count; k++)
                        ret->first[f->steps[i].needs[k] + 2]++;
        for (size_t i = 2; i < f->step_count + 2; i++)
                ret->first[i] += ret->first[i - 1];
        for (size_t i = 0; i < f->step_count; i++)
                for (size_t k = 0; k < f->steps[i].need_count; k++)
                        ret->steps[ret->first[f->steps[i].needs[k] + 1]++] = i;
        return 0;
}

/* Takes steps off whose needs are all gone, in the order of the file; returns how many there were.
 */
static size_t steps_sort(struct order *o, const struct flow *f, const struct followers *followers,
                         size_t *open)
{
        size_t n = 0;

        for (size_t i = 0; i < f->step_count; i++) {
                open[i] = f->steps[i].need_count;
                if (open[i] == 0)
                        o->sorted[n++] = i;
        }
        for (size_t done = 0; done < n; done++) {
                size_t step = o->sorted[done];

                o->rank_count = MAX_OF(o->rank_count, o->rank[step] + 1);
                for (size_t k = followers->first[step]; k < followers->first[step + 1]; k++) {
                        size_t next = followers->steps[k];

                        o->rank[next] = MAX_OF(o->rank[next], o->rank[step] + 1);
                        if (--open[next] == 0)
                                o->sorted[n++] = next;
                }
        }
        return n;
}

static size_t need_that_is_open(const struct flow *f, const size_t *open, size_t step)
{
        size_t k = 0;

        while (open[f->steps[step].needs[k]] == 0)
                k++;
        return f->steps[step].needs[k];
}

/* The first in the file of those that one comes by from `at`, which is in the circle. */
static size_t circle_first(const struct flow *f, const size_t *open, size_t at)
{
        size_t first = at;

        for (size_t next = need_that_is_open(f, open, at); next != at;
             next = need_that_is_open(f, open, next))
                first = MIN_OF(first, next);
        return first;
}

/* Every open step needs an open step, so going from need to need must come back. */
static int circle_tell(const struct flow *f, const size_t *open, size_t *ret_circle,
                       struct err *err)
{
        _cleanup_(buf_done) struct buf text = { 0 };
        size_t start = 0, at;

        while (open[start] == 0)
                start++;
        for (size_t i = 0; i < f->step_count; i++)
                start = need_that_is_open(f, open, start);
        start = circle_first(f, open, start);
        if (ret_circle)
                *ret_circle = start;
        (void) buf_puts(&text, f->steps[start].id);
        at = start;
        do {
                at = need_that_is_open(f, open, at);
                if (text.length < ERR_TEXT_MAX / 2)
                        (void) buf_printf(&text, " -> %s", f->steps[at].id);
        } while (at != start);
        return err_set(err, -ELOOP, "the steps need each other in a circle: %s", buf_text(&text));
}

static void ancestors_mark(struct order *o, const struct flow *f)
{
        size_t words = (f->step_count + 63) / 64;

        for (size_t i = 0; i < f->step_count; i++) {
                size_t step = o->sorted[i];
                uint64_t *row = o->ancestors + step * words;

                for (size_t k = 0; k < f->steps[step].need_count; k++) {
                        size_t need = f->steps[step].needs[k];
                        const uint64_t *other = o->ancestors + need * words;

                        for (size_t w = 0; w < words; w++)
                                row[w] |= other[w];
                        row[need / 64] |= 1ULL << need % 64;
                }
        }
}

int order_new(struct order **ret_order, const struct flow *f, size_t *ret_circle, struct err *err)
{
        _cleanup_(order_freep) struct order *o = calloc(1, sizeof(*o));
        _cleanup_(followers_done) struct followers followers = { 0 };
        _cleanup_(freep) size_t *open = calloc(f->step_count + 1, sizeof(*open));
        size_t words = (f->step_count + 63) / 64;

        if (!o || !open || followers_init(&followers, f) < 0)
                return err_set(err, -ENOMEM, "out of memory");
        o->step_count = f->step_count;
        o->rank = calloc(f->step_count + 1, sizeof(*o->rank));
        o->sorted = calloc(f->step_count + 1, sizeof(*o->sorted));
        o->ancestors = calloc(f->step_count * words + 1, sizeof(*o->ancestors));
        if (!o->rank || !o->sorted || !o->ancestors)
                return err_set(err, -ENOMEM, "out of memory");
        if (steps_sort(o, f, &followers, open) < f->step_count)
                return circle_tell(f, open, ret_circle, err);
        ancestors_mark(o, f);

        *ret_order = TAKE(o);
        return 0;
}

struct order *order_free(struct order *o)
{
        if (!o)
                return NULL;
        free(o->rank);
        free(o->sorted);
        free(o->ancestors);
        free(o);
        return NULL;
}

bool order_is_before(const struct order *o, size_t a, size_t b)
{
        size_t words = (o->step_count + 63) / 64;

        return o->ancestors[b * words + a / 64] >> a % 64 & 1;
}
