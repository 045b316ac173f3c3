/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include "store/place.h"

#include <sys/stat.h>

#define RUN_A "0abcdefghjkmnpqrstv0"
#define RUN_B "0abcdefghjkmnpqrstv1"

struct fixture {
        char *folder;
        char *tree; /* the current folder */
        char *back;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        f->back = getcwd(NULL, 0);
        f->folder = helper_folder();
        f->tree = helper_path(f->folder, "tree");
        assert_int_equal(mkdir(f->tree, 0700), 0);
        assert_int_equal(chdir(f->tree), 0);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        assert_int_equal(chdir(f->back), 0);
        helper_remove(f->folder);
        free(f->tree);
        free(f->back);
        free(f);
        return 0;
}

static void test_id(void **state)
{
        char id[RUN_ID_SIZE], later[RUN_ID_SIZE];
        static const struct {
                const char *why;
                const char *id;
                bool valid;
        } rows[] = {
                { "an id", RUN_A, true },
                { "too short", "0abc", false },
                { "too long", RUN_A "0", false },
                { "a letter that Crockford leaves out", "0abcdefghjkmnpqrstvu", false },
                { "upper case is for people", "0ABCDEFGHJKMNPQRSTV0", false },
                { "nothing", "", false },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                if (id_is_valid(rows[i].id) != rows[i].valid)
                        fail_msg("%s", rows[i].why);
        for (uint64_t ms = 1; ms < UINT64_C(1) << 47; ms *= 3) {
                assert_int_equal(id_new(id, ms), 0);
                assert_int_equal(id_new(later, ms + 1), 0);
                assert_true(id_is_valid(id));
                assert_true(strcmp(id, later) < 0);
                assert_true(id_time_ms(id) == ms);
        }
        assert_int_equal(id_new(later, 5), 0);
        assert_int_equal(id_new(id, 5), 0);
        assert_string_not_equal(id, later);
}

static void test_ref(void **state)
{
        static const struct {
                const char *why;
                const char *text;
                int code;
                const char *run, *step;
                int item;
        } rows[] = {
                { "a run", RUN_A, 0, RUN_A, "", -1 },
                { "the beginning of one", "0abc", 0, "0abc", "", -1 },
                { "as people write it", "OABCil", 0, "0abc11", "", -1 },
                { "a step", "0abc/check", 0, "0abc", "check", -1 },
                { "an item", "0abc/check/12", 0, "0abc", "check", 12 },
                { "too short to mean one", "0ab", -EINVAL, NULL, NULL, 0 },
                { "nothing", "", -EINVAL, NULL, NULL, 0 },
                { "too long", RUN_A "0", -EINVAL, NULL, NULL, 0 },
                { "no digit of ours", "0abu", -EINVAL, NULL, NULL, 0 },
                { "a path", "../../x", -EINVAL, NULL, NULL, 0 },
                { "no step behind the slash", "0abc/", -EINVAL, NULL, NULL, 0 },
                { "no id of a step", "0abc/Check", -EINVAL, NULL, NULL, 0 },
                { "no number", "0abc/check/x", -EINVAL, NULL, NULL, 0 },
                { "no item behind the slash", "0abc/check/", -EINVAL, NULL, NULL, 0 },
                { "an item beyond reason", "0abc/check/99999999999", -EINVAL, NULL, NULL, 0 },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct id_ref ref = { 0 };
                struct err err = { 0 };

                if (id_ref_parse(&ref, rows[i].text, &err) != rows[i].code)
                        fail_msg("%s: %s", rows[i].why, err.text);
                if (rows[i].code < 0)
                        continue;
                assert_string_equal(ref.run, rows[i].run);
                assert_string_equal(ref.step, rows[i].step);
                assert_int_equal(ref.item, rows[i].item);
        }
}

/* %s is the test's folder; the tree is %s/tree, and the current folder. */
static void test_store_place(void **state)
{
        struct fixture *f = *state;
        static const struct {
                const char *why;
                const char *option;
                const char *variable;
                int code;
                const char *want; /* below the folder */
        } rows[] = {
                { "an option counts most", "%s/there", "%s/env", 0, "there" },
                { "then the variable", NULL, "%s/env", 0, "env" },
                { "relative, and not there yet", "../a/b", NULL, 0, "a/b" },
                { "a link is resolved", "%s/link/x", NULL, 0, "real/x" },
                { "never inside the tree", "%s/tree/store", NULL, -EINVAL, NULL },
                { "nor the tree itself", ".", NULL, -EINVAL, NULL },
                { "nor by way of a link", "%s/link/into/x", NULL, -EINVAL, NULL },
                { "nor from the variable", NULL, "%s/tree/x/y", -EINVAL, NULL },
                { "a neighbour is outside", "%s/tree-2", NULL, 0, "tree-2" },
                { "an option needs a name", "", NULL, -EINVAL, NULL },
                { "an option whose first folder is not there", "/no-such-folder/x", NULL, 0,
                  "/no-such-folder/x" },
                { "no way up out of nothing", "%s/none/../tree/x", NULL, -EINVAL, NULL },
        };
        _cleanup_(freep) char *real = helper_path(f->folder, "real");
        _cleanup_(freep) char *link = helper_path(f->folder, "link");
        _cleanup_(freep) char *into = helper_path(real, "into");

        assert_int_equal(mkdir(real, 0700), 0);
        assert_int_equal(symlink("real", link), 0);
        assert_int_equal(symlink("../tree", into), 0);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(freep) char *got = NULL, *want = NULL, *option = NULL, *variable = NULL;
                struct err err = { 0 };
                int r;

#define FILL(to, from)                                                                             \
        if (from) {                                                                                \
                const char *rest = strncmp(from, "%s", 2) == 0 ? from + 2 : NULL;                  \
                                                                                                   \
                to = rest ? helper_path(f->folder, rest + 1) : strdup(from);                       \
        }
                FILL(option, rows[i].option);
                FILL(variable, rows[i].variable);
#undef FILL
                assert_int_equal(variable ? setenv("LINHAY_STORE", variable, 1)
                                          : unsetenv("LINHAY_STORE"),
                                 0);
                r = place_store(&got, option, NULL, &err);
                if (r != rows[i].code)
                        fail_msg("%s: %d %s", rows[i].why, r, err.text);
                if (r < 0)
                        continue;
                want = rows[i].want[0] == '/' ? strdup(rows[i].want)
                                              : helper_path(f->folder, rows[i].want);
                if (strcmp(got, want) != 0)
                        fail_msg("%s: %s, not %s", rows[i].why, got, want);
        }
        assert_int_equal(unsetenv("LINHAY_STORE"), 0);
}

static void test_standard_place(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *got = NULL, *again = NULL, *other = NULL, *below = NULL;
        char hash[SHA256_HEX];

        assert_int_equal(place_store(&got, NULL, NULL, NULL), 0);
        sha256_hex(hash, f->tree, strlen(f->tree));
        hash[16] = '\0';
        assert_true(asprintf(&below, "%s/linhay/%s", f->folder, hash) > 0);
        assert_string_equal(got, below);
        assert_int_equal(place_store(&again, NULL, f->tree, NULL), 0);
        assert_string_equal(again, got);
        assert_int_equal(place_store(&other, NULL, f->folder, NULL), -EINVAL);
        assert_int_equal(place_store(&other, NULL, "/none/such", NULL), -ENOENT);
        assert_int_equal(place_store(&other, NULL, "/usr", NULL), 0);
        assert_string_not_equal(other, got);
}

static void record(const char *dir, const char *run)
{
        struct store *s = helper_open(dir, 0);

        helper_commit(s, helper_run(run, STEP_READY));
        (void) store_free(s);
}

static void expect_found(const char *option, const char *prefix, const char *dir, const char *run)
{
        _cleanup_(freep) char *found = NULL;
        char id[RUN_ID_SIZE];
        struct err err = { 0 };

        if (place_find_run(&found, id, option, prefix, &err) < 0)
                fail_msg("%s", err.text);
        assert_string_equal(found, dir);
        assert_string_equal(id, run);
}

static void test_find_run(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *one = helper_path(f->folder, "one");
        _cleanup_(freep) char *two = helper_path(f->folder, "two");
        _cleanup_(freep) char *gone = helper_path(f->folder, "gone");
        _cleanup_(freep) char *bad = helper_path(f->folder, "bad");
        _cleanup_(freep) char *bad_file = helper_path(bad, "store.db");
        _cleanup_(freep) char *moved = helper_path(f->folder, "moved");
        _cleanup_(freep) char *found = NULL;
        char id[RUN_ID_SIZE];
        struct err err = { 0 };

        record(one, RUN_A);
        record(two, RUN_B);
        record(gone, "0b00000000000000000a");
        record(bad, "0c00000000000000000a");
        assert_int_equal(rename(gone, moved), 0);
        assert_int_equal(file_replace(bad_file, "no", 2, 0600, NULL), 0);

        expect_found(NULL, RUN_A, one, RUN_A);
        expect_found(NULL, "0abcdefghjkmnpqrstv1", two, RUN_B);
        expect_found(two, "0abc", two, RUN_B);
        assert_int_equal(place_find_run(&found, id, NULL, "0abc", &err), -ENOTUNIQ);
        assert_non_null(strstr(err.text, RUN_A));
        assert_non_null(strstr(err.text, RUN_B));
        assert_int_equal(place_find_run(&found, id, one, RUN_B, &err), -ENOENT);
        assert_int_equal(place_find_run(&found, id, NULL, "0b00", &err), -ENOENT);
        assert_non_null(strstr(err.text, bad));
        expect_found(moved, "0b00", moved, "0b00000000000000000a");

        /* $LINHAY_STORE is looked into although no link leads there any more. */
        assert_int_equal(setenv("LINHAY_STORE", moved, 1), 0);
        expect_found(NULL, "0b00", moved, "0b00000000000000000a");
        assert_int_equal(unsetenv("LINHAY_STORE"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
                TEST(test_id),          TEST(test_ref),
                TEST(test_store_place), TEST(test_standard_place),
                TEST(test_find_run),
        };

        return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
