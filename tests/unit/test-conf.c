/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/io.h"
#include "conf/options.h"
#include "conf/suggest.h"
#include "conf/tree.h"
#include "json-random.h"

#include <sys/stat.h>

static char folder[] = "/tmp/linhay-test-conf-XXXXXX";

/* A new file each time: writing over one makes some file systems wait for the disk. */
static char *put(const char *name, const char *text)
{
        static char path[512];
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
        (void) unlink(path);
        f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
        return path;
}

/* The text without the folder of the test, which has another name each time. */
static const char *without_folder(const char *text)
{
        const char *at = strstr(text, folder);

        return at == text ? text + strlen(folder) + 1 : text;
}

static void files_become_trees(void **state)
{
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "groups, lists and scalars",
                  "a = 1; b = \"x\"; c = ( 1, \"two\", { d = true; } ); e = [ 1, 2 ]; f = 0.5;",
                  "{\"a\":1,\"b\":\"x\",\"c\":[1,\"two\",{\"d\":true}],\"e\":[1,2],\"f\":0.5}" },
                { "null", "a = { _null = true; };", "{\"a\":null}" },
                { "JSON text", "a = { _json = \"{\\\"$ref\\\": \\\"#\\\"}\"; };",
                  "{\"a\":{\"$ref\":\"#\"}}" },
                { "a file beside", "a = { _file = \"side.json\"; };", "{\"a\":{\"side\":[null]}}" },
                { "names may begin with _", "_a = 1; b = { _c = 2; };",
                  "{\"_a\":1,\"b\":{\"_c\":2}}" },
                { "large integers with L", "a = 3000000000L; b = -9223372036854775808L;",
                  "{\"a\":3000000000,\"b\":-9223372036854775808}" },
                { "the edges of 32 bits without",
                  "a = 2147483647; b = -2147483648; c = 0x7fffffff;",
                  "{\"a\":2147483647,\"b\":-2147483648,\"c\":2147483647}" },
                { "digits in strings and comments are no numbers",
                  "a = \"3000000000\"; # 3000000000\n// 3000000000\n/* 3000000000 */ b-3000000000 "
                  "= 1;",
                  "{\"a\":\"3000000000\",\"b-3000000000\":1}" },
                { "strings go on", "a = \"x\"\n  \"y\";", "{\"a\":\"xy\"}" },
                { "nothing at all", "", "{}" },
                { "JSON is known by its brace", " {\"a\": [1.5, null]}", "{\"a\":[1.5,null]}" },
                { "a byte order mark is passed over",
                  "\xef\xbb\xbf"
                  "a = 1;",
                  "{\"a\":1}" },
        };

        (void) state;
        (void) put("side.json", "{\"side\": [null]}");
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(tree_freep) struct tree *t = NULL;
                _cleanup_(freep) char *text = NULL;
                struct err err = { 0 };

                print_message("# %s\n", rows[i].why);
                if (tree_load(&t, put("file.conf", rows[i].text), 1 << 20, &err) < 0)
                        fail_msg("%s", err.text);
                text = json_canonical(t->json);
                assert_string_equal(text, rows[i].want);
        }
}

static void bad_files_are_refused(void **state)
{
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "an integer that libconfig would change", "a = 1;\nb = 3000000000;",
                  "file.conf:2: 3000000000 does not fit into 32 bits: write it as 3000000000L" },
                { "the same in hex", "a = 0xFFFFFFFF;",
                  "file.conf:1: 0xFFFFFFFF does not fit into 32 bits: write it as 0xFFFFFFFFL" },
                { "an integer that nothing holds", "a = 9223372036854775808L;",
                  "file.conf:1: 9223372036854775808 does not fit into 64 bits" },
                { "an include", "a = 1;\n\n@include \"/etc/passwd\"\n",
                  "file.conf:3: @include is not taken here: files are read one by one, from "
                  "conf.d, "
                  "and JSON by { _file = \"name.json\"; }" },
                { "a star, which names may have in libconfig only", "*a = 1;",
                  "file.conf:1: '*' is not part of any name" },
                { "an open string", "a = \"x;\nb = 1;",
                  "file.conf:1: this string is not closed by \"" },
                { "an open comment", "\n/* x", "file.conf:2: this comment is not closed by */" },
                { "bytes that are no text", "a = \"\xff\";",
                  "file.conf:1: this is not valid UTF-8" },
                { "bytes that become none", "a = \"\\xff\";",
                  "file.conf:1: this string is not valid UTF-8 once its escapes are read" },
                { "grammar", "a = 1;\n b = ;",
                  "file.conf:2: syntax error at \"b = ;\": expected NAME = VALUE; with every "
                  "quote, comma and bracket, here and in the line before" },
                { "a name twice", "a = 1;\na = 2;", "file.conf:2: duplicate setting name" },
                { "null with company", "a = { _null = true; b = 1; };",
                  "file.conf:1: _null, _json and _file stand alone in a group" },
                { "broken JSON text", "\na = { _json = \"{\"; };",
                  "file.conf:2: _json:1:1: not valid JSON: string or '}' expected near end of "
                  "file" },
                { "a file that is elsewhere", "a = { _file = \"../x.json\"; };",
                  "file.conf:1: _file \"../x.json\" leads out of this file's folder, or over a "
                  "link" },
                { "an absolute file", "a = { _file = \"/etc/passwd\"; };",
                  "file.conf:1: _file \"/etc/passwd\" leads out of this file's folder, or over a "
                  "link" },
                { "a link", "a = { _file = \"link.json\"; };",
                  "file.conf:1: _file \"link.json\" leads out of this file's folder, or over a "
                  "link" },
                { "a file that is not there", "a = { _file = \"none.json\"; };",
                  "file.conf:1: _file \"none.json\" cannot be read: No such file or directory" },
                { "broken JSON", "{\n \"a\": }",
                  "file.conf:2:7: not valid JSON: unexpected token near '}'" },
        };

        (void) state;
        {
                char link[300];

                (void) snprintf(link, sizeof(link), "%s/link.json", folder);
                assert_int_equal(symlink("side.json", link), 0);
        }
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(tree_freep) struct tree *t = NULL;
                struct err err = { 0 };

                print_message("# %s\n", rows[i].why);
                assert_int_equal(tree_load(&t, put("file.conf", rows[i].text), 1 << 20, &err),
                                 -EBADMSG);
                assert_string_equal(without_folder(err.text), rows[i].want);
        }
}

static void deep_files_are_refused(void **state)
{
        _cleanup_(buf_done) struct buf text = { 0 };
        _cleanup_(tree_freep) struct tree *t = NULL;
        struct err err = { 0 };

        (void) state;
        assert_int_equal(buf_puts(&text, "a = "), 0);
        for (int i = 0; i < 100000; i++)
                assert_int_equal(buf_putc(&text, '('), 0);
        assert_int_equal(tree_load(&t, put("file.conf", text.data), 1 << 20, &err), -EBADMSG);
        assert_non_null(strstr(err.text, "nested deeper than 100 levels"));
}

static void every_value_has_its_line(void **state)
{
        static const char *const texts[] = {
                "a = 1;\nb = {\n  c = (\n    1,\n    { d = 2; }\n  );\n};\n",
                "{\"a\": 1,\n\"b\": {\n\"c\": [\n 1,\n {\"d\": 2}\n]\n}\n}",
        };
        static const struct {
                const char *pointer;
                unsigned line;
        } rows[] = {
                { "/a", 1 },       { "/b", 2 },      { "/b/c", 3 }, { "/b/c/0", 4 },
                { "/b/c/1/d", 5 }, { "/a/none", 1 }, { "", 1 },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(texts); i++) {
                _cleanup_(tree_freep) struct tree *t = NULL;
                struct err err = { 0 };

                assert_int_equal(tree_load(&t, put("file.conf", texts[i]), 1 << 20, &err), 0);
                for (size_t k = 0; k < TEST_ROWS(rows); k++) {
                        print_message("# %s\n", rows[k].pointer);
                        if (i == 0 && !*rows[k].pointer)
                                continue; /* libconfig's root stands nowhere */
                        assert_int_equal(tree_line(t, rows[k].pointer), rows[k].line);
                }
        }
}

static void what_is_written_reads_back(void **state)
{
        uint64_t seed = json_random_seed();
        struct json_random random = { seed | 1 };

        (void) state;
        print_message("# seed %llu\n", (unsigned long long) seed);
        for (int i = 0; i < 500; i++) {
                _cleanup_(json_decrefp) json_t *value =
                        json_pack("{s:o, s:o}", "first", json_random_value(&random, 6), "second",
                                  json_random_value(&random, 3));
                _cleanup_(buf_done) struct buf text = { 0 };
                _cleanup_(tree_freep) struct tree *t = NULL;
                _cleanup_(freep) char *before = NULL, *after = NULL;
                struct err err = { 0 };

                assert_int_equal(tree_write(&text, value), 0);
                if (tree_load(&t, put("file.conf", text.data), 1 << 20, &err) < 0)
                        fail_msg("%s in\n%s", err.text, text.data);
                before = json_canonical(value);
                after = json_canonical(t->json);
                assert_string_equal(after, before);
        }
}

static void options_are_read_in_order(void **state)
{
        _cleanup_(options_freep) struct options *o = NULL;
        struct err err = { 0 };
        char sub[300];

        (void) state;
        (void) snprintf(sub, sizeof(sub), "%s/conf.d", folder);
        assert_int_equal(mkdir(sub, 0700), 0);
        (void) put("conf.d/20-b.conf", "limits = { max = { memory = \"2GiB\"; }; };");
        (void) put("conf.d/10-a.conf",
                   "limits = { max = { memory = \"1GiB\"; wall = \"10m\"; }; };\n"
                   "sandbox = { allow_degraded = ( \"cgroup\" ); };");
        if (options_load_file(&o, put("linhay.conf", "approval = { four_eyes = true; };"), &err) <
            0)
                fail_msg("%s", err.text);
        assert_true(options_bool(o, "approval.four_eyes"));
        assert_int_equal(options_number(o, "limits.max.memory", 0), 2ULL << 30);
        assert_int_equal(options_number(o, "limits.max.wall", 0), 600000);
        assert_int_equal(options_number(o, "limits.max.files", 77), 77);
        assert_string_equal(options_text(o, "sandbox.require"), "no-cgroup");
        assert_int_equal(json_array_size(options_list(o, "sandbox.allow_degraded")), 1);
        assert_string_equal(options_origin(o, "sandbox.require"), "default");
        assert_string_equal(without_folder(options_origin(o, "limits.max.wall")),
                            "conf.d/10-a.conf:1");
        (void) put("conf.d/10-a.conf", "");
        (void) put("conf.d/20-b.conf", "");
}

#define ZEROS "000000000000000000000000000000000000000000000000000000000000"

static void bad_options_are_refused(void **state)
{
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "a slip of the finger", "\nsandbox = {\n  requier = \"full\";\n};",
                  "linhay.conf:3: unknown option \"sandbox.requier\" (did you mean "
                  "\"sandbox.require\"?)" },
                { "something else", "colour = 3;",
                  "linhay.conf:1: unknown option \"colour\"; doc/config.md lists all" },
                { "a word that is no choice", "sandbox = { require = \"ful\"; };",
                  "linhay.conf:1: sandbox.require: \"ful\" must be one of full, no-cgroup, "
                  "no-userns "
                  "(did you mean \"full\"?)" },
                { "a type", "approval = { four_eyes = 1; };",
                  "linhay.conf:1: approval.four_eyes must be true or false" },
                { "a count below 0", "limits = { max = { files = -1; }; };",
                  "linhay.conf:1: limits.max.files must be a whole number, 0 or more" },
                { "a number with something behind it, however long",
                  "limits = { max = { wall = \"" ZEROS "90sorry\"; }; };",
                  "linhay.conf:1: limits.max.wall: \"" ZEROS
                  "90sorry\" is not a duration (write \"90s\", \"250ms\" or \"1h30m\")" },
                { "a group that is a value", "sandbox = { require = { a = 1; }; };",
                  "linhay.conf:1: sandbox.require must be a string" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(options_freep) struct options *o = NULL;
                struct err err = { 0 };

                print_message("# %s\n", rows[i].why);
                assert_int_equal(options_load_file(&o, put("linhay.conf", rows[i].text), &err),
                                 -EBADMSG);
                assert_string_equal(without_folder(err.text), rows[i].want);
        }
}

static void the_sample_file_is_right(void **state)
{
        _cleanup_(buf_done) struct buf text = { 0 };
        _cleanup_(options_freep) struct options *o = NULL;
        struct err err = { 0 };

        (void) state;
        assert_int_equal(options_sample(&text), 0);
        if (options_load_file(&o, put("linhay.conf", text.data), &err) < 0)
                fail_msg("%s in\n%s", err.text, text.data);
        for (size_t i = 0; i < option_count; i++)
                assert_non_null(strstr(text.data, option_table[i].help));
}

/* doc/config.md has a row for every option, with the words of the table, and its example reads. */
static void the_manual_is_right(void **state)
{
        _cleanup_(buf_done) struct buf page = { 0 };
        _cleanup_(options_freep) struct options *o = NULL;
        struct err err = { 0 };
        char path[4096], cell[200];
        char *block, *end;

        (void) state;
        (void) snprintf(path, sizeof(path), "%s/doc/config.md", test_srcdir());
        assert_int_equal(file_read(path, &page, &err), 0);
        for (size_t i = 0; i < option_count; i++) {
                const char *row;

                print_message("# %s\n", option_table[i].path);
                (void) snprintf(cell, sizeof(cell), "\n| `%s` |", option_table[i].path);
                row = strstr(page.data, cell);
                assert_non_null(row);
                (void) snprintf(cell, sizeof(cell), "| %s |\n", option_table[i].help);
                row = strchr(row + 1, '\n');
                assert_memory_equal(row + 1 - strlen(cell), cell, strlen(cell));
        }
        block = strstr(page.data, "\n```conf\n");
        assert_non_null(block);
        end = strstr(block + 9, "\n```\n");
        *end = '\0';
        if (options_load_file(&o, put("linhay.conf", block + 9), &err) < 0)
                fail_msg("%s", err.text);
        assert_true(options_bool(o, "approval.four_eyes"));
}

static int folder_make(void **state)
{
        (void) state;
        return mkdtemp(folder) ? 0 : -1;
}

static int folder_drop(void **state)
{
        char command[300];

        (void) state;
        (void) snprintf(command, sizeof(command), "rm -rf '%s'", folder);
        return system(command);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(files_become_trees),
                cmocka_unit_test(bad_files_are_refused),
                cmocka_unit_test(deep_files_are_refused),
                cmocka_unit_test(every_value_has_its_line),
                cmocka_unit_test(what_is_written_reads_back),
                cmocka_unit_test(options_are_read_in_order),
                cmocka_unit_test(bad_options_are_refused),
                cmocka_unit_test(the_sample_file_is_right),
                cmocka_unit_test(the_manual_is_right),
        };

        return cmocka_run_group_tests(tests, folder_make, folder_drop);
}
