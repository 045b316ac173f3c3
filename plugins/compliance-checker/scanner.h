/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Scanners
 *
 * A pack of rules with its matcher: the built-in ones, which are made in `prepare`, and the one
 * that a caller hands over, which is joined to those of the control "secrets".
 */

#include "scan/match.h"

#include <linhay/agent.h>

struct scanner {
        struct rule_pack pack;
        struct matcher matcher;
};

/* Loads a pack that is part of this program: 0, or -1 after linhay_fail(). Empties `s` first. */
int scanner_init(struct linhay_run *run, struct scanner *s, struct span pack, const char *name);

/* A caller's pack, JSON or compiled, with what it is joined to. */
struct scanner_extra {
        char *data; /* its bytes, which the rules of a compiled one point into */
        struct rule_pack own, joined;
        struct matcher matcher;
};

/* Reads a pack out of `data`, which this takes: 0, -ENOMEM, or -EBADMSG with a sentence. */
int scanner_read(struct rule_pack *pack, const char *data, size_t length, char *error,
                 size_t error_size);

/*
 * Loads the input "rules": 1 and a matcher for it and for `base`, whose rules move into it; 0 when
 * none was given; -1 after linhay_fail() said what is wrong with it.
 */
int scanner_extend(struct linhay_run *run, struct scanner_extra *e, struct scanner *base);
void scanner_extra_done(struct scanner_extra *e);
