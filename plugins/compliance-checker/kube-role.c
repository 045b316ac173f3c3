/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-role.h"

#include "kube-selector.h"

#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

enum {
        WILDCARD,
        EVERYTHING,
        WEBHOOKS,
        CERTIFICATES,
        SIGNERS,
        BIND,
        ESCALATE,
        IMPERSONATE,
        DELETE_ALL,
        AGGREGATE,
        CLUSTER_ADMIN,
        DEFAULT_ACCOUNT,
};

static const struct notice notices[] = {
        [WILDCARD] = { "config/k8s-wildcard-in-role", MEDIUM, "CWE-250",
                       "The role allows * and so also what Kubernetes will have one day",
                       "Name the resources and verbs that are needed.",
                       "checkov:CKV_K8S_49 kube-linter:wildcard-in-rules cis-kubernetes:5.1.3" },
        [EVERYTHING] = { "config/k8s-role-allows-everything", HIGH, "CWE-250",
                         "The role allows everything, like cluster-admin",
                         "Name the resources and verbs that are needed.",
                         "kube-linter:wildcard-resource-verb-combo cis-kubernetes:5.1.1" },
        [WEBHOOKS] = { "config/k8s-role-changes-webhooks", HIGH, "CWE-269",
                       "The role may change admission webhooks, which see and change all requests",
                       "Leave out create, update and patch of webhook configurations.",
                       "checkov:CKV_K8S_155 cis-kubernetes:5.1.12" },
        [CERTIFICATES] = { "config/k8s-role-approves-certificates", HIGH, "CWE-269",
                           "The role may approve certificates, also one for an administrator",
                           "Leave out certificatesigningrequests/approval and signers.",
                           "checkov:CKV_K8S_156 cis-kubernetes:5.1.11" },
        [SIGNERS] = { "config/k8s-role-approves-any-signer", HIGH, "CWE-269",
                      "The role may approve certificates of every signer",
                      "Name the signers in resourceNames.",
                      "kube-linter:approve-signers-without-resource-names" },
        [BIND] = { "config/k8s-role-binds", HIGH, "CWE-269",
                   "The role may bind roles that have more rights than it",
                   "Leave out the verb bind, or name the roles in resourceNames.",
                   "checkov:CKV_K8S_157 kube-linter:bind-verb-in-role cis-kubernetes:5.1.8" },
        [ESCALATE] = { "config/k8s-role-escalates", HIGH, "CWE-269",
                       "The role may give roles rights that it does not have",
                       "Leave out the verb escalate.",
                       "checkov:CKV_K8S_158 kube-linter:escalate-verb-in-role "
                       "cis-kubernetes:5.1.8" },
        [IMPERSONATE] = { "config/k8s-role-impersonates", HIGH, "CWE-269",
                          "The role may act as anybody", "Name whom in resourceNames.",
                          "kube-linter:impersonate-without-resource-names cis-kubernetes:5.1.8" },
        [DELETE_ALL] = { "config/k8s-role-deletes-collections", LOW, "CWE-250",
                         "The role may delete all objects of a kind with one request",
                         "Leave out the verb deletecollection.",
                         "kube-linter:deletecollection-verb-in-role" },
        [AGGREGATE] = { "config/k8s-role-aggregates", HIGH, "CWE-269",
                        "The role's rights over secrets or roles are added to those of every "
                        "admin, editor or viewer of a namespace",
                        "Leave out the label aggregate-to-..., or these rights.",
                        "kube-linter:aggregate-to-admin-escalation" },
        [CLUSTER_ADMIN] = { "config/k8s-cluster-admin-binding", HIGH, "CWE-250",
                            "cluster-admin is given to somebody",
                            "Make a role with the rights that are needed.",
                            "kube-linter:cluster-admin-role-binding cis-kubernetes:5.1.1" },
        [DEFAULT_ACCOUNT] = { "config/k8s-default-account-binding", MEDIUM, "CWE-250",
                              "A role is given to the default service account, and so to every pod "
                              "that names no other",
                              "Make a service account for those who need the role.",
                              "checkov:CKV_K8S_42 cis-kubernetes:5.1.5" },
};

size_t kube_role_rules(void)
{
        return ARRAY_SIZE(notices);
}

/* ---- Access ---- */

/* Is one of the texts of a rule's list "*" or among `wanted`? */
static bool list_has(const json_t *list, const char *wanted)
{
        json_t *item;
        size_t i;

        json_array_foreach (list, i, item) {
                const char *text = json_string_value(item), *at = wanted;
                bool any_of_sub;
                size_t n;

                if (text && (!strcmp(text, "*") || (!*text && *wanted == ' ')))
                        return true;
                /* "*" before a slash stands for any resource with this part. */
                any_of_sub = text && !strncmp(text, "*/", 2);
                text = any_of_sub ? text + 1 : text;
                n = text ? strlen(text) : 0;
                while (n && (at = strstr(at, text))) {
                        if ((any_of_sub || at == wanted || at[-1] == ' ') &&
                            (at[n] == ' ' || !at[n]))
                                return true;
                        at += n;
                }
        }
        return false;
}

static bool rule_allows(const json_t *rule, const struct kube_access *a)
{
        return (!a->groups || list_has(json_object_get(rule, "apiGroups"), a->groups)) &&
               (!a->resources || list_has(json_object_get(rule, "resources"), a->resources)) &&
               (!a->verbs || list_has(json_object_get(rule, "verbs"), a->verbs));
}

bool kube_role_allows(const json_t *rules, const struct kube_access *access)
{
        json_t *rule;
        size_t i;

        json_array_foreach (rules, i, rule)
                if (rule_allows(rule, access))
                        return true;
        return false;
}

static bool has_wildcard(const json_t *rule)
{
        static const char *const lists[] = { "apiGroups", "resources", "verbs" };
        bool found = false;

        for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
                json_t *item;
                size_t n;

                json_array_foreach (json_object_get(rule, lists[i]), n, item)
                        found |= strchr(json_string_value(item) ? json_string_value(item) : "",
                                        '*') != NULL;
        }
        return found;
}

/* ---- Roles ---- */

static const struct {
        int notice;
        bool cluster_only;  /* of no meaning in a Role */
        bool without_names; /* fine with resourceNames */
        struct kube_access access;
} grants[] = {
        { WEBHOOKS,
          true,
          false,
          { "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations validatingwebhookconfigurations",
            "create update patch" } },
        { SIGNERS, false, true, { NULL, "signers", "approve" } },
        { BIND,
          false,
          false,
          { "rbac.authorization.k8s.io", "roles clusterroles rolebindings clusterrolebindings",
            "bind" } },
        { ESCALATE,
          false,
          false,
          { "rbac.authorization.k8s.io", "roles clusterroles", "escalate" } },
        { IMPERSONATE, false, true, { NULL, NULL, "impersonate" } },
};

static int look_at_rule(struct kube *k, const struct kube_object *o, const struct yaml_node *node,
                        const json_t *rule)
{
        bool is_cluster = kube_is(o, "ClusterRole");
        bool named = json_array_size(json_object_get(rule, "resourceNames"));
        const json_t *verbs = json_object_get(rule, "verbs"), *verb;
        int r = has_wildcard(rule) ? kube_tell(k, &notices[WILDCARD], node) : 0;
        size_t n;

        if (r >= 0 && is_cluster && rule_allows(rule, &(struct kube_access){ " ", "*", "*" }))
                r = kube_tell(k, &notices[EVERYTHING], node);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(grants); i++) {
                if ((grants[i].cluster_only && !is_cluster) || (grants[i].without_names && named) ||
                    !rule_allows(rule, &grants[i].access))
                        continue;
                r = kube_tell(k, &notices[grants[i].notice], node);
        }
        json_array_foreach (verbs, n, verb)
                if (r >= 0 && json_string_value(verb) &&
                    !strcmp(json_string_value(verb), "deletecollection"))
                        r = kube_tell(k, &notices[DELETE_ALL], node);
        return r;
}

static int look_at_aggregate(struct kube *k, const struct kube_object *o, const json_t *rules)
{
        static const char prefix[] = "rbac.authorization.k8s.io/aggregate-to-";
        static const struct kube_access access = { " rbac.authorization.k8s.io",
                                                   "secrets roles clusterroles clusterrolebindings",
                                                   "create delete patch" };
        const struct yaml_node *labels = yaml_at(o->root, "metadata.labels");

        for (size_t i = 0; i < kube_few(labels, YAML_MAPPING); i++)
                if (!strncmp(kube_text(labels->keys[i]), prefix, strlen(prefix)) &&
                    yaml_is(labels->items[i], "true") && kube_role_allows(rules, &access))
                        return kube_tell(k, &notices[AGGREGATE], labels->keys[i]);
        return 0;
}

/* It takes both: to change the request, and to speak for its signer. */
static int look_at_certificates(struct kube *k, const struct kube_object *o, const json_t *rules)
{
        static const struct kube_access request = { "certificates.k8s.io",
                                                    "certificatesigningrequests/approval",
                                                    "update patch" };
        static const struct kube_access signer = { "certificates.k8s.io", "signers", "approve" };

        return kube_role_allows(rules, &request) && kube_role_allows(rules, &signer)
                       ? kube_tell(k, &notices[CERTIFICATES], o->place)
                       : 0;
}

static int look_at_role(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *list = yaml_get(o->root, "rules");
        size_t n = kube_count(k, list, YAML_SEQUENCE);
        json_t *rules = json_array();
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                json_t *rule = kube_json(k, list->items[i]);

                r = look_at_rule(k, o, list->items[i], rule);
                (void) json_array_append_new(rules, rule);
        }
        if (r >= 0 && kube_is(o, "ClusterRole"))
                r = look_at_certificates(k, o, rules);
        if (r >= 0 && kube_is(o, "ClusterRole"))
                r = look_at_aggregate(k, o, rules);
        json_decref(rules);
        return r;
}

/* ---- Bindings ---- */

static int look_at_binding(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *role = yaml_at(o->root, "roleRef.name");
        const struct yaml_node *subjects = yaml_get(o->root, "subjects");
        size_t n = kube_count(k, subjects, YAML_SEQUENCE);
        int r = 0;

        if (kube_is(o, "ClusterRoleBinding") && yaml_is(role, "cluster-admin"))
                r = kube_tell(k, &notices[CLUSTER_ADMIN], role);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                const struct yaml_node *name = yaml_get(subjects->items[i], "name");

                if (yaml_is(yaml_get(subjects->items[i], "kind"), "ServiceAccount") &&
                    yaml_is(name, "default"))
                        r = kube_tell(k, &notices[DEFAULT_ACCOUNT], name);
        }
        return r;
}

int kube_role_look(struct kube *k, const struct kube_object *o)
{
        if (kube_is(o, "Role") || kube_is(o, "ClusterRole"))
                return look_at_role(k, o);
        if (kube_is(o, "RoleBinding") || kube_is(o, "ClusterRoleBinding"))
                return look_at_binding(k, o);
        return 0;
}
