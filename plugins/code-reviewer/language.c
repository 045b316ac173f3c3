/* SPDX-License-Identifier: Apache-2.0 */
#include "language.h"

const TSLanguage *tree_sitter_c(void);
const TSLanguage *tree_sitter_cpp(void);
const TSLanguage *tree_sitter_go(void);
const TSLanguage *tree_sitter_javascript(void);
const TSLanguage *tree_sitter_python(void);
const TSLanguage *tree_sitter_tsx(void);
const TSLanguage *tree_sitter_typescript(void);

struct node_role {
        const char *node;
        enum role role;
};

/* C and C++; "*" in front of a name: an anonymous token. */
static const struct node_role c_roles[] = {
        { "function_definition", ROLE_FUNCTION },
        { "lambda_expression", ROLE_LAMBDA },
        { "namespace_definition", ROLE_SCOPE },
        { "class_specifier", ROLE_SCOPE },
        { "struct_specifier", ROLE_SCOPE },
        { "union_specifier", ROLE_SCOPE },
        { "if_statement", ROLE_IF },
        { "else_clause", ROLE_ELSE },
        { "for_statement", ROLE_LOOP },
        { "for_range_loop", ROLE_LOOP },
        { "while_statement", ROLE_LOOP },
        { "do_statement", ROLE_LOOP },
        { "switch_statement", ROLE_SWITCH },
        { "case_statement", ROLE_CASE },
        { "try_statement", ROLE_TRY },
        { "catch_clause", ROLE_CATCH },
        { "seh_try_statement", ROLE_TRY },
        { "seh_except_clause", ROLE_CATCH },
        { "conditional_expression", ROLE_TERNARY },
        { "binary_expression", ROLE_BINARY },
        { "parenthesized_expression", ROLE_PAREN },
        { "goto_statement", ROLE_JUMP },
        { "call_expression", ROLE_CALL },
        { "comment", ROLE_COMMENT },
        { "compound_statement", ROLE_BLOCK },
        { "preproc_if", ROLE_DIRECTIVE_IF },
        { "preproc_ifdef", ROLE_DIRECTIVE_IF },
        { "preproc_elif", ROLE_DIRECTIVE_ELIF },
        { "preproc_elifdef", ROLE_DIRECTIVE_ELIF },
        { "preproc_else", ROLE_DIRECTIVE_ELSE },
        { "preproc_def", ROLE_DIRECTIVE },
        { "preproc_function_def", ROLE_DIRECTIVE },
        { "preproc_call", ROLE_DIRECTIVE },
        { "preproc_include", ROLE_DIRECTIVE },
        { "*&&", ROLE_AND },
        { "*and", ROLE_AND },
        { "*||", ROLE_OR },
        { "*or", ROLE_OR },
};

static const struct node_role script_roles[] = {
        { "function_declaration", ROLE_FUNCTION },
        { "function_expression", ROLE_FUNCTION },
        { "generator_function", ROLE_FUNCTION },
        { "generator_function_declaration", ROLE_FUNCTION },
        { "arrow_function", ROLE_FUNCTION },
        { "method_definition", ROLE_FUNCTION },
        { "class_declaration", ROLE_SCOPE },
        { "abstract_class_declaration", ROLE_SCOPE },
        { "class", ROLE_SCOPE },
        { "if_statement", ROLE_IF },
        { "else_clause", ROLE_ELSE },
        { "for_statement", ROLE_LOOP },
        { "for_in_statement", ROLE_LOOP },
        { "while_statement", ROLE_LOOP },
        { "do_statement", ROLE_LOOP },
        { "switch_statement", ROLE_SWITCH },
        { "switch_case", ROLE_CASE },
        { "try_statement", ROLE_TRY },
        { "catch_clause", ROLE_CATCH },
        { "ternary_expression", ROLE_TERNARY },
        { "binary_expression", ROLE_BINARY },
        { "parenthesized_expression", ROLE_PAREN },
        { "break_statement", ROLE_JUMP },
        { "continue_statement", ROLE_JUMP },
        { "call_expression", ROLE_CALL },
        { "comment", ROLE_COMMENT },
        { "html_comment", ROLE_COMMENT },
        { "jsx_element", ROLE_MARKUP },
        { "jsx_self_closing_element", ROLE_MARKUP },
        { "*&&", ROLE_AND },
        { "*||", ROLE_OR },
        { "*??", ROLE_NULLISH },
        { "*&&=", ROLE_ASSIGN },
        { "*||=", ROLE_ASSIGN },
        { "*\?\?=", ROLE_ASSIGN },
};

static const struct node_role python_roles[] = {
        { "function_definition", ROLE_FUNCTION },
        { "lambda", ROLE_LAMBDA },
        { "class_definition", ROLE_SCOPE },
        { "if_statement", ROLE_IF },
        { "elif_clause", ROLE_ELIF },
        { "else_clause", ROLE_ELSE },
        { "for_statement", ROLE_LOOP },
        { "while_statement", ROLE_LOOP },
        { "match_statement", ROLE_SWITCH },
        { "case_clause", ROLE_CASE },
        { "try_statement", ROLE_TRY },
        { "except_clause", ROLE_CATCH },
        { "except_group_clause", ROLE_CATCH },
        { "finally_clause", ROLE_FINALLY },
        { "conditional_expression", ROLE_TERNARY },
        { "for_in_clause", ROLE_FILTER },
        { "if_clause", ROLE_FILTER },
        { "boolean_operator", ROLE_BINARY },
        { "parenthesized_expression", ROLE_PAREN },
        { "call", ROLE_CALL },
        { "comment", ROLE_COMMENT },
        { "expression_statement", ROLE_STATEMENT },
        { "*and", ROLE_AND },
        { "*or", ROLE_OR },
};

static const struct node_role go_roles[] = {
        { "function_declaration", ROLE_FUNCTION },
        { "method_declaration", ROLE_FUNCTION },
        { "func_literal", ROLE_LAMBDA },
        { "if_statement", ROLE_IF },
        { "for_statement", ROLE_LOOP },
        { "expression_switch_statement", ROLE_SWITCH },
        { "type_switch_statement", ROLE_SWITCH },
        { "select_statement", ROLE_SWITCH },
        { "expression_case", ROLE_CASE },
        { "type_case", ROLE_CASE },
        { "communication_case", ROLE_CASE },
        { "default_case", ROLE_CASE },
        { "binary_expression", ROLE_BINARY },
        { "parenthesized_expression", ROLE_PAREN },
        { "break_statement", ROLE_JUMP },
        { "continue_statement", ROLE_JUMP },
        { "goto_statement", ROLE_JUMP },
        { "call_expression", ROLE_CALL },
        { "comment", ROLE_COMMENT },
        { "*&&", ROLE_AND },
        { "*||", ROLE_OR },
};

static const struct {
        const struct node_role *roles;
        size_t n;
} families[FAMILIES_] = {
        [FAMILY_C] = { c_roles, ARRAY_SIZE(c_roles) },
        [FAMILY_SCRIPT] = { script_roles, ARRAY_SIZE(script_roles) },
        [FAMILY_PYTHON] = { python_roles, ARRAY_SIZE(python_roles) },
        [FAMILY_GO] = { go_roles, ARRAY_SIZE(go_roles) },
};

static const struct {
        const char *name, *file;
        enum family family;
        const TSLanguage *(*grammar)(void);
} languages[LANGUAGES_] = {
        [LANGUAGE_C] = { "c", "c", FAMILY_C, tree_sitter_c },
        [LANGUAGE_CPP] = { "cpp", "cpp", FAMILY_C, tree_sitter_cpp },
        [LANGUAGE_GO] = { "go", "go", FAMILY_GO, tree_sitter_go },
        [LANGUAGE_JAVASCRIPT] = { "javascript", "javascript", FAMILY_SCRIPT,
                                  tree_sitter_javascript },
        [LANGUAGE_PYTHON] = { "python", "python", FAMILY_PYTHON, tree_sitter_python },
        [LANGUAGE_TSX] = { "typescript", "tsx", FAMILY_SCRIPT, tree_sitter_tsx },
        [LANGUAGE_TYPESCRIPT] = { "typescript", "typescript", FAMILY_SCRIPT,
                                  tree_sitter_typescript },
};

/* A header may be either C or C++; the C++ grammar reads both. */
static const struct {
        const char *extension;
        enum language_id id;
} extensions[] = {
        { "c", LANGUAGE_C },
        { "h", LANGUAGE_CPP },
        { "cc", LANGUAGE_CPP },
        { "cpp", LANGUAGE_CPP },
        { "cxx", LANGUAGE_CPP },
        { "c++", LANGUAGE_CPP },
        { "C", LANGUAGE_CPP },
        { "hh", LANGUAGE_CPP },
        { "hpp", LANGUAGE_CPP },
        { "hxx", LANGUAGE_CPP },
        { "h++", LANGUAGE_CPP },
        { "H", LANGUAGE_CPP },
        { "ipp", LANGUAGE_CPP },
        { "inl", LANGUAGE_CPP },
        { "tpp", LANGUAGE_CPP },
        { "go", LANGUAGE_GO },
        { "js", LANGUAGE_JAVASCRIPT },
        { "jsx", LANGUAGE_JAVASCRIPT },
        { "mjs", LANGUAGE_JAVASCRIPT },
        { "cjs", LANGUAGE_JAVASCRIPT },
        { "py", LANGUAGE_PYTHON },
        { "pyi", LANGUAGE_PYTHON },
        { "pyw", LANGUAGE_PYTHON },
        { "tsx", LANGUAGE_TSX },
        { "ts", LANGUAGE_TYPESCRIPT },
        { "mts", LANGUAGE_TYPESCRIPT },
        { "cts", LANGUAGE_TYPESCRIPT },
};

static const char *const field_names[FIELDS_] = {
        [FIELD_ALTERNATIVE] = "alternative",
        [FIELD_BODY] = "body",
        [FIELD_CONDITION] = "condition",
        [FIELD_CONSEQUENCE] = "consequence",
};

int language_of_path(const char *path)
{
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        const char *dot = strrchr(name, '.');

        if (!dot || dot == name)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(extensions); i++)
                if (strcmp(dot + 1, extensions[i].extension) == 0)
                        return extensions[i].id;
        return -1;
}

int language_of_name(const char *name, size_t length)
{
        for (int id = 0; id < LANGUAGES_; id++)
                if (strlen(languages[id].file) == length &&
                    memcmp(languages[id].file, name, length) == 0)
                        return id;
        return -1;
}

static enum role role_of_symbol(enum family family, const TSLanguage *grammar, TSSymbol symbol)
{
        TSSymbolType type = ts_language_symbol_type(grammar, symbol);
        const char *name = ts_language_symbol_name(grammar, symbol);

        if (type == TSSymbolTypeAuxiliary || !name)
                return ROLE_NONE;
        for (size_t i = 0; i < families[family].n; i++) {
                const char *node = families[family].roles[i].node;
                bool anonymous = node[0] == '*';

                if (anonymous == (type == TSSymbolTypeAnonymous) &&
                    strcmp(node + anonymous, name) == 0)
                        return families[family].roles[i].role;
        }
        return ROLE_NONE;
}

static int language_load(struct language *l, enum language_id id)
{
        const TSLanguage *grammar = languages[id].grammar();
        uint32_t version = ts_language_version(grammar);
        uint32_t n = ts_language_symbol_count(grammar);
        uint8_t *roles;

        if (version < TREE_SITTER_MIN_COMPATIBLE_LANGUAGE_VERSION ||
            version > TREE_SITTER_LANGUAGE_VERSION)
                return -EPROTO;
        roles = malloc(n);
        if (!roles)
                return -ENOMEM;
        for (uint32_t i = 0; i < n; i++)
                roles[i] = role_of_symbol(languages[id].family, grammar, (TSSymbol) i);

        *l = (struct language){
                .id = id,
                .name = languages[id].name,
                .file = languages[id].file,
                .family = languages[id].family,
                .grammar = grammar,
                .roles = roles,
                .n_symbols = n,
        };
        for (int f = FIELD_NONE + 1; f < FIELDS_; f++)
                l->fields[f] = ts_language_field_id_for_name(grammar, field_names[f],
                                                             (uint32_t) strlen(field_names[f]));
        return 0;
}

const struct language *language_get(enum language_id id)
{
        static struct language loaded[LANGUAGES_]; /* one table for the life of the process */

        if (!loaded[id].grammar && language_load(&loaded[id], id) < 0)
                return NULL;
        return &loaded[id];
}

enum field language_field(const struct language *l, TSFieldId id)
{
        if (id == 0)
                return FIELD_NONE;
        for (int f = FIELD_NONE + 1; f < FIELDS_; f++)
                if (l->fields[f] == id)
                        return (enum field) f;
        return FIELD_NONE;
}
