/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/mask.h"

#include "obs/secret.h"

#include <ctype.h>
#include <string.h>

#define KEY_BODY      60 /* a line of this much base64 may be the middle of a key */
#define KEY_CUT       32 /* the same, where a line may have been cut */
#define KEY_RUN       16 /* so much in one piece is material of a key that has begun */
#define COPY_LEAST    8  /* a shorter value is not looked for elsewhere */
#define COPIES_LOOKED 64 /* of so many values */

enum armor { ARMOR_NONE, ARMOR_KEY, ARMOR_PUBLIC };

/* The text, while it is read line by line. */
struct reader {
        const char *text;
        size_t length;
        bool is_diff;
        long old_left, new_left; /* lines that the hunk still has */
        size_t section;          /* where lines that belong together begin */
        enum armor armor;
        bool is_counted; /* the key that has begun */
        bool is_settings;
        struct secrets found;
};

struct line {
        size_t start, end; /* without the mark of a diff and without the newline */
};

/* --- keys in PEM ------------------------------------------------------------------------------ */

static bool is_base64(unsigned char c)
{
        return isalnum(c) || c == '+' || c == '/' || c == '=';
}

/* The line without what surrounds it in a string of code, a list or a comment. */
static struct line trim(const char *text, struct line l)
{
        while (l.start < l.end && strchr(" \t\r\"'`#*;,", text[l.start]))
                l.start++;
        while (l.end > l.start) {
                size_t n = 0;

                if (strchr(" \t\r\"'`;,\\", text[l.end - 1]))
                        n = 1;
                else if (l.end - l.start >= 2 && text[l.end - 2] == '\\' &&
                         strchr("nr", text[l.end - 1]))
                        n = 2;
                if (n == 0)
                        break;
                l.end -= n;
        }
        return l;
}

static size_t longest_run(const char *text, struct line l)
{
        size_t longest = 0, run = 0;

        for (size_t i = l.start; i < l.end; i++) {
                run = is_base64((unsigned char) text[i]) ? run + 1 : 0;
                longest = MAX_OF(longest, run);
        }
        return longest;
}

/* Can the line belong to a key that has begun, or whose end follows? */
static bool is_key_material(const char *text, struct line l)
{
        static const char *const headers[] = { "Proc-Type:", "DEK-Info:", "Version:", "Comment:",
                                               "Hash:" };
        struct line t = trim(text, l);
        size_t n = t.end - t.start, run = longest_run(text, t);

        for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
                if (n > strlen(headers[i]) &&
                    memcmp(text + t.start, headers[i], strlen(headers[i])) == 0)
                        return true;
        return run == n || run >= KEY_RUN;
}

/* A line of nothing but base64, of which prose, hashes in hex and paths are none. */
static bool is_key_body(const char *text, struct line l, size_t least)
{
        bool upper = false, lower = false, digit = false;

        if (l.end - l.start < least || longest_run(text, l) != l.end - l.start)
                return false;
        for (size_t i = l.start; i < l.end; i++) {
                upper |= isupper((unsigned char) text[i]) != 0;
                lower |= islower((unsigned char) text[i]) != 0;
                digit |= isdigit((unsigned char) text[i]) != 0;
        }
        return upper && lower && digit;
}

static const char *find(const char *text, struct line l, const char *what)
{
        return memmem(text + l.start, l.end - l.start, what, strlen(what));
}

/* "-----BEGIN … PRIVATE KEY…-----" or its END: where it stands, and where it ends. */
static bool find_armor(const char *text, struct line l, const char *what, struct line *ret,
                       bool *ret_private)
{
        const char *begin = find(text, l, what), *end;
        struct line label;

        if (!begin)
                return false;
        label.start = (size_t) (begin - text) + strlen(what);
        label.end = l.end;
        end = find(text, label, "-----");
        if (!end)
                return false;
        label.end = (size_t) (end - text);
        *ret_private = find(text, label, "PRIVATE KEY") || find(text, label, "SECRET KEY");
        ret->start = (size_t) (begin - text);
        ret->end = label.end + strlen("-----");
        return true;
}

static struct line line_at(const struct reader *rd, size_t start)
{
        const char *end = memchr(rd->text + start, '\n', rd->length - start);

        return (struct line){ start, end ? (size_t) (end - rd->text) : rd->length };
}

static struct line without_mark(const struct reader *rd, struct line l)
{
        if (rd->is_diff && l.start < l.end && strchr(" +-", rd->text[l.start]))
                l.start++;
        return l;
}

/* The key began above what we see: back from its end to the first line that is none of it. */
static int key_before(struct reader *rd, size_t start)
{
        bool goes_on = false;
        int r = 0;

        while (r == 0 && start > rd->section) {
                const char *before = memrchr(rd->text, '\n', start - 1);
                size_t from = before ? (size_t) (before + 1 - rd->text) : 0;
                struct line l = without_mark(rd, line_at(rd, from));

                if (from < rd->section || !is_key_material(rd->text, l))
                        break;
                l = trim(rd->text, l);
                r = secrets_add(&rd->found, (struct secret){ l.start, l.end, goes_on });
                goes_on = true;
                start = from;
        }
        return r;
}

/* A line between BEGIN and END, or one that shows that there is no END. */
static int key_go_on(struct reader *rd, struct line l)
{
        int r;

        if (!is_key_material(rd->text, l)) {
                rd->armor = ARMOR_NONE;
                return 0;
        }
        l = trim(rd->text, l);
        r = secrets_add(&rd->found, (struct secret){ l.start, l.end, rd->is_counted });
        rd->is_counted |= l.start < l.end;
        return r;
}

/* 1 = the line has been dealt with. */
static int key_find(struct reader *rd, size_t line_start, struct line l)
{
        struct line begin, end, body = l;
        bool is_private = false;
        int r = 0;

        if (find_armor(rd->text, l, "-----BEGIN ", &begin, &is_private)) {
                rd->armor = is_private ? ARMOR_KEY : ARMOR_PUBLIC;
                body.start = begin.end;
        }
        if (find_armor(rd->text, body, "-----END ", &end, &is_private)) {
                body.end = end.start;
                if (is_private && rd->armor == ARMOR_NONE)
                        r = key_before(rd, line_start);
                rd->armor = ARMOR_NONE;
                if (r == 0 && is_private && longest_run(rd->text, body) >= KEY_RUN)
                        r = secrets_add(&rd->found, (struct secret){ body.start, body.end, false });
                return r < 0 ? r : 1;
        }
        if (body.start != l.start) {
                body = trim(rd->text, body);
                if (rd->armor == ARMOR_KEY && longest_run(rd->text, body) >= KEY_RUN)
                        r = secrets_add(&rd->found, (struct secret){ body.start, body.end, false });
                return r < 0 ? r : 1;
        }
        if (rd->armor == ARMOR_KEY) {
                r = key_go_on(rd, l);
                return r < 0 ? r : rd->armor == ARMOR_KEY;
        }
        body = trim(rd->text, l);
        if (rd->armor == ARMOR_NONE && is_key_body(rd->text, body, KEY_BODY)) {
                r = secrets_add(&rd->found, (struct secret){ body.start, body.end, false });
                return r < 0 ? r : 1;
        }
        return 0;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* "@@ -1,3 +1,4 @@": how many lines of each side follow. */
static bool hunk_read(struct reader *rd, const char *line)
{
        long old_n = 1, new_n = 1;
        char *p;

        if (strncmp(line, "@@ -", 4) != 0)
                return false;
        (void) strtol(line + 4, &p, 10);
        if (*p == ',')
                old_n = strtol(p + 1, &p, 10);
        if (strncmp(p, " +", 2) != 0)
                return false;
        (void) strtol(p + 2, &p, 10);
        if (*p == ',')
                new_n = strtol(p + 1, &p, 10);
        rd->old_left = old_n;
        rd->new_left = new_n;
        return true;
}

/* Between the hunks: 1 = the line is one of the diff's own. */
static int frame_read(struct reader *rd, struct line l)
{
        const char *text = rd->text + l.start;

        if (rd->old_left > 0 || rd->new_left > 0) {
                char mark = l.start < l.end ? *text : ' ';

                if (mark == '\\')
                        return 1; /* no newline at the end of the file */
                rd->old_left -= mark != '+';
                rd->new_left -= mark != '-';
                return 0;
        }
        rd->armor = ARMOR_NONE;
        rd->section = MIN_OF(l.end + 1, rd->length);
        if (strncmp(text, "diff --git ", 11) == 0)
                rd->is_settings = false;
        else if (strncmp(text, "--- ", 4) == 0 || strncmp(text, "+++ ", 4) == 0) {
                struct line path = trim(rd->text, l);

                rd->is_settings |=
                        secret_path_is_settings(rd->text + path.start, path.end - path.start);
        } else
                (void) hunk_read(rd, text);
        return 1;
}

/* A line between hunks may name a file, or repeat a line of the file behind its second "@@". */
static int frame_find(struct reader *rd, struct line l)
{
        bool is_hunk = l.end - l.start > 3 && memcmp(rd->text + l.start, "@@ ", 3) == 0;
        struct line rest = { l.start + (is_hunk ? 3 : 0), l.end };
        const char *mark = is_hunk ? find(rd->text, rest, "@@ ") : NULL;

        if (!mark)
                return secret_find(&rd->found, rd->text, l.start, l.end, false);
        rest.start = (size_t) (mark + 3 - rd->text);
        rest = trim(rd->text, rest);
        if (is_key_body(rd->text, rest, KEY_CUT))
                return secrets_add(&rd->found, (struct secret){ rest.start, rest.end, false });
        return secret_find(&rd->found, rd->text, rest.start, rest.end, rd->is_settings);
}

static int line_read(struct reader *rd, struct line l)
{
        struct line body = without_mark(rd, l);
        int r;

        if (rd->is_diff && frame_read(rd, l))
                return frame_find(rd, l);
        r = key_find(rd, l.start, body);
        if (r != 0)
                return r < 0 ? r : 0;
        return secret_find(&rd->found, rd->text, body.start, body.end, rd->is_settings);
}

static int lines_read(struct reader *rd)
{
        for (size_t at = 0; at < rd->length;) {
                struct line l = line_at(rd, at);
                int r = line_read(rd, l);

                if (r < 0)
                        return r;
                at = l.end + 1;
        }
        return 0;
}

/* --- what was found --------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
        const struct secret *a = left, *b = right;

        return a->start != b->start ? (a->start < b->start ? -1 : 1)
                                    : (a->end < b->end) - (a->end > b->end);
}

/* In order, and none over another. */
static void found_sort(struct secrets *s)
{
        size_t n = 0;

        if (s->n < 2)
                return;
        qsort(s->items, s->n, sizeof(*s->items), compare);
        for (size_t i = 1; i < s->n; i++) {
                struct secret *last = &s->items[n];

                if (s->items[i].start < last->end)
                        last->end = MAX_OF(last->end, s->items[i].end);
                else
                        s->items[++n] = s->items[i];
        }
        s->n = n + 1;
}

/* A value like no word: its copies are copies of it, and not something else of the same name. */
static bool is_rare(const char *text, size_t length)
{
        bool letter = false, digit = false;

        for (size_t i = 0; i < length; i++) {
                letter |= isalpha((unsigned char) text[i]) != 0;
                digit |= isdigit((unsigned char) text[i]) != 0;
        }
        return length >= COPY_LEAST && letter && digit;
}

static int copies_find(struct reader *rd)
{
        size_t n = rd->found.n, looked = 0;

        for (size_t i = 0; i < n && looked < COPIES_LOOKED; i++) {
                struct secret s = rd->found.items[i];
                const char *value = rd->text + s.start, *p = rd->text;
                size_t length = s.end - s.start;

                if (!is_rare(value, length) || memchr(value, '\n', length))
                        continue;
                looked++;
                while ((p = memmem(p, rd->length - (size_t) (p - rd->text), value, length))) {
                        size_t at = (size_t) (p - rd->text);
                        int r = 0;

                        if (at != s.start)
                                r = secrets_add(&rd->found,
                                                (struct secret){ at, at + length, false });
                        if (r < 0)
                                return r;
                        p += length;
                }
        }
        return 0;
}

static int page_write(const struct reader *rd, struct buf *out, size_t *masked)
{
        size_t at = 0;
        int r = 0;

        for (size_t i = 0; r == 0 && i < rd->found.n; i++) {
                const struct secret *s = &rd->found.items[i];

                r = buf_add(out, rd->text + at, s->start - at);
                if (r == 0)
                        r = buf_puts(out, MASK_STARS);
                *masked += !s->goes_on;
                at = s->end;
        }
        return r < 0 ? r : buf_add(out, rd->text + at, rd->length - at);
}

static void reader_done(struct reader *rd)
{
        secrets_done(&rd->found);
}

int mask_text(struct buf *out, const char *text, enum mask_kind kind, size_t *masked)
{
        _cleanup_(reader_done) struct reader rd = { .text = text,
                                                    .length = strlen(text),
                                                    .is_diff = kind == MASK_DIFF };
        int r = lines_read(&rd);

        if (r == 0) {
                found_sort(&rd.found);
                r = copies_find(&rd);
        }
        if (r < 0)
                return r;
        found_sort(&rd.found);
        return page_write(&rd, out, masked);
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* The string that takes the place of this one, or NULL where it may stay. */
static int string_mask(json_t **ret, const char *name, const json_t *value, size_t *masked)
{
        _cleanup_(buf_done) struct buf out = { 0 };
        const char *text = json_string_value(value);
        size_t n = 0;
        int r;

        *ret = NULL;
        if (name && secret_is_named(name, text)) {
                n = 1;
                r = buf_puts(&out, MASK_STARS);
        } else {
                r = mask_text(&out, text, name && strcmp(name, "diff") == 0 ? MASK_DIFF : MASK_TEXT,
                              &n);
        }
        if (r < 0 || n == 0)
                return r;
        *ret = json_string(buf_text(&out));
        *masked += n;
        return *ret ? 0 : -ENOMEM;
}

static int array_mask(json_t *array, size_t *masked)
{
        json_t *value, *other;
        size_t i;
        int r;

        json_array_foreach (array, i, value) {
                r = mask_json(value, masked);
                if (r == 0 && json_is_string(value)) {
                        r = string_mask(&other, NULL, value, masked);
                        if (other && json_array_set_new(array, i, other) < 0)
                                r = -ENOMEM;
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

static int object_mask(json_t *object, size_t *masked)
{
        json_t *other;
        int r;

        for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
                json_t *value = json_object_iter_value(i);

                r = mask_json(value, masked);
                if (r == 0 && json_is_string(value)) {
                        r = string_mask(&other, json_object_iter_key(i), value, masked);
                        if (other && json_object_iter_set_new(object, i, other) < 0)
                                r = -ENOMEM;
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

int mask_json(json_t *value, size_t *masked)
{
        if (json_is_object(value))
                return object_mask(value, masked);
        return json_is_array(value) ? array_mask(value, masked) : 0;
}
