/* SPDX-License-Identifier: Apache-2.0 */

/* Checks of RUN that are not about package managers. */
#include "docker-check.h"

#include <ctype.h>

static int check_names(struct docker_check *d, const struct docker_instruction *run,
                       const struct shell_command *c)
{
        static const char *const pointless[] = { "ssh",   "vim",      "shutdown", "service",
                                                 "ps",    "free",     "top",      "kill",
                                                 "mount", "ifconfig", NULL };
        static const struct {
                const char *name;
                enum dockerfile_rule rule;
        } names[] = {
                { "cd", DOCKERFILE_CD },
                { "apt", DOCKERFILE_APT },
                { "chpasswd", DOCKERFILE_CHPASSWD },
        };
        int r = 0;

        if (docker_is_one_of(c->name, pointless))
                r = docker_tell_command(d, DOCKERFILE_POINTLESS_COMMAND, run, c);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++)
                if (strcmp(c->name, names[i].name) == 0)
                        r = docker_tell_command(d, names[i].rule, run, c);
        if (r >= 0 && (shell_runs_through(c, "sudo") || strcmp(c->name, "sudo") == 0))
                r = docker_tell_command(d, DOCKERFILE_SUDO, run, c);
        return r;
}

/* chmod 777, 0777, 666, a+w, o+w, +w with a or nothing before it. */
static bool is_for_all(const char *mode)
{
        size_t n = strlen(mode);

        if (n >= 3 && strspn(mode, "01234567") == n)
                return strchr("2367", mode[n - 1]) != NULL && !(n == 4 && *mode == '1');
        for (const char *at = strpbrk(mode, "+="); at; at = strpbrk(at + 1, "+=")) {
                const char *who = at;

                while (who > mode && isalpha((unsigned char) who[-1]))
                        who--;
                for (; who < at; who++)
                        if ((*who == 'o' || *who == 'a') &&
                            strcspn(at + 1, "w") < strcspn(at + 1, ","))
                                return true;
        }
        return false;
}

static int check_chmod(struct docker_check *d, const struct docker_instruction *run,
                       const struct shell_command *c)
{
        static const char *const sticky[] = { "1777", NULL };
        const struct shell_word *words[2];

        if (strcmp(c->name, "chmod") != 0 || docker_operands(c, NULL, words, 2) < 2 ||
            docker_is_one_of(words[0]->text, sticky) || !is_for_all(words[0]->text))
                return 0;
        return docker_tell_command(d, DOCKERFILE_WORLD_WRITABLE, run, c);
}

static int check_link(struct docker_check *d, const struct docker_instruction *run,
                      const struct shell_command *c)
{
        const struct shell_word *words[8];
        size_t n;

        if (strcmp(c->name, "ln") != 0)
                return 0;
        n = docker_operands(c, NULL, words, ARRAY_SIZE(words));
        if (n < 2 || strcmp(words[n - 1]->text, "/bin/sh") != 0)
                return 0;
        return docker_tell_command(d, DOCKERFILE_LINKED_SHELL, run, c);
}

static int check_useradd(struct docker_check *d, const struct docker_instruction *run,
                         const struct shell_command *c)
{
        static const char *const uid[] = { "-u", "--uid", NULL };
        static const char *const no_log[] = { "-l", "--no-log-init", NULL };
        const char *value;

        if (strcmp(c->name, "useradd") != 0 || docker_has_option(c, no_log))
                return 0;
        value = docker_option_value(c, uid);
        if (!value || strspn(value, "0123456789") != strlen(value) || strlen(value) <= 5)
                return 0;
        return docker_tell_command(d, DOCKERFILE_USERADD, run, c);
}

static int check_wget(struct docker_check *d, const struct docker_instruction *run,
                      const struct shell_command *c)
{
        static const char *const quiet[] = {
                "-q", "--quiet",         "-nv",        "--no-verbose",    "-o", "--output-file",
                "-a", "--append-output", "--progress", "--show-progress", NULL
        };
        static const char *const asks[] = { "--version", "--help", "-V", "-h", NULL };

        if (strcmp(c->name, "wget") != 0 || docker_has_option(c, quiet) ||
            docker_has_option(c, asks) || !shell_argument(c, 0))
                return 0;
        return docker_tell_command(d, DOCKERFILE_WGET_PROGRESS, run, c);
}

static int check_socket(struct docker_check *d, const struct docker_instruction *run,
                        const struct shell_command *c)
{
        for (size_t i = 0; i < c->n_words; i++)
                if (strstr(c->words[i].text, "/docker.sock"))
                        return docker_tell_command(d, DOCKERFILE_DOCKER_SOCKET, run, c);
        return 0;
}

static bool is_download(const char *name)
{
        static const char *const names[] = { "curl", "wget", "fetch", "aria2c", NULL };

        return docker_is_one_of(name, names);
}

static bool is_interpreter(const char *name)
{
        static const char *const names[] = { "sh",  "bash",    "zsh",  "ash",  "dash",
                                             "ksh", "python",  "perl", "ruby", "node",
                                             "php", "python3", NULL };

        return docker_is_one_of(name, names);
}

/* curl … | sh, also with programs between; sh -c "$(curl …)", sh <(curl …). */
static int check_pipe_shell(struct docker_check *d, const struct docker_instruction *run)
{
        const struct shell_script *s = &run->script;
        size_t download = SIZE_MAX;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < s->n_commands; i++) {
                const struct shell_command *c = &s->commands[i];
                bool is_piped = download != SIZE_MAX && c->join == SHELL_PIPE &&
                                c->pipeline == s->commands[download].pipeline;
                bool is_shell = is_interpreter(c->name);

                if (is_piped && is_shell)
                        r = docker_tell_command(d, DOCKERFILE_PIPE_SHELL, run, c);
                if (is_download(c->name))
                        download = i;
                for (size_t k = c->first + 1; r >= 0 && !is_piped && k < c->n_words; k++) {
                        const char *text = c->words[k].text;

                        if ((is_shell || strcmp(c->name, "eval") == 0 ||
                             strcmp(c->name, ".") == 0 || strcmp(c->name, "source") == 0) &&
                            (strncmp(text, "$(", 2) == 0 || *text == '`' ||
                             strncmp(text, "<(", 2) == 0) &&
                            (strstr(text, "curl ") || strstr(text, "wget "))) {
                                r = docker_tell_command(d, DOCKERFILE_PIPE_SHELL, run, c);
                                break;
                        }
                }
        }
        return r;
}

static int check_flags(struct docker_check *d, const struct docker_instruction *run)
{
        const char *security = docker_flag(run, "security"), *network = docker_flag(run, "network");

        if ((security && strcmp(security, "insecure") == 0) ||
            (network && strcmp(network, "host") == 0))
                return docker_tell_all(d, DOCKERFILE_INSECURE_RUN, run);
        return 0;
}

static int check_commands(struct docker_check *d, const struct docker_instruction *run)
{
        static int (*const checks[])(struct docker_check * d, const struct docker_instruction *run,
                                     const struct shell_command *c) = {
                check_names,   check_chmod, docker_check_trust, check_link,
                check_useradd, check_wget,  check_socket,
        };
        int r = 0;

        for (size_t n = 0; r >= 0 && n < run->script.n_commands; n++)
                for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(checks); i++)
                        r = checks[i](d, run, &run->script.commands[n]);
        return r;
}

int docker_check_runs(struct docker_check *d)
{
        int r = 0;

        for (size_t k = 0; r >= 0 && k < d->file->n_instructions; k++) {
                const struct docker_instruction *i = &d->file->instructions[k];

                if (i->kind != DOCKER_RUN)
                        continue;
                r = check_commands(d, i);
                if (r >= 0)
                        r = check_pipe_shell(d, i);
                if (r >= 0)
                        r = check_flags(d, i);
        }
        return r;
}
