/* SPDX-License-Identifier: Apache-2.0 */
#include "base/schema-impl.h"

#include "base/utf8.h"

#include <string.h>

#define EXPLAINED_MAX 3 /* alternatives of which it is said why they do not fit */

enum fit check_fail(struct check *c, int code, const char *format, ...)
{
        char text[1024];
        va_list args;

        if (c->error)
                return MISFIT;
        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        c->error = err_set(c->err, code, "%s", text);
        return MISFIT;
}

int check_spend(struct check *c, uint64_t steps)
{
        c->steps += steps;
        if (c->steps <= SCHEMA_STEPS_MAX)
                return 0;
        (void) check_fail(
                c, -E2BIG,
                "checking takes more than %d steps: value and schema are too large for each other",
                SCHEMA_STEPS_MAX);
        return -E2BIG;
}

int check_match(struct check *c, const struct pattern *p, const char *text, size_t length)
{
        uint64_t steps = 0;
        int r;

        if (c->error)
                return c->error;
        r = pattern_match(p, text, length, &steps, c->err);
        if (r < 0)
                c->error = r;
        else if (check_spend(c, 1 + steps) < 0)
                r = c->error;
        return r;
}

bool check_has_unknown(const struct check *c, const json_t *value)
{
        const char *key;
        json_t *item;
        size_t i;

        if (!c->is_unknown)
                return false;
        if (c->is_unknown(value, c->user))
                return true;
        json_object_foreach ((json_t *) value, key, item)
                if (check_has_unknown(c, item))
                        return true;
        json_array_foreach (value, i, item)
                if (check_has_unknown(c, item))
                        return true;
        return false;
}

static int instance_pointer(const struct frame *f, struct buf *out)
{
        char token[24];
        int r;

        if (!f)
                return 0;
        r = instance_pointer(f->parent, out);
        if (r == 0 && f->key)
                r = json_pointer_add(out, f->key);
        if (r == 0 && f->index != NO_INDEX) {
                (void) snprintf(token, sizeof(token), "%zu", f->index);
                r = json_pointer_add(out, token);
        }
        return r;
}

static int keyword_pointer(const struct frame *f, struct buf *out)
{
        char token[24];
        int r;

        if (!f || !f->keyword)
                return 0;
        r = keyword_pointer(f->parent, out);
        if (r == 0)
                r = json_pointer_add(out, f->keyword);
        if (r == 0 && f->token)
                r = json_pointer_add(out, f->token);
        if (r == 0 && f->branch != NO_INDEX) {
                (void) snprintf(token, sizeof(token), "%zu", f->branch);
                r = json_pointer_add(out, token);
        }
        return r;
}

static int fault_add(struct schema_faults *faults, struct schema_fault *fault)
{
        struct schema_fault *grown;

        if (faults->count >= (faults->limit ? faults->limit : SCHEMA_FAULTS_MAX)) {
                faults->is_cut = true;
                return 0;
        }
        grown = reallocarray(faults->list, faults->count + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        faults->list = grown;
        faults->list[faults->count++] = *fault;
        *fault = (struct schema_fault){ 0 };
        return 0;
}

enum fit check_fault(struct check *c, const struct frame *f, const char *keyword,
                     const char *format, ...)
{
        struct buf instance = { 0 }, path = { 0 };
        struct schema_fault fault = { 0 };
        va_list args;
        int r;

        if (!f->is_loud || c->faults->is_cut)
                return MISFIT;
        r = instance_pointer(f, &instance);
        if (r == 0)
                r = keyword_pointer(f, &path);
        if (r == 0 && *keyword)
                r = json_pointer_add(&path, keyword);
        va_start(args, format);
        if (r == 0 && vasprintf(&fault.message, format, args) < 0) {
                fault.message = NULL;
                r = -ENOMEM;
        }
        va_end(args);
        if (fault.message)
                utf8_settle(fault.message);
        fault.instance = buf_take(&instance);
        fault.keyword = buf_take(&path);
        if (r == 0 && (!fault.instance || !fault.keyword))
                r = -ENOMEM;
        if (r == 0)
                r = fault_add(c->faults, &fault);
        free(fault.instance);
        free(fault.keyword);
        free(fault.message);
        return r < 0 ? check_fail(c, r, "out of memory") : MISFIT;
}

static void seen_done(struct seen *seen)
{
        free(seen->marks);
}

static int seen_init(struct check *c, struct seen *seen, const json_t *value)
{
        seen->count = json_is_object(value) ? json_object_size(value) : json_array_size(value);
        seen->marks = calloc(MAX_OF(seen->count, 1), 1);
        if (!seen->marks)
                (void) check_fail(c, -ENOMEM, "out of memory");
        return c->error ? c->error : check_spend(c, seen->count / 16);
}

static void seen_mark(struct seen *seen, size_t i)
{
        if (seen && i < seen->count)
                seen->marks[i] = 1;
}

static void seen_merge(struct seen *into, const struct seen *from)
{
        for (size_t i = 0; into && i < into->count; i++)
                into->marks[i] |= from->marks[i];
}

/* The false schema: who says it decides how it reads best. */
static enum fit refuse(struct check *c, const struct frame *f)
{
        bool is_extra = f->keyword && (strcmp(f->keyword, "additionalProperties") == 0 ||
                                       strcmp(f->keyword, "unevaluatedProperties") == 0);

        return check_fault(c, f, "",
                           is_extra ? "is not a property that is known here"
                                    : "is not allowed here");
}

static enum fit apply_rules(struct check *c, struct frame *f)
{
        const struct node *n = f->node;
        enum fit fit = FIT;

        for (size_t i = 0; i < n->rule_count && !c->error; i++) {
                const struct keyword *k = n->rules[i].keyword;

                if (!k->check || !(k->kinds & 1 << json_typeof(f->value)))
                        continue;
                fit = fit_both(fit, k->check(c, f, &n->rules[i]));
                if (fit == MISFIT && !f->is_loud)
                        break;
        }
        return fit;
}

/* A node that asks what was seen starts with a clean sheet: it does not look at its cousins' marks.
 */
static enum fit apply_collecting(struct check *c, struct frame *f)
{
        _cleanup_(seen_done) struct seen own = { 0 };
        struct seen *outer = f->seen;
        enum fit fit;

        if (seen_init(c, &own, f->value) < 0)
                return MISFIT;
        f->seen = &own;
        fit = apply_rules(c, f);
        f->seen = outer;
        seen_merge(outer, &own);
        return fit;
}

enum fit check_apply(struct check *c, struct frame *f, const json_t *json)
{
        enum fit fit;

        if (c->error || check_spend(c, 1) < 0)
                return MISFIT;
        if (json_is_true(json))
                return FIT;
        if (json_is_false(json))
                return refuse(c, f);
        if (c->is_unknown && c->is_unknown(f->value, c->user))
                return MAYBE;
        if (c->depth >= SCHEMA_DEPTH_MAX)
                return check_fail(c, -ELOOP,
                                  "the schema goes more than %d levels deep on this value: does a "
                                  "reference lead back to itself?",
                                  SCHEMA_DEPTH_MAX);
        f->node = schema_node(c->schema, json);
        c->depth++;
        fit = f->node->is_collecting ? apply_collecting(c, f) : apply_rules(c, f);
        c->depth--;
        return fit;
}

/* A frame for a subschema on the same value. */
static struct frame in_place(const struct frame *f, const struct rule *r)
{
        return (struct frame){
                .parent = f,
                .value = f->value,
                .keyword = r->keyword->name,
                .branch = NO_INDEX,
                .index = NO_INDEX,
                .seen = f->seen,
                .is_loud = f->is_loud,
        };
}

/* A frame for a subschema on a property or an item; nobody asks what it sees. */
static struct frame below(const struct frame *f, const struct rule *r, const json_t *value)
{
        struct frame child = in_place(f, r);

        child.value = value;
        child.seen = NULL;
        return child;
}

/*
 * Tries a subschema quietly. What it marked counts only if it may fit, so it gets a sheet of its
 * own when somebody asks.
 */
static enum fit try(struct check *c, const struct frame *f, const struct rule *r,
                    const json_t *json)
{
        _cleanup_(seen_done) struct seen own = { 0 };
        struct frame child = in_place(f, r);
        enum fit fit;

        child.is_loud = false;
        if (f->seen) {
                if (seen_init(c, &own, f->value) < 0)
                        return MISFIT;
                child.seen = &own;
        }
        fit = check_apply(c, &child, json);
        if (f->seen && fit != MISFIT)
                seen_merge(f->seen, &own);
        return fit;
}

CHECK(ref)
{
        struct frame child = in_place(f, r);

        return check_apply(c, &child, r->target);
}

static const json_t *dynamic_target(const struct resource *resource, const char *name)
{
        for (size_t i = 0; i < resource->dynamic_count; i++)
                if (strcmp(resource->dynamics[i].name, name) == 0)
                        return resource->dynamics[i].json;
        return NULL;
}

/* The outermost resource on the way here that has the anchor wins. */
CHECK(dynamic_ref)
{
        struct frame child = in_place(f, r);
        const json_t *target = r->target;

        for (const struct frame *at = f; r->dynamic && at; at = at->parent) {
                const json_t *found = dynamic_target(at->node->resource, r->dynamic);

                if (found)
                        target = found;
                if (check_spend(c, 1 + at->node->resource->dynamic_count / 4) < 0)
                        return MISFIT;
        }
        return check_apply(c, &child, target);
}

CHECK(all_of)
{
        enum fit fit = FIT;
        const json_t *item;
        size_t i;

        json_array_foreach (r->value, i, item) {
                struct frame child = in_place(f, r);

                child.branch = i;
                fit = fit_both(fit, check_apply(c, &child, item));
                if (fit == MISFIT && !f->is_loud)
                        break;
        }
        return fit;
}

/* Appends the first thing that is wrong with the value under one alternative. */
static int alternative_explain(struct check *c, const struct frame *f, const struct rule *r,
                               size_t i, struct buf *out)
{
        _cleanup_(schema_faults_done) struct schema_faults own = { .limit = 1 };
        _cleanup_(buf_done) struct buf here = { 0 };
        struct schema_faults *outer = c->faults;
        struct frame child = in_place(f, r);
        const struct schema_fault *why;

        child.seen = NULL;
        c->faults = &own;
        (void) check_apply(c, &child, json_array_get(r->value, i));
        c->faults = outer;
        if (own.count == 0)
                return 0;
        why = &own.list[0];
        if (instance_pointer(f, &here) < 0)
                return -ENOMEM;
        return buf_printf(out, "%s%s%s%s", out->length ? "; or " : ": ",
                          why->instance + here.length, why->instance[here.length] ? " " : "",
                          why->message);
}

/* None of the alternatives fits: says why, for the first few of them. */
static enum fit alternatives_fault(struct check *c, const struct frame *f, const struct rule *r)
{
        _cleanup_(buf_done) struct buf why = { 0 };
        int e = 0;

        if (!f->is_loud || c->error)
                return MISFIT;
        for (size_t i = 0; i < json_array_size(r->value) && i < EXPLAINED_MAX && e == 0; i++) {
                if (c->is_explaining)
                        break;
                c->is_explaining = true;
                e = alternative_explain(c, f, r, i, &why);
                c->is_explaining = false;
        }
        if (e < 0)
                return check_fail(c, e, "out of memory");
        return check_fault(c, f, r->keyword->name, "fits none of the %zu alternatives%s",
                           json_array_size(r->value), buf_text(&why));
}

CHECK(any_of)
{
        enum fit fit = MISFIT;
        const json_t *item;
        size_t i;

        json_array_foreach (r->value, i, item) {
                fit = fit_either(fit, try(c, f, r, item));
                if (fit == FIT && !f->seen)
                        break;
        }
        if (fit == MISFIT)
                return alternatives_fault(c, f, r);
        return fit;
}

CHECK(one_of)
{
        size_t fits = 0, maybes = 0, i;
        const json_t *item;

        json_array_foreach (r->value, i, item) {
                enum fit fit = try(c, f, r, item);

                fits += fit == FIT;
                maybes += fit == MAYBE;
        }
        if (fits > 1)
                return check_fault(c, f, r->keyword->name,
                                   "fits %zu of the alternatives, but must fit exactly one", fits);
        if (fits + maybes == 0)
                return alternatives_fault(c, f, r);
        return maybes ? MAYBE : FIT;
}

CHECK(not )
{
        struct frame quiet = *f;
        enum fit fit;

        quiet.seen = NULL;
        fit = try(c, &quiet, r, r->value);
        if (fit == FIT)
                return check_fault(c, f, r->keyword->name, "fits what it must not fit");
        return fit == MAYBE ? MAYBE : FIT;
}

/* Applies `then` or `else`, where there is one. */
static enum fit branch(struct check *c, const struct frame *f, const char *keyword, bool is_loud)
{
        const struct rule *r = schema_rule(f->node, keyword);
        struct frame child;

        if (!r)
                return FIT;
        child = in_place(f, r);
        child.is_loud = is_loud;
        return check_apply(c, &child, r->value);
}

CHECK(if)
{
        enum fit condition = try(c, f, r, r->value), yes, no;

        if (condition == FIT)
                return branch(c, f, "then", f->is_loud);
        if (condition == MISFIT)
                return c->error ? MISFIT : branch(c, f, "else", f->is_loud);
        yes = branch(c, f, "then", false);
        no = branch(c, f, "else", false);
        if (yes == MISFIT && no == MISFIT)
                return check_fault(c, f, r->keyword->name, "fits neither then nor else");
        return yes == FIT && no == FIT ? FIT : MAYBE;
}

CHECK(dependent_schemas)
{
        enum fit fit = FIT;
        const char *key;
        json_t *item;

        json_object_foreach ((json_t *) r->value, key, item) {
                struct frame child = in_place(f, r);

                if (!json_object_get(f->value, key))
                        continue;
                child.token = key;
                fit = fit_both(fit, check_apply(c, &child, item));
                if (fit == MISFIT && !f->is_loud)
                        break;
        }
        return fit;
}

/* One property under one subschema; `i` is its place among its siblings. */
static enum fit property(struct check *c, const struct frame *f, const struct rule *r,
                         const json_t *json, const char *token, const char *key,
                         const json_t *value, size_t i)
{
        struct frame child = below(f, r, value);

        child.token = token;
        child.key = key;
        seen_mark(f->seen, i);
        return check_apply(c, &child, json);
}

CHECK(properties)
{
        enum fit fit = FIT;
        const char *key;
        json_t *value;
        size_t i = 0;

        if (check_spend(c, json_object_size(f->value) / 4) < 0)
                return MISFIT;
        json_object_foreach ((json_t *) f->value, key, value) {
                const json_t *json = json_object_get(r->value, key);

                if (json)
                        fit = fit_both(fit, property(c, f, r, json, key, key, value, i));
                if (fit == MISFIT && !f->is_loud)
                        break;
                i++;
        }
        return fit;
}

static int key_matches(struct check *c, const struct pattern *p, const char *key)
{
        return check_match(c, p, key, strlen(key)) > 0;
}

/* All patterns that a property's name matches. */
static enum fit pattern_property(struct check *c, const struct frame *f, const struct rule *r,
                                 const char *key, const json_t *value, size_t at)
{
        enum fit fit = FIT;
        const char *text;
        json_t *json;
        size_t i = 0;

        json_object_foreach ((json_t *) r->value, text, json)
                if (key_matches(c, r->patterns[i++], key))
                        fit = fit_both(fit, property(c, f, r, json, text, key, value, at));
        return fit;
}

CHECK(pattern_properties)
{
        enum fit fit = FIT;
        const char *key;
        json_t *value;
        size_t i = 0;

        json_object_foreach ((json_t *) f->value, key, value) {
                fit = fit_both(fit, pattern_property(c, f, r, key, value, i++));
                if (c->error || (fit == MISFIT && !f->is_loud))
                        break;
        }
        return fit;
}

static bool is_additional(struct check *c, const struct rule *properties,
                          const struct rule *patterns, const char *key)
{
        if (properties && json_object_get(properties->value, key))
                return false;
        for (size_t i = 0; patterns && i < patterns->pattern_count; i++)
                if (key_matches(c, patterns->patterns[i], key))
                        return false;
        return true;
}

CHECK(additional_properties)
{
        const struct rule *properties = schema_rule(f->node, "properties");
        const struct rule *patterns = schema_rule(f->node, "patternProperties");
        enum fit fit = FIT;
        const char *key;
        json_t *value;
        size_t i = 0;

        json_object_foreach ((json_t *) f->value, key, value) {
                if (is_additional(c, properties, patterns, key))
                        fit = fit_both(fit, property(c, f, r, r->value, NULL, key, value, i));
                if (c->error || (fit == MISFIT && !f->is_loud))
                        break;
                i++;
        }
        return fit;
}

CHECK(property_names)
{
        enum fit fit = FIT;
        const char *key;
        json_t *value;

        json_object_foreach ((json_t *) f->value, key, value) {
                _cleanup_(json_decrefp) json_t *name = json_string(key);
                struct frame child = below(f, r, name);

                if (!name)
                        return check_fail(c, -ENOMEM, "out of memory");
                child.is_loud = false;
                if (check_apply(c, &child, r->value) != MISFIT)
                        continue;
                fit = check_fault(
                        c, f, r->keyword->name,
                        "has a property called \"%.100s\", a name that is not allowed here", key);
                if (!f->is_loud || c->error)
                        break;
        }
        return fit;
}

static enum fit item(struct check *c, const struct frame *f, const struct rule *r,
                     const json_t *json, size_t branch_index, size_t i)
{
        struct frame child = below(f, r, json_array_get(f->value, i));

        child.branch = branch_index;
        child.index = i;
        seen_mark(f->seen, i);
        return check_apply(c, &child, json);
}

CHECK(prefix_items)
{
        size_t n = MIN_OF(json_array_size(r->value), json_array_size(f->value));
        enum fit fit = FIT;

        for (size_t i = 0; i < n && (fit != MISFIT || f->is_loud) && !c->error; i++)
                fit = fit_both(fit, item(c, f, r, json_array_get(r->value, i), i, i));
        return fit;
}

CHECK(items)
{
        const struct rule *prefix = schema_rule(f->node, "prefixItems");
        size_t n = json_array_size(f->value);
        enum fit fit = FIT;

        for (size_t i = prefix ? json_array_size(prefix->value) : 0;
             i < n && (fit != MISFIT || f->is_loud) && !c->error; i++)
                fit = fit_both(fit, item(c, f, r, r->value, NO_INDEX, i));
        return fit;
}

static enum fit contains_verdict(struct check *c, const struct frame *f, const struct rule *r,
                                 size_t fits, size_t maybes)
{
        const struct rule *least = schema_rule(f->node, "minContains");
        const struct rule *most = schema_rule(f->node, "maxContains");
        size_t min = least ? least->number : 1, max = most ? most->number : SIZE_MAX;

        if (fits + maybes < min)
                return check_fault(c, f, least ? "minContains" : r->keyword->name,
                                   "must have %zu or more items of the kind asked for, but has %zu",
                                   min, fits);
        if (fits > max)
                return check_fault(
                        c, f, "maxContains",
                        "must have %zu or fewer items of the kind asked for, but has %zu", max,
                        fits);
        return fits >= min && fits + maybes <= max ? FIT : MAYBE;
}

CHECK(contains)
{
        size_t fits = 0, maybes = 0, i;
        const json_t *value;

        json_array_foreach (f->value, i, value) {
                struct frame child = below(f, r, value);
                enum fit fit;

                child.is_loud = false;
                child.index = i;
                fit = check_apply(c, &child, r->value);
                if (c->error)
                        return MISFIT;
                if (fit != MISFIT)
                        seen_mark(f->seen, i);
                fits += fit == FIT;
                maybes += fit == MAYBE;
        }
        return contains_verdict(c, f, r, fits, maybes);
}

CHECK(unevaluated_items)
{
        enum fit fit = FIT;

        for (size_t i = 0; i < f->seen->count && (fit != MISFIT || f->is_loud) && !c->error; i++)
                if (!f->seen->marks[i])
                        fit = fit_both(fit, item(c, f, r, r->value, NO_INDEX, i));
        return fit;
}

CHECK(unevaluated_properties)
{
        enum fit fit = FIT;
        const char *key;
        json_t *value;
        size_t i = 0;

        json_object_foreach ((json_t *) f->value, key, value) {
                if (!f->seen->marks[i])
                        fit = fit_both(fit, property(c, f, r, r->value, NULL, key, value, i));
                if (c->error || (fit == MISFIT && !f->is_loud))
                        break;
                i++;
        }
        return fit;
}
