/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"

#include "scan/compile.h"
#include "scan/match.h"
#include "scan/packfile.h"

#include "config.h"

static void note_text(void *owner, bool is_fault, const char *rule, const char *text)
{
        (void) buf_printf(owner, "%s%s: %s\n", is_fault ? "" : "note: ", rule, text);
}

static void assert_same_text(const char *x, const char *y)
{
        assert_string_equal(x ? x : "(none)", y ? y : "(none)");
}

static void assert_same_list(const char *const *x, const char *const *y)
{
        for (; *x || *y; x++, y++)
                assert_same_text(*x, *y);
}

/* The fields of two rules, by the table that both forms of a pack are read by. */
static void assert_same_rule(const struct rule *x, const struct rule *y)
{
        for (size_t i = 0; i < rule_fields_n; i++) {
                const struct rule_field *f = &rule_fields[i];
                const void *a = (const char *) x + f->offset, *b = (const char *) y + f->offset;

                switch (f->kind) {
                case FIELD_TEXT:
                        assert_same_text(*(const char *const *) a, *(const char *const *) b);
                        break;
                case FIELD_LIST:
                        assert_same_list(*(const char *const *const *) a,
                                         *(const char *const *const *) b);
                        break;
                case FIELD_NAME:
                case FIELD_SIZE:
                        assert_int_equal(*(const unsigned *) a, *(const unsigned *) b);
                        break;
                case FIELD_FLAG:
                        assert_int_equal(*(const bool *) a, *(const bool *) b);
                        break;
                case FIELD_REAL:
                        assert_memory_equal(a, b, sizeof(double));
                        break;
                }
        }
        assert_int_equal(x->n_allow, y->n_allow);
}

static const char small_pack[] =
        "{\"allow\":[{\"paths\":[\"^vendor/\"]}],\"rules\":["
        "{\"id\":\"a\",\"name\":\"A\",\"keywords\":[\"zq_\"],\"cased\":true,"
        "\"regex\":\"zq_([0-9a-f]{16})\",\"group\":1,\"entropy\":2.1,"
        "\"allow\":[{\"words\":[\"CAFE\"]},{\"regexes\":[\"^0\"],\"words\":[\"bad\"],"
        "\"all\":true},{\"regexes\":[\"# ok$\"],\"target\":\"line\"}],"
        "\"examples\":[\"zq_93f2c1a4b5d6e708\",\"x zq_<hex:16>\"],"
        "\"counters\":[\"zq_<hex:9>\",\"ZQ_<hex:16>\"]},"
        "{\"id\":\"b\",\"name\":\"B\",\"keywords\":[\"qq-\",\"zq_\"],"
        "\"regex\":\"qq-[a-z0-9]{20}\",\"plain\":true,"
        "\"examples\":[\"qq-<lower:20>\",\"QQ- qq-<lower:20>\"],"
        "\"counters\":[\"a\",\"b\"]}]}";

/* Compiles a pack; the bytes are the test's to free. */
static char *compile_text(const char *text, size_t text_length, size_t *ret_length)
{
        struct compile c = { 0 };
        struct rule_pack p;
        char error[512] = "", *data = NULL;

        if (rule_pack_load(&p, text, text_length, error, sizeof(error)) < 0)
                fail_msg("%s", error);
        assert_int_equal(compile_try(&c, &p), 0);
        assert_int_equal(compile_write(&c, &p, gate_best(), &data, ret_length), 0);
        rule_pack_done(&p);
        return data;
}

/* A compiled pack says what its source says, rule by rule and field by field. */
static void test_packfile(void **state)
{
        (void) state;
        struct rule_pack source, compiled;
        char error[512] = "", *data;
        size_t length;

        assert_int_equal(
                rule_pack_load(&source, small_pack, strlen(small_pack), error, sizeof(error)), 0);
        data = compile_text(small_pack, strlen(small_pack), &length);
        assert_true(packfile_is(data, length));
        if (packfile_read(&compiled, data, length, true, error, sizeof(error)) < 0)
                fail_msg("%s", error);
        assert_string_equal(source.sha256, compiled.sha256);
        assert_int_equal(source.n_rules, compiled.n_rules);
        assert_int_equal(compiled.n_allow, 1);
        assert_string_equal(compiled.allow[0].paths[0].text, "^vendor/");
        for (size_t i = 0; i < source.n_rules; i++)
                assert_same_rule(&source.rules[i], &compiled.rules[i]);
        assert_string_equal(compiled.rules[0].allow[0].words[0], "CAFE");
        assert_true(compiled.rules[0].allow[1].all);
        assert_int_equal(compiled.rules[0].allow[2].target, ALLOW_LINE);
        rule_pack_done(&compiled);
        rule_pack_done(&source);
        free(data);
}

/* Every byte of a compiled pack is changed once: an error or a pack, never a crash. */
static void test_packfile_damage(void **state)
{
        (void) state;
        char error[512], *data;
        struct rule_pack p;
        size_t length;

        data = compile_text(small_pack, strlen(small_pack), &length);
        for (size_t i = 0; i < length; i++) {
                data[i] = (char) (data[i] ^ 0x81);
                /* The header is not part of its own checksum; then the tables are checked. */
                if (packfile_read(&p, data, length, true, error, sizeof(error)) >= 0) {
                        assert_true(i < 400);
                        rule_pack_done(&p);
                }
                if (packfile_read(&p, data, length, false, error, sizeof(error)) >= 0)
                        rule_pack_done(&p);
                data[i] = (char) (data[i] ^ 0x81);
        }
        for (size_t n = 0; n < length; n += 7)
                assert_int_equal(packfile_read(&p, data, n, false, error, sizeof(error)), -EBADMSG);
        free(data);
}

/* The key of a gate of this library for a processor that can do what this one cannot. */
static void other_processor(char *ret, size_t size)
{
        const char *key = gate_best()->key ? gate_best()->key() : " cpu:";

        (void) snprintf(ret, size, "%.*s cpu:ffffffffffffffff", (int) (strstr(key, " cpu:") - key),
                        key);
}

/* A gate that was saved by another library, for another processor, or is damaged: our own is used,
 * and it is said why. */
static void test_packfile_gate(void **state)
{
        enum { HONEST, OLD, NO_FEATURES, BAD_FEATURES, OTHER_PROCESSOR, DAMAGED, KINDS };
        static const char *const words[KINDS] = {
                [OLD] = "version",     [NO_FEATURES] = "version",       [BAD_FEATURES] = "damaged",
                [DAMAGED] = "damaged", [OTHER_PROCESSOR] = "processor",
        };
        static const char text[] = "zq_93f2c1a4b5d6e708 and qq-3f9a8b7c6d5e4f3a2b1c";
        char error[512] = "", other[128], bad[128], none[64], *data;
        size_t length;

        (void) state;
        data = compile_text(small_pack, strlen(small_pack), &length);
        other_processor(other, sizeof(other));
        (void) snprintf(none, sizeof(none), "%.*s", (int) (strstr(other, " cpu:") - other), other);
        (void) snprintf(bad, sizeof(bad), "%s cpu:many", none);
        for (int damage = HONEST; damage < KINDS; damage++) {
                const char *const keys[KINDS] = { [OLD] = "another version",
                                                  [NO_FEATURES] = none,
                                                  [BAD_FEATURES] = bad,
                                                  [OTHER_PROCESSOR] = other };
                struct rule_pack p;
                struct matcher m;

                assert_int_equal(packfile_read(&p, data, length, false, error, sizeof(error)), 0);
                assert_int_equal(p.gates[0].data.length > 0, gate_best()->save != NULL);
                if (keys[damage])
                        p.gates[0].key = keys[damage];
                if (damage == DAMAGED && p.gates[0].data.length)
                        data[length - p.gates[0].data.length / 2] ^= 0x55;
                assert_int_equal(matcher_init(&m, &p, gate_best()), 0);
                assert_ptr_equal(m.gates[0].engine, damage ? &gate_ac : gate_best());
                assert_int_equal(m.note != NULL, damage && p.gates[0].data.length);
                if (m.note && !strstr(m.note, words[damage]))
                        fail_msg("%s: %s", words[damage], m.note);
                assert_int_equal(matcher_scan(&m, NULL, text, strlen(text)), 0);
                assert_int_equal(m.n_found, 2);
                matcher_done(&m);
                rule_pack_done(&p);
        }
        free(data);
}

/* An engine that never sees its first literal, as Vectorscan was seen to do. */
static struct gate_engine blind;

struct blind_owner {
        gate_hit hit;
        void *owner;
};

static int blind_hit(void *owner, unsigned literal, size_t end)
{
        const struct blind_owner *b = owner;

        return literal == 0 ? 0 : b->hit(b->owner, literal, end);
}

static int blind_scan(struct gate *gate, const char *data, size_t length, gate_hit hit, void *owner)
{
        struct blind_owner b = { hit, owner };

        return gate_ac.scan(gate, data, length, blind_hit, &b);
}

static int blind_save(const struct gate *gate, void **ret_data, size_t *ret_length)
{
        (void) gate;
        *ret_data = calloc(1, 8);
        *ret_length = 8;
        return *ret_data ? 0 : -ENOMEM;
}

static const char *blind_key(void)
{
        return "blind";
}

static int blind_load(struct gate **ret_gate, const void *data, size_t length, const char **ret_why)
{
        (void) ret_gate;
        (void) data;
        (void) length;
        *ret_why = "it is blind";
        return -ENOEXEC;
}

static void test_blind_gate(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf told = { 0 };
        struct compile c = { .tell = note_text, .owner = &told };
        struct rule_pack p;
        char error[512] = "", *data = NULL;
        size_t length, marked = 0;

        blind = gate_ac;
        blind.name = "blind";
        blind.scan = blind_scan;
        blind.save = blind_save;
        blind.load = blind_load;
        blind.key = blind_key;
        assert_int_equal(rule_pack_load(&p, small_pack, strlen(small_pack), error, sizeof(error)),
                         0);
        /* Each turn marks what the first literal belongs to, until none is left for that engine. */
        assert_int_equal(compile_write(&c, &p, &blind, &data, &length), 0);
        for (size_t i = 0; i < p.n_rules; i++)
                marked += p.rules[i].own_gate;
        assert_int_equal(marked, p.n_rules);
        assert_non_null(strstr(buf_text(&told), "note: a: blind and our own gate disagree"));
        rule_pack_done(&p);

        /* The marks are kept, and our gate finds what the other would not. */
        assert_int_equal(packfile_read(&p, data, length, true, error, sizeof(error)), 0);
        {
                static const char text[] = "zq_93f2c1a4b5d6e708";
                struct matcher m;

                assert_int_equal(matcher_init(&m, &p, &blind), 0);
                assert_null(m.gates[0].gate);
                assert_int_equal(matcher_scan(&m, NULL, text, strlen(text)), 0);
                assert_int_equal(m.n_found, 1);
                matcher_done(&m);
        }
        rule_pack_done(&p);
        free(data);
}

/* A pack beside another: replaces by id, switches off, allows; each has its own gate. */
static void test_join(void **state)
{
        (void) state;
        static const char more_pack[] =
                "{\"disable\":[\"b\"],\"allow\":[{\"words\":[\"dead\"]}],\"rules\":["
                "{\"id\":\"a\",\"name\":\"other A\",\"keywords\":[\"zq_\"],"
                "\"regex\":\"zq_[0-9a-f]{4}\"},"
                "{\"id\":\"c\",\"name\":\"C\",\"keywords\":[\"c-\"],\"regex\":\"c-[0-9]{8}\"}]}";
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "replaced by one of the same id", "zq_93f2", "other A" },
                { "switched off", "qq-3f9a8b7c6d5e4f3a2b1c", NULL },
                { "a rule more", "c-28163940", "C" },
                { "what the second allows", "zq_dead", NULL },
        };
        char error[512] = "", *base_data, *more_data;
        struct rule_pack base, more, joined;
        size_t base_length, more_length;
        struct matcher m;

        base_data = compile_text(small_pack, strlen(small_pack), &base_length);
        more_data = compile_text(more_pack, strlen(more_pack), &more_length);
        assert_int_equal(packfile_read(&base, base_data, base_length, true, error, sizeof(error)),
                         0);
        assert_int_equal(packfile_read(&more, more_data, more_length, true, error, sizeof(error)),
                         0);
        assert_int_equal(rule_pack_join(&joined, &base, &more), 0);
        assert_int_equal(matcher_init(&m, &joined, gate_best()), 0);
        assert_null(m.note);
        assert_ptr_equal(m.gates[1].engine, gate_best());
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                assert_int_equal(matcher_scan(&m, NULL, rows[i].text, strlen(rows[i].text)), 0);
                if (m.n_found != (rows[i].want != NULL))
                        fail_msg("%s: %zu found", rows[i].why, m.n_found);
                if (rows[i].want)
                        assert_string_equal(m.found[0].rule->name, rows[i].want);
        }
        matcher_done(&m);
        rule_pack_done(&joined);
        rule_pack_done(&more);
        rule_pack_done(&base);
        free(base_data);
        free(more_data);
}

static void test_allowances(void **state)
{
        (void) state;
        static const struct {
                const char *why, *path, *text;
                size_t want;
        } rows[] = {
                { "nothing allows it", "a", "zq_93f2c1a4b5d6e708", 1 },
                { "a path of the whole pack", "vendor/a", "zq_93f2c1a4b5d6e708", 0 },
                { "a word in the secret, in any case", "a", "zq_93f2cafe15d6e708", 0 },
                { "one of two that must both hold", "a", "zq_03f2c1a4b5d6e708", 1 },
                { "both of two", "a", "zq_03f2c1a4bad6e708", 0 },
                { "the line says so", "a", "k = zq_93f2c1a4b5d6e708 # ok\n", 0 },
                { "the next line says so", "a", "k = zq_93f2c1a4b5d6e708\n # ok", 1 },
        };
        struct rule_pack p;
        struct matcher m;
        char error[512] = "";

        assert_int_equal(rule_pack_load(&p, small_pack, strlen(small_pack), error, sizeof(error)),
                         0);
        assert_int_equal(matcher_init(&m, &p, gate_best()), 0);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                assert_int_equal(matcher_scan(&m, rows[i].path, rows[i].text, strlen(rows[i].text)),
                                 0);
                if (m.n_found != rows[i].want)
                        fail_msg("%s: %zu found", rows[i].why, m.n_found);
        }
        matcher_done(&m);
        rule_pack_done(&p);
}

/* An imported rule with a group in each of its alternatives: the one that holds is the secret. */
static void test_first_group(void **state)
{
        (void) state;
        static const char one[] = "{\"rules\":[{\"id\":\"g\",\"name\":\"G\",\"plain\":true,"
                                  "\"group\":1,\"keywords\":[\"k_\"],"
                                  "\"regex\":\"k_(?:a([0-9]{4})|b([a-z]{4})|c)\"}]}";
        static const struct {
                const char *why, *text;
                size_t start, end;
        } rows[] = {
                { "the first group", "k_a1234", 3, 7 },
                { "the second one", "k_babcd", 3, 7 },
                { "none, so the whole", "k_c", 0, 3 },
        };
        struct rule_pack p;
        struct matcher m;
        char error[512] = "";

        assert_int_equal(rule_pack_load(&p, one, strlen(one), error, sizeof(error)), 0);
        assert_int_equal(matcher_init(&m, &p, gate_best()), 0);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                assert_int_equal(matcher_scan(&m, NULL, rows[i].text, strlen(rows[i].text)), 0);
                assert_int_equal(m.n_found, 1);
                if (m.found[0].start != rows[i].start || m.found[0].end != rows[i].end)
                        fail_msg("%s: %zu to %zu", rows[i].why, m.found[0].start, m.found[0].end);
        }
        matcher_done(&m);
        rule_pack_done(&p);
}

/* What is wrong in a pack is told by its place. */
static void test_pack_faults(void **state)
{
        (void) state;
#define ONE(members) "{\"rules\":[{\"id\":\"x\",\"name\":\"x\"," members "}]}"
#define GOOD         "\"keywords\":[\"k\"],\"regex\":\"r\""
        static const struct {
                const char *why, *pack, *want;
        } rows[] = {
                { "no JSON", "{\n\"rules\": [,", "2:" },
                { "no rules", "{}", "/rules: " },
                { "an empty list", "{\"rules\":[]}", "/rules: " },
                { "a rule that is no object", "{\"rules\":[1]}", "/rules/0: " },
                { "no id", "{\"rules\":[{\"name\":\"x\"," GOOD "}]}", "/rules/0/id: " },
                { "no regex", ONE("\"keywords\":[\"k\"]"), "/rules/0: rule x needs" },
                { "no keyword", ONE("\"regex\":\"r\""), "/rules/0/keywords: " },
                { "an empty keyword", ONE("\"keywords\":[\"\"],\"regex\":\"r\""),
                  "/rules/0/keywords: " },
                { "a member of another name", ONE(GOOD ",\"keyword\":1"), "/rules/0/keyword: " },
                { "a text that is a number", ONE("\"keywords\":[\"k\"],\"regex\":1"),
                  "/rules/0/regex: must be a text" },
                { "a severity that is none", ONE(GOOD ",\"severity\":\"bad\""),
                  "/rules/0/severity: must be one of" },
                { "a group too high", ONE(GOOD ",\"group\":16"), "/rules/0/group: " },
                { "an entropy below nothing", ONE(GOOD ",\"entropy\":-1"), "/rules/0/entropy: " },
                { "an allowance that is none", ONE(GOOD ",\"allow\":[{\"word\":[]}]"),
                  "/rules/0/allow/0/word: " },
                { "a target that is none", ONE(GOOD ",\"allow\":[{\"target\":\"file\"}]"),
                  "/rules/0/allow/0/target: " },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct rule_pack p;
                char error[512] = "";

                assert_int_equal(rule_pack_load(&p, rows[i].pack, strlen(rows[i].pack), error,
                                                sizeof(error)),
                                 -EBADMSG);
                if (strncmp(error, rows[i].want, strlen(rows[i].want)) != 0)
                        fail_msg("%s: %s", rows[i].why, error);
        }
#undef ONE
#undef GOOD
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_packfile),      cmocka_unit_test(test_packfile_damage),
                cmocka_unit_test(test_packfile_gate), cmocka_unit_test(test_blind_gate),
                cmocka_unit_test(test_join),          cmocka_unit_test(test_first_group),
                cmocka_unit_test(test_allowances),    cmocka_unit_test(test_pack_faults),
        };

        return cmocka_run_group_tests_name("packfile", tests, NULL, NULL);
}
