/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One file of nginx configuration while it is checked
 *
 * The parsed file with those it includes, what stands in each block, and what rules of all kinds
 * ask of it. Rules are tables of (directive, function); nginx-inject.c, nginx-match.c,
 * nginx-access.c and nginx-policy.c each have one.
 */

#include "check.h"
#include "include.h"
#include "server/nginx.h"
#include "server/regex.h"
#include "server/span.h"

/* What stands in a block itself. */
struct nginx_block {
        unsigned headers; /* as header_makes_up() has it */
        unsigned flags;
};

enum nginx_block_flag {
        ADDS_HEADERS = 1,
        SETS_TOKENS = 2,
        HAS_TLS = 4,
        SHOWS_PAGES = 8,
        SENDS_ELSEWHERE = 16,
        IS_INTERNAL = 32,
        HAS_ALLOW = 64,
        HAS_DENY = 128,
        SETS_PROXY_HEADERS = 256,
        HAS_RESOLVER = 512,
        HAS_FILE_CACHE = 1024,
        HAS_AUTH = 2048,
};

enum { NGINX_OPTIONS = 16 };

/*
 * What a comment `# Options: {"https_only": true, "domains": ["example.com"], "headers": ["x-a"]}`
 * at the top of a file asks for; gixy's rules of the same names have these options.
 */
struct nginx_options {
        bool https_only;
        struct span domains[NGINX_OPTIONS];
        size_t n_domains;
        struct span headers[NGINX_OPTIONS]; /* these are the ones that must not be lost */
        size_t n_headers;
        json_t *json; /* holds the texts */
};

struct nginx_config {
        struct check *c;
        struct nginx n;
        struct nginx_block *blocks; /* [0] is the top level, [i + 1] belongs to directive i */
        struct nginx_options options;
        size_t budget; /* steps left for following variables and expressions */
        struct includes includes;
        bool is_whole; /* has an http block: what is not there is missing */
};

struct nginx_rule {
        const char *directive; /* NULL = any block; the last row is { NULL, NULL } */
        int (*check)(struct nginx_config *f, const struct nginx_directive *d);
};

extern const struct nginx_rule nginx_access_rules[];
extern const struct nginx_rule nginx_inject_rules[];
extern const struct nginx_rule nginx_match_rules[];
extern const struct nginx_rule nginx_policy_rules[];

/* How many kinds of findings each table has. */
extern const size_t nginx_access_rules_n, nginx_inject_rules_n, nginx_match_rules_n,
        nginx_policy_rules_n;

/* Is the current file nginx configuration? By its name, or by what only nginx has in it. */
bool nginx_is_config(const struct check *c);

/* Checks the current file: 0 or a negative errno. */
int nginx_check(struct check *c);

/* ---- For rules ---- */

/* Tells a finding at a directive; none in an included file, which is checked by itself. */
int nginx_notice(struct nginx_config *f, const struct notice *notice,
                 const struct nginx_directive *d);

/* The same, but told at the include if the directive stands in an included file. */
int nginx_notice_here(struct nginx_config *f, const struct notice *notice,
                      const struct nginx_directive *d);

/* Takes one of the steps that a file may cost; false when there are none left. */
static inline bool nginx_spend(struct nginx_config *f)
{
        return f->budget && f->budget--;
}

static inline int nginx_index(const struct nginx_config *f, const struct nginx_directive *d)
{
        return (int) (d - f->n.list);
}

static inline const struct nginx_directive *nginx_parent(const struct nginx_config *f,
                                                         const struct nginx_directive *d)
{
        return d->parent < 0 ? NULL : &f->n.list[d->parent];
}

/* The nearest block around a directive, itself included, of this name. */
const struct nginx_directive *nginx_around(const struct nginx_config *f,
                                           const struct nginx_directive *d, const char *name);

/* Has a block, or one around it, this flag? -1 = the top level. */
bool nginx_inherits(const struct nginx_config *f, int block, unsigned flag);

/* The first directive of this name that stands in a block itself; NULL = none. */
const struct nginx_directive *nginx_find(struct nginx_config *f, int block, const char *name);

/* The directive of this name that is in force in a block: its own or one of a block around it. */
const struct nginx_directive *nginx_in_force(struct nginx_config *f, int block, const char *name);

/* Is it a table of values (map, geo, types), whose lines are no directives? */
bool nginx_is_table(const struct nginx_directive *d);

/* The expression of a `location ~`; false when it has none. */
bool nginx_location_regex(const struct nginx_config *f, const struct nginx_directive *location,
                          struct span *ret_regex, bool *ret_ignore_case);
