/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/template.h"

#include "base/buf.h"
#include "base/json.h"

#include <string.h>

#define VALUE_SIZE 8 /* what a value counts beside the bytes of its text and names */

/* A string, taken apart from the left. */
struct piece {
        const char *text; /* plain bytes … */
        size_t length;
        struct expr *expr; /* … or an expression */
};

/*
 * Reads the next piece at *at: 1, or 0 at the end. A run of plain bytes ends before "${" and "$${".
 */
static int piece_next(const char **at, const char *end, struct piece *ret, struct err *err)
{
        const char *p = *at;
        size_t used;
        int r;

        *ret = (struct piece){ 0 };
        if (p >= end)
                return 0;
        if (end - p >= 3 && memcmp(p, "$${", 3) == 0) {
                *ret = (struct piece){ p + 1, 2, NULL };
                *at = p + 3;
                return 1;
        }
        if (end - p >= 2 && memcmp(p, "${", 2) == 0) {
                r = expr_new(&ret->expr, p + 2, (size_t) (end - p) - 2, &used, err);
                if (r < 0)
                        return r;
                if (p + 2 + used >= end || p[2 + used] != '}') {
                        ret->expr = expr_free(ret->expr);
                        return err_set(err, -EBADMSG, "this ${ has no }");
                }
                *at = p + 2 + used + 1;
                return 1;
        }
        for (*at = p + 1; *at < end && **at != '$'; (*at)++)
                ;
        *ret = (struct piece){ p, (size_t) (*at - p), NULL };
        return 1;
}

static bool may_have_refs(const json_t *string)
{
        return memmem(json_string_value(string), json_string_length(string), "${", 2) != NULL;
}

/* One walk over a tree, for resolving and for looking. */
struct walk {
        const struct expr_scope *scope;
        struct buf pointer;
        size_t left;        /* bytes of text that may still be made */
        size_t size_left;   /* and of values, all in all */
        uint64_t work_left; /* see EXPR_WORK_MAX */
        unsigned depth;     /* levels of the tree around */
        struct err *err;
        int (*each)(void *user, const char *pointer, const struct expr_ref *ref);
        int (*bad)(void *user, const char *pointer, const struct err *err);
        void *user;
};

static int text_add(struct walk *w, struct buf *out, const char *text, size_t length)
{
        if (length > w->left)
                return err_set(w->err, -E2BIG, "references become more than %d MiB of text",
                               TEMPLATE_BYTES_MAX >> 20);
        w->left -= length;
        return buf_add(out, text, length);
}

static int size_take(struct walk *w, size_t n)
{
        if (n > w->size_left)
                return err_set(w->err, -E2BIG, "references become values of more than %d MiB",
                               TEMPLATE_SIZE_MAX >> 20);
        w->size_left -= n;
        return 0;
}

/* One value may stand in many places; each place counts, as it will when it is written out. */
static int value_measure(struct walk *w, const json_t *value, unsigned depth)
{
        const char *key;
        json_t *item;
        size_t i;
        int r;

        if (depth >= JSON_DEPTH_LIMIT && (json_is_array(value) || json_is_object(value)))
                return err_set(w->err, -E2BIG, "references become values of more than %d levels",
                               JSON_DEPTH_LIMIT);
        r = size_take(w, VALUE_SIZE + json_string_length(value));
        json_object_foreach ((json_t *) value, key, item) {
                if (r == 0)
                        r = size_take(w, strlen(key));
                if (r == 0)
                        r = value_measure(w, item, depth + 1);
                if (r < 0)
                        return r;
        }
        for (i = 0; r == 0 && i < json_array_size(value); i++)
                r = value_measure(w, json_array_get(value, i), depth + 1);
        return r;
}

static int value_add(struct walk *w, struct buf *out, const json_t *value)
{
        _cleanup_(freep) char *text = NULL;
        int r;

        if (json_is_string(value))
                return text_add(w, out, json_string_value(value), json_string_length(value));
        r = value_measure(w, value, 0);
        if (r < 0)
                return r;
        text = json_canonical(value);
        return text ? text_add(w, out, text, strlen(text)) : -ENOMEM;
}

static int piece_add(struct walk *w, struct buf *out, const struct piece *piece, bool is_whole,
                     json_t **ret)
{
        _cleanup_(json_decrefp) json_t *value = NULL;
        int r;

        if (!piece->expr)
                return text_add(w, out, piece->text, piece->length);
        r = expr_eval_within(piece->expr, w->scope, &w->work_left, &value, w->err);
        if (r < 0)
                return r;
        if (!is_whole)
                return value_add(w, out, value);
        r = value_measure(w, value, w->depth);
        if (r < 0)
                return r;
        *ret = TAKE(value);
        return 0;
}

static int string_resolve(struct walk *w, const json_t *string, json_t **ret)
{
        const char *start = json_string_value(string), *at = start;
        const char *end = start + json_string_length(string);
        _cleanup_(buf_done) struct buf out = { 0 };
        struct piece piece;
        int r;

        *ret = NULL;
        for (;;) {
                const char *from = at;

                r = piece_next(&at, end, &piece, w->err);
                if (r != 1)
                        break;
                r = piece_add(w, &out, &piece, from == start && at == end, ret);
                (void) expr_free(piece.expr);
                if (r < 0)
                        return r;
        }
        if (r < 0 || *ret)
                return r;
        *ret = json_stringn(buf_text(&out), out.length);
        return *ret ? 0 : -ENOMEM;
}

/* Calls `step` for each item of an array or object, with the pointer lengthened for the while. */
static int walk_below(struct walk *w, const json_t *tree,
                      int (*step)(struct walk *w, const json_t *item, const char *key, void *into),
                      void *into)
{
        size_t length = w->pointer.length, i;
        char token[24];
        const char *key;
        json_t *item;
        int r = 0;

        json_object_foreach ((json_t *) tree, key, item) {
                r = json_pointer_add(&w->pointer, key);
                if (r == 0)
                        r = step(w, item, key, into);
                if (r != 0)
                        return r;
                w->pointer.length = length;
                w->pointer.data[length] = '\0';
        }
        json_array_foreach (tree, i, item) {
                (void) snprintf(token, sizeof(token), "%zu", i);
                r = json_pointer_add(&w->pointer, token);
                if (r == 0)
                        r = step(w, item, NULL, into);
                if (r != 0)
                        return r;
                w->pointer.length = length;
                w->pointer.data[length] = '\0';
        }
        return 0;
}

static int tree_resolve(struct walk *w, const json_t *tree, json_t **ret);

static int item_resolve(struct walk *w, const json_t *item, const char *key, void *into)
{
        json_t *value;
        int r = tree_resolve(w, item, &value);

        if (r < 0)
                return r;
        r = key ? json_object_set_new(into, key, value) : json_array_append_new(into, value);
        return r < 0 ? -ENOMEM : 0;
}

static int tree_resolve(struct walk *w, const json_t *tree, json_t **ret)
{
        _cleanup_(json_decrefp) json_t *copy = NULL;
        int r;

        if (json_is_string(tree) && may_have_refs(tree))
                return string_resolve(w, tree, ret);
        if (!json_is_object(tree) && !json_is_array(tree)) {
                *ret = json_incref((json_t *) tree);
                return 0;
        }
        copy = json_is_object(tree) ? json_object() : json_array();
        w->depth++;
        r = copy ? walk_below(w, tree, item_resolve, copy) : -ENOMEM;
        w->depth--;
        if (r < 0)
                return r;
        *ret = TAKE(copy);
        return 0;
}

int template_resolve(const json_t *tree, const struct expr_scope *scope, json_t **ret,
                     struct err *err)
{
        struct walk w = {
                .scope = scope,
                .left = TEMPLATE_BYTES_MAX,
                .size_left = TEMPLATE_SIZE_MAX,
                .work_left = EXPR_WORK_MAX,
                .err = err,
        };
        int r = tree_resolve(&w, tree, ret);

        if (r == -ENOMEM)
                (void) err_set(err, r, "out of memory");
        else if (r < 0 && w.pointer.length)
                (void) err_wrap(err, r, "%s", w.pointer.data);
        buf_done(&w.pointer);
        return r;
}

static bool string_has_refs(const json_t *string)
{
        const char *at = json_string_value(string), *end = at + json_string_length(string);

        for (; (at = memmem(at, (size_t) (end - at), "${", 2)); at += 2)
                if (at == json_string_value(string) || at[-1] != '$')
                        return true;
        return false;
}

bool template_has_refs(const json_t *tree)
{
        const char *key;
        json_t *item;
        size_t i;

        if (json_is_string(tree))
                return string_has_refs(tree);
        json_object_foreach ((json_t *) tree, key, item)
                if (template_has_refs(item))
                        return true;
        json_array_foreach (tree, i, item)
                if (template_has_refs(item))
                        return true;
        return false;
}

static int ref_tell(void *user, const struct expr_ref *ref)
{
        struct walk *w = user;

        return w->each(w->user, buf_text(&w->pointer), ref);
}

static int string_look(struct walk *w, const json_t *string)
{
        const char *at = json_string_value(string), *end = at + json_string_length(string);
        struct err why = { 0 };
        struct piece piece;
        int r;

        while ((r = piece_next(&at, end, &piece, &why)) == 1) {
                r = piece.expr ? expr_refs(piece.expr, ref_tell, w) : 0;
                (void) expr_free(piece.expr);
                if (r != 0)
                        return r;
        }
        if (r == -ENOMEM)
                return r;
        return r < 0 ? w->bad(w->user, buf_text(&w->pointer), &why) : 0;
}

static int tree_look(struct walk *w, const json_t *tree, const char *key, void *into)
{
        (void) key;
        if (json_is_string(tree))
                return string_look(w, tree);
        return walk_below(w, tree, tree_look, into);
}

int template_refs(const json_t *tree,
                  int (*each)(void *user, const char *pointer, const struct expr_ref *ref),
                  int (*bad)(void *user, const char *pointer, const struct err *err), void *user)
{
        struct walk w = { .each = each, .bad = bad, .user = user };
        int r = tree_look(&w, tree, NULL, NULL);

        buf_done(&w.pointer);
        return r;
}
