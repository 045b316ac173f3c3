/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/sample.h"

#include "scan/match.h"

#include <ctype.h>
#include <stdio.h>

#define TURNS 20 /* times that each sample is tried */

static const struct {
        const char *name, *alphabet;
} classes[] = {
        { "alnum", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" },
        { "alpha", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" },
        { "az", "abcdefghijklmnopqrstuvwxyz" },
        { "az32", "abcdefghijklmnopqrstuvwxyz234567" },
        { "wif", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz" },
        { "hex", "0123456789abcdef" },
        { "upperhex", "0123456789ABCDEF" },
        { "upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" },
        { "lower", "abcdefghijklmnopqrstuvwxyz0123456789" },
        { "digit", "0123456789" },
        { "base32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" },
        { "b64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" },
        { "b64url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" },
};

static unsigned random_below(uint64_t *state, unsigned n)
{
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        return (unsigned) (*state >> 33) % n;
}

/* The first and last byte is a letter or digit, so that the sample does not end in a sign. */
static void add_random(FILE *out, uint64_t *state, const char *alphabet, unsigned n)
{
        unsigned kinds = (unsigned) strlen(alphabet);

        for (unsigned i = 0; i < n; i++) {
                char c = alphabet[random_below(state, kinds)];

                while ((i == 0 || i + 1 == n) && !isalnum((unsigned char) c))
                        c = alphabet[random_below(state, kinds)];
                (void) fputc(c, out);
        }
}

static void add_uuid(FILE *out, uint64_t *state)
{
        static const unsigned parts[] = { 8, 4, 4, 4, 12 };

        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                (void) fputs(i ? "-" : "", out);
                add_random(out, state, "0123456789abcdef", parts[i]);
        }
}

/* Appends what a template stands for; returns the bytes of the template, or 0 if it is none. */
static size_t add_template(FILE *out, uint64_t *state, const char *s)
{
        char name[16];
        unsigned n;
        int used = 0;

        if (!strncmp(s, "<uuid>", 6)) {
                add_uuid(out, state);
                return 6;
        }
        if (sscanf(s, "<%15[a-z0-9]:%u>%n", name, &n, &used) != 2 || !used)
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
                if (!strcmp(classes[i].name, name)) {
                        add_random(out, state, classes[i].alphabet, n);
                        return (size_t) used;
                }
        return 0;
}

char *sample_expand(const char *sample, uint64_t *state)
{
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);

        if (!out)
                return NULL;
        while (*sample) {
                size_t used = *sample == '<' ? add_template(out, state, sample) : 0;

                if (!used)
                        (void) fputc(*sample++, out);
                sample += used;
        }
        if (fclose(out) == 0)
                return text;
        free(text);
        return NULL;
}

static int try_once(struct matcher *m, struct rule *rule, const char *sample, bool wanted,
                    uint64_t *state, char *error, size_t size)
{
        char *text = sample_expand(sample, state);
        int r = text ? matcher_scan(m, rule->example_path, text, strlen(text)) : -ENOMEM;

        if (r == -EBADMSG)
                (void) snprintf(error, size, "%s", m->error);
        if (r >= 0 && (m->n_found > 0) != wanted) {
                (void) snprintf(error, size, "%s: %s",
                                wanted ? "does not find its example" : "finds its counter-example",
                                text);
                r = -EBADMSG;
        }
        free(text);
        return r;
}

static int try_list(struct matcher *m, struct rule *rule, const char *key, const char *const *list,
                    bool wanted, char *error, size_t size)
{
        uint64_t state = 1;
        size_t n = 0;
        int r = 0;

        while (list[n])
                n++;
        if (n < SAMPLES_LEAST) {
                (void) snprintf(error, size, "has %zu %s, needs %d", n, key, SAMPLES_LEAST);
                return -EBADMSG;
        }
        for (; *list; list++)
                for (unsigned turn = 0; r >= 0 && turn < TURNS; turn++)
                        r = try_once(m, rule, *list, wanted, &state, error, size);
        return r;
}

int sample_try(struct rule *rule, const struct gate_engine *engine, char *error, size_t error_size)
{
        /* Alone: another rule of the pack may be the better one for one of its samples. */
        struct rule_pack alone = { .rules = rule, .n_rules = 1 };
        struct matcher m;
        int r = matcher_init(&m, &alone, engine);

        if (r < 0)
                return r;
        r = try_list(&m, rule, "examples", rule->examples, true, error, error_size);
        if (r >= 0)
                r = try_list(&m, rule, "counters", rule->counters, false, error, error_size);
        matcher_done(&m);
        return r;
}
