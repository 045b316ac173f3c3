/* SPDX-License-Identifier: Apache-2.0 */
#include "rule.h"

#include <ctype.h>
#include <stdio.h>

/* The rule files, read by the assembler. */
#define EMBED(name, file)                                                                          \
        extern const char name[], name##_end[];                                                    \
        __asm__(".pushsection .rodata\n"                                                           \
                ".globl " #name "\n.hidden " #name "\n.globl " #name "_end\n.hidden " #name        \
                "_end\n" #name ":\n.incbin \"rules/" file "\"\n" #name "_end:\n"                   \
                ".byte 0\n.popsection\n")

EMBED(rules_c, "c.scm");
EMBED(rules_go, "go.scm");
EMBED(rules_javascript, "javascript.scm");
EMBED(rules_python, "python.scm");
EMBED(rules_any, "any.scm");

static const char *const severities[] = {
        [LINHAY_SEVERITY_INFO] = "info",         [LINHAY_SEVERITY_LOW] = "low",
        [LINHAY_SEVERITY_MEDIUM] = "medium",     [LINHAY_SEVERITY_HIGH] = "high",
        [LINHAY_SEVERITY_CRITICAL] = "critical",
};

/* Where a rule file is being read. */
struct reader {
        const char *name;
        const char *p, *end;
        uint32_t line;
        struct rule *rule; /* the one that is open; NULL before the first */
        char *error;
};

static int fail(struct reader *rd, const char *what)
{
        (void) snprintf(rd->error, 256, "%s:%u: %s", rd->name, rd->line, what);
        return -EBADMSG;
}

static int hex(char c)
{
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `\x20` in a keyword stands for the byte: a blank would end the word. */
static void unescape(char *word)
{
        char *out = word;

        for (const char *p = word; *p;) {
                bool is_byte = p[0] == '\\' && p[1] == 'x' && hex(p[2]) >= 0 && hex(p[3]) >= 0;

                *out++ = is_byte ? (char) (hex(p[2]) * 16 + hex(p[3])) : *p;
                p += is_byte ? 4 : 1;
        }
        *out = '\0';
}

/* Words of a line into a list; the bytes belong to the rule. */
static int split(const char **list, size_t max, const char *text, size_t length)
{
        char *copy = strndup(text, length), *rest = copy;
        size_t n = 0;

        if (!copy)
                return -ENOMEM;
        for (char *word; n < max && (word = strsep(&rest, " "));)
                if (*word) {
                        list[n] = strdup(word);
                        if (!list[n++])
                                break;
                }
        free(copy);
        return 0;
}

static int set_severity(struct reader *rd, const char *text, size_t length)
{
        for (size_t i = 0; i < ARRAY_SIZE(severities); i++)
                if (strlen(severities[i]) == length && memcmp(severities[i], text, length) == 0) {
                        rd->rule->severity = (enum linhay_severity) i;
                        return 0;
                }
        return fail(rd, "unknown severity (info, low, medium, high, critical)");
}

static int set_languages(struct reader *rd, const char *text, size_t length)
{
        const char *words[LANGUAGES_ + 1] = { 0 };
        int r = split(words, LANGUAGES_, text, length);

        for (size_t i = 0; words[i]; i++) {
                int id = language_of_name(words[i], strlen(words[i]));

                if (id < 0)
                        r = fail(rd, "unknown language");
                else
                        rd->rule->languages |= 1U << id;
                free((void *) words[i]);
        }
        return r;
}

static int set_text(char **ret, const char *text, size_t length)
{
        free(*ret);
        *ret = strndup(text, length);
        return *ret ? 0 : -ENOMEM;
}

static int set_keywords(struct rule *rule, const char *text, size_t length)
{
        int r = split(rule->keywords, RULE_WORDS, text, length);

        for (size_t i = 0; rule->keywords[i]; i++)
                unescape((char *) rule->keywords[i]);
        return r;
}

static int set_key(struct reader *rd, const char *key, size_t n, const char *text, size_t length)
{
        struct rule *rule = rd->rule;

#define IS(word) (n == strlen(word) && memcmp(key, word, n) == 0)
        if (IS("severity"))
                return set_severity(rd, text, length);
        if (IS("languages"))
                return set_languages(rd, text, length);
        if (IS("message"))
                return set_text(&rule->message, text, length);
        if (IS("fix"))
                return set_text(&rule->fix, text, length);
        if (IS("cwe"))
                return split(rule->cwe, RULE_LISTS, text, length);
        if (IS("tags"))
                return split(rule->tags, RULE_LISTS, text, length);
        if (IS("keywords"))
                return set_keywords(rule, text, length);
        if (IS("skip")) {
                rule->skips_tests = length == 5 && memcmp(text, "tests", 5) == 0;
                return rule->skips_tests ? 0 : fail(rd, "only `skip: tests` is known");
        }
        if (IS("bad") || IS("good"))
                return 0; /* examples: the tests read them */
#undef IS
        return fail(rd, "unknown key");
}

static bool query_has_capture(const struct rule *rule, const char *name, size_t length)
{
        const char *at = rule->query, *end = rule->query + rule->query_length;

        while ((at = memchr(at, '@', (size_t) (end - at)))) {
                at++;
                if ((size_t) (end - at) >= length && memcmp(at, name, length) == 0 &&
                    (at + length == end ||
                     (!isalnum((unsigned char) at[length]) && !strchr("_.-", at[length]))))
                        return true;
        }
        return false;
}

/* A `{name}` stands for the text of the capture @name. */
static int check_message(struct reader *rd)
{
        const struct rule *rule = rd->rule;

        for (const char *at = rule->message; (at = strchr(at, '{')); at++) {
                size_t length = strcspn(at + 1, "}");

                if (!query_has_capture(rule, at + 1, length))
                        return fail(rd, "the message of the rule above names no capture of its "
                                        "query between { and }");
        }
        return 0;
}

/* A rule without these cannot be reported. */
static int check_open(struct reader *rd)
{
        const struct rule *rule = rd->rule;

        if (!rule)
                return 0;
        if (!rule->message || !rule->fix || !rule->languages)
                return fail(rd, "the rule above lacks a message, a fix or its languages");
        if (!rule->query_length)
                return fail(rd, "the rule above has no query");
        return check_message(rd);
}

static int open_rule(struct reader *rd, struct rules *rules, const char *id, size_t length)
{
        int r = check_open(rd);

        if (r < 0)
                return r;
        if (ARRAY_GROW(rules->items, rules->n_items, rules->size) < 0)
                return -ENOMEM;
        rd->rule = &rules->items[rules->n_items++];
        *rd->rule = (struct rule){ .severity = LINHAY_SEVERITY_MEDIUM, .line = rd->line };
        return set_text(&rd->rule->id, id, length);
}

/* `;; key: value`; `;;| text` continues an example. */
static int read_key(struct reader *rd, struct rules *rules, const char *p, size_t length)
{
        const char *colon = memchr(p, ':', length);
        const char *value;
        size_t n;

        if (length > 0 && *p == '|')
                return 0;
        if (!colon)
                return fail(rd, "expected `;; key: value`");
        while (length > 0 && *p == ' ') {
                p++;
                length--;
        }
        n = (size_t) (colon - p);
        value = colon + 1;
        length -= n + 1;
        while (length > 0 && *value == ' ') {
                value++;
                length--;
        }
        if (n == 4 && memcmp(p, "rule", 4) == 0)
                return open_rule(rd, rules, value, length);
        if (!rd->rule)
                return fail(rd, "a key stands before the first `;; rule:`");
        return set_key(rd, p, n, value, length);
}

/* What is no key is the query: the bytes from its first line to its last. */
static void read_query(struct reader *rd, const char *line, size_t length)
{
        if (!rd->rule || length == 0)
                return;
        if (!rd->rule->query)
                rd->rule->query = line;
        rd->rule->query_length = (uint32_t) (line + length - rd->rule->query);
}

int rules_parse(struct rules *rules, const char *name, const char *text, size_t length,
                char ret_error[256])
{
        struct reader rd = { .name = name, .p = text, .end = text + length, .error = ret_error };
        int r = 0;

        while (r >= 0 && rd.p < rd.end) {
                const char *nl = memchr(rd.p, '\n', (size_t) (rd.end - rd.p));
                size_t n = (size_t) ((nl ? nl : rd.end) - rd.p);

                rd.line++;
                if (n >= 2 && memcmp(rd.p, ";;", 2) == 0)
                        r = read_key(&rd, rules, rd.p + 2, n - 2);
                else if (n == 0 || *rd.p != ';')
                        read_query(&rd, rd.p, n);
                rd.p += n + 1;
        }
        return r < 0 ? r : check_open(&rd);
}

int rules_load(struct rules *rules, char ret_error[256])
{
        const struct {
                const char *name, *begin, *end;
        } files[] = {
                { "rules/any.scm", rules_any, rules_any_end },
                { "rules/c.scm", rules_c, rules_c_end },
                { "rules/go.scm", rules_go, rules_go_end },
                { "rules/javascript.scm", rules_javascript, rules_javascript_end },
                { "rules/python.scm", rules_python, rules_python_end },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(files); i++)
                r = rules_parse(rules, files[i].name, files[i].begin,
                                (size_t) (files[i].end - files[i].begin), ret_error);
        return r;
}

static void free_list(const char **list)
{
        for (; *list; list++)
                free((void *) *list);
}

void rules_done(struct rules *rules)
{
        for (size_t i = 0; i < rules->n_items; i++) {
                struct rule *rule = &rules->items[i];

                for (int l = 0; l < LANGUAGES_; l++)
                        (void) matcher_free(rule->matchers[l]);
                free_list(rule->cwe);
                free_list(rule->tags);
                free_list(rule->keywords);
                free(rule->id);
                free(rule->message);
                free(rule->fix);
        }
        free(rules->items);
        *rules = (struct rules){ 0 };
}

int rule_compile(struct rule *rule, const struct language *language, struct matcher **ret,
                 char ret_error[256])
{
        char what[192];
        int r = 0;

        if (!rule->matchers[language->id])
                r = matcher_new(&rule->matchers[language->id], language, rule->query,
                                rule->query_length, what);
        if (r == -EBADMSG)
                (void) snprintf(ret_error, 256, "rule %.40s (%s): %s", rule->id, language->file,
                                what);
        if (r >= 0)
                *ret = rule->matchers[language->id];
        return r;
}
