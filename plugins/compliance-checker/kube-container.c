/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-container.h"

#include "kube-env.h"
#include "kube-field.h"
#include "kube-image.h"
#include "kube-port.h"

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
        CONTRADICTION,
        ROOT_GROUP,
        INIT_ROOT,
        LOW_UID,
        ADDED,
        SYS_ADMIN,
        UNSAFE_CAPABILITY,
        KEEPS_NET_RAW,
        KEEPS_DEFAULTS,
        KEEPS_ALL,
        CPU_REQUEST,
        CPU_LIMIT,
        MEMORY_REQUEST,
        MEMORY_LIMIT,
        STORAGE_LIMIT,
        NO_LIVENESS,
        NO_READINESS,
        NO_STARTUP,
        WRITABLE_MOUNT,
        SECCOMP_OFF,
        SELINUX,
};

static const struct notice notices[] = {
        [PRIVILEGED] = { "config/k8s-privileged-container", HIGH, "CWE-250",
                         "A privileged container has all rights of the host",
                         "Leave out privileged, and add the one capability that is needed.",
                         "checkov:CKV_K8S_16 kube-linter:privileged-container "
                         "kube-linter:privilege-escalation-container cis-kubernetes:5.2.2 "
                         "pss:baseline" },
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
        [CONTRADICTION] = { "config/k8s-run-as-root", LOW, NULL,
                            "runAsUser is 0 and runAsNonRoot is true, so the container will not "
                            "start",
                            "Set a runAsUser other than 0.", "kube-linter:run-as-non-root" },
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
                        "checkov:CKV_K8S_39 kube-linter:privilege-escalation-container "
                        "pss:baseline" },
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

size_t kube_container_rules(void)
{
        return ARRAY_SIZE(notices);
}

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
        if (uid == 0 && non_root)
                r = kube_tell(k, &notices[CONTRADICTION], user);
        else if (uid == 0)
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
                look_at_user, look_at_capabilities, look_at_mounts, kube_image_look, kube_port_look,
        };
        unsigned on = c->kind;
        int r;

        if (c->kind == KUBE_MAIN && o->traits & KUBE_RUNS_ON)
                on |= ON_RUNNING;
        r = kube_look_at_fields(k, o, c->node, c->place, on, fields, ARRAY_SIZE(fields));
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(looks); i++)
                r = looks[i](k, o, c);
        return r < 0 ? r : kube_env_look(k, c);
}
