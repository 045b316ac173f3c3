/* SPDX-License-Identifier: Apache-2.0 */
#include "license/file.h"

#include "license/gate.h"
#include "license/tag.h"

#include <fnmatch.h>
#include <stdio.h>
#include <strings.h>

#define STATEMENTS_MAX 1000
#define PROSE_MAX      (64 * 1024)
#define CHANGES_HEAD   2048 /* bytes of a list of changes whose notices count */
#define FAMILIES_MAX   7    /* as many named in a program, and it is a list of licences, */
#define LISTS_HEAD     4096 /* but for these bytes */
#define BESIDE         4096 /* bytes between a tag and a notice of the same head */

#define LICENSE_OF_PERL "Artistic-1.0-Perl OR GPL-1.0-or-later"

const char *const license_source_names[] = {
        [LICENSE_FROM_TEXT] = "text",
        [LICENSE_FROM_NOTICE] = "notice",
        [LICENSE_FROM_NAME] = "name",
        [LICENSE_FROM_TAG] = "tag",
};

int license_finder_init(struct license_finder *f, const struct license_index *index)
{
        *f = (struct license_finder){ .index = index, .texts = { .index = index } };
        license_words_init(&f->words);
        return license_mentions_init(&f->mentions, index, &f->words);
}

void license_finder_done(struct license_finder *f)
{
        license_words_done(&f->words);
        license_texts_done(&f->texts);
        license_mentions_done(&f->mentions);
        free(f->statements);
        free(f->ranges);
        *f = (struct license_finder){ 0 };
}

enum license_file_kind license_file_kind_of(const char *path)
{
        static const char *const names[] = {
                "LICEN[CS]E",        "LICEN[CS]E[.-]*", "COPYING",          "COPYING[.-]*",
                "UNLICENSE*",        "*[-_]LICEN[CS]E", "*.LICEN[CS]E",     "MIT-LICENSE*",
                "LICEN[CS]ES",       "LICEN[CS]ES.*",   "*LICEN[CS]E.txt",  "*LICEN[CS]E.md",
                "COPYRIGHT",         "COPYRIGHT.*",     "*LICEN[CS]E.html", "NOTICE",
                "NOTICE.*",          "LEGAL",           "LEGAL.*",          "PATENTS",
                "*LICEN[CS]E*.t*xt",
        };
        static const char *const code[] = { "*.c",   "*.h",    "*.go",     "*.py",   "*.js",
                                            "*.ts",  "*.rs",   "*.rb",     "*.java", "*.json",
                                            "*.yml", "*.yaml", "*.xml",    "*.css",  "*.php",
                                            "*.sh",  "*.tsx",  "*.license" };
        static const char *const changes[] = { "change[sl]*",      "*changelog*", "NEWS",
                                               "NEWS.*",           "HISTORY",     "HISTORY.*",
                                               "release[-_]notes*" };
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
        const char *folder;

        for (size_t i = 0; i < ARRAY_SIZE(code); i++)
                if (!fnmatch(code[i], base, FNM_CASEFOLD))
                        return LICENSE_FILE_OTHER;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!fnmatch(names[i], base, FNM_CASEFOLD))
                        return LICENSE_FILE_LICENSE;
        for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
                if (!fnmatch(changes[i], base, FNM_CASEFOLD))
                        return LICENSE_FILE_CHANGES;
        folder = strstr(path, "LICENSES/");
        if (folder && (folder == path || folder[-1] == '/') && !fnmatch("*.txt", base, 0))
                return LICENSE_FILE_LICENSE;
        return !strchr(base, '.') || !fnmatch("*.txt", base, FNM_CASEFOLD) ||
                               !fnmatch("*.md", base, FNM_CASEFOLD)
                       ? LICENSE_FILE_PROSE
                       : LICENSE_FILE_OTHER;
}

/* ---- What is found ---- */

static struct license_statement *add(struct license_finder *f)
{
        if (array_grow(&f->statements, &f->statements_size, f->n_statements + 1,
                       sizeof(*f->statements)) < 0)
                return NULL;
        f->statements[f->n_statements] = (struct license_statement){ 0 };
        return &f->statements[f->n_statements++];
}

/* Bytes of the text that words[start..end) cover. */
static void place(const struct license_finder *f, struct span text, uint32_t start, uint32_t end,
                  struct license_statement *s)
{
        uint32_t last = f->words.list[end - 1].offset;

        s->start = f->words.list[start].offset;
        s->end = last + license_word_length(text, last);
}

/* Does the file have Perl's licence, a choice of two, whose texts and addresses often follow? */
static bool has_perls(const struct license_finder *f)
{
        for (size_t i = 0; i < f->mentions.n; i++)
                if (!strcmp(f->mentions.list[i].id, LICENSE_OF_PERL))
                        return true;
        return false;
}

static bool is_of_perl(const struct license_finder *f, const char *id)
{
        static const char *const parts[] = { "Artistic-1.0", "Artistic-1.0-Perl", "GPL-1.0-only",
                                             "GPL-1.0-or-later" };

        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                if (!strcmp(id, parts[i]))
                        return has_perls(f);
        return false;
}

static int add_matches(struct license_finder *f, struct span text)
{
        for (size_t i = 0; i < f->texts.n_matches; i++) {
                const struct license_match *m = &f->texts.matches[i];
                const struct license_entry *entry = &f->index->entries[m->entry];
                struct license_statement *s;

                if (entry->kind == LICENSE_EXCEPTION ||
                    is_of_perl(f, license_index_string(f->index, entry->id)))
                        continue;
                if (!(s = add(f)))
                        return -ENOMEM;
                s->source = entry->kind == LICENSE_TEXT ? LICENSE_FROM_TEXT : LICENSE_FROM_NOTICE;
                s->confidence = m->likeness;
                (void) snprintf(s->expression, sizeof(s->expression), "%s",
                                license_index_string(f->index, entry->id));
                place(f, text, m->fit.start, m->fit.end, s);
        }
        return 0;
}

/* The family of an identifier: "GPL" of "GPL-2.0-only", "CC-BY-SA" of "CC-BY-SA-4.0". */
static size_t family_length(const char *id)
{
        for (size_t i = 0; id[i]; i++)
                if (id[i] == '-' && id[i + 1] >= '0' && id[i + 1] <= '9')
                        return i;
        return strlen(id);
}

static bool same_family(const char *a, const char *b)
{
        size_t n = family_length(a);

        return n == family_length(b) && !strncasecmp(a, b, n);
}

/* "GPL-2.0" of "GPL-2.0-only" and "GPL-2.0-or-later". */
static size_t stem_length(const char *id)
{
        const char *tail = strstr(id, "-only");

        tail = tail ? tail : strstr(id, "-or-later");
        return tail ? (size_t) (tail - id) : strlen(id);
}

/* "GPL v2" beside a notice of version 2 or any later one: short for the same. */
static bool is_short_for(const struct license_mention *mention, const struct license_mention *other)
{
        size_t n = stem_length(mention->id);

        return mention->is_bare && mention != other && strstr(other->id, "-or-later") &&
               n == stem_length(other->id) && !strncmp(mention->id, other->id, n);
}

/* Does a program's file name so many licences that it is about them? Only its head holds then. */
static uint32_t end_of_mentions(const struct license_finder *f, enum license_file_kind kind)
{
        unsigned families = 0;

        if (kind != LICENSE_FILE_OTHER)
                return UINT32_MAX;
        for (size_t i = 0; i < f->mentions.n && families < FAMILIES_MAX; i++) {
                bool is_new = true;

                for (size_t k = 0; k < i && is_new; k++)
                        is_new = !same_family(f->mentions.list[i].id, f->mentions.list[k].id);
                families += is_new;
        }
        return families < FAMILIES_MAX ? UINT32_MAX : LISTS_HEAD;
}

/* Is a mention one of a text that was found, or does another one say more of that family? */
static bool is_explained(const struct license_finder *f, const struct license_mention *mention)
{
        bool elsewhere = mention->strength == LICENSE_MENTION_ELSEWHERE;

        if ((elsewhere && f->texts.n_matches) || is_of_perl(f, mention->id))
                return true;
        if (mention->strength < LICENSE_MENTION_TOLD && has_perls(f) &&
            (same_family(mention->id, "GPL-1.0") || same_family(mention->id, "Artistic-1.0")))
                return true;
        for (size_t i = 0; i < f->texts.n_matches; i++) {
                const struct license_fit *fit = &f->texts.matches[i].fit;
                uint32_t id = f->index->entries[f->texts.matches[i].entry].id;

                if (mention->start < fit->end && mention->end > fit->start)
                        return true;
                if (mention->strength != LICENSE_MENTION_TOLD &&
                    same_family(license_index_string(f->index, id), mention->id))
                        return true;
        }
        for (size_t i = 0; i < f->mentions.n; i++) {
                const struct license_mention *other = &f->mentions.list[i];

                if (other->strength > mention->strength &&
                    (elsewhere || same_family(other->id, mention->id)))
                        return true;
                if (other->strength >= mention->strength && is_short_for(mention, other))
                        return true;
        }
        return false;
}

/* A notice says whether later versions may be taken, which the text alone does not. */
static bool refine(struct license_finder *f, const struct license_mention *mention)
{
        bool refined = false;

        if (mention->strength != LICENSE_MENTION_TOLD || !strstr(mention->id, "-or-later"))
                return false;
        for (size_t i = 0; i < f->n_statements; i++) {
                struct license_statement *s = &f->statements[i];
                size_t n = stem_length(s->expression);

                if (s->source == LICENSE_FROM_TEXT && n == stem_length(mention->id) &&
                    !strncmp(s->expression, mention->id, n)) {
                        (void) snprintf(s->expression, sizeof(s->expression), "%s", mention->id);
                        refined = true;
                }
        }
        return refined;
}

static int add_mentions(struct license_finder *f, struct span text, enum license_file_kind kind)
{
        uint32_t end = end_of_mentions(f, kind);
        static const double confidence[] = {
                [LICENSE_MENTION_ELSEWHERE] = 0.6, [LICENSE_MENTION_ADDRESS] = 0.7,
                [LICENSE_MENTION_TITLE] = 0.7,     [LICENSE_MENTION_PLAIN] = 0.6,
                [LICENSE_MENTION_TOLD] = 0.9,
        };

        for (size_t i = 0; i < f->mentions.n; i++) {
                const struct license_mention *mention = &f->mentions.list[i];
                struct license_statement *s;

                if (f->words.list[mention->start].offset >= end || is_explained(f, mention) ||
                    refine(f, mention))
                        continue;
                if (!(s = add(f)))
                        return -ENOMEM;
                s->source = mention->strength == LICENSE_MENTION_TOLD ? LICENSE_FROM_NOTICE
                                                                      : LICENSE_FROM_NAME;
                s->confidence = confidence[mention->strength];
                s->is_choice = mention->is_choice;
                (void) snprintf(s->expression, sizeof(s->expression), "%s", mention->id);
                place(f, text, mention->start, mention->end, s);
        }
        return 0;
}

static int compare_places(const void *a, const void *b)
{
        const struct license_statement *x = a, *y = b;

        return x->start < y->start ? -1 : x->start > y->start;
}

/* Exceptions for libraries are worded alike; one for OpenSSL has to name it. */
static bool is_named(const struct license_finder *f, const struct license_match *m, const char *id)
{
        uint32_t name = license_word_hash(&f->words, "openssl", 7);

        if (!strcasestr(id, "openssl"))
                return true;
        for (uint32_t i = m->fit.start; i < m->fit.end && i < f->words.n; i++)
                if (f->words.list[i].hash == name)
                        return true;
        return false;
}

/* May an exception stand behind this expression? Most are for the licences of GNU. */
static bool may_have(const char *expression, const char *exception)
{
        static const struct {
                const char *exception, *license;
        } others[] = {
                { "LLVM-exception", "Apache-2.0" },
                { "Swift-exception", "Apache-2.0" },
                { "fmt-exception", "MIT" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                if (!strcmp(exception, others[i].exception))
                        return !strcmp(expression, others[i].license);
        return strstr(expression, "GPL-");
}

/* Exceptions go with the licence that stands before them, else with the first one. */
static void add_exceptions(struct license_finder *f)
{
        for (size_t i = 0; i < f->texts.n_matches; i++) {
                const struct license_match *m = &f->texts.matches[i];
                const struct license_entry *entry = &f->index->entries[m->entry];
                const char *id = license_index_string(f->index, entry->id);
                struct license_statement *base = NULL;
                size_t at = f->words.list[m->fit.start].offset, n;

                if (entry->kind != LICENSE_EXCEPTION || !is_named(f, m, id))
                        continue;
                for (size_t k = 0; k < f->n_statements; k++) {
                        struct license_statement *s = &f->statements[k];

                        if (may_have(s->expression, id) && !strstr(s->expression, id) &&
                            (!base || s->start < at))
                                base = s;
                }
                n = base ? strlen(base->expression) : 0;
                if (base && n + strlen(id) + 7 < sizeof(base->expression))
                        (void) snprintf(base->expression + n, sizeof(base->expression) - n,
                                        " %s %s",
                                        strstr(base->expression, " WITH ") ? "AND" : "WITH", id);
        }
}

/* ---- Tags ---- */

static int on_tag(void *owner, struct span expression, size_t offset)
{
        struct license_finder *f = owner;
        struct license_statement *s;

        if (f->n_statements >= STATEMENTS_MAX || expression.length >= LICENSE_EXPRESSION_SIZE) {
                f->n_cut++;
                return 0;
        }
        if (!(s = add(f)))
                return -ENOMEM;
        *s = (struct license_statement){ .source = LICENSE_FROM_TAG,
                                         .start = offset,
                                         .end = offset + expression.length,
                                         .confidence = 1.0 };
        memcpy(s->expression, expression.text, expression.length);
        return 0;
}

/* Tags within a licence's text are its examples. Returns how many are left. */
static size_t drop_examples(struct license_finder *f, struct span text, size_t n_tags)
{
        size_t kept = 0;

        for (size_t i = 0; i < n_tags; i++) {
                struct license_statement s = f->statements[i], around;
                bool is_example = false;

                for (size_t k = 0; k < f->texts.n_matches && !is_example; k++) {
                        const struct license_fit *fit = &f->texts.matches[k].fit;

                        place(f, text, fit->start, fit->end, &around);
                        is_example = s.start > around.start && s.end < around.end;
                }
                if (!is_example)
                        f->statements[kept++] = s;
        }
        return f->n_statements = kept;
}

/* Does a tag name this licence, in any version? */
static bool is_tagged(const struct license_finder *f, const struct license_statement *s,
                      size_t n_tags)
{
        int n = (int) (s->source == LICENSE_FROM_TEXT ? stem_length(s->expression)
                                                      : family_length(s->expression));
        char name[LICENSE_EXPRESSION_SIZE];

        (void) snprintf(name, sizeof(name), "%.*s", n, s->expression);
        for (size_t i = 0; i < n_tags; i++)
                if (strcasestr(f->statements[i].expression, name) ||
                    strstr(f->statements[i].expression, " WITH "))
                        return true;
        return false;
}

/* Does a statement stand near enough to a tag to be of the same head? */
static bool is_beside_tag(const struct license_finder *f, const struct license_statement *s,
                          size_t n_tags)
{
        for (size_t i = 0; i < n_tags; i++) {
                const struct license_statement *tag = &f->statements[i];

                if (s->start < tag->end + BESIDE && tag->start < s->end + BESIDE)
                        return true;
        }
        return false;
}

/* What a tag names already is not told again; texts and notices of others are, names are not. */
static void drop_tagged(struct license_finder *f, size_t n_tags)
{
        size_t kept = n_tags;

        if (!n_tags)
                return;
        for (size_t i = n_tags; i < f->n_statements; i++) {
                const struct license_statement *s = &f->statements[i];

                if ((s->source == LICENSE_FROM_TEXT ||
                     (s->source == LICENSE_FROM_NOTICE && is_beside_tag(f, s, n_tags))) &&
                    !is_tagged(f, s, n_tags))
                        f->statements[kept++] = *s;
        }
        f->n_statements = kept;
}

/* "GPL with font exception" and its exception in full: one of them says more. */
static void drop_bare_names(struct license_finder *f)
{
        size_t kept = 0;

        for (size_t i = 0; i < f->n_statements; i++) {
                const struct license_statement *s = &f->statements[i];
                size_t n = strlen(s->expression);
                bool is_base = false;

                for (size_t k = 0; s->source == LICENSE_FROM_NAME && k < f->n_statements; k++)
                        is_base |= !strncmp(f->statements[k].expression, s->expression, n) &&
                                   !strncmp(f->statements[k].expression + n, " WITH ", 6);
                if (!is_base)
                        f->statements[kept++] = *s;
        }
        f->n_statements = kept;
}

int license_finder_look(struct license_finder *f, struct span text, enum license_file_kind kind)
{
        struct license_range all = { 0, text.length }, *ranges = &all;
        size_t n = 1, n_tags, noticed;
        int r;

        f->n_statements = f->texts.n_matches = 0;
        f->words.n = 0;
        f->mentions.n = f->mentions.n_cut = f->n_cut = 0;
        if (text.length > UINT32_MAX)
                return 0;
        if (kind == LICENSE_FILE_OTHER || kind == LICENSE_FILE_CHANGES ||
            (kind == LICENSE_FILE_PROSE && text.length > PROSE_MAX)) {
                r = license_gate(text, &f->ranges, &f->n_ranges, &f->ranges_size);
                if (r < 0)
                        return r;
                ranges = f->ranges;
                n = f->n_ranges;
        }
        /* Behind the head of a list of changes only texts and tags say what holds now. */
        noticed = kind == LICENSE_FILE_CHANGES ? CHANGES_HEAD : text.length;
        r = license_tags_find(text, on_tag, f);
        n_tags = f->n_statements;
        for (size_t i = 0; r == 0 && i < n; i++) {
                uint32_t from = (uint32_t) f->words.n;

                r = license_words_read(&f->words, text, ranges[i].start, ranges[i].end);
                if (r == 0 && ranges[i].start < noticed)
                        r = license_mentions_find(&f->mentions, text, from, (uint32_t) f->words.n);
        }
        if (r == 0 && f->words.n)
                r = license_texts_find(&f->texts, f->words.list, (uint32_t) f->words.n);
        n_tags = drop_examples(f, text, n_tags);
        if (r == 0)
                r = add_matches(f, text);
        if (r == 0)
                r = add_mentions(f, text, kind);
        if (r < 0)
                return r;
        f->n_cut += f->mentions.n_cut;
        add_exceptions(f);
        drop_tagged(f, n_tags);
        drop_bare_names(f);
        if (f->n_statements)
                qsort(f->statements, f->n_statements, sizeof(*f->statements), compare_places);
        return 0;
}

int license_finder_name(struct license_finder *f, struct span name, char ret[LICENSE_ID_SIZE])
{
        f->words.n = 0;
        if (name.length > LICENSE_EXPRESSION_SIZE)
                return 0;
        if (license_words_read(&f->words, name, 0, name.length) < 0)
                return -ENOMEM;
        return license_mentions_name(&f->mentions, name, 0, (uint32_t) f->words.n, ret);
}
