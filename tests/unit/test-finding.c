/* SPDX-License-Identifier: Apache-2.0 */
#include "run/finding.h"
#include "test.h"

#include "base/json.h"

/* Findings in short: rule, path, line, excerpt. */
struct row {
        const char *rule, *path;
        int line;
        const char *excerpt;
};

static json_t *finding(const struct row *r)
{
        return json_pack("{s:s, s:s, s:s, s:i, s:s?, s:s, s:n}", "rule", r->rule, "path", r->path,
                         "message", "a message", "line", r->line, "excerpt", r->excerpt, "severity",
                         "low", "fingerprint");
}

static json_t *findings(const struct row *rows, size_t n)
{
        json_t *list = json_array();

        for (size_t i = 0; i < n; i++)
                assert_int_equal(json_array_append_new(list, finding(&rows[i])), 0);
        assert_int_equal(findings_normalise(list), 0);
        return list;
}

static const char *print_of(const json_t *list, size_t i)
{
        return json_string_value(json_object_get(json_array_get(list, i), "fingerprint"));
}

static json_int_t line_of(const json_t *list, size_t i)
{
        return json_integer_value(json_object_get(json_array_get(list, i), "line"));
}

static void test_order(void **state)
{
        static const struct row rows[] = {
                { "b/x", "b.c", 1, "4" },
                { "a/x", "a.c", 9, "3" },
                { "b/x", "a.c", 2, "2" },
                { "a/x", "a.c", 2, "1" },
        };
        json_t *list = findings(rows, TEST_ROWS(rows));

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                const char *excerpt =
                        json_string_value(json_object_get(json_array_get(list, i), "excerpt"));

                assert_int_equal(excerpt[0] - '1', i);
        }
        json_decref(list);
}

static void test_fingerprint_stays_when_lines_move(void **state)
{
        static const struct row before = { "a/x", "a.c", 3, "strcpy(a, b)" };
        static const struct row after = { "a/x", "a.c", 30, "strcpy(a, b)" };
        json_t *one = findings(&before, 1), *other = findings(&after, 1);

        (void) state;
        assert_int_equal(strlen(print_of(one, 0)), 64);
        assert_string_equal(print_of(one, 0), print_of(other, 0));
        json_decref(one);
        json_decref(other);
}

static const struct {
        const char *why;
        struct row a, b;
} different[] = {
        { "another rule", { "a/x", "a.c", 3, "e" }, { "a/y", "a.c", 3, "e" } },
        { "another file", { "a/x", "a.c", 3, "e" }, { "a/x", "b.c", 3, "e" } },
        { "another excerpt", { "a/x", "a.c", 3, "e" }, { "a/x", "a.c", 3, "f" } },
        { "the same words, cut elsewhere", { "a/x", "a.c", 3, "e" }, { "a/", "xa.c", 3, "e" } },
        { "the second of two that agree", { "a/x", "a.c", 3, "e" }, { "a/x", "a.c", 4, "e" } },
};

static void test_fingerprints_differ(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(different); i++) {
                struct row rows[] = { different[i].a, different[i].b };
                json_t *list = findings(rows, 2);

                if (strcmp(print_of(list, 0), print_of(list, 1)) == 0)
                        fail_msg("%s", different[i].why);
                json_decref(list);
        }
}

static void test_given_fingerprint_stays(void **state)
{
        json_t *list = json_pack("[{s:s, s:s, s:s, s:i}]", "rule", "a/x", "message", "m",
                                 "fingerprint", "mine", "line", 1);

        (void) state;
        assert_int_equal(findings_normalise(list), 0);
        assert_string_equal(print_of(list, 0), "mine");
        assert_int_equal(line_of(list, 0), 1);
        json_decref(list);
}

static void test_count(void **state)
{
        json_t *list = json_pack("[{s:s}, {s:s}, {s:s}, {s:s}]", "severity", "info", "severity",
                                 "high", "severity", "critical", "severity", "no such");

        (void) state;
        assert_int_equal(findings_count(list, SEVERITY_INFO), 3);
        assert_int_equal(findings_count(list, SEVERITY_HIGH), 2);
        assert_int_equal(findings_count(list, SEVERITY_CRITICAL), 1);
        json_decref(list);
}

static void test_count_waived(void **state)
{
        static const struct {
                const char *why, *severity, *tag;
                size_t want;
        } rows[] = {
                { "at the threshold", "high", "security", 1 },
                { "above it", "critical", "security", 1 },
                { "below it", "medium", "security", 0 },
                { "waived", "critical", "waived", 0 },
                { "a word that begins so", "critical", "waivedish", 1 },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                json_t *list = json_pack("[{s:s, s:[s]}]", "severity", rows[i].severity, "tags",
                                         rows[i].tag);

                if (findings_count(list, SEVERITY_HIGH) != rows[i].want)
                        fail_msg("%s", rows[i].why);
                json_decref(list);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_count_waived),
                cmocka_unit_test(test_fingerprint_stays_when_lines_move),
                cmocka_unit_test(test_fingerprints_differ),
                cmocka_unit_test(test_given_fingerprint_stays),
                cmocka_unit_test(test_count),
        };

        return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
