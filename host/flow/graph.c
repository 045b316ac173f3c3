/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/graph.h"

#include "base/utf8.h"
#include "flow/graph-impl.h"
#include "flow/order.h"

#include <string.h>

static const struct graph_look looks[] = {
        { "done", "✓", "+", "32", "#2e9e4f" },    { "failed", "✗", "x", "31", "#d64545" },
        { "running", "▶", ">", "36", "#2f81d6" }, { "held", "◆", "?", "33", "#c98a1b" },
        { "skipped", "○", "o", "2", "#8a8f98" },  { "cancelled", "⊘", "/", "2", "#8a8f98" },
        { "ready", "◌", ".", "36", "#2f81d6" },   { "waiting", "·", ".", "2", "#8a8f98" },
        { NULL, "●", "*", "0", "#6a7a9c" },
};

const struct graph_look *graph_look(const struct graph_options *o, size_t step)
{
        const char *state = o && o->state ? o->state(o->user, step) : NULL;
        const struct graph_look *look = looks;

        while (look->state && (!state || strcmp(look->state, state) != 0))
                look++;
        return look;
}

int graph_agent(struct buf *out, const struct flow_step *step)
{
        const char *agent = flow_step_agent(step), *action = flow_step_action(step);
        int r = utf8_clean(out, agent, strlen(agent), false);

        if (r == 0)
                r = buf_putc(out, ' ');
        return r < 0 ? r : utf8_clean(out, action, strlen(action), false);
}

int graph_marks(struct buf *out, const struct flow_step *step)
{
        const char *between = "";
        int r = 0;

        if (step->when) {
                r = buf_puts(out, "if ");
                if (r == 0)
                        r = utf8_clean(out, step->when, strlen(step->when), false);
                between = ", ";
        }
        if (r == 0 && step->for_each) {
                r = buf_printf(out, "%sfor each item", between);
                between = ", ";
        }
        if (r == 0 && step->always) {
                r = buf_printf(out, "%salways", between);
                between = ", ";
        }
        if (r == 0 && step->approval)
                r = buf_printf(out, "%sneeds approval", between);
        return r;
}

/*
 * Text: one line a step, in order, with lanes on the left as `git log --graph` draws them. A lane
 * belongs to a step from its own line until the last step that needs it.
 */
#define LANES_MAX 24 /* a wider picture helps nobody: then the lines say what they come after */
#define NOBODY    SIZE_MAX

/* Where a cell's strokes go. */
enum { UP = 1, DOWN = 2, LEFT = 4, RIGHT = 8 };

static const char *const strokes[2][16] = {
        { " ", "│", "│", "│", "─", "╯", "╮", "┤", "─", "╰", "╭", "├", "─", "┴", "┬", "┼" },
        { " ", "|", "|", "|", "-", "'", ".", "+", "-", "'", ".", "+", "-", "+", "+", "+" },
};

struct lanes {
        const struct flow *flow;
        const struct graph_options *options;
        const struct order *order;
        struct buf *out;
        size_t *left;             /* of each step: steps that need it and are not drawn yet */
        size_t owner[LANES_MAX];  /* step, or NOBODY */
        size_t count;             /* lanes in use, gaps included */
        size_t id_width, picture; /* columns */
        bool is_too_wide;
};

static const char *stroke(const struct lanes *l, unsigned mask)
{
        return strokes[l->options && l->options->is_ascii][mask];
}

static size_t lane_of(const struct lanes *l, size_t step)
{
        size_t i = 0;

        while (i < l->count && l->owner[i] != step)
                i++;
        return i;
}

/* The lane for a step: one that ends in it, else a free one. NOBODY when there are too many. */
static size_t lane_choose(struct lanes *l, const struct flow_step *step)
{
        size_t best = NOBODY, i;

        for (size_t k = 0; k < step->need_count; k++)
                if (l->left[step->needs[k]] == 0)
                        best = MIN_OF(best, lane_of(l, step->needs[k]));
        if (best != NOBODY)
                return best;
        for (i = 0; i < l->count && l->owner[i] != NOBODY; i++)
                ;
        return i < LANES_MAX ? i : NOBODY;
}

/* The line between two steps, where lanes meet or part. */
static int joint_draw(struct lanes *l, const struct flow_step *step, size_t lane)
{
        unsigned masks[LANES_MAX] = { 0 };
        size_t low = lane, high = lane;
        int r = 0;

        for (size_t i = 0; i < l->count; i++)
                if (l->owner[i] != NOBODY)
                        masks[i] = UP | (l->left[l->owner[i]] ? DOWN : 0);
        masks[lane] |= DOWN;
        for (size_t k = 0; k < step->need_count; k++) {
                size_t i = lane_of(l, step->needs[k]);

                low = MIN_OF(low, i);
                high = MAX_OF(high, i);
        }
        if (low == high)
                return 0;
        for (size_t i = low; i <= high; i++)
                masks[i] |= (i > low ? LEFT : 0) | (i < high ? RIGHT : 0);
        for (size_t i = 0; i < MAX_OF(l->count, high + 1) && r == 0; i++)
                r = buf_printf(l->out, "%s%s",
                               i == 0 ? "" : stroke(l, i > low && i <= high ? LEFT | RIGHT : 0),
                               stroke(l, masks[i]));
        return r < 0 ? r : buf_putc(l->out, '\n');
}

static int colour(struct lanes *l, const char *ansi)
{
        bool is_on = l->options && l->options->is_coloured;

        return is_on ? buf_printf(l->out, "\033[%sm", ansi) : 0;
}

static int after_write(struct lanes *l, const struct flow_step *step)
{
        int r = 0;

        for (size_t k = 0; k < step->need_count && r == 0 && l->is_too_wide; k++)
                r = buf_printf(l->out, "%s%s", k ? ", " : "  after ",
                               l->flow->steps[step->needs[k]].id);
        return r;
}

/* What stands right of the lanes. */
static int words_write(struct lanes *l, size_t i)
{
        const struct flow_step *step = &l->flow->steps[i];
        const char *note =
                l->options && l->options->note ? l->options->note(l->options->user, i) : NULL;
        _cleanup_(buf_done) struct buf marks = { 0 };
        int r = colour(l, "1");

        if (r == 0)
                r = buf_printf(l->out, "%-*s", (int) l->id_width, step->id);
        if (r == 0)
                r = colour(l, "0");
        if (r == 0)
                r = buf_puts(l->out, "  ");
        if (r == 0)
                r = graph_agent(l->out, step);
        if (r == 0)
                r = graph_marks(&marks, step);
        if (r == 0 && marks.length)
                r = buf_printf(l->out, "  (%s)", marks.data);
        if (r == 0)
                r = after_write(l, step);
        if (r == 0 && note)
                r = buf_printf(l->out, "  %s", note);
        return r < 0 ? r : buf_putc(l->out, '\n');
}

static int step_draw(struct lanes *l, size_t step, size_t lane)
{
        const struct graph_look *look = graph_look(l->options, step);
        size_t n = MAX_OF(l->count, lane + 1), i;
        int r = 0;

        for (i = 0; i < n && r == 0 && !l->is_too_wide; i++) {
                if (i != lane) {
                        r = buf_printf(l->out, "%s ", stroke(l, l->owner[i] == NOBODY ? 0 : UP));
                        continue;
                }
                r = colour(l, look->ansi);
                if (r == 0)
                        r = buf_puts(l->out, l->options && l->options->is_ascii ? look->ascii
                                                                                : look->symbol);
                if (r == 0)
                        r = colour(l, "0");
                if (r == 0)
                        r = buf_putc(l->out, ' ');
        }
        if (r == 0 && l->picture > i)
                r = buf_printf(l->out, "%*s", (int) (2 * (l->picture - i)), "");
        return r < 0 ? r : words_write(l, step);
}

/* One step: joins the lanes of what it needs, ends those that nobody waits for, takes its own. */
static int step_place(struct lanes *l, size_t i, bool is_drawing)
{
        const struct flow_step *step = &l->flow->steps[i];
        size_t lane;
        int r = 0;

        for (size_t k = 0; k < step->need_count; k++)
                l->left[step->needs[k]]--;
        lane = lane_choose(l, step);
        if (lane == NOBODY) {
                l->is_too_wide = true;
                return 0;
        }
        if (is_drawing)
                r = joint_draw(l, step, lane);
        for (size_t k = 0; k < step->need_count; k++)
                if (l->left[step->needs[k]] == 0)
                        l->owner[lane_of(l, step->needs[k])] = NOBODY;
        l->owner[lane] = i;
        l->count = MAX_OF(l->count, lane + 1);
        if (r == 0 && is_drawing)
                r = step_draw(l, i, lane);
        l->picture = MAX_OF(l->picture, l->count);
        if (l->left[i] == 0)
                l->owner[lane] = NOBODY;
        while (l->count && l->owner[l->count - 1] == NOBODY)
                l->count--;
        return r;
}

static int steps_place(struct lanes *l, bool is_drawing)
{
        memset(l->left, 0, l->flow->step_count * sizeof(*l->left));
        for (size_t i = 0; i < l->flow->step_count; i++)
                for (size_t k = 0; k < l->flow->steps[i].need_count; k++)
                        l->left[l->flow->steps[i].needs[k]]++;
        l->count = 0;
        for (size_t i = 0; i < LANES_MAX; i++)
                l->owner[i] = NOBODY;
        for (size_t i = 0; i < l->flow->step_count; i++) {
                int r = l->is_too_wide ? (is_drawing ? words_write(l, l->order->sorted[i]) : 0)
                                       : step_place(l, l->order->sorted[i], is_drawing);

                if (r < 0)
                        return r;
        }
        return 0;
}

int graph_text(struct buf *out, const struct flow *f, const struct graph_options *o)
{
        _cleanup_(order_freep) struct order *order = NULL;
        _cleanup_(freep) size_t *left = calloc(f->step_count + 1, sizeof(*left));
        struct lanes l = { .flow = f, .options = o, .out = out, .left = left };
        int r;

        if (!left)
                return -ENOMEM;
        r = order_new(&order, f, NULL, NULL);
        if (r < 0)
                return r;
        l.order = order;
        for (size_t i = 0; i < f->step_count; i++)
                l.id_width = MAX_OF(l.id_width, strlen(f->steps[i].id));
        r = steps_place(&l, false); /* how wide will it be? */
        return r < 0 ? r : steps_place(&l, true);
}

/* A quoted string of DOT. */
static int dot_text(struct buf *out, const char *text)
{
        int r = 0;

        for (; *text && r == 0; text++)
                r = buf_printf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
        return r;
}

static int dot_step(struct buf *out, const struct flow *f, size_t i, const struct graph_options *o)
{
        const struct flow_step *step = &f->steps[i];
        _cleanup_(buf_done) struct buf words = { 0 };
        const char *note = o && o->note ? o->note(o->user, i) : NULL;
        int r;

        r = buf_printf(out, "  \"%s\" [label=\"%s\\n", step->id, step->id);
        if (r == 0)
                r = graph_agent(&words, step);
        if (r == 0)
                r = dot_text(out, buf_text(&words));
        if (r == 0 && note)
                r = buf_puts(out, "\\n");
        if (r == 0 && note)
                r = dot_text(out, note);
        if (r == 0)
                r = buf_printf(out, "\", color=\"%s\"%s];\n", graph_look(o, i)->colour,
                               step->when ? ", style=\"rounded,dashed\"" : "");
        for (size_t k = 0; k < step->need_count && r == 0; k++)
                r = buf_printf(out, "  \"%s\" -> \"%s\";\n", f->steps[step->needs[k]].id, step->id);
        return r;
}

int graph_dot(struct buf *out, const struct flow *f, const struct graph_options *o)
{
        int r = buf_printf(out,
                           "digraph \"%s\" {\n  rankdir=LR;\n  node [shape=box, style=rounded, "
                           "fontname=\"sans-serif\"];\n",
                           f->name);

        for (size_t i = 0; i < f->step_count && r == 0; i++)
                r = dot_step(out, f, i, o);
        return r < 0 ? r : buf_puts(out, "}\n");
}
