/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the names of a JavaScript or TypeScript file stand for
 *
 * Knows every spelling by which a program loads a module and gives it a name: require() with and
 * without a name, import of a default, a namespace or single names, TypeScript's import = require,
 * await import(), the helpers that compilers put around them, and `.default`. So a call can be told
 * as one of Express or helmet whatever the program calls them. Names are those of the file, scopes
 * are not told apart. Also objects that were given a name, which options often are.
 */

#include "syntax.h"

#define EXPRESS_NAMES_MAX 128 /* of one file; later ones are not known */

enum express_module {
        MODULE_NONE,
        MODULE_EXPRESS,
        MODULE_HELMET,
        MODULE_HELMET_PART, /* one of helmet's headers: hsts of `import { hsts } from "helmet"` */
        MODULE_OWN,         /* a file of the program */
};

struct express_name {
        struct span name;
        enum express_module module;
        struct span part; /* the name that a part has in its module */
        TSNode object;    /* an object that the name was given; a null node of modules */
};

struct express_names {
        struct express_name list[EXPRESS_NAMES_MAX];
        size_t n;
};

/* Learns what a node says; to be called for all nodes, in their order. */
void express_names_learn(struct express_names *names, const struct syntax *s, TSNode node);

/* What an expression stands for; of MODULE_HELMET_PART also which part. */
enum express_module express_module_of(const struct express_names *names, const struct syntax *s,
                                      TSNode node, struct span *ret_part);

/* The module that a node loads by its path: "./app" of require("./app") or of an import. */
bool express_loads(const struct syntax *s, TSNode node, struct span *ret_path);

/* The expression without parentheses and TypeScript's `as`, `satisfies` and `!`. */
TSNode express_bare(TSNode node);

/* The object that an expression is or names; the node itself where it is neither. */
TSNode express_object(const struct express_names *names, const struct syntax *s, TSNode node);
