/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/number.h"
#include "base/pattern.h"
#include "base/schema.h"
#include "base/uri.h"

#include <glob.h>
#include <sys/stat.h>

static json_t *json(const char *text)
{
        struct err err = { 0 };
        json_t *value;

        if (json_text_load(&value, text, strlen(text), "test", &err) < 0)
                fail_msg("%s in %s", err.text, text);
        return value;
}

/* The shared data, or NULL where it is absent. */
static const char *shared_dir(void)
{
        static char path[4096];
        const char *named = getenv("LINHAY_SHARED");
        struct stat st;

        if (named)
                (void) snprintf(path, sizeof(path), "%s/data/json-schema", named);
        else
                (void) snprintf(path, sizeof(path), "%s/../shared/data/json-schema", test_srcdir());
        return stat(path, &st) == 0 ? path : NULL;
}

static int remote_load(void *user, const char *uri, json_t **ret, struct err *err)
{
        const char *prefix = "http://localhost:1234/";
        char path[4096];

        if (strncmp(uri, prefix, strlen(prefix)) != 0)
                return err_set(err, -ENOENT, "%s is not a remote of the suite", uri);
        (void) snprintf(path, sizeof(path), "%s/remotes/%s", (const char *) user,
                        uri + strlen(prefix));
        return json_file_load(ret, path, 1 << 20, err);
}

struct tally {
        unsigned passed, failed;
};

static void group_run(const json_t *group, const char *file, const struct schema_loader *loader,
                      struct tally *tally)
{
        const char *name = json_string_value(json_object_get(group, "description"));
        _cleanup_(schema_freep) struct schema *s = NULL;
        struct err err = { 0 };
        const json_t *test;
        size_t i;

        if (schema_new(&s, json_object_get(group, "schema"), loader, &err) < 0) {
                print_message("# %s: %s: %s\n", file, name, err.text);
                tally->failed += (unsigned) json_array_size(json_object_get(group, "tests"));
                return;
        }
        json_array_foreach (json_object_get(group, "tests"), i, test) {
                _cleanup_(schema_faults_done) struct schema_faults faults = { 0 };
                const json_t *data = json_object_get(test, "data");
                bool is_valid = json_is_true(json_object_get(test, "valid"));
                int quiet = schema_check(s, data, NULL, &err);
                int loud = schema_check(s, data, &faults, &err);

                if (quiet == (is_valid ? 0 : SCHEMA_MISFIT) && loud == quiet &&
                    (faults.count > 0) == !is_valid) {
                        tally->passed++;
                        continue;
                }
                tally->failed++;
                print_message("# %s: %s: %s: wanted %s, got %d and %d %s\n", file, name,
                              json_string_value(json_object_get(test, "description")),
                              is_valid ? "valid" : "invalid", quiet, loud, err.text);
        }
}

static void suite_passes(void **state)
{
        const char *dir = shared_dir();
        struct schema_loader loader = { remote_load, (void *) dir };
        struct tally tally = { 0 };
        char pattern[4200];
        glob_t files;

        (void) state;
        if (!dir) {
                print_message(
                        "# SKIP the JSON Schema test suite is not here (set LINHAY_SHARED)\n");
                skip();
        }
        (void) snprintf(pattern, sizeof(pattern), "%s/tests/draft2020-12/*.json", dir);
        assert_int_equal(glob(pattern, 0, NULL, &files), 0);
        for (size_t f = 0; f < files.gl_pathc; f++) {
                _cleanup_(json_decrefp) json_t *groups = NULL;
                struct err err = { 0 };
                const json_t *group;
                size_t i;

                if (json_file_load(&groups, files.gl_pathv[f], 1 << 22, &err) < 0)
                        fail_msg("%s", err.text);
                json_array_foreach (groups, i, group)
                        group_run(group, strrchr(files.gl_pathv[f], '/') + 1, &loader, &tally);
        }
        globfree(&files);
        print_message("# JSON Schema test suite, draft 2020-12: %u of %u required tests pass\n",
                      tally.passed, tally.passed + tally.failed);
        assert_int_equal(tally.failed, 0);
        assert_true(tally.passed >= 1299);
}

static void faults_read_well(void **state)
{
        static const struct {
                const char *why, *schema, *value;
                const char *faults; /* "instance|keyword|message" a line */
        } rows[] = {
                { "a type is named in words", "{\"type\": \"integer\"}", "\"x\"",
                  "|/type|must be of type integer, but is a string\n" },
                { "all faults are told at once, each with its place",
                  "{\"properties\": {\"a\": {\"minimum\": 3}, \"b\": {\"maxLength\": 1}},"
                  " \"required\": [\"c\"]}",
                  "{\"a\": 1, \"b\": \"xyz\"}",
                  "|/required|lacks the property \"c\"\n"
                  "/a|/properties/a/minimum|must be at least 3\n"
                  "/b|/properties/b/maxLength|must have 1 or fewer characters, but has 3\n" },
                { "the way goes through references",
                  "{\"items\": {\"$ref\": \"#/$defs/n\"}, \"$defs\": {\"n\": {\"type\": "
                  "\"null\"}}}",
                  "[null, 1]", "/1|/items/$ref/type|must be of type null, but is an integer\n" },
                { "an unknown property",
                  "{\"properties\": {\"a\": true}, "
                  "\"additionalProperties\": false}",
                  "{\"a\": 1, \"b/c\": 2}",
                  "/b~1c|/additionalProperties|is not a property that is known here\n" },
                { "values of the instance are never shown", "{\"enum\": [\"red\", 1]}",
                  "\"hunter2\"", "|/enum|must be one of [\"red\",1]\n" },
                { "patterns are shown as written", "{\"pattern\": \"^\\\\d+$\"}", "\"x\"",
                  "|/pattern|must match the pattern ^\\d+$\n" },
                { "equal items are named", "{\"uniqueItems\": true}", "[1, 2, 1.0]",
                  "|/uniqueItems|items 0 and 2 are the same\n" },
                { "alternatives are told in one sentence",
                  "{\"anyOf\": [{\"type\": \"null\"}, {\"type\": \"array\"}]}", "1",
                  "|/anyOf|fits none of the 2 alternatives: must be of type null, but is an "
                  "integer; or must "
                  "be of type array, but is an integer\n" },
                { "with the places below, and not one inside the other",
                  "{\"items\": {\"oneOf\": [{\"properties\": {\"a\": {\"type\": \"null\"}}}, "
                  "{\"anyOf\": "
                  "[{\"required\": [\"b\"]}]}]}}",
                  "[{\"a\": 1}]",
                  "/0|/items/oneOf|fits none of the 2 alternatives: /a must be of type null, but "
                  "is an "
                  "integer; or fits none of the 1 alternatives\n" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *schema = json(rows[i].schema);
                _cleanup_(json_decrefp) json_t *value = json(rows[i].value);
                _cleanup_(schema_freep) struct schema *s = NULL;
                _cleanup_(schema_faults_done) struct schema_faults faults = { 0 };
                _cleanup_(buf_done) struct buf text = { 0 };
                struct err err = { 0 };

                print_message("# %s\n", rows[i].why);
                assert_int_equal(schema_new(&s, schema, NULL, &err), 0);
                assert_int_equal(schema_check(s, value, &faults, &err), SCHEMA_MISFIT);
                for (size_t k = 0; k < faults.count; k++)
                        (void) buf_printf(&text, "%s|%s|%s\n", faults.list[k].instance,
                                          faults.list[k].keyword, faults.list[k].message);
                assert_string_equal(buf_text(&text), rows[i].faults);
        }
}

static void bad_schemas_are_refused(void **state)
{
        static const struct {
                const char *why, *schema, *text;
        } rows[] = {
                { "a keyword of the wrong shape says what it must be",
                  "{\"properties\": {\"a\": {\"minimum\": \"3\"}}}",
                  "/properties/a/minimum: must be a number" },
                { "an unknown type", "{\"type\": \"strng\"}",
                  "/type: must be one or more of array, boolean, integer, null, number, object, "
                  "string" },
                { "a schema that is none", "{\"items\": 3}",
                  "/items: a schema must be an object, true or false" },
                { "a broken pattern", "{\"pattern\": \"a(b\"}",
                  "/pattern: a(b: not a regular expression: missing closing parenthesis" },
                { "a pattern that other validators refuse",
                  "{\"patternProperties\": {\"a++\": {}}}",
                  "/patternProperties: a++: not an ECMA-262 pattern, at byte 3: a quantifier "
                  "behind "
                  "a quantifier" },
                { "a reference to nothing", "{\"$ref\": \"#/$defs/x\"}",
                  "$ref \"#/$defs/x\" cannot be resolved: there is nothing at /$defs/x in this "
                  "schema" },
                { "a reference to an unknown document", "{\"$ref\": \"http://x.invalid/y\"}",
                  "$ref \"http://x.invalid/y\" cannot be resolved: no document is known as "
                  "http://x.invalid/y" },
                { "another draft", "{\"$schema\": \"http://json-schema.org/draft-07/schema#\"}",
                  "/$schema: the dialect is not known (no document is known as "
                  "http://json-schema.org/draft-07/schema); write "
                  "https://json-schema.org/draft/2020-12/schema" },
                { "one anchor twice",
                  "{\"$defs\": {\"a\": {\"$anchor\": \"x\"}, \"b\": {\"$anchor\": \"x\"}}}",
                  "/$defs/b/$anchor: the name \"x\" is already used" },
                { "a multipleOf that divides by nothing", "{\"multipleOf\": 0}",
                  "/multipleOf: must be a number above 0" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *schema = json(rows[i].schema);
                _cleanup_(schema_freep) struct schema *s = NULL;
                struct err err = { 0 };

                print_message("# %s\n", rows[i].why);
                assert_true(schema_new(&s, schema, NULL, &err) < 0);
                assert_null(s);
                assert_string_equal(err.text, rows[i].text);
        }
}

static bool is_question(const json_t *value, void *user)
{
        (void) user;
        return json_is_string(value) && strcmp(json_string_value(value), "?") == 0;
}

static void unknown_values_fit_until_proven(void **state)
{
        static const struct {
                const char *why, *schema, *value;
                int want;
        } rows[] = {
                { "an unknown value fits any type", "{\"type\": \"integer\"}", "\"?\"", 0 },
                { "it does not fit `not` for sure either", "{\"not\": {\"type\": \"string\"}}",
                  "\"?\"", 0 },
                { "false takes nothing", "false", "\"?\"", 1 },
                { "its siblings are checked", "{\"properties\": {\"b\": {\"type\": \"null\"}}}",
                  "{\"a\": \"?\", \"b\": 1}", 1 },
                { "it counts as there", "{\"required\": [\"a\"]}", "{\"a\": \"?\"}", 0 },
                { "an array that holds it may be in the enumeration", "{\"enum\": [[1], [2]]}",
                  "[\"?\"]", 0 },
                { "a plain value outside is not", "{\"enum\": [[1], [2]]}", "[3]", 1 },
                { "oneOf may hold", "{\"oneOf\": [{\"type\": \"null\"}, {\"type\": \"object\"}]}",
                  "\"?\"", 0 },
                { "oneOf that fits twice does not",
                  "{\"oneOf\": [{\"required\": [\"a\"]}, {\"type\": \"object\"}]}",
                  "{\"a\": \"?\"}", 1 },
                { "a condition that is open takes either branch",
                  "{\"if\": {\"properties\": {\"a\": {\"const\": 1}}}, \"then\": {\"required\": "
                  "[\"b\"]}}",
                  "{\"a\": \"?\"}", 0 },
                { "two branches that both refuse, refuse",
                  "{\"if\": {\"properties\": {\"a\": {\"const\": 1}}}, \"then\": false, \"else\": "
                  "false}",
                  "{\"a\": \"?\"}", 1 },
                { "too few items, whatever they are",
                  "{\"contains\": {\"const\": 1}, "
                  "\"minContains\": 3}",
                  "[\"?\", 1]", 1 },
                { "perhaps enough items", "{\"contains\": {\"const\": 1}, \"minContains\": 2}",
                  "[\"?\", 1]", 0 },
                { "two unknown items may differ", "{\"uniqueItems\": true}", "[\"?\", \"?\"]", 0 },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *schema = json(rows[i].schema);
                _cleanup_(json_decrefp) json_t *value = json(rows[i].value);
                _cleanup_(schema_freep) struct schema *s = NULL;
                struct err err = { 0 };

                print_message("# %s\n", rows[i].why);
                assert_int_equal(schema_new(&s, schema, NULL, &err), 0);
                assert_int_equal(schema_check_partial(s, value, is_question, NULL, NULL, &err),
                                 rows[i].want);
        }
}

static void hostile_pairs_end(void **state)
{
        static const struct {
                const char *why, *schema, *value;
                int want;
        } rows[] = {
                { "a reference to itself", "{\"$ref\": \"#\"}", "1", -ELOOP },
                { "a longer circle",
                  "{\"$ref\": \"#/$defs/a\", \"$defs\": {\"a\": {\"allOf\": [{\"$ref\": "
                  "\"#/$defs/b\"}]}, \"b\": {\"$ref\": \"#/$defs/a\"}}}",
                  "1", -ELOOP },
                { "a circle under `not` is no verdict either", "{\"not\": {\"$ref\": \"#\"}}", "1",
                  -ELOOP },
                { "a tree of references doubles at each level",
                  "{\"$ref\": \"#/$defs/a\", \"$defs\": {"
                  "\"a\": {\"allOf\": [{\"$ref\": \"#/$defs/b\"}, {\"$ref\": \"#/$defs/b\"}, "
                  "{\"$ref\": \"#/$defs/b\"}, {\"$ref\": \"#/$defs/b\"}]},"
                  "\"b\": {\"anyOf\": [{\"items\": {\"$ref\": \"#/$defs/a\"}}]}}}",
                  "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", -E2BIG },
                { "a pattern that backtracks for ever",
                  "{\"pattern\": \"^(([a-z])+.)+[A-Z]([a-z])+$\"}",
                  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", -E2BIG },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *schema = json(rows[i].schema);
                _cleanup_(json_decrefp) json_t *value = json(rows[i].value);
                _cleanup_(schema_freep) struct schema *s = NULL;
                struct err err = { 0 };

                print_message("# %s\n", rows[i].why);
                assert_int_equal(schema_new(&s, schema, NULL, &err), 0);
                assert_int_equal(schema_check(s, value, NULL, &err), rows[i].want);
                assert_string_not_equal(err.text, "");
        }
}

/* PCRE2's own limit counts anew at every place of a text, and for every text. */
static void patterns_are_metered(void **state)
{
        _cleanup_(json_decrefp) json_t *schema = json("{\"items\": {\"pattern\": \"^(a+)+$\"}}");
        _cleanup_(json_decrefp) json_t *value = json_array();
        _cleanup_(schema_faults_done) struct schema_faults faults = { .limit = 1 };
        _cleanup_(pattern_freep) struct pattern *p = NULL;
        _cleanup_(schema_freep) struct schema *s = NULL;
        struct err err = { 0 };
        uint64_t steps;
        char text[500];

        (void) state;
        for (size_t i = 0; i < sizeof(text); i++)
                text[i] = i % 18 == 17 ? ' ' : 'a';
        assert_int_equal(pattern_new(&p, "(a+)+[bc]", 9, &err), 0);
        assert_int_equal(pattern_match(p, text, sizeof(text), &steps, &err), -E2BIG);
        assert_in_range(steps, 1, 2000000);
        assert_int_equal(pattern_match(p, "aab", 3, &steps, &err), 1);
        assert_in_range(steps, 1, 50);

        for (int i = 0; i < 1000; i++)
                assert_int_equal(json_array_append_new(value, json_string("aaaaaaaaaaaaaaaaa!")),
                                 0);
        assert_int_equal(schema_new(&s, schema, NULL, &err), 0);
        assert_int_equal(schema_check(s, value, &faults, &err), -E2BIG);
}

/* What is looked at whole is paid for by its size, not once. */
static void large_parts_are_metered(void **state)
{
        static char text[10000000];
        _cleanup_(json_decrefp) json_t *schema = json("{\"allOf\": []}");
        _cleanup_(json_decrefp) json_t *value = NULL;
        _cleanup_(schema_freep) struct schema *s = NULL;
        struct err err = { 0 };

        (void) state;
        memset(text, 'a', sizeof(text));
        value = json_stringn(text, sizeof(text));
        for (int i = 0; i < 1000; i++)
                assert_int_equal(json_array_append_new(json_object_get(schema, "allOf"),
                                                       json_pack("{s:i}", "minLength", 1)),
                                 0);
        assert_int_equal(schema_new(&s, schema, NULL, &err), 0);
        assert_int_equal(schema_check(s, value, NULL, &err), -E2BIG);
}

static void faults_have_a_limit(void **state)
{
        _cleanup_(json_decrefp) json_t *schema = json("{\"items\": {\"type\": \"null\"}}");
        _cleanup_(json_decrefp) json_t *value = json_array();
        _cleanup_(schema_faults_done) struct schema_faults faults = { .limit = 5 };
        _cleanup_(schema_freep) struct schema *s = NULL;
        struct err err = { 0 };

        (void) state;
        for (int i = 0; i < 1000; i++)
                assert_int_equal(json_array_append_new(value, json_integer(i)), 0);
        assert_int_equal(schema_new(&s, schema, NULL, &err), 0);
        assert_int_equal(schema_check(s, value, &faults, &err), SCHEMA_MISFIT);
        assert_int_equal(faults.count, 5);
        assert_true(faults.is_cut);
        assert_int_equal(schema_require(s, value, "the output of scan", &err), -EBADMSG);
        assert_non_null(strstr(err.text,
                               "the output of scan does not fit its schema: /0: must be of "
                               "type null, but is an integer; /1:"));
}

static void large_values_are_quick(void **state)
{
        _cleanup_(json_decrefp) json_t *schema = json(
                "{\"type\": \"array\", \"uniqueItems\": true, \"items\": {\"type\": \"object\", "
                "\"properties\": {\"line\": {\"type\": \"integer\", \"minimum\": 0}, \"path\": "
                "{\"type\": \"string\"}}, \"required\": [\"path\", \"line\"]}}");
        _cleanup_(json_decrefp) json_t *value = json_array();
        _cleanup_(schema_freep) struct schema *s = NULL;
        struct err err = { 0 };

        (void) state;
        for (int i = 0; i < 100000; i++)
                assert_int_equal(json_array_append_new(
                                         value, json_pack("{s:s, s:i}", "path", "a/b", "line", i)),
                                 0);
        assert_int_equal(schema_new(&s, schema, NULL, &err), 0);
        assert_int_equal(schema_check(s, value, NULL, &err), 0);
}

static void defaults_are_filled_in(void **state)
{
        _cleanup_(json_decrefp) json_t *schema =
                json("{\"properties\": {\"strip\": {\"default\": 1}, \"list\": {\"default\": [1]}, "
                     "\"none\": {\"type\": \"null\"}}}");
        _cleanup_(json_decrefp) json_t *object = json("{\"strip\": 2}");
        _cleanup_(json_decrefp) json_t *want = json("{\"strip\": 2, \"list\": [1]}");
        _cleanup_(schema_freep) struct schema *s = NULL;
        struct err err = { 0 };

        (void) state;
        assert_int_equal(schema_new(&s, schema, NULL, &err), 0);
        assert_int_equal(schema_default(s, object), 0);
        assert_true(json_same(object, want));
}

static void patterns_mean_what_ecma_says(void **state)
{
        static const struct {
                const char *why, *pattern, *text;
                int want;
        } rows[] = {
                { "not anchored", "b", "abc", 1 },
                { "$ is the very end, a newline before it does not count", "^a$", "a\n", 0 },
                { "\\d is ASCII only", "^\\d$", "\u0967", 0 },
                { "\\w is ASCII only", "^\\w$", "\u00e9", 0 },
                { "\\s knows the no-break space", "^\\s$", "\u00a0", 1 },
                { "\\S does not", "^\\S$", "\u00a0", 0 },
                { "[\\s\\S] is everything", "^[\\s\\S]$", "\xc2\x85", 1 },
                { "the dot is one character, not one byte", "^.$", "\u00e9", 1 },
                { "the dot stops at line ends", "^.$", "\u2028", 0 },
                { "long names of categories", "^\\p{Letter}+$", "h\u00e9", 1 },
                { "with their key", "^\\p{General_Category=Decimal_Number}$", "\u0967", 1 },
                { "and of scripts", "^\\p{Script=Greek}$", "\u03b1", 1 },
                { "escapes of code points", "^\\u00e9\\u{e9}\\xe9$", "\u00e9\u00e9\u00e9", 1 },
                { "surrogate pairs", "^\\ud83d\\udc32$", "\U0001f432", 1 },
                { "control letters", "^\\cC$", "\x03", 1 },
                { "a class without members matches nothing", "[]", "a", 0 },
                { "its complement matches all", "^[^]$", "\n", 1 },
                { "brackets in a class are themselves", "^[[:a]+$", "[:a", 1 },
                { "look-behind", "(?<=a)b", "ab", 1 },
                { "named groups", "^(?<x>a|b)\\k<x>$", "bb", 1 },
                { "\\v is the vertical tab alone", "^\\v$", "\n", 0 },
                { "possessive quantifiers do not exist", "a++", "a", -EINVAL },
                { "nor recursion", "(?R)", "", -EINVAL },
                { "nor verbs", "(*LIMIT_MATCH=1)a", "a", -EINVAL },
                { "nor inline flags", "(?i)a", "A", -EINVAL },
                { "nor \\Q", "\\Qa\\E", "a", -EINVAL },
                { "nor \\A", "\\Aa", "a", -EINVAL },
                { "half a pair is no character", "\\ud83d", "a", -EINVAL },
                { "a lone backslash", "a\\", "a", -EINVAL },
                { "an open class", "[a", "a", -EINVAL },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(pattern_freep) struct pattern *p = NULL;
                struct err err = { 0 };
                uint64_t steps;
                int r = pattern_new(&p, rows[i].pattern, strlen(rows[i].pattern), &err);

                print_message("# %s\n", rows[i].why);
                if (r == 0)
                        r = pattern_match(p, rows[i].text, strlen(rows[i].text), &steps, &err);
                assert_int_equal(r, rows[i].want);
        }
}

static void numbers_are_exact(void **state)
{
        static const struct {
                const char *a, *b;
                int order;
                bool is_multiple;
        } rows[] = {
                { "9007199254740993", "9007199254740992.0", 1, false },
                { "9223372036854775807", "9223372036854775808.0", -1, false },
                { "0.0075", "0.0001", 1, true },
                { "0.00751", "0.0001", 1, false },
                { "1e308", "0.5", 1, true },
                { "1e308", "0.123456789", 1, false },
                { "4.5", "1.5", 1, true },
                { "35", "1.5", 1, false },
                { "-9223372036854775808", "2", -1, true },
                { "0", "7", -1, true },
                { "1e-300", "1e-299", -1, false },
                { "19.99", "0.01", 1, true },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *a = json(rows[i].a);
                _cleanup_(json_decrefp) json_t *b = json(rows[i].b);

                print_message("# %s and %s\n", rows[i].a, rows[i].b);
                assert_int_equal(number_compare(a, b), rows[i].order);
                assert_int_equal(number_compare(b, a), -rows[i].order);
                assert_int_equal(number_is_multiple(a, b), rows[i].is_multiple);
        }
}

/* The examples of RFC 3986, section 5.4. */
static void references_resolve(void **state)
{
        static const struct {
                const char *base, *reference, *want;
        } rows[] = {
#define B "http://a/b/c/d;p?q"
                { B, "g:h", "g:h" },
                { B, "g", "http://a/b/c/g" },
                { B, "./g", "http://a/b/c/g" },
                { B, "g/", "http://a/b/c/g/" },
                { B, "/g", "http://a/g" },
                { B, "//g", "http://g" },
                { B, "?y", "http://a/b/c/d;p?y" },
                { B, "g?y", "http://a/b/c/g?y" },
                { B, "#s", "http://a/b/c/d;p?q#s" },
                { B, "", "http://a/b/c/d;p?q" },
                { B, ".", "http://a/b/c/" },
                { B, "..", "http://a/b/" },
                { B, "../g", "http://a/b/g" },
                { B, "../..", "http://a/" },
                { B, "../../../g", "http://a/g" },
                { B, "/./g", "http://a/g" },
                { B, "g.", "http://a/b/c/g." },
                { B, "..g", "http://a/b/c/..g" },
                { B, "./g/.", "http://a/b/c/g/" },
                { B, "g/../h", "http://a/b/c/h" },
                { B, "g;x=1/../y", "http://a/b/c/y" },
#undef B
                { "http://a", "g", "http://a/g" },
                { "", "#/x", "#/x" },
                { "urn:uuid:1", "#x", "urn:uuid:1#x" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf out = { 0 };

                assert_int_equal(uri_resolve(&out, rows[i].base, rows[i].reference), 0);
                assert_string_equal(buf_text(&out), rows[i].want);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(suite_passes),
                cmocka_unit_test(faults_read_well),
                cmocka_unit_test(bad_schemas_are_refused),
                cmocka_unit_test(unknown_values_fit_until_proven),
                cmocka_unit_test(hostile_pairs_end),
                cmocka_unit_test(patterns_are_metered),
                cmocka_unit_test(large_parts_are_metered),
                cmocka_unit_test(faults_have_a_limit),
                cmocka_unit_test(large_values_are_quick),
                cmocka_unit_test(defaults_are_filled_in),
                cmocka_unit_test(patterns_mean_what_ecma_says),
                cmocka_unit_test(numbers_are_exact),
                cmocka_unit_test(references_resolve),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
