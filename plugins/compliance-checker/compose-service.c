/* SPDX-License-Identifier: Apache-2.0 */
#include "compose-service.h"

#include "def.h"

static bool has_tag(const struct yaml_node *node, const char *tag)
{
        return node && node->tag && strcmp(node->tag, tag) == 0;
}

static bool is_in(const struct compose_service *s, const struct yaml_node *node)
{
        for (size_t i = 0; i < s->n; i++)
                if (s->layers[i].node == node)
                        return true;
        return false;
}

/* `extends: a`, or `extends: { service: a, file: b.yml }`: 1 and the layer below, or 0. */
static int below(struct compose_service *s, const struct compose_layer *top,
                 const struct yaml_node *extends, struct compose_layer *ret)
{
        bool is_mapping = extends->kind == YAML_MAPPING, is_put;
        const char *name =
                compose_text(s->p, is_mapping ? yaml_get(extends, "service") : extends, &is_put);
        const char *file =
                compose_text(s->p, is_mapping ? yaml_get(extends, "file") : NULL, &is_put);
        int r = 1;

        ret->file = top->file;
        if (file)
                r = compose_file_find(s->p, top->file, file, &ret->file);
        if (r <= 0)
                return r;
        ret->node = name ? yaml_get(ret->file->services, name) : NULL;
        return ret->node && ret->node->kind == YAML_MAPPING && !is_in(s, ret->node);
}

int compose_service_read(struct compose_service *s, struct compose_project *p,
                         const struct yaml_node *name, const struct yaml_node *node)
{
        const struct yaml_node *extends = yaml_get(node, "extends");

        *s = (struct compose_service){ .p = p, .name = name, .n = 1 };
        s->layers[0] = (struct compose_layer){ p->files[0], node };
        s->extends = yaml_is_null(extends) ? NULL : extends;
        while (!yaml_is_null(extends) && s->n < COMPOSE_LAYERS_MAX) {
                int r = below(s, &s->layers[s->n - 1], extends, &s->layers[s->n]);

                if (r < 0)
                        return r;
                s->is_partial = r == 0;
                if (r == 0)
                        break;
                extends = yaml_get(s->layers[s->n++].node, "extends");
        }
        return 0;
}

const struct yaml_node *compose_service_get(const struct compose_service *s, const char *key,
                                            size_t *ret_layer)
{
        for (size_t i = 0; i < s->n; i++) {
                const struct yaml_node *node = yaml_get(s->layers[i].node, key);

                *ret_layer = i;
                if (node)
                        return has_tag(node, "!reset") ? NULL : node;
        }
        return NULL;
}

int compose_service_each(const struct compose_service *s, const char *key,
                         int (*visit)(void *owner, size_t layer, const struct yaml_node *item),
                         void *owner)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < s->n; i++) {
                const struct yaml_node *list = yaml_get(s->layers[i].node, key);
                size_t n = yaml_count(list, YAML_SEQUENCE);

                if (has_tag(list, "!reset"))
                        break;
                if (yaml_text(list) && !yaml_is_null(list))
                        r = visit(owner, i, list);
                for (size_t k = 0; r >= 0 && k < MIN_OF(n, (size_t) COMPOSE_ITEMS_MAX); k++)
                        r = visit(owner, i, list->items[k]);
                if (has_tag(list, "!override"))
                        break;
        }
        return r;
}
