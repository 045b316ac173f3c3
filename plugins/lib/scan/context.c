/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/context.h"

#include "scan/def.h"

#include <ctype.h>
#include <stdio.h>

#define WORDS_MAX 16 /* of one name */
#define WORD_MAX  24 /* bytes; a longer word is none of ours */

#define SEVERITY_HIGH 3 /* of <linhay/agent.h>, as are the names */

static const char *const severity_names[] = { "info", "low", "medium", "high", "critical" };

static const struct {
        const char *tag, *what;
} contexts[CONTEXTS_] = {
        [CONTEXT_NONE] = { NULL, NULL },
        [CONTEXT_VENDORED] = { "context:vendored", "in code from elsewhere" },
        [CONTEXT_FIXTURE] = { "context:fixture", "in data for tests" },
        [CONTEXT_TEST] = { "context:test", "in a test" },
        [CONTEXT_EXAMPLE] = { "context:example", "in an example" },
        [CONTEXT_DOCS] = { "context:docs", "in a document" },
};

/* Where in a name a word tells something. */
enum place {
        IN_FOLDER = 1,    /* the first or the last word of a folder */
        WHOLE_FOLDER = 2, /* all of a folder's name, its signs left out */
        IN_FILE = 4,      /* the first or the last word of a file's name, suffix left out */
        WHOLE_FILE = 8,   /* all of that */
        SUFFIX = 16,      /* what stands behind a file's last dot */
        UNSURE = 32,      /* programs have folders of this name for parts of their own, too */
};

static const struct {
        const char *word;
        enum context context;
        unsigned places;
} words[] = {
        { "vendor", CONTEXT_VENDORED, WHOLE_FOLDER },
        { "vendors", CONTEXT_VENDORED, WHOLE_FOLDER },
        { "vendored", CONTEXT_VENDORED, IN_FOLDER },
        { "thirdparty", CONTEXT_VENDORED, WHOLE_FOLDER },
        { "3rdparty", CONTEXT_VENDORED, WHOLE_FOLDER },
        { "external", CONTEXT_VENDORED, WHOLE_FOLDER | UNSURE },
        { "externals", CONTEXT_VENDORED, WHOLE_FOLDER | UNSURE },
        { "extern", CONTEXT_VENDORED, WHOLE_FOLDER | UNSURE },
        { "deps", CONTEXT_VENDORED, WHOLE_FOLDER | UNSURE },
        { "godeps", CONTEXT_VENDORED, WHOLE_FOLDER },
        { "nodemodules", CONTEXT_VENDORED, WHOLE_FOLDER },
        { "bowercomponents", CONTEXT_VENDORED, WHOLE_FOLDER },
        { "sitepackages", CONTEXT_VENDORED, WHOLE_FOLDER },
        { "subprojects", CONTEXT_VENDORED, WHOLE_FOLDER },
        { "pods", CONTEXT_VENDORED, WHOLE_FOLDER },
        { "carthage", CONTEXT_VENDORED, WHOLE_FOLDER },

        { "fixture", CONTEXT_FIXTURE, IN_FOLDER | IN_FILE },
        { "fixtures", CONTEXT_FIXTURE, IN_FOLDER | IN_FILE },
        { "testdata", CONTEXT_FIXTURE, WHOLE_FOLDER | WHOLE_FILE },
        { "testfiles", CONTEXT_FIXTURE, WHOLE_FOLDER },
        { "testvectors", CONTEXT_FIXTURE, WHOLE_FOLDER | WHOLE_FILE },
        { "testresources", CONTEXT_FIXTURE, WHOLE_FOLDER },
        { "vectors", CONTEXT_FIXTURE, WHOLE_FOLDER | IN_FILE },
        { "mock", CONTEXT_FIXTURE, IN_FOLDER | IN_FILE },
        { "mocks", CONTEXT_FIXTURE, IN_FOLDER | IN_FILE },
        { "mockdata", CONTEXT_FIXTURE, WHOLE_FOLDER | WHOLE_FILE },
        { "stubs", CONTEXT_FIXTURE, WHOLE_FOLDER },
        { "golden", CONTEXT_FIXTURE, WHOLE_FOLDER | IN_FILE },
        { "goldens", CONTEXT_FIXTURE, WHOLE_FOLDER },
        { "snapshots", CONTEXT_FIXTURE, WHOLE_FOLDER },
        { "cassettes", CONTEXT_FIXTURE, IN_FOLDER },
        { "corpus", CONTEXT_FIXTURE, IN_FOLDER },

        { "test", CONTEXT_TEST, IN_FOLDER | IN_FILE },
        { "tests", CONTEXT_TEST, IN_FOLDER | IN_FILE },
        { "testing", CONTEXT_TEST, WHOLE_FOLDER },
        { "testsuite", CONTEXT_TEST, IN_FOLDER | WHOLE_FILE },
        { "testsuites", CONTEXT_TEST, IN_FOLDER },
        { "testlib", CONTEXT_TEST, WHOLE_FOLDER },
        { "unittest", CONTEXT_TEST, IN_FOLDER | IN_FILE },
        { "unittests", CONTEXT_TEST, IN_FOLDER | IN_FILE },
        { "selftest", CONTEXT_TEST, IN_FOLDER | IN_FILE },
        { "selftests", CONTEXT_TEST, IN_FOLDER },
        { "conftest", CONTEXT_TEST, WHOLE_FILE },
        { "e2e", CONTEXT_TEST, IN_FOLDER },
        { "bench", CONTEXT_TEST, WHOLE_FOLDER },
        { "benchmark", CONTEXT_TEST, IN_FOLDER },
        { "benchmarks", CONTEXT_TEST, IN_FOLDER },
        { "spec", CONTEXT_TEST, WHOLE_FOLDER | IN_FILE },
        { "specs", CONTEXT_TEST, WHOLE_FOLDER },
        { "cypress", CONTEXT_TEST, WHOLE_FOLDER },
        { "t", CONTEXT_TEST, WHOLE_FOLDER },

        { "example", CONTEXT_EXAMPLE, IN_FOLDER | IN_FILE | SUFFIX },
        { "examples", CONTEXT_EXAMPLE, IN_FOLDER | IN_FILE },
        { "sample", CONTEXT_EXAMPLE, IN_FOLDER | IN_FILE | SUFFIX },
        { "samples", CONTEXT_EXAMPLE, IN_FOLDER },
        { "demo", CONTEXT_EXAMPLE, IN_FOLDER | WHOLE_FILE },
        { "demos", CONTEXT_EXAMPLE, IN_FOLDER },
        { "tutorial", CONTEXT_EXAMPLE, IN_FOLDER | WHOLE_FILE },
        { "tutorials", CONTEXT_EXAMPLE, IN_FOLDER },
        { "quickstart", CONTEXT_EXAMPLE, IN_FOLDER },
        { "playground", CONTEXT_EXAMPLE, WHOLE_FOLDER },
        { "dist", CONTEXT_EXAMPLE, SUFFIX },
        { "template", CONTEXT_EXAMPLE, SUFFIX },
        { "tmpl", CONTEXT_EXAMPLE, SUFFIX },

        { "doc", CONTEXT_DOCS, WHOLE_FOLDER },
        { "docs", CONTEXT_DOCS, IN_FOLDER },
        { "documentation", CONTEXT_DOCS, IN_FOLDER },
        { "man", CONTEXT_DOCS, WHOLE_FOLDER },
        { "manual", CONTEXT_DOCS, WHOLE_FOLDER },
        { "wiki", CONTEXT_DOCS, WHOLE_FOLDER },
        { "readme", CONTEXT_DOCS, IN_FILE },
        { "changes", CONTEXT_DOCS, WHOLE_FILE },
        { "changelog", CONTEXT_DOCS, WHOLE_FILE },
        { "history", CONTEXT_DOCS, WHOLE_FILE },
        { "news", CONTEXT_DOCS, WHOLE_FILE },
        { "contributing", CONTEXT_DOCS, WHOLE_FILE },
        { "releasenotes", CONTEXT_DOCS, WHOLE_FILE },
        { "md", CONTEXT_DOCS, SUFFIX },
        { "mdx", CONTEXT_DOCS, SUFFIX },
        { "markdown", CONTEXT_DOCS, SUFFIX },
        { "rst", CONTEXT_DOCS, SUFFIX },
        { "adoc", CONTEXT_DOCS, SUFFIX },
        { "asciidoc", CONTEXT_DOCS, SUFFIX },
        { "texi", CONTEXT_DOCS, SUFFIX },
        { "pod", CONTEXT_DOCS, SUFFIX },
};

/* Documents by name are so only without a suffix that makes them a program: NEWS, not news.js. */
static bool is_prose_suffix(struct span suffix)
{
        static const char *const suffixes[] = { "",    "txt", "md", "rst", "html", "adoc",
                                                "old", "ru",  "de", "fr",  "in",   "markdown" };

        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
                if (strlen(suffixes[i]) == suffix.length &&
                    strncasecmp(suffixes[i], suffix.text, suffix.length) == 0)
                        return true;
        return false;
}

static bool is_word(struct span text, const char *word)
{
        return text.length == strlen(word) && strncasecmp(text.text, word, text.length) == 0;
}

/* Does a new word begin at text[i]? After a sign, and in "fooBar" at the B. */
static bool is_border(const char *text, size_t i)
{
        unsigned char before = (unsigned char) text[i - 1], here = (unsigned char) text[i];

        return !isalnum(before) || (!isupper(before) && isupper(here));
}

/* The words of a name: 0 to WORDS_MAX of them. */
static size_t split(struct span name, struct span ret[WORDS_MAX])
{
        size_t n = 0, start = 0;

        for (size_t i = 1; i <= name.length && n < WORDS_MAX; i++) {
                size_t end = i;

                if (i < name.length && isalnum((unsigned char) name.text[i]) &&
                    !is_border(name.text, i))
                        continue;
                while (start < end && !isalnum((unsigned char) name.text[start]))
                        start++;
                if (start < end)
                        ret[n++] = (struct span){ name.text + start, end - start };
                start = i;
        }
        return n;
}

/* The letters and digits of a name in one word: "third_party" is "thirdparty". */
static struct span joined(struct span name, char room[WORD_MAX])
{
        size_t n = 0;

        for (size_t i = 0; i < name.length; i++) {
                if (!isalnum((unsigned char) name.text[i]))
                        continue;
                if (n == WORD_MAX)
                        return (struct span){ room, 0 };
                room[n++] = name.text[i];
        }
        return (struct span){ room, n };
}

/* What is compared with the table of words. */
struct name {
        struct span first, last, whole, suffix;
        unsigned ends, all; /* the places that `first` and `last`, and `whole` are for */
        bool is_prose;
};

static bool tells(const struct name *n, size_t i)
{
        unsigned places = words[i].places;

        if ((places & SUFFIX) && is_word(n->suffix, words[i].word))
                return true;
        if (words[i].context == CONTEXT_DOCS && !n->is_prose)
                return false;
        if ((places & n->all) && is_word(n->whole, words[i].word))
                return true;
        return (places & n->ends) &&
               (is_word(n->first, words[i].word) || is_word(n->last, words[i].word));
}

/* What a name tells, and whether it is sure. */
static enum context name_context(const struct name *n, bool *ret_sure)
{
        enum context best = CONTEXTS_;

        *ret_sure = true;
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (words[i].context < best && tells(n, i)) {
                        best = words[i].context;
                        *ret_sure = !(words[i].places & UNSURE);
                }
        return best;
}

static enum context segment_context(struct span segment, bool is_file, bool *ret_sure)
{
        struct span parts[WORDS_MAX], stem = segment;
        char room[WORD_MAX];
        struct name n = { .ends = is_file ? IN_FILE : IN_FOLDER,
                          .all = is_file ? WHOLE_FILE : WHOLE_FOLDER };
        const char *dot = is_file ? memrchr(segment.text, '.', segment.length) : NULL;
        size_t count;

        if (dot) {
                size_t before = (size_t) (dot - segment.text);

                n.suffix = (struct span){ dot + 1, segment.length - before - 1 };
                stem.length = before > 0 ? before : segment.length;
        }
        /* ".env.test" has no suffix: what stands behind the dot is one of its words. */
        if (dot && segment.text[0] == '.')
                stem = segment;
        n.is_prose = !is_file || is_prose_suffix(dot ? n.suffix : (struct span){ "", 0 });
        count = split(stem, parts);
        if (count > 0) {
                n.first = parts[0];
                n.last = parts[count - 1];
        }
        n.whole = joined(stem, room);
        return name_context(&n, ret_sure);
}

enum context context_in(const char *path, const struct context_tree *tree)
{
        enum context best = CONTEXTS_;

        for (const char *at = path; *at;) {
                size_t length = strcspn(at, "/");
                bool is_sure;
                enum context c =
                        segment_context((struct span){ at, length }, !at[length], &is_sure);

                if (c < best &&
                    (is_sure || !tree ||
                     tree->is_foreign(tree->owner, path, (size_t) (at - path) + length)))
                        best = c;
                at += length + (at[length] == '/');
        }
        return best == CONTEXTS_ ? CONTEXT_NONE : best;
}

enum context context_of(const char *path)
{
        return context_in(path, NULL);
}

const char *context_tag(enum context context)
{
        return contexts[context].tag;
}

unsigned context_severity(enum context context, unsigned severity)
{
        return context != CONTEXT_NONE && severity >= SEVERITY_HIGH ? severity - 2 : severity;
}

void context_message(char *ret, size_t size, enum context context, unsigned severity,
                     const char *message)
{
        unsigned lower = context_severity(context, severity);

        if (lower == severity || severity >= ARRAY_SIZE(severity_names))
                (void) snprintf(ret, size, "%s", message);
        else
                (void) snprintf(ret, size, "%s (%s instead of %s: it stands %s)", message,
                                severity_names[lower], severity_names[severity],
                                contexts[context].what);
}
