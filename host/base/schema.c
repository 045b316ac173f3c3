/* SPDX-License-Identifier: Apache-2.0 */
#include "base/schema-impl.h"

#include <string.h>

static size_t slot_of(const struct schema *s, const json_t *json)
{
        uint64_t h = (uint64_t) (uintptr_t) json * 0x9e3779b97f4a7c15u;
        size_t i = (size_t) (h >> 20) & (s->node_size - 1);

        while (s->nodes[i] && s->nodes[i]->json != json)
                i = (i + 1) & (s->node_size - 1);
        return i;
}

struct node *schema_node(const struct schema *s, const json_t *json)
{
        return s->node_size ? s->nodes[slot_of(s, json)] : NULL;
}

static int table_grow(struct schema *s)
{
        struct node **old = s->nodes;
        size_t old_size = s->node_size;

        if (2 * (s->node_count + 1) <= s->node_size)
                return 0;
        s->nodes = calloc(MAX_OF(2 * old_size, 64), sizeof(*s->nodes));
        if (!s->nodes) {
                s->nodes = old;
                return -ENOMEM;
        }
        s->node_size = MAX_OF(2 * old_size, 64);
        for (size_t i = 0; i < old_size; i++)
                if (old[i])
                        s->nodes[slot_of(s, old[i]->json)] = old[i];
        free(old);
        return 0;
}

int schema_node_add(struct schema *s, const json_t *json, struct resource *resource,
                    struct node **ret_node)
{
        struct node *n;
        int r;

        r = table_grow(s);
        if (r < 0)
                return r;
        n = calloc(1, sizeof(*n));
        if (!n)
                return -ENOMEM;
        *n = (struct node){ .json = json, .resource = resource };
        s->nodes[slot_of(s, json)] = n;
        s->node_count++;
        *ret_node = n;
        return 0;
}

int schema_new(struct schema **ret_schema, const json_t *json, const struct schema_loader *loader,
               struct err *err)
{
        _cleanup_(schema_freep) struct schema *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return err_set(err, -ENOMEM, "out of memory");
        s->loader = loader;
        s->json = json_deep_copy(json);
        s->documents = json_array();
        s->places = json_object();
        if (!s->json || !s->documents || !s->places)
                return err_set(err, -ENOMEM, "out of memory");

        r = schema_document_add(s, "", s->json, err);
        if (r == 0)
                r = schema_refs_resolve(s, err);
        if (r == -ENOMEM)
                return err_set(err, r, "out of memory");
        if (r < 0)
                return r;

        s->loader = NULL;
        *ret_schema = TAKE(s);
        return 0;
}

static void node_free(struct node *n)
{
        for (size_t i = 0; n && i < n->rule_count; i++) {
                for (size_t k = 0; k < n->rules[i].pattern_count; k++)
                        (void) pattern_free(n->rules[i].patterns[k]);
                free(n->rules[i].patterns);
        }
        if (n)
                free(n->rules);
        free(n);
}

struct schema *schema_free(struct schema *s)
{
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->node_size; i++)
                node_free(s->nodes[i]);
        for (size_t i = 0; i < s->resource_count; i++) {
                free(s->resources[i]->dynamics);
                free(s->resources[i]->uri);
                free(s->resources[i]);
        }
        free(s->nodes);
        free(s->resources);
        free(s->pendings);
        free(s->targets);
        json_decref(s->places);
        json_decref(s->documents);
        json_decref(s->json);
        free(s);
        return NULL;
}

static void faults_clear(struct schema_faults *faults)
{
        for (size_t i = 0; i < faults->count; i++) {
                free(faults->list[i].instance);
                free(faults->list[i].keyword);
                free(faults->list[i].message);
        }
        faults->count = 0;
        faults->is_cut = false;
}

void schema_faults_done(struct schema_faults *faults)
{
        faults_clear(faults);
        free(faults->list);
        faults->list = NULL;
}

int schema_check_partial(const struct schema *s, const json_t *instance,
                         bool (*is_unknown)(const json_t *value, void *user), void *user,
                         struct schema_faults *faults, struct err *err)
{
        struct check c = {
                .schema = s,
                .faults = faults,
                .is_unknown = is_unknown,
                .user = user,
                .err = err,
        };
        struct frame top = {
                .value = instance,
                .branch = NO_INDEX,
                .index = NO_INDEX,
                .is_loud = faults,
        };
        enum fit fit;

        if (faults)
                faults_clear(faults);
        fit = check_apply(&c, &top, s->json);
        if (c.error)
                return c.error;
        return fit == MISFIT ? SCHEMA_MISFIT : 0;
}

int schema_check(const struct schema *s, const json_t *instance, struct schema_faults *faults,
                 struct err *err)
{
        return schema_check_partial(s, instance, NULL, NULL, faults, err);
}

int schema_require(const struct schema *s, const json_t *instance, const char *what,
                   struct err *err)
{
        _cleanup_(schema_faults_done) struct schema_faults faults = { .limit = 20 };
        _cleanup_(buf_done) struct buf text = { 0 };
        int r;

        r = schema_check(s, instance, &faults, err);
        if (r < 0)
                return err_wrap(err, r, "%s cannot be checked", what);
        if (r == 0)
                return 0;
        for (size_t i = 0; i < faults.count && i < 3; i++)
                (void) buf_printf(&text, "%s%s%s%s", i ? "; " : "", faults.list[i].instance,
                                  *faults.list[i].instance ? ": " : "", faults.list[i].message);
        if (faults.count > 3)
                (void) buf_printf(&text, " (and %zu%s more)", faults.count - 3,
                                  faults.is_cut ? " or" : "");
        return err_set(err, -EBADMSG, "%s does not fit its schema: %s", what, buf_text(&text));
}

int schema_default(const struct schema *s, json_t *object)
{
        const json_t *properties = json_object_get(s->json, "properties");
        const char *key;
        json_t *property;

        if (!json_is_object(object))
                return 0;
        json_object_foreach ((json_t *) properties, key, property) {
                const json_t *value = json_object_get(property, "default");

                if (value && !json_object_get(object, key) &&
                    json_object_set_new(object, key, json_deep_copy(value)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

const json_t *schema_json(const struct schema *s)
{
        return s->json;
}
