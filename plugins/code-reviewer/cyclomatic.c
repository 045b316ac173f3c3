/* SPDX-License-Identifier: Apache-2.0 */
#include "cyclomatic.h"

static const bool decides[ROLES_] = {
        [ROLE_IF] = true,           [ROLE_ELIF] = true,
        [ROLE_LOOP] = true,         [ROLE_CATCH] = true,
        [ROLE_FINALLY] = true,      [ROLE_TERNARY] = true,
        [ROLE_FILTER] = true,       [ROLE_ASSIGN] = true,
        [ROLE_DIRECTIVE_IF] = true, [ROLE_DIRECTIVE_ELIF] = true,
};

/* `default:` is what is left, not a decision. */
static bool is_default(TSNode label)
{
        TSNode first = ts_node_child(label, 0);

        return !ts_node_is_null(first) && strcmp(ts_node_type(first), "default") == 0;
}

/* An `#ifndef` is not counted: it guards more often than it decides. */
static bool is_ifndef(TSNode directive)
{
        TSNode first = ts_node_child(directive, 0);

        return !ts_node_is_null(first) && strcmp(ts_node_type(first), "#ifndef") == 0;
}

uint32_t cyclomatic_of(struct walk *w)
{
        const struct step *step = walk_step(w), *parent = walk_parent(w);

        if (step->role == ROLE_CASE)
                return !is_default(step->node);
        if (step->role == ROLE_DIRECTIVE_IF)
                return !is_ifndef(step->node);
        if (role_is_operator(step->role))
                return parent && parent->is_logical;
        return decides[step->role];
}
