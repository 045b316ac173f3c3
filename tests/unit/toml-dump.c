/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads texts, each behind its length in four bytes, and answers each with a line: the tree as JSON
 * or the fault. tests/unit/toml compares that with what Python says.
 */
#include "test.h"

#include "base/def.h"
#include "toml/toml.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static json_t *number_json(double number)
{
        char text[64];

        if (isnan(number))
                return json_string("nan");
        (void) snprintf(text, sizeof(text), "%.17g", number);
        return json_string(text);
}

static json_t *node_json(const struct toml_node *node)
{
        json_t *json = node->kind == TOML_TABLE ? json_object() : json_array();

        switch (node->kind) {
        case TOML_TABLE:
                for (const struct toml_node *child = node->first; child; child = child->next)
                        (void) json_object_setn_new(json, child->key, child->key_length,
                                                    node_json(child));
                return json;
        case TOML_ARRAY:
                for (const struct toml_node *child = node->first; child; child = child->next)
                        (void) json_array_append_new(json, node_json(child));
                return json;
        case TOML_STRING:
                json_decref(json);
                return json_stringn(node->text, node->length);
        case TOML_BOOLEAN:
                json_decref(json);
                return json_boolean(node->integer);
        case TOML_INTEGER:
                json_decref(json);
                return json_pack("{sI}", "integer", (json_int_t) node->integer);
        case TOML_FLOAT:
                json_decref(json);
                return json_pack("{so}", "float", number_json(node->number));
        case TOML_DATE:
                break;
        }
        json_decref(json);
        return json_pack("{s{}}", "date");
}

static void answer(const char *text, size_t length)
{
        _cleanup_(freep) char *line = NULL;
        struct toml_tree tree;
        json_t *json;

        if (toml_parse(&tree, text, length) < 0) {
                (void) printf("fault on line %u: %s\n", tree.error_line, tree.error);
        } else {
                json = node_json(tree.root);
                line = json_dumps(json, JSON_COMPACT);
                (void) printf("%s\n", line ? line : "?");
                json_decref(json);
        }
        (void) fflush(stdout);
        toml_done(&tree);
}

int main(void)
{
        uint32_t length;

        while (fread(&length, sizeof(length), 1, stdin) == 1) {
                _cleanup_(freep) char *text = malloc((size_t) length + 1);

                if (!text || fread(text, 1, length, stdin) != length)
                        return 1;
                answer(text, length);
        }
        return 0;
}
