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

/* An empty value, the name of a file, a switch or a small number is no secret. */
static bool is_harmless(const char *value)
{
        static const char *const words[] = { "true", "false", "yes",      "no",       "on", "off",
                                             "none", "null",  "required", "optional", NULL };

        for (const char *const *word = words; *word; word++)
                if (strcasecmp(value, *word) == 0)
                        return true;
        return *value == '/' || (strlen(value) < 4 && strspn(value, "0123456789") == strlen(value));
}

static int check_pair(struct docker_check *d, const struct docker_instruction *i,
                      const struct docker_pair *pair, bool is_env)
{
        const char *value = pair->value.text;
        int r = 0;

        if (!secret_name_is(pair->key.text) ||
            (value && (*value || i->kind == DOCKER_ENV) && is_harmless(value)))
                return 0;
        if (value && *value)
                r = check_hide(d->c, pair->value.start, pair->value.end, 0);
        return r < 0 ? r
                     : docker_tell(d, rule_for(value, is_env), i, pair->key.start,
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
