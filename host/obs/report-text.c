/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unit.h"
#include "obs/page.h"
#include "obs/view.h"

#include <inttypes.h>
#include <string.h>

#define PLACES_STANDARD 3
#define LINES_STANDARD  14 /* of findings, where not all are asked for */

enum ink { INK_OFF, INK_BOLD, INK_DIM, INK_RED, INK_GREEN, INK_YELLOW, INK_BLUE, INK_MAGENTA };

static const char *const inks[] = {
        [INK_OFF] = "\033[0m",    [INK_BOLD] = "\033[1m",       [INK_DIM] = "\033[2m",
        [INK_RED] = "\033[1;31m", [INK_GREEN] = "\033[32m",     [INK_YELLOW] = "\033[33m",
        [INK_BLUE] = "\033[34m",  [INK_MAGENTA] = "\033[1;35m",
};

static const enum ink severity_inks[SEVERITIES_] = {
        [SEVERITY_INFO] = INK_DIM,         [SEVERITY_LOW] = INK_BLUE,
        [SEVERITY_MEDIUM] = INK_YELLOW,    [SEVERITY_HIGH] = INK_RED,
        [SEVERITY_CRITICAL] = INK_MAGENTA,
};

static const struct {
        const char *state, *mark;
        enum ink ink;
} marks[] = {
        { "done", "✔", INK_GREEN },  { "failed", "✘", INK_RED },       { "skipped", "–", INK_DIM },
        { "held", "◆", INK_YELLOW }, { "cancelled", "■", INK_YELLOW }, { "running", "▶", INK_BLUE },
};

static const enum ink outcome_inks[OUTCOMES_] = {
        [OUTCOME_PASSED] = INK_GREEN,     [OUTCOME_FINDINGS] = INK_RED,
        [OUTCOME_WAITING] = INK_YELLOW,   [OUTCOME_FAILED] = INK_RED,
        [OUTCOME_CANCELLED] = INK_YELLOW, [OUTCOME_RUNNING] = INK_BLUE,
        [OUTCOME_STOPPED] = INK_YELLOW,
};

static const char *ink(const struct page *p, enum ink i)
{
        return p->o->has_colour ? inks[i] : "";
}

#define PRINT page_printf

static void head_print(struct page *p, const struct view *v)
{
        char took[48], started[64];

        view_took(took, sizeof(took), v);
        view_time(started, sizeof(started), view_number(v->document, "started"));
        PRINT(p, "%s%s%s  %s%s%s  %s\n\n", ink(p, INK_BOLD), view_text(v->document, "flow"),
              ink(p, INK_OFF), ink(p, outcome_inks[v->outcome]), v->word, ink(p, INK_OFF),
              v->sentence);
        PRINT(p, "  run   %s\n  tree  ", view_text(v->document, "run"));
        page_plain(p, view_text(v->document, "workspace"));
        PRINT(p, "\n  time  %s%s\n\n", started, took);
}

static void place_print(struct page *p, const json_t *finding)
{
        char place[1024];

        view_place(place, sizeof(place), finding);
        PRINT(p, "%s", *place ? place : "(the whole tree)");
}

/* What to look at first: worth a section only where there is much to look at. */
static void focus_print(struct page *p, const struct view *v)
{
        const struct focus *f = &v->focus;

        if (v->n_groups <= FOCUS_FINDINGS || f->n + (f->path != NULL) == 0)
                return;
        PRINT(p, "%sLook first at%s\n", ink(p, INK_BOLD), ink(p, INK_OFF));
        for (size_t i = 0; i < f->n; i++) {
                enum severity s = finding_severity(f->findings[i]);

                PRINT(p, "  %zu. ", i + 1);
                place_print(p, f->findings[i]);
                PRINT(p, "  %s%s%s: %s\n", ink(p, severity_inks[s]), severity_name(s),
                      ink(p, INK_OFF), view_text(f->findings[i], "message"));
        }
        if (f->path)
                PRINT(p, "  %zu. %s  has most of the findings: %zu of %zu\n", f->n + 1, f->path,
                      f->path_n, v->tally.n);
        PRINT(p, "\n");
}

/* Columns of the table of steps. */
struct widths {
        size_t id, work;
};

static size_t id_columns(const json_t *step)
{
        size_t n = strlen(view_text(step, "id"));

        return json_is_integer(json_object_get(step, "item")) ? n + 8 : n;
}

static struct widths widths_measure(const json_t *steps)
{
        struct widths w = { 0 };
        json_t *step;
        size_t i;

        json_array_foreach (steps, i, step) {
                w.id = MAX_OF(w.id, id_columns(step));
                w.work = MAX_OF(w.work, strlen(view_text(step, "agent")) + 1 +
                                                strlen(view_text(step, "action")));
        }
        return (struct widths){ MIN_OF(w.id, (size_t) 40), MIN_OF(w.work, (size_t) 48) };
}

static const char *mark_of(const char *state, enum ink *ret_ink)
{
        *ret_ink = INK_DIM;
        for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
                if (strcmp(marks[i].state, state) != 0)
                        continue;
                *ret_ink = marks[i].ink;
                return marks[i].mark;
        }
        return "·";
}

static void step_print(struct page *p, const json_t *step, struct widths w)
{
        const char *state = view_text(step, "state"), *why = view_step_why(step), *mark;
        size_t n = json_array_size(json_object_get(step, "findings")),
               tries = json_array_size(json_object_get(step, "attempts"));
        char took[32] = "", id[128], work[192];
        enum ink colour;

        mark = mark_of(state, &colour);
        if (json_is_integer(json_object_get(step, "item")))
                (void) snprintf(id, sizeof(id), "%s/%" PRIu64, view_text(step, "id"),
                                view_number(step, "item"));
        else
                (void) snprintf(id, sizeof(id), "%s", view_text(step, "id"));
        (void) snprintf(work, sizeof(work), "%s %s", view_text(step, "agent"),
                        view_text(step, "action"));
        if (tries > 0)
                duration_format(took, sizeof(took), view_step_ms(step));

        PRINT(p, "  %s%s%s %s%-*s%s  %s%-*s%s  %-9s %8s", ink(p, colour), mark, ink(p, INK_OFF),
              ink(p, INK_BOLD), (int) w.id, id, ink(p, INK_OFF), ink(p, INK_DIM), (int) w.work,
              work, ink(p, INK_OFF), state, took);
        if (n > 0)
                PRINT(p, "  %zu %s", n, view_plural(n, "finding", "findings"));
        if (tries > 1)
                PRINT(p, "  %zu attempts", tries);
        if (*why)
                PRINT(p, "  %s%s%s", ink(p, INK_DIM), why, ink(p, INK_OFF));
        PRINT(p, "\n");
}

static void steps_print(struct page *p, const struct view *v)
{
        const json_t *steps = json_object_get(v->document, "steps");
        struct widths w = widths_measure(steps);
        json_t *step;
        size_t i;

        PRINT(p, "%sSteps%s\n", ink(p, INK_BOLD), ink(p, INK_OFF));
        json_array_foreach (steps, i, step)
                step_print(p, step, w);
        PRINT(p, "\n");
}

/* The excerpt on one line, cut to what is left of the width at a character's border. */
static void excerpt_print(struct page *p, const json_t *finding, size_t room)
{
        const char *text = view_text(finding, "excerpt");
        size_t start = strspn(text, " \t"), n = strcspn(text + start, "\n");

        text += start;
        if (n == 0)
                return;
        if (n > room) {
                n = room;
                while (n > 0 && ((unsigned char) text[n] & 0xC0) == 0x80)
                        n--;
        }
        PRINT(p, "  %s%.*s%s", ink(p, INK_DIM), (int) n, text, ink(p, INK_OFF));
}

/* What is found at one place: the excerpt, or its own message where the group has not one for all.
 */
static void detail_print(struct page *p, const struct view_group *g, const json_t *finding,
                         size_t used)
{
        size_t width = p->o->width ? p->o->width : 100;

        if (g->is_uniform)
                excerpt_print(p, finding, used < width ? MAX_OF(width - used, (size_t) 20) : 20);
        else
                PRINT(p, "  %s", view_text(finding, "message"));
        PRINT(p, "\n");
}

static void heading_print(struct page *p, const struct view_group *g)
{
        PRINT(p, "  %s%-8s%s %s%s%s", ink(p, severity_inks[g->severity]),
              severity_name(g->severity), ink(p, INK_OFF), ink(p, INK_BOLD), g->rule,
              ink(p, INK_OFF));
        if (g->n > 1)
                PRINT(p, "  %s×%zu%s", ink(p, INK_DIM), g->n, ink(p, INK_OFF));
}

#define INDENT "           "

static size_t places_of(const struct page *p, const struct view_group *g)
{
        size_t most = p->o->places ? p->o->places : PLACES_STANDARD;

        return p->o->is_all ? g->n : MIN_OF(g->n, most);
}

static void standards_print(struct page *p, const struct view_group *g)
{
        _cleanup_(freep) char *text = view_standards(g);

        if (text && *text)
                PRINT(p, INDENT "%sref:%s %s\n", ink(p, INK_DIM), ink(p, INK_OFF), text);
}

/* The rule, what it says, places with excerpts, how to mend it. */
static void group_print(struct page *p, const struct view_group *g)
{
        const char *fix = view_text(g->findings[0], "fix");
        size_t most = places_of(p, g);

        heading_print(p, g);
        PRINT(p, "\n");
        if (g->is_uniform)
                PRINT(p, INDENT "%s\n", view_text(g->findings[0], "message"));
        for (size_t i = 0; i < most; i++) {
                char place[1024];

                view_place(place, sizeof(place), g->findings[i]);
                PRINT(p, INDENT "%s", *place ? place : "(the whole tree)");
                detail_print(p, g, g->findings[i], sizeof(INDENT) + strlen(place) + 3);
        }
        if (g->n > most)
                PRINT(p, INDENT "%s… and %zu more %s%s\n", ink(p, INK_DIM), g->n - most,
                      view_plural(g->n - most, "place", "places"), ink(p, INK_OFF));
        if (*fix)
                PRINT(p, INDENT "%sfix:%s %s\n", ink(p, INK_GREEN), ink(p, INK_OFF), fix);
        standards_print(p, g);
}

static bool has_standards(const struct view_group *g)
{
        _cleanup_(freep) char *text = view_standards(g);

        return text && *text;
}

static size_t group_lines(const struct page *p, const struct view_group *g)
{
        size_t most = places_of(p, g);

        return 1 + g->is_uniform + most + (g->n > most) + (*view_text(g->findings[0], "fix") != 0) +
               has_standards(g);
}

/* The same on two lines. */
static void group_print_short(struct page *p, const struct view_group *g)
{
        char place[1024], more[64] = "";

        if (g->n > 1)
                (void) snprintf(more, sizeof(more), " and %zu more %s", g->n - 1,
                                view_plural(g->n - 1, "place", "places"));
        heading_print(p, g);
        if (g->is_uniform)
                PRINT(p, "  %s", view_text(g->findings[0], "message"));
        view_place(place, sizeof(place), g->findings[0]);
        PRINT(p, "\n" INDENT "%s%s%s%s", *place ? place : "(the whole tree)", ink(p, INK_DIM), more,
              ink(p, INK_OFF));
        detail_print(p, g, g->findings[0], sizeof(INDENT) + strlen(place) + strlen(more) + 3);
}

enum { SHORT_LINES = 2, RULES_NAMED = 5 };

/* Groups of one severity on one line; returns how many. */
static size_t groups_sum_up(struct page *p, const struct view_group *groups, size_t n)
{
        enum severity severity = groups[0].severity;
        size_t i, sum = 0, named = MIN_OF(n, (size_t) RULES_NAMED);

        for (i = 0; i < n && groups[i].severity == severity; i++)
                sum += groups[i].n;
        named = MIN_OF(i, named);
        PRINT(p, "  %s%-8s%s %zu more:", ink(p, severity_inks[severity]), severity_name(severity),
              ink(p, INK_OFF), sum);
        for (size_t j = 0; j < named; j++)
                PRINT(p, "%s %s ×%zu", j ? "," : "", groups[j].rule, groups[j].n);
        if (i > named)
                PRINT(p, " and %zu more %s", i - named, view_plural(i - named, "rule", "rules"));
        PRINT(p, "\n");
        return i;
}

/* Worst first, in full as long as there is room; from high on more than the place is told. */
static void groups_print(struct page *p, const struct view *v)
{
        size_t room = LINES_STANDARD, i;

        for (i = 0; i < v->n_groups; i++) {
                const struct view_group *g = &v->groups[i];
                bool is_few = v->n_groups <= FOCUS_FINDINGS || g->severity >= SEVERITY_HIGH;
                size_t lines = is_few ? group_lines(p, g) : SHORT_LINES;

                if (p->o->is_all || (is_few && lines <= room)) {
                        group_print(p, g);
                } else if (SHORT_LINES <= room) {
                        group_print_short(p, g);
                        lines = SHORT_LINES;
                } else {
                        break;
                }
                room -= p->o->is_all ? 0 : lines;
        }
        while (i < v->n_groups)
                i += groups_sum_up(p, &v->groups[i], v->n_groups - i);
}

static void waived_print(struct page *p, const struct view *v)
{
        const struct tally *t = &v->tally;

        if (t->n_waived == 0)
                return;
        PRINT(p, "\n  %zu %s waived by a comment in the source%s\n", t->n_waived,
              view_plural(t->n_waived, "finding is", "findings are"), p->o->is_all ? ":" : "");
        for (size_t i = 0; p->o->is_all && i < t->n_waived; i++) {
                const char *reason;

                (void) finding_is_waived(t->waived[i], &reason);
                PRINT(p, INDENT);
                place_print(p, t->waived[i]);
                PRINT(p, "  %s: %s\n", view_text(t->waived[i], "rule"),
                      *reason ? reason : "(no reason is given)");
        }
}

/* Stands by the findings: without it, none would read as nothing wrong anywhere. */
static void gaps_print(struct page *p, const struct view *v)
{
        if (v->gaps.total == 0)
                return;
        PRINT(p, "%sNot looked at%s  ", ink(p, INK_YELLOW), ink(p, INK_OFF));
        page_plain(p, v->not_looked_at);
        PRINT(p, "\n");
        for (size_t i = 0; p->o->is_all && i < v->gaps.n; i++) {
                PRINT(p, INDENT);
                page_plain(p, v->gaps.list[i].path);
                PRINT(p, "  ");
                page_plain(p, v->gaps.list[i].reason);
                PRINT(p, ", in step %s\n", v->gaps.list[i].step);
        }
        PRINT(p, "\n");
}

/* Stars in a log are not what its author wrote. */
static void masked_print(struct page *p, const struct view *v)
{
        bool is_first = true;
        char text[256];
        json_t *step;
        size_t i;

        json_array_foreach (json_object_get(v->document, "steps"), i, step) {
                view_step_masked(text, sizeof(text), step);
                if (!*text)
                        continue;
                if (is_first)
                        PRINT(p, "%sSecrets%s\n", ink(p, INK_YELLOW), ink(p, INK_OFF));
                is_first = false;
                PRINT(p, "  %s\n", text);
        }
        if (!is_first)
                PRINT(p, "\n");
}

/* What was looked for, and how much of it was found in order. */
static void controls_print(struct page *p, const struct view *v)
{
        const struct controls *c = &v->controls;

        if (c->n == 0)
                return;
        PRINT(p, "%sControls%s\n", ink(p, INK_BOLD), ink(p, INK_OFF));
        for (size_t i = 0; i < c->n; i++) {
                const struct control *of = &c->list[i];

                if (of->is_idle && of->findings == 0) {
                        PRINT(p, "  %s– %-10s       %s%s\n", ink(p, INK_DIM), of->name,
                              control_word(of), ink(p, INK_OFF));
                        continue;
                }
                PRINT(p, "  %s%s%s %-10s %5" PRIu64 " of %" PRIu64 " checks passed",
                      ink(p, of->is_passed ? INK_GREEN : INK_RED), of->is_passed ? "✔" : "✘",
                      ink(p, INK_OFF), of->name, of->checks - of->failed, of->checks);
                for (size_t s = SEVERITIES_; s-- > 0;)
                        if (of->by_severity[s] > 0)
                                PRINT(p, "  %s%zu %s%s", ink(p, severity_inks[s]),
                                      of->by_severity[s], severity_name((enum severity) s),
                                      ink(p, INK_OFF));
                PRINT(p, "\n");
        }
        PRINT(p, "\n");
}

static void findings_print(struct page *p, const struct view *v)
{
        PRINT(p, "%sFindings%s ", ink(p, INK_BOLD), ink(p, INK_OFF));
        if (v->tally.n == 0)
                PRINT(p, " none");
        for (size_t s = SEVERITIES_; s-- > 0;)
                if (v->tally.by_severity[s] > 0)
                        PRINT(p, "  %s%zu %s%s", ink(p, severity_inks[s]), v->tally.by_severity[s],
                              severity_name((enum severity) s), ink(p, INK_OFF));
        if (v->tally.replaced > 0)
                PRINT(p, "  %s(%zu of an earlier look %s replaced by a later one)%s",
                      ink(p, INK_DIM), v->tally.replaced,
                      view_plural(v->tally.replaced, "was", "were"), ink(p, INK_OFF));
        PRINT(p, "\n");
        if (v->n_in_context > 0)
                PRINT(p, "  %s%zu of %zu in tests, examples, documents or vendored code%s\n",
                      ink(p, INK_DIM), v->n_in_context, v->tally.n, ink(p, INK_OFF));
        groups_print(p, v);
        waived_print(p, v);
        PRINT(p, "\n");
}

static int slower(const void *a, const void *b)
{
        uint64_t x = view_step_ms(*(const json_t *const *) a),
                 y = view_step_ms(*(const json_t *const *) b);

        return (x < y) - (x > y);
}

#define SLOWEST 3

/* Worth a section only where there is something to compare. */
static void slowest_print(struct page *p, const struct view *v)
{
        const json_t *steps = json_object_get(v->document, "steps");
        size_t n = json_array_size(steps), i;
        _cleanup_(freep) const json_t **sorted = NULL;
        json_t *step;
        char took[32];

        if (n <= SLOWEST)
                return;
        sorted = calloc(n, sizeof(*sorted));
        if (!sorted) {
                p->r = -ENOMEM;
                return;
        }
        json_array_foreach (steps, i, step)
                sorted[i] = step;
        qsort(sorted, n, sizeof(*sorted), slower);
        if (view_step_ms(sorted[SLOWEST - 1]) == 0) /* the others were skipped */
                return;
        PRINT(p, "%sSlowest steps%s ", ink(p, INK_BOLD), ink(p, INK_OFF));
        for (i = 0; i < SLOWEST && view_step_ms(sorted[i]) > 0; i++) {
                duration_format(took, sizeof(took), view_step_ms(sorted[i]));
                PRINT(p, "%s %s %s", i ? "," : "", view_text(sorted[i], "id"), took);
        }
        PRINT(p, "\n\n");
}

int report_text(struct buf *out, const struct view *v, const struct report_options *o)
{
        struct page p = { .out = out, .o = o };

        head_print(&p, v);
        focus_print(&p, v);
        steps_print(&p, v);
        gaps_print(&p, v);
        masked_print(&p, v);
        controls_print(&p, v);
        findings_print(&p, v);
        slowest_print(&p, v);
        if (v->next[0])
                PRINT(&p, "%sNext%s\n", ink(&p, INK_BOLD), ink(&p, INK_OFF));
        for (size_t i = 0; i < ARRAY_SIZE(v->next) && v->next[i]; i++)
                PRINT(&p, "  %s\n", v->next[i]);
        return p.r;
}
