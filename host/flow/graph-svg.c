/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "flow/graph-impl.h"
#include "flow/order.h"

#include <stdlib.h>
#include <string.h>

/* Pixels. Columns are ranks, from the left; a column is as wide as its longest words. */
#define LETTER      7.2
#define PADDING     14
#define GAP_X       56
#define GAP_Y       18
#define LINE        17
#define LETTERS_MAX 34 /* of one line in a box */
#define SWEEPS      6

struct box {
        size_t step;
        double x, y, width, height;
        double wish; /* place in its column, as its neighbours would have it */
        size_t place;
};

struct column {
        size_t first, count; /* in `sorted` */
        double x, width;
};

struct picture {
        const struct flow *flow;
        const struct graph_options *options;
        const struct order *order;
        struct box *boxes;      /* of each step */
        size_t *sorted;         /* steps, by column and place */
        struct column *columns; /* of each rank */
        double width, height;
        struct buf *out;
};

static void picture_done(struct picture *p)
{
        free(p->boxes);
        free(p->sorted);
        free(p->columns);
}

static const char *note_of(const struct picture *p, size_t step)
{
        return p->options && p->options->note ? p->options->note(p->options->user, step) : NULL;
}

/* Appends text for XML: escaped, printable, at most LETTERS_MAX characters. */
static int text_add(struct buf *out, const char *text)
{
        _cleanup_(buf_done) struct buf clean = { 0 };
        size_t letters = 0;
        int r = utf8_clean(&clean, text, strlen(text), false);

        for (const char *p = buf_text(&clean); *p && r == 0; letters++) {
                size_t n = utf8_length(p, strlen(p));

                if (letters == LETTERS_MAX - 1 && p[n])
                        return buf_puts(out, "…");
                if (*p == '&')
                        r = buf_puts(out, "&amp;");
                else if (*p == '<')
                        r = buf_puts(out, "&lt;");
                else if (*p == '>')
                        r = buf_puts(out, "&gt;");
                else if (*p == '"')
                        r = buf_puts(out, "&quot;");
                else
                        r = buf_add(out, p, n);
                p += n;
        }
        return r;
}

static size_t letters_of(const char *text)
{
        size_t n = 0;

        for (; text && *text; text++)
                n += ((unsigned char) *text & 0xc0) != 0x80;
        return MIN_OF(n, LETTERS_MAX);
}

static void box_measure(struct picture *p, size_t i)
{
        const struct flow_step *step = &p->flow->steps[i];
        const char *note = note_of(p, i);
        size_t letters =
                MAX_OF(letters_of(step->id) + 2,
                       MIN_OF(strlen(step->agent) + strlen(step->action) + 1, LETTERS_MAX));

        letters = MAX_OF(letters, letters_of(note));
        p->boxes[i].step = i;
        p->boxes[i].width = (double) letters * LETTER + 2 * PADDING;
        p->boxes[i].height = (note && *note ? 3 : 2) * LINE + PADDING;
}

static void columns_fill(struct picture *p)
{
        size_t at = 0;

        for (size_t i = 0; i < p->flow->step_count; i++)
                p->columns[p->order->rank[i]].count++;
        for (size_t c = 0; c < p->order->rank_count; c++) {
                p->columns[c].first = at;
                at += p->columns[c].count;
                p->columns[c].count = 0;
        }
        for (size_t i = 0; i < p->flow->step_count; i++) {
                struct column *c = &p->columns[p->order->rank[i]];

                p->boxes[i].place = c->count;
                p->sorted[c->first + c->count++] = i;
        }
}

static int wish_compare(const void *a, const void *b, void *user)
{
        const struct box *boxes = user;
        const struct box *x = &boxes[*(const size_t *) a], *y = &boxes[*(const size_t *) b];

        if (x->wish != y->wish)
                return x->wish < y->wish ? -1 : 1;
        return (x->place > y->place) - (x->place < y->place);
}

/* Each step goes where the middle of what it needs is: fewer lines cross. */
static void column_sort(struct picture *p, const struct column *c)
{
        for (size_t i = 0; i < c->count; i++) {
                struct box *box = &p->boxes[p->sorted[c->first + i]];
                const struct flow_step *step = &p->flow->steps[box->step];
                double sum = 0;

                for (size_t k = 0; k < step->need_count; k++) {
                        const struct box *need = &p->boxes[step->needs[k]];
                        size_t rank = p->order->rank[step->needs[k]];

                        sum += ((double) need->place + 0.5) / (double) p->columns[rank].count;
                }
                box->wish = step->need_count ? sum / (double) step->need_count
                                             : ((double) box->place + 0.5) / (double) c->count;
        }
        qsort_r(p->sorted + c->first, c->count, sizeof(*p->sorted), wish_compare, p->boxes);
        for (size_t i = 0; i < c->count; i++)
                p->boxes[p->sorted[c->first + i]].place = i;
}

static double column_height(const struct picture *p, const struct column *c)
{
        double height = 0;

        for (size_t i = 0; i < c->count; i++)
                height += p->boxes[p->sorted[c->first + i]].height + (i ? GAP_Y : 0);
        return height;
}

static void columns_place(struct picture *p)
{
        double x = PADDING;

        for (size_t c = 0; c < p->order->rank_count; c++)
                p->height = MAX_OF(p->height, column_height(p, &p->columns[c]));
        for (size_t c = 0; c < p->order->rank_count; c++) {
                struct column *column = &p->columns[c];
                double y = PADDING + (p->height - column_height(p, column)) / 2;

                column->x = x;
                for (size_t i = 0; i < column->count; i++) {
                        struct box *box = &p->boxes[p->sorted[column->first + i]];

                        box->x = x;
                        box->y = y;
                        y += box->height + GAP_Y;
                        column->width = MAX_OF(column->width, box->width);
                }
                x += column->width + GAP_X;
        }
        p->width = x - GAP_X + PADDING;
        p->height += 2 * PADDING;
}

static int edge_draw(struct picture *p, size_t from, size_t to)
{
        const struct box *a = &p->boxes[from], *b = &p->boxes[to];
        double x1 = a->x + a->width, y1 = a->y + a->height / 2;
        double x2 = b->x - 5, y2 = b->y + b->height / 2;
        double bend = MAX_OF((x2 - x1) / 2, GAP_X / 2.0);

        return buf_printf(p->out,
                          "<path class=\"lf-edge\" d=\"M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f\"/>"
                          "<path class=\"lf-tip\" d=\"M%.1f %.1fl-7 -4v8z\"/>\n",
                          x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2, x2 + 5, y2);
}

static int line_draw(struct picture *p, const struct box *box, unsigned line, const char *class,
                     const char *before, const char *text)
{
        int r = buf_printf(p->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s", class,
                           box->x + PADDING, box->y + PADDING / 2.0 + LINE * line - 4, before);

        if (r == 0)
                r = text_add(p->out, text);
        return r < 0 ? r : buf_puts(p->out, "</text>");
}

static int box_title(struct picture *p, const struct box *box)
{
        _cleanup_(buf_done) struct buf marks = { 0 };
        const struct graph_look *look = graph_look(p->options, box->step);
        int r = graph_marks(&marks, &p->flow->steps[box->step]);

        if (r == 0)
                r = buf_printf(p->out, "<title>%s%s%s", p->flow->steps[box->step].id,
                               look->state ? ": " : "", look->state ? look->state : "");
        if (r == 0 && marks.length)
                r = buf_puts(p->out, ", ");
        if (r == 0)
                r = text_add(p->out, buf_text(&marks));
        return r < 0 ? r : buf_puts(p->out, "</title>");
}

static int box_draw(struct picture *p, const struct box *box)
{
        const struct flow_step *step = &p->flow->steps[box->step];
        const struct graph_look *look = graph_look(p->options, box->step);
        const char *note = note_of(p, box->step);
        _cleanup_(buf_done) struct buf words = { 0 };
        char symbol[32];
        int r;

        (void) snprintf(symbol, sizeof(symbol), "%s%s", look->state ? look->symbol : "",
                        look->state ? " " : "");
        r = buf_puts(p->out, "<g>");
        if (r == 0)
                r = box_title(p, box);
        if (r == 0)
                r = buf_printf(p->out,
                               "<rect class=\"lf-box\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                               "height=\"%.1f\" rx=\"7\"/>"
                               "<rect fill=\"%s\" fill-opacity=\".13\" stroke=\"%s\" x=\"%.1f\" "
                               "y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"7\"%s/>",
                               box->x, box->y, box->width, box->height, look->colour, look->colour,
                               box->x, box->y, box->width, box->height,
                               step->when ? " stroke-dasharray=\"5 3\"" : "");
        if (r == 0)
                r = line_draw(p, box, 1, "lf-id", symbol, step->id);
        if (r == 0)
                r = graph_agent(&words, step);
        if (r == 0)
                r = line_draw(p, box, 2, "lf-agent", "", buf_text(&words));
        if (r == 0 && note && *note)
                r = line_draw(p, box, 3, "lf-note", "", note);
        return r < 0 ? r : buf_puts(p->out, "</g>\n");
}

static const char head[] =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"linhay-graph\" role=\"img\" "
        "width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" style=\"max-width:100%%\">"
        "<title>Workflow %s</title>\n<style>"
        ".linhay-graph{color:#1f2430;font:12px ui-monospace,Menlo,Consolas,monospace}"
        ".linhay-graph .lf-box{fill:#fff}"
        ".linhay-graph .lf-edge{fill:none;stroke:#8a93a3;stroke-width:1.5}"
        ".linhay-graph .lf-tip{fill:#8a93a3}"
        ".linhay-graph text{fill:currentColor}"
        ".linhay-graph .lf-id{font-weight:700}"
        ".linhay-graph .lf-agent,.linhay-graph .lf-note{font-size:11px;opacity:.8}"
        "@media (prefers-color-scheme:dark){"
        ".linhay-graph{color:#e8eaf0}.linhay-graph .lf-box{fill:#16191f}}"
        "</style>\n";

static int picture_draw(struct picture *p)
{
        int r = buf_printf(p->out, head, p->width, p->height, p->width, p->height, p->flow->name);

        for (size_t i = 0; i < p->flow->step_count && r == 0; i++)
                for (size_t k = 0; k < p->flow->steps[i].need_count && r == 0; k++)
                        r = edge_draw(p, p->flow->steps[i].needs[k], i);
        for (size_t i = 0; i < p->flow->step_count && r == 0; i++)
                r = box_draw(p, &p->boxes[p->sorted[i]]);
        return r < 0 ? r : buf_puts(p->out, "</svg>\n");
}

int graph_svg(struct buf *out, const struct flow *f, const struct graph_options *o)
{
        _cleanup_(order_freep) struct order *order = NULL;
        _cleanup_(picture_done) struct picture p = { .flow = f, .options = o, .out = out };
        int r = order_new(&order, f, NULL);

        if (r < 0)
                return r;
        p.order = order;
        p.boxes = calloc(f->step_count + 1, sizeof(*p.boxes));
        p.sorted = calloc(f->step_count + 1, sizeof(*p.sorted));
        p.columns = calloc(order->rank_count + 1, sizeof(*p.columns));
        if (!p.boxes || !p.sorted || !p.columns)
                return -ENOMEM;
        for (size_t i = 0; i < f->step_count; i++)
                box_measure(&p, i);
        columns_fill(&p);
        for (size_t sweep = 0; sweep < SWEEPS; sweep++)
                for (size_t c = 1; c < order->rank_count; c++)
                        column_sort(&p, &p.columns[c]);
        columns_place(&p);
        return picture_draw(&p);
}
