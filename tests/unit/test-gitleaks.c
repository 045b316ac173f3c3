/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/json.h"

#include "../../plugins/compliance-checker/gitleaks.h"
#include "../../plugins/compliance-checker/re2.h"
#include "scan/rule.h"

static void test_convert(void **state)
{
        (void) state;
        static const struct {
                const char *why, *from, *want;
        } rows[] = {
                { "nothing to change", "(?i)key_[a-z0-9]{20}", "(?i)key_[a-z0-9]{20}" },
                { "a dash behind a set is a dash", "[\\w-.]+", "[\\w\\-.]+" },
                { "a dash behind a named set", "[[:alpha:]-_]", "[[:alpha:]\\-_]" },
                { "a dash behind a Unicode set", "[\\pL-x]", "[\\pL\\-x]" },
                { "the last dash needs nothing", "[\\w-]", "[\\w-]" },
                { "a range stays one", "[a-z-9]", "[a-z-9]" },
                { "an escaped bracket is no class", "\\[\\w-.", "\\[\\w-." },
                { "a bracket first in a class", "[]\\d-x]", "[]\\d\\-x]" },
                { "an end in a class", "[\\w-", "[\\w-" },
                { "an escape at the end", "a\\", "a\\" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char *got = re2_to_pcre2(rows[i].from);

                if (strcmp(got, rows[i].want) != 0)
                        fail_msg("%s: %s", rows[i].why, got);
                free(got);
        }
}

static void test_literal(void **state)
{
        (void) state;
        static const struct {
                const char *why, *regex, *want;
        } rows[] = {
                { "the longest one", "ab_[0-9]+token_x[a-z]", "token_x" },
                { "in a group", "\\b(acme_[a-z]{8})\\b", "acme_" },
                { "in a group without a capture", "(?:acme)_x", "acme" },
                { "flags change nothing", "(?i)acme_[a-z]", "acme_" },
                { "a choice at the top has none", "acme_x|other_y", "" },
                { "a choice in a group is passed over", "(?:aaaa|bbbb)cccc", "cccc" },
                { "what may be left out is none", "(acme_)?[0-9]+tok", "tok" },
                { "a byte that may be left out ends it", "acmes?[0-9]", "acme" },
                { "a byte that is repeated is in it once", "acme_+x", "acme_" },
                { "an escaped sign is itself", "xox\\-b", "xox-b" },
                { "a set ends it", "xo\\dtoken", "token" },
                { "none", "[0-9a-f]{32}", "" },
                { "too short", "ab[0-9]", "" },
                { "none in an empty one", "", "" },
                { "a group that does not end", "(abcd", "abcd" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char *got = re2_literal(rows[i].regex, 3);

                if (strcmp(got, rows[i].want) != 0)
                        fail_msg("%s: %s", rows[i].why, got);
                free(got);
        }
}

static void test_captures(void **state)
{
        (void) state;
        assert_true(re2_captures("a(b)"));
        assert_true(re2_captures("(?P<x>b)"));
        assert_true(re2_captures("(?<x>b)"));
        assert_false(re2_captures("a(?:b)"));
        assert_false(re2_captures("(?i)b"));
        assert_false(re2_captures("\\(b[(]"));
        assert_false(re2_captures("[("));
}

static void note(void *owner, unsigned line, const char *rule, const char *text)
{
        (void) buf_printf(owner, "%u %s: %s\n", line, rule ? rule : "-", text);
}

static bool is_builtin(void *owner, const char *id)
{
        (void) owner;
        return strcmp(id, "github-pat") == 0;
}

/* Imports a text; the JSON is compact and in order of keys. */
static char *import(const char *text, const char *base, struct buf *notes, char *error, size_t size)
{
        struct gitleaks g = { .tell = note, .is_builtin = is_builtin, .owner = notes };
        json_t *pack = NULL;
        char *json;
        int r = gitleaks_import(&g, (struct span){ text, strlen(text) },
                                (struct span){ base, base ? strlen(base) : 0 }, &pack, error, size);

        assert_true((r == 0) == (pack != NULL));
        json = pack ? json_dumps(pack, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
        json_decref(pack);
        return json;
}

#define R "[[rules]]\nid = \"r\"\nregex = '''rr_[0-9]{8}'''\nkeywords = [\"rr_\"]\n"

static void test_import(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *base, *json, *note; /* parts that must be there */
        } rows[] = {
                { "a rule", R "entropy = 3\n", NULL, "\"entropy\":3.0", "" },
                { "alone without useDefault", R, NULL, "\"alone\":true", "" },
                { "a number of a group", R "secretGroup = 2\n", NULL, "\"group\":2", "" },
                { "the first group where there is one",
                  "[[rules]]\nid=\"r\"\nregex='''(rr_)[0-9]'''\nkeywords=[\"rr_\"]\n", NULL,
                  "\"group\":1", "" },
                { "a path", R "path = '''[.]env$'''\n", NULL, "\"path\":\"[.]env$\"", "" },
                { "the old form of an allow-list",
                  R "[rules.allowlist]\nstopwords = [\"x\"]\nregexTarget = \"match\"\n", NULL,
                  "\"allow\":[{\"target\":\"match\",\"words\":[\"x\"]}]", "" },
                { "the new form, both conditions",
                  R "[[rules.allowlists]]\ncondition = \"AND\"\npaths = ['''a''']\n"
                    "regexes = ['''b''']\n",
                  NULL, "\"allow\":[{\"all\":true,\"paths\":[\"a\"],\"regexes\":[\"b\"]}]", "" },
                { "of all rules", "[allowlist]\npaths = ['''v''']\n" R, NULL,
                  "{\"allow\":[{\"paths\":[\"v\"]}]", "" },
                { "of some rules", "[[allowlists]]\ntargetRules = [\"r\"]\nstopwords = [\"q\"]\n" R,
                  NULL, "\"rules\":[\"r\"],\"words\":[\"q\"]", "" },
                { "commits are told", R "[rules.allowlist]\ncommits = [\"a\"]\n", NULL, "\"r\"",
                  "6 r: an allow-list's commits" },
                { "commits that must hold with the rest never do",
                  R "[[rules.allowlists]]\ncondition = \"AND\"\ncommits = [\"a\"]\npaths = "
                    "['''x''']\n",
                  NULL, "\"after\":", "commits" },
                { "useDefault, and what is switched off",
                  "[extend]\nuseDefault = true\ndisabledRules = [\"github-pat\", \"zz\"]\n" R, NULL,
                  "\"disable\":[\"github-pat\",\"zz\"]", "1 zz: is switched off" },
                { "a built-in rule is allowed more",
                  "[extend]\nuseDefault = true\n[[rules]]\nid = \"github-pat\"\n"
                  "[rules.allowlist]\nstopwords = [\"x\"]\n",
                  NULL, "{\"allow\":[{\"rules\":[\"github-pat\"],\"words\":[\"x\"]}]",
                  "3 github-pat: changes a built-in rule" },
                { "what is extended comes first, and its lists are added to",
                  "[extend]\npath = \"b\"\n[[rules]]\nid = \"r\"\nentropy = 2\nkeywords = "
                  "[\"k2\"]\n",
                  R, "\"keywords\":[\"rr_\",\"k2\"]", "" },
                { "a rule of the extended file is switched off",
                  "[extend]\npath = \"b\"\ndisabledRules = [\"r\"]\n[[rules]]\nid = \"s\"\n"
                  "regex = \"ss_x\"\n",
                  R, "\"id\":\"s\"", "has no keywords" },
                { "a member that is not known", R "skipReport = true\n", NULL, "\"id\":\"r\"",
                  "5 r: rule: \"skipReport\"" },
                { "an expression that PCRE2 does not take",
                  R "[[rules]]\nid = \"u\"\nregex = '''\\x{1F600}'''\nkeywords=[\"k\"]\n", NULL,
                  "\"id\":\"r\"", "5 u: an expression means nothing" },
                { "a rule without an id", R "[[rules]]\nregex = \"x\"\n", NULL, "\"id\":\"r\"",
                  "5 -: left out" },
                { "a rule for paths alone", R "[[rules]]\nid = \"p\"\npath = \"x\"\n", NULL,
                  "\"id\":\"r\"", "5 p: left out" },
                { "an entropy that no text has", R "entropy = 99\n", NULL, "\"entropy\":8.0",
                  "its entropy" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf notes = { 0 };
                struct rule_pack pack;
                char error[512] = "";
                char *json = import(rows[i].text, rows[i].base, &notes, error, sizeof(error));

                if (!json)
                        fail_msg("%s: %s", rows[i].why, error);
                if (!strstr(json, rows[i].json) || !strstr(buf_text(&notes), rows[i].note))
                        fail_msg("%s: %s\n%s", rows[i].why, json, buf_text(&notes));
                if (!*rows[i].note && notes.length)
                        fail_msg("%s: %s", rows[i].why, buf_text(&notes));
                /* Whatever is imported can be loaded. */
                if (rule_pack_load(&pack, json, strlen(json), error, sizeof(error)) < 0)
                        fail_msg("%s: %s", rows[i].why, error);
                rule_pack_done(&pack);
                free(json);
        }
}

static void test_import_faults(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *base, *want;
        } rows[] = {
                { "no TOML", "[rules", NULL, "1: " },
                { "nothing in it", "", NULL, "no rule" },
                { "rules that are a text", "rules = \"x\"\n", NULL, "no rule" },
                { "the extended file is missing", "[extend]\npath = \"b.toml\"\n" R, NULL,
                  "1: it extends b.toml" },
                { "the extended file is wrong", R, "x = 1\nx = 2\n", "2: " },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf notes = { 0 };
                char error[512] = "";

                assert_null(import(rows[i].text, rows[i].base, &notes, error, sizeof(error)));
                if (strncmp(error, rows[i].want, strlen(rows[i].want)) != 0)
                        fail_msg("%s: %s", rows[i].why, error);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_convert),       cmocka_unit_test(test_literal),
                cmocka_unit_test(test_captures),      cmocka_unit_test(test_import),
                cmocka_unit_test(test_import_faults),
        };

        return cmocka_run_group_tests_name("gitleaks", tests, NULL, NULL);
}
