/* SPDX-License-Identifier: Apache-2.0 */
#include "base/uri.h"

#include <ctype.h>
#include <string.h>

/* A part of a URI: absent (text NULL) differs from empty. */
struct span {
        const char *text;
        size_t length;
};

struct uri {
        struct span scheme, authority, path, query, fragment;
};

/* Cuts `text` at the first of `stops`; what is left begins with the stop. */
static struct span span_until(const char **text, const char *stops)
{
        struct span s = { *text, strcspn(*text, stops) };

        *text += s.length;
        return s;
}

static size_t scheme_length(const char *text)
{
        size_t n = 0;

        if (!isalpha((unsigned char) text[0]))
                return 0;
        while (isalnum((unsigned char) text[n]) || (text[n] && strchr("+-.", text[n])))
                n++;
        return text[n] == ':' ? n : 0;
}

static struct uri uri_split(const char *text)
{
        struct uri u = { 0 };
        size_t n = scheme_length(text);

        if (n) {
                u.scheme = (struct span){ text, n };
                text += n + 1;
        }
        if (strncmp(text, "//", 2) == 0) {
                text += 2;
                u.authority = span_until(&text, "/?#");
        }
        u.path = span_until(&text, "?#");
        if (*text == '?') {
                text++;
                u.query = span_until(&text, "#");
        }
        if (*text == '#')
                u.fragment = (struct span){ text + 1, strlen(text + 1) };
        return u;
}

/* Drops the last segment of what was written since `start`, with the slash before it. */
static void segment_pop(struct buf *out, size_t start)
{
        while (out->length > start && out->data[out->length - 1] != '/')
                out->length--;
        if (out->length > start)
                out->length--;
        if (out->data)
                out->data[out->length] = '\0';
}

/* Section 5.2.4, segment by segment. */
static int path_add(struct buf *out, const char *path)
{
        size_t start = out->length;
        int r = 0;

        while (r == 0 && *path) {
                size_t slash = *path == '/', n = strcspn(path + slash, "/");
                const char *segment = path + slash;
                bool is_last = segment[n] == '\0';

                if (n == 1 && segment[0] == '.') {
                        r = is_last && slash ? buf_putc(out, '/') : 0;
                } else if (n == 2 && segment[0] == '.' && segment[1] == '.') {
                        segment_pop(out, start);
                        r = is_last && slash ? buf_putc(out, '/') : 0;
                } else {
                        r = buf_add(out, path, slash + n);
                }
                path = segment + n;
        }
        return r;
}

/* Section 5.2.3: the reference's path replaces what follows the base path's last slash. */
static int path_merge(struct buf *out, const struct uri *base, struct span path)
{
        size_t keep = base->path.length;
        int r = 0;

        if (base->authority.text && keep == 0)
                r = buf_putc(out, '/');
        while (keep && base->path.text[keep - 1] != '/')
                keep--;
        if (r == 0)
                r = buf_add(out, base->path.text, keep);
        if (r == 0)
                r = buf_add(out, path.text, path.length);
        return r;
}

static int span_add(struct buf *out, const char *before, struct span s, const char *after)
{
        int r;

        if (!s.text)
                return 0;
        r = buf_puts(out, before);
        if (r == 0)
                r = buf_add(out, s.text, s.length);
        if (r == 0)
                r = buf_puts(out, after);
        return r;
}

/* Chooses each part by section 5.2.2; `path` receives the path with its dot segments. */
static int uri_choose(struct uri *ret, struct buf *path, const struct uri *b, const struct uri *r)
{
        *ret = *r;
        if (r->scheme.text)
                return buf_add(path, r->path.text, r->path.length);
        ret->scheme = b->scheme;
        if (r->authority.text)
                return buf_add(path, r->path.text, r->path.length);
        ret->authority = b->authority;
        if (r->path.length == 0) {
                if (!r->query.text)
                        ret->query = b->query;
                return buf_add(path, b->path.text, b->path.length);
        }
        if (r->path.text[0] == '/')
                return buf_add(path, r->path.text, r->path.length);
        return path_merge(path, b, r->path);
}

int uri_resolve(struct buf *out, const char *base, const char *reference)
{
        _cleanup_(buf_done) struct buf path = { 0 };
        struct uri b = uri_split(base), u = uri_split(reference), target;
        int r;

        r = uri_choose(&target, &path, &b, &u);
        if (r == 0)
                r = span_add(out, "", target.scheme, ":");
        if (r == 0)
                r = span_add(out, "//", target.authority, "");
        if (r == 0)
                r = path_add(out, buf_text(&path));
        if (r == 0)
                r = span_add(out, "?", target.query, "");
        if (r == 0)
                r = span_add(out, "#", target.fragment, "");
        return r;
}

static int hex_value(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int uri_decode(struct buf *out, const char *text)
{
        int r = 0;

        for (; r == 0 && *text; text++) {
                int high, low;

                if (*text != '%') {
                        r = buf_putc(out, *text);
                        continue;
                }
                high = hex_value(text[1]);
                low = high < 0 ? -1 : hex_value(text[2]);
                if (low < 0 || high + low == 0)
                        return -EBADMSG;
                r = buf_putc(out, (char) (high * 16 + low));
                text += 2;
        }
        return r;
}
