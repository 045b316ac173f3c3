/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The parsers of server configuration, each alone
 */
#include "test.h"

#include "base/buf.h"

#include <limits.h>

#include "../../plugins/lib/server/csp.h"
#include "../../plugins/lib/server/http-value.h"
#include "../../plugins/lib/server/nginx.h"
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

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nginx),       cmocka_unit_test(test_nginx_condition),
                cmocka_unit_test(test_regex_facts), cmocka_unit_test(test_regex_refused),
                cmocka_unit_test(test_regex_depth), cmocka_unit_test(test_hsts),
                cmocka_unit_test(test_cookie),      cmocka_unit_test(test_csp),
        };

        return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
