/* SPDX-License-Identifier: Apache-2.0 */
#include "base/schema-impl.h"

#include "base/uri.h"

#include <string.h>

static const struct {
        const char *uri;
        unsigned vocabulary;
} vocabularies[] = {
#define VOCAB "https://json-schema.org/draft/2020-12/vocab/"
        { VOCAB "core", VOCABULARY_CORE },
        { VOCAB "applicator", VOCABULARY_APPLICATOR },
        { VOCAB "unevaluated", VOCABULARY_UNEVALUATED },
        { VOCAB "validation", VOCABULARY_VALIDATION },
        { VOCAB "meta-data", 0 },
        { VOCAB "format-annotation", 0 },
        { VOCAB "content", 0 },
#undef VOCAB
};

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

/* Gives a JSON a name: "uri" or "uri#anchor". The first to ask for a name keeps it. */
static int place_add(struct schema *s, const char *name, const json_t *json)
{
        const json_t **grown;

        if (json_object_get(s->places, name))
                return json == s->targets[json_integer_value(json_object_get(s->places, name))]
                               ? 0
                               : -EEXIST;
        grown = reallocarray(s->targets, s->target_count + 1, sizeof(*s->targets));
        if (!grown)
                return -ENOMEM;
        s->targets = grown;
        if (json_object_set_new(s->places, name, json_integer((json_int_t) s->target_count)) < 0)
                return -ENOMEM;
        s->targets[s->target_count++] = json;
        return 0;
}

static const json_t *place_find(const struct schema *s, const char *name)
{
        const json_t *index = json_object_get(s->places, name);

        return index ? s->targets[json_integer_value(index)] : NULL;
}

int schema_anchor_add(struct compile *c, struct resource *resource, const char *name,
                      const json_t *json, bool is_dynamic)
{
        _cleanup_(buf_done) struct buf place = { 0 };
        struct anchor *grown;
        int r;

        r = buf_printf(&place, "%s#%s", resource->uri, name);
        if (r == 0)
                r = place_add(c->schema, buf_text(&place), json);
        if (r == -EEXIST)
                return schema_compile_fault(c, is_dynamic ? "$dynamicAnchor" : "$anchor",
                                            "the name \"%s\" is already used", name);
        if (r < 0 || !is_dynamic)
                return r;
        grown = reallocarray(resource->dynamics, resource->dynamic_count + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        resource->dynamics = grown;
        resource->dynamics[resource->dynamic_count++] = (struct anchor){ name, json };
        return 0;
}

/* The document at a URI, owned by the schema; a known one is not loaded again. */
static int document_load(struct schema *s, const char *uri, const json_t **ret, struct err *err)
{
        _cleanup_(json_decrefp) json_t *json = NULL;
        const char *text = schema_meta_text(uri);
        int r;

        if (json_array_size(s->documents) >= SCHEMA_DOCUMENTS_MAX)
                return err_set(err, -E2BIG, "the schema pulls in more than %d documents",
                               SCHEMA_DOCUMENTS_MAX);
        if (text)
                r = json_text_load(&json, text, strlen(text), uri, err);
        else if (s->loader)
                r = s->loader->load(s->loader->user, uri, &json, err);
        else
                r = err_set(err, -ENOENT, "no document is known as %s", *uri ? uri : "(empty)");
        if (r < 0)
                return r;
        if (json_array_append(s->documents, json) < 0)
                return -ENOMEM;
        *ret = json;
        return 0;
}

/* Which vocabularies a $vocabulary object switches on. */
static int vocabularies_read(const json_t *object, const char *uri, unsigned *ret, struct err *err)
{
        const char *name;
        json_t *is_required;

        *ret = VOCABULARY_CORE;
        json_object_foreach ((json_t *) object, name, is_required) {
                bool is_known = false;

                for (size_t i = 0; i < ARRAY_SIZE(vocabularies); i++)
                        if (strcmp(vocabularies[i].uri, name) == 0) {
                                *ret |= vocabularies[i].vocabulary;
                                is_known = true;
                        }
                if (!is_known && json_is_true(is_required))
                        return err_set(err, -EOPNOTSUPP,
                                       "the dialect %s requires the vocabulary %s, which is not "
                                       "known here",
                                       uri, name);
        }
        return 0;
}

/* Reads $schema of a resource: the vocabularies in force below. */
static int dialect_read(struct compile *c, const json_t *json, unsigned *ret)
{
        const char *uri = json_string_value(json_object_get(json, "$schema"));
        _cleanup_(freep) char *document = uri ? strndup(uri, strcspn(uri, "#")) : NULL;
        const json_t *meta, *object;
        int r;

        if (!uri)
                return 0;
        if (!document)
                return -ENOMEM;
        if (strcmp(document, DIALECT) == 0) {
                *ret = VOCABULARY_ALL;
                return 0;
        }
        meta = place_find(c->schema, document);
        if (!meta) {
                struct err why = { 0 };

                r = document_load(c->schema, document, &meta, &why);
                if (r < 0)
                        return schema_compile_fault(c, "$schema",
                                                    "the dialect is not known (%s); write %s",
                                                    err_text(&why), DIALECT);
                r = place_add(c->schema, document, meta);
                if (r < 0)
                        return r;
        }
        object = json_object_get(meta, "$vocabulary");
        *ret = VOCABULARY_ALL;
        return object ? vocabularies_read(object, document, ret, c->err) : 0;
}

static int resource_new(struct compile *c, const json_t *json, char *uri, unsigned inherited,
                        struct resource **ret_resource)
{
        struct schema *s = c->schema;
        struct resource *resource, **grown;
        int r;

        resource = calloc(1, sizeof(*resource));
        grown = reallocarray(s->resources, s->resource_count + 1, sizeof(*s->resources));
        if (grown)
                s->resources = grown;
        if (!grown || !resource || !uri) {
                free(resource);
                free(uri);
                return -ENOMEM;
        }
        *resource = (struct resource){ .uri = uri, .root = json, .vocabularies = inherited };
        s->resources[s->resource_count++] = resource;

        r = dialect_read(c, json, &resource->vocabularies);
        if (r == 0)
                r = place_add(s, uri, json);
        if (r == -EEXIST)
                return schema_compile_fault(c, "$id", "%s is already the name of another schema",
                                            uri);
        if (r < 0)
                return r;
        *ret_resource = resource;
        return 0;
}

int schema_resource_enter(struct compile *c, const json_t *json, const char *id,
                          struct resource *parent, struct resource **ret_resource)
{
        _cleanup_(buf_done) struct buf uri = { 0 };
        char *hash;
        int r;

        r = uri_resolve(&uri, parent ? parent->uri : c->uri, id);
        if (r < 0)
                return r;
        hash = uri.data ? strchr(uri.data, '#') : NULL;
        if (hash && hash[1])
                return schema_compile_fault(c, "$id", "\"%s\" must not have a fragment", id);
        if (hash)
                *hash = '\0';
        return resource_new(c, json, strdup(buf_text(&uri)),
                            parent ? parent->vocabularies : VOCABULARY_ALL, ret_resource);
}

int schema_document_add(struct schema *s, const char *uri, const json_t *json, struct err *err)
{
        struct compile c = { .schema = s, .uri = uri, .err = err };
        const char *id = json_string_value(json_object_get(json, "$id"));
        struct resource *resource;
        int r;

        r = schema_resource_enter(&c, json, id ? id : uri, NULL, &resource);
        if (r == 0)
                r = place_add(s, uri, json);
        if (r == 0)
                r = schema_compile(&c, json, resource);
        buf_done(&c.pointer);
        return r;
}

/* Goes down a JSON pointer and remembers the last resource passed on the way. */
static const json_t *pointer_follow(const struct schema *s, const json_t *json, const char *pointer,
                                    struct resource **resource)
{
        while (json && *pointer) {
                _cleanup_(freep) char *step = NULL;
                const struct node *n;

                if (*pointer != '/')
                        return NULL;
                step = strndup(pointer, strcspn(pointer + 1, "/") + 1);
                if (!step)
                        return NULL;
                json = json_pointer_get(json, step);
                pointer += strlen(step);
                n = json ? schema_node(s, json) : NULL;
                if (n)
                        *resource = n->resource;
        }
        return json;
}

/* A pointer may lead into a place that no keyword told us about: it is compiled now. */
static int target_by_pointer(struct schema *s, const json_t *root, const char *uri,
                             const char *pointer, const json_t **ret, struct err *err)
{
        struct compile c = { .schema = s, .uri = uri, .err = err };
        struct resource *resource = NULL;
        const struct node *n = schema_node(s, root);
        const json_t *json;
        int r;

        if (n)
                resource = n->resource;
        json = pointer_follow(s, root, pointer, &resource);
        if (!json)
                return err_set(err, -EBADMSG, "there is nothing at %s in %s", pointer,
                               *uri ? uri : "this schema");
        r = json_is_boolean(json) || resource ? 0 : -EBADMSG;
        if (r == 0)
                r = buf_puts(&c.pointer, pointer);
        if (r == 0)
                r = schema_compile(&c, json, resource);
        buf_done(&c.pointer);
        if (r < 0)
                return r;
        *ret = json;
        return 0;
}

static int document_find(struct schema *s, const char *uri, const json_t **ret, struct err *err)
{
        int r;

        *ret = place_find(s, uri);
        if (*ret && (schema_node(s, *ret) || json_is_boolean(*ret)))
                return 0;
        if (!*ret) {
                r = document_load(s, uri, ret, err);
                if (r < 0)
                        return r;
        }
        return schema_document_add(s, uri, *ret, err);
}

/* `reference` is absolute by now. */
static int target_find(struct schema *s, char *reference, const json_t **ret, struct err *err)
{
        _cleanup_(buf_done) struct buf fragment = { 0 };
        char *hash = strchr(reference, '#');
        const json_t *root;
        int r;

        if (hash)
                *hash = '\0';
        r = document_find(s, reference, &root, err);
        if (r < 0)
                return r;
        if (!hash || !hash[1]) {
                *ret = root;
                return 0;
        }
        r = uri_decode(&fragment, hash + 1);
        if (r < 0)
                return err_set(err, r, "the fragment #%s is not well written", hash + 1);
        if (*fragment.data == '/')
                return target_by_pointer(s, root, reference, fragment.data, ret, err);
        *hash = '#';
        *ret = place_find(s, reference);
        return *ret ? 0 : err_set(err, -EBADMSG, "no schema is called %s", reference);
}

static const char *dynamic_name(const struct schema *s, const struct rule *rule)
{
        const char *hash = strchr(json_string_value(rule->value), '#');
        const struct node *n = schema_node(s, rule->target);

        for (size_t i = 0; hash && n && i < n->resource->dynamic_count; i++)
                if (n->resource->dynamics[i].json == rule->target &&
                    strcmp(n->resource->dynamics[i].name, hash + 1) == 0)
                        return n->resource->dynamics[i].name;
        return NULL;
}

static int ref_resolve(struct schema *s, struct pending p, struct err *err)
{
        _cleanup_(buf_done) struct buf uri = { 0 };
        _cleanup_(freep) char *absolute = NULL;
        struct rule *rule = &p.node->rules[p.rule];
        const char *reference = json_string_value(rule->value);
        int r;

        r = uri_resolve(&uri, p.node->resource->uri, reference);
        if (r < 0)
                return r;
        absolute = strdup(buf_text(&uri));
        if (!absolute)
                return -ENOMEM;
        r = target_find(s, absolute, &rule->target, err);
        if (r < 0)
                return err_wrap(err, r, "%s \"%s\" cannot be resolved", rule->keyword->name,
                                reference);
        if (rule->keyword->check == check_dynamic_ref)
                rule->dynamic = dynamic_name(s, rule);
        return 0;
}

int schema_refs_resolve(struct schema *s, struct err *err)
{
        /* Resolving loads documents, which may add references at the end of the list. */
        for (size_t i = 0; i < s->pending_count; i++) {
                int r = ref_resolve(s, s->pendings[i], err);

                if (r < 0)
                        return r;
        }
        return 0;
}
