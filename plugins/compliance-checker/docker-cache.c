/* SPDX-License-Identifier: Apache-2.0 */

/* What package managers leave in a layer. */
#include "docker-package.h"

#include <ctype.h>

static const char *const values_of_all[] = { NULL };
static const struct docker_options no_values = { "", values_of_all };

/* Is one of the words behind a command's options this one? */
static bool asks(const struct shell_command *c, const char *const *words)
{
        const struct shell_word *operands[3];
        size_t n = docker_operands(c, &no_values, operands, ARRAY_SIZE(operands));

        for (size_t i = 0; i < n; i++)
                if (docker_is_one_of(operands[i]->text, words))
                        return true;
        return false;
}

/* `rm` of a folder, or of what is in it; /var/lib/{apt,dpkg} is one with apt. */
static bool removes(const struct shell_command *c, const char *folder)
{
        const struct shell_word *word;

        if (strcmp(c->name, "rm") != 0)
                return false;
        for (size_t i = 0; (word = shell_argument(c, i)); i++) {
                const char *brace = strchr(word->text, '{');
                const char *last = strrchr(folder, '/') + 1;

                if (strncmp(word->text, folder, strlen(folder)) == 0)
                        return true;
                if (brace && strncmp(word->text, folder, (size_t) (brace - word->text)) == 0 &&
                    (strstr(brace, last) || strstr(brace, "apt")))
                        return true;
        }
        return false;
}

/* Of one RUN: is there a command that fills, and none behind it that cleans? */
struct cache {
        const char *const *programs; /* that fill it when they are asked for this, */
        const char *const *fills;
        const char *const *cleans;  /* and clean it when asked for that */
        const char *const *folders; /* removing one of these cleans it too, or a mount over it */
        enum dockerfile_rule rule;
};

static const char *const yum_programs[] = { "yum", NULL };
static const char *const dnf_programs[] = { "dnf", "microdnf", "dnf5", "tdnf", NULL };
static const char *const zypper_programs[] = { "zypper", NULL };
static const char *const yum_fills[] = { "install", "groupinstall", "localinstall", "reinstall",
                                         NULL };
static const char *const dnf_fills[] = {
        "install",     "in",  "upgrade",      "up",           "upgrade-minimal", "up-min",
        "reinstall",   "rei", "groupinstall", "localinstall", "downgrade",       "dg",
        "distro-sync", NULL
};
static const char *const zypper_fills[] = { "install", "in",           "update", "up",
                                            "patch",   "dist-upgrade", "dup",    NULL };
static const char *const clean[] = { "clean", NULL };
static const char *const zypper_clean[] = { "clean", "cc", NULL };
static const char *const rpm_folders[] = { "/var/cache/yum", "/var/cache/dnf", "/var/cache/libdnf5",
                                           NULL };
static const char *const zypper_folders[] = { "/var/cache/zypp", NULL };

static const struct cache caches[] = {
        { yum_programs, yum_fills, clean, rpm_folders, DOCKERFILE_YUM_CLEAN },
        { dnf_programs, dnf_fills, clean, rpm_folders, DOCKERFILE_DNF_CLEAN },
        { zypper_programs, zypper_fills, zypper_clean, zypper_folders, DOCKERFILE_ZYPPER_CLEAN },
};

static bool removes_any(const struct shell_command *c, const char *const *folders)
{
        for (; *folders; folders++)
                if (removes(c, *folders))
                        return true;
        return false;
}

static int check_cache(struct docker_check *d, const struct docker_instruction *run,
                       const struct cache *cache)
{
        const struct shell_command *full = NULL;

        for (const char *const *folder = cache->folders; *folder; folder++)
                if (docker_has_cache(run, *folder))
                        return 0;
        for (size_t i = 0; i < run->script.n_commands; i++) {
                const struct shell_command *c = &run->script.commands[i];
                bool is_manager = docker_is_one_of(c->name, cache->programs);

                if ((is_manager && asks(c, cache->cleans)) || removes_any(c, cache->folders))
                        full = NULL;
                else if (is_manager && asks(c, cache->fills))
                        full = c;
        }
        return full ? docker_tell_command(d, cache->rule, run, full) : 0;
}

static int check_apk(struct docker_check *d, const struct docker_instruction *run)
{
        static const char *const add[] = { "add", NULL };
        static const char *const no_cache[] = { "--no-cache", NULL };
        int r = 0;

        if (docker_has_cache(run, "/var/cache/apk") || docker_has_cache(run, "/etc/apk/cache"))
                return 0;
        for (size_t i = 0; r >= 0 && i < run->script.n_commands; i++) {
                const struct shell_command *c = &run->script.commands[i];

                if (strcmp(c->name, "apk") == 0 && asks(c, add) && !docker_has_option(c, no_cache))
                        r = docker_tell_command(d, DOCKERFILE_APK_CACHE, run, c);
        }
        return r;
}

/* `yarn`, `yarn install`, `yarn add`, with options. */
static bool is_yarn_install(const struct shell_command *c)
{
        static const char *const installs[] = { "install", "add", NULL };
        static const char *const tells[] = { "--version", "-v", "--help", "-h", NULL };
        const struct shell_word *words[2];

        if (strcmp(c->name, "yarn") != 0 || docker_has_option(c, tells))
                return false;
        return docker_operands(c, &no_values, words, 2) == 0 ||
               docker_is_one_of(words[0]->text, installs);
}

static int check_yarn(struct docker_check *d, const struct docker_instruction *run)
{
        const struct shell_command *full = NULL;
        const struct shell_word *words[3];

        if (docker_has_cache(run, "yarn") || docker_has_cache(run, "/.cache"))
                return 0;
        for (size_t i = 0; i < run->script.n_commands; i++) {
                const struct shell_command *c = &run->script.commands[i];

                if (is_yarn_install(c))
                        full = c;
                else if (strcmp(c->name, "yarn") == 0 &&
                         docker_operands(c, &no_values, words, 3) >= 2 &&
                         strcmp(words[0]->text, "cache") == 0)
                        full = NULL;
                else if (removes(c, "/usr/local/share/.cache") || removes(c, "/root/.cache"))
                        full = NULL;
        }
        return full ? docker_tell_command(d, DOCKERFILE_YARN_CACHE, run, full) : 0;
}

/* --- apt ----------------------------------------------------------------------------------------
 */

static bool is_apt(const struct shell_command *c)
{
        static const char *const programs[] = { "apt-get", "apt", "aptitude", NULL };

        return docker_is_one_of(c->name, programs);
}

/* Images of Docker tell apt to keep no packages; whoever removes that setting has both to clean. */
static bool keeps_packages(const struct docker_check *d, const struct docker_instruction *run)
{
        const struct docker_file *f = d->file;
        size_t first = run->stage == DOCKER_NO_STAGE ? 0 : f->stages[run->stage].first;

        for (size_t k = (size_t) (run - f->instructions) + 1; k-- > first;)
                for (size_t i = 0; i < f->instructions[k].script.n_commands; i++)
                        if (removes(&f->instructions[k].script.commands[i],
                                    "/etc/apt/apt.conf.d/docker-clean"))
                                return true;
        return false;
}

static int check_apt_lists(struct docker_check *d, const struct docker_instruction *run)
{
        static const char *const update[] = { "update", NULL };
        static const char *const drop[] = { "clean", "autoclean", "distclean", NULL };
        static const char *const drop_all[] = { "distclean", NULL };
        const struct shell_command *lists = NULL, *packages = NULL;
        bool has_lists = docker_has_cache(run, "/var/lib/apt/lists"),
             has_packages = docker_has_cache(run, "/var/cache/apt");

        for (size_t i = 0; i < run->script.n_commands; i++) {
                const struct shell_command *c = &run->script.commands[i];

                if (is_apt(c) && asks(c, update))
                        lists = packages = c;
                if (removes(c, "/var/lib/apt") || (is_apt(c) && asks(c, drop_all)))
                        lists = NULL;
                if (removes(c, "/var/cache/apt") || (is_apt(c) && asks(c, drop)))
                        packages = NULL;
        }
        if (lists && !has_lists)
                return docker_tell_command(d, DOCKERFILE_APT_LISTS, run, lists);
        if (packages && !has_packages && keeps_packages(d, run))
                return docker_tell_command(d, DOCKERFILE_APT_LISTS, run, packages);
        return 0;
}

/* What brings the package lists up to date, or all packages, and what uses them at once. */
static const struct {
        const char *const programs[8];
        const struct docker_options *options;
        const char *const updates[4]; /* with nothing else behind them */
        const char *const uses[12];
} updaters[] = {
        { { "apt-get", "apt", "aptitude" },
          &docker_apt_options,
          { "update" },
          { "install", "upgrade", "dist-upgrade", "full-upgrade", "build-dep", "source", "download",
            "satisfy" } },
        { { "apk" }, &no_values, { "update" }, { "add", "upgrade", "fetch" } },
        { { "yum", "dnf", "microdnf", "dnf5", "tdnf" },
          &docker_rpm_options,
          { "update", "check-update", "makecache" },
          { "install", "in", "groupinstall", "localinstall", "reinstall", "module", "builddep" } },
        { { "zypper" },
          &docker_zypper_options,
          { "refresh", "ref" },
          { "install", "in", "update", "up", "patch", "dist-upgrade", "dup" } },
};

static bool is_update(const struct shell_command *c, size_t updater)
{
        const struct shell_word *words[2];

        return docker_operands(c, updaters[updater].options, words, 2) == 1 &&
               docker_is_one_of(words[0]->text, updaters[updater].updates);
}

/* `apt-get update` without an install in the same RUN: the layer is cached, and grows old. */
static int check_update_alone(struct docker_check *d, const struct docker_instruction *run)
{
        const struct shell_script *s = &run->script;
        int r = 0;

        for (size_t k = 0; r >= 0 && k < ARRAY_SIZE(updaters); k++) {
                const struct shell_command *update = NULL;
                bool is_used = false;

                for (size_t i = 0; i < s->n_commands; i++) {
                        const struct shell_command *c = &s->commands[i];

                        if (!docker_is_one_of(c->name, updaters[k].programs))
                                continue;
                        if (is_update(c, k))
                                update = c;
                        is_used = is_used || asks(c, updaters[k].uses);
                }
                if (update && !is_used)
                        r = docker_tell_command(d, DOCKERFILE_UPDATE_ALONE, run, update);
        }
        return r;
}

/* --- pip ----------------------------------------------------------------------------------------
 */

static bool is_on(const char *value)
{
        static const char *const on[] = { "1", "on", "yes", "true", "y", "t", NULL };

        for (const char *const *word = on; *word; word++)
                if (strcasecmp(value, *word) == 0)
                        return true;
        return false;
}

/* NAME=on among words that set variables. */
static bool sets_no_cache(const struct shell_word *words, size_t n)
{
        static const char name[] = "PIP_NO_CACHE_DIR=";

        for (size_t i = 0; i < n; i++)
                if (strncmp(words[i].text, name, strlen(name)) == 0)
                        return is_on(words[i].text + strlen(name));
        return false;
}

/* Does ENV or ARG switch the cache off, in this stage or those that it is made of? */
static bool has_no_cache(const struct docker_check *d, const struct docker_instruction *run)
{
        const struct docker_file *f = d->file;
        size_t stage = run->stage, end = (size_t) (run - f->instructions);

        for (;;) {
                size_t first = stage == DOCKER_NO_STAGE ? 0 : f->stages[stage].first;

                for (size_t i = end; i-- > first;)
                        for (size_t k = f->instructions[i].n_pairs; k-- > 0;) {
                                const struct docker_pair *pair = &f->instructions[i].pairs[k];

                                if (strcmp(pair->key.text, "PIP_NO_CACHE_DIR") == 0 &&
                                    f->instructions[i].kind != DOCKER_LABEL)
                                        return pair->value.text && is_on(pair->value.text);
                        }
                if (stage == DOCKER_NO_STAGE || f->stages[stage].base == DOCKER_NO_STAGE)
                        return false;
                stage = f->stages[stage].base;
                end = f->stages[stage].last;
        }
}

static int check_pip(struct docker_check *d, const struct docker_instruction *run)
{
        static const char *const install[] = { "install", NULL };
        static const char *const no_cache[] = { "--no-cache-dir", "--no-cache", NULL };
        bool is_exported = false;
        int r = 0;

        if (docker_has_cache(run, "pip") || docker_has_cache(run, "/root/.cache/pip"))
                return 0;
        for (size_t i = 0; r >= 0 && i < run->script.n_commands; i++) {
                struct shell_command c = package_command(&run->script.commands[i]);

                if (strcmp(c.name, "export") == 0 || !*c.name)
                        is_exported = is_exported || sets_no_cache(c.words, c.n_words) ||
                                      (!*c.name && sets_no_cache(c.assigns, c.n_assigns));
                if (strcmp(c.name, "pip") != 0 || is_exported || !asks(&c, install) ||
                    docker_has_option(&c, no_cache) || sets_no_cache(c.assigns, c.n_assigns) ||
                    sets_no_cache(c.words, c.first))
                        continue;
                if (!has_no_cache(d, run))
                        r = docker_tell_command(d, DOCKERFILE_PIP_CACHE, run, &c);
        }
        return r;
}

int docker_check_caches(struct docker_check *d)
{
        int r = 0;

        for (size_t k = 0; r >= 0 && k < d->file->n_instructions; k++) {
                const struct docker_instruction *run = &d->file->instructions[k];

                if (run->kind != DOCKER_RUN)
                        continue;
                for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(caches); i++)
                        r = check_cache(d, run, &caches[i]);
                if (r >= 0)
                        r = check_apk(d, run);
                if (r >= 0)
                        r = check_pip(d, run);
                if (r >= 0)
                        r = check_update_alone(d, run);
                /* What a stage leaves behind counts only if the image is made of it. */
                if (r < 0 ||
                    (run->stage != DOCKER_NO_STAGE && !dockerfile_is_in_last(d->file, run->stage)))
                        continue;
                r = check_apt_lists(d, run);
                if (r >= 0)
                        r = check_yarn(d, run);
        }
        return r;
}
