/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/rule.h"

#include <stdio.h>

#define RULES_MAX  1024
#define WINDOW_MAX 65536

static const char *const severity_names[] = { "info", "low", "medium", "high", "critical" };
static const char *const rank_names[] = { "generic", "shape", "provider" };
static const char *const kind_names[] = { "regex", "assignment" };

static int fault(char *error, size_t size, const char *id, const char *what)
{
        (void) snprintf(error, size, "rule %s: %s", id, what);
        return -EBADMSG;
}

/* The index of a name in a table, or -1. */
static int name_index(const char *const *names, size_t n, const char *name)
{
        for (size_t i = 0; name && i < n; i++)
                if (!strcmp(names[i], name))
                        return (int) i;
        return -1;
}

static const char *text_of(const json_t *json, const char *key, const char *otherwise)
{
        const char *text = json_string_value(json_object_get(json, key));

        return text ? text : otherwise;
}

static size_t size_of(const json_t *json, const char *key, size_t otherwise)
{
        json_int_t n = json_integer_value(json_object_get(json, key));

        return n > 0 && n <= WINDOW_MAX ? (size_t) n : otherwise;
}

/* Copies an array of strings behind `*next` and moves that on; the list ends in NULL. */
static const char *const *list_of(const json_t *json, const char *key, const char ***next)
{
        const char **list = *next;
        size_t i;
        json_t *item;

        json_array_foreach (json_object_get(json, key), i, item)
                if (json_is_string(item))
                        *(*next)++ = json_string_value(item);
        *(*next)++ = NULL;
        return list;
}

static size_t list_room(const json_t *rules)
{
        size_t n = 0, i;
        json_t *json;

        json_array_foreach (rules, i, json)
                n += 3 + json_array_size(json_object_get(json, "keywords")) +
                     json_array_size(json_object_get(json, "cwe")) +
                     json_array_size(json_object_get(json, "tags"));
        return n;
}

static int rule_load(struct rule *rule, json_t *json, const char ***next, char *error, size_t size)
{
        int severity, rank, kind, proof;

        rule->json = json;
        rule->id = text_of(json, "id", NULL);
        if (!rule->id)
                return fault(error, size, "?", "has no id");
        rule->name = text_of(json, "name", NULL);
        rule->fix = text_of(json, "fix", NULL);
        rule->regex = text_of(json, "regex", NULL);
        rule->deny = text_of(json, "deny", NULL);
        rule->path = text_of(json, "path", NULL);
        rule->form = text_of(json, "form", NULL);
        if (!rule->name || !rule->regex)
                return fault(error, size, rule->id, "needs a name and a regex");

        severity = name_index(severity_names, ARRAY_SIZE(severity_names),
                              text_of(json, "severity", "high"));
        rank = name_index(rank_names, ARRAY_SIZE(rank_names), text_of(json, "rank", "provider"));
        kind = name_index(kind_names, ARRAY_SIZE(kind_names), text_of(json, "kind", "regex"));
        proof = name_index(proof_names, PROOFS_, text_of(json, "proof", "none"));
        if (severity < 0 || rank < 0 || kind < 0 || proof < 0)
                return fault(error, size, rule->id, "unknown severity, rank, kind or proof");
        rule->severity = (unsigned) severity;
        rule->rank = (enum rule_rank) rank;
        rule->kind = (enum rule_kind) kind;
        rule->proof = (enum proof) proof;

        rule->keywords = list_of(json, "keywords", next);
        rule->cwe = list_of(json, "cwe", next);
        rule->tags = list_of(json, "tags", next);
        if (!rule->keywords[0])
                return fault(error, size, rule->id, "needs at least one keyword");
        rule->cased = json_is_true(json_object_get(json, "cased"));
        rule->words = json_is_true(json_object_get(json, "words"));
        rule->decode = json_is_true(json_object_get(json, "decode"));
        rule->group = (unsigned) size_of(json, "group", 0);
        rule->entropy = json_number_value(json_object_get(json, "entropy"));
        rule->min_length = size_of(json, "min_length", 1);
        rule->before = size_of(json, "before", 64);
        rule->after = size_of(json, "after", 512);
        rule->keep = (unsigned) size_of(json, "keep", 0);
        return 0;
}

int rule_pack_load(struct rule_pack *pack, const char *text, size_t length, char *error,
                   size_t error_size)
{
        json_error_t at;
        json_t *list, *json;
        const char **next;
        size_t i;
        int r;

        *pack = (struct rule_pack){ .root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &at) };
        list = json_object_get(pack->root, "rules");
        if (!list || !json_array_size(list) || json_array_size(list) > RULES_MAX) {
                (void) snprintf(error, error_size, "no rules, or not JSON: line %d: %s", at.line,
                                at.text);
                rule_pack_done(pack);
                return -EBADMSG;
        }
        pack->rules = calloc(json_array_size(list), sizeof(*pack->rules));
        pack->lists = next = calloc(list_room(list), sizeof(*pack->lists));
        if (!pack->rules || !pack->lists) {
                rule_pack_done(pack);
                return -ENOMEM;
        }
        json_array_foreach (list, i, json) {
                r = rule_load(&pack->rules[pack->n_rules++], json, &next, error, error_size);
                if (r < 0) {
                        rule_pack_done(pack);
                        return r;
                }
        }
        return 0;
}

void rule_pack_done(struct rule_pack *pack)
{
        for (size_t i = 0; i < pack->n_rules; i++) {
                pcre2_code_free(pack->rules[i].code);
                pcre2_code_free(pack->rules[i].deny_code);
                pcre2_code_free(pack->rules[i].path_code);
                pcre2_code_free(pack->rules[i].form_code);
        }
        free(pack->rules);
        free(pack->lists);
        json_decref(pack->root);
        *pack = (struct rule_pack){ 0 };
}

static int compile_one(pcre2_code **code, const char *id, const char *pattern, char *error,
                       size_t size)
{
        PCRE2_UCHAR text[256];
        PCRE2_SIZE at;
        int number;

        *code = pcre2_compile((PCRE2_SPTR) pattern, PCRE2_ZERO_TERMINATED,
                              PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UTF, &number, &at, NULL);
        if (*code)
                return 0;
        (void) pcre2_get_error_message(number, text, sizeof(text));
        (void) snprintf(error, size, "rule %s: %s at byte %zu of %s", id, (const char *) text, at,
                        pattern);
        return -EBADMSG;
}

int rule_compile(struct rule *rule, char *error, size_t error_size)
{
        int r = 0;

        if (!rule->code)
                r = compile_one(&rule->code, rule->id, rule->regex, error, error_size);
        if (r >= 0 && rule->deny && !rule->deny_code)
                r = compile_one(&rule->deny_code, rule->id, rule->deny, error, error_size);
        if (r >= 0 && rule->path && !rule->path_code)
                r = compile_one(&rule->path_code, rule->id, rule->path, error, error_size);
        if (r >= 0 && rule->form && !rule->form_code)
                r = compile_one(&rule->form_code, rule->id, rule->form, error, error_size);
        return r;
}
