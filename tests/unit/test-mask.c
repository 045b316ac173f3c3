/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "obs/mask.h"

/*
 * No file of ours holds anything that looks like a secret: in these texts {U}, {M} and {K} stand
 * for 16 capitals and digits, 36 letters and digits, and a line of a key; they are made while
 * testing.
 */
static const struct {
        const char *mark;
        size_t length;
        const char *letters;
} makers[] = {
        { "{U}", 16, "ABCDEFGHJKLMNPQR23456789" },
        { "{M}", 36, "abcdefghijkmnopqrstuvwxyzABCDEFGH23456789" },
        { "{K}", 64, "abcdefghijkmnopqrstuvwxyzABCDEFGH23456789+/" },
};

static void make(struct buf *out, const char *text)
{
        static unsigned state = 7;

        while (*text) {
                size_t i = 0;

                while (i < TEST_ROWS(makers) && strncmp(text, makers[i].mark, 3) != 0)
                        i++;
                if (i == TEST_ROWS(makers)) {
                        assert_int_equal(buf_putc(out, *text++), 0);
                        continue;
                }
                for (size_t k = 0; k < makers[i].length; k++) {
                        state = state * 1103515245u + 12345u;
                        assert_int_equal(
                                buf_putc(out, makers[i].letters[(state >> 16) %
                                                                strlen(makers[i].letters)]),
                                0);
                }
                text += 3;
        }
}

#define BEGIN                                                                                      \
        "-----BEGIN RSA PRIVATE KEY"                                                               \
        "-----"
#define END                                                                                        \
        "-----END RSA PRIVATE KEY"                                                                 \
        "-----"

static const struct {
        const char *why;
        const char *text, *want;
        size_t masked;
} texts[] = {
        { "prose is left alone", "the password is hidden: see the manual", NULL, 0 },
        { "a token keeps its prefix", "key AKIA{U}.", "key AKIA********.", 1 },
        { "a token within a word is none", "XAKIA{U}", NULL, 0 },
        { "a prefix alone is no token", "ghp_short", NULL, 0 },
        { "two tokens on a line", "AKIA{U} ghp_{M}", "AKIA******** ghp_********", 2 },
        { "a password in a URL", "postgres://joe:hunter22@db/x", "postgres://joe:********@db/x",
          1 },
        { "a URL with a port has none", "http://host:8080/x@y", NULL, 0 },
        { "a quoted value", "db_password = \"hunter\";", "db_password = \"********\";", 1 },
        { "a quoted name", "{\"clientSecret\": \"{M}\"}", "{\"clientSecret\": \"********\"}", 1 },
        { "escaped quotes", "\\\"apiKey\\\": \\\"{M}\\\"", "\\\"apiKey\\\": \\\"********\\\"", 1 },
        { "a default of the environment", "getenv('DB_PASSWORD', 'hunter')",
          "getenv('DB_PASSWORD', '********')", 1 },
        { "a list of words", "{ \"password\", \"hunter22\", \"token\" }", NULL, 0 },
        { "an element", "<password>hunter2222</password>", "<password>********</password>", 1 },
        { "a shell's variable", "DB_PASSWORD=hunter go", "DB_PASSWORD=******** go", 1 },
        { "a call is no literal", "password = read_password2(tty);", NULL, 0 },
        { "a variable is no literal", "token = next_token;", NULL, 0 },
        { "a reference is no literal", "password: \"${DB_PASSWORD}\"", NULL, 0 },
        { "a name about a secret names none", "password_file = \"/etc/hunter22\"", NULL, 0 },
        { "what is masked already is not counted", "password = \"********\"", NULL, 0 },
        { "a bypass is no pass", "bypass = \"hunter22\"", NULL, 0 },
        { "a copy elsewhere is masked too", "token = \"abcd1234efgh\"\nsay abcd1234efgh",
          "token = \"********\"\nsay ********", 2 },
        { "a private key is one value", BEGIN "\n{K}\n{K}\nAbc=\n" END "\nend",
          BEGIN "\n********\n********\n********\n" END "\nend", 1 },
        { "a key on one line", "\"" BEGIN "\\n{K}\\n" END "\\n\"",
          "\"" BEGIN "********" END "\\n\"", 1 },
        { "a key without its head, its lines counted as they come", "{K}\nAbc=\n" END,
          "********\n********\n" END, 2 },
        { "a certificate is public", "-----BEGIN CERTIFICATE-----\n{K}\n-----END CERTIFICATE-----",
          NULL, 0 },
        { "code that knows of keys is left alone", "if (has(\"" BEGIN "\")) {\n  return true;\n}",
          NULL, 0 },
        { "a digest in hex is none",
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", NULL, 0 },
};

static const struct {
        const char *why;
        const char *text, *want;
        size_t masked;
} diffs[] = {
        { "settings need no quotes",
          "diff --git a/.env b/.env\n--- a/.env\n+++ b/.env\n@@ -1,1 +1,2 @@\n "
          "DB_PASS=hunter\n+X=1\n",
          "diff --git a/.env b/.env\n--- a/.env\n+++ b/.env\n@@ -1,1 +1,2 @@\n "
          "DB_PASS=********\n+X=1\n",
          1 },
        { "a removed line that looks like a name is a line",
          "--- a/x.c\n+++ b/x.c\n@@ -1,2 +1 @@\n--- a/.env\n x\n@@ -9,1 +9,1 @@\n-token: "
          "abcd\n+x\n",
          NULL, 0 },
        { "the line that a hunk's head repeats",
          "--- a/.env\n+++ b/.env\n@@ -9 +9 @@ API_TOKEN=abcdefgh\n-a\n+b\n",
          "--- a/.env\n+++ b/.env\n@@ -9 +9 @@ API_TOKEN=********\n-a\n+b\n", 1 },
        { "a hunk in the middle of a key",
          "--- a/k\n+++ b/k\n@@ -5,2 +5,3 @@ {K}\n {K}\n+x y\n {K}\n",
          "--- a/k\n+++ b/k\n@@ -5,2 +5,3 @@ ********\n ********\n+x y\n ********\n", 3 },
        { "a key's end, the line before it short",
          "--- a/k\n+++ b/k\n@@ -5,2 +5,3 @@\n Ab=\n " END "\n+x\n",
          "--- a/k\n+++ b/k\n@@ -5,2 +5,3 @@\n ********\n " END "\n+x\n", 1 },
        { "a number in a hunk's head that is none",
          "@@ -1,x +y @@\n@@ -99999999999999999999 +1 @@\n", NULL, 0 },
};

static void check(const char *why, const char *template, const char *want, size_t masked,
                  enum mask_kind kind)
{
        _cleanup_(buf_done) struct buf text = { 0 }, out = { 0 };
        size_t n = 0;

        make(&text, template);
        assert_int_equal(mask_text(&out, buf_text(&text), kind, &n), 0);
        if (strcmp(buf_text(&out), want ? want : buf_text(&text)) != 0 || n != masked)
                fail_msg("%s: masked %zu in \"%s\"", why, n, buf_text(&out));
}

static void test_texts(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(texts); i++)
                check(texts[i].why, texts[i].text, texts[i].want, texts[i].masked, MASK_TEXT);
}

static void test_diffs(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(diffs); i++)
                check(diffs[i].why, diffs[i].text, diffs[i].want, diffs[i].masked, MASK_DIFF);
}

static void test_json(void **state)
{
        _cleanup_(json_decrefp) json_t *j = json_pack(
                "{s:s, s:[s, i], s:{s:s, s:s}}", "password", "hunter", "list", "pwd='hunter'", 1,
                "changeset", "sha256", "00", "diff", "+++ b/a.ini\n@@ -0,0 +1 @@\n+secret=word\n");
        _cleanup_(freep) char *text = NULL;
        size_t n = 0;

        (void) state;
        assert_int_equal(mask_json(j, &n), 0);
        assert_int_equal(n, 3);
        text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
        assert_string_equal(text, "{\"changeset\":{\"diff\":\"+++ b/a.ini\\n@@ -0,0 +1 "
                                  "@@\\n+secret=********\\n\",\"sha256\":\"00\"},\"list\":[\"pwd='"
                                  "********'\",1],\"password\":\"********\"}");
}

/* Whatever the bytes: it ends, stays within its text and keeps the number of lines. */
static void test_nonsense(void **state)
{
        static const char *const bits[] = { "@@ -1,2 +1,2 @@",
                                            "--- a/.env",
                                            "\n",
                                            "+",
                                            "-",
                                            "=",
                                            ":",
                                            "\"",
                                            "\\",
                                            "password",
                                            "AKIA",
                                            "://",
                                            "@",
                                            " ",
                                            BEGIN,
                                            END,
                                            "-----BEGIN ",
                                            "{K}",
                                            "{",
                                            "$",
                                            "\xc3\xa4" };
        unsigned seed = 1;

        (void) state;
        for (int round = 0; round < 3000; round++) {
                _cleanup_(buf_done) struct buf template = { 0 }, text = { 0 }, out = { 0 };
                size_t n = 0, before = 0, after = 0;

                for (int k = 0; k < 30; k++) {
                        seed = seed * 1103515245u + 12345u;
                        assert_int_equal(buf_puts(&template, bits[(seed >> 16) % TEST_ROWS(bits)]),
                                         0);
                }
                make(&text, buf_text(&template));
                assert_int_equal(mask_text(&out, buf_text(&text), round % 2, &n), 0);
                for (size_t i = 0; i < text.length; i++)
                        before += text.data[i] == '\n';
                for (size_t i = 0; i < out.length; i++)
                        after += out.data[i] == '\n';
                assert_int_equal(before, after);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_texts),
                cmocka_unit_test(test_diffs),
                cmocka_unit_test(test_json),
                cmocka_unit_test(test_nonsense),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
