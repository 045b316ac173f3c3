/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Matching of queries
 *
 * The library finds the shapes, the predicates are ours to judge:
 *
 *   #eq? #not-eq?          @capture "text", or @capture @other: the same text
 *   #match? #not-match?    @capture "regex": PCRE2 over bytes, with match limits
 *   #any-of? #not-any-of?  @capture "text"…
 *   #callee? #not-callee?  @capture "full.name"…: what the name stands for after imports; `*` at
 * the end stands for anything #kind? #not-kind?      @capture "node_kind"… #has? #not-has? @capture
 * "node_kind"…: somewhere inside, itself included #within? #not-within?  @capture "node_kind"…:
 * around it, up to the next function #literal? #not-literal?    @capture: made of literals only, or
 * of names that stand for them #declared? #not-declared?  @capture "declarator_kind": the function
 * declares the name this way
 *
 * A predicate with an optional capture that did not match holds.
 */

#include "constants.h"
#include "imports.h"

struct matcher;

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t matcher_clock_ms(void);

/* What is known of one file besides its tree; read when a rule first asks. */
struct facts {
        struct imports imports;
        struct constants constants;
        uint64_t deadline_ms; /* of CLOCK_MONOTONIC: no match is judged later; 0 = none */
};

void facts_done(struct facts *facts);

/* `ret_error` says what is wrong with the query (-EBADMSG). */
int matcher_new(struct matcher **ret, const struct language *language, const char *query,
                uint32_t length, char ret_error[192]);
struct matcher *matcher_free(struct matcher *m);

/* One match: the place (@finding, else the first capture) and the captures for the message. */
struct match {
        TSNode place;
        const TSQueryMatch *query;
        const struct matcher *matcher;
};

/*
 * Calls `found` for each match whose predicates hold; a negative return ends the search with it.
 * -ETIME past the deadline of `facts`.
 * `cursor` is the caller's, used again and again.
 */
int matcher_run(struct matcher *m, const struct source *s, struct facts *facts,
                TSQueryCursor *cursor, int (*found)(void *owner, const struct match *match),
                void *owner);

/* The first node of capture `name` in a match. */
bool match_capture(const struct match *match, const char *name, size_t length, TSNode *ret);
