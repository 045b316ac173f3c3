/* SPDX-License-Identifier: Apache-2.0 */

/* The patcher's action on small trees: each row is a tree, a patch and what must come of it. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fakehost.h"

#include "test.h"

/*
 * A tree is a list of lines: "path=content", "path->target", "path/" for a folder, "path|" for a
 * FIFO, "path*=content" for an executable file.
 */
struct row {
        const char *why;
        const char *tree;
        const char *patch;
        const char *options; /* more of the input, with a comma in front; "" */
        const char *code;    /* of the refusal; NULL = it applies */
        const char *want;    /* the tree after it; NULL = as before */
};

#define ADD(path)                                                                                  \
        "diff --git a/" path " b/" path "\nnew file mode 100644\n--- /dev/null\n+++ b/" path "\n"
#define DELETE(path)                                                                               \
        "diff --git a/" path " b/" path "\ndeleted file mode 100644\n--- a/" path                  \
        "\n+++ /dev/null\n"
#define LINK(path, target)                                                                         \
        "diff --git a/" path " b/" path "\nnew file mode 120000\n--- /dev/null\n+++ b/" path       \
        "\n@@ -0,0 +1 @@\n+" target "\n\\ No newline at end of file\n"
#define CHANGE(path) "--- a/" path "\n+++ b/" path "\n"
#define A_TO_B       "@@ -1 +1 @@\n-a\n+b\n"
#define B_TO_C       "@@ -1 +1 @@\n-b\n+c\n"
#define PLUS_A       "@@ -0,0 +1 @@\n+a\n"
#define MINUS_A      "@@ -1 +0,0 @@\n-a\n"
#define REVERSED     ",\"reverse\":true"

static const struct row rows[] = {
        { "a change", "x=a;", CHANGE("x") A_TO_B, "", NULL, "x=b;" },
        { "and back", "x=b;", CHANGE("x") A_TO_B, REVERSED, NULL, "x=a;" },
        { "two folders off", "x=a;", "--- p/q/x\n+++ r/s/x\n" A_TO_B, ",\"strip\":2", NULL,
          "x=b;" },
        { "none off", "a/x=a;", CHANGE("x") "@@ -1 +1 @@\n-a\n+b\n", ",\"strip\":5",
          "patch-corrupt", NULL },
        { "a new file in new folders", "x=a;", ADD("p/q/n") PLUS_A, "", NULL, "p/q/n=a;x=a;" },
        { "and back: the folders go too", "p/q/n=a;x=a;", ADD("p/q/n") PLUS_A, REVERSED, NULL,
          "x=a;" },
        { "a new file that is there", "n=z;", ADD("n") PLUS_A, "", "file-exists", NULL },
        { "a file that is not there", "y=a;", CHANGE("x") A_TO_B, "", "file-missing", NULL },
        { "a deletion", "d/x=a;y=y;", DELETE("d/x") MINUS_A, "", NULL, "y=y;" },
        { "a deletion that leaves something", "x=a\nz;", DELETE("x") "@@ -1 +0,0 @@\n-a\n", "",
          "patch-rejected", NULL },
        { "hunks of two files, the second bad: nothing is written", "x=a;y=z;",
          CHANGE("x") A_TO_B CHANGE("y") A_TO_B, "", "patch-rejected", NULL },
        { "two changes of one file", "x=a;", CHANGE("x") A_TO_B CHANGE("x") B_TO_C, "", NULL,
          "x=c;" },
        { "and both back", "x=c;", CHANGE("x") A_TO_B CHANGE("x") B_TO_C, REVERSED, NULL, "x=a;" },
        { "made and deleted in one patch", "y=y;", ADD("n") PLUS_A DELETE("n") MINUS_A, "", NULL,
          "y=y;" },
        { "changed and deleted in one patch", "x=a;y=y;",
          CHANGE("x") A_TO_B DELETE("x") "@@ -1 +0,0 @@\n-b\n", "", NULL, "y=y;" },
        { "a rename", "x=a;", "diff --git a/x b/d/y\nrename from x\nrename to d/y\n", "", NULL,
          "d/y=a;" },
        { "a rename onto a file", "x=a;y=y;", "diff --git a/x b/y\nrename from x\nrename to y\n",
          "", "file-exists", NULL },
        { "two files change places", "x=a;y=y;",
          "diff --git a/x b/y\nrename from x\nrename to y\n"
          "diff --git a/y b/x\nrename from y\nrename to x\n",
          "", NULL, "x=y;y=a;" },
        { "a file takes the place of its folder", "d/x=a;",
          "diff --git a/d/x b/d\nrename from d/x\nrename to d\n", "", NULL, "d=a;" },
        { "a copy", "x=a;", "diff --git a/x b/y\ncopy from x\ncopy to y\n", "", NULL, "x=a;y=a;" },
        { "a mode", "x=a;", "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", "", NULL,
          "x*=a;" },
        { "a mode back", "x*=a;", "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n",
          REVERSED, NULL, "x=a;" },
        { "an executable stays one", "x*=a;", CHANGE("x") A_TO_B, "", NULL, "x*=b;" },
        { "a file becomes a link", "x=a;y=y;", DELETE("x") MINUS_A LINK("x", "y"), "", NULL,
          "x->y;y=y;" },
        { "a link back", "x->y;y=y;", LINK("x", "y"), REVERSED, NULL, "y=y;" },
        { "a link that leads out", "x=a;", LINK("l", "../y"), "", "link-unsafe", NULL },
        { "a link, and a file behind it", "x=a;", LINK("l", "d") ADD("l/n") PLUS_A, "",
          "link-unsafe", NULL },
        { "a file, and a link in its way", "x=a;", ADD("l/n") PLUS_A LINK("l", "d"), "",
          "link-unsafe", NULL },
        { "behind a link that is there", "d/y=y;l->d;", ADD("l/n") PLUS_A, "", "link-unsafe",
          NULL },
        { "a change behind a link", "d/y=a;l->d;", CHANGE("l/y") A_TO_B, "", "link-unsafe", NULL },
        { "a link that goes makes way for a folder", "d/y=y;l->d;",
          "diff --git a/l b/l\ndeleted file mode 120000\n--- a/l\n+++ /dev/null\n@@ -1 +0,0 "
          "@@\n-d\n"
          "\\ No newline at end of file\n" ADD("l/n") PLUS_A,
          "", NULL, "d/y=y;l/n=a;" },
        { "a file where a folder with files is", "d/y=y;", ADD("d") PLUS_A, "", "type-conflict",
          NULL },
        { "a file where an empty folder is", "d/;x=a;", ADD("d") PLUS_A, "", NULL, "d=a;x=a;" },
        { "a file where a folder is emptied", "d/e/x=a;", DELETE("d/e/x") MINUS_A ADD("d") PLUS_A,
          "", NULL, "d=a;" },
        { "a file below a file", "x=a;", ADD("x/n") PLUS_A, "", "type-conflict", NULL },
        { "a file below a new file", "x=a;", ADD("n") PLUS_A ADD("n/m") PLUS_A, "", "type-conflict",
          NULL },
        { "a file below a file that goes", "x=a;", DELETE("x") MINUS_A ADD("x/n") PLUS_A, "", NULL,
          "x/n=a;" },
        { "a folder is no file", "x/y=a;", CHANGE("x") A_TO_B, "", "type-conflict", NULL },
        { "a FIFO is not waited for", "x|;", CHANGE("x") A_TO_B, "", "type-conflict", NULL },
        { "a link is no file", "x->y;y=a;",
          "diff --git a/x b/x\nindex 1..2 100644\n" CHANGE("x") A_TO_B, "", "type-conflict", NULL },
        { "a submodule", "x=a;",
          "diff --git a/s b/s\nnew file mode 160000\n--- /dev/null\n+++ b/s\n" PLUS_A, "",
          "mode-unsupported", NULL },
        { "a device", "x=a;",
          "diff --git a/s b/s\nnew file mode 020644\n--- /dev/null\n+++ b/s\n" PLUS_A, "",
          "mode-unsupported", NULL },
        { "git's own files", "x=a;", ADD(".git/config") PLUS_A, "", "path-unsafe", NULL },
        { "above the tree", "x=a;", ADD("../n") PLUS_A, "", "path-unsafe", NULL },
        { "no patch at all", "x=a;", "hello\n", "", "patch-empty", NULL },
        { "a message stays one line", "x=a;", "diff --git a/x b/x\nnew file mode \r\033[2Jrwx\n",
          "", "patch-corrupt", NULL },
        { "fuzz", "x=a;", CHANGE("x") A_TO_B, ",\"fuzz\":1", "input-invalid", NULL },
        { "an endless strip", "x=a;", CHANGE("x") A_TO_B, ",\"strip\":100000", "input-invalid",
          NULL },
        { "binary files that only differ", "b=a;",
          "diff --git a/b b/b\nindex 1..2 100644\nBinary files a/b and b/b differ\n", "",
          "patch-corrupt", NULL },
        { "a plain diff may make a file", "x=a;", CHANGE("n") PLUS_A, "", NULL, "n=a;x=a;" },
        { "or fill an empty one", "n=;", CHANGE("n") PLUS_A, "", NULL, "n=a;" },
        { "a time of zero means deleted", "x=a;y=y;",
          "--- a/x\t2024-01-01 00:00:00 +0000\n+++ b/x\t1970-01-01 00:00:00 +0000\n" MINUS_A, "",
          NULL, "y=y;" },
        { "another time means empty", "x=a;",
          "--- a/x\t2024-01-01 00:00:00 +0000\n+++ b/x\t2024-01-02 00:00:00 +0000\n" MINUS_A, "",
          NULL, "x=;" },
};

static char folder[] = "/tmp/test-patch-XXXXXX";

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void) st;
        (void) type;
        return ftw->level == 0 ? 0 : remove(path);
}

static void tree_clear(void)
{
        assert_int_equal(nftw(folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void parents_make(char *path)
{
        for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash;
             slash = strchr(slash + 1, '/')) {
                *slash = 0;
                (void) mkdir(path, 0755);
                *slash = '/';
        }
}

/* Content gets its newline here, unless there is none at all. */
static void file_make(const char *path, const char *content, mode_t mode)
{
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        fprintf(f, *content ? "%s\n" : "%s", content);
        assert_int_equal(fchmod(fileno(f), mode), 0);
        fclose(f);
}

static void entry_make(const char *line)
{
        const char *mark = strpbrk(line, "=|*");
        const char *arrow = strstr(line, "->");
        char path[256];
        size_t n = arrow ? (size_t) (arrow - line) : mark ? (size_t) (mark - line) : strlen(line);

        (void) snprintf(path, sizeof(path), "%s/%.*s", folder, (int) n, line);
        parents_make(path);
        if (arrow)
                assert_int_equal(symlink(arrow + 2, path), 0);
        else if (mark && *mark == '|')
                assert_int_equal(mkfifo(path, 0644), 0);
        else if (mark)
                file_make(path, strchr(line, '=') + 1, *mark == '*' ? 0755 : 0644);
}

static void tree_make(const char *tree)
{
        char copy[512], *rest = copy, *line;

        (void) snprintf(copy, sizeof(copy), "%s", tree);
        while ((line = strsep(&rest, ";")))
                if (*line)
                        entry_make(line);
}

static FILE *listing;

/* nftw() goes through a folder in no order: lines are sorted later. */
static int entry_list(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        const char *name = path + strlen(folder) + 1;
        char data[256] = "";
        ssize_t n;

        (void) type;
        if (ftw->level == 0 || S_ISDIR(st->st_mode))
                return 0;
        if (S_ISLNK(st->st_mode)) {
                n = readlink(path, data, sizeof(data) - 1);
                fprintf(listing, "%s->%.*s;", name, (int) n, data);
        } else if (S_ISREG(st->st_mode)) {
                int fd = open(path, O_RDONLY | O_CLOEXEC);

                n = read(fd, data, sizeof(data) - 1);
                close(fd);
                fprintf(listing, "%s%s=%.*s;", name, st->st_mode & 0100 ? "*" : "",
                        (int) (n ? n - 1 : 0), data);
        } else {
                fprintf(listing, "%s|;", name);
        }
        return 0;
}

static int text_compare(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static void tree_list(char *ret, size_t size)
{
        char *text, *rest, *lines[32];
        size_t length, n = 0;

        listing = open_memstream(&text, &length);
        assert_int_equal(nftw(folder, entry_list, 16, FTW_PHYS), 0);
        fclose(listing);
        rest = text;
        while ((lines[n] = strsep(&rest, ";")) && *lines[n])
                n++;
        qsort(lines, n, sizeof(*lines), text_compare);
        *ret = 0;
        for (size_t i = 0; i < n; i++)
                (void) snprintf(ret + strlen(ret), size - strlen(ret), "%s;", lines[i]);
        free(text);
}

static void row_run(const struct row *row, int root)
{
        _cleanup_(fakehost_done) struct fakehost host;
        json_t *patch = json_string(row->patch);
        char *quoted = json_dumps(patch, JSON_ENCODE_ANY), *input, before[1024], after[1024];
        const char *code;

        tree_clear();
        tree_make(row->tree);
        tree_list(before, sizeof(before));
        assert_true(asprintf(&input, "{\"patch\":%s%s}", quoted, row->options) > 0);
        fakehost_init(&host, "apply-patch", input);
        host.workspace = root;
        code = fakehost_run(&host, linhay_agent()) == 0 ? NULL : host.fail_code;
        if ((code && row->code) ? strcmp(code, row->code) != 0 : code != row->code)
                fail_msg("%s: %s: %s", row->why, code ? code : "applied",
                         host.fail_message ? host.fail_message : "");
        tree_list(after, sizeof(after));
        if (strcmp(after, row->want ? row->want : before) != 0)
                fail_msg("%s: the tree is %s", row->why, after);
        assert_true(!host.output == !!row->code);
        if (host.fail_message)
                assert_null(strpbrk(host.fail_message, "\r\n\t"));
        json_decref(patch);
        free(quoted);
        free(input);
}

static void test_rows(void **state)
{
        int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                row_run(&rows[i], root);
        close(root);
}

/* What a person made of a file's permissions stays as it is. */
static void test_permissions(void **state)
{
        static const struct {
                const char *why;
                mode_t before;
                const char *patch;
                mode_t after;
        } cases[] = {
                { "a private file stays private", 0600, CHANGE("x") A_TO_B, 0600 },
                { "a shared one stays shared", 0664, CHANGE("x") A_TO_B, 0664 },
                { "only readers may execute", 0640,
                  "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", 0750 },
                { "set-id bits go", 04755, CHANGE("x") A_TO_B, 0755 },
        };
        int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(cases); i++) {
                _cleanup_(fakehost_done) struct fakehost host;
                json_t *input = json_pack("{s:s}", "patch", cases[i].patch);
                char *text = json_dumps(input, 0);
                struct stat st;

                tree_clear();
                tree_make("x=a;");
                assert_int_equal(fchmodat(root, "x", cases[i].before, 0), 0);
                fakehost_init(&host, "apply-patch", text);
                host.workspace = root;
                assert_int_equal(fakehost_run(&host, linhay_agent()), 0);
                assert_int_equal(fstatat(root, "x", &st, 0), 0);
                if ((st.st_mode & 07777) != cases[i].after)
                        fail_msg("%s: %o", cases[i].why, st.st_mode & 07777);
                json_decref(input);
                free(text);
        }
        close(root);
}

/* Exactly one of the two ways to hand over a patch. */
static void test_inputs(void **state)
{
        _cleanup_(fakehost_done) struct fakehost none, both;
        int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct fakehost_file file = { "/patch_file", open("/dev/null", O_RDONLY | O_CLOEXEC) };

        (void) state;
        fakehost_init(&none, "apply-patch", "{}");
        none.workspace = root;
        assert_int_equal(fakehost_run(&none, linhay_agent()), -1);
        assert_string_equal(none.fail_code, "input-invalid");
        fakehost_init(&both, "apply-patch", "{\"patch\":\"\",\"patch_file\":\"p\"}");
        both.workspace = root;
        both.files = &file;
        both.n_files = 1;
        assert_int_equal(fakehost_run(&both, linhay_agent()), -1);
        assert_string_equal(both.fail_code, "input-invalid");
        close(file.fd);
        close(root);
}

static int setup(void **state)
{
        (void) state;
        return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
        (void) state;
        tree_clear();
        return rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_permissions),
                cmocka_unit_test(test_inputs),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
