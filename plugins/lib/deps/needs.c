/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Packages by file and name: "path\nname" -> their places in the list. */
struct deps_index {
        const struct deps *deps;
        json_t *places;
};

/* PyPI's names are the same with other capitals and signs (PEP 503). */
static char *key_make(enum dep_type type, const char *path, const char *name, size_t length)
{
        char *key, *at;

        if (asprintf(&key, "%d %s\n%.*s", (int) type, path, (int) length, name) < 0)
                return NULL;
        at = key + strlen(key) - length;
        for (; type == DEP_PYPI && *at; at++)
                *at = (char) (*at == '_' || *at == '.' ? '-' : tolower((unsigned char) *at));
        return key;
}

int deps_index_make(struct deps_index **ret, const struct deps *deps)
{
        struct deps_index *index = calloc(1, sizeof(*index));
        int r = index && (index->places = json_object()) ? 0 : -ENOMEM;

        for (size_t i = 0; r == 0 && i < deps->n; i++) {
                const struct dep *d = &deps->list[i];
                char *key = key_make(d->type, d->path, d->name, strlen(d->name));
                json_t *list = key ? json_object_get(index->places, key) : NULL;

                /* A path that is not UTF-8 cannot be a key, and is not told either. */
                if (!key)
                        r = -ENOMEM;
                else if (!list && json_object_set_new(index->places, key, json_array()) == 0)
                        list = json_object_get(index->places, key);
                if (list && json_array_append_new(list, json_integer((json_int_t) i)) < 0)
                        r = -ENOMEM;
                free(key);
        }
        if (r < 0) {
                deps_index_free(index);
                return r;
        }
        index->deps = deps;
        *ret = index;
        return 0;
}

/* Of several versions the one that is named; without a name only one that stands alone. */
static const struct dep *choose(const struct deps_index *index, const json_t *list,
                                const char *version, size_t length)
{
        const json_t *one;
        size_t i;

        json_array_foreach (list, i, one) {
                const struct dep *d = &index->deps->list[json_integer_value(one)];

                if (json_array_size(list) == 1)
                        return d;
                if (length && d->version && strlen(d->version) == length &&
                    !memcmp(d->version, version, length))
                        return d;
        }
        return NULL;
}

int deps_index_needs(const struct deps_index *index, const struct dep *d,
                     int (*found)(void *owner, const struct dep *needed), void *owner)
{
        const char *line = d->needs;
        int r = 0;

        while (r >= 0 && line && *line) {
                size_t length = strcspn(line, "\n"), name = strcspn(line, " \n");
                char *key = key_make(d->type, d->path, line, name);
                const char *version = line + name + (name < length);
                const struct dep *needed;

                if (!key)
                        return -ENOMEM;
                needed = choose(index, json_object_get(index->places, key), version,
                                (size_t) (line + length - version));
                free(key);
                if (needed && needed != d)
                        r = found(owner, needed);
                line += length + (line[length] == '\n');
        }
        return r;
}

void deps_index_free(struct deps_index *index)
{
        if (!index)
                return;
        json_decref(index->places);
        free(index);
}
