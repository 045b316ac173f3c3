/* SPDX-License-Identifier: Apache-2.0 */
#include "actions-form.h"

#include "actions-event.h"

#include <ctype.h>
#include <strings.h>

enum {
        UNKNOWN_KEY,
        MISSING_KEY,
        RUN_AND_USES,
        SHELL,
        ID,
        ID_TWICE,
        VARIABLE,
        PERMISSION,
        CYCLE,
        RUNNER,
        USES,
        OUTDATED,
        MATRIX,
};

#define LOW LINHAY_SEVERITY_LOW

static const struct notice notices[] = {
        [UNKNOWN_KEY] = { "config/actions-unknown-key", LOW, NULL,
                          "GitHub knows no such key here: the workflow is refused",
                          "Mend the key; small and capital letters count.",
                          "actionlint:syntax-check" },
        [MISSING_KEY] = { "config/actions-missing-key", LOW, NULL,
                          "What must be said is missing: the workflow is refused",
                          "A job has runs-on and steps, or uses; a step has run or uses.",
                          "actionlint:syntax-check" },
        [RUN_AND_USES] = { "config/actions-run-and-uses", LOW, NULL,
                           "A step has both run and uses: the workflow is refused",
                           "Make two steps of it.", "actionlint:syntax-check" },
        [SHELL] = { "config/actions-unknown-shell", LOW, NULL, "There is no such shell",
                    "Use bash, sh, pwsh or python, or a command with {0}.",
                    "actionlint:shell-name" },
        [ID] = { "config/actions-bad-id", LOW, NULL,
                 "An id begins with a letter or _ and has letters, digits, - and _ only",
                 "Give it another name.", "actionlint:id" },
        [ID_TWICE] = { "config/actions-duplicate-id", LOW, NULL,
                       "Two steps of a job have the same id", "Give one another name.",
                       "actionlint:id" },
        [VARIABLE] = { "config/actions-bad-variable-name", LOW, NULL,
                       "This cannot be the name of a variable", "Use letters, digits and _ only.",
                       "actionlint:env-var" },
        [PERMISSION] = { "config/actions-unknown-permission", LOW, NULL,
                         "There is no such right of the token", "Mend the name or the value.",
                         "actionlint:permissions" },
        [CYCLE] = { "config/actions-needs-cycle", LOW, NULL,
                    "The jobs wait for each other in a circle: the workflow is refused",
                    "Take one of the needs away.", "actionlint:job-needs" },
        [RUNNER] = { "config/actions-retired-runner", LOW, "CWE-1104",
                     "GitHub has taken this runner away, or no longer mends it", "Use a newer one.",
                     "actionlint:runner-label" },
        [USES] = { "config/actions-bad-uses", LOW, NULL,
                   "This names no action: owner/name@version, ./path or docker://image",
                   "Mend it, and name the version.", "actionlint:action" },
        [OUTDATED] = { "config/actions-outdated-action", LOW, "CWE-1104",
                       "This version of the action runs on a Node.js that is no longer mended, or "
                       "no longer at all",
                       "Use the newest major version.", "actionlint:action" },
        [MATRIX] = { "config/actions-matrix", LOW, NULL,
                     "The matrix has a value twice, or leaves out what it does not have",
                     "Take it out.", "actionlint:matrix" },
};

size_t actions_form_rules(void)
{
        return ARRAY_SIZE(notices) + actions_event_rules();
}

static bool is_one_of(const char *text, const char *const *list)
{
        for (; *list; list++)
                if (!strcmp(text, *list))
                        return true;
        return false;
}

static bool is_expression(const char *text)
{
        return strstr(text, "${{") != NULL;
}

/* ---- Keys ---- */

static const char *const workflow_keys[] = { "name", "run-name", "on",          "permissions",
                                             "env",  "defaults", "concurrency", "jobs",
                                             "<<",   NULL };
static const char *const job_keys[] = { "name",        "needs",       "runs-on",
                                        "if",          "permissions", "environment",
                                        "concurrency", "outputs",     "env",
                                        "defaults",    "steps",       "timeout-minutes",
                                        "strategy",    "container",   "continue-on-error",
                                        "services",    "uses",        "with",
                                        "secrets",     "snapshot",    "<<",
                                        NULL };
static const char *const step_keys[] = { "id",    "if",   "name", "uses",
                                         "run",   "with", "env",  "working-directory",
                                         "shell", "<<",   NULL };
static const char *const step_limits[] = { "continue-on-error", "timeout-minutes", NULL };
static const char *const strategy_keys[] = { "matrix", "fail-fast", "max-parallel", "<<", NULL };

static int look_at_keys(struct actions *a, const struct yaml_node *node, const char *const *known,
                        const char *const *more)
{
        size_t n = actions_count(a, node, YAML_MAPPING);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const char *key = actions_text(node->keys[i]);

                if (*key && !is_one_of(key, known) && !(more && is_one_of(key, more)))
                        r = actions_tell(a, &notices[UNKNOWN_KEY], node->keys[i]);
        }
        return r;
}

/* ---- What may stand on several levels ---- */

static int look_at_permissions(struct actions *a, const struct yaml_node *owner)
{
        static const char *const all[] = { "read-all", "write-all", NULL };
        static const char *const values[] = { "read", "write", "none", NULL };
        static const char *const names[] = { "actions",
                                             "artifact-metadata",
                                             "attestations",
                                             "checks",
                                             "contents",
                                             "deployments",
                                             "discussions",
                                             "id-token",
                                             "issues",
                                             "models",
                                             "packages",
                                             "pages",
                                             "pull-requests",
                                             "repository-projects",
                                             "security-events",
                                             "statuses",
                                             NULL };
        const struct yaml_node *rights = yaml_get(owner, "permissions");
        size_t n = actions_count(a, rights, YAML_MAPPING);
        int r = 0;

        if (*actions_text(rights) && !is_one_of(actions_text(rights), all))
                return actions_tell(a, &notices[PERMISSION], rights);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                const char *value = actions_text(rights->items[i]);

                if (!is_one_of(actions_text(rights->keys[i]), names))
                        r = actions_tell(a, &notices[PERMISSION], rights->keys[i]);
                else if (*value && !is_one_of(value, values))
                        r = actions_tell(a, &notices[PERMISSION], rights->items[i]);
        }
        return r;
}

static int look_at_variables(struct actions *a, const struct yaml_node *owner)
{
        const struct yaml_node *env = yaml_get(owner, "env");
        size_t n = actions_count(a, env, YAML_MAPPING);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const char *name = actions_text(env->keys[i]);

                if (!is_expression(name) && strpbrk(name, " =&"))
                        r = actions_tell(a, &notices[VARIABLE], env->keys[i]);
        }
        return r;
}

static int look_at_shell(struct actions *a, const struct yaml_node *shell)
{
        static const char *const shells[] = { "bash", "pwsh",       "python", "sh",
                                              "cmd",  "powershell", NULL };
        const char *text = actions_text(shell);

        return !*text || is_expression(text) || strstr(text, "{0}") || is_one_of(text, shells)
                       ? 0
                       : actions_tell(a, &notices[SHELL], shell);
}

static bool is_id(const char *text)
{
        return (isalpha((unsigned char) *text) || *text == '_') &&
               strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
                       strlen(text);
}

/* ---- Jobs ---- */

#define JOBS_MAX ((size_t) 64) /* and needs, values, steps that are compared with each other */

static bool needs_unsettled(const struct yaml_node *jobs, size_t n, const bool *settled,
                            const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (!settled[i] && !strcmp(actions_text(jobs->keys[i]), name))
                        return true;
        return false;
}

static bool is_settled(const struct yaml_node *jobs, size_t n, const bool *settled, size_t job)
{
        const struct yaml_node *needs = yaml_get(jobs->items[job], "needs");

        if (needs_unsettled(jobs, n, settled, actions_text(needs)))
                return false;
        for (size_t i = 0; i < MIN_OF(yaml_count(needs, YAML_SEQUENCE), JOBS_MAX); i++)
                if (needs_unsettled(jobs, n, settled, actions_text(needs->items[i])))
                        return false;
        return true;
}

/* A job is settled if all that it needs are. What is never settled waits for a circle. */
static int look_for_circle(struct actions *a)
{
        const struct yaml_node *jobs = yaml_get(a->root, "jobs");
        size_t n = yaml_count(jobs, YAML_MAPPING);
        bool settled[JOBS_MAX] = { false }, goes_on = true;

        if (n > JOBS_MAX)
                return 0;
        while (goes_on) {
                goes_on = false;
                for (size_t i = 0; i < n; i++)
                        if (!settled[i] && is_settled(jobs, n, settled, i))
                                settled[i] = goes_on = true;
        }
        for (size_t i = 0; i < n; i++)
                if (!settled[i])
                        return actions_tell(a, &notices[CYCLE], jobs->keys[i]);
        return 0;
}

static int look_at_runner(struct actions *a, const struct yaml_node *label)
{
        static const char *const retired[] = { "ubuntu-14.04", "ubuntu-16.04",   "ubuntu-18.04",
                                               "ubuntu-20.04", "macos-10.13",    "macos-10.14",
                                               "macos-10.15",  "macos-11",       "macos-11.0",
                                               "macos-12",     "macos-13",       "windows-2016",
                                               "windows-2019", "vs2017-win2016", NULL };

        return is_one_of(actions_text(label), retired) ? actions_tell(a, &notices[RUNNER], label)
                                                       : 0;
}

static int look_at_row(struct actions *a, const struct yaml_node *row)
{
        size_t n = MIN_OF(actions_count(a, row, YAML_SEQUENCE), JOBS_MAX);

        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < i; k++)
                        if (*actions_text(row->items[i]) &&
                            !strcmp(actions_text(row->items[i]), actions_text(row->items[k])))
                                return actions_tell(a, &notices[MATRIX], row->items[i]);
        return 0;
}

static int look_at_matrix(struct actions *a, const struct yaml_node *matrix)
{
        const struct yaml_node *exclude = yaml_get(matrix, "exclude");
        size_t n = actions_count(a, matrix, YAML_MAPPING);
        size_t n_exclude = actions_count(a, exclude, YAML_SEQUENCE);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const char *name = actions_text(matrix->keys[i]);

                if (strcmp(name, "include") != 0 && strcmp(name, "exclude") != 0)
                        r = look_at_row(a, matrix->items[i]);
        }
        for (size_t i = 0; r >= 0 && i < n_exclude; i++) {
                const struct yaml_node *one = exclude->items[i];
                size_t n_keys = actions_count(a, one, YAML_MAPPING);

                for (size_t k = 0; r >= 0 && k < n_keys; k++)
                        if (*actions_text(one->keys[k]) &&
                            !yaml_get(matrix, actions_text(one->keys[k])))
                                r = actions_tell(a, &notices[MATRIX], one->keys[k]);
        }
        return r;
}

static int look_at_ids(struct actions *a, const struct yaml_node *steps)
{
        size_t n = MIN_OF(actions_count(a, steps, YAML_SEQUENCE), JOBS_MAX);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const struct yaml_node *id = yaml_get(steps->items[i], "id");

                for (size_t k = 0; r >= 0 && *actions_text(id) && k < i; k++)
                        if (!strcasecmp(actions_text(id),
                                        actions_text(yaml_get(steps->items[k], "id")))) {
                                r = actions_tell(a, &notices[ID_TWICE], id);
                                break;
                        }
        }
        return r;
}

int actions_form_look_at_job(struct actions *a, const struct yaml_node *name,
                             const struct yaml_node *job)
{
        const struct yaml_node *on = yaml_get(job, "runs-on");
        const struct yaml_node *os = yaml_at(job, "strategy.matrix.os");
        size_t n = actions_count(a, on, YAML_SEQUENCE), n_os = actions_count(a, os, YAML_SEQUENCE);
        int r = look_at_keys(a, job, job_keys, NULL);

        if (r >= 0 && *actions_text(name) && !is_id(actions_text(name)))
                r = actions_tell(a, &notices[ID], name);
        if (r >= 0 && yaml_count(job, YAML_MAPPING) && !yaml_get(job, "uses") &&
            !yaml_get(job, "<<") && (!on || !yaml_get(job, "steps")))
                r = actions_tell(a, &notices[MISSING_KEY], name);
        if (r >= 0)
                r = look_at_permissions(a, job);
        if (r >= 0)
                r = look_at_variables(a, job);
        if (r >= 0)
                r = look_at_shell(a, yaml_at(job, "defaults.run.shell"));
        if (r >= 0)
                r = look_at_keys(a, yaml_get(job, "strategy"), strategy_keys, NULL);
        if (r >= 0)
                r = look_at_matrix(a, yaml_at(job, "strategy.matrix"));
        if (r >= 0)
                r = look_at_ids(a, yaml_get(job, "steps"));
        if (r >= 0 && on)
                r = look_at_runner(a, on);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = look_at_runner(a, on->items[i]);
        for (size_t i = 0; r >= 0 && i < n_os; i++)
                r = look_at_runner(a, os->items[i]);
        return r;
}

/* ---- Steps ---- */

/* owner/name@version, owner/name/folder@version, ./path, docker://image */
static bool is_uses(const char *text)
{
        const char *slash = strchr(text, '/'), *at = strchr(text, '@');

        if (!strncmp(text, "./", 2) || !strncmp(text, "docker://", 9) || !strncmp(text, "../", 3) ||
            is_expression(text))
                return true;
        return slash && slash > text && at && at > slash + 1 && at[1];
}

static int look_at_version(struct actions *a, const struct actions_step *s,
                           const struct yaml_node *uses)
{
        /* The first major version that runs on a Node.js which GitHub still has. */
        static const struct {
                const char *name;
                unsigned long major;
        } wanted[] = {
                { "actions/cache", 4 },
                { "actions/checkout", 4 },
                { "actions/download-artifact", 4 },
                { "actions/github-script", 7 },
                { "actions/setup-dotnet", 4 },
                { "actions/setup-go", 5 },
                { "actions/setup-java", 4 },
                { "actions/setup-node", 4 },
                { "actions/setup-python", 5 },
                { "actions/stale", 9 },
                { "actions/upload-artifact", 4 },
                { "codecov/codecov-action", 4 },
                { "docker/build-push-action", 5 },
                { "docker/login-action", 3 },
                { "docker/metadata-action", 5 },
                { "docker/setup-buildx-action", 3 },
                { "docker/setup-qemu-action", 3 },
        };
        const char *ref = strchr(actions_text(uses), '@');

        if (!ref || ref[1] != 'v' || !isdigit((unsigned char) ref[2]))
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
                if (actions_is(s, wanted[i].name) && strtoul(ref + 2, NULL, 10) < wanted[i].major)
                        return actions_tell(a, &notices[OUTDATED], uses);
        return 0;
}

int actions_form_look_at_step(struct actions *a, const struct actions_step *s)
{
        const struct yaml_node *uses = yaml_get(s->node, "uses"), *run = yaml_get(s->node, "run");
        const struct yaml_node *id = yaml_get(s->node, "id");
        int r = look_at_keys(a, s->node, step_keys, step_limits);

        if (r >= 0 && s->job && yaml_count(s->node, YAML_MAPPING) && !uses && !run &&
            !yaml_get(s->node, "<<"))
                r = actions_tell(a, &notices[MISSING_KEY], s->node->keys[0]);
        if (r >= 0 && uses && run)
                r = actions_tell(a, &notices[RUN_AND_USES], run);
        if (r >= 0 && *actions_text(id) && !is_expression(actions_text(id)) &&
            !is_id(actions_text(id)))
                r = actions_tell(a, &notices[ID], id);
        if (r >= 0)
                r = look_at_variables(a, s->node);
        if (r >= 0)
                r = look_at_shell(a, yaml_get(s->node, "shell"));
        if (r < 0 || !*actions_text(uses))
                return r;
        if (!is_uses(actions_text(uses)))
                return actions_tell(a, &notices[USES], uses);
        return look_at_version(a, s, uses);
}

int actions_form_look(struct actions *a)
{
        int r = look_at_keys(a, a->root, workflow_keys, NULL);

        if (r >= 0)
                r = actions_events_look(a);
        if (r >= 0)
                r = look_at_permissions(a, a->root);
        if (r >= 0)
                r = look_at_variables(a, a->root);
        if (r >= 0)
                r = look_at_shell(a, yaml_at(a->root, "defaults.run.shell"));
        return r < 0 ? r : look_for_circle(a);
}
