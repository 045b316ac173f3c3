/* SPDX-License-Identifier: Apache-2.0 */
#include "actions-habit.h"

#include "actions-expr.h"
#include "docker/shell.h"

#include <strings.h>

enum {
        ANONYMOUS,
        CONCURRENCY,
        UNDOCUMENTED,
        OBFUSCATED,
        MISFEATURE,
        APP_TOKEN,
        OUTSIDE,
        SUPERFLUOUS,
        ADHOC,
        DISPATCH,
        UNSIGNED,
        NO_BILL,
        CONSTANT_IF,
        NO_COOLDOWN,
        EXECUTION,
};

#define INFO LINHAY_SEVERITY_INFO
#define LOW  LINHAY_SEVERITY_LOW

static const struct notice notices[] = {
        [ANONYMOUS] = { "config/actions-no-name", INFO, NULL, "The workflow or action has no name",
                        "Add name:.", "zizmor:anonymous-definition" },
        [CONCURRENCY] = { "config/actions-no-concurrency", INFO, "CWE-770",
                          "Runs of the workflow do not wait for or end each other",
                          "Add concurrency: with a group and cancel-in-progress.",
                          "zizmor:concurrency-limits" },
        [UNDOCUMENTED] = { "config/actions-unexplained-permission", INFO, NULL,
                           "Nobody says what the job needs this right for",
                           "Write a comment behind it.", "zizmor:undocumented-permissions" },
        [OBFUSCATED] = { "config/actions-obfuscated", LOW, "CWE-506",
                         "A name or an expression is written so that one does not see what it is",
                         "Write what comes out of it.", "zizmor:obfuscation" },
        [MISFEATURE] = { "config/actions-misfeature", INFO, NULL,
                         "What is used here is better not used: Windows' cmd, a shell of one's "
                         "own, or pip-install of setup-python",
                         "Use bash or pwsh; install with a lock file.", "zizmor:misfeature" },
        [APP_TOKEN] = { "config/actions-broad-app-token", LOW, "CWE-250",
                        "The app's token has all rights of the app, reaches all its repositories, "
                        "or outlives the job",
                        "Name permission-..., repositories, and leave out skip-token-revoke.",
                        "zizmor:github-app" },
        [OUTSIDE] = { "config/actions-secret-outside-environment", INFO, "CWE-522",
                      "A secret is used by a job that names no environment, so nothing but the "
                      "repository's settings guards it",
                      "Keep it in an environment with rules, and name that in the job.",
                      "zizmor:secrets-outside-env" },
        [SUPERFLUOUS] = { "config/actions-superfluous-action", INFO, NULL,
                          "An action of somebody else does what the runner's own programs can do",
                          "Use gh, or the language's own installer.",
                          "zizmor:superfluous-actions" },
        [ADHOC] = { "config/actions-adhoc-package", INFO, "CWE-1357",
                    "A package is installed without a manifest and its lock",
                    "Put it into the manifest, and install by the lock file.",
                    "zizmor:adhoc-packages" },
        [DISPATCH] = { "config/actions-dispatch-inputs", INFO, NULL,
                       "Who starts the workflow by hand can change what it builds",
                       "Leave out the inputs of workflow_dispatch where releases are built.",
                       "checkov:CKV_GHA_7" },
        [UNSIGNED] = { "config/actions-unsigned-image", INFO, "CWE-345",
                       "An image is built and not signed", "Sign it: cosign sign.",
                       "checkov:CKV_GHA_5", SOUNDNESS_HEURISTIC },
        [NO_BILL] = { "config/actions-no-bill-of-materials", INFO, "CWE-1104",
                      "An image is built and no bill of materials is attested for it",
                      "Attest one: cosign attest --type spdxjson, or actions/attest-sbom.",
                      "checkov:CKV_GHA_6", SOUNDNESS_HEURISTIC },
        [CONSTANT_IF] = { "config/actions-constant-condition", INFO, "CWE-570",
                          "The condition is the same each time", "Take it out, or the step.",
                          "actionlint:if-cond" },
        [NO_COOLDOWN] = { "config/dependabot-no-cooldown", INFO, "CWE-1357",
                          "New versions are proposed on the day on which they come out, when "
                          "nobody can have seen what is wrong with them",
                          "Add cooldown: { default-days: 7 }.", "zizmor:dependabot-cooldown" },
        [EXECUTION] = { "config/dependabot-runs-code", LOW, "CWE-829",
                        "Dependabot may run code of packages while it looks for updates",
                        "Leave out insecure-external-code-execution: allow.",
                        "zizmor:dependabot-execution" },
};

size_t actions_habit_rules(void)
{
        return ARRAY_SIZE(notices);
}

/* ---- Names and notes ---- */

/* Is there a comment behind a node, on its line, or alone on the line before? */
static bool is_explained(const struct actions *a, const struct yaml_node *node)
{
        const char *text = a->c->text, *end = text + a->c->length, *at = text + node->end;
        const char *newline = memchr(at, '\n', (size_t) (end - at)), *line;

        newline = newline ? newline : end;
        if (memchr(at, '#', (size_t) (newline - at)))
                return true;
        line = memrchr(text, '\n', node->start);
        if (!line)
                return false;
        at = memrchr(text, '\n', (size_t) (line - text));
        at = at ? at + 1 : text;
        return at[strspn(at, " \t")] == '#';
}

static int look_at_permissions(struct actions *a, const struct yaml_node *owner)
{
        const struct yaml_node *rights = yaml_get(owner, "permissions");
        size_t n = actions_count(a, rights, YAML_MAPPING);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                if (!yaml_is(rights->items[i], "none") &&
                    (!yaml_is(rights->keys[i], "contents") || !yaml_is(rights->items[i], "read")) &&
                    rights->items[i]->end <= a->c->length && !is_explained(a, rights->items[i]))
                        r = actions_tell(a, &notices[UNDOCUMENTED], rights->keys[i]);
        return r;
}

static bool is_limited(const struct yaml_node *owner)
{
        return yaml_get(yaml_get(owner, "concurrency"), "cancel-in-progress") != NULL;
}

static int look_at_concurrency(struct actions *a)
{
        const struct yaml_node *jobs = yaml_get(a->root, "jobs"), *on = yaml_get(a->root, "on");
        size_t n = actions_count(a, jobs, YAML_MAPPING);

        if (is_limited(a->root) || yaml_is(on, "workflow_call") ||
            (yaml_count(on, YAML_MAPPING) == 1 && yaml_key(on, "workflow_call")))
                return 0;
        for (size_t i = 0; i < n; i++)
                if (!is_limited(jobs->items[i]))
                        return actions_tell(a, &notices[CONCURRENCY], jobs->keys[i]);
        return 0;
}

int actions_habit_look(struct actions *a)
{
        const struct yaml_node *inputs = yaml_at(a->root, "on.workflow_dispatch.inputs");
        int r = 0;

        if (!*actions_text(yaml_get(a->root, "name")) && yaml_count(a->root, YAML_MAPPING))
                r = actions_tell(a, &notices[ANONYMOUS], a->root->keys[0]);
        if (r < 0 || !yaml_get(a->root, "jobs"))
                return r;
        if (yaml_count(inputs, YAML_MAPPING))
                r = actions_tell(a, &notices[DISPATCH], inputs->keys[0]);
        if (r >= 0)
                r = look_at_permissions(a, a->root);
        return r < 0 ? r : look_at_concurrency(a);
}

/* ---- Jobs ---- */

/* secrets.NAME, but for the token that every run has. */
static bool has_secret(const struct actions_expr *e)
{
        for (size_t i = 0; i < e->n; i++)
                if (e->nodes[i].kind == EXPR_CONTEXT && !strncmp(e->nodes[i].text, "secrets.", 8) &&
                    strcmp(e->nodes[i].text, "secrets.github_token") != 0)
                        return true;
        return false;
}

static int look_at_secrets(struct actions *a, const struct yaml_node *job)
{
        struct span text = actions_source(a, job), inner;
        size_t at = 0;

        if (yaml_get(job, "environment") || yaml_get(job, "uses"))
                return 0;
        while (actions_expr_next(text, &at, &inner)) {
                struct actions_expr e;
                bool found;
                int r;

                if (!memmem(inner.text, inner.length, "secrets", 7))
                        continue;
                r = actions_expr_parse(&e, inner);
                if (r < 0)
                        return r;
                found = has_secret(&e);
                actions_expr_done(&e);
                if (found)
                        return actions_tell_span(a, &notices[OUTSIDE], inner);
        }
        return 0;
}

static bool has_text(struct span text, const char *part)
{
        return memmem(text.text, text.length, part, strlen(part)) != NULL;
}

/* Images that a job builds: signed, with a bill of what is in them? */
static int look_at_images(struct actions *a, const struct yaml_node *name,
                          const struct yaml_node *job)
{
        static const char *const builds[] = { "docker/build-push-action",
                                              "docker build ",
                                              "docker buildx build",
                                              "podman build ",
                                              "buildah bud ",
                                              "kaniko" };
        struct span text = actions_source(a, job);
        bool builds_one = false;
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(builds); i++)
                builds_one |= has_text(text, builds[i]);
        if (!builds_one)
                return 0;
        if (!has_text(text, "cosign sign") && !has_text(text, "attest-build-provenance"))
                r = actions_tell(a, &notices[UNSIGNED], name);
        if (r >= 0 && !has_text(text, "cosign attest") && !has_text(text, "attest-sbom"))
                r = actions_tell(a, &notices[NO_BILL], name);
        return r;
}

/* true or false and nothing else, within ${{ }} or not. */
static int look_at_condition(struct actions *a, const struct yaml_node *condition)
{
        static const char *const values[] = { "true", "false" };
        const char *text = actions_text(condition);

        text += strspn(text, "${ ");
        for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
                size_t n = strlen(values[i]);

                if (!strncmp(text, values[i], n) && !text[n + strspn(text + n, "} ")])
                        return actions_tell(a, &notices[CONSTANT_IF], condition);
        }
        return 0;
}

int actions_habit_look_at_job(struct actions *a, const struct yaml_node *name,
                              const struct yaml_node *job)
{
        int r = look_at_permissions(a, job);

        if (r >= 0)
                r = look_at_secrets(a, job);
        if (r >= 0)
                r = look_at_condition(a, yaml_get(job, "if"));
        return r < 0 ? r : look_at_images(a, name, job);
}

/* ---- Steps ---- */

/* A call of nothing but texts: what it gives could have been written. */
static bool is_constant(const struct actions_expr *e)
{
        static const char *const pure[] = { "format", "join", "contains", "startswith",
                                            "endswith" };
        bool calls = false;

        for (size_t i = 0; i < e->n; i++) {
                bool is_pure = false;

                if (e->nodes[i].kind == EXPR_CONTEXT)
                        return false;
                for (size_t k = 0; e->nodes[i].kind == EXPR_CALL && k < ARRAY_SIZE(pure); k++)
                        is_pure |= !strcmp(e->nodes[i].text, pure[k]);
                if (e->nodes[i].kind == EXPR_CALL && !is_pure)
                        return false;
                calls |= is_pure;
        }
        return calls && e->root >= 0;
}

static int look_at_disguise(struct actions *a, const struct actions_step *s)
{
        const struct yaml_node *uses = yaml_get(s->node, "uses");
        const char *name = actions_text(uses);
        struct span text = actions_source(a, s->node), inner;
        size_t at = 0;

        if (*name && *name != '.' && strncmp(name, "docker://", 9) != 0 &&
            (strstr(name, "//") || strstr(name, "/./") || strstr(name, "/../")))
                return actions_tell(a, &notices[OBFUSCATED], uses);
        while (actions_expr_next(text, &at, &inner)) {
                struct actions_expr e;
                bool constant;
                int r = actions_expr_parse(&e, inner);

                if (r < 0)
                        return r;
                constant = is_constant(&e);
                actions_expr_done(&e);
                if (constant)
                        return actions_tell_span(a, &notices[OBFUSCATED], inner);
        }
        return 0;
}

static int look_at_misfeatures(struct actions *a, const struct actions_step *s)
{
        static const char *const good[] = { "", "bash", "sh", "pwsh", "powershell", "python" };
        const struct yaml_node *shell = yaml_get(s->node, "shell");
        const struct yaml_node *pip = yaml_get(yaml_get(s->node, "with"), "pip-install");
        const char *text = actions_text(shell);

        if (actions_is(s, "actions/setup-python") && *actions_text(pip))
                return actions_tell(a, &notices[MISFEATURE], pip);
        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                if (!strcmp(text, good[i]))
                        return 0;
        /* A well-known shell with options of its own is one as well. */
        return !strncmp(text, "bash ", 5) || !strncmp(text, "sh ", 3) ||
                               !strncmp(text, "pwsh ", 5) || strstr(text, "${{")
                       ? 0
                       : actions_tell(a, &notices[MISFEATURE], shell);
}

static int look_at_app_token(struct actions *a, const struct actions_step *s)
{
        const struct yaml_node *with = yaml_get(s->node, "with");
        size_t n = actions_count(a, with, YAML_MAPPING);
        bool is_bound = false;

        if (!actions_is(s, "actions/create-github-app-token") &&
            !actions_is(s, "tibdex/github-app-token"))
                return 0;
        for (size_t i = 0; i < n; i++)
                is_bound |= !strncmp(actions_text(with->keys[i]), "permission", 10);
        if (is_bound && !yaml_is(yaml_get(with, "skip-token-revoke"), "true") &&
            (!yaml_get(with, "owner") || yaml_get(with, "repositories")))
                return 0;
        return actions_tell(a, &notices[APP_TOKEN], yaml_get(s->node, "uses"));
}

static int look_at_superfluous(struct actions *a, const struct actions_step *s)
{
        static const char *const actions[] = {
                "softprops/action-gh-release",
                "ncipollo/release-action",
                "svenstaro/upload-release-action",
                "elgohr/Github-Release-Action",
                "peter-evans/create-pull-request",
                "peter-evans/create-or-update-comment",
                "addnab/docker-run-action",
                "dtolnay/rust-toolchain",
                "actions-rust-lang/setup-rust-toolchain",
        };

        for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
                if (actions_is(s, actions[i]))
                        return actions_tell(a, &notices[SUPERFLUOUS], yaml_get(s->node, "uses"));
        return 0;
}

/* Programs that install what they are told by name: the words, and what stands for a manifest. */
static bool installs_by_name(const struct shell_command *c)
{
        static const struct {
                const char *program;
                const char *words[4];
                const char *manifest;
        } installers[] = {
                { "npm", { "install", "i", "add" }, NULL },
                { "yarn", { "add", "global" }, NULL },
                { "pnpm", { "add" }, NULL },
                { "pip", { "install" }, "-r" },
                { "pip3", { "install" }, "-r" },
                { "pipx", { "install" }, NULL },
                { "gem", { "install" }, NULL },
                { "cargo", { "install" }, "--path" },
        };
        const struct shell_word *verb = shell_argument(c, 0), *word;
        bool by_name = false;

        for (size_t i = 0; verb && i < ARRAY_SIZE(installers); i++) {
                const char *const *words = installers[i].words;

                if (strcmp(c->name, installers[i].program) != 0)
                        continue;
                for (; *words && strcmp(verb->text, *words) != 0; words++)
                        ;
                if (!*words)
                        return false;
                for (size_t k = 1; (word = shell_argument(c, k)); k++) {
                        if (installers[i].manifest &&
                            (!strcmp(word->text, installers[i].manifest) ||
                             !strcmp(word->text, "-e") || !strcmp(word->text, "--requirement")))
                                return false;
                        by_name |= !strchr("-./$", *word->text);
                }
                return by_name;
        }
        return false;
}

static int look_at_packages(struct actions *a, const struct actions_step *s)
{
        const struct yaml_node *run = yaml_get(s->node, "run");
        const char *text = actions_text(run);
        struct shell_script script;
        bool found = false;
        int r;

        if (!strstr(text, "install") && !strstr(text, " add ") && !strstr(text, "npm i "))
                return 0;
        r = shell_parse(&script, text, strlen(text));
        if (r < 0)
                return r;
        for (size_t i = 0; !found && i < script.n_commands; i++)
                found = installs_by_name(&script.commands[i]);
        shell_done(&script);
        return found ? actions_tell(a, &notices[ADHOC], run) : 0;
}

int actions_habit_look_at_step(struct actions *a, const struct actions_step *s)
{
        static int (*const looks[])(struct actions * a, const struct actions_step *s) = {
                look_at_disguise,    look_at_misfeatures, look_at_app_token,
                look_at_superfluous, look_at_packages,
        };
        int r = look_at_condition(a, yaml_get(s->node, "if"));

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(looks); i++)
                r = looks[i](a, s);
        return r;
}

/* ---- Dependabot ---- */

int actions_habit_look_at_updates(struct actions *a)
{
        const struct yaml_node *updates = yaml_get(a->root, "updates");
        size_t n = actions_count(a, updates, YAML_SEQUENCE);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const struct yaml_node *update = updates->items[i];
                const struct yaml_node *system = yaml_get(update, "package-ecosystem");
                const struct yaml_node *days = yaml_at(update, "cooldown.default-days");
                const struct yaml_node *runs = yaml_get(update, "insecure-external-code-execution");
                int64_t number = 0;

                if (system && (!yaml_get(update, "cooldown") ||
                               (days && (!yaml_integer(days, &number) || number < 7))))
                        r = actions_tell(a, &notices[NO_COOLDOWN], days ? days : system);
                if (r >= 0 && yaml_is(runs, "allow"))
                        r = actions_tell(a, &notices[EXECUTION], runs);
        }
        return r;
}
