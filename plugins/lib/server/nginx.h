/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * nginx configuration
 *
 * A parser of nginx's configuration language: directives with arguments, blocks, quotes, escapes,
 * ${variables}, comments, Lua blocks (skipped with Lua's own strings and comments), and `include`,
 * with wildcards, of files in the tree. It gives a list in which each directive knows the block it
 * stands in, and each block its last directive. Broken text is parsed as far as it makes sense.
 */

#include "scan/def.h"

#define NGINX_DIRECTIVES 100000
#define NGINX_DEPTH      64

struct nginx_directive {
        struct span name;
        size_t first_arg; /* index into `args` */
        size_t n_args;
        int parent; /* index of the block, -1 = top level */
        int last;   /* of a block: the last directive in it, itself when it is empty */
        bool is_block;
        bool is_included; /* stands in another file: `start` is that of the include */
        size_t start;     /* offset of the name in the text */
        size_t end;       /* behind the last argument */
};

/*
 * How other files are read: calls `found` for each text that `path` names, which lives as long as
 * the parse. 0, or what `found` returned.
 */
typedef int (*nginx_open)(void *owner, struct span path,
                          int (*found)(void *parser, struct span text), void *parser);

struct nginx {
        struct nginx_directive *list;
        size_t n_list, list_size;
        struct span *args; /* without quotes, escapes undone */
        size_t n_args, args_size;
        char **texts; /* of those arguments that had escapes */
        size_t n_texts, texts_size;
        bool is_partial; /* an include was not found, or a limit was reached */
};

/* Parses a text; `open` may be NULL: then includes are directives like others. 0 or -ENOMEM. */
int nginx_parse(struct nginx *n, const char *text, size_t length, nginx_open open, void *owner);
void nginx_done(struct nginx *n);

/* Is this the directive's name? */
bool nginx_is(const struct nginx_directive *d, const char *name);

/* The argument at an index; an empty span where there is none. */
struct span nginx_arg(const struct nginx *n, const struct nginx_directive *d, size_t i);

/* Does directive `inner` stand in block `outer`, at any depth? -1 = the top level holds all. */
bool nginx_holds(const struct nginx *n, int outer, int inner);

/* The parts of `if (VARIABLE OPERATOR VALUE)`; operator and value may be empty. */
struct nginx_condition {
        struct span variable; /* with its $ */
        struct span operator;
        struct span value;
};

struct nginx_condition nginx_condition(const struct nginx *n, const struct nginx_directive *d);

/*
 * Takes the next piece off a text with variables: a variable's name in `ret_name` (without $ and
 * braces), or literal text, then `ret_name` is empty. False at the end.
 */
bool nginx_piece(struct span *rest, struct span *ret_literal, struct span *ret_name);
