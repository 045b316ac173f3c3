/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as an expression, and as a template
 *
 * Promises: what does not parse is told with its column, and the column lies in the text; what
 * parses does so again inside `${…}` and ends at its '}'; evaluating always ends, in a value or in
 * words, and twice in the same; a reference is a piece of the text; a condition agrees with the
 * expression; a template without references becomes itself, and any other what its pieces become,
 * read once from the left: what a value says is never read again.
 */
#include "fuzz.h"

#include "base/json.h"
#include "flow/expr.h"
#include "flow/template.h"

struct text {
        const char *data;
        size_t length;
};

static int value_get(void *user, const char *root, const char *step, const char *field,
                     json_t **ret)
{
        json_t *root_value = user;

        promise(root && (strcmp(root, "steps") == 0) == (step != NULL) && !step == !field,
                "what is asked for is a root, or a field of a step");
        *ret = json_incref(json_object_get(root_value, step ? field : root));
        return *ret ? 0 : -ENOENT;
}

static json_t *values_make(void)
{
        return json_pack("{s:{s:i, s:[i, s, n, {s:f}], s:s, s:{s:b}}, s:{s:s}, s:s, s:i,"
                         " s:{s:[i, i], s:s}, s:s, s:{s:i, s:i}, s:b}",
                         "inputs", "a", 1, "list", 2, "x", "k", 1.5, "text", "\u00e9 ${x}", "deep",
                         "b", 1, "run", "id", "r1", "item", "x", "index", 3, "output", "list", 1, 2,
                         "name", "n", "state", "done", "findings", "total", 3, "high", 0, "changed",
                         1);
}

static int ref_try(void *user, const struct expr_ref *ref)
{
        const struct text *text = user;
        size_t n = strlen(ref->text);

        promise(n > 0 && ref->column >= 1 && ref->column <= text->length,
                "a reference has a place");
        promise(memmem(text->data, text->length, ref->text, n), "and is a piece of the text");
        promise(ref->root && !ref->step == !ref->field, "and a root");
        return 0;
}

static void error_try(const struct err *err, int r, size_t length)
{
        unsigned long column;

        promise(err->code == r && strncmp(err->text, "column ", 7) == 0, "an error has a column");
        column = strtoul(err->text + 7, NULL, 10);
        promise(column >= 1 && column <= length + 1, "the column is in the text");
}

static int eval_twice(const struct expr *e, const struct expr_scope *scope, json_t **ret,
                      size_t length)
{
        _cleanup_(json_decrefp) json_t *again = NULL;
        struct err err = { 0 }, other = { 0 };
        int r = expr_eval(e, scope, ret, &err);

        promise(expr_eval(e, scope, &again, &other) == r && (r < 0) == (*ret == NULL),
                "the same answer twice");
        if (r == 0) {
                promise(json_equal(*ret, again), "and the same value");
                return 0;
        }
        promise(r == -ENOENT || r == -EINVAL, "the documented errors");
        promise(strcmp(err.text, other.text) == 0, "and the same words");
        error_try(&err, r, length);
        return r;
}

static void inside_try(const struct text *text)
{
        _cleanup_(freep) char *inside = malloc(text->length + 2);
        _cleanup_(expr_freep) struct expr *e = NULL;
        struct err err = { 0 };
        size_t used = 0;

        promise(inside, "memory");
        memcpy(inside, text->data, text->length);
        memcpy(inside + text->length, "}x", 2);
        promise(expr_new(&e, inside, text->length + 2, &used, &err) == 0, "it parses in ${…} too");
        promise(used <= text->length && text->length - used <= strspn(inside + used, " \t\r\n"),
                "and ends at the brace");
}

static void expression_try(const struct text *text, const struct expr_scope *scope)
{
        _cleanup_(expr_freep) struct expr *e = NULL;
        _cleanup_(json_decrefp) json_t *value = NULL;
        _cleanup_(freep) char *condition = strndup(text->data, text->length);
        struct err err = { 0 };
        int r = expr_new(&e, text->data, text->length, NULL, &err), c;

        promise((r == 0) == (e != NULL), "an expression or an error");
        if (r < 0) {
                error_try(&err, r, text->length);
                return;
        }
        promise(expr_refs(e, ref_try, (void *) text) == 0, "every reference is told");
        if (text->length < EXPR_LENGTH_MAX - 1)
                inside_try(text);
        r = eval_twice(e, scope, &value, text->length);
        c = condition && strlen(condition) == text->length ? expr_condition(condition, scope, &err)
                                                           : -EINVAL;
        if (c >= 0)
                promise(r == 0 && (c ? json_is_true(value) : json_is_false(value)),
                        "a condition agrees with its expression");
}

static int template_ref(void *user, const char *pointer, const struct expr_ref *ref)
{
        (void) ref;
        promise(strcmp(pointer, "/a/0") == 0, "a reference has its place");
        ++*(size_t *) user;
        return 0;
}

static int template_bad(void *user, const char *pointer, const struct err *err)
{
        promise(strcmp(pointer, "/a/0") == 0 && fuzz_has_words(err->text),
                "a fault has its place and words");
        ++*(size_t *) user;
        return 0;
}

/* Appends what the piece at *at becomes; -1 where it becomes nothing. */
static int piece_add(struct buf *out, const char **at, const char *end,
                     const struct expr_scope *scope, json_t **ret)
{
        _cleanup_(expr_freep) struct expr *e = NULL;
        _cleanup_(freep) char *json = NULL;
        size_t used;

        if (end - *at >= 3 && memcmp(*at, "$${", 3) == 0) {
                *at += 3;
                return buf_puts(out, "${");
        }
        if (end - *at < 2 || memcmp(*at, "${", 2) != 0)
                return buf_putc(out, *(*at)++);
        if (expr_new(&e, *at + 2, (size_t) (end - *at) - 2, &used, NULL) < 0)
                return -1;
        *at += 2 + used;
        if (*at == end || *(*at)++ != '}' || expr_eval(e, scope, ret, NULL) < 0)
                return -1;
        if (json_is_string(*ret))
                return buf_add(out, json_string_value(*ret), json_string_length(*ret));
        json = json_canonical(*ret);
        return buf_puts(out, json);
}

/* The same, read as the manual says: a second opinion. */
static void template_read(const struct text *text, const struct expr_scope *scope, int r,
                          const json_t *value)
{
        const char *at = text->data, *end = at + text->length;
        _cleanup_(json_decrefp) json_t *last = NULL;
        _cleanup_(buf_done) struct buf out = { 0 };
        int want = 0;

        while (at < end && want == 0) {
                json_decref(TAKE(last));
                want = piece_add(&out, &at, end, scope, &last);
        }
        promise((want == 0) == (r == 0), "two readers agree whether it becomes something");
        if (r < 0)
                return;
        if (json_is_string(value))
                promise(json_string_length(value) == out.length &&
                                memcmp(json_string_value(value), buf_text(&out), out.length) == 0,
                        "and what");
        else
                promise(last && json_equal(value, last), "and keeps its type");
}

static void template_try(const struct text *text, const struct expr_scope *scope)
{
        _cleanup_(json_decrefp) json_t *tree = NULL, *value = NULL;
        json_t *string = json_stringn(text->data, text->length);
        struct err err = { 0 };
        size_t told = 0;
        bool has_refs;
        int r;

        if (!string)
                return;
        tree = json_pack("{s:[o]}", "a", string);
        has_refs = template_has_refs(tree);
        promise(template_refs(tree, template_ref, template_bad, &told) == 0, "all are told");
        r = template_resolve(tree, scope, &value, &err);
        promise((r == 0) == (value != NULL) && (r == 0 || fuzz_has_words(err.text)),
                "a value or words");
        if (!has_refs && !memmem(text->data, text->length, "$${", 3))
                promise(r == 0 && json_equal(tree, value) && told == 0,
                        "a template without references is itself");
        template_read(text, scope, r, json_array_get(json_object_get(value, "a"), 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct text text = { size ? (const char *) data : "", size };
        _cleanup_(json_decrefp) json_t *values = values_make();
        const struct expr_scope scope = { value_get, values };

        promise(values, "the values are made");
        expression_try(&text, &scope);
        template_try(&text, &scope);
        return 0;
}
