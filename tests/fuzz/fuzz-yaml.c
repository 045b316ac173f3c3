/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as YAML
 *
 * Promises: it is a tree, or part of one and words; each node lies inside the text; a collection is
 * as long as it says; look-ups find what stands there; a walk through merges ends.
 */
#include "fuzz.h"

#include "yaml/yaml.h"

static size_t visits;

static int on_pair(void *owner, const struct yaml_node *key, const struct yaml_node *value)
{
        promise(yaml_get(owner, key->value) == value || key->kind != YAML_SCALAR,
                "a pair that holds is the one that is found");
        visits++;
        return 0;
}

/* `left` bounds the walk: aliases multiply. */
static void node_try(const struct yaml_node *n, size_t size, unsigned *left)
{
        if (*left == 0)
                return;
        (*left)--;
        promise(n->start <= n->end && n->end <= size, "a node lies in the text");
        promise(n->line >= 1 && n->column >= 1, "lines and columns count from 1");
        promise(strlen(n->value) <= n->length, "a value ends");
        if (n->kind == YAML_SCALAR)
                return;
        for (size_t i = 0; i < n->n; i++) {
                node_try(n->items[i], size, left);
                if (n->kind != YAML_MAPPING || n->keys[i]->kind != YAML_SCALAR)
                        continue;
                promise(yaml_get(n, n->keys[i]->value), "a key is found");
                promise(yaml_key(n, n->keys[i]->value), "and its place");
        }
        (void) yaml_each(n, on_pair, (void *) n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct yaml_tree tree;
        unsigned left = 20000;

        if (yaml_parse(&tree, (const char *) data, size) < 0)
                return 0;
        promise(!tree.error || *tree.error, "a fault has words");
        promise(tree.error_offset <= size, "and lies in the text");
        for (size_t i = 0; i < tree.n_documents; i++) {
                node_try(tree.documents[i], size, &left);
                (void) yaml_at(tree.documents[i], "a.0.b.1.c");
        }
        for (size_t i = 0; i < tree.n_duplicates; i++)
                promise(tree.duplicates[i].first < tree.duplicates[i].second,
                        "the second of two stands behind the first");
        yaml_done(&tree);
        return 0;
}
