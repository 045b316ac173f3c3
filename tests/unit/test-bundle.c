/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "base/bundle.h"
#include "base/sha256.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int memory_make(void)
{
        int fd = memfd_create("test-bundle", MFD_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static void hash_of(char ret[SHA256_HEX], const struct tree *t)
{
        _cleanup_(closep) int fd = memory_make();
        struct err err = { 0 };

        if (bundle_pack(fd, t->fd, "t", &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(sha256_fd(ret, fd), 0);
}

static void test_round_trip(void **state)
{
        (void) state;
        _cleanup_(closep) int fd = memory_make();
        struct bundle_file file;
        struct tree from, to;
        struct err err = { 0 };
        struct bundle b;
        char text[8] = "";

        tree_make(&from);
        tree_make(&to);
        tree_file(from.fd, "b/c/d", "deep", 0400);
        tree_file(from.fd, "a", "", 0400);
        tree_file(from.fd, ".hidden", "x", 0400);
        tree_folder(from.fd, "b", 0755);
        if (bundle_pack(fd, from.fd, "t", &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(bundle_open(&b, fd, 0), 0);
        assert_int_equal(b.head.n_files, 3);
        if (bundle_unpack(&b, to.fd, &err) < 0)
                fail_msg("%s", err.text);
        tree_same("unpacked", from.fd, to.fd);
        assert_int_equal(bundle_find(fd, "b/c/d", &file), 0);
        assert_int_equal(pread(fd, text, 4, (off_t) file.at), 4);
        assert_string_equal(text, "deep");
        assert_int_equal(bundle_find(fd, "b/c", &file), -ENOENT);
        tree_remove(&from);
        tree_remove(&to);
}

/* The same names and bytes, and nothing else, are the same bundle. */
static void test_identity(void **state)
{
        (void) state;
        char first[SHA256_HEX], now[SHA256_HEX];
        struct tree t;

        tree_make(&t);
        tree_file(t.fd, "b", "2", 0644);
        tree_file(t.fd, "a", "1", 0644);
        hash_of(first, &t);
        tree_folder(t.fd, "empty", 0755);
        tree_file(t.fd, ".git/HEAD", "x", 0644);
        tree_file(t.fd, "__pycache__/a.pyc", "x", 0644);
        assert_int_equal(fchmodat(t.fd, "a", 0755, 0), 0);
        hash_of(now, &t);
        assert_string_equal(first, now);
        tree_delete(t.fd, "a");
        tree_file(t.fd, "a", "12", 0644);
        tree_delete(t.fd, "b");
        tree_file(t.fd, "b", "", 0644);
        hash_of(now, &t);
        assert_string_not_equal(first, now);
        tree_remove(&t);
}

static void test_refused(void **state)
{
        (void) state;
        _cleanup_(closep) int fd = memory_make();
        struct err err = { 0 };
        struct tree t;

        tree_make(&t);
        tree_link(t.fd, "link", "/etc/passwd");
        assert_int_equal(bundle_pack(fd, t.fd, "t", &err), -EINVAL);
        assert_non_null(strstr(err.text, "t/link"));
        tree_delete(t.fd, "link");
        assert_int_equal(mkfifoat(t.fd, "pipe", 0600), 0);
        assert_int_equal(bundle_pack(fd, t.fd, "t", &err), -EINVAL);
        tree_remove(&t);
}

/* As bundle.c writes them. */
struct entry {
        uint64_t size;
        uint32_t path_length;
        uint32_t reserved;
};

static const struct {
        const char *why;
        const char *path;
        uint64_t size;
        uint32_t path_length; /* 0 = as it is */
        int want;
} rows[] = {
        { "control", "a/b", 1, 0, 1 },
        { "a way up", "../a", 1, 0, -EBADMSG },
        { "a way up in the middle", "a/../b", 1, 0, -EBADMSG },
        { "a way up at the end", "a/..", 1, 0, -EBADMSG },
        { "an absolute path", "/a", 1, 0, -EBADMSG },
        { "nothing between two slashes", "a//b", 1, 0, -EBADMSG },
        { "the folder itself", ".", 1, 0, -EBADMSG },
        { "a slash at the end", "a/", 1, 0, -EBADMSG },
        { "a path longer than there is", "a", 1, 400, -EBADMSG },
        { "a path longer than may be", "a", 1, 100000, -EBADMSG },
        { "a file larger than may be", "a", UINT64_MAX, 0, -EBADMSG },
        { "a NUL in a path", "a", 1, 3, -EBADMSG },
};

static void test_lies(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(closep) int fd = memory_make();
                uint32_t length =
                        rows[i].path_length ? rows[i].path_length : (uint32_t) strlen(rows[i].path);
                const struct bundle_head head = { .magic = "LNbundl", .n_files = 1 };
                const struct entry entry = { rows[i].size, length, 0 };
                struct bundle_file file;
                struct bundle b;

                assert_int_equal(write(fd, &head, sizeof(head)), sizeof(head));
                assert_int_equal(pwrite(fd, "1", 1, 7), 1);
                assert_int_equal(write(fd, &entry, sizeof(entry)), sizeof(entry));
                assert_true(write(fd, rows[i].path, strlen(rows[i].path)) > 0);
                assert_int_equal(write(fd, "\0xx", 3), 3);
                assert_int_equal(bundle_open(&b, fd, 0), 0);
                if (bundle_next(&b, &file) != rows[i].want)
                        fail_msg("%s", rows[i].why);
        }
}

/* More bytes are promised than there are: unpacking ends, and says so. */
static void test_short(void **state)
{
        (void) state;
        _cleanup_(closep) int fd = memory_make();
        const struct bundle_head head = { .magic = "LNbundl", .n_files = 1 };
        const struct entry entry = { 1 << 20, 1, 0 };
        struct err err = { 0 };
        struct bundle b;
        struct tree t;

        tree_make(&t);
        assert_int_equal(bundle_open(&b, fd, 0), -EBADMSG);
        assert_int_equal(write(fd, &head, sizeof(head)), sizeof(head));
        assert_int_equal(bundle_open(&b, fd, 0), -EBADMSG); /* another magic */
        assert_int_equal(pwrite(fd, "1", 1, 7), 1);
        assert_int_equal(write(fd, &entry, sizeof(entry)), sizeof(entry));
        assert_int_equal(write(fd, "abc", 3), 3);
        assert_int_equal(bundle_open(&b, fd, 0), 0);
        assert_int_equal(bundle_unpack(&b, t.fd, &err), -EBADMSG);
        tree_remove(&t);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip), cmocka_unit_test(test_identity),
                cmocka_unit_test(test_refused),    cmocka_unit_test(test_lies),
                cmocka_unit_test(test_short),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
