/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/say.h"

#include "base/utf8.h"
#include "obs/mask.h"

#include <stdarg.h>
#include <string.h>

#define TEXT_MAX 4096

void say(enum say_level level, const char *format, ...)
{
        _cleanup_(buf_done) struct buf clean = { 0 }, shown = { 0 };
        char text[TEXT_MAX], mark[8] = "";
        size_t masked = 0;
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (utf8_clean(&clean, text, strlen(text), false) < 0 ||
            mask_text(&shown, buf_text(&clean), MASK_TEXT, &masked) < 0)
                return;
        if (!isatty(STDERR_FILENO))
                (void) snprintf(mark, sizeof(mark), "<%d>", (int) level);
        (void) fprintf(stderr, "%s%s\n", mark, buf_text(&shown));
}
