/* SPDX-License-Identifier: Apache-2.0 */
#include "dockerfile.h"

#include "docker-check.h"

#include <ctype.h>

enum { IGNORED_MAX = 512 };

size_t dockerfile_rules(void)
{
        return DOCKERFILE_RULES_;
}

/* "DL3008" of a rule's references; "" = none. */
static void number_of(enum dockerfile_rule rule, char ret[16])
{
        const char *refs = dockerfile_notices[rule].refs;
        const char *at = refs ? strstr(refs, "hadolint:") : NULL;

        at = at ? at + strlen("hadolint:") : "";
        (void) snprintf(ret, 16, "%.*s", (int) MIN_OF(strcspn(at, " "), (size_t) 15), at);
}

/* Is a rule among "DL3006, DL3008"? */
static bool is_listed(const char *list, const char *rule)
{
        size_t n = strlen(rule);

        for (const char *at = list; (at = strstr(at, rule)); at += n)
                if (!isalnum((unsigned char) at[n]) &&
                    (at == list || !isalnum((unsigned char) at[-1])))
                        return true;
        return false;
}

/* What stands behind "ignore=" in "hadolint ignore=…" or "hadolint global ignore=…", or NULL. */
static const char *ignored_by(const struct docker_comment *comment, bool *ret_global)
{
        const char *at = comment->text;

        *ret_global = false;
        if (strncmp(at, "hadolint", 8) != 0 || !isspace((unsigned char) at[8]))
                return NULL;
        at += 8 + strspn(at + 8, " \t");
        if (strncmp(at, "global", 6) == 0) {
                *ret_global = true;
                at += 6 + strspn(at + 6, " \t");
        }
        if (strncmp(at, "ignore", 6) != 0)
                return NULL;
        at += 6 + strspn(at + 6, " \t");
        return *at == '=' ? at + 1 : NULL;
}

/* The comment that waives a rule for an instruction, or NULL. */
static const char *waiver_of(const struct docker_check *d, enum dockerfile_rule rule,
                             const struct docker_instruction *i)
{
        const struct docker_file *f = d->file;
        size_t index = (size_t) (i - f->instructions);
        unsigned looked_at = 0;
        bool is_global;
        char number[16];

        number_of(rule, number);
        if (!*number || rule == DOCKERFILE_INLINE_IGNORE)
                return NULL;
        if (docker_config_ignores(d->config, number))
                return check_keep(d->c, "%s is ignored in .hadolint.yaml", number);
        for (size_t k = 0; k < f->n_comments && looked_at < IGNORED_MAX; k++) {
                const char *list = ignored_by(&f->comments[k], &is_global);

                looked_at += list != NULL;
                if (list && (is_global || f->comments[k].next == index) && is_listed(list, number))
                        return check_keep(d->c, "hadolint ignore=%s", number);
        }
        return NULL;
}

int docker_tell(struct docker_check *d, enum dockerfile_rule rule,
                const struct docker_instruction *i, size_t start, size_t end)
{
        const struct notice *notice = &dockerfile_notices[rule];
        enum control control = strncmp(notice->rule, "env/", 4) == 0 ? CONTROL_ENV : CONTROL_CONFIG;

        return check_notice_waived(d->c, control, notice, start, end, waiver_of(d, rule, i));
}

int docker_tell_all(struct docker_check *d, enum dockerfile_rule rule,
                    const struct docker_instruction *i)
{
        return docker_tell(d, rule, i, i->start, i->end);
}

int docker_tell_command(struct docker_check *d, enum dockerfile_rule rule,
                        const struct docker_instruction *i, const struct shell_command *command)
{
        return docker_tell(d, rule, i, docker_place(i, command->start),
                           docker_place(i, MAX_OF(command->end, command->start + 1) - 1) + 1);
}

static int check_ignores(struct docker_check *d)
{
        bool is_global;
        int r = 0;

        for (size_t k = 0; r >= 0 && k < d->file->n_comments; k++) {
                const struct docker_comment *comment = &d->file->comments[k];

                if (ignored_by(comment, &is_global))
                        r = check_notice(d->c, CONTROL_CONFIG,
                                         &dockerfile_notices[DOCKERFILE_INLINE_IGNORE],
                                         comment->start, comment->end);
        }
        return r;
}

/* The groups of checks over one parsed file. */
static int check_all(struct docker_check *d)
{
        static int (*const groups[])(struct docker_check * d) = {
                check_ignores,       docker_check_stages,   docker_check_files,  docker_check_runs,
                docker_check_series, docker_check_packages, docker_check_labels,
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(groups); i++)
                r = groups[i](d);
        return r;
}

static int load_config(struct check *c)
{
        int r;

        if (c->docker)
                return 0;
        c->docker = calloc(1, sizeof(*c->docker));
        if (!c->docker)
                return -ENOMEM;
        r = docker_config_load(c->docker, linhay_workspace(c->run));
        return r;
}

static int check_file(struct check *c, bool is_env)
{
        struct docker_file file = { 0 };
        struct docker_check d = { .c = c, .file = &file };
        int r;

        if (!docker_is_dockerfile(c->path))
                return 0;
        r = load_config(c);
        if (r >= 0)
                r = dockerfile_parse(&file, c->text, c->length);
        d.config = c->docker;
        if (r >= 0 && file.is_cut && !is_env)
                r = check_not_scanned(c, c->path, "too-many-instructions");
        if (r >= 0)
                r = is_env ? docker_check_secrets(&d, true) : check_all(&d);
        /* Secrets are told once: by the control env, or by this one where env is not wanted. */
        if (r >= 0 && !is_env && !c->wanted[CONTROL_ENV])
                r = docker_check_secrets(&d, false);
        dockerfile_done(&file);
        return r;
}

int dockerfile_check(struct check *c)
{
        if (docker_is_dockerfile(c->path))
                check_concerns(c, CONTROL_CONFIG);
        return check_file(c, false);
}

int dockerfile_check_env(struct check *c)
{
        return check_file(c, true);
}

void dockerfile_config_free(struct check *c)
{
        if (c->docker)
                docker_config_done(c->docker);
        free(c->docker);
        c->docker = NULL;
}
