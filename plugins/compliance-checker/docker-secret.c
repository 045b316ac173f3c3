/* SPDX-License-Identifier: Apache-2.0 */

/* ARG and ENV whose names say that they hold a secret. */
#include "docker-check.h"

#include "scan/value.h"
#include "secret-name.h"
#include "variable.h"

/* Is the value itself here, or does it only come through? */
static enum dockerfile_rule rule_for(const char *value, bool is_env)
{
        struct span span = { value ? value : "", value ? strlen(value) : 0 };

        if (span.length == 0 || value_is_reference(span) || value_is_placeholder(span))
                return is_env ? DOCKERFILE_ENV_SECRET_ARG : DOCKERFILE_SECRET_ARG;
        return is_env ? DOCKERFILE_ENV_SECRET : DOCKERFILE_SECRET;
}

static int check_pair(struct docker_check *d, const struct docker_instruction *i,
                      const struct docker_pair *pair, bool is_env)
{
        const char *value = pair->value.text;
        enum dockerfile_rule rule;
        int r = 0;

        if (!secret_name_is(pair->key.text))
                return 0;
        /* An empty default, or the name of a file, holds nothing. */
        if (value && i->kind == DOCKER_ENV && (!*value || *value == '/'))
                return 0;
        rule = rule_for(value, is_env);
        /* ENV X=$X is told where X comes from. */
        if (i->kind == DOCKER_ENV &&
            (rule == DOCKERFILE_SECRET_ARG || rule == DOCKERFILE_ENV_SECRET_ARG))
                return 0;
        if (value && *value)
                r = check_hide(d->c, pair->value.start, pair->value.end, 0);
        return r < 0 ? r
                     : docker_tell(d, rule, i, pair->key.start,
                                   value ? pair->value.end : pair->key.end);
}

int docker_check_secrets(struct docker_check *d, bool is_env)
{
        int r = 0;

        for (size_t k = 0; r >= 0 && k < d->file->n_instructions; k++) {
                const struct docker_instruction *i = &d->file->instructions[k];

                if (i->kind != DOCKER_ENV && i->kind != DOCKER_ARG)
                        continue;
                for (size_t j = 0; r >= 0 && j < i->n_pairs; j++) {
                        r = check_pair(d, i, &i->pairs[j], is_env);
                        if (r >= 0 && is_env)
                                r = variable_declare(d->c, i->pairs[j].key.text);
                }
        }
        return r;
}
