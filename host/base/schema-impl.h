/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inside of the schema validator: what its files share, for nobody else
 *
 *   schema.c          the public functions; nodes and their table
 *   schema-ref.c      documents, resources, anchors: what a reference means
 *   schema-compile.c  the table of keywords; from JSON to nodes with rules
 *   schema-check.c    applies nodes to values; the keywords that hold subschemas
 *   schema-assert.c   the keywords that compare
 *   schema-meta.c     the dialect's own documents
 *
 * A *node* is one subschema, found by the address of its JSON (the schema keeps its own copy, so
 * each address stands for one place). A *rule* is one keyword of a node. A *resource* is what has a
 * URI of its own: a document or a subschema with $id.
 */

#include "base/pattern.h"
#include "base/schema.h"

/* Three values, ordered: `a` and `b` is the smaller of the two. */
enum fit { MISFIT, MAYBE, FIT };

static inline enum fit fit_both(enum fit a, enum fit b)
{
        return MIN_OF(a, b);
}

static inline enum fit fit_either(enum fit a, enum fit b)
{
        return MAX_OF(a, b);
}

struct check;
struct frame;
struct node;
struct rule;

/* What a keyword's value must look like, and what is to be compiled in it. */
enum shape {
        SHAPE_ANY,
        SHAPE_SCHEMA,
        SHAPE_SCHEMAS,     /* array of schemas, not empty */
        SHAPE_SCHEMA_MAP,  /* object of schemas */
        SHAPE_PATTERN_MAP, /* the same, keys are patterns */
        SHAPE_PATTERN,
        SHAPE_NUMBER,
        SHAPE_POSITIVE, /* a number above 0 */
        SHAPE_COUNT,    /* a whole number, not negative; 2.0 is one */
        SHAPE_BOOL,
        SHAPE_STRING,
        SHAPE_STRINGS,     /* array of strings, none twice */
        SHAPE_STRINGS_MAP, /* object of such arrays */
        SHAPE_ARRAY,
        SHAPE_OBJECT,
        SHAPE_TYPES, /* name of a type, or an array of some */
        SHAPE_NAME,  /* of an anchor */
        SHAPE_REF,
};

enum vocabulary {
        VOCABULARY_CORE = 1 << 0,
        VOCABULARY_APPLICATOR = 1 << 1,
        VOCABULARY_UNEVALUATED = 1 << 2,
        VOCABULARY_VALIDATION = 1 << 3,
        VOCABULARY_ALL = (1 << 4) - 1,
};

/* Kinds of values that a keyword looks at; others fit by definition. */
enum kind {
        KIND_OBJECT = 1 << JSON_OBJECT,
        KIND_ARRAY = 1 << JSON_ARRAY,
        KIND_STRING = 1 << JSON_STRING,
        KIND_NUMBER = 1 << JSON_INTEGER | 1 << JSON_REAL,
        KIND_ANY = ~0,
};

struct keyword {
        const char *name;
        enum shape shape;
        enum vocabulary vocabulary;
        int kinds;
        /* NULL: read by another keyword ("then"), or nothing to check. */
        enum fit (*check)(struct check *c, const struct frame *f, const struct rule *r);
};

struct rule {
        const struct keyword *keyword;
        const json_t *value;
        const json_t *target;      /* of $ref and $dynamicRef: the subschema meant */
        const char *dynamic;       /* of $dynamicRef: the anchor to look for, NULL = as $ref */
        size_t number;             /* of SHAPE_COUNT */
        struct pattern **patterns; /* of SHAPE_PATTERN (1) and SHAPE_PATTERN_MAP, in order */
        size_t pattern_count;
};

struct node {
        const json_t *json;
        struct resource *resource;
        struct rule *rules; /* in the order of the table of keywords */
        size_t rule_count;
        bool is_collecting; /* has unevaluatedProperties or unevaluatedItems */
};

struct anchor {
        const char *name;
        const json_t *json;
};

struct resource {
        char *uri; /* absolute where anything was, without fragment */
        const json_t *root;
        unsigned vocabularies;
        struct anchor *dynamics; /* its $dynamicAnchors */
        size_t dynamic_count;
};

/* A reference that was met and is resolved when its document is known. */
struct pending {
        struct node *node;
        size_t rule;
};

struct schema {
        json_t *json;      /* own copy */
        json_t *documents; /* array: everything that was loaded */
        json_t *places;    /* "uri" and "uri#anchor" -> integer: index into `targets` */
        const json_t **targets;
        size_t target_count;
        struct resource **resources;
        size_t resource_count;
        struct node **nodes; /* hash table by address, a power of two large, half empty */
        size_t node_count, node_size;
        struct pending *pendings;
        size_t pending_count;
        const struct schema_loader *loader; /* while compiling */
};

/* One level of compiling: where we are, for messages. */
struct compile {
        struct schema *schema;
        struct buf pointer; /* "/properties/size" */
        const char *uri;    /* of the document */
        unsigned depth;
        struct err *err;
};

/* schema.c */
struct node *schema_node(const struct schema *s, const json_t *json);
int schema_node_add(struct schema *s, const json_t *json, struct resource *resource,
                    struct node **ret_node);

/* schema-compile.c: compiles the subschema and all below it; a second time does nothing. */
int schema_compile(struct compile *c, const json_t *json, struct resource *resource);
int schema_compile_fault(struct compile *c, const char *keyword, const char *format, ...)
        _printf_(3, 4);
const struct rule *schema_rule(const struct node *n, const char *keyword);

/* schema-ref.c */
int schema_document_add(struct schema *s, const char *uri, const json_t *json, struct err *err);
int schema_resource_enter(struct compile *c, const json_t *json, const char *uri,
                          struct resource *parent, struct resource **ret_resource);
int schema_anchor_add(struct compile *c, struct resource *resource, const char *name,
                      const json_t *json, bool is_dynamic);
int schema_refs_resolve(struct schema *s, struct err *err);

/* schema-meta.c: the text of a built-in document, or NULL. */
const char *schema_meta_text(const char *uri);

/* Which properties or items of one value some keyword has looked at. */
struct seen {
        unsigned char *marks;
        size_t count;
};

/* One subschema on one value, and how we got there. */
struct frame {
        const struct frame *parent;
        const struct node *node;
        const json_t *value;
        const char *keyword; /* of the parent's node; NULL at the top */
        const char *token;   /* behind the keyword, where it holds many subschemas */
        size_t branch;       /* the same for arrays of subschemas, NO_INDEX = none */
        const char *key;     /* the step into the value: property … */
        size_t index;        /* … or item; NULL and NO_INDEX: still the same value */
        struct seen *seen;   /* NULL: nobody asks */
        bool is_loud;        /* faults are written down */
};

#define NO_INDEX SIZE_MAX

struct check {
        const struct schema *schema;
        struct schema_faults *faults; /* NULL: only the verdict counts */
        bool (*is_unknown)(const json_t *value, void *user);
        void *user;
        uint64_t steps;
        unsigned depth;
        bool is_explaining; /* why alternatives do not fit: not inside each other */
        int error;          /* no verdict can be reached */
        struct err *err;
};

/* schema-check.c */
enum fit check_apply(struct check *c, struct frame *f, const json_t *json);
enum fit check_fault(struct check *c, const struct frame *f, const char *keyword,
                     const char *format, ...) _printf_(4, 5);
int check_spend(struct check *c, uint64_t steps);

/* 1 or 0, or a negative errno that is the check's error as well. */
int check_match(struct check *c, const struct pattern *p, const char *text, size_t length);
enum fit check_fail(struct check *c, int code, const char *format, ...) _printf_(3, 4);

/* True when some part of the value is not known yet. */
bool check_has_unknown(const struct check *c, const json_t *value);

#define CHECK(name)                                                                                \
        enum fit check_##name(struct check *c, const struct frame *f, const struct rule *r)
CHECK(ref);
CHECK(dynamic_ref);
CHECK(all_of);
CHECK(any_of);
CHECK(one_of);
CHECK(not );
CHECK(if);
CHECK(dependent_schemas);
CHECK(properties);
CHECK(pattern_properties);
CHECK(additional_properties);
CHECK(property_names);
CHECK(prefix_items);
CHECK(items);
CHECK(contains);
CHECK(unevaluated_items);
CHECK(unevaluated_properties);

/* schema-assert.c */
CHECK(type);
CHECK(enum);
CHECK(const);
CHECK(multiple_of);
CHECK(maximum);
CHECK(exclusive_maximum);
CHECK(minimum);
CHECK(exclusive_minimum);
CHECK(max_length);
CHECK(min_length);
CHECK(pattern);
CHECK(max_items);
CHECK(min_items);
CHECK(unique_items);
CHECK(max_properties);
CHECK(min_properties);
CHECK(required);
CHECK(dependent_required);
