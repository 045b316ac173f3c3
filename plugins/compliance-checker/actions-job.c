/* SPDX-License-Identifier: Apache-2.0 */
#include "actions-job.h"

#include "actions-expr.h"
#include "actions-step.h"

#include <ctype.h>
#include <strings.h>

enum {
        DANGEROUS_TRIGGER,
        NO_PERMISSIONS,
        WRITE_ALL,
        BROAD_WRITE,
        INHERIT,
        ALL_SECRETS,
        UNREDACTED,
        SELF_HOSTED,
        SELF_HOSTED_PUBLIC,
        IMAGE,
        IMAGE_LATEST,
        PASSWORD,
        INSECURE_COMMANDS,
        BOT,
        ALWAYS_TRUE,
        CONTAINS,
        BROKEN,
        UNKNOWN,
        NEEDS,
};

#define INFO   LINHAY_SEVERITY_INFO
#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

static const struct notice notices[] = {
        [DANGEROUS_TRIGGER] = { "config/actions-dangerous-trigger", MEDIUM, "CWE-863",
                                "A stranger can start this workflow, and it runs with the "
                                "repository's rights and secrets",
                                "Use pull_request, or run nothing of what the stranger brought.",
                                "zizmor:dangerous-triggers" },
        [NO_PERMISSIONS] = { "config/actions-no-permissions", LOW, "CWE-250",
                             "The token's rights are not said, so they are what the repository's "
                             "settings give",
                             "Add at the top: permissions: {} and to each job what it needs.",
                             "zizmor:excessive-permissions scorecard:Token-Permissions" },
        [WRITE_ALL] = { "config/actions-write-all", MEDIUM, "CWE-250",
                        "The token may write everything", "Name the rights that are needed.",
                        "zizmor:excessive-permissions scorecard:Token-Permissions "
                        "checkov:CKV2_GHA_1" },
        [BROAD_WRITE] = { "config/actions-write-for-all-jobs", LOW, "CWE-250",
                          "A right to write is given to all jobs",
                          "Give it to the job that needs it.",
                          "zizmor:excessive-permissions scorecard:Token-Permissions" },
        [INHERIT] = { "config/actions-secrets-inherited", MEDIUM, "CWE-250",
                      "A reusable workflow is given all secrets", "Name those that it needs.",
                      "zizmor:secrets-inherit" },
        [ALL_SECRETS] = { "config/actions-all-secrets", MEDIUM, "CWE-522",
                          "All secrets are put into the runner's memory, not only those needed",
                          "Name the secret: secrets.NAME.", "zizmor:overprovisioned-secrets" },
        [UNREDACTED] = { "config/actions-unredacted-secret", MEDIUM, "CWE-532",
                         "A part of a secret is used, which GitHub does not mask in logs",
                         "Store the parts as secrets of their own.", "zizmor:unredacted-secrets" },
        [SELF_HOSTED] = { "config/actions-self-hosted-runner", INFO, "CWE-668",
                          "The job runs on a machine of one's own, which keeps what jobs leave",
                          "Use machines that live for one job only.", "zizmor:self-hosted-runner" },
        [SELF_HOSTED_PUBLIC] = { "config/actions-self-hosted-runner", MEDIUM, "CWE-668",
                                 "Code of pull requests runs on a machine of one's own",
                                 "Use GitHub's runners for pull requests.",
                                 "zizmor:self-hosted-runner" },
        [IMAGE] = { "config/actions-unpinned-image", INFO, "CWE-829",
                    "An image is named by a tag, which can be moved",
                    "Name it by digest: image@sha256:...",
                    "zizmor:unpinned-images scorecard:Pinned-Dependencies" },
        [IMAGE_LATEST] = { "config/actions-unpinned-image", LOW, "CWE-829",
                           "An image is :latest or has no tag",
                           "Name it by digest: image@sha256:...",
                           "zizmor:unpinned-images scorecard:Pinned-Dependencies" },
        [PASSWORD] = { "config/actions-registry-password", HIGH, "CWE-798",
                       "The password of a registry stands in the file", "Use ${{ secrets.NAME }}.",
                       "zizmor:hardcoded-container-credentials actionlint:credentials" },
        [INSECURE_COMMANDS] = { "config/actions-insecure-commands", HIGH, "CWE-94",
                                "Commands that any output can give are switched on again",
                                "Leave out ACTIONS_ALLOW_UNSECURE_COMMANDS.",
                                "zizmor:insecure-commands checkov:CKV_GHA_1" },
        [BOT] = { "config/actions-bot-condition", MEDIUM, "CWE-290",
                  "github.actor is who started the run last, not who wrote the change: a stranger "
                  "can make a bot start it",
                  "Compare github.event.pull_request.user.login.", "zizmor:bot-conditions" },
        [ALWAYS_TRUE] = { "config/actions-always-true", MEDIUM, "CWE-571",
                          "The condition is text around ${{ }}, and text is always true",
                          "Put the whole condition into one ${{ }}, without a line end behind it.",
                          "zizmor:unsound-condition actionlint:if-cond" },
        [CONTAINS] = { "config/actions-unsound-contains", MEDIUM, "CWE-183",
                       "contains() looks for a part of a text here, so a part of a name is enough",
                       "Compare with ==, or use contains(fromJSON('[...]'), ...).",
                       "zizmor:unsound-contains" },
        [BROKEN] = { "config/actions-broken-expression", LOW, NULL,
                     "An expression cannot be parsed", "Mend it; strings are quoted with '.",
                     "actionlint:expression" },
        [UNKNOWN] = { "config/actions-unknown-name", LOW, NULL,
                      "There is no such context or function", "Mend the name.",
                      "actionlint:expression" },
        [NEEDS] = { "config/actions-unknown-job", LOW, NULL,
                    "The job that is needed does not exist", "Mend the name.",
                    "actionlint:job-needs" },
};

size_t actions_job_rules(void)
{
        return ARRAY_SIZE(notices);
}

/* ---- Triggers ---- */

static void add_trigger(struct actions *a, const char *name, const struct yaml_node *filter)
{
        static const struct {
                const char *name;
                unsigned trigger;
        } known[] = {
                { "pull_request", ON_PULL_REQUEST }, { "pull_request_target", ON_TARGET },
                { "workflow_run", ON_WORKFLOW_RUN }, { "issue_comment", ON_COMMENT },
                { "release", ON_RELEASE },
        };

        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                if (!strcmp(name, known[i].name))
                        a->triggers |= known[i].trigger;
        if (!strcmp(name, "push") && yaml_get(filter, "tags"))
                a->triggers |= ON_TAG;
}

void actions_read_triggers(struct actions *a)
{
        const struct yaml_node *on = yaml_get(a->root, "on");
        size_t items = actions_count(a, on, YAML_SEQUENCE);
        size_t pairs = actions_count(a, on, YAML_MAPPING);

        add_trigger(a, actions_text(on), NULL);
        for (size_t i = 0; i < items; i++)
                add_trigger(a, actions_text(on->items[i]), NULL);
        for (size_t i = 0; i < pairs; i++)
                add_trigger(a, actions_text(on->keys[i]), on->items[i]);
}

static int look_at_triggers(struct actions *a)
{
        static const char *const dangerous[] = { "pull_request_target", "workflow_run" };
        const struct yaml_node *on = yaml_get(a->root, "on");
        size_t items = actions_count(a, on, YAML_SEQUENCE);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(dangerous); i++) {
                const struct yaml_node *at =
                        yaml_is(on, dangerous[i]) ? on : yaml_key(on, dangerous[i]);

                for (size_t n = 0; !at && n < items; n++)
                        if (yaml_is(on->items[n], dangerous[i]))
                                at = on->items[n];
                if (at)
                        r = actions_tell(a, &notices[DANGEROUS_TRIGGER], at);
        }
        return r;
}

/* ---- Rights ---- */

static int look_at_permissions(struct actions *a, const struct yaml_node *owner, bool for_all)
{
        const struct yaml_node *rights = yaml_get(owner, "permissions");
        size_t n = actions_count(a, rights, YAML_MAPPING);
        int r = 0;

        if (yaml_is(rights, "write-all"))
                return actions_tell(a, &notices[WRITE_ALL], rights);
        for (size_t i = 0; r >= 0 && for_all && i < n; i++)
                if (yaml_is(rights->items[i], "write"))
                        r = actions_tell(a, &notices[BROAD_WRITE], rights->keys[i]);
        return r;
}

static int look_for_permissions(struct actions *a, const struct yaml_node *jobs)
{
        size_t n = actions_count(a, jobs, YAML_MAPPING);

        if (yaml_get(a->root, "permissions"))
                return look_at_permissions(a, a->root, n > 1);
        for (size_t i = 0; i < n; i++)
                if (!yaml_get(jobs->items[i], "permissions"))
                        return actions_tell(a, &notices[NO_PERMISSIONS], jobs->keys[i]);
        return 0;
}

int actions_workflow_look(struct actions *a)
{
        int r = look_at_triggers(a);

        if (r >= 0)
                r = look_for_permissions(a, yaml_get(a->root, "jobs"));
        return r < 0 ? r : actions_env_look(a, yaml_get(a->root, "env"));
}

int actions_env_look(struct actions *a, const struct yaml_node *env)
{
        const struct yaml_node *value = yaml_get(env, "ACTIONS_ALLOW_UNSECURE_COMMANDS");

        return *actions_text(value) && !yaml_is(value, "false")
                       ? actions_tell(a, &notices[INSECURE_COMMANDS], value)
                       : 0;
}

/* ---- Jobs ---- */

static int look_at_image(struct actions *a, const struct yaml_node *image)
{
        const char *name = actions_text(image), *slash = strrchr(name, '/');
        const char *colon = strchr(slash ? slash : name, ':');

        if (!*name || strstr(name, "${{") || strstr(name, "@sha256:"))
                return 0;
        return actions_tell(a, &notices[!colon || !strcmp(colon, ":latest") ? IMAGE_LATEST : IMAGE],
                            image);
}

static int look_at_container(struct actions *a, const struct yaml_node *container)
{
        const struct yaml_node *password = yaml_at(container, "credentials.password");
        const struct yaml_node *image = yaml_get(container, "image");
        int r = look_at_image(a, image ? image : container);

        if (r < 0 || !*actions_text(password) || strstr(actions_text(password), "${{"))
                return r;
        r = actions_tell(a, &notices[PASSWORD], password);
        return r < 0 ? r : check_hide(a->c, password->start, password->end, 0);
}

static int look_at_containers(struct actions *a, const struct yaml_node *job)
{
        const struct yaml_node *services = yaml_get(job, "services");
        size_t n = actions_count(a, services, YAML_MAPPING);
        int r = look_at_container(a, yaml_get(job, "container"));

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = look_at_container(a, services->items[i]);
        return r;
}

static int look_at_runner(struct actions *a, const struct yaml_node *job)
{
        const struct yaml_node *on = yaml_get(job, "runs-on"), *group = yaml_get(on, "group");
        bool public = a->triggers & (ON_PULL_REQUEST | ON_TARGET | ON_COMMENT | ON_WORKFLOW_RUN);
        const struct notice *notice = &notices[public ? SELF_HOSTED_PUBLIC : SELF_HOSTED];
        const struct yaml_node *labels = yaml_get(on, "labels");
        size_t n;

        if (group)
                return actions_tell(a, notice, group);
        labels = labels ? labels : on;
        if (!strcmp(actions_text(labels), "self-hosted"))
                return actions_tell(a, notice, labels);
        n = actions_count(a, labels, YAML_SEQUENCE);
        for (size_t i = 0; i < n; i++)
                if (yaml_is(labels->items[i], "self-hosted"))
                        return actions_tell(a, notice, labels->items[i]);
        return 0;
}

static int look_at_need(struct actions *a, const struct yaml_node *jobs,
                        const struct yaml_node *need)
{
        return *actions_text(need) && !yaml_get(jobs, actions_text(need))
                       ? actions_tell(a, &notices[NEEDS], need)
                       : 0;
}

int actions_job_look(struct actions *a, const struct yaml_node *jobs, const struct yaml_node *job)
{
        const struct yaml_node *needs = yaml_get(job, "needs"), *uses = yaml_get(job, "uses");
        const struct yaml_node *secrets = yaml_get(job, "secrets");
        size_t n = actions_count(a, needs, YAML_SEQUENCE);
        int r = look_at_need(a, jobs, needs);

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = look_at_need(a, jobs, needs->items[i]);
        if (r >= 0)
                r = look_at_permissions(a, job, false);
        if (r >= 0 && yaml_is(secrets, "inherit"))
                r = actions_tell(a, &notices[INHERIT], secrets);
        if (r >= 0)
                r = look_at_runner(a, job);
        if (r >= 0)
                r = look_at_containers(a, job);
        if (r >= 0)
                r = actions_env_look(a, yaml_get(job, "env"));
        if (r >= 0)
                r = actions_condition_look(a, yaml_get(job, "if"));
        return r < 0 || !uses ? r : actions_pin_look(a, uses);
}

/* ---- Expressions ---- */

static bool is_secret(const struct actions_expr_node *n)
{
        return n->kind == EXPR_CONTEXT && !strncmp(n->text, "secrets.", 8);
}

static bool is_actor(const struct actions_expr_node *n)
{
        return n->kind == EXPR_CONTEXT &&
               (!strcmp(n->text, "github.actor") || !strcmp(n->text, "github.triggering_actor") ||
                !strcmp(n->text, "github.actor_id"));
}

static bool is_bot(const struct actions_expr_node *n)
{
        static const char *const ids[] = { "49699333", "27856297", "29139614" };

        for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
                if (!strcmp(n->text, ids[i]))
                        return true;
        return n->kind == EXPR_STRING && strstr(n->text, "[bot]");
}

static bool is_known_context(const char *path)
{
        static const char *const names[] = { "github", "env",      "vars",   "job",
                                             "jobs",   "steps",    "runner", "secrets",
                                             "inputs", "strategy", "matrix", "needs" };
        size_t n = strcspn(path, ".");

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (n == strlen(names[i]) && !memcmp(path, names[i], n))
                        return true;
        return false;
}

static bool is_known_function(const char *call)
{
        static const char *const names[] = { "contains", "startswith", "endswith",  "format",
                                             "join",     "tojson",     "fromjson",  "hashfiles",
                                             "success",  "always",     "cancelled", "failure",
                                             "case" };
        size_t n = strcspn(call, ".");

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (n == strlen(names[i]) && !memcmp(call, names[i], n))
                        return true;
        return false;
}

/* contains('refs/heads/main refs/heads/dev', github.ref): the second must be a whole word. */
static bool is_unsound_contains(const struct actions_expr *e, const struct actions_expr_node *n)
{
        const struct actions_expr_node *where, *what;

        if (strcmp(n->text, "contains") != 0 || n->child < 0)
                return false;
        where = &e->nodes[n->child];
        if (where->kind != EXPR_STRING || where->next < 0)
                return false;
        what = &e->nodes[where->next];
        return what->kind == EXPR_CONTEXT &&
               (!strncmp(what->text, "github.", 7) || !strncmp(what->text, "env.", 4) ||
                !strncmp(what->text, "inputs.", 7));
}

/* What is wrong with one node; -1 = nothing. */
static int fault_of(const struct actions_expr *e, const struct actions_expr_node *n)
{
        const struct actions_expr_node *child = n->child < 0 ? NULL : &e->nodes[n->child];

        if (n->kind == EXPR_CALL) {
                if (!strncmp(n->text, "tojson", 6) && child && child->kind == EXPR_CONTEXT &&
                    !strcmp(child->text, "secrets"))
                        return ALL_SECRETS;
                if (!strncmp(n->text, "fromjson", 8) && n->is_indexed && child && is_secret(child))
                        return UNREDACTED;
                if (is_unsound_contains(e, n))
                        return CONTAINS;
                return is_known_function(n->text) ? -1 : UNKNOWN;
        }
        if (n->kind == EXPR_CONTEXT) {
                if (!strcmp(n->text, "secrets.?"))
                        return ALL_SECRETS;
                return is_known_context(n->text) ? -1 : UNKNOWN;
        }
        if (n->kind == EXPR_COMPARE && !strcmp(n->op, "==") && child && child->next >= 0) {
                const struct actions_expr_node *right = &e->nodes[child->next];

                if ((is_actor(child) && is_bot(right)) || (is_bot(child) && is_actor(right)))
                        return BOT;
        }
        return -1;
}

static int look_at_expression(struct actions *a, struct span text)
{
        struct actions_expr e;
        int r = actions_expr_parse(&e, text);

        if (r < 0)
                return r;
        if (e.root < 0)
                r = actions_tell_span(a, &notices[BROKEN], text);
        for (size_t i = 0; r >= 0 && e.root >= 0 && i < e.n; i++) {
                int fault = fault_of(&e, &e.nodes[i]);

                if (fault >= 0)
                        r = actions_tell_span(a, &notices[fault], text);
        }
        actions_expr_done(&e);
        return r;
}

/* Does the line begin with #? Lines that are longer than this have no comment in front. */
static bool is_in_comment(const char *text, const char *at)
{
        size_t reach = MIN_OF((size_t) (at - text), (size_t) 1024);
        const char *from = at - reach, *newline = memrchr(from, '\n', reach);

        if (!newline && from > text)
                return false;
        from = newline ? newline + 1 : from;
        return from[strspn(from, " \t")] == '#';
}

int actions_expressions_look(struct actions *a)
{
        struct span text = actions_source(a, a->root), inner;
        size_t at = 0;
        int r = 0;

        while (r >= 0 && a->findings && actions_expr_next(text, &at, &inner)) {
                /* In a comment nobody reads it. */
                if (!is_in_comment(text.text, inner.text))
                        r = look_at_expression(a, inner);
        }
        return r;
}

/* Without ${{ }}: as it stands in the file, behind the line of a block's | or >. */
static int look_at_bare_condition(struct actions *a, const struct yaml_node *condition)
{
        struct span source = actions_source(a, condition);
        const char *newline = memchr(source.text, '\n', source.length);

        if (condition->is_block && newline) {
                source.length -= (size_t) (newline + 1 - source.text);
                source.text = newline + 1;
        } else if (!condition->is_plain) {
                return 0; /* in quotes, with escapes of YAML's */
        }
        return look_at_expression(a, source);
}

/* `if: x` is an expression; `if: ${{ x }} y` is a text that is always true. */
int actions_condition_look(struct actions *a, const struct yaml_node *condition)
{
        const char *text = actions_text(condition), *end = text + strlen(text);
        struct span whole = { text, strlen(text) }, inner;
        size_t at = 0;

        if (!*text)
                return 0;
        if (!actions_expr_next(whole, &at, &inner))
                return look_at_bare_condition(a, condition);
        /* What an operator joins is one expression, whatever the braces. */
        if (inner.text - 3 > text && strspn(text, " !(") == (size_t) (inner.text - 3 - text))
                return 0;
        if (inner.text - 3 != text || text + at != end)
                return actions_tell(a, &notices[ALWAYS_TRUE], condition);
        return 0;
}
