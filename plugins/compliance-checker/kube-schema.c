/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-schema.h"

#define KEYS_MAX 20000 /* of one object, in whose order we look */

enum { UNKNOWN, WRONG_TYPE, UNSORTED };

static const struct notice notices[] = {
        [UNKNOWN] = { "config/k8s-unknown-field", LINHAY_SEVERITY_LOW, NULL,
                      "The API knows no such field here: it is refused or left out",
                      "Mend the name, or move it to where it belongs.",
                      "kube-linter:schema-validation" },
        [WRONG_TYPE] = { "config/k8s-wrong-type", LINHAY_SEVERITY_LOW, NULL,
                         "The API refuses a value of this type here",
                         "Write truths and numbers without quotes, and lists with -.",
                         "kube-linter:schema-validation" },
        [UNSORTED] = { "config/k8s-unsorted-keys", LINHAY_SEVERITY_INFO, NULL,
                       "Keys do not stand in the order of the alphabet",
                       "Sort them if that is your custom.", "kube-linter:sorted-keys" },
};

size_t kube_schema_rules(void)
{
        return ARRAY_SIZE(notices);
}

/* ---- Fields that exist ---- */

static const char pod_fields[] =
        " activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig "
        "dnsPolicy enableServiceLinks ephemeralContainers hostAliases hostIPC hostNetwork hostPID "
        "hostUsers hostname hostnameOverride imagePullSecrets initContainers nodeName nodeSelector "
        "os overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims "
        "resources restartPolicy runtimeClassName schedulerName schedulingGates securityContext "
        "serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain "
        "terminationGracePeriodSeconds tolerations topologySpreadConstraints volumes workloadRef "
        "schedulingGroup ";

static const char pod_context_fields[] =
        " appArmorProfile fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser "
        "seLinuxChangePolicy seLinuxOptions seccompProfile supplementalGroups "
        "supplementalGroupsPolicy sysctls windowsOptions ";

static const char container_fields[] =
        " args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports "
        "readinessProbe resizePolicy resources restartPolicy restartPolicyRules securityContext "
        "startupProbe stdin stdinOnce targetContainerName terminationMessagePath "
        "terminationMessagePolicy tty volumeDevices volumeMounts workingDir ";

static const char container_context_fields[] =
        " allowPrivilegeEscalation appArmorProfile capabilities privileged procMount "
        "readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser seLinuxOptions seccompProfile "
        "windowsOptions ";

static const char resource_fields[] = " limits requests claims ";

static bool is_known(const char *name, const char *fields)
{
        size_t n = strlen(name);
        const char *at = fields;

        while (n && (at = strstr(at, name))) {
                if (at[-1] == ' ' && at[n] == ' ')
                        return true;
                at++;
        }
        return false;
}

static int look_at_names(struct kube *k, const struct yaml_node *map, const char *fields)
{
        size_t n = kube_count(k, map, YAML_MAPPING);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const char *name = kube_text(map->keys[i]);

                if (strlen(name) < 64 && strcmp(name, "<<") != 0 && !is_known(name, fields))
                        r = kube_tell(k, &notices[UNKNOWN], map->keys[i]);
        }
        return r;
}

/* ---- Types ---- */

enum type { TRUTH, NUMBER, LIST, MAP };

static bool has_type(const struct yaml_node *node, enum type type)
{
        int64_t number;

        switch (type) {
        case TRUTH:
                return yaml_is_true(node) || yaml_is_false(node);
        case NUMBER:
                return node->is_plain && yaml_integer(node, &number);
        case LIST:
                return node->kind == YAML_SEQUENCE;
        case MAP:
                return node->kind == YAML_MAPPING;
        }
        return true;
}

struct typed {
        const char *path;
        enum type type;
};

static int look_at_types(struct kube *k, const struct yaml_node *base, const struct typed *typed,
                         size_t n)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const struct yaml_node *node = yaml_at(base, typed[i].path);

                /* ${X} is filled in by somebody else. */
                if (!yaml_is_null(node) && !strchr(kube_text(node), '$') &&
                    !has_type(node, typed[i].type))
                        r = kube_tell(k, &notices[WRONG_TYPE], node);
        }
        return r;
}

/* ---- The order of keys ---- */

/* The first key of an object, or of what is in it, that stands behind a later one. */
static const struct yaml_node *find_unsorted(const struct yaml_node *node, size_t *left)
{
        const struct yaml_node *found = NULL;

        for (size_t i = 0; !found && *left && i < node->n; i++) {
                --*left;
                if (node->kind == YAML_MAPPING && i > 0 &&
                    strcmp(kube_text(node->keys[i - 1]), kube_text(node->keys[i])) > 0)
                        return node->keys[i];
                found = find_unsorted(node->items[i], left);
        }
        return found;
}

static int look_at_order(struct kube *k, const struct kube_object *o)
{
        size_t left = MIN_OF((size_t) KEYS_MAX, k->steps), all = left;
        const struct yaml_node *key = find_unsorted(o->root, &left);

        k->steps -= (all - left) / 8; /* a look is cheap */
        k->is_unsorted = key;
        return key ? kube_tell(k, &notices[UNSORTED], key) : 0;
}

static bool is_core(const struct kube_object *o)
{
        return !strcmp(o->api, "v1") || !strncmp(o->api, "apps/", 5) ||
               !strncmp(o->api, "batch/", 6);
}

int kube_schema_look(struct kube *k, const struct kube_object *o)
{
        static const struct typed object_types[] = {
                { "spec.replicas", NUMBER },
                { "metadata.labels", MAP },
                { "metadata.annotations", MAP },
        };
        static const struct typed pod_types[] = {
                { "hostNetwork", TRUTH },
                { "hostPID", TRUTH },
                { "hostIPC", TRUTH },
                { "automountServiceAccountToken", TRUTH },
                { "containers", LIST },
                { "initContainers", LIST },
                { "volumes", LIST },
                { "securityContext.runAsNonRoot", TRUTH },
                { "securityContext.runAsUser", NUMBER },
        };
        int r = k->is_template || k->is_unsorted ? 0 : look_at_order(k, o);

        if (r < 0 || !o->pod || k->is_template || !is_core(o))
                return r;
        r = look_at_types(k, o->root, object_types, ARRAY_SIZE(object_types));
        if (r >= 0)
                r = look_at_types(k, o->pod, pod_types, ARRAY_SIZE(pod_types));
        if (r >= 0)
                r = look_at_names(k, o->pod, pod_fields);
        return r < 0 ? r
                     : look_at_names(k, yaml_get(o->pod, "securityContext"), pod_context_fields);
}

int kube_schema_look_at_container(struct kube *k, const struct kube_object *o,
                                  const struct kube_container *c)
{
        static const struct typed types[] = {
                { "securityContext.privileged", TRUTH },
                { "securityContext.allowPrivilegeEscalation", TRUTH },
                { "securityContext.readOnlyRootFilesystem", TRUTH },
                { "securityContext.runAsNonRoot", TRUTH },
                { "securityContext.runAsUser", NUMBER },
                { "command", LIST },
                { "args", LIST },
                { "env", LIST },
                { "ports", LIST },
                { "volumeMounts", LIST },
        };
        int r;

        if (k->is_template || !is_core(o))
                return 0;
        r = look_at_types(k, c->node, types, ARRAY_SIZE(types));
        if (r >= 0)
                r = look_at_names(k, c->node, container_fields);
        if (r >= 0)
                r = look_at_names(k, yaml_get(c->node, "resources"), resource_fields);
        return r < 0 ? r
                     : look_at_names(k, yaml_get(c->node, "securityContext"),
                                     container_context_fields);
}
