/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "license/file.h"
#include "license/spdx.h"

#include <ctype.h>
#include <jansson.h>

/* ---- What a text is found to be ---- */

static struct license_finder finder;

/* "EXPRESSION@LINE " of each statement. */
static void list_statements(struct span text, struct buf *list)
{
        for (size_t i = 0; i < finder.n_statements; i++) {
                const struct license_statement *s = &finder.statements[i];
                int line = 1;

                for (size_t k = 0; k < s->start && k < text.length; k++)
                        line += text.text[k] == '\n';
                (void) buf_printf(list, "%s%s@%d ", s->is_choice ? "|" : "", s->expression, line);
        }
}

static void expect(const char *why, const char *text, const char *want)
{
        _cleanup_(buf_done) struct buf list = { 0 };
        struct span span = { text, strlen(text) };

        assert_int_equal(license_finder_look(&finder, span, LICENSE_FILE_OTHER), 0);
        list_statements(span, &list);
        if (strcmp(buf_text(&list), want) != 0)
                fail_msg("%s: got \"%s\", want \"%s\"", why, buf_text(&list), want);
}

static void test_notices(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "GPL, this version or later",
                  "/* This program is free software; you can redistribute it and/or modify\n"
                  " * it under the terms of the GNU General Public License as published by\n"
                  " * the Free Software Foundation; either version 2 of the License, or\n"
                  " * (at your option) any later version.\n */\n",
                  "GPL-2.0-or-later@2 " },
                { "GPL, this version only",
                  "# it under the terms of the GNU General Public License version 2 as\n"
                  "# published by the Free Software Foundation.\n",
                  "GPL-2.0-only@1 " },
                { "the version before the name",
                  "// under the terms of version 3 of the GNU General Public License\n",
                  "GPL-3.0-only@1 " },
                { "and later versions before the name",
                  "under the terms of version 2.1 or later of the GNU Lesser General Public "
                  "License",
                  "LGPL-2.1-or-later@1 " },
                { "LGPL of old",
                  "under the terms of the GNU Library General Public License as\n"
                  "published by the Free Software Foundation; either version 2 of the\n"
                  "License, or (at your option) any later version.\n",
                  "LGPL-2.0-or-later@1 " },
                { "AGPL",
                  "under the terms of the GNU Affero General Public License as published\n"
                  "by the Free Software Foundation, either version 3 of the License, or\n"
                  "(at your option) any later version.\n",
                  "AGPL-3.0-or-later@1 " },
                { "no version", "Distributed under the GNU General Public License.\n",
                  "GPL-1.0-or-later@1 " },
                { "short names", "License: GPLv2+\n", "GPL-2.0-or-later@1 " },
                { "R's way", "License: GPL (>= 2)\n", "GPL-2.0-or-later@1 " },
                { "two versions", "Licensed under the GPL version 2 or 3\n",
                  "GPL-2.0-only@1 |GPL-3.0-only@1 " },
                { "Apache",
                  "   Licensed under the Apache License, Version 2.0 (the \"License\");\n"
                  "   you may not use this file except in compliance with the License.\n"
                  "       http://www.apache.org/licenses/LICENSE-2.0\n",
                  "Apache-2.0@1 " },
                { "Mozilla",
                  "This Source Code Form is subject to the terms of the Mozilla Public\n"
                  "License, v. 2.0. If a copy of the MPL was not distributed with this\n",
                  "MPL-2.0@1 " },
                { "Eclipse",
                  "are made available under the terms of the Eclipse Public License v1.0\n",
                  "EPL-1.0@1 " },
                { "MIT", "// Use of this source code is governed by the MIT license.\n", "MIT@1 " },
                { "MIT, told behind", "This project is MIT licensed.\n", "MIT@1 " },
                { "a choice",
                  "Licensed under either of Apache License, Version 2.0 or MIT license at\n"
                  "your option.\n",
                  "Apache-2.0@1 |MIT@1 " },
                { "Released under BSD", " * Released under BSD, see the licence\n",
                  "BSD-3-Clause@1 " },
                { "a kind of BSD", "governed by a BSD-style license that can be found\n", "" },
                { "clauses", "Released under the 2-clause BSD license.\n", "BSD-2-Clause@1 " },
                { "a label in code", "@license Apache-2.0\n", "Apache-2.0@1 " },
                { "a heading", "Project\n\n## License\n\nMIT\n", "MIT@5 " },
                { "an address",
                  "<a rel=\"license\" href=\"https://creativecommons.org/licenses/by/4.0/\">\n",
                  "CC-BY-4.0@1 " },
                { "Creative Commons",
                  "This work is licensed under a Creative Commons Attribution-ShareAlike 4.0\n"
                  "International License.\n",
                  "CC-BY-SA-4.0@1 " },
                { "Perl",
                  "This library is free software; you may redistribute it under the\n"
                  "same terms as Perl itself. License.\n",
                  "Artistic-1.0-Perl OR GPL-1.0-or-later@2 " },
                { "not the licence", "This license is compatible with the GPL, version 2.\n", "" },
                { "not under it", "The license: not under the GPL version 3, sorry.\n", "" },
                { "of old", "Old releases were under the GNU GPL license.\n", "" },
                { "no licence at all", "int license_count(void);\n", "" },
                { "code", "permission = user.permissions & GPL_MASK; /* copyright? */\n", "" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                expect(rows[i].why, rows[i].text, rows[i].want);
}

static void test_tags(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "C", "/* SPDX-License-Identifier: MIT */\n", "MIT@1 " },
                { "C++", "// SPDX-License-Identifier: MIT\n", "MIT@1 " },
                { "shell", "#!/bin/sh\n# SPDX-License-Identifier: MIT\n", "MIT@2 " },
                { "HTML", "<!-- SPDX-License-Identifier: MIT -->\n", "MIT@1 " },
                { "batch", "REM SPDX-License-Identifier: MIT\n", "MIT@1 " },
                { "m4", "dnl SPDX-License-Identifier: MIT\n", "MIT@1 " },
                { "reST", ".. SPDX-License-Identifier: GPL-2.0 OR MIT\n", "GPL-2.0 OR MIT@1 " },
                { "TeX", "% SPDX-License-Identifier: LPPL-1.3c\n", "LPPL-1.3c@1 " },
                { "Jinja", "{# SPDX-License-Identifier: MIT #}\n", "MIT@1 " },
                { "behind code", "int a; // SPDX-License-Identifier: MIT\n", "MIT@1 " },
                { "parentheses", "# SPDX-License-Identifier: (MIT AND (ISC OR Zlib))\n",
                  "(MIT AND (ISC OR Zlib))@1 " },
                { "in a sentence", "Write SPDX-License-Identifier: MIT there.\n", "" },
                { "in a string", "x = \"SPDX-License-Identifier: MIT\"\n", "" },
                { "a tag stands for the notice below it",
                  "// SPDX-License-Identifier: GPL-2.0-only\n"
                  "// Licensed under the GPL, version 2 or later.\n",
                  "GPL-2.0-only@1 " },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                expect(rows[i].why, rows[i].text, rows[i].want);
}

/* ---- All texts, in other shapes ---- */

static void put_wrapped(struct buf *to, const char *text, size_t width, const char *head)
{
        size_t column = 0;

        (void) buf_puts(to, head);
        for (const char *p = text; *p;) {
                size_t space = strspn(p, " \t\r\n"), word = strcspn(p + space, " \t\r\n");
                bool paragraph = memmem(p, space, "\n\n", 2) != NULL;

                if (paragraph || (column && column + word > width)) {
                        (void) buf_puts(to, paragraph ? "\n" : "");
                        (void) buf_puts(to, paragraph ? head : "");
                        (void) buf_puts(to, "\n");
                        (void) buf_puts(to, head);
                        column = 0;
                } else if (space && column) {
                        (void) buf_putc(to, ' ');
                        column++;
                }
                (void) buf_add(to, p + space, word);
                column += word;
                p += space + word;
        }
        (void) buf_putc(to, '\n');
}

static void as_comment(struct buf *to, const char *text)
{
        (void) buf_puts(to, "/*\n");
        put_wrapped(to, text, 64, " * ");
        (void) buf_puts(to, " */\nint main(void)\n{\n        return 0;\n}\n");
}

static void as_narrow(struct buf *to, const char *text)
{
        (void) buf_puts(to, "#!/bin/sh\n");
        put_wrapped(to, text, 48, "# ");
}

static void as_upper(struct buf *to, const char *text)
{
        for (; *text; text++)
                (void) buf_putc(to, (char) ((unsigned char) *text < 0x80 ? toupper(*text) : *text));
}

static void as_html(struct buf *to, const char *text)
{
        (void) buf_puts(to, "<html><head><title>Terms</title></head><body><p class=\"a\">");
        for (; *text; text++) {
                if (*text == '\n' && text[1] == '\n')
                        (void) buf_puts(to, "</p>\n\n<p>");
                else if (*text == '"')
                        (void) buf_puts(to, "&quot;");
                else if (*text == '<')
                        (void) buf_puts(to, "&lt;");
                else if (*text == '>')
                        (void) buf_puts(to, "&gt;");
                else
                        (void) buf_putc(to, *text);
        }
        (void) buf_puts(to, "</p></body></html>\n");
}

static void as_string(struct buf *to, const char *text)
{
        (void) buf_puts(to, "const char *text =\n        \"");
        for (; *text; text++) {
                if (*text == '\n')
                        (void) buf_puts(to, "\\n\"\n        \"");
                else if (*text == '"')
                        (void) buf_puts(to, "\\\"");
                else
                        (void) buf_putc(to, *text);
        }
        (void) buf_puts(to, "\";\n");
}

static void as_ours(struct buf *to, const char *text)
{
        (void) buf_puts(to, "Copyright (c) 2011-2019 Frobnicate Industries, Inc.\n"
                            "Copyright (c) 2003 Jane Q. Doe <jane@example.org>\n"
                            "All rights reserved.\n\n");
        (void) buf_puts(to, text);
}

/* One word in a hundred is another one. */
static void as_changed(struct buf *to, const char *text)
{
        for (unsigned n = 0; *text; n++) {
                size_t word = strcspn(text, " \n"), space = strspn(text + word, " \n");

                (void) buf_add(to, n % 100 == 50 && word > 3 ? "frob" : text,
                               n % 100 == 50 && word > 3 ? 4 : word);
                (void) buf_add(to, text + word, space);
                text += word + space;
        }
}

static json_t *load_texts(void)
{
        const char *folders[] = { test_builddir(), test_srcdir() };
        json_t *texts = NULL;

        for (size_t i = 0; i < TEST_ROWS(folders) && !texts; i++) {
                char path[4096];

                (void) snprintf(path, sizeof(path), "%s/license-texts/spdx-full.json", folders[i]);
                texts = json_load_file(path, 0, NULL);
        }
        return texts;
}

/* What a text is found to be as it stands: one licence, or NULL. */
static const char *plain_answer(const char *text)
{
        struct span span = { text, strlen(text) };

        assert_int_equal(license_finder_look(&finder, span, LICENSE_FILE_LICENSE), 0);
        return finder.n_statements == 1 ? finder.statements[0].expression : NULL;
}

/* Every text of SPDX's list is found to be the same however it is written down. */
static void test_shapes(void **state)
{
        (void) state;
        static const struct {
                const char *why;
                void (*shape)(struct buf *to, const char *text);
        } shapes[] = {
                { "in a comment", as_comment }, { "in narrow lines", as_narrow },
                { "in capitals", as_upper },    { "in HTML", as_html },
                { "in a string", as_string },   { "with holders", as_ours },
                { "changed", as_changed },
        };
        json_t *texts = load_texts(), *one;
        unsigned tried = 0, missed = 0;
        const char *id;

        assert_non_null(texts);
        json_object_foreach (texts, id, one) {
                const char *text = json_string_value(json_object_get(one, "licenseText"));
                const char *answer = plain_answer(text);
                char want[LICENSE_EXPRESSION_SIZE];

                if (!answer)
                        continue;
                (void) snprintf(want, sizeof(want), "%s", answer);
                for (size_t i = 0; i < TEST_ROWS(shapes); i++) {
                        _cleanup_(buf_done) struct buf shaped = { 0 };

                        shapes[i].shape(&shaped, text);
                        answer = plain_answer(buf_text(&shaped));
                        tried++;
                        if (answer && !strcmp(answer, want))
                                continue;
                        missed++;
                        if (missed <= 40)
                                print_message("# %s %s: %s\n", id, shapes[i].why,
                                              answer ? answer : "nothing, or several");
                }
        }
        json_decref(texts);
        print_message("# %u of %u shapes are found\n", tried - missed, tried);
        assert_true(tried > 4500);
        assert_true(missed * 100 <= tried);
}

/* Two texts behind each other are both found, each in its lines. */
static void test_several(void **state)
{
        (void) state;
        static const char *const ids[] = { "MIT", "BSD-3-Clause", "Zlib", "ISC", "BSD-2-Clause" };
        _cleanup_(buf_done) struct buf text = { 0 }, list = { 0 };
        json_t *texts = load_texts();

        assert_non_null(texts);
        for (size_t i = 0; i < TEST_ROWS(ids); i++) {
                (void) buf_puts(&text, "== Part ==\n\n");
                (void) buf_puts(&text, json_string_value(json_object_get(
                                               json_object_get(texts, ids[i]), "licenseText")));
                (void) buf_puts(&text, "\n");
        }
        json_decref(texts);
        assert_int_equal(license_finder_look(&finder, (struct span){ text.data, text.length },
                                             LICENSE_FILE_LICENSE),
                         0);
        for (size_t i = 0; i < finder.n_statements; i++)
                (void) buf_printf(&list, "%s ", finder.statements[i].expression);
        assert_string_equal(buf_text(&list), "MIT BSD-3-Clause Zlib ISC BSD-2-Clause ");
}

/* ---- Expressions ---- */

static void test_print(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "the list's spelling", "apache-2.0", "Apache-2.0" },
                { "operators in capitals", "mit or isc", "MIT OR ISC" },
                { "no needless parentheses", "((MIT) AND (ISC))", "MIT AND ISC" },
                { "the needed ones", "(mit or isc) and zlib", "(MIT OR ISC) AND Zlib" },
                { "what replaced it", "GPL-2.0+", "GPL-2.0-or-later" },
                { "and with an exception", "gpl-2.0 with classpath-exception-2.0",
                  "GPL-2.0-only WITH Classpath-exception-2.0" },
                { "an old pair", "GPL-2.0-with-classpath-exception",
                  "GPL-2.0-only WITH Classpath-exception-2.0" },
                { "or later", "EPL-1.0+", "EPL-1.0+" },
                { "a reference", "DocumentRef-a:LicenseRef-B-1.0",
                  "DocumentRef-a:LicenseRef-B-1.0" },
                { "nothing", "NONE", "NONE" },
                { "no assertion", "noassertion", "NOASSERTION" },
                { "unknown ones stay", "Foo-1.0", "Foo-1.0" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char text[SPDX_TEXT] = "";
                struct spdx s;

                assert_int_equal(spdx_parse(&s, rows[i].text, strlen(rows[i].text)), 0);
                assert_int_equal(spdx_print(&s, text, sizeof(text)), strlen(rows[i].want));
                if (strcmp(text, rows[i].want) != 0)
                        fail_msg("%s: %s", rows[i].why, text);
        }
}

static void test_columns(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text;
                size_t column;
        } rows[] = {
                { "no right side", "MIT OR", 7 },
                { "two licences", "MIT ISC", 5 },
                { "a sign", "MIT OR I$C", 8 },
                { "an open parenthesis", "(MIT", 5 },
                { "a reference with plus", "LicenseRef-a+", 1 },
                { "a colon", "MIT:x", 1 },
                { "NONE is no licence", "NONE OR MIT", 6 },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct spdx s;

                assert_int_equal(spdx_parse(&s, rows[i].text, strlen(rows[i].text)), -EBADMSG);
                if (s.column != rows[i].column)
                        fail_msg("%s: column %zu: %s", rows[i].why, s.column, s.error);
        }
}

static uint32_t draw(uint32_t *state)
{
        *state = *state * 1664525u + 1013904223u;
        return *state >> 8;
}

static void put_random(struct buf *to, uint32_t *state, int depth)
{
        static const char *const ids[] = { "MIT",          "gpl-2.0",
                                           "Apache-2.0",   "LGPL-2.1+",
                                           "LicenseRef-x", "GPL-2.0 with GCC-exception-2.0" };

        if (depth == 0 || draw(state) % 3 == 0) {
                (void) buf_puts(to, ids[draw(state) % TEST_ROWS(ids)]);
                return;
        }
        (void) buf_putc(to, '(');
        put_random(to, state, depth - 1);
        (void) buf_puts(to, draw(state) % 2 ? " AND " : " or ");
        put_random(to, state, depth - 1);
        (void) buf_putc(to, ')');
}

static bool is_gpl_free(void *owner, const struct spdx_node *node)
{
        (void) owner;
        return strncasecmp(node->id.text, "gpl", 3) != 0;
}

/* What is printed prints as itself, and allows what the first text allowed. */
static void test_round_trip(void **state)
{
        (void) state;
        uint32_t seed = 7;

        for (int i = 0; i < 2000; i++) {
                _cleanup_(buf_done) struct buf text = { 0 };
                char once[SPDX_TEXT], twice[SPDX_TEXT];
                struct spdx s, again;

                put_random(&text, &seed, 4);
                assert_int_equal(spdx_parse(&s, text.data, text.length), 0);
                assert_true(spdx_print(&s, once, sizeof(once)) > 0);
                assert_int_equal(spdx_parse(&again, once, strlen(once)), 0);
                assert_true(spdx_print(&again, twice, sizeof(twice)) > 0);
                assert_string_equal(once, twice);
                assert_int_equal(spdx_satisfies(&s, is_gpl_free, NULL),
                                 spdx_satisfies(&again, is_gpl_free, NULL));
        }
}

static int open_finder(void **state)
{
        (void) state;
        return license_finder_init(&finder, license_index_built_in());
}

static int close_finder(void **state)
{
        (void) state;
        license_finder_done(&finder);
        return 0;
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_notices),    cmocka_unit_test(test_tags),
                cmocka_unit_test(test_shapes),     cmocka_unit_test(test_several),
                cmocka_unit_test(test_print),      cmocka_unit_test(test_columns),
                cmocka_unit_test(test_round_trip),
        };

        return cmocka_run_group_tests_name("license", tests, open_finder, close_finder);
}
