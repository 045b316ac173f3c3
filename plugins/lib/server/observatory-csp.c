/* SPDX-License-Identifier: Apache-2.0 */
#include "observatory-csp.h"

#include "csp.h"
#include "html.h"
#include "span.h"

enum { SOURCES = 512, SHORTEST = 6, LONGEST = 64 * 1024 };

/* A directive with what all policies together allow. */
struct list {
        struct span name;
        struct span sources[SOURCES];
        size_t n;
        bool is_own; /* stands in the policy; else it is what takes its place */
};

struct merged {
        struct list lists[CSP_DIRECTIVES];
        size_t n;
        size_t n_policies;
        bool is_invalid;
        bool has_duplicate; /* of report-uri or report-to, which is allowed */
};

static const struct list anything = { .sources = { { "*", 1 } }, .n = 1 };

static bool list_has(const struct list *l, const char *source)
{
        for (size_t i = 0; i < l->n; i++)
                if (span_is(l->sources[i], source))
                        return true;
        return false;
}

static struct list *find(struct merged *m, struct span name)
{
        for (size_t i = 0; i < m->n; i++)
                if (span_same(m->lists[i].name, name))
                        return &m->lists[i];
        return NULL;
}

static const struct list *in_force(struct merged *m, const char *name)
{
        const struct list *l = find(m, span_of(name));

        if (!l)
                l = find(m, span_of("default-src"));
        return l ? l : &anything;
}

/* What two policies both allow is allowed; nothing left is 'none'. */
static void narrow(struct list *l, const struct csp_directive *d)
{
        size_t kept = 0;

        for (size_t i = 0; i < l->n; i++) {
                struct span rest = d->sources, source;
                bool both = false;

                while (!both && span_word(&rest, &source))
                        both = span_same(source, l->sources[i]);
                if (both)
                        l->sources[kept++] = l->sources[i];
        }
        l->n = kept;
}

static void fill(struct list *l, const struct csp_directive *d)
{
        struct span rest = d->sources, source;

        *l = (struct list){ .name = d->name, .is_own = true };
        while (l->n < SOURCES && span_word(&rest, &source))
                l->sources[l->n++] = source;
}

static void add_directive(struct merged *m, const struct csp_directive *d)
{
        struct list *l = find(m, d->name);

        if (l && m->n_policies > 0)
                narrow(l, d);
        else if (!l && m->n < CSP_DIRECTIVES) {
                l = &m->lists[m->n++];
                fill(l, d);
                /* What only a later policy names is not allowed by those before it. */
                if (m->n_policies > 0)
                        l->n = 0;
        }
        if (l && !l->n && (span_ends(d->name, "-src") || m->n_policies > 0))
                l->sources[l->n++] = (struct span){ "'none'", 6 };
}

static void add_policies(struct merged *m, struct span header, bool from_meta)
{
        static const char *const header_only[] = { "frame-ancestors", "report-uri", "sandbox" };
        struct span policy;
        struct csp csp;

        while (csp_next(&header, &policy)) {
                if (policy.length < SHORTEST || policy.length > LONGEST) {
                        m->is_invalid = true;
                        continue;
                }
                csp_parse(&csp, policy);
                for (size_t i = 0; i < csp.n; i++) {
                        const struct csp_directive *d = &csp.list[i];
                        bool report =
                                span_is(d->name, "report-uri") || span_is(d->name, "report-to");
                        bool skip = d->is_duplicate;

                        for (size_t k = 0; from_meta && k < ARRAY_SIZE(header_only); k++)
                                skip |= span_is(d->name, header_only[k]);
                        if (d->is_duplicate && report)
                                m->has_duplicate = true;
                        else if (d->is_duplicate)
                                m->is_invalid = true;
                        if (!skip)
                                add_directive(m, d);
                }
                m->n_policies++;
        }
}

static bool is_insecure(struct span source)
{
        return span_starts(source, "http:") || span_starts(source, "ftp:");
}

/* As the Observatory has it: web sockets do not count. */
static bool is_broad(struct span source)
{
        return csp_is_broad(source) && !span_starts(source, "ws");
}

static bool any(const struct list *l, bool (*test)(struct span source))
{
        for (size_t i = 0; i < l->n; i++)
                if (test(l->sources[i]))
                        return true;
        return false;
}

static bool has_nonce(const struct list *l)
{
        static const char *const heads[] = { "'nonce-", "'sha256-", "'sha384-", "'sha512-" };

        for (size_t i = 0; i < l->n; i++)
                for (size_t k = 0; k < ARRAY_SIZE(heads); k++)
                        if (span_starts(l->sources[i], heads[k]))
                                return true;
        return false;
}

/* Does a list let inline code in? A nonce or a hash takes that back. */
static bool lets_inline(const struct list *l)
{
        return (list_has(l, "'unsafe-inline'") && !has_nonce(l)) || list_has(l, "data:");
}

static bool active_insecure(struct merged *m, const struct list *script, bool dynamic)
{
        if (!dynamic && any(script, is_insecure))
                return true;
        for (size_t i = 0; i < m->n; i++) {
                const struct list *l = &m->lists[i];

                if (!span_is(l->name, "img-src") && !span_is(l->name, "media-src") &&
                    !span_is(l->name, "script-src") && any(l, is_insecure))
                        return true;
        }
        return false;
}

static bool passive_insecure(struct merged *m)
{
        const struct list *images = in_force(m, "img-src"), *media = in_force(m, "media-src");

        return any(images, is_insecure) || any(media, is_insecure);
}

static enum observatory_result judge(struct merged *m, bool tls)
{
        const struct list *script = in_force(m, "script-src");
        const struct list *object = in_force(m, "object-src");
        const struct list *style = in_force(m, "style-src");
        const struct list *other = find(m, span_of("default-src"));
        bool dynamic = list_has(script, "'strict-dynamic'");

        if (dynamic && !has_nonce(script))
                return OBSERVATORY_CSP_INVALID;
        if (dynamic ? list_has(script, "data:") : lets_inline(script) || any(script, is_broad))
                return OBSERVATORY_CSP_INLINE;
        if (any(object, is_broad) && !(dynamic && object == script))
                return OBSERVATORY_CSP_INLINE;
        if (tls && active_insecure(m, script, dynamic))
                return OBSERVATORY_CSP_SCHEME;
        if (list_has(script, "'unsafe-eval'") || list_has(style, "'unsafe-eval'"))
                return OBSERVATORY_CSP_EVAL;
        if (tls && passive_insecure(m))
                return OBSERVATORY_CSP_PASSIVE;
        if ((lets_inline(style) || any(style, is_broad)) && !(dynamic && style == script))
                return OBSERVATORY_CSP_STYLE;
        return other && other->n == 1 && list_has(other, "'none'") ? OBSERVATORY_CSP_NONE
                                                                   : OBSERVATORY_CSP_SAFE;
}

static void add_metas(struct merged *m, struct span page)
{
        struct span name, content;
        struct html_tag tag;

        while (html_next(&page, &tag))
                if (span_is(tag.name, "meta") && html_attribute(&tag, "http-equiv", &name) &&
                    span_is(name, "content-security-policy") &&
                    html_attribute(&tag, "content", &content))
                        add_policies(m, content, true);
}

int observatory_csp(const struct response *r, bool *ret_frames)
{
        struct merged *m = calloc(1, sizeof(*m));
        const struct response_header *h = NULL;
        enum observatory_result result;

        if (!m)
                return -ENOMEM;
        while ((h = response_header(r, "content-security-policy", h)))
                add_policies(m, h->value, false);
        *ret_frames = !m->is_invalid && find(m, span_of("frame-ancestors"));
        add_metas(m, r->body);
        if (m->is_invalid)
                result = OBSERVATORY_CSP_INVALID;
        else if (!m->n)
                result = response_header(r, "content-security-policy-report-only", NULL)
                                 ? OBSERVATORY_CSP_REPORT
                                 : OBSERVATORY_CSP_MISSING;
        else
                result = judge(m, !r->is_plain);
        /* Told only where all else is well. */
        if (m->has_duplicate && observatory_rows[result].modifier >= -10 &&
            result != OBSERVATORY_CSP_EVAL)
                result = OBSERVATORY_CSP_DUPLICATE;
        free(m);
        return (int) result;
}
