/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rules of the control "config" that read a parsed file, on our own cases: tests/unit/cases/
 * has for each rule texts in which it must be found (positive) and texts in which it must not
 * (negative). A case has its text, or says what to `put` `at` an offset of a `base` in place of
 * `cut` bytes. All cases of a file lie in one tree, each in a folder of its own.
 */

#include "test.h"

#include "base/buf.h"
#include "base/io.h"
#include "fakehost.h"

/* Of the agent's library, the parsers that are tested alone. */
#include "../../plugins/compliance-checker/actions-expr.h"
#include "../../plugins/compliance-checker/unit-file.h"

#include <fcntl.h>
#include <sys/stat.h>

#define AGENT "plugins/compliance-checker/compliance-checker.so"

struct tree {
        char path[64];
        int fd;
};

static void tree_make(struct tree *t)
{
        (void) strcpy(t->path, "/tmp/linhay-config-XXXXXX");
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

static void tree_puts(const struct tree *t, const char *path, const char *text)
{
        char folder[512];
        int fd;

        for (const char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
                (void) snprintf(folder, sizeof(folder), "%.*s", (int) (s - path), path);
                (void) mkdirat(t->fd, folder, 0755);
        }
        fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
        assert_int_equal(close(fd), 0);
}

static void run(struct fakehost *host, const struct tree *t)
{
        fakehost_init(host, "check", "{\"controls\": [\"config\"]}");
        host->workspace = t->fd;
        if (fakehost_run(host, fakehost_load(AGENT)) < 0)
                fail_msg("%s", host->fail_message);
}

static const char *text_of(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}

/* ---- The cases ---- */

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

static const char *base_of(const json_t *cases, const char *name)
{
        json_t *one;
        size_t i;

        json_array_foreach (cases, i, one)
                if (!strcmp(text_of(one, "base"), name) && json_object_get(one, "text"))
                        return text_of(one, "text");
        fail_msg("no base is called %s", name);
        return NULL;
}

static void put_case(const struct tree *t, const char *path, const json_t *cases, const json_t *one)
{
        _cleanup_(buf_done) struct buf text = { 0 };
        size_t at = (size_t) json_integer_value(json_object_get(one, "at"));
        size_t cut = (size_t) json_integer_value(json_object_get(one, "cut"));
        const char *base;

        if (json_object_get(one, "text")) {
                tree_puts(t, path, text_of(one, "text"));
                return;
        }
        base = base_of(cases, text_of(one, "base"));
        assert_true(at + cut <= strlen(base));
        (void) buf_printf(&text, "%.*s%s%s", (int) at, base, text_of(one, "put"), base + at + cut);
        tree_puts(t, path, buf_text(&text));
}

/* Was this rule found in the folder of this case? `found` maps "NUMBER RULE" to true. */
static json_t *found_rules(const struct fakehost *host)
{
        json_t *found = json_object(), *f;
        size_t i;

        json_array_foreach (host->findings, i, f) {
                char key[160];

                (void) snprintf(key, sizeof(key), "%d %s", atoi(text_of(f, "path")),
                                text_of(f, "rule"));
                (void) json_object_set_new(found, key, json_true());
        }
        return found;
}

static void expect_cases(const char *name, const char *file)
{
        json_t *cases = read_cases(name), *one, *found;
        unsigned wrong = 0, all[2] = { 0, 0 };
        struct fakehost host;
        struct tree t;
        size_t i;

        tree_make(&t);
        json_array_foreach (cases, i, one) {
                char path[256];

                (void) snprintf(path, sizeof(path), "%zu/%s", i,
                                *text_of(one, "path") ? text_of(one, "path") : file);
                put_case(&t, path, cases, one);
        }
        run(&host, &t);
        found = found_rules(&host);
        json_array_foreach (cases, i, one) {
                bool wanted = !strcmp(text_of(one, "label"), "positive");
                char key[160];

                if (!*text_of(one, "rule"))
                        continue;
                (void) snprintf(key, sizeof(key), "%zu %s", i, text_of(one, "rule"));
                all[wanted]++;
                if (wanted == (json_object_get(found, key) != NULL))
                        continue;
                print_message("# %s: %s: %s\n", wanted ? "missed" : "false", text_of(one, "rule"),
                              text_of(one, "why"));
                wrong++;
        }
        print_message("# %s: %u positive, %u negative, %u wrong\n", name, all[1], all[0], wrong);
        assert_true(all[0] && all[1]);
        assert_int_equal(wrong, 0);
        json_decref(found);
        json_decref(cases);
        fakehost_done(&host);
        tree_done(&t);
}

static void test_kube_cases(void **state)
{
        (void) state;
        expect_cases("kube.jsonl", "a.yaml");
}

static void test_actions_cases(void **state)
{
        (void) state;
        expect_cases("actions.jsonl", ".github/workflows/a.yml");
}

static void test_systemd_cases(void **state)
{
        (void) state;
        expect_cases("systemd.jsonl", "a.service");
}

/* ---- Unit files ---- */

static void test_unit_files(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *want; /* "section/key=value;" */
        } rows[] = {
                { "an assignment", "[A]\nb=c\n", "A/b=c;" },
                { "blanks", " [A]\n\t b = c d \r\n", "A/b=c d;" },
                { "comments", "# a=b\n;c=d\n[A]\n", "" },
                { "joined lines", "[A]\nb=c \\\n  d\n", "A/b=c  d;" },
                { "a comment between them", "[A]\nb=c \\\n# e\nd\nf=g\n", "A/b=c  d;A/f=g;" },
                { "nothing before the join", "[A]\nb= \\\n c", "A/b=c;" },
                { "a join at the end", "[A]\nb=c\\", "A/b=c;" },
                { "nothing", "[A]\nb=\n", "A/b=;" },
                { "several signs", "[A]\nb=c=d\n", "A/b=c=d;" },
                { "no section", "a=b", "/a=b;" },
                { "no key", "[A]\n=b\nx\n", "" },
                { "an open section", "[A\nb=c\n", "/b=c;" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf list = { 0 };
                struct unit_file u;

                assert_int_equal(unit_parse(&u, rows[i].text, strlen(rows[i].text)), 0);
                for (size_t n = 0; n < u.n; n++) {
                        const struct unit_assignment *a = &u.list[n];

                        (void) buf_printf(&list, "%.*s/%.*s=%.*s;", (int) a->section.length,
                                          a->section.text ? a->section.text : "",
                                          (int) a->key.length, a->key.text, (int) a->value.length,
                                          a->value.text);
                        assert_true(a->start < a->end && a->end <= strlen(rows[i].text));
                }
                if (strcmp(buf_text(&list), rows[i].want) != 0)
                        fail_msg("%s: got %s", rows[i].why, buf_text(&list));
                unit_done(&u);
        }
}

static void test_unit_lists(void **state)
{
        (void) state;
        static const char text[] = "[Service]\nA=x y\nA=\nA=z\nA=w\nB=On\nB=no\nC=TRUE\n";
        struct unit_file u;

        assert_int_equal(unit_parse(&u, text, strlen(text)), 0);
        assert_false(unit_list_has(&u, "A", "x"));
        assert_true(unit_list_has(&u, "A", "z"));
        assert_true(unit_list_has(&u, "A", "w"));
        assert_false(unit_is_true(&u, "B"));
        assert_true(unit_is_true(&u, "C"));
        assert_null(unit_last(&u, "D"));
        unit_done(&u);
}

/* ---- Expressions of GitHub Actions ---- */

/* One letter for each node, in the order in which they were made. */
static void test_expressions(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text, *want; /* kinds and texts; "!" = broken */
        } rows[] = {
                { "a context", " github.event.issue.title ", "c:github.event.issue.title " },
                { "case is folded", "GitHub.Head_Ref", "c:github.head_ref " },
                { "indices are names", "github['event'].x[0]", "c:github.event.x.0 s:event v:0 " },
                { "a star", "github.event.commits.*.id", "c:github.event.commits.*.id " },
                { "an index that is no literal", "secrets[matrix.x]", "c:secrets.? c:matrix.x " },
                { "a text with a quote", "'it''s'", "s:it's " },
                { "a call", "contains('a', env.B)", "f:contains s:a c:env.b " },
                { "a member of a call", "fromJSON(x).y", "f:fromjson.y c:x " },
                { "operators", "!a && b == 'c' || d", "c:a ! c:b s:c = & c:d | " },
                { "comparisons", "a <= 1 != true", "c:a v:1 = v:true = " },
                { "parentheses", "(a || b) && c", "c:a c:b | c:c & " },
                { "numbers", "-1.5e3", "v:-1.5e3 " },
                { "nothing", "  ", "!" },
                { "two values", "a b", "!" },
                { "double quotes", "\"a\"", "!" },
                { "an open call", "f(a", "!" },
                { "an open text", "'a", "!" },
        };
        static const char signs[] = { 's', 'v', 'c', 'f', '!', '&', '|', '=' };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf list = { 0 };
                struct span text = { rows[i].text, strlen(rows[i].text) };
                struct actions_expr e;

                assert_int_equal(actions_expr_parse(&e, text), 0);
                for (size_t n = 0; n < e.n; n++)
                        (void) buf_printf(&list, e.nodes[n].kind < EXPR_NOT ? "%c:%s " : "%c ",
                                          signs[e.nodes[n].kind], e.nodes[n].text);
                if (strcmp(e.root < 0 ? "!" : buf_text(&list), rows[i].want) != 0)
                        fail_msg("%s: got %s (%s)", rows[i].why, buf_text(&list),
                                 e.error ? e.error : "");
                assert_true((e.root < 0) == (e.error != NULL));
                actions_expr_done(&e);
        }
}

static void test_braces(void **state)
{
        (void) state;
        static const char text[] = "a ${{ x }} ${{ '}}' }} $ {{ no }} ${{ open";
        struct span whole = { text, strlen(text) }, inner;
        size_t at = 0;

        assert_true(actions_expr_next(whole, &at, &inner));
        assert_memory_equal(inner.text, " x ", inner.length);
        assert_true(actions_expr_next(whole, &at, &inner));
        assert_int_equal(inner.length, strlen(" '}}' "));
        assert_true(actions_expr_next(whole, &at, &inner));
        assert_memory_equal(inner.text, " open", inner.length);
        assert_false(actions_expr_next(whole, &at, &inner));
}

/* ---- More than one file, and odd ones ---- */

/* "path:line:rule " of each finding of a severity above info. */
static void list_findings(const struct fakehost *host, struct buf *list)
{
        json_t *f;
        size_t i;

        json_array_foreach (host->findings, i, f)
                if (strcmp(text_of(f, "severity"), "info") != 0)
                        (void) buf_printf(list, "%s:%d:%s ", text_of(f, "path"),
                                          (int) json_integer_value(json_object_get(f, "line")),
                                          strchr(text_of(f, "rule"), '/') + 1);
}

#define POD(more)                                                                                  \
        "apiVersion: v1\nkind: Pod\nmetadata: { name: p, namespace: n }\nspec: { " more " }\n"

static void test_kube_files(void **state)
{
        (void) state;
        static const struct {
                const char *why, *path, *text, *want;
        } rows[] = {
                { "a list", "a.yaml",
                  "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n"
                  "  metadata: { name: p, namespace: n }\n  spec: { hostPID: true }\n",
                  "a.yaml:7:k8s-host-pid " },
                { "JSON", "a.json",
                  "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"hostIPC\": true}}",
                  "a.json:1:k8s-host-ipc " },
                { "several documents", "a.yaml",
                  "a: b\n---\n" POD("hostPID: true") "---\n" POD("hostIPC: true"),
                  "a.yaml:6:k8s-host-pid a.yaml:11:k8s-host-ipc " },
                { "a patch of Kustomize names no image", "overlays/a.yaml",
                  POD("containers: [{ name: a, securityContext: { privileged: true } }]"),
                  "overlays/a.yaml:4:k8s-privileged-container " },
                { "without a kustomization it is judged as a whole", "a.yaml",
                  POD("containers: [{ name: a, securityContext: { readOnlyRootFilesystem: true, "
                      "runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: "
                      "[ALL] }, seccompProfile: { type: RuntimeDefault } } }]"),
                  "a.yaml:4:k8s-no-memory-limit " },
                { "items of a list of pods say no kind", "a.yaml",
                  "apiVersion: v1\nkind: PodList\nitems:\n- metadata: { name: p, namespace: n }\n"
                  "  spec: { hostPID: true }\n",
                  "a.yaml:5:k8s-host-pid " },
                { "a template of Helm", "a.yaml",
                  "{{- if .Values.x }}\n" POD(
                          "hostPID: true, containers: [{ name: {{ .Values.y }}, "
                          "image: b }]") "{{- end }}\n",
                  "a.yaml:5:k8s-host-pid " },
                { "not Kubernetes", "a.yaml", "kind: Pod\nspec: { hostPID: true }\n", "" },
                { "not YAML", "a.txt", POD("hostPID: true"), "" },
                { "what stands before a fault", "a.yaml", POD("hostPID: true") "---\na: [\n",
                  "a.yaml:4:k8s-host-pid " },
                { "the secret is hidden", "patch.yaml",
                  POD("initContainers: [{ name: a, env: [{ name: SECRET, value: hunter2 }] }]"),
                  "patch.yaml:4:k8s-secret-in-variable " },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf list = { 0 };
                struct fakehost host;
                struct tree t;
                char *all;

                tree_make(&t);
                tree_puts(&t, rows[i].path, rows[i].text);
                run(&host, &t);
                list_findings(&host, &list);
                if (strcmp(buf_text(&list), rows[i].want) != 0)
                        fail_msg("%s: got %s", rows[i].why, buf_text(&list));
                all = json_dumps(host.findings, 0);
                assert_null(strstr(all, "hunter2"));
                free(all);
                fakehost_done(&host);
                tree_done(&t);
        }
}

/* What is told of a secret does not show it. */
static void test_hidden(void **state)
{
        (void) state;
        static const struct {
                const char *path, *text, *rule;
        } rows[] = {
                { "a.yaml",
                  POD("containers: [{ name: a, image: b, env: [{ name: SECRET, value: hunter2 }] "
                      "}]"),
                  "config/k8s-secret-in-variable" },
                { "a.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: { password: hunter2 }\n",
                  "config/k8s-credentials-in-config-map" },
                { "kustomization.yaml",
                  "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
                  "secretGenerator: [{ name: a, literals: [password=hunter2] }]\n",
                  "config/k8s-secret-in-kustomization" },
                { ".github/workflows/a.yml",
                  "on: push\njobs: { a: { container: { image: a, credentials: { password: hunter2 "
                  "} "
                  "} } }\n",
                  "config/actions-registry-password" },
                { "a.service", "[Service]\nEnvironment=A=b DB_PASSWORD=hunter2\n",
                  "config/systemd-secret-in-environment" },
                { "a.service", "[Service]\nExecStart=/usr/bin/a --password=hunter2\n",
                  "config/systemd-secret-in-arguments" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct fakehost host;
                struct tree t;
                char *all;

                tree_make(&t);
                tree_puts(&t, rows[i].path, rows[i].text);
                run(&host, &t);
                all = json_dumps(host.findings, 0);
                if (!strstr(all, rows[i].rule) || strstr(all, "hunter2"))
                        fail_msg("%s: %s", rows[i].rule, all);
                free(all);
                fakehost_done(&host);
                tree_done(&t);
        }
}

/* What is listed as not wholly looked at: what was meant to be a manifest, and nothing else. */
static void test_kube_listed(void **state)
{
        (void) state;
        static const struct {
                const char *path, *text, *reason; /* NULL = it is not listed */
        } rows[] = {
                { "a.yaml", POD("hostPID: true") "---\na: [\n", "not-yaml" },
                { "a.yaml", "apiVersion: v1\nkind: [\n", "not-yaml" },
                { "a.yaml", "apiVersion: v1\nkind: Pod\nname: {{ .Values.x }}\n", "template" },
                { "a.json", "{\"properties\": {\"apiVersion\": 1, \"kind\": [", NULL },
                { "a.yaml", POD("hostPID: true"), NULL },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct fakehost host;
                struct tree t;
                char *output;

                tree_make(&t);
                tree_puts(&t, rows[i].path, rows[i].text);
                run(&host, &t);
                output = json_dumps(json_object_get(host.output, "not_looked_at"), 0);
                if (rows[i].reason ? !strstr(output, rows[i].reason) : strcmp(output, "[]") != 0)
                        fail_msg("%s: %s", rows[i].text, output);
                free(output);
                fakehost_done(&host);
                tree_done(&t);
        }
}

/* A service in one file and its pods in another; a folder is a world of its own. */
static void test_kube_folders(void **state)
{
        (void) state;
        static const char service[] = "apiVersion: v1\nkind: Service\nmetadata: { name: s }\n"
                                      "spec: { selector: { app: x } }\n";
        static const char pod[] = "apiVersion: v1\nkind: Pod\n"
                                  "metadata: { name: p, labels: { app: x } }\n"
                                  "spec: { containers: [{ name: a, image: b }] }\n";
        struct fakehost host;
        unsigned dangling = 0;
        struct tree t;
        json_t *f;
        size_t i;

        tree_make(&t);
        tree_puts(&t, "a/service.yaml", service);
        tree_puts(&t, "a/pod.yaml", pod);
        tree_puts(&t, "b/service.yaml", service);
        run(&host, &t);
        json_array_foreach (host.findings, i, f)
                if (!strcmp(text_of(f, "rule"), "config/k8s-dangling-service")) {
                        assert_string_equal(text_of(f, "path"), "b/service.yaml");
                        dangling++;
                }
        assert_int_equal(dangling, 1);
        fakehost_done(&host);
        tree_done(&t);
}

/* Aliases name a thousand million nodes; what is looked at stays bounded, and that is told. */
static void test_kube_bombs(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf text = { 0 };
        struct fakehost host;
        struct tree t;
        char *output;

        (void) buf_puts(&text, "apiVersion: v1\nkind: List\np: &p [");
        for (unsigned i = 0; i < 1000; i++)
                (void) buf_puts(&text, "{hostPort: 1}, ");
        (void) buf_puts(&text, "]\nc: &c [");
        for (unsigned i = 0; i < 1000; i++)
                (void) buf_puts(&text, "{name: a, ports: *p}, ");
        (void) buf_puts(&text,
                        "]\no: &o {apiVersion: v1, kind: Pod, spec: {containers: *c}}\nitems: [");
        for (unsigned i = 0; i < 1000; i++)
                (void) buf_puts(&text, "*o, ");
        (void) buf_puts(&text, "]\n");
        tree_make(&t);
        tree_puts(&t, "a.yaml", buf_text(&text));
        run(&host, &t);
        /* 20,000 of the file, and what the folder tells of each of at most 4,096 objects. */
        assert_true(json_array_size(host.findings) <= 20000 + 2 * 4096);
        output = json_dumps(host.output, 0);
        assert_non_null(strstr(output, "too-many-objects"));
        free(output);
        fakehost_done(&host);
        tree_done(&t);
}

/* Long lists and long lines cost what their size does, and nothing behind them is lost. */
static void test_long_files(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf workflow = { 0 }, template = { 0 };
        struct fakehost host;
        struct tree t;
        char *all;

        (void) buf_puts(&workflow, "on: [");
        for (unsigned i = 0; i < 500; i++)
                (void) buf_puts(&workflow, "push, ");
        (void) buf_puts(&workflow, "push]\nenv: { X: '");
        for (unsigned i = 0; i < 50000; i++)
                (void) buf_puts(&workflow, "${{ github.sha }}");
        (void) buf_puts(&workflow,
                        "' }\njobs: { a: { steps: [{ run: '${{ github.head_ref }}' }] } }\n");
        for (unsigned i = 0; i < 50000; i++)
                (void) buf_puts(&template, "{{ .Values.x }}");
        (void) buf_puts(&template, "\n" POD("hostPID: true"));
        tree_make(&t);
        tree_puts(&t, ".github/workflows/a.yml", buf_text(&workflow));
        tree_puts(&t, "a.yaml", buf_text(&template));
        run(&host, &t);
        all = json_dumps(host.findings, 0);
        assert_non_null(strstr(all, "config/actions-script-injection"));
        assert_non_null(strstr(all, "config/k8s-host-pid"));
        free(all);
        fakehost_done(&host);
        tree_done(&t);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kube_cases),    cmocka_unit_test(test_actions_cases),
                cmocka_unit_test(test_systemd_cases), cmocka_unit_test(test_unit_files),
                cmocka_unit_test(test_unit_lists),    cmocka_unit_test(test_expressions),
                cmocka_unit_test(test_braces),        cmocka_unit_test(test_kube_files),
                cmocka_unit_test(test_hidden),        cmocka_unit_test(test_kube_listed),
                cmocka_unit_test(test_kube_folders),  cmocka_unit_test(test_kube_bombs),
                cmocka_unit_test(test_long_files),
        };

        return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
