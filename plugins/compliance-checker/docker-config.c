/* SPDX-License-Identifier: Apache-2.0 */
#include "docker-config.h"

#include "beside.h"
#include "def.h"

#include <fnmatch.h>
#include <string.h>

enum { CONFIG_MAX = 256 * 1024 };

int docker_config_load(struct docker_config *config, int dirfd)
{
        static const char *const names[] = { ".hadolint.yaml", ".hadolint.yml" };
        const struct yaml_node *root;
        size_t length = 0;
        int r = 0;

        *config = (struct docker_config){ 0 };
        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++)
                r = beside_read(dirfd, names[i], CONFIG_MAX, &config->text, &length);
        if (r == 0)
                return 0;
        if (r > 0)
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
