/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Results from before: taken where all is the same, and only there
 */
#include "bench.h"

#include "run/tree-hash.h"

#include <fcntl.h>
#include <sys/stat.h>

#define STEP(id, action, more) "{'id': '" id "', 'agent': 'tester', 'action': '" action "'" more "}"
#define FLOW(steps)            "{'name': 'test', 'inputs': {'properties': {'x': {}}}, 'steps': [" steps "]}"

static int setup(void **state)
{
        struct bench *b = calloc(1, sizeof(*b));

        bench_init(b);
        bench_open(b);
        *state = b;
        return 0;
}

static int teardown(void **state)
{
        bench_done(*state);
        free(*state);
        return 0;
}

/* The run that a step's result was taken from, or "". */
static const char *from(struct bench *b, const char *step)
{
        const json_t *taken = json_object_get(bench_row(b, step, -1), "taken");
        const char *run = json_string_value(json_object_get(taken, "run"));

        return run ? run : "";
}

#define ECHO FLOW(STEP("a", "echo", ", 'cache': true, 'inputs': {'value': '${inputs.x}'}"))

static void test_same_input(void **state)
{
        struct bench *b = *state;
        char first[RUN_ID_SIZE];

        assert_int_equal(bench_run(b, ECHO, "{'x': {'n': 1, 'm': 2}}"), RUN_EXIT_OK);
        assert_string_equal(from(b, "a"), "");
        memcpy(first, b->run, sizeof(first));
        assert_int_equal(bench_run(b, ECHO, "{'x': {'m': 2, 'n': 1}}"), RUN_EXIT_OK);
        assert_string_equal(from(b, "a"), first);
        assert_int_equal(bench_attempts(b, "a"), 0);
        bench_output(b, "a", "{\"m\":2,\"n\":1}");
        assert_non_null(strstr(bench_text(b, "a", "reason"), first));
        assert_int_equal(bench_run(b, ECHO, "{'x': 2}"), RUN_EXIT_OK);
        assert_string_equal(from(b, "a"), "");

        /* Who does not ask for it does not get it. */
        assert_int_equal(bench_run(b, FLOW(STEP("a", "echo", ", 'inputs': {'value': 2}")), NULL),
                         RUN_EXIT_OK);
        assert_string_equal(from(b, "a"), "");
}

#define READ FLOW(STEP("r", "read", ", 'cache': true, 'inputs': {'path': 'a.txt'}"))

static void test_same_tree(void **state)
{
        struct bench *b = *state;
        char first[RUN_ID_SIZE];

        assert_int_equal(bench_run(b, READ, NULL), RUN_EXIT_OK);
        memcpy(first, b->run, sizeof(first));
        assert_int_equal(bench_run(b, READ, NULL), RUN_EXIT_OK);
        assert_string_equal(from(b, "r"), first);

        /* Also of a file that it did not read: nobody can know what it looked at. */
        bench_write(b, "b.txt", "x");
        assert_int_equal(bench_run(b, READ, NULL), RUN_EXIT_OK);
        assert_string_equal(from(b, "r"), "");
        bench_write(b, "a.txt", "two\n");
        assert_int_equal(bench_run(b, READ, NULL), RUN_EXIT_OK);
        assert_string_equal(from(b, "r"), "");
        bench_output(b, "r", "\"two\\n\"");
}

static void test_findings_come_along(void **state)
{
        static const char flow[] =
                FLOW(STEP("f", "findings", ", 'cache': true, 'inputs': {'n': 3}"));
        struct bench *b = *state;

        assert_int_equal(bench_run(b, flow, NULL), RUN_EXIT_FINDINGS);
        assert_int_equal(bench_run(b, flow, NULL), RUN_EXIT_FINDINGS);
        assert_string_not_equal(from(b, "f"), "");
        assert_int_equal(json_array_size(json_object_get(bench_row(b, "f", -1), "findings")), 3);
}

static void test_failures_are_not_kept(void **state)
{
        static const char flow[] = FLOW(STEP("f", "fail", ", 'cache': true"));
        struct bench *b = *state;

        assert_int_equal(bench_run(b, flow, NULL), RUN_EXIT_FAILED);
        assert_int_equal(bench_run(b, flow, NULL), RUN_EXIT_FAILED);
        assert_string_equal(from(b, "f"), "");
        assert_int_equal(bench_attempts(b, "f"), 1);
}

/* A definition that nobody has checked cannot make the engine keep what changes a tree. */
static void test_changes_are_not_kept(void **state)
{
        static const char flow[] =
                FLOW(STEP("e", "edit-auto", ", 'cache': true, 'inputs': {'path': 'c.txt'}"));
        struct bench *b = *state;

        assert_int_equal(bench_run(b, flow, NULL), RUN_EXIT_OK);
        assert_int_equal(bench_run(b, flow, NULL), RUN_EXIT_OK);
        assert_int_equal(bench_run(b, flow, NULL), RUN_EXIT_OK); /* what found nothing to do */
        assert_string_equal(from(b, "e"), "");
}

/* The tree moves while the agent looks: what it gave is for neither tree. */
static void write_at_running(struct bench *b, const json_t *event)
{
        const char *s = json_string_value(json_object_get(event, "state"));

        if (json_object_get(event, "step") && strcmp(s, "running") == 0)
                bench_write(b, "late.txt", "x");
}

static void test_a_tree_that_moved(void **state)
{
        struct bench *b = *state;
        char path[4096];

        b->on_event = write_at_running;
        assert_int_equal(bench_run(b, READ, NULL), RUN_EXIT_OK);
        b->on_event = NULL;
        assert_int_equal(bench_run(b, READ, NULL), RUN_EXIT_OK);
        assert_string_equal(from(b, "r"), "");
        (void) snprintf(path, sizeof(path), "%s/late.txt", b->tree);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(bench_run(b, READ, NULL), RUN_EXIT_OK);
        assert_string_equal(from(b, "r"), "");
}

static void test_items(void **state)
{
        static const char flow[] = FLOW(STEP("e", "echo",
                                             ", 'cache': true, 'for_each': "
                                             "'${inputs.x}', 'inputs': {'value': "
                                             "'${item}'}"));
        struct bench *b = *state;

        assert_int_equal(bench_run(b, flow, "{'x': [1, 2]}"), RUN_EXIT_OK);
        assert_int_equal(bench_run(b, flow, "{'x': [2, 3]}"), RUN_EXIT_OK);
        bench_output(b, "e", "[2,3]");
        assert_true(json_is_object(json_object_get(bench_row(b, "e", 0), "taken")));
        assert_true(json_is_null(json_object_get(bench_row(b, "e", 1), "taken")));
}

static void hash_of(struct bench *b, uint64_t slice, char ret[SHA256_HEX])
{
        _cleanup_(closep) int fd = open(b->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(tree_hash_freep) struct tree_hash *h = NULL;
        int r;

        assert_int_equal(tree_hash_new(&h, fd), 0);
        while ((r = tree_hash_step(h, slice, ret)) == 1)
                ;
        assert_int_equal(r, 0);
}

static void test_hash_of_a_tree(void **state)
{
        char a[SHA256_HEX], c[SHA256_HEX], path[4096];
        struct bench *b = *state;

        hash_of(b, 1, a);
        hash_of(b, 1 << 30, c);
        assert_string_equal(a, c);

        /* Times do not count; names, modes, bytes, links and empty folders do. */
        bench_write(b, "a.txt", "one\n");
        hash_of(b, 100, c);
        assert_string_equal(a, c);
        (void) snprintf(path, sizeof(path), "%s/a.txt", b->tree);
        assert_int_equal(chmod(path, 0755), 0);
        hash_of(b, 100, c);
        assert_string_not_equal(a, c);
        memcpy(a, c, sizeof(a));
        (void) snprintf(path, sizeof(path), "%s/folder", b->tree);
        assert_int_equal(mkdir(path, 0755), 0);
        hash_of(b, 100, c);
        assert_string_not_equal(a, c);
        memcpy(a, c, sizeof(a));
        (void) snprintf(path, sizeof(path), "%s/folder/link", b->tree);
        assert_int_equal(symlink("/nowhere", path), 0);
        hash_of(b, 100, c);
        assert_string_not_equal(a, c);
        memcpy(a, c, sizeof(a));
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("/nowhere2", path), 0);
        hash_of(b, 100, c);
        assert_string_not_equal(a, c);
        (void) snprintf(path, sizeof(path), "%s/fifo", b->tree);
        assert_int_equal(mkfifo(path, 0600), 0);
        hash_of(b, 100, a);
        assert_string_not_equal(a, c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_same_input),
                TEST(test_same_tree),
                TEST(test_findings_come_along),
                TEST(test_failures_are_not_kept),
                TEST(test_changes_are_not_kept),
                TEST(test_a_tree_that_moved),
                TEST(test_items),
                TEST(test_hash_of_a_tree),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
