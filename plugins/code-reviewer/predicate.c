/* SPDX-License-Identifier: Apache-2.0 */
#include "predicate.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <time.h>

#define MATCHES_IN_FLIGHT 4096 /* states that the library keeps for one query */
#define REGEX_MATCH_LIMIT 100000
#define REGEX_DEPTH_LIMIT 1000
#define REGEX_HEAP_KIB    4096
#define ANCESTORS_MAX     256   /* looked at by #within? */
#define DESCENDANTS_MAX   20000 /* and by #has? */

struct matcher {
        const struct language *language;
        TSQuery *query;
        pcre2_code **regexes; /* by the query's string id */
        uint32_t n_strings;
        pcre2_match_data *data;
        pcre2_match_context *context;
        uint32_t finding; /* the capture that is the place, or UINT32_MAX */
        bool needs_imports, needs_constants;
};

/* What a predicate is judged by. */
struct judge {
        struct matcher *m;
        const struct source *s;
        struct facts *facts;
        const TSQueryMatch *match;
        const TSQueryPredicateStep *steps; /* arguments */
        uint32_t n_steps;
};

static bool capture_node(const TSQueryMatch *match, uint32_t id, TSNode *ret)
{
        for (uint16_t i = 0; i < match->capture_count; i++)
                if (match->captures[i].index == id) {
                        *ret = match->captures[i].node;
                        return true;
                }
        return false;
}

static const char *argument(const struct judge *j, uint32_t i, uint32_t *ret_length)
{
        return ts_query_string_value_for_id(j->m->query, j->steps[i].value_id, ret_length);
}

static bool same_text(const char *a, uint32_t n, const char *b, uint32_t m)
{
        return n == m && memcmp(a, b, n) == 0;
}

/* ---- the predicates ---- */

static bool judge_eq(struct judge *j, TSNode node)
{
        uint32_t n, m;
        const char *text = source_text(j->s, node, &n), *other;
        TSNode second;

        if (j->n_steps < 2)
                return false;
        if (j->steps[1].type == TSQueryPredicateStepTypeCapture) {
                if (!capture_node(j->match, j->steps[1].value_id, &second))
                        return false;
                other = source_text(j->s, second, &m);
        } else {
                other = argument(j, 1, &m);
        }
        return same_text(text, n, other, m);
}

static bool judge_any_of(struct judge *j, TSNode node)
{
        uint32_t n, m;
        const char *text = source_text(j->s, node, &n);

        for (uint32_t i = 1; i < j->n_steps; i++) {
                const char *other = argument(j, i, &m);

                if (same_text(text, n, other, m))
                        return true;
        }
        return false;
}

static bool judge_match(struct judge *j, TSNode node)
{
        uint32_t n;
        const char *text = source_text(j->s, node, &n);

        return pcre2_match(j->m->regexes[j->steps[1].value_id], (PCRE2_SPTR) text, n, 0, 0,
                           j->m->data, j->m->context) >= 0;
}

static bool judge_kind(struct judge *j, TSNode node)
{
        for (uint32_t i = 1; i < j->n_steps; i++) {
                uint32_t n;

                if (strcmp(ts_node_type(node), argument(j, i, &n)) == 0)
                        return true;
        }
        return false;
}

static bool judge_has(struct judge *j, TSNode node)
{
        TSTreeCursor c = ts_tree_cursor_new(node);
        bool found = false, more = true;

        for (unsigned n = 0; more && !found && n < DESCENDANTS_MAX; n++) {
                found = judge_kind(j, ts_tree_cursor_current_node(&c));
                if (found || ts_tree_cursor_goto_first_child(&c))
                        continue;
                while (more && !ts_tree_cursor_goto_next_sibling(&c))
                        more = ts_tree_cursor_goto_parent(&c);
        }
        ts_tree_cursor_delete(&c);
        return found;
}

static bool judge_within(struct judge *j, TSNode node)
{
        for (unsigned n = 0; n < ANCESTORS_MAX; n++) {
                enum role role;

                node = ts_node_parent(node);
                if (ts_node_is_null(node))
                        return false;
                if (judge_kind(j, node))
                        return true;
                role = language_role(j->s->language, node);
                if (role == ROLE_FUNCTION || role == ROLE_LAMBDA)
                        return false;
        }
        return false;
}

static bool name_fits(const char *name, const char *pattern)
{
        size_t n = strlen(pattern);

        if (n > 0 && pattern[n - 1] == '*')
                return strncmp(name, pattern, n - 1) == 0;
        return strcmp(name, pattern) == 0;
}

static bool judge_callee(struct judge *j, TSNode node)
{
        char name[IMPORTS_NAME_BYTES];
        uint32_t n;

        if (!imports_resolve(&j->facts->imports, j->s, node, name))
                return false;
        for (uint32_t i = 1; i < j->n_steps; i++)
                if (name_fits(name, argument(j, i, &n)))
                        return true;
        return false;
}

static bool judge_literal(struct judge *j, TSNode node)
{
        return constants_is_literal(&j->facts->constants, j->s, node);
}

static TSNode function_around(const struct source *s, TSNode node)
{
        TSNode at = node;

        for (unsigned n = 0; n < ANCESTORS_MAX && !ts_node_is_null(at); n++) {
                if (language_role(s->language, at) == ROLE_FUNCTION)
                        return at;
                at = ts_node_parent(at);
        }
        return node;
}

/* Does the function declare the name directly inside such a declarator: `*p`, `p[]`? */
static bool judge_declared(struct judge *j, TSNode node)
{
        TSTreeCursor c = ts_tree_cursor_new(function_around(j->s, node));
        uint32_t length, n;
        const char *text = source_text(j->s, node, &length);
        bool found = false, more = true;

        for (unsigned i = 0; more && !found && i < DESCENDANTS_MAX; i++) {
                TSNode at = ts_tree_cursor_current_node(&c);
                TSNode name = ts_node_child_by_field_name(at, "declarator", 10);

                if (!ts_node_is_null(name) && judge_kind(j, at)) {
                        const char *have = source_text(j->s, name, &n);

                        found = same_text(text, length, have, n);
                }
                if (ts_tree_cursor_goto_first_child(&c))
                        continue;
                while (more && !ts_tree_cursor_goto_next_sibling(&c))
                        more = ts_tree_cursor_goto_parent(&c);
        }
        ts_tree_cursor_delete(&c);
        return found;
}

static const struct predicate {
        const char *name;
        bool (*judge)(struct judge *j, TSNode node);
        uint32_t min_arguments;
        bool is_regex;
        bool needs_imports, needs_constants;
} predicates[] = {
        { "eq?", judge_eq, 2 },
        { "match?", judge_match, 2, .is_regex = true },
        { "any-of?", judge_any_of, 2 },
        { "callee?", judge_callee, 2, .needs_imports = true },
        { "kind?", judge_kind, 2 },
        { "has?", judge_has, 2 },
        { "within?", judge_within, 2 },
        { "literal?", judge_literal, 1, .needs_constants = true },
        { "declared?", judge_declared, 2 },
};

static const struct predicate *predicate_find(const char *name, bool *ret_negated)
{
        *ret_negated = strncmp(name, "not-", 4) == 0;
        if (*ret_negated)
                name += 4;
        for (size_t i = 0; i < ARRAY_SIZE(predicates); i++)
                if (strcmp(name, predicates[i].name) == 0)
                        return &predicates[i];
        return NULL;
}

/* ---- compiling ---- */

static int compile_regex(struct matcher *m, uint32_t id, char ret_error[192])
{
        uint32_t length;
        const char *text = ts_query_string_value_for_id(m->query, id, &length);
        PCRE2_SIZE offset;
        int code;

        if (m->regexes[id])
                return 0;
        m->regexes[id] =
                pcre2_compile((PCRE2_SPTR) text, length, PCRE2_DOTALL, &code, &offset, NULL);
        if (!m->regexes[id]) {
                (void) snprintf(ret_error, 192, "regex \"%.120s\": error %d at %zu", text, code,
                                offset);
                return -EBADMSG;
        }
        return 0;
}

static int check_predicate(struct matcher *m, const TSQueryPredicateStep *steps, uint32_t n,
                           char ret_error[192])
{
        const struct predicate *p;
        uint32_t length;
        const char *name;
        bool negated;

        if (steps[0].type != TSQueryPredicateStepTypeString)
                return -EBADMSG;
        name = ts_query_string_value_for_id(m->query, steps[0].value_id, &length);
        p = predicate_find(name, &negated);
        if (!p || n - 1 < p->min_arguments || steps[1].type != TSQueryPredicateStepTypeCapture) {
                (void) snprintf(ret_error, 192,
                                "predicate #%.60s: unknown, or its arguments are wrong", name);
                return -EBADMSG;
        }
        m->needs_imports |= p->needs_imports;
        m->needs_constants |= p->needs_constants;
        if (p->is_regex && steps[2].type == TSQueryPredicateStepTypeString)
                return compile_regex(m, steps[2].value_id, ret_error);
        return 0;
}

/* Calls `each` for every predicate of a pattern; its steps end in one of type Done. */
static int check_pattern(struct matcher *m, uint32_t pattern, char ret_error[192])
{
        uint32_t n, start = 0;
        const TSQueryPredicateStep *steps = ts_query_predicates_for_pattern(m->query, pattern, &n);
        int r = 0;

        for (uint32_t i = 0; r >= 0 && i < n; i++)
                if (steps[i].type == TSQueryPredicateStepTypeDone) {
                        r = check_predicate(m, steps + start, i - start, ret_error);
                        start = i + 1;
                }
        return r;
}

static int limit_regexes(struct matcher *m)
{
        m->data = pcre2_match_data_create(1, NULL);
        m->context = pcre2_match_context_create(NULL);
        m->n_strings = ts_query_string_count(m->query);
        m->regexes = calloc(m->n_strings + 1, sizeof(pcre2_code *));
        if (!m->data || !m->context || !m->regexes)
                return -ENOMEM;
        (void) pcre2_set_match_limit(m->context, REGEX_MATCH_LIMIT);
        (void) pcre2_set_depth_limit(m->context, REGEX_DEPTH_LIMIT);
        (void) pcre2_set_heap_limit(m->context, REGEX_HEAP_KIB);
        return 0;
}

static void find_place(struct matcher *m)
{
        m->finding = UINT32_MAX;
        for (uint32_t i = 0; i < ts_query_capture_count(m->query); i++) {
                uint32_t length;
                const char *name = ts_query_capture_name_for_id(m->query, i, &length);

                if (same_text(name, length, "finding", 7))
                        m->finding = i;
        }
}

static int matcher_build(struct matcher *m, const char *query, uint32_t length, char ret_error[192])
{
        static const char *const errors[] = { "none",    "syntax",    "node type", "field",
                                              "capture", "structure", "language" };
        TSQueryError error = TSQueryErrorNone;
        uint32_t offset = 0;
        int r;

        m->query = ts_query_new(m->language->grammar, query, length, &offset, &error);
        if (!m->query) {
                (void) snprintf(ret_error, 192, "%s error in the query at \"%.40s\"",
                                errors[MIN_OF((size_t) error, ARRAY_SIZE(errors) - 1)],
                                offset < length ? query + offset : "its end");
                return -EBADMSG;
        }
        r = limit_regexes(m);
        for (uint32_t i = 0; r >= 0 && i < ts_query_pattern_count(m->query); i++)
                r = check_pattern(m, i, ret_error);
        find_place(m);
        return r;
}

int matcher_new(struct matcher **ret, const struct language *language, const char *query,
                uint32_t length, char ret_error[192])
{
        struct matcher *m = calloc(1, sizeof(*m));
        int r;

        if (!m)
                return -ENOMEM;
        m->language = language;
        r = matcher_build(m, query, length, ret_error);
        if (r < 0) {
                (void) matcher_free(m);
                return r;
        }
        *ret = m;
        return 0;
}

struct matcher *matcher_free(struct matcher *m)
{
        if (!m)
                return NULL;
        for (uint32_t i = 0; m->regexes && i < m->n_strings; i++)
                pcre2_code_free(m->regexes[i]);
        free(m->regexes);
        pcre2_match_data_free(m->data);
        pcre2_match_context_free(m->context);
        if (m->query)
                ts_query_delete(m->query);
        free(m);
        return NULL;
}

/* ---- matching ---- */

uint64_t matcher_clock_ms(void)
{
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000 + (uint64_t) t.tv_nsec / 1000000;
}

void facts_done(struct facts *facts)
{
        imports_done(&facts->imports);
        constants_done(&facts->constants);
}

static bool holds(struct judge *j, const TSQueryPredicateStep *steps, uint32_t n)
{
        uint32_t length;
        bool negated;
        const struct predicate *p = predicate_find(
                ts_query_string_value_for_id(j->m->query, steps[0].value_id, &length), &negated);
        TSNode node;

        if (!capture_node(j->match, steps[1].value_id, &node))
                return true;
        j->steps = steps + 1;
        j->n_steps = n - 1;
        return p->judge(j, node) != negated;
}

static bool all_hold(struct judge *j)
{
        uint32_t n, start = 0;
        const TSQueryPredicateStep *steps =
                ts_query_predicates_for_pattern(j->m->query, j->match->pattern_index, &n);

        for (uint32_t i = 0; i < n; i++)
                if (steps[i].type == TSQueryPredicateStepTypeDone) {
                        if (!holds(j, steps + start, i - start))
                                return false;
                        start = i + 1;
                }
        return true;
}

int matcher_run(struct matcher *m, const struct source *s, struct facts *facts,
                TSQueryCursor *cursor, int (*found)(void *owner, const struct match *match),
                void *owner)
{
        struct judge j = { .m = m, .s = s, .facts = facts };
        TSQueryMatch match;
        int r = m->needs_imports ? imports_read(&facts->imports, s) : 0;

        if (r >= 0 && m->needs_constants)
                r = constants_read(&facts->constants, s);
        ts_query_cursor_set_match_limit(cursor, MATCHES_IN_FLIGHT);
        ts_query_cursor_exec(cursor, m->query, ts_tree_root_node(s->tree));
        while (r >= 0 && ts_query_cursor_next_match(cursor, &match)) {
                struct match hit = { .query = &match, .matcher = m };

                if (facts->deadline_ms && matcher_clock_ms() > facts->deadline_ms)
                        return -ETIME;
                j.match = &match;
                if (match.capture_count == 0 || !all_hold(&j))
                        continue;
                if (m->finding == UINT32_MAX || !capture_node(&match, m->finding, &hit.place))
                        hit.place = match.captures[0].node;
                r = found(owner, &hit);
        }
        return r;
}

bool match_capture(const struct match *match, const char *name, size_t length, TSNode *ret)
{
        const TSQuery *query = match->matcher->query;

        for (uint32_t i = 0; i < ts_query_capture_count(query); i++) {
                uint32_t n;
                const char *have = ts_query_capture_name_for_id(query, i, &n);

                if (n == length && memcmp(have, name, n) == 0)
                        return capture_node(match->query, i, ret);
        }
        return false;
}
