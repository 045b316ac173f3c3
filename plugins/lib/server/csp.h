/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Content-Security-Policy
 *
 * Parses one policy of the header (policies are separated by commas: csp_next()) into its
 * directives, and answers what a browser would do with them. Spans lie in the given text.
 */

#include "scan/def.h"

#define CSP_DIRECTIVES 64

struct csp_directive {
        struct span name;
        struct span sources; /* words with white space between them */
        bool is_duplicate;   /* stood before: browsers take the first */
};

struct csp {
        struct csp_directive list[CSP_DIRECTIVES];
        size_t n;
        bool is_cut; /* there are more than CSP_DIRECTIVES */
};

/* Takes the next policy off a header's value: false at the end. */
bool csp_next(struct span *header, struct span *ret_policy);

/* Parses one policy. */
void csp_parse(struct csp *csp, struct span policy);

/* A directive by name, or NULL. */
const struct csp_directive *csp_find(const struct csp *csp, const char *name);

/* What is in force for a kind of fetch: the directive itself or default-src; NULL = all is allowed.
 */
const struct csp_directive *csp_in_force(const struct csp *csp, const char *name);

/* Does a list hold this word, or one that begins with it? */
bool csp_has(const struct csp_directive *d, const char *word);
bool csp_has_head(const struct csp_directive *d, const char *head);

/* Does it hold a nonce or a hash? Then browsers pass over 'unsafe-inline'. */
bool csp_has_nonce(const struct csp_directive *d);

/* Is a source so broad that it names nobody: any host, or any host of a scheme? */
bool csp_is_broad(struct span source);

/* Is it a directive of any version of the standard? */
bool csp_is_known(struct span name);

/* Is it the host of services that answer with a script of the caller's choice (JSONP, old Angular)?
 */
bool csp_is_bypass_host(struct span source);
