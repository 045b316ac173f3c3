/* SPDX-License-Identifier: Apache-2.0 */
#include "actions-taint.h"

#include <ctype.h>

#define FOLLOW_MAX 3 /* variables that are set from variables */

/* Paths that strangers fill, as GitHub's guide to secure use names them. `*` is any name. */
static const char *const strangers[] = {
        "github.head_ref",
        "github.event.issue.title",
        "github.event.issue.body",
        "github.event.pull_request.title",
        "github.event.pull_request.body",
        "github.event.pull_request.head.ref",
        "github.event.pull_request.head.label",
        "github.event.pull_request.head.repo.default_branch",
        "github.event.pull_request.head.repo.description",
        "github.event.pull_request.head.repo.homepage",
        "github.event.comment.body",
        "github.event.review.body",
        "github.event.review.head.ref",
        "github.event.review_comment.body",
        "github.event.discussion.title",
        "github.event.discussion.body",
        "github.event.pages.*.page_name",
        "github.event.commits.*.message",
        "github.event.commits.*.author.email",
        "github.event.commits.*.author.name",
        "github.event.head_commit.message",
        "github.event.head_commit.author.email",
        "github.event.head_commit.author.name",
        "github.event.head_commit.committer.email",
        "github.event.head_commit.committer.name",
        "github.event.workflow_run.head_branch",
        "github.event.workflow_run.display_title",
        "github.event.workflow_run.head_commit.message",
        "github.event.workflow_run.head_commit.author.email",
        "github.event.workflow_run.head_commit.author.name",
        "github.event.workflow_run.head_repository.description",
        "github.event.workflow_run.pull_requests.*.head.ref",
        "github.event.changes.title.from",
        "github.event.changes.body.from",
        "github.event.forkee.description",
};

/* Whose form leaves no room for a script: hashes, numbers, names of accounts, addresses. */
static const char *const harmless[] = {
        "github.sha",
        "github.run_id",
        "github.run_number",
        "github.run_attempt",
        "github.repository",
        "github.repository_owner",
        "github.repository_id",
        "github.repository_owner_id",
        "github.workspace",
        "github.job",
        "github.action",
        "github.action_path",
        "github.action_ref",
        "github.action_repository",
        "github.server_url",
        "github.api_url",
        "github.graphql_url",
        "github.token",
        "github.event_name",
        "github.event_path",
        "github.actor",
        "github.actor_id",
        "github.triggering_actor",
        "github.ref_type",
        "github.ref_protected",
        "github.base_ref",
        "github.env",
        "github.path",
        "github.retention_days",
        "github.workflow",
        "github.workflow_sha",
        "github.workflow_ref",
        "github.event.after",
        "github.event.before",
        "github.event.action",
        "github.event.number",
        "github.event.schedule",
        "github.event.pull_request.base.ref",
};

static const char *const harmless_roots[] = { "runner", "secrets", "job", "strategy", "vars" };

static const char *const harmless_ends[] = {
        "id",
        "number",
        "sha",
        "node_id",
        "login",
        "url",
        "full_name",
        "created_at",
        "draft",
        "merged",
        "merged_at",
        "updated_at",
        "type",
        "state",
        "private",
        "fork",
        "html_url",
        "clone_url",
        "ssh_url",
        "git_url",
        "conclusion",
        "merge_commit_sha",
        "locked",
        "run_number",
        "check_suite_id",
        "run_attempt",
        "workflow_id",
        "author_association",
};

/* Compares names between dots; an index matches `*`. With `prefix`, path may end early. */
static bool path_matches(const char *path, const char *pattern, bool prefix)
{
        for (;;) {
                size_t n = strcspn(path, "."), m = strcspn(pattern, ".");
                bool any = m == 1 && *pattern == '*';
                bool index = n && (*path == '*' || *path == '?' || isdigit((unsigned char) *path));

                if (any ? !index : n != m || memcmp(path, pattern, n) != 0)
                        return false;
                path += n;
                pattern += m;
                if (!*path)
                        return prefix ? *pattern : !*pattern;
                if (!*pattern)
                        return false;
                path++;
                pattern++;
        }
}

static bool is_among(const char *path, const char *const *list, size_t n, bool prefix)
{
        for (size_t i = 0; i < n; i++)
                if (path_matches(path, list[i], prefix))
                        return true;
        return false;
}

static bool is_harmless(const char *path)
{
        const char *dot = strrchr(path, '.');
        size_t root = strcspn(path, ".");

        for (size_t i = 0; i < ARRAY_SIZE(harmless_roots); i++)
                if (root == strlen(harmless_roots[i]) && !memcmp(path, harmless_roots[i], root))
                        return true;
        for (size_t i = 0;
             dot && !strncmp(path, "github.event.", 13) && i < ARRAY_SIZE(harmless_ends); i++)
                if (!strcmp(dot + 1, harmless_ends[i]))
                        return true;
        return is_among(path, harmless, ARRAY_SIZE(harmless), false);
}

struct walk {
        struct actions *a;
        const struct actions_step *s;
        enum actions_taint taint;
        unsigned depth;
        int error;
};

static void look_into(struct walk *w, struct span text);

/* What stands in a value of the file that is used elsewhere. */
static void follow(struct walk *w, const struct yaml_node *value)
{
        struct span source = actions_source(w->a, value), inner;
        size_t at = 0;

        if (w->depth == FOLLOW_MAX) {
                w->taint = MAX_OF(w->taint, TAINT_DYNAMIC);
                return;
        }
        w->depth++;
        while (!w->error && actions_expr_next(source, &at, &inner))
                look_into(w, inner);
        w->depth--;
}

/* Names of variables keep their case in the file, but not in a path. */
static const struct yaml_node *get_folded(const struct yaml_node *map, const char *name)
{
        size_t n = MIN_OF(yaml_count(map, YAML_MAPPING), (size_t) 256);

        for (size_t i = 0; i < n; i++)
                if (!strcasecmp(actions_text(map->keys[i]), name))
                        return map->items[i];
        return NULL;
}

static bool look_at_env(struct walk *w, const char *name)
{
        const struct yaml_node *places[] = { w->s->node, w->s->job, w->a->root };

        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                const struct yaml_node *value = get_folded(yaml_get(places[i], "env"), name);

                if (value) {
                        follow(w, value);
                        return true;
                }
        }
        return false;
}

/* A matrix of literals is the author's own. */
static bool look_at_matrix(struct walk *w, const char *path)
{
        const struct yaml_node *matrix = yaml_at(w->s->job, "strategy.matrix");
        char name[ACTIONS_EXPR_PATH];
        const struct yaml_node *values, *include;

        (void) snprintf(name, sizeof(name), "%.*s", (int) strcspn(path, "."), path);
        values = get_folded(matrix, name);
        include = yaml_get(matrix, "include");
        if (!values && !include)
                return false;
        follow(w, values);
        follow(w, include);
        return true;
}

/* An input that can only be a number, a truth or one of a list. */
static bool look_at_input(struct walk *w, const char *name)
{
        static const char *const ways[] = { "workflow_call", "workflow_dispatch" };
        static const char *const types[] = { "boolean", "number", "choice" };
        const struct yaml_node *on = yaml_get(w->a->root, "on");
        bool found = false;

        for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
                const struct yaml_node *input =
                        get_folded(yaml_get(yaml_get(on, ways[i]), "inputs"), name);
                bool fixed = false;

                for (size_t n = 0; n < ARRAY_SIZE(types); n++)
                        fixed |= yaml_is(yaml_get(input, "type"), types[n]);
                if (input && !fixed)
                        return false;
                found |= input != NULL;
        }
        return found;
}

static int look_at_output(void *owner, const struct actions_expr_node *n)
{
        struct walk *w = owner;
        const char *path = n->text;

        if (n->kind == EXPR_CALL)
                return 0;
        if (is_among(path, strangers, ARRAY_SIZE(strangers), false)) {
                w->taint = TAINT_STRANGER;
                return 1;
        }
        if (is_harmless(path) || (!strncmp(path, "env.", 4) && look_at_env(w, path + 4)) ||
            (!strncmp(path, "matrix.", 7) && look_at_matrix(w, path + 7)) ||
            (!strncmp(path, "inputs.", 7) && look_at_input(w, path + 7)) ||
            (!strncmp(path, "github.event.inputs.", 20) && look_at_input(w, path + 20)))
                return 0;
        w->taint = MAX_OF(w->taint, TAINT_DYNAMIC);
        return 0;
}

/* toJSON(github.event) has in it all that strangers write. */
static bool gives_whole_event(const struct actions_expr *e)
{
        for (size_t i = 0; i < e->n; i++) {
                const struct actions_expr_node *n = &e->nodes[i];

                if (n->kind == EXPR_CALL && !strcmp(n->text, "tojson") && n->child >= 0 &&
                    e->nodes[n->child].kind == EXPR_CONTEXT &&
                    is_among(e->nodes[n->child].text, strangers, ARRAY_SIZE(strangers), true))
                        return true;
        }
        return false;
}

static void look_into(struct walk *w, struct span text)
{
        struct actions_expr e;

        w->error = actions_expr_parse(&e, text);
        if (w->error < 0)
                return;
        if (e.root < 0)
                w->taint = MAX_OF(w->taint, TAINT_DYNAMIC);
        else if (gives_whole_event(&e))
                w->taint = TAINT_STRANGER;
        else
                (void) actions_expr_outputs(&e, e.root, look_at_output, w);
        actions_expr_done(&e);
}

int actions_taint(struct actions *a, const struct actions_step *s, struct span text,
                  enum actions_taint *ret)
{
        struct walk w = { .a = a, .s = s };

        look_into(&w, text);
        *ret = w.taint;
        return w.error;
}
