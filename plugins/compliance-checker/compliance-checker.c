/* SPDX-License-Identifier: Apache-2.0 */

/*
 * compliance-checker: secrets, licences, security headers, container configuration and defaults of
 * environment variables in a source tree. Reads the tree, changes nothing.
 */

#include "actions.h"
#include "check.h"
#include "compose.h"
#include "dockerfile.h"
#include "headers.h"
#include "history.h"
#include "kube.h"
#include "license/file.h"
#include "licenses.h"
#include "pack.h"
#include "packages.h"
#include "policy.h"
#include "rules.h"
#include "scanner.h"
#include "tree.h"
#include "unit.h"
#include "variable.h"
#include "vendored.h"

LINHAY_MANIFEST("agent.json")

/* What `prepare` builds; a cell runs once, so one is enough. */
static struct {
        struct scanner secrets;
        struct scanner env;
        struct license_finder licenses;
} prepared;

static int prepare(struct linhay_run *r)
{
        int result = scanner_init(r, &prepared.secrets, pack_secrets(), "rules/secrets.json");

        if (result >= 0)
                result = scanner_init(r, &prepared.env, pack_env(), "rules/env.json");
        if (result < 0)
                return result;
        license_finder_done(&prepared.licenses);
        if (license_finder_init(&prepared.licenses, license_index_built_in()) < 0)
                return linhay_fail(r, LINHAY_FAIL_INTERNAL, "no-memory",
                                   "the licence index cannot be opened: out of memory");
        return 0;
}

/* Without `controls` all are wanted. */
static int read_controls(struct check *c)
{
        const char *text;
        char pointer[32];
        size_t length;

        if (linhay_input(c->run, "/controls", &text, &length) < 0) {
                for (size_t i = 0; i < CONTROLS_; i++)
                        c->wanted[i] = true;
                return 0;
        }
        for (unsigned n = 0; n < 64; n++) {
                const char *name;
                size_t i;

                (void) snprintf(pointer, sizeof(pointer), "/controls/%u", n);
                name = linhay_input_string(c->run, pointer, NULL);
                if (!name)
                        break;
                for (i = 0; i < CONTROLS_ && strcmp(name, control_names[i]) != 0; i++)
                        ;
                if (i == CONTROLS_)
                        return linhay_fail(c->run, LINHAY_FAIL_INPUT, "unknown-control",
                                           "controls: \"%s\" is none of secrets, licenses, "
                                           "headers, config, env",
                                           name);
                c->wanted[i] = true;
        }
        return 0;
}

static json_t *count_by_severity(const uint64_t counts[LINHAY_SEVERITY_CRITICAL + 1])
{
        return json_pack("{sI sI sI sI sI}", "critical", (json_int_t) counts[4], "high",
                         (json_int_t) counts[3], "medium", (json_int_t) counts[2], "low",
                         (json_int_t) counts[1], "info", (json_int_t) counts[0]);
}

static json_t *make_counts(const struct check *c)
{
        json_t *counts = json_object();

        for (size_t i = 0; i < CONTROLS_; i++)
                if (c->wanted[i])
                        (void) json_object_set_new(counts, control_names[i],
                                                   count_by_severity(c->counts[i]));
        return counts;
}

/* A name that is not UTF-8 is shown with its bytes as Latin-1. */
static json_t *path_json(const char *path)
{
        json_t *json = json_string(path);
        char *copy, *to;

        if (json || !(to = copy = malloc(2 * strlen(path) + 1)))
                return json ? json : json_null();
        for (const unsigned char *p = (const unsigned char *) path; *p; p++) {
                if (*p >= 0x80)
                        *to++ = (char) (0xc0 | *p >> 6);
                *to++ = (char) (*p >= 0x80 ? 0x80 | (*p & 0x3f) : *p);
        }
        *to = '\0';
        json = json_string(copy);
        free(copy);
        return json;
}

static json_t *make_not_scanned(const struct check *c)
{
        enum { LISTED = 1000 };
        json_t *list = json_array();

        for (size_t i = 0; i < c->n_not_scanned && i < LISTED; i++)
                (void) json_array_append_new(list, json_pack("{so ss}", "path",
                                                             path_json(c->not_scanned[i].path),
                                                             "reason", c->not_scanned[i].why));
        return list;
}

/* How many findings stand in tests, examples and so on. */
static json_t *make_contexts(const struct check *c)
{
        json_t *contexts = json_object();

        for (enum context i = CONTEXT_NONE + 1; i < CONTEXTS_; i++)
                (void) json_object_set_new(contexts, context_tag(i) + strlen("context:"),
                                           json_integer((json_int_t) c->in_context[i]));
        return contexts;
}

/* The others look at every file. */
static bool is_of_some_files(enum control control)
{
        return control == CONTROL_HEADERS || control == CONTROL_CONFIG;
}

/* What reports count passed and failed checks by (see the host's obs/control.h). */
static json_t *make_controls(const struct check *c)
{
        static const struct {
                enum control control;
                size_t (*rules)(void);
        } tables[] = {
                { CONTROL_LICENSES, licenses_rules }, { CONTROL_HEADERS, headers_rules },
                { CONTROL_CONFIG, dockerfile_rules }, { CONTROL_CONFIG, headers_config_rules },
                { CONTROL_CONFIG, compose_rules },    { CONTROL_CONFIG, kube_rules },
                { CONTROL_CONFIG, actions_rules },    { CONTROL_CONFIG, unit_rules },
                { CONTROL_ENV, variable_rules },
        };
        size_t checks[CONTROLS_] = { [CONTROL_SECRETS] = prepared.secrets.pack.n_rules,
                                     [CONTROL_ENV] = prepared.env.pack.n_rules };
        json_t *list = json_array();

        for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
                checks[tables[i].control] += tables[i].rules();
        for (size_t i = 0; i < CONTROLS_; i++)
                if (c->wanted[i])
                        (void) json_array_append_new(
                                list, json_pack("{ss sI sI}", "name", control_names[i], "checks",
                                                (json_int_t) checks[i], "files",
                                                (json_int_t) (is_of_some_files(i) ? c->files_of[i]
                                                                                  : c->files)));
        return list;
}

static json_t *make_skips(const struct tree *t)
{
        json_t *skips = json_object();

        for (size_t i = 0; i < LINHAY_WALK_SKIPS_; i++)
                (void) json_object_set_new(skips, linhay_walk_skip_names[i],
                                           json_integer((json_int_t) t->walk.skips[i]));
        return skips;
}

/* The gate of the rules that come with this program, or that were joined to them. */
static void put_gate(json_t *summary, const struct matcher *m)
{
        for (size_t i = 0; i <= PACK_PARTS; i++)
                if (m->gates[i].engine) {
                        (void) json_object_set_new(summary, "gate",
                                                   json_string(m->gates[i].engine->name));
                        break;
                }
        if (m->code_stack)
                (void) json_object_set_new(summary, "machine_code", json_true());
        if (m->note)
                (void) json_object_set_new(summary, "gate_note", json_string(m->note));
}

static int write_output(struct check *c, const struct tree *t)
{
        json_t *summary = json_pack(
                "{so so sI sI so sI sI sI so}", "counts", make_counts(c), "contexts",
                make_contexts(c), "files_scanned", (json_int_t) c->files, "bytes_scanned",
                (json_int_t) c->bytes, "skipped", make_skips(t), "suppressed",
                (json_int_t) c->suppressed, "waived", (json_int_t) c->waived, "findings_lost",
                (json_int_t) c->lost, "not_fully_scanned", make_not_scanned(c));
        json_t *output =
                json_pack("{so so so so sI}", "summary", summary, "controls", make_controls(c),
                          "packages", packages_to_json(c), "not_looked_at", make_not_scanned(c),
                          "not_looked_at_count", (json_int_t) c->n_not_scanned);
        const char *text;
        size_t length;

        (void) json_object_set_new(summary, "vendored_folders", vendored_to_json(c));
        put_gate(summary, c->matcher);
        text = license_list_finish(&c->licenses, output, &length);
        json_decref(output);
        return text ? linhay_output(c->run, text, length) : -ENOMEM;
}

static int check_all(struct check *c, struct tree *t)
{
        int r = policy_load(c);

        if (r < 0)
                return r;
        c->wants_history = c->wanted[CONTROL_SECRETS] && linhay_input_bool(c->run, "/history", 0);
        r = tree_check(t, linhay_workspace(c->run));
        if (r >= 0 && c->wants_history)
                r = history_check(c, linhay_workspace(c->run));
        if (r == -EBADMSG)
                return linhay_fail(c->run, LINHAY_FAIL_INTERNAL, "rule-pack", "%s",
                                   *c->env->error ? c->env->error : c->matcher->error);
        if (r < 0)
                return linhay_fail(c->run, LINHAY_FAIL_INTERNAL, "check-failed",
                                   "the tree could not be checked: %s", strerror(-r));
        return write_output(c, t);
}

static int run_check(struct linhay_run *r)
{
        struct scanner_extra extra = { 0 };
        struct check c = { .run = r,
                           .matcher = &prepared.secrets.matcher,
                           .env = &prepared.env.matcher,
                           .license_finder = &prepared.licenses,
                           .license_folders = json_pack("{s{} s{} s{} s{} s{}}", "text", "manifest",
                                                        "seen", "used", "texts"),
                           .seen = json_object() };
        struct tree t = { .check = &c };
        int result;

        if (linhay_workspace(r) < 0)
                return linhay_fail(r, LINHAY_FAIL_INPUT, "no-workspace",
                                   "there is no workspace to check");
        result = read_controls(&c);
        if (result >= 0)
                result = scanner_extend(r, &extra, &prepared.secrets);
        if (result > 0)
                c.matcher = &extra.matcher;
        if (result >= 0)
                result = check_all(&c, &t);
        tree_done(&t);
        dockerfile_config_free(&c);
        check_done(&c);
        policy_done(&c);
        scanner_extra_done(&extra);
        return result;
}

static int run(struct linhay_run *r)
{
        const struct rules_builtin builtin[] = { { "secrets", &prepared.secrets.pack },
                                                 { "env", &prepared.env.pack } };
        int result = rules_run(r, builtin, sizeof(builtin) / sizeof(*builtin));

        return result == 1 ? run_check(r) : result;
}

LINHAY_AGENT(.prepare = prepare, .run = run)
