/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Suppressions
 *
 * Findings that a person has seen and does not want to be told again: by their fingerprint (the
 * baseline), or by rule and path (the policy). Each may say why, and until when; behind that day
 * the finding is told again, with a low one that says that its suppression has run out.
 */

#include "scan/rule.h"

struct check;

#define SUPPRESSIONS_MAX 100000

struct suppression {
        const char *fingerprint; /* or NULL, and then */
        const char *rule;        /* "secrets/generic-token" or "secrets"; NULL = every rule */
        pcre2_code *path;        /* that must match; NULL = every path */
        const char *reason;      /* NULL = none given */
        const char *until;       /* "2027-01-31"; NULL = for ever */
        bool is_expired;
};

struct suppressions {
        json_t *files;     /* what the texts above lie in */
        json_t *by_finger; /* fingerprint -> index into the list */
        struct suppression *list;
        size_t n, size;
        char today[11];
};

/*
 * Takes the entries of a baseline: a fingerprint each, as a text or in an object with `reason` and
 * `until`. 0, or what linhay_fail() returns, having said why.
 */
int suppress_load_baseline(struct check *c, const json_t *list);

/* Takes the policy's: objects with `rule` or `path` or both, `reason`, and `until` if need be. */
int suppress_load_policy(struct check *c, const json_t *list);

/* The suppression of a finding, an expired one only where there is no other; NULL = none. */
const struct suppression *suppress_find(struct check *c, const char *rule, const char *fingerprint);

void suppress_done(struct check *c);
