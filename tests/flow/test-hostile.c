/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/io.h"
#include "base/json.h"
#include "base/schema.h"
#include "conf/tree.h"
#include "flow/check.h"
#include "flow/graph.h"
#include "flow/template.h"
#include "json-random.h"

/*
 * Broken text of every kind that a stranger may hand us: each reader either takes it or says why
 * not, and the sanitizers watch. $LINHAY_SEED repeats a run, $LINHAY_ROUNDS makes it longer.
 */

/* libconfig 1.5 itself loses a few bytes for each string that it cannot finish. */
const char *__lsan_default_suppressions(void) __attribute__((visibility("default")));
const char *__lsan_default_suppressions(void)
{
        return "leak:libconfig\n";
}

static struct json_random random_state;
static char folder[] = "/tmp/linhay-test-hostile-XXXXXX";

static unsigned rounds(unsigned usual)
{
        const char *given = getenv("LINHAY_ROUNDS");

        return given ? (unsigned) strtoul(given, NULL, 0) : usual;
}

/* A copy with some bytes changed, dropped, doubled, or replaced by a piece that means something. */
static size_t mutate(char *out, size_t size, const char *text, const char *const *pieces, size_t n)
{
        size_t length = strlen(text), changes = 1 + json_random_below(&random_state, 4);

        memcpy(out, text, length + 1);
        while (changes--) {
                size_t at = json_random_below(&random_state, length + 1);
                const char *piece = pieces[json_random_below(&random_state, n)];
                size_t cut = json_random_below(&random_state, 4);

                cut = cut < length - at ? cut : length - at;
                if (json_random_below(&random_state, 4) == 0) {
                        if (at < length)
                                out[at] = (char) (1 + json_random_below(&random_state, 255));
                        continue;
                }
                if (length - cut + strlen(piece) + 1 > size)
                        continue;
                memmove(out + at + strlen(piece), out + at + cut, length - at - cut + 1);
                memcpy(out + at, piece, strlen(piece));
                length = length - cut + strlen(piece);
        }
        return strlen(out);
}

static int nothing_get(void *user, const char *root, const char *step, const char *field,
                       json_t **ret)
{
        (void) user;
        (void) step;
        if (field && strcmp(field, "verdict") == 0)
                return -ENOENT;
        *ret = strcmp(root, "inputs") == 0 ? json_pack("{s:i, s:[i, s]}", "a", 1, "list", 2, "x")
                                           : json_string("x");
        return 0;
}

static void expressions_survive(void **state)
{
        static const char *const texts[] = {
                "inputs.a == 1 && !(steps.x.findings.high > 0) || len(inputs.list) < 3",
                "default(steps.x.output['k'][0].y, \"z\\n\") != 'it\\'s'",
                "contains(inputs.list, item) && index >= -1.5e3",
        };
        static const char *const pieces[] = { "(",    ")",     "[",        "]",      "'",
                                              "\"",   "\\",    "!",        "&&",     "||",
                                              "==",   "<=",    ".",        ",",      "}",
                                              "${",   "len(",  "default(", "inputs", "steps.",
                                              "null", "1e999", "-",        "0x",     " " };
        struct expr_scope scope = { nothing_get, NULL };
        char text[1024];

        (void) state;
        for (unsigned i = 0; i < rounds(20000); i++) {
                size_t n = mutate(text, sizeof(text), texts[i % TEST_ROWS(texts)], pieces,
                                  TEST_ROWS(pieces));
                _cleanup_(expr_freep) struct expr *e = NULL;
                _cleanup_(json_decrefp) json_t *value = NULL;
                struct err err = { 0 };
                int r = expr_new(&e, text, n, NULL, &err);

                if (r == 0)
                        r = expr_eval(e, &scope, &value, &err);
                assert_true(r == 0 || *err.text);
        }
}

static void templates_survive(void **state)
{
        static const char *const texts[] = { "a ${inputs.a} $${x} ${default(steps.x.verdict, '}')}",
                                             "${inputs.list}" };
        static const char *const pieces[] = { "${", "}",  "$",        "$${", "'",
                                              "\"", "\\", "inputs.a", " " };
        struct expr_scope scope = { nothing_get, NULL };
        char text[1024];

        (void) state;
        for (unsigned i = 0; i < rounds(20000); i++) {
                size_t n = mutate(text, sizeof(text), texts[i % TEST_ROWS(texts)], pieces,
                                  TEST_ROWS(pieces));
                _cleanup_(json_decrefp) json_t *tree = json_stringn(text, n);
                _cleanup_(json_decrefp) json_t *value = NULL;
                struct err err = { 0 };
                int r;

                if (!tree)
                        continue;
                r = template_resolve(tree, &scope, &value, &err);
                assert_true(r == 0 || *err.text);
                (void) template_has_refs(tree);
        }
}

static const char workflow[] =
        "name = \"a\"; timeout = \"1h\"; fail_on = \"low\";\n"
        "inputs = { properties = { x = { type = \"integer\"; default = 3000000000L; }; }; };\n"
        "steps = ( { id = \"a\"; agent = \"x\"; action = \"y\"; inputs = { n = \"${inputs.x}\"; }; "
        "},\n"
        "  { id = \"b\"; agent = \"x\"; action = \"y\"; needs = ( \"a\" ); when = "
        "\"steps.a.changed\";\n"
        "    retry = { attempts = 2; on = ( \"timeout\" ); }; for_each = [ 1, 2 ]; # why\n"
        "    inputs = { j = { _json = \"[1]\"; }; k = { _null = true; }; }; } );\n";

static const char workflow_json[] =
        "{\"steps\": [{\"id\": \"a\", \"agent\": \"x\", \"action\": \"y\", \"needs\": [\"b\"]},\n"
        "{\"id\": \"b\", \"agent\": \"x\", \"action\": \"y\", \"inputs\": {\"a\": [null, 1.5]}}]}";

static void workflows_survive(void **state)
{
        static const char *const texts[] = { workflow, workflow_json };
        static const char *const pieces[] = {
                "{",     "}",     "(",        ")",     "[",     "]",           "\"", ";",
                "=",     "\n",    "#",        "/*",    "*/",    "99999999999", "L",  "_null",
                "_json", "_file", "@include", "\"a\"", "\"b\"", "needs",       "id", "-1",
                "1.5",   "true",  "\xff",     "*",     ","
        };
        char text[4096], path[200];

        (void) state;
        (void) snprintf(path, sizeof(path), "%s/x.flow", folder);
        for (unsigned i = 0; i < rounds(2000); i++) {
                size_t n = mutate(text, sizeof(text), texts[i % TEST_ROWS(texts)], pieces,
                                  TEST_ROWS(pieces));
                _cleanup_(faults_done) struct faults faults = { 0 };
                _cleanup_(flow_freep) struct flow *f = NULL;
                _cleanup_(buf_done) struct buf out = { 0 };
                struct err err = { 0 };
                FILE *file;
                int r;

                (void) unlink(path);
                file = fopen(path, "w");
                assert_non_null(file);
                assert_int_equal(fwrite(text, 1, n, file), n);
                assert_int_equal(fclose(file), 0);
                r = flow_check_file(&f, path, NULL, &faults, &err);
                assert_true(r == 0 || (r == -EBADMSG && *err.text));
                assert_true((r == 0) == (f != NULL));
                if (r == 0) {
                        assert_int_equal(graph_text(&out, f, NULL), 0);
                        assert_int_equal(graph_svg(&out, f, NULL), 0);
                }
        }
}

static void schemas_survive(void **state)
{
        static const char *const texts[] = {
                "{\"$defs\": {\"a\": {\"$dynamicAnchor\": \"x\", \"type\": [\"array\", \"null\"],"
                " \"items\": {\"$dynamicRef\": \"#x\"}}}, \"properties\": {\"b\": {\"$ref\": "
                "\"#/$defs/a\"}}, \"unevaluatedProperties\": false, \"required\": [\"b\"]}",
                "{\"oneOf\": [{\"pattern\": \"^[a-z]+$\"}, {\"minimum\": 1, \"multipleOf\": 0.5}],"
                " \"if\": {\"const\": 1}, \"then\": false, \"patternProperties\": {\"^x\": true}}",
        };
        static const char *const pieces[] = { "\"$ref\"",  "\"#\"",   "\"$id\"", "\"#/$defs/a\"",
                                              "{}",        "[]",      "true",    "null",
                                              "\"items\"", "\"not\"", "1e400",   "-1",
                                              ":",         ",",       "{",       "}",
                                              "\"allOf\"", "(",       "*",       "\\\\",
                                              "\"%41\"" };
        _cleanup_(json_decrefp) json_t *instance =
                json_pack("{s:[[], n], s:s, s:f}", "b", "x1", "text", "n", 1.5);
        char text[2048];

        (void) state;
        for (unsigned i = 0; i < rounds(20000); i++) {
                size_t n = mutate(text, sizeof(text), texts[i % TEST_ROWS(texts)], pieces,
                                  TEST_ROWS(pieces));
                _cleanup_(schema_faults_done) struct schema_faults faults = { .limit = 3 };
                _cleanup_(schema_freep) struct schema *s = NULL;
                _cleanup_(json_decrefp) json_t *json = NULL;
                struct err err = { 0 };
                int r = json_text_load(&json, text, n, "test", &err);

                if (r == 0)
                        r = schema_new(&s, json, NULL, &err);
                if (r == 0)
                        r = schema_check(s, instance, &faults, &err);
                assert_true(r == 0 || r == SCHEMA_MISFIT || *err.text);
                assert_true((r == SCHEMA_MISFIT) == (faults.count > 0) || r < 0);
        }
}

/* Random schemas over random values: both ways of asking give one answer, and a value fits itself.
 */
static void answers_agree(void **state)
{
        (void) state;
        for (unsigned i = 0; i < rounds(2000); i++) {
                _cleanup_(json_decrefp) json_t *value = json_random_value(&random_state, 5);
                _cleanup_(json_decrefp) json_t *other = json_random_value(&random_state, 3);
                _cleanup_(json_decrefp) json_t *json = json_pack(
                        "{s:[{s:O}, {s:{s:O}}]}", "anyOf", "const", value, "not", "const", value);
                _cleanup_(json_decrefp) json_t *self = json_pack("{s:O}", "const", value);
                _cleanup_(schema_faults_done) struct schema_faults faults = { 0 };
                _cleanup_(schema_freep) struct schema *s = NULL, *t = NULL;
                struct err err = { 0 };

                assert_int_equal(schema_new(&s, json, NULL, &err), 0);
                assert_int_equal(schema_new(&t, self, NULL, &err), 0);
                assert_int_equal(schema_check(s, other, NULL, &err), 0);
                assert_int_equal(schema_check(t, value, NULL, &err), 0);
                assert_int_equal(schema_check(t, other, NULL, &err),
                                 json_same(value, other) ? 0 : 1);
                assert_int_equal(schema_check(t, other, &faults, &err),
                                 json_same(value, other) ? 0 : 1);
        }
}

static int begin(void **state)
{
        (void) state;
        random_state.state = json_random_seed() | 1;
        print_message("# seed %llu\n", (unsigned long long) random_state.state);
        return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
        char command[300];

        (void) state;
        (void) snprintf(command, sizeof(command), "rm -rf '%s'", folder);
        return system(command);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(expressions_survive), cmocka_unit_test(templates_survive),
                cmocka_unit_test(workflows_survive),   cmocka_unit_test(schemas_survive),
                cmocka_unit_test(answers_agree),
        };

        return cmocka_run_group_tests(tests, begin, end);
}
