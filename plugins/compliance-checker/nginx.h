/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * nginx configuration
 *
 * A parser of nginx's configuration language: directives with arguments, blocks, quotes, escapes,
 * comments, Lua blocks (skipped), and `include` of files in the tree. It gives a flat list in which
 * each directive knows the block it stands in. Broken text is parsed as far as it makes sense.
 */

#include "scan/def.h"

#define NGINX_DIRECTIVES 100000
#define NGINX_DEPTH      64

struct nginx_directive {
        struct span name;
        size_t first_arg; /* index into `args` */
        size_t n_args;
        int parent; /* index of the block, -1 = top level */
        bool is_block;
        bool is_included; /* stands in another file: `start` is that of the include */
        size_t start;     /* offset of the name in the text */
        size_t end;       /* behind the last argument */
};

/* How another file is read: its text, which lives as long as the parse, or false. */
typedef bool (*nginx_open)(void *owner, struct span path, struct span *ret_text);

struct nginx {
        struct nginx_directive *list;
        size_t n_list, list_size;
        struct span *args; /* without quotes; escapes are left as they are */
        size_t n_args, args_size;
};

/* Parses a text; `open` may be NULL: then includes are directives like others. 0 or -ENOMEM. */
int nginx_parse(struct nginx *n, const char *text, size_t length, nginx_open open, void *owner);
void nginx_done(struct nginx *n);

/* Is this the directive's name? */
bool nginx_is(const struct nginx_directive *d, const char *name);

/* The argument at an index; an empty span where there is none. */
struct span nginx_arg(const struct nginx *n, const struct nginx_directive *d, size_t i);
