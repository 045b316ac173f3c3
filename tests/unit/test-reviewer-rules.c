/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every rule of code-reviewer is tried on its own examples: it finds something in each `bad` one
 * and nothing in each `good` one, in every language that it names.
 */

#include "test.h"

#include "rule.h"

#include <stdio.h>

#define EXAMPLE_BYTES 4096

static const char *const files[] = { "plugins/code-reviewer/rules/any.scm",
                                     "plugins/code-reviewer/rules/c.scm",
                                     "plugins/code-reviewer/rules/go.scm",
                                     "plugins/code-reviewer/rules/javascript.scm",
                                     "plugins/code-reviewer/rules/python.scm" };

/* All faults at once: a rule is edited more quickly so. */
static unsigned n_faults;
#define report(...) (n_faults++, print_error("not right: " __VA_ARGS__), print_error("\n"))

static char *read_file(const char *name, size_t *ret_length)
{
        char path[1024];
        FILE *f;
        char *text = malloc(1 << 20);

        (void) snprintf(path, sizeof(path), "%s/%s", test_srcdir(), name);
        f = fopen(path, "re");
        assert_non_null(f);
        assert_non_null(text);
        *ret_length = fread(text, 1, (1 << 20) - 1, f);
        text[*ret_length] = '\0';
        (void) fclose(f);
        return text;
}

static int count(void *owner, const struct match *match)
{
        (void) match;
        ++*(unsigned *) owner;
        return 0;
}

static unsigned matches_in(struct rule *rule, enum language_id id, const char *code)
{
        const struct language *language = language_get(id);
        __attribute__((cleanup(facts_done))) struct facts facts = { 0 };
        TSQueryCursor *cursor = ts_query_cursor_new();
        struct source s;
        struct matcher *m;
        char error[256] = "";
        unsigned n = 0;

        assert_int_equal(source_open(&s, language, "a", code, strlen(code)), 0);
        if (s.has_errors)
                report("%s: an example does not parse as %s: %s", rule->id, language->file, code);
        if (rule_compile(rule, language, &m, error) < 0)
                report("%s", error);
        else
                assert_true(matcher_run(m, &s, &facts, cursor, count, &n) >= 0);
        source_close(&s);
        ts_query_cursor_delete(cursor);
        return n;
}

static bool passes_keywords(const struct rule *rule, const char *code)
{
        for (size_t i = 0; rule->keywords[i]; i++)
                if (strstr(code, rule->keywords[i]))
                        return true;
        return !rule->keywords[0];
}

static void try_example(struct rule *rule, bool is_bad, const char *code)
{
        for (int id = 0; id < LANGUAGES_; id++) {
                unsigned n;

                if (!(rule->languages & (1U << id)))
                        continue;
                n = matches_in(rule, (enum language_id) id, code);
                if (is_bad && n == 0)
                        report("%s finds nothing in its bad example (%s): %s", rule->id,
                               language_get((enum language_id) id)->file, code);
                if (!is_bad && n > 0)
                        report("%s finds something in its good example (%s): %s", rule->id,
                               language_get((enum language_id) id)->file, code);
        }
        if (is_bad && !passes_keywords(rule, code))
                report("%s: its keywords are not in its bad example: %s", rule->id, code);
}

static struct rule *find(struct rules *rules, const char *id, size_t length)
{
        for (size_t i = 0; i < rules->n_items; i++)
                if (strlen(rules->items[i].id) == length &&
                    memcmp(rules->items[i].id, id, length) == 0)
                        return &rules->items[i];
        fail_msg("rule %.*s is not in the pack", (int) length, id);
        return NULL;
}

/* Reads `;; bad:` and `;; good:` with their `;;|` lines; `each` gets every example. */
static void try_file(struct rules *rules, const char *text, unsigned *n_bad, unsigned *n_good)
{
        char code[EXAMPLE_BYTES];
        struct rule *rule = NULL;

        for (const char *p = text; *p;) {
                size_t n = strcspn(p, "\n");
                bool is_bad = strncmp(p, ";; bad: ", 8) == 0;
                bool is_good = strncmp(p, ";; good: ", 9) == 0;
                size_t skip = is_bad ? 8 : 9, used;

                if (strncmp(p, ";; rule: ", 9) == 0)
                        rule = find(rules, p + 9, n - 9);
                used = is_bad || is_good ? n - skip : 0;
                if (used)
                        memcpy(code, p + skip, used);
                p += n + (p[n] == '\n');
                if (!used)
                        continue;
                while (strncmp(p, ";;| ", 4) == 0) {
                        n = strcspn(p, "\n");
                        code[used++] = '\n';
                        memcpy(code + used, p + 4, n - 4);
                        used += n - 4;
                        p += n + (p[n] == '\n');
                }
                code[used++] = '\n';
                code[used] = '\0';
                *(is_bad ? n_bad : n_good) += 1;
                try_example(rule, is_bad, code);
        }
}

static void test_examples(void **state)
{
        struct rules rules = { 0 };
        char error[256] = "";
        unsigned n_bad = 0, n_good = 0;

        (void) state;
        if (rules_load(&rules, error) < 0)
                fail_msg("%s", error);
        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                size_t length;
                char *text = read_file(files[i], &length);

                try_file(&rules, text, &n_bad, &n_good);
                free(text);
        }
        assert_int_equal(n_faults, 0);
        print_message("# %zu rules, %u bad and %u good examples\n", rules.n_items, n_bad, n_good);
        rules_done(&rules);
}

/* An id once, a query that compiles for each of its languages, and an example of each kind. */
static void test_pack(void **state)
{
        struct rules rules = { 0 };
        char error[256] = "";

        (void) state;
        if (rules_load(&rules, error) < 0)
                fail_msg("%s", error);
        assert_true(rules.n_items >= 25);
        for (size_t i = 0; i < rules.n_items; i++) {
                struct rule *rule = &rules.items[i];

                for (size_t k = 0; k < i; k++)
                        assert_string_not_equal(rule->id, rules.items[k].id);
                for (int id = 0; id < LANGUAGES_; id++) {
                        struct matcher *m;

                        if ((rule->languages & (1U << id)) &&
                            rule_compile(rule, language_get((enum language_id) id), &m, error) < 0)
                                report("%s", error);
                }
        }
        rules_done(&rules);
}

static void test_documented(void **state)
{
        struct rules rules = { 0 };
        char error[256] = "", row[128];
        size_t length;
        char *text = read_file("doc/agents/code-reviewer.md", &length);

        (void) state;
        assert_true(rules_load(&rules, error) >= 0);
        for (size_t i = 0; i < rules.n_items; i++) {
                (void) snprintf(row, sizeof(row), "| `%s` |", rules.items[i].id);
                if (!strstr(text, row))
                        report("doc/agents/code-reviewer.md has no row for %s", rules.items[i].id);
        }
        assert_int_equal(n_faults, 0);
        rules_done(&rules);
        free(text);
}

static const struct {
        const char *why, *text, *error;
} broken[] = {
        { "a key before the first rule", ";; message: x\n", "before the first" },
        { "an unknown key", ";; rule: a/b\n;; colour: red\n", "unknown key" },
        { "an unknown severity", ";; rule: a/b\n;; severity: awful\n", "unknown severity" },
        { "an unknown language", ";; rule: a/b\n;; languages: cobol\n", "unknown language" },
        { "a rule without a message", ";; rule: a/b\n;; languages: c\n(x)\n", "lacks a message" },
        { "a rule without a query", ";; rule: a/b\n;; languages: c\n;; message: x\n;; fix: y\n",
          "no query" },
        { "a message that names nothing",
          ";; rule: a/b\n;; languages: c\n;; message: {g}\n;; fix: y\n(x) @f\n", "no capture" },
        { "a line that is no key", ";; rule: a/b\n;; what\n", "expected" },
};

static void test_broken(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(broken); i++) {
                struct rules rules = { 0 };
                char error[256] = "";
                int r = rules_parse(&rules, "x.scm", broken[i].text, strlen(broken[i].text), error);

                if (r != -EBADMSG || !strstr(error, broken[i].error))
                        fail_msg("%s: %d %s", broken[i].why, r, error);
                rules_done(&rules);
        }
}

/* Queries that the library or our predicates refuse. */
static const struct {
        const char *why, *query, *error;
} refused[] = {
        { "no such node", "(no_such_node) @x", "node type" },
        { "an unknown predicate", "((identifier) @x (#shines? @x \"y\"))", "predicate" },
        { "a predicate without its argument", "((identifier) @x (#eq? @x))", "predicate" },
        { "a regex that does not compile", "((identifier) @x (#match? @x \"(\"))", "regex" },
        { "a parenthesis too few", "((identifier) @x", "syntax" },
};

static void test_refused(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(refused); i++) {
                struct matcher *m = NULL;
                char error[192] = "";
                int r = matcher_new(&m, language_get(LANGUAGE_C), refused[i].query,
                                    (uint32_t) strlen(refused[i].query), error);

                if (r != -EBADMSG || !strstr(error, refused[i].error))
                        fail_msg("%s: %d %s", refused[i].why, r, error);
        }
}

/* Names behind imports, and names that are constants. */
static const struct {
        const char *why;
        enum language_id language;
        const char *query, *code;
        unsigned want;
} rows[] = {
        { "import as", LANGUAGE_PYTHON, "((call function: (_) @f) (#callee? @f \"a.b.c\"))",
          "import a.b as x\nx.c()\n", 1 },
        { "from import as", LANGUAGE_PYTHON, "((call function: (_) @f) (#callee? @f \"a.b.c\"))",
          "from a.b import c as d\nd()\n", 1 },
        { "another module's function of that name", LANGUAGE_PYTHON,
          "((call function: (_) @f) (#callee? @f \"a.c\"))", "from b import c\nc()\n", 0 },
        { "a renamed Go package", LANGUAGE_GO,
          "((call_expression function: (_) @f) (#callee? @f \"math/rand.Intn\"))",
          "package p\nimport r \"math/rand\"\nvar x = r.Intn(1)\n", 1 },
        { "the package of the same short name", LANGUAGE_GO,
          "((call_expression function: (_) @f) (#callee? @f \"math/rand.Read\"))",
          "package p\nimport \"crypto/rand\"\nvar x = rand.Read(b)\n", 0 },
        { "a version at the end of a Go path is no name", LANGUAGE_GO,
          "((call_expression function: (_) @f) (#callee? @f \"x/y/v2.F\"))",
          "package p\nimport \"x/y/v2\"\nvar x = y.F()\n", 1 },
        { "a renamed member of require()", LANGUAGE_JAVASCRIPT,
          "((call_expression function: (_) @f) (#callee? @f \"m.a\"))",
          "const { a: b } = require('m'); b();\n", 1 },
        { "require() in place", LANGUAGE_JAVASCRIPT,
          "((call_expression function: (_) @f) (#callee? @f \"m.a\"))", "require('node:m').a();\n",
          1 },
        { "a named import", LANGUAGE_TYPESCRIPT,
          "((call_expression function: (_) @f) (#callee? @f \"m.a\"))",
          "import { a as b } from 'm'; b();\n", 1 },
        { "a star at the end fits anything", LANGUAGE_PYTHON,
          "((call function: (_) @f) (#callee? @f \"os.exec*\"))", "import os\nos.execv()\n", 1 },
        { "a constant is a literal", LANGUAGE_JAVASCRIPT,
          "((call_expression arguments: (arguments (_) @a)) (#not-literal? @a))",
          "const c = 'ls'; f(c);\n", 0 },
        { "a name with a second value is none", LANGUAGE_JAVASCRIPT,
          "((call_expression arguments: (arguments (_) @a)) (#not-literal? @a))",
          "let c = 'ls'; c = x; f(c);\n", 1 },
        { "a parameter is none", LANGUAGE_PYTHON,
          "((call arguments: (argument_list (_) @a)) (#not-literal? @a))",
          "c = 'ls'\ndef g(c): f(c)\n", 1 },
        { "a template without holes is a literal", LANGUAGE_JAVASCRIPT,
          "((call_expression arguments: (arguments (_) @a)) (#not-literal? @a))", "f(`ls`);\n", 0 },
        { "an f-string with holes is none", LANGUAGE_PYTHON,
          "((call arguments: (argument_list (_) @a)) (#not-literal? @a))", "f(f'{x}')\n", 1 },
        { "format macros of C stand for literals", LANGUAGE_C,
          "((call_expression arguments: (argument_list (_) @a)) (#not-literal? @a))",
          "void g(void) { f(\"%\" PRIu64 \"x\"); }\n", 0 },
};

static void test_names(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct rule rule = { .id = (char *) rows[i].why,
                                     .query = rows[i].query,
                                     .query_length = (uint32_t) strlen(rows[i].query) };
                unsigned n = matches_in(&rule, rows[i].language, rows[i].code);

                if (n != rows[i].want)
                        fail_msg("%s: %u matches, not %u", rows[i].why, n, rows[i].want);
                (void) matcher_free(rule.matchers[rows[i].language]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_documented), cmocka_unit_test(test_pack),
                cmocka_unit_test(test_examples),   cmocka_unit_test(test_broken),
                cmocka_unit_test(test_refused),    cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests_name("reviewer rules", tests, NULL, NULL);
}
