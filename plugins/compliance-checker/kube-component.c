/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-component.h"

#include <ctype.h>

#define FLAGS_MAX 256

enum component { API, MANAGER, SCHEDULER, ETCD, KUBELET, COMPONENTS_ };

static const char *const programs[COMPONENTS_] = {
        [API] = "kube-apiserver",       [MANAGER] = "kube-controller-manager",
        [SCHEDULER] = "kube-scheduler", [ETCD] = "etcd",
        [KUBELET] = "kubelet",
};

enum test {
        MUST_BE,      /* bad unless it has this value */
        MUST_NOT_BE,  /* bad if it has this value */
        MUST_SET,     /* bad unless both flags are there */
        EITHER,       /* bad unless one of both is there */
        UNWANTED,     /* bad if it is there */
        LIST_WITH,    /* bad unless this is among its values */
        LIST_WITHOUT, /* bad if this is among its values */
        PLUGIN,       /* bad if it is there without this (one of these), or the second has it */
        AT_LEAST,     /* bad unless it is a number not below this */
        AT_MOST,      /* bad if it is a number above this */
        DURATION,     /* bad if it is there and no duration */
        KEY_FILE,     /* bad if one of both is there and names no file of a key or certificate */
        GATE_OFF,     /* bad if it switches this off */
        CIPHERS,      /* bad if one of its values is a weak cipher */
};

static const struct flag_rule {
        enum component component;
        enum test test;
        const char *flag, *second;
        const char *value;
        struct notice notice;
} rules[] = {
        { API,
          MUST_BE,
          "anonymous-auth",
          NULL,
          "false",
          { "config/k8s-apiserver-anonymous", LINHAY_SEVERITY_MEDIUM, "CWE-306",
            "The API server answers requests that name nobody", "Set --anonymous-auth=false.",
            "checkov:CKV_K8S_68 cis-kubernetes:1.2.1" } },
        { API,
          UNWANTED,
          "basic-auth-file",
          NULL,
          NULL,
          { "config/k8s-apiserver-basic-auth", LINHAY_SEVERITY_HIGH, "CWE-256",
            "The API server takes passwords from a file in clear text",
            "Leave out --basic-auth-file.", "checkov:CKV_K8S_69" } },
        { API,
          UNWANTED,
          "token-auth-file",
          NULL,
          NULL,
          { "config/k8s-apiserver-token-auth", LINHAY_SEVERITY_HIGH, "CWE-256",
            "The API server takes tokens from a file in clear text, and they never expire",
            "Leave out --token-auth-file.", "checkov:CKV_K8S_70 cis-kubernetes:1.2.2" } },
        { API,
          MUST_NOT_BE,
          "kubelet-https",
          NULL,
          "false",
          { "config/k8s-apiserver-kubelet-http", LINHAY_SEVERITY_HIGH, "CWE-319",
            "The API server talks to the kubelets without TLS", "Leave out --kubelet-https=false.",
            "checkov:CKV_K8S_71" } },
        { API,
          MUST_SET,
          "kubelet-client-certificate",
          "kubelet-client-key",
          NULL,
          { "config/k8s-apiserver-kubelet-certificate", LINHAY_SEVERITY_MEDIUM, "CWE-306",
            "The API server does not prove to the kubelets who it is",
            "Set --kubelet-client-certificate and --kubelet-client-key.",
            "checkov:CKV_K8S_72 cis-kubernetes:1.2.4" } },
        { API,
          MUST_SET,
          "kubelet-certificate-authority",
          NULL,
          NULL,
          { "config/k8s-apiserver-kubelet-authority", LINHAY_SEVERITY_MEDIUM, "CWE-295",
            "The API server does not check the kubelets' certificates",
            "Set --kubelet-certificate-authority.", "checkov:CKV_K8S_73 cis-kubernetes:1.2.5" } },
        { API,
          LIST_WITHOUT,
          "authorization-mode",
          NULL,
          "AlwaysAllow",
          { "config/k8s-apiserver-always-allow", LINHAY_SEVERITY_HIGH, "CWE-862",
            "The API server allows everybody everything", "Set --authorization-mode=Node,RBAC.",
            "checkov:CKV_K8S_74 cis-kubernetes:1.2.6" } },
        { API,
          LIST_WITH,
          "authorization-mode",
          NULL,
          "Node",
          { "config/k8s-apiserver-no-node-authorization", LINHAY_SEVERITY_MEDIUM, "CWE-862",
            "Kubelets are not kept to the objects of their own node",
            "Set --authorization-mode=Node,RBAC.", "checkov:CKV_K8S_75 cis-kubernetes:1.2.7" } },
        { API,
          LIST_WITH,
          "authorization-mode",
          NULL,
          "RBAC",
          { "config/k8s-apiserver-no-rbac", LINHAY_SEVERITY_HIGH, "CWE-862",
            "Rights are not given by roles", "Set --authorization-mode=Node,RBAC.",
            "checkov:CKV_K8S_77 cis-kubernetes:1.2.8" } },
        { API,
          LIST_WITHOUT,
          "enable-admission-plugins",
          NULL,
          "AlwaysAdmit",
          { "config/k8s-apiserver-always-admit", LINHAY_SEVERITY_HIGH, "CWE-1188",
            "Every request is admitted unseen",
            "Leave AlwaysAdmit out of --enable-admission-plugins.",
            "checkov:CKV_K8S_79 cis-kubernetes:1.2.10" } },
        { API,
          PLUGIN,
          "enable-admission-plugins",
          "disable-admission-plugins",
          "AlwaysPullImages",
          { "config/k8s-apiserver-no-always-pull", LINHAY_SEVERITY_INFO, "CWE-1188",
            "Pods may use images of a node without the right to pull them",
            "Add AlwaysPullImages to --enable-admission-plugins.",
            "checkov:CKV_K8S_80 cis-kubernetes:1.2.11" } },
        { API,
          PLUGIN,
          "enable-admission-plugins",
          "disable-admission-plugins",
          "ServiceAccount",
          { "config/k8s-apiserver-no-service-account-plugin", LINHAY_SEVERITY_LOW, "CWE-1188",
            "Service accounts are not looked after",
            "Add ServiceAccount to --enable-admission-plugins.",
            "checkov:CKV_K8S_82 cis-kubernetes:1.2.13" } },
        { API,
          PLUGIN,
          "enable-admission-plugins",
          "disable-admission-plugins",
          "NamespaceLifecycle",
          { "config/k8s-apiserver-no-namespace-lifecycle", LINHAY_SEVERITY_LOW, "CWE-1188",
            "Objects may be made in namespaces that are not there or are being deleted",
            "Add NamespaceLifecycle to --enable-admission-plugins.",
            "checkov:CKV_K8S_83 cis-kubernetes:1.2.14" } },
        { API,
          PLUGIN,
          "enable-admission-plugins",
          "disable-admission-plugins",
          "PodSecurityPolicy",
          { "config/k8s-apiserver-no-pod-security-policy", LINHAY_SEVERITY_INFO, "CWE-1188",
            "Pods are not held against a PodSecurityPolicy; since Kubernetes 1.25 Pod Security "
            "admission does this",
            "Add PodSecurityPolicy to --enable-admission-plugins.", "checkov:CKV_K8S_84" } },
        { API,
          PLUGIN,
          "enable-admission-plugins",
          "disable-admission-plugins",
          "NodeRestriction",
          { "config/k8s-apiserver-no-node-restriction", LINHAY_SEVERITY_MEDIUM, "CWE-1188",
            "Kubelets may change other nodes and their pods",
            "Add NodeRestriction to --enable-admission-plugins.",
            "checkov:CKV_K8S_85 cis-kubernetes:1.2.15" } },
        { API,
          PLUGIN,
          "enable-admission-plugins",
          NULL,
          "SecurityContextDeny PodSecurityPolicy",
          { "config/k8s-apiserver-no-security-context-deny", LINHAY_SEVERITY_INFO, "CWE-1188",
            "Neither SecurityContextDeny nor PodSecurityPolicy is on; since Kubernetes 1.25 Pod "
            "Security admission does this",
            "Add one of them to --enable-admission-plugins, or use Pod Security admission.",
            "checkov:CKV_K8S_81 cis-kubernetes:1.2.12" } },
        { API,
          UNWANTED,
          "insecure-bind-address",
          NULL,
          NULL,
          { "config/k8s-apiserver-insecure-address", LINHAY_SEVERITY_HIGH, "CWE-319",
            "The API server listens without TLS and without asking who is there",
            "Leave out --insecure-bind-address.", "checkov:CKV_K8S_86" } },
        { API,
          MUST_BE,
          "insecure-port",
          NULL,
          "0",
          { "config/k8s-apiserver-insecure-port", LINHAY_SEVERITY_HIGH, "CWE-319",
            "The API server may listen on a port without TLS",
            "Set --insecure-port=0; since Kubernetes 1.20 there is no such port.",
            "checkov:CKV_K8S_88" } },
        { API,
          MUST_NOT_BE,
          "secure-port",
          NULL,
          "0",
          { "config/k8s-apiserver-no-secure-port", LINHAY_SEVERITY_HIGH, "CWE-319",
            "The API server's port with TLS is off", "Leave out --secure-port=0.",
            "checkov:CKV_K8S_89" } },
        { API,
          MUST_BE,
          "profiling",
          NULL,
          "false",
          { "config/k8s-apiserver-profiling", LINHAY_SEVERITY_LOW, "CWE-200",
            "The API server shows its inner state to profilers", "Set --profiling=false.",
            "checkov:CKV_K8S_90 cis-kubernetes:1.2.16" } },
        { API,
          MUST_SET,
          "audit-log-path",
          NULL,
          NULL,
          { "config/k8s-apiserver-no-audit-log", LINHAY_SEVERITY_MEDIUM, "CWE-778",
            "Nobody writes down who did what", "Set --audit-log-path, and an --audit-policy-file.",
            "checkov:CKV_K8S_91 cis-kubernetes:1.2.17" } },
        { API,
          AT_LEAST,
          "audit-log-maxage",
          NULL,
          "30",
          { "config/k8s-apiserver-audit-log-age", LINHAY_SEVERITY_LOW, "CWE-778",
            "Audit logs are kept for less than 30 days", "Set --audit-log-maxage=30.",
            "checkov:CKV_K8S_92 cis-kubernetes:1.2.18" } },
        { API,
          AT_LEAST,
          "audit-log-maxbackup",
          NULL,
          "10",
          { "config/k8s-apiserver-audit-log-backups", LINHAY_SEVERITY_LOW, "CWE-778",
            "Fewer than 10 old audit logs are kept", "Set --audit-log-maxbackup=10.",
            "checkov:CKV_K8S_93 cis-kubernetes:1.2.19" } },
        { API,
          AT_LEAST,
          "audit-log-maxsize",
          NULL,
          "100",
          { "config/k8s-apiserver-audit-log-size", LINHAY_SEVERITY_LOW, "CWE-778",
            "Audit logs are cut at less than 100 MB", "Set --audit-log-maxsize=100.",
            "checkov:CKV_K8S_94 cis-kubernetes:1.2.20" } },
        { API,
          DURATION,
          "request-timeout",
          NULL,
          NULL,
          { "config/k8s-apiserver-request-timeout", LINHAY_SEVERITY_LOW, "CWE-1188",
            "--request-timeout is no duration", "Write it as 1m0s or 300s.",
            "checkov:CKV_K8S_95 cis-kubernetes:1.2.21" } },
        { API,
          MUST_BE,
          "service-account-lookup",
          NULL,
          "true",
          { "config/k8s-apiserver-service-account-lookup", LINHAY_SEVERITY_MEDIUM, "CWE-613",
            "Tokens of service accounts that were deleted may still be good",
            "Set --service-account-lookup=true.", "checkov:CKV_K8S_96 cis-kubernetes:1.2.22" } },
        { API,
          KEY_FILE,
          "service-account-key-file",
          NULL,
          NULL,
          { "config/k8s-apiserver-service-account-key", LINHAY_SEVERITY_MEDIUM, "CWE-347",
            "--service-account-key-file names no key file", "Give the path of the public key.",
            "checkov:CKV_K8S_97 cis-kubernetes:1.2.23" } },
        { API,
          MUST_SET,
          "etcd-certfile",
          "etcd-keyfile",
          NULL,
          { "config/k8s-apiserver-etcd-certificate", LINHAY_SEVERITY_MEDIUM, "CWE-306",
            "The API server does not prove to etcd who it is",
            "Set --etcd-certfile and --etcd-keyfile.",
            "checkov:CKV_K8S_99 cis-kubernetes:1.2.24" } },
        { API,
          MUST_SET,
          "tls-cert-file",
          "tls-private-key-file",
          NULL,
          { "config/k8s-apiserver-no-tls", LINHAY_SEVERITY_HIGH, "CWE-295",
            "The API server has no certificate of its own",
            "Set --tls-cert-file and --tls-private-key-file.",
            "checkov:CKV_K8S_100 cis-kubernetes:1.2.25" } },
        { API,
          EITHER,
          "etcd-cafile",
          "etcd-ca-file",
          NULL,
          { "config/k8s-apiserver-etcd-authority", LINHAY_SEVERITY_MEDIUM, "CWE-295",
            "The API server does not check etcd's certificate", "Set --etcd-cafile.",
            "checkov:CKV_K8S_102 cis-kubernetes:1.2.27" } },
        { API,
          MUST_SET,
          "encryption-provider-config",
          NULL,
          NULL,
          { "config/k8s-apiserver-no-encryption", LINHAY_SEVERITY_MEDIUM, "CWE-311",
            "Secrets stand in etcd in clear text", "Set --encryption-provider-config.",
            "checkov:CKV_K8S_104 cis-kubernetes:1.2.28" } },
        { API,
          CIPHERS,
          "tls-cipher-suites",
          NULL,
          NULL,
          { "config/k8s-apiserver-weak-ciphers", LINHAY_SEVERITY_MEDIUM, "CWE-327",
            "The API server allows a weak cipher", "Name only ECDHE suites with GCM or CHACHA20.",
            "checkov:CKV_K8S_105 cis-kubernetes:1.2.30" } },
        { MANAGER,
          AT_LEAST,
          "terminated-pod-gc-threshold",
          NULL,
          "1",
          { "config/k8s-controller-manager-garbage", LINHAY_SEVERITY_LOW, "CWE-770",
            "Terminated pods are not cleared away in time",
            "Set --terminated-pod-gc-threshold, for instance to 1000.",
            "checkov:CKV_K8S_106 cis-kubernetes:1.3.1" } },
        { MANAGER,
          MUST_BE,
          "profiling",
          NULL,
          "false",
          { "config/k8s-controller-manager-profiling", LINHAY_SEVERITY_LOW, "CWE-200",
            "The controller manager shows its inner state to profilers", "Set --profiling=false.",
            "checkov:CKV_K8S_107 cis-kubernetes:1.3.2" } },
        { MANAGER,
          MUST_BE,
          "use-service-account-credentials",
          NULL,
          "true",
          { "config/k8s-controller-manager-one-account", LINHAY_SEVERITY_MEDIUM, "CWE-250",
            "All controllers use one account with all their rights",
            "Set --use-service-account-credentials=true.",
            "checkov:CKV_K8S_108 cis-kubernetes:1.3.3" } },
        { MANAGER,
          KEY_FILE,
          "service-account-private-key-file",
          NULL,
          NULL,
          { "config/k8s-controller-manager-account-key", LINHAY_SEVERITY_MEDIUM, "CWE-347",
            "--service-account-private-key-file names no key file",
            "Give the path of the private key.", "checkov:CKV_K8S_110 cis-kubernetes:1.3.4" } },
        { MANAGER,
          KEY_FILE,
          "root-ca-file",
          NULL,
          NULL,
          { "config/k8s-controller-manager-root-ca", LINHAY_SEVERITY_MEDIUM, "CWE-295",
            "--root-ca-file names no certificate",
            "Give the path of the certificate that pods shall trust.",
            "checkov:CKV_K8S_111 cis-kubernetes:1.3.5" } },
        { MANAGER,
          GATE_OFF,
          "feature-gates",
          NULL,
          "RotateKubeletServerCertificate",
          { "config/k8s-controller-manager-rotation", LINHAY_SEVERITY_MEDIUM, "CWE-324",
            "The kubelets' certificates are not renewed",
            "Leave out RotateKubeletServerCertificate=false.",
            "checkov:CKV_K8S_112 cis-kubernetes:1.3.6" } },
        { MANAGER,
          MUST_BE,
          "bind-address",
          NULL,
          "127.0.0.1",
          { "config/k8s-controller-manager-address", LINHAY_SEVERITY_MEDIUM, "CWE-668",
            "The controller manager listens to other hosts", "Set --bind-address=127.0.0.1.",
            "checkov:CKV_K8S_113 cis-kubernetes:1.3.7" } },
        { SCHEDULER,
          MUST_BE,
          "profiling",
          NULL,
          "false",
          { "config/k8s-scheduler-profiling", LINHAY_SEVERITY_LOW, "CWE-200",
            "The scheduler shows its inner state to profilers", "Set --profiling=false.",
            "checkov:CKV_K8S_114 cis-kubernetes:1.4.1" } },
        { SCHEDULER,
          MUST_BE,
          "bind-address",
          NULL,
          "127.0.0.1",
          { "config/k8s-scheduler-address", LINHAY_SEVERITY_MEDIUM, "CWE-668",
            "The scheduler listens to other hosts", "Set --bind-address=127.0.0.1.",
            "checkov:CKV_K8S_115 cis-kubernetes:1.4.2" } },
        { ETCD,
          MUST_SET,
          "cert-file",
          "key-file",
          NULL,
          { "config/k8s-etcd-no-tls", LINHAY_SEVERITY_HIGH, "CWE-319",
            "etcd answers its clients without TLS", "Set --cert-file and --key-file.",
            "checkov:CKV_K8S_116 cis-kubernetes:2.1" } },
        { ETCD,
          MUST_BE,
          "client-cert-auth",
          NULL,
          "true",
          { "config/k8s-etcd-no-client-certificate", LINHAY_SEVERITY_HIGH, "CWE-306",
            "etcd takes requests from whoever can reach it", "Set --client-cert-auth=true.",
            "checkov:CKV_K8S_117 cis-kubernetes:2.2" } },
        { ETCD,
          MUST_NOT_BE,
          "auto-tls",
          NULL,
          "true",
          { "config/k8s-etcd-auto-tls", LINHAY_SEVERITY_MEDIUM, "CWE-295",
            "etcd makes its own certificates, which nobody can check", "Leave out --auto-tls=true.",
            "checkov:CKV_K8S_118 cis-kubernetes:2.3" } },
        { ETCD,
          MUST_SET,
          "peer-cert-file",
          "peer-key-file",
          NULL,
          { "config/k8s-etcd-peer-no-tls", LINHAY_SEVERITY_HIGH, "CWE-319",
            "The members of etcd talk without TLS", "Set --peer-cert-file and --peer-key-file.",
            "checkov:CKV_K8S_119 cis-kubernetes:2.4" } },
        { ETCD,
          MUST_BE,
          "peer-client-cert-auth",
          NULL,
          "true",
          { "config/k8s-etcd-peer-no-certificate", LINHAY_SEVERITY_HIGH, "CWE-306",
            "etcd takes everybody for a member", "Set --peer-client-cert-auth=true.",
            "checkov:CKV_K8S_121 cis-kubernetes:2.5" } },
        { ETCD,
          MUST_NOT_BE,
          "peer-auto-tls",
          NULL,
          "true",
          { "config/k8s-etcd-peer-auto-tls", LINHAY_SEVERITY_MEDIUM, "CWE-295",
            "The members of etcd make their own certificates, which nobody can check",
            "Leave out --peer-auto-tls=true.", "cis-kubernetes:2.6" } },
        { KUBELET,
          MUST_BE,
          "anonymous-auth",
          NULL,
          "false",
          { "config/k8s-kubelet-anonymous", LINHAY_SEVERITY_HIGH, "CWE-306",
            "The kubelet answers requests that name nobody", "Set --anonymous-auth=false.",
            "checkov:CKV_K8S_138 cis-kubernetes:4.2.1" } },
        { KUBELET,
          LIST_WITHOUT,
          "authorization-mode",
          NULL,
          "AlwaysAllow",
          { "config/k8s-kubelet-always-allow", LINHAY_SEVERITY_HIGH, "CWE-862",
            "The kubelet allows everybody everything", "Set --authorization-mode=Webhook.",
            "checkov:CKV_K8S_139 cis-kubernetes:4.2.2" } },
        { KUBELET,
          KEY_FILE,
          "client-ca-file",
          "root-ca-file",
          NULL,
          { "config/k8s-kubelet-client-ca", LINHAY_SEVERITY_MEDIUM, "CWE-295",
            "The kubelet is given no certificate to know its clients by",
            "Give --client-ca-file the path of the certificate.",
            "checkov:CKV_K8S_140 cis-kubernetes:4.2.3" } },
        { KUBELET,
          MUST_BE,
          "read-only-port",
          NULL,
          "0",
          { "config/k8s-kubelet-read-only-port", LINHAY_SEVERITY_MEDIUM, "CWE-306",
            "The kubelet tells everybody about its pods", "Set --read-only-port=0.",
            "checkov:CKV_K8S_141 cis-kubernetes:4.2.4" } },
        { KUBELET,
          MUST_NOT_BE,
          "streaming-connection-idle-timeout",
          NULL,
          "0",
          { "config/k8s-kubelet-idle-timeout", LINHAY_SEVERITY_LOW, "CWE-400",
            "Idle connections are never closed", "Set --streaming-connection-idle-timeout=5m.",
            "checkov:CKV_K8S_143 cis-kubernetes:4.2.5" } },
        { KUBELET,
          MUST_BE,
          "protect-kernel-defaults",
          NULL,
          "true",
          { "config/k8s-kubelet-kernel-defaults", LINHAY_SEVERITY_LOW, "CWE-1188",
            "The kubelet may change parameters of the kernel",
            "Set --protect-kernel-defaults=true.", "checkov:CKV_K8S_144" } },
        { KUBELET,
          MUST_BE,
          "make-iptables-util-chains",
          NULL,
          "true",
          { "config/k8s-kubelet-iptables", LINHAY_SEVERITY_LOW, "CWE-1188",
            "The kubelet may not keep the firewall's rules right",
            "Set --make-iptables-util-chains=true.", "checkov:CKV_K8S_145 cis-kubernetes:4.2.6" } },
        { KUBELET,
          UNWANTED,
          "hostname-override",
          NULL,
          NULL,
          { "config/k8s-kubelet-hostname", LINHAY_SEVERITY_LOW, "CWE-1188",
            "The node's name is not that of its certificate", "Leave out --hostname-override.",
            "checkov:CKV_K8S_146 cis-kubernetes:4.2.7" } },
        { KUBELET,
          AT_MOST,
          "event-qps",
          NULL,
          "5",
          { "config/k8s-kubelet-event-rate", LINHAY_SEVERITY_LOW, "CWE-770",
            "The kubelet may flood the API server with events", "Set --event-qps to 5 or less.",
            "checkov:CKV_K8S_147 cis-kubernetes:4.2.8" } },
        { KUBELET,
          MUST_SET,
          "tls-cert-file",
          "tls-private-key-file",
          NULL,
          { "config/k8s-kubelet-no-tls", LINHAY_SEVERITY_MEDIUM, "CWE-295",
            "The kubelet has no certificate of its own",
            "Set --tls-cert-file and --tls-private-key-file.",
            "checkov:CKV_K8S_148 cis-kubernetes:4.2.9" } },
        { KUBELET,
          MUST_NOT_BE,
          "rotate-certificates",
          NULL,
          "false",
          { "config/k8s-kubelet-no-rotation", LINHAY_SEVERITY_LOW, "CWE-324",
            "The kubelet does not renew its certificate", "Leave out --rotate-certificates=false.",
            "checkov:CKV_K8S_149 cis-kubernetes:4.2.10" } },
        { KUBELET,
          GATE_OFF,
          "feature-gates",
          NULL,
          "RotateKubeletServerCertificate",
          { "config/k8s-kubelet-no-server-rotation", LINHAY_SEVERITY_LOW, "CWE-324",
            "The kubelet does not renew its server certificate",
            "Leave out RotateKubeletServerCertificate=false.",
            "checkov:CKV_K8S_150 cis-kubernetes:4.2.11" } },
        { KUBELET,
          CIPHERS,
          "tls-cipher-suites",
          NULL,
          NULL,
          { "config/k8s-kubelet-weak-ciphers", LINHAY_SEVERITY_MEDIUM, "CWE-327",
            "The kubelet allows a weak cipher", "Name only ECDHE suites with GCM or CHACHA20.",
            "checkov:CKV_K8S_151 cis-kubernetes:4.2.12" } },
};

/* A flag of a command line: --NAME=VALUE, --NAME VALUE or --NAME. */
struct flag {
        const struct yaml_node *node;
        const char *name; /* behind the dashes */
        size_t length;
        const char *value; /* "" if it has none */
};

struct flags {
        struct flag list[FLAGS_MAX];
        size_t n;
};

static bool runs(const char *word, const char *program)
{
        const char *slash = strrchr(word, '/');

        return !strcmp(slash ? slash + 1 : word, program);
}

static int component_of(const struct yaml_node *command, const struct yaml_node *args)
{
        for (int i = 0; i < COMPONENTS_; i++) {
                for (size_t n = 0; n < kube_few(command, YAML_SEQUENCE); n++)
                        if (runs(kube_text(command->items[n]), programs[i]))
                                return i;
                if (kube_few(args, YAML_SEQUENCE) && runs(kube_text(args->items[0]), programs[i]))
                        return i;
        }
        return -1;
}

static void read_flags(struct flags *f, const struct yaml_node *words)
{
        for (size_t i = 0; f->n < FLAGS_MAX && i < kube_few(words, YAML_SEQUENCE); i++) {
                const char *word = kube_text(words->items[i]), *next = "", *equals;

                if (strncmp(word, "--", 2) != 0)
                        continue;
                equals = strchr(word, '=');
                if (i + 1 < words->n)
                        next = kube_text(words->items[i + 1]);
                f->list[f->n++] = (struct flag){
                        .node = words->items[i],
                        .name = word + 2,
                        .length = equals ? (size_t) (equals - word) - 2 : strlen(word + 2),
                        .value = equals         ? equals + 1
                                 : *next == '-' ? ""
                                                : next,
                };
        }
}

/* The last one holds, as for the programs themselves. */
static const struct flag *find_flag(const struct flags *f, const char *name)
{
        for (size_t i = f->n; name && i > 0; i--)
                if (f->list[i - 1].length == strlen(name) &&
                    !memcmp(f->list[i - 1].name, name, strlen(name)))
                        return &f->list[i - 1];
        return NULL;
}

/* Calls `test` for each item of a list with commas: is it true of one? */
static bool any_item(const char *list,
                     bool (*test)(const char *item, size_t length, const char *value),
                     const char *value)
{
        while (*list) {
                size_t n = strcspn(list, ", ");

                if (n && test(list, n, value))
                        return true;
                list += n + (list[n] != '\0');
        }
        return false;
}

static bool is_item(const char *item, size_t length, const char *value)
{
        return length == strlen(value) && !memcmp(item, value, length);
}

static bool has_item(const char *list, const char *value)
{
        return any_item(list, is_item, value);
}

/* Is an item of the list `value` this one? */
static bool is_wanted(const char *item, size_t length, const char *list)
{
        char name[64];

        if (length >= sizeof(name))
                return false;
        memcpy(name, item, length);
        name[length] = '\0';
        return has_item(list, name);
}

static bool is_gate_off(const char *item, size_t length, const char *gate)
{
        size_t n = strlen(gate);

        return length == n + 6 && !memcmp(item, gate, n) && !memcmp(item + n, "=false", 6);
}

static bool is_weak_cipher(const char *item, size_t length, const char *unused)
{
        static const char *const strong[] = {
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                "TLS_RSA_WITH_AES_256_GCM_SHA384",
                "TLS_RSA_WITH_AES_128_GCM_SHA256",
                "TLS_AES_128_GCM_SHA256",
                "TLS_AES_256_GCM_SHA384",
                "TLS_CHACHA20_POLY1305_SHA256",
        };

        (void) unused;
        for (size_t i = 0; i < ARRAY_SIZE(strong); i++)
                if (is_item(item, length, strong[i]))
                        return false;
        return true;
}

/* "1h", "5m30s", "300s": numbers of one or more digits, each with a unit, from big to small. */
static bool is_duration(const char *text)
{
        const char *units = "hms";

        if (!*text)
                return false;
        while (*text) {
                const char *digits = text, *unit;

                while (isdigit((unsigned char) *text))
                        text++;
                unit = *text ? strchr(units, *text) : NULL;
                if (text == digits || !unit)
                        return false;
                units = unit + 1;
                text++;
        }
        return true;
}

static bool is_key_file(const char *path)
{
        static const char *const ends[] = { ".pem", ".key", ".pub", ".crt", ".cert", ".cer" };
        const char *dot = strrchr(path, '.');

        for (size_t i = 0; dot && i < ARRAY_SIZE(ends); i++)
                if (!strcmp(dot, ends[i]))
                        return true;
        return false;
}

static bool is_number(const struct flag *f, long long *ret)
{
        char *end;

        *ret = f ? strtoll(f->value, &end, 10) : 0;
        return f && *f->value && !*end;
}

static bool is_bad(const struct flag_rule *rule, const struct flag *f, const struct flag *second)
{
        long long number;

        switch (rule->test) {
        case MUST_BE:
                return !f || strcmp(f->value, rule->value) != 0;
        case MUST_NOT_BE:
                return f && !strcmp(f->value, rule->value);
        case MUST_SET:
                return !f || (rule->second && !second);
        case EITHER:
                return !f && !second;
        case UNWANTED:
                return f;
        case LIST_WITH:
                return !f || !has_item(f->value, rule->value);
        case LIST_WITHOUT:
                return f && has_item(f->value, rule->value);
        case PLUGIN:
                return (f && !any_item(f->value, is_wanted, rule->value)) ||
                       (second && any_item(second->value, is_wanted, rule->value));
        case AT_LEAST:
                return !is_number(f, &number) || number < strtoll(rule->value, NULL, 10);
        case AT_MOST:
                return is_number(f, &number) && number > strtoll(rule->value, NULL, 10);
        case DURATION:
                return f && !is_duration(f->value);
        case KEY_FILE:
                return (f && !is_key_file(f->value)) || (second && !is_key_file(second->value));
        case GATE_OFF:
                return f && any_item(f->value, is_gate_off, rule->value);
        case CIPHERS:
                return f && any_item(f->value, is_weak_cipher, NULL);
        }
        return false;
}

int kube_component_look(struct kube *k, const struct kube_object *o, const struct kube_container *c)
{
        const struct yaml_node *command = yaml_get(c->node, "command");
        const struct yaml_node *args = yaml_get(c->node, "args");
        int component = component_of(command, args), r = 0;
        struct flags flags = { 0 };

        read_flags(&flags, command);
        read_flags(&flags, args);
        for (int i = 0; component < 0 && flags.n && i < COMPONENTS_; i++)
                if (!strcmp(o->name, programs[i]) || yaml_is(c->place, programs[i]))
                        component = i; /* the image starts it by itself */
        if (component < 0)
                return 0;
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(rules); i++) {
                const struct flag *f = find_flag(&flags, rules[i].flag);
                const struct flag *second = find_flag(&flags, rules[i].second);

                if ((int) rules[i].component != component || !is_bad(&rules[i], f, second))
                        continue;
                r = f || second ? kube_tell(k, &rules[i].notice, (f ? f : second)->node)
                                : kube_tell_missing(k, o, &rules[i].notice, c->place);
        }
        return r;
}
