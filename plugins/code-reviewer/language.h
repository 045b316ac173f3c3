/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Languages
 *
 * What is known of each language stands in one table: the extensions of its files, its grammar, and
 * the part that each kind of syntax node plays in the metrics. Everything else asks for the role of
 * a node and never for its name. A language is made ready when its first file turns up.
 */

#include "common.h"

#include <tree_sitter/api.h>

/* The part that a node plays. Names of nodes differ between grammars, parts do not. */
enum role {
        ROLE_NONE,
        ROLE_FUNCTION, /* has a row of its own */
        ROLE_LAMBDA,   /* belongs to the function around it; a row only where there is none */
        ROLE_SCOPE,    /* lends its name to the functions in it: class, namespace */
        ROLE_IF,
        ROLE_ELIF,
        ROLE_ELSE,
        ROLE_LOOP,
        ROLE_SWITCH,
        ROLE_CASE,
        ROLE_TRY,
        ROLE_CATCH,
        ROLE_FINALLY,
        ROLE_TERNARY,
        ROLE_FILTER, /* `for` and `if` of a comprehension */
        ROLE_BINARY, /* may be a logical operation; see role_is_operator() */
        ROLE_PAREN,
        ROLE_JUMP, /* break, continue, goto: counts when it names a label */
        ROLE_CALL,
        ROLE_COMMENT,
        ROLE_STATEMENT,    /* an expression as a statement: may be a docstring */
        ROLE_BLOCK,        /* braces; at file level the body of a function in K&R style */
        ROLE_DIRECTIVE_IF, /* #if, #ifdef, #ifndef */
        ROLE_DIRECTIVE_ELIF,
        ROLE_DIRECTIVE_ELSE,
        ROLE_DIRECTIVE, /* #define and the like: their text is no code */
        ROLE_MARKUP,    /* an element of JSX */
        ROLE_AND,       /* tokens from here on */
        ROLE_OR,
        ROLE_NULLISH,
        ROLE_ASSIGN, /* &&= ||= ??= */
        ROLES_,
};

/* Whole language families share names of nodes and habits. */
enum family { FAMILY_C, FAMILY_SCRIPT, FAMILY_PYTHON, FAMILY_GO, FAMILIES_ };

enum field {
        FIELD_NONE,
        FIELD_ALTERNATIVE,
        FIELD_BODY,
        FIELD_CONDITION,
        FIELD_CONSEQUENCE,
        FIELDS_,
};

enum language_id {
        LANGUAGE_C,
        LANGUAGE_CPP,
        LANGUAGE_GO,
        LANGUAGE_JAVASCRIPT,
        LANGUAGE_PYTHON,
        LANGUAGE_TSX,
        LANGUAGE_TYPESCRIPT,
        LANGUAGES_,
};

struct language {
        enum language_id id;
        const char *name; /* as outputs show it: tsx is "typescript" */
        const char *file; /* the name in rule files: "tsx" */
        enum family family;
        const TSLanguage *grammar;
        uint8_t *roles; /* by TSSymbol */
        uint32_t n_symbols;
        TSFieldId fields[FIELDS_];
};

/* The language of a file by its name, or -1 where it is none of ours. */
int language_of_path(const char *path);

/* The name in rule files ("c", "cpp", "tsx"…) to an id, or -1. */
int language_of_name(const char *name, size_t length);

/* NULL only when out of memory or when the grammar's ABI does not fit the library. */
const struct language *language_get(enum language_id id);

static inline enum role language_role(const struct language *l, TSNode node)
{
        TSSymbol symbol = ts_node_symbol(node);

        return symbol < l->n_symbols ? (enum role) l->roles[symbol] : ROLE_NONE;
}

enum field language_field(const struct language *l, TSFieldId id);

static inline bool role_is_operator(enum role role)
{
        return role == ROLE_AND || role == ROLE_OR || role == ROLE_NULLISH;
}
