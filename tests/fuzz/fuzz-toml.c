/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as TOML
 *
 * Promises: it is a tree, or words and a line; each member of a table is found by its key; a
 * collection is as long as it says; nothing is deeper than the limit.
 */
#include "fuzz.h"

#include "toml/toml.h"

#include <errno.h>

static void node_try(const struct toml_tree *t, const struct toml_node *n, unsigned depth)
{
        size_t count = 0;

        promise(depth <= 2 * TOML_DEPTH_MAX + 2, "there is an end to depth");
        promise(n->line >= 1, "lines count from 1");
        promise((n->kind == TOML_STRING || n->kind == TOML_DATE) == (n->text != NULL),
                "strings and dates have a text");
        promise(!n->text || n->text[n->length] == '\0', "a text ends");
        for (const struct toml_node *child = n->first; child; child = child->next, count++) {
                promise((child->key != NULL) == (n->kind == TOML_TABLE), "members have keys");
                if (child->key && strlen(child->key) == child->key_length)
                        promise(toml_get(t, n, child->key) == child, "a member is found");
                node_try(t, child, depth + 1);
        }
        promise(count == n->n, "a collection is as long as it says");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct toml_tree tree;
        int r = toml_parse(&tree, (const char *) data, size);

        promise((r == 0) == (tree.root != NULL), "a tree, or none");
        if (r == -EBADMSG)
                promise(*tree.error && tree.error_line >= 1, "a fault has words and a line");
        if (tree.root)
                node_try(&tree, tree.root, 0);
        toml_done(&tree);
        return 0;
}
