/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/io.h"

#include <linhay/walk.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A folder of its own for each test; what is in it is removed afterwards. */
struct tree {
        char path[64];
        int fd;
};

static void tree_make(struct tree *t)
{
        (void) strcpy(t->path, "/tmp/linhay-walk-XXXXXX");
        assert_non_null(mkdtemp(t->path));
        t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(t->fd >= 0);
}

static void tree_done(struct tree *t)
{
        char command[96];

        (void) close(t->fd);
        (void) snprintf(command, sizeof(command), "rm -rf %s", t->path);
        assert_int_equal(system(command), 0);
}

/* Writes a file, making the folders above it. */
static void tree_put(const struct tree *t, const char *path, const void *data, size_t length)
{
        char folder[512];
        int fd;

        for (const char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
                (void) snprintf(folder, sizeof(folder), "%.*s", (int) (s - path), path);
                (void) mkdirat(t->fd, folder, 0755);
        }
        fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, data, length), 0);
        assert_int_equal(close(fd), 0);
}

static void tree_puts(const struct tree *t, const char *path, const char *text)
{
        tree_put(t, path, text, strlen(text));
}

/* Adds "-path:reason" of a skip to the list that is the owner. */
static void note_skip(void *owner, const char *path, enum linhay_walk_skip why, int error)
{
        (void) error;
        (void) buf_printf(owner, "-%s:%s ", path, linhay_walk_skip_names[why]);
}

/* Walks and loads everything; `list` gets the paths in order, each with a blank behind it. */
static void walk_list(const struct tree *t, struct linhay_walk_options options, struct buf *list)
{
        struct linhay_walk w;
        const char *data;
        size_t length;
        int r;

        options.skipped = note_skip;
        options.owner = list;
        assert_int_equal(linhay_walk_init(&w, t->fd, &options), 0);
        while ((r = linhay_walk_next(&w)) > 0)
                if (linhay_walk_load(&w, &data, &length) > 0)
                        assert_int_equal(buf_printf(list, "%s ", w.path), 0);
        assert_int_equal(r, 0);
        linhay_walk_done(&w);
}

static void test_match(void **state)
{
        (void) state;
        static const struct {
                const char *why, *pattern, *path;
                bool want;
        } rows[] = {
                { "a literal matches itself", "a/b", "a/b", true },
                { "a star stays in its folder", "a/*", "a/b/c", false },
                { "a star takes nothing", "a/b*", "a/b", true },
                { "a star tries further", "a/*b.c", "a/bb.c", true },
                { "two stars in one part", "*a*b", "xaybzb", true },
                { "a question mark is one byte", "a?c", "abc", true },
                { "a question mark is no slash", "a?c", "a/c", false },
                { "leading ** takes no folder", "**/x", "x", true },
                { "leading ** takes folders", "**/x", "a/b/x", true },
                { "leading ** takes whole folders only", "**/x", "ax", false },
                { "middle ** takes no folder", "a/**/b", "a/b", true },
                { "middle ** takes folders", "a/**/b", "a/x/y/b", true },
                { "middle ** tries again", "a/**/b/c", "a/b/x/b/c", true },
                { "trailing ** takes all below", "a/**", "a/b/c", true },
                { "trailing ** is not the folder", "a/**", "a", false },
                { "** between letters is a star", "a/x**y", "a/x1/y", false },
                { "two ** in a row of folders", "**/a/**/b", "x/a/q/a/b", true },
                { "a bracket", "[abc]x", "bx", true },
                { "a range", "[a-c]x", "dx", false },
                { "a negated bracket", "[!a-c]x", "dx", true },
                { "the other negation", "[^a-c]x", "bx", false },
                { "a bracket that begins with ]", "[]a]", "]", true },
                { "a bracket never takes a slash", "a[!b]c", "a/c", false },
                { "a class of characters", "[[:digit:]]", "7", true },
                { "an escape inside a bracket", "[\\]]", "]", true },
                { "a bracket without an end", "[abc", "a", false },
                { "an escaped star", "a\\*", "a*", true },
                { "an escaped star is no star", "a\\*", "ab", false },
                { "a backslash at the end", "a\\", "a\\", false },
                { "many stars end soon", "a*a*a*a*a*a*a*a*a*a*b",
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                if (linhay_walk_match(rows[i].pattern, rows[i].path) != rows[i].want)
                        fail_msg("%s: %s on %s", rows[i].why, rows[i].pattern, rows[i].path);
}

static void test_ignore(void **state)
{
        (void) state;
        static const struct {
                const char *why, *ignore, *want;
        } rows[] = {
                { "nothing is ignored", "", "a.c a.o d/a.o d/e/a.c x " },
                { "a name matches at any depth", "a.c\n", "a.o d/a.o x " },
                { "a leading slash anchors", "/a.c\n", "a.o d/a.o d/e/a.c x " },
                { "a slash inside anchors", "e/a.c\n", "a.c a.o d/a.o d/e/a.c x " },
                { "a wildcard", "*.o\n", "a.c d/e/a.c x " },
                { "the last match wins", "*.o\n!a.o\n", "a.c a.o d/a.o d/e/a.c x " },
                { "order matters", "!a.o\n*.o\n", "a.c d/e/a.c x " },
                { "a folder takes all below", "d\n!a.c\n", "a.c a.o x " },
                { "folders only", "x/\nd/\n", "a.c a.o x " },
                { "comment, blank line, CRLF", "#a.c\r\n\r\n*.o\r\n", "a.c d/e/a.c x " },
                { "blanks at the end are cut", "x  \n", "a.c a.o d/a.o d/e/a.c " },
                { "an escaped blank stays", "x\\ \n", "a.c a.o d/a.o d/e/a.c x " },
                { "an escaped letter", "\\x\n", "a.c a.o d/a.o d/e/a.c " },
                { "** in the middle", "d/**/a.c\n", "a.c a.o d/a.o x " },
                { "no newline at the end", "x", "a.c a.o d/a.o d/e/a.c " },
                { "a byte order mark", "\xEF\xBB\xBFx\n", "a.c a.o d/a.o d/e/a.c " },
                { "everything but one", "/*\n!/d\n", "d/a.o d/e/a.c " },
        };
        struct tree t;

        tree_make(&t);
        tree_puts(&t, "a.c", "");
        tree_puts(&t, "a.o", "");
        tree_puts(&t, "d/a.o", "");
        tree_puts(&t, "d/e/a.c", "");
        tree_puts(&t, "x", "");
        tree_puts(&t, ".git/config", "");
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf list = { 0 };
                struct linhay_walk w;

                tree_puts(&t, ".gitignore", rows[i].ignore);
                assert_int_equal(linhay_walk_init(&w, t.fd, &(struct linhay_walk_options){ 0 }), 0);
                while (linhay_walk_next(&w) > 0)
                        if (strcmp(w.path, ".gitignore") != 0)
                                (void) buf_printf(&list, "%s ", w.path);
                linhay_walk_done(&w);
                if (strcmp(buf_text(&list), rows[i].want) != 0)
                        fail_msg("%s: got %s, want %s", rows[i].why, buf_text(&list), rows[i].want);
        }
        tree_done(&t);
}

static void test_nested_ignore(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf list = { 0 }, all = { 0 };
        struct tree t;

        tree_make(&t);
        tree_puts(&t, ".gitignore", "*.log\n");
        tree_puts(&t, "a/.gitignore", "!keep.log\n/b/only\n");
        tree_puts(&t, "a/keep.log", "");
        tree_puts(&t, "a/drop.log", "");
        tree_puts(&t, "a/b/only", "");
        tree_puts(&t, "b/only", "");
        tree_puts(&t, "b/keep.log", "");
        walk_list(&t, (struct linhay_walk_options){ 0 }, &list);
        assert_string_equal(buf_text(&list),
                            ".gitignore a/.gitignore -a/b/only:ignored -a/drop.log:ignored "
                            "a/keep.log -b/keep.log:ignored b/only ");
        walk_list(&t, (struct linhay_walk_options){ .no_ignore = true }, &all);
        assert_string_equal(buf_text(&all),
                            ".gitignore a/.gitignore a/b/only a/drop.log a/keep.log "
                            "b/keep.log b/only ");
        tree_done(&t);
}

static void test_order(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf list = { 0 };
        struct tree t;

        tree_make(&t);
        tree_puts(&t, "a/b", "");
        tree_puts(&t, "a.c", "");
        tree_puts(&t, "a0", "");
        tree_puts(&t, "B", "");
        tree_puts(&t, "\xFF\xFE", "");
        walk_list(&t, (struct linhay_walk_options){ 0 }, &list);
        assert_string_equal(buf_text(&list), "B a.c a/b a0 \xFF\xFE ");
        tree_done(&t);
}

static void make_socket(const struct tree *t)
{
        struct sockaddr_un at = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", t->path);
        assert_int_equal(bind(fd, (struct sockaddr *) &at, sizeof(at)), 0);
        (void) close(fd);
}

static void test_odd_files(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf list = { 0 };
        struct tree t;

        tree_make(&t);
        tree_put(&t, "binary", "a\0b", 3);
        tree_puts(&t, "empty", "");
        tree_puts(&t, "large", "0123456789abcdef");
        tree_puts(&t, "text", "hello\n");
        assert_int_equal(mkfifoat(t.fd, "fifo", 0644), 0);
        assert_int_equal(symlinkat(".", t.fd, "loop"), 0);
        assert_int_equal(symlinkat("/etc/passwd", t.fd, "out"), 0);
        make_socket(&t);
        walk_list(&t, (struct linhay_walk_options){ .max_file_bytes = 15 }, &list);
        assert_string_equal(buf_text(&list),
                            "-binary:binary empty -fifo:special -large:too-large -loop:symlink "
                            "-out:symlink -socket:special text ");
        tree_done(&t);
}

/* What the walk listed may be gone or changed by the time it is opened. */
static void test_vanished(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf list = { 0 };
        struct linhay_walk_options options = { .skipped = note_skip, .owner = &list };
        struct linhay_walk w;
        const char *data;
        size_t length;
        struct tree t;

        tree_make(&t);
        tree_puts(&t, "a", "");
        tree_puts(&t, "b", "");
        tree_puts(&t, "c", "");
        tree_puts(&t, "d/x", "");
        assert_int_equal(linhay_walk_init(&w, t.fd, &options), 0);
        assert_int_equal(unlinkat(t.fd, "a", 0), 0);
        assert_int_equal(unlinkat(t.fd, "b", 0), 0);
        assert_int_equal(mkfifoat(t.fd, "b", 0644), 0);
        assert_int_equal(unlinkat(t.fd, "c", 0), 0);
        assert_int_equal(symlinkat("/etc/passwd", t.fd, "c"), 0);
        assert_int_equal(unlinkat(t.fd, "d/x", 0), 0);
        assert_int_equal(unlinkat(t.fd, "d", AT_REMOVEDIR), 0);
        assert_int_equal(symlinkat("/etc", t.fd, "d"), 0);
        while (linhay_walk_next(&w) > 0)
                assert_int_equal(linhay_walk_load(&w, &data, &length), 0);
        assert_string_equal(buf_text(&list), "-a:vanished -b:special -c:vanished -d:vanished ");
        linhay_walk_done(&w);
        tree_done(&t);
}

/* Root may read everything, so it looks on as somebody else. */
static void test_unreadable(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf list = { 0 };
        const uid_t nobody = 65534, me = geteuid();
        struct tree t;

        tree_make(&t);
        tree_puts(&t, "a", "");
        tree_puts(&t, "d/x", "");
        assert_int_equal(fchmodat(t.fd, "a", 0, 0), 0);
        assert_int_equal(fchmodat(t.fd, "d", 0, 0), 0);
        assert_int_equal(fchmod(t.fd, 0755), 0);
        if (me == 0)
                assert_int_equal(seteuid(nobody), 0);
        walk_list(&t, (struct linhay_walk_options){ 0 }, &list);
        assert_int_equal(seteuid(me), 0);
        assert_string_equal(buf_text(&list), "-a:unreadable -d:unreadable ");
        assert_int_equal(fchmodat(t.fd, "d", 0755, 0), 0);
        tree_done(&t);
}

/* Makes `depth` folders inside each other, each with a file before ("a") and behind ("z") them. */
static void make_deep(const struct tree *t, unsigned depth)
{
        int fd = dup(t->fd);

        for (unsigned i = 0; i < depth; i++) {
                int next;

                (void) close(openat(fd, "a", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
                (void) close(openat(fd, "z", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
                assert_int_equal(mkdirat(fd, "d", 0755), 0);
                next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(next >= 0);
                (void) close(fd);
                fd = next;
        }
        (void) close(fd);
}

static void test_deep(void **state)
{
        (void) state;
        enum { DEPTH = 10000 };
        struct rlimit few = { 64, 64 }, before;
        struct linhay_walk w;
        struct tree t;
        uint64_t loaded = 0;
        const char *data;
        size_t length;

        tree_make(&t);
        make_deep(&t, DEPTH);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        few.rlim_max = before.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);

        assert_int_equal(linhay_walk_init(&w, t.fd, &(struct linhay_walk_options){ 0 }), 0);
        while (linhay_walk_next(&w) > 0)
                loaded += linhay_walk_load(&w, &data, &length) > 0;
        assert_int_equal(loaded, 2 * (LINHAY_WALK_DEPTH + 1));
        assert_int_equal(w.skips[LINHAY_WALK_DEEP], 1);
        linhay_walk_done(&w);

        loaded = 0;
        assert_int_equal(
                linhay_walk_init(&w, t.fd, &(struct linhay_walk_options){ .max_depth = 20000 }), 0);
        while (linhay_walk_next(&w) > 0)
                loaded += linhay_walk_load(&w, &data, &length) > 0;
        assert_int_equal(loaded, 2 * DEPTH);
        assert_int_equal(w.skips[LINHAY_WALK_VANISHED], 0);
        linhay_walk_done(&w);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        tree_done(&t);
}

static void test_limits(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf list = { 0 };
        struct tree t;

        tree_make(&t);
        tree_puts(&t, "d/x", "");
        tree_puts(&t, "d/y", "");
        tree_puts(&t, "d/z", "");
        walk_list(&t, (struct linhay_walk_options){ .max_entries = 1 }, &list);
        assert_string_equal(buf_text(&list), "-d:too-many-entries ");
        tree_done(&t);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_match),         cmocka_unit_test(test_ignore),
                cmocka_unit_test(test_nested_ignore), cmocka_unit_test(test_order),
                cmocka_unit_test(test_odd_files),     cmocka_unit_test(test_vanished),
                cmocka_unit_test(test_unreadable),    cmocka_unit_test(test_deep),
                cmocka_unit_test(test_limits),
        };

        return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
