/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-container.h"

#include "kube-field.h"
#include "scan/value.h"

#include <ctype.h>
#include <strings.h>

#define INFO   LINHAY_SEVERITY_INFO
#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

enum {
        PRIVILEGED,
        ESCALATION,
        ESCALATION_UNSET,
        WRITABLE_ROOT,
        PROC_MOUNT,
        NO_CONTEXT,
        ROOT,
        ROOT_UNSET,
        ROOT_GROUP,
        INIT_ROOT,
        LOW_UID,
        ADDED,
        SYS_ADMIN,
        UNSAFE_CAPABILITY,
        KEEPS_NET_RAW,
        KEEPS_DEFAULTS,
        KEEPS_ALL,
        LATEST,
        NO_DIGEST,
        PULL_POLICY,
        CPU_REQUEST,
        CPU_LIMIT,
        MEMORY_REQUEST,
        MEMORY_LIMIT,
        STORAGE_LIMIT,
        NO_LIVENESS,
        NO_READINESS,
        NO_STARTUP,
        LIVENESS_PORT,
        READINESS_PORT,
        STARTUP_PORT,
        HOST_PORT,
        SSH_PORT,
        LOW_PORT,
        PORT_NAME,
        ENV_SECRET_REF,
        ENV_SECRET,
        ENV_TWICE,
        GIT_SYNC,
        DASHBOARD,
        TILLER,
        TILLER_LISTENS,
        WRITABLE_MOUNT,
        SECCOMP_OFF,
        SELINUX,
};

static const struct notice notices[] = {
        [PRIVILEGED] = { "config/k8s-privileged-container", HIGH, "CWE-250",
                         "A privileged container has all rights of the host",
                         "Leave out privileged, and add the one capability that is needed.",
                         "checkov:CKV_K8S_16 kube-linter:privileged-container "
                         "cis-kubernetes:5.2.2 pss:baseline" },
        [ESCALATION] = { "config/k8s-privilege-escalation", MEDIUM, "CWE-269",
                         "allowPrivilegeEscalation is true: a program may gain rights by setuid",
                         "Set allowPrivilegeEscalation: false.",
                         "checkov:CKV_K8S_20 kube-linter:privilege-escalation-container "
                         "cis-kubernetes:5.2.6 pss:restricted" },
        [ESCALATION_UNSET] = { "config/k8s-privilege-escalation-unset", LOW, "CWE-269",
                               "allowPrivilegeEscalation is not set, so it is allowed",
                               "Set allowPrivilegeEscalation: false.",
                               "checkov:CKV_K8S_20 cis-kubernetes:5.2.6 pss:restricted" },
        [WRITABLE_ROOT] = { "config/k8s-writable-root-filesystem", LOW, "CWE-732",
                            "The container can write to its root file system",
                            "Set readOnlyRootFilesystem: true and mount an emptyDir where the "
                            "program writes.",
                            "checkov:CKV_K8S_22 kube-linter:no-read-only-root-fs" },
        [PROC_MOUNT] = { "config/k8s-unmasked-proc", HIGH, "CWE-668",
                         "procMount: Unmasked shows the container the kernel's own /proc",
                         "Leave out procMount.", "kube-linter:unsafe-proc-mount pss:baseline" },
        [NO_CONTEXT] = { "config/k8s-no-container-security-context", INFO, "CWE-250",
                         "The container has no securityContext",
                         "Say which rights it needs: runAsNonRoot, readOnlyRootFilesystem, "
                         "capabilities.",
                         "checkov:CKV_K8S_30 cis-kubernetes:5.7.3" },
        [ROOT] = { "config/k8s-run-as-root", MEDIUM, "CWE-250",
                   "The container is told to run as root",
                   "Set runAsNonRoot: true and a runAsUser other than 0.",
                   "checkov:CKV_K8S_23 kube-linter:run-as-non-root cis-kubernetes:5.2.7 "
                   "pss:restricted" },
        [ROOT_UNSET] = { "config/k8s-run-as-root", LOW, "CWE-250",
                         "Nothing keeps the container from running as root",
                         "Set runAsNonRoot: true in the pod's or the container's securityContext.",
                         "checkov:CKV_K8S_23 kube-linter:run-as-non-root cis-kubernetes:5.2.7 "
                         "pss:restricted" },
        [ROOT_GROUP] = { "config/k8s-root-group", LOW, "CWE-250",
                         "The container runs with the group of root",
                         "Set a runAsGroup other than 0.", "kube-linter:run-as-non-root" },
        [INIT_ROOT] = { "config/k8s-init-container-as-root", LOW, "CWE-250",
                        "Nothing keeps the init container from running as root",
                        "Set runAsNonRoot: true in the pod's or the container's securityContext.",
                        "kube-linter:run-as-non-root kube-linter:init-container-security-gap "
                        "pss:restricted" },
        [LOW_UID] = { "config/k8s-low-user-id", INFO, "CWE-250",
                      "runAsUser is below 10000 or not set, and may be a user of the host as well",
                      "Set a runAsUser of 10000 or more.", "checkov:CKV_K8S_40" },
        [ADDED] = { "config/k8s-added-capability", LOW, "CWE-250",
                    "The container is given capabilities beyond the default",
                    "Leave out capabilities.add, or keep it to the one that is needed.",
                    "checkov:CKV_K8S_25 cis-kubernetes:5.2.9 pss:restricted" },
        [SYS_ADMIN] = { "config/k8s-sys-admin-capability", HIGH, "CWE-250",
                        "CAP_SYS_ADMIN is nearly all that root may do", "Leave out SYS_ADMIN.",
                        "checkov:CKV_K8S_39 pss:baseline" },
        [UNSAFE_CAPABILITY] = { "config/k8s-unsafe-capability", MEDIUM, "CWE-250",
                                "The container is given a capability that a container should not "
                                "have",
                                "Leave it out of capabilities.add.", "pss:baseline" },
        [KEEPS_NET_RAW] = { "config/k8s-net-raw-capability", LOW, "CWE-250",
                            "The container keeps NET_RAW, with which it can forge packets",
                            "Add NET_RAW or ALL to capabilities.drop.",
                            "checkov:CKV_K8S_28 kube-linter:drop-net-raw-capability "
                            "cis-kubernetes:5.2.8" },
        [KEEPS_DEFAULTS] = { "config/k8s-net-raw-by-default", INFO, "CWE-250",
                             "The container drops no capability, so it keeps NET_RAW",
                             "Set capabilities: { drop: [ALL] }.",
                             "checkov:CKV_K8S_28 cis-kubernetes:5.2.8" },
        [KEEPS_ALL] = { "config/k8s-capabilities-not-dropped", LOW, "CWE-250",
                        "The container does not drop all capabilities",
                        "Set capabilities: { drop: [ALL] } and add back what is needed.",
                        "checkov:CKV_K8S_37 cis-kubernetes:5.2.10 pss:restricted" },
        [LATEST] = { "config/k8s-latest-tag", MEDIUM, "CWE-1357",
                     "The image is :latest or has no tag, so it changes without notice",
                     "Name a version, better a digest.",
                     "checkov:CKV_K8S_14 kube-linter:latest-tag" },
        [NO_DIGEST] = { "config/k8s-image-without-digest", INFO, "CWE-1357",
                        "The image is named by a tag, which can be moved to another image",
                        "Name it by digest: image@sha256:...",
                        "checkov:CKV_K8S_43 kube-linter:image-not-pinned-by-digest "
                        "kube-linter:image-sha" },
        [PULL_POLICY] = { "config/k8s-image-pull-policy", INFO, NULL,
                          "The image is not pulled each time, so a node may run an older one, and "
                          "pods without its pull secret may use it",
                          "Set imagePullPolicy: Always.", "checkov:CKV_K8S_15" },
        [CPU_REQUEST] = { "config/k8s-no-cpu-request", INFO, "CWE-770",
                          "The container has no request for CPU time",
                          "Set resources.requests.cpu.",
                          "checkov:CKV_K8S_10 kube-linter:unset-cpu-requirements" },
        [CPU_LIMIT] = { "config/k8s-no-cpu-limit", INFO, "CWE-770",
                        "The container has no limit of CPU time", "Set resources.limits.cpu.",
                        "checkov:CKV_K8S_11" },
        [MEMORY_REQUEST] = { "config/k8s-no-memory-request", INFO, "CWE-770",
                             "The container has no request for memory",
                             "Set resources.requests.memory.", "checkov:CKV_K8S_12" },
        [MEMORY_LIMIT] = { "config/k8s-no-memory-limit", LOW, "CWE-770",
                           "The container has no limit of memory, so it can starve its node",
                           "Set resources.limits.memory.",
                           "checkov:CKV_K8S_13 kube-linter:unset-memory-requirements" },
        [STORAGE_LIMIT] = { "config/k8s-no-storage-limit", INFO, "CWE-770",
                            "The container has no limit of ephemeral storage",
                            "Set resources.limits.ephemeral-storage.",
                            "kube-linter:unset-ephemeral-storage-requirements" },
        [NO_LIVENESS] = { "config/k8s-no-liveness-probe", INFO, NULL,
                          "The container has no livenessProbe, so one that hangs is not restarted",
                          "Add a livenessProbe.",
                          "checkov:CKV_K8S_8 kube-linter:no-liveness-probe" },
        [NO_READINESS] = { "config/k8s-no-readiness-probe", INFO, NULL,
                           "The container has no readinessProbe, so it gets requests before it is "
                           "ready",
                           "Add a readinessProbe.",
                           "checkov:CKV_K8S_9 kube-linter:no-readiness-probe" },
        [NO_STARTUP] = { "config/k8s-no-startup-probe", INFO, NULL,
                         "The container has no startupProbe",
                         "Add a startupProbe if it starts slowly.",
                         "kube-linter:no-startup-probe" },
        [LIVENESS_PORT] = { "config/k8s-liveness-port", LOW, NULL,
                            "The livenessProbe asks a port that the container does not expose",
                            "Use a port of the container, or add it to ports.",
                            "kube-linter:liveness-port" },
        [READINESS_PORT] = { "config/k8s-readiness-port", LOW, NULL,
                             "The readinessProbe asks a port that the container does not expose",
                             "Use a port of the container, or add it to ports.",
                             "kube-linter:readiness-port" },
        [STARTUP_PORT] = { "config/k8s-startup-port", LOW, NULL,
                           "The startupProbe asks a port that the container does not expose",
                           "Use a port of the container, or add it to ports.",
                           "kube-linter:startup-port" },
        [HOST_PORT] = { "config/k8s-host-port", LOW, "CWE-668",
                        "hostPort opens a port of the node itself, past network policies",
                        "Use a Service.", "checkov:CKV_K8S_26 cis-kubernetes:5.2.13 pss:baseline" },
        [SSH_PORT] = { "config/k8s-ssh-port", LOW, "CWE-668",
                       "The container exposes port 22, that of SSH",
                       "Use kubectl exec, and run no SSH server.", "kube-linter:ssh-port" },
        [LOW_PORT] = { "config/k8s-privileged-port", INFO, NULL,
                       "The container listens on a port below 1024, for which it may need rights",
                       "Use a port of 1024 or more; a Service can show it as another.",
                       "kube-linter:privileged-ports" },
        [PORT_NAME] = { "config/k8s-invalid-port", LOW, NULL,
                        "The port's name or number is none that the API accepts",
                        "Use at most 15 of a-z, 0-9 and -, at least one of them a letter.",
                        "kube-linter:invalid-target-ports" },
        [ENV_SECRET_REF] = { "config/k8s-secret-as-variable", INFO, "CWE-526",
                             "A secret is given as an environment variable, which logs and child "
                             "processes see",
                             "Mount the secret as a file.",
                             "checkov:CKV_K8S_35 kube-linter:read-secret-from-env-var "
                             "cis-kubernetes:5.4.1" },
        [ENV_SECRET] = { "config/k8s-secret-in-variable", HIGH, "CWE-798",
                         "A variable whose name says that it is secret has its value in the file",
                         "Put it into a Secret and mount that.", "kube-linter:env-var-secret" },
        [ENV_TWICE] = { "config/k8s-duplicate-variable", LOW, NULL,
                        "The environment variable is set twice; the last one holds",
                        "Leave out one of them.", "kube-linter:duplicate-env-var" },
        [GIT_SYNC] = { "config/k8s-git-sync-command", MEDIUM, "CWE-78",
                       "GITSYNC_GIT names the program that git-sync runs, so whoever sets it runs "
                       "what he likes",
                       "Leave out GITSYNC_GIT.", "checkov:CKV_K8S_159" },
        [DASHBOARD] = { "config/k8s-dashboard", MEDIUM, "CWE-668",
                        "The Kubernetes dashboard is deployed, which holds the rights of whoever "
                        "is logged in",
                        "Leave out the dashboard, or keep it behind authentication.",
                        "checkov:CKV_K8S_33" },
        [TILLER] = { "config/k8s-tiller", HIGH, "CWE-1104",
                     "Tiller, the server of Helm 2, has all rights in the cluster and is no longer "
                     "maintained",
                     "Use Helm 3, which needs no server.", "checkov:CKV_K8S_34" },
        [TILLER_LISTENS] = { "config/k8s-tiller-listens", HIGH, "CWE-306",
                             "Tiller takes orders from every pod of the cluster",
                             "Use Helm 3; until then start it with --listen=localhost:44134.",
                             "checkov:CKV_K8S_45" },
        [WRITABLE_MOUNT] = { "config/k8s-writable-host-mount", MEDIUM, "CWE-668",
                             "A path of the host is mounted so that the container can write to it",
                             "Set readOnly: true, or use another kind of volume.",
                             "kube-linter:writable-host-mount" },
        [SECCOMP_OFF] = { "config/k8s-seccomp-unconfined", MEDIUM, "CWE-250",
                          "seccomp is switched off for the container",
                          "Set seccompProfile: { type: RuntimeDefault }.",
                          "checkov:CKV_K8S_31 cis-kubernetes:5.7.2 pss:baseline" },
        [SELINUX] = { "config/k8s-selinux-user", LOW, "CWE-250",
                      "The container chooses its own SELinux user or role",
                      "Leave out user and role of seLinuxOptions.", "pss:baseline" },
};

/* ---- Single fields ---- */

#define ON_RUNNING 64 /* of `on`: the pod is meant to go on running */
#define WORKERS    (KUBE_MAIN | KUBE_INIT)

static const struct kube_field fields[] = {
        { "securityContext.privileged", KUBE_TRUE, NULL, &notices[PRIVILEGED], 0 },
        { "securityContext.allowPrivilegeEscalation", KUBE_TRUE, NULL, &notices[ESCALATION], 0 },
        { "securityContext.allowPrivilegeEscalation", KUBE_ABSENT, NULL, &notices[ESCALATION_UNSET],
          0 },
        { "securityContext.readOnlyRootFilesystem", KUBE_NOT_TRUE, NULL, &notices[WRITABLE_ROOT],
          WORKERS },
        { "securityContext.readOnlyRootFilesystem", KUBE_ABSENT, NULL, &notices[WRITABLE_ROOT],
          WORKERS },
        { "securityContext.procMount", KUBE_VALUE, "Unmasked", &notices[PROC_MOUNT], 0 },
        { "securityContext", KUBE_ABSENT, NULL, &notices[NO_CONTEXT], WORKERS },
        { "securityContext.seccompProfile.type", KUBE_VALUE, "Unconfined", &notices[SECCOMP_OFF],
          0 },
        { "securityContext.seLinuxOptions.user", KUBE_PRESENT, NULL, &notices[SELINUX], 0 },
        { "securityContext.seLinuxOptions.role", KUBE_PRESENT, NULL, &notices[SELINUX], 0 },
        { "resources.requests.cpu", KUBE_ABSENT, NULL, &notices[CPU_REQUEST], WORKERS },
        { "resources.limits.cpu", KUBE_ABSENT, NULL, &notices[CPU_LIMIT], WORKERS },
        { "resources.requests.memory", KUBE_ABSENT, NULL, &notices[MEMORY_REQUEST], WORKERS },
        { "resources.limits.memory", KUBE_ABSENT, NULL, &notices[MEMORY_LIMIT], WORKERS },
        { "resources.limits.ephemeral-storage", KUBE_ABSENT, NULL, &notices[STORAGE_LIMIT],
          WORKERS },
        { "livenessProbe", KUBE_ABSENT, NULL, &notices[NO_LIVENESS], ON_RUNNING },
        { "readinessProbe", KUBE_ABSENT, NULL, &notices[NO_READINESS], ON_RUNNING },
        { "startupProbe", KUBE_ABSENT, NULL, &notices[NO_STARTUP], ON_RUNNING },
};

/* ---- The user ---- */

/* A field of the container's securityContext, or else of the pod's. */
static const struct yaml_node *inherited(const struct kube_object *o,
                                         const struct kube_container *c, const char *key)
{
        const struct yaml_node *own = yaml_get(yaml_get(c->node, "securityContext"), key);

        return own ? own : yaml_get(yaml_get(o->pod, "securityContext"), key);
}

static int look_at_user(struct kube *k, const struct kube_object *o, const struct kube_container *c)
{
        const struct yaml_node *user = inherited(o, c, "runAsUser");
        const struct yaml_node *group = inherited(o, c, "runAsGroup");
        bool non_root = kube_true(inherited(o, c, "runAsNonRoot"));
        int64_t uid = -1, gid = -1;
        int r = 0;

        if (c->kind == KUBE_EPHEMERAL)
                return 0;
        (void) kube_number(user, &uid);
        (void) kube_number(group, &gid);
        if (uid == 0)
                r = kube_tell(k, &notices[c->kind == KUBE_INIT ? INIT_ROOT : ROOT], user);
        else if (!non_root && uid < 0)
                r = kube_tell_missing(k, o, &notices[c->kind == KUBE_INIT ? INIT_ROOT : ROOT_UNSET],
                                      c->place);
        if (r >= 0 && gid == 0)
                r = kube_tell(k, &notices[ROOT_GROUP], group);
        if (r < 0 || c->kind != KUBE_MAIN || uid >= 10000)
                return r;
        return uid < 0 ? kube_tell_missing(k, o, &notices[LOW_UID], c->place)
                       : kube_tell(k, &notices[LOW_UID], user);
}

/* ---- Capabilities ---- */

/* What the baseline of the Pod Security Standards lets a container add. */
static bool is_baseline_capability(const char *name)
{
        static const char *const allowed[] = {
                "AUDIT_WRITE", "CHOWN",  "DAC_OVERRIDE", "FOWNER",           "FSETID",
                "KILL",        "MKNOD",  "NET_RAW",      "SETFCAP",          "SETGID",
                "SETPCAP",     "SETUID", "SYS_CHROOT",   "NET_BIND_SERVICE",
        };

        name += !strncasecmp(name, "CAP_", 4) ? 4 : 0;
        for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
                if (!strcasecmp(name, allowed[i]))
                        return true;
        return false;
}

static int look_at_added(struct kube *k, const struct yaml_node *add)
{
        int r = add && add->n ? kube_tell(k, &notices[ADDED], add) : 0;

        for (size_t i = 0; r >= 0 && i < kube_few(add, YAML_SEQUENCE); i++) {
                const char *name = kube_text(add->items[i]);

                if (!strcasecmp(name, "SYS_ADMIN") || !strcasecmp(name, "CAP_SYS_ADMIN"))
                        r = kube_tell(k, &notices[SYS_ADMIN], add->items[i]);
                else if (*name && !is_baseline_capability(name))
                        r = kube_tell(k, &notices[UNSAFE_CAPABILITY], add->items[i]);
        }
        return r;
}

static int look_at_capabilities(struct kube *k, const struct kube_object *o,
                                const struct kube_container *c)
{
        const struct yaml_node *all = yaml_at(c->node, "securityContext.capabilities");
        const struct yaml_node *add = yaml_get(all, "add"), *drop = yaml_get(all, "drop");
        bool drops_all = kube_has(drop, "ALL");
        bool drops_raw = drops_all || kube_has(drop, "NET_RAW") || kube_has(drop, "CAP_NET_RAW");
        bool adds_raw = kube_has(add, "NET_RAW") || kube_has(add, "ALL");
        int r = look_at_added(k, add);

        if (r >= 0 && adds_raw)
                r = kube_tell(k, &notices[KEEPS_NET_RAW], add);
        else if (r >= 0 && !drops_raw && all && all->n)
                r = kube_tell_missing(k, o, &notices[KEEPS_NET_RAW], all);
        else if (r >= 0 && !drops_raw)
                r = kube_tell_missing(k, o, &notices[KEEPS_DEFAULTS], c->place);
        if (r >= 0 && !drops_all)
                r = kube_tell_missing(k, o, &notices[KEEPS_ALL], c->place);
        return r;
}

/* ---- The image ---- */

/* The tag in an image's name, empty if it has none. A port stands before the last slash. */
static struct span tag_of(const char *image)
{
        size_t n = strcspn(image, "@");
        const char *slash = memrchr(image, '/', n), *end = image + n;
        const char *from = slash ? slash : image;
        const char *colon = memchr(from, ':', (size_t) (end - from));

        return colon ? (struct span){ colon + 1, (size_t) (end - colon) - 1 }
                     : (struct span){ end, 0 };
}

static int look_at_image(struct kube *k, const struct kube_object *o,
                         const struct kube_container *c)
{
        const struct yaml_node *image = yaml_get(c->node, "image");
        const struct yaml_node *policy = yaml_get(c->node, "imagePullPolicy");
        const char *name = c->image;
        struct span tag = tag_of(name);
        bool pinned = strchr(name, '@');
        bool moving = !tag.length || (tag.length == 6 && !memcmp(tag.text, "latest", 6));
        int r = 0;

        if (!*name)
                return 0;
        /* ${...} and $(...) are filled in by somebody else, like what a template leaves open. */
        if (!strchr(name, '$') && !pinned && moving && (tag.length || !k->is_template))
                r = kube_tell(k, &notices[LATEST], image);
        if (r >= 0 && !pinned)
                r = kube_tell_missing(k, o, &notices[NO_DIGEST], image);
        if (r < 0)
                return r;
        if (policy && strcmp(kube_text(policy), "Always") != 0)
                return kube_tell(k, &notices[PULL_POLICY], policy);
        if (!policy && !moving)
                return kube_tell_missing(k, o, &notices[PULL_POLICY], image);
        return 0;
}

/* What the image is, or what the pod's labels say that it is. */
static int look_for_programs(struct kube *k, const struct kube_object *o,
                             const struct kube_container *c)
{
        const struct yaml_node *labels = yaml_get(o->pod_meta, "labels");
        const struct yaml_node *args = yaml_get(c->node, "args");
        const char *app = kube_text(yaml_get(labels, "app"));
        const char *k8s_app = kube_text(yaml_get(labels, "k8s-app"));
        bool dashboard = strstr(c->image, "kubernetes-dashboard") ||
                         strstr(c->image, "kubernetesui") || !strcmp(app, "kubernetes-dashboard") ||
                         (!*app && !strcmp(k8s_app, "kubernetes-dashboard"));
        bool tiller = strstr(c->image, "tiller") || !strcmp(app, "helm") ||
                      (!*app && yaml_is(yaml_get(labels, "name"), "tiller"));
        int r = dashboard ? kube_tell(k, &notices[DASHBOARD], c->place) : 0;

        if (r < 0 || !tiller)
                return r;
        r = kube_tell(k, &notices[TILLER], c->place);
        for (size_t i = 0; i < kube_few(args, YAML_SEQUENCE); i++) {
                const char *arg = kube_text(args->items[i]);

                if (strstr(arg, "--listen") &&
                    (strstr(arg, "localhost") || strstr(arg, "127.0.0.1")))
                        return r;
        }
        return r < 0 ? r : kube_tell_missing(k, o, &notices[TILLER_LISTENS], c->place);
}

/* ---- Ports and probes ---- */

static bool exposes(const struct kube_container *c, const struct yaml_node *wanted)
{
        const struct yaml_node *ports = yaml_get(c->node, "ports");
        const char *text = kube_text(wanted);

        for (size_t i = 0; i < kube_few(ports, YAML_SEQUENCE); i++) {
                const struct yaml_node *port = ports->items[i];
                const char *protocol = kube_text(yaml_get(port, "protocol"));

                if (*protocol && strcmp(protocol, "TCP") != 0)
                        continue;
                if (yaml_is(yaml_get(port, "containerPort"), text) ||
                    yaml_is(yaml_get(port, "name"), text))
                        return true;
        }
        return false;
}

static int look_at_probes(struct kube *k, const struct kube_object *o,
                          const struct kube_container *c)
{
        static const struct {
                const char *key;
                int notice;
        } probes[] = {
                { "livenessProbe", LIVENESS_PORT },
                { "readinessProbe", READINESS_PORT },
                { "startupProbe", STARTUP_PORT },
        };
        static const char *const asks[] = { "httpGet.port", "tcpSocket.port", "grpc.port" };
        int r = 0;

        for (size_t i = 0; r >= 0 && c->kind == KUBE_MAIN && i < ARRAY_SIZE(probes); i++)
                for (size_t n = 0; r >= 0 && n < ARRAY_SIZE(asks); n++) {
                        const struct yaml_node *probe = yaml_get(c->node, probes[i].key);
                        const struct yaml_node *port = yaml_at(probe, asks[n]);

                        if (*kube_text(port) && !exposes(c, port))
                                r = kube_tell_missing(k, o, &notices[probes[i].notice], port);
                }
        return r;
}

/* A name that the API accepts for a port: RFC 6335, section 5.1. */
static bool is_port_name(const char *name)
{
        size_t n = strlen(name);
        bool letter = false;

        for (size_t i = 0; i < n; i++) {
                letter |= islower((unsigned char) name[i]) != 0;
                if (!islower((unsigned char) name[i]) && !isdigit((unsigned char) name[i]) &&
                    (name[i] != '-' || i == 0 || i + 1 == n || name[i + 1] == '-'))
                        return false;
        }
        return n >= 1 && n <= 15 && letter;
}

static int look_at_port(struct kube *k, const struct yaml_node *port)
{
        const struct yaml_node *host = yaml_get(port, "hostPort"), *name = yaml_get(port, "name");
        const struct yaml_node *own = yaml_get(port, "containerPort");
        const char *protocol = kube_text(yaml_get(port, "protocol"));
        int64_t number = 0;
        int r = 0;

        if (host && !yaml_is(host, "0"))
                r = kube_tell(k, &notices[HOST_PORT], host);
        (void) kube_number(own, &number);
        if (r >= 0 && number == 22 && (!*protocol || !strcmp(protocol, "TCP")))
                r = kube_tell(k, &notices[SSH_PORT], own);
        if (r >= 0 && number > 0 && number < 1024)
                r = kube_tell(k, &notices[LOW_PORT], own);
        if (r >= 0 && *kube_text(name) && !is_port_name(kube_text(name)) && !k->is_template)
                r = kube_tell(k, &notices[PORT_NAME], name);
        return r;
}

static int look_at_ports(struct kube *k, const struct kube_object *o,
                         const struct kube_container *c)
{
        const struct yaml_node *ports = yaml_get(c->node, "ports");
        size_t n = kube_count(k, ports, YAML_SEQUENCE);
        int r = 0;

        (void) o;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = look_at_port(k, ports->items[i]);
        return r;
}

/* ---- Variables ---- */

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
        r = kube_tell(k, &notices[ENV_SECRET], value);
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

static int look_at_environment(struct kube *k, const struct kube_object *o,
                               const struct kube_container *c)
{
        const struct yaml_node *env = yaml_get(c->node, "env");
        const struct yaml_node *from = yaml_get(c->node, "envFrom");
        size_t n = kube_count(k, env, YAML_SEQUENCE), n_from = kube_count(k, from, YAML_SEQUENCE);
        int r = 0;

        (void) o;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = look_at_variable(k, env->items[i]);
        for (size_t i = 0; r >= 0 && i < n_from; i++)
                if (yaml_get(from->items[i], "secretRef"))
                        r = kube_tell(k, &notices[ENV_SECRET_REF], from->items[i]);
        return r < 0 || k->is_template ? r : look_for_twice(k, env);
}

/* ---- Mounts ---- */

static const struct yaml_node *host_path(const struct kube_object *o, const char *volume)
{
        const struct yaml_node *volumes = yaml_get(o->pod, "volumes");

        for (size_t i = 0; i < kube_few(volumes, YAML_SEQUENCE); i++)
                if (yaml_is(yaml_get(volumes->items[i], "name"), volume))
                        return yaml_at(volumes->items[i], "hostPath.path");
        return NULL;
}

static int look_at_mounts(struct kube *k, const struct kube_object *o,
                          const struct kube_container *c)
{
        const struct yaml_node *mounts = yaml_get(c->node, "volumeMounts");
        int r = 0;

        for (size_t i = 0; r >= 0 && i < kube_few(mounts, YAML_SEQUENCE); i++) {
                const struct yaml_node *m = mounts->items[i];

                if (!kube_true(yaml_get(m, "readOnly")) &&
                    host_path(o, kube_text(yaml_get(m, "name"))))
                        r = kube_tell(k, &notices[WRITABLE_MOUNT], m);
        }
        return r;
}

int kube_container_look(struct kube *k, const struct kube_object *o, const struct kube_container *c)
{
        static int (*const looks[])(struct kube * k, const struct kube_object *o,
                                    const struct kube_container *c) = {
                look_at_user,   look_at_capabilities, look_at_image,       look_for_programs,
                look_at_probes, look_at_ports,        look_at_environment, look_at_mounts,
        };
        unsigned on = c->kind;
        int r;

        if (c->kind == KUBE_MAIN && o->traits & KUBE_RUNS_ON)
                on |= ON_RUNNING;
        r = kube_look_at_fields(k, o, c->node, c->place, on, fields, ARRAY_SIZE(fields));
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(looks); i++)
                r = looks[i](k, o, c);
        return r;
}
