/* SPDX-License-Identifier: Apache-2.0 */
#include "actions.h"

#include "actions-file.h"
#include "actions-form.h"
#include "actions-habit.h"
#include "actions-job.h"
#include "actions-step.h"

#include <fnmatch.h>

static int look_at_steps(struct actions *a, const struct yaml_node *job,
                         const struct yaml_node *list)
{
        size_t n = actions_count(a, list, YAML_SEQUENCE);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const struct actions_step s = { job, list->items[i] };

                r = actions_step_look(a, &s);
                if (r >= 0)
                        r = actions_form_look_at_step(a, &s);
                if (r >= 0)
                        r = actions_habit_look_at_step(a, &s);
                if (r >= 0)
                        r = actions_condition_look(a, yaml_get(s.node, "if"));
                if (r >= 0)
                        r = actions_env_look(a, yaml_get(s.node, "env"));
        }
        return r;
}

static int look_at_action(struct actions *a)
{
        int r = actions_habit_look(a);

        return r < 0 ? r : look_at_steps(a, NULL, yaml_at(a->root, "runs.steps"));
}

static int look_at_workflow(struct actions *a)
{
        const struct yaml_node *jobs = yaml_get(a->root, "jobs");
        size_t n = actions_count(a, jobs, YAML_MAPPING);
        int r;

        actions_read_triggers(a);
        r = actions_workflow_look(a);
        if (r >= 0)
                r = actions_form_look(a);
        if (r >= 0)
                r = actions_habit_look(a);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = actions_job_look(a, jobs, jobs->items[i]);
                if (r >= 0)
                        r = actions_form_look_at_job(a, jobs->keys[i], jobs->items[i]);
                if (r >= 0)
                        r = actions_habit_look_at_job(a, jobs->keys[i], jobs->items[i]);
                if (r >= 0)
                        r = look_at_steps(a, jobs->items[i], yaml_get(jobs->items[i], "steps"));
        }
        return r;
}

static int look_at_file(struct check *c, const struct yaml_tree *tree)
{
        struct actions a = { .c = c,
                             .root = tree->n_documents ? tree->documents[0] : NULL,
                             .steps = ACTIONS_STEPS_MAX,
                             .bytes = ACTIONS_BYTES_MAX,
                             .findings = ACTIONS_FINDINGS_MAX };
        int r = 0;

        if (yaml_get(a.root, "jobs") && yaml_get(a.root, "on"))
                r = look_at_workflow(&a);
        else if (yaml_get(a.root, "updates") && yaml_get(a.root, "version"))
                r = actions_habit_look_at_updates(&a);
        else if (yaml_get(a.root, "runs"))
                r = look_at_action(&a);
        else
                return 0;
        check_concerns(c, CONTROL_CONFIG);
        if (r >= 0)
                r = actions_expressions_look(&a);
        if (r >= 0 && (!a.steps || !a.bytes || !a.findings))
                r = check_not_scanned(c, c->path, "too-many-objects");
        return r < 0 || !tree->error ? r : check_not_scanned(c, c->path, "not-yaml");
}

static bool is_ours(const char *path)
{
        static const char *const names[] = { "*.github/workflows/*.yml",
                                             "*.github/workflows/*.yaml",
                                             "*.github/dependabot.yml",
                                             "*.github/dependabot.yaml",
                                             "action.yml",
                                             "action.yaml",
                                             "*/action.yml",
                                             "*/action.yaml" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!fnmatch(names[i], path, 0))
                        return true;
        return false;
}

size_t actions_rules(void)
{
        return actions_form_rules() + actions_habit_rules() + actions_job_rules() +
               actions_step_rules();
}

int actions_check(struct check *c)
{
        struct yaml_tree tree;
        int r;

        if (!is_ours(c->path))
                return 0;
        r = yaml_parse(&tree, c->text, c->length);
        if (r < 0)
                return r;
        r = look_at_file(c, &tree);
        yaml_done(&tree);
        return r;
}
