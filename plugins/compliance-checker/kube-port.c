/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-port.h"

#include <ctype.h>

#define INFO LINHAY_SEVERITY_INFO
#define LOW  LINHAY_SEVERITY_LOW

enum {
        LIVENESS_PORT,
        READINESS_PORT,
        STARTUP_PORT,
        HOST_PORT,
        SSH_PORT,
        LOW_PORT,
        PORT_NAME,
};

static const struct notice notices[] = {
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
};

size_t kube_port_rules(void)
{
        return ARRAY_SIZE(notices);
}

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

static int look_at_ports(struct kube *k, const struct kube_container *c)
{
        const struct yaml_node *ports = yaml_get(c->node, "ports");
        size_t n = kube_count(k, ports, YAML_SEQUENCE);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = look_at_port(k, ports->items[i]);
        return r;
}

int kube_port_look(struct kube *k, const struct kube_object *o, const struct kube_container *c)
{
        int r = look_at_probes(k, o, c);

        return r < 0 ? r : look_at_ports(k, c);
}
