/* SPDX-License-Identifier: Apache-2.0 */

/* Checks of single instructions but RUN and LABEL: files, folders, ports, variables. */
#include "docker-check.h"

#include <ctype.h>

static bool ends_with(const char *text, const char *end)
{
        size_t n = strlen(text), m = strlen(end);

        return n >= m && strcasecmp(text + n - m, end) == 0;
}

/* What ADD unpacks. */
static bool is_archive(const char *path)
{
        static const char *const ends[] = { ".tar", ".gz",   ".bz2",  ".xz",   ".tgz", ".tbz",
                                            ".txz", ".lz",   ".zst",  ".lzma", ".tlz", ".tpz",
                                            ".tb2", ".tbz2", ".tzst", ".Z" };

        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                if (ends_with(path, ends[i]))
                        return true;
        return false;
}

static bool is_url(const char *text)
{
        return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0 ||
               strncasecmp(text, "ftp://", 6) == 0;
}

/* git@host:x, https://host/x.git#branch: BuildKit clones it, and the commit is its checksum. */
static bool is_git(const char *text)
{
        return strncmp(text, "git@", 4) == 0 || strncmp(text, "git://", 6) == 0 ||
               strncmp(text, "ssh://", 6) == 0 ||
               (is_url(text) && (ends_with(text, ".git") || strstr(text, ".git#")));
}

/* /x, $X, C:\x */
static bool is_absolute(const char *path)
{
        return *path == '/' || *path == '$' || *path == '\\' ||
               (isalpha((unsigned char) *path) && path[1] == ':');
}

static int check_workdir(struct docker_check *d, const struct docker_instruction *i)
{
        if (i->n_words == 0 || is_absolute(i->words[0].text))
                return 0;
        return docker_tell_all(d, DOCKERFILE_RELATIVE_WORKDIR, i);
}

static int check_add(struct docker_check *d, const struct docker_instruction *i)
{
        bool is_local = false, is_remote = false;

        if (i->n_words < 2)
                return 0;
        for (size_t k = 0; k + 1 < i->n_words; k++) {
                const char *source = i->words[k].text;

                if (is_git(source) || strncmp(source, "<<", 2) == 0)
                        continue;
                if (is_url(source))
                        is_remote = true;
                else if (!is_archive(source) && *source != '$' && !strpbrk(source, "*?"))
                        is_local = true;
        }
        if (is_remote && !docker_flag(i, "checksum"))
                return docker_tell_all(d, DOCKERFILE_ADD_REMOTE, i);
        return is_local ? docker_tell_all(d, DOCKERFILE_ADD_LOCAL, i) : 0;
}

/* Is a WORKDIR set before an instruction, in its stage or those that it is made of? */
static bool has_workdir(const struct docker_check *d, const struct docker_instruction *copy)
{
        const struct docker_file *f = d->file;
        size_t stage = copy->stage, end = (size_t) (copy - f->instructions);

        for (;;) {
                size_t first = stage == DOCKER_NO_STAGE ? 0 : f->stages[stage].first;

                for (size_t i = end; i-- > first;)
                        if (f->instructions[i].kind == DOCKER_WORKDIR &&
                            (!f->instructions[i].is_onbuild || copy->is_onbuild ||
                             stage != copy->stage))
                                return true;
                if (stage == DOCKER_NO_STAGE || f->stages[stage].base == DOCKER_NO_STAGE)
                        return false;
                stage = f->stages[stage].base;
                end = f->stages[stage].last;
        }
}

static int check_copy_from(struct docker_check *d, const struct docker_instruction *i)
{
        const char *from = docker_flag(i, "from");
        const struct docker_stage *own;

        if (!from || !*from || strchr(from, '$') || i->stage == DOCKER_NO_STAGE)
                return 0;
        own = &d->file->stages[i->stage];
        if (strcasecmp(own->name, from) == 0)
                return docker_tell_all(d, DOCKERFILE_COPY_FROM_SELF, i);
        if (strpbrk(from, ":@/") || dockerfile_stage(d->file, from, own->from) != DOCKER_NO_STAGE)
                return 0;
        return docker_tell_all(d, DOCKERFILE_COPY_FROM_UNKNOWN, i);
}

static int check_copy(struct docker_check *d, const struct docker_instruction *i)
{
        const char *target = i->n_words ? i->words[i->n_words - 1].text : "";
        size_t n = strlen(target);
        int r = check_copy_from(d, i);

        if (r < 0 || i->n_words < 2)
                return r;
        if (i->n_words > 2 && n && target[n - 1] != '/' && target[n - 1] != '\\' &&
            !strchr(target, '$'))
                r = docker_tell_all(d, DOCKERFILE_COPY_NO_SLASH, i);
        if (r >= 0 && !is_absolute(target) && !has_workdir(d, i))
                r = docker_tell_all(d, DOCKERFILE_COPY_RELATIVE, i);
        return r;
}

/* One port, or both of a range; 0 = it is no number. */
static void ports_of(const char *text, unsigned long ret[2])
{
        char *end;

        ret[0] = ret[1] = 0;
        if (!isdigit((unsigned char) *text))
                return;
        ret[0] = ret[1] = strtoul(text, &end, 10);
        if (*end == '-' && isdigit((unsigned char) end[1]))
                ret[1] = strtoul(end + 1, NULL, 10);
}

static int check_expose(struct docker_check *d, const struct docker_instruction *i)
{
        bool is_bad = false, is_ssh = false, is_low = false;

        for (size_t k = 0; k < i->n_words; k++) {
                unsigned long port[2];

                ports_of(i->words[k].text, port);
                is_bad = is_bad || port[0] > 65535 || port[1] > 65535;
                is_ssh = is_ssh || (port[0] && port[0] <= 22 && port[1] >= 22);
                is_low = is_low || (port[0] && port[0] < 1024);
        }
        if (is_bad)
                return docker_tell_all(d, DOCKERFILE_BAD_PORT, i);
        if (is_ssh)
                return docker_tell_all(d, DOCKERFILE_SSH_PORT, i);
        return is_low ? docker_tell_all(d, DOCKERFILE_LOW_PORT, i) : 0;
}

static int check_command(struct docker_check *d, const struct docker_instruction *i)
{
        if (i->is_json || i->n_words == 0 ||
            (i->kind == DOCKER_HEALTHCHECK && strcasecmp(i->words[0].text, "NONE") == 0))
                return 0;
        return docker_tell_all(d, DOCKERFILE_NO_JSON, i);
}

static int check_maintainer(struct docker_check *d, const struct docker_instruction *i)
{
        return docker_tell_all(d, DOCKERFILE_MAINTAINER, i);
}

static int check_volume(struct docker_check *d, const struct docker_instruction *i)
{
        for (size_t k = 0; k < i->n_words; k++)
                if (strstr(i->words[k].text, "docker.sock"))
                        return docker_tell_all(d, DOCKERFILE_DOCKER_SOCKET, i);
        return 0;
}

/* --- variables ---------------------------------------------------------------------------------
 */

/* Does a value name a variable: $NAME or ${NAME…}? */
static bool uses(const char *value, const char *name)
{
        size_t n = strlen(name);

        for (const char *at = value; (at = strchr(at, '$'));) {
                const char *start = at + 1 + (at[1] == '{');

                if ((at == value || at[-1] != '\\') && strncmp(start, name, n) == 0 &&
                    !isalnum((unsigned char) start[n]) && start[n] != '_')
                        return true;
                at++;
        }
        return false;
}

/* Is a variable set before an instruction, in its stage? */
static bool is_set_before(const struct docker_check *d, const struct docker_instruction *i,
                          const char *name)
{
        const struct docker_file *f = d->file;
        size_t first = i->stage == DOCKER_NO_STAGE ? 0 : f->stages[i->stage].first;

        for (size_t at = (size_t) (i - f->instructions); at-- > first;)
                for (size_t k = 0; k < f->instructions[at].n_pairs; k++)
                        if (f->instructions[at].kind != DOCKER_LABEL &&
                            strcmp(f->instructions[at].pairs[k].key.text, name) == 0)
                                return true;
        return false;
}

static int check_env_self(struct docker_check *d, const struct docker_instruction *i)
{
        enum { PAIRS_MAX = 128 };
        size_t n = MIN_OF(i->n_pairs, (size_t) PAIRS_MAX);

        for (size_t k = 0; k < n; k++)
                for (size_t j = 0; j < n; j++)
                        if (j != k && i->pairs[k].value.text && *i->pairs[j].key.text &&
                            uses(i->pairs[k].value.text, i->pairs[j].key.text) &&
                            !is_set_before(d, i, i->pairs[j].key.text))
                                return docker_tell_all(d, DOCKERFILE_ENV_SELF, i);
        return 0;
}

static int check_env(struct docker_check *d, const struct docker_instruction *i)
{
        int r = i->kind == DOCKER_ENV ? check_env_self(d, i) : 0;

        return r < 0 ? r : docker_check_trust_of(d, i);
}

static int (*const checks[DOCKER_KINDS_])(struct docker_check *d,
                                          const struct docker_instruction *i) = {
        [DOCKER_ADD] = check_add,
        [DOCKER_ARG] = check_env,
        [DOCKER_CMD] = check_command,
        [DOCKER_COPY] = check_copy,
        [DOCKER_ENTRYPOINT] = check_command,
        [DOCKER_ENV] = check_env,
        [DOCKER_EXPOSE] = check_expose,
        [DOCKER_HEALTHCHECK] = check_command,
        [DOCKER_MAINTAINER] = check_maintainer,
        [DOCKER_VOLUME] = check_volume,
        [DOCKER_WORKDIR] = check_workdir,
};

int docker_check_files(struct docker_check *d)
{
        int r = 0;

        for (size_t k = 0; r >= 0 && k < d->file->n_instructions; k++) {
                const struct docker_instruction *i = &d->file->instructions[k];

                if (i->is_onbuild && (i->kind == DOCKER_ONBUILD || i->kind == DOCKER_FROM ||
                                      i->kind == DOCKER_MAINTAINER))
                        r = docker_tell_all(d, DOCKERFILE_BAD_ONBUILD, i);
                else if (checks[i->kind])
                        r = checks[i->kind](d, i);
        }
        return r;
}
