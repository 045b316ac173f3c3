/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The agent as a host sees it: inputs, outputs, findings, and trees that nobody wrote in good
 * faith.
 */

#include "test.h"

#include "fakehost.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGENT "plugins/code-reviewer/code-reviewer.so"

static char root[] = "/tmp/test-reviewer-XXXXXX";
static int root_fd = -1;

static void put_bytes(const char *path, const char *data, size_t length)
{
        int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        while (length > 0) {
                ssize_t n = write(fd, data, length);

                assert_true(n > 0);
                data += n;
                length -= (size_t) n;
        }
        (void) close(fd);
}

static void put(const char *path, const char *text)
{
        put_bytes(path, text, strlen(text));
}

static int set_up(void **state)
{
        (void) state;
        if (!mkdtemp(root))
                return -1;
        root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return root_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
        char command[128];

        (void) state;
        (void) snprintf(command, sizeof(command), "rm -rf '%s'", root);
        (void) close(root_fd);
        return system(command); /* a literal name of our own */
}

static void empty(void)
{
        char command[128];

        (void) snprintf(command, sizeof(command), "find '%s' -mindepth 1 -delete", root);
        assert_int_equal(system(command), 0);
}

static void run(struct fakehost *host, const char *action, const char *input)
{
        fakehost_init(host, action, input);
        host->workspace = root_fd;
        assert_int_equal(fakehost_run(host, fakehost_load(AGENT)), 0);
        assert_non_null(host->output);
}

static const json_t *finding(const struct fakehost *host, const char *rule)
{
        size_t i;
        json_t *item;

        json_array_foreach (host->findings, i, item)
                if (strcmp(json_string_value(json_object_get(item, "rule")), rule) == 0)
                        return item;
        return NULL;
}

static json_int_t number(const json_t *object, const char *key)
{
        return json_integer_value(json_object_get(object, key));
}

static const char *why_not_parsed(const struct fakehost *host, const char *path)
{
        size_t i;
        json_t *item;

        json_array_foreach (json_object_get(host->output, "not_looked_at"), i, item)
                if (strcmp(json_string_value(json_object_get(item, "path")), path) == 0)
                        return json_string_value(json_object_get(item, "reason"));
        return "parsed";
}

static bool has_tag(const json_t *finding, const char *wanted)
{
        json_t *tag;
        size_t i;

        json_array_foreach (json_object_get(finding, "tags"), i, tag)
                if (strcmp(json_string_value(tag), wanted) == 0)
                        return true;
        return false;
}

static void test_metrics(void **state)
{
        __attribute__((cleanup(fakehost_done))) struct fakehost host;
        const json_t *functions, *first;

        (void) state;
        empty();
        put("b.py", "def f(a):\n    if a:\n        return 1\n");
        put("a.c", "int g(void)\n{\n return 1;\n}\nint h(int a) { return a; }\n");
        put("c.txt", "not code\n");
        run(&host, "metrics", "{}");
        functions = json_object_get(host.output, "functions");
        assert_int_equal(json_array_size(functions), 3);
        first = json_array_get(functions, 0);
        assert_string_equal(json_string_value(json_object_get(first, "path")), "a.c");
        assert_string_equal(json_string_value(json_object_get(first, "name")), "g");
        assert_int_equal(number(first, "line"), 1);
        assert_int_equal(number(first, "end_line"), 4);
        assert_int_equal(number(first, "nloc"), 4);
        assert_int_equal(number(json_array_get(functions, 2), "cyclomatic"), 2);
        assert_int_equal(number(json_object_get(host.output, "totals"), "files"), 2);
}

static void test_metrics_of_one_path(void **state)
{
        __attribute__((cleanup(fakehost_done))) struct fakehost host;

        (void) state;
        empty();
        assert_int_equal(mkdirat(root_fd, "d", 0700), 0);
        put("d/a.c", "int f(void) { return 1; }\n");
        put("da.c", "int g(void) { return 1; }\n");
        run(&host, "metrics", "{\"paths\": [\"./d/\"]}");
        assert_int_equal(json_array_size(json_object_get(host.output, "functions")), 1);
}

static void test_review(void **state)
{
        __attribute__((cleanup(fakehost_done))) struct fakehost host;
        const json_t *f;

        (void) state;
        empty();
        put("a.c", "int main(void)\n{\n        char b[9];\n        gets(b);\n}\n");
        run(&host, "review", "{}");
        f = finding(&host, "security/c-gets");
        assert_non_null(f);
        assert_string_equal(json_string_value(json_object_get(f, "severity")), "critical");
        assert_string_equal(json_string_value(json_object_get(f, "excerpt")), "gets(b);");
        assert_int_equal(number(f, "line"), 4);
        assert_int_equal(number(f, "column"), 9);
        assert_int_equal(number(f, "end_column"), 16);
        assert_int_equal(number(json_object_get(host.output, "findings"), "critical"), 1);
        assert_int_equal(number(host.output, "files"), 1);
}

static void test_thresholds(void **state)
{
        __attribute__((cleanup(fakehost_done))) struct fakehost host, one, off;
        const json_t *f;

        (void) state;
        empty();
        put("a.js", "function f(a, b, c) { if (a) { if (b) { return c; } } }\n");
        run(&host, "review",
            "{\"max_cyclomatic\": 2, \"max_cognitive\": 2, \"max_nesting\": 1, \"max_parameters\": "
            "2}");
        f = finding(&host, "complexity/function");
        assert_non_null(f);
        assert_string_equal(json_string_value(json_object_get(f, "message")),
                            "f nests 2 levels deep (limit 1), has a cyclomatic complexity of 3 "
                            "(limit 2), a cognitive complexity of 3 (limit 2) and takes 3 "
                            "parameters (limit 2)");
        run(&one, "review",
            "{\"max_cyclomatic\": 2, \"max_parameters\": 2, \"rules_off\": "
            "[\"complexity/cyclomatic\"]}");
        f = finding(&one, "complexity/function");
        assert_string_equal(json_string_value(json_object_get(f, "message")),
                            "f takes 3 parameters (limit 2)");
        run(&off, "review", "{\"max_cyclomatic\": 2, \"rules_off\": [\"complexity/\"]}");
        assert_null(finding(&off, "complexity/function"));
}

/* Where a finding stands and what a comment says of it. */
static void test_judged(void **state)
{
        static const struct {
                const char *why, *path, *line;
                const char *severity, *tag; /* NULL = no such finding, no such tag */
                const char *other;          /* another rule that reports */
                int waived;
        } rows[] = {
                { "the program", "a.c", "gets(b);", "critical", NULL, NULL, 0 },
                { "a test", "test_a.c", "gets(b);", "medium", "context:test", NULL, 0 },
                { "vendored", "vendor/a.c", "gets(b);", "medium", "context:vendored", NULL, 0 },
                { "waived", "a.c", "gets(b); // linhay: ignore[security/c-gets] one byte",
                  "critical", "waiver:one byte", NULL, 1 },
                { "waived before", "a.c", "// linhay: ignore[security] one\n gets(b);", "critical",
                  "waived", NULL, 1 },
                { "no reason", "a.c", "gets(b); // linhay: ignore[security/c-gets]", "critical",
                  "waived", "security/waiver-without-reason", 1 },
                { "another rule", "a.c", "gets(b); // linhay: ignore[bugs] one", "critical", NULL,
                  NULL, 0 },
                { "another tool", "a.c", "gets(b); // NOLINT", NULL, NULL, NULL, 1 },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                __attribute__((cleanup(fakehost_done))) struct fakehost host;
                char code[256];
                const json_t *f;

                empty();
                (void) mkdirat(root_fd, "vendor", 0700);
                (void) snprintf(code, sizeof(code), "int main(void)\n{\n  char b[9];\n%s\n}\n",
                                rows[i].line);
                put(rows[i].path, code);
                run(&host, "review", "{}");
                f = finding(&host, "security/c-gets");
                if ((f != NULL) != (rows[i].severity != NULL) ||
                    (f && strcmp(json_string_value(json_object_get(f, "severity")),
                                 rows[i].severity) != 0))
                        fail_msg("%s", rows[i].why);
                if (rows[i].tag && !has_tag(f, rows[i].tag))
                        fail_msg("%s: no tag %s", rows[i].why, rows[i].tag);
                if (!rows[i].tag && f && has_tag(f, "waived"))
                        fail_msg("%s: waived", rows[i].why);
                if (rows[i].other && !finding(&host, rows[i].other))
                        fail_msg("%s: no %s", rows[i].why, rows[i].other);
                assert_int_equal(number(host.output, "waived"), rows[i].waived);
        }
}

static void test_left_out(void **state)
{
        __attribute__((cleanup(fakehost_done))) struct fakehost host;
        static const char latin[] = "int f(void) { return '\xe9'; } /* \xfc */\n";
        char minified[20000];

        (void) state;
        empty();
        memset(minified, ';', sizeof(minified));
        put_bytes("min.js", minified, sizeof(minified));
        put_bytes("binary.c", "a\0b", 3);
        put("gen.go", "// Code generated by x. DO NOT EDIT.\npackage p\n");
        put_bytes("latin.c", latin, sizeof(latin) - 1);
        put("broken.py", "def f(:\n    if\n");
        assert_int_equal(mkfifoat(root_fd, "pipe.c", 0600), 0);
        assert_int_equal(symlinkat("latin.c", root_fd, "link.c"), 0);
        run(&host, "review", "{\"max_file_bytes\": 30000}");
        assert_string_equal(why_not_parsed(&host, "min.js"), "minified");
        assert_string_equal(why_not_parsed(&host, "binary.c"), "binary");
        assert_string_equal(why_not_parsed(&host, "gen.go"), "generated");
        assert_string_equal(why_not_parsed(&host, "pipe.c"), "special");
        assert_string_equal(why_not_parsed(&host, "latin.c"), "parsed");
        assert_int_equal(json_array_size(json_object_get(host.output, "partly_parsed")), 1);
        assert_int_equal(number(host.output, "files"), 2);
}

static void test_hostile_names(void **state)
{
        __attribute__((cleanup(fakehost_done))) struct fakehost host, metrics;

        (void) state;
        empty();
        put("\x1b[31m\xff.c", "int f(void) { return gets(b); }\n");
        run(&host, "review", "{}");
        assert_non_null(finding(&host, "security/c-gets"));
        run(&metrics, "metrics", "{}");
        assert_int_equal(json_array_size(json_object_get(metrics.output, "functions")), 1);
}

/* A wide fault: the library itself would free such a tree at a wrong address. */
static void test_wide_fault(void **state)
{
        __attribute__((cleanup(fakehost_done))) struct fakehost host;
        char *text = malloc(300000);

        (void) state;
        assert_non_null(text);
        empty();
        memset(text, '(', 300000);
        put_bytes("a.c", text, 300000);
        free(text);
        put("b.c", "int f(char *b) { return gets(b); }\n");
        run(&host, "review", "{\"generated\": true}");
        assert_non_null(finding(&host, "security/c-gets"));
}

static void test_many_findings(void **state)
{
        __attribute__((cleanup(fakehost_done))) struct fakehost host;
        size_t n = 0;
        char *text = malloc(100000);

        (void) state;
        assert_non_null(text);
        empty();
        for (int i = 0; i < 4000; i++)
                n += (size_t) sprintf(text + n, "int f%d = gets(b);\n", i);
        put_bytes("a.c", text, n);
        free(text);
        run(&host, "review", "{}");
        assert_int_equal(json_array_size(host.findings), 2000);
        assert_int_equal(json_array_size(json_object_get(host.output, "partly_parsed")), 1);
}

static void test_full_host(void **state)
{
        __attribute__((cleanup(fakehost_done))) struct fakehost host;

        (void) state;
        empty();
        put("a.c", "int f(char *b) { gets(b); gets(b); gets(b); }\n");
        fakehost_init(&host, "review", "{}");
        host.workspace = root_fd;
        host.finding_limit = 1;
        assert_int_equal(fakehost_run(&host, fakehost_load(AGENT)), 0);
        assert_int_equal(json_array_size(host.findings), 1);
        assert_non_null(strstr(buf_text(&host.logs), "limit of findings"));
}

static void test_cancelled(void **state)
{
        __attribute__((cleanup(fakehost_done))) struct fakehost host;

        (void) state;
        empty();
        put("a.c", "int f(void) { return 1; }\n");
        fakehost_init(&host, "metrics", "{}");
        host.workspace = root_fd;
        host.cancelled = true;
        assert_int_not_equal(fakehost_run(&host, fakehost_load(AGENT)), 0);
        assert_string_equal(host.fail_code, "cancelled");
}

static void test_empty_tree(void **state)
{
        __attribute__((cleanup(fakehost_done))) struct fakehost host;

        (void) state;
        empty();
        run(&host, "metrics", "{}");
        assert_int_equal(json_array_size(json_object_get(host.output, "functions")), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_metrics),       cmocka_unit_test(test_metrics_of_one_path),
                cmocka_unit_test(test_review),        cmocka_unit_test(test_thresholds),
                cmocka_unit_test(test_judged),        cmocka_unit_test(test_left_out),
                cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_wide_fault),
                cmocka_unit_test(test_many_findings), cmocka_unit_test(test_full_host),
                cmocka_unit_test(test_cancelled),     cmocka_unit_test(test_empty_tree),
        };

        return cmocka_run_group_tests_name("reviewer agent", tests, set_up, tear_down);
}
