/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/gate.h"

#include "config.h"

#ifdef HAVE_HYPERSCAN

#include <hs/hs.h>

struct gate {
        hs_database_t *database;
        hs_scratch_t *scratch;
};

struct hit_owner {
        gate_hit hit;
        void *owner;
        size_t base; /* offset of the block: Hyperscan's lengths are 32 bits */
        size_t skip; /* hits that end at or before this were told with the block before */
        int result;
};

static void hs_free(struct gate *gate)
{
        if (!gate)
                return;
        (void) hs_free_scratch(gate->scratch);
        (void) hs_free_database(gate->database);
        free(gate);
}

static int compile(struct gate *gate, const struct gate_literal *literals, size_t n)
{
        const char **texts = calloc(n, sizeof(*texts));
        unsigned *flags = calloc(n, sizeof(*flags));
        unsigned *ids = calloc(n, sizeof(*ids));
        size_t *lengths = calloc(n, sizeof(*lengths));
        hs_compile_error_t *error = NULL;
        int r = -ENOMEM;

        if (texts && flags && ids && lengths) {
                for (size_t i = 0; i < n; i++) {
                        texts[i] = literals[i].text;
                        lengths[i] = strlen(literals[i].text);
                        flags[i] = literals[i].cased ? 0 : HS_FLAG_CASELESS;
                        ids[i] = (unsigned) i;
                }
                r = hs_compile_lit_multi(texts, flags, ids, lengths, (unsigned) n, HS_MODE_BLOCK,
                                         NULL, &gate->database, &error) == HS_SUCCESS
                            ? 0
                            : -EINVAL;
                (void) hs_free_compile_error(error);
        }
        free(texts);
        free(flags);
        free(ids);
        free(lengths);
        return r;
}

static int hs_new(struct gate **ret_gate, const struct gate_literal *literals, size_t n)
{
        struct gate *gate = calloc(1, sizeof(*gate));
        int r;

        if (!gate)
                return -ENOMEM;
        r = compile(gate, literals, n);
        if (r >= 0 && hs_alloc_scratch(gate->database, &gate->scratch) != HS_SUCCESS)
                r = -ENOMEM;
        if (r < 0) {
                hs_free(gate);
                return r;
        }
        *ret_gate = gate;
        return 0;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *context)
{
        struct hit_owner *o = context;

        (void) from;
        (void) flags;
        if (to <= o->skip)
                return 0;
        o->result = o->hit(o->owner, id, o->base + (size_t) to);
        return o->result;
}

static int hs_scan_all(struct gate *gate, const char *data, size_t length, gate_hit hit,
                       void *owner)
{
        enum { BLOCK = 1 << 30, OVERLAP = 4096 };
        struct hit_owner o = { .hit = hit, .owner = owner };

        for (;;) {
                size_t n = MIN_OF(length - o.base, (size_t) BLOCK);
                hs_error_t r = hs_scan(gate->database, data + o.base, (unsigned) n, 0,
                                       gate->scratch, on_match, &o);

                if (o.result != 0)
                        return o.result;
                if (r != HS_SUCCESS)
                        return -EIO;
                if (o.base + n == length)
                        return 0;
                o.base += n - OVERLAP;
                o.skip = OVERLAP;
        }
}

const struct gate_engine gate_hs = {
        .name = "hyperscan", .new = hs_new, .scan = hs_scan_all, .free = hs_free
};

#endif
