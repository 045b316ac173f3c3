/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/rule.h"

#include "scan/digest.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define WINDOW_MAX  65536
#define ENTROPY_MAX 8
#define KEEP_MAX    24 /* a public prefix is not longer; more would show the secret */
#define ALLOW_MAX   64 /* allowances of one rule, or of a pack */

static const char *const severity_names[] = { "info", "low", "medium", "high", "critical" };
static const char *const rank_names[] = { "generic", "shape", "provider" };
static const char *const kind_names[] = { "regex", "assignment", "anchored" };
static const char *const target_names[] = { "secret", "match", "line" };

#define TEXT(member)                                                                               \
        {                                                                                          \
#member, FIELD_TEXT, offsetof(struct rule, member), NULL, 0, 0                     \
        }
#define EXPRESSION(member)                                                                         \
        {                                                                                          \
#member, FIELD_TEXT, offsetof(struct rule, member.text), NULL, 0, 0                \
        }
#define LIST(member)                                                                               \
        {                                                                                          \
#member, FIELD_LIST, offsetof(struct rule, member), NULL, 0, 0                     \
        }
#define FLAG(member)                                                                               \
        {                                                                                          \
#member, FIELD_FLAG, offsetof(struct rule, member), NULL, 0, 0                     \
        }
#define REAL(member)                                                                               \
        {                                                                                          \
#member, FIELD_REAL, offsetof(struct rule, member), NULL, 0, 0                     \
        }
#define SIZE(member, most, otherwise)                                                              \
        {                                                                                          \
#member, FIELD_SIZE, offsetof(struct rule, member), NULL, most, otherwise          \
        }
#define NAME(member, names, n, otherwise)                                                          \
        {                                                                                          \
#member, FIELD_NAME, offsetof(struct rule, member), names, n, otherwise            \
        }

/* A field more is a line here: JSON and compiled packs read and write it by this table. */
/* clang-format off */
const struct rule_field rule_fields[] = {
        TEXT(id),
        TEXT(name),
        TEXT(fix),
        NAME(severity, severity_names, ARRAY_SIZE(severity_names), 3),
        NAME(kind, kind_names, ARRAY_SIZE(kind_names), RULE_REGEX),
        NAME(rank, rank_names, ARRAY_SIZE(rank_names), RULE_PROVIDER),
        LIST(keywords),
        LIST(cwe),
        LIST(tags),
        FLAG(cased),
        EXPRESSION(regex),
        EXPRESSION(deny),
        EXPRESSION(form),
        EXPRESSION(path),
        NAME(proof, proof_names, PROOFS_, PROOF_NONE),
        SIZE(group, RULE_GROUPS - 1, 0),
        REAL(entropy),
        SIZE(min_length, WINDOW_MAX, 1),
        SIZE(before, WINDOW_MAX, 64),
        SIZE(after, WINDOW_MAX, 512),
        SIZE(keep, KEEP_MAX, 0),
        FLAG(words),
        FLAG(decode),
        FLAG(plain),
        FLAG(own_gate),
        LIST(examples),
        LIST(counters),
        TEXT(example_path),
};
/* clang-format on */
const size_t rule_fields_n = ARRAY_SIZE(rule_fields);
_Static_assert(ARRAY_SIZE(rule_fields) <= RULE_FIELDS_MAX, "compiled packs have room for so many");

/* ---- Reading JSON ---- */

/* Where we are in the pack, for the text of an error. */
struct reader {
        struct rule_pack *pack;
        const char **next_list;
        struct expression *next_expression;
        struct allowance *next_allowance;
        char at[160]; /* JSON pointer of what is read */
        char *error;
        size_t error_size;
};

static int fault(struct reader *r, const char *key, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
static int fault(struct reader *r, const char *key, const char *format, ...)
{
        char what[200];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(what, sizeof(what), format, args);
        va_end(args);
        (void) snprintf(r->error, r->error_size, "%s%s%s: %s", r->at, *key ? "/" : "", key, what);
        return -EBADMSG;
}

/* Copies an array of strings behind `next_list` and moves that on; the list ends in NULL. */
static int list_read(struct reader *r, const char *key, const json_t *json, const char *const **ret)
{
        const char **list = r->next_list;
        size_t i;
        json_t *item;

        if (json && !json_is_array(json))
                return fault(r, key, "must be a list of texts");
        json_array_foreach (json, i, item) {
                if (!json_is_string(item))
                        return fault(r, key, "must be a list of texts");
                *r->next_list++ = json_string_value(item);
        }
        *r->next_list++ = NULL;
        *ret = list;
        return 0;
}

static int name_read(struct reader *r, const struct rule_field *f, const json_t *json,
                     unsigned *ret)
{
        for (unsigned i = 0; json_is_string(json) && i < f->n; i++)
                if (f->names[i] && !strcmp(f->names[i], json_string_value(json))) {
                        *ret = i;
                        return 0;
                }
        return fault(r, f->key, "must be one of %s … %s", f->names[0], f->names[f->n - 1]);
}

static int field_read(struct reader *r, const struct rule_field *f, const json_t *json, void *ret)
{
        json_int_t n = json_integer_value(json);

        switch (f->kind) {
        case FIELD_LIST:
                return list_read(r, f->key, json, ret);
        case FIELD_NAME:
        case FIELD_SIZE:
                *(unsigned *) ret = f->otherwise;
                break;
        default:
                break;
        }
        if (!json)
                return 0;
        switch (f->kind) {
        case FIELD_TEXT:
                *(const char **) ret = json_string_value(json);
                return json_is_string(json) ? 0 : fault(r, f->key, "must be a text");
        case FIELD_NAME:
                return name_read(r, f, json, ret);
        case FIELD_SIZE:
                if (!json_is_integer(json) || n < 0 || n > f->n)
                        return fault(r, f->key, "must be a number from 0 to %u", f->n);
                *(unsigned *) ret = (unsigned) n;
                return 0;
        case FIELD_FLAG:
                *(bool *) ret = json_is_true(json);
                return json_is_boolean(json) ? 0 : fault(r, f->key, "must be true or false");
        case FIELD_REAL:
                *(double *) ret = json_number_value(json);
                if (!json_is_number(json) || *(double *) ret < 0 || *(double *) ret > ENTROPY_MAX)
                        return fault(r, f->key, "must be a number from 0 to %d", ENTROPY_MAX);
                return 0;
        default:
                return 0;
        }
}

static int expressions_read(struct reader *r, const char *key, const json_t *json,
                            struct expression **ret)
{
        size_t i;
        json_t *item;

        *ret = r->next_expression;
        if (json && !json_is_array(json))
                return fault(r, key, "must be a list of expressions");
        json_array_foreach (json, i, item) {
                if (!json_is_string(item))
                        return fault(r, key, "must be a list of expressions");
                (r->next_expression++)->text = json_string_value(item);
        }
        r->next_expression++;
        return 0;
}

static int allowance_read(struct reader *r, const json_t *json, struct allowance *a)
{
        static const char *const keys[] = { "regexes", "paths", "words", "rules", "target", "all" };
        static const struct rule_field target = {
                "target", FIELD_NAME, 0, target_names, ARRAY_SIZE(target_names), ALLOW_SECRET
        };
        const json_t *named = json_object_get(json, "target"), *all = json_object_get(json, "all");
        unsigned n = ALLOW_SECRET;
        const char *key;
        json_t *value;
        int result;

        if (!json_is_object(json))
                return fault(r, "", "must be an object");
        json_object_foreach ((json_t *) json, key, value) {
                size_t i = 0;

                while (i < ARRAY_SIZE(keys) && strcmp(keys[i], key) != 0)
                        i++;
                if (i == ARRAY_SIZE(keys))
                        return fault(r, key, "there is no such member");
        }
        result = expressions_read(r, "regexes", json_object_get(json, "regexes"), &a->regexes);
        if (result >= 0)
                result = expressions_read(r, "paths", json_object_get(json, "paths"), &a->paths);
        if (result >= 0)
                result = list_read(r, "words", json_object_get(json, "words"), &a->words);
        if (result >= 0)
                result = list_read(r, "rules", json_object_get(json, "rules"), &a->rules);
        if (result >= 0 && named)
                result = name_read(r, &target, named, &n);
        if (result >= 0 && all && !json_is_boolean(all))
                result = fault(r, "all", "must be true or false");
        a->target = (enum allow_target) n;
        a->all = json_is_true(all);
        return result;
}

static int allow_read(struct reader *r, const json_t *json, struct allowance **ret, size_t *ret_n)
{
        char before[sizeof(r->at)];
        size_t i;
        json_t *item;
        int result = 0;

        if (!json)
                return 0;
        if (!json_is_array(json) || json_array_size(json) > ALLOW_MAX)
                return fault(r, "allow", "must be a list of at most %d objects", ALLOW_MAX);
        (void) snprintf(before, sizeof(before), "%s", r->at);
        *ret = r->next_allowance;
        json_array_foreach (json, i, item) {
                (void) snprintf(r->at, sizeof(r->at), "%.100s/allow/%zu", before, i);
                result = allowance_read(r, item, r->next_allowance++);
                if (result < 0)
                        return result;
                ++*ret_n;
        }
        (void) snprintf(r->at, sizeof(r->at), "%s", before);
        return 0;
}

static int keys_check(struct reader *r, const json_t *json)
{
        const char *key;
        json_t *value;

        json_object_foreach ((json_t *) json, key, value) {
                size_t i = 0;

                while (i < rule_fields_n && strcmp(rule_fields[i].key, key) != 0)
                        i++;
                if (i == rule_fields_n && strcmp(key, "allow") != 0)
                        return fault(r, key, "rules have no such member");
        }
        return 0;
}

static int rule_read(struct reader *r, struct rule *rule, const json_t *json, size_t index)
{
        int result;

        (void) snprintf(r->at, sizeof(r->at), "/rules/%zu", index);
        if (!json_is_object(json))
                return fault(r, "", "must be an object");
        result = keys_check(r, json);
        for (size_t i = 0; result >= 0 && i < rule_fields_n; i++)
                result = field_read(r, &rule_fields[i], json_object_get(json, rule_fields[i].key),
                                    (char *) rule + rule_fields[i].offset);
        if (result >= 0)
                result =
                        allow_read(r, json_object_get(json, "allow"), &rule->allow, &rule->n_allow);
        if (result < 0)
                return result;
        if (!rule->id || !*rule->id)
                return fault(r, "id", "is missing");
        if (!rule->name || !rule->regex.text)
                return fault(r, "", "rule %s needs a name and a regex", rule->id);
        for (const char *const *k = rule->keywords; *k; k++)
                if (!**k || strlen(*k) > RULE_KEYWORD_MAX)
                        return fault(r, "keywords", "a keyword has 1 to %d bytes",
                                     RULE_KEYWORD_MAX);
        return rule->keywords[0] ? 0 : fault(r, "keywords", "rule %s needs one", rule->id);
}

/* ---- Room ---- */

static size_t size_at(const json_t *json, const char *key)
{
        return json_array_size(json_object_get(json, key));
}

/* How much of everything a pack holds, counted before anything is read. */
struct room {
        size_t lists, expressions, allowances;
};

static void count_allow(struct room *room, const json_t *json)
{
        size_t i;
        json_t *item;

        json_array_foreach (json_object_get(json, "allow"), i, item) {
                room->allowances++;
                room->lists += size_at(item, "words") + size_at(item, "rules") + 2;
                room->expressions += size_at(item, "regexes") + size_at(item, "paths") + 2;
        }
}

static struct room count_room(const json_t *root)
{
        struct room room = { 1 + size_at(root, "disable") + 1, 1, 1 };
        size_t i;
        json_t *json;

        count_allow(&room, root);
        json_array_foreach (json_object_get(root, "rules"), i, json) {
                count_allow(&room, json);
                for (size_t k = 0; k < rule_fields_n; k++)
                        if (rule_fields[k].kind == FIELD_LIST)
                                room.lists += size_at(json, rule_fields[k].key) + 1;
        }
        return room;
}

static int make_room(struct rule_pack *pack, size_t n_rules, const struct room *room)
{
        pack->rules = calloc(n_rules + 1, sizeof(*pack->rules));
        pack->lists = calloc(room->lists, sizeof(*pack->lists));
        pack->expressions = calloc(room->expressions, sizeof(*pack->expressions));
        pack->allowances = calloc(room->allowances, sizeof(*pack->allowances));
        pack->n_expressions = room->expressions;
        return pack->rules && pack->lists && pack->expressions && pack->allowances ? 0 : -ENOMEM;
}

/* What stands beside the rules. */
static int root_read(struct reader *r)
{
        static const char *const keys[] = { "version", "rules", "allow", "disable", "alone" };
        const json_t *root = r->pack->root, *alone = json_object_get(root, "alone");
        const char *key;
        json_t *value;
        int result;

        json_object_foreach ((json_t *) root, key, value) {
                size_t i = 0;

                while (i < ARRAY_SIZE(keys) && strcmp(keys[i], key) != 0)
                        i++;
                if (i == ARRAY_SIZE(keys))
                        return fault(r, key, "packs have no such member");
        }
        if (alone && !json_is_boolean(alone))
                return fault(r, "alone", "must be true or false");
        r->pack->alone = json_is_true(alone);
        result = list_read(r, "disable", json_object_get(root, "disable"), &r->pack->disable);
        if (result >= 0)
                result = allow_read(r, json_object_get(root, "allow"), &r->pack->allow,
                                    &r->pack->n_allow);
        return result;
}

static int read_all(struct rule_pack *pack, const json_t *list, char *error, size_t error_size)
{
        struct reader r = { .pack = pack, .error = error, .error_size = error_size };
        struct room room = count_room(pack->root);
        int result = make_room(pack, json_array_size(list), &room);
        size_t i;
        json_t *json;

        if (result < 0) {
                (void) snprintf(error, error_size, "out of memory");
                return result;
        }
        r.next_list = pack->lists;
        r.next_expression = pack->expressions;
        r.next_allowance = pack->allowances;
        result = root_read(&r);
        json_array_foreach (list, i, json)
                if (result >= 0)
                        result = rule_read(&r, &pack->rules[pack->n_rules++], json, i);
        return result;
}

int rule_pack_load(struct rule_pack *pack, const char *text, size_t length, char *error,
                   size_t error_size)
{
        json_error_t at;
        json_t *list;
        int r;

        *pack = (struct rule_pack){ .root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &at) };
        if (!pack->root) {
                (void) snprintf(error, error_size, "%d:%d: %s", at.line, at.column, at.text);
                return -EBADMSG;
        }
        list = json_object_get(pack->root, "rules");
        /* One that only switches off or allows needs none. */
        if (!json_is_array(list) || json_array_size(list) > RULES_MAX ||
            !(json_array_size(list) + size_at(pack->root, "allow") +
              size_at(pack->root, "disable"))) {
                (void) snprintf(error, error_size, "/rules: must be a list of 1 to %d rules",
                                RULES_MAX);
                r = -EBADMSG;
        } else
                r = read_all(pack, list, error, error_size);
        if (r < 0) {
                rule_pack_done(pack);
                return r;
        }
        pack->n_parts = 1;
        digest_hex(pack->sha256, text, length);
        return 0;
}

void rule_pack_done(struct rule_pack *pack)
{
        for (size_t i = 0; i < pack->n_rules; i++) {
                struct rule *rule = &pack->rules[i];

                pcre2_code_free(rule->regex.code);
                pcre2_code_free(rule->deny.code);
                pcre2_code_free(rule->path.code);
                pcre2_code_free(rule->form.code);
        }
        for (size_t i = 0; i < pack->n_expressions && pack->expressions; i++)
                pcre2_code_free(pack->expressions[i].code);
        free(pack->rules);
        free(pack->lists);
        free(pack->expressions);
        free(pack->allowances);
        json_decref(pack->root);
        *pack = (struct rule_pack){ 0 };
}

/* ---- Joining ---- */

static int compare_rules(const void *a, const void *b)
{
        const struct rule *x = *(const struct rule *const *) a,
                          *y = *(const struct rule *const *) b;

        return strcmp(x->id, y->id);
}

/* Switches off what `more` names or has under the same id. */
static int switch_off(struct rule_pack *joined, size_t n_base, const char *const *disable)
{
        const struct rule **own = calloc(joined->n_rules - n_base + 1, sizeof(*own));
        size_t n = 0;

        if (!own)
                return -ENOMEM;
        for (size_t i = n_base; i < joined->n_rules; i++)
                own[n++] = &joined->rules[i];
        qsort(own, n, sizeof(*own), compare_rules);
        for (size_t i = 0; i < n_base; i++) {
                struct rule *rule = &joined->rules[i];
                const struct rule *key = rule;

                rule->off = bsearch(&key, own, n, sizeof(*own), compare_rules) != NULL;
                for (const char *const *d = disable; !rule->off && *d; d++)
                        rule->off = !strcmp(*d, rule->id);
        }
        free(own);
        return 0;
}

int rule_pack_join(struct rule_pack *joined, struct rule_pack *base, struct rule_pack *more)
{
        size_t n = base->n_rules;

        *joined = (struct rule_pack){ .n_parts = 2, .gates = { base->gates[0], more->gates[0] } };
        joined->rules = calloc(n + more->n_rules, sizeof(*joined->rules));
        joined->allowances = calloc(base->n_allow + more->n_allow + 1, sizeof(struct allowance));
        if (!joined->rules || !joined->allowances) {
                rule_pack_done(joined);
                return -ENOMEM;
        }
        if (base->n_allow)
                memcpy(joined->allowances, base->allow, base->n_allow * sizeof(struct allowance));
        if (more->n_allow)
                memcpy(joined->allowances + base->n_allow, more->allow,
                       more->n_allow * sizeof(struct allowance));
        joined->allow = joined->allowances;
        joined->n_allow = base->n_allow + more->n_allow;
        memcpy(joined->rules, base->rules, n * sizeof(*base->rules));
        memcpy(joined->rules + n, more->rules, more->n_rules * sizeof(*more->rules));
        joined->n_rules = n + more->n_rules;
        for (size_t i = n; i < joined->n_rules; i++)
                joined->rules[i].part = 1;
        memcpy(joined->sha256, more->sha256, sizeof(joined->sha256));
        base->n_rules = more->n_rules = 0;
        return switch_off(joined, n, more->disable);
}

/* ---- Expressions ---- */

int expression_compile(struct expression *e, char *error, size_t error_size)
{
        PCRE2_UCHAR text[256];
        PCRE2_SIZE at;
        int number;

        if (e->code || !e->text)
                return 0;
        e->code = pcre2_compile((PCRE2_SPTR) e->text, PCRE2_ZERO_TERMINATED,
                                PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UTF, &number, &at, NULL);
        if (e->code)
                return 0;
        (void) pcre2_get_error_message(number, text, sizeof(text));
        (void) snprintf(error, error_size, "%s at byte %zu of %s", (const char *) text, at,
                        e->text);
        return -EBADMSG;
}

static int compile_list(struct expression *e, char *error, size_t error_size)
{
        int r = 0;

        for (; r >= 0 && e->text; e++)
                r = expression_compile(e, error, error_size);
        return r;
}

int rule_compile(struct rule *rule, char *error, size_t error_size)
{
        struct expression *parts[] = { &rule->regex, &rule->deny, &rule->path, &rule->form };
        char why[320];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(parts); i++)
                r = expression_compile(parts[i], why, sizeof(why));
        for (size_t i = 0; r >= 0 && i < rule->n_allow; i++) {
                r = compile_list(rule->allow[i].regexes, why, sizeof(why));
                if (r >= 0)
                        r = compile_list(rule->allow[i].paths, why, sizeof(why));
        }
        if (r < 0)
                (void) snprintf(error, error_size, "rule %s: %s", rule->id, why);
        return r;
}

int rule_compile_code(struct rule *rule, char *error, size_t error_size)
{
        struct expression *parts[] = { &rule->regex, &rule->deny, &rule->path, &rule->form };
        int r = rule_compile(rule, error, error_size);

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(parts); i++)
                if (parts[i]->code)
                        (void) pcre2_jit_compile(parts[i]->code, PCRE2_JIT_COMPLETE);
        return r;
}
