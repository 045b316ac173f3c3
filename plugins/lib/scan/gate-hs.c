/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/gate.h"

#include "config.h"

#ifdef HAVE_HYPERSCAN

#include <ctype.h>
#include <hs/hs.h>
#include <stdio.h>

/* No feature beyond SSSE3, which the library itself needs: as quick for literals, and it runs
 * anywhere. */
static const hs_platform_info_t target = { .tune = HS_TUNE_FAMILY_GENERIC };

#define KEY_CPU  " cpu:" /* hexadecimal flags HS_CPU_FEATURES_* stand behind it */
#define KEY_SIZE 64

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
                                         &target, &gate->database, &error) == HS_SUCCESS
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

static int hs_save(const struct gate *gate, void **ret_data, size_t *ret_length)
{
        char *data;

        if (hs_serialize_database(gate->database, &data, ret_length) != HS_SUCCESS)
                return -ENOMEM;
        *ret_data = data;
        return 0;
}

static int hs_load(struct gate **ret_gate, const void *data, size_t length, const char **ret_why)
{
        static const struct {
                hs_error_t error;
                const char *why;
        } whys[] = {
                { HS_DB_VERSION_ERROR, "it was compiled by another version of Hyperscan" },
                { HS_DB_PLATFORM_ERROR, "it was compiled for another processor" },
                { HS_ARCH_ERROR, "Hyperscan does not run on this processor" },
        };
        struct gate *gate = calloc(1, sizeof(*gate));
        hs_error_t r = gate ? hs_valid_platform() : HS_NOMEM;

        *ret_why = "it is damaged";
        if (r == HS_SUCCESS)
                r = hs_deserialize_database(data, length, &gate->database);
        if (r == HS_SUCCESS)
                r = hs_alloc_scratch(gate->database, &gate->scratch);
        if (r == HS_SUCCESS) {
                *ret_gate = gate;
                return 0;
        }
        for (size_t i = 0; i < ARRAY_SIZE(whys); i++)
                if (whys[i].error == r)
                        *ret_why = whys[i].why;
        hs_free(gate);
        return r == HS_NOMEM ? -ENOMEM : -ENOEXEC;
}

static const char *hs_key(void)
{
        static char key[KEY_SIZE];

        (void) snprintf(key, sizeof(key), "%s" KEY_CPU "%llx", hs_version(), target.cpu_features);
        return key;
}

/* The library itself looks at the family of processors alone, not at each feature. */
static const char *hs_misfit(const char *key)
{
        size_t n = strlen(hs_version());
        const char *cpu;
        hs_platform_info_t here;
        unsigned long long features;
        char *end;

        if (strncmp(key, hs_version(), n) != 0 || strncmp(key + n, KEY_CPU, strlen(KEY_CPU)) != 0)
                return "it was compiled by another version of Hyperscan";
        cpu = key + n + strlen(KEY_CPU);
        features = strtoull(cpu, &end, 16);
        if (!isxdigit((unsigned char) *cpu) || *end)
                return "it is damaged";
        if (hs_populate_platform(&here) != HS_SUCCESS || features & ~here.cpu_features)
                return "it was compiled for a processor with features that this one has not";
        return NULL;
}

const struct gate_engine gate_hs = { .name = "hyperscan",
                                     .new = hs_new,
                                     .scan = hs_scan_all,
                                     .free = hs_free,
                                     .save = hs_save,
                                     .load = hs_load,
                                     .key = hs_key,
                                     .misfit = hs_misfit };

#endif
