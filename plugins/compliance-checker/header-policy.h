/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the values of HTTP headers must say, wherever they were found: in nginx, Apache or Caddy, in
 * a captured answer, in a program.
 */

#include "check.h"

/* Where a header stands in the current file. */
struct header_place {
        struct check *c;
        size_t start, end;
        enum soundness soundness;
};

/* Headers that are not there. */
enum policy_missing {
        POLICY_NO_HSTS,
        POLICY_NO_CSP,
        POLICY_NO_NOSNIFF,
        POLICY_NO_FRAME_OPTIONS,
        POLICY_NO_REFERRER_POLICY,
        POLICY_NO_PERMISSIONS_POLICY,
        POLICIES_MISSING_,
};

const struct notice *header_policy(enum policy_missing which);

/* Which of them a header makes up for, as bits 1 << POLICY_NO_...; 0 = none. */
unsigned header_makes_up(struct span name, struct span value);

/* Judges a header by name and value: 0 or a negative errno; others are passed over. */
int header_check_value(const struct header_place *p, struct span name, struct span value);

/* Judges Access-Control-Allow-Origin, sent with or without credentials. */
int header_check_cors(const struct header_place *p, struct span origin, bool credentials);

/* Judges one name of a TLS version: 1 when it was told, else 0 or a negative errno. */
int header_check_protocol(const struct header_place *p, struct span name);

/* Judges a list of ciphers as OpenSSL reads it. */
int header_check_ciphers(const struct header_place *p, struct span list);

/* How many kinds of findings this and header-csp.c tell. */
extern const size_t header_policy_rules;
extern const size_t header_csp_rules;

/* Should error pages have this header too? */
bool header_is_for_errors(struct span name);
