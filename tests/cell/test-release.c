/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The program that is installed has no switch: neither name nor argument nor environment weakens it
 *
 * linhay-cell-test, which is not installed, leaves layers out by its own file name. Here the real
 * linhay-cell gets the same names, and every other word that a person might try.
 */

#include "config.h"

#include "drive.h"

#include <spawn.h>
#include <sys/wait.h>

#include "base/io.h"
#include "cell/sandbox.h"

static const char *const layers[] = { "seccomp", "landlock", "landlock-abi", "userns", "netns",
                                      "mdwe",    "idmap",    "overlay",      "ahead",  "selftest" };

static const char *const hostile[][2] = {
        { "LINHAY_CELL_TEST", "1" },
        { "LINHAY_WITHOUT", "seccomp" },
        { "LINHAY_TEST_MASK", "ffffffff" },
        { "LINHAY_CELL", "/tmp/linhay-cell-without-seccomp" },
        { "LD_PRELOAD", "/nonexistent/preloaded.so" },
        { "LD_AUDIT", "/nonexistent/audit.so" },
        { "LD_LIBRARY_PATH", "/tmp" },
        { "GCONV_PATH", "/tmp" },
        { "GLIBC_TUNABLES", "glibc.malloc.check=3" },
        { "MALLOC_PERTURB_", "7" },
};

/* Each is stopped by one layer alone, which the battery shows by leaving that layer out. */
static void expect_confined(struct drive *d, const char *why)
{
        static const struct {
                const char *probe;
                enum verdict verdict;
                int error;
        } rows[] = {
                { "keyctl", VERDICT_SYSCALL, 0 },    /* seccomp */
                { "list_root", VERDICT_OK, EACCES }, /* Landlock */
                { "read_outside", VERDICT_OK, ENOENT },
                { "write_usr", VERDICT_OK, EROFS }, /* namespaces */
                { "mmap_wx", VERDICT_SYSCALL, 0 },
                { "environment", VERDICT_OK, 0 },
                { "identity", VERDICT_OK, 0 },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                for (int at_load = 0; at_load <= 1; at_load++) {
                        drive_run(d, &(struct drive_job){ .action = rows[i].probe,
                                                          .at_load = at_load });
                        if (rows[i].verdict == VERDICT_OK)
                                drive_expect_errno(d, why, rows[i].probe, rows[i].error);
                        else
                                drive_expect_verdict(d, why, rows[i].probe, rows[i].verdict);
                }
}

static json_t *states_of(const struct sandbox *s)
{
        json_t *rows = sandbox_describe(s), *states = json_object(), *row;
        size_t i;

        json_array_foreach (rows, i, row)
                json_object_set(states, json_string_value(json_object_get(row, "layer")),
                                json_object_get(row, "state"));
        json_decref(rows);
        return states;
}

/* The same layers are on, whatever the program is called. */
static void test_names(void **state)
{
        struct drive plain;
        json_t *wanted;

        (void) state;
        drive_init(&plain, false, NULL);
        wanted = states_of(plain.sandbox);
        drive_done(&plain);
        for (size_t i = 0; i < TEST_ROWS(layers); i++) {
                struct drive drive;
                char name[128];
                json_t *got;

                (void) snprintf(name, sizeof(name), "linhay-cell-without-%s", layers[i]);
                drive_init_as(&drive, "linhay-cell", name, NULL);
                got = states_of(drive.sandbox);
                if (!json_equal(got, wanted))
                        fail_msg("%s changes what confines", name);
                json_decref(got);
                expect_confined(&drive, name);
                drive_done(&drive);
        }
        json_decref(wanted);
}

static void expect_file(pid_t pid, const char *name, const char *want, size_t length)
{
        char path[64], text[256];
        FILE *f;
        size_t n;

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, name);
        f = fopen(path, "re");
        assert_non_null(f);
        n = fread(text, 1, sizeof(text), f);
        (void) fclose(f);
        assert_int_equal(n, length);
        assert_memory_equal(text, want, length);
}

/* The host's environment is not the zygote's, and the zygote's command line is fixed. */
static void test_environment(void **state)
{
        static const char command[] = "linhay-cell\0zygote";
        struct drive drive;

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(hostile); i++)
                assert_int_equal(setenv(hostile[i][0], hostile[i][1], 1), 0);
        drive_init(&drive, false, NULL);
        expect_file(drive.sandbox->pid, "environ", "", 0);
        expect_file(drive.sandbox->pid, "cmdline", command, sizeof(command));
        expect_confined(&drive, "with a hostile environment");
        drive_done(&drive);
        for (size_t i = 0; i < TEST_ROWS(hostile); i++)
                assert_int_equal(unsetenv(hostile[i][0]), 0);
}

static int exit_of(char *const argv[])
{
        extern char **environ;
        char path[4096];
        int status;
        pid_t pid;

        (void) snprintf(path, sizeof(path), "%s/linhay-cell", test_builddir());
        assert_int_equal(posix_spawn(&pid, path, NULL, NULL, argv, environ), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

/* There is one word, and nothing behind it. */
static void test_arguments(void **state)
{
        static const char *const words[] = {
                "0",
                "ffffffff",
                "--without-seccomp",
                "--mask=8",
                "--no-sandbox",
                "--allow-degraded=userns",
                "-without-landlock",
                "",
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(words); i++) {
                char *more[] = { (char *) "linhay-cell", (char *) "zygote", (char *) words[i],
                                 NULL };
                char *other[] = { (char *) "linhay-cell", (char *) words[i], NULL };

                assert_int_equal(exit_of(more), 2);
                assert_int_equal(exit_of(other), 2);
        }
        assert_int_equal(exit_of((char *[]){ (char *) "linhay-cell-without-seccomp", NULL }), 2);
}

/* Symbols, debug information and texts alike: what leaves layers out is not in the file. */
static void test_no_word(void **state)
{
        static const char *const words[] = {
                "-without-",        "layer_is_left_out", "features_left_out",
                "LINHAY_CELL_TEST", "/proc/self/exe",    "test_mask",
#ifndef LINHAY_SANITIZE /* its runtime reads its options there */
                "getenv",
#endif
        };
        _cleanup_(buf_done) struct buf program = { 0 }, test = { 0 };
        char path[4096];

        (void) state;
        (void) snprintf(path, sizeof(path), "%s/linhay-cell", test_builddir());
        assert_int_equal(file_read(path, &program, NULL), 0);
        (void) snprintf(path, sizeof(path), "%s/linhay-cell-test", test_builddir());
        assert_int_equal(file_read(path, &test, NULL), 0);
        for (size_t i = 0; i < TEST_ROWS(words); i++)
                if (memmem(program.data, program.length, words[i], strlen(words[i])))
                        fail_msg("linhay-cell has the word %s", words[i]);
        /* The look is not blind. */
        assert_non_null(memmem(test.data, test.length, words[0], strlen(words[0])));
        assert_non_null(memmem(test.data, test.length, words[1], strlen(words[1])));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_environment),
                cmocka_unit_test(test_arguments),
                cmocka_unit_test(test_no_word),
        };

        return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
