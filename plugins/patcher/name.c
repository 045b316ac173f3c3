/* SPDX-License-Identifier: Apache-2.0 */
#include "name.h"

#include "text.h"

#define LINE_MAX_BYTES (16u << 10)

/* Takes runs of slashes together, in place. */
static char *slashes_squash(char *name)
{
        char *to = name;

        for (const char *from = name; *from; from++)
                if (*from != '/' || to == name || to[-1] != '/')
                        *to++ = *from;
        *to = 0;
        return name;
}

/* The name as an own string; NUL inside is refused. */
static int name_copy(char **ret, const char *name, size_t length, struct refusal *why)
{
        char *copy;

        if (memchr(name, 0, length))
                return refuse(why, REFUSAL_PATH, "a file name in the patch holds a NUL byte");
        copy = strndup(name, length);
        if (!copy)
                return refuse_memory(why);
        *ret = slashes_squash(copy);
        return 0;
}

static int absolute_refuse(const char *name, size_t length, struct refusal *why)
{
        return refuse(why, REFUSAL_PATH,
                      "the patch names \"%.*s\", an absolute path; patches may only name files "
                      "relative to the workspace",
                      (int) MIN_OF(length, 1024u), name);
}

/* One backslash sequence, `*at` behind the backslash: its byte, or -1. */
static int escape_read(const char **at, const char *end)
{
        static const char letters[] = "abfnrtv\\\"", bytes[] = "\a\b\f\n\r\t\v\\\"";
        const char *p = *at, *found;

        if (p == end || !*p)
                return -1;
        found = strchr(letters, *p);
        if (found) {
                *at = p + 1;
                return (unsigned char) bytes[found - letters];
        }
        if (end - p < 3 || *p < '0' || *p > '3')
                return -1;
        for (int i = 1; i < 3; i++)
                if (p[i] < '0' || p[i] > '7')
                        return -1;
        *at = p + 3;
        return (p[0] - '0') * 64 + (p[1] - '0') * 8 + (p[2] - '0');
}

/* Decodes a C string at `line`; *ret_used counts both quotes. False where it is not one. */
static bool unquote(char *out, size_t *ret_length, const char *line, size_t length,
                    size_t *ret_used)
{
        const char *p = line + 1, *end = line + length;
        size_t n = 0;

        while (p < end && *p != '"') {
                int c = (unsigned char) *p++;

                if (c == '\\')
                        c = escape_read(&p, end);
                if (c < 0)
                        return false;
                out[n++] = (char) c;
        }
        if (p == end)
                return false;
        *ret_length = n;
        *ret_used = (size_t) (p + 1 - line);
        return true;
}

/* What is left behind `strip` slashes, or NULL. */
static const char *strip_slashes(const char *name, size_t length, unsigned strip)
{
        const char *end = name + length;

        for (; strip; strip--) {
                name = memchr(name, '/', (size_t) (end - name));
                if (!name)
                        return NULL;
                name++;
        }
        return name;
}

/* A quoted name. 1 = the line does not hold one that this strip leaves something of. */
static int quoted_read(char **ret, const char *line, size_t length, unsigned strip,
                       struct refusal *why)
{
        _cleanup_(freep) char *text = malloc(length);
        const char *rest;
        size_t n, used;

        if (!text)
                return refuse_memory(why);
        if (!unquote(text, &n, line, length, &used))
                return 1;
        if (n && text[0] == '/')
                return absolute_refuse(text, n, why);
        rest = strip_slashes(text, n, strip);
        if (!rest)
                return 1;
        return name_copy(ret, rest, n - (size_t) (rest - text), why);
}

/* An unquoted name that is the whole of `line`. */
static int bare_read(char **ret, const char *line, size_t length, unsigned strip, const char *other,
                     struct refusal *why)
{
        const char *rest = strip_slashes(line, length, strip);
        size_t n = rest ? length - (size_t) (rest - line) : 0;

        if (length && line[0] == '/')
                return absolute_refuse(line, length, why);
        if (n == 0 && !other)
                return 0;
        if (n == 0 || (other && strlen(other) < n && memcmp(rest, other, strlen(other)) == 0))
                return name_copy(ret, other, strlen(other), why);
        return name_copy(ret, rest, n, why);
}

/* Bytes before the first carriage return, and before the first tab if that ends the name. */
static size_t bare_length(const char *line, size_t length, bool ends_at_tab)
{
        size_t n = 0;

        while (n < length && line[n] != '\r' && !(ends_at_tab && line[n] == '\t'))
                n++;
        return n;
}

int name_of_git(char **ret_name, const char *line, size_t length, unsigned strip, bool ends_at_tab,
                struct refusal *why)
{
        char *name = NULL;
        int r = 1;

        if (length && line[0] == '"')
                r = quoted_read(&name, line, length, strip, why);
        if (r > 0)
                r = bare_read(&name, line, bare_length(line, length, ends_at_tab), strip, NULL,
                              why);
        if (r < 0)
                return r;
        *ret_name = name;
        return 0;
}

/*
 * Does the text end like `pattern`? 'd' stands for a digit, 's' for a sign, the rest for itself.
 * Returns the length of the pattern, or 0.
 */
static size_t tail_matches(const char *text, size_t length, const char *pattern)
{
        size_t n = strlen(pattern);

        if (length < n)
                return 0;
        for (size_t i = 0; i < n; i++) {
                char c = text[length - n + i];

                if (pattern[i] == 'd'   ? !text_is_digit(c)
                    : pattern[i] == 's' ? c != '+' && c != '-'
                                        : c != pattern[i])
                        return 0;
        }
        return n;
}

/* " 19:41:17" or " 19:41:17.620000023" at the end: its length, or 0. */
static size_t clock_length(const char *line, size_t length)
{
        size_t whole = length, n;

        n = tail_matches(line, length, " dd:dd:dd");
        if (n)
                return n;
        while (length && text_is_digit(line[length - 1]))
                length--;
        if (length == whole || !length || line[length - 1] != '.')
                return 0;
        n = tail_matches(line, length - 1, " dd:dd:dd");
        return n ? n + (whole - length + 1) : 0;
}

/* How much of the end of a line is the time of a file, with the blanks before it; 0 = none. */
static size_t stamp_length(const char *line, size_t length)
{
        size_t end = length, n;

        if (!length || !text_is_digit(line[length - 1]))
                return 0;
        n = tail_matches(line, end, " sdddd");
        end -= n ? n : tail_matches(line, end, " sdd:dd");
        end -= clock_length(line, end);
        n = tail_matches(line, end, "dd-dd-dd");
        if (!n)
                return 0;
        end -= n;
        end -= tail_matches(line, end, "dd");
        if (!end)
                return 0;
        if (line[end - 1] == '\t')
                return length - (end - 1);
        if (line[end - 1] != ' ')
                return 0;
        while (end && line[end - 1] == ' ')
                end--;
        return length - end;
}

int name_of_plain(char **ret_name, const char *line, size_t length, unsigned strip,
                  const char *other, struct refusal *why)
{
        size_t stamp = stamp_length(line, length);
        char *name = NULL;
        int r = 1;

        if (length && line[0] == '"')
                r = quoted_read(&name, line, length, strip, why);
        if (r > 0) {
                length = stamp ? length - stamp : bare_length(line, length, true);
                r = bare_read(&name, line, length, strip, other, why);
        }
        if (r < 0)
                return r;
        *ret_name = name;
        return 0;
}

/* Behind `strip` components of a name that must not begin with a slash, or NULL. */
static const char *prefix_skip(const char *name, size_t length, unsigned strip)
{
        if (length && name[0] == '/' && strip <= 1)
                return NULL;
        return strip_slashes(name, length, strip);
}

static size_t blanks_skip(const char *line, size_t length, size_t at)
{
        while (at < length && text_is_blank(line[at]))
                at++;
        return at;
}

/* "a/x" and something: the second name, quoted or not, must be the same as `name`. */
static bool second_is_same(const char *name, size_t n, const char *second, size_t length,
                           unsigned strip, char *scratch)
{
        const char *rest;
        size_t used;

        if (length && *second == '"') {
                if (!unquote(scratch, &length, second, length, &used))
                        return false;
                second = scratch;
        }
        rest = prefix_skip(second, length, strip);
        return rest && length - (size_t) (rest - second) == n && memcmp(rest, name, n) == 0;
}

/* Both names quoted, or the first alone. */
static int both_quoted(char **ret, const char *line, size_t length, unsigned strip, char *first,
                       char *scratch, struct refusal *why)
{
        const char *name;
        size_t n, used;

        if (!unquote(first, &n, line, length, &used))
                return 0;
        name = prefix_skip(first, n, strip);
        used = blanks_skip(line, length, used);
        if (!name || used == length)
                return 0;
        n -= (size_t) (name - first);
        if (!second_is_same(name, n, line + used, length - used, strip, scratch))
                return 0;
        return name_copy(ret, name, n, why);
}

/*
 * The first name unquoted: where blanks may be part of names, the place between the two is the one
 * that leaves the same name on both sides.
 */
static int both_bare(char **ret, const char *line, size_t length, unsigned strip, char *scratch,
                     struct refusal *why)
{
        const char *name = prefix_skip(line, length, strip);
        const char *end = line + length;

        if (!name)
                return 0;
        for (const char *p = name; p < end; p++) {
                size_t left = (size_t) (end - p - 1), n = (size_t) (p - name);

                if (*p != ' ' && *p != '\t')
                        continue;
                if (left < n)
                        break;
                if (second_is_same(name, n, p + 1, left, strip, scratch))
                        return name_copy(ret, name, n, why);
        }
        return 0;
}

int name_of_both(char **ret_name, const char *line, size_t length, unsigned strip,
                 struct refusal *why)
{
        _cleanup_(freep) char *first = NULL, *scratch = NULL;
        char *name = NULL;
        int r;

        /* Two names that a file system could hold are never as long; trying every blank is costly.
         */
        if (length > LINE_MAX_BYTES) {
                *ret_name = NULL;
                return 0;
        }
        first = malloc(length + 1);
        scratch = malloc(length + 1);
        if (!first || !scratch)
                return refuse_memory(why);
        if (length && line[0] == '"')
                r = both_quoted(&name, line, length, strip, first, scratch, why);
        else
                r = both_bare(&name, line, length, strip, scratch, why);
        if (r < 0)
                return r;
        *ret_name = name;
        return 0;
}

bool name_is_null(const char *line, size_t length)
{
        static const char null[] = "/dev/null";
        size_t n = sizeof(null) - 1;

        return length >= n && memcmp(line, null, n) == 0 && (length == n || text_is_blank(line[n]));
}

/* "hh:mm:00[.000] +hh[:]mm" in minutes of UTC, or -1. `text` ends in a NUL. */
static int clock_minutes(const char *text)
{
        const char *zone;
        int sign, hours, minutes;

        if (strlen(text) < 8 || !tail_matches(text, 8, "dd:dd:00"))
                return -1;
        zone = text + 8;
        if (*zone == '.') {
                if (zone[1] != '0')
                        return -1;
                zone += 1 + strspn(zone + 1, "0");
        }
        if (!(strlen(zone) == 6 && tail_matches(zone, 6, " sdddd")) &&
            !(strlen(zone) == 7 && tail_matches(zone, 7, " sdd:dd")))
                return -1;
        sign = zone[1] == '-' ? -1 : 1;
        hours = atoi((const char[]){ zone[2], zone[3], 0 });
        minutes = atoi(zone + strlen(zone) - 2);
        return atoi(text) * 60 + atoi(text + 3) - sign * (hours * 60 + minutes);
}

bool name_is_epoch(const char *line, size_t length)
{
        static const struct {
                const char *day;
                int minutes; /* midnight of UTC as that day's clock shows it */
        } days[] = { { "1969-12-31 ", 24 * 60 }, { "1970-01-01 ", 0 } };
        const char *tab = memrchr(line, '\t', length);
        char stamp[64];
        size_t n;

        if (!tab)
                return false;
        n = length - (size_t) (tab + 1 - line);
        if (n >= sizeof(stamp))
                return false;
        memcpy(stamp, tab + 1, n);
        stamp[n] = 0;
        for (size_t i = 0; i < ARRAY_SIZE(days); i++)
                if (strncmp(stamp, days[i].day, strlen(days[i].day)) == 0)
                        return clock_minutes(stamp + strlen(days[i].day)) == days[i].minutes;
        return false;
}
