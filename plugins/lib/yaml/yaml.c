/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/yaml.h"

#include "block.h"

#include <string.h>
#include <yaml.h>

enum {
        STRIDE = 512,      /* characters between two known places */
        SORTED_FROM = 16,  /* keys from which on a mapping is sorted */
        ANCHORS_MAX = 512, /* of one document */
};

struct yaml_store {
        struct block *blocks;
};

struct anchor {
        const char *name;
        const struct yaml_node *node;
        bool is_done;
};

/* One parse: libyaml's state and what is built. */
struct reader {
        yaml_parser_t parser;
        struct yaml_tree *tree;
        struct yaml_node *open; /* innermost collection that is not ended */
        unsigned depth;
        size_t n_nodes;
        const struct yaml_node **stack; /* children of the open collections */
        size_t n_stack, stack_size;
        struct anchor *anchors;
        size_t n_anchors;
        const char *text;
        size_t length;
        size_t bom;     /* bytes of a mark before the first character */
        size_t *places; /* where each STRIDE-th character begins; NULL = all are ASCII */
        size_t n_places;
};

void yaml_done(struct yaml_tree *tree)
{
        if (tree->store)
                block_done(&tree->store->blocks);
        free(tree->store);
        free(tree->documents);
        free(tree->duplicates);
        *tree = (struct yaml_tree){ 0 };
}

static void reader_done(struct reader *r)
{
        yaml_parser_delete(&r->parser);
        free(r->stack);
        free(r->anchors);
        free(r->places);
}

/* libyaml counts characters; this is the table that makes bytes of them. */
static int find_places(struct reader *r)
{
        size_t characters = 0;
        bool is_ascii = true;

        for (size_t i = r->bom; i < r->length && is_ascii; i++)
                is_ascii = (unsigned char) r->text[i] < 0x80;
        if (is_ascii)
                return 0;
        r->places = calloc(r->length / STRIDE + 1, sizeof(*r->places));
        if (!r->places)
                return -ENOMEM;
        for (size_t i = r->bom; i < r->length; i++)
                if (((unsigned char) r->text[i] & 0xc0) != 0x80 && characters++ % STRIDE == 0)
                        r->places[r->n_places++] = i;
        return 0;
}

static size_t place_of(const struct reader *r, size_t character)
{
        size_t i = character / STRIDE, at, left = character % STRIDE;

        if (!r->places)
                return MIN_OF(character + r->bom, r->length);
        if (i >= r->n_places)
                return r->length;
        for (at = r->places[i]; at < r->length && left; left--)
                do
                        at++;
                while (at < r->length && ((unsigned char) r->text[at] & 0xc0) == 0x80);
        return at;
}

static void fault(struct reader *r, const char *why, yaml_mark_t mark)
{
        if (r->tree->error)
                return;
        r->tree->error = why;
        r->tree->error_line = (uint32_t) mark.line + 1;
        r->tree->error_offset = place_of(r, mark.index);
}

/* What libyaml says of a text that it cannot read; its words are static. */
static void fault_of_parser(struct reader *r)
{
        const yaml_parser_t *p = &r->parser;

        fault(r, p->problem ? p->problem : "this is not YAML",
              p->error == YAML_READER_ERROR ? p->mark : p->problem_mark);
}

static struct yaml_node *node_new(struct reader *r, enum yaml_kind kind, const yaml_event_t *event,
                                  const yaml_char_t *tag)
{
        struct yaml_node *node = block_take(&r->tree->store->blocks, sizeof(*node));

        if (!node)
                return NULL;
        *node = (struct yaml_node){ .kind = kind,
                                    .value = "",
                                    .start = place_of(r, event->start_mark.index),
                                    .end = place_of(r, event->end_mark.index),
                                    .line = (uint32_t) event->start_mark.line + 1,
                                    .column = (uint32_t) event->start_mark.column + 1,
                                    .parent = r->open };
        if (tag &&
            !(node->tag = block_text(&r->tree->store->blocks, tag, strlen((const char *) tag))))
                return NULL;
        return node;
}

static int push(struct reader *r, const struct yaml_node *node)
{
        if (r->n_stack == r->stack_size) {
                size_t size = r->stack_size ? 2 * r->stack_size : 64;
                const struct yaml_node **grown = reallocarray(r->stack, size, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                r->stack = grown;
                r->stack_size = size;
        }
        r->stack[r->n_stack++] = node;
        return 0;
}

static struct anchor *anchor_find(struct reader *r, const yaml_char_t *name)
{
        for (size_t i = r->n_anchors; i > 0; i--)
                if (strcmp(r->anchors[i - 1].name, (const char *) name) == 0)
                        return &r->anchors[i - 1];
        return NULL;
}

/* A later anchor of the same name takes the place of the earlier one. */
static int anchor_add(struct reader *r, const yaml_char_t *name, const struct yaml_node *node)
{
        struct anchor *anchor = name ? anchor_find(r, name) : NULL;

        if (!name || (!anchor && r->n_anchors == ANCHORS_MAX))
                return 0;
        if (!anchor) {
                if (!ARRAY_ROOM(r->anchors, r->n_anchors))
                        return -ENOMEM;
                anchor = &r->anchors[r->n_anchors++];
                anchor->name =
                        block_text(&r->tree->store->blocks, name, strlen((const char *) name));
                if (!anchor->name) {
                        r->n_anchors--;
                        return -ENOMEM;
                }
        }
        anchor->node = node;
        anchor->is_done = node->kind == YAML_SCALAR;
        return 0;
}

static void anchor_end(struct reader *r, const struct yaml_node *node)
{
        for (size_t i = 0; i < r->n_anchors; i++)
                if (r->anchors[i].node == node)
                        r->anchors[i].is_done = true;
}

static int read_scalar(struct reader *r, const yaml_event_t *event)
{
        struct yaml_node *node = node_new(r, YAML_SCALAR, event, event->data.scalar.tag);
        yaml_scalar_style_t style = event->data.scalar.style;

        if (!node)
                return -ENOMEM;
        node->is_plain = style == YAML_PLAIN_SCALAR_STYLE;
        node->is_block = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
        node->length = event->data.scalar.length;
        node->value = block_text(&r->tree->store->blocks, event->data.scalar.value, node->length);
        if (!node->value || anchor_add(r, event->data.scalar.anchor, node) < 0)
                return -ENOMEM;
        return push(r, node);
}

static int read_alias(struct reader *r, const yaml_event_t *event)
{
        const struct anchor *anchor = anchor_find(r, event->data.alias.anchor);
        struct yaml_node *empty;

        if (anchor && anchor->is_done)
                return push(r, anchor->node);
        if (!anchor && r->n_anchors < ANCHORS_MAX)
                fault(r, "an alias has no anchor", event->start_mark);
        empty = node_new(r, YAML_SCALAR, event, NULL);
        if (!empty)
                return -ENOMEM;
        empty->is_plain = true;
        return push(r, empty);
}

/* The number of children is kept in `n` as the height of the stack until the end is met. */
static int open_collection(struct reader *r, enum yaml_kind kind, const yaml_event_t *event,
                           const yaml_char_t *tag, const yaml_char_t *anchor)
{
        struct yaml_node *node = node_new(r, kind, event, tag);

        if (!node)
                return -ENOMEM;
        if (r->depth == YAML_DEPTH_MAX) {
                fault(r, "it is nested too deeply", event->start_mark);
                return -EBADMSG;
        }
        if (anchor_add(r, anchor, node) < 0 || push(r, node) < 0)
                return -ENOMEM;
        node->n = r->n_stack;
        r->open = node;
        r->depth++;
        return 0;
}

static int compare_keys(const void *a, const void *b, void *owner)
{
        const struct yaml_node *map = owner;
        uint32_t i = *(const uint32_t *) a, j = *(const uint32_t *) b;
        int order = strcmp(map->keys[i]->value, map->keys[j]->value);

        return order ? order : i < j ? -1 : i > j;
}

static int note_duplicate(struct yaml_tree *tree, const struct yaml_node *map, size_t i, size_t j)
{
        if (map->keys[i]->kind != YAML_SCALAR || map->keys[j]->kind != YAML_SCALAR ||
            tree->n_duplicates == YAML_DUPLICATES_MAX || yaml_is(map->keys[i], "<<"))
                return 0;
        if (!ARRAY_ROOM(tree->duplicates, tree->n_duplicates))
                return -ENOMEM;
        tree->duplicates[tree->n_duplicates++] = (struct yaml_duplicate){ map, i, j };
        return 0;
}

/* Sorts the keys of a big mapping, and finds those that stand twice in any. */
static int order_keys(struct reader *r, struct yaml_node *map)
{
        uint32_t *order;
        int e = 0;

        if (map->n < SORTED_FROM) {
                for (size_t j = 1; e >= 0 && j < map->n; j++)
                        for (size_t i = j; e >= 0 && i-- > 0;)
                                if (strcmp(map->keys[i]->value, map->keys[j]->value) == 0) {
                                        e = note_duplicate(r->tree, map, i, j);
                                        break;
                                }
                return e;
        }
        order = block_take(&r->tree->store->blocks, map->n * sizeof(*order));
        if (!order)
                return -ENOMEM;
        for (size_t i = 0; i < map->n; i++)
                order[i] = (uint32_t) i;
        qsort_r(order, map->n, sizeof(*order), compare_keys, map);
        map->order = order;
        for (size_t i = 1; e >= 0 && i < map->n; i++)
                if (strcmp(map->keys[order[i - 1]]->value, map->keys[order[i]]->value) == 0)
                        e = note_duplicate(r->tree, map, order[i - 1], order[i]);
        return e;
}

static int close_collection(struct reader *r, const yaml_event_t *event)
{
        struct yaml_node *node = r->open;
        size_t base = node->n, n = r->n_stack - base;
        const struct yaml_node **children;

        children = block_take(&r->tree->store->blocks, (n + 1) * sizeof(struct yaml_node *));
        if (!children)
                return -ENOMEM;
        node->items = children;
        if (node->kind == YAML_SEQUENCE) {
                node->n = n;
                if (n)
                        memcpy(children, r->stack + base, n * sizeof(struct yaml_node *));
        } else {
                node->n = n / 2;
                node->keys = children + node->n;
                for (size_t i = 0; i < node->n; i++) {
                        children[node->n + i] = r->stack[base + 2 * i];
                        children[i] = r->stack[base + 2 * i + 1];
                }
        }
        node->end = place_of(r, event->end_mark.index);
        r->n_stack = base;
        r->open = (struct yaml_node *) node->parent;
        r->depth--;
        anchor_end(r, node);
        return node->kind == YAML_MAPPING ? order_keys(r, node) : 0;
}

static int end_document(struct reader *r)
{
        const struct yaml_node *root = r->n_stack ? r->stack[0] : NULL;
        struct yaml_tree *tree = r->tree;

        r->n_stack = 0;
        r->n_anchors = 0;
        if (!root || (root->kind == YAML_SCALAR && yaml_is_null(root)))
                return 0;
        if (!ARRAY_ROOM(tree->documents, tree->n_documents))
                return -ENOMEM;
        tree->documents[tree->n_documents++] = root;
        return 0;
}

/* 0, or -EBADMSG when the text cannot be read further. */
static int read_event(struct reader *r, const yaml_event_t *e)
{
        if (r->n_nodes++ == YAML_NODES_MAX) {
                fault(r, "it has too many nodes", e->start_mark);
                return -EBADMSG;
        }
        switch (e->type) {
        case YAML_SCALAR_EVENT:
                return read_scalar(r, e);
        case YAML_ALIAS_EVENT:
                return read_alias(r, e);
        case YAML_SEQUENCE_START_EVENT:
                return open_collection(r, YAML_SEQUENCE, e, e->data.sequence_start.tag,
                                       e->data.sequence_start.anchor);
        case YAML_MAPPING_START_EVENT:
                return open_collection(r, YAML_MAPPING, e, e->data.mapping_start.tag,
                                       e->data.mapping_start.anchor);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
                return close_collection(r, e);
        case YAML_DOCUMENT_END_EVENT:
                return end_document(r);
        default:
                return 0;
        }
}

static int read_stream(struct reader *r)
{
        bool is_end = false;
        int result = 0;

        while (result >= 0 && !is_end) {
                yaml_event_t event;

                if (!yaml_parser_parse(&r->parser, &event)) {
                        if (r->parser.error == YAML_MEMORY_ERROR)
                                return -ENOMEM;
                        fault_of_parser(r);
                        return 0;
                }
                is_end = event.type == YAML_STREAM_END_EVENT;
                result = read_event(r, &event);
                yaml_event_delete(&event);
        }
        return result == -EBADMSG ? 0 : result;
}

int yaml_parse(struct yaml_tree *ret_tree, const char *text, size_t length)
{
        struct yaml_tree tree = { .store = calloc(1, sizeof(*tree.store)) };
        struct reader r = { .tree = &tree, .text = text, .length = length };
        int result = -ENOMEM;

        r.bom = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        if (tree.store && yaml_parser_initialize(&r.parser)) {
                yaml_parser_set_input_string(&r.parser, (const unsigned char *) text + r.bom,
                                             length - r.bom);
                yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
                result = find_places(&r);
                if (result >= 0 && length > YAML_BYTES_MAX)
                        fault(&r, "it is too long", (yaml_mark_t){ 0 });
                else if (result >= 0)
                        result = read_stream(&r);
        }
        reader_done(&r);
        if (result < 0)
                yaml_done(&tree);
        *ret_tree = tree;
        return result;
}
