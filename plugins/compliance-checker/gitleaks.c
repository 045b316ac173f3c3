/* SPDX-License-Identifier: Apache-2.0 */
#include "gitleaks.h"

#include "re2.h"
#include "scan/rule.h"
#include "toml/toml.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#define KEYWORD_LEAST 3
#define ENTROPY_MAX   8
#define GROUP_MAX     (RULE_GROUPS - 1)
#define BEFORE        1024 /* gitleaks wants a keyword anywhere in the file; we want it near */
#define AFTER         4096

/* One file. */
struct config {
        struct toml_tree tree;
        const struct toml_node *extend;
};

/* What is made of a rule: the node of this file, and of the file that it extends. */
struct source {
        const struct config *own, *base; /* NULL: not in that file */
        const struct toml_node *rule, *base_rule;
        const char *id;
};

static void tell(struct gitleaks *g, const struct toml_node *at, const char *rule,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));
static void tell(struct gitleaks *g, const struct toml_node *at, const char *rule,
                 const char *format, ...)
{
        char text[400];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (g->tell)
                g->tell(g->owner, at ? at->line : 0, rule, text);
}

/* The members of a table that this import does not know, so that nothing is lost silently. */
static void tell_unknown(struct gitleaks *g, const struct toml_node *table, const char *rule,
                         const char *const *known, const char *what)
{
        for (const struct toml_node *n = table ? table->first : NULL; n; n = n->next) {
                size_t i = 0;

                while (known[i] && strcmp(known[i], n->key) != 0)
                        i++;
                if (!known[i])
                        tell(g, n, rule, "%s \"%s\" is not carried over", what, n->key);
        }
}

/* Appends a list's texts. */
static void add_texts(json_t *array, const struct config *c, const struct toml_node *table,
                      const char *key)
{
        const struct toml_node *list = table ? toml_get(&c->tree, table, key) : NULL;

        if (!list || list->kind != TOML_ARRAY)
                return;
        for (const struct toml_node *n = list->first; n; n = n->next)
                if (toml_text(n) && *toml_text(n))
                        (void) json_array_append_new(array, json_string(toml_text(n)));
}

/* ---- Expressions ---- */

/* The expression for PCRE2 as JSON, or NULL after telling why it cannot be. */
static json_t *convert(struct gitleaks *g, const struct toml_node *at, const char *rule,
                       const char *regex)
{
        struct expression e = { .text = NULL };
        char why[400];
        char *text = re2_to_pcre2(regex);
        json_t *json = NULL;

        if (!text)
                return NULL;
        e.text = text;
        if (expression_compile(&e, why, sizeof(why)) < 0)
                tell(g, at, rule, "an expression means nothing to PCRE2: %s", why);
        else
                json = json_string(text);
        pcre2_code_free(e.code);
        free(text);
        return json;
}

static json_t *convert_list(struct gitleaks *g, const struct config *c,
                            const struct toml_node *table, const char *key, const char *rule)
{
        const struct toml_node *list = toml_get(&c->tree, table, key);
        json_t *array = json_array();

        for (const struct toml_node *n = list && list->kind == TOML_ARRAY ? list->first : NULL; n;
             n = n->next) {
                json_t *one = toml_text(n) ? convert(g, n, rule, toml_text(n)) : NULL;

                if (one)
                        (void) json_array_append_new(array, one);
        }
        return array;
}

/* ---- Allow-lists ---- */

static bool is_and(const char *condition)
{
        return condition && (!strcasecmp(condition, "and") || !strcmp(condition, "&&"));
}

static bool put_list(json_t *object, const char *key, json_t *list)
{
        bool any = json_array_size(list) > 0;

        if (any)
                (void) json_object_set_new(object, key, list);
        else
                json_decref(list);
        return any;
}

/* One table of an allow-list, appended to `to`. */
static void add_allowance(struct gitleaks *g, const struct config *c, const struct toml_node *table,
                          const char *rule, json_t *to)
{
        static const char *const known[] = { "description", "commits",     "paths",
                                             "regexes",     "regexTarget", "stopwords",
                                             "condition",   "targetRules", NULL };
        const char *target = toml_get_text(&c->tree, table, "regexTarget");
        const struct toml_node *commits = toml_get(&c->tree, table, "commits");
        json_t *allow = json_object(), *words = json_array(), *rules = json_array();
        bool any = false, and = is_and(toml_get_text(&c->tree, table, "condition"));

        if (table->kind != TOML_TABLE) {
                tell(g, table, rule, "an allow-list is no table");
        } else {
                tell_unknown(g, table, rule, known, "in an allow-list:");
                if (commits && commits->n)
                        tell(g, commits, rule,
                             "an allow-list's commits are not carried over: files are scanned");
                add_texts(words, c, table, "stopwords");
                add_texts(rules, c, table, "targetRules");
                any = put_list(allow, "regexes", convert_list(g, c, table, "regexes", rule));
                any = put_list(allow, "paths", convert_list(g, c, table, "paths", rule)) || any;
                any = put_list(allow, "words", json_incref(words)) || any;
        }
        /* With commits among what must all hold, it never holds for us. */
        if (any && !(and&&commits && commits->n)) {
                if (target && (!strcmp(target, "match") || !strcmp(target, "line")))
                        (void) json_object_set_new(allow, "target", json_string(target));
                if (and)
                        (void) json_object_set_new(allow, "all", json_true());
                (void) put_list(allow, "rules", json_incref(rules));
                (void) json_array_append(to, allow);
        }
        json_decref(allow);
        json_decref(words);
        json_decref(rules);
}

/* `allowlist` (a table) and `allowlists` (several) of a rule or of the file. */
static void add_allowances(struct gitleaks *g, const struct config *c,
                           const struct toml_node *table, const char *rule, json_t *to)
{
        static const char *const keys[] = { "allowlist", "allowlists" };

        for (size_t i = 0; table && i < ARRAY_SIZE(keys); i++) {
                const struct toml_node *n = toml_get(&c->tree, table, keys[i]);

                if (n && n->kind == TOML_ARRAY)
                        for (n = n->first; n; n = n->next)
                                add_allowance(g, c, n, rule, to);
                else if (n)
                        add_allowance(g, c, n, rule, to);
        }
}

/* ---- Rules ---- */

/* The member as this file has it, else as the file that it extends. */
static const struct toml_node *member(const struct source *s, const char *key)
{
        const struct toml_node *n = s->rule ? toml_get(&s->own->tree, s->rule, key) : NULL;

        return !n && s->base_rule ? toml_get(&s->base->tree, s->base_rule, key) : n;
}

static const char *member_text(const struct source *s, const char *key)
{
        const struct toml_node *n = member(s, key);

        return n ? toml_text(n) : NULL;
}

static double member_number(const struct source *s, const char *key)
{
        const struct toml_node *n = member(s, key);

        return n && (n->kind == TOML_FLOAT || n->kind == TOML_INTEGER) ? n->number : 0;
}

/* Lists of both files together. */
static json_t *member_list(const struct source *s, const char *key)
{
        json_t *array = json_array();

        add_texts(array, s->base, s->base_rule, key);
        add_texts(array, s->own, s->rule, key);
        return array;
}

/* gitleaks can do without keywords; we look for one first, so it has to be in the expression. */
static bool put_keywords(struct gitleaks *g, const struct source *s, const struct toml_node *at,
                         const char *regex, json_t *rule)
{
        json_t *keywords = member_list(s, "keywords"), *item;
        size_t i;

        json_array_foreach (keywords, i, item)
                if (json_string_length(item) > RULE_KEYWORD_MAX) {
                        tell(g, at, s->id, "left out: a keyword is longer than %d bytes",
                             RULE_KEYWORD_MAX);
                        json_decref(keywords);
                        return false;
                }
        if (!json_array_size(keywords)) {
                char *literal = re2_literal(regex, KEYWORD_LEAST);

                if (literal && *literal) {
                        literal[MIN_OF(strlen(literal), (size_t) RULE_KEYWORD_MAX)] = '\0';
                        tell(g, at, s->id, "has no keywords: \"%s\" of its expression is taken",
                             literal);
                        (void) json_array_append_new(keywords, json_string(literal));
                }
                free(literal);
        }
        if (put_list(rule, "keywords", keywords))
                return true;
        tell(g, at, s->id, "left out: it has no keywords, and no text is in all that it matches");
        return false;
}

static void put_numbers(struct gitleaks *g, const struct source *s, const struct toml_node *at,
                        const char *regex, json_t *rule)
{
        double entropy = member_number(s, "entropy"), group = member_number(s, "secretGroup");

        if (entropy > ENTROPY_MAX || entropy < 0)
                tell(g, at, s->id, "its entropy is none that a text can have: it is taken as %d",
                     ENTROPY_MAX);
        if (entropy != 0)
                (void) json_object_set_new(
                        rule, "entropy",
                        json_real(entropy > 0 && entropy < ENTROPY_MAX ? entropy : ENTROPY_MAX));
        /* As gitleaks does without a number: the first group, where there is one. */
        if (group == 0 && re2_captures(regex))
                group = 1;
        if (group < 0 || group > GROUP_MAX)
                tell(g, at, s->id, "its secretGroup is past %d: the whole match is the secret",
                     GROUP_MAX);
        else if (group > 0)
                (void) json_object_set_new(rule, "group", json_integer((json_int_t) group));
}

static json_t *make_rule(struct gitleaks *g, const struct source *s, const char *regex)
{
        const struct toml_node *at = s->rule ? s->rule : s->base_rule;
        const char *name = member_text(s, "description"), *path = member_text(s, "path");
        json_t *tags = member_list(s, "tags"), *allow = json_array();
        json_t *code = convert(g, at, s->id, regex);
        json_t *rule = json_pack("{ss ss ss s[s] sb si si}", "id", s->id, "name",
                                 name && *name ? name : s->id, "fix",
                                 "Take it out of the tree, revoke it, and load it from a secret "
                                 "store.",
                                 "cwe", "CWE-798", "plain", 1, "before", BEFORE, "after", AFTER);
        bool good = rule && code;

        (void) json_array_append_new(tags, json_string("imported"));
        (void) json_object_set_new(rule, "tags", tags);
        (void) json_object_set_new(rule, "regex", code ? code : json_null());
        if (good)
                good = put_keywords(g, s, at, regex, rule);
        if (good && path) {
                json_t *converted = convert(g, at, s->id, path);

                good = converted != NULL;
                if (converted)
                        (void) json_object_set_new(rule, "path", converted);
        }
        put_numbers(g, s, at, regex, rule);
        add_allowances(g, s->base, s->base_rule, s->id, allow);
        add_allowances(g, s->own, s->rule, s->id, allow);
        (void) put_list(rule, "allow", allow);
        if (good)
                return rule;
        json_decref(rule);
        return NULL;
}

/* A rule without an expression changes one that is built in: what it allows is kept for that one.
 */
static bool add_to_builtin(struct gitleaks *g, const struct source *s, json_t *pack_allow)
{
        json_t *allow = json_array(), *one;
        size_t i;

        if (!s->rule || !g->is_builtin || !g->is_builtin(g->owner, s->id)) {
                json_decref(allow);
                return false;
        }
        add_allowances(g, s->own, s->rule, s->id, allow);
        json_array_foreach (allow, i, one) {
                (void) json_object_set_new(one, "rules", json_pack("[s]", s->id));
                (void) json_array_append(pack_allow, one);
        }
        tell(g, s->rule, s->id,
             "changes a built-in rule: of it only the allow-lists are carried over");
        json_decref(allow);
        return true;
}

static void add_rule(struct gitleaks *g, const struct source *s, json_t *rules, json_t *pack_allow)
{
        static const char *const known[] = { "id",         "description", "regex", "path",
                                             "entropy",    "keywords",    "tags",  "allowlist",
                                             "allowlists", "secretGroup", NULL };
        const struct toml_node *at = s->rule ? s->rule : s->base_rule;
        const char *regex = member_text(s, "regex");
        json_t *rule = NULL;

        tell_unknown(g, s->base_rule, s->id, known, "rule:");
        tell_unknown(g, s->rule, s->id, known, "rule:");
        if (regex)
                rule = make_rule(g, s, regex);
        else if (add_to_builtin(g, s, pack_allow))
                return;
        else
                tell(g, at, s->id, "left out: it has no expression for the text of a file");
        if (rule) {
                (void) json_array_append_new(rules, rule);
                g->rules++;
        } else
                g->left_out++;
}

static const struct toml_node *rules_of(const struct config *c)
{
        const struct toml_node *list = c ? toml_get(&c->tree, c->tree.root, "rules") : NULL;

        return list && list->kind == TOML_ARRAY ? list->first : NULL;
}

static const struct toml_node *find_rule(const struct config *c, const char *id)
{
        for (const struct toml_node *n = rules_of(c); n; n = n->next) {
                const char *own = toml_get_text(&c->tree, n, "id");

                if (own && !strcmp(own, id))
                        return n;
        }
        return NULL;
}

static bool has_text(const json_t *list, const char *text)
{
        size_t i;
        json_t *item;

        json_array_foreach (list, i, item)
                if (!strcmp(json_string_value(item), text))
                        return true;
        return false;
}

/* The rules of the extended file that are not switched off, then those that only this one has. */
static void add_rules(struct gitleaks *g, const struct config *own, const struct config *base,
                      const json_t *disabled, json_t *rules, json_t *pack_allow)
{
        for (const struct toml_node *n = rules_of(base); n; n = n->next) {
                const char *id = toml_get_text(&base->tree, n, "id");
                struct source s = { own, base, id ? find_rule(own, id) : NULL, n, id };

                if (id && !has_text(disabled, id))
                        add_rule(g, &s, rules, pack_allow);
        }
        for (const struct toml_node *n = rules_of(own); n; n = n->next) {
                const char *id = toml_get_text(&own->tree, n, "id");
                struct source s = { own, base, n, NULL, id };

                if (!id || !*id) {
                        tell(g, n, NULL, "left out: a rule has no id");
                        g->left_out++;
                } else if (!find_rule(base, id))
                        add_rule(g, &s, rules, pack_allow);
        }
}

/* ---- The whole ---- */

static int load(struct config *c, struct span text, char *error, size_t size)
{
        const struct toml_node *rules;
        int r = toml_parse(&c->tree, text.text ? text.text : "", text.length);

        if (r == -EBADMSG)
                (void) snprintf(error, size, "%u: %s", c->tree.error_line, c->tree.error);
        if (r < 0)
                return r;
        c->extend = toml_get(&c->tree, c->tree.root, "extend");
        rules = toml_get(&c->tree, c->tree.root, "rules");
        if (!rules || rules->n <= RULES_MAX)
                return 0;
        (void) snprintf(error, size, "%u: there are more than %d rules", rules->line, RULES_MAX);
        return -EBADMSG;
}

static bool is_true(const struct config *c, const struct toml_node *table, const char *key)
{
        const struct toml_node *n = table ? toml_get(&c->tree, table, key) : NULL;

        return n && n->kind == TOML_BOOLEAN && n->integer;
}

/* What a file says beside its rules. */
static void tell_top(struct gitleaks *g, const struct config *c)
{
        static const char *const known[] = { "title",      "description", "extend",     "allowlist",
                                             "allowlists", "rules",       "minVersion", NULL };
        static const char *const extend[] = { "path", "useDefault", "disabledRules", NULL };

        tell_unknown(g, c->tree.root, NULL, known, "the file:");
        tell_unknown(g, c->extend, NULL, extend, "extend:");
}

static json_t *make_pack(struct gitleaks *g, const struct config *own, const struct config *base)
{
        json_t *rules = json_array(), *allow = json_array(), *disabled = json_array();
        bool alone = !is_true(own, own->extend, "useDefault") &&
                     !(base && is_true(base, base->extend, "useDefault"));
        json_t *pack = json_pack("{si so}", "version", 1, "rules", rules), *item;
        size_t i;

        add_texts(disabled, own, own->extend, "disabledRules");
        if (base)
                add_texts(disabled, base, base->extend, "disabledRules");
        tell_top(g, own);
        if (base) {
                tell_top(g, base);
                add_allowances(g, base, base->tree.root, NULL, allow);
        }
        add_allowances(g, own, own->tree.root, NULL, allow);
        add_rules(g, own, base, disabled, rules, allow);
        json_array_foreach (disabled, i, item)
                if (!alone && g->is_builtin && !g->is_builtin(g->owner, json_string_value(item)))
                        tell(g, own->extend, json_string_value(item),
                             "is switched off, and no built-in rule has this id");
        if (alone)
                (void) json_object_set_new(pack, "alone", json_true());
        (void) put_list(pack, "disable", disabled);
        (void) put_list(pack, "allow", allow);
        return pack;
}

int gitleaks_import(struct gitleaks *g, struct span text, struct span base, json_t **ret_pack,
                    char *error, size_t error_size)
{
        struct config own = { 0 }, extended = { 0 };
        const char *path = NULL;
        json_t *pack = NULL;
        int r = load(&own, text, error, error_size);

        if (r >= 0 && base.text) {
                r = load(&extended, base, error, error_size);
                g->in_base = r < 0;
        }
        if (r >= 0 && own.extend)
                path = toml_get_text(&own.tree, own.extend, "path");
        if (r >= 0 && path && !base.text) {
                (void) snprintf(error, error_size,
                                "%u: it extends %s: give that file as well (--extend %s)",
                                own.extend->line, path, path);
                r = -EBADMSG;
        }
        if (r >= 0) {
                pack = make_pack(g, &own, base.text ? &extended : NULL);
                r = pack ? 0 : -ENOMEM;
        }
        if (pack && !json_array_size(json_object_get(pack, "rules")) &&
            !json_object_get(pack, "allow") && !json_object_get(pack, "disable")) {
                (void) snprintf(error, error_size, "no rule of it can be carried over");
                json_decref(pack);
                r = -EBADMSG;
        } else
                *ret_pack = pack;
        toml_done(&own.tree);
        if (base.text)
                toml_done(&extended.tree);
        return r;
}
