/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES 65536
#define BUCKETS     1024 /* at first */

void *toml_allocate(struct toml_reader *r, size_t size)
{
        struct toml_store *s = r->tree->store;
        struct toml_block *b = s->blocks;
        void *memory;

        size = (size + 15) & ~(size_t) 15;
        if (!b || b->size - b->used < size) {
                size_t room = MAX_OF(size, (size_t) BLOCK_BYTES);

                b = malloc(sizeof(*b) + room);
                if (!b) {
                        r->error = -ENOMEM;
                        return NULL;
                }
                *b = (struct toml_block){ .next = s->blocks, .size = room };
                s->blocks = b;
        }
        memory = b->bytes + b->used;
        b->used += size;
        memset(memory, 0, size);
        return memory;
}

int toml_fail(struct toml_reader *r, const char *format, ...)
{
        va_list args;

        if (r->error)
                return r->error;
        va_start(args, format);
        (void) vsnprintf(r->tree->error, sizeof(r->tree->error), format, args);
        va_end(args);
        for (char *c = r->tree->error; *c; c++)
                if ((unsigned char) *c < 0x20 || *c == 0x7f)
                        *c = '?';
        r->tree->error_line = r->line;
        r->error = -EBADMSG;
        return r->error;
}

static size_t hash_of(const struct toml_node *table, const char *key, size_t length)
{
        uint64_t h = 14695981039346656037u ^ (uintptr_t) table; /* FNV-1a, 64 bits */

        for (size_t i = 0; i < length; i++)
                h = (h ^ (unsigned char) key[i]) * 1099511628211u;
        return (size_t) (h ^ h >> 29);
}

/* Twice as many buckets when there are as many members as buckets. */
static int buckets_grow(struct toml_reader *r)
{
        struct toml_store *s = r->tree->store;
        size_t n = s->n_buckets ? 2 * s->n_buckets : BUCKETS;
        struct toml_node **buckets;

        if (s->n_nodes < s->n_buckets)
                return 0;
        buckets = calloc(n, sizeof(struct toml_node *));
        if (!buckets)
                return r->error = -ENOMEM;
        for (size_t i = 0; i < s->n_buckets; i++)
                for (struct toml_node *node = s->buckets[i], *next; node; node = next) {
                        size_t to = hash_of(node->parent, node->key, node->key_length) & (n - 1);

                        next = node->chain;
                        node->chain = buckets[to];
                        buckets[to] = node;
                }
        free(s->buckets);
        s->buckets = buckets;
        s->n_buckets = n;
        return 0;
}

struct toml_node *toml_node_new(struct toml_reader *r, enum toml_kind kind, uint32_t line)
{
        struct toml_node *node;

        if (r->tree->store->n_nodes >= TOML_NODES_MAX) {
                (void) toml_fail(r, "there are more than %d values", TOML_NODES_MAX);
                return NULL;
        }
        if (buckets_grow(r) < 0)
                return NULL;
        node = toml_allocate(r, sizeof(*node));
        if (!node)
                return NULL;
        r->tree->store->n_nodes++;
        node->kind = kind;
        node->line = line;
        return node;
}

int toml_append(struct toml_reader *r, struct toml_node *parent, struct toml_node *node,
                const char *key, size_t key_length)
{
        struct toml_store *s = r->tree->store;

        node->parent = parent;
        node->key = key;
        node->key_length = key_length;
        if (parent->last)
                parent->last->next = node;
        else
                parent->first = node;
        parent->last = node;
        parent->n++;
        if (key) {
                size_t at = hash_of(parent, key, key_length) & (s->n_buckets - 1);

                node->chain = s->buckets[at];
                s->buckets[at] = node;
        }
        return 0;
}

struct toml_node *toml_member(const struct toml_tree *tree, const struct toml_node *table,
                              const char *key, size_t length)
{
        const struct toml_store *s = tree->store;

        if (!s || !s->n_buckets)
                return NULL;
        for (struct toml_node *node = s->buckets[hash_of(table, key, length) & (s->n_buckets - 1)];
             node; node = node->chain)
                if (node->parent == table && node->key_length == length &&
                    memcmp(node->key, key, length) == 0)
                        return node;
        return NULL;
}

const struct toml_node *toml_get(const struct toml_tree *tree, const struct toml_node *table,
                                 const char *key)
{
        if (!table || table->kind != TOML_TABLE)
                return NULL;
        return toml_member(tree, table, key, strlen(key));
}

const char *toml_text(const struct toml_node *node)
{
        return node && node->kind == TOML_STRING ? node->text : NULL;
}

const char *toml_get_text(const struct toml_tree *tree, const struct toml_node *table,
                          const char *key)
{
        return toml_text(toml_get(tree, table, key));
}

void toml_done(struct toml_tree *tree)
{
        struct toml_store *s = tree->store;

        for (struct toml_block *b = s ? s->blocks : NULL, *next; b; b = next) {
                next = b->next;
                free(b);
        }
        if (s)
                free(s->buckets);
        free(s);
        *tree = (struct toml_tree){ 0 };
}
