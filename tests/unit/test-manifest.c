/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/json.h"
#include "plug/catalog.h"
#include "plug/elf.h"
#include "plug/manifest.h"

#include <fcntl.h>
#include <sys/stat.h>

/* A whole manifest whose parts a row may replace. */
#define ACTION                                                                                     \
        "{'summary':'Check','risk':'auto','workspace':'ro','idempotent':true,"                     \
        "'input':{'type':'object','properties':{'n':{'type':'integer'}}},"                         \
        "'output':{'type':'object'},'examples':[{'summary':'one','input':{'n':1}}]}"
#define HEAD "'name':'checker','version':'1.0.0','summary':'Checks','licence':'MIT','sdk':1"

static int parse(struct manifest **ret, const char *single_quoted, struct err *err)
{
        _cleanup_(freep) char *text = strdup(single_quoted);

        for (char *p = text; *p; p++)
                if (*p == '\'')
                        *p = '"';
        return manifest_parse(ret, text, strlen(text), "x.so", err);
}

static void test_good(void **state)
{
        (void) state;
        _cleanup_(manifest_freep) struct manifest *m = NULL;
        const struct manifest_action *a;
        struct err err = { 0 };

        if (parse(&m,
                  "{" HEAD ",'actions':{'check':" ACTION ",'plain':{'summary':'s','input':{},"
                  "'output':true}},'needs':{'syscalls':['threads'],'secrets':['TOKEN']},"
                  "'limits':{'memory':'1GiB','wall':'90s'}}",
                  &err) < 0)
                fail_msg("%s", err.text);
        assert_string_equal(m->name, "checker");
        assert_int_equal(m->n_actions, 2);
        assert_int_equal(m->limits.value[LIMIT_MEMORY], 1ULL << 30);
        assert_int_equal(m->limits.value[LIMIT_WALL], 90000);
        assert_int_equal(m->limits.value[LIMIT_FILES], limit_table[LIMIT_FILES].standard);
        assert_string_equal(m->syscall_groups[0], "threads");
        assert_null(m->syscall_groups[1]);
        assert_string_equal(m->secrets[0], "TOKEN");

        a = manifest_find(m, "check");
        assert_non_null(a);
        assert_int_equal(a->risk, RISK_AUTO);
        assert_int_equal(a->workspace, WORKSPACE_RO);
        assert_true(a->is_idempotent);
        assert_non_null(a->input_schema);
        assert_int_equal(json_array_size(a->examples), 1);

        a = manifest_find(m, "plain"); /* what is not said is the careful choice */
        assert_int_equal(a->risk, RISK_APPROVAL);
        assert_int_equal(a->workspace, WORKSPACE_NONE);
        assert_false(a->is_idempotent);
        assert_null(a->examples);
        assert_null(manifest_find(m, "chec"));
}

static const struct {
        const char *why, *text;
        int want;
        const char *says[3];
} bad[] = {
        { "not JSON", "{", -EBADMSG, { "x.so:1:" } },
        { "a key twice", "{'a':1,'a':2}", -EBADMSG, { "x.so:1:" } },
        { "not an object", "[]", -EINVAL, { "/: must be an object" } },
        { "nothing in it",
          "{}",
          -EINVAL,
          { "/name: is missing", "/sdk: is missing", "/actions: is missing" } },
        { "a mistyped key",
          "{" HEAD ",'actoins':{},'actions':{'check':" ACTION "}}",
          -EINVAL,
          { "/actoins: there is no such key (did you mean \"actions\"?)" } },
        { "an upper-case name",
          "{'name':'Checker','version':'1','summary':'s','licence':'MIT','sdk':1,"
          "'actions':{'check':" ACTION "}}",
          -EINVAL,
          { "/name: a name is" } },
        { "another SDK",
          "{'name':'c','version':'1','summary':'s','licence':'MIT','sdk':2,"
          "'actions':{'check':" ACTION "}}",
          -EINVAL,
          { "/sdk: is 2" } },
        { "control characters in the summary",
          "{'name':'c','version':'1','summary':'a\\u001b[2J','licence':'MIT','sdk':1,"
          "'actions':{'check':" ACTION "}}",
          -EINVAL,
          { "/summary: must be one line" } },
        { "NUL in a text",
          "{'name':'c\\u0000d','version':'1','summary':'a','licence':'MIT','sdk':1,"
          "'actions':{'check':" ACTION "}}",
          -EINVAL,
          { "/name: must be a string" } },
        { "no actions", "{" HEAD ",'actions':{}}", -EINVAL, { "/actions: must name 1 to" } },
        { "a bad action name",
          "{" HEAD ",'actions':{'a/b':" ACTION "}}",
          -EINVAL,
          { "/actions/a~1b: a name is" } },
        { "an unknown risk",
          "{" HEAD ",'actions':{'check':{'summary':'s','risk':'none','input':{},'output':{}}}}",
          -EINVAL,
          { "/actions/check/risk: must be" } },
        { "an unknown workspace",
          "{" HEAD ",'actions':{'check':{'summary':'s','workspace':'rw','input':{},'output':{}}}}",
          -EINVAL,
          { "/actions/check/workspace: must be" } },
        { "a broken input schema",
          "{" HEAD
          ",'actions':{'check':{'summary':'s','input':{'properties':{'n':{'minimum':'x'}}},"
          "'output':{}}}}",
          -EINVAL,
          { "/actions/check/input/properties/n/minimum: " } },
        { "a reference to another document",
          "{" HEAD ",'actions':{'check':{'summary':'s','input':{},"
          "'output':{'$ref':'https://example.org/x'}}}}",
          -EINVAL,
          { "/actions/check/output" } },
        { "an example that does not fit",
          "{" HEAD ",'actions':{'check':{'summary':'s','input':{'required':['n']},'output':{},"
          "'examples':[{'summary':'e','input':{}}]}}}",
          -EINVAL,
          { "/actions/check/examples/0: " } },
        { "hosts, before there is a broker",
          "{" HEAD ",'actions':{'check':" ACTION "},'needs':{'hosts':['a.example:443']}}",
          -EINVAL,
          { "/needs/hosts: agents cannot reach the network yet" } },
        { "an unknown need",
          "{" HEAD ",'actions':{'check':" ACTION "},'needs':{'host':[]}}",
          -EINVAL,
          { "/needs/host: there is no such key (did you mean \"hosts\"?)" } },
        { "a group that is no name",
          "{" HEAD ",'actions':{'check':" ACTION "},'needs':{'syscalls':[1]}}",
          -EINVAL,
          { "/needs/syscalls/0: must be a name" } },
        { "an unknown limit",
          "{" HEAD ",'actions':{'check':" ACTION "},'limits':{'ram':'1G'}}",
          -EINVAL,
          { "/limits/ram" } },
        { "all faults at once",
          "{" HEAD ",'actions':{'check':" ACTION "},'limits':{'memory':0},'needs':{'x':1},'y':2}",
          -EINVAL,
          { "3 faults", "/y: there is", "/needs/x: there is" } },
};

static void test_bad(void **state)
{
        (void) state;

        for (size_t i = 0; i < TEST_ROWS(bad); i++) {
                struct manifest *m = NULL;
                struct err err = { 0 };
                int r = parse(&m, bad[i].text, &err);

                if (r != bad[i].want)
                        fail_msg("%s: got %d (%s)", bad[i].why, r, err.text);
                for (size_t j = 0; j < 3 && bad[i].says[j]; j++)
                        if (!strstr(err.text, bad[i].says[j]))
                                fail_msg("%s: \"%s\" says nothing of \"%s\"", bad[i].why, err.text,
                                         bad[i].says[j]);
        }
}

static void test_too_large(void **state)
{
        (void) state;
        _cleanup_(freep) char *text = calloc(1, MANIFEST_BYTES_MAX + 2);
        struct manifest *m = NULL;

        memset(text, ' ', MANIFEST_BYTES_MAX + 1);
        assert_int_equal(manifest_parse(&m, text, MANIFEST_BYTES_MAX + 1, "x.so", NULL), -EINVAL);
}

/* --- catalog ------------------------------------------------------------------------------- */

static int inspect(void *user, int fd, char **ret, size_t *ret_length, struct err *err)
{
        struct elf_source source;
        int r = elf_source_fd(&source, fd, err);

        (void) user;
        return r < 0 ? r
                     : elf_section_read(&source, MANIFEST_SECTION, MANIFEST_BYTES_MAX, ret,
                                        ret_length, err);
}

static void copy_file(const char *from, const char *to)
{
        _cleanup_(buf_done) struct buf b = { 0 };

        assert_int_equal(file_read(from, &b, NULL), 0);
        assert_int_equal(file_replace(to, b.data, b.length, 0644, NULL), 0);
}

static void test_catalog(void **state)
{
        (void) state;
        char dir[] = "/tmp/linhay-test-XXXXXX", path[256], tiny[4096];
        _cleanup_(catalog_freep) struct catalog *c = NULL;
        _cleanup_(json_decrefp) json_t *list = NULL;
        const struct agent *a = NULL, *again = NULL;
        struct err err = { 0 };

        assert_non_null(mkdtemp(dir));
        (void) snprintf(tiny, sizeof(tiny), "%s/tests/unit/tiny/tiny.so", test_builddir());
        (void) snprintf(path, sizeof(path), "%s/tiny", dir);
        assert_int_equal(mkdir(path, 0700), 0);
        (void) snprintf(path, sizeof(path), "%s/tiny/tiny.so", dir);
        copy_file(tiny, path);
        (void) snprintf(path, sizeof(path), "%s/junk.so", dir);
        assert_int_equal(file_replace(path, "junk", 4, 0644, NULL), 0);
        (void) snprintf(path, sizeof(path), "%s/other.so", dir);
        copy_file(tiny, path);

        assert_int_equal(setenv("LINHAY_AGENT_PATH", dir, 1), 0);
        assert_int_equal(setenv("XDG_DATA_HOME", "/nonexistent", 1), 0);
        assert_int_equal(catalog_new(&c, inspect, NULL), 0);
        if (catalog_find(c, "tiny", &a, &err) < 0)
                fail_msg("%s", err.text);
        assert_string_equal(a->manifest->name, "tiny");
        assert_true(sha256_is_hex(a->sha256));
        assert_int_equal(write(a->fd, "x", 1), -1); /* sealed */
        assert_int_equal(catalog_find(c, "tiny", &again, &err), 0);
        assert_ptr_equal(a, again);

        assert_int_equal(catalog_find(c, "tinny", &again, &err), -ENOENT);
        assert_non_null(strstr(err.text, "did you mean \"tiny\"?"));
        assert_int_equal(catalog_find(c, "junk", &again, &err), -ENOEXEC);
        assert_non_null(strstr(err.text, "not an agent"));
        assert_int_equal(catalog_find(c, "other", &again, &err), -EINVAL);
        assert_int_equal(catalog_find(c, path, &again, &err), 0); /* a file may have any name */
        assert_int_equal(catalog_find(c, dir, &again, &err), -EINVAL);

        list = catalog_list(c);
        assert_int_equal(json_array_size(list), 3);
        assert_non_null(json_object_get(json_array_get(list, 0), "error"));
        assert_string_equal(json_string_value(json_pointer_get(list, "/2/name")), "tiny");
        assert_string_equal(json_string_value(json_pointer_get(list, "/2/actions/0/name")), "rest");

        (void) unlink(path);
        (void) snprintf(path, sizeof(path), "%s/junk.so", dir);
        (void) unlink(path);
        (void) snprintf(path, sizeof(path), "%s/tiny/tiny.so", dir);
        (void) unlink(path);
        *strrchr(path, '/') = '\0';
        (void) rmdir(path);
        assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good),
                cmocka_unit_test(test_bad),
                cmocka_unit_test(test_too_large),
                cmocka_unit_test(test_catalog),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
