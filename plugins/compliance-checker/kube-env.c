/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-env.h"

#include "scan/value.h"

#include <strings.h>

#define INFO   LINHAY_SEVERITY_INFO
#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

enum {
        ENV_SECRET_REF,
        ENV_SECRET,
        ENV_SECRET_NAME,
        ENV_TWICE,
        GIT_SYNC,
};

static const struct notice notices[] = {
        [ENV_SECRET_REF] = { "config/k8s-secret-as-variable", INFO, "CWE-526",
                             "A secret is given as an environment variable, which logs and child "
                             "processes see",
                             "Mount the secret as a file.",
                             "checkov:CKV_K8S_35 kube-linter:read-secret-from-env-var "
                             "cis-kubernetes:5.4.1" },
        [ENV_SECRET] = { "config/k8s-secret-in-variable", HIGH, "CWE-798",
                         "A variable whose name says that it is secret has its value in the file",
                         "Put it into a Secret and mount that.", "kube-linter:env-var-secret" },
        [ENV_SECRET_NAME] = { "config/k8s-secret-in-variable", LOW, "CWE-798",
                              "A variable is named after a secret and has its value in the file; "
                              "perhaps it is only the secret's name or place",
                              "If it is the secret itself, put it into a Secret and mount that.",
                              "kube-linter:env-var-secret", SOUNDNESS_HEURISTIC },
        [ENV_TWICE] = { "config/k8s-duplicate-variable", LOW, NULL,
                        "The environment variable is set twice; the last one holds",
                        "Leave out one of them.", "kube-linter:duplicate-env-var" },
        [GIT_SYNC] = { "config/k8s-git-sync-command", MEDIUM, "CWE-78",
                       "GITSYNC_GIT names the program that git-sync runs, so whoever sets it runs "
                       "what he likes",
                       "Leave out GITSYNC_GIT.", "checkov:CKV_K8S_159" },
};

size_t kube_env_rules(void)
{
        return ARRAY_SIZE(notices);
}

static bool is_secret_name(const char *name)
{
        static const char *const words[] = { "PASSWORD",    "PASSWD",     "API_KEY",   "APIKEY",
                                             "PRIVATE_KEY", "ACCESS_KEY", "AUTH_TOKEN" };

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (strcasestr(name, words[i]))
                        return true;
        return false;
}

/* Names of variables with "secret" are taken at their word; others only if the value looks so. */
static bool is_secret(const char *name, const struct yaml_node *value)
{
        const char *text = kube_text(value);
        struct span s = { text, strlen(text) };

        if (!s.length || strstr(text, "$("))
                return false;
        if (strcasestr(name, "secret"))
                return true;
        return is_secret_name(name) && !value_is_placeholder(s) && !value_is_reference(s);
}

/* SECRET_NAME, SECRET_PATH, a value that is a path, a truth or a number: no secret, very likely. */
static bool is_only_named(const char *name, const char *value)
{
        static const char *const ends[] = { "_NAME", "_PATH",      "_FILE", "_DIR", "_ID",
                                            "_REF",  "_NAMESPACE", "_TYPE", "_URL", "_ENABLED" };
        size_t n = strlen(name);

        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                if (n > strlen(ends[i]) && !strcasecmp(name + n - strlen(ends[i]), ends[i]))
                        return true;
        return *value == '/' || !strcasecmp(value, "true") || !strcasecmp(value, "false") ||
               strspn(value, "0123456789") == strlen(value);
}

static int look_at_variable(struct kube *k, const struct yaml_node *e)
{
        const struct yaml_node *name = yaml_get(e, "name"), *value = yaml_get(e, "value");
        const struct yaml_node *ref = yaml_at(e, "valueFrom.secretKeyRef");
        int r = 0;

        if (ref)
                r = kube_tell(k, &notices[ENV_SECRET_REF], ref);
        if (r >= 0 && yaml_is(name, "GITSYNC_GIT"))
                r = kube_tell(k, &notices[GIT_SYNC], name);
        if (r < 0 || !is_secret(kube_text(name), value))
                return r;
        r = kube_tell(k,
                      &notices[is_only_named(kube_text(name), kube_text(value)) ? ENV_SECRET_NAME
                                                                                : ENV_SECRET],
                      value);
        return r < 0 ? r : check_hide(k->c, value->start, value->end, 0);
}

static int compare_names(const void *a, const void *b)
{
        const struct yaml_node *const *x = a, *const *y = b;
        int order = strcmp(kube_text(*x), kube_text(*y));

        return order ? order : ((*x)->start > (*y)->start) - ((*x)->start < (*y)->start);
}

static int look_for_twice(struct kube *k, const struct yaml_node *env)
{
        size_t n = kube_count(k, env, YAML_SEQUENCE), named = 0;
        const struct yaml_node **names = n ? calloc(n, sizeof(*names)) : NULL;
        int r = 0;

        if (n && !names)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (*kube_text(yaml_get(env->items[i], "name")))
                        names[named++] = yaml_get(env->items[i], "name");
        if (named)
                qsort(names, named, sizeof(*names), compare_names);
        for (size_t i = 1; r >= 0 && i < named; i++)
                if (!strcmp(kube_text(names[i - 1]), kube_text(names[i])))
                        r = kube_tell(k, &notices[ENV_TWICE], names[i]);
        free(names);
        return r;
}

int kube_env_look(struct kube *k, const struct kube_container *c)
{
        const struct yaml_node *env = yaml_get(c->node, "env");
        const struct yaml_node *from = yaml_get(c->node, "envFrom");
        size_t n = kube_count(k, env, YAML_SEQUENCE), n_from = kube_count(k, from, YAML_SEQUENCE);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = look_at_variable(k, env->items[i]);
        for (size_t i = 0; r >= 0 && i < n_from; i++)
                if (yaml_get(from->items[i], "secretRef"))
                        r = kube_tell(k, &notices[ENV_SECRET_REF], from->items[i]);
        return r < 0 || k->is_template ? r : look_for_twice(k, env);
}
