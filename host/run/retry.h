/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Retry policy
 *
 * Answers two questions: may a failed attempt be followed by another, and how long is the wait
 * until then? Pure arithmetic: no clock, no store, no allocation, so that it can be tested by
 * table.
 */

#include "base/def.h"
#include "base/verdict.h"

#define RETRY_ON(verdict) (1U << (verdict))

struct retry {
        unsigned attempts;   /* total tries allowed, the first included; 0 and 1 = no second */
        uint64_t backoff_ms; /* wait before the second try; doubles with each further one */
        uint64_t cap_ms;     /* no wait is longer than this; 0 = no cap */
        bool jitter;         /* full jitter: anything from 0 to the wait, all equally likely */
        unsigned on; /* RETRY_ON(...) of verdicts that are tried again; 0 = the usual ones */
};

/* Generator of the jitter (splitmix64). Any seed will do; the same seed gives the same waits. */
struct retry_random {
        uint64_t state;
};

/* The verdicts that are tried again where a policy names none: what may well go better next time.
 */
unsigned retry_usual(void);

/* Verdicts that may be named in a policy at all; the others are the same at every try. */
unsigned retry_possible(void);

/*
 * May an attempt that ended so be tried again, as far as its kind goes? `fail_class` is that of
 * enum linhay_fail for VERDICT_FAILED, else -1. An agent's word that its input or its own limit was
 * at fault is final whatever the policy says.
 */
bool retry_allows(const struct retry *r, enum verdict verdict, int fail_class);

/* Wait before try number `n` (the first is 1), or -ERANGE when no try is left. */
int64_t retry_delay(const struct retry *r, unsigned n, struct retry_random *random);
