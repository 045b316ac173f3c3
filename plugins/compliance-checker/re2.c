/* SPDX-License-Identifier: Apache-2.0 */
#include "re2.h"

#include "scan/def.h"

#include <ctype.h>

#define DEPTH_MAX 16

/* Behind the `]` that ends a class; `p` is behind its `[`. */
static const char *class_end(const char *p)
{
        if (*p == '^')
                p++;
        if (*p == ']')
                p++;
        while (*p && *p != ']') {
                const char *end = p[0] == '[' && p[1] == ':' ? strstr(p + 2, ":]") : NULL;

                if (end)
                        p = end + 2;
                else
                        p += p[0] == '\\' && p[1] ? 2 : 1;
        }
        return *p ? p + 1 : p;
}

/* Length of what stands for a whole set of bytes in a class (\w, \pL, [:alpha:]); 0 = it does not.
 */
static size_t set_length(const char *p)
{
        const char *end;

        if (p[0] == '[' && p[1] == ':' && (end = strstr(p + 2, ":]")))
                return (size_t) (end + 2 - p);
        if (p[0] != '\\' || !p[1] || !strchr("dDsSwWpP", p[1]))
                return 0;
        if (tolower((unsigned char) p[1]) != 'p' || !p[2])
                return 2;
        end = p[2] == '{' ? strchr(p, '}') : NULL;
        return end ? (size_t) (end + 1 - p) : 3;
}

/* [\w-.]: Go takes such a dash for itself, PCRE2 for the middle of a range that cannot be. */
static char *copy_class(char *to, const char *from, const char *end)
{
        while (from < end) {
                size_t n = set_length(from);
                bool is_set = n > 0;

                if (!n)
                        n = from[0] == '\\' && from[1] ? 2 : 1;
                n = MIN_OF(n, (size_t) (end - from));
                memcpy(to, from, n);
                to += n;
                from += n;
                if (is_set && from + 1 < end && from[0] == '-' && from[1] != ']') {
                        *to++ = '\\';
                        *to++ = '-';
                        from++;
                }
        }
        return to;
}

char *re2_to_pcre2(const char *regex)
{
        char *copy = malloc(2 * strlen(regex) + 1), *to = copy;

        if (!copy)
                return NULL;
        while (*regex) {
                const char *end;

                if (*regex == '[') {
                        *to++ = *regex++;
                        end = class_end(regex);
                        to = copy_class(to, regex, end);
                        regex = end;
                        continue;
                }
                if (*regex == '\\' && regex[1])
                        *to++ = *regex++;
                *to++ = *regex++;
        }
        *to = '\0';
        return copy;
}

/* ---- The literal ---- */

/* Where a group ends; `p` is behind its `(`. The `)` or the end of the text. */
static const char *group_end(const char *p, const char *end)
{
        unsigned depth = 1;

        while (p < end) {
                if (*p == '[') {
                        p = class_end(p + 1);
                        continue;
                }
                if (*p == '\\' && p + 1 < end) {
                        p += 2;
                        continue;
                }
                depth += *p == '(';
                depth -= *p == ')';
                if (!depth)
                        return p;
                p++;
        }
        return end;
}

static bool has_choice(const char *p, const char *end)
{
        while (p < end) {
                if (*p == '|')
                        return true;
                if (*p == '(')
                        p = group_end(p + 1, end);
                else if (*p == '[')
                        p = class_end(p + 1) - 1;
                else if (*p == '\\')
                        p++;
                p++;
        }
        return false;
}

/* May what stands before it be left out? */
static bool is_optional(const char *p)
{
        return *p == '?' || *p == '*' || (p[0] == '{' && (p[1] == '0' || p[1] == ','));
}

static bool is_repeated(const char *p)
{
        return is_optional(p) || *p == '+' || *p == '{';
}

static const char *skip_repeat(const char *p, const char *end)
{
        if (*p == '{')
                while (p < end && *p != '}')
                        p++;
        while (p < end && strchr("?*+}", *p))
                p++;
        return p;
}

struct run {
        char *text; /* the current one */
        size_t length;
        char *best;
};

static void end_run(struct run *r)
{
        r->text[r->length] = '\0';
        if (r->length > strlen(r->best))
                memcpy(r->best, r->text, r->length + 1);
        r->length = 0;
}

static void scan_runs(struct run *r, const char *p, const char *end, unsigned depth);

/* Behind the group whose `(` is at `p`. */
static const char *scan_group(struct run *r, const char *p, const char *end, unsigned depth)
{
        const char *close = group_end(p + 1, end), *inner = p + 1;
        const char *next = close < end ? close + 1 : end;

        if (*inner == '?') {
                while (inner < close && !strchr(":>)", *inner))
                        inner++;
                if (inner == close)
                        return next; /* flags alone change nothing here */
                inner++;
        }
        end_run(r);
        if (depth < DEPTH_MAX && !is_optional(next) && !has_choice(inner, close))
                scan_runs(r, inner, close, depth + 1);
        end_run(r);
        return skip_repeat(next, end);
}

/* One byte of the text itself; what is repeated or may be left out ends the run. */
static const char *scan_byte(struct run *r, const char *p, const char *end)
{
        char byte = *p == '\\' ? p[1] : *p;
        const char *next = p + (*p == '\\' ? 2 : 1);

        if (is_optional(next))
                end_run(r);
        else
                r->text[r->length++] = byte;
        if (!is_repeated(next))
                return next;
        end_run(r);
        return skip_repeat(next, end);
}

static void scan_runs(struct run *r, const char *p, const char *end, unsigned depth)
{
        while (p < end) {
                if (*p == '(')
                        p = scan_group(r, p, end, depth);
                else if (*p == '^' || *p == '$')
                        p++;
                else if (*p == '\\' && p + 1 < end && strchr("bBAz", p[1]))
                        p += 2;
                else if (*p == '[' || *p == '.' ||
                         (*p == '\\' && (p + 1 == end || isalnum((unsigned char) p[1])))) {
                        end_run(r);
                        p = *p == '[' ? class_end(p + 1) : p + (*p == '\\' && p + 1 < end ? 2 : 1);
                        p = skip_repeat(p, end);
                } else
                        p = scan_byte(r, p, end);
        }
        end_run(r);
}

char *re2_literal(const char *regex, size_t least)
{
        size_t n = strlen(regex);
        struct run r = { .text = malloc(n + 1), .best = calloc(1, n + 1) };

        if (r.text && r.best && !has_choice(regex, regex + n))
                scan_runs(&r, regex, regex + n, 0);
        if (r.best && strlen(r.best) < least)
                r.best[0] = '\0';
        if (!r.text) {
                free(r.best);
                r.best = NULL;
        }
        free(r.text);
        return r.best;
}

int re2_captures(const char *regex)
{
        for (const char *p = regex; *p; p++) {
                if (*p == '\\' && p[1])
                        p++;
                else if (*p == '[') {
                        p = class_end(p + 1) - 1;
                        if (!p[1])
                                return 0;
                } else if (*p == '(' && (p[1] != '?' || !strncmp(p, "(?P<", 4) ||
                                         (!strncmp(p, "(?<", 3) && isalpha((unsigned char) p[3]))))
                        return 1;
        }
        return 0;
}
