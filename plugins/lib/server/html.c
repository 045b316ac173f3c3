/* SPDX-License-Identifier: Apache-2.0 */
#include "html.h"

#include "span.h"

static struct span skip_to(struct span page, const char *what)
{
        const char *at = memmem(page.text, page.length, what, strlen(what));

        return at ? span_from(page, (size_t) (at - page.text) + strlen(what))
                  : (struct span){ page.text + page.length, 0 };
}

static struct span take_while(struct span *page, const char *stop)
{
        struct span taken = { page->text, 0 };

        while (taken.length < page->length && !isspace((unsigned char) taken.text[taken.length]) &&
               !char_in(stop, taken.text[taken.length]))
                taken.length++;
        *page = span_from(*page, taken.length);
        return taken;
}

static void skip_blanks(struct span *page)
{
        while (page->length && isspace((unsigned char) *page->text))
                *page = span_from(*page, 1);
}

static struct span take_value(struct span *page)
{
        struct span value;
        const char *end;

        skip_blanks(page);
        if (!page->length || !char_in("\"'", *page->text))
                return take_while(page, ">");
        end = memchr(page->text + 1, *page->text, page->length - 1);
        value = (struct span){ page->text + 1,
                               end ? (size_t) (end - page->text) - 1 : page->length - 1 };
        *page = span_from(*page, value.length + 1 + (end ? 1 : 0));
        return value;
}

static void take_attributes(struct span *page, struct html_tag *t)
{
        for (;;) {
                struct span name, value = { "", 0 };

                skip_blanks(page);
                while (page->length && *page->text == '/')
                        *page = span_from(*page, 1);
                skip_blanks(page);
                if (!page->length || *page->text == '>')
                        break;
                name = take_while(page, "=>/");
                skip_blanks(page);
                if (page->length && *page->text == '=') {
                        *page = span_from(*page, 1);
                        value = take_value(page);
                }
                if (name.length && t->n_attributes < HTML_ATTRIBUTES) {
                        t->attributes[t->n_attributes].name = name;
                        t->attributes[t->n_attributes++].value = value;
                }
        }
        *page = span_from(*page, 1);
}

/* The inside of a script is no markup: to its end, letters taken alike. */
static void skip_inside(struct span *page, struct span name)
{
        while (page->length) {
                *page = skip_to(*page, "</");
                if (page->length >= name.length && !strncasecmp(page->text, name.text, name.length))
                        return;
        }
}

bool html_next(struct span *page, struct html_tag *ret_tag)
{
        while (page->length) {
                *page = skip_to(*page, "<");
                if (span_starts(*page, "!--")) {
                        *page = skip_to(*page, "-->");
                        continue;
                }
                if (!page->length || !isalpha((unsigned char) *page->text))
                        continue;
                ret_tag->n_attributes = 0;
                ret_tag->name = take_while(page, ">/");
                take_attributes(page, ret_tag);
                if (span_is(ret_tag->name, "script") || span_is(ret_tag->name, "style"))
                        skip_inside(page, ret_tag->name);
                return true;
        }
        return false;
}

bool html_attribute(const struct html_tag *t, const char *name, struct span *ret_value)
{
        for (size_t i = 0; i < t->n_attributes; i++)
                if (span_is(t->attributes[i].name, name)) {
                        *ret_value = t->attributes[i].value;
                        return true;
                }
        return false;
}
