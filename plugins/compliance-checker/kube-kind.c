/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-kind.h"

#include "kube-field.h"

#include <ctype.h>
#include <strings.h>

#define INFO   LINHAY_SEVERITY_INFO
#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

enum {
        NAMESPACE,
        NO_NAMESPACE,
        EXTENSIONS,
        OLD_API,
        EXPOSED,
        EXTERNAL_NAME,
        TARGET_PORT,
        TILLER,
        SNIPPET,
        SNIPPET_LUA,
        SNIPPET_ALIAS,
        ROUTE,
        HPA_MIN,
        HPA_MAX,
        PDB_MAX,
        PDB_MIN,
        PDB_EVICTION,
        PSP_PID,
        PSP_PRIVILEGED,
        PSP_IPC,
        PSP_NETWORK,
        PSP_ESCALATION,
        PSP_ROOT,
        PSP_NET_RAW,
        PSP_ADD,
        PSP_DROP,
        PSP_SECCOMP,
        SCC_PRIVILEGED,
        DEFAULT_TOKEN,
        CONFIG_MAP,
        GENERATED,
        WEBHOOK,
        RATE_LIMIT,
};

static const struct notice notices[] = {
        [NAMESPACE] = { "config/k8s-default-namespace", INFO, NULL,
                        "The object is in the namespace default", "Use a namespace of its own.",
                        "checkov:CKV_K8S_21 kube-linter:use-namespace cis-kubernetes:5.7.4" },
        [NO_NAMESPACE] = { "config/k8s-default-namespace", INFO, NULL,
                           "The object names no namespace; unless one is given when it is applied, "
                           "it is in default",
                           "Set metadata.namespace.",
                           "checkov:CKV_K8S_21 kube-linter:use-namespace cis-kubernetes:5.7.4" },
        [EXTENSIONS] = { "config/k8s-extensions-api", LOW, NULL,
                         "extensions/v1beta1 was removed from Kubernetes",
                         "Use apps/v1, networking.k8s.io/v1 or policy/v1.",
                         "kube-linter:no-extensions-v1beta" },
        [OLD_API] = { "config/k8s-removed-api", LOW, NULL,
                      "This version of the API was removed from Kubernetes",
                      "Use the version v1 of the same group." },
        [EXPOSED] = { "config/k8s-exposed-service", LOW, "CWE-668",
                      "The service can be reached from outside of the cluster",
                      "Use ClusterIP, and an Ingress for what is meant for the public.",
                      "kube-linter:exposed-services" },
        [EXTERNAL_NAME] = { "config/k8s-external-name", LOW, "CWE-918",
                            "The service sends its clients to a name outside of the cluster",
                            "Make sure that the name cannot come into other hands.",
                            "kube-linter:externalname-service-redirect" },
        [TARGET_PORT] = { "config/k8s-invalid-port", LOW, NULL,
                          "targetPort is no name or number that the API accepts",
                          "Use 1 to 65535, or at most 15 of a-z, 0-9 and -, one a letter.",
                          "kube-linter:invalid-target-ports" },
        [TILLER] = { "config/k8s-tiller-service", HIGH, "CWE-1104",
                     "A service for Tiller, the server of Helm 2, lets every pod reach it",
                     "Use Helm 3, which needs no server.", "checkov:CKV_K8S_44" },
        [SNIPPET] = { "config/k8s-ingress-snippet", MEDIUM, "CWE-94",
                      "A snippet puts text into the configuration of ingress-nginx, which can read "
                      "all secrets (CVE-2021-25742)",
                      "Leave out the snippet, and set allow-snippet-annotations: \"false\".",
                      "checkov:CKV_K8S_153" },
        [SNIPPET_LUA] = { "config/k8s-ingress-snippet-lua", HIGH, "CWE-94",
                          "A snippet runs Lua in ingress-nginx, or reads its token "
                          "(CVE-2021-25742)",
                          "Leave out the snippet.", "checkov:CKV_K8S_152" },
        [SNIPPET_ALIAS] = { "config/k8s-ingress-snippet-alias", HIGH, "CWE-22",
                            "A snippet with alias can show files of ingress-nginx "
                            "(CVE-2021-25742)",
                            "Leave out the snippet.", "checkov:CKV_K8S_154" },
        [ROUTE] = { "config/k8s-insecure-route", MEDIUM, "CWE-319",
                    "The route answers without TLS as well",
                    "Set insecureEdgeTerminationPolicy: Redirect.",
                    "kube-linter:insecure-route-termination" },
        [HPA_MIN] = { "config/k8s-autoscaler-minimum", INFO, NULL,
                      "The autoscaler may go below three replicas", "Set minReplicas: 3 or more.",
                      "kube-linter:hpa-minimum-three-replicas" },
        [HPA_MAX] = { "config/k8s-autoscaler-maximum", INFO, "CWE-770",
                      "The autoscaler may go beyond 100 replicas",
                      "Set maxReplicas to what is meant.", "kube-linter:hpa-maximum-replicas" },
        [PDB_MAX] = { "config/k8s-budget-blocks-eviction", LOW, NULL,
                      "No pod may ever be moved, so nodes cannot be drained",
                      "Set maxUnavailable: 1 or more.", "kube-linter:pdb-max-unavailable" },
        [PDB_MIN] = { "config/k8s-budget-minimum", LOW, NULL,
                      "All pods must always be there, so nodes cannot be drained",
                      "Set minAvailable below the number of replicas.",
                      "kube-linter:pdb-min-available" },
        [PDB_EVICTION] = { "config/k8s-budget-unhealthy-pods", INFO, NULL,
                           "Pods that are not healthy keep their node from being drained",
                           "Set unhealthyPodEvictionPolicy: AlwaysAllow.",
                           "kube-linter:pdb-unhealthy-pod-eviction-policy" },
        [PSP_PID] = { "config/k8s-psp-host-pid", HIGH, "CWE-668",
                      "The policy admits pods that see all processes of the node",
                      "Leave out hostPID.", "checkov:CKV_K8S_1 cis-kubernetes:5.2.3" },
        [PSP_PRIVILEGED] = { "config/k8s-psp-privileged", HIGH, "CWE-250",
                             "The policy admits privileged containers", "Set privileged: false.",
                             "checkov:CKV_K8S_2 cis-kubernetes:5.2.2" },
        [PSP_IPC] = { "config/k8s-psp-host-ipc", HIGH, "CWE-668",
                      "The policy admits pods that share memory with the node",
                      "Leave out hostIPC.", "checkov:CKV_K8S_3 cis-kubernetes:5.2.4" },
        [PSP_NETWORK] = { "config/k8s-psp-host-network", MEDIUM, "CWE-668",
                          "The policy admits pods that use the node's network",
                          "Leave out hostNetwork.", "checkov:CKV_K8S_4 cis-kubernetes:5.2.5" },
        [PSP_ESCALATION] = { "config/k8s-psp-privilege-escalation", MEDIUM, "CWE-269",
                             "The policy admits programs that gain rights by setuid",
                             "Set allowPrivilegeEscalation: false.",
                             "checkov:CKV_K8S_5 cis-kubernetes:5.2.6" },
        [PSP_ROOT] = { "config/k8s-psp-root", MEDIUM, "CWE-250",
                       "The policy admits containers that run as root",
                       "Set runAsUser: { rule: MustRunAsNonRoot }.",
                       "checkov:CKV_K8S_6 cis-kubernetes:5.2.7" },
        [PSP_NET_RAW] = { "config/k8s-psp-net-raw", LOW, "CWE-250",
                          "The policy lets containers keep NET_RAW",
                          "Set requiredDropCapabilities: [ALL].",
                          "checkov:CKV_K8S_7 cis-kubernetes:5.2.8" },
        [PSP_ADD] = { "config/k8s-psp-added-capability", MEDIUM, "CWE-250",
                      "The policy admits containers with added capabilities",
                      "Leave out allowedCapabilities.", "checkov:CKV_K8S_24 cis-kubernetes:5.2.9" },
        [PSP_DROP] = { "config/k8s-psp-capabilities-not-dropped", LOW, "CWE-250",
                       "The policy does not make containers drop capabilities",
                       "Set requiredDropCapabilities: [ALL].",
                       "checkov:CKV_K8S_36 cis-kubernetes:5.2.10" },
        [PSP_SECCOMP] = { "config/k8s-psp-no-seccomp-profile", LOW, "CWE-250",
                          "The policy has no default seccomp profile",
                          "Add the annotation seccomp.security.alpha.kubernetes.io/"
                          "defaultProfileName: runtime/default.",
                          "checkov:CKV_K8S_32 cis-kubernetes:5.7.2" },
        [SCC_PRIVILEGED] = { "config/k8s-scc-privileged", HIGH, "CWE-250",
                             "The constraint admits privileged containers",
                             "Set allowPrivilegedContainer: false.",
                             "kube-linter:scc-deny-privileged-container" },
        [DEFAULT_TOKEN] = { "config/k8s-default-account-token", LOW, "CWE-250",
                            "The default service account gives its token to every pod that names "
                            "no other",
                            "Set automountServiceAccountToken: false.",
                            "checkov:CKV_K8S_41 cis-kubernetes:5.1.5" },
        [CONFIG_MAP] = { "config/k8s-credentials-in-config-map", LOW, "CWE-312",
                         "A ConfigMap, which everybody in the namespace can read, seems to hold a "
                         "credential",
                         "Use a Secret.", "kube-linter:configmap-with-credentials",
                         SOUNDNESS_HEURISTIC },
        [GENERATED] = { "config/k8s-secret-in-kustomization", HIGH, "CWE-798",
                        "A secret that is to be generated has its value in the file",
                        "Use secretGenerator with files or envs that are not committed." },
        [WEBHOOK] = { "config/k8s-webhook-fails-open", MEDIUM, "CWE-636",
                      "Requests are admitted unseen while the webhook is not there",
                      "Set failurePolicy: Fail.", "kube-linter:webhook-failure-policy-ignore" },
        [RATE_LIMIT] = { "config/k8s-no-event-rate-limit", LOW, "CWE-770",
                         "The API server admits any number of events",
                         "Add the plugin EventRateLimit.",
                         "checkov:CKV_K8S_78 cis-kubernetes:1.2.9" },
};

size_t kube_kind_rules(void)
{
        return ARRAY_SIZE(notices);
}

/* ---- Fields of single kinds ---- */

static const struct {
        const char *kind;
        struct kube_field field;
} fields[] = {
        { "Service", { "spec.type", KUBE_VALUE, "NodePort", &notices[EXPOSED], 0 } },
        { "Service", { "spec.type", KUBE_VALUE, "LoadBalancer", &notices[EXPOSED], 0 } },
        { "Service", { "spec.externalName", KUBE_PRESENT, NULL, &notices[EXTERNAL_NAME], 0 } },
        { "Route",
          { "spec.tls.insecureEdgeTerminationPolicy", KUBE_VALUE, "Allow", &notices[ROUTE], 0 } },
        { "PodDisruptionBudget", { "spec.maxUnavailable", KUBE_VALUE, "0", &notices[PDB_MAX], 0 } },
        { "PodDisruptionBudget",
          { "spec.maxUnavailable", KUBE_VALUE, "0%", &notices[PDB_MAX], 0 } },
        { "PodDisruptionBudget",
          { "spec.minAvailable", KUBE_VALUE, "100%", &notices[PDB_MIN], 0 } },
        { "PodDisruptionBudget",
          { "spec.unhealthyPodEvictionPolicy", KUBE_ABSENT, NULL, &notices[PDB_EVICTION], 0 } },
        { "PodSecurityPolicy", { "spec.hostPID", KUBE_TRUE, NULL, &notices[PSP_PID], 0 } },
        { "PodSecurityPolicy",
          { "spec.privileged", KUBE_TRUE, NULL, &notices[PSP_PRIVILEGED], 0 } },
        { "PodSecurityPolicy", { "spec.hostIPC", KUBE_TRUE, NULL, &notices[PSP_IPC], 0 } },
        { "PodSecurityPolicy", { "spec.hostNetwork", KUBE_TRUE, NULL, &notices[PSP_NETWORK], 0 } },
        { "PodSecurityPolicy",
          { "spec.allowPrivilegeEscalation", KUBE_TRUE, NULL, &notices[PSP_ESCALATION], 0 } },
        { "PodSecurityPolicy",
          { "spec.allowPrivilegeEscalation", KUBE_ABSENT, NULL, &notices[PSP_ESCALATION], 0 } },
        { "PodSecurityPolicy",
          { "spec.allowedCapabilities", KUBE_PRESENT, NULL, &notices[PSP_ADD], 0 } },
        { "PodSecurityPolicy",
          { "spec.requiredDropCapabilities", KUBE_ABSENT, NULL, &notices[PSP_DROP], 0 } },
        { "SecurityContextConstraints",
          { "allowPrivilegedContainer", KUBE_TRUE, NULL, &notices[SCC_PRIVILEGED], 0 } },
};

static int look_at_fields(struct kube *k, const struct kube_object *o)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(fields); i++)
                if (kube_is(o, fields[i].kind))
                        r = kube_look_at_fields(k, o, o->root, o->place, 0, &fields[i].field, 1);
        return r;
}

/* ---- What holds for any object ---- */

static int look_at_namespace(struct kube *k, const struct kube_object *o)
{
        static const char *const others[] = {
                "Service",       "Secret",      "ServiceAccount",          "Role",
                "Ingress",       "RoleBinding", "HorizontalPodAutoscaler", "ConfigMap",
                "NetworkPolicy",
        };
        const struct yaml_node *meta = yaml_get(o->root, "metadata");
        const struct yaml_node *node = yaml_get(meta, "namespace");
        bool concerned = o->pod;

        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                concerned |= kube_is(o, others[i]);
        if (!concerned || (*o->namespace && strcasecmp(o->namespace, "default") != 0))
                return 0;
        /* These two are made by Kubernetes, there. */
        if ((kube_is(o, "ServiceAccount") && !strcmp(o->name, "default")) ||
            (kube_is(o, "Service") && !strcmp(o->name, "kubernetes")))
                return 0;
        return *o->namespace ? kube_tell(k, &notices[NAMESPACE], node)
                             : kube_tell_missing(k, o, &notices[NO_NAMESPACE], o->place);
}

static int look_at_api(struct kube *k, const struct kube_object *o)
{
        static const struct {
                const char *api;
                const char *kind; /* NULL = any */
        } removed[] = {
                { "apps/v1beta1", NULL },
                { "apps/v1beta2", NULL },
                { "networking.k8s.io/v1beta1", "Ingress" },
                { "policy/v1beta1", NULL },
                { "batch/v2alpha1", NULL },
                { "batch/v1beta1", NULL },
                { "rbac.authorization.k8s.io/v1beta1", NULL },
                { "rbac.authorization.k8s.io/v1alpha1", NULL },
                { "autoscaling/v2beta1", NULL },
                { "autoscaling/v2beta2", NULL },
                { "admissionregistration.k8s.io/v1beta1", NULL },
                { "apiextensions.k8s.io/v1beta1", NULL },
                { "storage.k8s.io/v1beta1", "StorageClass" },
                { "scheduling.k8s.io/v1beta1", "PriorityClass" },
        };
        const struct yaml_node *node = yaml_get(o->root, "apiVersion");

        if (!strncmp(o->api, "extensions/v1beta", 17))
                return kube_tell(k, &notices[EXTENSIONS], node);
        for (size_t i = 0; i < ARRAY_SIZE(removed); i++)
                if (!strcmp(o->api, removed[i].api) &&
                    (!removed[i].kind || kube_is(o, removed[i].kind)))
                        return kube_tell(k, &notices[OLD_API], node);
        return 0;
}

/* ---- Services and ingresses ---- */

static bool is_port(const struct yaml_node *node)
{
        const char *text = kube_text(node);
        size_t n = strlen(text);
        bool letter = false;
        int64_t number;

        if (kube_number(node, &number) && node->is_plain)
                return number >= 1 && number <= 65535;
        for (size_t i = 0; i < n; i++) {
                letter |= islower((unsigned char) text[i]) != 0;
                if (!islower((unsigned char) text[i]) && !isdigit((unsigned char) text[i]) &&
                    (text[i] != '-' || i == 0 || i + 1 == n || text[i + 1] == '-'))
                        return false;
        }
        return n <= 15 && letter;
}

static bool mentions(const struct yaml_node *map, const char *word)
{
        for (size_t i = 0; i < kube_few(map, YAML_MAPPING); i++)
                if (strcasestr(kube_text(map->items[i]), word))
                        return true;
        return false;
}

static int look_at_service(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *ports = yaml_at(o->root, "spec.ports");
        int r = 0;

        if (strcasestr(o->name, "tiller") ||
            mentions(yaml_at(o->root, "metadata.labels"), "tiller") ||
            mentions(yaml_at(o->root, "spec.selector"), "tiller"))
                r = kube_tell(k, &notices[TILLER], o->place);
        for (size_t i = 0; r >= 0 && i < kube_few(ports, YAML_SEQUENCE); i++) {
                const struct yaml_node *port = yaml_get(ports->items[i], "targetPort");

                if (*kube_text(port) && strcmp(kube_text(port), "0") != 0 && !is_port(port) &&
                    !k->is_template)
                        r = kube_tell(k, &notices[TARGET_PORT], port);
        }
        return r;
}

/* Does the text use the Lua of ingress-nginx, or its service account's files? */
static bool has_lua(const char *text)
{
        for (const char *at = text; (at = strstr(at, "lua")); at++) {
                char before = at == text ? ' ' : at[-1], after = at[3];

                if ((after == '_' && !isalnum((unsigned char) before)) ||
                    (before == '_' && !isalnum((unsigned char) after)))
                        return true;
        }
        return strstr(text, "kubernetes.io");
}

static int look_at_ingress(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *map = yaml_at(o->root, "metadata.annotations");
        size_t n = kube_count(k, map, YAML_MAPPING);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const char *value = kube_text(map->items[i]);

                if (!strstr(kube_text(map->keys[i]), "snippet"))
                        continue;
                r = kube_tell(k, &notices[SNIPPET], map->keys[i]);
                if (r >= 0 && has_lua(value))
                        r = kube_tell(k, &notices[SNIPPET_LUA], map->keys[i]);
                if (r >= 0 && strstr(value, "alias"))
                        r = kube_tell(k, &notices[SNIPPET_ALIAS], map->keys[i]);
        }
        return r;
}

static int look_at_autoscaler(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *min = yaml_at(o->root, "spec.minReplicas");
        const struct yaml_node *max = yaml_at(o->root, "spec.maxReplicas");
        int64_t n = 1;
        int r = 0;

        if (!min || (kube_number(min, &n) && n < 3))
                r = min ? kube_tell(k, &notices[HPA_MIN], min)
                        : kube_tell_missing(k, o, &notices[HPA_MIN], o->place);
        if (r >= 0 && kube_number(max, &n) && n > 100)
                r = kube_tell(k, &notices[HPA_MAX], max);
        return r;
}

/* ---- Policies ---- */

static bool psp_admits_root(const struct kube_object *o)
{
        const struct yaml_node *user = yaml_at(o->root, "spec.runAsUser");
        const struct yaml_node *ranges = yaml_get(user, "ranges");

        if (yaml_is(yaml_get(user, "rule"), "MustRunAsNonRoot"))
                return false;
        if (!yaml_is(yaml_get(user, "rule"), "MustRunAs") || !kube_few(ranges, YAML_SEQUENCE))
                return true;
        for (size_t i = 0; i < kube_few(ranges, YAML_SEQUENCE); i++)
                if (yaml_is(yaml_get(ranges->items[i], "min"), "0"))
                        return true;
        return false;
}

static int look_at_pod_policy(struct kube *k, const struct kube_object *o)
{
        static const char key[] = "seccomp.security.alpha.kubernetes.io/defaultProfileName";
        const struct yaml_node *drop = yaml_at(o->root, "spec.requiredDropCapabilities");
        const char *profile = kube_text(yaml_get(yaml_at(o->root, "metadata.annotations"), key));
        int r = 0;

        if (psp_admits_root(o))
                r = kube_tell_missing(k, o, &notices[PSP_ROOT], o->place);
        if (r >= 0 && !kube_has(drop, "ALL") && !kube_has(drop, "NET_RAW"))
                r = kube_tell_missing(k, o, &notices[PSP_NET_RAW], o->place);
        if (r >= 0 && !strstr(profile, "docker/default") && !strstr(profile, "runtime/default"))
                r = kube_tell_missing(k, o, &notices[PSP_SECCOMP], o->place);
        return r;
}

static int look_at_account(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *mount = yaml_get(o->root, "automountServiceAccountToken");

        if (strcmp(o->name, "default") != 0 || yaml_is_false(mount) || yaml_is(mount, "false"))
                return 0;
        return kube_tell(k, &notices[DEFAULT_TOKEN], o->place);
}

static bool is_credential(const char *key)
{
        static const char *const words[] = { "password", "secret",      "token",     "api_key",
                                             "apikey",   "private_key", "credential" };

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (strcasestr(key, words[i]))
                        return true;
        return false;
}

static int look_at_config_map(struct kube *k, const struct kube_object *o)
{
        static const char *const maps[] = { "data", "binaryData" };
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
                const struct yaml_node *map = yaml_get(o->root, maps[i]);

                for (size_t n = 0, all = kube_count(k, map, YAML_MAPPING); r >= 0 && n < all; n++) {
                        const struct yaml_node *value = map->items[n];

                        if (!is_credential(kube_text(map->keys[n])) || !*kube_text(value))
                                continue;
                        r = kube_tell(k, &notices[CONFIG_MAP], map->keys[n]);
                        if (r >= 0 && value->start < value->end && value->end <= k->c->length)
                                r = check_hide(k->c, value->start, value->end, 0);
                }
        }
        return r;
}

/* Literals of Kustomize's secretGenerator: "key=value". */
static int look_at_generators(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *list = yaml_get(o->root, "secretGenerator");
        size_t n = kube_count(k, list, YAML_SEQUENCE);
        int r = 0;

        for (size_t i = 0; i < n; i++) {
                const struct yaml_node *literals = yaml_get(list->items[i], "literals");
                size_t all = kube_count(k, literals, YAML_SEQUENCE);

                for (size_t m = 0; r >= 0 && m < all; m++) {
                        const struct yaml_node *literal = literals->items[m];
                        const char *equals = strchr(kube_text(literal), '=');

                        if (!equals || !equals[1] || equals[1] == '$')
                                continue;
                        r = kube_tell(k, &notices[GENERATED], literal);
                        if (r >= 0 && literal->start < literal->end && literal->end <= k->c->length)
                                r = check_hide(k->c, literal->start, literal->end, 0);
                }
        }
        return r;
}

static int look_at_webhooks(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *list = yaml_get(o->root, "webhooks");
        size_t n = kube_count(k, list, YAML_SEQUENCE);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const struct yaml_node *policy = yaml_get(list->items[i], "failurePolicy");

                if (yaml_is(policy, "Ignore"))
                        r = kube_tell(k, &notices[WEBHOOK], policy);
        }
        return r;
}

static int look_at_admission(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *list = yaml_get(o->root, "plugins");

        for (size_t i = 0; i < kube_few(list, YAML_SEQUENCE); i++)
                if (yaml_is(yaml_get(list->items[i], "name"), "EventRateLimit"))
                        return 0;
        return kube_tell(k, &notices[RATE_LIMIT], o->place);
}

static const struct {
        const char *kind;
        int (*look)(struct kube *k, const struct kube_object *o);
} looks[] = {
        { "Service", look_at_service },
        { "Ingress", look_at_ingress },
        { "HorizontalPodAutoscaler", look_at_autoscaler },
        { "PodSecurityPolicy", look_at_pod_policy },
        { "ServiceAccount", look_at_account },
        { "ConfigMap", look_at_config_map },
        { "Kustomization", look_at_generators },
        { "ValidatingWebhookConfiguration", look_at_webhooks },
        { "MutatingWebhookConfiguration", look_at_webhooks },
        { "AdmissionConfiguration", look_at_admission },
};

int kube_kind_look(struct kube *k, const struct kube_object *o)
{
        int r = look_at_namespace(k, o);

        if (r >= 0)
                r = look_at_api(k, o);
        if (r >= 0)
                r = look_at_fields(k, o);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(looks); i++)
                if (kube_is(o, looks[i].kind))
                        r = looks[i].look(k, o);
        return r;
}
