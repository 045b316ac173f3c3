/* SPDX-License-Identifier: Apache-2.0 */
#include "review.h"

#include <stdio.h>

#define MESSAGE_BYTES 512
#define CAPTURE_BYTES 80 /* shown of a capture in a message */

struct finding {
        const struct rule *rule;
        TSPoint start, end;
        char *message; /* NULL = the rule's */
};

/* The findings of one file, until they are sorted and told. */
struct batch {
        struct review *review;
        const struct source *s;
        const struct rule *rule; /* the one that is running */
        struct finding *items;
        size_t n_items, size;
        bool is_cut;
};

bool review_is_named(const char *rule, const char *name)
{
        size_t n = strlen(name);

        return strcmp(rule, name) == 0 ||
               (n > 0 && name[n - 1] == '/' && strncmp(rule, name, n) == 0);
}

static bool is_off(const struct rule *rule, const char *const *off)
{
        for (; off && *off; off++)
                if (review_is_named(rule->id, *off))
                        return true;
        return false;
}

int review_open(struct review *review, struct linhay_run *run, const char *const *off,
                char ret_error[256])
{
        int r;

        review->run = run;
        review->cursor = ts_query_cursor_new();
        r = rules_load(&review->rules, ret_error);
        for (size_t i = 0; r >= 0 && i < review->rules.n_items; i++)
                review->rules.items[i].is_off = is_off(&review->rules.items[i], off);
        return r;
}

void review_close(struct review *review)
{
        rules_done(&review->rules);
        if (review->cursor)
                ts_query_cursor_delete(review->cursor);
        review->cursor = NULL;
}

/* ---- which rules look at a file ---- */

static bool has_keyword(const struct rule *rule, const struct source *s)
{
        if (!rule->keywords[0])
                return true;
        for (size_t i = 0; rule->keywords[i]; i++)
                if (memmem(s->data, s->length, rule->keywords[i], strlen(rule->keywords[i])))
                        return true;
        return false;
}

/* Tests do on purpose what the program should not do. */
static bool is_test(const char *path)
{
        static const char *const folders[] = { "test/", "tests/", "testing/", "__tests__/",
                                               "spec/" };
        static const char *const endings[] = { "_test.py",  "_test.go",    ".test.js",  ".spec.js",
                                               ".test.ts",  ".spec.ts",    ".test.tsx", ".spec.tsx",
                                               ".test.jsx", "/conftest.py" };
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        size_t n = strlen(path);

        for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
                const char *at = strstr(path, folders[i]);

                if (at && (at == path || at[-1] == '/'))
                        return true;
        }
        for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
                if (n > strlen(endings[i]) &&
                    strcmp(path + n - strlen(endings[i]), endings[i]) == 0)
                        return true;
        return strncmp(name, "test_", 5) == 0;
}

static bool applies(const struct rule *rule, const struct source *s, bool in_test)
{
        return !rule->is_off && (rule->languages & (1U << s->language->id)) &&
               !(rule->skips_tests && in_test) && has_keyword(rule, s);
}

/* ---- messages ---- */

/* The text of a rule with {name} replaced by the capture; NULL where there is nothing to replace.
 */
static char *message_of(const struct rule *rule, const struct source *s, const struct match *match)
{
        char text[MESSAGE_BYTES];
        size_t used = 0;

        if (!strchr(rule->message, '{'))
                return NULL;
        for (const char *p = rule->message; *p && used + CAPTURE_BYTES + 1 < sizeof(text);) {
                const char *close = *p == '{' ? strchr(p, '}') : NULL;
                TSNode node;
                uint32_t n;
                const char *source;

                if (!close || !match_capture(match, p + 1, (size_t) (close - p - 1), &node)) {
                        text[used++] = *p++;
                        continue;
                }
                source = source_text(s, node, &n);
                used += text_clean(text + used, CAPTURE_BYTES, source, n, false);
                p = close + 1;
        }
        text[used] = '\0';
        return strdup(text);
}

/* A person looked at this line and said so, in the words of the tools that people know. */
static bool is_waived(const struct source *s, uint32_t row)
{
        static const char *const marks[] = { "linhay: ignore", "nosec", "NOSONAR", "NOLINT",
                                             "gosec:disable" };
        uint32_t length;
        const char *line = source_line(s, row, &length);

        for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
                const char *at = memmem(line, length, marks[i], strlen(marks[i]));

                if (at && (memchr(line, '#', (size_t) (at - line)) ||
                           memmem(line, (size_t) (at - line), "//", 2) ||
                           memmem(line, (size_t) (at - line), "/*", 2)))
                        return true;
        }
        return false;
}

static int found(void *owner, const struct match *match)
{
        struct batch *b = owner;
        struct finding f = {
                .rule = b->rule,
                .start = ts_node_start_point(match->place),
                .end = ts_node_end_point(match->place),
        };

        if (b->n_items >= REVIEW_FILE_FINDINGS) {
                b->is_cut = true;
                return -ECANCELED;
        }
        if (ARRAY_GROW(b->items, b->n_items, b->size) < 0)
                return -ENOMEM;
        if (is_waived(b->s, f.start.row) || is_waived(b->s, f.end.row)) {
                b->review->n_waived++;
                return 0;
        }
        f.message = message_of(b->rule, b->s, match);
        b->items[b->n_items++] = f;
        return 0;
}

/* ---- telling ---- */

static int compare(const void *a, const void *b)
{
        const struct finding *x = a, *y = b;
        int64_t rows = (int64_t) x->start.row - y->start.row;
        int64_t columns = (int64_t) x->start.column - y->start.column;

        if (rows || columns)
                return rows ? (rows > 0) - (rows < 0) : (columns > 0) - (columns < 0);
        return strcmp(x->rule->id, y->rule->id);
}

/* -E2BIG of the host ends the telling, not the review. */
static int tell(struct review *review, const struct linhay_finding *finding)
{
        int r = linhay_finding(review->run, finding);

        if (r == -E2BIG)
                review->is_full = true;
        else if (r >= 0)
                review->by_severity[finding->severity]++;
        return r == -E2BIG ? 0 : r;
}

static int tell_finding(struct review *review, const struct source *s, const struct finding *f)
{
        char excerpt[SOURCE_EXCERPT_MAX * 3];
        const struct rule *rule = f->rule;

        source_excerpt(s, f->start.row, f->end.row, excerpt);
        return tell(review,
                    &LINHAY_FINDING(.severity = rule->severity, .rule = rule->id,
                                    .message = f->message ? f->message : rule->message,
                                    .path = s->path, .line = f->start.row + 1,
                                    .column = f->start.column + 1, .end_line = f->end.row + 1,
                                    .end_column = f->end.column + 1, .excerpt = excerpt,
                                    .fix = rule->fix, .cwe = rule->cwe, .tags = rule->tags));
}

static int tell_batch(struct batch *b)
{
        int r = 0;

        if (b->n_items > 0)
                qsort(b->items, b->n_items, sizeof(*b->items), compare);
        for (size_t i = 0; r >= 0 && i < b->n_items && !b->review->is_full; i++)
                if (i == 0 || compare(&b->items[i - 1], &b->items[i]) != 0)
                        r = tell_finding(b->review, b->s, &b->items[i]);
        return r;
}

static void batch_done(struct batch *b)
{
        for (size_t i = 0; i < b->n_items; i++)
                free(b->items[i].message);
        free(b->items);
}

static int run_rules(struct batch *b)
{
        __attribute__((cleanup(facts_done))) struct facts facts = {
                .deadline_ms = matcher_clock_ms() + REVIEW_FILE_MS
        };
        struct rules *rules = &b->review->rules;
        bool in_test = is_test(b->s->path);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < rules->n_items; i++) {
                struct rule *rule = &rules->items[i];
                struct matcher *m;
                char error[256];

                if (!applies(rule, b->s, in_test))
                        continue;
                r = rule_compile(rule, b->s->language, &m, error);
                if (r == -EBADMSG)
                        linhay_log(b->review->run, LINHAY_ERROR, "%s", error);
                if (r < 0)
                        return r;
                b->rule = rule;
                r = matcher_run(m, b->s, &facts, b->review->cursor, found, b);
        }
        if (r == -ETIME)
                b->is_cut = true;
        return r == -ECANCELED || r == -ETIME ? 0 : r;
}

/* ---- thresholds ---- */

struct limit {
        const char *rule, *what, *fix;
        int64_t max;
        uint32_t value;
};

static int tell_limit(struct review *review, const struct source *s, const struct function_row *f,
                      const struct limit *limit)
{
        static const char *const tags[] = { "maintainability", NULL };
        static const char *const cwe[] = { "CWE-1120", NULL }; /* excessive code complexity */
        char message[MESSAGE_BYTES + NAME_MAX_BYTES], excerpt[SOURCE_EXCERPT_MAX * 3];
        bool far = limit->value > 2 * (uint64_t) limit->max;

        if (limit->max <= 0 || (int64_t) limit->value <= limit->max)
                return 0;
        (void) snprintf(message, sizeof(message), "%s has %s of %u; at most %lld is wanted",
                        f->name, limit->what, limit->value, (long long) limit->max);
        source_excerpt(s, f->line - 1, f->line - 1, excerpt);
        return tell(review,
                    &LINHAY_FINDING(.severity = far ? LINHAY_SEVERITY_MEDIUM : LINHAY_SEVERITY_LOW,
                                    .rule = limit->rule, .message = message, .path = s->path,
                                    .line = f->line,
                                    .column = f->line == f->end_line ? f->column : 1,
                                    .end_line = f->end_line, .excerpt = excerpt, .fix = limit->fix,
                                    .cwe = cwe, .tags = tags));
}

static int tell_function(struct review *review, const struct source *s,
                         const struct function_row *f)
{
        const struct thresholds *t = &review->thresholds;
        const struct limit limits[] = {
                { "complexity/cognitive", "a cognitive complexity",
                  "Return early, and give nested parts a name of their own.", t->cognitive,
                  f->cognitive },
                { "complexity/cyclomatic", "a cyclomatic complexity",
                  "Split it by task, or replace branches with a table.", t->cyclomatic,
                  f->cyclomatic },
                { "complexity/nesting", "a nesting depth",
                  "Turn conditions around and leave early, or move the inner part out.", t->nesting,
                  f->nesting },
                { "size/function-lines", "a length in lines of code",
                  "Split it into functions of one level of abstraction each.", t->function_lines,
                  f->nloc },
                { "size/parameters", "a number of parameters",
                  "Pass what belongs together as one object.", t->parameters, f->params },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(limits) && !review->is_full; i++)
                r = tell_limit(review, s, f, &limits[i]);
        return r;
}

int review_source(struct review *review, const struct source *s, const struct metrics *m)
{
        __attribute__((cleanup(batch_done))) struct batch b = { .review = review, .s = s };
        int r = run_rules(&b);

        if (r >= 0)
                r = tell_batch(&b);
        for (size_t i = 0; r >= 0 && i < m->n_rows && !review->is_full; i++)
                r = tell_function(review, s, &m->rows[i]);
        return r < 0 ? r : b.is_cut;
}
