/* SPDX-License-Identifier: Apache-2.0 */
#include "header-policy.h"

#include "header-csp.h"
#include "server/http-value.h"
#include "server/span.h"

#define CONTROL(rule) "headers/" rule
#define CWE_HEADERS   "CWE-693"

#define INFO   LINHAY_SEVERITY_INFO
#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

static const struct notice missing[POLICIES_MISSING_] = {
        [POLICY_NO_HSTS] = { CONTROL("missing-hsts"), MEDIUM, "CWE-319",
                             "A server with TLS does not send Strict-Transport-Security",
                             "Send: Strict-Transport-Security: max-age=31536000; "
                             "includeSubDomains, on errors too.",
                             "asvs:14.4.5 gixy:hsts_header observatory:hsts-not-implemented",
                             SOUNDNESS_PARSED },
        [POLICY_NO_CSP] = { CONTROL("missing-csp"), MEDIUM, CWE_HEADERS,
                            "A server does not send Content-Security-Policy",
                            "Send: Content-Security-Policy: default-src 'self'; object-src 'none'; "
                            "base-uri 'none', and widen it as needed.",
                            "asvs:14.4.3 observatory:csp-not-implemented", SOUNDNESS_PARSED },
        [POLICY_NO_NOSNIFF] = { CONTROL("missing-content-type-options"), MEDIUM, CWE_HEADERS,
                                "A server does not send X-Content-Type-Options",
                                "Send: X-Content-Type-Options: nosniff.",
                                "asvs:14.4.4 observatory:x-content-type-options-not-implemented",
                                SOUNDNESS_PARSED },
        [POLICY_NO_FRAME_OPTIONS] = { CONTROL("missing-frame-options"), MEDIUM, "CWE-1021",
                                      "A server does not say who may show it in a frame",
                                      "Add frame-ancestors to Content-Security-Policy, or send: "
                                      "X-Frame-Options: DENY.",
                                      "asvs:14.4.7 observatory:x-frame-options-not-implemented",
                                      SOUNDNESS_PARSED },
        [POLICY_NO_REFERRER_POLICY] = { CONTROL("missing-referrer-policy"), LOW, "CWE-200",
                                        "A server does not send Referrer-Policy",
                                        "Send: Referrer-Policy: strict-origin-when-cross-origin.",
                                        "asvs:14.4.6 observatory:referrer-policy-not-implemented",
                                        SOUNDNESS_PARSED },
        [POLICY_NO_PERMISSIONS_POLICY] = { CONTROL("missing-permissions-policy"), INFO, CWE_HEADERS,
                                           "A server does not say which functions of the browser "
                                           "its pages may use",
                                           "Send Permissions-Policy with those that are needed.",
                                           NULL, SOUNDNESS_PARSED },
};

const struct notice *header_policy(enum policy_missing which)
{
        return &missing[which];
}

unsigned header_makes_up(struct span name, struct span value)
{
        static const char *const names[POLICIES_MISSING_] = {
                [POLICY_NO_HSTS] = "Strict-Transport-Security",
                [POLICY_NO_CSP] = "Content-Security-Policy",
                [POLICY_NO_NOSNIFF] = "X-Content-Type-Options",
                [POLICY_NO_FRAME_OPTIONS] = "X-Frame-Options",
                [POLICY_NO_REFERRER_POLICY] = "Referrer-Policy",
                [POLICY_NO_PERMISSIONS_POLICY] = "Permissions-Policy",
        };
        unsigned bits = 0;

        for (int i = 0; i < POLICIES_MISSING_; i++)
                if (span_is(name, names[i]))
                        bits |= 1u << i;
        if (bits >> POLICY_NO_CSP & 1 && span_has(value, "frame-ancestors"))
                bits |= 1u << POLICY_NO_FRAME_OPTIONS;
        return bits;
}

enum {
        HSTS_SHORT,
        HSTS_BROKEN,
        HSTS_SUBDOMAINS,
        HSTS_PRELOAD,
        NOSNIFF_VALUE,
        FRAME_VALUE,
        REFERRER_VALUE,
        REFERRER_BROKEN,
        OPENER_VALUE,
        EMBEDDER_VALUE,
        RESOURCE_VALUE,
        PERMISSIONS_VALUE,
        XSS_FILTER,
        PINNING,
        EXPECT_CT,
        FEATURE_POLICY,
        CROSS_DOMAIN,
        SERVER_VERSION,
        POWERED_BY,
        CORS_ALL,
        CORS_NULL,
        COOKIE_SECURE,
        COOKIE_SCRIPT,
        COOKIE_SITE,
        COOKIE_NONE,
        COOKIE_PREFIX,
        TLS,
        CIPHERS,
};

static const struct notice notices[] = {
        [HSTS_SHORT] = { CONTROL("weak-hsts"), LOW, "CWE-319",
                         "Strict-Transport-Security lasts less than half a year",
                         "Use max-age=31536000.",
                         "asvs:14.4.5 observatory:hsts-implemented-max-age-less-than-six-months",
                         SOUNDNESS_PARSED },
        [HSTS_BROKEN] = { CONTROL("weak-hsts"), MEDIUM, "CWE-319",
                          "Strict-Transport-Security has no max-age, so browsers pass over it",
                          "Use max-age=31536000.", "asvs:14.4.5 observatory:hsts-header-invalid",
                          SOUNDNESS_PARSED },
        [HSTS_SUBDOMAINS] = { CONTROL("hsts-without-subdomains"), INFO, "CWE-319",
                              "Strict-Transport-Security leaves out the domains below this one",
                              "Add includeSubDomains.", "asvs:14.4.5", SOUNDNESS_PARSED },
        [HSTS_PRELOAD] = { CONTROL("hsts-preload"), LOW, "CWE-319",
                           "preload needs includeSubDomains and a max-age of a year",
                           "Use: max-age=31536000; includeSubDomains; preload.", NULL,
                           SOUNDNESS_PARSED },
        [NOSNIFF_VALUE] = { CONTROL("weak-content-type-options"), LOW, CWE_HEADERS,
                            "X-Content-Type-Options knows only the value nosniff", "Use: nosniff.",
                            "asvs:14.4.4 observatory:x-content-type-options-header-invalid",
                            SOUNDNESS_PARSED },
        [FRAME_VALUE] = { CONTROL("weak-frame-options"), LOW, "CWE-1021",
                          "X-Frame-Options has a value that browsers ignore",
                          "Use DENY or SAMEORIGIN, or frame-ancestors for single sites.",
                          "asvs:14.4.7 observatory:x-frame-options-header-invalid",
                          SOUNDNESS_PARSED },
        [REFERRER_VALUE] = { CONTROL("weak-referrer-policy"), LOW, "CWE-200",
                             "Referrer-Policy tells other sites where a visitor came from",
                             "Use strict-origin-when-cross-origin or no-referrer.",
                             "asvs:14.4.6 observatory:referrer-policy-unsafe", SOUNDNESS_PARSED },
        [REFERRER_BROKEN] = { CONTROL("weak-referrer-policy"), LOW, "CWE-200",
                              "Referrer-Policy has a value that browsers do not know",
                              "Use strict-origin-when-cross-origin or no-referrer.",
                              "asvs:14.4.6 observatory:referrer-policy-header-invalid",
                              SOUNDNESS_PARSED },
        [OPENER_VALUE] = { CONTROL("weak-opener-policy"), LOW, CWE_HEADERS,
                           "Cross-Origin-Opener-Policy has a value that does not protect",
                           "Use same-origin.", "observatory:coop-header-invalid",
                           SOUNDNESS_PARSED },
        [EMBEDDER_VALUE] = { CONTROL("weak-embedder-policy"), LOW, CWE_HEADERS,
                             "Cross-Origin-Embedder-Policy has a value that does not protect",
                             "Use require-corp or credentialless.",
                             "observatory:coep-header-invalid", SOUNDNESS_PARSED },
        [RESOURCE_VALUE] = { CONTROL("weak-resource-policy"), LOW, CWE_HEADERS,
                             "Cross-Origin-Resource-Policy has a value that browsers do not know",
                             "Use same-origin, same-site or cross-origin.",
                             "observatory:corp-header-invalid", SOUNDNESS_PARSED },
        [PERMISSIONS_VALUE] = { CONTROL("weak-permissions-policy"), LOW, CWE_HEADERS,
                                "Permissions-Policy allows a function of the browser to every site",
                                "Name the sites, or use () for nobody.", NULL, SOUNDNESS_PARSED },
        [XSS_FILTER] = { CONTROL("xss-filter"), INFO, CWE_HEADERS,
                         "The filter that X-XSS-Protection turns on made old browsers unsafe",
                         "Send X-XSS-Protection: 0, or leave it out.", NULL, SOUNDNESS_PARSED },
        [PINNING] = { CONTROL("public-key-pins"), LOW, "CWE-1104",
                      "Public-Key-Pins is gone from browsers; it can lock visitors out",
                      "Leave it out.", NULL, SOUNDNESS_PARSED },
        [EXPECT_CT] = { CONTROL("expect-ct"), INFO, NULL, "Expect-CT no longer does anything",
                        "Leave it out.", NULL, SOUNDNESS_PARSED },
        [FEATURE_POLICY] = { CONTROL("feature-policy"), INFO, NULL,
                             "Feature-Policy was renamed and is no longer read",
                             "Use Permissions-Policy.", NULL, SOUNDNESS_PARSED },
        [CROSS_DOMAIN] = { CONTROL("cross-domain-policies"), LOW, "CWE-942",
                           "X-Permitted-Cross-Domain-Policies lets any policy file count",
                           "Use none.", NULL, SOUNDNESS_PARSED },
        [SERVER_VERSION] = { CONTROL("server-version"), LOW, "CWE-200",
                             "The Server header tells the version of a program",
                             "Send the name only, or nothing.", "asvs:14.3.3", SOUNDNESS_PARSED },
        [POWERED_BY] = { CONTROL("powered-by"), LOW, "CWE-200",
                         "A header tells which framework answers", "Take the header out.",
                         "asvs:14.3.3", SOUNDNESS_PARSED },
        [CORS_ALL] = { CONTROL("cors-any-with-credentials"), HIGH, "CWE-942",
                       "Every origin may read answers that belong to who is logged in",
                       "Name the origins that may, and leave the others without the header.",
                       "asvs:14.5.3 "
                       "observatory:cross-origin-resource-sharing-implemented-with-universal-"
                       "access",
                       SOUNDNESS_PARSED },
        [CORS_NULL] = { CONTROL("cors-null"), MEDIUM, "CWE-942",
                        "The origin null is that of every sandboxed page and local file",
                        "Name the origins that may.", "asvs:14.5.3", SOUNDNESS_PARSED },
        [COOKIE_SECURE] = { CONTROL("cookie-without-secure"), MEDIUM, "CWE-614",
                            "A cookie is also sent without TLS", "Add Secure.", "asvs:3.4.1",
                            SOUNDNESS_PARSED },
        [COOKIE_SCRIPT] = { CONTROL("cookie-without-httponly"), MEDIUM, "CWE-1004",
                            "Scripts can read the cookie of a session", "Add HttpOnly.",
                            "asvs:3.4.2", SOUNDNESS_PARSED },
        [COOKIE_SITE] = { CONTROL("cookie-without-samesite"), LOW, "CWE-1275",
                          "A cookie does not say whether other sites' requests carry it",
                          "Add SameSite=Lax or SameSite=Strict.", "asvs:3.4.3", SOUNDNESS_PARSED },
        [COOKIE_NONE] = { CONTROL("cookie-samesite-none"), MEDIUM, "CWE-1275",
                          "SameSite=None needs Secure, else browsers refuse the cookie",
                          "Add Secure, or use SameSite=Lax.",
                          "asvs:3.4.3 observatory:cookies-samesite-flag-invalid",
                          SOUNDNESS_PARSED },
        [COOKIE_PREFIX] = { CONTROL("cookie-prefix"), LOW, "CWE-614",
                            "The cookie breaks the rule of its prefix, so browsers refuse it",
                            "__Secure- needs Secure; __Host- also Path=/ and no Domain.",
                            "asvs:3.4.4", SOUNDNESS_PARSED },
        [TLS] = { CONTROL("weak-tls"), HIGH, "CWE-326",
                  "A version of SSL or TLS is allowed that is broken",
                  "Allow TLSv1.2 and TLSv1.3 only.", "asvs:9.1.3 gixy:weak_ssl_tls cis-nginx:4.1.4",
                  SOUNDNESS_PARSED },
        [CIPHERS] = { CONTROL("weak-ciphers"), HIGH, "CWE-327",
                      "Ciphers are allowed that are broken",
                      "Use a current list, for instance HIGH:!aNULL:!MD5:!3DES:!RC4.",
                      "asvs:9.1.2 gixy:weak_ssl_tls cis-nginx:4.1.5", SOUNDNESS_PARSED },
};

static int tell(const struct header_place *p, int which)
{
        struct notice copy = notices[which];

        copy.soundness = MAX_OF(copy.soundness, p->soundness);
        return check_notice(p->c, CONTROL_HEADERS, &copy, p->start, p->end);
}

/* ---- Single headers ---- */

static int check_hsts(const struct header_place *p, struct span value)
{
        enum { HALF_YEAR = 15552000, YEAR = 31536000 };
        struct hsts h = hsts_parse(value);

        if (h.max_age < 0 || h.is_duplicate)
                return tell(p, HSTS_BROKEN);
        if (h.max_age < HALF_YEAR)
                return tell(p, HSTS_SHORT);
        if (h.preload && (!h.include_subdomains || h.max_age < YEAR))
                return tell(p, HSTS_PRELOAD);
        return h.include_subdomains ? 0 : tell(p, HSTS_SUBDOMAINS);
}

static int check_nosniff(const struct header_place *p, struct span value)
{
        return span_is(value, "nosniff") ? 0 : tell(p, NOSNIFF_VALUE);
}

static int check_frame(const struct header_place *p, struct span value)
{
        return span_is(value, "deny") || span_is(value, "sameorigin") ? 0 : tell(p, FRAME_VALUE);
}

static int check_referrer(const struct header_place *p, struct span value)
{
        switch (referrer_policy(value)) {
        case REFERRER_UNSAFE:
                return tell(p, REFERRER_VALUE);
        case REFERRER_UNKNOWN:
                return tell(p, REFERRER_BROKEN);
        default:
                return 0;
        }
}

/* The value up to its parameters is one of these. */
static bool is_one_of(struct span value, const char *const *names)
{
        struct span one;

        if (!span_next(&value, ';', &one))
                return false;
        for (; *names; names++)
                if (span_is(one, *names))
                        return true;
        return false;
}

static int check_opener(const struct header_place *p, struct span value)
{
        static const char *const good[] = { "same-origin", "same-origin-allow-popups",
                                            "noopener-allow-popups", NULL };

        return is_one_of(value, good) ? 0 : tell(p, OPENER_VALUE);
}

static int check_embedder(const struct header_place *p, struct span value)
{
        static const char *const good[] = { "require-corp", "credentialless", NULL };

        return is_one_of(value, good) ? 0 : tell(p, EMBEDDER_VALUE);
}

static int check_resource(const struct header_place *p, struct span value)
{
        static const char *const good[] = { "same-origin", "same-site", "cross-origin", NULL };

        return is_one_of(value, good) ? 0 : tell(p, RESOURCE_VALUE);
}

static int check_permissions(const struct header_place *p, struct span value)
{
        struct span one, name;

        while (span_next(&value, ',', &one))
                if (span_next(&one, '=', &name) && span_is(span_trim(one), "*"))
                        return tell(p, PERMISSIONS_VALUE);
        return 0;
}

static int check_xss(const struct header_place *p, struct span value)
{
        return span_number(value) > 0 ? tell(p, XSS_FILTER) : 0;
}

static int check_pins(const struct header_place *p, struct span value)
{
        (void) value;
        return tell(p, PINNING);
}

static int check_expect_ct(const struct header_place *p, struct span value)
{
        (void) value;
        return tell(p, EXPECT_CT);
}

static int check_feature(const struct header_place *p, struct span value)
{
        (void) value;
        return tell(p, FEATURE_POLICY);
}

static int check_cross_domain(const struct header_place *p, struct span value)
{
        return span_is(value, "all") ? tell(p, CROSS_DOMAIN) : 0;
}

/* A name with a number behind a slash: nginx/1.18.0. */
static int check_server(const struct header_place *p, struct span value)
{
        for (size_t i = 0; i + 1 < value.length; i++)
                if (value.text[i] == '/' && isdigit((unsigned char) value.text[i + 1]))
                        return tell(p, SERVER_VERSION);
        return 0;
}

static int check_powered(const struct header_place *p, struct span value)
{
        return value.length ? tell(p, POWERED_BY) : 0;
}

static int check_origin(const struct header_place *p, struct span value)
{
        return header_check_cors(p, value, false);
}

int header_check_cors(const struct header_place *p, struct span origin, bool credentials)
{
        if (credentials && (span_is(origin, "*") || span_is(origin, "$http_origin")))
                return tell(p, CORS_ALL);
        return span_is(origin, "null") ? tell(p, CORS_NULL) : 0;
}

static bool breaks_prefix(const struct cookie *c)
{
        if (span_starts(c->name, "__Host-"))
                return !c->secure || c->has_domain || !c->path_is_root;
        return span_starts(c->name, "__Secure-") && !c->secure;
}

static int check_cookie(const struct header_place *p, struct span value)
{
        struct cookie c = cookie_parse(value);
        int r = 0;

        if (breaks_prefix(&c))
                return tell(p, COOKIE_PREFIX);
        if (c.same_site == SAME_SITE_BAD || (c.same_site == SAME_SITE_NONE && !c.secure))
                r = tell(p, COOKIE_NONE);
        else if (!c.secure)
                r = tell(p, COOKIE_SECURE);
        if (r >= 0 && cookie_is_session(&c) && !c.http_only)
                r = tell(p, COOKIE_SCRIPT);
        if (r >= 0 && c.same_site == SAME_SITE_UNSET)
                r = tell(p, COOKIE_SITE);
        return r;
}

static const struct {
        const char *name;
        int (*check)(const struct header_place *p, struct span value);
        bool for_errors;
} headers[] = {
        { "Strict-Transport-Security", check_hsts, true },
        { "Content-Security-Policy", header_check_csp, true },
        { "X-Content-Type-Options", check_nosniff, true },
        { "X-Frame-Options", check_frame, true },
        { "Referrer-Policy", check_referrer, false },
        { "Cross-Origin-Opener-Policy", check_opener, false },
        { "Cross-Origin-Embedder-Policy", check_embedder, false },
        { "Cross-Origin-Resource-Policy", check_resource, false },
        { "Permissions-Policy", check_permissions, false },
        { "X-XSS-Protection", check_xss, false },
        { "Public-Key-Pins", check_pins, false },
        { "Expect-CT", check_expect_ct, false },
        { "Feature-Policy", check_feature, false },
        { "X-Permitted-Cross-Domain-Policies", check_cross_domain, false },
        { "Server", check_server, false },
        { "X-Powered-By", check_powered, false },
        { "X-AspNet-Version", check_powered, false },
        { "X-AspNetMvc-Version", check_powered, false },
        { "Access-Control-Allow-Origin", check_origin, false },
        { "Set-Cookie", check_cookie, false },
};

int header_check_value(const struct header_place *p, struct span name, struct span value)
{
        value = span_trim(value);
        for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
                if (span_is(name, headers[i].name))
                        return headers[i].check(p, value);
        return 0;
}

bool header_is_for_errors(struct span name)
{
        for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
                if (span_is(name, headers[i].name))
                        return headers[i].for_errors;
        return false;
}

const size_t header_policy_rules = ARRAY_SIZE(notices) + ARRAY_SIZE(missing);

/* ---- TLS ---- */

int header_check_protocol(const struct header_place *p, struct span name)
{
        static const char *const broken[] = { "SSLv2",   "SSLv3",  "TLSv1", "TLSv1.0",
                                              "TLSv1.1", "tls1.0", "tls1.1" };

        for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
                if (span_is(name, broken[i])) {
                        int r = tell(p, TLS);

                        return r < 0 ? r : 1;
                }
        return 0;
}

int header_check_ciphers(const struct header_place *p, struct span list)
{
        static const char *const broken[] = { "RC4", "DES", "MD5", "NULL", "EXP", "ADH", "AECDH" };
        static const char *const groups[] = { "LOW", "ALL", "COMPLEMENTOFALL", "eNULL" };
        struct span one;

        while (span_next(&list, ':', &one)) {
                if (!one.length || char_in("!-+@", *one.text))
                        continue;
                for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
                        if (span_has(one, broken[i]))
                                return tell(p, CIPHERS);
                for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
                        if (span_is(one, groups[i]) && !span_has(list, "!"))
                                return tell(p, CIPHERS);
        }
        return 0;
}
