/* SPDX-License-Identifier: Apache-2.0 */
#include "run/share.h"

#include <string.h>

static struct share **bucket_of(struct shares *shares, enum share_kind kind, const char *name)
{
        uint64_t hash = 5381 + (uint64_t) kind;

        for (; *name; name++)
                hash = hash * 33 + (unsigned char) *name;
        return &shares->buckets[hash % ARRAY_SIZE(shares->buckets)];
}

int share_get(struct share **ret, struct shares *shares, enum share_kind kind, const char *name)
{
        struct share **bucket = bucket_of(shares, kind, name), *share;

        for (share = *bucket; share; share = share->next)
                if (share->kind == kind && strcmp(share->name, name) == 0)
                        break;
        if (!share) {
                share = calloc(1, sizeof(*share) + strlen(name) + 1);
                if (!share)
                        return -ENOMEM;
                share->kind = kind;
                memcpy(share->name, name, strlen(name) + 1);
                share->next = *bucket;
                *bucket = share;
        }
        share->n_users++;
        *ret = share;
        return 0;
}

struct share *share_put(struct shares *shares, struct share *share)
{
        struct share **link;

        if (!share || --share->n_users > 0)
                return NULL;
        link = bucket_of(shares, share->kind, share->name);
        while (*link != share)
                link = &(*link)->next;
        *link = share->next;
        free(share);
        return NULL;
}

void shares_count(struct shares *shares)
{
        shares->counted++;
}

struct share *share_now(const struct shares *shares, struct share *share)
{
        if (share && share->counted != shares->counted) {
                share->counted = shares->counted;
                share->n_cells = share->n_runs = share->n_begun = 0;
                share->is_claimed = false;
        }
        return share;
}
