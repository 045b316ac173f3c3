/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/compile.h"

#include "scan/match.h"
#include "scan/packfile.h"
#include "scan/sample.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

static void tell(struct compile *c, bool is_fault, const char *rule, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
static void tell(struct compile *c, bool is_fault, const char *rule, const char *format, ...)
{
        char text[512];
        va_list args;

        *(is_fault ? &c->faults : &c->notes) += 1;
        if (!c->tell)
                return;
        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        c->tell(c->owner, is_fault, rule, text);
}

/* ---- Rules ---- */

static size_t count_list(const char *const *list)
{
        size_t n = 0;

        while (list[n])
                n++;
        return n;
}

static int compare_ids(const void *a, const void *b)
{
        return strcmp((*(const struct rule *const *) a)->id, (*(const struct rule *const *) b)->id);
}

static int find_twins(struct compile *c, const struct rule_pack *pack)
{
        const struct rule **sorted = calloc(pack->n_rules, sizeof(*sorted));

        if (!sorted)
                return -ENOMEM;
        for (size_t i = 0; i < pack->n_rules; i++)
                sorted[i] = &pack->rules[i];
        qsort(sorted, pack->n_rules, sizeof(*sorted), compare_ids);
        for (size_t i = 1; i < pack->n_rules; i++)
                if (!strcmp(sorted[i - 1]->id, sorted[i]->id))
                        tell(c, true, sorted[i]->id, "two rules have this id");
        free(sorted);
        return 0;
}

static int try_rule(struct compile *c, struct rule *rule)
{
        size_t samples = count_list(rule->examples) + count_list(rule->counters);
        char error[512] = "out of memory";
        int r = rule_compile(rule, error, sizeof(error));

        if (r >= 0 && (!rule->fix || !rule->cwe[0] || !rule->tags[0]))
                tell(c, c->is_strict, rule->id, "has no fix, no cwe or no tag");
        if (r >= 0 && !samples && !c->is_strict)
                tell(c, false, rule->id, "has no samples, so it was not tried");
        else if (r >= 0)
                r = sample_try(rule, &gate_ac, error, sizeof(error));
        c->tried += samples;
        if (r < 0 && r != -ENOMEM)
                tell(c, true, rule->id, "%s", error);
        return r == -ENOMEM ? r : 0;
}

int compile_try(struct compile *c, struct rule_pack *pack)
{
        int r = find_twins(c, pack);

        for (size_t i = 0; r >= 0 && i < pack->n_rules; i++)
                r = try_rule(c, &pack->rules[i]);
        if (r < 0)
                return r;
        return c->faults ? -EBADMSG : 0;
}

/* ---- Gates ---- */

struct hit {
        size_t end;
        unsigned literal;
};

struct hits {
        struct hit *list;
        size_t n, size;
};

static int on_hit(void *owner, unsigned literal, size_t end)
{
        struct hits *hits = owner;
        int r = array_grow(&hits->list, &hits->size, hits->n + 1, sizeof(*hits->list));

        if (r >= 0)
                hits->list[hits->n++] = (struct hit){ end, literal };
        return r;
}

static int compare_hits(const void *a, const void *b)
{
        const struct hit *x = a, *y = b;

        if (x->end != y->end)
                return x->end < y->end ? -1 : 1;
        return (x->literal > y->literal) - (x->literal < y->literal);
}

/* Samples with random bytes filled in, and each literal as it is written and in capitals. */
static char *make_texts(const struct rule_pack *pack, const struct matcher *m, size_t *ret_length)
{
        enum { TURNS = 3 };
        uint64_t state = 7;
        char *text = NULL;
        FILE *out = open_memstream(&text, ret_length);

        if (!out)
                return NULL;
        for (size_t i = 0; i < TURNS * pack->n_rules; i++) {
                const struct rule *rule = &pack->rules[i % pack->n_rules];
                const char *const *lists[] = { rule->examples, rule->counters };

                for (size_t k = 0; k < ARRAY_SIZE(lists); k++)
                        for (const char *const *s = lists[k]; *s; s++) {
                                char *sample = sample_expand(*s, &state);

                                (void) fprintf(out, "%s\n", sample ? sample : "");
                                free(sample);
                        }
        }
        for (size_t i = 0; i < m->n_literals; i++) {
                (void) fprintf(out, "%s ", m->literals[i].text);
                for (const char *s = m->literals[i].text; *s; s++)
                        (void) fputc(toupper((unsigned char) *s), out);
                (void) fputc('\n', out);
        }
        if (fclose(out) == 0)
                return text;
        free(text);
        return NULL;
}

static void mark_literal(struct compile *c, struct rule_pack *pack, const struct matcher *m,
                         unsigned literal)
{
        for (size_t i = m->first[literal]; i < m->first[literal + 1]; i++) {
                struct rule *rule = &pack->rules[m->rule_of[i]];

                if (!rule->own_gate)
                        tell(c, false, rule->id,
                             "%s and our own gate disagree about \"%s\": our own is used",
                             m->gates[0].engine->name, m->literals[literal].text);
                rule->own_gate = true;
        }
}

/* Marks the rules of literals that only one of two sorted lists has. */
static bool mark_different(struct compile *c, struct rule_pack *pack, const struct matcher *m,
                           const struct hits *x, const struct hits *y)
{
        bool is_different = false;

        for (size_t i = 0, k = 0; i < x->n || k < y->n;) {
                int order = i == x->n ? 1 : k == y->n ? -1 : compare_hits(&x->list[i], &y->list[k]);

                if (order != 0) {
                        is_different = true;
                        mark_literal(c, pack, m,
                                     order < 0 ? x->list[i].literal : y->list[k].literal);
                }
                i += order <= 0;
                k += order >= 0;
        }
        return is_different;
}

/* 1 when rules were marked, so that the gate has to be made again. */
static int compare_gates(struct compile *c, struct rule_pack *pack, const struct matcher *m)
{
        struct hits theirs = { 0 }, ours = { 0 };
        struct gate *own = NULL;
        size_t length;
        char *text = make_texts(pack, m, &length);
        int r = text ? gate_ac.new(&own, m->literals, m->gates[0].n) : -ENOMEM;

        if (r >= 0)
                r = m->gates[0].engine->scan(m->gates[0].gate, text, length, on_hit, &theirs);
        if (r >= 0)
                r = gate_ac.scan(own, text, length, on_hit, &ours);
        if (r >= 0 && theirs.n)
                qsort(theirs.list, theirs.n, sizeof(*theirs.list), compare_hits);
        if (r >= 0 && ours.n)
                qsort(ours.list, ours.n, sizeof(*ours.list), compare_hits);
        if (r >= 0)
                r = mark_different(c, pack, m, &theirs, &ours);
        free(theirs.list);
        free(ours.list);
        free(text);
        gate_ac.free(own);
        return r;
}

int compile_write(struct compile *c, struct rule_pack *pack, const struct gate_engine *engine,
                  char **ret, size_t *ret_length)
{
        struct packfile_gate saved = { 0 };
        void *data = NULL;
        int r = 1;

        while (r > 0 && engine->save) {
                struct matcher m;

                r = matcher_init(&m, pack, engine);
                if (r < 0)
                        break;
                r = 0;
                if (m.gates[0].n) {
                        r = compare_gates(c, pack, &m);
                        if (r == 0)
                                r = engine->save(m.gates[0].gate, &data, &saved.length);
                }
                matcher_done(&m);
        }
        if (data) {
                saved.data = data;
                saved.key = engine->key();
        }
        if (r >= 0)
                r = packfile_write(ret, ret_length, pack, &saved);
        free(data);
        return r;
}
