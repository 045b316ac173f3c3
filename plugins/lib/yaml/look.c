/* SPDX-License-Identifier: Apache-2.0 */

/* The look-ups of yaml.h: a finished tree is only read. */
#include "yaml/yaml.h"

#include "def.h"

#include <string.h>

#define NOT_FOUND SIZE_MAX

/* The pair of a key: the last one if it stands twice. */
static size_t find_pair(const struct yaml_node *map, const char *key)
{
        size_t low = 0, high = map->n;

        if (!map->order) {
                for (size_t i = map->n; i-- > 0;)
                        if (yaml_is(map->keys[i], key))
                                return i;
                return NOT_FOUND;
        }
        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(map->keys[map->order[middle]]->value, key) <= 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        /* The value of a key that is no scalar is "", which may stand among the empty keys. */
        for (; low-- > 0 && strcmp(map->keys[map->order[low]]->value, key) == 0;)
                if (map->keys[map->order[low]]->kind == YAML_SCALAR)
                        return map->order[low];
        return NOT_FOUND;
}

/* What `<<` names: one mapping, or the i-th of a sequence of them. */
static const struct yaml_node *merged(const struct yaml_node *map, size_t i)
{
        size_t pair = find_pair(map, "<<");
        const struct yaml_node *node = pair == NOT_FOUND ? NULL : map->items[pair];

        if (node && node->kind == YAML_SEQUENCE)
                node = i < node->n ? node->items[i] : NULL;
        else if (i > 0)
                node = NULL;
        return node && node->kind == YAML_MAPPING ? node : NULL;
}

static const struct yaml_node *get(const struct yaml_node *map, const char *key, unsigned *budget)
{
        size_t pair = find_pair(map, key);
        const struct yaml_node *next, *found;

        if (pair != NOT_FOUND)
                return map->items[pair];
        for (size_t i = 0; (next = merged(map, i)) && *budget > 0; i++) {
                (*budget)--;
                found = get(next, key, budget);
                if (found)
                        return found;
        }
        return NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key)
{
        unsigned budget = YAML_MERGES_MAX;

        return node && node->kind == YAML_MAPPING ? get(node, key, &budget) : NULL;
}

const struct yaml_node *yaml_key(const struct yaml_node *node, const char *key)
{
        size_t pair = node && node->kind == YAML_MAPPING ? find_pair(node, key) : NOT_FOUND;

        return pair == NOT_FOUND ? NULL : node->keys[pair];
}

/* One step of a path: a key, or an index of a sequence. */
static const struct yaml_node *step(const struct yaml_node *node, const char *name)
{
        char *end;
        unsigned long i;

        if (!node || node->kind != YAML_SEQUENCE)
                return yaml_get(node, name);
        if (*name < '0' || *name > '9')
                return NULL;
        i = strtoul(name, &end, 10);
        return *end == '\0' && i < node->n ? node->items[i] : NULL;
}

const struct yaml_node *yaml_at(const struct yaml_node *node, const char *path)
{
        char name[128];

        while (node && *path) {
                size_t n = strcspn(path, ".");

                if (n >= sizeof(name))
                        return NULL;
                memcpy(name, path, n);
                name[n] = '\0';
                node = step(node, name);
                path += n + (path[n] == '.');
        }
        return node;
}

const char *yaml_text(const struct yaml_node *node)
{
        return node && node->kind == YAML_SCALAR ? node->value : NULL;
}

const char *yaml_get_text(const struct yaml_node *node, const char *key)
{
        return yaml_text(yaml_get(node, key));
}

bool yaml_is(const struct yaml_node *node, const char *text)
{
        return node && node->kind == YAML_SCALAR && strcmp(node->value, text) == 0;
}

static bool is_plain_one_of(const struct yaml_node *node, const char *const *words)
{
        if (!node || node->kind != YAML_SCALAR || !node->is_plain)
                return false;
        for (; *words; words++)
                if (strcmp(node->value, *words) == 0)
                        return true;
        return false;
}

bool yaml_is_true(const struct yaml_node *node)
{
        static const char *const words[] = { "true", "True", "TRUE", "yes", "Yes",
                                             "YES",  "on",   "On",   "ON",  NULL };

        return is_plain_one_of(node, words);
}

bool yaml_is_false(const struct yaml_node *node)
{
        static const char *const words[] = { "false", "False", "FALSE", "no",  "No",
                                             "NO",    "off",   "Off",   "OFF", NULL };

        return is_plain_one_of(node, words);
}

bool yaml_is_null(const struct yaml_node *node)
{
        static const char *const words[] = { "", "~", "null", "Null", "NULL", NULL };

        return !node || is_plain_one_of(node, words);
}

bool yaml_integer(const struct yaml_node *node, int64_t *ret_number)
{
        const char *text = node && node->kind == YAML_SCALAR && node->is_plain ? node->value : "";
        char *end;
        long long n;

        if (!(*text >= '0' && *text <= '9') &&
            !((*text == '-' || *text == '+') && text[1] >= '0' && text[1] <= '9'))
                return false;
        errno = 0;
        n = strtoll(text, &end, 10);
        if (errno || *end)
                return false;
        *ret_number = n;
        return true;
}

size_t yaml_count(const struct yaml_node *node, enum yaml_kind kind)
{
        return node && node->kind == kind ? node->n : 0;
}

struct walk {
        const struct yaml_node *top;
        int (*visit)(void *owner, const struct yaml_node *key, const struct yaml_node *value);
        void *owner;
        unsigned budget;
};

/* A pair that another one overrides is not the one that a look-up finds. */
static int walk_pairs(struct walk *w, const struct yaml_node *map)
{
        const struct yaml_node *next;
        int r = 0;

        for (size_t i = 0; r == 0 && i < map->n; i++)
                if (!yaml_is(map->keys[i], "<<") &&
                    (map->keys[i]->kind != YAML_SCALAR ||
                     yaml_get(w->top, map->keys[i]->value) == map->items[i]))
                        r = w->visit(w->owner, map->keys[i], map->items[i]);
        for (size_t i = 0; r == 0 && (next = merged(map, i)) && w->budget > 0; i++) {
                w->budget--;
                r = walk_pairs(w, next);
        }
        return r;
}

int yaml_each(const struct yaml_node *node,
              int (*visit)(void *owner, const struct yaml_node *key, const struct yaml_node *value),
              void *owner)
{
        struct walk w = { node, visit, owner, YAML_MERGES_MAX };

        return node && node->kind == YAML_MAPPING ? walk_pairs(&w, node) : 0;
}
