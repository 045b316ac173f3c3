/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/match.h"

#include "scan/entropy.h"
#include "scan/value.h"
#include "scan/vector.h"

#include <ctype.h>

#define MATCH_STEPS    200000 /* of PCRE2, for one place of one rule */
#define MATCH_DEPTH    2000
#define MATCH_HEAP_KIB 4096
#define CODE_STACK     (1U << 20) /* of machine code, at most */
#define LOOK_BEHIND    32         /* bytes before a window that lookbehinds and \b may see */
#define WINDOW_GROW    4096
#define WINDOW_LIMIT   65536
#define VALUE_LIMIT    512
#define KEYWORDS_BYTES (128 * 1024) /* of all rules */

/* ---- Setting up ---- */

/* -E2BIG: an automaton for all of them would take hundreds of MiB. */
static int count_keywords(const struct rule_pack *pack, size_t *ret)
{
        size_t n = 0, bytes = 0;

        for (size_t i = 0; i < pack->n_rules; i++)
                for (const char *const *k = pack->rules[i].keywords; *k; k++, n++) {
                        size_t length = strlen(*k);

                        bytes += length;
                        if (!length || length > RULE_KEYWORD_MAX || bytes > KEYWORDS_BYTES)
                                return -E2BIG;
                }
        *ret = n;
        return 0;
}

/* A keyword of one rule; those with the same text become one literal of the gate. */
struct keyword {
        const char *text;
        bool cased;
        unsigned gate; /* index of the gate that looks for it */
        unsigned rule;
};

static int compare_texts(const struct keyword *x, const struct keyword *y)
{
        if (x->gate != y->gate)
                return x->gate < y->gate ? -1 : 1;
        return x->cased != y->cased ? x->cased - y->cased : strcmp(x->text, y->text);
}

static int compare_keywords(const void *a, const void *b)
{
        const struct keyword *x = a, *y = b;
        int r = compare_texts(x, y);

        return r ? r : (x->rule > y->rule) - (x->rule < y->rule);
}

/* Fills the gate's literals and the two tables that lead from a literal to its rules. */
static void link_keywords(struct matcher *m, const struct keyword *keywords, size_t n)
{
        size_t links = 0;

        for (size_t i = 0; i < n; i++) {
                const struct keyword *k = &keywords[i];

                if (i && compare_keywords(k - 1, k) == 0)
                        continue;
                if (!i || compare_texts(k - 1, k) != 0) {
                        m->first[m->n_literals] = links;
                        m->lengths[m->n_literals] = strlen(k->text);
                        m->literals[m->n_literals++] = (struct gate_literal){ k->text, k->cased };
                        m->gates[k->gate].n++;
                }
                m->rule_of[links++] = k->rule;
        }
        m->first[m->n_literals] = links;
}

static int collect_literals(struct matcher *m, size_t n)
{
        struct keyword *keywords = calloc(n + 1, sizeof(*keywords));
        size_t at = 0;

        if (!keywords)
                return -ENOMEM;
        for (size_t i = 0; i < m->pack->n_rules; i++) {
                const struct rule *rule = &m->pack->rules[i];

                for (const char *const *k = rule->keywords; *k; k++)
                        keywords[at++] = (struct keyword){ *k, rule->cased,
                                                           rule->own_gate ? PACK_PARTS : rule->part,
                                                           (unsigned) i };
        }
        qsort(keywords, n, sizeof(*keywords), compare_keywords);
        link_keywords(m, keywords, n);
        free(keywords);
        return 0;
}

/* What a part of the pack brings is loaded, anything else is built. */
static int make_gate(struct matcher *m, struct matcher_gate *g, const struct pack_gate *saved)
{
        int r;

        if (g->engine->load && saved->data.length) {
                const char *why = g->engine->misfit(saved->key);

                r = -ENOEXEC;
                if (!why)
                        r = g->engine->load(&g->gate, saved->data.text, saved->data.length, &why);
                if (r != -ENOEXEC)
                        return r;
                m->note = why;
                g->engine = &gate_ac;
        }
        return g->engine->new (&g->gate, m->literals + g->first, g->n);
}

static int make_gates(struct matcher *m, const struct gate_engine *engine)
{
        static const struct pack_gate none = { 0 };
        size_t first = 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i <= PACK_PARTS; i++) {
                struct matcher_gate *g = &m->gates[i];

                g->first = first;
                first += g->n;
                if (!g->n)
                        continue;
                g->engine = i < PACK_PARTS ? engine : &gate_ac;
                r = make_gate(m, g, i < PACK_PARTS ? &m->pack->gates[i] : &none);
        }
        return r;
}

int matcher_init(struct matcher *m, struct rule_pack *pack, const struct gate_engine *engine)
{
        size_t n;
        int r = count_keywords(pack, &n);

        *m = (struct matcher){ .pack = pack };
        if (r < 0)
                return r;
        m->literals = calloc(n + 1, sizeof(*m->literals));
        m->lengths = calloc(n + 1, sizeof(*m->lengths));
        m->first = calloc(n + 1, sizeof(*m->first));
        m->rule_of = calloc(n + 1, sizeof(*m->rule_of));
        m->windows = calloc(pack->n_rules + 1, sizeof(*m->windows));
        m->used = calloc(pack->n_rules + 1, sizeof(*m->used));
        m->match_data = pcre2_match_data_create(RULE_GROUPS, NULL);
        m->limits = pcre2_match_context_create(NULL);
        if (!m->literals || !m->lengths || !m->first || !m->rule_of || !m->windows || !m->used ||
            !m->match_data || !m->limits) {
                matcher_done(m);
                return -ENOMEM;
        }
        (void) pcre2_set_match_limit(m->limits, MATCH_STEPS);
        (void) pcre2_set_depth_limit(m->limits, MATCH_DEPTH);
        (void) pcre2_set_heap_limit(m->limits, MATCH_HEAP_KIB);
        r = collect_literals(m, n);
        if (r >= 0)
                r = make_gates(m, engine);
        if (r < 0)
                matcher_done(m);
        return r;
}

void matcher_done(struct matcher *m)
{
        for (size_t i = 0; i <= PACK_PARTS; i++)
                if (m->gates[i].gate)
                        m->gates[i].engine->free(m->gates[i].gate);
        free(m->literals);
        free(m->lengths);
        free(m->first);
        free(m->rule_of);
        free(m->windows);
        free(m->used);
        pcre2_match_data_free(m->match_data);
        pcre2_match_context_free(m->limits);
        pcre2_jit_stack_free(m->code_stack);
        free(m->found);
        free(m->shapes);
        *m = (struct matcher){ 0 };
}

int matcher_compile_code(struct matcher *m)
{
        uint32_t is_possible = 0;
        int r = 0;

        (void) pcre2_config(PCRE2_CONFIG_JIT, &is_possible);
        if (!is_possible)
                return 0;
        m->code_stack = pcre2_jit_stack_create(CODE_STACK / 16, CODE_STACK, NULL);
        if (!m->code_stack)
                return -ENOMEM;
        pcre2_jit_stack_assign(m->limits, NULL, m->code_stack);
        for (size_t i = 0; r >= 0 && i < m->pack->n_rules; i++)
                r = rule_compile_code(&m->pack->rules[i], m->error, sizeof(m->error));
        return r;
}

/* Machine code has a stack of its own and counts steps in its own way: where it gives up, the
 * interpreter decides. */
static int match_try(struct matcher *m, const pcre2_code *code, struct span text, size_t at,
                     uint32_t options)
{
        int n = pcre2_match(code, (PCRE2_SPTR) text.text, text.length, at, options, m->match_data,
                            m->limits);

        if (m->code_stack && (n == PCRE2_ERROR_MATCHLIMIT || n == PCRE2_ERROR_JIT_STACKLIMIT))
                n = pcre2_match(code, (PCRE2_SPTR) text.text, text.length, at,
                                options | PCRE2_NO_JIT, m->match_data, m->limits);
        return n;
}

/* ---- Judging ---- */

static int add_match(struct match **list, size_t *n, size_t *size, struct match match)
{
        int r = array_grow(list, size, *n + 1, sizeof(match));

        if (r >= 0)
                (*list)[(*n)++] = match;
        return r;
}

/* Does an expression occur in a short text? A cut match counts as no. */
static bool occurs(struct matcher *m, const pcre2_code *code, struct span text)
{
        return match_try(m, code, text, 0, 0) >= 0;
}

static bool has_digit(struct span v)
{
        for (size_t i = 0; i < v.length; i++)
                if (isdigit((unsigned char) v.text[i]))
                        return true;
        return false;
}

/* Drawn rather than thought of? */
static bool is_random(const struct rule *rule, struct span v)
{
        bool is_gibberish = value_is_gibberish(v);

        if (!is_gibberish && (value_is_words(v) || !(has_digit(v) || value_is_unpronounceable(v))))
                return false;
        return entropy_bits(v.text, v.length) >= rule->entropy;
}

/* Secrets of a provider have a form of their own; only blanks in that form are sorted out. */
static bool is_secret(struct matcher *m, const struct rule *rule, struct span secret)
{
        if (rule->plain)
                return secret.length >= rule->min_length &&
                       entropy_bits(secret.text, secret.length) >= rule->entropy &&
                       !(rule->deny.code && occurs(m, rule->deny.code, secret));
        if (secret.length < rule->min_length || (!rule->words && value_is_placeholder(secret)))
                return false;
        if (!rule->words && value_is_counted(secret))
                return false;
        if (rule->words)
                return !value_is_reference(secret) &&
                       !(rule->deny.code && occurs(m, rule->deny.code, secret));
        if (rule->rank != RULE_PROVIDER &&
            (value_is_stand_in(secret) || value_is_reference(secret) ||
             (rule->decode && value_is_encoded_stand_in(secret))))
                return false;
        if (rule->kind == RULE_ANCHORED && !is_random(rule, secret))
                return false;
        if (rule->entropy > 0 && entropy_bits(secret.text, secret.length) < rule->entropy)
                return false;
        return !rule->deny.code || !occurs(m, rule->deny.code, secret);
}

/* 0x8C2F: a number of a program, of at most 64 bits. */
static bool is_hex_number(struct span v)
{
        size_t i = 2;

        if (v.length < 3 || v.length > 2 + 16 + 3 || v.text[0] != '0' ||
            tolower((unsigned char) v.text[1]) != 'x')
                return false;
        while (i < v.length && isxdigit((unsigned char) v.text[i]))
                i++;
        while (i < v.length && strchr("uUlLn", v.text[i]))
                i++;
        return i == v.length;
}

/* A name without digits, and behind it what ends a statement, a condition or begins arguments. */
static bool is_identifier(struct span v, const char *end)
{
        const char *p = v.text + v.length;

        for (size_t i = 0; i < v.length; i++)
                if (!isalpha((unsigned char) v.text[i]) && v.text[i] != '_')
                        return false;
        while (p < end && *p == ' ')
                p++;
        return p < end && strchr("();", *p) && *p;
}

/* `f (x)`, `f(x)` and `p->member`: what follows says that it is a piece of program. */
static bool is_called(struct span v, const char *end)
{
        const char *p = v.text + v.length;

        if (v.text[v.length - 1] == '-' && p < end && *p == '>')
                return true;
        while (p < end && *p == ' ')
                p++;
        return p < end && *p == '(' && (isalpha((unsigned char) v.text[0]) || v.text[0] == '_');
}

/* A member, and calls of its members on the next lines: zod.z \n .string() */
static bool is_chained(struct span v, const char *end)
{
        const char *p = v.text + v.length;

        while (p < end && isspace((unsigned char) *p))
                p++;
        return p > v.text + v.length && end - p > 2 && *p == '.' && isalpha((unsigned char) p[1]);
}

/* "Password": "Lozinka": what a form shows, and the word for it. */
static bool is_label(const struct assign *a)
{
        struct span v = a->value;

        if (!a->quoted || !isupper((unsigned char) a->name.text[0]) ||
            !isupper((unsigned char) v.text[0]))
                return false;
        for (size_t i = 1; i < a->name.length; i++)
                if (!islower((unsigned char) a->name.text[i]))
                        return false;
        for (size_t i = 1; i < v.length; i++)
                if (!islower((unsigned char) v.text[i]))
                        return false;
        return true;
}

/* "lib.iam.Secret", "lib.ec2.Vpc" and "newPassword", "ne2Password": one name beside another. */
static bool is_like_name(const struct assign *a)
{
        struct span v = a->value, name = a->name;
        size_t n = MIN_OF(v.length, name.length), head = 0, tail = 0;

        while (head < n && v.text[head] == name.text[head])
                head++;
        while (tail < n && tolower((unsigned char) v.text[v.length - 1 - tail]) ==
                                   tolower((unsigned char) name.text[name.length - 1 - tail]))
                tail++;
        while (head > 0 && isalnum((unsigned char) v.text[head - 1]))
                head--;
        return head >= 4 || tail >= 5;
}

/* What nobody would draw or think of as a secret, whatever its name is. */
static bool is_other_text(const struct assign *a)
{
        struct span v = a->value;

        return value_is_version(v) || value_is_media_type(v) || value_is_foreign_text(v) ||
               is_label(a) || (a->quoted && value_is_between_strings(v)) ||
               (a->list && (value_is_member(v) || is_like_name(a)));
}

/* TOKEN_END: a constant. */
static bool is_constant(struct span v)
{
        for (size_t i = 0; i < v.length; i++)
                if (islower((unsigned char) v.text[i]))
                        return false;
        return memchr(v.text, '_', v.length) && value_is_member(v);
}

/* An unquoted value that is a piece of program: a call, an index, a member, another name. */
static bool is_code(struct span v, const char *end)
{
        if (is_identifier(v, end) || is_called(v, end) || is_chained(v, end) || is_constant(v))
                return true;
        for (size_t i = 0; i < v.length; i++)
                if (strchr("([{*", v.text[i]) ||
                    (v.text[i] == ':' && i + 1 < v.length && v.text[i + 1] == ':'))
                        return true;
        return memmem(v.text, v.length, "->", 2) || v.text[v.length - 1] == ':';
}

static bool has_blank(struct span v)
{
        for (size_t i = 0; i < v.length; i++)
                if (isspace((unsigned char) v.text[i]) || (unsigned char) v.text[i] < 0x20)
                        return true;
        return false;
}

/* A value of a known form under a name of a known kind; one that is counted up is doubtful. */
static bool is_formed_secret(struct matcher *m, const struct rule *rule, const struct assign *a)
{
        return occurs(m, rule->form.code, a->value) && occurs(m, rule->regex.code, a->name) &&
               !(rule->deny.code && occurs(m, rule->deny.code, a->name)) &&
               !value_is_placeholder(a->value) &&
               (!value_is_stand_in(a->value) || value_is_counted(a->value)) &&
               !(a->list && value_is_plain_name(a->value)) &&
               entropy_bits(a->value.text, a->value.length) >= rule->entropy;
}

/* No name and no sentence: what a person would think of as a password. */
static bool is_password(const struct assign *a)
{
        struct span v = a->value;

        if (!value_is_words(v))
                return true;
        return a->quoted && ((has_digit(v) && value_classes(v) > 1) || value_is_gibberish(v));
}

/* The value of any other assignment has no form, so it must not look like anything else. */
static bool is_assigned_secret(struct matcher *m, const struct rule *rule, const struct assign *a)
{
        struct span v = a->value;

        if (rule->form.code)
                return is_formed_secret(m, rule, a);
        if (v.length < rule->min_length || v.length > VALUE_LIMIT || has_blank(v))
                return false;
        if (value_is_placeholder(v) || value_is_stand_in(v) || value_is_reference(v))
                return false;
        if (is_hex_number(v) || (!a->quoted && !a->markup && is_code(v, m->data + m->length)) ||
            (a->call && !has_digit(v)) || (a->list && value_is_plain_name(v)) ||
            (a->array && rule->words) || is_other_text(a))
                return false;
        if (rule->words ? !is_password(a) : !is_random(rule, v))
                return false;
        if (value_is_encoded_stand_in(v) || value_is_public_key(v) ||
            !occurs(m, rule->regex.code, a->name) ||
            (rule->deny.code && occurs(m, rule->deny.code, a->name)))
                return false;
        return !vector_holds(m->data, m->length, (size_t) (v.text - m->data),
                             (size_t) (v.text - m->data) + v.length);
}

/* ---- Allowances ---- */

/* Does one of a list of expressions occur? One that does not compile stops the scan. */
static int any_occurs(struct matcher *m, struct expression *list, struct span text, bool *ret)
{
        *ret = false;
        for (; list->text && !*ret; list++) {
                int r = expression_compile(list, m->error, sizeof(m->error));

                if (r < 0)
                        return r;
                *ret = occurs(m, list->code, text);
        }
        return 0;
}

static bool holds_word(const char *const *words, struct span secret)
{
        for (; *words; words++)
                for (size_t i = 0, n = strlen(*words); n && i + n <= secret.length; i++)
                        if (!strncasecmp(secret.text + i, *words, n))
                                return true;
        return false;
}

/* The line that a place begins on. */
static struct span line_of(const struct matcher *m, size_t at)
{
        const char *before = memrchr(m->data, '\n', at);
        const char *after = memchr(m->data + at, '\n', m->length - at);
        const char *start = before ? before + 1 : m->data;

        return (struct span){ start, (size_t) ((after ? after : m->data + m->length) - start) };
}

static bool is_for(const struct allowance *a, const struct rule *rule)
{
        for (const char *const *id = a->rules; *id; id++)
                if (!strcmp(*id, rule->id))
                        return true;
        return !a->rules[0];
}

/* Holds one of what an allowance names, or all of it? */
static int allows(struct matcher *m, const struct allowance *a, const struct match *match,
                  bool *ret)
{
        struct span secret = { m->data + match->start, match->end - match->start };
        struct span texts[] = {
                [ALLOW_SECRET] = secret,
                [ALLOW_MATCH] = { m->data + match->name, match->whole_end - match->name },
                [ALLOW_LINE] = line_of(m, match->start),
        };
        const char *path = m->path ? m->path : "";
        bool by_regex, by_path, by_word = holds_word(a->words, secret);
        int r = any_occurs(m, a->regexes, texts[a->target], &by_regex);

        if (r >= 0)
                r = any_occurs(m, a->paths, (struct span){ path, strlen(path) }, &by_path);
        if (r < 0)
                return r;
        if (a->all)
                *ret = (by_regex || !a->regexes->text) && (by_path || !a->paths->text) &&
                       (by_word || !*a->words);
        else
                *ret = by_regex || by_path || by_word;
        return 0;
}

int matcher_allows(struct matcher *m, const struct match *match, bool *ret)
{
        const struct rule *rule = match->rule;
        int r = 0;

        *ret = false;
        for (size_t i = 0; r >= 0 && !*ret && i < rule->n_allow; i++)
                r = allows(m, &rule->allow[i], match, ret);
        for (size_t i = 0; r >= 0 && !*ret && i < m->pack->n_allow; i++)
                if (is_for(&m->pack->allow[i], rule))
                        r = allows(m, &m->pack->allow[i], match, ret);
        return r;
}

/* Notes what a rule has found, unless the pack says that it is none. */
static int add_found(struct matcher *m, const struct match *match)
{
        bool allowed;
        int r = matcher_allows(m, match, &allowed);

        if (r < 0 || allowed)
                return r;
        return add_match(&m->found, &m->n_found, &m->found_size, *match);
}

/* ---- Looking ---- */

static int compile(struct matcher *m, struct rule *rule)
{
        return rule->regex.code ? 0 : rule_compile(rule, m->error, sizeof(m->error));
}

/* A text meets few of the rules, so only the windows of those are emptied behind it. */
static struct match_window *window_of(struct matcher *m, unsigned index)
{
        struct match_window *w = &m->windows[index];

        if (!w->used) {
                w->used = true;
                m->used[m->n_used++] = index;
        }
        return w;
}

static void forget_windows(struct matcher *m)
{
        for (size_t i = 0; i < m->n_used; i++)
                m->windows[m->used[i]] = (struct match_window){ 0 };
        m->n_used = 0;
}

/* Rules for certain files only; asked once for each file. */
static bool is_meant(struct matcher *m, unsigned index)
{
        const struct rule *rule = &m->pack->rules[index];
        struct match_window *w;

        if (!rule->path.text)
                return true;
        w = window_of(m, index);
        if (w->path == UNKNOWN_PATH)
                w->path = m->path && compile(m, &m->pack->rules[index]) >= 0 &&
                                          occurs(m, rule->path.code,
                                                 (struct span){ m->path, strlen(m->path) })
                                  ? RIGHT_PATH
                                  : WRONG_PATH;
        return w->path == RIGHT_PATH;
}

/*
 * Which group of a match is the secret: the rule's; of a plain rule with several, as gitleaks has
 * it, the first from there on that holds anything; else the whole.
 */
static unsigned secret_group(struct matcher *m, const struct rule *rule)
{
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(m->match_data);
        unsigned group = rule->group;
        uint32_t last = 0;

        /* What stands behind the last group of the expression is of another match. */
        (void) pcre2_pattern_info(rule->regex.code, PCRE2_INFO_CAPTURECOUNT, &last);
        last = MIN_OF(last, (uint32_t) RULE_GROUPS - 1);
        while (rule->plain && group && group < last && at[2 * group] == PCRE2_UNSET)
                group++;
        return group <= last && at[2 * group] != PCRE2_UNSET ? group : 0;
}

static int look_at_match(struct matcher *m, const struct rule *rule, size_t base)
{
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(m->match_data);
        unsigned group = secret_group(m, rule);
        struct match match = { .rule = rule };
        int r;

        match.name = base + at[0];
        match.whole_end = base + at[1];
        match.start = base + at[2 * group];
        match.end = base + at[2 * group + 1];
        if (match.end <= match.start)
                return 0;
        r = add_match(&m->shapes, &m->n_shapes, &m->shapes_size, match);
        if (r < 0 ||
            !is_secret(m, rule, (struct span){ m->data + match.start, match.end - match.start }))
                return r;
        return add_found(m, &match);
}

/* Tries a rule on data[start..end); a match that runs into the end gets more text. */
static int look_at_window(struct matcher *m, struct rule *rule, size_t start, size_t end)
{
        size_t base = start > LOOK_BEHIND ? start - LOOK_BEHIND : 0;
        size_t at = start, limit = MIN_OF(m->length, end + WINDOW_LIMIT);
        uint32_t options = base > 0 ? PCRE2_NOTBOL : 0;
        int r = compile(m, rule);

        while (r >= 0 && at < end) {
                const PCRE2_SIZE *where = pcre2_get_ovector_pointer(m->match_data);
                size_t from, to;
                int n = match_try(m, rule->regex.code, (struct span){ m->data + base, end - base },
                                  at - base, options | (end < m->length ? PCRE2_NOTEOL : 0));

                if (n == PCRE2_ERROR_NOMATCH)
                        break;
                if (n < 0) {
                        m->is_cut = true;
                        break;
                }
                from = base + where[0];
                to = base + where[1];
                if (to == end && end < limit) {
                        end = MIN_OF(limit, end + WINDOW_GROW);
                        at = from;
                        continue;
                }
                r = look_at_match(m, rule, base);
                at = to > at ? to : at + 1;
        }
        return r;
}

/* Closes the open window of a rule and tries the rule on it. */
static int flush_window(struct matcher *m, unsigned index)
{
        struct match_window *w = &m->windows[index];
        int r;

        if (!w->open)
                return 0;
        w->open = false;
        r = look_at_window(m, &m->pack->rules[index], w->start, w->end);
        w->done = w->end;
        return r;
}

/* Adds the surroundings of a literal to what a rule will look at. */
static int open_window(struct matcher *m, unsigned index, size_t start, size_t end)
{
        const struct rule *rule = &m->pack->rules[index];
        struct match_window *w = window_of(m, index);
        size_t from = start > rule->before ? start - rule->before : 0;
        size_t to = MIN_OF(m->length, end + rule->after);
        int r;

        if (w->open && from <= w->end && to - w->start < WINDOW_LIMIT) {
                w->start = MIN_OF(w->start, from);
                w->end = MAX_OF(w->end, to);
                return 0;
        }
        r = flush_window(m, index);
        w->start = from;
        w->end = to;
        w->open = true;
        return r;
}

static int look_at_assignment(struct matcher *m, unsigned index, size_t start, size_t end)
{
        struct rule *rule = &m->pack->rules[index];
        struct match_window *w = window_of(m, index);
        struct match match = { .rule = rule };
        struct assign a;
        int r;

        if (start < w->done)
                return 0;
        if (!assign_read(m->data, m->length, start, end, &a) || !a.value.length)
                return 0;
        /* What stands bare behind a name is one value; a quoted one may hold more assignments. */
        w->done =
                (size_t) ((a.quoted ? a.name.text + a.name.length : a.value.text + a.value.length) -
                          m->data);
        r = compile(m, rule);
        if (r < 0)
                return r;
        match.name = (size_t) (a.name.text - m->data);
        match.start = (size_t) (a.value.text - m->data);
        match.end = match.whole_end = match.start + a.value.length;
        if (is_assigned_secret(m, rule, &a)) {
                match.doubtful = rule->form.code && value_is_counted(a.value);
                r = add_found(m, &match);
                if (r >= 0)
                        r = add_match(&m->shapes, &m->n_shapes, &m->shapes_size, match);
        } else if (a.quoted && a.value.length >= 4 && !has_blank(a.value))
                r = add_match(&m->shapes, &m->n_shapes, &m->shapes_size, match);
        return r;
}

/* Tries a rule where its literal stands; what no window has to be searched for. */
static int look_at_place(struct matcher *m, unsigned index, size_t start, size_t end)
{
        struct rule *rule = &m->pack->rules[index];
        struct match_window *w = window_of(m, index);
        size_t base = start > LOOK_BEHIND ? start - LOOK_BEHIND : 0;
        size_t to = MIN_OF(m->length, end + rule->after);
        uint32_t options = PCRE2_ANCHORED | (base > 0 ? PCRE2_NOTBOL : 0) |
                           (to < m->length ? PCRE2_NOTEOL : 0);
        int r = compile(m, rule), n;

        if (r < 0 || start < w->done)
                return r;
        n = pcre2_match(rule->regex.code, (PCRE2_SPTR) m->data + base, to - base, start - base,
                        options, m->match_data, m->limits);
        if (n == PCRE2_ERROR_NOMATCH)
                return 0;
        if (n < 0) {
                m->is_cut = true;
                return 0;
        }
        w->done = base + pcre2_get_ovector_pointer(m->match_data)[1];
        return look_at_match(m, rule, base);
}

static int on_hit(struct matcher *m, unsigned literal, size_t end)
{
        int (*const look[])(struct matcher * m, unsigned index, size_t start, size_t end) = {
                [RULE_REGEX] = open_window,
                [RULE_ASSIGNMENT] = look_at_assignment,
                [RULE_ANCHORED] = look_at_place,
        };

        size_t start = end - m->lengths[literal];
        int r = 0;

        for (size_t i = m->first[literal]; r >= 0 && i < m->first[literal + 1]; i++) {
                unsigned index = m->rule_of[i];

                if (m->pack->rules[index].off || !is_meant(m, index))
                        continue;
                r = look[m->pack->rules[index].kind](m, index, start, end);
        }
        return r < 0 ? r : 0;
}

/* Each gate counts its literals from 0. */
struct gate_view {
        struct matcher *m;
        size_t first;
};

static int on_gate_hit(void *owner, unsigned literal, size_t end)
{
        const struct gate_view *view = owner;

        return on_hit(view->m, (unsigned) view->first + literal, end);
}

static int scan_gates(struct matcher *m)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i <= PACK_PARTS; i++) {
                const struct matcher_gate *g = &m->gates[i];
                struct gate_view view = { m, g->first };

                if (g->gate)
                        r = g->engine->scan(g->gate, m->data, m->length, on_gate_hit, &view);
        }
        return r;
}

/* ---- Choosing ---- */

static int compare_places(const void *a, const void *b)
{
        const struct match *x = a, *y = b;

        if (x->start != y->start)
                return x->start < y->start ? -1 : 1;
        if (x->end != y->end)
                return x->end < y->end ? -1 : 1;
        return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* Is `x` the better one of two matches on the same bytes? Rank, then length, then the pack's order.
 */
static bool is_better(const struct match *x, const struct match *y)
{
        if (x->rule->rank != y->rule->rank)
                return x->rule->rank > y->rule->rank;
        if (x->end - x->start != y->end - y->start)
                return x->end - x->start > y->end - y->start;
        return x->rule < y->rule;
}

/* Keeps the best of each group of overlapping matches. */
static void resolve(struct matcher *m)
{
        size_t n = 0;

        if (m->n_found)
                qsort(m->found, m->n_found, sizeof(*m->found), compare_places);
        for (size_t i = 0; i < m->n_found; i++) {
                const struct match *x = &m->found[i];

                if (n && x->start < m->found[n - 1].end) {
                        if (is_better(x, &m->found[n - 1]))
                                m->found[n - 1] = *x;
                        continue;
                }
                m->found[n++] = *x;
        }
        m->n_found = n;
}

int matcher_scan(struct matcher *m, const char *path, const char *data, size_t length)
{
        int r;

        m->path = path;
        m->data = data;
        m->length = length;
        m->n_found = m->n_shapes = 0;
        m->is_cut = false;
        r = scan_gates(m);
        for (size_t i = 0; r >= 0 && i < m->n_used; i++)
                r = flush_window(m, m->used[i]);
        forget_windows(m);
        resolve(m);
        if (m->n_shapes)
                qsort(m->shapes, m->n_shapes, sizeof(*m->shapes), compare_places);
        return r;
}
