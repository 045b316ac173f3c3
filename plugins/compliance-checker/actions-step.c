/* SPDX-License-Identifier: Apache-2.0 */
#include "actions-step.h"

#include "actions-expr.h"
#include "actions-taint.h"

#include <ctype.h>
#include <strings.h>

enum {
        UNPINNED,
        UNPINNED_OWN,
        UNPINNED_IMAGE,
        INJECTION,
        TEMPLATE,
        CHECKOUT,
        CREDENTIALS,
        GITHUB_ENV,
        OLD_COMMAND,
        PRINTED,
        CURL,
        SHELL,
        PIPE,
        ARCHIVED,
        VULNERABLE,
        PUBLISH_TOKEN,
        CACHE,
};

#define INFO     LINHAY_SEVERITY_INFO
#define LOW      LINHAY_SEVERITY_LOW
#define MEDIUM   LINHAY_SEVERITY_MEDIUM
#define HIGH     LINHAY_SEVERITY_HIGH
#define CRITICAL LINHAY_SEVERITY_CRITICAL

static const struct notice notices[] = {
        [UNPINNED] = { "config/actions-unpinned-action", MEDIUM, "CWE-829",
                       "An action of somebody else is named by a tag or branch, which he can move",
                       "Name the commit: uses: owner/name@HASH # v1.2.3",
                       "zizmor:unpinned-uses scorecard:Pinned-Dependencies" },
        [UNPINNED_OWN] = { "config/actions-unpinned-action", LOW, "CWE-829",
                           "An action of GitHub's own is named by a tag or branch, which can be "
                           "moved",
                           "Name the commit: uses: actions/name@HASH # v1.2.3",
                           "zizmor:unpinned-uses scorecard:Pinned-Dependencies" },
        [UNPINNED_IMAGE] = { "config/actions-unpinned-image", LOW, "CWE-829",
                             "An image is named by a tag, which can be moved",
                             "Name it by digest: image@sha256:...",
                             "zizmor:unpinned-images scorecard:Pinned-Dependencies" },
        [INJECTION] = { "config/actions-script-injection", HIGH, "CWE-94",
                        "What a stranger wrote is put into a script before it is run",
                        "Put it into env: and use the variable in the script: \"$TITLE\".",
                        "zizmor:template-injection actionlint:expression "
                        "scorecard:Dangerous-Workflow checkov:CKV_GHA_2" },
        [TEMPLATE] = { "config/actions-template-in-script", INFO, "CWE-94",
                       "A value that is known only at run time is put into a script before it is "
                       "run",
                       "Put it into env: and use the variable in the script.",
                       "zizmor:template-injection", SOUNDNESS_PARTIAL },
        [CHECKOUT] = { "config/actions-untrusted-checkout", HIGH, "CWE-829",
                       "Code of a stranger's pull request is checked out where the workflow has "
                       "its own rights and secrets",
                       "Use the trigger pull_request, or run nothing of what was checked out.",
                       "scorecard:Dangerous-Workflow zizmor:dangerous-triggers" },
        [CREDENTIALS] = { "config/actions-persisted-credentials", LOW, "CWE-522",
                          "checkout leaves the token in .git/config, where later steps and "
                          "artifacts can take it from",
                          "Set persist-credentials: false.", "zizmor:artipacked" },
        [GITHUB_ENV] = { "config/actions-environment-file", HIGH, "CWE-94",
                         "A workflow that strangers start writes to GITHUB_ENV or GITHUB_PATH, and "
                         "so may choose what later steps run",
                         "Use outputs, or write only what is fixed.", "zizmor:github-env" },
        [OLD_COMMAND] = { "config/actions-deprecated-command", LOW, "CWE-94",
                          "A workflow command that was switched off because any output could give "
                          "it",
                          "Write to $GITHUB_OUTPUT, $GITHUB_STATE, $GITHUB_ENV or $GITHUB_PATH.",
                          "actionlint:deprecated-commands" },
        [PRINTED] = { "config/actions-secret-printed", MEDIUM, "CWE-532",
                      "A secret is printed; masking does not hold for parts or other encodings",
                      "Do not print it.", NULL, SOUNDNESS_HEURISTIC },
        [CURL] = { "config/actions-secret-sent", LOW, "CWE-522", "curl is given a secret",
                   "Make sure where it goes, and use a header.", "checkov:CKV_GHA_3",
                   SOUNDNESS_HEURISTIC },
        [SHELL] = { "config/actions-reverse-shell", CRITICAL, "CWE-506",
                    "The script opens a shell for another host", "Leave it out.",
                    "checkov:CKV_GHA_4", SOUNDNESS_HEURISTIC },
        [PIPE] = { "config/actions-pipe-to-shell", LOW, "CWE-494",
                   "A download is run by a shell without a check",
                   "Save it, compare its hash, then run it.", "scorecard:Pinned-Dependencies",
                   SOUNDNESS_HEURISTIC },
        [ARCHIVED] = { "config/actions-archived-action", LOW, "CWE-1104",
                       "The action is archived: nobody mends it", "Use one that is kept up, or gh.",
                       "zizmor:archived-uses" },
        [VULNERABLE] = { "config/actions-vulnerable-action", HIGH, "CWE-1395",
                         "This version of the action has a known vulnerability",
                         "Use a later version, named by its commit.",
                         "zizmor:known-vulnerable-actions" },
        [PUBLISH_TOKEN] = { "config/actions-publish-token", INFO, "CWE-798",
                            "A package is published with a token that is kept for long",
                            "Use trusted publishing (OIDC).", "zizmor:use-trusted-publishing" },
        [CACHE] = { "config/actions-cache-poisoning", LOW, "CWE-349",
                    "A workflow that publishes takes files from the cache, which other workflows "
                    "can fill",
                    "Build releases without the cache.", "zizmor:cache-poisoning",
                    SOUNDNESS_HEURISTIC },
};

size_t actions_step_rules(void)
{
        return ARRAY_SIZE(notices);
}

/* ---- Pins ---- */

static bool is_hash(const char *ref)
{
        size_t n = strspn(ref, "0123456789abcdefABCDEF");

        return !ref[n] && (n == 40 || n == 64);
}

int actions_pin_look(struct actions *a, const struct yaml_node *uses)
{
        const char *text = actions_text(uses), *at = strrchr(text, '@');

        if (!*text || !strncmp(text, "./", 2) || strstr(text, "${{"))
                return 0;
        if (!strncmp(text, "docker://", 9))
                return strstr(text, "@sha256:") ? 0
                                                : actions_tell(a, &notices[UNPINNED_IMAGE], uses);
        if (at && is_hash(at + 1))
                return 0;
        return actions_tell(a,
                            &notices[!strncmp(text, "actions/", 8) || !strncmp(text, "github/", 7)
                                             ? UNPINNED_OWN
                                             : UNPINNED],
                            uses);
}

/* ---- Actions with a name ---- */

static bool is_below(const char *ref, unsigned major, unsigned minor, unsigned patch)
{
        unsigned long have[3] = { 0, ULONG_MAX, ULONG_MAX }, want[3] = { major, minor, patch };
        char *end;

        ref += *ref == 'v';
        if (!isdigit((unsigned char) *ref))
                return false;
        for (size_t i = 0; i < 3 && isdigit((unsigned char) *ref); i++) {
                have[i] = strtoul(ref, &end, 10);
                ref = *end == '.' ? end + 1 : end;
        }
        for (size_t i = 0; i < 3; i++)
                if (have[i] != want[i])
                        return have[i] < want[i];
        return false;
}

static int look_at_known(struct actions *a, const struct actions_step *s)
{
        static const char *const archived[] = {
                "actions/create-release",
                "actions/upload-release-asset",
                "actions/setup-ruby",
                "actions-rs/toolchain",
                "actions-rs/cargo",
                "actions-rs/audit-check",
                "actions-rs/clippy-check",
                "actions-rs/install",
                "actions-rs/tarpaulin",
                "actions-rs/components-nightly",
                "dylanvann/publish-github-action",
                "8398a7/action-slack",
                "andymckay/cancel-action",
                "peaceiris/actions-mdbook",
        };
        /* Mended in this version. */
        static const struct {
                const char *name;
                unsigned major, minor, patch;
        } vulnerable[] = {
                { "tj-actions/changed-files", 46, 0, 1 },
                { "tj-actions/branch-names", 8, 2, 1 },
                { "actions/download-artifact", 4, 1, 3 },
                { "reviewdog/action-setup", 1, 3, 1 },
                { "check-spelling/check-spelling", 0, 0, 19 },
                { "gradle/gradle-build-action", 2, 4, 2 },
                { "rlespinasse/github-slug-action", 4, 4, 1 },
        };
        const struct yaml_node *uses = yaml_get(s->node, "uses");
        const char *ref = strchr(actions_text(uses), '@');

        for (size_t i = 0; i < ARRAY_SIZE(archived); i++)
                if (actions_is(s, archived[i]))
                        return actions_tell(a, &notices[ARCHIVED], uses);
        for (size_t i = 0; ref && i < ARRAY_SIZE(vulnerable); i++)
                if (actions_is(s, vulnerable[i].name) && strchr(ref, '.') &&
                    is_below(ref + 1, vulnerable[i].major, vulnerable[i].minor,
                             vulnerable[i].patch))
                        return actions_tell(a, &notices[VULNERABLE], uses);
        return 0;
}

#define STRANGERS_START (ON_TARGET | ON_WORKFLOW_RUN | ON_COMMENT)

/* Does a ref name the code of a pull request? */
static bool is_foreign_ref(const char *ref)
{
        static const char *const parts[] = {
                "github.event.pull_request.head",
                "github.head_ref",
                "refs/pull/",
                "github.event.workflow_run.head",
                "merge_commit_sha",
                "github.event.issue.number",
                "github.event.number",
        };

        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                if (strcasestr(ref, parts[i]))
                        return true;
        return false;
}

static int look_at_checkout(struct actions *a, const struct actions_step *s)
{
        const struct yaml_node *uses = yaml_get(s->node, "uses"), *with = yaml_get(s->node, "with");
        const struct yaml_node *persist = yaml_get(with, "persist-credentials");
        const struct yaml_node *ref = yaml_get(with, "ref");
        const struct yaml_node *repository = yaml_get(with, "repository");
        int r = 0;

        if (!actions_is(s, "actions/checkout"))
                return 0;
        if (!yaml_is(persist, "false"))
                r = actions_tell(a, &notices[CREDENTIALS], uses);
        if (r < 0 || !(a->triggers & STRANGERS_START))
                return r;
        if (is_foreign_ref(actions_text(ref)))
                return actions_tell(a, &notices[CHECKOUT], ref);
        if (strcasestr(actions_text(repository), "head.repo") ||
            strcasestr(actions_text(repository), "head_repository"))
                return actions_tell(a, &notices[CHECKOUT], repository);
        return 0;
}

static int look_at_publishing(struct actions *a, const struct actions_step *s)
{
        const struct yaml_node *with = yaml_get(s->node, "with");

        if (actions_is(s, "pypa/gh-action-pypi-publish") && yaml_get(with, "password"))
                return actions_tell(a, &notices[PUBLISH_TOKEN], yaml_get(s->node, "uses"));
        return 0;
}

/* What takes files from the cache: when this input is there; NULL = always; "!x" = unless false. */
static const struct {
        const char *action, *input;
} caches[] = {
        { "actions/cache", NULL },
        { "Swatinem/rust-cache", NULL },
        { "actions/setup-node", "cache" },
        { "actions/setup-python", "cache" },
        { "actions/setup-java", "cache" },
        { "actions/setup-dotnet", "cache" },
        { "actions/setup-go", "!cache" },
        { "ruby/setup-ruby", "bundler-cache" },
        { "astral-sh/setup-uv", "enable-cache" },
        { "docker/build-push-action", "cache-from" },
};

static int look_at_cache(struct actions *a, const struct actions_step *s)
{
        if (!(a->triggers & (ON_RELEASE | ON_TAG)))
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(caches); i++) {
                const char *input = caches[i].input;
                const struct yaml_node *value =
                        input ? yaml_get(yaml_get(s->node, "with"), input + (*input == '!')) : NULL;

                if (!actions_is(s, caches[i].action))
                        continue;
                if (!input ||
                    (*input == '!' ? !yaml_is(value, "false") : value && !yaml_is(value, "false")))
                        return actions_tell(a, &notices[CACHE], yaml_get(s->node, "uses"));
        }
        return 0;
}

/* ---- Scripts ---- */

/* Inputs of actions that are run as a script. */
static const struct {
        const char *action, *input;
} sinks[] = {
        { "actions/github-script", "script" },
        { "azure/cli", "inlineScript" },
        { "azure/powershell", "inlineScript" },
        { "amadevus/pwsh-script", "script" },
        { "appleboy/ssh-action", "script" },
        { "nick-fields/retry", "command" },
        { "nick-invision/retry", "command" },
        { "gautamkrishnar/keepalive-workflow", "script" },
        { "mikefarah/yq", "cmd" },
        { "addnab/docker-run-action", "run" },
        { "cardinalby/js-eval-action", "expression" },
};

static const struct yaml_node *script_of(const struct actions_step *s)
{
        const struct yaml_node *run = yaml_get(s->node, "run");

        for (size_t i = 0; !run && i < ARRAY_SIZE(sinks); i++)
                if (actions_is(s, sinks[i].action))
                        return yaml_get(yaml_get(s->node, "with"), sinks[i].input);
        return run;
}

static int look_at_expressions(struct actions *a, const struct actions_step *s)
{
        struct span script = actions_source(a, script_of(s)), inner;
        size_t at = 0;
        int r = 0;

        while (r >= 0 && actions_expr_next(script, &at, &inner)) {
                enum actions_taint taint;
                struct span place = { inner.text - 3, inner.length + 3 };

                r = actions_taint(a, s, inner, &taint);
                if (r < 0 || taint == TAINT_NONE)
                        continue;
                r = actions_tell_span(a, &notices[taint == TAINT_STRANGER ? INJECTION : TEMPLATE],
                                      place);
        }
        return r;
}

/* The span of a line of the script. */
static struct span line_at(struct span script, const char *at)
{
        const char *start = at, *end = at;

        while (start > script.text && start[-1] != '\n')
                start--;
        while (end < script.text + script.length && *end != '\n')
                end++;
        return (struct span){ start, (size_t) (end - start) };
}

static bool has(struct span s, const char *part)
{
        return memmem(s.text, s.length, part, strlen(part)) != NULL;
}

static bool begins_word(struct span line, const char *word)
{
        const char *at = line.text, *end = line.text + line.length;
        size_t n = strlen(word);

        for (; (at = memmem(at, (size_t) (end - at), word, n)); at += n)
                if ((at == line.text || strchr(" \t;|&(\"'`", at[-1])) &&
                    (at + n == end || strchr(" \t", at[n])))
                        return true;
        return false;
}

static bool opens_shell(struct span line)
{
        static const char *const ways[] = { "nc -e",     "ncat -e", "netcat -e",
                                            "/dev/tcp/", "nc -c",   "ncat --exec" };

        for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
                if (has(line, ways[i]) && (i != 3 || has(line, "sh")))
                        return true;
        return false;
}

static bool pipes_to_shell(struct span line)
{
        static const char *const shells[] = { "sh", "bash", "zsh", "python", "python3", "pwsh" };
        const char *at = line.text, *end = line.text + line.length;

        if (!begins_word(line, "curl") && !begins_word(line, "wget"))
                return false;
        while ((at = memchr(at, '|', (size_t) (end - at)))) {
                at++;
                while (at < end && (*at == ' ' || *at == '\t'))
                        at++;
                if (end - at > 5 && !memcmp(at, "sudo ", 5))
                        at += 5;
                for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
                        size_t n = strlen(shells[i]);

                        if ((size_t) (end - at) >= n && !memcmp(at, shells[i], n) &&
                            (at + n == end || strchr(" \t\r", at[n])))
                                return true;
                }
        }
        return false;
}

static bool is_old_command(struct span line)
{
        static const char *const commands[] = { "::set-output ", "::save-state ", "::set-env ",
                                                "::add-path::" };

        for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
                if (has(line, commands[i]))
                        return true;
        return false;
}

static bool prints_secret(struct span line)
{
        return (begins_word(line, "echo") || begins_word(line, "printf")) &&
               (has(line, "${{ secrets.") || has(line, "${{secrets.")) &&
               !memchr(line.text, '>', line.length) && !memchr(line.text, '|', line.length) &&
               !has(line, "::add-mask::");
}

static bool sends_secret(struct span line)
{
        return begins_word(line, "curl") && has(line, "secrets.") && !has(line, "-H ") &&
               !has(line, "--header") && !has(line, "-u ");
}

/* Writes something that is not fixed to the environment of later steps. */
static bool sets_environment(struct span line)
{
        return (has(line, "GITHUB_ENV") || has(line, "GITHUB_PATH")) &&
               (has(line, ">>") || has(line, "tee ")) &&
               (has(line, "$(") || has(line, "`") || has(line, "${{") || has(line, "cat ") ||
                has(line, "jq "));
}

static bool checks_out_request(struct span line)
{
        return has(line, "gh pr checkout") ||
               ((has(line, "git checkout") || has(line, "git fetch") || has(line, "git merge")) &&
                (has(line, "head.sha") || has(line, "head.ref") || has(line, "head_ref") ||
                 has(line, "refs/pull/") || has(line, "pull/${{")));
}

static const struct {
        int notice;
        unsigned triggers; /* only if one of these starts the workflow; 0 = always */
        bool (*is_bad)(struct span line);
} lines[] = {
        { OLD_COMMAND, 0, is_old_command },
        { PRINTED, 0, prints_secret },
        { CURL, 0, sends_secret },
        { SHELL, 0, opens_shell },
        { PIPE, 0, pipes_to_shell },
        { GITHUB_ENV, ON_TARGET | ON_WORKFLOW_RUN, sets_environment },
        { CHECKOUT, STRANGERS_START, checks_out_request },
};

static int look_at_lines(struct actions *a, const struct actions_step *s)
{
        struct span script = actions_source(a, yaml_get(s->node, "run"));
        size_t at = 0;
        int r = 0;

        while (r >= 0 && at < script.length) {
                struct span line = line_at(script, script.text + at);
                size_t blanks = 0;

                while (blanks < line.length && isspace((unsigned char) line.text[blanks]))
                        blanks++;
                line = (struct span){ line.text + blanks, line.length - blanks };
                at = (size_t) (line.text - script.text) + line.length + 1;
                for (size_t i = 0;
                     r >= 0 && line.length && *line.text != '#' && i < ARRAY_SIZE(lines); i++)
                        if ((!lines[i].triggers || lines[i].triggers & a->triggers) &&
                            lines[i].is_bad(line))
                                r = actions_tell_span(a, &notices[lines[i].notice], line);
        }
        return r;
}

int actions_step_look(struct actions *a, const struct actions_step *s)
{
        static int (*const looks[])(struct actions * a, const struct actions_step *s) = {
                look_at_known, look_at_checkout,    look_at_publishing,
                look_at_cache, look_at_expressions, look_at_lines,
        };
        int r = actions_pin_look(a, yaml_get(s->node, "uses"));

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(looks); i++)
                r = looks[i](a, s);
        return r;
}
