/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/json.h"
#include "flow/template.h"

/* The run that all rows look at. */
static const char world[] =
        "{\"inputs\": {\"name\": \"tree\", \"n\": 3, \"pi\": 3.5, \"none\": null, \"list\": [1, "
        "\"two\","
        " {\"deep\": [true]}], \"odd key\": 7, \"trap\": \"${inputs.n}\", \"yes\": true},"
        " \"run\": {\"id\": \"r1\"}, \"item\": {\"path\": \"a.c\"}, \"index\": 4,"
        " \"steps\": {\"check\": {\"output\": {\"rows\": [10, 20], \"text\": \"h\u00e9\"},"
        " \"state\": \"done\", \"verdict\": \"ok\", \"changed\": false,"
        " \"findings\": {\"total\": 2, \"critical\": 0, \"high\": 2}},"
        " \"two-part\": {\"state\": \"skipped\", \"changed\": false}}}";

static int world_get(void *user, const char *root, const char *step, const char *field,
                     json_t **ret)
{
        json_t *value = json_object_get(user, root);

        if (step)
                value = json_object_get(json_object_get(value, step), field);
        if (!value)
                return -ENOENT;
        *ret = json_incref(value);
        return 0;
}

static json_t *json(const char *text)
{
        struct err err = { 0 };
        json_t *value;

        if (json_text_load(&value, text, strlen(text), "test", &err) < 0)
                fail_msg("%s in %s", err.text, text);
        return value;
}

static void expressions_have_values(void **state)
{
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "numbers", "-1.5e2", "-150.0" },
                { "large integers stay exact", "9007199254740993", "9007199254740993" },
                { "strings in either quotes", "'it\\'s' == \"it's\"", "true" },
                { "escapes", "'a\\n\\t\\\\\"'", "\"a\\n\\t\\\\\\\"\"" },
                { "words", "null", "null" },
                { "a reference keeps its type", "inputs.list", "[1,\"two\",{\"deep\":[true]}]" },
                { "into arrays and objects", "inputs.list[2].deep[0]", "true" },
                { "names that are no words", "inputs['odd key']", "7" },
                { "of a step", "steps.check.output.rows[1]", "20" },
                { "ids may have dashes", "steps.two-part.state", "\"skipped\"" },
                { "what a step found", "steps.check.findings.high >= 1", "true" },
                { "the run, the item, its number",
                  "run.id == 'r1' && item.path == 'a.c' && index == 4", "true" },
                { "1 and 1.0 are equal", "1 == 1.0", "true" },
                { "so are equal trees", "inputs.list == inputs.list", "true" },
                { "different types are just not equal", "1 == '1'", "false" },
                { "order of numbers, exactly", "9007199254740993 > 9007199254740992.0", "true" },
                { "order of strings", "'a' < 'b'", "true" },
                { "not binds looser than comparison", "!1 == 2", "true" },
                { "and binds closer than or", "true || false && false", "true" },
                { "parentheses", "(true || false) && false", "false" },
                { "the second operand of || is not looked at", "true || inputs.gone == 1", "true" },
                { "nor that of &&", "false && inputs.gone == 1", "false" },
                { "length of a string, in characters", "len(steps.check.output.text)", "2" },
                { "of an array, of an object", "len(inputs.list) == 3 && len(item) == 1", "true" },
                { "a part of a string", "contains(inputs.name, 're')", "true" },
                { "an item", "contains(inputs.list, 'two')", "true" },
                { "a key", "contains(inputs, 'pi')", "true" },
                { "what is missing has a default", "default(inputs.gone.deeper, 5)", "5" },
                { "what is there needs none", "default(inputs.n, inputs.gone)", "3" },
                { "null is there", "default(inputs.none, 1)", "null" },
                { "a step that did not run", "default(steps.two-part.verdict, 'none')",
                  "\"none\"" },
                { "blanks do not count", " len ( inputs.list ) ==\t3 ", "true" },
        };
        _cleanup_(json_decrefp) json_t *root = json(world);
        struct expr_scope scope = { world_get, root };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(expr_freep) struct expr *e = NULL;
                _cleanup_(json_decrefp) json_t *value = NULL;
                _cleanup_(freep) char *text = NULL;
                struct err err = { 0 };

                print_message("# %s\n", rows[i].why);
                if (expr_new(&e, rows[i].text, strlen(rows[i].text), NULL, &err) < 0 ||
                    expr_eval(e, &scope, &value, &err) < 0)
                        fail_msg("%s: %s", rows[i].text, err.text);
                text = json_canonical(value);
                assert_string_equal(text, rows[i].want);
        }
}

static void errors_have_columns(void **state)
{
        static const struct {
                const char *text;
                int code;
                const char *want;
        } rows[] = {
                { "", -EBADMSG, "column 1: the expression ends where a value should stand" },
                { "1 ==", -EBADMSG, "column 5: the expression ends where a value should stand" },
                { "1 = 1", -EBADMSG,
                  "column 3: the expression should end here, or an operator follow" },
                { "(1", -EBADMSG, "column 1: this ( has no )" },
                { "'x", -EBADMSG, "column 1: this string is not closed by '" },
                { "'\\q'", -EBADMSG, "column 2: no such escape" },
                { "input.x", -EBADMSG,
                  "column 1: \"input\" is not known: references begin with inputs, steps, run, "
                  "item or "
                  "index; strings stand in quotes" },
                { "steps.check", -EBADMSG,
                  "column 1: steps.check. is followed by output, state, verdict, findings or "
                  "changed" },
                { "inputs.", -EBADMSG, "column 8: a name is missing here" },
                { "inputs[x]", -EBADMSG, "column 8: in [ ] goes a number or a string" },
                { "inputs[1.5]", -EBADMSG, "column 8: an index is a whole number" },
                { "size(inputs)", -EBADMSG,
                  "column 1: no such function; there are len(), contains() and default()" },
                { "contains(inputs)", -EBADMSG, "column 16: contains() takes two arguments" },
                { "default(1, 2)", -EBADMSG,
                  "column 1: the first argument of default() is a reference" },
                { "1 < 2 < 3", -EBADMSG,
                  "column 7: the expression should end here, or an operator follow" },
                { "99999999999999999999", -EBADMSG,
                  "column 1: not a number: 99999999999999999999" },
                { "1 && inputs.gone", -EINVAL,
                  "column 1: true or false is needed here, and this is a number" },
                { "inputs.gone", -ENOENT, "column 1: inputs.gone is missing" },
                { "1 == inputs.name.x", -ENOENT, "column 6: inputs.name.x is missing" },
                { "inputs.list < 1", -EINVAL, "column 13: an array and a number have no order" },
                { "len(1)", -EINVAL, "column 1: len() does not work on a number" },
                { "contains(1, 2)", -EINVAL,
                  "column 1: contains() does not work on a number and a number" },
        };
        _cleanup_(json_decrefp) json_t *root = json(world);
        struct expr_scope scope = { world_get, root };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(expr_freep) struct expr *e = NULL;
                _cleanup_(json_decrefp) json_t *value = NULL;
                struct err err = { 0 };
                int r = expr_new(&e, rows[i].text, strlen(rows[i].text), NULL, &err);

                print_message("# %s\n", rows[i].text);
                if (r == 0)
                        r = expr_eval(e, &scope, &value, &err);
                assert_int_equal(r, rows[i].code);
                assert_string_equal(err.text, rows[i].want);
        }
}

static void expressions_have_limits(void **state)
{
        static char text[2 * EXPR_LENGTH_MAX];
        static const char *const begins[] = { "(", "!", "len(", "1 == (" };
        struct err err = { 0 };
        struct expr *e;

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(begins); i++) {
                text[0] = '\0';
                for (int k = 0; k < 200; k++)
                        strcat(text, begins[i]);
                assert_int_equal(expr_new(&e, text, strlen(text), NULL, &err), -EBADMSG);
                assert_non_null(strstr(err.text, "nested deeper than 64 levels"));
        }
        memset(text, ' ', sizeof(text));
        assert_int_equal(expr_new(&e, text, sizeof(text), NULL, &err), -EBADMSG);
        assert_non_null(strstr(err.text, "at most 4096 bytes"));
}

static void conditions_are_true_or_false(void **state)
{
        _cleanup_(json_decrefp) json_t *root = json(world);
        struct expr_scope scope = { world_get, root };
        struct err err = { 0 };

        (void) state;
        assert_int_equal(expr_condition("inputs.yes", &scope, &err), 1);
        assert_int_equal(expr_condition("!inputs.yes", &scope, &err), 0);
        assert_int_equal(expr_condition("inputs.n", &scope, &err), -EINVAL);
        assert_int_equal(expr_condition("inputs.gone", &scope, &err), -ENOENT);
        assert_int_equal(expr_condition("inputs.", &scope, &err), -EBADMSG);
}

static void templates_become_values(void **state)
{
        static const struct {
                const char *why, *tree, *want;
        } rows[] = {
                { "a whole reference keeps its type", "\"${inputs.list}\"",
                  "[1,\"two\",{\"deep\":[true]}]" },
                { "inside text it becomes text", "\"n=${inputs.n}, pi=${inputs.pi}\"",
                  "\"n=3, pi=3.5\"" },
                { "strings without quotes, all else as JSON",
                  "\"${inputs.name}:${inputs.list}:${inputs.none}\"",
                  "\"tree:[1,\\\"two\\\",{\\\"deep\\\":[true]}]:null\"" },
                { "a blank makes it text", "\" ${inputs.n}\"", "\" 3\"" },
                { "two references are text", "\"${inputs.n}${inputs.n}\"", "\"33\"" },
                { "everywhere in the tree",
                  "{\"a\": [\"${run.id}\", {\"b\": \"${index}\"}], \"c\": 1}",
                  "{\"a\":[\"r1\",{\"b\":4}],\"c\":1}" },
                { "not in names", "{\"${run.id}\": 1}", "{\"${run.id}\":1}" },
                { "an escape", "\"$${inputs.n}\"", "\"${inputs.n}\"" },
                { "an escape and a reference", "\"$${x} ${inputs.n}\"", "\"${x} 3\"" },
                { "dollars alone are dollars", "\"$ $$ $x {y}\"", "\"$ $$ $x {y}\"" },
                { "a value that looks like a reference stays what it is", "\"${inputs.trap}\"",
                  "\"${inputs.n}\"" },
                { "also inside text", "\"-${inputs.trap}-\"", "\"-${inputs.n}-\"" },
                { "braces in strings do not end it", "\"${default(inputs.gone, '}')}!\"",
                  "\"}!\"" },
                { "expressions", "\"${inputs.n > 2}\"", "true" },
                { "nothing to do", "[1, null, \"x\"]", "[1,null,\"x\"]" },
        };
        _cleanup_(json_decrefp) json_t *root = json(world);
        struct expr_scope scope = { world_get, root };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *tree = json(rows[i].tree);
                _cleanup_(json_decrefp) json_t *value = NULL;
                _cleanup_(freep) char *text = NULL;
                struct err err = { 0 };

                print_message("# %s\n", rows[i].why);
                if (template_resolve(tree, &scope, &value, &err) < 0)
                        fail_msg("%s: %s", rows[i].tree, err.text);
                text = json_canonical(value);
                assert_string_equal(text, rows[i].want);
        }
}

static void template_errors_have_places(void **state)
{
        static const struct {
                const char *tree;
                int code;
                const char *want;
        } rows[] = {
                { "{\"a\": [1, \"${inputs.gone}\"]}", -ENOENT,
                  "/a/1: column 1: inputs.gone is missing" },
                { "\"${inputs.n\"", -EBADMSG, "this ${ has no }" },
                { "\"${}\"", -EBADMSG, "column 1: a value should stand here" },
                { "{\"a/b\": \"x ${1 +}\"}", -EBADMSG,
                  "/a~1b: column 3: the expression should end here, or an operator follow" },
        };
        _cleanup_(json_decrefp) json_t *root = json(world);
        struct expr_scope scope = { world_get, root };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *tree = json(rows[i].tree);
                json_t *value = NULL;
                struct err err = { 0 };

                assert_int_equal(template_resolve(tree, &scope, &value, &err), rows[i].code);
                assert_null(value);
                assert_string_equal(err.text, rows[i].want);
        }
}

/* Whatever an agent puts out comes through unchanged, and is never read as a template. */
static void values_are_never_read_again(void **state)
{
        static const char *const pieces[] = { "${",        "$",        "}",  "$${",
                                              "inputs.n",  "inputs.x", "\\", "\"",
                                              "${run.id}", " ",        "<" };
        uint64_t random = 88172645463325252u;
        struct err err = { 0 };

        (void) state;
        for (int i = 0; i < 2000; i++) {
                char text[100] = "";
                _cleanup_(json_decrefp) json_t *root = json(world);
                _cleanup_(json_decrefp) json_t *tree =
                        json("{\"whole\": \"${inputs.x}\", \"part\": \"<${inputs.x}>\"}");
                _cleanup_(json_decrefp) json_t *value = NULL;
                struct expr_scope scope = { world_get, root };
                const char *part;
                size_t n;

                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                n = random % 9;
                for (size_t k = 0; k < n; k++)
                        strcat(text, pieces[(random >> (8 + k * 6)) % TEST_ROWS(pieces)]);
                assert_int_equal(json_object_set_new(json_object_get(root, "inputs"), "x",
                                                     json_string(text)),
                                 0);
                assert_int_equal(template_resolve(tree, &scope, &value, &err), 0);
                assert_string_equal(json_string_value(json_object_get(value, "whole")), text);
                part = json_string_value(json_object_get(value, "part"));
                assert_int_equal(strlen(part), strlen(text) + 2);
                assert_memory_equal(part + 1, text, strlen(text));
        }
}

static json_t *text_make(size_t bytes)
{
        _cleanup_(freep) char *text = malloc(bytes + 1);

        assert_non_null(text);
        memset(text, 'x', bytes);
        return json_stringn(text, bytes);
}

/* A world with a text, a list and a deep list of a size that somebody else has chosen. */
static json_t *large_world(size_t text_bytes, size_t items, size_t levels)
{
        json_t *list = json_array(), *deep = json_array();

        for (size_t i = 0; i < items; i++)
                (void) json_array_append_new(list, json_integer((json_int_t) i));
        for (size_t i = 0; i < levels; i++)
                deep = json_pack("[o]", deep);
        return json_pack("{s:{s:o, s:o, s:o, s:{s:s%}}}", "inputs", "list", list, "deep", deep,
                         "text", text_make(text_bytes), "nul", "a", "a\0b", (size_t) 3);
}

static void work_has_a_limit(void **state)
{
        static const struct {
                const char *why, *one;
                unsigned times;
                int code;
        } rows[] = {
                { "a search through the largest output", "contains(inputs.text, 'y')", 1, 0 },
                { "ten of them", "contains(inputs.text, 'y')", 10, -E2BIG },
                { "characters are counted once", "len(inputs.text) == 0", 1, 0 },
                { "and not for ever", "len(inputs.text) == 0", 10, -E2BIG },
                { "a comparison of the large with itself", "inputs.text != inputs.text", 1, 0 },
                { "and again and again", "inputs.text != inputs.text", 10, -E2BIG },
                { "order of large texts", "inputs.text < inputs.text", 10, -E2BIG },
                { "a list of a million items", "contains(inputs.list, 'y')", 2, 0 },
                { "every item costs", "contains(inputs.list, 'y')", 10, -E2BIG },
                { "the length of a list costs nothing", "len(inputs.list) == 0", 100, 0 },
                { "what stands deep is compared as well", "inputs.deep != inputs.deep", 50, 0 },
        };
        _cleanup_(json_decrefp) json_t *root = large_world(50 << 20, 1000000, 400);
        struct expr_scope scope = { world_get, root };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf text = { 0 };
                struct err err = { 0 };
                int r;

                print_message("# %s\n", rows[i].why);
                assert_int_equal(buf_puts(&text, rows[i].one), 0);
                for (unsigned k = 1; k < rows[i].times; k++)
                        assert_int_equal(buf_printf(&text, " || %s", rows[i].one), 0);
                r = expr_condition(text.data, &scope, &err);
                assert_int_equal(r, rows[i].code);
                if (r < 0)
                        assert_non_null(strstr(err.text, "more than 128 MiB"));
        }
}

static void templates_have_limits(void **state)
{
        static const struct {
                const char *why, *one;
                unsigned times;
                bool is_list; /* one string each, else all in one */
                int code;
                const char *want;
        } rows[] = {
                { "a large text inside another", ".${inputs.text}", 1, false, 0, "" },
                { "many times in one string", ".${inputs.text}", 50, false, -E2BIG,
                  "/x: references become more than 64 MiB of text" },
                { "in many strings", ".${inputs.text}", 50, true, -E2BIG,
                  "/x/1: references become more than 64 MiB of text" },
                { "a large list as text", ".${inputs.list}", 20, false, -E2BIG,
                  "/x: references become more than 64 MiB of text" },
                { "a large value passed on", "${inputs.text}", 2, true, 0, "" },
                { "to many places", "${inputs.text}", 50, true, -E2BIG,
                  "/x/2: references become values of more than 128 MiB" },
                { "work is counted over all strings", "${contains(inputs.text, 'y')}", 50, true,
                  -E2BIG,
                  "/x/2: column 1: the values are too large: more than 128 MiB would have to be "
                  "looked at" },
                { "a deep value", "${inputs.deep}", 1, true, 0, "" },
        };
        _cleanup_(json_decrefp) json_t *root = large_world(50 << 20, 1000000, 400);
        struct expr_scope scope = { world_get, root };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf text = { 0 };
                _cleanup_(json_decrefp) json_t *tree = json_pack("{s:[]}", "x"), *value = NULL;
                struct err err = { 0 };

                print_message("# %s\n", rows[i].why);
                for (unsigned k = 0; k < rows[i].times; k++) {
                        assert_int_equal(buf_puts(&text, rows[i].one), 0);
                        (void) json_array_append_new(json_object_get(tree, "x"),
                                                     json_string(rows[i].one));
                }
                if (!rows[i].is_list)
                        (void) json_object_set_new(tree, "x", json_string(text.data));
                assert_int_equal(template_resolve(tree, &scope, &value, &err), rows[i].code);
                assert_string_equal(err.text, rows[i].want);
        }
}

/* What a template makes can be kept and read again: it is no deeper than what may be read. */
static void values_have_a_depth(void **state)
{
        _cleanup_(json_decrefp) json_t *root = large_world(1, 1, 500);
        struct expr_scope scope = { world_get, root };
        int want = 0;

        (void) state;
        for (unsigned levels = 0; levels < 20; levels++) {
                _cleanup_(json_decrefp) json_t *tree = json_string("${inputs.deep}");
                _cleanup_(json_decrefp) json_t *value = NULL, *again = NULL;
                _cleanup_(freep) char *text = NULL;
                struct err err = { 0 };
                int r;

                for (unsigned k = 0; k < levels; k++)
                        tree = json_pack("[o]", tree);
                r = template_resolve(tree, &scope, &value, &err);
                assert_true(r == want || (want == 0 && r == -E2BIG));
                want = r;
                if (r < 0)
                        continue;
                text = json_canonical(value);
                assert_int_equal(json_text_load(&again, text, strlen(text), "value", &err), 0);
        }
        assert_int_equal(want, -E2BIG);
}

static void texts_do_not_end_at_a_nul(void **state)
{
        _cleanup_(json_decrefp) json_t *root = large_world(1, 1, 1);
        struct expr_scope scope = { world_get, root };

        (void) state;
        assert_int_equal(expr_condition("inputs.nul.a > 'a'", &scope, NULL), 1);
        assert_int_equal(expr_condition("inputs.nul.a == 'a'", &scope, NULL), 0);
        assert_int_equal(expr_condition("contains(inputs.nul.a, 'b')", &scope, NULL), 1);
}

static int ref_list(void *user, const struct expr_ref *ref)
{
        char *text = user;

        (void) sprintf(text + strlen(text), "%s|%s|%s|%s|%d\n", ref->text,
                       ref->step ? ref->step : "-", ref->field ? ref->field : "-",
                       ref->first ? ref->first : "-", ref->has_default);
        return 0;
}

static void references_are_listed(void **state)
{
        const char *text = "steps.a.output.x > 1 || default(inputs.y.z, run.id) == index";
        char list[500] = "";
        struct err err = { 0 };
        _cleanup_(expr_freep) struct expr *e = NULL;
        _cleanup_(json_decrefp) json_t *yes = json("[{\"a\": \"x ${index}\"}]");
        _cleanup_(json_decrefp) json_t *no = json("[{\"${a}\": \"x $${index}\"}]");

        (void) state;
        assert_int_equal(expr_new(&e, text, strlen(text), NULL, &err), 0);
        assert_int_equal(expr_refs(e, ref_list, list), 0);
        assert_string_equal(list, "steps.a.output.x|a|output|-|0\ninputs.y.z|-|-|y|1\n"
                                  "run.id|-|-|id|0\nindex|-|-|-|0\n");
        assert_true(template_has_refs(yes));
        assert_false(template_has_refs(no));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(expressions_have_values),
                cmocka_unit_test(errors_have_columns),
                cmocka_unit_test(expressions_have_limits),
                cmocka_unit_test(conditions_are_true_or_false),
                cmocka_unit_test(templates_become_values),
                cmocka_unit_test(template_errors_have_places),
                cmocka_unit_test(values_are_never_read_again),
                cmocka_unit_test(references_are_listed),
                cmocka_unit_test(work_has_a_limit),
                cmocka_unit_test(templates_have_limits),
                cmocka_unit_test(values_have_a_depth),
                cmocka_unit_test(texts_do_not_end_at_a_nul),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
