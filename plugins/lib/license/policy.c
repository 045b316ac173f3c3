/* SPDX-License-Identifier: Apache-2.0 */
#include "license/policy.h"

#include <fnmatch.h>
#include <stdio.h>
#include <strings.h>

#define LISTS_MAX 2000 /* items of one list */
#define POINTER   160

/* ---- Shape ---- */

enum type { EXPRESSION, LICENSES, TEXTS, KINDS, REASON, DATE, RULES, EXCEPTIONS };

struct member {
        const char *name;
        enum type type;
        bool must;
};

static const struct member policy_members[] = {
        { "project", EXPRESSION, false }, { "allow", LICENSES, false },
        { "deny", LICENSES, false },      { "review", LICENSES, false },
        { "rules", RULES, false },        { "exceptions", EXCEPTIONS, false },
};

static const struct member rule_members[] = {
        { "paths", TEXTS, false },   { "kinds", KINDS, false },     { "allow", LICENSES, false },
        { "deny", LICENSES, false }, { "review", LICENSES, false },
};

static const struct member exception_members[] = {
        { "licenses", LICENSES, true }, { "paths", TEXTS, false }, { "kinds", KINDS, false },
        { "reason", REASON, true },     { "until", DATE, false },
};

static const char *const kinds[] = { "own", "direct", "transitive", "dev" };

struct checker {
        char *error;
        size_t size;
};

static int fault(struct checker *c, const char *pointer, const char *what)
{
        (void) snprintf(c->error, c->size, "%s %s", *pointer ? pointer : "the policy", what);
        return -EBADMSG;
}

static int check_members(struct checker *c, const json_t *object, const struct member *members,
                         size_t n, const char *pointer);

/* "GPL-*", or an expression. */
static int check_license(struct checker *c, const json_t *item, const char *pointer)
{
        const char *text = json_string_value(item);
        char what[256];
        struct spdx s;

        if (!text)
                return fault(c, pointer, "must be the text of a licence");
        if (strchr(text, '*') || spdx_parse(&s, text, strlen(text)) == 0)
                return 0;
        (void) snprintf(what, sizeof(what), "is no SPDX expression: %s", s.error);
        return fault(c, pointer, what);
}

static int check_text(struct checker *c, const json_t *item, const char *pointer)
{
        return json_string_length(item) ? 0 : fault(c, pointer, "must be a text");
}

static int check_kind(struct checker *c, const json_t *item, const char *pointer)
{
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (json_is_string(item) && !strcmp(json_string_value(item), kinds[i]))
                        return 0;
        return fault(c, pointer, "must be one of own, direct, transitive, dev");
}

static int check_date(struct checker *c, const json_t *item, const char *pointer)
{
        const char *text = json_string_value(item);
        unsigned year, month, day;
        int end = 0;

        if (text && strlen(text) == 10 &&
            sscanf(text, "%4u-%2u-%2u%n", &year, &month, &day, &end) == 3 && end == 10 &&
            month >= 1 && month <= 12 && day >= 1 && day <= 31)
                return 0;
        return fault(c, pointer, "must be a date such as \"2027-01-31\"");
}

static int check_rule(struct checker *c, const json_t *item, const char *pointer)
{
        return check_members(c, item, rule_members, ARRAY_SIZE(rule_members), pointer);
}

static int check_exception(struct checker *c, const json_t *item, const char *pointer)
{
        return check_members(c, item, exception_members, ARRAY_SIZE(exception_members), pointer);
}

static const struct {
        bool is_list;
        int (*check)(struct checker *c, const json_t *item, const char *pointer);
} types[] = {
        [EXPRESSION] = { false, check_license }, [LICENSES] = { true, check_license },
        [TEXTS] = { true, check_text },          [KINDS] = { true, check_kind },
        [REASON] = { false, check_text },        [DATE] = { false, check_date },
        [RULES] = { true, check_rule },          [EXCEPTIONS] = { true, check_exception },
};

static int check_value(struct checker *c, const json_t *value, enum type type, const char *pointer)
{
        const json_t *item;
        int r = 0;
        size_t i;

        if (!types[type].is_list)
                return types[type].check(c, value, pointer);
        if (!json_is_array(value) || json_array_size(value) > LISTS_MAX)
                return fault(c, pointer, "must be a list of at most 2000");
        json_array_foreach (value, i, item) {
                char inner[POINTER + 24];

                (void) snprintf(inner, sizeof(inner), "%.120s/%zu", pointer, i);
                if (r == 0)
                        r = types[type].check(c, item, inner);
        }
        return r;
}

static int check_members(struct checker *c, const json_t *object, const struct member *members,
                         size_t n, const char *pointer)
{
        char inner[POINTER];
        const char *key;
        json_t *value;
        int r = 0;

        if (!json_is_object(object))
                return fault(c, pointer, "must be an object");
        for (size_t i = 0; i < n; i++) {
                (void) snprintf(inner, sizeof(inner), "%.60s/%s", pointer, members[i].name);
                if (members[i].must && !json_object_get(object, members[i].name))
                        return fault(c, inner, "is missing");
        }
        json_object_foreach ((json_t *) object, key, value) {
                size_t i = 0;

                (void) snprintf(inner, sizeof(inner), "%.60s/%.60s", pointer, key);
                while (i < n && strcmp(key, members[i].name) != 0)
                        i++;
                if (r == 0)
                        r = i < n ? check_value(c, value, members[i].type, inner)
                                  : fault(c, inner, "is nothing that a policy has");
        }
        return r;
}

int license_policy_check(const json_t *policy, char *error, size_t size)
{
        struct checker c = { error, size };

        return policy ? check_members(&c, policy, policy_members, ARRAY_SIZE(policy_members), "")
                      : 0;
}

/* ---- Lists ---- */

/* "GPL-2.0" in a policy means both -only and -or-later; "AGPL-*" all that begin so. */
static bool entry_matches(const char *entry, const char *name)
{
        size_t n = strlen(entry);

        if (strchr(entry, '*'))
                return !fnmatch(entry, name, FNM_CASEFOLD);
        if (!strcasecmp(entry, name))
                return true;
        return strncasecmp(name, entry, n) == 0 &&
               (!strcasecmp(name + n, "-only") || !strcasecmp(name + n, "-or-later") ||
                !strcmp(name + n, "+"));
}

/* Does an entry that is an expression name it? One with AND names nothing. */
static bool expression_names(const char *entry, const char *name)
{
        char one[SPDX_NAME];
        struct spdx s;

        if (spdx_parse(&s, entry, strlen(entry)) < 0)
                return false;
        for (int k = 0; k < s.n_nodes; k++)
                if (s.nodes[k].kind == SPDX_AND)
                        return false;
        for (int k = 0; k < s.n_nodes; k++) {
                if (s.nodes[k].kind != SPDX_LICENSE)
                        continue;
                spdx_name(&s.nodes[k], one, sizeof(one));
                if (!strcasecmp(one, name))
                        return true;
        }
        return false;
}

/* Where a list names a licence: its index, or -1. */
static int find_in(const json_t *list, const char *name)
{
        const json_t *item;
        size_t i;

        json_array_foreach (list, i, item) {
                const char *entry = json_string_value(item);

                if (entry && (entry_matches(entry, name) || expression_names(entry, name)))
                        return (int) i;
        }
        return -1;
}

/* Versions that "or later" reaches, of the families that have them. */
static const struct {
        const char *family;
        const char *versions[4];
} families[] = {
        { "GPL", { "1.0", "2.0", "3.0", NULL } },
        { "LGPL", { "2.0", "2.1", "3.0", NULL } },
        { "AGPL", { "1.0", "3.0", NULL } },
        { "GFDL", { "1.1", "1.2", "1.3", NULL } },
};

/* "GPL-2.0-or-later" is in a list that allows GPL-3.0-only. */
static bool later_is_in(const json_t *allow, const json_t *deny, const char *name)
{
        const char *dash = strchr(name, '-'), *tail = strstr(name, "-or-later");

        for (size_t i = 0; dash && tail && i < ARRAY_SIZE(families); i++) {
                bool reached = false;

                if (strlen(families[i].family) != (size_t) (dash - name) ||
                    strncasecmp(families[i].family, name, (size_t) (dash - name)) != 0)
                        continue;
                for (const char *const *v = families[i].versions; *v; v++) {
                        char only[64];

                        reached |= !strncmp(dash + 1, *v, strlen(*v));
                        (void) snprintf(only, sizeof(only), "%s-%s-only", families[i].family, *v);
                        if (reached && find_in(allow, only) >= 0 && find_in(deny, only) < 0)
                                return true;
                }
        }
        return false;
}

/* ---- Verdicts ---- */

struct judge {
        const json_t *policy;
        const struct license_use *use;
        const char *today;
        struct license_reason reason;
};

/* Is a path what a pattern means, or in the folder that it names? */
static bool is_path(const char *pattern, const char *path)
{
        size_t n = strlen(pattern);

        if (!strncmp(path, pattern, n) && (path[n] == '/' || (n && pattern[n - 1] == '/')))
                return true;
        return !fnmatch(pattern, path, 0) ||
               (!strncmp(pattern, "**/", 3) && !fnmatch(pattern + 3, path, 0));
}

static bool path_fits(const json_t *paths, const char *path)
{
        const json_t *item;
        size_t i;

        if (!paths)
                return true;
        json_array_foreach (paths, i, item) {
                const char *pattern = json_string_value(item);

                if (path && pattern && is_path(pattern, path))
                        return true;
        }
        return false;
}

static bool kind_fits(const json_t *list, const char *kind)
{
        const json_t *item;
        size_t i;

        if (!list)
                return true;
        json_array_foreach (list, i, item)
                if (kind && !strcmp(json_string_value(item), kind))
                        return true;
        return false;
}

static bool use_fits(const json_t *rule, const struct license_use *use)
{
        return path_fits(json_object_get(rule, "paths"), use->path) &&
               kind_fits(json_object_get(rule, "kinds"), use->kind);
}

static void decide(struct judge *j, const char *where, const char *list, int index)
{
        (void) snprintf(j->reason.pointer, sizeof(j->reason.pointer), "%s/%s/%d", where, list,
                        index);
}

/* What the three lists of the policy or of a rule say: true when one of them names it. */
static bool judge_lists(struct judge *j, const json_t *lists, const char *where, const char *whole,
                        const char *base, enum license_verdict *ret)
{
        static const struct {
                const char *list;
                enum license_verdict verdict;
        } rows[] = { { "deny", LICENSE_DENIED }, { "review", LICENSE_REVIEW } };
        const json_t *allow = json_object_get(lists, "allow");
        bool pair = strcmp(whole, base) != 0 && find_in(allow, whole) >= 0;
        int i;

        for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
                const json_t *list = json_object_get(lists, rows[k].list);

                i = find_in(list, whole);
                /* An exception only adds permissions: the pair may be allowed where the licence
                 * alone is not. */
                if (i < 0 && !pair)
                        i = find_in(list, base);
                if (i < 0)
                        continue;
                decide(j, where, rows[k].list, i);
                *ret = rows[k].verdict;
                return true;
        }
        *ret = LICENSE_ALLOWED;
        return pair || find_in(allow, base) >= 0 ||
               later_is_in(allow, json_object_get(lists, "deny"), base);
}

static bool is_excepted(struct judge *j, const char *whole, const char *base)
{
        const json_t *item;
        size_t i;

        json_array_foreach (json_object_get(j->policy, "exceptions"), i, item) {
                const json_t *list = json_object_get(item, "licenses");
                const char *until = json_string_value(json_object_get(item, "until"));

                if (!use_fits(item, j->use) ||
                    (find_in(list, whole) < 0 && find_in(list, base) < 0))
                        continue;
                if (until && strcmp(j->today, until) > 0) {
                        j->reason.expired = until;
                        continue;
                }
                (void) snprintf(j->reason.pointer, sizeof(j->reason.pointer), "/exceptions/%zu", i);
                j->reason.text = json_string_value(json_object_get(item, "reason"));
                return true;
        }
        return false;
}

static enum license_verdict judge_license(struct judge *j, const struct spdx_node *node)
{
        struct spdx_node bare = *node;
        char whole[SPDX_NAME], base[SPDX_NAME];
        enum license_verdict verdict;
        const json_t *rule;
        size_t i;

        bare.exception = (struct span){ 0 };
        spdx_name(node, whole, sizeof(whole));
        spdx_name(&bare, base, sizeof(base));
        json_array_foreach (json_object_get(j->policy, "rules"), i, rule) {
                char where[32];

                (void) snprintf(where, sizeof(where), "/rules/%zu", i);
                if (use_fits(rule, j->use) && judge_lists(j, rule, where, whole, base, &verdict))
                        goto found;
        }
        if (!judge_lists(j, j->policy, "", whole, base, &verdict)) {
                verdict = json_object_get(j->policy, "allow") ? LICENSE_DENIED : LICENSE_ALLOWED;
                *j->reason.pointer = '\0';
        }
found:
        if (verdict != LICENSE_ALLOWED && is_excepted(j, whole, base))
                return LICENSE_EXCEPTED;
        return verdict;
}

static enum license_verdict judge_node(struct judge *j, const struct spdx *s, int index)
{
        const struct spdx_node *node = &s->nodes[index];
        enum license_verdict left, right;
        struct license_reason kept;

        if (node->kind == SPDX_NOTHING)
                return LICENSE_ALLOWED;
        if (node->kind == SPDX_LICENSE)
                return judge_license(j, node);
        left = judge_node(j, s, node->left);
        kept = j->reason;
        j->reason = (struct license_reason){ 0 };
        right = judge_node(j, s, node->right);
        if (node->kind == SPDX_AND ? left >= right : left <= right) {
                j->reason = kept;
                return left;
        }
        return right;
}

enum license_verdict license_policy_judge(const json_t *policy, const struct spdx *s,
                                          const struct license_use *use, const char *today,
                                          struct license_reason *ret_reason)
{
        struct judge j = { .policy = policy, .use = use, .today = today };
        enum license_verdict verdict = LICENSE_ALLOWED;

        if (policy)
                verdict = judge_node(&j, s, s->root);
        *ret_reason = j.reason;
        return verdict;
}
