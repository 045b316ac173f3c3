/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Configuration as a tree of directives
 *
 * What the parsers of Apache's and Caddy's configuration make: a list in which each directive knows
 * the block it stands in, and each block its last directive. Names and arguments lie in the parsed
 * text, or in texts that belong to the tree where escapes had to be undone.
 */

#include "scan/def.h"

#define CONF_DIRECTIVES 100000
#define CONF_DEPTH      64

struct conf_directive {
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
 * the tree. 0, or what `found` returned.
 */
typedef int (*conf_open)(void *owner, struct span path,
                         int (*found)(void *parser, struct span text), void *parser);

struct conf {
        struct conf_directive *list;
        size_t n_list, list_size;
        struct span *args;
        size_t n_args, args_size;
        char **texts;
        size_t n_texts, texts_size;
        bool is_partial; /* an include was not found, or a limit was reached */
};

void conf_done(struct conf *c);

/* Is this the directive's name? Letters are taken alike. */
bool conf_is(const struct conf_directive *d, const char *name);

/* The argument at an index; an empty span where there is none. */
struct span conf_arg(const struct conf *c, const struct conf_directive *d, size_t i);

/* Is any of the arguments this word? */
bool conf_has(const struct conf *c, const struct conf_directive *d, const char *word);

/* The nearest block of this name around a directive, itself included; NULL = none. */
const struct conf_directive *conf_around(const struct conf *c, const struct conf_directive *d,
                                         const char *name);

/* ---- For parsers ---- */

/* Where a parser is in the tree. */
struct conf_place {
        int parent;
        int depth;
        bool included;
        size_t include_start, include_end; /* of the include in the first file */
};

/* Empties the tree. */
void conf_clear(struct conf *c);

/* Adds a directive whose arguments were added since d.first_arg: 0 or -ENOMEM. */
int conf_add(struct conf *c, const struct conf_place *p, struct conf_directive d);
int conf_add_arg(struct conf *c, struct span text);

/* Room for a text of the tree's own; NULL when out of memory. */
char *conf_text(struct conf *c, size_t length);

/* Goes into the directive that was added last, and out of the block again. */
void conf_enter(struct conf *c, struct conf_place *p);
void conf_leave(struct conf *c, struct conf_place *p);
