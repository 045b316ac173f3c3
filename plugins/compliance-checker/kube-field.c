/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-field.h"

#include <strings.h>

static bool is_empty(const struct yaml_node *node)
{
        return yaml_is_null(node) || (node->kind == YAML_SCALAR ? !node->length : !node->n);
}

static bool is_bad(const struct kube_field *f, const struct yaml_node *node)
{
        switch (f->test) {
        case KUBE_TRUE:
                return kube_true(node);
        case KUBE_NOT_TRUE:
                return !yaml_is_null(node) && !kube_true(node);
        case KUBE_ABSENT:
                return is_empty(node);
        case KUBE_PRESENT:
                return !is_empty(node);
        case KUBE_VALUE:
                return !strcasecmp(kube_text(node), f->value);
        case KUBE_OTHER:
                return *kube_text(node) && strcasecmp(kube_text(node), f->value) != 0;
        }
        return false;
}

int kube_look_at_fields(struct kube *k, const struct kube_object *o, const struct yaml_node *base,
                        const struct yaml_node *place, unsigned on, const struct kube_field *fields,
                        size_t n_fields)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n_fields; i++) {
                const struct kube_field *f = &fields[i];
                const struct yaml_node *node = yaml_at(base, f->path);

                if ((f->on && !(f->on & on)) || !is_bad(f, node))
                        continue;
                r = f->test == KUBE_ABSENT ? kube_tell_missing(k, o, f->notice, place)
                                           : kube_tell(k, f->notice, node);
        }
        return r;
}
