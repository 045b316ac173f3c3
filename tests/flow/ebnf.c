/* SPDX-License-Identifier: Apache-2.0 */
#include "ebnf.h"

#include "test.h"

#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

#define RULES_MAX 40
#define NODES_MAX 600
#define DEPTH_MAX 9 /* of rules in a sentence; deeper, the shortest way is taken */

enum kind { TEXT, RULE, SPECIAL, SEQUENCE, CHOICE, MAYBE, REPEAT };

struct node {
        enum kind kind;
        char *text;      /* TEXT: what stands there; RULE: its name; SPECIAL: its words */
        int first, next; /* first part, and the one behind this; -1 = none */
};

struct rule {
        char *name;
        int body;
        bool is_word; /* no blanks between its parts */
};

struct ebnf {
        struct rule rules[RULES_MAX];
        struct node nodes[NODES_MAX];
        int n_rules, n_nodes;
        bool is_word;
        const char *at;
};

static int node_new(struct ebnf *g, enum kind kind, const char *text, size_t length)
{
        assert_true(g->n_nodes < NODES_MAX);
        g->nodes[g->n_nodes] = (struct node){
                .kind = kind,
                .text = text ? strndup(text, length) : NULL,
                .first = -1,
                .next = -1,
        };
        return g->n_nodes++;
}

static bool take(struct ebnf *g, char c)
{
        while (isspace((unsigned char) *g->at))
                g->at++;
        if (*g->at != c)
                return false;
        g->at++;
        return true;
}

static int choice_read(struct ebnf *g);

static int group_read(struct ebnf *g, enum kind kind, char end)
{
        int body = choice_read(g), node;

        if (!take(g, end))
                fail_msg("%c is missing at: %.30s", end, g->at);
        if (kind == CHOICE)
                return body;
        node = node_new(g, kind, NULL, 0);
        g->nodes[node].first = body;
        return node;
}

static int part_read(struct ebnf *g)
{
        const char *start;
        size_t n;

        if (take(g, '('))
                return group_read(g, CHOICE, ')');
        if (take(g, '['))
                return group_read(g, MAYBE, ']');
        if (take(g, '{'))
                return group_read(g, REPEAT, '}');
        start = g->at;
        if (*start == '"' || *start == '\'' || *start == '?') {
                g->at = strchr(start + 1, *start);
                assert_non_null(g->at);
                n = (size_t) (g->at++ - start) - 1;
                return node_new(g, *start == '?' ? SPECIAL : TEXT, start + 1, n);
        }
        n = strspn(start, "abcdefghijklmnopqrstuvwxyz");
        if (n == 0)
                fail_msg("not understood: %.30s", start);
        g->at += n;
        return node_new(g, RULE, start, n);
}

static int list_read(struct ebnf *g, enum kind kind, char between, int (*read)(struct ebnf *g))
{
        int first = read(g), last = first, node;

        if (!take(g, between))
                return first;
        node = node_new(g, kind, NULL, 0);
        g->nodes[node].first = first;
        do {
                int part = read(g);

                g->nodes[last].next = part;
                last = part;
        } while (take(g, between));
        return node;
}

static int sequence_read(struct ebnf *g)
{
        return list_read(g, SEQUENCE, ',', part_read);
}

static int choice_read(struct ebnf *g)
{
        return list_read(g, CHOICE, '|', sequence_read);
}

static void rule_read(struct ebnf *g)
{
        size_t n = strspn(g->at, "abcdefghijklmnopqrstuvwxyz");
        struct rule *rule = &g->rules[g->n_rules++];

        assert_true(n > 0 && g->n_rules <= RULES_MAX);
        rule->name = strndup(g->at, n);
        rule->is_word = g->is_word;
        g->at += n;
        assert_true(take(g, '='));
        rule->body = choice_read(g);
        if (!take(g, ';'))
                fail_msg("the rule %s has no end at: %.30s", rule->name, g->at);
        while (isspace((unsigned char) *g->at))
                g->at++;
}

struct ebnf *ebnf_read(const char *page)
{
        struct ebnf *g = calloc(1, sizeof(*g));

        assert_non_null(g);
        g->at = page;
        while ((g->at = strstr(g->at, "\n```ebnf\n"))) {
                g->at += strlen("\n```ebnf\n");
                while (strncmp(g->at, "```", 3) != 0)
                        rule_read(g);
                g->is_word = true;
        }
        assert_true(g->n_rules > 0);
        return g;
}

struct ebnf *ebnf_free(struct ebnf *g)
{
        for (int i = 0; g && i < g->n_nodes; i++)
                free(g->nodes[i].text);
        for (int i = 0; g && i < g->n_rules; i++)
                free(g->rules[i].name);
        free(g);
        return NULL;
}

static const struct rule *rule_of(const struct ebnf *g, const char *name)
{
        for (int i = 0; i < g->n_rules; i++)
                if (strcmp(g->rules[i].name, name) == 0)
                        return &g->rules[i];
        fail_msg("the page has no rule %s", name);
        return NULL;
}

/* What the special sequences mean. */
static const struct {
        const char *words, *letters; /* NULL: any character but those that it names */
} specials[] = {
        { "any character but ', \" and \\", NULL },
        { "a to z, A to Z", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" },
        { "1 to 9", "123456789" },
        { "blank, tab, line feed, carriage return", " \t\n\r" },
};

static const char *letters_of(const char *words)
{
        while (*words == ' ')
                words++;
        for (size_t i = 0; i < ARRAY_SIZE(specials); i++)
                if (strncmp(words, specials[i].words, strlen(specials[i].words)) == 0)
                        return specials[i].letters;
        fail_msg("what is \"%s\"?", words);
        return NULL;
}

/* --- making --- */

struct making {
        const struct ebnf *g;
        struct json_random *random;
        const char *(*choose)(struct json_random *random, const char *rule);
        struct buf *out;
};

static uint64_t below(struct making *m, uint64_t n)
{
        return json_random_below(m->random, n);
}

static void blank_make(struct making *m, bool is_word)
{
        static const char *const blanks[] = { " ", "\t", "\n", " \r " };

        if (!is_word && below(m, 4) == 0)
                assert_int_equal(buf_puts(m->out, blanks[below(m, ARRAY_SIZE(blanks))]), 0);
}

static void special_make(struct making *m, const char *words)
{
        static const char *const any[] = { "a", "é", "$", "{", "}", "龍", " ", "<", "=", "/" };
        const char *letters = letters_of(words);

        if (letters)
                assert_int_equal(buf_putc(m->out, letters[below(m, strlen(letters))]), 0);
        else
                assert_int_equal(buf_puts(m->out, any[below(m, ARRAY_SIZE(any))]), 0);
}

static void node_make(struct making *m, int i, bool is_word, int depth);

static void rule_make(struct making *m, const char *name, int depth)
{
        const char *chosen = m->choose ? m->choose(m->random, name) : NULL;
        const struct rule *rule = rule_of(m->g, name);

        if (chosen)
                assert_int_equal(buf_puts(m->out, chosen), 0);
        else
                node_make(m, rule->body, rule->is_word, depth + 1);
}

static void choice_make(struct making *m, int first, bool is_word, int depth)
{
        uint64_t count = 0, which;

        for (int i = first; i >= 0; i = m->g->nodes[i].next)
                count++;
        which = depth > DEPTH_MAX ? 0 : below(m, count);
        /* The page's first alternatives lead to an end, but for that of `negation`. */
        if (depth > DEPTH_MAX && m->g->nodes[first].kind == SEQUENCE && !is_word && count == 2)
                which = 1;
        while (which--)
                first = m->g->nodes[first].next;
        node_make(m, first, is_word, depth);
}

static void node_make(struct making *m, int i, bool is_word, int depth)
{
        const struct node *n = &m->g->nodes[i];
        uint64_t times = depth > DEPTH_MAX ? 0 : below(m, 3);

        switch (n->kind) {
        case TEXT:
                blank_make(m, is_word);
                assert_int_equal(buf_puts(m->out, n->text), 0);
                return;
        case SPECIAL:
                special_make(m, n->text);
                return;
        case RULE:
                if (rule_of(m->g, n->text)->is_word)
                        blank_make(m, is_word);
                rule_make(m, n->text, depth);
                return;
        case SEQUENCE:
                for (int k = n->first; k >= 0; k = m->g->nodes[k].next)
                        node_make(m, k, is_word, depth);
                return;
        case CHOICE:
                choice_make(m, n->first, is_word, depth);
                return;
        case MAYBE:
                times = MIN_OF(times, 1U);
                /* fallthrough */
        case REPEAT:
                while (times--)
                        node_make(m, n->first, is_word, depth);
        }
}

void ebnf_make(const struct ebnf *g, const char *rule, struct json_random *random,
               const char *(*choose)(struct json_random *random, const char *rule), struct buf *out)
{
        struct making m = { g, random, choose, out };

        rule_make(&m, rule, 0);
        blank_make(&m, false);
}

/* --- judging: from one place, all places where a part may end --- */

struct ends {
        bool at[EBNF_TEXT_MAX + 1];
};

struct judging {
        const struct ebnf *g;
        const char *text;
        size_t length;
        struct ends *known; /* of rule and place; NULL memory = not worked out */
        bool *is_known;
};

static size_t blanks_skip(const struct judging *j, size_t at)
{
        while (at < j->length && strchr(" \t\n\r", j->text[at]) && j->text[at])
                at++;
        return at;
}

static void node_judge(struct judging *j, int i, bool is_word, size_t from, struct ends *ret);

static void rule_judge(struct judging *j, const char *name, size_t from, struct ends *ret)
{
        const struct rule *rule = rule_of(j->g, name);
        size_t place = (size_t) (rule - j->g->rules) * (EBNF_TEXT_MAX + 1) + from;

        if (!j->is_known[place]) {
                struct ends ends = { 0 };

                node_judge(j, rule->body, rule->is_word, from, &ends);
                j->known[place] = ends;
                j->is_known[place] = true;
        }
        for (size_t k = 0; k <= j->length; k++)
                ret->at[k] |= j->known[place].at[k];
}

static void special_judge(const struct judging *j, const char *words, size_t from, struct ends *ret)
{
        const char *letters = letters_of(words);
        size_t n = utf8_length(j->text + from, j->length - from);

        if (from >= j->length || n == 0)
                return;
        if (letters ? n == 1 && j->text[from] && strchr(letters, j->text[from])
                    : n > 1 || !memchr("'\"\\", j->text[from], 3))
                ret->at[from + n] = true;
}

/* All of them, one behind the other, from each of the places in `from`. */
static void chain_judge(struct judging *j, int first, bool is_word, struct ends from,
                        struct ends *ret)
{
        for (int k = first; k >= 0; k = j->g->nodes[k].next) {
                struct ends to = { 0 };

                for (size_t at = 0; at <= j->length; at++)
                        if (from.at[at])
                                node_judge(j, k, is_word, at, &to);
                from = to;
        }
        for (size_t at = 0; at <= j->length; at++)
                ret->at[at] |= from.at[at];
}

static void repeat_judge(struct judging *j, int body, bool is_word, size_t from, struct ends *ret)
{
        struct ends all = { 0 };

        all.at[from] = true;
        for (size_t at = from; at <= j->length; at++)
                if (all.at[at])
                        node_judge(j, body, is_word, at, &all);
        for (size_t at = 0; at <= j->length; at++)
                ret->at[at] |= all.at[at];
}

static void text_judge(const struct judging *j, const char *text, size_t from, struct ends *ret)
{
        size_t n = strlen(text);

        if (j->length - from >= n && memcmp(j->text + from, text, n) == 0)
                ret->at[from + n] = true;
}

static void node_judge(struct judging *j, int i, bool is_word, size_t from, struct ends *ret)
{
        const struct node *n = &j->g->nodes[i];
        struct ends here = { 0 };

        switch (n->kind) {
        case TEXT:
                text_judge(j, n->text, is_word ? from : blanks_skip(j, from), ret);
                return;
        case SPECIAL:
                special_judge(j, n->text, from, ret);
                return;
        case RULE:
                if (!is_word && rule_of(j->g, n->text)->is_word)
                        from = blanks_skip(j, from);
                rule_judge(j, n->text, from, ret);
                return;
        case SEQUENCE:
                here.at[from] = true;
                chain_judge(j, n->first, is_word, here, ret);
                return;
        case CHOICE:
                for (int k = n->first; k >= 0; k = j->g->nodes[k].next)
                        node_judge(j, k, is_word, from, ret);
                return;
        case MAYBE:
                ret->at[from] = true;
                node_judge(j, n->first, is_word, from, ret);
                return;
        case REPEAT:
                repeat_judge(j, n->first, is_word, from, ret);
        }
}

bool ebnf_takes(const struct ebnf *g, const char *rule, const char *text, size_t length)
{
        size_t places = (size_t) g->n_rules * (EBNF_TEXT_MAX + 1);
        _cleanup_(freep) struct ends *known = calloc(places, sizeof(*known));
        _cleanup_(freep) bool *is_known = calloc(places, sizeof(*is_known));
        struct judging j = { g, text, length, known, is_known };
        struct ends ends = { 0 };

        assert_true(length <= EBNF_TEXT_MAX && known && is_known);
        rule_judge(&j, rule, 0, &ends);
        for (size_t at = 0; at <= length; at++)
                if (ends.at[at] && blanks_skip(&j, at) == length)
                        return true;
        return false;
}
