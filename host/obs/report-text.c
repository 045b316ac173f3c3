/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unit.h"
#include "obs/page.h"
#include "obs/view.h"

#include <inttypes.h>
#include <string.h>

#define PLACES_STANDARD 5

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
        PRINT(p, "  run   %s\n  tree  %s\n  time  %s%s\n\n", view_text(v->document, "run"),
              view_text(v->document, "workspace"), started, took);
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
                PRINT(p, "  %zu finding%s", n, n == 1 ? "" : "s");
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

static void group_print(struct page *p, const struct view_group *g)
{
        size_t most = p->o->places ? p->o->places : PLACES_STANDARD,
               width = p->o->width ? p->o->width : 100;
        const char *fix = view_text(g->findings[0], "fix");

        PRINT(p, "\n  %s%-8s%s %s%s%s", ink(p, severity_inks[g->severity]),
              severity_name(g->severity), ink(p, INK_OFF), ink(p, INK_BOLD), g->rule,
              ink(p, INK_OFF));
        if (g->n > 1)
                PRINT(p, "  %s×%zu%s", ink(p, INK_DIM), g->n, ink(p, INK_OFF));
        PRINT(p, "\n           %s\n", view_text(g->findings[0], "message"));

        for (size_t i = 0; i < MIN_OF(g->n, most); i++) {
                char place[1024];
                size_t used;

                view_place(place, sizeof(place), g->findings[i]);
                used = 13 + strlen(place) + 2;
                PRINT(p, "           %s", *place ? place : "(the whole tree)");
                excerpt_print(p, g->findings[i],
                              used < width ? MAX_OF(width - used, (size_t) 20) : 20);
                PRINT(p, "\n");
        }
        if (g->n > most)
                PRINT(p, "           %s… and %zu more place%s%s\n", ink(p, INK_DIM), g->n - most,
                      g->n - most == 1 ? "" : "s", ink(p, INK_OFF));
        if (*fix)
                PRINT(p, "           %sfix:%s %s\n", ink(p, INK_GREEN), ink(p, INK_OFF), fix);
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
                PRINT(p, "  %s(%zu of an earlier look were replaced by a later one)%s",
                      ink(p, INK_DIM), v->tally.replaced, ink(p, INK_OFF));
        PRINT(p, "\n");
        for (size_t i = 0; i < v->n_groups; i++)
                group_print(p, &v->groups[i]);
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
        steps_print(&p, v);
        findings_print(&p, v);
        slowest_print(&p, v);
        if (v->next[0][0])
                PRINT(&p, "%sNext%s\n", ink(&p, INK_BOLD), ink(&p, INK_OFF));
        for (size_t i = 0; i < ARRAY_SIZE(v->next) && v->next[i][0]; i++)
                PRINT(&p, "  %s\n", v->next[i]);
        return p.r;
}
