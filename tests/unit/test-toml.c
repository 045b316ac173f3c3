/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/def.h"
#include "toml/toml.h"

#include <errno.h>
#include <string.h>

static void trees_hold_what_the_text_says(void **state)
{
        static const char text[] = "# c\n"
                                   "name = \"x\\u00e9\"\n"
                                   "a.b.c = 0x1F\n"
                                   "[[package]]\n"
                                   "name = 'one'\n"
                                   "licence = { text = \"MIT\" }\n"
                                   "[[package]]\n"
                                   "name = 'two'\n"
                                   "when = 1979-05-27 07:32:00Z\n"
                                   "list = [1,\n  2.5, # d\n]\n";
        const struct toml_node *packages, *two;
        struct toml_tree t;

        (void) state;
        assert_int_equal(toml_parse(&t, text, sizeof(text) - 1), 0);
        assert_string_equal(toml_get_text(&t, t.root, "name"), "x\xC3\xA9");
        assert_int_equal(toml_get(&t, toml_get(&t, toml_get(&t, t.root, "a"), "b"), "c")->integer,
                         31);
        packages = toml_get(&t, t.root, "package");
        assert_int_equal(packages->n, 2);
        assert_int_equal(packages->first->line, 4);
        assert_string_equal(toml_get_text(&t, toml_get(&t, packages->first, "licence"), "text"),
                            "MIT");
        two = packages->first->next;
        assert_int_equal(two->line, 7);
        assert_string_equal(toml_get(&t, two, "when")->text, "1979-05-27 07:32:00Z");
        assert_int_equal(toml_get(&t, two, "when")->kind, TOML_DATE);
        assert_true(toml_get(&t, two, "list")->last->number == 2.5);
        assert_null(toml_get(&t, two, "none"));
        assert_null(toml_get_text(&t, two, "list"));
        assert_null(toml_get(&t, NULL, "x"));
        toml_done(&t);
}

static void faults_have_a_line_and_a_reason(void **state)
{
        static const struct {
                const char *text;
                uint32_t line;
                const char *has;
        } rows[] = {
                { "a = 1\na = 2\n", 2, "the key \"a\" is given twice" },
                { "a = 1\n[a]\n", 2, "[a] is defined already, on line 1" },
                { "[a]\n[a]\n", 2, "[a] is defined already" },
                { "a = [1]\n[[a]]\n", 2, "has a value already" },
                { "a = { b = 1 }\na.c = 2\n", 2, "\"a\" has a value already, on line 1" },
                { "a = \"x\n", 1, "has no end on its line" },
                { "a = \"\"\"x\n\n", 3, "the string has no end" },
                { "a = 'x\x01'\n", 1, "control character 0x01" },
                { "a = \"\\q\"\n", 1, "no escape \\q" },
                { "a = \"\\ud800\"\n", 1, "U+D800 is no character" },
                { "\n\na = x\n", 3, "x is no value; are quotes missing?" },
                { "a = 99999999999999999999\n", 1, "does not fit into 64 bits" },
                { "a = 2021-02-29\n", 1, "is no value" },
                { "a = 01\n", 1, "is no value" },
                { "a = [1, 2\nb = 3\n", 2, "a comma or ] is missing" },
                { "a = { b = 1\n}\n", 1, "has no end on its line" },
                { "a b = 1\n", 1, "= is missing behind the key \"a\"" },
                { "= 1\n", 1, "a key cannot hold '=' without quotes" },
                { "[a\n", 1, "] is missing" },
                { "a = 1 b = 2\n", 1, "goes on behind its end with 'b'" },
                { "a = 1\nb = \"\xFF\"\n", 2, "the byte 0xff is not UTF-8" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct toml_tree t;

                if (toml_parse(&t, rows[i].text, strlen(rows[i].text)) != -EBADMSG || t.root ||
                    t.error_line != rows[i].line || !strstr(t.error, rows[i].has))
                        fail_msg("row %zu: line %u: %s", i, t.error_line, t.error);
                toml_done(&t);
        }
}

/* What would take long or much: deep values, long keys, strings without an end. */
static void hostile_texts_cost_little(void **state)
{
        static const struct {
                const char *head, *piece, *has;
        } rows[] = {
                { "a = ", "[", "deep in one another" },
                { "a = ", "{a=", "deep in one another" },
                { "", "a.", "parts" },
                { "", "a = \"\"\"\\\\\"\"\"\n", "given twice" },
                { "a = \"", "\\\\", "no end" },
        };
        enum { PIECES = 200000 };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                size_t head = strlen(rows[i].head), n = strlen(rows[i].piece);
                _cleanup_(freep) char *text = malloc(head + PIECES * n);
                struct toml_tree t;

                assert_non_null(text);
                memcpy(text, rows[i].head, head);
                for (size_t k = 0; k < PIECES; k++)
                        memcpy(text + head + k * n, rows[i].piece, n);
                assert_int_equal(toml_parse(&t, text, head + PIECES * n), -EBADMSG);
                if (!strstr(t.error, rows[i].has))
                        fail_msg("row %zu: %s", i, t.error);
                toml_done(&t);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(trees_hold_what_the_text_says),
                cmocka_unit_test(faults_have_a_line_and_a_reason),
                cmocka_unit_test(hostile_texts_cost_little),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
