/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include "base/unit.h"
#include "cli/term.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>

#define TURN_MS  100
#define ROWS_MAX 10000
#define WARNING  4 /* syslog's level: what is this bad scrolls by above the live lines */

static const char *const spinner[] = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" };

static const struct look {
        const char *state, *mark;
        enum style style;
} looks[] = {
        { "waiting", "·", STYLE_DIM },  { "ready", "·", STYLE_DIM },
        { "running", "▶", STYLE_CYAN }, { "held", "◆", STYLE_YELLOW },
        { "done", "✔", STYLE_GREEN },   { "failed", "✘", STYLE_RED },
        { "skipped", "–", STYLE_DIM },  { "cancelled", "■", STYLE_YELLOW },
};

struct row {
        char *id;
        char *work; /* "agent action" */
        const struct look *look;
        uint64_t started_ms, took_ms;
        uint64_t done, total; /* progress told by the agent */
        uint64_t findings;
        unsigned items, items_ended;
        char note[80];
};

struct progress {
        struct loop *loop;
        struct loop_source turn;
        enum progress_mode mode;
        bool has_colour, is_stopped;
        struct row *rows;
        size_t n_rows;
        unsigned drawn; /* lines of the last picture */
        unsigned tick;
};

enum progress_mode progress_mode_for(bool is_quiet)
{
        const char *kind = getenv("TERM");

        if (is_quiet)
                return PROGRESS_QUIET;
        if (!isatty(STDERR_FILENO) || !kind || strcmp(kind, "dumb") == 0)
                return PROGRESS_PLAIN;
        return PROGRESS_LIVE;
}

static bool is_running(const struct row *row)
{
        return strcmp(row->look->state, "running") == 0;
}

static void row_detail(const struct row *row, char *ret, size_t size)
{
        uint64_t ms = is_running(row) ? clock_ms() - row->started_ms : row->took_ms;
        char took[32] = "", counts[64] = "", findings[32] = "";

        if (ms > 0)
                duration_format(took, sizeof(took), ms);
        if (row->items > 0)
                (void) snprintf(counts, sizeof(counts), "  %u/%u items", row->items_ended,
                                row->items);
        else if (is_running(row) && row->total > 0)
                (void) snprintf(counts, sizeof(counts), "  %" PRIu64 "/%" PRIu64, row->done,
                                row->total);
        if (row->findings > 0)
                (void) snprintf(findings, sizeof(findings), "  %" PRIu64 " finding%s",
                                row->findings, row->findings == 1 ? "" : "s");
        (void) snprintf(ret, size, "%8s%s%s  %s", took, counts, findings, row->note);
}

static size_t id_width(const struct progress *p)
{
        size_t width = 0;

        for (size_t i = 0; i < p->n_rows; i++)
                width = MAX_OF(width, strlen(p->rows[i].id));
        return MIN_OF(width, (size_t) 32);
}

/* One line, never longer than the terminal is wide: a wrapped line would spoil the redrawing. */
static void row_draw(const struct progress *p, const struct row *row, size_t width,
                     unsigned columns)
{
        char detail[256], line[512];
        size_t room = columns > 6 ? columns - 6 : 1, n;

        row_detail(row, detail, sizeof(detail));
        (void) snprintf(line, sizeof(line), "%-*s %-34s %s", (int) width, row->id, row->work,
                        detail);
        for (n = 0; line[n] && n < room; n++)
                ;
        while (n > 0 && line[n] && ((unsigned char) line[n] & 0xC0) == 0x80)
                n--;
        (void) fprintf(stderr, "\r\033[K %s%s%s %.*s\n",
                       term_style(p->has_colour, row->look->style),
                       is_running(row) ? spinner[p->tick % ARRAY_SIZE(spinner)] : row->look->mark,
                       term_style(p->has_colour, STYLE_PLAIN), (int) n, line);
}

static void erase(struct progress *p)
{
        if (p->drawn > 0)
                (void) fprintf(stderr, "\033[%uA\r\033[J", p->drawn);
        p->drawn = 0;
}

static unsigned rows_most(void)
{
        struct winsize w;

        if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_row < 6)
                return 20;
        return w.ws_row - 3u;
}

/* Where not every step fits, those that move are shown and the rest is counted. */
static void draw(struct progress *p)
{
        unsigned columns = term_width(stderr), most = rows_most();
        size_t width = id_width(p), left_out = 0;
        bool fits = p->n_rows <= most;

        erase(p);
        for (size_t i = 0; i < p->n_rows; i++) {
                if ((!fits && !is_running(&p->rows[i])) || p->drawn >= most) {
                        left_out++;
                        continue;
                }
                row_draw(p, &p->rows[i], width, columns);
                p->drawn++;
        }
        if (left_out > 0) {
                (void) fprintf(stderr, "\r\033[K   … and %zu more steps\n", left_out);
                p->drawn++;
        }
        (void) fflush(stderr);
}

static int on_turn(struct loop_source *source, uint32_t events)
{
        struct progress *p = source->owner;

        (void) events;
        p->tick++;
        draw(p);
        return loop_add_timer(p->loop, &p->turn, TURN_MS, on_turn, p);
}

void progress_start(struct progress *p)
{
        p->is_stopped = false;
        if (p->mode == PROGRESS_LIVE)
                (void) loop_add_timer(p->loop, &p->turn, TURN_MS, on_turn, p);
}

void progress_stop(struct progress *p)
{
        if (p->is_stopped)
                return;
        p->is_stopped = true;
        loop_remove(p->loop, &p->turn);
        if (p->mode == PROGRESS_LIVE)
                draw(p);
        p->drawn = 0;
}

int progress_new(struct progress **ret, struct loop *loop, enum progress_mode mode)
{
        struct progress *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        p->loop = loop;
        p->mode = mode;
        p->has_colour = term_has_colour(stderr);
        progress_start(p);
        *ret = p;
        return 0;
}

struct progress *progress_free(struct progress *p)
{
        if (!p)
                return NULL;
        progress_stop(p);
        for (size_t i = 0; i < p->n_rows; i++) {
                free(p->rows[i].id);
                free(p->rows[i].work);
        }
        free(p->rows);
        free(p);
        return NULL;
}

int progress_step(struct progress *p, const char *id, const char *work)
{
        struct row *rows, *row;

        if (p->n_rows >= ROWS_MAX)
                return 0;
        rows = realloc(p->rows, (p->n_rows + 1) * sizeof(*rows));
        if (!rows)
                return -ENOMEM;
        p->rows = rows;
        row = &rows[p->n_rows++];
        *row = (struct row){ .id = strdup(id), .work = strdup(work), .look = &looks[0] };
        return row->id && row->work ? 0 : -ENOMEM;
}

static const char *text_of(const json_t *event, const char *member)
{
        const char *text = json_string_value(json_object_get(event, member));

        return text ? text : "";
}

static uint64_t number_of(const json_t *event, const char *member)
{
        json_int_t n = json_integer_value(json_object_get(event, member));

        return n > 0 ? (uint64_t) n : 0;
}

static struct row *row_find(struct progress *p, const char *id)
{
        for (size_t i = 0; i < p->n_rows; i++)
                if (strcmp(p->rows[i].id, id) == 0)
                        return &p->rows[i];
        return NULL;
}

static const struct look *look_find(const char *state)
{
        for (size_t i = 0; i < ARRAY_SIZE(looks); i++)
                if (strcmp(looks[i].state, state) == 0)
                        return &looks[i];
        return &looks[0];
}

static bool is_end(const char *state)
{
        static const char *const ends[] = { "done", "failed", "skipped", "cancelled" };

        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                if (strcmp(ends[i], state) == 0)
                        return true;
        return false;
}

static void step_plain(const struct progress *p, const json_t *event, const char *state)
{
        const char *verdict = text_of(event, "verdict"), *reason = text_of(event, "reason");

        if (p->mode != PROGRESS_PLAIN || strcmp(state, "waiting") == 0 ||
            strcmp(state, "ready") == 0)
                return;
        (void) fprintf(stderr, "%s: %s%s%s%s%s%s\n", text_of(event, "step"), state,
                       *verdict ? " (" : "", verdict, *verdict ? ")" : "", *reason ? ": " : "",
                       reason);
}

static void step_move(struct row *row, const json_t *event, const char *state)
{
        if (is_running(row) && strcmp(state, "running") != 0)
                row->took_ms += clock_ms() - row->started_ms;
        if (!is_running(row) && strcmp(state, "running") == 0)
                row->started_ms = clock_ms();
        row->look = look_find(state);
        (void) snprintf(row->note, sizeof(row->note), "%.79s", text_of(event, "reason"));
}

static void item_move(struct row *row, const json_t *event, const char *state)
{
        row->items = MAX_OF(row->items, (unsigned) number_of(event, "item") + 1);
        if (is_end(state))
                row->items_ended++;
}

static void on_step(struct progress *p, struct row *row, const json_t *event)
{
        const char *state = text_of(event, "state");

        if (json_is_integer(json_object_get(event, "item"))) {
                item_move(row, event, state);
                return;
        }
        step_plain(p, event, state);
        step_move(row, event, state);
}

static void on_findings(struct progress *p, struct row *row, const json_t *event)
{
        static const char *const members[] = { "critical", "high", "medium", "low", "info" };

        (void) p;
        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
                row->findings += number_of(event, members[i]);
}

static void on_progress(struct progress *p, struct row *row, const json_t *event)
{
        (void) p;
        row->done = number_of(event, "done");
        row->total = number_of(event, "total");
        (void) snprintf(row->note, sizeof(row->note), "%.79s", text_of(event, "note"));
}

static void on_log(struct progress *p, struct row *row, const json_t *event)
{
        if (number_of(event, "level") > WARNING)
                return;
        erase(p);
        (void) fprintf(stderr, "%s: %s\n", row->id, text_of(event, "text"));
}

static const struct {
        const char *event;
        void (*handle)(struct progress *p, struct row *row, const json_t *event);
} handlers[] = {
        { "step", on_step },
        { "findings", on_findings },
        { "progress", on_progress },
        { "log", on_log },
};

void progress_event(struct progress *p, const json_t *event)
{
        struct row *row = row_find(p, text_of(event, "step"));

        if (!row || p->mode == PROGRESS_QUIET)
                return;
        for (size_t i = 0; i < ARRAY_SIZE(handlers); i++)
                if (strcmp(handlers[i].event, text_of(event, "event")) == 0)
                        handlers[i].handle(p, row, event);
}
