/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Matcher
 *
 * Finds secrets in a text: the gate tells where the literals of the rules are, the rules are tried
 * on windows around them (PCRE2 with limits on steps, depth and memory), what is captured is
 * judged, and of findings on the same bytes the most specific one stays. Make one matcher and use
 * it for all files; it allocates only while it grows.
 */

#include "scan/assign.h"
#include "scan/gate.h"
#include "scan/rule.h"

struct match {
        const struct rule *rule;
        size_t start; /* of the secret */
        size_t end;
        size_t name;      /* offset of the assignment's name, or of the whole match, */
        size_t whole_end; /* and where the whole ends */
        bool doubtful;    /* of the right form and name, but counted up rather than drawn */
};

struct match_window {
        size_t start, end; /* not looked at yet */
        bool open;
        bool used;                                          /* in this text, so it is in `used` */
        size_t done;                                        /* looked at up to here */
        enum { UNKNOWN_PATH, RIGHT_PATH, WRONG_PATH } path; /* is the rule meant for this file? */
};

/* A gate and the literals that it looks for. */
struct matcher_gate {
        const struct gate_engine *engine; /* NULL = there are no such literals */
        struct gate *gate;
        size_t first, n;
};

struct matcher {
        struct rule_pack *pack;
        const char *note; /* why our own gate is used although another was asked for; or NULL */
        struct matcher_gate gates[PACK_PARTS + 1]; /* of each part, and our own for the rest */
        struct gate_literal *literals;             /* those of a gate lie together */
        size_t n_literals;
        unsigned *rule_of; /* rules of literal i: rule_of[first[i]] to rule_of[first[i + 1]] */
        size_t *first;
        size_t *lengths;
        struct match_window *windows; /* one for each rule */
        unsigned *used;               /* the rules whose windows are not empty */
        size_t n_used;
        pcre2_match_data *match_data;
        pcre2_match_context *limits;
        pcre2_jit_stack *code_stack; /* of expressions in machine code; NULL = there are none */

        /* The result of the last scan: */
        struct match *found; /* in order of place, none overlaps another */
        size_t n_found, found_size;
        struct match *shapes; /* everything that looked like a secret, for masking */
        size_t n_shapes, shapes_size;
        bool is_cut; /* a limit was reached, so something may have been missed */

        /* While scanning: */
        const char *path;
        const char *data;
        size_t length;
        char error[256];
};

/*
 * Makes the gate and the tables; the pack stays the caller's. A gate that came with the pack is
 * loaded; where it is of no use here our own is taken, and `note` says why. 0 or a negative errno.
 */
int matcher_init(struct matcher *m, struct rule_pack *pack, const struct gate_engine *engine);
void matcher_done(struct matcher *m);

/*
 * Compiles all rules to machine code: only where memory may be writable and executable, and before
 * the first scan. What is found stays the same. 0, -ENOMEM, or -EBADMSG with `error`; where the
 * library cannot do it nothing changes.
 */
int matcher_compile_code(struct matcher *m);

/*
 * Scans one text: 0, -ENOMEM, or -EBADMSG (a rule that does not compile; `error` says which). Rules
 * that are meant for certain paths are left out where `path` is NULL.
 */
int matcher_scan(struct matcher *m, const char *path, const char *data, size_t length);

/*
 * Does the pack, or the match's rule, say that what stands at a match of the last text is none?
 * For what others found there; the matcher's own matches were asked about.
 */
int matcher_allows(struct matcher *m, const struct match *match, bool *ret);
