/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

/* Marks a text that did not fit, so that a reader does not take the cut for the end. */
static void mark_cut(char *text, int length)
{
        if (length >= ERR_TEXT_MAX)
                memcpy(text + ERR_TEXT_MAX - 4, "...", 4);
}

static int format_text(char *text, const char *format, va_list args)
{
        int n = vsnprintf(text, ERR_TEXT_MAX, format, args);

        if (n < 0)
                text[0] = '\0';
        mark_cut(text, n);
        return n < 0 ? 0 : MIN_OF(n, ERR_TEXT_MAX - 1);
}

int err_set(struct err *err, int code, const char *format, ...)
{
        va_list args;

        assert(code < 0);
        if (!err)
                return code;

        err->code = code;
        va_start(args, format);
        (void) format_text(err->text, format, args);
        va_end(args);
        utf8_settle(err->text);
        return code;
}

int err_sys(struct err *err, int code, const char *format, ...)
{
        va_list args;
        int used, n;

        assert(code < 0);
        if (!err)
                return code;

        err->code = code;
        va_start(args, format);
        used = format_text(err->text, format, args);
        va_end(args);

        n = snprintf(err->text + used, (size_t) (ERR_TEXT_MAX - used), ": %s", strerror(-code));
        mark_cut(err->text, used + n);
        utf8_settle(err->text);
        return code;
}

int err_wrap(struct err *err, int code, const char *format, ...)
{
        char before[ERR_TEXT_MAX], joined[2 * ERR_TEXT_MAX];
        va_list args;
        int n;

        assert(code < 0);
        if (!err)
                return code;

        va_start(args, format);
        (void) format_text(before, format, args);
        va_end(args);

        n = snprintf(joined, sizeof(joined), "%s: %s", before, err_text(err));
        if (err->code == 0)
                err->code = code;
        memcpy(err->text, joined, ERR_TEXT_MAX - 1);
        err->text[ERR_TEXT_MAX - 1] = '\0';
        mark_cut(err->text, n);
        utf8_settle(err->text);
        return code;
}

const char *err_text(const struct err *err)
{
        if (err->text[0])
                return err->text;
        return strerror(-err->code);
}
