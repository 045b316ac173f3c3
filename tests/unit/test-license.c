/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "license/compat.h"
#include "license/file.h"
#include "license/policy.h"
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
                { "behind the holder",
                  "Copyright 2020 X. Distributed under the terms of the BSD 3-Clause license.\n",
                  "BSD-3-Clause@1 " },
                { "short names without the word", "under the GPL v2 or the GPL v3\n",
                  "GPL-2.0-only@1 |GPL-3.0-only@1 " },
                { "with the date between",
                  "under the GNU General Public License as published by the Free Software\n"
                  "Foundation; version 2 dated June, 1991, or (at your option) any later "
                  "version.\n",
                  "GPL-2.0-or-later@1 " },
                { "where Debian keeps its text",
                  "under the GNU GPL, version 3 or later.\n\nThe full text of the GPL is in\n"
                  "/usr/share/common-licenses/GPL-3.\n",
                  "GPL-3.0-or-later@1 " },
                { "not the licence", "This license is compatible with the GPL, version 2.\n", "" },
                { "not under it", "The license: not under the GPL version 3, sorry.\n", "" },
                { "of old", "Old releases were under the GNU GPL license.\n", "" },
                { "no licence at all", "int license_count(void);\n", "" },
                { "code", "permission = user.permissions & GPL_MASK; /* copyright? */\n", "" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                expect(rows[i].why, rows[i].text, rows[i].want);
}

static void test_notices_of_others(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "OpenLDAP's, with its version",
                  "# Licensed under the OpenLDAP Public License, Version 2.8\n", "OLDAP-2.8@1 " },
                { "zlib's, by what its files say",
                  " * Copyright (C) 2003 Mark Adler\n"
                  " * For conditions of distribution and use, see copyright notice in zlib.h\n",
                  "Zlib@2 " },
                { "an exception for another library than OpenSSL",
                  "# This is free software; you can redistribute it and/or modify it\n"
                  "# under the terms of the GNU General Public License as published by\n"
                  "# the Free Software Foundation; either version 2 of the License, or\n"
                  "# (at your option) any later version.\n#\n"
                  "# In addition, as a special exception, the copyright holders give\n"
                  "# permission to link the code of this program with any edition of\n"
                  "# the Qt library by Trolltech AS, Norway (or with modified versions\n"
                  "# of Qt that use the same license as Qt), and distribute linked\n"
                  "# combinations including the two. You must obey the GNU General\n"
                  "# Public License in all respects for all of the code used other than Qt.\n",
                  "GPL-2.0-or-later@2 " },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                expect(rows[i].why, rows[i].text, rows[i].want);
}

/* Which words around a name tell that it holds, and which only speak of it. */
static void test_words_around(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "authorized by",
                  " * modification, are permitted only as authorized by the OpenLDAP\n"
                  " * Public License.\n",
                  "OLDAP-2.8@1 " },
                { "a kind, with its file",
                  "// Use of this source code is governed by a BSD-style\n"
                  "// license that can be found in the LICENSE file.\n",
                  "BSD-3-Clause@1 " },
                { "a kind, as people say it", "It has an MIT-style license, more or less.\n", "" },
                { "both of two, with words between",
                  " * This source code is licensed under both the MIT License (found in the\n"
                  " * LICENSE file in the root directory of this source tree) and the GPLv2\n"
                  " * (found in the COPYING file), at your option.\n",
                  "MIT@1 GPL-2.0-only@2 " },
                { "a label with more than the word", "License (library): LGPLv2.1+\n",
                  "LGPL-2.1-or-later@1 " },
                { "everyday words as a whole value", "License: Ruby\n", "Ruby@1 " },
                { "and in a sentence", "The license of Ruby code is up to you.\n", "" },
                { "capitals", "Documents moved under ./doc, for the license.\n", "" },
                { "not yet", "I won't release this under the GPL license.\n", "" },
                { "another paragraph's denial", "No, it isn't.\n\n## License\n\nMIT\n", "MIT@5 " },
                { "a section of a licence",
                  "# Additional permission under section 7 of the GNU General Public\n"
                  "# License, version 3 (\"GPLv3\"):\n",
                  "" },
                { "a title with the word behind", "# All rights reserved.\n# GPL v2 License\n",
                  "GPL-2.0-only@2 " },
                { "a manual page",
                  "license \\s-1GNU\\s0 \\s-1GPL\\s0 v2 or (at your option) any later version.\n",
                  "GPL-2.0-or-later@1 " },
                { "Perl's links",
                  "under the terms of L<Artistic License 2.0|http://example.com/a>.\n",
                  "Artistic-2.0@1 " },
                { "Tcl's, by what its files say",
                  " * See the file \"license.terms\" for information on usage and redistribution "
                  "of\n"
                  " * this file, and for a DISCLAIMER OF ALL WARRANTIES.\n",
                  "TCL@1 " },
                { "provisions",
                  "# This software is subject to the provisions of the Zope Public License,\n"
                  "# Version 2.0 (ZPL).\n",
                  "ZPL-2.0@1 " },
                { "comply with either of two",
                  "license: as long as you comply with either the terms of the GPL\n"
                  "(see the file GPL), or Ruby's license.\n",
                  "GPL-1.0-or-later@1 |Ruby@2 " },
                { "the Lesser one for short", "license: distributed under the Lesser GPL.\n",
                  "LGPL-2.0-or-later@1 " },
                { "copies of both",
                  "# You should have received a copy of both the GNU General Public License\n"
                  "# and the GNU Lesser General Public License.\n",
                  "" },
                { "without warranty",
                  "Mawk is distributed without warranty under the terms of\n"
                  "the GNU General Public License, version 2, 1991.\n",
                  "GPL-2.0-only@2 " },
                { "an address of PHP's", " * @license http://www.php.net/license/3_01.txt\n",
                  "PHP-3.01@1 " },
                { "a name without the word licence",
                  "subject to the terms of the Creative Commons Attribution 3.0 Germany\n"
                  "(the License)\n",
                  "CC-BY-3.0-DE@1 " },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                expect(rows[i].why, rows[i].text, rows[i].want);
}

#define GPL_2_OR_LATER                                                                             \
        "# under the terms of the GNU General Public License as published by the Free\n"           \
        "# Software Foundation; either version 2 of the License, or (at your option)\n"            \
        "# any later version.\n"

/* Notices in the ways of manual pages, web pages, packages and programs. */
static void test_ways_of_others(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "a manual page's macros",
                  "it under the terms of the\n.I GNU General Public License\nas published by\n"
                  "the Free Software Foundation; either version 2 of the License, or\n"
                  "(at your option) any later version.\n",
                  "GPL-2.0-or-later@2 " },
                { "Fedora's any version", "License: GPL+ or Artistic\n",
                  "GPL-1.0-or-later@1 |Artistic-1.0-Perl@1 " },
                { "a member of a structure",
                  "License *L `protobuf:\"name=license\" json:\"license,omitempty\"`\n", "" },
                { "the same as Perl, in short", "=head1 LICENSE\n\nSame as Perl.\n",
                  "Artistic-1.0-Perl OR GPL-1.0-or-later@3 " },
                { "a comment of HTML", "<!-- This file is licensed under CC BY-SA 4.0 -->\n",
                  "CC-BY-SA-4.0@1 " },
                { "between bars", "/*! normalize.css v8 | MIT License | example.com/n.css */\n",
                  "MIT@1 " },
                { "LaTeX's, of any letter",
                  "% This work may be distributed under the conditions of the LaTeX Project\n"
                  "% Public License, either version 1.3 of this license or (at your option)\n"
                  "% any later version.\n",
                  "LPPL-1.3c@1 " },
                { "an exception by its name",
                  "// under the Apache License v2.0 with LLVM Exceptions.\n",
                  "Apache-2.0 WITH LLVM-exception@1 " },
                { "one for another licence", "// under the MIT license with LLVM Exceptions.\n",
                  "MIT@1 " },
                { "an exception by its identifier",
                  "Licensed under GPL-2.0-or-later WITH Bison-exception-2.2.\n",
                  "GPL-2.0-or-later WITH Bison-exception-2.2@1 " },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                expect(rows[i].why, rows[i].text, rows[i].want);
}

/* A program that knows many licences by name is under none of them for that. */
static void test_lists_of_licenses(void **state)
{
        (void) state;
        static const char *const names[] = { "MIT",   "ISC",   "Zlib", "GPLv2",
                                             "MPLv2", "EPLv1", "AFLv3" };
        _cleanup_(buf_done) struct buf text = { 0 };

        (void) buf_puts(&text, "# Licensed under the Apache License, Version 2.0\n");
        for (int i = 0; i < 800; i++)
                (void) buf_printf(&text, "a%d = 0\n", i);
        for (size_t i = 0; i < TEST_ROWS(names); i++)
                (void) buf_printf(&text, "{ \"license\": \"%s\" },\n", names[i]);
        expect("a list in a program", buf_text(&text), "Apache-2.0@1 ");
}

/* What a file says in two ways is told once, as the one that says more. */
static void test_said_twice(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *want;
        } rows[] = {
                { "a word twice",
                  "under the terms of the GNU General Public License as published by the Free\n"
                  "Software Foundation; either version 2 of of the License, or (at your option)\n"
                  "any later version.\n",
                  "GPL-2.0-or-later@1 " },
                { "two versions with their dates",
                  "under the terms of the GNU General Public License as published by the Free\n"
                  "Software Foundation; version 2 dated June, 1991, or (at your option) version\n"
                  "3 dated 29 June, 2007.\n",
                  "GPL-2.0-only@1 |GPL-3.0-only@2 " },
                { "short for the notice", GPL_2_OR_LATER "# License: GPL, version 2\n",
                  "GPL-2.0-or-later@1 " },
                { "not short for it", GPL_2_OR_LATER "# License: GPL, version 2 only\n",
                  "GPL-2.0-or-later@1 GPL-2.0-only@4 " },
                { "the choice of Perl, and its parts",
                  "under the same terms as Perl itself.\n\nEither the GNU General Public\n"
                  "License, version 1, or later, under the license\n",
                  "Artistic-1.0-Perl OR GPL-1.0-or-later@1 " },
                { "an exception in full, and the licence's name again",
                  "# Licensed under the GPL.\n# As a special exception, if you create a document "
                  "which uses this font, and embed\n# this font or unaltered portions of this "
                  "font into the document, this font does not\n# by itself cause the resulting "
                  "document to be covered by the GNU General Public License.\n\n"
                  "this is under the GNU GPL\n",
                  "GPL-1.0-or-later WITH Font-exception-2.0@1 " },
                { "a tag, and the notice of another licence beside it",
                  "// SPDX-License-Identifier: MPL-2.0\n"
                  "// Licensed under the Apache License, Version 2.0\n",
                  "MPL-2.0@1 Apache-2.0@2 " },
                { "an exception of a macro",
                  GPL_2_OR_LATER
                  "#\n# As a special exception, the respective Autoconf Macro's copyright owner\n"
                  "# gives unlimited permission to copy, distribute and modify the configure\n"
                  "# scripts that are the output of Autoconf when processing the Macro. You\n"
                  "# need not follow the terms of the GNU General Public License when using\n"
                  "# or distributing such scripts, even though portions of the text of the\n"
                  "# Macro appear in them. The GNU General Public License (GPL) does govern\n"
                  "# all other use of the material that constitutes the Autoconf Macro.\n"
                  "# This special exception to the GPL applies to versions of the Autoconf\n"
                  "# Macro released by the Autoconf Archive. When you make and distribute a\n"
                  "# modified version of the Autoconf Macro, you may extend this special\n"
                  "# exception to the GPL to apply to your modified version as well.\n",
                  "GPL-2.0-or-later WITH Autoconf-exception-macro@1 " },
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

/* Four megabytes of what a reader could go over again and again: it must end soon. */
static void test_hostile(void **state)
{
        (void) state;
        enum { SIZE = 4 * 1024 * 1024 };
        static const char *const pieces[] = {
                "permission is hereby granted free of charge to any person obtaining a copy ",
                "licensed under the gpl version 2 or ",
                "SPDX-License-Identifier: (",
                "<a license ",
                "](license",
                "&license",
                "copyright (c) ",
                "GPLv2+",
                "redistribution and use in source and binary forms\n",
        };
        char *text = malloc(SIZE);

        assert_non_null(text);
        for (size_t i = 0; i < TEST_ROWS(pieces); i++) {
                size_t n = strlen(pieces[i]);

                for (size_t at = 0; at < SIZE; at++)
                        text[at] = pieces[i][at % n];
                assert_int_equal(license_finder_look(&finder, (struct span){ text, SIZE },
                                                     LICENSE_FILE_LICENSE),
                                 0);
                assert_true(finder.n_statements <= 1024);
        }
        free(text);
}

/* ---- Labelled files ---- */

static FILE *open_corpus(void)
{
        const char *named = getenv("LINHAY_SHARED");
        char path[4096];

        if (named)
                (void) snprintf(path, sizeof(path), "%s/data/licenses/dev.jsonl", named);
        else
                (void) snprintf(path, sizeof(path), "%s/../shared/data/licenses/dev.jsonl",
                                test_srcdir());
        return fopen(path, "re");
}

/* Is a set of identifiers exactly what the finder says of a text? Counts those that are too many.
 */
static bool is_exact(const json_t *wanted, const char *name, const char *text, unsigned *extra,
                     unsigned *said)
{
        struct span span = { text, strlen(text) };
        json_t *got = json_object(), *one;
        const char *base = strstr(name, "__"), *id;
        bool exact;
        size_t i;

        assert_int_equal(
                license_finder_look(&finder, span, license_file_kind_of(base ? base + 2 : name)),
                0);
        for (i = 0; i < finder.n_statements; i++) {
                struct spdx s;

                if (spdx_parse(&s, finder.statements[i].expression,
                               strlen(finder.statements[i].expression)) < 0)
                        continue;
                for (int k = 0; k < s.n_nodes; k++) {
                        char spelled[SPDX_NAME];

                        if (s.nodes[k].kind != SPDX_LICENSE)
                                continue;
                        spdx_name(&s.nodes[k], spelled, sizeof(spelled));
                        (void) json_object_set_new(got, spelled, json_true());
                }
        }
        exact = json_object_size(got) == json_array_size(wanted);
        *said += (unsigned) json_object_size(got);
        json_array_foreach (wanted, i, one) {
                exact &= json_object_get(got, json_string_value(one)) != NULL;
                (void) json_object_del(got, json_string_value(one));
        }
        json_object_foreach (got, id, one)
                ++*extra;
        json_decref(got);
        return exact;
}

/* Other detectors' files: at least 95 of 100 exactly right, at most 5 of 100 identifiers too many.
 */
static void test_corpus(void **state)
{
        (void) state;
        FILE *f = open_corpus();
        unsigned exact = 0, all = 0, extra = 0, said = 0;
        char *line = NULL;
        size_t size = 0;

        if (!f) {
                print_message("# SKIP the labelled licences are not here (LINHAY_SHARED)\n");
                skip();
        }
        while (getline(&line, &size, f) > 0) {
                json_t *row = json_loads(line, 0, NULL);
                const char *name = json_string_value(json_object_get(row, "name"));

                assert_non_null(row);
                all++;
                if (is_exact(json_object_get(row, "expected"), name,
                             json_string_value(json_object_get(row, "text")), &extra, &said))
                        exact++;
                else
                        print_message("# not exactly: %s\n", name);
                json_decref(row);
        }
        free(line);
        (void) fclose(f);
        print_message("# %u of %u files are exactly right, %u of %u identifiers are too many\n",
                      exact, all, extra, said);
        assert_true(all > 700 && exact * 100 >= all * 95);
        assert_true(extra * 100 <= said * 5);
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

/* ---- Policy ---- */

static const char *const verdicts[] = { [LICENSE_ALLOWED] = "allowed",
                                        [LICENSE_EXCEPTED] = "excepted",
                                        [LICENSE_REVIEW] = "review",
                                        [LICENSE_DENIED] = "denied" };

static enum license_verdict judge(const char *policy, const char *expression,
                                  const struct license_use *use, struct license_reason *reason)
{
        json_t *json = json_loads(policy, 0, NULL);
        enum license_verdict verdict;
        char error[256] = "";
        struct spdx s;

        assert_non_null(json);
        if (license_policy_check(json, error, sizeof(error)) < 0)
                fail_msg("%s: %s", policy, error);
        assert_int_equal(spdx_parse(&s, expression, strlen(expression)), 0);
        verdict = license_policy_judge(json, &s, use, "2026-06-30", reason);
        reason->text = reason->expired = NULL; /* they lie in the policy */
        json_decref(json);
        return verdict;
}

/* Lists of identifiers, and what an expression makes of them. */
static void test_lists(void **state)
{
        (void) state;
        static const struct {
                const char *why, *allow, *deny, *text;
                int want;
        } rows[] = {
                { "allowed", "[\"MIT\"]", NULL, "MIT", 1 },
                { "not in the list", "[\"MIT\"]", NULL, "ISC", 0 },
                { "no list allows all", NULL, "[\"ISC\"]", "MIT", 1 },
                { "denied", NULL, "[\"ISC\"]", "ISC", 0 },
                { "deny is stronger", "[\"MIT\"]", "[\"MIT\"]", "MIT", 0 },
                { "one side of OR is enough", "[\"MIT\"]", NULL, "GPL-3.0-only OR MIT", 1 },
                { "AND needs both", "[\"MIT\"]", NULL, "GPL-3.0-only AND MIT", 0 },
                { "AND binds tighter", "[\"MIT\"]", NULL, "MIT OR GPL-3.0-only AND ISC", 1 },
                { "parentheses", "[\"MIT\"]", NULL, "(MIT OR GPL-3.0-only) AND ISC", 0 },
                { "an exception adds permission", "[\"GPL-2.0-only\"]", NULL,
                  "GPL-2.0-only WITH Classpath-exception-2.0", 1 },
                { "only with the exception", "[\"GPL-2.0-only WITH Classpath-exception-2.0\"]",
                  NULL, "GPL-2.0-only", 0 },
                { "the pair as listed", "[\"GPL-2.0-only WITH Classpath-exception-2.0\"]",
                  "[\"GPL-2.0-only\"]", "GPL-2.0 WITH Classpath-exception-2.0", 1 },
                { "old names", "[\"GPL-2.0-only\"]", NULL, "GPL-2.0", 1 },
                { "old names in the policy", NULL, "[\"GPL-3.0\"]", "GPL-3.0-or-later", 0 },
                { "a later version", "[\"GPL-3.0-only\"]", NULL, "GPL-2.0-or-later", 1 },
                { "an earlier one", "[\"GPL-2.0-only\"]", NULL, "GPL-3.0-or-later", 0 },
                { "a pattern", NULL, "[\"AGPL-*\"]", "AGPL-3.0-or-later", 0 },
                { "case does not matter", "[\"mit\"]", NULL, "MIT", 1 },
                { "an entry with OR", "[\"MIT OR ISC\"]", NULL, "ISC", 1 },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf policy = { 0 };
                struct license_use use = { 0 };
                struct license_reason reason;

                (void) buf_printf(&policy, "{%s%s%s%s%s}", rows[i].allow ? "\"allow\": " : "",
                                  rows[i].allow ? rows[i].allow : "",
                                  rows[i].allow && rows[i].deny ? ", " : "",
                                  rows[i].deny ? "\"deny\": " : "",
                                  rows[i].deny ? rows[i].deny : "");
                if ((judge(buf_text(&policy), rows[i].text, &use, &reason) == LICENSE_ALLOWED) !=
                    rows[i].want)
                        fail_msg("%s: %s", rows[i].why, rows[i].text);
        }
}

static void test_policy(void **state)
{
        (void) state;
        static const char policy[] =
                "{\"allow\": [\"MIT\"], \"deny\": [\"AGPL-*\"], \"review\": [\"LGPL-*\"],"
                " \"rules\": [{\"paths\": [\"tools\", \"*.mk\"], \"allow\": [\"GPL-3.0-only\"]},"
                "             {\"kinds\": [\"dev\"], \"allow\": [\"AGPL-*\"]}],"
                " \"exceptions\": [{\"licenses\": [\"GPL-2.0\"], \"paths\": [\"vendor/x/\"],"
                "                   \"reason\": \"asked\"},"
                "                  {\"licenses\": [\"Zlib\"], \"reason\": \"a while\","
                "                   \"until\": \"2026-01-31\"},"
                "                  {\"licenses\": [\"ISC\"], \"reason\": \"a while\","
                "                   \"until\": \"2026-06-30\"}]}";
        static const struct {
                const char *why, *path, *kind, *text, *want, *pointer;
        } rows[] = {
                { "allowed", "a.c", "own", "MIT", "allowed", "" },
                { "in no list", "a.c", "own", "Apache-2.0", "denied", "" },
                { "denied by a pattern", "a.c", "own", "AGPL-3.0-only", "denied", "/deny/0" },
                { "to be looked at", "a.c", "own", "LGPL-2.1-only", "review", "/review/0" },
                { "review is better than denied", "a.c", "own", "LGPL-2.1-only OR AGPL-3.0-only",
                  "review", "/review/0" },
                { "and worse than allowed", "a.c", "own", "LGPL-2.1-only AND MIT", "review",
                  "/review/0" },
                { "a rule for a folder", "tools/gen/a.c", "own", "GPL-3.0-only", "allowed", "" },
                { "a folder whose name goes on", "toolset/a.c", "own", "GPL-3.0-only", "denied",
                  "" },
                { "a rule for names", "x/a.mk", "own", "GPL-3.0-only", "allowed", "" },
                { "a rule for a kind", NULL, "dev", "AGPL-3.0-only", "allowed", "" },
                { "not for another kind", NULL, "direct", "AGPL-3.0-only", "denied", "/deny/0" },
                { "excepted", "vendor/x/a.c", "own", "GPL-2.0-or-later", "excepted",
                  "/exceptions/0" },
                { "elsewhere it is not", "vendor/y.c", "own", "GPL-2.0-or-later", "denied", "" },
                { "an exception that has ended", "a.c", "own", "Zlib", "denied", "" },
                { "its last day", "a.c", "own", "ISC", "excepted", "/exceptions/2" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct license_use use = { rows[i].path, rows[i].kind };
                struct license_reason reason;
                const char *got = verdicts[judge(policy, rows[i].text, &use, &reason)];

                if (strcmp(got, rows[i].want) != 0 || strcmp(reason.pointer, rows[i].pointer) != 0)
                        fail_msg("%s: %s %s", rows[i].why, got, reason.pointer);
        }
}

static void test_policy_faults(void **state)
{
        (void) state;
        static const struct {
                const char *why, *policy, *want;
        } rows[] = {
                { "a list that is none", "{\"allow\": \"MIT\"}", "/allow must be a list" },
                { "an item that is no text", "{\"deny\": [\"MIT\", 1]}", "/deny/1 must be" },
                { "no expression", "{\"allow\": [\"MIT OR\"]}",
                  "/allow/0 is no SPDX expression: a licence is expected at column 7" },
                { "an unknown member", "{\"alow\": []}", "/alow is nothing that a policy has" },
                { "inside a rule", "{\"rules\": [{\"kinds\": [\"prod\"]}]}",
                  "/rules/0/kinds/0 must be one of" },
                { "no reason", "{\"exceptions\": [{\"licenses\": [\"MIT\"]}]}",
                  "/exceptions/0/reason is missing" },
                { "no date",
                  "{\"exceptions\": [{\"licenses\": [], \"reason\": \"x\", \"until\": \"soon\"}]}",
                  "/exceptions/0/until must be a date" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                json_t *json = json_loads(rows[i].policy, 0, NULL);
                char error[256] = "";

                assert_int_equal(license_policy_check(json, error, sizeof(error)), -EBADMSG);
                if (strncmp(error, rows[i].want, strlen(rows[i].want)) != 0)
                        fail_msg("%s: %s", rows[i].why, error);
                json_decref(json);
        }
}

static void test_compat(void **state)
{
        (void) state;
        static const struct {
                const char *part, *whole;
                enum license_concern want;
        } rows[] = {
                { "MIT", "MIT", LICENSE_FINE },
                { "MIT", "GPL-3.0-only", LICENSE_FINE },
                { "GPL-3.0-or-later", "MIT", LICENSE_QUESTION },
                { "GPL-3.0-or-later", "Apache-2.0", LICENSE_CONFLICT },
                { "GPL-3.0-or-later OR MIT", "Apache-2.0", LICENSE_FINE },
                { "GPL-3.0-or-later AND MIT", "Apache-2.0", LICENSE_CONFLICT },
                { "Apache-2.0", "GPL-2.0-only", LICENSE_CONFLICT },
                { "Apache-2.0", "GPL-2.0-or-later", LICENSE_FINE },
                { "Apache-2.0", "GPL-2.0-only OR GPL-3.0-only", LICENSE_FINE },
                { "MPL-2.0", "GPL-3.0-only", LICENSE_FINE },
                { "MPL-2.0", "MIT", LICENSE_QUESTION },
                { "MPL-1.1", "GPL-2.0-or-later", LICENSE_CONFLICT },
                { "GPL-2.0-only", "GPL-3.0-or-later", LICENSE_CONFLICT },
                { "LGPL-2.1-or-later", "MIT", LICENSE_QUESTION },
                { "LGPL-2.1-or-later", "GPL-2.0-only", LICENSE_FINE },
                { "GPL-2.0-only WITH Classpath-exception-2.0", "MIT", LICENSE_FINE },
                { "AGPL-3.0-only", "MIT", LICENSE_QUESTION },
                { "CC-BY-NC-4.0", "MIT", LICENSE_QUESTION },
                { "BSD-4-Clause", "GPL-2.0-only", LICENSE_CONFLICT },
                { "LicenseRef-x", "MIT", LICENSE_FINE },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char why[1024] = "";
                struct spdx part, whole;
                enum license_concern got;

                assert_int_equal(spdx_parse(&part, rows[i].part, strlen(rows[i].part)), 0);
                assert_int_equal(spdx_parse(&whole, rows[i].whole, strlen(rows[i].whole)), 0);
                got = license_compat(&part, &whole, why, sizeof(why));
                if (got != rows[i].want || (got != LICENSE_FINE) != (*why != '\0'))
                        fail_msg("%s in %s: %d %s", rows[i].part, rows[i].whole, got, why);
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
                cmocka_unit_test(test_notices),        cmocka_unit_test(test_notices_of_others),
                cmocka_unit_test(test_words_around),   cmocka_unit_test(test_said_twice),
                cmocka_unit_test(test_ways_of_others), cmocka_unit_test(test_lists_of_licenses),
                cmocka_unit_test(test_tags),           cmocka_unit_test(test_shapes),
                cmocka_unit_test(test_several),        cmocka_unit_test(test_corpus),
                cmocka_unit_test(test_hostile),        cmocka_unit_test(test_print),
                cmocka_unit_test(test_columns),        cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_lists),          cmocka_unit_test(test_policy),
                cmocka_unit_test(test_policy_faults),  cmocka_unit_test(test_compat),
        };

        return cmocka_run_group_tests_name("license", tests, open_finder, close_finder);
}
