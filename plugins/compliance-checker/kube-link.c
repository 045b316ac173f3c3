/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-link.h"

#include "kube-note.h"
#include "kube-role.h"
#include "kube-selector.h"

#define PAIRS_MAX 1000000 /* comparisons in all, so that a hostile tree takes no minutes */

#define INFO   LINHAY_SEVERITY_INFO
#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

enum {
        SERVICE,
        NO_SELECTOR,
        INGRESS,
        POLICY,
        PEER,
        AUTOSCALER,
        MONITOR,
        ACCOUNT,
        ISOLATION,
        VARIABLE,
        BUDGET,
        BINDS,
        EXEC,
        IMPERSONATES,
        STATUS,
        ACCOUNT_SECRETS,
        SECRETS,
        CLUSTER_SECRETS,
        PODS,
};

static const struct notice notices[] = {
        [SERVICE] = { "config/k8s-dangling-service", INFO, NULL,
                      "No pods in this folder have the labels that the service selects",
                      "Make the selector and the pods' labels the same.",
                      "kube-linter:dangling-service", SOUNDNESS_PARTIAL },
        [NO_SELECTOR] = { "config/k8s-dangling-service", INFO, NULL, "The service selects no pods",
                          "Give it a selector, unless its endpoints are made by hand.",
                          "kube-linter:dangling-service", SOUNDNESS_PARTIAL },
        [INGRESS] = { "config/k8s-dangling-ingress", INFO, NULL,
                      "A service that the ingress names is not in this folder",
                      "Name a service that exists.", "kube-linter:dangling-ingress",
                      SOUNDNESS_PARTIAL },
        [POLICY] = { "config/k8s-dangling-network-policy", INFO, NULL,
                     "No pods in this folder have the labels that the policy selects",
                     "Make the selector and the pods' labels the same.",
                     "kube-linter:dangling-networkpolicy", SOUNDNESS_PARTIAL },
        [PEER] = { "config/k8s-dangling-network-peer", INFO, NULL,
                   "No pods in this folder have the labels that a rule of the policy lets through",
                   "Make the selector and the pods' labels the same.",
                   "kube-linter:dangling-networkpolicypeer-podselector "
                   "kube-linter:dangling-networkpolicy-rule",
                   SOUNDNESS_PARTIAL },
        [AUTOSCALER] = { "config/k8s-dangling-autoscaler", INFO, NULL,
                         "What the autoscaler scales is not in this folder",
                         "Name a workload that exists.",
                         "kube-linter:dangling-horizontalpodautoscaler", SOUNDNESS_PARTIAL },
        [MONITOR] = { "config/k8s-dangling-service-monitor", INFO, NULL,
                      "No service in this folder has the labels that the monitor selects",
                      "Make the selector and the service's labels the same.",
                      "kube-linter:dangling-servicemonitor", SOUNDNESS_PARTIAL },
        [ACCOUNT] = { "config/k8s-missing-service-account", INFO, NULL,
                      "The service account that the pod names is not in this folder",
                      "Add the ServiceAccount, or name one that exists.",
                      "kube-linter:non-existent-service-account", SOUNDNESS_PARTIAL },
        [ISOLATION] = { "config/k8s-no-network-policy", INFO, "CWE-668",
                        "No NetworkPolicy in this folder selects the pod, so all pods of the "
                        "cluster can reach it",
                        "Add a NetworkPolicy that lets in what is needed.",
                        "kube-linter:non-isolated-pod checkov:CKV2_K8S_6 cis-kubernetes:5.3.2",
                        SOUNDNESS_PARTIAL },
        [VARIABLE] = { "config/k8s-missing-variable-source", INFO, NULL,
                       "The Secret or ConfigMap that a variable is read from, or its key, is not "
                       "in this folder",
                       "Make sure that it exists before the pod is started.",
                       "kube-linter:env-value-from", SOUNDNESS_PARTIAL },
        [BUDGET] = { "config/k8s-budget-minimum", LOW, NULL,
                     "The budget asks for as many pods as there are, so nodes cannot be drained",
                     "Set minAvailable below the number of replicas.",
                     "kube-linter:pdb-min-available", SOUNDNESS_PARTIAL },
        [BINDS] = { "config/k8s-account-binds-roles", HIGH, "CWE-269",
                    "A service account or node may bind roles that have more rights than it",
                    "Take bind and * out of the role.", "checkov:CKV2_K8S_1 cis-kubernetes:5.1.8",
                    SOUNDNESS_PARSED },
        [EXEC] = { "config/k8s-account-runs-in-pods", HIGH, "CWE-269",
                   "A service account or node may run commands in pods or reach kubelets "
                   "(pods/exec, nodes/proxy)",
                   "Take them out of the role.", "checkov:CKV2_K8S_2 cis-kubernetes:5.1.10",
                   SOUNDNESS_PARSED },
        [IMPERSONATES] = { "config/k8s-account-impersonates", HIGH, "CWE-269",
                           "A service account or node may act as somebody else",
                           "Take impersonate out of the role.",
                           "checkov:CKV2_K8S_3 cis-kubernetes:5.1.8", SOUNDNESS_PARSED },
        [STATUS] = { "config/k8s-account-changes-service-status", MEDIUM, "CWE-300",
                     "A service account or node may set addresses of services and so take their "
                     "traffic (CVE-2020-8554)",
                     "Take services/status out of the role.", "checkov:CKV2_K8S_4",
                     SOUNDNESS_PARSED },
        [ACCOUNT_SECRETS] = { "config/k8s-account-reads-secrets", MEDIUM, "CWE-250",
                              "A service account or node may read secrets",
                              "Name the secrets that it needs in resourceNames.",
                              "checkov:CKV2_K8S_5 kube-linter:access-to-secrets "
                              "cis-kubernetes:5.1.2",
                              SOUNDNESS_PARSED },
        [SECRETS] = { "config/k8s-binding-to-secrets", LOW, "CWE-250",
                      "The binding gives access to secrets",
                      "Name the secrets that are needed in resourceNames.",
                      "kube-linter:access-to-secrets cis-kubernetes:5.1.2", SOUNDNESS_PARSED },
        [CLUSTER_SECRETS] = { "config/k8s-cluster-wide-secrets", MEDIUM, "CWE-250",
                              "The binding gives access to the secrets of all namespaces",
                              "Use a RoleBinding in the namespaces that need it.",
                              "kube-linter:cluster-wide-secrets-access cis-kubernetes:5.1.2",
                              SOUNDNESS_PARSED },
        [PODS] = { "config/k8s-binding-creates-pods", LOW, "CWE-250",
                   "Who may make pods may use every secret and service account of the namespace",
                   "Leave out create of pods and of what makes pods.",
                   "kube-linter:access-to-create-pods cis-kubernetes:5.1.4", SOUNDNESS_PARSED },
};

size_t kube_link_rules(void)
{
        return ARRAY_SIZE(notices);
}

struct link {
        struct check *c;
        const json_t *notes; /* of one folder */
        size_t left;         /* comparisons */
};

static const char *text_of(const json_t *note, const char *key)
{
        const char *text = json_string_value(json_object_get(note, key));

        return text ? text : "";
}

static bool note_is(const json_t *note, const char *kind)
{
        return !strcmp(text_of(note, "kind"), kind);
}

static bool same_namespace(const json_t *a, const json_t *b)
{
        return !strcmp(text_of(a, "namespace"), text_of(b, "namespace"));
}

static int tell(struct link *l, int which, const json_t *note)
{
        const struct notice *n = &notices[which];
        char cwe[32];
        const char *cwes[] = { cwe, NULL };
        const char *tags[16] = { NULL };
        char *refs = strdupa(n->refs), *state = NULL;
        struct report report = {
                .control = CONTROL_CONFIG,
                .severity = n->severity,
                .rule = n->rule,
                .message = n->message,
                .fix = n->fix,
                .tags = tags,
                .soundness = n->soundness,
                .line = (uint32_t) json_integer_value(json_object_get(note, "line")),
        };
        size_t n_tags = 0;
        int r;

        for (char *ref = strtok_r(refs, " ", &state); ref && n_tags < ARRAY_SIZE(tags) - 1;
             ref = strtok_r(NULL, " ", &state))
                tags[n_tags++] = ref;
        (void) snprintf(cwe, sizeof(cwe), "%s", n->cwe ? n->cwe : "");
        report.cwe = n->cwe ? cwes : NULL;
        check_begin(l->c, text_of(note, "path"));
        report.excerpt =
                check_keep(l->c, "%.60s %.100s", text_of(note, "kind"), text_of(note, "name"));
        r = report.excerpt ? check_report(l->c, &report) : -ENOMEM;
        return r < 0 ? r : check_flush(l->c);
}

/* Is there a note of which `holds` is true? Says yes when there were too many to compare. */
static bool any(struct link *l, const json_t *note,
                bool (*holds)(const json_t *note, const json_t *other, const void *with),
                const void *with)
{
        json_t *other;
        size_t i;

        json_array_foreach (l->notes, i, other) {
                if (!l->left)
                        return true;
                l->left--;
                if (holds(note, other, with))
                        return true;
        }
        return false;
}

static bool has_labels(const json_t *note, const json_t *other, const void *with)
{
        const json_t *labels = json_object_get(other, "pod");

        return labels && same_namespace(note, other) && kube_labels_match(with, labels);
}

static bool is_selected(const json_t *note, const json_t *other, const void *with)
{
        const json_t *labels = json_object_get(other, "pod");

        return labels && same_namespace(note, other) && kube_selector_matches(with, labels);
}

/* with = "KIND" and the name in the note that is asked for */
struct wanted {
        const char *kind, *name;
};

static bool is_named(const json_t *note, const json_t *other, const void *with)
{
        const struct wanted *w = with;

        return note_is(other, w->kind) && !strcmp(text_of(other, "name"), w->name) &&
               same_namespace(note, other);
}

static int link_service(struct link *l, const json_t *note)
{
        const json_t *selector = json_object_get(note, "selector");

        if (!strcmp(text_of(note, "type"), "ExternalName"))
                return 0;
        if (!json_object_size(selector))
                return tell(l, NO_SELECTOR, note);
        return any(l, note, has_labels, selector) ? 0 : tell(l, SERVICE, note);
}

static int link_ingress(struct link *l, const json_t *note)
{
        json_t *backend;
        size_t i;

        json_array_foreach (json_object_get(note, "backends"), i, backend) {
                struct wanted w = { "Service", json_string_value(backend) };

                if (!any(l, note, is_named, &w))
                        return tell(l, INGRESS, note);
        }
        return 0;
}

static int link_policy(struct link *l, const json_t *note)
{
        const json_t *selector = json_object_get(note, "pod_selector");
        json_t *peer;
        size_t i;
        int r = 0;

        if (!kube_selector_is_empty(selector) && !any(l, note, is_selected, selector))
                r = tell(l, POLICY, note);
        json_array_foreach (json_object_get(note, "peers"), i, peer)
                if (r >= 0 && !kube_selector_is_empty(peer) && !any(l, note, is_selected, peer))
                        return tell(l, PEER, note);
        return r;
}

static int link_autoscaler(struct link *l, const json_t *note)
{
        const json_t *target = json_object_get(note, "target");
        struct wanted w = { text_of(target, "kind"), text_of(target, "name") };

        return !*w.name || any(l, note, is_named, &w) ? 0 : tell(l, AUTOSCALER, note);
}

static bool is_monitored(const json_t *note, const json_t *other, const void *with)
{
        const json_t *spaces = json_object_get(note, "namespace_selector"), *name;
        const json_t *names = json_object_get(spaces, "matchNames");
        bool in_space = !json_array_size(names) || !strcmp(text_of(spaces, "any"), "true");
        size_t i;

        json_array_foreach (names, i, name)
                in_space |= !strcmp(json_string_value(name) ? json_string_value(name) : "",
                                    text_of(other, "namespace"));
        return note_is(other, "Service") && in_space &&
               kube_selector_matches(with, json_object_get(other, "labels"));
}

static int link_monitor(struct link *l, const json_t *note)
{
        const json_t *selector = json_object_get(note, "selector");
        bool anywhere = json_object_size(json_object_get(note, "namespace_selector"));

        if (kube_selector_is_empty(selector) && !anywhere)
                return tell(l, MONITOR, note);
        return any(l, note, is_monitored, selector) ? 0 : tell(l, MONITOR, note);
}

/* with = replicas that the budget asks for, in hundredths of a percent or pods */
static bool blocks(const json_t *note, const json_t *other, const void *with)
{
        const char *min = with, *replicas = text_of(other, "replicas");
        long wanted = strtol(min, NULL, 10), n = *replicas ? strtol(replicas, NULL, 10) : 1;

        if (!json_object_get(other, "pod") || !same_namespace(note, other) || n < 0 ||
            n > 1000000 || wanted < 0 || wanted > 1000000 ||
            kube_selector_is_empty(json_object_get(note, "selector")) ||
            !json_equal(json_object_get(note, "selector"), json_object_get(other, "selector")))
                return false;
        if (strchr(min, '%'))
                wanted = n * wanted / 100;
        return n <= wanted;
}

static int link_budget(struct link *l, const json_t *note)
{
        const char *min = text_of(note, "min");

        if (!*min || !strcmp(min, "100%") || !l->left)
                return 0;
        return any(l, note, blocks, min) && l->left ? tell(l, BUDGET, note) : 0;
}

/* ---- Pods ---- */

static bool isolates(const json_t *note, const json_t *other, const void *with)
{
        bool here = (note_is(other, "NetworkPolicy") || note_is(other, "CiliumNetworkPolicy")) &&
                    same_namespace(note, other);

        (void) with;
        return (here || note_is(other, "CiliumClusterwideNetworkPolicy")) &&
               kube_selector_matches(json_object_get(other, "pod_selector"),
                                     json_object_get(note, "pod"));
}

static bool is_source(const json_t *note, const json_t *other, const void *with)
{
        (void) note;
        return note_is(other, text_of(with, "kind")) &&
               !strcmp(text_of(other, "name"), text_of(with, "name")) &&
               json_object_get(json_object_get(other, "keys"), text_of(with, "key"));
}

static int link_pod(struct link *l, const json_t *note)
{
        struct wanted account = { "ServiceAccount", text_of(note, "account") };
        json_t *source;
        size_t i;
        int r = 0;

        if (json_is_true(json_object_get(note, "partial")))
                return 0;
        if (*account.name && strcmp(account.name, "default") != 0 &&
            !any(l, note, is_named, &account))
                r = tell(l, ACCOUNT, note);
        if (r >= 0 && !any(l, note, isolates, NULL))
                r = tell(l, ISOLATION, note);
        json_array_foreach (json_object_get(note, "sources"), i, source)
                if (r >= 0 && !any(l, note, is_source, source))
                        return tell(l, VARIABLE, note);
        return r;
}

/* ---- Bindings ---- */

static const struct {
        int notice;
        bool of_account;   /* only if a service account or a node is bound */
        bool cluster_only; /* only of a ClusterRoleBinding */
        struct kube_access access;
} grants[] = {
        { BINDS,
          true,
          false,
          { NULL, "clusterrolebindings rolebindings clusterroles roles", "bind" } },
        { EXEC, true, false, { NULL, "pods/exec nodes/proxy", "create" } },
        { IMPERSONATES, true, false, { NULL, "groups users serviceaccounts", "impersonate" } },
        { STATUS, true, false, { NULL, "services/status", "update patch" } },
        { ACCOUNT_SECRETS, true, false, { NULL, "secrets", "get watch list" } },
        { SECRETS, false, false, { NULL, "secrets", "get list delete create watch" } },
        { CLUSTER_SECRETS,
          false,
          true,
          { NULL, "secrets", "get list watch create update patch delete" } },
        { PODS,
          false,
          false,
          { NULL, "pods deployments statefulsets replicasets cronjobs jobs daemonsets",
            "create" } },
};

static bool binds_account(const json_t *note)
{
        json_t *subject;
        size_t i;

        json_array_foreach (json_object_get(note, "subjects"), i, subject)
                if (!strcmp(text_of(subject, "kind"), "ServiceAccount") ||
                    !strcmp(text_of(subject, "kind"), "Node"))
                        return true;
        return false;
}

static const json_t *find_role(struct link *l, const json_t *note)
{
        const json_t *ref = json_object_get(note, "role");
        json_t *other;
        size_t i;

        json_array_foreach (l->notes, i, other) {
                if (!l->left)
                        return NULL;
                l->left--;
                if (note_is(other, text_of(ref, "kind")) &&
                    !strcmp(text_of(other, "name"), text_of(ref, "name")) &&
                    (note_is(other, "ClusterRole") || same_namespace(note, other)))
                        return json_object_get(other, "rules");
        }
        return NULL;
}

static int link_binding(struct link *l, const json_t *note)
{
        const json_t *rules = find_role(l, note);
        bool account = binds_account(note), told = false;
        int r = 0;

        for (size_t i = 0; r >= 0 && rules && i < ARRAY_SIZE(grants); i++) {
                if ((grants[i].of_account && !account) ||
                    (grants[i].cluster_only && !note_is(note, "ClusterRoleBinding")) ||
                    (grants[i].notice == SECRETS && told) ||
                    !kube_role_allows(rules, &grants[i].access))
                        continue;
                told |= grants[i].notice == ACCOUNT_SECRETS;
                r = tell(l, grants[i].notice, note);
        }
        return r;
}

static const struct {
        const char *kind;
        int (*link)(struct link *l, const json_t *note);
} links[] = {
        { "Service", link_service },        { "Ingress", link_ingress },
        { "NetworkPolicy", link_policy },   { "HorizontalPodAutoscaler", link_autoscaler },
        { "ServiceMonitor", link_monitor }, { "PodDisruptionBudget", link_budget },
        { "RoleBinding", link_binding },    { "ClusterRoleBinding", link_binding },
};

static int link_note(struct link *l, const json_t *note)
{
        if (json_is_true(json_object_get(note, "template")))
                return 0;
        if (json_object_get(note, "pod"))
                return link_pod(l, note);
        for (size_t i = 0; i < ARRAY_SIZE(links); i++)
                if (note_is(note, links[i].kind))
                        return links[i].link(l, note);
        return 0;
}

int kube_link_finish(struct check *c)
{
        struct link l = { .c = c, .left = PAIRS_MAX };
        const char *folder;
        json_t *notes, *note;
        size_t i;
        int r = 0;

        check_part(c, NULL, 0, 0, 0);
        json_object_foreach (c->kube_folders, folder, notes) {
                l.notes = notes;
                json_array_foreach (notes, i, note)
                        if (r >= 0)
                                r = link_note(&l, note);
        }
        if (r >= 0 && (!l.left || c->kube_notes >= KUBE_NOTES_MAX))
                r = check_not_scanned(c, ".", "too-many-objects");
        json_decref(c->kube_folders);
        c->kube_folders = NULL;
        c->kube_notes = 0;
        return r;
}
