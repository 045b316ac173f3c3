/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a regular expression can match
 *
 * Parses PCRE's syntax to a tree and answers questions about it, without running it: which
 * characters a match or one of its groups can hold, must hold, can begin with; whether it is
 * anchored; whether it can take exponential time; which addresses it takes for those of a site.
 * Nothing is ever matched. What is not understood (a verb, recursion) makes it `is_partial`: then
 * the answers are those of the rest.
 */

#include "scan/def.h"

#define REGEX_NODES   8192
#define REGEX_DEPTH   64
#define REGEX_ENDLESS UINT32_MAX

struct regex_set {
        uint64_t bits[4]; /* one for each byte */
};

enum regex_kind {
        REGEX_NOTHING,
        REGEX_SET, /* one character */
        REGEX_SEQUENCE,
        REGEX_CHOICE,
        REGEX_REPEAT,
        REGEX_GROUP,
        REGEX_START,
        REGEX_END,
        REGEX_EDGE, /* \b, \B, \G, \K: of no length */
        REGEX_LOOK, /* what is looked at ahead or behind, in `child` */
        REGEX_BACK, /* what the group `number` matched */
};

struct regex_node {
        enum regex_kind kind;
        struct regex_set set;
        int child; /* -1 = none */
        int next;  /* the sibling behind it */
        uint32_t min, max;
        unsigned number;  /* of a group, from 1; 0 = it captures nothing */
        struct span name; /* of a group */
        bool is_literal;  /* a character that stands in the expression itself */
        bool is_atomic;   /* never tried again: possessive or (?>...) */
};

struct regex {
        struct regex_node *nodes;
        size_t n_nodes, nodes_size;
        int root;
        unsigned n_groups;
        bool is_partial;
        bool has_look;
};

/* What is true of every match of a node. */
struct regex_facts {
        struct regex_set can;     /* what a class, a dot or an escape in it can match */
        struct regex_set literal; /* the characters in it that stand in the expression */
        struct regex_set must;    /* what every match holds */
        struct regex_set first;   /* what it can begin with */
        bool can_be_empty;
};

/* How addresses are judged: see regex_trusts_strangers(). */
struct regex_sites {
        const struct span *domains; /* these and those below them are ours; none = see there */
        size_t n_domains;
        bool https_only; /* an address with http: is a stranger's */
};

/* Parses an expression: 0, -EINVAL when it is none, or -ENOMEM. */
int regex_parse(struct regex *r, struct span text, bool ignore_case);
void regex_done(struct regex *r);

static inline bool regex_set_has(const struct regex_set *s, unsigned char c)
{
        return s->bits[c >> 6] >> (c & 63) & 1;
}

/* The node of a group by number or, if `name` is not empty, by name; -1 = there is none. */
int regex_group(const struct regex *r, unsigned number, struct span name);

struct regex_facts regex_facts(const struct regex *r, int node);

/* Does every match begin at the start of the text, or end at its end? */
bool regex_is_anchored(const struct regex *r);
bool regex_is_end_anchored(const struct regex *r);

/* Does it match one text only, from start to end? */
bool regex_is_exact(const struct regex *r);

/* Can the time it takes grow exponentially with the text? */
bool regex_is_explosive(const struct regex *r);

/* Is a group inside another group, both of which capture? Then its number, else 0. */
unsigned regex_group_around(const struct regex *r, unsigned number);

/*
 * Does an expression that is searched for in an Origin or Referer also take the address of a
 * stranger? Without a list of domains a stranger's is one whose registered domain (its last two
 * labels) somebody else may choose part of. `budget` counts down the steps left.
 */
bool regex_trusts_strangers(const struct regex *r, const struct regex_sites *sites, size_t *budget);
