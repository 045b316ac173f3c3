/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/column.h"

#include "base/loop.h"
#include "base/unit.h"

#include <string.h>
#include <time.h>

static const struct {
        const char *word;
        enum style style;
} styles[] = {
        { "succeeded", STYLE_GREEN }, { "done", STYLE_GREEN },
        { "ok", STYLE_GREEN },        { "approved", STYLE_GREEN },
        { "applied", STYLE_GREEN },   { "running", STYLE_CYAN },
        { "ready", STYLE_CYAN },      { "waiting_approval", STYLE_YELLOW },
        { "held", STYLE_YELLOW },     { "open", STYLE_YELLOW },
        { "proposed", STYLE_YELLOW }, { "stale", STYLE_YELLOW },
        { "stopped", STYLE_YELLOW },  { "expired", STYLE_YELLOW },
        { "queued", STYLE_DIM },      { "waiting", STYLE_DIM },
        { "skipped", STYLE_DIM },     { "cancelled", STYLE_YELLOW },
        { "reverted", STYLE_YELLOW }, { "", STYLE_PLAIN },
};

const char *column_text(const json_t *object, const char *member)
{
        const char *text = json_string_value(json_object_get(object, member));

        return text ? text : "";
}

void column_time(char ret[COLUMN_SIZE], const json_t *object, const char *member)
{
        const json_t *ms = json_object_get(object, member);
        time_t seconds = (time_t) (json_integer_value(ms) / 1000);
        struct tm tm;

        if (!json_is_integer(ms) || !localtime_r(&seconds, &tm) ||
            strftime(ret, COLUMN_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
                (void) snprintf(ret, COLUMN_SIZE, "-");
}

void column_took(char ret[COLUMN_SIZE], const json_t *object)
{
        const json_t *started = json_object_get(object, "started");
        const json_t *ended = json_object_get(object, "ended");
        json_int_t until, took;
        size_t length;

        /* When a stopped one stopped, nobody knows. */
        if (!json_is_integer(started) ||
            (!json_is_integer(ended) && json_is_true(json_object_get(object, "stopped")))) {
                (void) snprintf(ret, COLUMN_SIZE, "-");
                return;
        }
        until = json_is_integer(ended) ? json_integer_value(ended) : (json_int_t) clock_wall_ms();
        took = until - json_integer_value(started);
        /* The clock may have been set back since. */
        duration_format(ret, COLUMN_SIZE, took > 0 ? (uint64_t) took : 0);
        length = strlen(ret);
        if (!json_is_integer(ended))
                (void) snprintf(ret + length, COLUMN_SIZE - length, "…");
}

void column_step(char ret[2 * COLUMN_SIZE], const json_t *object, const char *name)
{
        const json_t *item = json_object_get(object, "item");

        if (json_is_integer(item))
                (void) snprintf(ret, 2 * COLUMN_SIZE, "%s/%lld", column_text(object, name),
                                (long long) json_integer_value(item));
        else
                (void) snprintf(ret, 2 * COLUMN_SIZE, "%s", column_text(object, name));
}

enum style column_style(const char *word)
{
        for (size_t i = 0; i < ARRAY_SIZE(styles); i++)
                if (strcmp(styles[i].word, word) == 0)
                        return styles[i].style;
        /* Every other verdict and state is one of failure. */
        return STYLE_RED;
}
