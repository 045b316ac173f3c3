/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names and parameters of functions
 *
 * Finds out what people call a function: its own name, or that of the variable, property or field
 * that it is assigned to, behind the classes (and in C++ namespaces, in Python functions) that it
 * stands in: `ns::Class::method`, `Class.method`, `outer.inner`.
 */

#include "source.h"

#define NAME_MAX_BYTES   256
#define NAME_ANONYMOUS   "(anonymous)"
#define NAME_SCOPE_LIMIT 16

struct function_name {
        char own[NAME_MAX_BYTES];       /* as it is called: "method" */
        char receiver[NAME_MAX_BYTES];  /* Go: the name of the receiver, else "" */
        char qualifier[NAME_MAX_BYTES]; /* Go: the receiver's type, else "" */
        uint32_t row;                   /* the line that counts as its first, from 0 */
        uint32_t params;
        bool is_method; /* called as a member of its object */
};

/*
 * `ancestors[0]` is the file's root and `ancestors[n - 1]` the function's parent. False where the
 * node turns out to be no function with a body.
 */
bool function_name_find(struct function_name *ret, const struct source *s, TSNode function,
                        const TSNode *ancestors, size_t n);

/* The name that a ROLE_SCOPE node lends, "" where it has none. */
void scope_name_find(char ret[NAME_MAX_BYTES], const struct source *s, TSNode scope,
                     const TSNode *ancestors, size_t n);
