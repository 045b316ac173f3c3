/* SPDX-License-Identifier: Apache-2.0 */
#include "store/strand.h"

#include "store/op.h"

#include <stdatomic.h>

struct strand {
        unsigned references;
        atomic_bool is_cut;
};

int strand_new(struct strand **ret)
{
        struct strand *s = calloc(1, sizeof(*s));

        if (!s)
                return -ENOMEM;
        s->references = 1;
        *ret = s;
        return 0;
}

struct strand *strand_ref(struct strand *s)
{
        if (s)
                s->references++;
        return s;
}

struct strand *strand_unref(struct strand *s)
{
        if (s && --s->references == 0)
                free(s);
        return NULL;
}

void strand_cut(struct strand *s)
{
        atomic_store(&s->is_cut, true);
}

bool strand_is_cut(const struct strand *s)
{
        return atomic_load(&s->is_cut);
}

void batch_strand(struct batch *b, struct strand *strand, bool is_trial)
{
        b->strand = strand_ref(strand);
        b->is_trial = is_trial;
}
