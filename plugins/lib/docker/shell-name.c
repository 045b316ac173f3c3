/* SPDX-License-Identifier: Apache-2.0 */
#include "docker/shell-name.h"

#include "def.h"

#include <ctype.h>
#include <string.h>

/* A program that runs the one named behind its options. */
struct runner {
        const char *name;
        const char *options;      /* letters of options with a value of their own */
        const char *const *names; /* long options with one */
        unsigned arguments;       /* words of its own before the program */
};

static const char *const sudo_names[] = { "--user",  "--group",  "--host", "--prompt",
                                          "--chdir", "--chroot", "--type", NULL };
static const char *const env_names[] = { "--unset", "--chdir", NULL };
static const char *const timeout_names[] = { "--signal", "--kill-after", NULL };

static const struct runner runners[] = {
        { "sudo", "ughpCrtTUDR", sudo_names, 0 },
        { "doas", "uC", NULL, 0 },
        { "env", "uCS", env_names, 0 },
        { "time", "fo", NULL, 0 },
        { "nice", "n", NULL, 0 },
        { "ionice", "cnp", NULL, 0 },
        { "nohup", "", NULL, 0 },
        { "exec", "a", NULL, 0 },
        { "command", "", NULL, 0 },
        { "builtin", "", NULL, 0 },
        { "stdbuf", "ioe", NULL, 0 },
        { "timeout", "ks", timeout_names, 1 },
        { "gosu", "", NULL, 1 },
        { "su-exec", "", NULL, 1 },
        { "setpriv", "", NULL, 0 },
        { "eatmydata", "", NULL, 0 },
        { "fakeroot", "", NULL, 0 },
        { "busybox", "", NULL, 0 },
};

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash && slash[1] ? slash + 1 : path;
}

static const struct runner *runner_of(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(runners); i++)
                if (strcmp(runners[i].name, base_name(name)) == 0)
                        return &runners[i];
        return NULL;
}

bool shell_is_assignment(const char *text)
{
        size_t n = 0;

        if (!isalpha((unsigned char) *text) && *text != '_')
                return false;
        while (isalnum((unsigned char) text[n]) || text[n] == '_')
                n++;
        return text[n] == '=' || (text[n] == '+' && text[n + 1] == '=');
}

static bool takes_value(const struct runner *runner, const char *option)
{
        if (option[1] == '-') {
                for (const char *const *n = runner->names; n && *n; n++)
                        if (strcmp(*n, option) == 0)
                                return true;
                return false;
        }
        return option[1] && !option[2] && strchr(runner->options, option[1]);
}

/* The index behind a runner, its options and arguments; `at` is the runner. */
static size_t skip_runner(const struct shell_command *c, size_t at, const struct runner *runner)
{
        unsigned arguments = runner->arguments;
        size_t i = at + 1;

        for (; i < c->n_words; i++) {
                const char *text = c->words[i].text;

                if (strcmp(text, "--") == 0)
                        return i + 1;
                if (*text == '-' && text[1])
                        i += takes_value(runner, text);
                else if (shell_is_assignment(text))
                        ;
                else if (arguments > 0)
                        arguments--;
                else
                        break;
        }
        return i;
}

void shell_find_name(struct shell_command *c)
{
        const struct runner *runner;

        c->name = "";
        while (c->first < c->n_words && (runner = runner_of(c->words[c->first].text))) {
                size_t i = skip_runner(c, c->first, runner);

                /* `command -v x` asks, and `exec` alone changes redirections. */
                if (i >= c->n_words ||
                    (strcmp(runner->name, "command") == 0 && *c->words[c->first + 1].text == '-'))
                        break;
                c->first = i;
        }
        if (c->first < c->n_words)
                c->name = base_name(c->words[c->first].text);
}

const struct shell_word *shell_quoted_script(const struct shell_command *c)
{
        static const char *const shells[] = { "sh", "bash", "ash", "dash", "zsh", "ksh", "su" };
        const struct shell_word *word;
        bool is_shell = false;

        if (strcmp(c->name, "eval") == 0)
                return shell_argument(c, 0);
        for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
                is_shell = is_shell || strcmp(shells[i], c->name) == 0;
        for (size_t i = 0; is_shell && (word = shell_argument(c, i)); i++) {
                if (*word->text != '-')
                        return NULL;
                if (word->text[1] != '-' && strchr(word->text, 'c'))
                        return shell_argument(c, i + 1);
        }
        return NULL;
}

const struct shell_word *shell_argument(const struct shell_command *c, size_t i)
{
        return c->first + 1 + i < c->n_words ? &c->words[c->first + 1 + i] : NULL;
}

bool shell_runs_through(const struct shell_command *c, const char *program)
{
        for (size_t i = 0; i < c->first && i < c->n_words; i++)
                if (strcmp(base_name(c->words[i].text), program) == 0)
                        return true;
        return false;
}
