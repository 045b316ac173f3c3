/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/json.h"

#include "scan/assign.h"
#include "scan/context.h"
#include "scan/encoded.h"
#include "scan/entropy.h"
#include "scan/fingerprint.h"
#include "scan/hide.h"
#include "scan/mask.h"
#include "scan/match.h"
#include "scan/proof.h"
#include "scan/sample.h"
#include "scan/text.h"
#include "scan/uuid.h"
#include "scan/value.h"
#include "scan/vector.h"
#include "scan/waiver.h"

#include "config.h"

#include <ctype.h>

static struct rule_pack pack, env_pack;

static void load_one(struct rule_pack *ret, const char *name)
{
        _cleanup_(buf_done) struct buf text = { 0 };
        char path[512], error[256];
        struct err err = { 0 };

        (void) snprintf(path, sizeof(path), "%s/plugins/compliance-checker/rules/%s", test_srcdir(),
                        name);
        if (file_read(path, &text, &err) < 0)
                fail_msg("%s", err_text(&err));
        if (rule_pack_load(ret, text.data, text.length, error, sizeof(error)) < 0)
                fail_msg("%s", error);
}

static int load_pack(void **state)
{
        (void) state;
        load_one(&pack, "secrets.json");
        load_one(&env_pack, "env.json");
        return 0;
}

static int unload_pack(void **state)
{
        (void) state;
        rule_pack_done(&pack);
        rule_pack_done(&env_pack);
        return 0;
}

static uint64_t random_state = 1;

static unsigned random_below(unsigned n)
{
        random_state = random_state * 6364136223846793005u + 1442695040888963407u;
        return (unsigned) (random_state >> 33) % n;
}

static void expand(struct buf *out, const char *sample)
{
        char *text = sample_expand(sample, &random_state);

        assert_non_null(text);
        out->length = 0;
        assert_int_equal(buf_puts(out, text), 0);
        free(text);
}

static bool is_found(const struct matcher *m, const struct rule *rule)
{
        for (size_t i = 0; i < m->n_found; i++)
                if (!rule || m->found[i].rule == rule)
                        return true;
        return false;
}

static void check_pack(struct rule_pack *p)
{
        char error[512];

        for (size_t i = 0; i < p->n_rules; i++) {
                struct rule *rule = &p->rules[i];

                if (rule_compile(rule, error, sizeof(error)) < 0)
                        fail_msg("%s", error);
                if (!rule->fix || !rule->cwe[0] || !rule->tags[0])
                        fail_msg("rule %s has no fix, cwe or tag", rule->id);
                if (sample_try(rule, &gate_ac, error, sizeof(error)) < 0)
                        fail_msg("rule %s: %s", rule->id, error);
        }
}

static void test_pack(void **state)
{
        (void) state;
        assert_true(pack.n_rules >= 300);
        check_pack(&pack);
}

static void test_env_pack(void **state)
{
        (void) state;
        check_pack(&env_pack);
}

static void test_whole_pack(void **state)
{
        (void) state;
        struct matcher m;

        assert_int_equal(matcher_init(&m, &pack, gate_best()), 0);
        for (size_t i = 0; i < pack.n_rules; i++) {
                _cleanup_(buf_done) struct buf text = { 0 };

                expand(&text, pack.rules[i].examples[0]);
                assert_int_equal(
                        matcher_scan(&m, pack.rules[i].example_path, buf_text(&text), text.length),
                        0);
                if (!is_found(&m, NULL))
                        fail_msg("%s: nothing found in %s", pack.rules[i].id, buf_text(&text));
        }
        matcher_done(&m);
}

/* A pack whose rules do not hold what their samples promise must stop the build. */
static void test_samples(void **state)
{
        (void) state;
#define RULE(examples, counters)                                                                   \
        "{\"rules\":[{\"id\":\"x\",\"name\":\"x\",\"keywords\":[\"zq_\"],"                         \
        "\"regex\":\"zq_[0-9a-f]{16}\",\"examples\":" examples ",\"counters\":" counters "}]}"
        static const struct {
                const char *why, *pack;
                int want;
        } rows[] = {
                { "samples that hold",
                  RULE("[\"zq_<hex:16>\",\"a zq_<hex:20>\"]", "[\"zq_<hex:9>\",\"qz_<hex:16>\"]"),
                  0 },
                { "an example that is not found",
                  RULE("[\"zq_<hex:16>\",\"zq_<hex:9>\"]", "[\"a\",\"b\"]"), -EBADMSG },
                { "a counter-example that is found",
                  RULE("[\"zq_<hex:16>\",\"zq_<hex:17>\"]", "[\"a\",\"zq_<hex:16>\"]"), -EBADMSG },
                { "one example only", RULE("[\"zq_<hex:16>\"]", "[\"a\",\"b\"]"), -EBADMSG },
                { "one counter-example only", RULE("[\"zq_<hex:16>\",\"zq_<hex:17>\"]", "[\"a\"]"),
                  -EBADMSG },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct rule_pack one;
                char error[512] = "";
                int r;

                assert_int_equal(rule_pack_load(&one, rows[i].pack, strlen(rows[i].pack), error,
                                                sizeof(error)),
                                 0);
                r = sample_try(&one.rules[0], &gate_ac, error, sizeof(error));
                if (r != rows[i].want)
                        fail_msg("%s: %d %s", rows[i].why, r, error);
                rule_pack_done(&one);
        }
#undef RULE
}

static void test_proofs(void **state)
{
        (void) state;
        /* Tokens are put together here, so that this file holds none. */
        static const struct {
                const char *why;
                enum proof proof;
                const char *head, *tail;
                enum proof_result want;
        } rows[] = {
                { "a checksum that holds", PROOF_CRC, "ghp_",
                  "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"
                  "0mLq17",
                  PROOF_HOLDS },
                { "a checksum with one wrong byte", PROOF_CRC, "ghp_",
                  "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"
                  "0mLq18",
                  PROOF_FAILS },
                { "too short for a checksum", PROOF_CRC, "ghp_", "abc", PROOF_UNKNOWN },
                { "an account of twelve digits", PROOF_AWS, "AKIA", "QYLPMN5HHHFPZAM2",
                  PROOF_HOLDS },
                { "an account that cannot be", PROOF_AWS, "AKIA", "7777777777777777", PROOF_FAILS },
                { "a digit that base32 has not", PROOF_AWS, "AKIA", "IOSF0DNN7EXAMPL1",
                  PROOF_FAILS },
                { "header and payload", PROOF_JWT, "eyJhbGciOiJIUzI1NiJ9.",
                  "eyJhIjoxfQ.c2lnbmF0dXJl", PROOF_HOLDS },
                { "a payload that is no JSON", PROOF_JWT, "eyJhbGciOiJIUzI1NiJ9.",
                  "YWJjZGVm.c2lnbmF0dXJl", PROOF_FAILS },
                { "a header without alg", PROOF_JWT, "eyJhIjoxfQ.", "eyJhIjoxfQ.c2ln",
                  PROOF_FAILS },
                { "one part", PROOF_JWT, "eyJhIjoxfQ", "", PROOF_FAILS },
                { "a sequence of DER", PROOF_PEM, "-----BEGIN PRIVATE KEY-----\n",
                  "MAkCAQACAQECAQI=\n-----END PRIVATE KEY-----", PROOF_HOLDS },
                { "a sequence that is cut", PROOF_PEM, "-----BEGIN PRIVATE KEY-----\n",
                  "MIIBOgIBAAJB\n-----END PRIVATE KEY-----", PROOF_FAILS },
                { "text in the place of a key", PROOF_PEM, "-----BEGIN PRIVATE KEY-----\n",
                  "notakeyatall\n-----END PRIVATE KEY-----", PROOF_FAILS },
                { "PGP is not judged", PROOF_PEM, "-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
                  "abc\n-----END PGP PRIVATE KEY BLOCK-----", PROOF_UNKNOWN },
                { "a card number", PROOF_LUHN, "4111 1111 ", "1111 1111", PROOF_HOLDS },
                { "two digits changed", PROOF_LUHN, "4111 1111 ", "1111 1112", PROOF_FAILS },
                { "nothing to check", PROOF_NONE, "abc", "def", PROOF_UNKNOWN },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char text[256];
                enum proof_result got;

                (void) snprintf(text, sizeof(text), "%s%s", rows[i].head, rows[i].tail);
                got = proof_of(rows[i].proof, (struct span){ text, strlen(text) });
                if (got != rows[i].want)
                        fail_msg("%s: %d", rows[i].why, (int) got);
        }
}

/* ---- Gates ---- */

struct hits {
        struct buf text;
        unsigned n;
};

static int count_hit(void *owner, unsigned literal, size_t end)
{
        struct hits *hits = owner;

        (void) literal;
        (void) end;
        hits->n++;
        return 0;
}

static void test_gate(void **state)
{
        (void) state;
        static const struct gate_literal literals[] = {
                { "he", false },   { "she", false }, { "his", true },
                { "hers", false }, { "HE", true },   { "e", false },
        };
        static const struct {
                const char *why, *text;
                unsigned want;
        } rows[] = {
                { "nothing in an empty text", "", 0 },
                { "literals inside literals", "ushers", 4 },
                { "case does not matter unless it does", "HE", 3 },
                { "a cased literal in another case", "HIS", 0 },
                { "a cased literal as written", "his", 1 },
                { "overlaps count", "hehehe", 6 },
        };
        const struct gate_engine *engines[] = { &gate_ac, gate_best() };

        for (size_t e = 0; e < TEST_ROWS(engines); e++) {
                struct gate *gate;

                assert_int_equal(engines[e]->new (&gate, literals, TEST_ROWS(literals)), 0);
                for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                        struct hits hits = { 0 };

                        assert_int_equal(engines[e]->scan(gate, rows[i].text, strlen(rows[i].text),
                                                          count_hit, &hits),
                                         0);
                        if (hits.n != rows[i].want)
                                fail_msg("%s: %s: %u hits, want %u", engines[e]->name, rows[i].why,
                                         hits.n, rows[i].want);
                }
                engines[e]->free(gate);
        }
}

/* A text in which everything is near everything else. */
static void make_soup(struct buf *soup, unsigned pieces)
{
        _cleanup_(buf_done) struct buf piece = { 0 };

        for (unsigned i = 0; i < pieces; i++) {
                const struct rule *rule = &pack.rules[random_below((unsigned) pack.n_rules)];
                const char *const *list = random_below(3) ? rule->examples : rule->counters;
                unsigned n = 0;

                while (list[n])
                        n++;
                expand(&piece, list[random_below(n)]);
                if (random_below(4) == 0)
                        for (size_t k = 0; k < piece.length; k++)
                                piece.data[k] = (char) toupper((unsigned char) piece.data[k]);
                /* Some are cut, some run into the next one. */
                (void) buf_add(soup, piece.data,
                               random_below(5) ? piece.length
                                               : random_below((unsigned) piece.length + 1));
                (void) buf_puts(soup, random_below(4) ? "\n" : " ");
        }
}

static void test_gates_agree(void **state)
{
        (void) state;
        struct matcher ac, best;

        assert_int_equal(matcher_init(&ac, &pack, &gate_ac), 0);
        assert_int_equal(matcher_init(&best, &pack, gate_best()), 0);
        print_message("# gates: %s and %s\n", ac.gates[0].engine->name, best.gates[0].engine->name);
        for (int turn = 0; turn < 40; turn++) {
                _cleanup_(buf_done) struct buf soup = { 0 };

                make_soup(&soup, 120);
                assert_int_equal(matcher_scan(&ac, NULL, buf_text(&soup), soup.length), 0);
                assert_int_equal(matcher_scan(&best, NULL, buf_text(&soup), soup.length), 0);
                assert_true(ac.n_found > 20);
                assert_int_equal(ac.n_found, best.n_found);
                assert_memory_equal(ac.found, best.found, ac.n_found * sizeof(*ac.found));
                assert_int_equal(ac.n_shapes, best.n_shapes);
        }
        matcher_done(&ac);
        matcher_done(&best);
}

/* ---- Small parts ---- */

static void test_assign(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *name, *value;
        } rows[] = {
                { "an equals sign", "db_key = \"v1\"", "db_key", "v1" },
                { "JSON", "{\"key\": \"v1\"}", "key", "v1" },
                { "JSON in a string", "\"{\\\"key\\\": \\\"v1\\\"}\"", "key", "v1" },
                { "YAML", "key: v1\n", "key", "v1" },
                { "a hash rocket", ":key => 'v1'", "key", "v1" },
                { "Go", "key := `v1`", "key", "v1" },
                { "make", "KEY ?= v1", "KEY", "v1" },
                { "a typed name", "let key: &str = \"v1\";", "key", "v1" },
                { "a C array", "char key[20] = \"v1\";", "key", "v1" },
                { "a call", "setKey(\"v1\")", "setKey", "v1" },
                { "arguments", "set(\"key\", \"v1\")", "key", "v1" },
                { "an element", "<key>\n  v1\n</key>", "key", "v1" },
                { "a flag", "run --key v1 x", "key", "v1" },
                { "a flag with a sign", "run --key=v1 x", "key", "v1" },
                { "a query", "?a=b&key=v1&c=d", "key", "v1" },
                { "a subscript", "env[\"KEY\"] = 'v1'", "KEY", "v1" },
                { "name and value", "- name: KEY\n  value: v1\n", "KEY", "v1" },
                { "a prefix of a string", "key = b\"v1\"", "key", "v1" },
                { "a value on the next line", "key =\n  \"v1\"", "key", "v1" },
                { "an escaped quote", "key = \"v\\\"1\"", "key", "v\\\"1" },
                { "a comparison", "key == \"v1\"", "key", "v1" },
                { "a comparison, turned round", "if (\"v1\" == key)", "key", "v1" },
                { "no comparison before it", "f(\"v1\", key)", NULL, NULL },
                { "an instruction", "FROM x\nENV KEY v1\n", "KEY", "v1" },
                { "no instruction", "an ENV key v1\n", NULL, NULL },
                { "a member of an item", "key[2].type = v1;", NULL, NULL },
                { "a member of a class", "key::v1 (x)", NULL, NULL },
                { "the member of one", "\"AWS::Key\": \"v1\"", NULL, NULL },
                { "a symbol", "set :key, :v1", NULL, NULL },
                { "another attribute", "type=\"key\" gdp=\"v1\"", NULL, NULL },
                { "only a word", "the key of it", NULL, NULL },
                { "an open quote", "key = \"v1\n", NULL, NULL },
                { "the end of the text", "key =", NULL, NULL },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                const char *at = strcasestr(rows[i].text, "key");
                size_t start = (size_t) (at - rows[i].text);
                struct assign a;
                bool got = assign_read(rows[i].text, strlen(rows[i].text), start, start + 3, &a);

                if (got != (rows[i].value != NULL))
                        fail_msg("%s: %s", rows[i].why, rows[i].text);
                if (got && (a.value.length != strlen(rows[i].value) ||
                            memcmp(a.value.text, rows[i].value, a.value.length) != 0 ||
                            a.name.length != strlen(rows[i].name) ||
                            memcmp(a.name.text, rows[i].name, a.name.length) != 0))
                        fail_msg("%s: got %.*s = %.*s", rows[i].why, (int) a.name.length,
                                 a.name.text, (int) a.value.length, a.value.text);
        }
}

static void test_values(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text;
                bool placeholder, reference, words;
        } rows[] = {
                { "a random value", "k7Qz81LmW0aB", false, false, false },
                { "crosses", "xxxxxxxxxxxx", true, false, false },
                { "an example", "AKIAIOSFODNN7EXAMPLE", true, false, false },
                { "brackets", "<token>", true, false, true },
                { "changeme", "changeme", true, false, true },
                { "a variable", "${DB_PASS}", false, true, true },
                { "a template", "{{ .Values.key }}", true, true, true },
                { "a place", "cert://store/7f3a91", false, true, false },
                { "a place with a login", "redis://:k7Qz81Lm@host", false, false, false },
                { "a file of a key", "certs/server7.pem", false, true, true },
                { "a row of a keyboard", "qwertyuiop|asdf", true, false, false },
                { "a path", "/run/secrets/key", false, true, true },
                { "words", "user.password.reset", false, false, true },
                { "bytes counted up", "000102030405060708090a0b0c0d0e0f", true, false, false },
                { "bytes in steps", "00112233445566778899aabbccddeeff", true, false, false },
                { "letters counted up", "abcdefgh", true, false, true },
                { "bytes of a key", "b26f309fbe57e9b3bb6ae5ef31d54450", false, false, false },
                { "signs only", ",.:-*?!", true, false, false },
                { "an object identifier", "1.2.840.113549.1.9.7", true, false, false },
                { "a template in a text", "tok-{{ user.key }}", false, true, true },
                { "braces that close nothing", "m{{h}o)p${e]no", false, false, false },
                { "a command", "a$(cat /run/key)b", false, true, true },
                { "letters that no word has", "zxqwvkjhg", false, false, false },
                { "a name in capitals", "MAX_RETRY_COUNT", false, false, true },
                { "a name in humps", "defaultRequestTimeout", false, false, true },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct span v = { rows[i].text, strlen(rows[i].text) };

                if ((value_is_placeholder(v) || value_is_stand_in(v)) != rows[i].placeholder)
                        fail_msg("placeholder: %s", rows[i].why);
                if (value_is_reference(v) != rows[i].reference)
                        fail_msg("reference: %s", rows[i].why);
                if (!rows[i].placeholder && !rows[i].reference &&
                    value_is_words(v) != rows[i].words)
                        fail_msg("words: %s", rows[i].why);
        }
        assert_true(entropy_bits("aaaa", 4) == 0);
        assert_true(entropy_bits("abcd", 4) == 2);
}

static void test_value_kinds(void **state)
{
        (void) state;
        enum { COUNTED = 1, GIBBERISH = 2, PUBLIC_KEY = 4, PLAIN_NAME = 8 };
        static const struct {
                const char *why, *text;
                int want;
        } rows[] = {
                { "counted up, in the form of a UUID", "12345678-ABCD-ABCD-ABCD-1234567890AB",
                  COUNTED },
                { "counted up in turns of case", "aBcDeFgHiJkLmNoP", COUNTED },
                { "drawn", "9f8d2c61-7b3e-4d0a-8c55-e1f6b2a9d370", 0 },
                { "counted up, but short", "12345678", 0 },
                { "many signs", "m{{h}o)p${e]no", GIBBERISH },
                { "a pattern has many signs too", "^(?=.*[A-Z])[a-z]{8,}$", 0 },
                { "and is known by its backslashes", "\\{a\\}(b|c)+<d>[e]", 0 },
                { "a name", "fastcgi_pass", PLAIN_NAME },
                { "a name with a number", "urllib2", PLAIN_NAME },
                { "a public key of EC",
                  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAAAAAAAAAAAAAAAAAAAAAAAAAAA=", PUBLIC_KEY },
                { "a public key of RSA",
                  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAAAAAAAAAAAAAAAAAAAAA", PUBLIC_KEY },
                { "a public key as ssh writes it", "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAA", PUBLIC_KEY },
                { "a private key: a sequence with a number",
                  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAA", 0 },
                { "a private key with a password",
                  "MIIFHDBOBgkqhkiG9w0BBQ0wQTApBgkqhkiG9w0BBQwwHAQIAAAAAAAAAAAAAAAA", 0 },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct span v = { rows[i].text, strlen(rows[i].text) };
                int got = (value_is_counted(v) ? COUNTED : 0) |
                          (value_is_gibberish(v) ? GIBBERISH : 0) |
                          (value_is_public_key(v) ? PUBLIC_KEY : 0) |
                          (value_is_plain_name(v) ? PLAIN_NAME : 0);

                if (got != rows[i].want)
                        fail_msg("%s: %d", rows[i].why, got);
        }
}

static void test_other_texts(void **state)
{
        (void) state;
        enum { RANGE = 1, MEDIA = 2, MEMBER = 4, FOREIGN = 8, BETWEEN = 16, STAND_IN = 32 };
        static const struct {
                const char *why, *text;
                int want;
        } rows[] = {
                { "a range of versions", "^0.2.1", RANGE },
                { "a release to come", "1.0.0-rc.1", RANGE },
                { "two numbers", ">=3.1", RANGE },
                { "numbers and letters", "1.2.k9x2v", 0 },
                { "what a file is", "application/vnd.3m.post-it-notes", MEDIA },
                { "base64 that begins like it", "text/9Fk2=x+", 0 },
                { "a variable's name", "KAFKA_KEYSTORE_PASSWORD", MEMBER },
                { "a member", "aws-cdk-lib.aws_kms.CfnKey", MEMBER },
                { "drawn, with a dot", "k7x.q2Vz81", 0 },
                { "drawn, with signs and dots", "vX9_aB3-kQ.71zP", 0 },
                { "another language", "Jelsz\xc3\xb3\xc3\xa9s", FOREIGN },
                { "another script", "API\xe3\x83\x91\xe3\x82\xb9", FOREIGN },
                { "the same, escaped", "\\u5FC5\\u987B\\u8F93", FOREIGN },
                { "a password with a letter that has a mark", "p\xc3\xa4ss7word9x", 0 },
                { "from one string to the next", ",s);return}try{this.n.trace(", BETWEEN },
                { "a joint of strings", "+(this.tokens.main?this.name(it", BETWEEN },
                { "signs, drawn", ")x{r(o)p$[y", 0 },
                { "the rest left out", "4/0ATsMZqD...", STAND_IN },
                { "it speaks to its reader", "YourBase64EncodedCredentials", STAND_IN },
                { "four letters by chance", "yourq8Zt2LmX", 0 },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct span v = { rows[i].text, strlen(rows[i].text) };
                int got = (value_is_version(v) ? RANGE : 0) | (value_is_media_type(v) ? MEDIA : 0) |
                          (value_is_member(v) ? MEMBER : 0) |
                          (value_is_foreign_text(v) ? FOREIGN : 0) |
                          (value_is_between_strings(v) ? BETWEEN : 0) |
                          (value_is_placeholder(v) ? STAND_IN : 0);

                if (got != rows[i].want)
                        fail_msg("%s: %d", rows[i].why, got);
        }
}

static void test_uuids(void **state)
{
        (void) state;
#define DRAWN "9f8d2c61-7b3e-4d0a-8c55-e1f6b2a9d370"
        static const struct {
                const char *why, *text;
                size_t want;
        } rows[] = {
                { "alone", DRAWN, 0 },
                { "in a text with dashes", "--a-b--c " DRAWN " -", 9 },
                { "in capitals", "id=9F8D2C61-7B3E-4D0A-8C55-E1F6B2A9D370;", 3 },
                { "counted, not drawn", "00000000-0000-0000-0000-000000000001", SIZE_MAX },
                { "part of a longer name", "x" DRAWN, SIZE_MAX },
                { "one digit more", DRAWN "0", SIZE_MAX },
                { "one digit less", "9f8d2c61-7b3e-4d0a-8c55-e1f6b2a9d37", SIZE_MAX },
                { "no digit", "9f8d2c61-7b3e-4d0a-8c55-e1f6b2a9d37g", SIZE_MAX },
                { "nothing", "", SIZE_MAX },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                if (uuid_find(rows[i].text, strlen(rows[i].text), 0) != rows[i].want)
                        fail_msg("%s", rows[i].why);
        assert_int_equal(uuid_find(DRAWN " " DRAWN, 73, 36), 37);
        assert_true(uuid_names_parts("src/App.CSPROJ"));
        assert_false(uuid_names_parts("src/app.c"));
#undef DRAWN
}

static void test_encoded_runs(void **state)
{
        (void) state;
        /* "the key is here: 0123456789 and more" */
#define BASE64 "dGhlIGtleSBpcyBoZXJlOiAwMTIzNDU2Nzg5IGFuZCBtb3Jl"
#define HEX    "746865206b657920697320686572653a203031323334353637383920616e64206d6f7265"
#define TEXT   "the key is here: 0123456789 and more"
        static const struct {
                const char *why, *text, *decoded;
                size_t start;
                enum encoding encoding;
        } rows[] = {
                { "base64", BASE64, TEXT, 0, ENCODING_BASE64 },
                { "between quotes", "x = \"" BASE64 "\";", TEXT, 5, ENCODING_BASE64 },
                { "padded", "dGhlIGtleSBpcyBoZXJlOiAwMTIzNDU2Nzg5IQ==",
                  "the key is here: 0123456789!", 0, ENCODING_BASE64 },
                { "hexadecimal", "key: " HEX "\n", TEXT, 5, ENCODING_HEX },
                { "capitals", "746865206B657920697320686572653A2030313233343536",
                  "the key is here: 0123456", 0, ENCODING_HEX },
                { "too short", "dGhlIGtleSBpcyBoZXJl", NULL, 0, 0 },
                { "a hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                  NULL, 0, 0 },
                { "a long name", "theLongestNameThatAnybodyEverGaveToAFunction", NULL, 0, 0 },
                { "a path", "/usr/share/doc/something/with/long/path/names", NULL, 0, 0 },
                { "a name, then base64", "theLongestNameThatAnybodyEverGaveToAFunction " BASE64,
                  TEXT, 45, ENCODING_BASE64 },
                { "nothing", "", NULL, 0, 0 },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct encoded run;
                char room[512];
                bool got = encoded_find(rows[i].text, strlen(rows[i].text), 0, &run);

                if (got != (rows[i].decoded != NULL))
                        fail_msg("%s: found %d", rows[i].why, got);
                if (!got)
                        continue;
                if (run.start != rows[i].start || run.encoding != rows[i].encoding)
                        fail_msg("%s: at %zu, %s", rows[i].why, run.start,
                                 encoding_names[run.encoding]);
                assert_int_equal(encoded_decode(rows[i].text, &run, room), strlen(rows[i].decoded));
                assert_string_equal(room, rows[i].decoded);
        }
#undef BASE64
#undef HEX
#undef TEXT
}

static void test_encoded(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text;
                bool is_stand_in;
        } rows[] = {
                { "foo:bar", "Zm9vOmJhcg==", true },
                { "admin:password", "YWRtaW46cGFzc3dvcmQ=", true },
                { "the sample nonce", "dGhlIHNhbXBsZSBub25jZQ==", true },
                { "the second part, without padding", "AAAA.eyJhIjoiZXhhbXBsZSJ9.AAAA", true },
                { "app:k7Qz81LmW0aB", "YXBwOms3UXo4MUxtVzBhQg==", false },
                { "bytes", "3q2+78r+ur7erb7v", false },
                { "no base64", "k7$z81Lm", false },
                { "nothing", "", false },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                if (value_is_encoded_stand_in((struct span){
                            rows[i].text, strlen(rows[i].text) }) != rows[i].is_stand_in)
                        fail_msg("%s", rows[i].why);
}

static void test_vector(void **state)
{
        (void) state;
        /* The key is between the two `@`. */
        static const struct {
                const char *why, *text;
                bool is_vector;
        } rows[] = {
                { "key, text, cipher", "{ key: '@b26f@', plain: 'Hello', ct: '4be13896f64d' }",
                  true },
                { "on lines, before it", "msg = \"Hi\"\nmac = \"b0344c61d8\"\nkey = \"@b26f@\"",
                  true },
                { "a key and an iv", "key = '@b26f@'\niv = '5834713138'", false },
                { "a result without a text", "key = '@b26f@', tag = '272b422f62eb'", false },
                { "a text without a result", "key = '@b26f@', text = 'Hello'", false },
                { "computed", "key = '@b26f@'; ct = cipher(key); text = 'Hello'", false },
                { "longer names", "key = '@b26f@', subtext = 'Hello', price_tag = '272b422f'",
                  false },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                size_t start = strcspn(rows[i].text, "@");
                size_t end = start + 1 + strcspn(rows[i].text + start + 1, "@");

                if (vector_holds(rows[i].text, strlen(rows[i].text), start, end) !=
                    rows[i].is_vector)
                        fail_msg("%s", rows[i].why);
        }
}

static void test_hide(void **state)
{
        (void) state;
        /* What is hidden stands between two `@`. */
        static const struct {
                const char *why, *text;
        } rows[] = {
                { "an assigned password", "db_password = \"@hunter2@\"" },
                { "a minified member", "a={apiKey:\"@q7Rt2Lx9@\",b:1}" },
                { "a login", "get(\"https://me:@s3cr3t@@host/\")" },
                { "a long random text", "use(\"@b26f309fbe57e9b3bb6ae5ef31d54450@\")" },
                { "a call", "memcpy(buffer, source, sizeof(buffer));" },
                { "a reference", "password = \"${DB_PASSWORD}\"" },
                { "a long name", "ngx_http_upstream_process_upgraded_connection2(r);" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                const char *open = strchr(rows[i].text, '@'),
                           *close = open ? strchr(open + 1, '@') : NULL;
                struct mask_secret secrets[HIDE_MAX];
                char text[256];
                size_t n, start = open ? (size_t) (open - rows[i].text) : 0;
                size_t length = open ? (size_t) (close - open - 1) : 0;

                (void) snprintf(text, sizeof(text), "%.*s%.*s%s", (int) start, rows[i].text,
                                (int) length, open ? open + 1 : "",
                                close ? close + 1 : rows[i].text);
                n = hide_find(text, 0, strlen(text), secrets);
                if ((n > 0) != (open != NULL) ||
                    (n > 0 && (secrets[0].start != start || secrets[0].end != start + length)))
                        fail_msg("%s: %zu places in %s", rows[i].why, n, text);
        }
}

static void test_mask(void **state)
{
        (void) state;
        static const char text[] = "one\n  a = s3cr3t; b = s3cr3t; c = tokens\nthree";
        static const struct mask_secret first[] = { { 10, 16, 0 } };
        static const struct mask_secret kept[] = { { 10, 16, 2 } };
        static const struct mask_secret many[] = { { 10, 16, 0 }, { 34, 40, 0 } };
        char excerpt[MASK_EXCERPT + 1], big[5000];

        mask_excerpt(excerpt, text, strlen(text), 10, first, 1);
        assert_string_equal(excerpt, "a = ********; b = ********; c = tokens");
        mask_excerpt(excerpt, text, strlen(text), 10, kept, 1);
        assert_string_equal(excerpt, "a = s3********; b = ********; c = tokens");
        mask_excerpt(excerpt, text, strlen(text), 10, many, 2);
        assert_string_equal(excerpt, "a = ********; b = ********; c = ********");

        /* A long line is cut, and a secret that is cut stays hidden. */
        memset(big, 'y', sizeof(big));
        mask_excerpt(excerpt, big, sizeof(big), 2500,
                     &(struct mask_secret){ .start = 1000, .end = 4000 }, 1);
        assert_string_equal(excerpt, "\xE2\x80\xA6********");
        memset(big, '\xC3', sizeof(big));
        mask_excerpt(excerpt, big, sizeof(big), 2500, NULL, 0);
        assert_true(strlen(excerpt) <= MASK_EXCERPT);
        mask_excerpt(excerpt, "\xE9t\xE9\x1B[2J", 7, 0, NULL, 0);
        assert_string_equal(excerpt, "\xEF\xBF\xBDt\xEF\xBF\xBD [2J");
}

static void test_context(void **state)
{
        (void) state;
        static const struct {
                const char *path;
                enum context want;
        } rows[] = {
                { "src/main.c", CONTEXT_NONE },
                { "src/contest.c", CONTEXT_NONE },
                { "src/latest/attest.go", CONTEXT_NONE },
                { "src/news.js", CONTEXT_NONE },
                { "src/history.c", CONTEXT_NONE },
                { "app/manual_override.py", CONTEXT_NONE },
                { "config/secrets.txt", CONTEXT_NONE },
                { ".env", CONTEXT_NONE },
                { "", CONTEXT_NONE },
                { "//", CONTEXT_NONE },
                { "tests/key.pem", CONTEXT_TEST },
                { "pkg/parser_test.go", CONTEXT_TEST },
                { "src/foo.spec.ts", CONTEXT_TEST },
                { "src/main/FooTest.java", CONTEXT_TEST },
                { "src/__tests__/a.js", CONTEXT_TEST },
                { "e2e-tests/a.js", CONTEXT_TEST },
                { "conftest.py", CONTEXT_TEST },
                { ".env.test", CONTEXT_TEST },
                { "t/01-basic.t", CONTEXT_TEST },
                { "test/fixtures/keys/agent1-key.pem", CONTEXT_FIXTURE },
                { "testdata/certificate/key.pem", CONTEXT_FIXTURE },
                { "internal/test_data/x.json", CONTEXT_FIXTURE },
                { "src/__mocks__/api.js", CONTEXT_FIXTURE },
                { "examples/auth/main.go", CONTEXT_EXAMPLE },
                { ".env.example", CONTEXT_EXAMPLE },
                { "config/settings.py.sample", CONTEXT_EXAMPLE },
                { "config.php.dist", CONTEXT_EXAMPLE },
                { "CHANGES", CONTEXT_DOCS },
                { "CHANGES.ru", CONTEXT_DOCS },
                { "README.md", CONTEXT_DOCS },
                { "docs/code/main.c", CONTEXT_DOCS },
                { "src/design.rst", CONTEXT_DOCS },
                { "docs/examples/a.c", CONTEXT_EXAMPLE },
                { "node_modules/x/test/key.pem", CONTEXT_VENDORED },
                { "Third-Party/zlib/a.c", CONTEXT_VENDORED },
                { "lib/3rdparty/a.c", CONTEXT_VENDORED },
                { "vendor/github.com/x/README.md", CONTEXT_VENDORED },
        };
        char message[CONTEXT_MESSAGE];

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                if (context_of(rows[i].path) != rows[i].want)
                        fail_msg("%s: %d", rows[i].path, context_of(rows[i].path));
        assert_int_equal(context_severity(CONTEXT_NONE, 4), 4);
        assert_int_equal(context_severity(CONTEXT_TEST, 4), 2);
        assert_int_equal(context_severity(CONTEXT_TEST, 3), 1);
        assert_int_equal(context_severity(CONTEXT_TEST, 2), 2);
        context_message(message, sizeof(message), CONTEXT_TEST, 4, "a key");
        assert_string_equal(message, "a key (medium instead of critical: it stands in a test)");
        context_message(message, sizeof(message), CONTEXT_TEST, 2, "a key");
        assert_string_equal(message, "a key");
}

static void test_waiver(void **state)
{
        (void) state;
        /* `@` is the place of the finding. */
        static const struct {
                const char *why, *text, *reason; /* NULL = not waived */
        } rows[] = {
                { "on the line", "x = '@' # linhay: ignore[a/b] it is public", "it is public" },
                { "on the line before", "// linhay: ignore[a/b] public\nx = '@'", "public" },
                { "a block comment", "/* linhay: ignore[a/b]: public */\nx = '@'", "public" },
                { "a comment of markup", "<!-- linhay: ignore[a/b] public -->\n<x>@", "public" },
                { "of lisp and ini", "; linhay: ignore[a/b] public\nx = @", "public" },
                { "a control", "# linhay: ignore[a] public\n@", "public" },
                { "a control with its slash", "# linhay: ignore[a/] public\n@", "public" },
                { "one of a list", "# linhay: ignore[c/d, a/b] public\n@", "public" },
                { "all rules", "# linhay: ignore public\n@", "public" },
                { "no reason", "# linhay: ignore[a/b]\n@", "" },
                { "another rule", "# linhay: ignore[a/c] public\n@", NULL },
                { "a longer name", "# linhay: ignore[a/bc] public\n@", NULL },
                { "a shorter name", "# linhay: ignore[a/] public\n@", "public" },
                { "an empty list", "# linhay: ignore[] public\n@", NULL },
                { "no comment", "linhay: ignore[a/b] public @", NULL },
                { "another word", "# linhay: ignored[a/b] public @", NULL },
                { "two lines before", "# linhay: ignore[a/b] public\n\n@", NULL },
                { "the line behind", "@\n# linhay: ignore[a/b] public", NULL },
                { "behind code on the line before", "y = 1 # linhay: ignore[a/b] p\n@", NULL },
                { "nothing at all", "@", NULL },
        };
        struct waiver w;

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                size_t place = strcspn(rows[i].text, "@");
                bool is = waiver_find(rows[i].text, strlen(rows[i].text), place, "a/b", &w);

                if (is != (rows[i].reason != NULL) || (is && strcmp(w.reason, rows[i].reason) != 0))
                        fail_msg("%s: %d \"%s\"", rows[i].why, is, w.reason);
        }
}

static void test_fingerprint(void **state)
{
        (void) state;
        const struct span one[] = { { "rule", 4 }, { "secret", 6 }, { "path", 4 } };
        const struct span other[] = { { "rul", 3 }, { "esecret", 7 }, { "path", 4 } };
        struct fingerprint_key none = { .length = 0 }, key = { .bytes = "12345678", .length = 8 };
        char a[FINGERPRINT_HEX], b[FINGERPRINT_HEX];

        fingerprint_make(a, &key, one, 3);
        fingerprint_make(b, &key, one, 3);
        assert_string_equal(a, b);
        assert_int_equal(strlen(a), 32);
        fingerprint_make(b, &none, one, 3);
        assert_string_not_equal(a, b);
        fingerprint_make(b, &key, other, 3);
        assert_string_not_equal(a, b);
}

static void test_utf16(void **state)
{
        (void) state;
        char out[32];

        assert_int_equal(text_encoding_of("\xFF\xFE"
                                          "a\0",
                                          4),
                         TEXT_UTF16_LE);
        assert_int_equal(text_encoding_of("\xFE\xFF\0a", 4), TEXT_UTF16_BE);
        assert_int_equal(text_encoding_of("a\0b", 3), TEXT_BINARY);
        assert_int_equal(text_encoding_of("\xE9", 1), TEXT_BYTES);
        assert_int_equal(text_encoding_of("k\0e\0y\0 \0=\0 \0k\0"
                                          "7\0x\0",
                                          18),
                         TEXT_UTF16_LE);
        assert_int_equal(text_encoding_of("\0k\0e\0y\0 \0=\0 \0k\0"
                                          "7\0x",
                                          18),
                         TEXT_UTF16_BE);
        assert_int_equal(text_encoding_of("\0k\0e\0y\0 \0\0\0 \0k\0"
                                          "7x\0",
                                          18),
                         TEXT_BINARY);
        assert_int_equal(text_from_utf16(out,
                                         "\xFF\xFE"
                                         "a\0\xAC\x20\x3D\xD8\x00\xDE\x00\xD8",
                                         12, false),
                         1 + 3 + 4 + 3);
        assert_memory_equal(out, "a\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBF\xBD", 11);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pack),        cmocka_unit_test(test_env_pack),
                cmocka_unit_test(test_samples),     cmocka_unit_test(test_proofs),
                cmocka_unit_test(test_whole_pack),  cmocka_unit_test(test_gate),
                cmocka_unit_test(test_gates_agree), cmocka_unit_test(test_assign),
                cmocka_unit_test(test_values),      cmocka_unit_test(test_mask),
                cmocka_unit_test(test_value_kinds), cmocka_unit_test(test_other_texts),
                cmocka_unit_test(test_uuids),       cmocka_unit_test(test_encoded_runs),
                cmocka_unit_test(test_encoded),     cmocka_unit_test(test_vector),
                cmocka_unit_test(test_hide),        cmocka_unit_test(test_context),
                cmocka_unit_test(test_waiver),      cmocka_unit_test(test_fingerprint),
                cmocka_unit_test(test_utf16),
        };

        return cmocka_run_group_tests_name("scan", tests, load_pack, unload_pack);
}
