/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/tail.h"

#include <string.h>

#include "base/utf8.h"

void tail_flush(struct tail *t)
{
        if (t->line_length)
                t->on_line(t->user, t->line, t->line_length);
        t->line_length = 0;
}

static void line_feed(struct tail *t, char c)
{
        if (c == '\n') {
                tail_flush(t);
                return;
        }
        if (t->line_length == sizeof(t->line))
                tail_flush(t);
        t->line[t->line_length++] = c;
}

void tail_feed(struct tail *t, const char *data, size_t length)
{
        for (size_t i = 0; i < length; i++) {
                line_feed(t, data[i]);
                t->kept[t->total++ % sizeof(t->kept)] = data[i];
        }
}

char *tail_text(const struct tail *t, const struct redact *redact)
{
        _cleanup_(buf_done) struct buf text = { 0 }, shown = { 0 };
        uint64_t count = 0; /* the log has counted them */
        int r;
        char raw[TAIL_KEPT];
        size_t length = (size_t) MIN_OF(t->total, (uint64_t) sizeof(raw));

        for (size_t i = 0; i < length; i++)
                raw[i] = t->kept[(t->total - length + i) % sizeof(t->kept)];
        r = t->total > sizeof(raw) ? redact_tail(redact, &shown, raw, length, &count)
                                   : redact_text(redact, &shown, raw, length, &count);
        if (redact)
                explicit_bzero(raw, sizeof(raw));
        if (r < 0 || utf8_clean(&text, buf_text(&shown), shown.length, true) < 0 ||
            buf_puts(&text, "") < 0)
                return NULL;
        return text.data ? buf_take(&text) : strdup("");
}
