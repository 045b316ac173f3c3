/* SPDX-License-Identifier: Apache-2.0 */
#include "base/schema-impl.h"

#include "base/number.h"

#include <string.h>

/*
 * In the order of evaluation: what marks properties and items as seen stands before what asks.
 * Names that are not here are annotations, or unknown; both are left alone.
 */
static const struct keyword keywords[] = {
#define CORE VOCABULARY_CORE
        { "$id", SHAPE_REF, CORE, KIND_ANY, NULL },
        { "$schema", SHAPE_STRING, CORE, KIND_ANY, NULL },
        { "$anchor", SHAPE_NAME, CORE, KIND_ANY, NULL },
        { "$dynamicAnchor", SHAPE_NAME, CORE, KIND_ANY, NULL },
        { "$vocabulary", SHAPE_OBJECT, CORE, KIND_ANY, NULL },
        { "$comment", SHAPE_STRING, CORE, KIND_ANY, NULL },
        { "$defs", SHAPE_SCHEMA_MAP, CORE, KIND_ANY, NULL },
        { "$ref", SHAPE_REF, CORE, KIND_ANY, check_ref },
        { "$dynamicRef", SHAPE_REF, CORE, KIND_ANY, check_dynamic_ref },
#undef CORE
#define VALIDATION VOCABULARY_VALIDATION
        { "type", SHAPE_TYPES, VALIDATION, KIND_ANY, check_type },
        { "enum", SHAPE_ARRAY, VALIDATION, KIND_ANY, check_enum },
        { "const", SHAPE_ANY, VALIDATION, KIND_ANY, check_const },
        { "multipleOf", SHAPE_POSITIVE, VALIDATION, KIND_NUMBER, check_multiple_of },
        { "maximum", SHAPE_NUMBER, VALIDATION, KIND_NUMBER, check_maximum },
        { "exclusiveMaximum", SHAPE_NUMBER, VALIDATION, KIND_NUMBER, check_exclusive_maximum },
        { "minimum", SHAPE_NUMBER, VALIDATION, KIND_NUMBER, check_minimum },
        { "exclusiveMinimum", SHAPE_NUMBER, VALIDATION, KIND_NUMBER, check_exclusive_minimum },
        { "maxLength", SHAPE_COUNT, VALIDATION, KIND_STRING, check_max_length },
        { "minLength", SHAPE_COUNT, VALIDATION, KIND_STRING, check_min_length },
        { "pattern", SHAPE_PATTERN, VALIDATION, KIND_STRING, check_pattern },
        { "maxItems", SHAPE_COUNT, VALIDATION, KIND_ARRAY, check_max_items },
        { "minItems", SHAPE_COUNT, VALIDATION, KIND_ARRAY, check_min_items },
        { "uniqueItems", SHAPE_BOOL, VALIDATION, KIND_ARRAY, check_unique_items },
        { "maxContains", SHAPE_COUNT, VALIDATION, KIND_ARRAY, NULL },
        { "minContains", SHAPE_COUNT, VALIDATION, KIND_ARRAY, NULL },
        { "maxProperties", SHAPE_COUNT, VALIDATION, KIND_OBJECT, check_max_properties },
        { "minProperties", SHAPE_COUNT, VALIDATION, KIND_OBJECT, check_min_properties },
        { "required", SHAPE_STRINGS, VALIDATION, KIND_OBJECT, check_required },
        { "dependentRequired", SHAPE_STRINGS_MAP, VALIDATION, KIND_OBJECT,
          check_dependent_required },
#undef VALIDATION
#define APPLICATOR VOCABULARY_APPLICATOR
        { "properties", SHAPE_SCHEMA_MAP, APPLICATOR, KIND_OBJECT, check_properties },
        { "patternProperties", SHAPE_PATTERN_MAP, APPLICATOR, KIND_OBJECT,
          check_pattern_properties },
        { "additionalProperties", SHAPE_SCHEMA, APPLICATOR, KIND_OBJECT,
          check_additional_properties },
        { "propertyNames", SHAPE_SCHEMA, APPLICATOR, KIND_OBJECT, check_property_names },
        { "prefixItems", SHAPE_SCHEMAS, APPLICATOR, KIND_ARRAY, check_prefix_items },
        { "items", SHAPE_SCHEMA, APPLICATOR, KIND_ARRAY, check_items },
        { "contains", SHAPE_SCHEMA, APPLICATOR, KIND_ARRAY, check_contains },
        { "dependentSchemas", SHAPE_SCHEMA_MAP, APPLICATOR, KIND_OBJECT, check_dependent_schemas },
        { "allOf", SHAPE_SCHEMAS, APPLICATOR, KIND_ANY, check_all_of },
        { "anyOf", SHAPE_SCHEMAS, APPLICATOR, KIND_ANY, check_any_of },
        { "oneOf", SHAPE_SCHEMAS, APPLICATOR, KIND_ANY, check_one_of },
        { "not", SHAPE_SCHEMA, APPLICATOR, KIND_ANY, check_not },
        { "if", SHAPE_SCHEMA, APPLICATOR, KIND_ANY, check_if },
        { "then", SHAPE_SCHEMA, APPLICATOR, KIND_ANY, NULL },
        { "else", SHAPE_SCHEMA, APPLICATOR, KIND_ANY, NULL },
#undef APPLICATOR
        { "unevaluatedItems", SHAPE_SCHEMA, VOCABULARY_UNEVALUATED, KIND_ARRAY,
          check_unevaluated_items },
        { "unevaluatedProperties", SHAPE_SCHEMA, VOCABULARY_UNEVALUATED, KIND_OBJECT,
          check_unevaluated_properties },
};

static const char *const type_names[] = { "array",  "boolean", "integer", "null",
                                          "number", "object",  "string" };

int schema_compile_fault(struct compile *c, const char *keyword, const char *format, ...)
{
        char text[1024];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return err_set(c->err, -EBADMSG, "%s%s%s%s%s: %s", c->uri, *c->uri ? "#" : "",
                       buf_text(&c->pointer), *keyword ? "/" : "", keyword, text);
}

const struct rule *schema_rule(const struct node *n, const char *keyword)
{
        for (size_t i = 0; i < n->rule_count; i++)
                if (strcmp(n->rules[i].keyword->name, keyword) == 0)
                        return &n->rules[i];
        return NULL;
}

/* Compiles a subschema one or two steps below, with the steps in c->pointer for the while. */
static int compile_below(struct compile *c, const char *keyword, const char *token,
                         const json_t *json, struct resource *resource)
{
        size_t length = c->pointer.length;
        int r;

        r = json_pointer_add(&c->pointer, keyword);
        if (r == 0 && token)
                r = json_pointer_add(&c->pointer, token);
        if (r == 0)
                r = schema_compile(c, json, resource);
        if (c->pointer.data) {
                c->pointer.length = length;
                c->pointer.data[length] = '\0';
        }
        return r;
}

static int compile_array(struct compile *c, const struct rule *rule, struct resource *resource)
{
        const json_t *item;
        char token[24];
        size_t i;

        if (!json_is_array(rule->value) || json_array_size(rule->value) == 0)
                return schema_compile_fault(c, rule->keyword->name,
                                            "must be an array of schemas, not empty");
        json_array_foreach (rule->value, i, item) {
                int r;

                (void) snprintf(token, sizeof(token), "%zu", i);
                r = compile_below(c, rule->keyword->name, token, item, resource);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int compile_map(struct compile *c, const struct rule *rule, struct resource *resource)
{
        const char *key;
        json_t *item;

        if (!json_is_object(rule->value))
                return schema_compile_fault(c, rule->keyword->name,
                                            "must be an object whose values are schemas");
        json_object_foreach ((json_t *) rule->value, key, item) {
                int r = compile_below(c, rule->keyword->name, key, item, resource);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int compile_pattern(struct compile *c, struct rule *rule, const char *text, size_t length)
{
        struct err why = { 0 };
        int r;

        r = pattern_new(&rule->patterns[rule->pattern_count], text, length, &why);
        if (r < 0)
                return schema_compile_fault(c, rule->keyword->name, "%.200s: %s", text,
                                            err_text(&why));
        rule->pattern_count++;
        return 0;
}

static int compile_patterns(struct compile *c, struct rule *rule)
{
        const char *key;
        json_t *item;
        int r = 0;

        rule->patterns = calloc(MAX_OF(json_object_size(rule->value), 1), sizeof(*rule->patterns));
        if (!rule->patterns)
                return -ENOMEM;
        if (json_is_string(rule->value))
                return compile_pattern(c, rule, json_string_value(rule->value),
                                       json_string_length(rule->value));
        json_object_foreach ((json_t *) rule->value, key, item) {
                r = compile_pattern(c, rule, key, strlen(key));
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool is_type_name(const json_t *value)
{
        for (size_t i = 0; i < ARRAY_SIZE(type_names); i++)
                if (json_is_string(value) && strcmp(json_string_value(value), type_names[i]) == 0)
                        return true;
        return false;
}

static bool is_types(const json_t *value)
{
        const json_t *item;
        size_t i;

        if (!json_is_array(value))
                return is_type_name(value);
        json_array_foreach (value, i, item)
                if (!is_type_name(item))
                        return false;
        return json_array_size(value) > 0;
}

static bool is_strings(const json_t *value)
{
        const json_t *item;
        size_t i;

        json_array_foreach (value, i, item)
                if (!json_is_string(item))
                        return false;
        return json_is_array(value);
}

static bool is_strings_map(const json_t *value)
{
        const char *key;
        json_t *item;

        json_object_foreach ((json_t *) value, key, item)
                if (!is_strings(item))
                        return false;
        return json_is_object(value);
}

static bool is_anchor_name(const json_t *value)
{
        const char *name = json_string_value(value);
        const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";

        return name && *name && strchr(letters, *name) &&
               name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789-._")] == '\0';
}

static bool is_positive(const json_t *value)
{
        return json_is_number(value) && json_number_value(value) > 0;
}

static bool is_count(const json_t *value)
{
        return json_is_number(value) && number_is_integer(value) && json_number_value(value) >= 0;
}

static bool is_number(const json_t *value)
{
        return json_is_number(value);
}

static bool is_bool(const json_t *value)
{
        return json_is_boolean(value);
}

static bool is_string(const json_t *value)
{
        return json_is_string(value);
}

static bool is_array(const json_t *value)
{
        return json_is_array(value);
}

static bool is_object(const json_t *value)
{
        return json_is_object(value);
}

/* Shapes without subschemas: what they must be, in code and in words. */
static const struct {
        bool (*holds)(const json_t *value);
        const char *words;
} shapes[] = {
        [SHAPE_PATTERN_MAP] = { is_object, "an object whose keys are patterns" },
        [SHAPE_PATTERN] = { is_string, "a string" },
        [SHAPE_NUMBER] = { is_number, "a number" },
        [SHAPE_POSITIVE] = { is_positive, "a number above 0" },
        [SHAPE_COUNT] = { is_count, "a whole number, 0 or more" },
        [SHAPE_BOOL] = { is_bool, "true or false" },
        [SHAPE_STRING] = { is_string, "a string" },
        [SHAPE_STRINGS] = { is_strings, "an array of strings" },
        [SHAPE_STRINGS_MAP] = { is_strings_map, "an object of arrays of strings" },
        [SHAPE_ARRAY] = { is_array, "an array" },
        [SHAPE_OBJECT] = { is_object, "an object" },
        [SHAPE_TYPES] = { is_types, "one or more of array, boolean, integer, null, number, object, "
                                    "string" },
        [SHAPE_NAME] = { is_anchor_name, "a name: letters, digits, - . _, first a letter or _" },
        [SHAPE_REF] = { is_string, "a string" },
};

static int compile_rule(struct compile *c, struct node *n, struct rule *rule)
{
        enum shape shape = rule->keyword->shape;
        int r = 0;

        if (shape < ARRAY_SIZE(shapes) && shapes[shape].holds && !shapes[shape].holds(rule->value))
                return schema_compile_fault(c, rule->keyword->name, "must be %s",
                                            shapes[shape].words);
        if (shape == SHAPE_COUNT)
                rule->number = json_number_value(rule->value) < (double) (SIZE_MAX / 2)
                                       ? (size_t) json_number_value(rule->value)
                                       : SIZE_MAX / 2;
        if (shape == SHAPE_PATTERN || shape == SHAPE_PATTERN_MAP)
                r = compile_patterns(c, rule);
        if (r < 0)
                return r;
        if (shape == SHAPE_SCHEMA)
                return compile_below(c, rule->keyword->name, NULL, rule->value, n->resource);
        if (shape == SHAPE_SCHEMAS)
                return compile_array(c, rule, n->resource);
        if (shape == SHAPE_SCHEMA_MAP || shape == SHAPE_PATTERN_MAP)
                return compile_map(c, rule, n->resource);
        return 0;
}

static int pending_add(struct schema *s, struct node *n, size_t rule)
{
        struct pending *grown =
                reallocarray(s->pendings, s->pending_count + 1, sizeof(*s->pendings));

        if (!grown)
                return -ENOMEM;
        s->pendings = grown;
        s->pendings[s->pending_count++] = (struct pending){ n, rule };
        return 0;
}

static int compile_rules(struct compile *c, struct node *n)
{
        for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
                const json_t *value = json_object_get(n->json, keywords[i].name);
                struct rule *rule = &n->rules[n->rule_count];
                int r;

                if (!value || !(keywords[i].vocabulary & n->resource->vocabularies))
                        continue;
                *rule = (struct rule){ .keyword = &keywords[i], .value = value };
                n->rule_count++;
                r = compile_rule(c, n, rule);
                if (r == 0 && (rule->keyword->check == check_ref ||
                               rule->keyword->check == check_dynamic_ref))
                        r = pending_add(c->schema, n, n->rule_count - 1);
                if (r < 0)
                        return r;
                if (keywords[i].vocabulary == VOCABULARY_UNEVALUATED)
                        n->is_collecting = true;
        }
        return 0;
}

static int compile_anchors(struct compile *c, const json_t *json, struct resource *resource)
{
        static const char *const names[] = { "$anchor", "$dynamicAnchor" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                const json_t *value = json_object_get(json, names[i]);
                int r = 0;

                if (is_anchor_name(value))
                        r = schema_anchor_add(c, resource, json_string_value(value), json, i == 1);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int compile_node(struct compile *c, const json_t *json, struct resource *resource)
{
        const char *id = json_string_value(json_object_get(json, "$id"));
        struct node *n;
        int r = 0;

        if (id && json != resource->root)
                r = schema_resource_enter(c, json, id, resource, &resource);
        if (r == 0)
                r = compile_anchors(c, json, resource);
        if (r == 0)
                r = schema_node_add(c->schema, json, resource, &n);
        if (r < 0)
                return r;
        n->rules = calloc(MAX_OF(MIN_OF(json_object_size(json), ARRAY_SIZE(keywords)), 1),
                          sizeof(*n->rules));
        return n->rules ? compile_rules(c, n) : -ENOMEM;
}

int schema_compile(struct compile *c, const json_t *json, struct resource *resource)
{
        int r;

        if (json_is_boolean(json) || schema_node(c->schema, json))
                return 0;
        if (!json_is_object(json))
                return schema_compile_fault(c, "", "a schema must be an object, true or false");
        if (++c->depth > JSON_DEPTH_LIMIT)
                return schema_compile_fault(c, "", "nested deeper than %d levels",
                                            JSON_DEPTH_LIMIT);
        r = compile_node(c, json, resource);
        c->depth--;
        return r;
}
