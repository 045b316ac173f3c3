/* SPDX-License-Identifier: Apache-2.0 */
#include "base/redact.h"

#include <ctype.h>
#include <string.h>
#include <sys/mman.h>

#include "base/utf8.h"

#define FORMS_MAX  64               /* of one secret, its long lines included */
#define LINE_LEAST 16               /* bytes of a line that is looked for on its own */
#define CUT_LEAST  4                /* bytes of a secret's end that are known again */
#define HEAD_SURE  32               /* bytes of its begin that are, at a text's end; or the half */
#define ROOM(n)    ((n) *96 + 4096) /* more than all forms of n bytes have */

struct form {
        const unsigned char *bytes;
        size_t length;
        bool any_case;
        const struct form *next; /* that begins with the same byte */
};

struct vault {
        unsigned char *bytes;
        size_t size, used;
        struct form forms[FORMS_MAX];
        size_t n;
};

struct redact {
        struct vault *vaults[REDACT_SECRETS];
        size_t n;
        const struct form *first[256];
};

/* --- memory ---------------------------------------------------------------------------------- */

static struct vault *vault_free(struct vault *v)
{
        if (!v)
                return NULL;
        explicit_bzero(v->bytes, v->size);
        (void) munmap(v->bytes, v->size);
        free(v);
        return NULL;
}

static struct vault *vault_new(size_t size)
{
        struct vault *v = calloc(1, sizeof(*v));
        void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (!v || bytes == MAP_FAILED) {
                if (bytes != MAP_FAILED)
                        (void) munmap(bytes, size);
                free(v);
                return NULL;
        }
        /* What cannot be had is done without: a limit on locked memory, an old kernel. */
        (void) madvise(bytes, size, MADV_DONTDUMP);
        (void) madvise(bytes, size, MADV_WIPEONFORK);
        (void) mlock(bytes, size);
        v->bytes = bytes;
        v->size = size;
        return v;
}

int redact_new(struct redact **ret)
{
        struct redact *r = calloc(1, sizeof(*r));

        if (!r)
                return -ENOMEM;
        *ret = r;
        return 0;
}

struct redact *redact_free(struct redact *r)
{
        if (!r)
                return NULL;
        for (size_t i = 0; i < r->n; i++)
                (void) vault_free(r->vaults[i]);
        free(r);
        return NULL;
}

/* --- forms ----------------------------------------------------------------------------------- */

static void put(struct vault *v, unsigned char c)
{
        v->bytes[v->used++] = c;
}

/* What was put since `begin` is a form, unless it is one already. */
static void form_end(struct vault *v, size_t begin, bool any_case)
{
        struct form form = { v->bytes + begin, v->used - begin, any_case, NULL };

        for (size_t i = 0; i < v->n; i++)
                if (v->forms[i].length == form.length && v->forms[i].any_case == any_case &&
                    memcmp(v->forms[i].bytes, form.bytes, form.length) == 0) {
                        v->used = begin;
                        return;
                }
        if (v->n < FORMS_MAX && form.length >= REDACT_LEAST)
                v->forms[v->n++] = form;
}

static bool is_line_end(unsigned char c)
{
        return c == '\n' || c == '\r';
}

static void plain_put(struct vault *v, const unsigned char *s, size_t n)
{
        size_t begin = v->used;

        for (size_t i = 0; i < n; i++)
                if (!is_line_end(s[i]))
                        put(v, s[i]);
        form_end(v, begin, false);
}

/* But for what frames every key of its kind, and so tells nothing. */
static void lines_put(struct vault *v, const unsigned char *s, size_t n)
{
        for (size_t at = 0; at < n;) {
                const unsigned char *end = memchr(s + at, '\n', n - at);
                size_t length = end ? (size_t) (end - s) - at : n - at;

                if (length >= LINE_LEAST && length < n && memcmp(s + at, "-----", 5) != 0)
                        plain_put(v, s + at, length);
                at += length + 1;
        }
}

static void hex_digits_put(struct vault *v, unsigned char c, const char *digits)
{
        put(v, (unsigned char) digits[c >> 4]);
        put(v, (unsigned char) digits[c & 15]);
}

#define LOWER_DIGITS "0123456789abcdef"
#define UPPER_DIGITS "0123456789ABCDEF"

/* Two digits for each byte, something `before` each or `between` them. */
static void hex_put(struct vault *v, const unsigned char *s, size_t n, const char *before,
                    const char *between)
{
        size_t begin = v->used;

        for (size_t i = 0; i < n; i++) {
                for (const char *p = i ? between : ""; *p; p++)
                        put(v, (unsigned char) *p);
                for (const char *p = before; *p; p++)
                        put(v, (unsigned char) *p);
                hex_digits_put(v, s[i], LOWER_DIGITS);
        }
        form_end(v, begin, true);
}

/* Every byte but letters, digits and `kept` as %XX; `plus`: a space as +. */
static void url_put(struct vault *v, const unsigned char *s, size_t n, const char *digits,
                    const char *kept, bool plus)
{
        size_t begin = v->used;

        for (size_t i = 0; i < n; i++) {
                if (isalnum(s[i]) || (s[i] && strchr(kept, s[i]))) {
                        put(v, s[i]);
                } else if (plus && s[i] == ' ') {
                        put(v, '+');
                } else {
                        put(v, '%');
                        hex_digits_put(v, s[i], digits);
                }
        }
        form_end(v, begin, false);
}

/* As in a JSON string; `is_full`: with what may be escaped escaped as well. */
static void json_put(struct vault *v, const unsigned char *s, size_t n, bool is_full)
{
        static const char plain[] = "\"\\\b\f\n\r\t/", escaped[] = "\"\\bfnrt/";
        size_t begin = v->used;

        for (size_t i = 0; i < n; i++) {
                const char *known = s[i] ? strchr(plain, s[i]) : NULL;

                if (known && (*known != '/' || is_full)) {
                        put(v, '\\');
                        put(v, (unsigned char) escaped[known - plain]);
                } else if (s[i] < 32) {
                        for (const char *p = "\\u00"; *p; p++)
                                put(v, (unsigned char) *p);
                        hex_digits_put(v, s[i], LOWER_DIGITS);
                } else {
                        put(v, s[i]);
                }
        }
        form_end(v, begin, false);
}

/* The digits that depend on nothing else when `before` bytes stand before it in its group. */
static void base64_put(struct vault *v, const unsigned char *s, size_t n, size_t before,
                       const char *last)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789";
        size_t begin = v->used, end = 8 * (before + n) / 6;

        for (size_t digit = (8 * before + 5) / 6; digit < end; digit++) {
                size_t bit = 6 * digit - 8 * before, at = bit / 8;
                unsigned pair = (unsigned) s[at] << 8 | (at + 1 < n ? s[at + 1] : 0);
                unsigned value = pair >> (10 - bit % 8) & 63;

                put(v, (unsigned char) (value < 62 ? digits[value] : last[value - 62]));
        }
        form_end(v, begin, false);
}

/* As it stands in what was made printable before it came here: a finding's text in its cell. */
static int clean_put(struct vault *v, const unsigned char *s, size_t n, bool keep_lines)
{
        _cleanup_(buf_done) struct buf b = { 0 };
        int r = buf_reserve(&b, n * 8); /* of which nothing is left behind when it grows */

        if (r == 0)
                r = utf8_clean(&b, (const char *) s, n, keep_lines);
        if (r == 0)
                plain_put(v, (const unsigned char *) b.data, b.length);
        if (b.data)
                explicit_bzero(b.data, b.length);
        return r;
}

static int forms_put(struct vault *v, const unsigned char *s, size_t n)
{
        int r = clean_put(v, s, n, false);

        plain_put(v, s, n);
        json_put(v, s, n, false);
        json_put(v, s, n, true);
        hex_put(v, s, n, "", "");
        hex_put(v, s, n, "", ":");
        hex_put(v, s, n, "", " ");
        hex_put(v, s, n, "%", "");
        hex_put(v, s, n, "\\x", "");
        for (size_t before = 0; before < 3; before++) {
                base64_put(v, s, n, before, "+/");
                base64_put(v, s, n, before, "-_");
        }
        for (unsigned i = 0; i < 4; i++) {
                const char *hex = i & 1 ? LOWER_DIGITS : UPPER_DIGITS;

                url_put(v, s, n, hex, "-._~", i & 2);
                url_put(v, s, n, hex, "-._~!*'();:@&=+$,/?#[]", i & 2);
                url_put(v, s, n, hex, "-._~/", i & 2);
        }
        lines_put(v, s, n);
        return r < 0 ? r : clean_put(v, s, n, true);
}

int redact_add(struct redact *r, const void *secret, size_t length)
{
        struct vault *v;

        if (length < REDACT_LEAST || length > REDACT_MOST)
                return -ERANGE;
        if (r->n == REDACT_SECRETS)
                return -E2BIG;
        v = vault_new(ROOM(length));
        if (!v)
                return -ENOMEM;
        if (forms_put(v, secret, length) < 0) {
                (void) vault_free(v);
                return -ENOMEM;
        }
        for (size_t i = 0; i < v->n; i++) {
                unsigned char c = v->forms[i].bytes[0];

                v->forms[i].next = r->first[c];
                r->first[c] = &v->forms[i];
        }
        r->vaults[r->n++] = v;
        return 0;
}

/* --- finding --------------------------------------------------------------------------------- */

struct span {
        size_t start, end;
};

struct spans {
        struct span *items;
        size_t n, size;
};

static void spans_done(struct spans *s)
{
        free(s->items);
}

/* They come in order of their start; what overlaps becomes one. */
static int spans_add(struct spans *s, size_t start, size_t end)
{
        if (s->n && start < s->items[s->n - 1].end) {
                s->items[s->n - 1].end = MAX_OF(s->items[s->n - 1].end, end);
                return 0;
        }
        if (s->n == s->size) {
                size_t size = s->size ? 2 * s->size : 8;
                struct span *items = reallocarray(s->items, size, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                s->items = items;
                s->size = size;
        }
        s->items[s->n++] = (struct span){ start, end };
        return 0;
}

/* Where the form ends that begins at `at`: 0 = it does not, and SIZE_MAX = the text ends before. */
static size_t form_match(const struct form *f, size_t from, const char *text, size_t length,
                         size_t at)
{
        size_t known = from;

        for (; known < f->length && at < length; at++) {
                unsigned char c = (unsigned char) text[at];

                if (known > from && is_line_end(c))
                        continue;
                if (f->any_case)
                        c = (unsigned char) tolower(c);
                if (c != f->bytes[known])
                        return 0;
                known++;
        }
        return known == f->length ? at : SIZE_MAX;
}

/* Does a text that ends after `n` bytes of the form give it away? Less may be anything. */
static bool is_head(const struct form *f, size_t n)
{
        return n >= HEAD_SURE || (n >= REDACT_LEAST && 2 * n >= f->length);
}

/* The text ends amid a secret that begins at some place. */
struct open {
        bool is_any;
        bool is_head; /* with enough of one to be worth stars */
};

/* The end of the longest secret at `at`, or 0. */
static size_t match(const struct redact *r, const char *text, size_t length, size_t at,
                    struct open *ret_open)
{
        unsigned char c = (unsigned char) text[at];
        const unsigned char both[] = { c, (unsigned char) tolower(c) };
        size_t longest = 0;

        for (size_t i = 0; i < (both[0] == both[1] ? 1 : 2); i++)
                for (const struct form *f = r->first[both[i]]; f; f = f->next) {
                        size_t end = form_match(f, 0, text, length, at);

                        if (end != SIZE_MAX) {
                                longest = MAX_OF(longest, end);
                        } else {
                                ret_open->is_any = true;
                                ret_open->is_head |= is_head(f, length - at);
                        }
                }
        return longest;
}

/* Whoever wrote it had no more room: the begin of a secret is one, too. */
static int head_add(struct spans *s, size_t at, size_t length)
{
        while (s->n && s->items[s->n - 1].start >= at)
                s->n--;
        return at < length ? spans_add(s, at, length) : 0;
}

/*
 * *ret_hold: from where the text may be the begin of a secret that goes on behind it. `is_end`:
 * nothing will.
 */
static int spans_find(const struct redact *r, const char *text, size_t length, bool is_end,
                      struct spans *ret, size_t *ret_hold)
{
        size_t hold = length, head = length;
        int e = 0;

        for (size_t at = 0; r && at < length && e == 0; at++) {
                struct open open = { 0 };
                size_t end = match(r, text, length, at, &open);

                if (open.is_any)
                        hold = MIN_OF(hold, at);
                if (open.is_head && is_end)
                        head = MIN_OF(head, at);
                if (end)
                        e = spans_add(ret, at, end);
        }
        for (size_t i = ret->n; i-- > 0;)
                if (ret->items[i].start < hold && ret->items[i].end > hold)
                        hold = ret->items[i].start;
        if (ret_hold)
                *ret_hold = hold;
        return e == 0 ? head_add(ret, head, length) : e;
}

bool redact_finds(const struct redact *r, const char *text, size_t length)
{
        struct open open = { 0 };

        for (size_t at = 0; r && at < length; at++)
                if (match(r, text, length, at, &open))
                        return true;
        return false;
}

/* The part of the text between `start` and `end`. */
static int part_write(const struct spans *s, struct buf *out, const char *text, size_t start,
                      size_t end)
{
        size_t at = start;
        int e = 0;

        for (size_t i = 0; i < s->n && e == 0; i++) {
                struct span span = s->items[i];

                if (span.end <= start || span.start >= end)
                        continue;
                if (span.start > at)
                        e = buf_add(out, text + at, span.start - at);
                if (e == 0)
                        e = buf_puts(out, REDACT_STARS);
                at = MIN_OF(span.end, end);
        }
        return e < 0 ? e : buf_add(out, text + at, end - at);
}

int redact_text(const struct redact *r, struct buf *out, const char *text, size_t length,
                uint64_t *count)
{
        _cleanup_(spans_done) struct spans spans = { 0 };
        int e = spans_find(r, text, length, true, &spans, NULL);

        if (e < 0)
                return e;
        *count += spans.n;
        return part_write(&spans, out, text, 0, length);
}

/* Bytes at the begin of the text that are the end of a secret. */
static size_t cut_length(const struct redact *r, const char *text, size_t length)
{
        size_t longest = 0;

        for (size_t i = 0; r && i < r->n; i++)
                for (size_t k = 0; k < r->vaults[i]->n; k++) {
                        const struct form *f = &r->vaults[i]->forms[k];

                        for (size_t from = 1; from + CUT_LEAST <= f->length; from++) {
                                size_t end = form_match(f, from, text, length, 0);

                                if (end != SIZE_MAX)
                                        longest = MAX_OF(longest, end);
                        }
                }
        return longest;
}

int redact_tail(const struct redact *r, struct buf *out, const char *text, size_t length,
                uint64_t *count)
{
        size_t cut = cut_length(r, text, length);
        int e = cut ? buf_puts(out, REDACT_STARS) : 0;

        *count += cut > 0;
        return e < 0 ? e : redact_text(r, out, text + cut, length - cut, count);
}

/* --- JSON ------------------------------------------------------------------------------------ */

/* *ret = NULL where nothing was found. Text that is none any more is stars altogether. */
static int string_redact(const struct redact *r, const char *text, size_t length, json_t **ret,
                         uint64_t *count)
{
        _cleanup_(buf_done) struct buf out = { 0 };
        uint64_t found = 0;
        int e;

        *ret = NULL;
        e = redact_text(r, &out, text, length, &found);
        if (e < 0 || found == 0)
                return e;
        *count += found;
        *ret = json_stringn(buf_text(&out), out.length);
        if (!*ret)
                *ret = json_string(REDACT_STARS);
        return *ret ? 0 : -ENOMEM;
}

static int number_redact(const struct redact *r, const json_t *value, json_t **ret, uint64_t *count)
{
        _cleanup_(freep) char *text = json_dumps(value, JSON_ENCODE_ANY);

        return text ? string_redact(r, text, strlen(text), ret, count) : -ENOMEM;
}

static int array_redact(const struct redact *r, json_t *array, uint64_t *count)
{
        int e = 0;

        for (size_t i = 0; i < json_array_size(array) && e == 0; i++) {
                json_t *value = json_incref(json_array_get(array, i));

                e = redact_json(r, &value, count);
                if (json_array_set_new(array, i, value) < 0 && e == 0)
                        e = -ENOMEM;
        }
        return e;
}

static int member_redact(const struct redact *r, json_t *to, const char *name, json_t *from,
                         uint64_t *count)
{
        _cleanup_(json_decrefp) json_t *value = json_incref(from), *other = NULL;
        int e = redact_json(r, &value, count);

        if (e == 0)
                e = string_redact(r, name, strlen(name), &other, count);
        if (e < 0)
                return e;
        return json_object_set(to, other ? json_string_value(other) : name, value) < 0 ? -ENOMEM
                                                                                       : 0;
}

static int object_redact(const struct redact *r, json_t **object, uint64_t *count)
{
        json_t *to = json_object(), *value;
        const char *name;
        int e = to ? 0 : -ENOMEM;

        json_object_foreach (*object, name, value) {
                if (e == 0)
                        e = member_redact(r, to, name, value, count);
        }
        if (e < 0) {
                json_decref(to);
                return e;
        }
        json_decref(*object);
        *object = to;
        return 0;
}

int redact_json(const struct redact *r, json_t **value, uint64_t *count)
{
        json_t *other = NULL;
        int e = 0;

        if (!r || !*value)
                return 0;
        if (json_is_object(*value))
                return object_redact(r, value, count);
        if (json_is_array(*value))
                return array_redact(r, *value, count);
        if (json_is_string(*value))
                e = string_redact(r, json_string_value(*value), json_string_length(*value), &other,
                                  count);
        else if (json_is_number(*value))
                e = number_redact(r, *value, &other, count);
        if (e == 0 && other) {
                json_decref(*value);
                *value = other;
        }
        return e;
}

/* --- lines ----------------------------------------------------------------------------------- */

/* Tells the first `n` lines, and forgets them. */
static int lines_tell(struct redact_lines *l, const struct spans *spans, size_t n)
{
        size_t start = 0, end = n ? l->lines[n - 1].end : 0;

        for (size_t i = 0; i < n; i++) {
                _cleanup_(buf_done) struct buf line = { 0 };
                int e = part_write(spans, &line, buf_text(&l->text), start, l->lines[i].end);

                if (e < 0)
                        return e;
                l->on_line(l->user, l->lines[i].level, buf_text(&line), line.length);
                start = l->lines[i].end;
        }
        for (size_t i = 0; i < spans->n; i++)
                *l->count += spans->items[i].start < end;
        for (size_t i = n; i < l->n; i++) {
                l->lines[i - n] = l->lines[i];
                l->lines[i - n].end -= end;
        }
        l->n -= n;
        if (end) {
                explicit_bzero(l->text.data, end);
                buf_drop(&l->text, end);
        }
        return 0;
}

/* Nobody writes that many lines which are a secret's begin without meaning to. */
static int lines_mask(struct redact_lines *l)
{
        struct span all = { 0, l->text.length };

        return lines_tell(l, &(struct spans){ &all, all.end > 0, 1 }, l->n);
}

static bool is_amid(const struct spans *s, size_t at)
{
        for (size_t i = 0; i < s->n; i++)
                if (s->items[i].start < at && at < s->items[i].end)
                        return true;
        return false;
}

static int lines_go_on(struct redact_lines *l, bool is_end)
{
        _cleanup_(spans_done) struct spans spans = { 0 };
        size_t hold, ready = 0;
        int e = spans_find(l->redact, buf_text(&l->text), l->text.length, is_end, &spans, &hold);

        if (e < 0)
                return e;
        while (ready < l->n && (is_end || l->lines[ready].end <= hold))
                ready++;
        /* A secret that goes on in a line that waits is told with that line. */
        while (ready > 0 && ready < l->n && is_amid(&spans, l->lines[ready - 1].end))
                ready--;
        return lines_tell(l, &spans, ready);
}

int redact_lines_add(struct redact_lines *l, int level, const char *text, size_t length)
{
        int e = 0;

        if (!l->redact) {
                l->on_line(l->user, level, text, length);
                return 0;
        }
        if (l->n == REDACT_HELD)
                e = lines_mask(l);
        if (e == 0)
                e = buf_add(&l->text, text, length);
        if (e < 0)
                return e;
        l->lines[l->n].end = l->text.length;
        l->lines[l->n++].level = level;
        return lines_go_on(l, false);
}

int redact_lines_flush(struct redact_lines *l)
{
        return l->n ? lines_go_on(l, true) : 0;
}

void redact_lines_done(struct redact_lines *l)
{
        if (l->text.data)
                explicit_bzero(l->text.data, l->text.length);
        buf_done(&l->text);
        l->n = 0;
}
