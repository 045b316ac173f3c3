/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/packfile.h"

#include "scan/digest.h"

#include <stdio.h>

#define MAGIC        "linhay rules\n\x1a\x01"
#define ORDER        0x01020304
#define KEY_MAX      64
#define ALLOW_FIELDS 6
#define NOTHING      0 /* offset of the empty text, and the end of a list */

/* Sections follow the header in this order, without gaps but those that align the last one. */
struct header {
        char magic[16];
        uint32_t order;
        uint32_t n_fields; /* of a rule, so that another version's is refused */
        uint64_t length;   /* of all */
        uint32_t n_rules, n_allowances, n_lists, n_expressions;
        uint32_t pack_allow, n_pack_allow; /* the pack's own allowances */
        uint32_t disable, alone;
        uint64_t strings_length, gate_length;
        char gate_key[KEY_MAX];
        char source[DIGEST_HEX + 7];
        char checksum[DIGEST_HEX + 7]; /* of what follows the header */
};

/* A rule is its fields, one 64-bit number each, then where its allowances are and how many. */
static size_t rule_words(void)
{
        return rule_fields_n + 2;
}

bool packfile_is(const void *data, size_t length)
{
        return length >= sizeof(struct header) && !memcmp(data, MAGIC, sizeof(MAGIC));
}

/* ---- Writing ---- */

struct table {
        uint32_t *items;
        size_t n, size;
};

struct writer {
        struct table lists, expressions;
        uint64_t *allowances;
        size_t n_allowances;
        uint64_t *rules;
        FILE *strings;
        char *strings_data;
        size_t strings_length;
        size_t at; /* bytes of strings so far */
        int error;
};

static uint32_t put_text(struct writer *w, const char *text)
{
        size_t at = w->at, n;

        if (!text)
                return NOTHING;
        n = strlen(text) + 1;
        if (at + n > UINT32_MAX || fwrite(text, 1, n, w->strings) != n)
                w->error = -ENOMEM;
        w->at += n;
        return (uint32_t) at;
}

static void put_item(struct writer *w, struct table *t, uint32_t item)
{
        if (array_grow(&t->items, &t->size, t->n + 1, sizeof(*t->items)) < 0)
                w->error = -ENOMEM;
        else
                t->items[t->n++] = item;
}

static uint64_t put_list(struct writer *w, const char *const *list)
{
        size_t at = w->lists.n;

        for (; list && *list; list++)
                put_item(w, &w->lists, put_text(w, *list));
        put_item(w, &w->lists, NOTHING);
        return at;
}

static uint64_t put_expressions(struct writer *w, const struct expression *list)
{
        size_t at = w->expressions.n;

        for (; list && list->text; list++)
                put_item(w, &w->expressions, put_text(w, list->text));
        put_item(w, &w->expressions, NOTHING);
        return at;
}

static uint64_t put_field(struct writer *w, const struct rule_field *f, const void *value)
{
        uint64_t bits = 0;

        switch (f->kind) {
        case FIELD_TEXT:
                return put_text(w, *(const char *const *) value);
        case FIELD_LIST:
                return put_list(w, *(const char *const *const *) value);
        case FIELD_NAME:
        case FIELD_SIZE:
                return *(const unsigned *) value;
        case FIELD_FLAG:
                return *(const bool *) value;
        case FIELD_REAL:
                memcpy(&bits, value, sizeof(double));
        }
        return bits;
}

/* Returns where they begin. */
static uint64_t put_allowances(struct writer *w, const struct allowance *allow, size_t n)
{
        size_t at = w->n_allowances;

        for (size_t i = 0; i < n; i++) {
                uint64_t *words = w->allowances + ALLOW_FIELDS * w->n_allowances++;

                words[0] = put_expressions(w, allow[i].regexes);
                words[1] = put_expressions(w, allow[i].paths);
                words[2] = put_list(w, allow[i].words);
                words[3] = allow[i].target;
                words[4] = allow[i].all;
                words[5] = put_list(w, allow[i].rules);
        }
        return at;
}

static int put_all(struct writer *w, const struct rule_pack *pack, struct header *h)
{
        size_t n_allowances = pack->n_allow;

        for (size_t i = 0; i < pack->n_rules; i++)
                n_allowances += pack->rules[i].n_allow;
        w->rules = calloc(pack->n_rules * rule_words() + 1, sizeof(*w->rules));
        w->allowances = calloc(n_allowances + 1, ALLOW_FIELDS * sizeof(*w->allowances));
        w->strings = open_memstream(&w->strings_data, &w->strings_length);
        if (!w->rules || !w->allowances || !w->strings)
                return -ENOMEM;
        (void) put_text(w, "");
        h->pack_allow = (uint32_t) put_allowances(w, pack->allow, pack->n_allow);
        h->n_pack_allow = (uint32_t) pack->n_allow;
        h->disable = (uint32_t) put_list(w, pack->disable);
        h->alone = pack->alone;
        for (size_t i = 0; i < pack->n_rules; i++) {
                const struct rule *rule = &pack->rules[i];
                uint64_t *words = w->rules + i * rule_words();

                for (size_t k = 0; k < rule_fields_n; k++)
                        words[k] = put_field(w, &rule_fields[k],
                                             (const char *) rule + rule_fields[k].offset);
                words[rule_fields_n] = put_allowances(w, rule->allow, rule->n_allow);
                words[rule_fields_n + 1] = rule->n_allow;
        }
        if (fclose(w->strings) != 0)
                w->error = -ENOMEM;
        w->strings = NULL;
        return w->error;
}

static size_t align(size_t n)
{
        return (n + 7) & ~(size_t) 7;
}

static void writer_done(struct writer *w)
{
        if (w->strings)
                (void) fclose(w->strings);
        free(w->strings_data);
        free(w->rules);
        free(w->allowances);
        free(w->lists.items);
        free(w->expressions.items);
}

/* Puts the sections behind each other and the header before them. */
static int assemble(char **ret, size_t *ret_length, const struct writer *w, struct header *h,
                    const void *gate)
{
        const struct {
                const void *data;
                size_t length;
        } sections[] = {
                { w->rules, h->n_rules * rule_words() * sizeof(uint64_t) },
                { w->allowances, w->n_allowances * ALLOW_FIELDS * sizeof(uint64_t) },
                { w->lists.items, align(w->lists.n * sizeof(uint32_t)) },
                { w->expressions.items, align(w->expressions.n * sizeof(uint32_t)) },
                { w->strings_data, align(w->strings_length) },
                { gate, h->gate_length },
        };
        const size_t lengths[ARRAY_SIZE(sections)] = {
                sections[0].length,
                sections[1].length,
                w->lists.n * sizeof(uint32_t),
                w->expressions.n * sizeof(uint32_t),
                w->strings_length,
                h->gate_length,
        };
        size_t total = sizeof(*h), at = sizeof(*h);
        char *data;

        for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
                total += sections[i].length;
        data = calloc(1, total);
        if (!data)
                return -ENOMEM;
        for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
                if (lengths[i])
                        memcpy(data + at, sections[i].data, lengths[i]);
                at += sections[i].length;
        }
        h->length = total;
        digest_hex(h->checksum, data + sizeof(*h), total - sizeof(*h));
        memcpy(data, h, sizeof(*h));
        *ret = data;
        *ret_length = total;
        return 0;
}

int packfile_write(char **ret, size_t *ret_length, const struct rule_pack *pack,
                   const struct packfile_gate *gate)
{
        struct header h = { .order = ORDER,
                            .n_fields = (uint32_t) rule_fields_n,
                            .n_rules = (uint32_t) pack->n_rules };
        struct writer w = { 0 };
        int r;

        memcpy(h.magic, MAGIC, sizeof(MAGIC));
        (void) snprintf(h.source, sizeof(h.source), "%s", pack->sha256);
        if (gate->data) {
                h.gate_length = gate->length;
                (void) snprintf(h.gate_key, sizeof(h.gate_key), "%s", gate->key);
        }
        r = put_all(&w, pack, &h);
        h.n_allowances = (uint32_t) w.n_allowances;
        h.n_lists = (uint32_t) w.lists.n;
        h.n_expressions = (uint32_t) w.expressions.n;
        h.strings_length = w.strings_length;
        if (r >= 0)
                r = assemble(ret, ret_length, &w, &h, gate->data);
        writer_done(&w);
        return r;
}

/* ---- Reading ---- */

struct source {
        const struct header *h;
        const uint64_t *rules, *allowances;
        const uint32_t *lists, *expressions;
        const char *strings;
        const void *gate;
        struct rule_pack *pack;
        bool is_bad;
};

/* Finds the sections; false when they do not fill the file exactly. */
static bool find_sections(struct source *s, const void *data, size_t length)
{
        const struct header *h = data;
        uint64_t at = sizeof(*h);

        if (h->n_rules > RULES_MAX || h->n_allowances > length || h->n_lists > length ||
            h->n_expressions > length || h->strings_length > length || h->gate_length > length)
                return false;
        s->rules = (const uint64_t *) ((const char *) data + at);
        at += h->n_rules * rule_words() * sizeof(uint64_t);
        s->allowances = (const uint64_t *) ((const char *) data + at);
        at += h->n_allowances * ALLOW_FIELDS * sizeof(uint64_t);
        s->lists = (const uint32_t *) ((const char *) data + at);
        at += align(h->n_lists * sizeof(uint32_t));
        s->expressions = (const uint32_t *) ((const char *) data + at);
        at += align(h->n_expressions * sizeof(uint32_t));
        s->strings = (const char *) data + at;
        at += align(h->strings_length);
        s->gate = (const char *) data + at;
        at += h->gate_length;
        if (at != length || h->length != length || !h->strings_length || !h->n_lists || !h->n_rules)
                return false;
        return s->lists[h->n_lists - 1] == NOTHING && s->strings[h->strings_length - 1] == '\0' &&
               (!h->n_expressions || s->expressions[h->n_expressions - 1] == NOTHING) &&
               memchr(h->gate_key, 0, sizeof(h->gate_key)) && memchr(h->source, 0, DIGEST_HEX);
}

static const char *get_text(struct source *s, uint64_t at)
{
        if (at >= s->h->strings_length)
                s->is_bad = true;
        return at == NOTHING || s->is_bad ? NULL : s->strings + at;
}

/* Lists were made into texts already, so an index is enough. */
static const char *const *get_list(struct source *s, uint64_t at)
{
        if (at >= s->h->n_lists) {
                s->is_bad = true;
                at = s->h->n_lists - 1;
        }
        return s->pack->lists + at;
}

static struct expression *get_expressions(struct source *s, uint64_t at)
{
        if (at >= s->h->n_expressions) {
                s->is_bad = true;
                return s->pack->expressions + s->h->n_expressions;
        }
        return s->pack->expressions + at;
}

static void get_field(struct source *s, const struct rule_field *f, uint64_t word, void *ret)
{
        uint64_t most = f->kind == FIELD_NAME ? f->n - 1 : f->kind == FIELD_SIZE ? f->n : 1;

        switch (f->kind) {
        case FIELD_TEXT:
                *(const char **) ret = get_text(s, word);
                return;
        case FIELD_LIST:
                *(const char *const **) ret = get_list(s, word);
                return;
        case FIELD_REAL:
                memcpy(ret, &word, sizeof(double));
                return;
        case FIELD_NAME:
        case FIELD_SIZE:
                *(unsigned *) ret = (unsigned) word;
                break;
        case FIELD_FLAG:
                *(bool *) ret = word & 1;
                break;
        }
        s->is_bad = s->is_bad || word > most;
}

static struct allowance *get_allowances(struct source *s, uint64_t at, uint64_t n)
{
        if (at > s->h->n_allowances || n > s->h->n_allowances - at) {
                s->is_bad = true;
                return NULL;
        }
        return s->pack->allowances + at;
}

static void get_rule(struct source *s, size_t index)
{
        struct rule *rule = &s->pack->rules[index];
        const uint64_t *words = s->rules + index * rule_words();

        for (size_t k = 0; k < rule_fields_n; k++)
                get_field(s, &rule_fields[k], words[k], (char *) rule + rule_fields[k].offset);
        rule->n_allow = (size_t) words[rule_fields_n + 1];
        rule->allow = get_allowances(s, words[rule_fields_n], rule->n_allow);
        if (!rule->id || !rule->name || !rule->regex.text || !rule->keywords[0])
                s->is_bad = true;
}

static int get_all(struct source *s)
{
        const struct header *h = s->h;
        struct rule_pack *pack = s->pack;

        pack->rules = calloc((size_t) h->n_rules + 1, sizeof(*pack->rules));
        pack->lists = calloc(h->n_lists, sizeof(*pack->lists));
        pack->n_expressions = (size_t) h->n_expressions + 1;
        pack->expressions = calloc(pack->n_expressions, sizeof(*pack->expressions));
        pack->allowances = calloc((size_t) h->n_allowances + 1, sizeof(*pack->allowances));
        if (!pack->rules || !pack->lists || !pack->expressions || !pack->allowances)
                return -ENOMEM;
        for (size_t i = 0; i < h->n_lists; i++)
                pack->lists[i] = get_text(s, s->lists[i]);
        for (size_t i = 0; i < h->n_expressions; i++)
                pack->expressions[i].text = get_text(s, s->expressions[i]);
        for (size_t i = 0; i < h->n_allowances; i++) {
                const uint64_t *words = s->allowances + ALLOW_FIELDS * i;

                s->is_bad = s->is_bad || words[3] > ALLOW_LINE;
                pack->allowances[i] = (struct allowance){ .regexes = get_expressions(s, words[0]),
                                                          .paths = get_expressions(s, words[1]),
                                                          .words = get_list(s, words[2]),
                                                          .target = (enum allow_target) words[3],
                                                          .all = words[4] != 0,
                                                          .rules = get_list(s, words[5]) };
        }
        pack->n_rules = h->n_rules;
        for (size_t i = 0; i < h->n_rules; i++)
                get_rule(s, i);
        pack->n_allow = h->n_pack_allow;
        pack->allow = get_allowances(s, h->pack_allow, pack->n_allow);
        pack->disable = get_list(s, h->disable);
        pack->alone = h->alone != 0;
        return s->is_bad ? -EBADMSG : 0;
}

static bool checksum_holds(const struct header *h, size_t length)
{
        char sum[DIGEST_HEX];

        digest_hex(sum, h + 1, length - sizeof(*h));
        return !memcmp(sum, h->checksum, DIGEST_HEX);
}

int packfile_read(struct rule_pack *pack, const void *data, size_t length, bool verify, char *error,
                  size_t error_size)
{
        struct source s = { .h = data, .pack = pack };
        const char *why = NULL;
        int r = -EBADMSG;

        *pack = (struct rule_pack){ 0 };
        if (!packfile_is(data, length))
                why = "it is no compiled pack";
        else if (s.h->order != ORDER || s.h->n_fields != rule_fields_n)
                why = "it was compiled by another version of linhay: compile it again";
        else if (!find_sections(&s, data, length) || (verify && !checksum_holds(s.h, length)))
                why = "it is damaged: compile it again";
        else {
                r = get_all(&s);
                why = r == -EBADMSG ? "it is damaged: compile it again" : "out of memory";
        }
        if (r < 0) {
                (void) snprintf(error, error_size, "%s", why);
                rule_pack_done(pack);
                return r;
        }
        pack->n_parts = 1;
        pack->gates[0] = (struct pack_gate){ { s.gate, (size_t) s.h->gate_length }, s.h->gate_key };
        memcpy(pack->sha256, s.h->source, DIGEST_HEX);
        return 0;
}
