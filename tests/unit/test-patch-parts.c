/* SPDX-License-Identifier: Apache-2.0 */

/* The parts of the patcher that need no tree: names, paths, the grammar, matching. */
#include "test.h"

#include <stdio.h>
#include <time.h>

#include "image.h"
#include "name.h"
#include "patch.h"
#include "path.h"

static const struct {
        const char *why;
        const char *path;
        bool is_good;
} paths[] = {
        { "a plain path", "a/b.c", true },
        { "dots in names are fine", "a/..b/.c/d..", true },
        { "a blank name is a name", " / ", true },
        { "git's neighbours are fine", ".github/x", true },
        { "and its ignore file", ".gitignore", true },
        { "a name that only begins like it", ".gitx/config", true },
        { "a folder called git", "git/config", true },
        { "a backslash is a byte like any other", "a\\b", true },
        { "absolute", "/etc/passwd", false },
        { "empty", "", false },
        { "an empty component", "a//b", false },
        { "a slash at the end", "a/", false },
        { "this folder", "./a", false },
        { "this folder inside", "a/./b", false },
        { "above", "../a", false },
        { "above and back", "a/../b", false },
        { "above at the end", "a/..", false },
        { "git's folder", ".git/config", false },
        { "git's folder deeper down", "a/.git/hooks/x", false },
        { "git's file", "a/.git", false },
        { "another case", ".GiT/config", false },
        { "trailing dots, for NTFS", ".git. ./config", false },
        { "a trailing blank, for NTFS", ".git /config", false },
        { "a stream, for NTFS", ".git::$INDEX_ALLOCATION/config", false },
        { "a short name, for NTFS", "git~1/config", false },
        { "the same in capitals", "GIT~1", false },
        { "behind a backslash, for NTFS", "a\\.git\\config", false },
        { "a zero-width joiner, for HFS+", ".g\u200dit/config", false },
        { "a byte order mark, for HFS+", "\ufeff.git", false },
};

static void test_paths(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(paths); i++) {
                struct refusal why = { 0 };

                if ((path_check(paths[i].path, &why) == 0) != paths[i].is_good)
                        fail_msg("%s: \"%s\": %s", paths[i].why, paths[i].path, why.text);
        }
}

static const struct {
        const char *why;
        const char *path, *target;
        bool is_good;
} links[] = {
        { "a neighbour", "a", "b", true },
        { "deeper down", "a", "b/c/d", true },
        { "one up, from one down", "d/a", "../b", true },
        { "to the top itself", "d/a", "..", true },
        { "dots that do nothing", "d/a", "./.././b", true },
        { "out by one", "a", "../b", false },
        { "out from below", "d/e/a", "../../../b", false },
        { "up behind a name: the name may be a link", "d/a", "x/../../b", false },
        { "absolute", "a", "/etc/passwd", false },
        { "into git's folder", "a", ".git/hooks", false },
        { "nowhere", "a", "", false },
        { "git reads this file, so it must be one", "d/.gitmodules", "x", false },
        { "the same by its short name", "gitmod~1", "x", false },
};

static void test_links(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(links); i++) {
                struct refusal why = { 0 };

                if ((path_check_link(links[i].path, links[i].target, strlen(links[i].target),
                                     &why) == 0) != links[i].is_good)
                        fail_msg("%s: %s -> \"%s\": %s", links[i].why, links[i].path,
                                 links[i].target, why.text);
        }
}

static const struct {
        const char *why;
        const char *line;
        unsigned strip;
        const char *other;
        const char *want; /* NULL = none, "!" = refused */
} plain_names[] = {
        { "one folder off", "a/b.c", 1, NULL, "b.c" },
        { "none off", "a/b.c", 0, NULL, "a/b.c" },
        { "more than there are", "a/b.c", 2, NULL, NULL },
        { "a tab ends it", "a/b\tx", 1, NULL, "b" },
        { "blanks do not", "a/b c", 1, NULL, "b c" },
        { "a carriage return does", "a/b\r", 1, NULL, "b" },
        { "a time behind a tab", "a/b\t2024-01-01 00:00:00.000000000 +0000", 1, NULL, "b" },
        { "a time behind blanks", "a/b c   2024-01-01 12:00:00 +0200", 1, NULL, "b c" },
        { "a time with a colon in its zone", "a/b 2024-01-01 12:00:00 +02:00", 1, NULL, "b" },
        { "a date alone", "a/b\t2000-01-01", 1, NULL, "b" },
        { "a short year", "a/b 99-01-01", 1, NULL, "b" },
        { "no date, so a part of the name", "a/b 2024", 1, NULL, "b 2024" },
        { "runs of slashes are one", "a/d//e///f", 1, NULL, "d/e/f" },
        { "the shorter of two is meant", "a/b.orig", 1, "b", "b" },
        { "unless it is another", "a/c", 1, "b", "c" },
        { "the other one where this one is none", "b", 1, "b", "b" },
        { "quoted", "\"a/t\\303\\251\\t.txt\"", 1, NULL, "t\303\251\t.txt" },
        { "quoted badly, so taken as it is", "\"a/x\\q\"", 1, NULL, "x\\q\"" },
        { "absolute", "/a/b", 1, NULL, "!" },
        { "absolute and quoted", "\"/a/b\"", 2, NULL, "!" },
        { "a NUL in disguise", "\"a/b\\000c\"", 1, NULL, "!" },
};

static void test_plain_names(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(plain_names); i++) {
                struct refusal why = { 0 };
                char *name = NULL;
                const char *want = plain_names[i].want;
                int r = name_of_plain(&name, plain_names[i].line, strlen(plain_names[i].line),
                                      plain_names[i].strip, plain_names[i].other, &why);
                const char *got = r < 0 ? "!" : name;

                if ((got && want) ? strcmp(got, want) != 0 : got != want)
                        fail_msg("%s: got %s, not %s", plain_names[i].why, got, want);
                free(name);
        }
}

static const struct {
        const char *why;
        const char *line;
        unsigned strip;
        const char *want;
} both_names[] = {
        { "twice the same", "a/x b/x", 1, "x" },
        { "with blanks in it", "a/x y b/x y", 1, "x y" },
        { "with a folder that ends in a blank", "a/x /y b/x /y", 1, "x /y" },
        { "no prefixes", "x x", 0, "x" },
        { "two names: a rename says them elsewhere", "a/x b/y", 1, NULL },
        { "both quoted", "\"a/\\tx\" \"b/\\tx\"", 1, "\tx" },
        { "one quoted", "a/x \"b/x\"", 1, "x" },
        { "nothing left", "x x", 1, NULL },
        { "absolute", "/x /x", 0, NULL },
};

static void test_both_names(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(both_names); i++) {
                struct refusal why = { 0 };
                const char *want = both_names[i].want;
                char *name = NULL;

                assert_int_equal(name_of_both(&name, both_names[i].line, strlen(both_names[i].line),
                                              both_names[i].strip, &why),
                                 0);
                if ((name && want) ? strcmp(name, want) != 0 : name != want)
                        fail_msg("%s: got %s, not %s", both_names[i].why, name, want);
                free(name);
        }
}

static void test_epoch(void **state)
{
        static const struct {
                const char *line;
                bool want;
        } rows[] = {
                { "a\t1970-01-01 00:00:00.000000000 +0000", true },
                { "a\t1970-01-01 02:00:00 +0200", true },
                { "a\t1969-12-31 19:00:00 -0500", true },
                { "a\t1969-12-31 19:00:00 -05:00", true },
                { "a\t1970-01-01 00:00:01 +0000", false },
                { "a\t1970-01-01 00:00:00.5 +0000", false },
                { "a\t1970-01-01 00:00:00", false },
                { "a\t1970-01-01 00:00:00 +", false },
                { "a\t", false },
                { "a 1970-01-01 00:00:00 +0000", false },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                if (name_is_epoch(rows[i].line, strlen(rows[i].line)) != rows[i].want)
                        fail_msg("%s", rows[i].line);
}

#define GIT_NEW "diff --git a/n b/n\nnew file mode 100644\n"
#define PLAIN   "--- a/x\n+++ b/x\n"

static const struct {
        const char *why;
        const char *text;
        enum refusal_kind want; /* REFUSAL_NONE = well-formed */
} texts[] = {
        { "nothing", "", REFUSAL_EMPTY },
        { "words only", "hello\nworld\n", REFUSAL_EMPTY },
        { "a hunk", PLAIN "@@ -1 +1 @@\n-a\n+b\n", REFUSAL_NONE },
        { "words around it", "hi\n\n" PLAIN "@@ -1 +1 @@ f()\n-a\n+b\n-- \n2.0\n", REFUSAL_NONE },
        { "an empty context line with its blank eaten", PLAIN "@@ -1,2 +1,2 @@\n\n-a\n+b\n",
          REFUSAL_NONE },
        { "a mode alone", "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", REFUSAL_NONE },
        { "an empty new file", GIT_NEW "index 0000000..e69de29\n", REFUSAL_NONE },
        { "an empty change is passed over",
          "diff --git a/y b/y\ndiff --git a/x b/x\nold mode 100644\nnew mode 100755\n",
          REFUSAL_NONE },
        { "a hunk without a file", "@@ -1 +1 @@\n-a\n+b\n", REFUSAL_CORRUPT },
        { "cut in a hunk", PLAIN "@@ -1,3 +1,3 @@\n a\n-b\n", REFUSAL_CORRUPT },
        { "cut in a line", PLAIN "@@ -1 +1 @@\n-a\n+b", REFUSAL_CORRUPT },
        { "too few lines announced", PLAIN "@@ -1 +1,2 @@\n-a\n b\n+c\n", REFUSAL_CORRUPT },
        { "counts beyond all numbers",
          PLAIN "@@ -1,99999999999999999999999 +1,99999999999999999999999 @@\n-a\n+b\n",
          REFUSAL_CORRUPT },
        { "a place beyond all numbers is only a place",
          PLAIN "@@ -99999999999999999999999 +99999999999999999999999 @@\n-a\n+b\n", REFUSAL_NONE },
        { "no lines announced", PLAIN "@@ -0,0 +0,0 @@\n-a\n", REFUSAL_CORRUPT },
        { "context alone", PLAIN "@@ -1 +1 @@\n a\n", REFUSAL_CORRUPT },
        { "a letter in a number", PLAIN "@@ -1,3 +x @@\n a\n", REFUSAL_CORRUPT },
        { "new, yet with old lines", GIT_NEW "--- /dev/null\n+++ b/n\n@@ -1 +1 @@\n-a\n+b\n",
          REFUSAL_CORRUPT },
        { "new, yet with an old name", GIT_NEW "--- a/n\n+++ b/n\n@@ -0,0 +1 @@\n+b\n",
          REFUSAL_CORRUPT },
        { "two names for one file",
          "diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/y\n@@ -0,0 +1 @@\n+b\n",
          REFUSAL_CORRUPT },
        { "new and renamed", GIT_NEW "rename from a\nrename to n\n@@ -0,0 +1 @@\n+b\n",
          REFUSAL_CORRUPT },
        { "a broken mode", "diff --git a/x b/x\nnew file mode rwx\n", REFUSAL_CORRUPT },
        { "no name is left", "--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\n", REFUSAL_CORRUPT },
        { "a header that changes nothing", "diff --git a/x b/x\nindex 1..2\n", REFUSAL_CORRUPT },
        { "binary data that is none", GIT_NEW "GIT binary patch\nliteral 10\nRzzz!!!!\n\n",
          REFUSAL_CORRUPT },
        { "binary data that stops", GIT_NEW "GIT binary patch\nliteral 10\n", REFUSAL_CORRUPT },
        { "binary data larger than it says",
          GIT_NEW "GIT binary patch\nliteral 1\nIcmZQzU|?Vj"
                  "0002J00;m8\n\n",
          REFUSAL_CORRUPT },
        { "binary data without end", GIT_NEW "GIT binary patch\nliteral 99999999999999999999\n",
          REFUSAL_LIMIT },
        { "an absolute name", "--- /tmp/x\n+++ /tmp/x\n@@ -1 +1 @@\n-a\n+b\n", REFUSAL_PATH },
};

static void test_grammar(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(texts); i++) {
                struct patch p = { .strip = 1 };
                struct refusal why = { 0 };

                (void) patch_parse(&p, texts[i].text, strlen(texts[i].text), &why);
                if (why.kind != texts[i].want)
                        fail_msg("%s: %s (%s)", texts[i].why, refusal_code(why.kind), why.text);
                patch_done(&p);
        }
}

static const struct {
        const char *why;
        const char *file, *hunks;
        const char *want; /* NULL = refused */
        int64_t offset;   /* of the last hunk */
} hunks[] = {
        { "in its place", "a\nb\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n", "a\nx\nc\n", 0 },
        { "further down", "0\n1\n2\n3\na\nb\nc\n", "@@ -2,3 +2,3 @@\n a\n-b\n+x\n c\n",
          "0\n1\n2\n3\na\nx\nc\n", 3 },
        { "further up", "0\na\nb\nc\n4\n5\n6\n", "@@ -5,3 +5,3 @@\n a\n-b\n+x\n c\n",
          "0\na\nx\nc\n4\n5\n6\n", -3 },
        { "of two equally near the later", "a\nb\nc\n0\na\nb\nc\n0\n",
          "@@ -3,3 +3,3 @@\n a\n-b\n+x\n c\n", "a\nb\nc\n0\na\nx\nc\n0\n", 2 },
        { "the first line of a patch is the first line of the file", "0\na\nb\nc\n",
          "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n", NULL, 0 },
        { "no context behind it means the end", "0\na\nb\nc\n", "@@ -2,2 +2,2 @@\n a\n-b\n+x\n",
          NULL, 0 },
        { "an end that moved", "0\n1\n2\na\nb\n", "@@ -2,2 +2,2 @@\n a\n-b\n+x\n",
          "0\n1\n2\na\nx\n", 2 },
        { "no context at all adds to the end", "a\nb\n", "@@ -2,0 +3 @@\n+x\n", "a\nb\nx\n", 0 },
        { "an empty file", "", "@@ -0,0 +1 @@\n+x\n", "x\n", 0 },
        { "nothing like it", "a\nb\nc\n", "@@ -1,3 +1,3 @@\n a\n-B\n+x\n c\n", NULL, 0 },
        { "blanks count", "a\nb \nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n", NULL, 0 },
        { "carriage returns count", "a\r\nb\r\n", "@@ -1,2 +1,2 @@\n a\n-b\n+x\n", NULL, 0 },
        { "what one hunk touched is closed to the next", "a\nb\nc\n",
          "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n@@ -1,3 +1,3 @@\n a\n-b\n+y\n c\n", NULL, 0 },
        { "its context as well", "a\nb\nc\nd\ne\n",
          "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n@@ -3,3 +3,3 @@\n c\n-d\n+y\n e\n", NULL, 0 },
        { "hunks in the wrong order still find their places", "0\na\nb\nc\n1\nd\ne\nf\n2\n",
          "@@ -6,3 +6,3 @@\n d\n-e\n+y\n f\n@@ -2,3 +2,4 @@\n a\n-b\n+x\n+z\n c\n",
          "0\na\nx\nz\nc\n1\nd\ny\nf\n2\n", 0 },
        { "the newline at the end goes", "a\nb\n",
          "@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n", "a\nb", 0 },
        { "and comes", "a\nb", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n",
          "a\nb\n", 0 },
        { "a line without newline is not one with it", "a\nb\n",
          "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+x\n", NULL, 0 },
        { "a line without newline is the last one", "a\nb\nc\n",
          "@@ -1,2 +1,2 @@\n-a\n+x\n b\n\\ No newline at end of file\n", NULL, 0 },
};

/* All hunks of `text` on a file; false where one is refused. */
static bool hunks_apply(const char *file, size_t length, const char *text, size_t text_length,
                        bool is_reversed, char **ret, int64_t *ret_offset)
{
        struct patch p = { .strip = 1 };
        struct image image = { 0 };
        struct refusal why = { 0 };
        bool ok;
        size_t n;

        assert_int_equal(patch_parse(&p, text, text_length, &why), 0);
        if (is_reversed)
                patch_reverse(&p);
        ok = image_init(&image, "x", file, length, is_reversed, &why) == 0;
        for (size_t i = 0; ok && i < p.files[0].n_hunks; i++)
                ok = image_apply(&image, &p.files[0].hunks[i], i + 1, ret_offset, &why) == 0;
        ok = ok && image_result(&image, ret, &n, &why) == 0;
        image_done(&image);
        patch_done(&p);
        return ok;
}

static void test_hunks(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(hunks); i++) {
                char text[512], *result = NULL, *back = NULL;
                int64_t offset = 0, unused;

                (void) snprintf(text, sizeof(text), PLAIN "%s", hunks[i].hunks);
                if (hunks_apply(hunks[i].file, strlen(hunks[i].file), text, strlen(text), false,
                                &result, &offset) != !!hunks[i].want)
                        fail_msg("%s: %s", hunks[i].why, result ? "was applied" : "was refused");
                if (hunks[i].want) {
                        assert_string_equal(result, hunks[i].want);
                        if (offset != hunks[i].offset)
                                fail_msg("%s: off by %lld", hunks[i].why, (long long) offset);
                        if (offset == 0 && hunks_apply(result, strlen(result), text, strlen(text),
                                                       true, &back, &unused))
                                assert_string_equal(back, hunks[i].file);
                }
                free(result);
                free(back);
        }
}

/* A file of `n` lines out of few different ones, and a hunk for every tenth of them. */
static void large_make(size_t n, size_t shift, char **ret_file, char **ret_text)
{
        size_t file_size, text_size;
        FILE *file = open_memstream(ret_file, &file_size);
        FILE *text = open_memstream(ret_text, &text_size);

        for (size_t i = 0; i < shift; i++)
                fputs("}\n", file);
        fputs(PLAIN, text);
        for (size_t i = 0; i < n; i++) {
                if (i % 5)
                        fputs("}\n", file);
                else
                        fprintf(file, "line %zu\n", i);
                if (i % 10 == 5)
                        fprintf(text, "@@ -%zu,3 +%zu,3 @@\n }\n-line %zu\n+LINE %zu\n }\n", i, i,
                                i, i);
        }
        fclose(file);
        fclose(text);
}

/* 60,000 hunks, each 200,000 lines off its place: hopeless if each were looked for line by line. */
static void test_large(void **state)
{
        char *file, *text, *result = NULL;
        int64_t offset = 0;
        clock_t start;

        (void) state;
        large_make(600000, 200000, &file, &text);
        start = clock();
        assert_true(hunks_apply(file, strlen(file), text, strlen(text), false, &result, &offset));
        assert_int_equal(offset, 200000);
        assert_true((clock() - start) / CLOCKS_PER_SEC < 20);
        free(file);
        free(text);
        free(result);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_paths),       cmocka_unit_test(test_links),
                cmocka_unit_test(test_plain_names), cmocka_unit_test(test_both_names),
                cmocka_unit_test(test_epoch),       cmocka_unit_test(test_grammar),
                cmocka_unit_test(test_hunks),       cmocka_unit_test(test_large),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
