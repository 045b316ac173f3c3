/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The parsers of server configuration, each alone
 */
#include "test.h"

#include "base/buf.h"

#include <limits.h>

#include "../../plugins/lib/server/apache.h"
#include "../../plugins/lib/server/caddy.h"
#include "../../plugins/lib/server/csp.h"
#include "../../plugins/lib/server/http-value.h"
#include "../../plugins/lib/server/nginx.h"
#include "../../plugins/lib/server/observatory.h"
#include "../../plugins/lib/server/regex.h"

#define TEXT(text) ((struct span){ (text), strlen(text) })

static void test_nginx(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *want; /* "name/arguments/parent" */
        } rows[] = {
                { "a directive", "a b c;", "a/2/-1 " },
                { "a block", "a { b; }", "a/0/-1 b/0/0 " },
                { "quotes", "a 'x y' \"z;\";", "a/2/-1 " },
                { "a comment", "# a\nb; # c\n", "b/0/-1 " },
                { "a sign inside a word is no comment", "a b#c;", "a/1/-1 " },
                { "a variable", "a ${x}y;", "a/1/-1 " },
                { "an escape", "a x\\;y;", "a/1/-1 " },
                { "Lua is skipped", "a_by_lua_block { b; { c } } d;",
                  "a_by_lua_block/0/-1 d/0/-1 " },
                { "with its strings", "a_by_lua_block { x = '}' .. \"{\" } d;",
                  "a_by_lua_block/0/-1 d/0/-1 " },
                { "with its comments", "a_by_lua_block { -- }\n --[[ } ]] x } d;",
                  "a_by_lua_block/0/-1 d/0/-1 " },
                { "with its long strings", "a_by_lua_block { x = [==[ } ]] ]==] } d;",
                  "a_by_lua_block/0/-1 d/0/-1 " },
                { "no end", "a { b", "a/0/-1 b/0/0 " },
                { "too many ends", "} } a;", "a/0/-1 " },
                { "an open quote", "a 'x", "a/1/-1 " },
        };
        struct nginx n = { 0 };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf list = { 0 };

                assert_int_equal(nginx_parse(&n, rows[i].text, strlen(rows[i].text), NULL, NULL),
                                 0);
                for (size_t k = 0; k < n.n_list; k++)
                        (void) buf_printf(&list, "%.*s/%zu/%d ", (int) n.list[k].name.length,
                                          n.list[k].name.text, n.list[k].n_args, n.list[k].parent);
                if (strcmp(buf_text(&list), rows[i].want) != 0)
                        fail_msg("%s: got %s", rows[i].why, buf_text(&list));
        }
        nginx_done(&n);
}

static void test_nginx_condition(void **state)
{
        (void) state;
        static const struct {
                const char *text, *want;
        } rows[] = {
                { "if ($a) {}", "$a||" },
                { "if ( $a ) {}", "$a||" },
                { "if ($a = b) {}", "$a|=|b" },
                { "if ($a ~* \"x y\") {}", "$a|~*|x y" },
                { "if ($a ~ (b|c)) {}", "$a|~|(b|c)" },
                { "if ($a !~ ^/b$ ) {}", "$a|!~|^/b$" },
                { "if (-f $a) {}", "-f|$a|" },
        };
        struct nginx n = { 0 };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char got[128];
                struct nginx_condition c;

                assert_int_equal(nginx_parse(&n, rows[i].text, strlen(rows[i].text), NULL, NULL),
                                 0);
                c = nginx_condition(&n, &n.list[0]);
                (void) snprintf(got, sizeof(got), "%.*s|%.*s|%.*s", (int) c.variable.length,
                                c.variable.text ? c.variable.text : "", (int) c.operator.length,
                                c.operator.text ? c.operator.text : "", (int) c.value.length,
                                c.value.text ? c.value.text : "");
                assert_string_equal(got, rows[i].want);
        }
        nginx_done(&n);
}

/* ---- Apache and Caddy ---- */

typedef int (*parse_fn)(struct conf *c, const char *text, size_t length);

static int apache_alone(struct conf *c, const char *text, size_t length)
{
        return apache_parse(c, text, length, NULL, NULL);
}

struct conf_row {
        const char *why, *text, *want; /* "name(argument,)parent" */
};

static void expect_conf(parse_fn parse, const struct conf_row *rows, size_t n)
{
        struct conf c = { 0 };

        for (size_t i = 0; i < n; i++) {
                _cleanup_(buf_done) struct buf list = { 0 };

                assert_int_equal(parse(&c, rows[i].text, strlen(rows[i].text)), 0);
                for (size_t k = 0; k < c.n_list; k++) {
                        const struct conf_directive *d = &c.list[k];

                        (void) buf_printf(&list, "%.*s(", (int) d->name.length, d->name.text);
                        for (size_t a = 0; a < d->n_args; a++)
                                (void) buf_printf(&list, "%.*s,", (int) conf_arg(&c, d, a).length,
                                                  conf_arg(&c, d, a).text);
                        (void) buf_printf(&list, ")%d ", d->parent);
                }
                if (strcmp(buf_text(&list), rows[i].want) != 0)
                        fail_msg("%s: got %s", rows[i].why, buf_text(&list));
        }
        conf_done(&c);
}

static void test_apache(void **state)
{
        (void) state;
        static const struct conf_row rows[] = {
                { "a directive", "A b c\n", "A(b,c,)-1 " },
                { "quotes", "A \"b c\" 'd'\n", "A(b c,d,)-1 " },
                { "an escape", "A \"b\\\"c\"\n", "A(b\"c,)-1 " },
                { "an expression's escape stays", "A ^/a\\.b$\n", "A(^/a\\.b$,)-1 " },
                { "carried on", "A b \\\n  c\nD\n", "A(b,c,)-1 D()-1 " },
                { "carried on in quotes", "A \"b \\\nc\"\n", "A(b c,)-1 " },
                { "a section", "<S a b>\nC d\n</S>\nE\n", "S(a,b,)-1 C(d,)0 E()-1 " },
                { "quotes at its end", "<S \"a b\">\nC\n</S>\n", "S(a b,)-1 C()0 " },
                { "signs in it", "<If \"%{A} -gt 5\">\nC\n</If>\n", "If(%{A} -gt 5,)-1 C()0 " },
                { "an end that closes two", "<A>\n<B>\nC\n</A>\nD\n", "A()-1 B()0 C()1 D()-1 " },
                { "an end of nothing", "</A>\nB\n", "B()-1 " },
                { "a comment is carried on", "# a \\\nB\nC\n", "C()-1 " },
                { "no end", "<A\nB \"c\n", "A()-1 B(c,)0 " },
        };

        expect_conf(apache_alone, rows, TEST_ROWS(rows));
}

static void test_caddy(void **state)
{
        (void) state;
        static const struct conf_row rows[] = {
                { "a site", "a.b {\nc d\n}\n", "a.b()-1 c(d,)0 " },
                { "two addresses", "a.b, c.d {\ne\n}\n", "a.b,(c.d,)-1 e()0 " },
                { "on two lines", "a.b,\nc.d {\ne\n}\n", "a.b,(c.d,)-1 e()0 " },
                { "no braces", "a.b\nc d\ne\n", "a.b()-1 c(d,)0 e()0 " },
                { "global options", "{\ndebug\n}\na.b {\n}\n", "()-1 debug()0 a.b()-1 " },
                { "quotes", "a.b {\nc \"d \\\"e\\\"\" `f\"`\n}\n", "a.b()-1 c(d \"e\",f\",)0 " },
                { "a placeholder", "a.b {\nc {d} {$E}x\n}\n", "a.b()-1 c({d},{$E}x,)0 " },
                { "a heredoc", "a.b {\nc <<E\n }\n E\nd\n}\n", "a.b()-1 c( }\n,)0 d()0 " },
                { "a comment", "a.b { # c\nd#e\n}\n", "a.b()-1 d#e()0 " },
                { "a matcher", "a.b {\n@m {\npath /x\n}\nc @m\n}\n",
                  "a.b()-1 @m()0 path(/x,)1 c(@m,)0 " },
                { "carried on", "a.b {\nc d \\\n e\n}\n", "a.b()-1 c(d,e,)0 " },
                { "too many ends", "}\n}\na.b {\n}\n", "a.b()-1 " },
        };

        expect_conf(caddy_parse, rows, TEST_ROWS(rows));
}

/* ---- Expressions ---- */

/* The characters that are told of a set: those that rules ask for. */
static void show(char *to, const struct regex_set *set)
{
        for (const char *c = "\n\r ./a1"; *c; c++)
                if (regex_set_has(set, (unsigned char) *c))
                        *to++ = *c == '\n' ? 'N' : *c == '\r' ? 'R' : *c == ' ' ? 'S' : *c;
        *to = '\0';
}

static void test_regex_facts(void **state)
{
        (void) state;
        static const struct {
                const char *why, *regex, *can, *must, *first;
                bool empty;
        } rows[] = {
                { "a dot takes no newline", ".", "RS./a1", "", "RS./a1", false },
                { "unless it is told to", "(?s).", "NRS./a1", "", "NRS./a1", false },
                { "what is not in a class", "[^/]", "NRS.a1", "", "NRS.a1", false },
                { "no word", "\\W*", "NRS./", "", "NRS./", true },
                { "no blank", "\\S+", "./a1", "", "./a1", false },
                { "letters that stand there are not chosen", "a\\.1", "", ".a1", "a", false },
                { "one of two", "(a|1)", "", "", "a1", false },
                { "both have it", "(a1|1.)", "RS./a1", "1", "a1", false },
                { "may be left out", "a?1", "", "1", "a1", false },
                { "never", "a{0}1", "", "1", "1", false },
                { "looking ahead takes nothing", "(?=a)1", "", "1", "1", false },
                { "quoted", "\\Q.*\\E", "", ".", ".", false },
                { "by number", "\\x2f\\056?", "", "/", "/", false },
                { "a class with its end first", "[]a]", "a", "", "a", false },
                { "a range", "[\\d/-a]", "/a1", "", "/a1", false },
                { "POSIX", "[[:alpha:]]", "a", "", "a", false },
                { "letters alike", "(?i)A", "", "", "a", false },
                { "a comment", "a(?#1)", "", "a", "a", false },
                { "blanks do not count", "(?x) a # 1\n", "", "a", "a", false },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct regex r = { 0 };
                struct regex_facts f;
                char can[16], must[16], first[16];

                assert_int_equal(regex_parse(&r, TEXT(rows[i].regex), false), 0);
                f = regex_facts(&r, r.root);
                show(can, &f.can);
                show(must, &f.must);
                show(first, &f.first);
                if (strcmp(can, rows[i].can) != 0 || strcmp(must, rows[i].must) != 0 ||
                    strcmp(first, rows[i].first) != 0 || f.can_be_empty != rows[i].empty)
                        fail_msg("%s: can %s, must %s, first %s, empty %d", rows[i].why, can, must,
                                 first, f.can_be_empty);
                regex_done(&r);
        }
}

static void test_regex_refused(void **state)
{
        (void) state;
        static const char *const rows[] = { "(a",  "a)", "[a",   "*a",
                                            "a**", "\\", "(?<n", "a{2}{3}{4}{5}" };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct regex r = { 0 };

                if (regex_parse(&r, TEXT(rows[i]), false) != -EINVAL)
                        fail_msg("%s was taken", rows[i]);
                regex_done(&r);
        }
}

static void test_regex_depth(void **state)
{
        (void) state;
        char *text = malloc(100000);
        struct regex r = { 0 };

        memset(text, '(', 100000);
        assert_int_equal(regex_parse(&r, (struct span){ text, 100000 }, false), -EINVAL);
        memset(text, 'a', 100000);
        assert_int_equal(regex_parse(&r, (struct span){ text, 100000 }, false), -EINVAL);
        regex_done(&r);
        free(text);
}

/* ---- Header values ---- */

static void test_hsts(void **state)
{
        (void) state;
        static const struct {
                const char *text;
                struct hsts want;
        } rows[] = {
                { "max-age=60", { .max_age = 60 } },
                { "max-age=\"60\"; includeSubDomains",
                  { .max_age = 60, .include_subdomains = true } },
                { "MAX-AGE = 60 ; preload", { .max_age = 60, .preload = true } },
                { "includeSubDomains", { .max_age = -1, .include_subdomains = true } },
                { "max-age=x", { .max_age = -1 } },
                { "max-age=1; max-age=2", { .max_age = 2, .is_duplicate = true } },
                { "max-age=99999999999999999999", { .max_age = LONG_MAX } },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct hsts h = hsts_parse(TEXT(rows[i].text));

                if (h.max_age != rows[i].want.max_age || h.preload != rows[i].want.preload ||
                    h.include_subdomains != rows[i].want.include_subdomains ||
                    h.is_duplicate != rows[i].want.is_duplicate)
                        fail_msg("%s", rows[i].text);
        }
}

static void test_cookie(void **state)
{
        (void) state;
        struct cookie c = cookie_parse(
                TEXT("__Host-session=a=b; Path=/; secure; HttpOnly; SameSite=Lax; Partitioned"));

        assert_true(c.secure && c.http_only && c.partitioned && c.path_is_root && !c.has_domain);
        assert_int_equal(c.same_site, SAME_SITE_LAX);
        assert_int_equal(c.name.length, strlen("__Host-session"));
        assert_true(cookie_is_session(&c));
        c = cookie_parse(TEXT("csrftoken=x; Domain=a.b; SameSite=maybe"));
        assert_true(c.has_domain && cookie_is_csrf(&c) && !c.secure);
        assert_int_equal(c.same_site, SAME_SITE_BAD);
}

static void test_csp(void **state)
{
        (void) state;
        struct span header = TEXT("default-src 'self' ; IMG-SRC *;; img-src 'none', , sandbox"),
                    one;
        struct csp csp;

        assert_true(csp_next(&header, &one));
        csp_parse(&csp, one);
        assert_int_equal(csp.n, 3);
        assert_true(csp_has(csp_find(&csp, "img-src"), "*"));
        assert_true(csp.list[2].is_duplicate);
        assert_ptr_equal(csp_in_force(&csp, "script-src"), &csp.list[0]);
        assert_true(csp_next(&header, &one));
        csp_parse(&csp, one);
        assert_int_equal(csp.n, 1);
        assert_null(csp_in_force(&csp, "script-src"));
        assert_false(csp_next(&header, &one));
        assert_true(csp_is_bypass_host(TEXT("https://ajax.googleapis.com/x")));
        assert_true(csp_is_bypass_host(TEXT("*.googleapis.com")));
        assert_false(csp_is_bypass_host(TEXT("a.googleapis.com")));
}

/* ---- The Observatory ---- */

/* As the table was published: every result with its modifier. */
static void test_observatory_table(void **state)
{
        (void) state;
        static const struct {
                const char *name;
                int modifier;
        } rows[] = {
                { "csp-implemented-with-no-unsafe-default-src-none", 10 },
                { "csp-implemented-with-no-unsafe", 5 },
                { "csp-implemented-with-unsafe-inline-in-style-src-only", 0 },
                { "csp-implemented-with-insecure-scheme-in-passive-content-only", -10 },
                { "csp-implemented-with-unsafe-eval", -10 },
                { "csp-implemented-with-unsafe-inline", -20 },
                { "csp-implemented-with-insecure-scheme", -20 },
                { "csp-implemented-but-duplicate-directives", 0 },
                { "csp-header-invalid", -25 },
                { "csp-not-implemented", -25 },
                { "csp-not-implemented-but-reporting-enabled", -25 },
                { "cookies-secure-with-httponly-sessions-and-samesite", 5 },
                { "cookies-secure-with-httponly-sessions", 0 },
                { "cookies-not-found", 0 },
                { "cookies-without-secure-flag-but-protected-by-hsts", -5 },
                { "cookies-session-without-secure-flag-but-protected-by-hsts", -10 },
                { "cookies-without-secure-flag", -20 },
                { "cookies-samesite-flag-invalid", -20 },
                { "cookies-anticsrf-without-samesite-flag", -20 },
                { "cookies-session-without-httponly-flag", -30 },
                { "cookies-session-without-secure-flag", -40 },
                { "cross-origin-resource-sharing-not-implemented", 0 },
                { "cross-origin-resource-sharing-implemented-with-public-access", 0 },
                { "cross-origin-resource-sharing-implemented-with-restricted-access", 0 },
                { "cross-origin-resource-sharing-implemented-with-universal-access", -50 },
                { "redirection-all-redirects-preloaded", 0 },
                { "redirection-to-https", 0 },
                { "redirection-not-needed-no-http", 0 },
                { "redirection-off-host-from-http", -5 },
                { "redirection-not-to-https-on-initial-redirection", -10 },
                { "redirection-not-to-https", -20 },
                { "redirection-missing", -20 },
                { "redirection-invalid-cert", -20 },
                { "referrer-policy-private", 5 },
                { "referrer-policy-not-implemented", 0 },
                { "referrer-policy-unsafe", -5 },
                { "referrer-policy-header-invalid", -5 },
                { "hsts-preloaded", 5 },
                { "hsts-implemented-max-age-at-least-six-months", 0 },
                { "hsts-implemented-max-age-less-than-six-months", -10 },
                { "hsts-not-implemented", -20 },
                { "hsts-header-invalid", -20 },
                { "hsts-not-implemented-no-https", -20 },
                { "hsts-invalid-cert", -20 },
                { "sri-implemented-and-all-scripts-loaded-securely", 5 },
                { "sri-implemented-and-external-scripts-loaded-securely", 5 },
                { "sri-not-implemented-response-not-html", 0 },
                { "sri-not-implemented-but-no-scripts-loaded", 0 },
                { "sri-not-implemented-but-all-scripts-loaded-from-secure-origin", 0 },
                { "sri-not-implemented-but-external-scripts-loaded-securely", -5 },
                { "sri-implemented-but-external-scripts-not-loaded-securely", -20 },
                { "sri-not-implemented-and-external-scripts-not-loaded-securely", -50 },
                { "x-content-type-options-nosniff", 0 },
                { "x-content-type-options-not-implemented", -5 },
                { "x-content-type-options-header-invalid", -5 },
                { "x-frame-options-implemented-via-csp", 5 },
                { "x-frame-options-sameorigin-or-deny", 0 },
                { "x-frame-options-allow-from-origin", 0 },
                { "x-frame-options-not-implemented", -20 },
                { "x-frame-options-header-invalid", -20 },
                { "corp-header-invalid", -5 },
                { "corp-implemented-with-cross-origin", 0 },
                { "corp-implemented-with-same-origin", 10 },
                { "corp-implemented-with-same-site", 10 },
                { "corp-not-implemented", 0 },
                { "coep-not-implemented", 0 },
                { "coep-implemented-with-require-corp", 10 },
                { "coep-implemented-with-credentialless", 10 },
                { "coep-implemented-with-unsafe-none", 0 },
                { "coep-header-invalid", -5 },
                { "coop-not-implemented", 0 },
                { "coop-implemented-with-same-origin", 10 },
                { "coop-implemented-with-same-origin-allow-popups", 10 },
                { "coop-implemented-with-noopener-allow-popups", 10 },
                { "coop-implemented-with-unsafe-none", 0 },
                { "coop-header-invalid", -5 },
                { "html-not-parseable", -20 },
        };

        assert_int_equal(TEST_ROWS(rows), 77);
        assert_int_equal(OBSERVATORY_RESULTS_, 77);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                size_t k = 0;

                while (k < OBSERVATORY_RESULTS_ &&
                       strcmp(observatory_rows[k].name, rows[i].name) != 0)
                        k++;
                if (k == OBSERVATORY_RESULTS_)
                        fail_msg("%s is missing", rows[i].name);
                if (observatory_rows[k].modifier != rows[i].modifier)
                        fail_msg("%s has %d", rows[i].name, observatory_rows[k].modifier);
        }
}

static void score(struct observatory *o, const char *text, int want)
{
        struct capture *c = calloc(1, sizeof(*c));

        assert_non_null(c);
        capture_parse(c, TEXT(text));
        assert_int_equal(observatory_score(o, c), want);
        free(c);
}

#define OK          "HTTP/2 200\r\n"
#define PAGE        OK "Content-Type: text/html\r\n"
#define COOKIE(c)   OK "Set-Cookie: " c "\r\n"
#define HSTS        "Strict-Transport-Security: max-age=31536000\r\n"
#define CSP(policy) OK "Content-Security-Policy: " policy "\r\n"

/* Every result that a captured answer can have. */
static const struct {
        const char *text, *want;
} observed[] = {
        { CSP("default-src 'none'"), "csp-implemented-with-no-unsafe-default-src-none" },
        { CSP("default-src 'self'"), "csp-implemented-with-no-unsafe" },
        { CSP("default-src 'self'; style-src 'unsafe-inline'"),
          "csp-implemented-with-unsafe-inline-in-style-src-only" },
        { CSP("default-src 'self'; img-src http://a"),
          "csp-implemented-with-insecure-scheme-in-passive-content-only" },
        { CSP("default-src 'self' 'unsafe-eval'"), "csp-implemented-with-unsafe-eval" },
        { CSP("default-src 'self' 'unsafe-inline'"), "csp-implemented-with-unsafe-inline" },
        { CSP("img-src 'self'"), "csp-implemented-with-unsafe-inline" },
        { CSP("default-src 'self'; script-src 'unsafe-inline' 'nonce-a'"),
          "csp-implemented-with-no-unsafe" },
        { CSP("default-src 'self'; script-src 'strict-dynamic' https: 'nonce-a'"),
          "csp-implemented-with-no-unsafe" },
        { CSP("default-src 'self'; script-src 'strict-dynamic'"), "csp-header-invalid" },
        { CSP("default-src 'self' http://a.b"), "csp-implemented-with-insecure-scheme" },
        { CSP("default-src 'none'; report-uri /a; report-uri /b"),
          "csp-implemented-but-duplicate-directives" },
        { CSP("default-src 'none'; default-src 'self'"), "csp-header-invalid" },
        { CSP("x"), "csp-header-invalid" },
        { CSP("default-src 'self' 'unsafe-inline', default-src 'self'"),
          "csp-implemented-with-no-unsafe" },
        { OK, "csp-not-implemented" },
        { OK "Content-Security-Policy-Report-Only: default-src 'none'\r\n",
          "csp-not-implemented-but-reporting-enabled" },
        { PAGE "\r\n<meta http-equiv=content-security-policy content=\"default-src 'none'\">",
          "csp-implemented-with-no-unsafe-default-src-none" },
        { COOKIE("a=b; Secure; SameSite=Lax"),
          "cookies-secure-with-httponly-sessions-and-samesite" },
        { COOKIE("a=b; Secure"), "cookies-secure-with-httponly-sessions" },
        { OK, "cookies-not-found" },
        { COOKIE("a=b") HSTS, "cookies-without-secure-flag-but-protected-by-hsts" },
        { COOKIE("sessid=b; HttpOnly") HSTS,
          "cookies-session-without-secure-flag-but-protected-by-hsts" },
        { COOKIE("a=b"), "cookies-without-secure-flag" },
        { COOKIE("a=b; Secure; SameSite=x"), "cookies-samesite-flag-invalid" },
        { COOKIE("csrf=b; Secure"), "cookies-anticsrf-without-samesite-flag" },
        { COOKIE("sessid=b; Secure"), "cookies-session-without-httponly-flag" },
        { COOKIE("login=b; HttpOnly"), "cookies-session-without-secure-flag" },
        { OK, "cross-origin-resource-sharing-not-implemented" },
        { OK "Access-Control-Allow-Origin: *\r\n",
          "cross-origin-resource-sharing-implemented-with-public-access" },
        { OK "Access-Control-Allow-Origin: https://a\r\n",
          "cross-origin-resource-sharing-implemented-with-restricted-access" },
        { "> GET / HTTP/2\n> Origin: https://a\n< HTTP/2 200\n"
          "< access-control-allow-origin: https://a\n"
          "< access-control-allow-credentials: true\n",
          "cross-origin-resource-sharing-implemented-with-universal-access" },
        { "HTTP/1.1 301 Moved\nLocation: https://a/\n\n" OK, "redirection-to-https" },
        { "* SSL connection using TLSv1.3\n< HTTP/2 200\n", "redirection-not-needed-no-http" },
        { "> Host: a\n< HTTP/1.1 301\n< Location: https://b/\n<\n" OK,
          "redirection-off-host-from-http" },
        { "HTTP/1.1 301\nLocation: http://b/\n\nHTTP/1.1 301\nLocation: https://b/\n\n" OK,
          "redirection-not-to-https-on-initial-redirection" },
        { "HTTP/1.1 301\nLocation: http://b/\n\n" OK, "redirection-not-to-https" },
        { "* Connected to a (1.2.3.4) port 80 (#0)\n< HTTP/1.1 200 OK\n", "redirection-missing" },
        { OK "Referrer-Policy: unsafe-url, no-referrer\r\n", "referrer-policy-private" },
        { OK, "referrer-policy-not-implemented" },
        { OK "Referrer-Policy: unsafe-url\r\n", "referrer-policy-unsafe" },
        { OK "Referrer-Policy: x\r\n", "referrer-policy-header-invalid" },
        { OK HSTS, "hsts-implemented-max-age-at-least-six-months" },
        { OK "Strict-Transport-Security: max-age=86400\r\n",
          "hsts-implemented-max-age-less-than-six-months" },
        { OK, "hsts-not-implemented" },
        { OK "Strict-Transport-Security: x\r\n", "hsts-header-invalid" },
        { "* Connected to a (1.2.3.4) port 80 (#0)\n< HTTP/1.1 200 OK\n",
          "hsts-not-implemented-no-https" },
        { PAGE "\r\n<script src=/a.js integrity=x></script>",
          "sri-implemented-and-all-scripts-loaded-securely" },
        { PAGE "\r\n<script src=https://b/a.js integrity=x></script>",
          "sri-implemented-and-external-scripts-loaded-securely" },
        { OK "Content-Type: text/plain\r\n", "sri-not-implemented-response-not-html" },
        { PAGE "\r\n<!-- <script src=//a> --><p>", "sri-not-implemented-but-no-scripts-loaded" },
        { PAGE "\r\n<script src='/a.js'></script>",
          "sri-not-implemented-but-all-scripts-loaded-from-secure-origin" },
        { PAGE "\r\n<SCRIPT SRC=\"https://b/a.js\"></SCRIPT>",
          "sri-not-implemented-but-external-scripts-loaded-securely" },
        { PAGE "\r\n<script src=//b/a.js integrity=x></script>",
          "sri-implemented-but-external-scripts-not-loaded-securely" },
        { PAGE "\r\n<script src=http://b/a.js></script>",
          "sri-not-implemented-and-external-scripts-not-loaded-securely" },
        { OK "X-Content-Type-Options: NoSniff\r\n" OK "X-Content-Type-Options: nosniff\r\n",
          "x-content-type-options-nosniff" },
        { OK, "x-content-type-options-not-implemented" },
        { OK "X-Content-Type-Options: sniff\r\n", "x-content-type-options-header-invalid" },
        { CSP("frame-ancestors 'none'"), "x-frame-options-implemented-via-csp" },
        { OK "X-Frame-Options: Deny\r\n", "x-frame-options-sameorigin-or-deny" },
        { OK "X-Frame-Options: ALLOW-FROM a\r\n", "x-frame-options-allow-from-origin" },
        { OK, "x-frame-options-not-implemented" },
        { OK "X-Frame-Options: x\r\n", "x-frame-options-header-invalid" },
        { OK "Cross-Origin-Resource-Policy: x\r\n", "corp-header-invalid" },
        { OK "Cross-Origin-Resource-Policy: cross-origin\r\n",
          "corp-implemented-with-cross-origin" },
        { OK "Cross-Origin-Resource-Policy: same-origin\r\n", "corp-implemented-with-same-origin" },
        { OK "Cross-Origin-Resource-Policy: same-site\r\n", "corp-implemented-with-same-site" },
        { OK, "corp-not-implemented" },
        { OK, "coep-not-implemented" },
        { OK "Cross-Origin-Embedder-Policy: require-corp; report-to=\"a\"\r\n",
          "coep-implemented-with-require-corp" },
        { OK "Cross-Origin-Embedder-Policy: credentialless\r\n",
          "coep-implemented-with-credentialless" },
        { OK "Cross-Origin-Embedder-Policy: unsafe-none\r\n", "coep-implemented-with-unsafe-none" },
        { OK "Cross-Origin-Embedder-Policy: Require-Corp\r\n", "coep-header-invalid" },
        { OK, "coop-not-implemented" },
        { OK "Cross-Origin-Opener-Policy: same-origin\r\n", "coop-implemented-with-same-origin" },
        { OK "Cross-Origin-Opener-Policy: same-origin-allow-popups\r\n",
          "coop-implemented-with-same-origin-allow-popups" },
        { OK "Cross-Origin-Opener-Policy: noopener-allow-popups\r\n",
          "coop-implemented-with-noopener-allow-popups" },
        { OK "Cross-Origin-Opener-Policy: unsafe-none\r\n", "coop-implemented-with-unsafe-none" },
        { OK "Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Opener-Policy: a\r\n",
          "coop-header-invalid" },
};

static void test_observatory_results(void **state)
{
        (void) state;

        for (size_t i = 0; i < TEST_ROWS(observed); i++) {
                struct observatory o;
                bool got = false;

                score(&o, observed[i].text, 0);
                for (size_t t = 0; t < OBSERVATORY_TESTS_; t++)
                        got |= !strcmp(observatory_rows[o.results[t]].name, observed[i].want);
                if (!got) {
                        for (size_t t = 0; t < OBSERVATORY_TESTS_; t++)
                                (void) printf("# %s\n", observatory_rows[o.results[t]].name);
                        fail_msg("row %zu: no %s", i, observed[i].want);
                }
        }
}

static void test_observatory_score(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text;
                int score;
                const char *grade;
        } rows[] = {
                /* -25 csp -20 hsts -5 sniff -20 frame */
                { "nothing is set", OK, 30, "D" },
                { "everything is set",
                  CSP("default-src 'none'; frame-ancestors 'none'") HSTS
                  "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
                  "Cross-Origin-Resource-Policy: same-origin\r\n"
                  "Cross-Origin-Opener-Policy: same-origin\r\n"
                  "Cross-Origin-Embedder-Policy: require-corp\r\n",
                  150, "A+" },
                { "bonuses do not count below 90",
                  CSP("default-src 'none'; frame-ancestors 'none'") "X-Content-Type-Options: "
                                                                    "nosniff\r\nReferrer-Policy: "
                                                                    "no-referrer\r\n",
                  80, "B+" },
                { "never below zero",
                  OK "Set-Cookie: sessionid=a\r\nReferrer-Policy: x\r\n"
                     "Content-Type: text/html\r\n\r\n<script src=http://a></script>",
                  0, "F" },
        };
        struct observatory o;

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                score(&o, rows[i].text, 0);
                if (o.score != rows[i].score || strcmp(o.grade, rows[i].grade) != 0)
                        fail_msg("%s: %d %s", rows[i].why, o.score, o.grade);
        }
        score(&o, "HTTP/1.1 404 Not Found\r\n", -ENOENT);
        score(&o, "", -ENOENT);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nginx),
                cmocka_unit_test(test_nginx_condition),
                cmocka_unit_test(test_regex_facts),
                cmocka_unit_test(test_regex_refused),
                cmocka_unit_test(test_regex_depth),
                cmocka_unit_test(test_hsts),
                cmocka_unit_test(test_apache),
                cmocka_unit_test(test_caddy),
                cmocka_unit_test(test_cookie),
                cmocka_unit_test(test_csp),
                cmocka_unit_test(test_observatory_table),
                cmocka_unit_test(test_observatory_results),
                cmocka_unit_test(test_observatory_score),
        };

        return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
