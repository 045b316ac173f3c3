/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "base/io.h"
#include "plug/manifest.h"
#include "plug/scaffold.h"

static char template_dir[4096];

static void test_new(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf text = { 0 };
        _cleanup_(manifest_freep) struct manifest *m = NULL;
        char path[512];
        struct err err = { 0 };
        struct tree t;

        tree_make(&t);
        if (scaffold_new(t.path, "my-agent", NULL, template_dir, "/sdk", &err) < 0)
                fail_msg("%s", err.text);
        (void) snprintf(path, sizeof(path), "%s/my-agent/agent.json", t.path);
        assert_int_equal(file_read(path, &text, NULL), 0);
        if (manifest_parse(&m, text.data, text.length, path, &err) < 0)
                fail_msg("%s", err.text);
        assert_string_equal(m->name, "my-agent");

        buf_done(&text);
        (void) snprintf(path, sizeof(path), "%s/my-agent/Makefile", t.path);
        assert_int_equal(file_read(path, &text, NULL), 0);
        assert_non_null(strstr(text.data, "-I/sdk"));
        assert_null(strstr(text.data, "@NAME@"));
        (void) snprintf(path, sizeof(path), "%s/my-agent/my-agent.c", t.path);
        assert_int_equal(access(path, R_OK), 0);
        (void) snprintf(path, sizeof(path), "%s/my-agent/.gitignore", t.path);
        assert_int_equal(access(path, R_OK), 0);

        assert_int_equal(scaffold_new(t.path, "my-agent", NULL, template_dir, "/sdk", &err),
                         -EEXIST);
        tree_remove(&t);
}

/* An exec agent's manifest names what runs it, and that file is there. */
static void test_exec(void **state)
{
        (void) state;
        static const char *const kinds[] = { "python", "shell" };
        struct tree t;

        tree_make(&t);
        for (size_t i = 0; i < TEST_ROWS(kinds); i++) {
                _cleanup_(buf_done) struct buf text = { 0 };
                _cleanup_(manifest_freep) struct manifest *m = NULL;
                char path[512];
                struct err err = { 0 };

                if (scaffold_new(t.path, kinds[i], kinds[i], template_dir, "/sdk", &err) < 0)
                        fail_msg("%s", err.text);
                (void) snprintf(path, sizeof(path), "%s/%s/agent.json", t.path, kinds[i]);
                assert_int_equal(file_read(path, &text, NULL), 0);
                if (manifest_parse(&m, text.data, text.length, path, &err) < 0)
                        fail_msg("%s", err.text);
                assert_non_null(m->exec.interpreter);
                (void) snprintf(path, sizeof(path), "%s/%s/%s", t.path, kinds[i], m->exec.program);
                assert_int_equal(access(path, R_OK), 0);
        }
        assert_int_equal(scaffold_new(t.path, "a", "cobol", template_dir, "/sdk", NULL), -EINVAL);
        tree_remove(&t);
}

static void test_refused(void **state)
{
        (void) state;
        static const char *const names[] = { "", "A", "1a", "a b", "a/b", "../a", "a_b", "-a" };
        _cleanup_(freep) char *text = NULL;
        struct err err = { 0 };
        struct tree t;

        tree_make(&t);
        for (size_t i = 0; i < TEST_ROWS(names); i++)
                if (scaffold_new(t.path, names[i], NULL, template_dir, "/sdk", &err) != -EINVAL)
                        fail_msg("\"%s\" was taken for a name", names[i]);
        assert_int_equal(scaffold_new(t.path, "a", NULL, "/nonexistent", "/sdk", &err), -ENOENT);
        assert_non_null(strstr(err.text, "the template of agents is not whole"));
        text = tree_text(t.fd); /* nothing half-made stays */
        assert_string_equal(text, "");
        tree_remove(&t);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_new),
                cmocka_unit_test(test_exec),
                cmocka_unit_test(test_refused),
        };

        (void) snprintf(template_dir, sizeof(template_dir), "%s/sdk/template", test_srcdir());
        return cmocka_run_group_tests(tests, NULL, NULL);
}
