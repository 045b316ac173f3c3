/* SPDX-License-Identifier: Apache-2.0 */
#include "license/index.h"

#include <strings.h>

static const void *part(struct span data, uint32_t offset, uint32_t n, size_t size)
{
        if (offset % 4 || offset > data.length || (data.length - offset) / size < n)
                return NULL;
        return data.text + offset;
}

int license_index_open(struct license_index *x, struct span data)
{
        const struct license_index_header *h = (const void *) data.text;

        if (data.length < sizeof(*h) || h->magic != LICENSE_MAGIC || h->length != data.length ||
            !h->n_slots || h->n_slots & (h->n_slots - 1) || !h->n_name_slots ||
            h->n_name_slots & (h->n_name_slots - 1) || h->strings >= data.length ||
            data.text[data.length - 1])
                return -EBADMSG;
        *x = (struct license_index){
                .header = h,
                .base = data.text,
                .entries = part(data, h->entries, h->n_entries, sizeof(*x->entries)),
                .words = part(data, h->words, h->n_words, sizeof(*x->words)),
                .slots = part(data, h->slots, h->n_slots, sizeof(*x->slots)),
                .postings = part(data, h->postings, h->n_postings, sizeof(*x->postings)),
                .ids = part(data, h->ids, h->n_ids, sizeof(*x->ids)),
                .names = part(data, h->names, h->n_names, sizeof(*x->names)),
                .name_slots = part(data, h->name_slots, h->n_name_slots, sizeof(*x->name_slots)),
        };
        return x->entries && x->words && x->slots && x->postings && x->ids && x->names &&
                               x->name_slots
                       ? 0
                       : -EBADMSG;
}

const char *license_index_string(const struct license_index *x, uint32_t offset)
{
        return x->base + x->header->strings + offset;
}

uint32_t license_seed(const uint32_t *words)
{
        uint32_t h = words[0];

        for (size_t i = 1; i < LICENSE_SEED; i++)
                h = (h << 7 | h >> 25) * 0x9e3779b1u ^ words[i];
        h ^= h >> 16;
        h *= 0x85ebca6bu;
        return h ^ h >> 14;
}

const struct license_slot *license_index_slot(const struct license_slot *slots, uint32_t n,
                                              uint32_t key)
{
        for (uint32_t i = key & (n - 1); slots[i].place; i = (i + 1) & (n - 1))
                if (slots[i].seed == key)
                        return &slots[i];
        return NULL;
}

static int compare(struct span id, const char *text)
{
        int r = strncasecmp(id.text, text, id.length);

        return r ? r : -(int) (unsigned char) text[id.length];
}

const struct license_id *license_index_id(const struct license_index *x, struct span id,
                                          bool exception)
{
        uint32_t low = 0, high = x->header->n_ids;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;
                const struct license_id *one = &x->ids[middle];
                int r = compare(id, license_index_string(x, one->id));

                if (r == 0 && exception == !!(one->flags & LICENSE_ID_EXCEPTION))
                        return one;
                if (r < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}
