/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Files that are read line by line: go.mod, gradle.lockfile, Gemfile and its lockfile, Debian's
 * control files.
 */
#include "reader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The first `n` words of a line, each NUL-terminated; what is too long is left out. Returns how
 * many there are. */
static size_t words_of(const struct dep_line *line, char words[][DEPS_TEXT_MAX + 1], size_t n)
{
        const char *at = line->text + line->indent, *end = line->text + line->length;
        size_t found = 0;

        while (found < n && at < end) {
                const char *start = at;

                while (at < end && !isspace((unsigned char) *at))
                        at++;
                if ((size_t) (at - start) > DEPS_TEXT_MAX)
                        break;
                memcpy(words[found], start, (size_t) (at - start));
                words[found++][at - start] = '\0';
                while (at < end && isspace((unsigned char) *at))
                        at++;
        }
        return found;
}

/* require example.com/a v1.2.3 // indirect, alone or in require ( … ). */
int dep_go_mod(struct dep_reader *r)
{
        char words[5][DEPS_TEXT_MAX + 1];
        struct dep_line line = { 0 };
        bool is_block = false;
        size_t at = 0;

        while (dep_line_next(r, &at, &line)) {
                size_t n = words_of(&line, words, ARRAY_SIZE(words));
                size_t first = n && strcmp(words[0], "require") == 0;
                int e;

                if (n && *words[0] == ')')
                        is_block = false;
                else if (first && n > 1 && strcmp(words[1], "(") == 0)
                        is_block = true;
                else if ((is_block || first) && n >= first + 2 && words[first + 1][0] == 'v') {
                        bool is_indirect = n >= first + 4 &&
                                           strncmp(words[first + 2], "//", 2) == 0 &&
                                           strncmp(words[first + 3], "indirect", 8) == 0;

                        e = dep_add(r, DEP_GOLANG,
                                    &(struct dep_note){ .name = words[first],
                                                        .version = words[first + 1],
                                                        .line = line.number,
                                                        .is_exact = true,
                                                        .is_direct = !is_indirect });
                        if (e < 0)
                                return e;
                }
        }
        return 0;
}

/* "testCompileClasspath,testRuntimeClasspath": is it used by tests alone? */
static bool is_of_tests(const char *configurations)
{
        while (*configurations) {
                if (strncmp(configurations, "test", 4) != 0)
                        return false;
                configurations += strcspn(configurations, ",");
                configurations += *configurations == ',';
        }
        return true;
}

/* group:artifact:version=configurations */
int dep_gradle_lock(struct dep_reader *r)
{
        char words[1][DEPS_TEXT_MAX + 1];
        struct dep_line line = { 0 };
        size_t at = 0;

        while (dep_line_next(r, &at, &line)) {
                char *used, *version;
                int e;

                if (words_of(&line, words, 1) == 0 || *words[0] == '#')
                        continue;
                used = strchr(words[0], '=');
                if (used)
                        *used++ = '\0';
                version = strrchr(words[0], ':');
                if (!version || version == strchr(words[0], ':'))
                        continue;
                *version++ = '\0';
                e = dep_add(r, DEP_MAVEN,
                            &(struct dep_note){ .name = words[0],
                                                .version = version,
                                                .scope = used && is_of_tests(used) ? DEP_DEV
                                                                                   : DEP_RUNTIME,
                                                .line = line.number,
                                                .is_exact = true });
                if (e < 0)
                        return e;
        }
        return 0;
}

/* The text in the n-th pair of quotes of a line. */
static bool quoted(const struct dep_line *line, unsigned n, char ret[DEPS_TEXT_MAX + 1])
{
        const char *at = line->text, *end = line->text + line->length;

        for (;; n--) {
                const char *close;

                while (at < end && *at != '"' && *at != '\'' && *at != '#')
                        at++;
                if (at >= end || *at == '#')
                        return false;
                close = memchr(at + 1, *at, (size_t) (end - at) - 1);
                if (!close)
                        return false;
                if (n == 0) {
                        size_t length = (size_t) (close - at) - 1;

                        if (length > DEPS_TEXT_MAX)
                                return false;
                        memcpy(ret, at + 1, length);
                        ret[length] = '\0';
                        return true;
                }
                at = close + 1;
        }
}

static bool starts(const struct dep_line *line, const char *word)
{
        size_t n = strlen(word);

        return line->length - line->indent >= n && memcmp(line->text + line->indent, word, n) == 0;
}

/* gem "a", "~> 1.0" of a Gemfile; spec.add_development_dependency "a" of a gemspec. */
int dep_gemfile(struct dep_reader *r)
{
        static const struct {
                const char *word;
                enum dep_scope scope;
        } words[] = {
                { "add_development_dependency", DEP_DEV },
                { "add_runtime_dependency", DEP_RUNTIME },
                { "add_dependency", DEP_RUNTIME },
        };
        char name[DEPS_TEXT_MAX + 1], version[DEPS_TEXT_MAX + 1];
        struct dep_line line = { 0 };
        bool is_dev = false;
        size_t at = 0;

        while (dep_line_next(r, &at, &line)) {
                enum dep_scope scope = is_dev ? DEP_DEV : DEP_RUNTIME;
                bool is_asked = starts(&line, "gem ") || starts(&line, "gem(");
                int e;

                if (starts(&line, "group "))
                        is_dev = memmem(line.text, line.length, ":dev", 4) ||
                                 memmem(line.text, line.length, ":test", 5);
                else if (line.indent == 0 && starts(&line, "end"))
                        is_dev = false;
                for (size_t i = 0; !is_asked && i < ARRAY_SIZE(words); i++)
                        if (memmem(line.text, line.length, words[i].word, strlen(words[i].word))) {
                                is_asked = true;
                                scope = words[i].scope;
                        }
                if (!is_asked || starts(&line, "#") || !quoted(&line, 0, name))
                        continue;
                if (!quoted(&line, 1, version) || !strpbrk(version, "0123456789"))
                        *version = '\0';
                e = dep_add(r, DEP_GEM,
                            &(struct dep_note){ .name = name,
                                                .version = version,
                                                .scope = scope,
                                                .line = line.number,
                                                .is_direct = true });
                if (e < 0)
                        return e;
        }
        return 0;
}

/* "      b (>= 1)" below a package: what it needs, which ends at the next line that is none. */
static void gem_needs_read(struct dep_reader *r, struct dep_needs *needs, size_t at)
{
        char words[1][DEPS_TEXT_MAX + 1];
        struct dep_line line = { 0 };

        needs->length = 0;
        needs->text[0] = '\0';
        while (dep_line_next(r, &at, &line) && line.indent == 6)
                if (words_of(&line, words, 1))
                        dep_need(r, needs, words[0], strcspn(words[0], "!"), NULL);
}

/* Sections: "    a (1.0)" below "  specs:" is a package, "  a (~> 1)!" below DEPENDENCIES is asked
 * for. */
int dep_gemfile_lock(struct dep_reader *r)
{
        struct dep_needs needs;
        char words[2][DEPS_TEXT_MAX + 1];
        struct dep_line line = { 0 };
        bool is_specs = false, is_asked = false;
        struct dep_reader manifest = *r;
        size_t at = 0;
        int e = 0;

        manifest.is_lock = false;
        while (e == 0 && dep_line_next(r, &at, &line)) {
                size_t n = words_of(&line, words, 2);

                if (line.indent == 0) {
                        is_specs = false;
                        is_asked = n && strcmp(words[0], "DEPENDENCIES") == 0;
                } else if (n && strcmp(words[0], "specs:") == 0) {
                        is_specs = true;
                } else if (is_specs && line.indent == 4 && n == 2) {
                        size_t length = strlen(words[1]);

                        if (length > 2 && words[1][length - 1] == ')')
                                words[1][length - 1] = '\0';
                        gem_needs_read(r, &needs, at);
                        e = dep_add(r, DEP_GEM,
                                    &(struct dep_note){ .name = words[0],
                                                        .version = words[1] + 1,
                                                        .needs = needs.text,
                                                        .line = line.number,
                                                        .is_exact = true });
                } else if (is_asked && line.indent == 2 && n) {
                        words[0][strcspn(words[0], "!")] = '\0';
                        e = dep_add(&manifest, DEP_GEM,
                                    &(struct dep_note){ .name = words[0],
                                                        .line = line.number,
                                                        .is_direct = true });
                }
        }
        return e;
}

/* "a (>= 1) | b, ${shlibs:Depends}, c [amd64] <!nocheck>": the names. */
static int relations_read(struct dep_reader *r, const char *text, size_t length,
                          enum dep_scope scope, uint32_t line)
{
        const char *end = text + length;
        int e = 0;

        while (e == 0 && text < end) {
                char name[DEPS_TEXT_MAX + 1];
                const char *next = text;
                size_t n = 0;

                while (next < end && *next != ',' && *next != '|')
                        next++;
                while (text < next && isspace((unsigned char) *text))
                        text++;
                while (text + n < next && n < DEPS_TEXT_MAX &&
                       (isalnum((unsigned char) text[n]) || (text[n] && strchr("+-.", text[n]))))
                        n++;
                memcpy(name, text, n);
                name[n] = '\0';
                if (n)
                        e = dep_add(r, DEP_DEB,
                                    &(struct dep_note){ .name = name,
                                                        .scope = scope,
                                                        .line = line,
                                                        .is_direct = true });
                text = next + 1;
        }
        return e;
}

int dep_debian_control(struct dep_reader *r)
{
        static const struct {
                const char *field;
                enum dep_scope scope;
        } fields[] = {
                { "Build-Depends:", DEP_DEV },       { "Build-Depends-Arch:", DEP_DEV },
                { "Build-Depends-Indep:", DEP_DEV }, { "Depends:", DEP_RUNTIME },
                { "Pre-Depends:", DEP_RUNTIME },     { "Recommends:", DEP_OPTIONAL },
                { "Suggests:", DEP_OPTIONAL },
        };
        struct dep_line line = { 0 };
        bool is_wanted = false;
        enum dep_scope scope = DEP_RUNTIME;
        size_t at = 0;
        int e = 0;

        while (e == 0 && dep_line_next(r, &at, &line)) {
                size_t skip = 0;

                if (line.length && *line.text == '#')
                        continue;
                if (line.indent == 0) {
                        is_wanted = false;
                        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
                                if (starts(&line, fields[i].field)) {
                                        is_wanted = true;
                                        scope = fields[i].scope;
                                        skip = strlen(fields[i].field);
                                }
                }
                if (is_wanted)
                        e = relations_read(r, line.text + skip, line.length - skip, scope,
                                           line.number);
        }
        return e;
}

/* Paragraphs of Package, Status and Version: what dpkg has installed. */
int dep_dpkg_status(struct dep_reader *r)
{
        char name[DEPS_TEXT_MAX + 1] = "", version[DEPS_TEXT_MAX + 1] = "",
                                  words[2][DEPS_TEXT_MAX + 1];
        bool is_installed = false;
        struct dep_line line = { 0 };
        uint32_t started = 0;
        size_t at = 0;
        int e = 0;

        for (bool is_more = true; e == 0 && is_more;) {
                size_t n;

                is_more = dep_line_next(r, &at, &line);
                n = is_more && line.indent == 0 ? words_of(&line, words, 2) : 0;
                if (!is_more || line.length == 0) {
                        if (is_installed)
                                e = dep_add(r, DEP_DEB,
                                            &(struct dep_note){ .name = name,
                                                                .version = version,
                                                                .line = started,
                                                                .is_exact = true });
                        *name = *version = '\0';
                        is_installed = false;
                } else if (n == 2 && strcmp(words[0], "Package:") == 0) {
                        (void) memcpy(name, words[1], sizeof(name));
                        started = line.number;
                } else if (n == 2 && strcmp(words[0], "Version:") == 0) {
                        (void) memcpy(version, words[1], sizeof(version));
                } else if (n == 2 && strcmp(words[0], "Status:") == 0) {
                        is_installed = memmem(line.text, line.length, " installed", 10) != NULL;
                }
        }
        return e;
}
