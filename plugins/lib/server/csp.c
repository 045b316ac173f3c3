/* SPDX-License-Identifier: Apache-2.0 */
#include "csp.h"

#include "span.h"

bool csp_next(struct span *header, struct span *ret_policy)
{
        while (span_next(header, ',', ret_policy))
                if (ret_policy->length)
                        return true;
        return false;
}

void csp_parse(struct csp *csp, struct span policy)
{
        struct span one, name;

        csp->n = 0;
        csp->is_cut = false;
        while (span_next(&policy, ';', &one)) {
                if (!span_word(&one, &name))
                        continue;
                if (csp->n == CSP_DIRECTIVES) {
                        csp->is_cut = true;
                        return;
                }
                csp->list[csp->n] =
                        (struct csp_directive){ .name = name, .sources = span_trim(one) };
                for (size_t i = 0; i < csp->n; i++)
                        csp->list[csp->n].is_duplicate |= span_same(csp->list[i].name, name);
                csp->n++;
        }
}

const struct csp_directive *csp_find(const struct csp *csp, const char *name)
{
        for (size_t i = 0; i < csp->n; i++)
                if (span_is(csp->list[i].name, name))
                        return &csp->list[i];
        return NULL;
}

const struct csp_directive *csp_in_force(const struct csp *csp, const char *name)
{
        const struct csp_directive *d = csp_find(csp, name);

        return d ? d : csp_find(csp, "default-src");
}

bool csp_has(const struct csp_directive *d, const char *word)
{
        struct span rest = d ? d->sources : (struct span){ "", 0 }, source;

        while (span_word(&rest, &source))
                if (span_is(source, word))
                        return true;
        return false;
}

bool csp_has_head(const struct csp_directive *d, const char *head)
{
        struct span rest = d ? d->sources : (struct span){ "", 0 }, source;

        while (span_word(&rest, &source))
                if (span_starts(source, head))
                        return true;
        return false;
}

bool csp_has_nonce(const struct csp_directive *d)
{
        return csp_has_head(d, "'nonce-") || csp_has_head(d, "'sha256-") ||
               csp_has_head(d, "'sha384-") || csp_has_head(d, "'sha512-");
}

bool csp_is_broad(struct span source)
{
        static const char *const broad[] = { "*",        "http:",     "https:",     "ftp:",
                                             "http://*", "https://*", "http://*.*", "https://*.*",
                                             "ws:",      "wss:" };

        for (size_t i = 0; i < ARRAY_SIZE(broad); i++)
                if (span_is(source, broad[i]))
                        return true;
        return false;
}

bool csp_is_known(struct span name)
{
        static const char *const names[] = {
                "default-src",     "script-src",    "script-src-elem",
                "script-src-attr", "style-src",     "style-src-elem",
                "style-src-attr",  "img-src",       "font-src",
                "connect-src",     "media-src",     "object-src",
                "frame-src",       "child-src",     "worker-src",
                "manifest-src",    "prefetch-src",  "fenced-frame-src",
                "base-uri",        "form-action",   "frame-ancestors",
                "navigate-to",     "report-uri",    "report-to",
                "sandbox",         "plugin-types",  "block-all-mixed-content",
                "referrer",        "reflected-xss", "upgrade-insecure-requests",
                "require-sri-for", "trusted-types", "require-trusted-types-for",
                "webrtc",
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (span_is(name, names[i]))
                        return true;
        return false;
}

bool csp_is_bypass_host(struct span source)
{
        static const char *const hosts[] = {
                "ajax.googleapis.com",
                "accounts.google.com",
                "www.googleapis.com",
                "www.google.com",
                "translate.googleapis.com",
                "maps.googleapis.com",
                "cdnjs.cloudflare.com",
                "cdn.jsdelivr.net",
                "unpkg.com",
                "yastatic.net",
                "yandex.st",
                "code.angularjs.org",
                "api.flickr.com",
                "search.twitter.com",
                "graph.facebook.com",
                "api.twitter.com",
                "d3js.org",
                "www.youtube.com",
                "raw.githubusercontent.com",
                "rawgit.com",
        };
        const char *scheme = memmem(source.text, source.length, "://", 3);
        struct span host;

        if (scheme)
                source = span_from(source, (size_t) (scheme - source.text) + 3);
        if (!span_next(&source, '/', &host))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
                if (span_is(host, hosts[i]) ||
                    /* *.googleapis.com holds ajax.googleapis.com */
                    (span_starts(host, "*.") && strlen(hosts[i]) > host.length - 1 &&
                     span_is(span_from(host, 1), hosts[i] + strlen(hosts[i]) - host.length + 1)))
                        return true;
        return false;
}
