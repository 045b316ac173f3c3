/* SPDX-License-Identifier: Apache-2.0 */

/* Package managers that ask where nobody answers, and upgrades of all that is installed. */
#include "docker-package.h"

#include <ctype.h>

enum { WORDS_MAX = 8 };

static const char *const apk_programs[] = { "apk", NULL };
static const char *const yum_programs[] = { "yum", NULL };
static const char *const dnf_programs[] = { "dnf", "microdnf", "dnf5", "tdnf", NULL };
static const char *const zypper_programs[] = { "zypper", NULL };

/* -qq, -q -q, -q=2: so quiet that apt-get does not ask either. */
static bool apt_is_quiet(const struct shell_command *c)
{
        const struct shell_word *word;
        unsigned q = 0;

        for (size_t i = 0; (word = shell_argument(c, i)); i++) {
                const char *text = word->text;

                if (strcmp(text, "--quiet") == 0)
                        q++;
                else if (strncmp(text, "--quiet=", 8) == 0)
                        q += (unsigned) atoi(text + 8);
                else if (strncmp(text, "-q=", 3) == 0)
                        q += (unsigned) atoi(text + 3);
                else if (*text == '-' && text[1] != '-')
                        for (text++; isalpha((unsigned char) *text); text++)
                                q += *text == 'q';
        }
        return q >= 2;
}

static bool apt_says(const struct shell_command *c, const char *setting, const char *const *values)
{
        const struct shell_word *word;

        for (size_t i = 0; (word = shell_argument(c, i)); i++) {
                const char *at = strcasestr(word->text, setting);

                at = at ? strchr(at, '=') : NULL;
                if (at && docker_is_one_of(at + 1, values))
                        return true;
        }
        return false;
}

static int check_apt(struct docker_check *d, const struct docker_instruction *run,
                     const struct shell_command *c)
{
        static const char *const yes[] = { "-y", "--yes", "--assume-yes", "--force-yes", NULL };
        static const char *const lean[] = { "--no-install-recommends", NULL };
        static const char *const on[] = { "true", "1", "yes", NULL };
        static const char *const off[] = { "false", "0", "no", NULL };
        static const char *const upgrades[] = { "dist-upgrade", "full-upgrade", NULL };
        const struct shell_word *words[WORDS_MAX];
        size_t n;
        int r = 0;

        if (strcmp(c->name, "apt-get") != 0 && strcmp(c->name, "apt") != 0 &&
            strcmp(c->name, "aptitude") != 0)
                return 0;
        n = docker_operands(c, &docker_apt_options, words, WORDS_MAX);
        if (n > 0 && docker_is_one_of(words[0]->text, upgrades))
                return docker_tell_command(d, DOCKERFILE_APT_UPGRADE, run, c);
        if (n == 0 || strcmp(c->name, "apt-get") != 0 || strcmp(words[0]->text, "install") != 0)
                return 0;
        if (!docker_has_option(c, yes) && !apt_is_quiet(c) &&
            !apt_says(c, "APT::Get::Assume-Yes", on))
                r = docker_tell_command(d, DOCKERFILE_APT_YES, run, c);
        if (r >= 0 && !docker_has_option(c, lean) && !apt_says(c, "APT::Install-Recommends", off))
                r = docker_tell_command(d, DOCKERFILE_APT_RECOMMENDS, run, c);
        return r;
}

/* Other managers that ask unless they are told not to. */
static int check_yes(struct docker_check *d, const struct docker_instruction *run,
                     const struct shell_command *c)
{
        static const char *const rpm_yes[] = { "-y", "--assumeyes", NULL };
        static const char *const zypper_yes[] = { "-n", "--non-interactive", "-y", "--no-confirm",
                                                  NULL };
        static const char *const installs[] = { "install",   "groupinstall", "localinstall",
                                                "reinstall", "in",           "rei",
                                                NULL };
        static const char *const zypper_asks[] = { "install",        "in", "remove", "rm", "patch",
                                                   "source-install", "si", NULL };
        static const struct {
                const char *const *programs, *const *asks, *const *yes;
                const struct docker_options *options;
                enum dockerfile_rule rule;
        } managers[] = {
                { yum_programs, installs, rpm_yes, &docker_rpm_options, DOCKERFILE_YUM_YES },
                { dnf_programs, installs, rpm_yes, &docker_rpm_options, DOCKERFILE_DNF_YES },
                { zypper_programs, zypper_asks, zypper_yes, &docker_zypper_options,
                  DOCKERFILE_ZYPPER_YES },
        };
        const struct shell_word *words[2];

        for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
                if (docker_is_one_of(c->name, managers[i].programs) &&
                    docker_operands(c, managers[i].options, words, 2) > 0 &&
                    docker_is_one_of(words[0]->text, managers[i].asks) &&
                    !docker_has_option(c, managers[i].yes))
                        return docker_tell_command(d, managers[i].rule, run, c);
        return 0;
}

static int check_upgrades(struct docker_check *d, const struct docker_instruction *run,
                          const struct shell_command *c)
{
        static const struct {
                const char *const *programs;
                const char *words[8];
                enum dockerfile_rule rule;
        } upgrades[] = {
                { apk_programs, { "upgrade" }, DOCKERFILE_APK_UPGRADE },
                { yum_programs,
                  { "update", "upgrade", "update-minimal", "update-to", "upgrade-to",
                    "distro-sync" },
                  DOCKERFILE_YUM_UPGRADE },
                { dnf_programs,
                  { "update", "upgrade", "up", "upgrade-minimal", "update-minimal", "distro-sync" },
                  DOCKERFILE_DNF_UPGRADE },
                { zypper_programs, { "dist-upgrade", "dup" }, DOCKERFILE_ZYPPER_UPGRADE },
        };
        const struct shell_word *words[2];

        for (size_t i = 0; i < ARRAY_SIZE(upgrades); i++)
                if (docker_is_one_of(c->name, upgrades[i].programs) &&
                    docker_operands(c, &docker_rpm_options, words, 2) == 1 &&
                    docker_is_one_of(words[0]->text, upgrades[i].words))
                        return docker_tell_command(d, upgrades[i].rule, run, c);
        return 0;
}

int docker_check_answers(struct docker_check *d, const struct docker_instruction *run,
                         const struct shell_command *c)
{
        int r = check_apt(d, run, c);

        if (r >= 0)
                r = check_yes(d, run, c);
        return r < 0 ? r : check_upgrades(d, run, c);
}
