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
#define GHOSTS_MAX  20000
#define NOBODY      SIZE_MAX

/*
 * A step; or a ghost: the place in a column where a line passes that leads further, so that it runs
 * between the boxes and not behind them.
 */
struct box {
        size_t step;   /* NOBODY for a ghost */
        size_t before; /* of a ghost: the box that its line comes from */
        size_t rank;
        double x, y, width, height;
        double wish; /* place in its column, as its neighbours would have it */
        size_t place;
};

/* A need, as a line from box to box over its ghosts. */
struct edge {
        size_t from, to;
        size_t ghost, ghosts; /* the first of them, and how many */
};

struct column {
        size_t first, count; /* in `sorted` */
        double x, width;
};

struct picture {
        const struct flow *flow;
        const struct graph_options *options;
        const struct order *order;
        struct box *boxes; /* of each step, then the ghosts */
        size_t box_count;
        struct edge *edges; /* by the step that they lead to */
        size_t *first_edge; /* of each step */
        size_t edge_count;
        size_t *sorted;         /* boxes, by column and place */
        struct column *columns; /* of each rank */
        double width, height;
        struct buf *out;
};

static void picture_done(struct picture *p)
{
        free(p->boxes);
        free(p->edges);
        free(p->first_edge);
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
                       MIN_OF(strlen(flow_step_agent(step)) + strlen(flow_step_action(step)) + 1,
                              LETTERS_MAX));

        letters = MAX_OF(letters, letters_of(note));
        p->boxes[i].step = i;
        p->boxes[i].rank = p->order->rank[i];
        p->boxes[i].width = (double) letters * LETTER + 2 * PADDING;
        p->boxes[i].height = (note && *note ? 3 : 2) * LINE + PADDING;
}

static size_t span_of(const struct picture *p, const struct edge *e)
{
        return p->order->rank[e->to] - p->order->rank[e->from];
}

static int edges_list(struct picture *p)
{
        size_t n = 0;

        for (size_t i = 0; i < p->flow->step_count; i++)
                n += p->flow->steps[i].need_count;
        p->edges = calloc(n + 1, sizeof(*p->edges));
        p->first_edge = calloc(p->flow->step_count + 1, sizeof(*p->first_edge));
        if (!p->edges || !p->first_edge)
                return -ENOMEM;
        for (size_t i = 0; i < p->flow->step_count; i++) {
                p->first_edge[i] = p->edge_count;
                for (size_t k = 0; k < p->flow->steps[i].need_count; k++)
                        p->edges[p->edge_count++] =
                                (struct edge){ .from = p->flow->steps[i].needs[k], .to = i };
        }
        p->first_edge[p->flow->step_count] = p->edge_count;
        return 0;
}

/* Very large pictures go without ghosts. */
static int boxes_make(struct picture *p)
{
        size_t ghosts = 0, next = p->flow->step_count;

        for (size_t i = 0; i < p->edge_count; i++)
                ghosts += span_of(p, &p->edges[i]) - 1;
        if (ghosts > GHOSTS_MAX)
                ghosts = 0;
        p->box_count = p->flow->step_count + ghosts;
        p->boxes = calloc(p->box_count + 1, sizeof(*p->boxes));
        p->sorted = calloc(p->box_count + 1, sizeof(*p->sorted));
        if (!p->boxes || !p->sorted)
                return -ENOMEM;
        for (size_t i = 0; i < p->flow->step_count; i++)
                box_measure(p, i);
        for (size_t i = 0; i < p->edge_count && ghosts; i++) {
                struct edge *e = &p->edges[i];

                e->ghost = next;
                e->ghosts = span_of(p, e) - 1;
                for (size_t k = 0; k < e->ghosts; k++, next++)
                        p->boxes[next] = (struct box){
                                .step = NOBODY,
                                .before = k ? next - 1 : e->from,
                                .rank = p->order->rank[e->from] + 1 + k,
                                .height = LINE,
                        };
        }
        return 0;
}

static void columns_fill(struct picture *p)
{
        size_t at = 0;

        for (size_t i = 0; i < p->box_count; i++)
                p->columns[p->boxes[i].rank].count++;
        for (size_t c = 0; c < p->order->rank_count; c++) {
                p->columns[c].first = at;
                at += p->columns[c].count;
                p->columns[c].count = 0;
        }
        for (size_t i = 0; i < p->box_count; i++) {
                struct column *c = &p->columns[p->boxes[i].rank];

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

/* How far down its column a box is, from 0 to 1. */
static double depth_of(const struct picture *p, const struct box *box)
{
        return ((double) box->place + 0.5) / (double) p->columns[box->rank].count;
}

static double wish_of(const struct picture *p, const struct box *box)
{
        size_t first, end;
        double sum = 0;

        if (box->step == NOBODY)
                return depth_of(p, &p->boxes[box->before]);
        first = p->first_edge[box->step];
        end = p->first_edge[box->step + 1];
        for (size_t i = first; i < end; i++) {
                const struct edge *e = &p->edges[i];

                sum += depth_of(p, &p->boxes[e->ghosts ? e->ghost + e->ghosts - 1 : e->from]);
        }
        return end > first ? sum / (double) (end - first) : depth_of(p, box);
}

/* Each box goes where the middle of what leads to it is: fewer lines cross. */
static void column_sort(struct picture *p, const struct column *c)
{
        for (size_t i = 0; i < c->count; i++) {
                struct box *box = &p->boxes[p->sorted[c->first + i]];

                box->wish = wish_of(p, box);
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

/* Bends from where the line is to (x2, y2), level at both ends. */
static int bend_draw(struct picture *p, double x1, double y1, double x2, double y2)
{
        double bend = (x2 - x1) / 2;

        return buf_printf(p->out, "C%.1f %.1f %.1f %.1f %.1f %.1f", x1 + bend, y1, x2 - bend, y2,
                          x2, y2);
}

static int edge_draw(struct picture *p, const struct edge *e)
{
        const struct box *a = &p->boxes[e->from], *b = &p->boxes[e->to];
        double x = a->x + a->width, y = a->y + a->height / 2;
        double end_x = b->x - 5, end_y = b->y + b->height / 2;
        int r = buf_printf(p->out, "<path class=\"lf-edge\" d=\"M%.1f %.1f", x, y);

        for (size_t i = 0; i < e->ghosts && r == 0; i++) {
                const struct box *ghost = &p->boxes[e->ghost + i];
                double width = p->columns[ghost->rank].width;

                r = bend_draw(p, x, y, ghost->x, ghost->y + ghost->height / 2);
                x = ghost->x + width;
                y = ghost->y + ghost->height / 2;
                if (r == 0)
                        r = buf_printf(p->out, "H%.1f", x);
        }
        if (r == 0)
                r = bend_draw(p, x, y, end_x, end_y);
        return r < 0 ? r
                     : buf_printf(p->out,
                                  "\"/><path class=\"lf-tip\" d=\"M%.1f %.1fl-7 -4v8z\"/>\n",
                                  end_x + 5, end_y);
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

        for (size_t i = 0; i < p->edge_count && r == 0; i++)
                r = edge_draw(p, &p->edges[i]);
        for (size_t i = 0; i < p->box_count && r == 0; i++)
                if (p->boxes[p->sorted[i]].step != NOBODY)
                        r = box_draw(p, &p->boxes[p->sorted[i]]);
        return r < 0 ? r : buf_puts(p->out, "</svg>\n");
}

int graph_svg(struct buf *out, const struct flow *f, const struct graph_options *o)
{
        _cleanup_(order_freep) struct order *order = NULL;
        _cleanup_(picture_done) struct picture p = { .flow = f, .options = o, .out = out };
        int r = order_new(&order, f, NULL, NULL);

        if (r < 0)
                return r;
        p.order = order;
        p.columns = calloc(order->rank_count + 1, sizeof(*p.columns));
        r = p.columns ? edges_list(&p) : -ENOMEM;
        if (r == 0)
                r = boxes_make(&p);
        if (r < 0)
                return r;
        columns_fill(&p);
        for (size_t sweep = 0; sweep < SWEEPS; sweep++)
                for (size_t c = 1; c < order->rank_count; c++)
                        column_sort(&p, &p.columns[c]);
        columns_place(&p);
        return picture_draw(&p);
}
