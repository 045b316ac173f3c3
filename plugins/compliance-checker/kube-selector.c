/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-selector.h"

#define DEPTH_MAX 6
#define NODES_MAX 512

static json_t *convert(const struct yaml_node *node, unsigned depth, size_t *left)
{
        json_t *json;

        if (!node || !*left || depth > DEPTH_MAX)
                return json_object();
        --*left;
        if (node->kind == YAML_SCALAR) {
                json = json_string(kube_text(node));
                return json ? json : json_string("");
        }
        json = node->kind == YAML_SEQUENCE ? json_array() : json_object();
        for (size_t i = 0; *left && i < node->n; i++) {
                json_t *item = convert(node->items[i], depth + 1, left);

                if (node->kind == YAML_SEQUENCE)
                        (void) json_array_append_new(json, item);
                else
                        (void) json_object_set_new(json, kube_text(node->keys[i]), item);
        }
        return json;
}

json_t *kube_json(struct kube *k, const struct yaml_node *node)
{
        size_t room = MIN_OF((size_t) NODES_MAX, k->steps), left = room;
        json_t *json = convert(node, 0, &left);

        k->steps -= room - left;
        return json;
}

bool kube_labels_match(const json_t *wanted, const json_t *labels)
{
        const char *key;
        json_t *value;

        json_object_foreach ((json_t *) wanted, key, value)
                if (!json_equal(value, json_object_get(labels, key)))
                        return false;
        return true;
}

static bool is_among(const json_t *values, const json_t *label)
{
        json_t *value;
        size_t i;

        json_array_foreach (values, i, value)
                if (label && json_equal(value, label))
                        return true;
        return false;
}

static bool expression_holds(const json_t *expression, const json_t *labels)
{
        const char *key = json_string_value(json_object_get(expression, "key"));
        const char *op = json_string_value(json_object_get(expression, "operator"));
        const json_t *label = key ? json_object_get(labels, key) : NULL;
        const json_t *values = json_object_get(expression, "values");

        if (!op)
                return false;
        if (!strcmp(op, "In"))
                return is_among(values, label);
        if (!strcmp(op, "NotIn"))
                return !is_among(values, label);
        if (!strcmp(op, "Exists"))
                return label;
        return !strcmp(op, "DoesNotExist") && !label;
}

bool kube_selector_matches(const json_t *selector, const json_t *labels)
{
        json_t *expression;
        size_t i;

        if (!kube_labels_match(json_object_get(selector, "matchLabels"), labels))
                return false;
        json_array_foreach (json_object_get(selector, "matchExpressions"), i, expression)
                if (!expression_holds(expression, labels))
                        return false;
        return true;
}

bool kube_selector_is_empty(const json_t *selector)
{
        return !json_object_size(json_object_get(selector, "matchLabels")) &&
               !json_array_size(json_object_get(selector, "matchExpressions"));
}
