/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <tree_sitter/api.h>

#define CHUNK_BYTES (4UL * 1024 * 1024)
#define ALIGNMENT   16UL

struct chunk {
        struct chunk *next;
        size_t size, used; /* bytes of data */
        _Alignas(16) char data[];
};

/* In front of every block, for realloc(). */
struct header {
        _Alignas(16) size_t size;
};

/* The library's allocator takes no context, so this cannot be a value that is passed around. */
static struct {
        struct chunk *chunks; /* the first one is filled */
        size_t total;
        jmp_buf *escape; /* NULL = not between begin and end */
} arena;

static struct chunk *chunk_of(const void *p)
{
        for (struct chunk *c = arena.chunks; c; c = c->next)
                if ((const char *) p >= c->data && (const char *) p < c->data + c->size)
                        return c;
        return NULL;
}

static void chunk_add(size_t need)
{
        size_t size = MAX_OF(need, CHUNK_BYTES);
        struct chunk *c;

        if (arena.total + size > ARENA_LIMIT || !(c = malloc(sizeof(*c) + size)))
                longjmp(*arena.escape, 1);
        *c = (struct chunk){ .next = arena.chunks, .size = size };
        arena.chunks = c;
        arena.total += size;
}

static void *arena_malloc(size_t size)
{
        size_t need = (sizeof(struct header) + size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
        struct header *h;

        if (!arena.escape)
                return malloc(size);
        if (size > ARENA_LIMIT)
                longjmp(*arena.escape, 1);
        if (!arena.chunks || arena.chunks->size - arena.chunks->used < need)
                chunk_add(need);
        h = (struct header *) (void *) (arena.chunks->data + arena.chunks->used);
        arena.chunks->used += need;
        h->size = size;
        return h + 1;
}

static void *arena_calloc(size_t n, size_t size)
{
        void *p;

        if (!arena.escape)
                return calloc(n, size);
        if (size > 0 && n > ARENA_LIMIT / size)
                longjmp(*arena.escape, 1);
        p = arena_malloc(n * size);
        memset(p, 0, n * size);
        return p;
}

static void *arena_realloc(void *old, size_t size)
{
        const struct header *h = old;
        void *p;

        if (old && !chunk_of(old))
                return realloc(old, size);
        if (old && h[-1].size >= size)
                return old;
        p = arena_malloc(size);
        if (p && old)
                memcpy(p, old, h[-1].size);
        return p;
}

static void arena_free(void *p)
{
        if (p && !chunk_of(p))
                free(p);
}

void arena_install(void)
{
        ts_set_allocator(arena_malloc, arena_calloc, arena_realloc, arena_free);
}

void arena_begin(jmp_buf *escape)
{
        arena.escape = escape;
}

void arena_end(void)
{
        arena.escape = NULL;
}

void arena_reset(void)
{
        while (arena.chunks) {
                struct chunk *c = arena.chunks;

                arena.chunks = c->next;
                free(c);
        }
        arena.total = 0;
}
