/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/idset.h"

#define SLOTS_FIRST 1024

/* The slot that holds the identifier, or the free one where it would go. */
static size_t slot_of(const struct idset *s, const unsigned char id[IDSET_ID])
{
        static const unsigned char nobody[IDSET_ID];
        uint64_t hash;
        size_t i;

        memcpy(&hash, id, sizeof(hash));
        for (i = hash & (s->n_slots - 1);
             memcmp(s->slots[i], nobody, IDSET_ID) != 0 && memcmp(s->slots[i], id, IDSET_ID) != 0;)
                i = (i + 1) & (s->n_slots - 1);
        return i;
}

static int grow(struct idset *s)
{
        struct idset bigger = { .n = s->n, .n_slots = s->n_slots ? 2 * s->n_slots : SLOTS_FIRST };
        static const unsigned char nobody[IDSET_ID];

        bigger.slots = calloc(bigger.n_slots, IDSET_ID);
        if (!bigger.slots)
                return -ENOMEM;
        for (size_t i = 0; i < s->n_slots; i++)
                if (memcmp(s->slots[i], nobody, IDSET_ID) != 0)
                        memcpy(bigger.slots[slot_of(&bigger, s->slots[i])], s->slots[i], IDSET_ID);
        free(s->slots);
        *s = bigger;
        return 0;
}

int idset_add(struct idset *s, const unsigned char id[IDSET_ID])
{
        size_t slot;

        if (idset_has(s, id))
                return 0;
        if (s->n >= IDSET_MOST)
                return -E2BIG;
        /* At most two of three slots are taken. */
        if (3 * (s->n + 1) > 2 * s->n_slots && grow(s) < 0)
                return -ENOMEM;
        slot = slot_of(s, id);
        memcpy(s->slots[slot], id, IDSET_ID);
        s->n++;
        return 1;
}

bool idset_has(const struct idset *s, const unsigned char id[IDSET_ID])
{
        return s->n_slots && memcmp(s->slots[slot_of(s, id)], id, IDSET_ID) == 0;
}

void idset_done(struct idset *s)
{
        free(s->slots);
        *s = (struct idset){ 0 };
}
