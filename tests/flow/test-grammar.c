/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The language is what the manual says, no more and no less: sentences that are made by the page's
 * own grammar, and those with a slip in them, are judged by the parser and by the page alike; and
 * what they mean is worked out twice.
 */
#include "test.h"

#include "base/io.h"
#include "base/json.h"
#include "ebnf.h"
#include "flow/template.h"
#include "oracle.h"

#include <math.h>

#define SENTENCES 4000
#define SLIPS     4 /* of each sentence */
#define TEMPLATES 3000

static const char world_text[] =
        "{\"inputs\": {\"a\": 1, \"n\": 2.5, \"yes\": true, \"no\": false, \"none\": null,"
        " \"big\": 9007199254740993, \"text\": \"h\\u00e9 ${inputs.a} $${x}\","
        " \"list\": [1, 1.0, \"a\", [true], {\"a\": 2}], \"obj\": {\"a\": 1.0, \"list\": []}},"
        " \"run\": {\"id\": \"r1\"}, \"item\": {\"a\": \"${item}\"}, \"index\": 3,"
        " \"steps\": {\"a\": {\"output\": {\"a\": 1, \"list\": [0, 1]}, \"state\": \"done\","
        " \"verdict\": \"ok\", \"changed\": true, \"findings\": {\"total\": 2}},"
        " \"text\": {\"state\": \"skipped\", \"changed\": false, \"findings\": {\"a\": 0}}}}";

static int world_get(void *user, const char *root, const char *step, const char *field,
                     json_t **ret)
{
        json_t *value = json_object_get(user, root);

        if (step)
                value = json_object_get(json_object_get(value, step), field);
        *ret = json_incref(value);
        return value ? 0 : -ENOENT;
}

struct language {
        struct ebnf *grammar;
        json_t *world;
        struct json_random random;
};

static int language_make(void **state)
{
        static struct language l;
        _cleanup_(buf_done) struct buf page = { 0 };
        struct err err = { 0 };
        uint64_t seed = json_random_seed();
        char path[4096];

        (void) snprintf(path, sizeof(path), "%s/doc/flow-format.md", test_srcdir());
        assert_int_equal(file_read(path, &page, &err), 0);
        print_message("# seed %llu\n", (unsigned long long) seed);
        l.grammar = ebnf_read(page.data);
        l.world = json_loads(world_text, 0, NULL);
        l.random.state = seed | 1;
        *state = &l;
        return l.world ? 0 : -1;
}

static int language_drop(void **state)
{
        struct language *l = *state;

        ebnf_free(l->grammar);
        json_decref(l->world);
        return 0;
}

/* Names that are there more often than not, and numbers that meet. */
static const char *choose(struct json_random *random, const char *rule)
{
        static const char *const names[] = { "a",   "n",    "yes",  "no",  "none",
                                             "big", "text", "list", "obj", "gone" };
        static const char *const values[] = { "inputs.yes",  "inputs.no",  "true",
                                              "1",           "inputs.a",   "'a'",
                                              "inputs.list", "inputs.text" };

        if (strcmp(rule, "name") == 0 && json_random_below(random, 5))
                return names[json_random_below(random, TEST_ROWS(names))];
        if (strcmp(rule, "value") == 0 && json_random_below(random, 3) == 0)
                return values[json_random_below(random, TEST_ROWS(values))];
        return NULL;
}

/* A sentence that is not too long to be judged. */
static void sentence_make(struct language *l, struct buf *out)
{
        do {
                buf_done(out);
                ebnf_make(l->grammar, "expression", &l->random, choose, out);
        } while (out->length > EBNF_TEXT_MAX - 20);
}

/* Beyond what the page says in words: a number that fits into nothing. */
static bool is_out_of_range(const struct err *err)
{
        const char *number = strstr(err->text, "not a number: ");
        double value = number ? strtod(number + strlen("not a number: "), NULL) : 0;

        return number && (isinf(value) || fabs(value) >= 9e18);
}

/* Parser and page agree; then both work it out. 1: it is a sentence, and has a value. */
static int judge(struct language *l, const char *text, size_t length)
{
        _cleanup_(oracle_freep) struct oracle *second = NULL;
        _cleanup_(expr_freep) struct expr *e = NULL;
        _cleanup_(json_decrefp) json_t *value = NULL, *other = NULL;
        const struct expr_scope scope = { world_get, l->world };
        bool is_sentence = ebnf_takes(l->grammar, "expression", text, length);
        struct err err = { 0 };
        int r = expr_new(&e, text, length, NULL, &err);

        if (r < 0 && is_sentence &&
            (is_out_of_range(&err) || strstr(err.text, "nested deeper than")))
                return 0;
        if ((r == 0) != is_sentence)
                fail_msg("the page %s and the parser %s: %s %s", is_sentence ? "takes" : "refuses",
                         r == 0 ? "takes" : "refuses", text, err.text);
        if (r < 0) {
                assert_int_equal(r, -EBADMSG);
                assert_int_equal(strncmp(err.text, "column ", 7), 0);
                return 0;
        }
        second = oracle_read(text);
        r = expr_eval(e, &scope, &value, &err);
        if (r != oracle_value(second, l->world, &other))
                fail_msg("another outcome than %d (%s): %s", r, err.text, text);
        if (r == 0 && !json_equal(value, other))
                fail_msg("another value: %s", text);
        return r == 0;
}

static void sentences_parse_and_mean_one_thing(void **state)
{
        struct language *l = *state;
        size_t n_values = 0;

        for (int i = 0; i < SENTENCES; i++) {
                _cleanup_(buf_done) struct buf text = { 0 };

                sentence_make(l, &text);
                if (!ebnf_takes(l->grammar, "expression", text.data, text.length))
                        fail_msg("the page refuses its own sentence: %s", text.data);
                n_values += (size_t) judge(l, text.data, text.length);
        }
        print_message("# %zu of %d sentences have a value\n", n_values, SENTENCES);
        assert_true(n_values > SENTENCES / 20);
}

/* One slip of the finger: a byte less, more, other; two that change places; a piece twice. */
static void slip_make(struct json_random *random, char *text, size_t *length)
{
        static const char bytes[] = "()[]{}!=<>&|.,'\"\\ \t\n0159eE+-_aZ$ntr";
        size_t at = json_random_below(random, *length + 1), n;
        char byte = bytes[json_random_below(random, sizeof(bytes) - 1)];

        switch (json_random_below(random, 5)) {
        case 0:
                if (at < *length)
                        memmove(text + at, text + at + 1, --*length - at);
                break;
        case 1:
                memmove(text + at + 1, text + at, (*length)++ - at);
                text[at] = byte;
                break;
        case 2:
                if (at < *length)
                        text[at] = byte;
                break;
        case 3:
                if (at + 1 < *length) {
                        byte = text[at];
                        text[at] = text[at + 1];
                        text[at + 1] = byte;
                }
                break;
        default:
                n = json_random_below(random, 5);
                n = MIN_OF(n, *length - at);
                memmove(text + at + n, text + at, *length - at);
                *length += n;
        }
        text[*length] = '\0';
}

static void slips_are_refused_or_mean_what_they_say(void **state)
{
        struct language *l = *state;
        size_t n_values = 0;

        for (int i = 0; i < SENTENCES; i++) {
                _cleanup_(buf_done) struct buf text = { 0 };
                char slipped[EBNF_TEXT_MAX + 1];
                size_t length;

                sentence_make(l, &text);
                length = text.length;
                memcpy(slipped, text.data, length + 1);
                for (int k = 0; k < SLIPS; k++) {
                        slip_make(&l->random, slipped, &length);
                        n_values += (size_t) judge(l, slipped, length);
                }
        }
        print_message("# %zu of %d slips have a value\n", n_values, SENTENCES * SLIPS);
}

/* Every operator in parentheses, other blanks, other quotes, brackets for dots: the same value. */
static void other_words_mean_the_same(void **state)
{
        struct language *l = *state;
        const struct expr_scope scope = { world_get, l->world };

        for (int i = 0; i < SENTENCES; i++) {
                _cleanup_(buf_done) struct buf text = { 0 }, other = { 0 };
                _cleanup_(oracle_freep) struct oracle *o = NULL;
                _cleanup_(expr_freep) struct expr *e = NULL;
                _cleanup_(json_decrefp) json_t *want = NULL, *value = NULL;
                struct err err = { 0 };
                int r;

                sentence_make(l, &text);
                if (expr_new(&e, text.data, text.length, NULL, &err) < 0)
                        continue;
                e = expr_free(e);
                o = oracle_read(text.data);
                oracle_write(o, &l->random, &other);
                r = expr_new(&e, other.data, other.length, NULL, &err);
                if (r < 0 && (strstr(err.text, "nested deeper than") ||
                              other.length > EXPR_LENGTH_MAX || is_out_of_range(&err)))
                        continue;
                if (r < 0)
                        fail_msg("%s: %s, which was %s", err.text, other.data, text.data);
                r = expr_eval(e, &scope, &value, &err);
                if (r != oracle_value(o, l->world, &want) || (r == 0 && !json_equal(want, value)))
                        fail_msg("another value: %s, which was %s", other.data, text.data);
        }
}

/* A `$` would make one piece of itself and the next. */
static void separate(struct buf *template, struct buf *want)
{
        if (!template->length || template->data[template->length - 1] != '$')
                return;
        assert_int_equal(buf_putc(template, '.'), 0);
        assert_int_equal(buf_putc(want, '.'), 0);
}

/* Adds a piece to a template, and what it becomes to `want`; -ENOENT and the like as of its value.
 */
static int piece_make(struct language *l, struct buf *template, struct buf *want, json_t **ret)
{
        static const char *const plain[] = { "a", "$", "$ ", "}", "{", "é", "\"", "$${", "\n" };
        _cleanup_(buf_done) struct buf text = { 0 };
        _cleanup_(oracle_freep) struct oracle *o = NULL;
        _cleanup_(expr_freep) struct expr *e = NULL;
        _cleanup_(freep) char *json = NULL;
        const char *bytes;
        int r;

        if (json_random_below(&l->random, 2)) {
                separate(template, want);
                bytes = plain[json_random_below(&l->random, TEST_ROWS(plain))];
                assert_int_equal(buf_puts(template, bytes), 0);
                return buf_puts(want, strcmp(bytes, "$${") == 0 ? "${" : bytes);
        }
        separate(template, want);
        sentence_make(l, &text);
        assert_int_equal(buf_printf(template, "${%s}", text.data), 0);
        if (expr_new(&e, text.data, text.length, NULL, NULL) < 0)
                return -EBADMSG;
        o = oracle_read(text.data);
        r = oracle_value(o, l->world, ret);
        if (r < 0)
                return r;
        if (json_is_string(*ret))
                return buf_add(want, json_string_value(*ret), json_string_length(*ret));
        json = json_canonical(*ret);
        return buf_puts(want, json);
}

static void template_try(struct language *l, size_t n_pieces)
{
        const struct expr_scope scope = { world_get, l->world };
        _cleanup_(buf_done) struct buf template = { 0 }, want = { 0 };
        _cleanup_(json_decrefp) json_t *tree = NULL, *value = NULL, *last = NULL;
        struct err err = { 0 };
        int r = 0;

        for (size_t i = 0; i < n_pieces && r == 0; i++) {
                json_decref(TAKE(last));
                r = piece_make(l, &template, &want, &last);
        }
        tree = json_string(template.data);
        if (template_resolve(tree, &scope, &value, &err) != r)
                fail_msg("another outcome than %d: %s: %s", r, template.data, err.text);
        if (r < 0)
                return;
        if (n_pieces == 1 && last)
                assert_true(json_equal(value, last));
        else if (!json_is_string(value) || strcmp(json_string_value(value), buf_text(&want)) != 0)
                fail_msg("%s is not %s", template.data, want.data);
}

static void templates_are_read_once_from_the_left(void **state)
{
        for (int i = 0; i < TEMPLATES; i++)
                template_try(*state, 1 + (size_t) i % 5);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sentences_parse_and_mean_one_thing),
                cmocka_unit_test(slips_are_refused_or_mean_what_they_say),
                cmocka_unit_test(other_words_mean_the_same),
                cmocka_unit_test(templates_are_read_once_from_the_left),
        };

        return cmocka_run_group_tests(tests, language_make, language_drop);
}
