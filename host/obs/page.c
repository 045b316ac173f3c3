/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/page.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <string.h>

void page_printf(struct page *p, const char *format, ...)
{
        char text[512];
        va_list args;
        char *more;
        int n;

        if (p->r < 0)
                return;
        va_start(args, format);
        n = vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (n >= 0 && (size_t) n < sizeof(text)) {
                p->r = buf_add(p->out, text, (size_t) n);
                return;
        }

        va_start(args, format);
        n = vasprintf(&more, format, args);
        va_end(args);
        if (n < 0) {
                p->r = -ENOMEM;
                return;
        }
        p->r = buf_add(p->out, more, (size_t) n);
        free(more);
}

void page_puts(struct page *p, const char *text)
{
        if (p->r == 0)
                p->r = buf_puts(p->out, text);
}

void page_putc(struct page *p, char c)
{
        if (p->r == 0)
                p->r = buf_putc(p->out, c);
}

void page_plain(struct page *p, const char *text)
{
        if (p->r == 0)
                p->r = utf8_clean(p->out, text, strlen(text), false);
}

void page_html(struct page *p, const char *text)
{
        for (; *text; text++) {
                switch (*text) {
                case '&':
                        page_puts(p, "&amp;");
                        break;
                case '<':
                        page_puts(p, "&lt;");
                        break;
                case '>':
                        page_puts(p, "&gt;");
                        break;
                case '"':
                        page_puts(p, "&quot;");
                        break;
                case '\'':
                        page_puts(p, "&#39;");
                        break;
                default:
                        page_putc(p, *text);
                }
        }
}

void page_markdown(struct page *p, const char *text)
{
        for (; *text; text++) {
                if (*text == '\n')
                        page_putc(p, ' ');
                else if (*text == '<')
                        page_puts(p, "&lt;");
                else if (*text == '&')
                        page_puts(p, "&amp;");
                else if (strchr("\\`*_[]#|~@!", *text))
                        page_printf(p, "\\%c", *text);
                else
                        page_putc(p, *text);
        }
}

static size_t longest_run(const char *text, char c)
{
        size_t longest = 0, run = 0;

        for (; *text; text++) {
                run = *text == c ? run + 1 : 0;
                longest = MAX_OF(longest, run);
        }
        return longest;
}

void page_code(struct page *p, const char *text)
{
        size_t fence = longest_run(text, '`') + 1;

        for (size_t i = 0; i < fence; i++)
                page_putc(p, '`');
        page_putc(p, ' ');
        for (; *text; text++)
                page_putc(p, *text == '\n' ? ' ' : *text);
        page_putc(p, ' ');
        for (size_t i = 0; i < fence; i++)
                page_putc(p, '`');
}
