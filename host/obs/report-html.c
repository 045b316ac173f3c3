/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unit.h"
#include "obs/page.h"
#include "obs/view.h"

#include <inttypes.h>

/* One file, no script, nothing fetched: it can be mailed, archived and opened years later. */
static const char style[] =
        ":root{color-scheme:light "
        "dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--page:#fff;--panel:#f6f8fa;"
        "--critical:#8250df;--high:#cf222e;--medium:#9a6700;--low:#0969da;--info:#57606a;--good:#"
        "1a7f37}"
        "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#3d444d;--"
        "page:#0d1117;"
        "--panel:#151b23;--critical:#bf8cff;--high:#ff7b72;--medium:#e3b341;--low:#79c0ff;--info:#"
        "9198a1;"
        "--good:#56d364}}"
        "*{box-sizing:border-box}body{margin:0 auto;max-width:72rem;padding:2rem "
        "1.25rem;background:var(--page);"
        "color:var(--ink);font:15px/1.5 system-ui,sans-serif}h1{font-size:1.6rem;margin:0 0 .25rem}"
        "h2{font-size:1.15rem;margin:2rem 0 "
        ".75rem}a{color:inherit}code,pre,.place{font-family:ui-monospace,"
        "monospace;font-size:.87em}.soft{color:var(--soft)}.graph{overflow-x:auto;border:1px solid "
        "var(--line);"
        "border-radius:8px;padding:1rem}.graph svg{max-width:100%;height:auto}"
        ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}"
        "th,td{text-align:left;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line);"
        "vertical-align:top}th{color:var(--soft);font-weight:600}"
        ".sums{display:flex;gap:.75rem;flex-wrap:wrap;list-style:none;padding:0;margin:1rem 0}"
        ".sums li{border:1px solid var(--line);border-radius:8px;padding:.5rem "
        "1rem;background:var(--panel)}"
        ".sums b{font-size:1.35rem;display:block;font-variant-numeric:tabular-nums}"
        "details{border:1px solid var(--line);border-radius:8px;margin:.5rem "
        "0;background:var(--panel)}"
        "summary{cursor:pointer;padding:.6rem 1rem}summary "
        "b{font-family:ui-monospace,monospace;font-size:.9em}"
        ".body{padding:0 1rem 1rem}.body li{margin:.35rem "
        "0}.tag{display:inline-block;min-width:5rem;"
        "font-weight:600}.critical{color:var(--critical)}.high{color:var(--high)}.medium{color:var("
        "--medium)}"
        ".low{color:var(--low)}.info{color:var(--info)}.good{color:var(--good)}.bad{color:var(--"
        "high)}"
        ".wait{color:var(--medium)}pre{margin:.2rem "
        "0;overflow-x:auto;white-space:pre-wrap;word-break:break-word}"
        "@media print{details{break-inside:avoid}}";

static const char *const outcome_classes[OUTCOMES_] = {
        [OUTCOME_PASSED] = "good",  [OUTCOME_FINDINGS] = "bad",   [OUTCOME_WAITING] = "wait",
        [OUTCOME_FAILED] = "bad",   [OUTCOME_CANCELLED] = "wait", [OUTCOME_RUNNING] = "wait",
        [OUTCOME_STOPPED] = "wait",
};

static void head_put(struct page *p, const struct view *v)
{
        char took[48], started[64];

        view_took(took, sizeof(took), v);
        view_time(started, sizeof(started), view_number(v->document, "started"));
        page_puts(p,
                  "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
        page_html(p, view_text(v->document, "flow"));
        page_printf(p, ": %s</title><style>%s</style></head><body>\n<h1>", v->word, style);
        page_html(p, view_text(v->document, "flow"));
        page_printf(p, " <span class=\"%s\">%s</span></h1>\n<p>", outcome_classes[v->outcome],
                    v->word);
        page_html(p, v->sentence);
        page_puts(p, "</p>\n<p class=\"soft\">run <code>");
        page_html(p, view_text(v->document, "run"));
        page_puts(p, "</code> on <code>");
        page_html(p, view_text(v->document, "workspace"));
        page_printf(p, "</code>, %s%s</p>\n", started, took);
}

static void sums_put(struct page *p, const struct tally *t)
{
        page_puts(p, "<ul class=\"sums\">");
        for (size_t s = SEVERITIES_; s-- > 0;) {
                const char *name = severity_name((enum severity) s);

                page_printf(p, "<li><b class=\"%s\">%zu</b> %s</li>", name, t->by_severity[s],
                            name);
        }
        page_puts(p, "</ul>\n");
}

static void step_put(struct page *p, const json_t *step)
{
        char took[32];

        duration_format(took, sizeof(took), view_step_ms(step));
        page_puts(p, "<tr><td><b>");
        page_html(p, view_text(step, "id"));
        page_puts(p, "</b></td><td>");
        page_html(p, view_text(step, "agent"));
        page_putc(p, ' ');
        page_html(p, view_text(step, "action"));
        page_puts(p, "</td><td>");
        page_html(p, view_text(step, "state"));
        page_printf(p, "</td><td>%s</td><td>%zu</td><td class=\"soft\">", took,
                    json_array_size(json_object_get(step, "findings")));
        page_html(p, view_step_why(step));
        page_puts(p, "</td></tr>\n");
}

static void steps_put(struct page *p, const struct view *v)
{
        json_t *step;
        size_t i;

        page_puts(p, "<h2>Steps</h2>\n<div "
                     "class=\"scroll\"><table><thead><tr><th>step</th><th>agent</th>"
                     "<th>state</th><th>time</th><th>findings</th><th></th></tr></thead><tbody>\n");
        json_array_foreach (json_object_get(v->document, "steps"), i, step)
                step_put(p, step);
        page_puts(p, "</tbody></table></div>\n");
}

static void controls_put(struct page *p, const struct controls *c)
{
        if (c->n == 0)
                return;
        page_puts(p, "<h2>Controls</h2>\n<div "
                     "class=\"scroll\"><table><thead><tr><th>control</th><th>checks passed</th>"
                     "<th>failed</th><th>findings</th><th></th></tr></thead><tbody>\n");
        for (size_t i = 0; i < c->n; i++) {
                const struct control *of = &c->list[i];

                page_puts(p, "<tr><td><b>");
                page_html(p, of->name);
                page_printf(p,
                            "</b></td><td>%" PRIu64 "</td><td>%" PRIu64
                            "</td><td>%zu</td><td class=\"%s\">%s</td></tr>\n",
                            of->checks - of->failed, of->failed, of->findings,
                            of->is_passed ? "good" : "bad", control_word(of));
        }
        page_puts(p, "</tbody></table></div>\n");
}

/* `text` is what is said of this one place, or "". */
static void finding_put(struct page *p, const json_t *finding, const char *text)
{
        const char *excerpt = view_text(finding, "excerpt");
        char place[1024];

        view_place(place, sizeof(place), finding);
        page_puts(p, "<li><span class=\"place\">");
        page_html(p, *place ? place : "(the whole tree)");
        page_puts(p, "</span> ");
        page_html(p, text);
        if (*excerpt) {
                page_puts(p, "<pre>");
                page_html(p, excerpt);
                page_puts(p, "</pre>");
        }
        page_puts(p, "</li>\n");
}

static void group_put(struct page *p, const struct view_group *g)
{
        const char *name = severity_name(g->severity), *fix = view_text(g->findings[0], "fix");
        _cleanup_(freep) char *standards = view_standards(g);

        page_printf(p, "<details%s><summary><span class=\"tag %s\">%s</span> <b>",
                    g->severity >= SEVERITY_HIGH ? " open" : "", name, name);
        page_html(p, g->rule);
        page_printf(p, "</b> <span class=\"soft\">×%zu</span> ", g->n);
        if (g->is_uniform)
                page_html(p, view_text(g->findings[0], "message"));
        page_puts(p, "</summary><div class=\"body\">");
        if (*fix) {
                page_puts(p, "<p><b class=\"good\">Fix:</b> ");
                page_html(p, fix);
                page_puts(p, "</p>");
        }
        if (standards && *standards) {
                page_puts(p, "<p class=\"soft\">Refers to: ");
                page_html(p, standards);
                page_puts(p, "</p>");
        }
        page_puts(p, "<ul>\n");
        for (size_t i = 0; i < g->n; i++)
                finding_put(p, g->findings[i],
                            g->is_uniform ? "" : view_text(g->findings[i], "message"));
        page_puts(p, "</ul></div></details>\n");
}

static void focus_put(struct page *p, const struct view *v)
{
        const struct focus *f = &v->focus;

        if (v->n_groups <= FOCUS_FINDINGS || f->n == 0)
                return;
        page_puts(p, "<h2>Look first at</h2>\n<ul>\n");
        for (size_t i = 0; i < f->n; i++)
                finding_put(p, f->findings[i], view_text(f->findings[i], "message"));
        if (f->path) {
                page_puts(p, "<li><span class=\"place\">");
                page_html(p, f->path);
                page_printf(p, "</span> has most of the findings: %zu of %zu</li>\n", f->path_n,
                            v->tally.n);
        }
        page_puts(p, "</ul>\n");
}

static void waived_put(struct page *p, const struct tally *t)
{
        if (t->n_waived == 0)
                return;
        page_printf(p,
                    "<details><summary>%zu %s waived by a comment in the source</summary>"
                    "<div class=\"body\"><ul>\n",
                    t->n_waived, view_plural(t->n_waived, "finding is", "findings are"));
        for (size_t i = 0; i < t->n_waived; i++) {
                const char *reason;

                (void) finding_is_waived(t->waived[i], &reason);
                finding_put(p, t->waived[i], *reason ? reason : "(no reason is given)");
        }
        page_puts(p, "</ul></div></details>\n");
}

static void gaps_put(struct page *p, const struct gaps *g)
{
        if (g->total == 0)
                return;
        page_printf(p,
                    "<details open><summary><b class=\"wait\">Not looked at: %zu</b></summary>"
                    "<div class=\"body\"><ul>\n",
                    g->total);
        for (size_t i = 0; i < g->n; i++) {
                page_puts(p, "<li><span class=\"place\">");
                page_html(p, g->list[i].path);
                page_puts(p, "</span> ");
                page_html(p, g->list[i].reason);
                page_puts(p, "</li>\n");
        }
        page_puts(p, "</ul></div></details>\n");
}

static void masked_put(struct page *p, const struct view *v)
{
        char text[256];
        json_t *step;
        size_t i;

        json_array_foreach (json_object_get(v->document, "steps"), i, step) {
                view_step_masked(text, sizeof(text), step);
                if (!*text)
                        continue;
                page_puts(p, "<p class=\"wait\">");
                page_html(p, text);
                page_puts(p, "</p>\n");
        }
}

int report_html(struct buf *out, const struct view *v, const struct report_options *o)
{
        struct page p = { .out = out, .o = o };

        head_put(&p, v);
        sums_put(&p, &v->tally);
        gaps_put(&p, &v->gaps);
        masked_put(&p, v);
        focus_put(&p, v);
        if (o->graph)
                page_puts(&p, "<h2>Workflow</h2>\n<div class=\"graph\">"), page_puts(&p, o->graph),
                        page_puts(&p, "</div>\n");
        steps_put(&p, v);
        controls_put(&p, &v->controls);
        page_puts(&p, "<h2>Findings</h2>\n");
        if (v->n_groups == 0)
                page_puts(&p, "<p>None.</p>\n");
        for (size_t i = 0; i < v->n_groups; i++)
                group_put(&p, &v->groups[i]);
        waived_put(&p, &v->tally);
        page_puts(&p, "</body></html>\n");
        return p.r;
}
