/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The score of Mozilla's HTTP Observatory
 *
 * The published rules (version 5 of the algorithm, with embedder and opener policy): twelve tests,
 * each with one result; a result has a modifier. The score is 100 and all modifiers below zero;
 * those above zero count only from 90 on. What a captured answer cannot tell (the preload list, the
 * certificate) is taken as the common case.
 */

#include "response.h"

/*
 * X(NAME IN C, "name in the table", modifier, "what it says"). Of cookies and of scripts the one
 * further down counts, which is not always the one that costs more.
 */
#define OBSERVATORY_RESULTS(X)                                                                     \
        X(CSP_NONE, "csp-implemented-with-no-unsafe-default-src-none", 10,                         \
          "Content-Security-Policy begins with default-src 'none' and lets nothing unsafe "        \
          "through")                                                                               \
        X(CSP_SAFE, "csp-implemented-with-no-unsafe", 5,                                           \
          "Content-Security-Policy lets nothing unsafe through")                                   \
        X(CSP_STYLE, "csp-implemented-with-unsafe-inline-in-style-src-only", 0,                    \
          "Content-Security-Policy lets unsafe styles through")                                    \
        X(CSP_PASSIVE, "csp-implemented-with-insecure-scheme-in-passive-content-only", -10,        \
          "Content-Security-Policy lets images or media be loaded without TLS")                    \
        X(CSP_EVAL, "csp-implemented-with-unsafe-eval", -10,                                       \
          "Content-Security-Policy allows 'unsafe-eval'")                                          \
        X(CSP_INLINE, "csp-implemented-with-unsafe-inline", -20,                                   \
          "Content-Security-Policy allows inline scripts, data: scripts, or any source")           \
        X(CSP_SCHEME, "csp-implemented-with-insecure-scheme", -20,                                 \
          "Content-Security-Policy lets active content be loaded without TLS")                     \
        X(CSP_DUPLICATE, "csp-implemented-but-duplicate-directives", 0,                            \
          "Content-Security-Policy has a directive for reports twice")                             \
        X(CSP_INVALID, "csp-header-invalid", -25, "Content-Security-Policy cannot be parsed")      \
        X(CSP_MISSING, "csp-not-implemented", -25, "There is no Content-Security-Policy")          \
        X(CSP_REPORT, "csp-not-implemented-but-reporting-enabled", -25,                            \
          "Content-Security-Policy only reports")                                                  \
        X(COOKIE_BEST, "cookies-secure-with-httponly-sessions-and-samesite", 5,                    \
          "All cookies are Secure and SameSite, those of sessions HttpOnly")                       \
        X(COOKIE_GOOD, "cookies-secure-with-httponly-sessions", 0,                                 \
          "All cookies are Secure, those of sessions HttpOnly")                                    \
        X(COOKIE_ABSENT, "cookies-not-found", 0, "There are no cookies")                           \
        X(COOKIE_PLAIN_HSTS, "cookies-without-secure-flag-but-protected-by-hsts", -5,              \
          "A cookie is not Secure, but HSTS keeps it off plain HTTP")                              \
        X(COOKIE_SESSION_HSTS, "cookies-session-without-secure-flag-but-protected-by-hsts", -10,   \
          "A session's cookie is not Secure, but HSTS keeps it off plain HTTP")                    \
        X(COOKIE_PLAIN, "cookies-without-secure-flag", -20, "A cookie is not Secure")              \
        X(COOKIE_SITE, "cookies-samesite-flag-invalid", -20,                                       \
          "A cookie has a SameSite that browsers do not take")                                     \
        X(COOKIE_CSRF, "cookies-anticsrf-without-samesite-flag", -20,                              \
          "A cookie against forged requests has no SameSite")                                      \
        X(COOKIE_SCRIPT, "cookies-session-without-httponly-flag", -30,                             \
          "A session's cookie is not HttpOnly")                                                    \
        X(COOKIE_SESSION, "cookies-session-without-secure-flag", -40,                              \
          "A session's cookie is not Secure")                                                      \
        X(CORS_ABSENT, "cross-origin-resource-sharing-not-implemented", 0,                         \
          "Other origins may read nothing")                                                        \
        X(CORS_PUBLIC, "cross-origin-resource-sharing-implemented-with-public-access", 0,          \
          "Other origins may read what is public")                                                 \
        X(CORS_SOME, "cross-origin-resource-sharing-implemented-with-restricted-access", 0,        \
          "Some origins may read answers")                                                         \
        X(CORS_ALL, "cross-origin-resource-sharing-implemented-with-universal-access", -50,        \
          "Every origin may read answers, with the visitor's credentials")                         \
        X(MOVED_PRELOADED, "redirection-all-redirects-preloaded", 0,                               \
          "All hosts on the way are in the preload list")                                          \
        X(MOVED_TLS, "redirection-to-https", 0, "Plain HTTP leads to TLS on the same host")        \
        X(MOVED_NOT_NEEDED, "redirection-not-needed-no-http", 0, "There is no plain HTTP")         \
        X(MOVED_OFF_HOST, "redirection-off-host-from-http", -5,                                    \
          "Plain HTTP leads to another host, so HSTS never holds for this one")                    \
        X(MOVED_LATE, "redirection-not-to-https-on-initial-redirection", -10,                      \
          "Plain HTTP leads to plain HTTP first")                                                  \
        X(MOVED_PLAIN, "redirection-not-to-https", -20, "The way ends without TLS")                \
        X(MOVED_NOT, "redirection-missing", -20, "Plain HTTP is answered without TLS")             \
        X(MOVED_CERT, "redirection-invalid-cert", -20, "A certificate on the way is not valid")    \
        X(REFERRER_GOOD, "referrer-policy-private", 5,                                             \
          "Referrer-Policy keeps addresses to itself")                                             \
        X(REFERRER_ABSENT, "referrer-policy-not-implemented", 0, "There is no Referrer-Policy")    \
        X(REFERRER_BAD, "referrer-policy-unsafe", -5,                                              \
          "Referrer-Policy tells other sites where a visitor came from")                           \
        X(REFERRER_INVALID, "referrer-policy-header-invalid", -5, "Referrer-Policy is not known")  \
        X(HSTS_PRELOADED, "hsts-preloaded", 5, "The host is in the preload list")                  \
        X(HSTS_GOOD, "hsts-implemented-max-age-at-least-six-months", 0,                            \
          "Strict-Transport-Security lasts half a year or more")                                   \
        X(HSTS_SHORT, "hsts-implemented-max-age-less-than-six-months", -10,                        \
          "Strict-Transport-Security lasts less than half a year")                                 \
        X(HSTS_ABSENT, "hsts-not-implemented", -20, "There is no Strict-Transport-Security")       \
        X(HSTS_INVALID, "hsts-header-invalid", -20, "Strict-Transport-Security is not understood") \
        X(HSTS_NO_TLS, "hsts-not-implemented-no-https", -20,                                       \
          "Without TLS there is no Strict-Transport-Security")                                     \
        X(HSTS_CERT, "hsts-invalid-cert", -20,                                                     \
          "With this certificate there is no Strict-Transport-Security")                           \
        X(SRI_ALL, "sri-implemented-and-all-scripts-loaded-securely", 5,                           \
          "Scripts have an integrity and come from this site")                                     \
        X(SRI_EXTERNAL, "sri-implemented-and-external-scripts-loaded-securely", 5,                 \
          "Scripts of other sites have an integrity")                                              \
        X(SRI_NO_HTML, "sri-not-implemented-response-not-html", 0, "This is no page")              \
        X(SRI_NO_SCRIPT, "sri-not-implemented-but-no-scripts-loaded", 0,                           \
          "The page has no scripts")                                                               \
        X(SRI_OWN, "sri-not-implemented-but-all-scripts-loaded-from-secure-origin", 0,             \
          "All scripts come from this site")                                                       \
        X(SRI_PLAIN, "sri-implemented-but-external-scripts-not-loaded-securely", -20,              \
          "A script with an integrity is loaded without TLS")                                      \
        X(SRI_MISSING, "sri-not-implemented-but-external-scripts-loaded-securely", -5,             \
          "A script of another site has no integrity")                                             \
        X(SRI_NEITHER, "sri-not-implemented-and-external-scripts-not-loaded-securely", -50,        \
          "A script without an integrity is loaded without TLS")                                   \
        X(SNIFF_GOOD, "x-content-type-options-nosniff", 0, "X-Content-Type-Options is nosniff")    \
        X(SNIFF_ABSENT, "x-content-type-options-not-implemented", -5,                              \
          "There is no X-Content-Type-Options")                                                    \
        X(SNIFF_INVALID, "x-content-type-options-header-invalid", -5,                              \
          "X-Content-Type-Options is not nosniff")                                                 \
        X(FRAME_CSP, "x-frame-options-implemented-via-csp", 5,                                     \
          "frame-ancestors says who may show the page")                                            \
        X(FRAME_GOOD, "x-frame-options-sameorigin-or-deny", 0,                                     \
          "X-Frame-Options says who may show the page")                                            \
        X(FRAME_ALLOW, "x-frame-options-allow-from-origin", 0, "X-Frame-Options is ALLOW-FROM")    \
        X(FRAME_ABSENT, "x-frame-options-not-implemented", -20,                                    \
          "Nothing says who may show the page in a frame")                                         \
        X(FRAME_INVALID, "x-frame-options-header-invalid", -20,                                    \
          "X-Frame-Options is not understood")                                                     \
        X(CORP_INVALID, "corp-header-invalid", -5,                                                 \
          "Cross-Origin-Resource-Policy is not understood")                                        \
        X(CORP_CROSS, "corp-implemented-with-cross-origin", 0,                                     \
          "Cross-Origin-Resource-Policy lets all sites in")                                        \
        X(CORP_ORIGIN, "corp-implemented-with-same-origin", 10,                                    \
          "Cross-Origin-Resource-Policy is same-origin")                                           \
        X(CORP_SITE, "corp-implemented-with-same-site", 10,                                        \
          "Cross-Origin-Resource-Policy is same-site")                                             \
        X(CORP_ABSENT, "corp-not-implemented", 0, "There is no Cross-Origin-Resource-Policy")      \
        X(COEP_ABSENT, "coep-not-implemented", 0, "There is no Cross-Origin-Embedder-Policy")      \
        X(COEP_CORP, "coep-implemented-with-require-corp", 10,                                     \
          "Cross-Origin-Embedder-Policy is require-corp")                                          \
        X(COEP_CREDENTIALLESS, "coep-implemented-with-credentialless", 10,                         \
          "Cross-Origin-Embedder-Policy is credentialless")                                        \
        X(COEP_NONE, "coep-implemented-with-unsafe-none", 0,                                       \
          "Cross-Origin-Embedder-Policy is unsafe-none")                                           \
        X(COEP_INVALID, "coep-header-invalid", -5,                                                 \
          "Cross-Origin-Embedder-Policy is not understood")                                        \
        X(COOP_ABSENT, "coop-not-implemented", 0, "There is no Cross-Origin-Opener-Policy")        \
        X(COOP_ORIGIN, "coop-implemented-with-same-origin", 10,                                    \
          "Cross-Origin-Opener-Policy is same-origin")                                             \
        X(COOP_POPUPS, "coop-implemented-with-same-origin-allow-popups", 10,                       \
          "Cross-Origin-Opener-Policy is same-origin-allow-popups")                                \
        X(COOP_NOOPENER, "coop-implemented-with-noopener-allow-popups", 10,                        \
          "Cross-Origin-Opener-Policy is noopener-allow-popups")                                   \
        X(COOP_NONE, "coop-implemented-with-unsafe-none", 0,                                       \
          "Cross-Origin-Opener-Policy is unsafe-none")                                             \
        X(COOP_INVALID, "coop-header-invalid", -5, "Cross-Origin-Opener-Policy is not understood") \
        X(HTML_BROKEN, "html-not-parseable", -20, "The page cannot be parsed")

#define OBSERVATORY_NAME(name, ...) OBSERVATORY_##name,
enum observatory_result { OBSERVATORY_RESULTS(OBSERVATORY_NAME) OBSERVATORY_RESULTS_ };
#undef OBSERVATORY_NAME

enum observatory_test {
        OBSERVATORY_CSP,
        OBSERVATORY_COOKIES,
        OBSERVATORY_CORS,
        OBSERVATORY_REDIRECTION,
        OBSERVATORY_REFERRER,
        OBSERVATORY_HSTS,
        OBSERVATORY_SRI,
        OBSERVATORY_SNIFF,
        OBSERVATORY_FRAME,
        OBSERVATORY_CORP,
        OBSERVATORY_COEP,
        OBSERVATORY_COOP,
        OBSERVATORY_TESTS_,
};

struct observatory_row {
        const char *name;
        int modifier;
        const char *text;
};

extern const struct observatory_row observatory_rows[OBSERVATORY_RESULTS_];

struct observatory {
        enum observatory_result results[OBSERVATORY_TESTS_];
        int score;
        const char *grade; /* "A+" to "F" */
};

/* The header a test is about, to point at; NULL = none. */
extern const char *const observatory_headers[OBSERVATORY_TESTS_];

/*
 * Scores the last answer of a capture, with what those before it tell: 0, -ENOENT when it is no
 * page (its status is not 2xx), or -ENOMEM.
 */
int observatory_score(struct observatory *o, const struct capture *c);

/* Score and grade of a set of results. */
void observatory_sum(struct observatory *o);
