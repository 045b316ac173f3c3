/* SPDX-License-Identifier: Apache-2.0 */
#include "observatory.h"

#include "html.h"
#include "http-value.h"
#include "observatory-csp.h"
#include "span.h"

#define ROW(c_name, text_name, change, words) [OBSERVATORY_##c_name] = { text_name, change, words },
const struct observatory_row observatory_rows[OBSERVATORY_RESULTS_] = { OBSERVATORY_RESULTS(ROW) };
#undef ROW

const char *const observatory_headers[OBSERVATORY_TESTS_] = {
        [OBSERVATORY_CSP] = "Content-Security-Policy",
        [OBSERVATORY_COOKIES] = "Set-Cookie",
        [OBSERVATORY_CORS] = "Access-Control-Allow-Origin",
        [OBSERVATORY_REDIRECTION] = "Location",
        [OBSERVATORY_REFERRER] = "Referrer-Policy",
        [OBSERVATORY_HSTS] = "Strict-Transport-Security",
        [OBSERVATORY_SNIFF] = "X-Content-Type-Options",
        [OBSERVATORY_FRAME] = "X-Frame-Options",
        [OBSERVATORY_CORP] = "Cross-Origin-Resource-Policy",
        [OBSERVATORY_COEP] = "Cross-Origin-Embedder-Policy",
        [OBSERVATORY_COOP] = "Cross-Origin-Opener-Policy",
};

/* Of two results of one test, the one that counts. */
static enum observatory_result worse(enum observatory_result a, enum observatory_result b)
{
        return MAX_OF(a, b);
}

/* ---- Headers with one value ---- */

struct choice {
        const char *value;
        enum observatory_result result;
};

/* The result of a header by its value; what stands behind a semicolon are parameters. */
static enum observatory_result choose(const struct response *r, const char *name,
                                      const struct choice *choices, enum observatory_result absent,
                                      enum observatory_result invalid)
{
        const struct response_header *h = response_header(r, name, NULL);
        struct span value, one;

        if (!h)
                return absent;
        value = h->value;
        if (response_header(r, name, h) || !span_next(&value, ';', &one))
                return invalid;
        for (; choices->value; choices++)
                if (one.length == strlen(choices->value) &&
                    !memcmp(one.text, choices->value, one.length))
                        return choices->result;
        return invalid;
}

static enum observatory_result test_corp(const struct response *r)
{
        static const struct choice rows[] = { { "same-origin", OBSERVATORY_CORP_ORIGIN },
                                              { "same-site", OBSERVATORY_CORP_SITE },
                                              { "cross-origin", OBSERVATORY_CORP_CROSS },
                                              { 0 } };

        return choose(r, "cross-origin-resource-policy", rows, OBSERVATORY_CORP_ABSENT,
                      OBSERVATORY_CORP_INVALID);
}

static enum observatory_result test_coep(const struct response *r)
{
        static const struct choice rows[] = { { "require-corp", OBSERVATORY_COEP_CORP },
                                              { "credentialless", OBSERVATORY_COEP_CREDENTIALLESS },
                                              { "unsafe-none", OBSERVATORY_COEP_NONE },
                                              { 0 } };

        return choose(r, "cross-origin-embedder-policy", rows, OBSERVATORY_COEP_ABSENT,
                      OBSERVATORY_COEP_INVALID);
}

static enum observatory_result test_coop(const struct response *r)
{
        static const struct choice rows[] = {
                { "same-origin", OBSERVATORY_COOP_ORIGIN },
                { "same-origin-allow-popups", OBSERVATORY_COOP_POPUPS },
                { "noopener-allow-popups", OBSERVATORY_COOP_NOOPENER },
                { "unsafe-none", OBSERVATORY_COOP_NONE },
                { 0 }
        };

        return choose(r, "cross-origin-opener-policy", rows, OBSERVATORY_COOP_ABSENT,
                      OBSERVATORY_COOP_INVALID);
}

static enum observatory_result test_sniff(const struct response *r)
{
        static const struct choice rows[] = { { "nosniff", OBSERVATORY_SNIFF_GOOD }, { 0 } };

        return choose(r, "x-content-type-options", rows, OBSERVATORY_SNIFF_ABSENT,
                      OBSERVATORY_SNIFF_INVALID);
}

static enum observatory_result test_frame(const struct response *r, bool by_csp)
{
        struct span value = response_value(r, "x-frame-options");

        if (by_csp)
                return OBSERVATORY_FRAME_CSP;
        if (!value.length)
                return OBSERVATORY_FRAME_ABSENT;
        if (span_is(value, "deny") || span_is(value, "sameorigin"))
                return OBSERVATORY_FRAME_GOOD;
        return span_starts(value, "allow-from") ? OBSERVATORY_FRAME_ALLOW
                                                : OBSERVATORY_FRAME_INVALID;
}

static enum observatory_result test_referrer(const struct response *r)
{
        const struct response_header *h = NULL;
        enum referrer_policy policy = REFERRER_UNKNOWN, one;
        struct span page = r->body, name, content;
        struct html_tag tag;
        bool any = false;

        while ((h = response_header(r, "referrer-policy", h))) {
                one = referrer_policy(h->value);
                policy = one == REFERRER_UNKNOWN ? policy : one;
                any = true;
        }
        while (html_next(&page, &tag))
                if (span_is(tag.name, "meta") &&
                    (html_attribute(&tag, "http-equiv", &name) ? span_is(name, "referrer-policy")
                                                               : false) &&
                    html_attribute(&tag, "content", &content)) {
                        one = referrer_policy(content);
                        policy = one == REFERRER_UNKNOWN ? policy : one;
                        any = true;
                }
        if (!any)
                return OBSERVATORY_REFERRER_ABSENT;
        if (policy == REFERRER_UNKNOWN)
                return OBSERVATORY_REFERRER_INVALID;
        return policy == REFERRER_PRIVATE ? OBSERVATORY_REFERRER_GOOD : OBSERVATORY_REFERRER_BAD;
}

static enum observatory_result test_hsts(const struct response *r)
{
        enum { HALF_YEAR = 15552000 };
        struct span value = response_value(r, "strict-transport-security");
        struct hsts h = hsts_parse(value);

        if (r->is_plain)
                return OBSERVATORY_HSTS_NO_TLS;
        if (!response_header(r, "strict-transport-security", NULL))
                return OBSERVATORY_HSTS_ABSENT;
        if (h.max_age < 0 || span_has_char(value, ','))
                return OBSERVATORY_HSTS_INVALID;
        return h.max_age < HALF_YEAR ? OBSERVATORY_HSTS_SHORT : OBSERVATORY_HSTS_GOOD;
}

/* ---- Cookies ---- */

static enum observatory_result judge_cookie(const struct cookie *c, bool hsts)
{
        enum observatory_result result = OBSERVATORY_COOKIE_GOOD;
        bool session = cookie_is_session(c);

        if (c->same_site == SAME_SITE_BAD || (c->same_site == SAME_SITE_NONE && !c->secure))
                result = OBSERVATORY_COOKIE_SITE;
        if (!c->secure)
                result = worse(result,
                               hsts ? OBSERVATORY_COOKIE_PLAIN_HSTS : OBSERVATORY_COOKIE_PLAIN);
        if (cookie_is_csrf(c) && (c->same_site == SAME_SITE_UNSET || c->same_site == SAME_SITE_BAD))
                result = worse(result, OBSERVATORY_COOKIE_CSRF);
        if (session && !c->secure)
                result = worse(result,
                               hsts ? OBSERVATORY_COOKIE_SESSION_HSTS : OBSERVATORY_COOKIE_SESSION);
        if (session && !c->http_only)
                result = worse(result, OBSERVATORY_COOKIE_SCRIPT);
        return result;
}

static enum observatory_result test_cookies(const struct capture *c, bool hsts)
{
        enum observatory_result result = OBSERVATORY_COOKIE_GOOD;
        bool any = false, all_sites = true;

        for (size_t i = 0; i < c->n; i++) {
                const struct response_header *h = NULL;

                while ((h = response_header(&c->list[i], "set-cookie", h))) {
                        struct cookie cookie = cookie_parse(h->value);

                        if (span_is(cookie.name, "heroku-session-affinity"))
                                continue;
                        any = true;
                        all_sites &= cookie.same_site != SAME_SITE_UNSET;
                        result = worse(result, judge_cookie(&cookie, hsts));
                }
        }
        if (!any)
                return OBSERVATORY_COOKIE_ABSENT;
        return result == OBSERVATORY_COOKIE_GOOD && all_sites ? OBSERVATORY_COOKIE_BEST : result;
}

/* ---- Other origins and other hosts ---- */

static enum observatory_result test_cors(const struct response *r)
{
        struct span origin = response_value(r, "access-control-allow-origin");

        if (!origin.length)
                return OBSERVATORY_CORS_ABSENT;
        if (span_is(origin, "*"))
                return OBSERVATORY_CORS_PUBLIC;
        if (r->origin.length && span_same(origin, r->origin) &&
            span_is(response_value(r, "access-control-allow-credentials"), "true"))
                return OBSERVATORY_CORS_ALL;
        return OBSERVATORY_CORS_SOME;
}

struct url {
        bool is_absolute, is_tls;
        struct span host;
};

static struct url url_parse(struct span text)
{
        struct url u = { .is_tls = span_starts(text, "https://") };
        struct span host = { "", 0 };

        u.is_absolute = u.is_tls || span_starts(text, "http://");
        if (u.is_absolute || span_starts(text, "//")) {
                const char *slashes = memmem(text.text, text.length, "//", 2);

                text = span_from(text, (size_t) (slashes - text.text) + 2);
                (void) span_next(&text, '/', &host);
                (void) span_next(&host, ':', &u.host);
        }
        return u;
}

/* From the first answer on: where each Location leads. Without a redirection it is not known. */
static enum observatory_result test_redirection(const struct capture *c)
{
        struct url first = { 0 }, last = { 0 };
        bool moved = false;

        if (c->list[0].is_plain && c->n == 1)
                return OBSERVATORY_MOVED_NOT;
        if (c->list[0].is_tls)
                return OBSERVATORY_MOVED_NOT_NEEDED;
        for (size_t i = 0; i < c->n; i++) {
                struct url u = url_parse(response_value(&c->list[i], "location"));

                if (!u.is_absolute || c->list[i].status < 300 || c->list[i].status > 399)
                        continue;
                if (!moved)
                        first = u;
                last = u;
                moved = true;
        }
        if (!moved)
                return OBSERVATORY_MOVED_NOT_NEEDED;
        if (!last.is_tls)
                return OBSERVATORY_MOVED_PLAIN;
        if (!first.is_tls)
                return OBSERVATORY_MOVED_LATE;
        if (c->list[0].host.length && !span_same(c->list[0].host, first.host))
                return OBSERVATORY_MOVED_OFF_HOST;
        return OBSERVATORY_MOVED_TLS;
}

/* ---- Scripts ---- */

/* The last two labels of a host. */
static struct span site_of(struct span host)
{
        size_t dots = 0;

        for (size_t i = host.length; i > 0; i--)
                if (host.text[i - 1] == '.' && ++dots == 2)
                        return span_from(host, i);
        return host;
}

static enum observatory_result judge_script(const struct response *r, struct span src,
                                            bool integrity, bool *foreign)
{
        struct url u = url_parse(src);
        bool relative = !u.is_absolute && !u.host.length;
        bool own = relative || (u.is_absolute && r->host.length &&
                                span_same(site_of(u.host), site_of(r->host)));
        bool secure = u.is_tls || (relative && !r->is_plain);

        *foreign |= !own;
        if (own)
                return integrity && secure ? OBSERVATORY_SRI_ALL : OBSERVATORY_SRI_OWN;
        if (integrity)
                return secure ? OBSERVATORY_SRI_EXTERNAL : OBSERVATORY_SRI_PLAIN;
        return secure ? OBSERVATORY_SRI_MISSING : OBSERVATORY_SRI_NEITHER;
}

static enum observatory_result test_scripts(const struct response *r)
{
        struct span type = response_value(r, "content-type"), mime = { "", 0 }, page = r->body;
        enum observatory_result result = OBSERVATORY_SRI_NO_SCRIPT, one;
        bool foreign = false;
        struct html_tag tag;
        struct span src, hash;

        (void) span_next(&type, ';', &mime);
        if (mime.length && !span_is(mime, "text/html") && !span_is(mime, "application/xhtml+xml"))
                return OBSERVATORY_SRI_NO_HTML;
        while (html_next(&page, &tag)) {
                if (!span_is(tag.name, "script"))
                        continue;
                if (result == OBSERVATORY_SRI_NO_SCRIPT)
                        result = OBSERVATORY_SRI_OWN;
                if (!html_attribute(&tag, "src", &src) || !src.length)
                        continue;
                one = judge_script(r, src, html_attribute(&tag, "integrity", &hash) && hash.length,
                                   &foreign);
                /* The bonus for own scripts is for the first that is judged. */
                if (one == OBSERVATORY_SRI_ALL && result == OBSERVATORY_SRI_OWN)
                        result = one;
                else if (one > OBSERVATORY_SRI_OWN)
                        result = worse(result, one);
        }
        return result == OBSERVATORY_SRI_OWN && foreign ? OBSERVATORY_SRI_EXTERNAL : result;
}

/* ---- The sum ---- */

static const char *grade_of(int score)
{
        static const struct {
                int from;
                const char *grade;
        } rows[] = {
                { 100, "A+" }, { 90, "A" }, { 85, "A-" }, { 80, "B+" }, { 70, "B" }, { 65, "B-" },
                { 60, "C+" },  { 50, "C" }, { 45, "C-" }, { 40, "D+" }, { 30, "D" }, { 25, "D-" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (score >= rows[i].from)
                        return rows[i].grade;
        return "F";
}

void observatory_sum(struct observatory *o)
{
        enum { BASE = 100, EXTRA_FROM = 90 };
        int bonus = 0;

        o->score = BASE;
        for (size_t i = 0; i < OBSERVATORY_TESTS_; i++) {
                int modifier = observatory_rows[o->results[i]].modifier;

                if (modifier < 0)
                        o->score += modifier;
                else
                        bonus += modifier;
        }
        if (o->score >= EXTRA_FROM)
                o->score += bonus;
        o->score = MAX_OF(o->score, 0);
        o->grade = grade_of(o->score);
}

int observatory_score(struct observatory *o, const struct capture *c)
{
        const struct response *r = c->n ? &c->list[c->n - 1] : NULL;
        bool frames = false;
        int csp;

        if (!r || r->status < 200 || r->status > 299)
                return -ENOENT;
        csp = observatory_csp(r, &frames);
        if (csp < 0)
                return csp;
        o->results[OBSERVATORY_CSP] = (enum observatory_result) csp;
        o->results[OBSERVATORY_HSTS] = test_hsts(r);
        o->results[OBSERVATORY_COOKIES] =
                test_cookies(c, o->results[OBSERVATORY_HSTS] == OBSERVATORY_HSTS_GOOD);
        o->results[OBSERVATORY_CORS] = test_cors(r);
        o->results[OBSERVATORY_REDIRECTION] = test_redirection(c);
        o->results[OBSERVATORY_REFERRER] = test_referrer(r);
        o->results[OBSERVATORY_SRI] = test_scripts(r);
        o->results[OBSERVATORY_SNIFF] = test_sniff(r);
        o->results[OBSERVATORY_FRAME] = test_frame(r, frames);
        o->results[OBSERVATORY_CORP] = test_corp(r);
        o->results[OBSERVATORY_COEP] = test_coep(r);
        o->results[OBSERVATORY_COOP] = test_coop(r);
        observatory_sum(o);
        return 0;
}
