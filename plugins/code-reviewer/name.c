/* SPDX-License-Identifier: Apache-2.0 */
#include "name.h"

#define DECLARATOR_DEPTH 64 /* pointers to functions that return pointers to… */
#define SIBLING_LIMIT    32

static TSNode child_field(TSNode node, const char *field)
{
        if (ts_node_is_null(node))
                return node;
        return ts_node_child_by_field_name(node, field, (uint32_t) strlen(field));
}

static bool is_type(TSNode node, const char *type)
{
        return !ts_node_is_null(node) && strcmp(ts_node_type(node), type) == 0;
}

static bool is_any(TSNode node, const char *const *types)
{
        for (; *types; types++)
                if (is_type(node, *types))
                        return true;
        return false;
}

/* The text of a node with runs of blanks made one. */
static void copy_text(char ret[NAME_MAX_BYTES], const struct source *s, TSNode node)
{
        char raw[NAME_MAX_BYTES];
        uint32_t length;
        const char *text = source_text(s, node, &length);
        size_t used = 0, n = 0;

        for (uint32_t i = 0; i < length && n + 1 < sizeof(raw); i++) {
                bool blank =
                        text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r';

                if (!blank)
                        raw[n++] = text[i];
                else if (n > 0 && raw[n - 1] != ' ')
                        raw[n++] = ' ';
        }
        used = text_clean(ret, NAME_MAX_BYTES, raw, n, false);
        ret[used] = '\0';
}

static void copy_string(char ret[NAME_MAX_BYTES], const char *text)
{
        size_t n = MIN_OF(strlen(text), (size_t) NAME_MAX_BYTES - 1);

        memcpy(ret, text, n);
        ret[n] = '\0';
}

static uint32_t count_named(TSNode list, const char *const *skipped)
{
        uint32_t n = 0;
        TSTreeCursor c = ts_tree_cursor_new(list);

        if (ts_tree_cursor_goto_first_child(&c))
                do {
                        TSNode child = ts_tree_cursor_current_node(&c);

                        n += ts_node_is_named(child) ? !is_any(child, skipped)
                                                     : is_type(child, "...");
                } while (ts_tree_cursor_goto_next_sibling(&c));
        ts_tree_cursor_delete(&c);
        return n;
}

/* ---- C and C++ ---- */

/* `(void)` declares that there is none. */
static bool is_void_list(const struct source *s, TSNode list)
{
        return ts_node_named_child_count(list) == 1 &&
               source_is(s, ts_node_named_child(list, 0), "void");
}

static uint32_t c_params(const struct source *s, TSNode list)
{
        static const char *const skipped[] = { "comment", NULL };

        if (ts_node_is_null(list) || is_void_list(s, list))
                return 0;
        return count_named(list, skipped);
}

/*
 * Goes down a declarator to the name; on the way the innermost function declarator is the
 * function's own: in `int (*f(int a))(double)` that of f, not that of what it returns.
 */
static bool c_declarator(struct function_name *ret, const struct source *s, TSNode node)
{
        TSNode list = { 0 };
        bool found = false;

        for (int depth = 0; depth < DECLARATOR_DEPTH && !ts_node_is_null(node); depth++) {
                TSNode next = child_field(node, "declarator");

                if (is_type(node, "function_declarator") ||
                    is_type(node, "abstract_function_declarator")) {
                        list = child_field(node, "parameters");
                        found = true;
                }
                if (is_type(node, "operator_cast")) {
                        uint32_t length = ts_node_start_byte(next) - ts_node_start_byte(node);

                        (void) text_clean(ret->own, MIN_OF(length + 1U, (uint32_t) NAME_MAX_BYTES),
                                          s->data + ts_node_start_byte(node), length, false);
                        ret->row = ts_node_start_point(node).row;
                } else if (is_type(node, "qualified_identifier") &&
                           is_type(child_field(node, "name"), "operator_cast")) {
                        next = child_field(node, "name");
                } else if (ts_node_is_null(next)) {
                        bool wraps = is_type(node, "parenthesized_declarator") ||
                                     is_type(node, "reference_declarator") ||
                                     is_type(node, "attributed_declarator");

                        if (!wraps) {
                                if (!is_type(node, "abstract_function_declarator")) {
                                        copy_text(ret->own, s, node);
                                        ret->row = ts_node_start_point(node).row;
                                }
                                break;
                        }
                        next = ts_node_named_child(node, 0);
                }
                node = next;
        }
        ret->params = c_params(s, list);
        return found;
}

/* Before a body at file level: `int f(a, b) int a; char *b; {` is a row of declarations to the
 * grammar. */
static bool c_old_style(struct function_name *ret, const struct source *s, TSNode block)
{
        TSNode node = ts_node_prev_named_sibling(block);

        for (int i = 0; i < SIBLING_LIMIT && is_type(node, "declaration"); i++) {
                if (c_declarator(ret, s, child_field(node, "declarator")))
                        return true;
                node = ts_node_prev_named_sibling(node);
        }
        return false;
}

static bool c_function(struct function_name *ret, const struct source *s, TSNode function)
{
        TSNode declarator = child_field(function, "declarator");

        if (is_type(function, "compound_statement"))
                return c_old_style(ret, s, function);
        if (is_type(function, "lambda_expression")) {
                ret->params = c_params(s, child_field(declarator, "parameters"));
                return true;
        }
        if (ts_node_is_null(child_field(function, "body")) &&
            !is_type(ts_node_named_child(function, ts_node_named_child_count(function) - 1),
                     "try_statement"))
                return false; /* = default, = delete */
        return !ts_node_is_null(declarator) && (c_declarator(ret, s, declarator) || ret->own[0]);
}

/* ---- JavaScript and TypeScript ---- */

static void strip_quotes(char name[NAME_MAX_BYTES])
{
        size_t n = strlen(name);

        if (n >= 2 && (name[0] == '"' || name[0] == '\'') && name[n - 1] == name[0]) {
                memmove(name, name + 1, n - 2);
                name[n - 2] = '\0';
        }
}

/* What an unnamed function is assigned to: a variable, a property, a field of a class. */
static void script_target(char ret[NAME_MAX_BYTES], const struct source *s, TSNode function,
                          const TSNode *ancestors, size_t n)
{
        static const struct {
                const char *node, *value, *name;
        } targets[] = {
                { "variable_declarator", "value", "name" },
                { "assignment_expression", "right", "left" },
                { "pair", "value", "key" },
                { "field_definition", "value", "property" },
                { "public_field_definition", "value", "name" },
                { "assignment_pattern", "right", "left" },
        };
        TSNode node = function;

        while (n > 0 && is_type(ancestors[n - 1], "parenthesized_expression"))
                node = ancestors[--n];
        if (n == 0)
                return;
        for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
                TSNode name = child_field(ancestors[n - 1], targets[i].name);

                if (!is_type(ancestors[n - 1], targets[i].node) || ts_node_is_null(name) ||
                    !ts_node_eq(child_field(ancestors[n - 1], targets[i].value), node))
                        continue;
                if (!is_type(name, "object_pattern") && !is_type(name, "array_pattern"))
                        copy_text(ret, s, name);
        }
}

static bool script_function(struct function_name *ret, const struct source *s, TSNode function,
                            const TSNode *ancestors, size_t n)
{
        static const char *const skipped[] = { "comment", "decorator", NULL };
        TSNode name = child_field(function, "name");
        TSNode list = child_field(function, "parameters");

        if (!ts_node_is_null(name))
                copy_text(ret->own, s, name);
        else
                script_target(ret->own, s, function, ancestors, n);
        strip_quotes(ret->own);
        ret->is_method = is_type(function, "method_definition");
        if (!ts_node_is_null(list))
                ret->params = count_named(list, skipped);
        else
                ret->params = !ts_node_is_null(child_field(function, "parameter"));
        return true;
}

/* ---- Python ---- */

static bool python_function(struct function_name *ret, const struct source *s, TSNode function,
                            const TSNode *ancestors, size_t n)
{
        static const char *const skipped[] = { "comment", "positional_separator",
                                               "keyword_separator", NULL };
        TSNode list = child_field(function, "parameters");

        if (!is_type(function, "function_definition"))
                return false;
        copy_text(ret->own, s, child_field(function, "name"));
        ret->params = ts_node_is_null(list) ? 0 : count_named(list, skipped);
        for (size_t i = n; i > 0; i--) {
                if (is_type(ancestors[i - 1], "class_definition"))
                        ret->is_method = true;
                if (!is_type(ancestors[i - 1], "block") &&
                    !is_type(ancestors[i - 1], "decorated_definition"))
                        break;
        }
        return true;
}

/* ---- Go ---- */

/* `a, b int` is one declaration of two parameters; `int` one of one. */
static uint32_t go_params(TSNode list)
{
        uint32_t n = 0;
        TSTreeCursor c;

        if (ts_node_is_null(list))
                return 0;
        c = ts_tree_cursor_new(list);
        if (ts_tree_cursor_goto_first_child(&c))
                do {
                        TSNode d = ts_tree_cursor_current_node(&c);
                        uint32_t named = ts_node_named_child_count(d);

                        if (is_type(d, "parameter_declaration"))
                                n += named > 1 ? named - 1 : 1;
                        else if (is_type(d, "variadic_parameter_declaration"))
                                n++;
                } while (ts_tree_cursor_goto_next_sibling(&c));
        ts_tree_cursor_delete(&c);
        return n;
}

static void go_receiver(struct function_name *ret, const struct source *s, TSNode list)
{
        TSNode declaration = ts_node_named_child(list, 0);
        TSNode type = child_field(declaration, "type");
        TSNode name = child_field(declaration, "name");

        for (int i = 0; i < 4; i++) {
                if (is_type(type, "pointer_type") || is_type(type, "parenthesized_type"))
                        type = ts_node_named_child(type, 0);
                else if (is_type(type, "generic_type"))
                        type = child_field(type, "type");
        }
        if (!ts_node_is_null(type))
                copy_text(ret->qualifier, s, type);
        if (!ts_node_is_null(name))
                copy_text(ret->receiver, s, name);
        ret->is_method = true;
}

static void go_target(char ret[NAME_MAX_BYTES], const struct source *s, const TSNode *ancestors,
                      size_t n)
{
        TSNode spec = n >= 2 && is_type(ancestors[n - 1], "expression_list") ? ancestors[n - 2]
                                                                             : (TSNode){ 0 };
        TSNode name;

        if (!is_type(spec, "var_spec"))
                return;
        name = child_field(spec, "name");
        if (!ts_node_is_null(name))
                copy_text(ret, s, name);
}

static bool go_function(struct function_name *ret, const struct source *s, TSNode function,
                        const TSNode *ancestors, size_t n)
{
        TSNode receiver = child_field(function, "receiver");

        if (ts_node_is_null(child_field(function, "body")))
                return false; /* written in assembly */
        if (is_type(function, "func_literal"))
                go_target(ret->own, s, ancestors, n);
        else
                copy_text(ret->own, s, child_field(function, "name"));
        if (!ts_node_is_null(receiver))
                go_receiver(ret, s, receiver);
        ret->params = go_params(child_field(function, "parameters"));
        return true;
}

/* ---- all ---- */

bool function_name_find(struct function_name *ret, const struct source *s, TSNode function,
                        const TSNode *ancestors, size_t n)
{
        struct function_name name = { .row = ts_node_start_point(function).row };
        bool found = false;

        switch (s->language->family) {
        case FAMILY_C:
                found = c_function(&name, s, function);
                break;
        case FAMILY_SCRIPT:
                found = script_function(&name, s, function, ancestors, n);
                break;
        case FAMILY_PYTHON:
                found = python_function(&name, s, function, ancestors, n);
                break;
        case FAMILY_GO:
                found = go_function(&name, s, function, ancestors, n);
                break;
        case FAMILIES_:
                break;
        }
        if (!name.own[0])
                copy_string(name.own, NAME_ANONYMOUS);
        if (found)
                *ret = name;
        return found;
}

void scope_name_find(char ret[NAME_MAX_BYTES], const struct source *s, TSNode scope,
                     const TSNode *ancestors, size_t n)
{
        TSNode name = child_field(scope, "name");

        ret[0] = '\0';
        if (!ts_node_is_null(name))
                copy_text(ret, s, name);
        else if (s->language->family == FAMILY_SCRIPT)
                script_target(ret, s, scope, ancestors, n);
}
