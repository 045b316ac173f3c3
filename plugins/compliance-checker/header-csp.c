/* SPDX-License-Identifier: Apache-2.0 */
#include "header-csp.h"

#include "server/csp.h"
#include "server/span.h"

#define CONTROL(rule) "headers/" rule
#define CWE_HEADERS   "CWE-693"

enum {
        UNSAFE_INLINE,
        UNSAFE_EVAL,
        WILDCARD,
        DATA,
        NO_OBJECT,
        NO_BASE,
        NO_SCRIPT,
        BYPASS,
        DYNAMIC,
        SHORT_NONCE,
        HTTP,
        DUPLICATE,
        UNKNOWN,
        STYLE_INLINE,
};

static const struct notice notices[] = {
        [UNSAFE_INLINE] = { CONTROL("csp-unsafe-inline"), LINHAY_SEVERITY_MEDIUM, CWE_HEADERS,
                            "Content-Security-Policy allows any script that stands in a page",
                            "Use nonces or hashes instead of 'unsafe-inline'.",
                            "asvs:14.4.3 observatory:csp-implemented-with-unsafe-inline",
                            SOUNDNESS_PARSED },
        [UNSAFE_EVAL] = { CONTROL("csp-unsafe-eval"), LINHAY_SEVERITY_LOW, CWE_HEADERS,
                          "Content-Security-Policy allows text to be run as script",
                          "Do without eval() and take 'unsafe-eval' out.",
                          "asvs:14.4.3 observatory:csp-implemented-with-unsafe-eval",
                          SOUNDNESS_PARSED },
        [WILDCARD] = { CONTROL("csp-wildcard"), LINHAY_SEVERITY_MEDIUM, CWE_HEADERS,
                       "Content-Security-Policy allows scripts or objects of any site",
                       "Name the sites, or use nonces.",
                       "asvs:14.4.3 observatory:csp-implemented-with-unsafe-inline",
                       SOUNDNESS_PARSED },
        [DATA] = { CONTROL("csp-data"), LINHAY_SEVERITY_MEDIUM, CWE_HEADERS,
                   "Content-Security-Policy allows scripts in data: addresses",
                   "Take data: out of what is in force for scripts.",
                   "asvs:14.4.3 observatory:csp-implemented-with-unsafe-inline", SOUNDNESS_PARSED },
        [NO_OBJECT] = { CONTROL("csp-missing-object-src"), LINHAY_SEVERITY_LOW, CWE_HEADERS,
                        "Content-Security-Policy says nothing of plugins",
                        "Add: object-src 'none'.", "asvs:14.4.3", SOUNDNESS_PARSED },
        [NO_BASE] = { CONTROL("csp-missing-base-uri"), LINHAY_SEVERITY_LOW, CWE_HEADERS,
                      "A page's base can be moved, and scripts with relative addresses with it",
                      "Add: base-uri 'none'.", "asvs:14.4.3", SOUNDNESS_PARSED },
        [NO_SCRIPT] = { CONTROL("csp-missing-script-src"), LINHAY_SEVERITY_MEDIUM, CWE_HEADERS,
                        "Content-Security-Policy says nothing of scripts",
                        "Add: script-src 'self', or default-src.", "asvs:14.4.3",
                        SOUNDNESS_PARSED },
        [BYPASS] = { CONTROL("csp-bypass-host"), LINHAY_SEVERITY_LOW, CWE_HEADERS,
                     "A host is allowed that answers with scripts of the caller's choice",
                     "Use nonces or hashes for these scripts.", "asvs:14.4.3", SOUNDNESS_PARSED },
        [DYNAMIC] = { CONTROL("csp-dynamic-without-nonce"), LINHAY_SEVERITY_MEDIUM, CWE_HEADERS,
                      "'strict-dynamic' without a nonce or a hash lets no script run",
                      "Add a nonce or hashes.", "observatory:csp-header-invalid",
                      SOUNDNESS_PARSED },
        [SHORT_NONCE] = { CONTROL("csp-short-nonce"), LINHAY_SEVERITY_MEDIUM, "CWE-330",
                          "A nonce that stands in a file is the same for every answer",
                          "Make a new one of 128 random bits for each answer.", NULL,
                          SOUNDNESS_PARSED },
        [HTTP] = { CONTROL("csp-http-source"), LINHAY_SEVERITY_LOW, "CWE-319",
                   "Content-Security-Policy allows what is loaded without TLS",
                   "Use https: addresses.", "observatory:csp-implemented-with-insecure-scheme",
                   SOUNDNESS_PARSED },
        [DUPLICATE] = { CONTROL("csp-duplicate"), LINHAY_SEVERITY_LOW, CWE_HEADERS,
                        "A directive stands in the policy twice: the second one is passed over",
                        "Put both lists into one.", "observatory:csp-header-invalid",
                        SOUNDNESS_PARSED },
        [UNKNOWN] = { CONTROL("csp-unknown-directive"), LINHAY_SEVERITY_LOW, CWE_HEADERS,
                      "The policy has a directive that browsers do not know",
                      "Mend its name; there is no colon behind it.", NULL, SOUNDNESS_PARSED },
        [STYLE_INLINE] = { CONTROL("csp-style-inline"), LINHAY_SEVERITY_INFO, CWE_HEADERS,
                           "Content-Security-Policy allows any style that stands in a page",
                           "Use nonces or hashes instead of 'unsafe-inline'.",
                           "observatory:csp-implemented-with-unsafe-inline-in-style-src-only",
                           SOUNDNESS_PARSED },
};

const size_t header_csp_rules = ARRAY_SIZE(notices);

static int tell(const struct header_place *p, int which)
{
        struct notice copy = notices[which];

        copy.soundness = MAX_OF(copy.soundness, p->soundness);
        return check_notice(p->c, CONTROL_HEADERS, &copy, p->start, p->end);
}

static bool has_source(const struct csp_directive *d, bool (*test)(struct span source))
{
        struct span rest = d->sources, source;

        while (span_word(&rest, &source))
                if (test(source))
                        return true;
        return false;
}

static bool is_insecure(struct span source)
{
        return span_starts(source, "http:") || span_starts(source, "ws:") ||
               span_starts(source, "ftp:");
}

static int check_scripts(const struct header_place *p, const struct csp *csp)
{
        const struct csp_directive *d = csp_in_force(csp, "script-src");
        bool nonce, dynamic;
        int r = 0;

        if (!d)
                return tell(p, NO_SCRIPT);
        nonce = csp_has_nonce(d);
        dynamic = csp_has(d, "'strict-dynamic'");
        if (dynamic && !nonce)
                r = tell(p, DYNAMIC);
        if (r >= 0 && csp_has(d, "'unsafe-inline'") && !nonce)
                r = tell(p, UNSAFE_INLINE);
        if (r >= 0 && csp_has(d, "'unsafe-eval'"))
                r = tell(p, UNSAFE_EVAL);
        if (r >= 0 && !dynamic && has_source(d, csp_is_broad))
                r = tell(p, WILDCARD);
        if (r >= 0 && !dynamic && csp_has(d, "data:"))
                r = tell(p, DATA);
        if (r >= 0 && !dynamic && has_source(d, csp_is_bypass_host))
                r = tell(p, BYPASS);
        if (r >= 0 && csp_has_head(d, "'nonce-"))
                r = tell(p, SHORT_NONCE);
        return r;
}

static int check_others(const struct header_place *p, const struct csp *csp)
{
        const struct csp_directive *script = csp_in_force(csp, "script-src");
        const struct csp_directive *object = csp_in_force(csp, "object-src");
        const struct csp_directive *style = csp_in_force(csp, "style-src");
        int r = 0;

        if (!object)
                r = tell(p, NO_OBJECT);
        else if (object != script && has_source(object, csp_is_broad))
                r = tell(p, WILDCARD);
        if (r >= 0 && !csp_find(csp, "base-uri") && script && !csp_has(script, "'none'"))
                r = tell(p, NO_BASE);
        if (r >= 0 && style && style != script && csp_has(style, "'unsafe-inline'") &&
            !csp_has_nonce(style))
                r = tell(p, STYLE_INLINE);
        return r;
}

static int check_words(const struct header_place *p, const struct csp *csp)
{
        bool duplicate = false, unknown = false, insecure = false;
        int r = 0;

        for (size_t i = 0; i < csp->n; i++) {
                duplicate |= csp->list[i].is_duplicate;
                unknown |= !csp_is_known(csp->list[i].name);
                insecure |= has_source(&csp->list[i], is_insecure) &&
                            !span_starts(csp->list[i].name, "report-");
        }
        if (duplicate)
                r = tell(p, DUPLICATE);
        if (r >= 0 && unknown)
                r = tell(p, UNKNOWN);
        if (r >= 0 && insecure)
                r = tell(p, HTTP);
        return r;
}

/* A policy for frames or mixed content only is no policy for scripts. */
static bool is_whole(const struct csp *csp)
{
        for (size_t i = 0; i < csp->n; i++)
                if (span_has(csp->list[i].name, "-src"))
                        return true;
        return false;
}

int header_check_csp(const struct header_place *p, struct span value)
{
        struct span policy;
        struct csp csp;
        int r = 0;

        while (r >= 0 && csp_next(&value, &policy)) {
                csp_parse(&csp, policy);
                r = check_words(p, &csp);
                if (r >= 0 && is_whole(&csp)) {
                        r = check_scripts(p, &csp);
                        if (r >= 0)
                                r = check_others(p, &csp);
                }
        }
        return r;
}
