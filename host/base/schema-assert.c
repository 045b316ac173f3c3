/* SPDX-License-Identifier: Apache-2.0 */
#include "base/schema-impl.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

#define VALUE_TEXT_MAX 200
#define BYTES_PER_STEP 16 /* of a string that is compared or counted */
#define SORT_STEPS     4  /* for each item that is hashed and sorted */

static const char *type_of(const json_t *value)
{
        static const char *const names[] = {
                [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
                [JSON_STRING] = "a string",  [JSON_INTEGER] = "an integer",
                [JSON_REAL] = "a number",    [JSON_TRUE] = "a boolean",
                [JSON_FALSE] = "a boolean",  [JSON_NULL] = "null",
        };

        return names[json_typeof(value)];
}

static bool is_of_type(const json_t *value, const char *type)
{
        switch (json_typeof(value)) {
        case JSON_OBJECT:
                return strcmp(type, "object") == 0;
        case JSON_ARRAY:
                return strcmp(type, "array") == 0;
        case JSON_STRING:
                return strcmp(type, "string") == 0;
        case JSON_INTEGER:
        case JSON_REAL:
                return strcmp(type, "number") == 0 ||
                       (strcmp(type, "integer") == 0 && number_is_integer(value));
        case JSON_TRUE:
        case JSON_FALSE:
                return strcmp(type, "boolean") == 0;
        default:
                return strcmp(type, "null") == 0;
        }
}

CHECK(type)
{
        char wanted[VALUE_TEXT_MAX] = "";
        const json_t *name;
        size_t i, n = 0;

        if (json_is_string(r->value)) {
                const char *type = json_string_value(r->value);

                if (is_of_type(f->value, type))
                        return FIT;
                return check_fault(c, f, r->keyword->name, "must be of type %s, but is %s", type,
                                   type_of(f->value));
        }
        json_array_foreach (r->value, i, name) {
                if (is_of_type(f->value, json_string_value(name)))
                        return FIT;
                if (n < sizeof(wanted))
                        n += (size_t) snprintf(wanted + n, sizeof(wanted) - n, "%s%s",
                                               i ? " or " : "", json_string_value(name));
        }
        return check_fault(c, f, r->keyword->name, "must be of type %s, but is %s", wanted,
                           type_of(f->value));
}

/* Steps that it costs to look at the whole of a value. */
static uint64_t weight(const json_t *value)
{
        uint64_t sum = 1 + json_string_length(value) / BYTES_PER_STEP;
        const char *key;
        json_t *item;
        size_t i;

        json_object_foreach ((json_t *) value, key, item)
                sum += 1 + weight(item);
        json_array_foreach (value, i, item)
                sum += weight(item);
        return sum;
}

/* The schema's own value as text, cut; the instance's is never shown: it may be a secret. */
static void value_text(char *ret, size_t size, const json_t *value)
{
        _cleanup_(freep) char *text = json_canonical(value);

        (void) snprintf(ret, size, "%s", text ? text : "?");
        if (text && strlen(text) >= size)
                memcpy(ret + size - 4, "...", 4);
}

CHECK(enum)
{
        char text[VALUE_TEXT_MAX];
        const json_t *item;
        size_t i;

        if (check_spend(c, weight(r->value)) < 0)
                return MISFIT;
        json_array_foreach (r->value, i, item)
                if (json_same(item, f->value))
                        return FIT;
        if (check_has_unknown(c, f->value))
                return MAYBE;
        value_text(text, sizeof(text), r->value);
        return check_fault(c, f, r->keyword->name, "must be one of %s", text);
}

CHECK(const)
{
        char text[VALUE_TEXT_MAX];

        if (check_spend(c, weight(r->value)) < 0)
                return MISFIT;
        if (json_same(r->value, f->value))
                return FIT;
        if (check_has_unknown(c, f->value))
                return MAYBE;
        value_text(text, sizeof(text), r->value);
        return check_fault(c, f, r->keyword->name, "must be %s", text);
}

static enum fit number_fault(struct check *c, const struct frame *f, const struct rule *r,
                             const char *words)
{
        char text[VALUE_TEXT_MAX];

        value_text(text, sizeof(text), r->value);
        return check_fault(c, f, r->keyword->name, "must be %s %s", words, text);
}

CHECK(multiple_of)
{
        return number_is_multiple(f->value, r->value) ? FIT
                                                      : number_fault(c, f, r, "a multiple of");
}

CHECK(maximum)
{
        return number_compare(f->value, r->value) <= 0 ? FIT : number_fault(c, f, r, "at most");
}

CHECK(exclusive_maximum)
{
        return number_compare(f->value, r->value) < 0 ? FIT : number_fault(c, f, r, "less than");
}

CHECK(minimum)
{
        return number_compare(f->value, r->value) >= 0 ? FIT : number_fault(c, f, r, "at least");
}

CHECK(exclusive_minimum)
{
        return number_compare(f->value, r->value) > 0 ? FIT : number_fault(c, f, r, "more than");
}

static size_t characters(const json_t *string)
{
        const char *text = json_string_value(string);
        size_t n = 0;

        for (size_t i = 0; i < json_string_length(string); i++)
                n += ((unsigned char) text[i] & 0xc0) != 0x80;
        return n;
}

static enum fit at_most(struct check *c, const struct frame *f, const struct rule *r, size_t n,
                        const char *things)
{
        if (n <= r->number)
                return FIT;
        return check_fault(c, f, r->keyword->name, "must have %zu or fewer %s, but has %zu",
                           r->number, things, n);
}

static enum fit at_least(struct check *c, const struct frame *f, const struct rule *r, size_t n,
                         const char *things)
{
        if (n >= r->number)
                return FIT;
        return check_fault(c, f, r->keyword->name, "must have %zu or more %s, but has %zu",
                           r->number, things, n);
}

CHECK(max_length)
{
        if (check_spend(c, weight(f->value)) < 0)
                return MISFIT;
        return at_most(c, f, r, characters(f->value), "characters");
}

CHECK(min_length)
{
        if (check_spend(c, weight(f->value)) < 0)
                return MISFIT;
        return at_least(c, f, r, characters(f->value), "characters");
}

CHECK(max_items)
{
        return at_most(c, f, r, json_array_size(f->value), "items");
}

CHECK(min_items)
{
        return at_least(c, f, r, json_array_size(f->value), "items");
}

CHECK(max_properties)
{
        return at_most(c, f, r, json_object_size(f->value), "properties");
}

CHECK(min_properties)
{
        return at_least(c, f, r, json_object_size(f->value), "properties");
}

CHECK(pattern)
{
        int match;

        match = check_match(c, r->patterns[0], json_string_value(f->value),
                            json_string_length(f->value));
        if (match < 0)
                return MISFIT;
        if (match)
                return FIT;
        return check_fault(c, f, r->keyword->name, "must match the pattern %s",
                           pattern_text(r->patterns[0]));
}

/* Every name of `names` must be a property. */
static enum fit require(struct check *c, const struct frame *f, const struct rule *r,
                        const json_t *names, const char *because)
{
        enum fit fit = FIT;
        const json_t *name;
        size_t i;

        if (check_spend(c, json_array_size(names) / 4) < 0)
                return MISFIT;
        json_array_foreach (names, i, name) {
                if (json_object_getn(f->value, json_string_value(name), json_string_length(name)))
                        continue;
                if (because)
                        fit = check_fault(c, f, r->keyword->name,
                                          "lacks the property \"%s\", which \"%s\" asks for",
                                          json_string_value(name), because);
                else
                        fit = check_fault(c, f, r->keyword->name, "lacks the property \"%s\"",
                                          json_string_value(name));
                if (!f->is_loud)
                        break;
        }
        return fit;
}

CHECK(required)
{
        return require(c, f, r, r->value, NULL);
}

CHECK(dependent_required)
{
        enum fit fit = FIT;
        const char *key;
        json_t *names;

        json_object_foreach ((json_t *) r->value, key, names)
                if (json_object_get(f->value, key))
                        fit = fit_both(fit, require(c, f, r, names, key));
        return fit;
}

/* Equal values have equal hashes; 1 and 1.0 are equal, and the order of properties does not count.
 */
static uint64_t hash_bytes(uint64_t h, const void *data, size_t length)
{
        for (size_t i = 0; i < length; i++)
                h = (h ^ ((const unsigned char *) data)[i]) * 0x100000001b3u;
        return h ^ h >> 29;
}

static uint64_t hash_number(const json_t *value)
{
        double d = json_number_value(value) + 0.0;

        return hash_bytes(1, &d, sizeof(d));
}

static uint64_t hash_value(const json_t *value)
{
        uint64_t h = 0xcbf29ce484222325u + (uint64_t) json_typeof(value);
        const char *key;
        json_t *item;
        size_t i;

        if (json_is_number(value))
                return hash_number(value);
        if (json_is_string(value))
                return hash_bytes(h, json_string_value(value), json_string_length(value));
        json_array_foreach (value, i, item) {
                uint64_t below = hash_value(item);

                h = hash_bytes(h, &below, sizeof(below));
        }
        json_object_foreach ((json_t *) value, key, item)
                h += hash_bytes(hash_value(item), key, strlen(key));
        return h;
}

struct hashed {
        uint64_t hash;
        size_t index;
};

static int hashed_compare(const void *a, const void *b)
{
        const struct hashed *x = a, *y = b;

        if (x->hash != y->hash)
                return x->hash < y->hash ? -1 : 1;
        return (x->index > y->index) - (x->index < y->index);
}

/* Two places that are the same: 1, none: 0. Chosen collisions run into the limit of steps. */
static int twins_find(struct check *c, const json_t *array, struct hashed *list, size_t n,
                      size_t *ret_a, size_t *ret_b)
{
        for (size_t i = 0; i < n; i++)
                for (size_t k = i + 1; k < n && list[k].hash == list[i].hash; k++) {
                        if (check_spend(c, 1000 + weight(json_array_get(array, list[k].index))) < 0)
                                return 0;
                        if (!json_same(json_array_get(array, list[i].index),
                                       json_array_get(array, list[k].index)))
                                continue;
                        *ret_a = list[i].index;
                        *ret_b = list[k].index;
                        return 1;
                }
        return 0;
}

CHECK(unique_items)
{
        size_t n = json_array_size(f->value), i, a, b;
        _cleanup_(freep) struct hashed *list = NULL;
        const json_t *value;

        if (!json_is_true(r->value) || n < 2)
                return FIT;
        if (check_spend(c, SORT_STEPS * weight(f->value)) < 0)
                return MISFIT;
        list = reallocarray(NULL, n, sizeof(*list));
        if (!list)
                return check_fail(c, -ENOMEM, "out of memory");
        json_array_foreach (f->value, i, value)
                list[i] = (struct hashed){ hash_value(value), i };
        qsort(list, n, sizeof(*list), hashed_compare);
        if (twins_find(c, f->value, list, n, &a, &b) &&
            !check_has_unknown(c, json_array_get(f->value, a)))
                return check_fault(c, f, r->keyword->name, "items %zu and %zu are the same", a, b);
        if (c->error)
                return MISFIT;
        return check_has_unknown(c, f->value) ? MAYBE : FIT;
}
