/* SPDX-License-Identifier: Apache-2.0 */
#include "imports.h"

#include <stdio.h>

#define EXPRESSION_DEPTH 32

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

static void copy_node(char ret[IMPORTS_NAME_BYTES], const struct source *s, TSNode node)
{
        uint32_t length = 0;
        const char *text = ts_node_is_null(node) ? "" : source_text(s, node, &length);
        size_t n = MIN_OF(length, (uint32_t) IMPORTS_NAME_BYTES - 1);

        memcpy(ret, text, n);
        ret[n] = '\0';
}

/* The inside of a string literal without escapes; JavaScript's "node:" prefix says nothing. */
static bool copy_literal(char ret[IMPORTS_NAME_BYTES], const struct source *s, TSNode node)
{
        size_t n;

        copy_node(ret, s, node);
        n = strlen(ret);
        if (n < 2 || !strchr("\"'`", ret[0]) || ret[n - 1] != ret[0])
                return false;
        ret[n - 1] = '\0';
        memmove(ret, ret + 1, n - 1);
        if (strncmp(ret, "node:", 5) == 0)
                memmove(ret, ret + 5, strlen(ret + 5) + 1);
        return true;
}

static int add(struct imports *imports, const char *alias, const char *target)
{
        struct import item = { 0 };

        if (imports->n_items >= IMPORTS_MAX || !alias[0] || !target[0])
                return 0;
        if (ARRAY_GROW(imports->items, imports->n_items, imports->size) < 0)
                return -ENOMEM;
        item.alias = strdup(alias);
        item.target = strdup(target);
        if (!item.alias || !item.target) {
                free(item.alias);
                free(item.target);
                return -ENOMEM;
        }
        imports->items[imports->n_items++] = item;
        return 0;
}

static int add_member(struct imports *imports, const char *alias, const char *module,
                      const char *member)
{
        char target[2 * IMPORTS_NAME_BYTES];

        text_join(target, sizeof(target), module, ".", member);
        return add(imports, alias, target);
}

static const struct import *find(const struct imports *imports, const char *alias, size_t length)
{
        for (size_t i = 0; i < imports->n_items; i++)
                if (strlen(imports->items[i].alias) == length &&
                    memcmp(imports->items[i].alias, alias, length) == 0)
                        return &imports->items[i];
        return NULL;
}

/* ---- Python: import a.b, import a as b, from a import b as c ---- */

static int python_name(struct imports *imports, const struct source *s, const char *module,
                       TSNode node)
{
        char name[IMPORTS_NAME_BYTES], alias[IMPORTS_NAME_BYTES];
        bool has_alias = is_type(node, "aliased_import");

        copy_node(name, s, has_alias ? child_field(node, "name") : node);
        if (has_alias)
                copy_node(alias, s, child_field(node, "alias"));
        else if (module[0])
                (void) snprintf(alias, sizeof(alias), "%s", name);
        else
                return 0; /* `import a.b` binds a to itself */
        return module[0] ? add_member(imports, alias, module, name) : add(imports, alias, name);
}

static int python_import(struct imports *imports, const struct source *s, TSNode node)
{
        char module[IMPORTS_NAME_BYTES] = "";
        TSNode from = child_field(node, "module_name");
        int r = 0;

        copy_node(module, s, from);
        for (uint32_t i = 0; r >= 0 && i < ts_node_named_child_count(node); i++) {
                TSNode child = ts_node_named_child(node, i);

                if (!ts_node_is_null(from) && ts_node_eq(child, from))
                        continue;
                if (is_type(child, "dotted_name") || is_type(child, "aliased_import"))
                        r = python_name(imports, s, module, child);
        }
        return r;
}

/* ---- Go ---- */

/* `import "x/y/v2"` is used as y. */
static void go_package(char ret[IMPORTS_NAME_BYTES], const char *path)
{
        char copy[IMPORTS_NAME_BYTES];
        char *slash;

        (void) snprintf(copy, sizeof(copy), "%s", path);
        slash = strrchr(copy, '/');
        if (slash && slash[1] == 'v' && slash[2] >= '0' && slash[2] <= '9') {
                *slash = '\0';
                slash = strrchr(copy, '/');
        }
        (void) snprintf(ret, IMPORTS_NAME_BYTES, "%s", slash ? slash + 1 : copy);
}

static int go_import(struct imports *imports, const struct source *s, TSNode node)
{
        char path[IMPORTS_NAME_BYTES], alias[IMPORTS_NAME_BYTES];
        TSNode name = child_field(node, "name");

        if (!copy_literal(path, s, child_field(node, "path")))
                return 0;
        if (ts_node_is_null(name))
                go_package(alias, path);
        else
                copy_node(alias, s, name);
        return add(imports, alias, path);
}

/* ---- JavaScript ---- */

static bool is_require(const struct source *s, TSNode call, char ret_module[IMPORTS_NAME_BYTES])
{
        TSNode function = child_field(call, "function");

        if (!is_type(call, "call_expression") || ts_node_is_null(function) ||
            !source_is(s, function, "require"))
                return false;
        return copy_literal(ret_module, s, ts_node_named_child(child_field(call, "arguments"), 0));
}

/* { a, b: c } of `const { a, b: c } = require('m')`. */
static int script_pattern(struct imports *imports, const struct source *s, const char *module,
                          TSNode pattern)
{
        int r = 0;

        for (uint32_t i = 0; r >= 0 && i < ts_node_named_child_count(pattern); i++) {
                TSNode item = ts_node_named_child(pattern, i);
                char name[IMPORTS_NAME_BYTES], alias[IMPORTS_NAME_BYTES];
                bool is_pair = is_type(item, "pair_pattern");

                if (!is_pair && !is_type(item, "shorthand_property_identifier_pattern"))
                        continue;
                copy_node(name, s, is_pair ? child_field(item, "key") : item);
                copy_node(alias, s, is_pair ? child_field(item, "value") : item);
                r = add_member(imports, alias, module, name);
        }
        return r;
}

/* `const { readFile } = fs.promises`: a part of what was imported. */
static bool is_import(const struct imports *imports, const struct source *s, TSNode value,
                      char ret[IMPORTS_NAME_BYTES])
{
        char text[IMPORTS_NAME_BYTES];

        if (ts_node_is_null(value) || !imports_resolve(imports, s, value, ret))
                return false;
        copy_node(text, s, value);
        return strcmp(text, ret) != 0 || find(imports, text, strcspn(text, ".")) != NULL;
}

static int script_variable(struct imports *imports, const struct source *s, TSNode node)
{
        TSNode value = child_field(node, "value"), name = child_field(node, "name");
        char module[2 * IMPORTS_NAME_BYTES], first[IMPORTS_NAME_BYTES], alias[IMPORTS_NAME_BYTES];

        if (is_type(value, "await_expression"))
                value = ts_node_named_child(value, 0);
        if (is_type(value, "member_expression") &&
            is_require(s, child_field(value, "object"), first)) {
                copy_node(alias, s, child_field(value, "property"));
                text_join(module, sizeof(module), first, ".", alias);
        } else if (is_require(s, value, first) ||
                   (is_type(name, "object_pattern") && is_import(imports, s, value, first))) {
                (void) snprintf(module, sizeof(module), "%s", first);
        } else {
                return 0;
        }
        if (is_type(name, "object_pattern"))
                return script_pattern(imports, s, module, name);
        copy_node(alias, s, name);
        return add(imports, alias, module);
}

static int script_named(struct imports *imports, const struct source *s, const char *module,
                        TSNode list)
{
        int r = 0;

        for (uint32_t i = 0; r >= 0 && i < ts_node_named_child_count(list); i++) {
                TSNode item = ts_node_named_child(list, i);
                TSNode alias_node = child_field(item, "alias");
                char name[IMPORTS_NAME_BYTES], alias[IMPORTS_NAME_BYTES];

                if (!is_type(item, "import_specifier"))
                        continue;
                copy_node(name, s, child_field(item, "name"));
                copy_node(alias, s,
                          ts_node_is_null(alias_node) ? child_field(item, "name") : alias_node);
                r = add_member(imports, alias, module, name);
        }
        return r;
}

static int script_import(struct imports *imports, const struct source *s, TSNode node)
{
        char module[IMPORTS_NAME_BYTES], alias[IMPORTS_NAME_BYTES];
        TSNode clause = ts_node_named_child(node, 0);
        int r = 0;

        if (!is_type(clause, "import_clause") ||
            !copy_literal(module, s, child_field(node, "source")))
                return 0;
        for (uint32_t i = 0; r >= 0 && i < ts_node_named_child_count(clause); i++) {
                TSNode item = ts_node_named_child(clause, i);

                if (is_type(item, "named_imports")) {
                        r = script_named(imports, s, module, item);
                        continue;
                }
                copy_node(alias, s,
                          is_type(item, "namespace_import") ? ts_node_named_child(item, 0) : item);
                r = add(imports, alias, module);
        }
        return r;
}

/* ---- all ---- */

static const struct {
        enum family family;
        const char *node;
        int (*read)(struct imports *imports, const struct source *s, TSNode node);
} readers[] = {
        { FAMILY_PYTHON, "import_statement", python_import },
        { FAMILY_PYTHON, "import_from_statement", python_import },
        { FAMILY_GO, "import_spec", go_import },
        { FAMILY_SCRIPT, "import_statement", script_import },
        { FAMILY_SCRIPT, "variable_declarator", script_variable },
};

static int read_node(struct imports *imports, const struct source *s, TSNode node)
{
        const char *type = ts_node_is_named(node) ? ts_node_type(node) : "";

        for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
                if (readers[i].family == s->language->family && strcmp(type, readers[i].node) == 0)
                        return readers[i].read(imports, s, node);
        return 0;
}

int imports_read(struct imports *imports, const struct source *s)
{
        TSTreeCursor cursor;
        bool more = true;
        int r = 0;

        if (imports->is_read || s->language->family == FAMILY_C)
                return 0;
        imports->is_read = true;
        cursor = ts_tree_cursor_new(ts_tree_root_node(s->tree));
        while (more && r >= 0) {
                r = read_node(imports, s, ts_tree_cursor_current_node(&cursor));
                if (ts_tree_cursor_goto_first_child(&cursor))
                        continue;
                while (more && !ts_tree_cursor_goto_next_sibling(&cursor))
                        more = ts_tree_cursor_goto_parent(&cursor);
        }
        ts_tree_cursor_delete(&cursor);
        return r;
}

void imports_done(struct imports *imports)
{
        for (size_t i = 0; i < imports->n_items; i++) {
                free(imports->items[i].alias);
                free(imports->items[i].target);
        }
        free(imports->items);
        *imports = (struct imports){ 0 };
}

/* The parts of `a.b.c`, last first; the bottom is a name or a require(). */
static TSNode bottom_of(TSNode node, TSNode parts[EXPRESSION_DEPTH], size_t *ret_n)
{
        static const char *const members[][3] = {
                { "attribute", "object", "attribute" },
                { "member_expression", "object", "property" },
                { "selector_expression", "operand", "field" },
        };
        size_t n = 0, i = 0;

        while (i < ARRAY_SIZE(members) && n < EXPRESSION_DEPTH) {
                if (!is_type(node, members[i][0])) {
                        i++;
                        continue;
                }
                parts[n++] = child_field(node, members[i][2]);
                node = child_field(node, members[i][1]);
                i = 0;
        }
        *ret_n = n;
        return node;
}

bool imports_resolve(const struct imports *imports, const struct source *s, TSNode expression,
                     char ret[IMPORTS_NAME_BYTES])
{
        TSNode parts[EXPRESSION_DEPTH], bottom;
        char name[IMPORTS_NAME_BYTES];
        const struct import *import;
        size_t n, used;

        bottom = bottom_of(expression, parts, &n);
        if (ts_node_is_null(bottom))
                return false;
        if (!is_require(s, bottom, name)) {
                if (!is_type(bottom, "identifier") && !is_type(bottom, "this") &&
                    !is_type(bottom, "dotted_name") && !is_type(bottom, "type_identifier"))
                        return false;
                copy_node(name, s, bottom);
                import = find(imports, name, strlen(name));
                if (import)
                        (void) snprintf(name, sizeof(name), "%s", import->target);
        }
        used = (size_t) snprintf(ret, IMPORTS_NAME_BYTES, "%s", name);
        while (n > 0) {
                if (ts_node_is_null(parts[--n]))
                        return false;
                copy_node(name, s, parts[n]);
                if (used + strlen(name) + 2 > IMPORTS_NAME_BYTES)
                        return false;
                used += (size_t) snprintf(ret + used, IMPORTS_NAME_BYTES - used, ".%s", name);
        }
        return true;
}
