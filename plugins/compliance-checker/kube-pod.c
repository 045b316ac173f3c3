/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-pod.h"

#include "kube-field.h"
#include "kube-selector.h"

#include <strings.h>

#define INFO   LINHAY_SEVERITY_INFO
#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

enum {
        HOST_PID,
        HOST_IPC,
        HOST_NETWORK,
        HOST_PROCESS,
        RUNTIME_SOCKET,
        SENSITIVE_PATH,
        HOST_PATH,
        LONG_TOKEN,
        TOKEN,
        DEFAULT_ACCOUNT,
        OLD_ACCOUNT,
        NO_CONTEXT,
        NO_SECCOMP,
        SECCOMP_OFF,
        APPARMOR_OFF,
        SYSCTL,
        RESTART,
        PRIORITY,
        NODE_AFFINITY,
        ANTI_AFFINITY,
        NDOTS,
        OWNER,
        EMAIL,
        REPLICAS,
        STRATEGY,
        SELECTOR,
        NO_SELECTOR,
        JOB_TTL,
        CRON_TTL,
};

static const struct notice notices[] = {
        [HOST_PID] = { "config/k8s-host-pid", HIGH, "CWE-668",
                       "The pod sees all processes of its node", "Leave out hostPID.",
                       "checkov:CKV_K8S_17 kube-linter:host-pid cis-kubernetes:5.2.3 "
                       "pss:baseline" },
        [HOST_IPC] = { "config/k8s-host-ipc", HIGH, "CWE-668",
                       "The pod shares memory and semaphores with its node", "Leave out hostIPC.",
                       "checkov:CKV_K8S_18 kube-linter:host-ipc cis-kubernetes:5.2.4 "
                       "pss:baseline" },
        [HOST_NETWORK] = { "config/k8s-host-network", MEDIUM, "CWE-668",
                           "The pod uses its node's network, past network policies",
                           "Leave out hostNetwork.",
                           "checkov:CKV_K8S_19 kube-linter:host-network cis-kubernetes:5.2.5 "
                           "pss:baseline" },
        [HOST_PROCESS] = { "config/k8s-host-process", HIGH, "CWE-250",
                           "A HostProcess container runs on the Windows node itself",
                           "Leave out hostProcess.", "cis-kubernetes:5.2.11 pss:baseline" },
        [RUNTIME_SOCKET] = { "config/k8s-runtime-socket", HIGH, "CWE-250",
                             "The socket of the container runtime is in the pod: who can reach it "
                             "owns the node",
                             "Leave out the volume.",
                             "checkov:CKV_K8S_27 kube-linter:docker-sock "
                             "kube-linter:container-runtime-sock" },
        [SENSITIVE_PATH] = { "config/k8s-sensitive-host-path", HIGH, "CWE-668",
                             "A system folder of the node is mounted into the pod",
                             "Leave out the volume, or mount the one file that is needed.",
                             "kube-linter:sensitive-host-mounts kube-linter:volume-mounts "
                             "pss:baseline" },
        [HOST_PATH] = { "config/k8s-host-path", LOW, "CWE-668",
                        "A path of the node is mounted into the pod", "Use another kind of volume.",
                        "cis-kubernetes:5.2.12 pss:baseline" },
        [LONG_TOKEN] = { "config/k8s-long-lived-token", LOW, "CWE-613",
                         "A token of the service account is good for more than a day",
                         "Set expirationSeconds: 3600.",
                         "kube-linter:projected-token-long-expiration" },
        [TOKEN] = { "config/k8s-service-account-token", INFO, "CWE-522",
                    "The pod gets a token of its service account, whether it needs one or not",
                    "Set automountServiceAccountToken: false.",
                    "checkov:CKV_K8S_38 kube-linter:automount-service-account-token "
                    "cis-kubernetes:5.1.6" },
        [DEFAULT_ACCOUNT] = { "config/k8s-default-service-account", INFO, "CWE-250",
                              "The pod runs as the namespace's default service account, like all "
                              "others",
                              "Make a service account for it and set serviceAccountName.",
                              "kube-linter:default-service-account cis-kubernetes:5.1.5" },
        [OLD_ACCOUNT] = { "config/k8s-deprecated-service-account", LOW, NULL,
                          "serviceAccount is deprecated", "Use serviceAccountName.",
                          "kube-linter:deprecated-service-account-field" },
        [NO_CONTEXT] = { "config/k8s-no-pod-security-context", INFO, "CWE-250",
                         "The pod has no securityContext",
                         "Say there what holds for all its containers: runAsNonRoot, "
                         "seccompProfile.",
                         "checkov:CKV_K8S_29 cis-kubernetes:5.7.3" },
        [NO_SECCOMP] = { "config/k8s-no-seccomp-profile", LOW, "CWE-250",
                         "No seccomp profile is set, so on most clusters every system call is "
                         "allowed",
                         "Set securityContext: { seccompProfile: { type: RuntimeDefault } }.",
                         "checkov:CKV_K8S_31 cis-kubernetes:5.7.2 pss:restricted" },
        [SECCOMP_OFF] = { "config/k8s-seccomp-unconfined", MEDIUM, "CWE-250",
                          "seccomp is switched off for the pod",
                          "Set seccompProfile: { type: RuntimeDefault }.",
                          "checkov:CKV_K8S_31 cis-kubernetes:5.7.2 pss:baseline" },
        [APPARMOR_OFF] = { "config/k8s-apparmor-unconfined", MEDIUM, "CWE-250",
                           "AppArmor is switched off", "Use runtime/default.", "pss:baseline" },
        [SYSCTL] = { "config/k8s-unsafe-sysctl", MEDIUM, "CWE-668",
                     "A kernel parameter is set that reaches beyond the pod", "Leave it out.",
                     "kube-linter:unsafe-sysctls pss:baseline" },
        [RESTART] = { "config/k8s-restart-policy", INFO, NULL, "The pod is never started again",
                      "Use Always or OnFailure.", "kube-linter:restart-policy" },
        [PRIORITY] = { "config/k8s-priority-class", INFO, NULL,
                       "The priority class is none that every cluster has",
                       "Make sure that the cluster has this PriorityClass.",
                       "kube-linter:priority-class-name" },
        [NODE_AFFINITY] = { "config/k8s-no-node-affinity", INFO, NULL,
                            "The pod does not say on which nodes it may run",
                            "Set affinity.nodeAffinity if it matters.",
                            "kube-linter:no-node-affinity" },
        [ANTI_AFFINITY] = { "config/k8s-no-anti-affinity", INFO, NULL,
                            "All replicas may run on one node, and fail together with it",
                            "Set affinity.podAntiAffinity with topologyKey kubernetes.io/hostname "
                            "and the pod's own labels.",
                            "kube-linter:no-anti-affinity" },
        [NDOTS] = { "config/k8s-dns-ndots", INFO, NULL,
                    "dnsConfig does not set ndots to 2, so names of other hosts are asked for "
                    "several times",
                    "Set dnsConfig: { options: [{ name: ndots, value: \"2\" }] }.",
                    "kube-linter:dnsconfig-options" },
        [OWNER] = { "config/k8s-no-owner", INFO, NULL, "The object has no label owner",
                    "Add the label, so that people know whom to ask.",
                    "kube-linter:required-label-owner" },
        [EMAIL] = { "config/k8s-no-email", INFO, NULL,
                    "The object has no annotation email with an address",
                    "Add the annotation, so that people know whom to ask.",
                    "kube-linter:required-annotation-email" },
        [REPLICAS] = { "config/k8s-few-replicas", INFO, NULL, "There are fewer than three replicas",
                       "Set replicas: 3 or more.", "kube-linter:minimum-three-replicas" },
        [STRATEGY] = { "config/k8s-no-rolling-update", INFO, NULL,
                       "An update stops the old pods before the new ones serve",
                       "Use the strategy RollingUpdate.",
                       "kube-linter:no-rolling-update-strategy" },
        [SELECTOR] = { "config/k8s-mismatching-selector", MEDIUM, NULL,
                       "The selector does not mean the pods that this object makes",
                       "Give the template the labels of the selector.",
                       "kube-linter:mismatching-selector" },
        [NO_SELECTOR] = { "config/k8s-mismatching-selector", LOW, NULL,
                          "The object has no selector",
                          "Add spec.selector with the labels of the template.",
                          "kube-linter:mismatching-selector" },
        [JOB_TTL] = { "config/k8s-job-ttl", INFO, NULL,
                      "The job stays in the cluster after it has finished",
                      "Set ttlSecondsAfterFinished.",
                      "kube-linter:job-ttl-seconds-after-finished" },
        [CRON_TTL] = { "config/k8s-job-ttl", INFO, NULL,
                       "ttlSecondsAfterFinished works against the CronJob's limits of history",
                       "Leave it out, and set successfulJobsHistoryLimit and "
                       "failedJobsHistoryLimit.",
                       "kube-linter:job-ttl-seconds-after-finished" },
};

size_t kube_pod_rules(void)
{
        return ARRAY_SIZE(notices);
}

static const struct kube_field pod_fields[] = {
        { "hostPID", KUBE_TRUE, NULL, &notices[HOST_PID], 0 },
        { "hostIPC", KUBE_TRUE, NULL, &notices[HOST_IPC], 0 },
        { "hostNetwork", KUBE_TRUE, NULL, &notices[HOST_NETWORK], 0 },
        { "securityContext.windowsOptions.hostProcess", KUBE_TRUE, NULL, &notices[HOST_PROCESS],
          0 },
        { "securityContext", KUBE_ABSENT, NULL, &notices[NO_CONTEXT], 0 },
        { "securityContext.seccompProfile.type", KUBE_VALUE, "Unconfined", &notices[SECCOMP_OFF],
          0 },
        { "securityContext.appArmorProfile.type", KUBE_VALUE, "Unconfined", &notices[APPARMOR_OFF],
          0 },
        { "automountServiceAccountToken", KUBE_ABSENT, NULL, &notices[TOKEN], 0 },
        { "automountServiceAccountToken", KUBE_TRUE, NULL, &notices[TOKEN], 0 },
        { "restartPolicy", KUBE_VALUE, "Never", &notices[RESTART], KUBE_RUNS_ON },
        { "affinity.nodeAffinity", KUBE_ABSENT, NULL, &notices[NODE_AFFINITY], 0 },
};

static const struct kube_field object_fields[] = {
        { "metadata.labels.owner", KUBE_ABSENT, NULL, &notices[OWNER], 0 },
        { "spec.strategy.type", KUBE_VALUE, "Recreate", &notices[STRATEGY], KUBE_RUNS_ON },
        { "spec.updateStrategy.type", KUBE_VALUE, "OnDelete", &notices[STRATEGY], KUBE_RUNS_ON },
        { "spec.jobTemplate.spec.ttlSecondsAfterFinished", KUBE_PRESENT, NULL, &notices[CRON_TTL],
          KUBE_IS_JOB },
};

/* ---- Volumes ---- */

static bool ends_with(const char *text, const char *end)
{
        size_t n = strlen(text), m = strlen(end);

        return n >= m && !strcmp(text + n - m, end);
}

static bool is_system_folder(const char *path)
{
        static const char *const folders[] = { "/",    "/boot", "/dev", "/etc",
                                               "/lib", "/proc", "/sys", "/usr" };
        size_t n = strlen(path);

        while (n > 1 && path[n - 1] == '/')
                n--;
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                if (n == strlen(folders[i]) && !memcmp(path, folders[i], n))
                        return true;
        return false;
}

static int look_at_host_path(struct kube *k, const struct yaml_node *path)
{
        static const char *const sockets[] = { "docker.sock", "containerd.sock", "crio.sock" };
        const char *text = kube_text(path);

        if (!*text)
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
                if (ends_with(text, sockets[i]))
                        return kube_tell(k, &notices[RUNTIME_SOCKET], path);
        return kube_tell(k, &notices[is_system_folder(text) ? SENSITIVE_PATH : HOST_PATH], path);
}

static int look_at_volumes(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *volumes = yaml_get(o->pod, "volumes");
        size_t n_volumes = kube_count(k, volumes, YAML_SEQUENCE);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n_volumes; i++) {
                const struct yaml_node *volume = volumes->items[i];
                const struct yaml_node *sources = yaml_at(volume, "projected.sources");

                r = look_at_host_path(k, yaml_at(volume, "hostPath.path"));
                for (size_t n = 0; r >= 0 && n < kube_few(sources, YAML_SEQUENCE); n++) {
                        const struct yaml_node *life =
                                yaml_at(sources->items[n], "serviceAccountToken.expirationSeconds");
                        int64_t seconds;

                        if (kube_number(life, &seconds) && seconds > 86400)
                                r = kube_tell(k, &notices[LONG_TOKEN], life);
                }
        }
        return r;
}

/* ---- The account ---- */

static int look_at_account(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *name = yaml_get(o->pod, "serviceAccountName");
        const struct yaml_node *old = yaml_get(o->pod, "serviceAccount");
        int r = 0;

        if (*kube_text(old) && strcmp(kube_text(old), kube_text(name)) != 0)
                r = kube_tell(k, &notices[OLD_ACCOUNT], old);
        if (r < 0)
                return r;
        if (!strcmp(kube_text(name), "default"))
                return kube_tell(k, &notices[DEFAULT_ACCOUNT], name);
        if (!*kube_text(name) && !*kube_text(old))
                return kube_tell_missing(k, o, &notices[DEFAULT_ACCOUNT], o->place);
        return 0;
}

/* ---- seccomp, AppArmor, sysctl ---- */

static bool is_confined(const struct yaml_node *context)
{
        const char *type = kube_text(yaml_at(context, "seccompProfile.type"));

        return !strcasecmp(type, "RuntimeDefault") || !strcasecmp(type, "Localhost");
}

static bool all_confined(const struct kube_object *o)
{
        const struct yaml_node *list = yaml_get(o->pod, "containers");
        size_t n = kube_few(list, YAML_SEQUENCE);

        for (size_t i = 0; i < n; i++)
                if (!is_confined(yaml_get(list->items[i], "securityContext")))
                        return false;
        return n > 0;
}

static bool says_unconfined(const struct kube_object *o)
{
        const struct yaml_node *list = yaml_get(o->pod, "containers");

        if (yaml_is(yaml_at(o->pod, "securityContext.seccompProfile.type"), "Unconfined"))
                return true;
        for (size_t i = 0; i < kube_few(list, YAML_SEQUENCE); i++)
                if (yaml_is(yaml_at(list->items[i], "securityContext.seccompProfile.type"),
                            "Unconfined"))
                        return true;
        return false;
}

/* The pod's own annotations, and where they are missing those of the object. */
static const struct yaml_node *annotations_of(const struct kube_object *o)
{
        const struct yaml_node *own = yaml_get(o->pod_meta, "annotations");

        return own ? own : yaml_at(o->root, "metadata.annotations");
}

static int look_at_seccomp(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *old =
                yaml_get(annotations_of(o), "seccomp.security.alpha.kubernetes.io/pod");
        const char *profile = kube_text(old);

        if (strstr(profile, "docker/default") || strstr(profile, "runtime/default") ||
            strstr(profile, "localhost/"))
                return 0;
        if (!strcmp(profile, "unconfined"))
                return kube_tell(k, &notices[SECCOMP_OFF], old);
        if (is_confined(yaml_get(o->pod, "securityContext")) || all_confined(o) ||
            says_unconfined(o))
                return 0;
        return kube_tell_missing(k, o, &notices[NO_SECCOMP], o->place);
}

static int look_at_apparmor(struct kube *k, const struct kube_object *o)
{
        static const char prefix[] = "container.apparmor.security.beta.kubernetes.io/";
        const struct yaml_node *annotations = annotations_of(o);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < kube_few(annotations, YAML_MAPPING); i++)
                if (!strncmp(kube_text(annotations->keys[i]), prefix, strlen(prefix)) &&
                    yaml_is(annotations->items[i], "unconfined"))
                        r = kube_tell(k, &notices[APPARMOR_OFF], annotations->items[i]);
        return r;
}

/* Those that Kubernetes itself counts as safe: each has an effect in its own pod only. */
static bool is_safe_sysctl(const char *name)
{
        static const char *const safe[] = {
                "kernel.shm_rmid_forced",
                "net.ipv4.ip_local_port_range",
                "net.ipv4.tcp_syncookies",
                "net.ipv4.ping_group_range",
                "net.ipv4.tcp_fin_timeout",
                "net.ipv4.ip_unprivileged_port_start",
                "net.ipv4.tcp_keepalive_time",
                "net.ipv4.ip_local_reserved_ports",
                "net.ipv4.tcp_keepalive_intvl",
                "net.ipv4.tcp_keepalive_probes",
                "net.ipv4.tcp_rmem",
                "net.ipv4.tcp_wmem",
        };

        for (size_t i = 0; i < ARRAY_SIZE(safe); i++)
                if (!strcmp(name, safe[i]))
                        return true;
        return false;
}

static int look_at_sysctls(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *list = yaml_at(o->pod, "securityContext.sysctls");
        int r = 0;

        for (size_t i = 0; r >= 0 && i < kube_few(list, YAML_SEQUENCE); i++) {
                const struct yaml_node *name = yaml_get(list->items[i], "name");

                if (*kube_text(name) && !is_safe_sysctl(kube_text(name)))
                        r = kube_tell(k, &notices[SYSCTL], name);
        }
        return r;
}

/* ---- Where and how often ---- */

static int look_at_dns(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *options = yaml_at(o->pod, "dnsConfig.options");

        for (size_t i = 0; i < kube_few(options, YAML_SEQUENCE); i++)
                if (yaml_is(yaml_get(options->items[i], "name"), "ndots") &&
                    yaml_is(yaml_get(options->items[i], "value"), "2"))
                        return 0;
        return kube_tell_missing(k, o, &notices[NDOTS], o->place);
}

static int look_at_priority(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *class = yaml_get(o->pod, "priorityClassName");

        if (!*kube_text(class) || !strncmp(kube_text(class), "system-", 7))
                return 0;
        return kube_tell(k, &notices[PRIORITY], class);
}

/* Does a term keep the pod away from others like it, on the same node? */
static bool term_is_apart(struct kube *k, const struct yaml_node *term, const json_t *labels)
{
        json_t *selector = kube_json(k, yaml_get(term, "labelSelector"));
        bool apart = yaml_is(yaml_get(term, "topologyKey"), "kubernetes.io/hostname") &&
                     yaml_get(term, "labelSelector") && kube_selector_matches(selector, labels);

        json_decref(selector);
        return apart;
}

static bool is_apart(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *anti = yaml_at(o->pod, "affinity.podAntiAffinity");
        const struct yaml_node *must =
                yaml_get(anti, "requiredDuringSchedulingIgnoredDuringExecution");
        const struct yaml_node *may =
                yaml_get(anti, "preferredDuringSchedulingIgnoredDuringExecution");
        json_t *labels = kube_json(k, yaml_get(o->pod_meta, "labels"));
        bool apart = false;

        for (size_t i = 0; !apart && i < kube_few(must, YAML_SEQUENCE); i++)
                apart = term_is_apart(k, must->items[i], labels);
        for (size_t i = 0; !apart && i < kube_few(may, YAML_SEQUENCE); i++)
                apart = term_is_apart(k, yaml_get(may->items[i], "podAffinityTerm"), labels);
        json_decref(labels);
        return apart;
}

static int look_at_replicas(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *node = yaml_at(o->root, "spec.replicas");
        int64_t n = 1;
        int r = 0;

        if (!(o->traits & KUBE_HAS_REPLICAS) || (node && !kube_number(node, &n)))
                return 0;
        if (n < 3)
                r = node ? kube_tell(k, &notices[REPLICAS], node)
                         : kube_tell_missing(k, o, &notices[REPLICAS], o->place);
        if (r >= 0 && n >= 2 && !is_apart(k, o))
                r = kube_tell_missing(k, o, &notices[ANTI_AFFINITY], node ? node : o->place);
        return r;
}

static int look_at_selector(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *node = yaml_at(o->root, "spec.selector");
        bool is_label_selector = o->traits & KUBE_HAS_SELECTOR;
        json_t *selector, *labels;
        bool matches;

        if (o->traits & KUBE_IS_JOB || k->is_template)
                return 0;
        selector = kube_json(k, node);
        if (is_label_selector && kube_selector_is_empty(selector)) {
                json_decref(selector);
                return kube_tell_missing(k, o, &notices[NO_SELECTOR], o->place);
        }
        labels = kube_json(k, yaml_get(o->pod_meta, "labels"));
        matches = is_label_selector ? kube_selector_matches(selector, labels)
                                    : !node || !(o->traits & KUBE_HAS_REPLICAS) ||
                                              kube_labels_match(selector, labels);
        json_decref(selector);
        json_decref(labels);
        return matches ? 0 : kube_tell_missing(k, o, &notices[SELECTOR], node ? node : o->place);
}

/* ---- Job, owner ---- */

static int look_at_job(struct kube *k, const struct kube_object *o)
{
        if (!kube_is(o, "Job") || yaml_at(o->root, "spec.ttlSecondsAfterFinished"))
                return 0;
        return kube_tell_missing(k, o, &notices[JOB_TTL], o->place);
}

static bool is_address(const char *text)
{
        const char *at = strchr(text, '@');

        return at && at > text && strchr(at + 1, '.') && at[1] != '.';
}

static int look_at_email(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *email = yaml_at(o->root, "metadata.annotations.email");

        return is_address(kube_text(email)) ? 0
                                            : kube_tell_missing(k, o, &notices[EMAIL], o->place);
}

int kube_pod_look(struct kube *k, const struct kube_object *o)
{
        static int (*const looks[])(struct kube * k, const struct kube_object *o) = {
                look_at_volumes, look_at_account,  look_at_seccomp,  look_at_apparmor,
                look_at_sysctls, look_at_dns,      look_at_priority, look_at_replicas,
                look_at_job,     look_at_selector, look_at_email,
        };
        int r = kube_look_at_fields(k, o, o->pod, o->place, o->traits, pod_fields,
                                    ARRAY_SIZE(pod_fields));

        if (r >= 0)
                r = kube_look_at_fields(k, o, o->root, o->place, o->traits, object_fields,
                                        ARRAY_SIZE(object_fields));
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(looks); i++)
                r = looks[i](k, o);
        return r;
}
