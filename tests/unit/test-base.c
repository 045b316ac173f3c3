/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/json-check.h"
#include "base/loop.h"
#include "base/sha256.h"
#include "base/unit.h"
#include "base/utf8.h"
#include "json-random.h"

#include <fcntl.h>
#include <sys/stat.h>

static void test_err(void **state)
{
        (void) state;
        struct err err = { 0 };
        char big[2 * ERR_TEXT_MAX];

        assert_int_equal(err_set(&err, -EINVAL, "bad %s", "thing"), -EINVAL);
        assert_string_equal(err_text(&err), "bad thing");
        assert_int_equal(err_wrap(&err, -EIO, "in %s", "place"), -EIO);
        assert_string_equal(err_text(&err), "in place: bad thing");
        assert_int_equal(err.code, -EINVAL);

        err = (struct err){ 0 };
        assert_int_equal(err_sys(&err, -ENOENT, "cannot open x"), -ENOENT);
        assert_string_equal(err_text(&err), "cannot open x: No such file or directory");

        memset(big, 'a', sizeof(big) - 1);
        big[sizeof(big) - 1] = '\0';
        (void) err_set(&err, -EINVAL, "%s", big);
        assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
        assert_string_equal(err.text + ERR_TEXT_MAX - 4, "...");
        assert_int_equal(err_set(NULL, -EPERM, "nobody listens"), -EPERM);

        /* What it quotes of strangers can be printed and put into JSON, even where it was cut. */
        (void) err_set(&err, -EINVAL, "\x1b[1m \xff \xe2\x82 \xc2\x9b \xe2\x80\xae \xc3\xa9\n\t.");
        assert_string_equal(err_text(&err), "?[1m ? ?? ?? ??? \xc3\xa9\n\t.");
        memset(big, 0xC3, sizeof(big) - 1);
        (void) err_set(&err, -EINVAL, "%s", big);
        assert_true(utf8_is_valid(err.text, strlen(err.text)));
        assert_int_equal(err_wrap(&err, -EINVAL, "in \x7f"), -EINVAL);
        assert_memory_equal(err.text, "in ?: ??", 8);
}

static void test_buf(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf b = BUF_LIMIT(10);

        assert_string_equal(buf_text(&b), "");
        assert_int_equal(buf_puts(&b, "hello"), 0);
        assert_int_equal(buf_printf(&b, "%d", 12345), 0);
        assert_int_equal(buf_putc(&b, '!'), -EMSGSIZE);
        assert_string_equal(buf_text(&b), "hello12345");
        buf_drop(&b, 5);
        assert_string_equal(buf_text(&b), "12345");

        _cleanup_(freep) char *text = buf_take(&b);
        assert_string_equal(text, "12345");
        assert_int_equal(b.length, 0);
        assert_int_equal(b.limit, 10);
}

static void test_utf8(void **state)
{
        (void) state;
        static const struct {
                const char *why, *in;
                size_t n;
                const char *want;
        } rows[] = {
                { "plain text stays", "abc", 3, "abc" },
                { "three-byte character stays", "\xE2\x82\xAC", 3, "\xE2\x82\xAC" },
                { "overlong slash is invalid", "\xC0\xAF", 2, "\xEF\xBF\xBD\xEF\xBF\xBD" },
                { "surrogate is invalid", "\xED\xA0\x80", 3,
                  "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
                { "beyond Unicode is invalid", "\xF4\x90\x80\x80", 4,
                  "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
                { "cut short is invalid", "\xE2\x82", 2, "\xEF\xBF\xBD\xEF\xBF\xBD" },
                { "escape cannot reach a terminal", "\x1B[2J", 4, "\\x1b[2J" },
                { "C1 control cannot either", "\xC2\x9B", 2, "\\x9b" },
                { "right-to-left override is shown", "\xE2\x80\xAE", 3, "\\u{202e}" },
                { "newline is escaped unless lines are kept", "a\nb", 3, "a\\x0ab" },
                { "NUL is escaped", "\0", 1, "\\x00" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf out = { 0 };

                assert_int_equal(utf8_clean(&out, rows[i].in, rows[i].n, false), 0);
                if (strcmp(buf_text(&out), rows[i].want) != 0)
                        fail_msg("%s: got \"%s\"", rows[i].why, buf_text(&out));
        }
}

static void test_units(void **state)
{
        (void) state;
        static const struct {
                const char *in;
                uint64_t want;
        } bytes[] = { { "0", 0 },
                      { "4096", 4096 },
                      { "256MiB", 256ULL << 20 },
                      { "4k", 4096 },
                      { "10B", 10 } },
          times[] = { { "0", 0 }, { "90s", 90000 }, { "250ms", 250 }, { "1h30m", 5400000 } };
        static const char *const bad_bytes[] = { "",      "-1", "1.5G", "12QB", "99999999999T",
                                                 "1 MiB", "4kk" },
                                 *const bad_times[] = { "", "90", "-1s", "1y", "s", "1h30" };
        uint64_t got;

        for (size_t i = 0; i < TEST_ROWS(bytes); i++) {
                assert_int_equal(bytes_parse(&got, bytes[i].in, NULL), 0);
                assert_int_equal(got, bytes[i].want);
        }
        for (size_t i = 0; i < TEST_ROWS(times); i++) {
                assert_int_equal(duration_parse(&got, times[i].in, NULL), 0);
                assert_int_equal(got, times[i].want);
        }
        for (size_t i = 0; i < TEST_ROWS(bad_bytes); i++)
                if (bytes_parse(&got, bad_bytes[i], NULL) != -EINVAL)
                        fail_msg("\"%s\" was taken for a size", bad_bytes[i]);
        for (size_t i = 0; i < TEST_ROWS(bad_times); i++)
                if (duration_parse(&got, bad_times[i], NULL) != -EINVAL)
                        fail_msg("\"%s\" was taken for a duration", bad_times[i]);
}

/* A look at each level that were two looks would not end before the sun does. */
static void test_json_depth(void **state)
{
        static const struct {
                const char *why;
                size_t depth;
                int want;
        } rows[] = {
                { "the deepest that may be", JSON_DEPTH_LIMIT, 0 },
                { "one level more", JSON_DEPTH_LIMIT + 1, -EBADMSG },
                { "more than the parser itself takes", 100000, -EBADMSG },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *value = NULL;
                size_t n = rows[i].depth;
                char *text = malloc(2 * n);
                struct err err = { 0 };

                assert_non_null(text);
                memset(text, '[', n);
                memset(text + n, ']', n);
                if (json_text_load(&value, text, 2 * n, "deep", &err) != rows[i].want)
                        fail_msg("%s: %s", rows[i].why, err.text);
                free(text);
        }
}

static void test_json(void **state)
{
        (void) state;
        _cleanup_(json_decrefp) json_t *doc = NULL, *same = NULL;
        struct err err = { 0 };
        const char *text = "{\"b\":[1,{\"a/b\":2,\"m~n\":3}],\"a\":1.0}",
                   *twice = "{\"a\":1,\"a\":2}";

        assert_int_equal(json_text_load(&doc, text, strlen(text), "doc", NULL), 0);
        assert_int_equal(json_integer_value(json_pointer_get(doc, "/b/1/a~1b")), 2);
        assert_int_equal(json_integer_value(json_pointer_get(doc, "/b/1/m~0n")), 3);
        assert_null(json_pointer_get(doc, "/b/01"));
        assert_null(json_pointer_get(doc, "/b/-"));
        assert_null(json_pointer_get(doc, "b"));
        assert_ptr_equal(json_pointer_get(doc, ""), doc);

        /* Names may be long. */
        char pointer[5000] = "/";

        memset(pointer + 1, 'k', sizeof(pointer) - 2);
        pointer[sizeof(pointer) - 1] = '\0';
        assert_int_equal(json_object_set_new(doc, pointer + 1, json_integer(7)), 0);
        assert_int_equal(json_integer_value(json_pointer_get(doc, pointer)), 7);
        assert_int_equal(json_object_del(doc, pointer + 1), 0);

        assert_int_equal(json_text_load(&same, "[1,\n2\0,3]", 9, "doc", &err), -EBADMSG);
        assert_string_equal(err_text(&err), "doc:2: not valid JSON: a NUL byte");

        _cleanup_(freep) char *canonical = json_canonical(doc);
        assert_string_equal(canonical, "{\"a\":1.0,\"b\":[1,{\"a/b\":2,\"m~n\":3}]}");

        text = "{\"a\":1,\"b\":[1.0,{\"m~n\":3,\"a/b\":2}]}";
        assert_int_equal(json_text_load(&same, text, strlen(text), "same", NULL), 0);
        assert_true(json_same(doc, same));

        assert_int_equal(json_text_load(&same, twice, strlen(twice), "twice.json", &err), -EBADMSG);
        assert_non_null(strstr(err.text, "twice.json:1:"));
}

static bool loads(const char *text, size_t length)
{
        _cleanup_(json_decrefp) json_t *value = NULL;

        return json_text_load(&value, text, length, "text", NULL) == 0;
}

static void check_alike(const char *text, size_t length)
{
        if ((json_check(text, length) == 0) != loads(text, length))
                fail_msg("loaded or not, and said otherwise: %.*s", (int) length, text);
}

/* Says of every text what loading it says. */
static void test_json_check(void **state)
{
        static const char *const texts[] = {
                "",
                " ",
                "0",
                "-0",
                "-",
                "01",
                "1.",
                ".5",
                "1e",
                "1e+",
                "-1.5E-3",
                "+1",
                "true",
                "tru",
                "truee",
                "nul",
                "NULL",
                "[]",
                "[1,]",
                "[,1]",
                "[1 2]",
                "[1]]",
                "{}",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{a:1}",
                "{1:1}",
                "\"a",
                "\"\\",
                "\"\\x\"",
                "\"\\u00g0\"",
                "\"\\u00\"",
                "\"\\ud800\"",
                "\"\\udc00\"",
                "\"\t\"",
                "\"\x80\"",
                "\"\xc3\xa4\"",
                "'a'",
                "// 1",
                "\xef\xbb\xbf"
                "1",
                "1e999",
                "-1e999",
                "1e-999",
                "1e308",
                "9223372036854775807",
                "9223372036854775808",
                "-9223372036854775808",
                "-9223372036854775809",
                "9223372036854775808.0",
                "{\"a\":1,\"a\":2}",
                "{\"a\":1,\"b\":{\"a\":1},\"c\":[{\"a\":1},{\"a\":1}]}",
                "{\"c\":1,\"b\":{\"x\":1,\"y\":2,\"x\":3},\"a\":1}",
                "{\"c\":1,\"b\":{\"x\":1,\"y\":2},\"c\":1}",
                "{\"a\":1,\"\\u0061\":2}",
                "{\"\xc3\xa4\":1,\"\\u00e4\":2}",
                "{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}",
                "{\"/\":1,\"\\/\":2}",
                "{\"\\n\":1,\"\\u000A\":2}",
                "{\"\":1,\"\":2}",
                "{\"\":1,\" \":2,\"a\":3,\"aa\":4}",
                "{\"a\\u0000\":1}",
                " [ 1 , { \"a\" : \"\\ud83d\\ude00\\u0000\\n\" } , null ]\r\n",
        };
        struct json_random random = { .state = json_random_seed() | 1 };
        char deep[2 * (JSON_DEPTH_LIMIT + 1)];
        static const char signs[] = "[]{},:\"\\019.eE-+u \x80tn";

        (void) state;
        (void) printf("# LINHAY_SEED=%llu\n", (unsigned long long) random.state);
        for (size_t i = 0; i < TEST_ROWS(texts); i++)
                check_alike(texts[i], strlen(texts[i]));
        check_alike("1\0", 2);
        for (size_t n = JSON_DEPTH_LIMIT; n <= JSON_DEPTH_LIMIT + 1; n++) {
                memset(deep, '[', n);
                memset(deep + n, ']', n);
                check_alike(deep, 2 * n);
        }
        for (size_t i = 0; i < 3000; i++) {
                _cleanup_(json_decrefp) json_t *value = json_random_value(&random, 4);
                _cleanup_(freep) char *text = json_dumps(value, JSON_ENCODE_ANY);
                size_t length = strlen(text);

                assert_int_equal(json_check(text, length), 0);
                for (size_t k = 0; k < 3; k++) {
                        size_t at = json_random_below(&random, length);

                        text[at] = signs[json_random_below(&random, sizeof(signs) - 1)];
                        check_alike(text, length);
                }
        }
}

/* The same bytes as jansson's own, behind what was there. */
static void test_json_write(void **state)
{
        struct json_random random = { .state = json_random_seed() | 1 };
        static const char *const texts[] = {
                "{}",  "[]",   "[[],{}]", "-9223372036854775808",
                "0.5", "null", "true",    "\"\\u0000\\u001f\\u007f\""
        };
        _cleanup_(buf_done) struct buf small = BUF_LIMIT(8);
        _cleanup_(json_decrefp) json_t *list = json_pack("[s]", "longer than eight");

        (void) state;
        (void) printf("# LINHAY_SEED=%llu\n", (unsigned long long) random.state);
        for (size_t i = 0; i < 2000; i++) {
                _cleanup_(json_decrefp) json_t *value =
                        i < ARRAY_SIZE(texts)
                                ? json_loads(texts[i], JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
                                : json_random_value(&random, 4);
                _cleanup_(freep) char *expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
                _cleanup_(buf_done) struct buf text = { 0 };

                assert_int_equal(buf_puts(&text, "x"), 0);
                assert_int_equal(json_write(&text, value), 0);
                assert_string_equal(buf_text(&text) + 1, expected);
        }
        assert_int_equal(buf_puts(&small, "x"), 0);
        assert_int_equal(json_write(&small, list), -EMSGSIZE);
        assert_string_equal(buf_text(&small), "x");
}

static void test_sha256(void **state)
{
        (void) state;
        char hex[SHA256_HEX];

        sha256_hex(hex, "abc", 3); /* FIPS 180-4, example 1 */
        assert_string_equal(hex,
                            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_true(sha256_is_hex(hex));
        hex[0] = 'B';
        assert_false(sha256_is_hex(hex));
}

static void test_io(void **state)
{
        (void) state;
        char dir[] = "/tmp/linhay-test-XXXXXX", path[64], link[64];
        _cleanup_(buf_done) struct buf text = BUF_LIMIT(5);
        _cleanup_(closep) int dirfd = -1, fd = -1;

        assert_non_null(mkdtemp(dir));
        (void) snprintf(path, sizeof(path), "%s/file", dir);
        (void) snprintf(link, sizeof(link), "%s/link", dir);
        assert_int_equal(file_replace(path, "hello", 5, 0640, NULL), 0);
        assert_int_equal(file_read(path, &text, NULL), 0);
        assert_string_equal(buf_text(&text), "hello");

        buf_done(&text);
        assert_int_equal(file_replace(path, "hello!", 6, 0640, NULL), 0);
        assert_int_equal(file_read(path, &text, NULL), -EFBIG);

        assert_int_equal(symlink("file", link), 0);
        dirfd = open(dir, O_PATH | O_DIRECTORY);
        assert_int_equal(open_beneath(dirfd, "link", O_RDONLY, 0), -ELOOP);
        assert_int_equal(open_beneath(dirfd, "../etc/passwd", O_RDONLY, 0), -EXDEV);
        assert_int_equal(open_beneath(dirfd, "/etc/passwd", O_RDONLY, 0), -EXDEV);
        fd = open_beneath(dirfd, "file", O_RDONLY, 0);
        assert_true(fd >= 0);

        assert_int_equal(unlink(link), 0);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(file_read(path, &text, NULL), -EINVAL);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(dir), 0);
}

struct fired {
        struct loop *loop;
        struct loop_source early, late, reader;
        int pipe[2];
        unsigned count;
};

static int on_early(struct loop_source *source, uint32_t events)
{
        struct fired *f = source->owner;

        assert_int_equal(events, 0);
        f->count++;
        return write(f->pipe[1], "x", 1) == 1 ? 0 : -EIO;
}

static int on_late(struct loop_source *source, uint32_t events)
{
        (void) source, (void) events;
        fail_msg("a removed timer fired");
        return 0;
}

static int on_reader(struct loop_source *source, uint32_t events)
{
        struct fired *f = source->owner;

        assert_true(events & EPOLLIN);
        f->count++;
        loop_remove(f->loop, &f->late);
        loop_stop(f->loop);
        return 0;
}

static void test_loop(void **state)
{
        (void) state;
        struct fired f = { 0 };

        assert_int_equal(loop_new(&f.loop), 0);
        assert_int_equal(pipe(f.pipe), 0);
        assert_int_equal(loop_add_fd(f.loop, &f.reader, f.pipe[0], EPOLLIN, on_reader, &f), 0);
        assert_int_equal(loop_add_timer(f.loop, &f.early, 0, on_early, &f), 0);
        assert_int_equal(loop_add_timer(f.loop, &f.late, 3600000, on_late, &f), 0);
        assert_int_equal(loop_run(f.loop), 0);
        assert_int_equal(f.count, 2);
        loop_remove(f.loop, &f.reader);
        (void) close(f.pipe[0]);
        (void) close(f.pipe[1]);
        (void) loop_free(f.loop);
}

struct deferred {
        struct loop *loop;
        struct loop_source once, again, never, reader;
        int pipe[2];
        char order[8];
};

static int on_deferred(struct loop_source *source, _unused_ uint32_t events)
{
        struct deferred *d = source->owner;

        strcat(d->order, source == &d->once ? "o" : "a");
        if (source == &d->once)
                loop_remove(d->loop, &d->never);
        loop_defer(d->loop, &d->again, on_deferred, d);
        return 0;
}

static int on_ready(struct loop_source *source, _unused_ uint32_t events)
{
        struct deferred *d = source->owner;

        strcat(d->order, "r");
        if (strlen(d->order) > 4)
                loop_stop(d->loop);
        return 0;
}

/* Asked for twice it is done once, after what is ready; one that defers itself starves nobody. */
static void test_loop_defer(void **state)
{
        struct deferred d = { 0 };

        (void) state;
        assert_int_equal(loop_new(&d.loop), 0);
        assert_int_equal(pipe(d.pipe), 0);
        assert_int_equal(write(d.pipe[1], "x", 1), 1);
        assert_int_equal(loop_add_fd(d.loop, &d.reader, d.pipe[0], EPOLLIN, on_ready, &d), 0);
        loop_defer(d.loop, &d.once, on_deferred, &d);
        loop_defer(d.loop, &d.once, on_deferred, &d);
        loop_defer(d.loop, &d.never, on_deferred, &d);
        assert_int_equal(loop_run(d.loop), 0);
        assert_string_equal(d.order, "rorara");
        loop_remove(d.loop, &d.again);
        loop_remove(d.loop, &d.reader);
        (void) close(d.pipe[0]);
        (void) close(d.pipe[1]);
        (void) loop_free(d.loop);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_err),        cmocka_unit_test(test_buf),
                cmocka_unit_test(test_utf8),       cmocka_unit_test(test_units),
                cmocka_unit_test(test_json),       cmocka_unit_test(test_json_depth),
                cmocka_unit_test(test_json_write), cmocka_unit_test(test_json_check),
                cmocka_unit_test(test_sha256),     cmocka_unit_test(test_io),
                cmocka_unit_test(test_loop),       cmocka_unit_test(test_loop_defer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
