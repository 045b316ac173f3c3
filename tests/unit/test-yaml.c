/* SPDX-License-Identifier: Apache-2.0 */

/* plugins/lib/yaml: what a tree says of a text. */
#include "../test.h"

#include "yaml/yaml.h"

#include <stdio.h>

static struct yaml_tree parse(const char *text)
{
        struct yaml_tree tree;

        assert_int_equal(yaml_parse(&tree, text, strlen(text)), 0);
        return tree;
}

static void test_paths(void **state)
{
        static const struct {
                const char *why, *text, *path, *want;
        } rows[] = {
                { "a key", "a: 1\n", "a", "1" },
                { "a path through mappings and sequences", "a: {b: [x, {c: y}]}", "a.b.1.c", "y" },
                { "no such key", "a: 1\n", "b", NULL },
                { "an index past the end", "a: [1]\n", "a.1", NULL },
                { "an index of a mapping is a key", "a: {0: z}\n", "a.0", "z" },
                { "a key of a scalar", "a: 1\n", "a.b", NULL },
                { "an alias", "a: &x {k: 1}\nb: *x\n", "b.k", "1" },
                { "a merge", "a: &x {k: 1}\nb: {<<: *x}\n", "b.k", "1" },
                { "its own key wins over a merge", "a: &x {k: 1}\nb: {<<: *x, k: 2}", "b.k", "2" },
                { "the first of several merges wins",
                  "a: &x {k: 1}\nb: &y {k: 2}\nc: {<<: [*y, *x]}", "c.k", "2" },
                { "a merge of a merge", "a: &x {k: 1}\nb: &y {<<: *x}\nc: {<<: *y}", "c.k", "1" },
                { "the later of two equal keys", "a: 1\na: 2\n", "a", "2" },
                { "an alias within its own anchor is empty", "a: &x [1, *x]\n", "a.1", "" },
                { "a block text", "a: |\n  x\n  y\n", "a", "x\ny\n" },
                { "a folded text", "a: >-\n  x\n  y\n", "a", "x y" },
                { "a quoted text", "a: \"x\\ty\"\n", "a", "x\ty" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct yaml_tree tree = parse(rows[i].text);
                const char *got;

                assert_null(tree.error);
                assert_int_equal(tree.n_documents, 1);
                got = yaml_text(yaml_at(tree.documents[0], rows[i].path));
                if (!got != !rows[i].want || (got && strcmp(got, rows[i].want) != 0))
                        fail_msg("%s: got %s", rows[i].why, got ? got : "nothing");
                yaml_done(&tree);
        }
}

static void test_places(void **state)
{
        struct yaml_tree tree = parse("\xef\xbb\xbf"
                                      "é: [ü, x]\nb:\n  - c: d\n");
        const struct yaml_node *x, *d;

        (void) state;
        x = yaml_at(tree.documents[0], "é.1");
        assert_string_equal(yaml_text(x), "x");
        assert_int_equal(x->start, 3 + strlen("é: [ü, "));
        assert_int_equal(x->end, x->start + 1);
        d = yaml_at(tree.documents[0], "b.0.c");
        assert_int_equal(d->line, 3);
        assert_int_equal(d->column, 8);
        assert_int_equal(d->start, 3 + strlen("é: [ü, x]\nb:\n  - c: "));
        assert_int_equal(yaml_key(tree.documents[0], "b")->line, 2);
        assert_ptr_equal(d->parent->parent->parent, tree.documents[0]);
        yaml_done(&tree);
}

static void test_streams(void **state)
{
        struct yaml_tree tree = parse("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n");

        (void) state;
        assert_int_equal(tree.n_documents, 2);
        assert_string_equal(yaml_get_text(tree.documents[1], "b"), "2");
        yaml_done(&tree);
}

static void test_faults(void **state)
{
        static const struct {
                const char *why, *text;
                uint32_t line;
                size_t documents;
        } rows[] = {
                { "a bracket that is not closed", "a: [1,\n", 2, 0 },
                { "the document before the fault is kept", "a: 1\n---\nb: }\n", 3, 1 },
                { "an alias without an anchor", "a: 1\nb: *x\n", 2, 1 },
                { "bytes that are not UTF-8", "a: \xff\n", 1, 0 },
                { "a template", "a: 1\n{{ if .x }}\nb: 2\n", 3, 0 },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct yaml_tree tree = parse(rows[i].text);

                if (!tree.error || tree.error_line != rows[i].line ||
                    tree.n_documents != rows[i].documents)
                        fail_msg("%s: %s in line %u, %zu documents", rows[i].why,
                                 tree.error ? tree.error : "no fault", tree.error_line,
                                 tree.n_documents);
                yaml_done(&tree);
        }
}

static int count_visit(void *owner, const struct yaml_node *key, const struct yaml_node *value)
{
        (void) key;
        (void) value;
        ++*(unsigned *) owner;
        return 0;
}

static void test_limits(void **state)
{
        unsigned visits = 0;
        struct yaml_tree tree;
        char text[4096];
        size_t n = 0;

        (void) state;
        memset(text, '[', 200);
        text[200] = '\0';
        tree = parse(text);
        assert_string_equal(tree.error, "it is nested too deeply");
        yaml_done(&tree);

        n = (size_t) snprintf(text, sizeof(text), "a0: &a0 {k: 1}\n");
        for (unsigned i = 1; i < 30; i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n,
                                       "a%u: &a%u {<<: [*a%u, *a%u, *a%u]}\n", i, i, i - 1, i - 1,
                                       i - 1);
        tree = parse(text);
        assert_null(tree.error);
        assert_null(yaml_at(tree.documents[0], "a29.none"));
        assert_int_equal(yaml_each(yaml_get(tree.documents[0], "a11"), count_visit, &visits), 0);
        assert_true(visits <= YAML_MERGES_MAX);
        yaml_done(&tree);
}

static void test_duplicates(void **state)
{
        char text[2048] = "";
        struct yaml_tree tree = parse("a: {x: 1, y: 2, x: 3}\n");

        (void) state;
        assert_int_equal(tree.n_duplicates, 1);
        assert_int_equal(tree.duplicates[0].first, 0);
        assert_int_equal(tree.duplicates[0].second, 2);
        yaml_done(&tree);

        for (unsigned i = 0; i < 40; i++)
                (void) snprintf(text + strlen(text), sizeof(text) - strlen(text), "k%u: %u\n",
                                i == 39 ? 7 : i, i);
        tree = parse(text);
        assert_int_equal(tree.n_duplicates, 1);
        assert_int_equal(tree.duplicates[0].first, 7);
        assert_string_equal(yaml_get_text(tree.documents[0], "k7"), "39");
        assert_string_equal(yaml_get_text(tree.documents[0], "k38"), "38");
        assert_null(yaml_get(tree.documents[0], "k39"));
        yaml_done(&tree);
}

static int count_pair(void *owner, const struct yaml_node *key, const struct yaml_node *value)
{
        (void) key;
        *(unsigned *) owner = *(unsigned *) owner * 10 + (unsigned) atoi(value->value);
        return 0;
}

static void test_each(void **state)
{
        struct yaml_tree tree = parse("a: &x {k: 1, m: 2}\nb: {<<: *x, k: 3, n: 4}\n");
        unsigned sum = 0;

        (void) state;
        assert_int_equal(yaml_each(yaml_get(tree.documents[0], "b"), count_pair, &sum), 0);
        assert_int_equal(sum, 342);
        yaml_done(&tree);
}

static void test_kinds(void **state)
{
        struct yaml_tree tree =
                parse("a: yes\nb: 'yes'\nc: 12\nd: ~\ne:\nf: -3\ng: 1x\nh: !Ref z\n");
        const struct yaml_node *root = tree.documents[0];
        int64_t number = 0;

        (void) state;
        assert_true(yaml_is_true(yaml_get(root, "a")));
        assert_false(yaml_is_true(yaml_get(root, "b")));
        assert_true(yaml_integer(yaml_get(root, "c"), &number));
        assert_int_equal(number, 12);
        assert_true(yaml_is_null(yaml_get(root, "d")));
        assert_true(yaml_is_null(yaml_get(root, "e")));
        assert_true(yaml_integer(yaml_get(root, "f"), &number));
        assert_int_equal(number, -3);
        assert_false(yaml_integer(yaml_get(root, "g"), &number));
        assert_string_equal(yaml_get(root, "h")->tag, "!Ref");
        assert_null(yaml_get(NULL, "a"));
        assert_true(yaml_is_null(NULL));
        yaml_done(&tree);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_paths),   cmocka_unit_test(test_places),
                cmocka_unit_test(test_streams), cmocka_unit_test(test_faults),
                cmocka_unit_test(test_limits),  cmocka_unit_test(test_duplicates),
                cmocka_unit_test(test_each),    cmocka_unit_test(test_kinds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
