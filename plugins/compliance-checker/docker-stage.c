/* SPDX-License-Identifier: Apache-2.0 */

/* Checks of the stages: their images, names, users, and what must stand in each only once. */
#include "docker-check.h"
#include "docker/image.h"

#include <ctype.h>

static const struct docker_instruction *from_of(const struct docker_check *d, size_t stage)
{
        return &d->file->instructions[d->file->stages[stage].from];
}

static int check_registry(struct docker_check *d, size_t stage, const struct image *image)
{
        char registry[256];

        (void) snprintf(registry, sizeof(registry), "%.*s",
                        image->registry.length ? (int) MIN_OF(image->registry.length, 255u) : 9,
                        image->registry.length ? image->registry.text : "docker.io");
        if (docker_config_trusts(d->config, registry) ||
            (!image->registry.length && docker_config_trusts(d->config, "hub.docker.com")))
                return 0;
        return docker_tell_all(d, DOCKERFILE_REGISTRY, from_of(d, stage));
}

static int check_image(struct docker_check *d, size_t stage)
{
        const struct docker_stage *s = &d->file->stages[stage];
        const struct docker_instruction *from = from_of(d, stage);
        struct image image = image_split(s->image);
        int r = 0;

        if (s->base != DOCKER_NO_STAGE || !*s->image || strcasecmp(s->image, "scratch") == 0)
                return 0;
        if (*s->image != '$')
                r = check_registry(d, stage, &image);
        if (r < 0 || image.digest.length)
                return r;
        /* What a variable holds may be a tag as well. */
        if (!image.tag.length)
                return image.name.length && memchr(image.name.text, '$', image.name.length)
                               ? 0
                               : docker_tell_all(d, DOCKERFILE_NO_TAG, from);
        if (image_part_is(image.tag, "latest"))
                return docker_tell_all(d, DOCKERFILE_LATEST, from);
        return memchr(image.tag.text, '$', image.tag.length)
                       ? 0
                       : docker_tell_all(d, DOCKERFILE_NO_DIGEST, from);
}

static int check_name(struct docker_check *d, size_t stage)
{
        static const char *const reserved[] = { "scratch", "context" };
        const struct docker_stage *stages = d->file->stages;
        const char *name = stages[stage].name;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(reserved); i++)
                if (strcasecmp(name, reserved[i]) == 0)
                        r = docker_tell_all(d, DOCKERFILE_STAGE_RESERVED, from_of(d, stage));
        for (size_t i = 0; r >= 0 && *name && i < stage; i++)
                if (strcasecmp(stages[i].name, name) == 0)
                        return docker_tell_all(d, DOCKERFILE_STAGE_TWICE, from_of(d, stage));
        return r;
}

static int check_platform(struct docker_check *d, size_t stage)
{
        const char *platform = d->file->stages[stage].platform;

        if (!*platform || strchr(platform, '$'))
                return 0;
        return docker_tell_all(d, DOCKERFILE_PLATFORM, from_of(d, stage));
}

/* The last instruction of a kind in a stage, or in the stages that it is made of. */
static const struct docker_instruction *last_of(const struct docker_file *f, size_t stage,
                                                enum docker_kind kind, bool inherits)
{
        for (; stage != DOCKER_NO_STAGE; stage = inherits ? f->stages[stage].base : DOCKER_NO_STAGE)
                for (size_t i = f->stages[stage].last; i-- > f->stages[stage].first;)
                        if (f->instructions[i].kind == kind && !f->instructions[i].is_onbuild)
                                return &f->instructions[i];
        return NULL;
}

/* The user without its group, as far as it is known; "" = it is not. */
static void user_of(const struct docker_check *d, const struct docker_instruction *user,
                    char ret[256])
{
        size_t at = (size_t) (user - d->file->instructions);

        if (user->n_words == 0 || !dockerfile_expand(d->file, at, user->words[0].text, ret, 256))
                *ret = '\0';
        ret[strcspn(ret, ":")] = '\0';
}

static bool is_root(const char *name)
{
        return strcmp(name, "root") == 0 || strcmp(name, "0") == 0;
}

static int check_user(struct docker_check *d, size_t stage)
{
        bool is_last = stage == d->file->n_stages - 1;
        const struct docker_instruction *user = last_of(d->file, stage, DOCKER_USER, is_last);
        char name[256];

        if (!user)
                return is_last ? docker_tell_all(d, DOCKERFILE_NO_USER, from_of(d, stage)) : 0;
        user_of(d, user, name);
        if (is_last && *name && !is_root(name) && strspn(name, "0123456789") != strlen(name))
                return docker_tell_all(d, DOCKERFILE_USER_NAME, user);
        if (!is_root(name) || (!is_last && dockerfile_is_in_last(d->file, stage)))
                return 0;
        return docker_tell_all(d, is_last ? DOCKERFILE_ROOT_USER : DOCKERFILE_ROOT_STAGE, user);
}

/* Of what counts only once in a stage, each but the first is told. */
static int check_once(struct docker_check *d)
{
        static const struct {
                enum docker_kind kind;
                enum dockerfile_rule rule;
        } once[] = {
                { DOCKER_HEALTHCHECK, DOCKERFILE_MANY_HEALTHCHECKS },
                { DOCKER_CMD, DOCKERFILE_MANY_CMDS },
                { DOCKER_ENTRYPOINT, DOCKERFILE_MANY_ENTRYPOINTS },
        };
        bool is_second[ARRAY_SIZE(once)] = { false };
        size_t stage = DOCKER_NO_STAGE;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < d->file->n_instructions; i++) {
                const struct docker_instruction *in = &d->file->instructions[i];

                if (in->stage != stage)
                        memset(is_second, 0, sizeof(is_second));
                stage = in->stage;
                for (size_t k = 0; r >= 0 && k < ARRAY_SIZE(once); k++) {
                        if (in->kind != once[k].kind || in->is_onbuild)
                                continue;
                        if (is_second[k])
                                r = docker_tell_all(d, once[k].rule, in);
                        is_second[k] = true;
                }
        }
        return r;
}

static int check_health(struct docker_check *d, size_t stage)
{
        if (stage != d->file->n_stages - 1 || last_of(d->file, stage, DOCKER_HEALTHCHECK, true))
                return 0;
        return docker_tell_all(d, DOCKERFILE_NO_HEALTHCHECK, from_of(d, stage));
}

/* Before the first FROM only ARG may stand. */
static int check_first(struct docker_check *d)
{
        const struct docker_file *f = d->file;

        for (size_t i = 0; i < f->n_instructions && f->instructions[i].stage == DOCKER_NO_STAGE;
             i++)
                if (f->instructions[i].kind != DOCKER_ARG && f->n_stages > 0 &&
                    f->instructions[i].kind != DOCKER_UNKNOWN)
                        return docker_tell_all(d, DOCKERFILE_NOT_FROM, &f->instructions[i]);
        return 0;
}

int docker_check_stages(struct docker_check *d)
{
        static int (*const checks[])(struct docker_check * d, size_t stage) = {
                check_image, check_name, check_platform, check_user, check_health,
        };
        int r = check_first(d);

        if (r >= 0)
                r = check_once(d);
        for (size_t stage = 0; stage < d->file->n_stages; stage++)
                for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(checks); i++)
                        r = checks[i](d, stage);
        return r;
}
