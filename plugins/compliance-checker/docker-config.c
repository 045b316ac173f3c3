/* SPDX-License-Identifier: Apache-2.0 */
#include "docker-config.h"

#include "def.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

enum { CONFIG_MAX = 256 * 1024 };

static int read_text(int dirfd, const char *name, char **ret_text, size_t *ret_length)
{
        _cleanup_(closep) int fd =
                openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        _cleanup_(freep) char *text = NULL;
        struct stat st;
        ssize_t n;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > CONFIG_MAX)
                return -ENOENT;
        text = malloc((size_t) st.st_size + 1);
        if (!text)
                return -ENOMEM;
        n = read(fd, text, (size_t) st.st_size);
        if (n < 0)
                return -ENOENT;
        text[n] = '\0';
        *ret_text = TAKE(text);
        *ret_length = (size_t) n;
        return 0;
}

int docker_config_load(struct docker_config *config, int dirfd)
{
        static const char *const names[] = { ".hadolint.yaml", ".hadolint.yml" };
        const struct yaml_node *root;
        size_t length = 0;
        int r = -ENOENT;

        *config = (struct docker_config){ 0 };
        for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(names); i++)
                r = read_text(dirfd, names[i], &config->text, &length);
        if (r == -ENOENT)
                return 0;
        if (r >= 0)
                r = yaml_parse(&config->tree, config->text, length);
        if (r < 0 || config->tree.n_documents == 0)
                return r;
        root = config->tree.documents[0];
        config->ignored = yaml_get(root, "ignored");
        config->registries = yaml_get(root, "trustedRegistries");
        config->labels = yaml_get(root, "label-schema");
        config->is_strict = yaml_is_true(yaml_get(root, "strict-labels"));
        return 0;
}

void docker_config_done(struct docker_config *config)
{
        yaml_done(&config->tree);
        free(config->text);
        *config = (struct docker_config){ 0 };
}

bool docker_config_ignores(const struct docker_config *config, const char *rule)
{
        for (size_t i = 0; i < yaml_count(config->ignored, YAML_SEQUENCE); i++)
                if (yaml_is(config->ignored->items[i], rule))
                        return true;
        return false;
}

bool docker_config_trusts(const struct docker_config *config, const char *registry)
{
        if (yaml_count(config->registries, YAML_SEQUENCE) == 0)
                return true;
        for (size_t i = 0; i < config->registries->n; i++) {
                const char *pattern = yaml_text(config->registries->items[i]);

                if (pattern && fnmatch(pattern, registry, FNM_CASEFOLD) == 0)
                        return true;
        }
        return false;
}
