/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/waiver.h"

#include <ctype.h>

#define LINE_MAX_BYTES 4096 /* of a line, on each side of the place, that are looked at */
#define MARK           "linhay: ignore"

/* What a comment begins with, in all languages that we know of. */
static const char *const openings[] = { "//", "/*", "<!--", "#", "--", ";", "%", "*", "\"\"\"" };

/* What ends one that has an end. */
static const char *const closings[] = { "*/", "-->", "\"\"\"" };

static struct span line_around(const char *text, size_t length, size_t place)
{
        size_t start = place, end = place;

        while (start > 0 && place - start < LINE_MAX_BYTES && text[start - 1] != '\n')
                start--;
        while (end < length && end - place < LINE_MAX_BYTES && text[end] != '\n')
                end++;
        return (struct span){ text + start, end - start };
}

static bool begins(struct span s, const char *head)
{
        return s.length >= strlen(head) && !memcmp(s.text, head, strlen(head));
}

static struct span behind(struct span s, size_t n)
{
        return (struct span){ s.text + n, s.length - n };
}

static struct span trim(struct span s)
{
        while (s.length && isspace((unsigned char) s.text[0]))
                s = behind(s, 1);
        while (s.length && isspace((unsigned char) s.text[s.length - 1]))
                s.length--;
        return s;
}

static bool has_opening(struct span before)
{
        for (size_t i = 0; i < ARRAY_SIZE(openings); i++)
                if (memmem(before.text, before.length, openings[i], strlen(openings[i])))
                        return true;
        return false;
}

/* Nothing but a comment on the line? */
static bool is_comment(struct span line)
{
        line = trim(line);
        for (size_t i = 0; i < ARRAY_SIZE(openings); i++)
                if (begins(line, openings[i]))
                        return true;
        return false;
}

/* "secrets", "secrets/" and "secrets/generic-token" all mean that rule. */
static bool is_meant(struct span name, const char *rule)
{
        name = trim(name);
        if (name.length && name.text[name.length - 1] == '/')
                name.length--;
        return name.length && name.length <= strlen(rule) &&
               !memcmp(rule, name.text, name.length) &&
               (rule[name.length] == '\0' || rule[name.length] == '/');
}

/* The list in brackets; *rest is what stands behind it. Without one every rule is meant. */
static bool list_means(struct span *rest, const char *rule)
{
        const char *end = begins(*rest, "[") ? memchr(rest->text, ']', rest->length) : NULL;
        bool meant = false;

        if (!end)
                return true;
        for (const char *p = rest->text + 1; p <= end;) {
                const char *comma = memchr(p, ',', (size_t) (end - p));
                const char *to = comma ? comma : end;

                meant = meant || is_meant((struct span){ p, (size_t) (to - p) }, rule);
                p = to + 1;
        }
        *rest = behind(*rest, (size_t) (end + 1 - rest->text));
        return meant;
}

/* What is left of the comment: printable, on one line. */
static void keep_reason(struct span rest, struct waiver *ret)
{
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(closings); i++) {
                const char *end = memmem(rest.text, rest.length, closings[i], strlen(closings[i]));

                if (end)
                        rest.length = (size_t) (end - rest.text);
        }
        rest = trim(rest);
        while (rest.length && strchr(":-,", rest.text[0]))
                rest = trim(behind(rest, 1));
        for (size_t i = 0; i < rest.length && n < WAIVER_MAX; i++)
                ret->reason[n++] = iscntrl((unsigned char) rest.text[i]) ? ' ' : rest.text[i];
        ret->reason[n] = '\0';
}

static bool line_waives(struct span line, const char *rule, struct waiver *ret)
{
        const char *mark = memmem(line.text, line.length, MARK, strlen(MARK));
        struct span rest;

        if (!mark || !has_opening((struct span){ line.text, (size_t) (mark - line.text) }))
                return false;
        ret->mark = behind(line, (size_t) (mark - line.text));
        rest = behind(ret->mark, strlen(MARK));
        if (rest.length && (isalnum((unsigned char) rest.text[0]) || rest.text[0] == '-'))
                return false; /* "ignored" is another word */
        if (!list_means(&rest, rule))
                return false;
        keep_reason(rest, ret);
        return true;
}

bool waiver_find(const char *text, size_t length, size_t place, const char *rule,
                 struct waiver *ret)
{
        struct span line = line_around(text, length, MIN_OF(place, length)), before;
        size_t start = (size_t) (line.text - text);

        *ret = (struct waiver){ 0 };
        if (line_waives(line, rule, ret))
                return true;
        if (start == 0 || text[start - 1] != '\n')
                return false;
        before = line_around(text, length, start - 1);
        before.length = MIN_OF(before.length, (size_t) (text + start - 1 - before.text));
        ret->is_line_before = true;
        return is_comment(before) && line_waives(before, rule, ret);
}
