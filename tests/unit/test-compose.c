/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compose files with what they lead to: variables, the services that others extend, and files that
 * are given to services as their environment
 */

#include "test.h"

#include "fakehost.h"
#include "tree.h"

#include <fcntl.h>

/* Of the agent's library, the parser that is tested alone. */
#include "../../plugins/compliance-checker/beside.h"
#include "../../plugins/compliance-checker/compose-value.h"

#define AGENT "plugins/compliance-checker/compliance-checker.so"

struct file {
        const char *path, *text; /* ends in one without a path */
};

static void check(struct fakehost *host, const struct file *files, const char *controls)
{
        struct tree t;

        tree_make(&t);
        for (; files->path; files++)
                tree_file(t.fd, files->path, files->text, 0644);
        fakehost_init(host, "check", controls);
        host->workspace = t.fd;
        assert_int_equal(fakehost_run(host, fakehost_load(AGENT)), 0);
        tree_remove(&t);
}

static const char *text_of(const json_t *object, const char *key)
{
        const char *text = json_string_value(json_object_get(object, key));

        return text ? text : "";
}

static bool has_tag(const json_t *finding, const char *tag)
{
        const json_t *one;
        size_t i;

        json_array_foreach (json_object_get(finding, "tags"), i, one)
                if (!strcmp(json_string_value(one), tag))
                        return true;
        return false;
}

/* "path:line:rule " of each finding, with a ? where it is partial; then "path!reason ". */
static void expect(const char *why, const struct file *files, const char *controls,
                   const char *want)
{
        _cleanup_(buf_done) struct buf got = { 0 };
        struct fakehost host;
        json_t *one;
        size_t i;

        check(&host, files, controls);
        json_array_foreach (host.findings, i, one)
                (void) buf_printf(&got, "%s:%d:%s%s ", text_of(one, "path"),
                                  (int) json_integer_value(json_object_get(one, "line")),
                                  strchr(text_of(one, "rule"), '/') + 1,
                                  has_tag(one, "soundness:partial") ? "?" : "");
        json_array_foreach (json_object_get(host.output, "not_looked_at"), i, one)
                (void) buf_printf(&got, "%s!%s ", text_of(one, "path"), text_of(one, "reason"));
        if (strcmp(buf_text(&got), want) != 0)
                fail_msg("%s: got \"%s\", want \"%s\"", why, buf_text(&got), want);
        fakehost_done(&host);
}

#define CONFIG "{\"controls\": [\"config\"]}"
#define ENV    "{\"controls\": [\"env\"]}"

/* What every service here has, so that nothing is said of it. */
#define GOOD "    read_only: true\n    security_opt: [no-new-privileges:true]\n"

/* ---- Variables ---- */

static void test_expand(void **state)
{
        static const struct {
                const char *why, *text, *want; /* NULL: it stays as it is */
        } rows[] = {
                { "no variable", "a:1", NULL },
                { "a known one", "a:$TAG", "a:1.2" },
                { "a known one in braces", "a:${TAG}-x", "a:1.2-x" },
                { "of which nothing is known", "a:${NONE}", NULL },
                { "a default", "${NONE:-b}", "b" },
                { "a default that is not needed", "${TAG:-b}", "1.2" },
                { "an empty value is none with a colon", "${EMPTY:-b}", "b" },
                { "an empty value is one without", "x${EMPTY-b}", "x" },
                { "a default within a default", "${NONE:-${OTHER:-c}}", "c" },
                { "a known one within a default", "${NONE:-a:${TAG}}", "a:1.2" },
                { "an unknown one within a default", "${NONE:-a:${OTHER}}", "a:${OTHER}" },
                { "an error", "${NONE:?it must be set}", NULL },
                { "an error that does not come", "${TAG:?it must be set}", "1.2" },
                { "another text where it is set", "${TAG:+set}", "set" },
                { "and where it may not be", "${NONE:+set}", NULL },
                { "a dollar", "$$TAG", NULL },
                { "a dollar and a variable", "$$TAG$TAG", "$$TAG1.2" },
                { "a brace that is not closed", "${TAG", NULL },
                { "no name", "${}${-a}$", NULL },
                { "a quoted value", "$QUOTED", "a # b" },
                { "a comment behind a value", "$COMMENTED", "x" },
        };
        static const char env[] = "TAG=1.2\nEMPTY=\nexport QUOTED=\"a # b\"\n#NONE=1\n"
                                  "COMMENTED = no\nCOMMENTED=x # y\n";
        json_t *variables = compose_variables(env, strlen(env));

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char *got = NULL;
                int r = compose_expand(variables, rows[i].text, &got);

                if (r != (rows[i].want != NULL) || (r && strcmp(got, rows[i].want) != 0))
                        fail_msg("%s: %s", rows[i].why, r ? got : "not changed");
                free(got);
        }
        json_decref(variables);
}

/* Many references within each other, and values that grow: bounded. */
static void test_expand_hostile(void **state)
{
        char text[COMPOSE_VALUE_MAX + 1] = "", *got = NULL;
        json_t *variables = json_object();

        (void) state;
        for (size_t i = 0; i + 2 < sizeof(text); i += 2)
                (void) strcpy(text + i, "${");
        assert_int_equal(compose_expand(variables, text, &got), 0);
        for (size_t i = 0; i + 5 < sizeof(text); i += 5)
                (void) strcpy(text + i, "${A:-");
        assert_int_equal(compose_expand(variables, text, &got), 0);
        (void) json_object_set_new(variables, "A", json_stringn(text, 1000));
        (void) strcpy(text, "$A$A$A$A$A");
        assert_int_equal(compose_expand(variables, text, &got), 0);
        json_decref(variables);
}

static void test_variables(void **state)
{
        static const struct file files[] = {
                { "a/compose.yml",
                  "services:\n  a:\n" GOOD "    image: b:${TAG:-latest}\n"
                  "    privileged: ${ALL}\n    network_mode: \"${NET:-bridge}\"\n"
                  "    user: ${WHO:-0}\n"
                  "    volumes: [\"${SOCK:-/var/run/docker.sock}:/x\", \"${DATA:-/srv}:/y\"]\n"
                  "    ports: [\"${PORT:-5432}:5432\", \"${BIND:-127.0.0.1}:6379:6379\"]\n" },
                { "a/.env", "ALL=true\nNET=host\nSOCK=/srv/a.sock\n" },
                { "b/compose.yml", "services:\n  a:\n" GOOD "    image: b:${TAG:-1.2}\n"
                                   "    privileged: ${ALL}\n    network_mode: $NET\n" },
                { NULL, NULL },
        };

        (void) state;
        expect("defaults and .env", files, CONFIG,
               "a/compose.yml:5:compose-latest-tag? a/compose.yml:6:compose-privileged? "
               "a/compose.yml:7:compose-host-network? a/compose.yml:8:compose-root-user? "
               "a/compose.yml:10:compose-open-database? ");
}

/* ---- What is extended ---- */

static void test_extends(void **state)
{
        static const struct file same[] = {
                { "compose.yml",
                  "services:\n  base:\n" GOOD "    image: a:1@sha256:00\n"
                  "    privileged: true\n"
                  "  one:\n    extends: base\n"
                  "  two:\n    extends: { service: base }\n    privileged: false\n" },
                { NULL, NULL },
        };
        static const struct file other[] = {
                { "app/compose.yml",
                  "services:\n  one:\n    extends:\n      file: ../lib/common.yml\n"
                  "      service: base\n"
                  "  two:\n    extends: { file: ../lib/common.yml, service: base }\n"
                  "    privileged: !reset null\n    cap_add: !override [NET_RAW]\n"
                  "    volumes: [\"./x:/host\"]\n" },
                { "lib/common.yml", "services:\n  base:\n    extends: deep\n"
                                    "    privileged: true\n    cap_add: [SYS_ADMIN, SYS_PTRACE]\n"
                                    "    volumes: [\"/etc:/host\"]\n"
                                    "  deep:\n" GOOD "    image: a:1@sha256:00\n" },
                { NULL, NULL },
        };
        static const struct file checked[] = {
                { "compose.yml", "services:\n  a:\n    extends:\n      service: b\n"
                                 "      file: compose.base.yml\n" },
                { "compose.base.yml", "services:\n  b:\n" GOOD "    privileged: true\n" },
                { NULL, NULL },
        };
        static const struct file missing[] = {
                { "x/compose.yml",
                  "services:\n  a:\n    extends: { file: gone.yml, service: a }\n    pid: host\n"
                  "  b:\n    extends: { file: gone.yml, service: b }\n    read_only: true\n"
                  "  c:\n    extends: { file: ../../../etc/passwd, service: b }\n" GOOD },
                { NULL, NULL },
        };
        static const struct file circle[] = {
                { "compose.yml", "services:\n  a:\n    extends: b\n    ipc: host\n" GOOD
                                 "  b:\n    extends: a\n    read_only: true\n" },
                { NULL, NULL },
        };

        (void) state;
        expect("of the same file: told once, and what is there is not missed", same, CONFIG,
               "compose.yml:6:compose-privileged ");
        expect("of another file: told where it is extended", other, CONFIG,
               "app/compose.yml:4:compose-capability app/compose.yml:4:compose-host-folder "
               "app/compose.yml:4:compose-privileged ");
        expect("of a file that is checked itself", checked, CONFIG,
               "compose.base.yml:5:compose-privileged ");
        expect("that is not there", missing, CONFIG,
               "x/compose.yml:2:compose-new-privileges? x/compose.yml:2:compose-writable-root? "
               "x/compose.yml:4:compose-host-pid x/compose.yml:5:compose-new-privileges? "
               "x/gone.yml!extends-missing x/compose.yml!extends-outside ");
        expect("in a circle", circle, CONFIG, "compose.yml:4:compose-host-ipc ");
}

/* ---- Files of variables ---- */

static void test_env_file(void **state)
{
        static const struct file files[] = {
                { ".env.example", "PORT=\n" },
                { "deploy/compose.yml",
                  "services:\n  a:\n    env_file: ../config/web.conf\n"
                  "  b:\n    env_file:\n      - path: more.vars\n        required: false\n"
                  "      - gone.vars\n"
                  "  c:\n    extends: { file: base.yml, service: d }\n" },
                { "deploy/base.yml", "services:\n  d:\n    env_file: [base.vars]\n" },
                { "config/web.conf", "# comment\nFROM_CONF=1\nDB_PASSWORD=Zk3vP9qLw7XtR2\n" },
                { "deploy/more.vars", "export FROM_MORE=1\n" },
                { "deploy/base.vars", "FROM_BASE=1\n" },
                { "other.vars", "DB_PASSWORD=Zk3vP9qLw7XtR2\nFROM_OTHER=1\n" },
                { "app.js", "process.env.FROM_CONF, process.env.FROM_MORE;\n"
                            "process.env.FROM_BASE;\nprocess.env.FROM_OTHER;\n" },
                { NULL, NULL },
        };

        (void) state;
        expect("declared there, and secrets told", files, ENV,
               "app.js:3:undeclared-variable config/web.conf:3:committed-dotenv ");
}

/* ---- Paths ---- */

static void test_paths(void **state)
{
        static const struct {
                const char *from, *name, *want; /* NULL: outside */
        } rows[] = {
                { "a.yml", "b", "b" },
                { "x/a.yml", "./b", "x/b" },
                { "x/y/a.yml", "../b//c", "x/b/c" },
                { "x/y/a.yml", "../../b", "b" },
                { "x/a.yml", "../../b", NULL },
                { "x/a.yml", "../x/../..", NULL },
                { "x/a.yml", "..", NULL },
                { "a.yml", "/etc/passwd", NULL },
                { "a.yml", "~/b", NULL },
                { "a.yml", "", NULL },
                { "x/a.yml", "b/..", "x" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char *got = NULL;
                int r = beside_path(rows[i].from, rows[i].name, &got);

                if (r != (rows[i].want != NULL) || (r && strcmp(got, rows[i].want) != 0))
                        fail_msg("%s from %s: %s", rows[i].name, rows[i].from, got ? got : "none");
                free(got);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_expand),    cmocka_unit_test(test_expand_hostile),
                cmocka_unit_test(test_variables), cmocka_unit_test(test_extends),
                cmocka_unit_test(test_env_file),  cmocka_unit_test(test_paths),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
