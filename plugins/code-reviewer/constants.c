/* SPDX-License-Identifier: Apache-2.0 */
#include "constants.h"

#define NODES_MAX 2000 /* of one expression */

/* What gives a name a value; NULL = a value that is not known. */
static const struct {
        enum family family;
        const char *node, *name, *value;
} bindings[] = {
        { FAMILY_C, "init_declarator", "declarator", "value" },
        { FAMILY_C, "assignment_expression", "left", "right" },
        { FAMILY_C, "parameter_declaration", "declarator", NULL },
        { FAMILY_SCRIPT, "variable_declarator", "name", "value" },
        { FAMILY_SCRIPT, "assignment_expression", "left", "right" },
        { FAMILY_SCRIPT, "augmented_assignment_expression", "left", NULL },
        { FAMILY_SCRIPT, "for_in_statement", "left", NULL },
        { FAMILY_SCRIPT, "arrow_function", "parameter", NULL },
        { FAMILY_SCRIPT, "arrow_function", "parameters", NULL },
        { FAMILY_SCRIPT, "function_declaration", "parameters", NULL },
        { FAMILY_SCRIPT, "function_expression", "parameters", NULL },
        { FAMILY_SCRIPT, "method_definition", "parameters", NULL },
        { FAMILY_PYTHON, "assignment", "left", "right" },
        { FAMILY_PYTHON, "augmented_assignment", "left", NULL },
        { FAMILY_PYTHON, "for_statement", "left", NULL },
        { FAMILY_PYTHON, "for_in_clause", "left", NULL },
        { FAMILY_PYTHON, "function_definition", "parameters", NULL },
        { FAMILY_PYTHON, "lambda", "parameters", NULL },
        { FAMILY_GO, "const_spec", "name", "value" },
        { FAMILY_GO, "var_spec", "name", "value" },
        { FAMILY_GO, "short_var_declaration", "left", "right" },
        { FAMILY_GO, "assignment_statement", "left", "right" },
        { FAMILY_GO, "range_clause", "left", NULL },
        { FAMILY_GO, "parameter_declaration", "name", NULL },
};

/* Whatever holds one of these depends on something outside the expression. */
static const char *const unknown[] = {
        "identifier",
        "this",
        "call",
        "call_expression",
        "new_expression",
        "shorthand_property_identifier",
        "await",
        "await_expression",
        "function_expression",
        "arrow_function",
        "func_literal",
        "lambda",
        "lambda_expression",
};

/* JavaScript: where the program itself lies is no stranger's choice, nor is what is joined to it.
 */
static const char *const fixed_names[] = { "__dirname", "__filename", "path",
                                           "url",       "process",    "fileURLToPath" };
static const char *const fixed_calls[] = { "path.join",         "path.resolve",   "path.dirname",
                                           "path.basename",     "path.normalize", "process.cwd",
                                           "url.fileURLToPath", "fileURLToPath",  "require.resolve",
                                           "path.posix.join" };

static bool is_identifier(TSNode node)
{
        return !ts_node_is_null(node) && strcmp(ts_node_type(node), "identifier") == 0;
}

static bool is_one_of(const struct source *s, TSNode node, const char *const *names, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!ts_node_is_null(node) && source_is(s, node, names[i]))
                        return true;
        return false;
}

static bool is_fixed(const struct source *s, TSNode node)
{
        if (s->language->family != FAMILY_SCRIPT)
                return false;
        if (is_identifier(node))
                return is_one_of(s, node, fixed_names, ARRAY_SIZE(fixed_names));
        return strcmp(ts_node_type(node), "call_expression") == 0 &&
               is_one_of(s, ts_node_child_by_field_name(node, "function", 8), fixed_calls,
                         ARRAY_SIZE(fixed_calls));
}

static bool is_unknown(const struct source *s, TSNode node)
{
        const char *type = ts_node_is_named(node) ? ts_node_type(node) : "";

        if (is_fixed(s, node))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
                if (strcmp(type, unknown[i]) == 0)
                        return true;
        return false;
}

/* C writes its format macros between strings: "%" PRIu64. Capitals are constants everywhere else
 * too. */
static bool is_macro(const struct source *s, TSNode node)
{
        uint32_t length;
        const char *text = source_text(s, node, &length);

        if (s->language->family != FAMILY_C)
                return false;
        for (uint32_t i = 0; i < length; i++)
                if (text[i] >= 'a' && text[i] <= 'z' && !(i > 2 && memcmp(text, "PRI", 3) == 0))
                        return false;
        return true;
}

/* Sorted by text, so that a lookup is a binary search; `data` is the source both lie in. */
static int compare(const void *a, const void *b, void *data)
{
        const struct constant *x = a, *y = b;
        const char *text = data;
        int order = memcmp(text + x->start, text + y->start, MIN_OF(x->length, y->length));

        return order ? order : (x->length > y->length) - (x->length < y->length);
}

static bool is_constant(const struct constants *constants, const struct source *s, TSNode name)
{
        const struct constant key = {
                .start = ts_node_start_byte(name),
                .length = ts_node_end_byte(name) - ts_node_start_byte(name),
        };
        size_t low = 0, high = constants->n_items;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = compare(&key, &constants->items[middle], (void *) s->data);

                if (order == 0)
                        return constants->items[middle].is_literal;
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return false;
}

bool constants_is_literal(const struct constants *constants, const struct source *s, TSNode node)
{
        TSTreeCursor c = ts_tree_cursor_new(node);
        bool literal = true, more = true;
        unsigned n = 0;

        while (more && literal) {
                TSNode at = ts_tree_cursor_current_node(&c);

                if (n++ >= NODES_MAX)
                        literal = false;
                else if (is_unknown(s, at))
                        literal = is_identifier(at) &&
                                  (is_macro(s, at) || (constants && is_constant(constants, s, at)));
                if (ts_tree_cursor_goto_first_child(&c))
                        continue;
                while (more && !ts_tree_cursor_goto_next_sibling(&c))
                        more = ts_tree_cursor_goto_parent(&c);
        }
        ts_tree_cursor_delete(&c);
        return literal;
}

static int add(struct constants *constants, TSNode name, bool is_literal)
{
        if (constants->n_items >= CONSTANTS_MAX)
                return 0;
        if (ARRAY_GROW(constants->items, constants->n_items, constants->size) < 0)
                return -ENOMEM;
        constants->items[constants->n_items++] = (struct constant){
                .start = ts_node_start_byte(name),
                .length = ts_node_end_byte(name) - ts_node_start_byte(name),
                .is_literal = is_literal,
        };
        return 0;
}

/* All identifiers of a target get the value; where there are several, nobody knows which. */
static int bind(struct constants *constants, TSNode target, bool is_literal)
{
        TSTreeCursor c = ts_tree_cursor_new(target);
        bool more = true;
        int r = 0;

        for (unsigned n = 0; more && r >= 0 && n < NODES_MAX; n++) {
                TSNode at = ts_tree_cursor_current_node(&c);
                const char *type = ts_node_type(at);

                if (is_identifier(at) || strcmp(type, "shorthand_property_identifier_pattern") == 0)
                        r = add(constants, at, is_literal);
                if (ts_tree_cursor_goto_first_child(&c))
                        continue;
                while (more && !ts_tree_cursor_goto_next_sibling(&c))
                        more = ts_tree_cursor_goto_parent(&c);
        }
        ts_tree_cursor_delete(&c);
        return r;
}

static TSNode child_field(TSNode node, const char *field)
{
        return ts_node_child_by_field_name(node, field, (uint32_t) strlen(field));
}

static int read_node(struct constants *constants, const struct source *s, TSNode node)
{
        const char *type = ts_node_is_named(node) ? ts_node_type(node) : "";
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(bindings); i++) {
                TSNode name, value;
                bool literal = false;

                if (bindings[i].family != s->language->family ||
                    strcmp(type, bindings[i].node) != 0)
                        continue;
                name = child_field(node, bindings[i].name);
                if (ts_node_is_null(name))
                        continue;
                if (bindings[i].value) {
                        value = child_field(node, bindings[i].value);
                        literal = !ts_node_is_null(value) && constants_is_literal(NULL, s, value);
                }
                r = bind(constants, name, literal);
        }
        return r;
}

/* One entry for each name; a single value that is no literal spoils it. */
static void merge(struct constants *constants, const struct source *s)
{
        size_t n = 0;

        if (constants->n_items == 0)
                return;
        qsort_r(constants->items, constants->n_items, sizeof(*constants->items), compare,
                (void *) s->data);
        for (size_t i = 1; i < constants->n_items; i++) {
                struct constant *last = &constants->items[n], *next = &constants->items[i];

                if (compare(last, next, (void *) s->data) == 0)
                        last->is_literal &= next->is_literal;
                else
                        constants->items[++n] = *next;
        }
        constants->n_items = n + 1;
}

int constants_read(struct constants *constants, const struct source *s)
{
        TSTreeCursor c;
        bool more = true;
        int r = 0;

        if (constants->is_read)
                return 0;
        constants->is_read = true;
        c = ts_tree_cursor_new(ts_tree_root_node(s->tree));
        while (more && r >= 0) {
                r = read_node(constants, s, ts_tree_cursor_current_node(&c));
                if (ts_tree_cursor_goto_first_child(&c))
                        continue;
                while (more && !ts_tree_cursor_goto_next_sibling(&c))
                        more = ts_tree_cursor_goto_parent(&c);
        }
        ts_tree_cursor_delete(&c);
        merge(constants, s);
        return r;
}

void constants_done(struct constants *constants)
{
        free(constants->items);
        *constants = (struct constants){ 0 };
}
