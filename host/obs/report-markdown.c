/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unit.h"
#include "obs/page.h"
#include "obs/view.h"

#include <inttypes.h>

#define PLACES_STANDARD 5

static void step_put(struct page *p, const json_t *step)
{
        char took[32];

        duration_format(took, sizeof(took), view_step_ms(step));
        page_puts(p, "| ");
        page_markdown(p, view_text(step, "id"));
        page_puts(p, " | ");
        page_markdown(p, view_text(step, "agent"));
        page_putc(p, ' ');
        page_markdown(p, view_text(step, "action"));
        page_printf(p, " | %s | %s | %zu | ", view_text(step, "state"), took,
                    json_array_size(json_object_get(step, "findings")));
        page_markdown(p, view_step_why(step));
        page_puts(p, " |\n");
}

static void steps_put(struct page *p, const struct view *v)
{
        json_t *step;
        size_t i;

        page_puts(p, "| step | agent | state | time | findings | |\n|---|---|---|---|---|---|\n");
        json_array_foreach (json_object_get(v->document, "steps"), i, step)
                step_put(p, step);
}

static void finding_put(struct page *p, const json_t *finding, bool has_message)
{
        const char *excerpt = has_message ? "" : view_text(finding, "excerpt");
        char place[1024];

        view_place(place, sizeof(place), finding);
        page_puts(p, "- ");
        page_code(p, *place ? place : "(the whole tree)");
        if (*excerpt) {
                page_putc(p, ' ');
                page_code(p, excerpt);
        }
        if (has_message) {
                page_puts(p, ": ");
                page_markdown(p, view_text(finding, "message"));
        }
        page_putc(p, '\n');
}

static void group_put(struct page *p, const struct view_group *g)
{
        size_t most = p->o->is_all ? g->n : p->o->places ? p->o->places : PLACES_STANDARD;
        const char *fix = view_text(g->findings[0], "fix");
        _cleanup_(freep) char *standards = view_standards(g);

        page_printf(p, "\n### %s: ", severity_name(g->severity));
        page_markdown(p, g->rule);
        page_printf(p, " (%zu)\n\n", g->n);
        if (g->is_uniform) {
                page_markdown(p, view_text(g->findings[0], "message"));
                page_puts(p, "\n\n");
        }
        for (size_t i = 0; i < MIN_OF(g->n, most); i++)
                finding_put(p, g->findings[i], !g->is_uniform);
        if (g->n > most)
                page_printf(p, "- … and %zu more %s\n", g->n - most,
                            view_plural(g->n - most, "place", "places"));
        if (*fix) {
                page_puts(p, "\n**Fix:** ");
                page_markdown(p, fix);
                page_putc(p, '\n');
        }
        if (standards && *standards) {
                page_puts(p, "\n**Refers to:** ");
                page_markdown(p, standards);
                page_putc(p, '\n');
        }
}

static void controls_put(struct page *p, const struct view *v)
{
        const struct controls *c = &v->controls;

        if (c->n == 0)
                return;
        page_puts(p,
                  "\n| control | checks passed | failed | findings | |\n|---|---|---|---|---|\n");
        for (size_t i = 0; i < c->n; i++) {
                const struct control *of = &c->list[i];

                page_puts(p, "| ");
                page_markdown(p, of->name);
                page_printf(p, " | %" PRIu64 " | %" PRIu64 " | %zu | %s |\n",
                            of->checks - of->failed, of->failed, of->findings, control_word(of));
        }
}

static void focus_put(struct page *p, const struct view *v)
{
        const struct focus *f = &v->focus;

        if (v->n_groups <= FOCUS_FINDINGS || f->n + (f->path != NULL) == 0)
                return;
        page_puts(p, "Look first at:\n\n");
        for (size_t i = 0; i < f->n; i++)
                finding_put(p, f->findings[i], true);
        if (f->path) {
                page_puts(p, "- ");
                page_code(p, f->path);
                page_printf(p, ", which has %zu of the %zu findings\n", f->path_n, v->tally.n);
        }
        page_putc(p, '\n');
}

static void waived_put(struct page *p, const struct tally *t)
{
        if (t->n_waived > 0)
                page_printf(p, "\n%zu %s waived by a comment in the source.\n", t->n_waived,
                            view_plural(t->n_waived, "finding is", "findings are"));
        for (size_t i = 0; p->o->is_all && i < t->n_waived; i++)
                finding_put(p, t->waived[i], true);
}

static void gaps_put(struct page *p, const struct view *v)
{
        if (v->gaps.total == 0)
                return;
        page_puts(p, "**Not looked at:** ");
        page_markdown(p, v->not_looked_at);
        page_puts(p, "\n\n");
        for (size_t i = 0; p->o->is_all && i < v->gaps.n; i++) {
                page_puts(p, "- ");
                page_code(p, v->gaps.list[i].path);
                page_puts(p, ": ");
                page_markdown(p, v->gaps.list[i].reason);
                page_putc(p, '\n');
        }
        if (p->o->is_all)
                page_putc(p, '\n');
}

static void masked_put(struct page *p, const struct view *v)
{
        bool is_any = false;
        char text[256];
        json_t *step;
        size_t i;

        json_array_foreach (json_object_get(v->document, "steps"), i, step) {
                view_step_masked(text, sizeof(text), step);
                if (!*text)
                        continue;
                is_any = true;
                page_puts(p, "- ");
                page_markdown(p, text);
                page_putc(p, '\n');
        }
        if (is_any)
                page_putc(p, '\n');
}

int report_markdown(struct buf *out, const struct view *v, const struct report_options *o)
{
        struct page p = { .out = out, .o = o };
        const size_t *n = v->tally.by_severity;

        page_puts(&p, "# ");
        page_markdown(&p, view_text(v->document, "flow"));
        page_printf(&p, ": %s\n\n", v->word);
        page_markdown(&p, v->sentence);
        page_printf(&p, "\n\nRun `%s`: %zu critical, %zu high, %zu medium, %zu low, %zu info.\n\n",
                    view_text(v->document, "run"), n[SEVERITY_CRITICAL], n[SEVERITY_HIGH],
                    n[SEVERITY_MEDIUM], n[SEVERITY_LOW], n[SEVERITY_INFO]);
        gaps_put(&p, v);
        masked_put(&p, v);
        focus_put(&p, v);
        steps_put(&p, v);
        controls_put(&p, v);
        if (v->n_groups > 0)
                page_puts(&p, "\n## Findings\n");
        for (size_t i = 0; i < v->n_groups; i++)
                group_put(&p, &v->groups[i]);
        waived_put(&p, &v->tally);
        return p.r;
}
