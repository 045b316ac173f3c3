/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "base/blob.h"
#include "base/changeset.h"
#include "base/io.h"
#include "base/json.h"
#include "cell/collect.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define HASH_A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" /* "a" */
#define HASH_B "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d" /* "b" */

/* --- blobs --------------------------------------------------------------------------------- */

static void test_blobs(void **state)
{
        (void) state;
        _cleanup_(freep) char *text = NULL;
        char digest[SHA256_HEX], again[SHA256_HEX];
        struct tree blobs, other;
        int fd;

        tree_make(&blobs);
        tree_make(&other);
        assert_int_equal(blob_put(blobs.fd, digest, "a", 1, true, NULL), 0);
        assert_string_equal(digest, HASH_A);
        tree_file(other.fd, "f", "a", 0644);
        fd = openat(other.fd, "f", O_RDONLY | O_CLOEXEC);
        assert_int_equal(blob_put_fd(blobs.fd, again, fd, 1, false, NULL), 0);
        assert_string_equal(again, HASH_A);
        (void) lseek(fd, 0, SEEK_SET);
        assert_int_equal(blob_put_fd(blobs.fd, again, fd, 0, false, NULL), -EFBIG);
        (void) close(fd);
        assert_int_equal(blob_sync(blobs.fd), 0);

        fd = blob_open(blobs.fd, HASH_A);
        assert_true(fd >= 0);
        (void) close(fd);
        assert_int_equal(blob_open(blobs.fd, HASH_B), -ENOENT);
        assert_int_equal(blob_open(blobs.fd, "../../etc/passwd"), -EINVAL);

        text = tree_text(blobs.fd); /* one folder of our own, one file, no draft left */
        assert_string_equal(text, "040700 ca \n100600 ca/" HASH_A " " HASH_A "\n");
        tree_remove(&blobs);
        tree_remove(&other);
}

/* --- what a change may be ------------------------------------------------------------------ */

static const struct {
        const char *why;
        struct change change;
        int want;
} rows[] = {
        { "a file is added", { (char *) "a/b", CHANGE_ADD, 0, 0100644, "", HASH_A }, 0 },
        { "private modes stay", { (char *) "a", CHANGE_ADD, 0, 0100600, "", HASH_A }, 0 },
        { "a link is deleted", { (char *) "a", CHANGE_DELETE, 0120000, 0, HASH_A, "" }, 0 },
        { "a folder is kept", { (char *) "a", CHANGE_MODIFY, 040755, 040755, "", "" }, 0 },
        { "a file becomes a folder",
          { (char *) "a", CHANGE_MODIFY, 0100644, 040755, HASH_A, "" },
          0 },
        { "dots inside a name", { (char *) "a..b/...", CHANGE_ADD, 0, 0100644, "", HASH_A }, 0 },
        { "a name that begins as git's",
          { (char *) ".gitignore", CHANGE_ADD, 0, 0100644, "", HASH_A },
          0 },
        { "no path", { (char *) "", CHANGE_ADD, 0, 0100644, "", HASH_A }, -EINVAL },
        { "an absolute path", { (char *) "/etc", CHANGE_ADD, 0, 0100644, "", HASH_A }, -EINVAL },
        { "a way out", { (char *) "a/../b", CHANGE_ADD, 0, 0100644, "", HASH_A }, -EINVAL },
        { "a dot", { (char *) "./a", CHANGE_ADD, 0, 0100644, "", HASH_A }, -EINVAL },
        { "two slashes", { (char *) "a//b", CHANGE_ADD, 0, 0100644, "", HASH_A }, -EINVAL },
        { "a slash at the end", { (char *) "a/", CHANGE_ADD, 0, 0100644, "", HASH_A }, -EINVAL },
        { "git's own", { (char *) "a/.git/config", CHANGE_ADD, 0, 0100644, "", HASH_A }, -EINVAL },
        { "git's own, shouted", { (char *) ".GiT", CHANGE_ADD, 0, 040755, "", "" }, -EINVAL },
        { "not UTF-8", { (char *) "a\xff", CHANGE_ADD, 0, 0100644, "", HASH_A }, -EILSEQ },
        { "set-user-id", { (char *) "a", CHANGE_ADD, 0, 0104755, "", HASH_A }, -EINVAL },
        { "a device", { (char *) "a", CHANGE_ADD, 0, 0020644, "", HASH_A }, -EINVAL },
        { "an added file that was there",
          { (char *) "a", CHANGE_ADD, 0100644, 0100644, HASH_A, HASH_B },
          -EINVAL },
        { "a deletion that leaves a file",
          { (char *) "a", CHANGE_DELETE, 0100644, 0100644, HASH_A, HASH_B },
          -EINVAL },
        { "a file without bytes", { (char *) "a", CHANGE_ADD, 0, 0100644, "", "" }, -EINVAL },
        { "a folder with bytes", { (char *) "a", CHANGE_ADD, 0, 040755, "", HASH_A }, -EINVAL },
        { "a link with a mode", { (char *) "a", CHANGE_ADD, 0, 0120777, "", HASH_A }, -EINVAL },
};

static void test_rows(void **state)
{
        (void) state;

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(changeset_freep) struct changeset *c = calloc(1, sizeof(*c));
                int r = changeset_add(c, &rows[i].change, NULL);

                if (r != rows[i].want)
                        fail_msg("%s: got %d", rows[i].why, r);
        }
}

static struct changeset *two(const struct change *a, const struct change *b)
{
        struct changeset *c = calloc(1, sizeof(*c));

        assert_int_equal(changeset_add(c, a, NULL), 0);
        assert_int_equal(changeset_add(c, b, NULL), 0);
        return c;
}

static void test_seal(void **state)
{
        (void) state;
        const struct change a = { (char *) "a", CHANGE_ADD, 0, 0100644, "", HASH_A },
                            ab = { (char *) "a/b", CHANGE_ADD, 0, 0100644, "", HASH_A },
                            b = { (char *) "b", CHANGE_DELETE, 0100755, 0, HASH_B, "" };
        _cleanup_(changeset_freep) struct changeset *c = two(&a, &b), *turned = two(&b, &a),
                                                    *twice = two(&a, &a), *nested = two(&a, &ab),
                                                    *back = NULL, *forth = NULL, *read = NULL;
        _cleanup_(json_decrefp) json_t *json = NULL;

        assert_int_equal(changeset_seal(c, NULL), 0);
        assert_int_equal(changeset_seal(turned, NULL), 0);
        assert_string_equal(c->sha256, turned->sha256); /* the order of adding does not count */
        assert_int_equal(changeset_seal(twice, NULL), -EINVAL);
        assert_int_equal(changeset_seal(nested, NULL), -EINVAL);

        assert_int_equal(changeset_reverse(&back, c, NULL), 0);
        assert_string_not_equal(back->sha256, c->sha256);
        assert_int_equal(back->files[0].op, CHANGE_DELETE);
        assert_int_equal(back->files[1].mode_after, 0100755);
        assert_int_equal(changeset_reverse(&forth, back, NULL), 0);
        assert_string_equal(forth->sha256, c->sha256);

        json = changeset_to_json(c);
        assert_int_equal(changeset_from_json(&read, json, NULL), 0);
        assert_string_equal(read->sha256, c->sha256);
        read = changeset_free(read);
        (void) json_object_set_new(json_array_get(json_object_get(json, "files"), 0), "mode_after",
                                   json_string("100755"));
        assert_int_equal(changeset_from_json(&read, json, NULL), -EBADMSG); /* other than hashed */
}

/* --- the diff ------------------------------------------------------------------------------ */

static struct changeset *between(struct tree *a, struct tree *b, struct tree *blobs, size_t limit)
{
        struct changeset *c = NULL;
        struct err err = { 0 };

        if (collect_changes(&c, a->fd, b->fd, true, blobs->fd, NULL, &err) < 0 ||
            changeset_render(c, blobs->fd, limit, &err) < 0)
                fail_msg("%s", err.text);
        return c;
}

static void test_diff(void **state)
{
        (void) state;
        static const char want[] = "diff --git \"a/a\\nb\" \"b/a\\nb\"\n"
                                   "new file mode 100600\n"
                                   "index 00000000..45b983be\n"
                                   "--- /dev/null\n"
                                   "+++ \"b/a\\nb\"\n"
                                   "@@ -0,0 +1 @@\n"
                                   "+hi\n"
                                   "diff --git a/binary b/binary\n"
                                   "deleted file mode 100644\n"
                                   "index 7937c68f..00000000\n"
                                   "Binary files a/binary and /dev/null differ\n"
                                   "# folder empty is made, mode 040700\n"
                                   "diff --git a/link b/link\n"
                                   "index 2e65efe2..63d8dbd4 120000\n"
                                   "--- a/link\n"
                                   "+++ b/link\n"
                                   "@@ -1 +1 @@\n"
                                   "-a\n"
                                   "\\ No newline at end of file\n"
                                   "+b\n"
                                   "\\ No newline at end of file\n"
                                   "diff --git a/mode b/mode\n"
                                   "old mode 100644\n"
                                   "new mode 100755\n"
                                   "diff --git a/with blank b/with blank\n"
                                   "index b68fde2a..f719efd4 100644\n"
                                   "--- a/with blank\t\n"
                                   "+++ b/with blank\t\n"
                                   "@@ -1,2 +1 @@\n"
                                   " one\n"
                                   "-\\x1b[2Jtwo\n";
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        struct tree a, b, blobs;
        int fd;

        tree_make(&a), tree_make(&b), tree_make(&blobs);
        tree_file(a.fd, "with blank", "one\n\x1b[2Jtwo\n", 0644);
        tree_file(b.fd, "with blank", "one\n", 0644);
        tree_file(b.fd, "a\nb", "hi\n", 0600);
        tree_file(a.fd, "mode", "same\n", 0644);
        tree_file(b.fd, "mode", "same\n", 0755);
        tree_link(a.fd, "link", "a");
        tree_link(b.fd, "link", "b");
        tree_folder(b.fd, "empty", 0700);
        tree_file(a.fd, "binary", "", 0644);
        fd = openat(a.fd, "binary", O_WRONLY | O_CLOEXEC);
        assert_int_equal(fd_write_all(fd, "\0\1\2", 3), 0);
        (void) close(fd);

        c = between(&a, &b, &blobs, 1 << 20);
        if (getenv("LINHAY_TEST_SHOW"))
                print_message("%s", c->diff);
        /* git's names of blobs are not what this test is about */
        for (char *p = c->diff; (p = strstr(p, "\nindex ")); p++)
                memcpy(p + 7, "xxxxxxxx..xxxxxxxx", 18);

        _cleanup_(freep) char *text = strdup(want);

        for (char *p = text; (p = strstr(p, "\nindex ")); p++)
                memcpy(p + 7, "xxxxxxxx..xxxxxxxx", 18);
        assert_string_equal(c->diff, text);
        tree_remove(&a), tree_remove(&b), tree_remove(&blobs);
}

/* A person approves what the diff shows; a name must not be shown as another. */
static void test_diff_names(void **state)
{
        static const struct {
                const char *why;
                const char *name;
                const char *shown;
        } names[] = {
                { "letters of any language stay", "gr\xc3\xbc\xc3\x9f",
                  "+++ b/gr\xc3\xbc\xc3\x9f\n" },
                { "what is shown from right to left is written out",
                  "a\xe2\x80\xae"
                  "b",
                  "+++ \"b/a\\342\\200\\256b\"\n" },
                { "so is a control sequence of one character",
                  "a\xc2\x9b"
                  "b",
                  "+++ \"b/a\\302\\233b\"\n" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(names); i++) {
                _cleanup_(changeset_freep) struct changeset *c = NULL;
                struct tree a, b, blobs;

                tree_make(&a), tree_make(&b), tree_make(&blobs);
                tree_file(b.fd, names[i].name, "hi\n", 0644);
                c = between(&a, &b, &blobs, 1 << 20);
                if (!strstr(c->diff, names[i].shown))
                        fail_msg("%s: %s", names[i].why, c->diff);
                tree_remove(&a), tree_remove(&b), tree_remove(&blobs);
        }
}

static void test_diff_limit(void **state)
{
        (void) state;
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        _cleanup_(freep) char *big = malloc(5001);
        struct tree a, b, blobs;

        for (size_t i = 0; i < 5000; i++)
                big[i] = i % 50 == 49 ? '\n' : 'x';
        big[5000] = '\0';
        tree_make(&a), tree_make(&b), tree_make(&blobs);
        tree_file(b.fd, "a", "small\n", 0644);
        tree_file(b.fd, "b", big, 0644);
        tree_file(b.fd, "c", "small\n", 0644);

        c = between(&a, &b, &blobs, 4096);
        assert_non_null(strstr(c->diff, "# too large to show: nothing before, 4.9 KiB after\n"));
        assert_non_null(strstr(c->diff, "+++ b/c\n"));
        assert_int_equal(changeset_render(c, blobs.fd, 100, NULL), 0);
        assert_non_null(strstr(c->diff, "# the diff is cut here, at 100 B; 2 more files"));
        tree_remove(&a), tree_remove(&b), tree_remove(&blobs);
}

/* What people read is a patch that git takes: it makes the very tree. */
static void test_diff_is_patch(void **state)
{
        (void) state;

        if (system("git --version >/dev/null 2>&1") != 0) {
                print_message("# SKIP: there is no git\n");
                skip();
                return;
        }
        for (unsigned seed = 1; seed <= 10; seed++) {
                _cleanup_(changeset_freep) struct changeset *c = NULL;
                struct dice dice = { .state = seed };
                struct tree a, b, blobs;
                char command[1024];

                tree_make(&a), tree_make(&blobs);
                tree_grow(a.fd, &dice, 25);
                tree_copy(&b, &a);
                for (unsigned i = 0; i < 8; i++) { /* files only: git knows no folders */
                        char path[32], text[64];

                        (void) snprintf(path, sizeof(path), "x%u/y %u", dice_roll(&dice, 3), i);
                        (void) snprintf(text, sizeof(text), "text %u\n%s", i, i % 2 ? "end" : "");
                        tree_file(i % 3 ? b.fd : a.fd, path, text, i % 4 ? 0644 : 0755);
                }
                c = between(&a, &b, &blobs, 1 << 20);
                tree_file(blobs.fd, "patch", c->diff, 0644);
                (void) snprintf(command, sizeof(command),
                                "cd '%s' && git apply --unsafe-paths --directory=. '%s/patch' 2>&1",
                                a.path, blobs.path);
                if (system(command) != 0)
                        fail_msg("seed %u: git does not take the diff:\n%s", seed, c->diff);
                tree_same("git apply", a.fd, b.fd);
                tree_remove(&a), tree_remove(&b), tree_remove(&blobs);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_blobs),         cmocka_unit_test(test_rows),
                cmocka_unit_test(test_seal),          cmocka_unit_test(test_diff),
                cmocka_unit_test(test_diff_names),    cmocka_unit_test(test_diff_limit),
                cmocka_unit_test(test_diff_is_patch),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
