/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/gaps.h"

#include "base/buf.h"
#include "base/def.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define UNREADABLE "unreadable"

/* Places of steps' gaps while they are collected. */
struct finder {
        struct gaps gaps;
        size_t size;
        size_t unlisted; /* of the step that counted most: two steps may mean the same files */
};

static const char *text_of(const json_t *object, const char *member)
{
        const char *text = json_string_value(json_object_get(object, member));

        return text ? text : "";
}

static int gap_add(struct finder *f, struct gap gap)
{
        if (f->gaps.n == f->size) {
                size_t size = f->size ? 2 * f->size : 64;
                struct gap *list = reallocarray(f->gaps.list, size, sizeof(*list));

                if (!list)
                        return -ENOMEM;
                f->gaps.list = list;
                f->size = size;
        }
        f->gaps.list[f->gaps.n++] = gap;
        return 0;
}

/* What the cell could not be shown, by the last attempt: one before it may have seen less. */
static int shown_read(struct finder *f, const json_t *step)
{
        const json_t *attempts = json_object_get(step, "attempts");
        const json_t *last = json_array_get(attempts, json_array_size(attempts) - 1);
        json_t *path;
        size_t i;
        int r = 0;

        json_array_foreach (json_object_get(last, "unreadable"), i, path)
                if (r == 0 && json_is_string(path))
                        r = gap_add(f, (struct gap){ json_string_value(path), UNREADABLE,
                                                     text_of(step, "id") });
        return r;
}

/* What the agent says of itself. */
static int said_read(struct finder *f, const json_t *step)
{
        const json_t *output = json_object_get(step, "output");
        const json_t *list = json_object_get(output, "not_looked_at");
        json_int_t count = json_integer_value(json_object_get(output, "not_looked_at_count"));
        size_t listed = 0, i;
        json_t *item;
        int r = 0;

        if (!json_is_array(list))
                return 0;
        json_array_foreach (list, i, item) {
                if (r < 0 || listed == GAPS_LISTED_MAX)
                        break;
                if (!*text_of(item, "path"))
                        continue;
                r = gap_add(f, (struct gap){ text_of(item, "path"), text_of(item, "reason"),
                                             text_of(step, "id") });
                listed++;
        }
        count = MAX_OF(count, (json_int_t) json_array_size(list));
        f->unlisted = MAX_OF(f->unlisted, (size_t) count - listed);
        return r;
}

static bool is_unreadable(const struct gap *g)
{
        return strcmp(g->reason, UNREADABLE) == 0;
}

static int compare_paths(const void *a, const void *b)
{
        const struct gap *x = a, *y = b;
        int d = strcmp(x->path, y->path);

        return d ? d : is_unreadable(y) - is_unreadable(x);
}

static int compare_gaps(const void *a, const void *b)
{
        const struct gap *x = a, *y = b;
        int d = is_unreadable(y) - is_unreadable(x);

        return d ? d : strcmp(x->path, y->path);
}

static void settle(struct gaps *g)
{
        size_t n = 0;

        if (g->n == 0)
                return;
        qsort(g->list, g->n, sizeof(*g->list), compare_paths);
        for (size_t i = 0; i < g->n; i++)
                if (i == 0 || strcmp(g->list[i].path, g->list[i - 1].path) != 0)
                        g->list[n++] = g->list[i];
        g->n = n;
        qsort(g->list, g->n, sizeof(*g->list), compare_gaps);
}

int gaps_find(struct gaps *ret, const json_t *document)
{
        struct finder f = { 0 };
        json_t *step;
        size_t i;
        int r = 0;

        json_array_foreach (json_object_get(document, "steps"), i, step) {
                if (r == 0)
                        r = shown_read(&f, step);
                if (r == 0)
                        r = said_read(&f, step);
        }
        if (r < 0) {
                gaps_done(&f.gaps);
                return r;
        }
        settle(&f.gaps);
        f.gaps.total = f.gaps.n + f.unlisted;
        *ret = f.gaps;
        return 0;
}

void gaps_done(struct gaps *g)
{
        free(g->list);
        *g = (struct gaps){ 0 };
}

json_t *gaps_to_json(const struct gaps *g)
{
        json_t *list = json_array();

        for (size_t i = 0; list && i < g->n; i++)
                (void) json_array_append_new(
                        list, json_pack("{s:s, s:s, s:s}", "path", g->list[i].path, "reason",
                                        g->list[i].reason, "step", g->list[i].step));
        return list;
}

char *gaps_sentence(const struct gaps *g)
{
        _cleanup_(buf_done) struct buf text = { 0 };
        size_t shown = MIN_OF(g->n, (size_t) GAPS_SHOWN);
        int r = 0;

        if (g->total == 0)
                return strdup("");
        r = buf_printf(&text, "%zu", g->total);
        for (size_t i = 0; r == 0 && i < shown; i++)
                r = buf_printf(&text, "%s%s (%s)", i ? ", " : ": ", g->list[i].path,
                               *g->list[i].reason ? g->list[i].reason : "no reason is given");
        if (r == 0 && g->total > shown)
                r = buf_puts(&text, ", …");
        return r < 0 ? NULL : buf_take(&text);
}
