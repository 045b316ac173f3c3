/* SPDX-License-Identifier: Apache-2.0 */

/* Checks of RUN that are about package managers: pinned versions, answers, caches. */
#include "docker-check.h"

#include "docker-package.h"

#include <ctype.h>

static bool ends_with(const char *text, const char *end)
{
        size_t n = strlen(text), m = strlen(end);

        return n >= m && strcmp(text + n - m, end) == 0;
}

/* A word that is nothing but a variable or a substitution: what it holds is not known. */
static bool is_unknown(const struct shell_word *word)
{
        return word->has_expansion && (*word->text == '$' || *word->text == '`');
}

static bool is_url(const char *text)
{
        return strstr(text, "://") != NULL;
}

/* --- versions of packages -----------------------------------------------------------------------
 */

static bool apt_is_pinned(const char *p)
{
        return strpbrk(p, "=/") || ends_with(p, ".deb");
}

static bool apk_is_pinned(const char *p)
{
        return strpbrk(p, "=~<>") || ends_with(p, ".apk") || *p == '!' || strchr(p, '/');
}

/* name-1.2, name-1:1.2-3.el9: the last part begins with a digit. */
static bool rpm_is_pinned(const char *p)
{
        const char *dash = strrchr(p, '-');

        if (strchr(p, '/') || ends_with(p, ".rpm") || *p == '@' || *p == '*')
                return true;
        if (strpbrk(p, "=<>"))
                return true;
        return dash && isdigit((unsigned char) dash[1]);
}

static bool module_is_pinned(const char *p)
{
        return strchr(p, ':') != NULL;
}

static bool zypper_is_pinned(const char *p)
{
        return strpbrk(p, "=<>") || ends_with(p, ".rpm") || strchr(p, '/');
}

static bool gem_is_pinned(const char *p)
{
        return strchr(p, ':') || ends_with(p, ".gem");
}

/* git+https://host/x.git@1.2: behind the last slash, for a user may stand before the host. */
static bool pip_url_is_pinned(const char *p)
{
        const char *slash = strrchr(p, '/'), *at = slash ? strchr(slash, '@') : NULL;

        return strncmp(p, "git+", 4) != 0 && strncmp(p, "hg+", 3) != 0 &&
                               strncmp(p, "svn+", 4) != 0 && strncmp(p, "bzr+", 4) != 0
                       ? true
                       : at != NULL;
}

static bool pip_is_pinned(const char *p)
{
        if (is_url(p))
                return pip_url_is_pinned(p);
        return strpbrk(p, "=<>!~@") || strchr(p, '/') || *p == '.' || ends_with(p, ".whl") ||
               ends_with(p, ".tar.gz") || ends_with(p, ".zip");
}

/* @scope/name@1.2: the first @ is not the version's. */
static bool npm_is_pinned(const char *p)
{
        const char *slash;

        if (strncmp(p, "git", 3) == 0 && (is_url(p) || p[3] == '@'))
                return strchr(p, '#') != NULL;
        if (is_url(p) || *p == '.' || *p == '/' || *p == '~' || strncmp(p, "file:", 5) == 0 ||
            ends_with(p, ".tgz") || ends_with(p, ".tar") || ends_with(p, ".tar.gz"))
                return true;
        slash = *p == '@' ? strchr(p, '/') : NULL;
        return strchr(slash ? slash : p + (*p == '@'), '@') || (!slash && strchr(p, '#'));
}

static bool go_is_pinned(const char *p)
{
        const char *at = strchr(p, '@');

        if (*p == '.' || *p == '/' || ends_with(p, ".go") || strcmp(p, "all") == 0 ||
            strcmp(p, "std") == 0 || strcmp(p, "cmd") == 0 || strcmp(p, "tool") == 0)
                return true;
        return at && strcmp(at, "@latest") != 0 && at[1];
}

/* --- managers -----------------------------------------------------------------------------------
 */

static const char *const apt_names[] = { "--target-release", "--default-release",   "--option",
                                         "--config-file",    "--host-architecture", NULL };
static const char *const apk_names[] = { "--virtual",  "--repository",  "--root",
                                         "--arch",     "--cache-dir",   "--cache-max-age",
                                         "--keys-dir", "--progress-fd", "--repositories-file",
                                         "--wait",     "--timeout",     NULL };
static const char *const rpm_names[] = { "--installroot",  "--enablerepo",    "--disablerepo",
                                         "--exclude",      "--setopt",        "--releasever",
                                         "--repo",         "--repoid",        "--repofrompath",
                                         "--config",       "--disableplugin", "--enableplugin",
                                         "--color",        "--forcearch",     "--downloaddir",
                                         "--destdir",      "--comment",       "--advisory",
                                         "--rpmverbosity", "--excludepkgs",   NULL };
static const char *const zypper_names[] = { "--type",        "--repo",       "--from",
                                            "--root",        "--name",       "--details",
                                            "--installroot", "--reposd-dir", "--cache-dir",
                                            "--plus-repo",   "--config",     NULL };
static const char *const pip_names[] = { "--requirement",
                                         "--constraint",
                                         "--editable",
                                         "--target",
                                         "--platform",
                                         "--python-version",
                                         "--implementation",
                                         "--abi",
                                         "--root",
                                         "--prefix",
                                         "--src",
                                         "--index-url",
                                         "--extra-index-url",
                                         "--trusted-host",
                                         "--find-links",
                                         "--build",
                                         "--global-option",
                                         "--install-option",
                                         "--config-settings",
                                         "--progress-bar",
                                         "--upgrade-strategy",
                                         "--no-binary",
                                         "--only-binary",
                                         "--proxy",
                                         "--timeout",
                                         "--retries",
                                         "--cert",
                                         "--client-cert",
                                         "--cache-dir",
                                         "--log",
                                         "--exists-action",
                                         "--root-user-action",
                                         "--python",
                                         "--report",
                                         "--use-feature",
                                         "--use-deprecated",
                                         "--keyring-provider",
                                         "--group",
                                         "--pip-args",
                                         "--suffix",
                                         "--spec",
                                         "--backend",
                                         "--default-timeout",
                                         NULL };
static const char *const npm_names[] = { "--registry",
                                         "--loglevel",
                                         "--prefix",
                                         "--cache",
                                         "--tag",
                                         "--userconfig",
                                         "--globalconfig",
                                         "--workspace",
                                         "--omit",
                                         "--include",
                                         "--only",
                                         "--audit-level",
                                         "--otp",
                                         "--fetch-retries",
                                         "--fetch-timeout",
                                         "--fetch-retry-mintimeout",
                                         "--fetch-retry-maxtimeout",
                                         "--network-timeout",
                                         "--unsafe-perm=",
                                         "--target_arch",
                                         "--install-strategy",
                                         "--proxy",
                                         "--https-proxy",
                                         "--noproxy",
                                         "--cafile",
                                         "--script-shell",
                                         "--node-options",
                                         NULL };
static const char *const gem_names[] = {
        "--bindir",         "--install-dir", "--platform", "--source",          "--trust-policy",
        "--http-proxy",     "--document",    "--file",     "--config-file",     "--build-root",
        "--bulk-threshold", "--version",     "--without",  "--target-rbconfig", NULL
};
static const char *const go_names[] = { "-C",
                                        "-o",
                                        "-p",
                                        "-ldflags",
                                        "-gcflags",
                                        "-asmflags",
                                        "-tags",
                                        "-mod",
                                        "-modfile",
                                        "-buildmode",
                                        "-compiler",
                                        "-gccgoflags",
                                        "-installsuffix",
                                        "-pkgdir",
                                        "-toolexec",
                                        "-overlay",
                                        "-covermode",
                                        "-coverpkg",
                                        "-exec",
                                        "-pgo",
                                        NULL };

const struct docker_options docker_apt_options = { "toca", apt_names };
static const struct docker_options apk_options = { "tXp", apk_names };
const struct docker_options docker_rpm_options = { "cdeRx", rpm_names };
const struct docker_options docker_zypper_options = { "trRcpCD", zypper_names };
static const struct docker_options pip_options = { "rceitfbdC", pip_names };
static const struct docker_options npm_options = { "Cw", npm_names };
static const struct docker_options gem_options = { "niPBpgsv", gem_names };

static const char *const install_words[] = { "install", NULL };
static const char *const apk_words[] = { "add", NULL };
static const char *const npm_words[] = { "install", "i", "add", NULL };
static const char *const gem_words[] = { "install", "i", NULL };
static const char *const yum_words[] = { "install", "localinstall", "reinstall", "downgrade",
                                         "in",      "rei",          "dg",        NULL };
static const char *const zypper_words[] = { "install", "in", NULL };

static const char *const apt_programs[] = { "apt-get", NULL };
static const char *const apk_programs[] = { "apk", NULL };
static const char *const yum_programs[] = { "yum", NULL };
static const char *const dnf_programs[] = { "dnf", "microdnf", "dnf5", "tdnf", NULL };
static const char *const zypper_programs[] = { "zypper", NULL };
static const char *const npm_programs[] = { "npm", NULL };
static const char *const gem_programs[] = { "gem", NULL };
static const char *const pip_programs[] = { "pip", NULL };
static const char *const pipx_programs[] = { "pipx", NULL };

static const char *const pip_lists[] = { "-r", "--requirement", "-c", "--constraint", NULL };
static const char *const gem_versions[] = { "-v", "--version", NULL };
static const char *const no_options[] = { NULL };

/* A manager, and what of it must be pinned. */
static const struct pin {
        const char *const *programs;
        const char *const *words; /* what is asked for: "install" */
        const struct docker_options *options;
        const char *const *fixed; /* options with which versions come from elsewhere */
        bool (*is_pinned)(const char *package);
        enum dockerfile_rule rule;
} pins[] = {
        { apt_programs, install_words, &docker_apt_options, no_options, apt_is_pinned,
          DOCKERFILE_APT_PIN },
        { apk_programs, apk_words, &apk_options, no_options, apk_is_pinned, DOCKERFILE_APK_PIN },
        { yum_programs, yum_words, &docker_rpm_options, no_options, rpm_is_pinned,
          DOCKERFILE_YUM_PIN },
        { dnf_programs, yum_words, &docker_rpm_options, no_options, rpm_is_pinned,
          DOCKERFILE_DNF_PIN },
        { zypper_programs, zypper_words, &docker_zypper_options, no_options, zypper_is_pinned,
          DOCKERFILE_ZYPPER_PIN },
        { npm_programs, npm_words, &npm_options, no_options, npm_is_pinned, DOCKERFILE_NPM_PIN },
        { pip_programs, install_words, &pip_options, pip_lists, pip_is_pinned, DOCKERFILE_PIP_PIN },
        { pipx_programs, install_words, &pip_options, no_options, pip_is_pinned,
          DOCKERFILE_PIP_PIN },
        { gem_programs, gem_words, &gem_options, gem_versions, gem_is_pinned, DOCKERFILE_GEM_PIN },
};

/* Options of gem behind which others may stand that it hands to the build of a package. */
static size_t gem_end(const struct shell_command *c)
{
        static const char *const known[] = { "--no-document",
                                             "--no-ri",
                                             "--no-rdoc",
                                             "--quiet",
                                             "--verbose",
                                             "--force",
                                             "--local",
                                             "--both",
                                             "--remote",
                                             "--user-install",
                                             "--no-user-install",
                                             "--conservative",
                                             "--minimal-deps",
                                             "--development",
                                             "--ignore-dependencies",
                                             "--wrappers",
                                             "--no-wrappers",
                                             "--prerelease",
                                             "--pre",
                                             "--explain",
                                             "--vendor",
                                             "--lock",
                                             "--no-lock",
                                             "--suggestions",
                                             "--no-suggestions",
                                             "--silent",
                                             "--debug",
                                             "--norc",
                                             "--env-shebang",
                                             "--no-env-shebang",
                                             "--default",
                                             "--clear-sources",
                                             "--no-http-proxy",
                                             "--backtrace",
                                             "--no-force",
                                             "--no-verbose",
                                             NULL };
        const struct shell_word *word;
        size_t i;

        for (i = 0; (word = shell_argument(c, i)); i++) {
                char name[64];

                if (strncmp(word->text, "--", 2) != 0)
                        continue;
                (void) snprintf(name, sizeof(name), "%.*s", (int) strcspn(word->text, "="),
                                word->text);
                if (!docker_is_one_of(name, known) && !docker_is_one_of(name, gem_names))
                        break;
        }
        return i;
}

enum { WORDS_MAX = 256 };

/* `python3 -m pip …` and pip3.11 are pip. */
struct shell_command package_command(const struct shell_command *c)
{
        const struct shell_word *word;
        struct shell_command pip = *c;

        if (strncmp(c->name, "pip", 3) == 0 &&
            strspn(c->name + 3, "0123456789.") == strlen(c->name + 3))
                pip.name = "pip";
        if (strncmp(c->name, "python", 6) != 0 && strcmp(c->name, "py") != 0)
                return pip;
        for (size_t i = 0; (word = shell_argument(c, i)) && shell_argument(c, i + 1); i++)
                if (strcmp(word->text, "-m") == 0) {
                        word = shell_argument(c, i + 1);
                        if (strcmp(word->text, "pip") == 0 || strcmp(word->text, "pipx") == 0) {
                                pip.first = (size_t) (word - c->words);
                                pip.name = word->text;
                        }
                        break;
                } else if (*word->text != '-') {
                        break;
                }
        return pip;
}

static const struct pin *pin_of(const struct shell_command *c)
{
        for (size_t i = 0; i < ARRAY_SIZE(pins); i++)
                if (docker_is_one_of(c->name, pins[i].programs))
                        return &pins[i];
        return NULL;
}

static bool any_is_unpinned(const struct shell_word *const *words, size_t n,
                            bool (*is_pinned)(const char *package))
{
        for (size_t i = 0; i < n; i++)
                if (!is_unknown(words[i]) && !is_pinned(words[i]->text))
                        return true;
        return false;
}

/* yum module install name:stream. */
static bool is_module(const struct shell_word *const *words, size_t n)
{
        static const char *const asks[] = { "install", "enable", "switch-to", NULL };

        return n > 2 && strcmp(words[0]->text, "module") == 0 &&
               docker_is_one_of(words[1]->text, asks);
}

static int check_pin(struct docker_check *d, const struct docker_instruction *run,
                     const struct shell_command *c)
{
        static const char *const types[] = { "-t", "--type", NULL };
        const struct shell_word *words[WORDS_MAX];
        const struct pin *pin = pin_of(c);
        struct shell_command cut = *c;
        size_t n;

        if (!pin)
                return 0;
        if (pin->rule == DOCKERFILE_GEM_PIN)
                cut.n_words = MIN_OF(c->n_words, c->first + 1 + gem_end(c));
        n = docker_operands(&cut, pin->options, words, WORDS_MAX);
        if ((pin->rule == DOCKERFILE_YUM_PIN || pin->rule == DOCKERFILE_DNF_PIN) &&
            is_module(words, n))
                return any_is_unpinned(words + 2, n - 2, module_is_pinned)
                               ? docker_tell_command(d, pin->rule, run, c)
                               : 0;
        if (n == 0 || !docker_is_one_of(words[0]->text, pin->words) ||
            docker_has_option(&cut, pin->fixed) ||
            (pin->rule == DOCKERFILE_ZYPPER_PIN && docker_has_option(c, types)))
                return 0;
        return any_is_unpinned(words + 1, n - 1, pin->is_pinned)
                       ? docker_tell_command(d, pin->rule, run, c)
                       : 0;
}

/* go install|get|run: options have one dash; behind run's package stand the program's own words. */
static int check_go(struct docker_check *d, const struct docker_instruction *run,
                    const struct shell_command *c)
{
        static const char *const asks[] = { "install", "get", "run", NULL };
        const struct shell_word *word = shell_argument(c, 0);
        bool is_run;

        if (strcmp(c->name, "go") != 0 || !word || !docker_is_one_of(word->text, asks))
                return 0;
        is_run = strcmp(word->text, "run") == 0;
        for (size_t i = 1; (word = shell_argument(c, i)); i++) {
                if (*word->text == '-') {
                        i += docker_is_one_of(word->text + (word->text[1] == '-'), go_names);
                        continue;
                }
                if (!is_unknown(word) && !go_is_pinned(word->text))
                        return docker_tell_command(d, DOCKERFILE_GO_PIN, run, c);
                if (is_run)
                        break;
        }
        return 0;
}

int docker_check_packages(struct docker_check *d)
{
        static int (*const checks[])(struct docker_check * d, const struct docker_instruction *run,
                                     const struct shell_command *c) = {
                check_pin,
                check_go,
                docker_check_answers,
        };
        int r = 0;

        for (size_t k = 0; r >= 0 && k < d->file->n_instructions; k++) {
                const struct docker_instruction *run = &d->file->instructions[k];

                for (size_t n = 0; r >= 0 && n < run->script.n_commands; n++) {
                        struct shell_command c = package_command(&run->script.commands[n]);

                        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(checks); i++)
                                r = checks[i](d, run, &c);
                }
        }
        return r < 0 ? r : docker_check_caches(d);
}
