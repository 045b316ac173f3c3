/* SPDX-License-Identifier: Apache-2.0 */
#include "review.h"

#include "scan/context.h"
#include "scan/waiver.h"

#include <stdio.h>

#define WAIVED_LINES  40 /* a waiver at the end of a longer place is about something else */
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
static bool is_test(const struct source *s)
{
        enum context context = context_of(s->path);

        return context == CONTEXT_TEST || context == CONTEXT_FIXTURE;
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

/* A person looked at this line and said so, in the words of other tools that people know. */
static bool is_waived_elsewhere(const struct source *s, uint32_t row)
{
        static const char *const marks[] = { "nosec", "NOSONAR", "NOLINT", "gosec:disable" };
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
        if (is_waived_elsewhere(b->s, f.start.row) || is_waived_elsewhere(b->s, f.end.row)) {
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

#define TAGS_MAX 16

/* The rule's tags, and what is added for this place. */
struct tags {
        const char *list[TAGS_MAX + 1];
        size_t n;
};

static void add_tag(struct tags *tags, const char *tag)
{
        if (tag && tags->n < TAGS_MAX)
                tags->list[tags->n++] = tag;
}

/* -E2BIG of the host ends the telling, not the review. */
static int send(struct review *review, const struct linhay_finding *finding)
{
        int r = linhay_finding(review->run, finding);

        if (r == -E2BIG)
                review->is_full = true;
        return r == -E2BIG ? 0 : r;
}

static int count_and_send(struct review *review, const struct linhay_finding *finding)
{
        int r = send(review, finding);

        if (r >= 0 && !review->is_full)
                review->by_severity[finding->severity]++;
        return r;
}

/* A waiver has to say why; this finding is one of the same control. */
static int tell_bare_waiver(struct review *review, const struct linhay_finding *waived)
{
        char rule[64];
        struct linhay_finding f = *waived;

        (void) snprintf(rule, sizeof(rule), "%.*s/waiver-without-reason",
                        (int) MIN_OF(strcspn(waived->rule, "/"), (size_t) 32), waived->rule);
        f.rule = rule;
        f.severity = LINHAY_SEVERITY_LOW;
        f.message = "a finding is waived here without saying why";
        f.fix = "Write the reason behind the brackets: linhay: ignore[RULE] REASON.";
        f.cwe = f.tags = NULL;
        return count_and_send(review, &f);
}

/* Is the finding waived for its first or its last line? */
static bool find_waiver(const struct source *s, const struct linhay_finding *f, struct waiver *ret)
{
        uint32_t last = MAX_OF(f->line, f->end_line);

        return waiver_find(s->data, s->length, s->lines[f->line - 1], f->rule, ret) ||
               (last - f->line < WAIVED_LINES && last <= s->n_lines &&
                waiver_find(s->data, s->length, s->lines[last - 1], f->rule, ret) &&
                !ret->is_line_before);
}

/* Tells a finding with what its file's context and a waiver change about it. */
static int tell(struct review *review, const struct source *s, const struct linhay_finding *finding)
{
        enum context context = context_of(s->path);
        char message[CONTEXT_MESSAGE + MESSAGE_BYTES], reason[sizeof(WAIVER_REASON) + WAIVER_MAX];
        struct linhay_finding f = *finding;
        struct waiver waiver = { 0 };
        struct tags tags = { 0 };

        for (const char *const *tag = f.tags; tag && *tag; tag++)
                add_tag(&tags, *tag);
        add_tag(&tags, context_tag(context));
        context_message(message, sizeof(message), context, f.severity, f.message);
        f.message = message;
        f.severity = context_severity(context, f.severity);
        f.tags = tags.list;
        if (!find_waiver(s, &f, &waiver))
                return count_and_send(review, &f);

        review->n_waived++;
        add_tag(&tags, WAIVER_TAG);
        (void) snprintf(reason, sizeof(reason), WAIVER_REASON "%s", waiver.reason);
        if (*waiver.reason)
                add_tag(&tags, reason);
        else if (tell_bare_waiver(review, &f) < 0)
                return -EIO;
        return send(review, &f);
}

static int tell_finding(struct review *review, const struct source *s, const struct finding *f)
{
        char excerpt[SOURCE_EXCERPT_MAX + 1];
        const struct rule *rule = f->rule;

        source_excerpt(s, f->start, f->end, excerpt);
        return tell(review, s,
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
        bool in_test = is_test(b->s);
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

/* One measure of a function: "nests", 6, "levels deep". */
struct limit {
        const char *tag, *verb, *before, *after, *fix;
        int64_t max;
        uint32_t value;
};

enum { LIMITS = 5 };

static bool is_past(const struct limit *l)
{
        return l->max > 0 && (int64_t) l->value > l->max;
}

/* How often its maximum a value is, in hundredths. */
static uint64_t excess(const struct limit *l)
{
        return is_past(l) ? 100 * (uint64_t) l->value / (uint64_t) l->max : 0;
}

/* "f is 142 lines long (limit 100), nests 6 levels deep (limit 4) and takes 9 parameters (limit 7)"
 */
static void limits_message(char *ret, size_t size, const char *name, const struct limit *limits)
{
        size_t n = 0, told = 0, used;
        const char *verb = "";

        for (size_t i = 0; i < LIMITS; i++)
                n += is_past(&limits[i]);
        used = (size_t) snprintf(ret, size, "%s", name);
        for (size_t i = 0; i < LIMITS && used < size; i++) {
                const struct limit *l = &limits[i];

                if (!is_past(l))
                        continue;
                used += (size_t) snprintf(ret + used, size - used, "%s%s%s%u%s (limit %lld)",
                                          told == 0       ? ""
                                          : told + 1 == n ? " and"
                                                          : ",",
                                          strcmp(verb, l->verb) == 0 ? " " : l->verb, l->before,
                                          l->value, l->after, (long long) l->max);
                verb = l->verb;
                told++;
        }
}

static int tell_limits(struct review *review, const struct source *s, const struct function_row *f,
                       const struct limit *limits)
{
        static const char *const cwe[] = { "CWE-1120", NULL }; /* excessive code complexity */
        char message[MESSAGE_BYTES + NAME_MAX_BYTES], excerpt[SOURCE_EXCERPT_MAX + 1];
        const struct limit *worst = &limits[0];
        TSPoint place = { .row = f->line - 1, .column = f->column - 1 };
        struct tags tags = { 0 };

        add_tag(&tags, "maintainability");
        for (size_t i = 0; i < LIMITS; i++) {
                if (is_past(&limits[i]))
                        add_tag(&tags, limits[i].tag);
                if (excess(&limits[i]) > excess(worst))
                        worst = &limits[i];
        }
        if (!is_past(worst))
                return 0;
        limits_message(message, sizeof(message), f->name, limits);
        source_excerpt(s, place, place, excerpt);
        return tell(review, s,
                    &LINHAY_FINDING(.severity = excess(worst) > 200 ? LINHAY_SEVERITY_MEDIUM
                                                                    : LINHAY_SEVERITY_LOW,
                                    .rule = REVIEW_FUNCTION_RULE, .message = message,
                                    .path = s->path, .line = f->line,
                                    .column = f->line == f->end_line ? f->column : 1,
                                    .end_line = f->end_line, .excerpt = excerpt, .fix = worst->fix,
                                    .cwe = cwe, .tags = tags.list));
}

/* What is too much about a function is one finding, however many limits it is past. */
static int tell_function(struct review *review, const struct source *s,
                         const struct function_row *f)
{
        const struct thresholds *t = &review->thresholds;
        const struct limit limits[LIMITS] = {
                { "lines", " is ", "", " lines long",
                  "Split it into functions of one level of abstraction each.", t->function_lines,
                  f->nloc },
                { "nesting", " nests ", "", " levels deep",
                  "Turn conditions around and leave early, or move the inner part out.", t->nesting,
                  f->nesting },
                { "cyclomatic", " has ", "a cyclomatic complexity of ", "",
                  "Split it by task, or replace branches with a table.", t->cyclomatic,
                  f->cyclomatic },
                { "cognitive", " has ", "a cognitive complexity of ", "",
                  "Return early, and give nested parts a name of their own.", t->cognitive,
                  f->cognitive },
                { "parameters", " takes ", "", " parameters",
                  "Pass what belongs together as one object.", t->parameters, f->params },
        };

        return tell_limits(review, s, f, limits);
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
