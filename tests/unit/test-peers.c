/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What others call our findings
 *
 * tests/unit/cases/peers.jsonl has files that a rule of another checker is about, made from its
 * documentation: a finding must carry that rule's name as a tag (positive), or none may
 * (negative). Rules about pods hold for each kind of object that makes pods, and files that are as
 * they should be (clean.jsonl) are told nothing of medium or more.
 */

#include "test.h"

#include "base/buf.h"
#include "base/io.h"
#include "fakehost.h"

#include <fcntl.h>
#include <sys/stat.h>

#define AGENT "plugins/compliance-checker/compliance-checker.so"

struct tree {
        char path[64];
        int fd;
};

static void tree_make(struct tree *t)
{
        (void) strcpy(t->path, "/tmp/linhay-peers-XXXXXX");
        assert_non_null(mkdtemp(t->path));
        t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(t->fd >= 0);
}

static void tree_done(struct tree *t)
{
        char command[96];

        (void) close(t->fd);
        (void) snprintf(command, sizeof(command), "rm -rf %s", t->path);
        assert_int_equal(system(command), 0);
}

/* Puts a file into the folder NUMBER of the tree. */
static void tree_puts(const struct tree *t, size_t number, const char *name, const char *text)
{
        char path[512];
        int fd;

        (void) snprintf(path, sizeof(path), "%zu/%s", number, name);
        for (char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
                *s = '\0';
                (void) mkdirat(t->fd, path, 0755);
                *s = '/';
        }
        fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
        assert_int_equal(close(fd), 0);
}

static const char *text_of(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}

/* "NUMBER TAG" of each tag of each finding, as keys. */
static json_t *tags_found(const struct fakehost *host)
{
        json_t *found = json_object(), *f, *tag;
        size_t i, n;

        json_array_foreach (host->findings, i, f)
                json_array_foreach (json_object_get(f, "tags"), n, tag) {
                        char key[256];

                        (void) snprintf(key, sizeof(key), "%d %s", atoi(text_of(f, "path")),
                                        json_string_value(tag));
                        (void) json_object_set_new(found, key, json_true());
                }
        return found;
}

static void run(struct fakehost *host, const struct tree *t)
{
        fakehost_init(host, "check", "{\"controls\": [\"config\", \"headers\", \"env\"]}");
        host->workspace = t->fd;
        if (fakehost_run(host, fakehost_load(AGENT)) < 0)
                fail_msg("%s", host->fail_message);
}

static bool has_tag(const json_t *found, size_t number, const char *tag)
{
        char key[256];

        (void) snprintf(key, sizeof(key), "%zu %s", number, tag);
        return json_object_get(found, key);
}

static json_t *read_cases(const char *name)
{
        char path[512], *line = NULL;
        json_t *cases = json_array();
        size_t size = 0;
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/tests/unit/cases/%s", test_srcdir(), name);
        f = fopen(path, "re");
        if (!f)
                fail_msg("cannot open %s", path);
        while (getline(&line, &size, f) > 0) {
                json_t *one = json_loads(line, 0, NULL);

                if (!one)
                        fail_msg("%s: a line is no JSON: %.80s", path, line);
                (void) json_array_append_new(cases, one);
        }
        free(line);
        (void) fclose(f);
        return cases;
}

static void test_cases(void **state)
{
        (void) state;
        json_t *cases = read_cases("peers.jsonl"), *one, *found;
        unsigned wrong = 0, all[2] = { 0, 0 };
        struct fakehost host;
        struct tree t;
        size_t i;

        tree_make(&t);
        json_array_foreach (cases, i, one)
                tree_puts(&t, i, text_of(one, "path"), text_of(one, "text"));
        run(&host, &t);
        found = tags_found(&host);
        json_array_foreach (cases, i, one) {
                bool wanted = !strcmp(text_of(one, "label"), "positive");

                all[wanted]++;
                if (has_tag(found, i, text_of(one, "ref")) == wanted)
                        continue;
                wrong++;
                (void) printf("# %s %s:\n%s\n", text_of(one, "ref"),
                              wanted ? "is not told" : "is told", text_of(one, "text"));
        }
        (void) printf("# %u positive, %u negative, %u wrong\n", all[1], all[0], wrong);
        assert_int_equal(wrong, 0);
        json_decref(found);
        json_decref(cases);
        fakehost_done(&host);
        tree_done(&t);
}

/* ---- Every kind that makes pods ---- */

/* The pod's spec stands between `before` and `after`. */
static const struct {
        const char *name, *before, *after;
        bool is_job;
} kinds[] = {
        { "Pod", "apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: {", "}", false },
        { "PodTemplate",
          "apiVersion: v1\nkind: PodTemplate\nmetadata: { name: p }\ntemplate: { spec: {", "} }",
          false },
        { "Deployment",
          "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: p }\nspec: { template: { "
          "spec: {",
          "} } }", false },
        { "StatefulSet",
          "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: p }\nspec: { template: { "
          "spec: {",
          "} } }", false },
        { "DaemonSet",
          "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: { name: p }\nspec: { template: { "
          "spec: {",
          "} } }", false },
        { "ReplicaSet",
          "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: { name: p }\nspec: { template: { "
          "spec: {",
          "} } }", false },
        { "ReplicationController",
          "apiVersion: v1\nkind: ReplicationController\nmetadata: { name: p }\nspec: { template: { "
          "spec: {",
          "} } }", false },
        { "DeploymentConfig",
          "apiVersion: apps.openshift.io/v1\nkind: DeploymentConfig\nmetadata: { name: p }\nspec: "
          "{ template: { spec: {",
          "} } }", false },
        { "Job",
          "apiVersion: batch/v1\nkind: Job\nmetadata: { name: p }\nspec: { template: { spec: {",
          "} } }", true },
        { "CronJob",
          "apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: p }\nspec: { schedule: '1 1 * * "
          "*', jobTemplate: { spec: { template: { spec: {",
          "} } } } }", true },
};

static const struct {
        const char *ref;
        const char *bad_pod, *bad_container, *good_pod, *good_container; /* without image */
        bool not_jobs;
} rules[] = {
        { "checkov:CKV_K8S_16", "", "securityContext: { privileged: true }", "",
          "securityContext: { privileged: false }", false },
        { "kube-linter:privileged-container", "", "securityContext: { privileged: true }", "", "",
          false },
        { "kube-linter:privilege-escalation-container", "", "securityContext: { privileged: true }",
          "", "securityContext: { allowPrivilegeEscalation: false }", false },
        { "checkov:CKV_K8S_17", "hostPID: true", "", "hostPID: false", "", false },
        { "checkov:CKV_K8S_18", "hostIPC: true", "", "", "", false },
        { "checkov:CKV_K8S_19", "hostNetwork: true", "", "hostNetwork: false", "", false },
        { "checkov:CKV_K8S_20", "", "securityContext: { allowPrivilegeEscalation: true }", "",
          "securityContext: { allowPrivilegeEscalation: false }", false },
        { "checkov:CKV_K8S_20", "", "", "", "securityContext: { allowPrivilegeEscalation: false }",
          false },
        { "checkov:CKV_K8S_22", "", "securityContext: { readOnlyRootFilesystem: false }", "",
          "securityContext: { readOnlyRootFilesystem: true }", false },
        { "kube-linter:no-read-only-root-fs", "", "", "",
          "securityContext: { readOnlyRootFilesystem: true }", false },
        { "checkov:CKV_K8S_23", "securityContext: { runAsUser: 0 }", "",
          "securityContext: { runAsNonRoot: true }", "", false },
        { "checkov:CKV_K8S_23", "securityContext: { runAsNonRoot: false }", "",
          "securityContext: { runAsUser: 0 }",
          "securityContext: { runAsNonRoot: true, runAsUser: 10001 }", false },
        { "kube-linter:run-as-non-root", "", "", "securityContext: { runAsNonRoot: true }", "",
          false },
        { "checkov:CKV_K8S_40", "securityContext: { runAsUser: 999 }", "", "",
          "securityContext: { runAsUser: 10000 }", false },
        { "checkov:CKV_K8S_25", "", "securityContext: { capabilities: { add: [CHOWN] } }", "",
          "securityContext: { capabilities: { drop: [ALL] } }", false },
        { "checkov:CKV_K8S_39", "", "securityContext: { capabilities: { add: [CAP_SYS_ADMIN] } }",
          "", "securityContext: { capabilities: { add: [CHOWN] } }", false },
        { "checkov:CKV_K8S_28", "", "securityContext: { capabilities: { drop: [CHOWN] } }", "",
          "securityContext: { capabilities: { drop: [NET_RAW] } }", false },
        { "kube-linter:drop-net-raw-capability", "",
          "securityContext: { capabilities: { drop: [CHOWN] } }", "",
          "securityContext: { capabilities: { drop: [all] } }", false },
        { "checkov:CKV_K8S_37", "", "securityContext: { capabilities: { drop: [NET_RAW] } }", "",
          "securityContext: { capabilities: { drop: [ALL] } }", false },
        { "checkov:CKV_K8S_29", "", "", "securityContext: { runAsNonRoot: true }", "", false },
        { "checkov:CKV_K8S_30", "", "", "", "securityContext: { runAsNonRoot: true }", false },
        { "checkov:CKV_K8S_31", "", "",
          "securityContext: { seccompProfile: { type: RuntimeDefault } }", "", false },
        { "checkov:CKV_K8S_31", "securityContext: { seccompProfile: { type: Unconfined } }", "", "",
          "securityContext: { seccompProfile: { type: Localhost } }", false },
        { "checkov:CKV_K8S_14", "", "image: 'b:latest'", "", "image: 'r:5000/b:1.2'", false },
        { "kube-linter:latest-tag", "", "image: 'r:5000/b'", "",
          "image: 'b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'",
          false },
        { "checkov:CKV_K8S_43", "", "image: 'b:1'", "",
          "image: 'b:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'",
          false },
        { "checkov:CKV_K8S_15", "", "imagePullPolicy: IfNotPresent", "", "imagePullPolicy: Always",
          false },
        { "checkov:CKV_K8S_15", "", "", "", "image: 'b:latest'", false },
        { "checkov:CKV_K8S_10", "", "", "", "resources: { requests: { cpu: 1m } }", false },
        { "checkov:CKV_K8S_11", "", "resources: { requests: { cpu: 1m } }", "",
          "resources: { limits: { cpu: 1 } }", false },
        { "checkov:CKV_K8S_12", "", "resources: { limits: { memory: 1Mi } }", "",
          "resources: { requests: { memory: 1Mi } }", false },
        { "checkov:CKV_K8S_13", "", "", "", "resources: { limits: { memory: 1Mi } }", false },
        { "kube-linter:unset-memory-requirements", "", "resources: { requests: { memory: 1Mi } }",
          "", "resources: { limits: { memory: 1Mi } }", false },
        { "checkov:CKV_K8S_8", "", "", "", "livenessProbe: { exec: { command: [x] } }", true },
        { "checkov:CKV_K8S_9", "", "", "", "readinessProbe: { exec: { command: [x] } }", true },
        { "kube-linter:liveness-port", "", "livenessProbe: { httpGet: { port: 81 } }", "",
          "livenessProbe: { httpGet: { port: w } }, ports: [{ containerPort: 81, name: w }]",
          false },
        { "kube-linter:readiness-port", "", "readinessProbe: { tcpSocket: { port: x } }", "",
          "readinessProbe: { tcpSocket: { port: 81 } }, ports: [{ containerPort: 81 }]", false },
        { "checkov:CKV_K8S_26", "", "ports: [{ containerPort: 81, hostPort: 81 }]", "",
          "ports: [{ containerPort: 81 }]", false },
        { "kube-linter:ssh-port", "", "ports: [{ containerPort: 22 }]", "",
          "ports: [{ containerPort: 2222 }]", false },
        { "kube-linter:privileged-ports", "", "ports: [{ containerPort: 80 }]", "",
          "ports: [{ containerPort: 8080 }]", false },
        { "checkov:CKV_K8S_27", "volumes: [{ name: s, hostPath: { path: /var/run/docker.sock } }]",
          "", "volumes: [{ name: s, emptyDir: {} }]", "", false },
        { "kube-linter:docker-sock", "volumes: [{ name: s, hostPath: { path: /run/docker.sock } }]",
          "", "volumes: [{ name: s, hostPath: { path: /data } }]", "", false },
        { "kube-linter:sensitive-host-mounts", "volumes: [{ name: s, hostPath: { path: /etc/ } }]",
          "", "volumes: [{ name: s, hostPath: { path: /data } }]", "", false },
        { "kube-linter:writable-host-mount", "volumes: [{ name: s, hostPath: { path: /data } }]",
          "volumeMounts: [{ name: s, mountPath: /d }]",
          "volumes: [{ name: s, hostPath: { path: /data } }]",
          "volumeMounts: [{ name: s, mountPath: /d, readOnly: true }]", false },
        { "checkov:CKV_K8S_35", "",
          "env: [{ name: A, valueFrom: { secretKeyRef: { name: s, key: k } } }]", "",
          "env: [{ name: A, value: b }]", false },
        { "kube-linter:read-secret-from-env-var", "", "envFrom: [{ secretRef: { name: s } }]", "",
          "envFrom: [{ configMapRef: { name: s } }]", false },
        { "kube-linter:env-var-secret", "", "env: [{ name: MY_SECRET, value: abc }]", "",
          "env: [{ name: MY_SECRET, valueFrom: { secretKeyRef: { name: s, key: k } } }]", false },
        { "kube-linter:duplicate-env-var", "",
          "env: [{ name: A, value: b }, { name: A, value: c }]", "",
          "env: [{ name: A, value: b }, { name: B, value: c }]", false },
        { "checkov:CKV_K8S_38", "", "", "automountServiceAccountToken: false", "", false },
        { "kube-linter:default-service-account", "serviceAccountName: default", "",
          "serviceAccountName: x", "", false },
        { "kube-linter:deprecated-service-account-field", "serviceAccount: x", "",
          "serviceAccountName: x", "", false },
        { "kube-linter:unsafe-sysctls",
          "securityContext: { sysctls: [{ name: kernel.sem, value: x }] }", "",
          "securityContext: { sysctls: [{ name: net.ipv4.tcp_syncookies, value: x }] }", "",
          false },
        { "kube-linter:unsafe-proc-mount", "", "securityContext: { procMount: Unmasked }", "",
          "securityContext: { procMount: Default }", false },
        { "kube-linter:no-node-affinity", "", "",
          "affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } }", "",
          false },
        { "kube-linter:dnsconfig-options", "", "",
          "dnsConfig: { options: [{ name: ndots, value: '2' }] }", "", false },
};

static void put_workload(const struct tree *t, size_t number, size_t kind, const char *pod,
                         const char *container)
{
        _cleanup_(buf_done) struct buf text = { 0 };

        (void) buf_printf(&text, "%s %s%s containers: [{ name: a%s%s%s }] %s\n", kinds[kind].before,
                          pod, *pod ? "," : "", strstr(container, "image:") ? "" : ", image: 'b:1'",
                          *container ? ", " : "", container, kinds[kind].after);
        tree_puts(t, number, "a.yaml", buf_text(&text));
}

static void test_workloads(void **state)
{
        (void) state;
        unsigned wrong = 0;
        struct fakehost host;
        struct tree t;
        json_t *found;

        tree_make(&t);
        for (size_t i = 0; i < TEST_ROWS(rules); i++)
                for (size_t k = 0; k < TEST_ROWS(kinds); k++) {
                        size_t number = 2 * (i * TEST_ROWS(kinds) + k);

                        put_workload(&t, number, k, rules[i].bad_pod, rules[i].bad_container);
                        put_workload(&t, number + 1, k, rules[i].good_pod, rules[i].good_container);
                }
        run(&host, &t);
        found = tags_found(&host);
        for (size_t i = 0; i < TEST_ROWS(rules); i++)
                for (size_t k = 0; k < TEST_ROWS(kinds); k++) {
                        size_t number = 2 * (i * TEST_ROWS(kinds) + k);
                        bool wanted = !rules[i].not_jobs || !kinds[k].is_job;

                        if (has_tag(found, number, rules[i].ref) == wanted &&
                            !has_tag(found, number + 1, rules[i].ref))
                                continue;
                        wrong++;
                        (void) printf("# %s of a %s (%s)\n", rules[i].ref, kinds[k].name,
                                      rules[i].bad_container);
                }
        assert_int_equal(wrong, 0);
        json_decref(found);
        fakehost_done(&host);
        tree_done(&t);
}

/* ---- Files that are as they should be ---- */

static void test_clean(void **state)
{
        (void) state;
        json_t *cases = read_cases("clean.jsonl"), *one, *f;
        unsigned wrong = 0;
        struct fakehost host;
        struct tree t;
        size_t i;

        tree_make(&t);
        json_array_foreach (cases, i, one)
                tree_puts(&t, i, text_of(one, "path"), text_of(one, "text"));
        run(&host, &t);
        json_array_foreach (host.findings, i, f) {
                const char *severity = text_of(f, "severity");

                if (!strcmp(severity, "info") || !strcmp(severity, "low"))
                        continue;
                wrong++;
                (void) printf("# %s:%d: %s %s\n", text_of(f, "path"),
                              (int) json_integer_value(json_object_get(f, "line")), severity,
                              text_of(f, "rule"));
        }
        assert_int_equal(wrong, 0);
        json_decref(cases);
        fakehost_done(&host);
        tree_done(&t);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cases),
                cmocka_unit_test(test_workloads),
                cmocka_unit_test(test_clean),
        };

        return cmocka_run_group_tests_name("peers", tests, NULL, NULL);
}
