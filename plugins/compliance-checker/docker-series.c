/* SPDX-License-Identifier: Apache-2.0 */

/* Checks of what lasts from one instruction to the next: the shell, downloads, layers, archives. */
#include "docker-check.h"

/* What a stage's shell does with a failure within a pipe. */
enum pipes { PIPES_LOOSE, PIPES_STRICT, PIPES_OTHER };

/* An option of `set` or of a shell's command line: pipefail behind an -…o. */
static bool is_pipefail(const char *option, const char *value)
{
        size_t n = strlen(option);

        return value && n > 1 && *option == '-' && option[n - 1] == 'o' &&
               strcmp(value, "pipefail") == 0;
}

static enum pipes pipes_of_shell(const char *program)
{
        static const char *const others[] = { "pwsh",     "powershell", "powershell.exe",
                                              "pwsh.exe", "cmd",        "cmd.exe",
                                              NULL };
        static const char *const posix[] = { "bash", "zsh", "ash", "ksh", NULL };
        const char *slash = strrchr(program, '/');
        const char *base = slash ? slash + 1 : program;

        return docker_is_one_of(base, others)  ? PIPES_OTHER
               : docker_is_one_of(base, posix) ? PIPES_STRICT
                                               : PIPES_LOOSE;
}

static enum pipes pipes_of(const struct docker_instruction *shell)
{
        enum pipes pipes;

        if (shell->n_words == 0)
                return PIPES_LOOSE;
        pipes = pipes_of_shell(shell->words[0].text);
        if (pipes != PIPES_STRICT)
                return pipes;
        for (size_t i = 1; i + 1 < shell->n_words; i++)
                if (is_pipefail(shell->words[i].text, shell->words[i + 1].text))
                        return PIPES_STRICT;
        return PIPES_LOOSE;
}

/* Does the script itself begin with `set -o pipefail`? */
static bool sets_pipefail(const struct shell_script *s)
{
        for (size_t i = 0; i < s->n_commands; i++) {
                const struct shell_command *c = &s->commands[i];

                if (c->join == SHELL_PIPE)
                        return false;
                if (strcmp(c->name, "set") != 0)
                        continue;
                for (size_t k = c->first + 1; k + 1 < c->n_words; k++)
                        if (is_pipefail(c->words[k].text, c->words[k + 1].text))
                                return true;
        }
        return false;
}

/* What a comment says of the shell of the instructions behind it: hadolint shell=NAME. */
static const char *shell_of_comment(const struct docker_comment *comment)
{
        const char *at = strstr(comment->text, "hadolint");

        at = at == comment->text ? strstr(at, "shell") : NULL;
        at = at ? strchr(at, '=') : NULL;
        return at ? at + 1 + strspn(at + 1, " \t") : NULL;
}

/* Pipes of each RUN against the shell that its stage has there. */
static int check_pipes(struct docker_check *d)
{
        const struct docker_file *f = d->file;
        _cleanup_(freep) enum pipes *ends = calloc(f->n_stages + 1, sizeof(*ends));
        enum pipes pipes = PIPES_LOOSE;
        size_t comment = 0;
        int r = ends ? 0 : -ENOMEM;

        for (size_t k = 0; r >= 0 && k < f->n_instructions; k++) {
                const struct docker_instruction *i = &f->instructions[k];

                if (i->kind == DOCKER_FROM && i->stage != DOCKER_NO_STAGE) {
                        size_t base = f->stages[i->stage].base;

                        pipes = base == DOCKER_NO_STAGE ? PIPES_LOOSE : ends[base];
                }
                for (; comment < f->n_comments && f->comments[comment].next <= k; comment++) {
                        const char *shell = shell_of_comment(&f->comments[comment]);

                        if (shell)
                                pipes = pipes_of_shell(shell) == PIPES_OTHER ? PIPES_OTHER
                                                                             : PIPES_LOOSE;
                }
                if (i->kind == DOCKER_SHELL)
                        pipes = pipes_of(i);
                if (i->stage != DOCKER_NO_STAGE)
                        ends[i->stage] = pipes;
                if (i->kind == DOCKER_RUN && !i->is_json && pipes == PIPES_LOOSE &&
                    i->script.n_pipes > 0 && !sets_pipefail(&i->script))
                        r = docker_tell_all(d, DOCKERFILE_PIPEFAIL, i);
        }
        return r;
}

/* Told for each RUN of a stage that uses the one where another uses the other. */
static int check_downloads(struct docker_check *d)
{
        const struct docker_file *f = d->file;
        bool has_curl = false, has_wget = false;
        size_t stage = DOCKER_NO_STAGE;
        int r = 0;

        for (size_t k = 0; r >= 0 && k < f->n_instructions; k++) {
                const struct docker_instruction *i = &f->instructions[k];
                bool curl = false, wget = false;

                if (i->stage != stage)
                        has_curl = has_wget = false;
                stage = i->stage;
                if (i->kind != DOCKER_RUN)
                        continue;
                for (size_t n = 0; n < i->script.n_commands; n++) {
                        curl = curl || strcmp(i->script.commands[n].name, "curl") == 0;
                        wget = wget || strcmp(i->script.commands[n].name, "wget") == 0;
                }
                if ((curl && (has_wget || wget)) || (wget && has_curl))
                        r = docker_tell_all(d, DOCKERFILE_WGET_AND_CURL, i);
                has_curl = has_curl || curl;
                has_wget = has_wget || wget;
        }
        return r;
}

static bool same_flags(const struct docker_instruction *a, const struct docker_instruction *b)
{
        if (a->n_flags != b->n_flags)
                return false;
        for (size_t i = 0; i < a->n_flags; i++)
                if (strcmp(a->flags[i].name, b->flags[i].name) != 0 ||
                    strcmp(a->flags[i].value, b->flags[i].value) != 0)
                        return false;
        return true;
}

/* Long scripts are kept apart for a reason; short ones are joined. */
static int check_following(struct docker_check *d)
{
        enum { SHORT = 2 };
        const struct docker_file *f = d->file;
        int r = 0;

        for (size_t k = 1; r >= 0 && k < f->n_instructions; k++) {
                const struct docker_instruction *a = &f->instructions[k - 1],
                                                *b = &f->instructions[k];

                if (a->kind == DOCKER_RUN && b->kind == DOCKER_RUN && !a->is_onbuild &&
                    !b->is_onbuild && same_flags(a, b) && !a->n_heredocs && !b->n_heredocs &&
                    b->script.n_commands <= SHORT && a->script.n_commands <= SHORT)
                        r = docker_tell_all(d, DOCKERFILE_MANY_RUNS, b);
        }
        return r;
}

/* --- archives -----------------------------------------------------------------------------------
 */

static bool is_archive_name(const char *name)
{
        static const char *const ends[] = { ".tar",  ".gz",  ".bz2", ".xz",  ".tgz",  ".tbz",
                                            ".tbz2", ".txz", ".lz",  ".Z",   ".lzma", ".tlz",
                                            ".tpz",  ".tb2", ".tZ",  ".zst", ".tzst" };
        size_t n = strlen(name);

        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                if (n > strlen(ends[i]) && strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
                        return true;
        return false;
}

static const char *base_name(const char *path)
{
        const char *base = path;

        for (const char *at = path; *at; at++)
                if ((*at == '/' || *at == '\\') && at[1])
                        base = at + 1;
        return base;
}

/* tar -x, tar xf, unzip … of a file with this name? */
static bool unpacks(const struct shell_command *c, const char *name)
{
        static const char *const programs[] = { "gunzip", "bunzip2",    "unxz",  "unlzma",
                                                "zcat",   "gzcat",      "unzip", "bzcat",
                                                "xzcat",  "uncompress", "zgz",   "unzstd",
                                                "bsdtar", NULL };
        static const char *const extract[] = { "--extract", "--get", "-x", NULL };
        const struct shell_word *word = shell_argument(c, 0);
        bool is_tar = strcmp(c->name, "tar") == 0;

        if (!word || (!is_tar && !docker_is_one_of(c->name, programs)))
                return false;
        if (is_tar && !docker_has_option(c, extract) &&
            !(*word->text != '-' && strchr(word->text, 'x') &&
              strspn(word->text, "xvfzjJpkC") == strlen(word->text)))
                return false;
        for (size_t i = 0; (word = shell_argument(c, i)); i++)
                if (strcmp(base_name(word->text), name) == 0 ||
                    (strncmp(word->text, "--file=", 7) == 0 &&
                     strcmp(base_name(word->text + 7), name) == 0))
                        return true;
        return false;
}

static bool is_unpacked_later(const struct docker_check *d, size_t copy, const char *name)
{
        const struct docker_file *f = d->file;
        size_t stage = f->instructions[copy].stage;

        for (size_t k = copy + 1; k < f->n_instructions && f->instructions[k].stage == stage; k++)
                for (size_t n = 0; n < f->instructions[k].script.n_commands; n++)
                        if (unpacks(&f->instructions[k].script.commands[n], name))
                                return true;
        return false;
}

static int check_archives(struct docker_check *d)
{
        enum { LOOKED_AT = 64 };
        const struct docker_file *f = d->file;
        unsigned looked_at = 0;
        int r = 0;

        for (size_t k = 0; r >= 0 && k < f->n_instructions; k++) {
                const struct docker_instruction *i = &f->instructions[k];
                bool found = false;

                if (i->kind != DOCKER_COPY || docker_flag(i, "from"))
                        continue;
                /* The name is the source's, or the target's if that is a file. */
                for (size_t n = 0; !found && n < i->n_words; n++)
                        found = is_archive_name(i->words[n].text) && looked_at++ < LOOKED_AT &&
                                is_unpacked_later(d, k, base_name(i->words[n].text));
                if (found)
                        r = docker_tell_all(d, DOCKERFILE_COPY_ARCHIVE, i);
        }
        return r;
}

int docker_check_series(struct docker_check *d)
{
        static int (*const checks[])(struct docker_check * d) = {
                check_pipes,
                check_downloads,
                check_following,
                check_archives,
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(checks); i++)
                r = checks[i](d);
        return r;
}
