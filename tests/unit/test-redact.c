/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/redact.h"

#include "test.h"

#define SECRET "s3cr\"et /K+y~9z&Q=1"
#define PEM                                                                                        \
        "-----BEGIN X KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nBAQEFAASCBKcwggSjAgEA\n-----END X "       \
        "KEY-----"

static struct redact *known(const char *secret)
{
        struct redact *r;

        assert_int_equal(redact_new(&r), 0);
        assert_int_equal(redact_add(r, secret, strlen(secret)), 0);
        return r;
}

static void test_forms(void **state)
{
        static const struct {
                const char *why, *text, *want;
                uint64_t count;
                bool is_head; /* no whole one is there */
        } rows[] = {
                { "nothing is found in nothing", "", "", 0 },
                { "what is no secret stays", "s3cret", "s3cret", 0 },
                { "as it is", "a " SECRET " b", "a ******** b", 1 },
                { "twice, side by side", SECRET SECRET, "****************", 2 },
                { "as a JSON string", "s3cr\\\"et /K+y~9z&Q=1", "********", 1 },
                { "with the slash escaped too", "s3cr\\\"et \\/K+y~9z&Q=1", "********", 1 },
                { "in a URL", "?t=s3cr%22et%20%2FK%2By~9z%26Q%3D1&x", "?t=********&x", 1 },
                { "with lower digits", "s3cr%22et%20%2fK%2by~9z%26Q%3d1", "********", 1 },
                { "in a URL, every byte",
                  "%73%33%63%72%22%65%74%20%2f%4B%2b%79%7e%39%7a%26%51%3d%31", "********", 1 },
                { "in a form", "s3cr%22et+%2FK%2By~9z%26Q%3D1", "********", 1 },
                { "in a path, where only some must be escaped", "s3cr%22et%20/K+y~9z&Q=1",
                  "********", 1 },
                { "hex", "733363722265742 0 733363722265742 02f4b2b797e397a26513d31",
                  "733363722265742 0 733363722265742 02f4b2b797e397a26513d31", 0 },
                { "hex", "<73336372226574202f4b2b797e397a26513d31>", "<********>", 1 },
                { "hex in capitals", "73336372226574202F4B2B797E397A26513D31", "********", 1 },
                { "hex with colons", "73:33:63:72:22:65:74:20:2f:4b:2b:79:7e:39:7a:26:51:3d:31",
                  "********", 1 },
                { "base64", "czNjciJldCAvSyt5fjl6JlE9MQ==", "********Q==", 1 },
                { "base64 behind one byte", "eHMzY3IiZXQgL0sreX45eiZRPTE=", "eH********E=", 1 },
                { "base64 behind two bytes", "eHhzM2NyIildCAv", "eHhzM2NyIildCAv", 0 },
                { "base64 of somebody and the secret",
                  "am9lOnMzY3IiZXQgL0sreX45eiZRPTE=", "am9lOn********E=", 1 },
                { "base64 broken in lines",
                  "czNjciJl\ndCAvSyt5\r\nfjl6JlE9MQ==", "********Q==", 1 },
                { "over the end of a line", "s3cr\"et\n /K+y~9z&Q=1", "********", 1 },
                { "its half, where the text ends", "a s3cr\"et /K+", "a ********", 1, true },
                { "one and the half of another", SECRET " s3cr\"et /K+", "******** ********", 2 },
                { "its half, and more text", "a s3cr\"et /K+.", "a s3cr\"et /K+.", 0 },
                { "less than its half", "a s3cr\"et", "a s3cr\"et", 0 },
                { "reversed is not known", "1=Q&z9~y+K/ te\"rc3s", "1=Q&z9~y+K/ te\"rc3s", 0 },
        };
        struct redact *r = known(SECRET);

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf out = { 0 };
                uint64_t count = 0;

                assert_int_equal(redact_text(r, &out, rows[i].text, strlen(rows[i].text), &count),
                                 0);
                if (strcmp(buf_text(&out), rows[i].want) != 0 || count != rows[i].count)
                        fail_msg("%s: \"%s\", %d times", rows[i].why, buf_text(&out), (int) count);
                assert_int_equal(redact_finds(r, rows[i].text, strlen(rows[i].text)),
                                 rows[i].count > 0 && !rows[i].is_head);
        }
        redact_free(r);
}

/* Bytes that nobody shows as they are; a cell may have made them printable before. */
static void test_unprintable(void **state)
{
        static const char secret[] = "a\x01key\xffof\xc3\xa4ny\tby\rtes";
        static const char *const rows[] = {
                "a\x01key\xffof\xc3\xa4ny\tby\rtes",
                "a\x01key\xffof\xc3\xa4ny\tbytes",
                "a\\x01key\xef\xbf\xbdof\xc3\xa4ny\\x09by\\x0dtes",
                "a\\x01key\xef\xbf\xbdof\xc3\xa4ny\tby\\x0dtes",
        };
        struct redact *r = known(secret);

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                if (!redact_finds(r, rows[i], strlen(rows[i])))
                        fail_msg("row %zu is not found", i);
        redact_free(r);
}

static void test_several_lines(void **state)
{
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "whole", "a" PEM "b", "a********b" },
                { "without its line ends",
                  "-----BEGIN X KEY-----MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEA-----END X "
                  "KEY-----",
                  "********" },
                { "one line of it", "+BAQEFAASCBKcwggSjAgEA\n", "+********\n" },
                { "what every key has stays", "-----BEGIN X KEY-----", "-----BEGIN X KEY-----" },
        };
        struct redact *r = known(PEM);

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf out = { 0 };
                uint64_t count = 0;

                assert_int_equal(redact_text(r, &out, rows[i].text, strlen(rows[i].text), &count),
                                 0);
                if (strcmp(buf_text(&out), rows[i].want) != 0)
                        fail_msg("%s: \"%s\"", rows[i].why, buf_text(&out));
        }
        redact_free(r);
}

/* Every way to cut each form in two. */
static void lines_print(void *user, int level, const char *text, size_t length)
{
        assert_int_equal(buf_printf(user, "%d:%.*s|", level, (int) length, text), 0);
}

static void test_split_lines(void **state)
{
        static const char *const forms[] = {
                SECRET,
                "73336372226574202f4b2b797e397a26513d31",
                "s3cr%22et%20%2FK%2By~9z%26Q%3D1",
                "czNjciJldCAvSyt5fjl6JlE9M",
        };
        struct redact *r = known(SECRET);

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(forms); i++)
                for (size_t cut = 1; cut < strlen(forms[i]); cut++) {
                        _cleanup_(buf_done) struct buf out = { 0 };
                        uint64_t count = 0;
                        struct redact_lines l = {
                                .redact = r, .count = &count, .on_line = lines_print, .user = &out
                        };

                        assert_int_equal(redact_lines_add(&l, 6, "begin", 5), 0);
                        assert_int_equal(redact_lines_add(&l, 6, forms[i], cut), 0);
                        assert_int_equal(
                                redact_lines_add(&l, 4, forms[i] + cut, strlen(forms[i]) - cut), 0);
                        assert_int_equal(redact_lines_add(&l, 6, "end!", 4), 0);
                        assert_int_equal(redact_lines_flush(&l), 0);
                        assert_string_equal(buf_text(&out),
                                            "6:begin|6:********|4:********|6:end!|");
                        assert_int_equal(count, 1);
                        redact_lines_done(&l);
                }
        redact_free(r);
}

/* The line with its second half seems to begin a secret itself, and waits: so does the first. */
static void test_half_waits(void **state)
{
        static const char secret[] = SECRET;
        struct redact *r = known(SECRET);
        _cleanup_(buf_done) struct buf out = { 0 };
        uint64_t count = 0;
        struct redact_lines l = {
                .redact = r, .count = &count, .on_line = lines_print, .user = &out
        };
        char rest[128];

        (void) state;
        assert_int_equal(redact_lines_add(&l, 6, secret, 5), 0);
        (void) snprintf(rest, sizeof(rest), "%s and %.1s", &secret[5], secret);
        assert_int_equal(redact_lines_add(&l, 6, rest, strlen(rest)), 0);
        assert_int_equal(redact_lines_flush(&l), 0);
        assert_string_equal(buf_text(&out), "6:********|6:******** and s|");
        redact_lines_done(&l);
        redact_free(r);
}

static void test_lines_wait(void **state)
{
        struct redact *r = known(SECRET);
        _cleanup_(buf_done) struct buf out = { 0 };
        uint64_t count = 0;
        struct redact_lines l = {
                .redact = r, .count = &count, .on_line = lines_print, .user = &out
        };

        (void) state;
        assert_int_equal(redact_lines_add(&l, 6, "ends in s", 9), 0);
        assert_string_equal(buf_text(&out), "");
        assert_int_equal(redact_lines_add(&l, 6, "omething", 8), 0);
        assert_string_equal(buf_text(&out), "6:ends in s|6:omething|");
        for (int i = 0; i < 3 * REDACT_HELD; i++)
                assert_int_equal(redact_lines_add(&l, 6, i % 7 ? "" : "s", i % 7 == 0), 0);
        assert_true(l.n <= REDACT_HELD);
        assert_int_equal(redact_lines_flush(&l), 0);
        redact_lines_done(&l);
        redact_free(r);
}

static void test_tail(void **state)
{
        struct redact *r = known(SECRET);

        (void) state;
        for (size_t cut = 1; cut + 4 < strlen(SECRET); cut++) {
                _cleanup_(buf_done) struct buf out = { 0 };
                const char *text = SECRET " end" + cut;
                uint64_t count = 0;

                assert_int_equal(redact_tail(r, &out, text, strlen(text), &count), 0);
                assert_string_equal(buf_text(&out), "******** end");
        }
        redact_free(r);
}

static void test_json(void **state)
{
        struct redact *r = known("1234567890123");
        json_t *value = json_loads("{\"a\": [\"x1234567890123\", 1234567890123, 5, null],"
                                   " \"k1234567890123\": {\"MTIzNDU2Nzg5MDEyMw==\": true}}",
                                   0, NULL);
        _cleanup_(freep) char *text = NULL;
        uint64_t count = 0;

        (void) state;
        assert_int_equal(redact_json(r, &value, &count), 0);
        text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
        assert_string_equal(text, "{\"a\":[\"x********\",\"********\",5,null],"
                                  "\"k********\":{\"********w==\":true}}");
        assert_int_equal(count, 4);
        json_decref(value);
        redact_free(r);
}

static void test_limits(void **state)
{
        struct redact *r;
        char bytes[REDACT_MOST + 1];

        (void) state;
        assert_int_equal(redact_new(&r), 0);
        memset(bytes, 0xff, sizeof(bytes));
        assert_int_equal(redact_add(r, bytes, REDACT_LEAST - 1), -ERANGE);
        assert_int_equal(redact_add(r, bytes, REDACT_MOST + 1), -ERANGE);
        for (size_t i = 0; i < REDACT_SECRETS; i++) {
                memset(bytes, (int) i, sizeof(bytes));
                assert_int_equal(redact_add(r, bytes, REDACT_MOST), 0);
        }
        assert_int_equal(redact_add(r, bytes, REDACT_MOST), -E2BIG);
        redact_free(r);
        assert_false(redact_finds(NULL, "12345678", 8));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_forms),       cmocka_unit_test(test_several_lines),
                cmocka_unit_test(test_split_lines), cmocka_unit_test(test_half_waits),
                cmocka_unit_test(test_lines_wait),  cmocka_unit_test(test_tail),
                cmocka_unit_test(test_json),        cmocka_unit_test(test_limits),
                cmocka_unit_test(test_unprintable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
